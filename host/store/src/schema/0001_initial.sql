-- Posthouse schema, version 1. One text for both databases; two words are replaced before it runs:
--   {id}     an id that counts up and is never given twice
--   {bytes}  bytes of any length
-- Times are microseconds since 1970 in UTC, truth values are 0 and 1, lists and structures are JSON text.

create table meta (
    key text primary key,
    value text not null
);

create table component (
    digest text primary key,
    size bigint not null,
    stored_at bigint not null,
    content {bytes} not null
);

create table tenant (
    id {id},
    slug text not null unique,
    name text not null,
    language text not null,
    time_zone text not null,
    settings text not null,
    digest text not null,
    active bigint not null,
    last_ticket bigint not null,
    created_at bigint not null,
    applied_at bigint not null
);

-- The head of each tenant's audit chain, which is also the tenant's write lock.
create table event_head (
    tenant_id bigint primary key references tenant (id) on delete cascade,
    seq bigint not null,
    hash text not null
);

create table event (
    tenant_id bigint not null references tenant (id) on delete cascade,
    seq bigint not null,
    at bigint not null,
    actor text not null,
    kind text not null,
    subject text not null,
    data text not null,
    previous text not null,
    hash text not null,
    primary key (tenant_id, seq)
);
create index event_subject on event (tenant_id, subject, seq);

create table agent (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    email text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    language text not null,
    active bigint not null,
    created_at bigint not null,
    unique (tenant_id, email)
);

create table session (
    token_hash text primary key,
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);
create index session_agent on session (agent_id);
create index session_tenant on session (tenant_id, expires_at);

create table mailbox (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    name text not null,
    address text not null,
    settings text not null,
    active bigint not null,
    created_at bigint not null,
    fetched_at bigint,
    fetch_error text,
    failing_since bigint,
    lease_owner text,
    lease_until bigint,
    unique (tenant_id, name)
);

create table cursor (
    mailbox_id bigint not null references mailbox (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    folder text not null,
    uid_validity bigint not null,
    last_uid bigint not null,
    primary key (mailbox_id, folder)
);
create index cursor_tenant on cursor (tenant_id);

-- deadline_at is 9223372036854775807 when there is none and urgency_rank is 100 - priority, so that "what should be
-- done first" is one ascending index.
create table ticket (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    number bigint not null,
    mailbox_id bigint not null references mailbox (id),
    subject text not null,
    customer_name text,
    customer_address text not null,
    customer_key text not null,
    status text not null,
    reopened_from text,
    closed_reason text,
    closed_at bigint,
    category text,
    category_confidence double precision,
    category_by_agent bigint not null,
    urgency text,
    sentiment text,
    language text,
    queue text,
    urgency_rank bigint not null,
    assignee_id bigint references agent (id),
    deadline_at bigint not null,
    snoozed_until bigint,
    tags text not null,
    findings text not null,
    snippet text not null,
    search text not null,
    message_count bigint not null,
    draft_round bigint not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    last_message_at bigint not null,
    unique (tenant_id, number)
);
create index ticket_due on ticket (tenant_id, status, deadline_at, urgency_rank, last_message_at, id);
create index ticket_status_newest on ticket (tenant_id, status, last_message_at, id);
create index ticket_newest on ticket (tenant_id, last_message_at, id);
create index ticket_customer on ticket (tenant_id, customer_key);

-- full_text is null when it is the same as body_text; both and html are left out of read_json.
create table message (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint references ticket (id) on delete cascade,
    mailbox_id bigint not null references mailbox (id),
    folder text not null,
    source_key text not null,
    direction text not null,
    identity text not null,
    content_hash text not null,
    from_key text not null,
    outcome text not null,
    reason text,
    at bigint not null,
    received_at bigint not null,
    stored_at bigint not null,
    triaged_at bigint,
    size bigint not null,
    read_json text not null,
    body_text text not null,
    full_text text,
    html text,
    unique (mailbox_id, folder, source_key)
);
create index message_identity on message (tenant_id, identity);
create index message_ticket on message (ticket_id, at, id);
create index message_outcome on message (tenant_id, outcome, id);
create index message_pending on message (tenant_id, stored_at) where outcome = 'pending';
create index message_stored on message (tenant_id, stored_at);
create index message_triaged on message (tenant_id, triaged_at);

create table raw_message (
    message_id bigint primary key references message (id) on delete cascade,
    tenant_id bigint not null,
    content {bytes} not null
);

-- References of messages whose parents are not here (yet): a late parent joins their ticket.
create table message_reference (
    tenant_id bigint not null,
    reference text not null,
    message_id bigint not null references message (id) on delete cascade,
    primary key (tenant_id, reference, message_id)
);
create index message_reference_message on message_reference (message_id);

create table draft (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    round bigint not null,
    position bigint not null,
    revision bigint not null,
    origin text not null,
    author text not null,
    plugin text,
    proposal text not null,
    checks text not null,
    created_at bigint not null,
    unique (ticket_id, round, position, revision)
);
create index draft_tenant on draft (tenant_id);

create table outbox (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    mailbox_id bigint not null references mailbox (id),
    approved_draft bigint not null,
    draft_id bigint not null references draft (id),
    state text not null,
    message_id_header text not null,
    in_reply_to text,
    reference_list text not null,
    answers bigint,
    subject text not null,
    body text not null,
    language text,
    automatic bigint not null,
    approved_by text not null,
    approved_at bigint not null,
    due_at bigint not null,
    tries bigint not null,
    lease_owner text,
    lease_until bigint,
    reason text,
    message_id bigint,
    unique (tenant_id, message_id_header)
);
create index outbox_ticket on outbox (ticket_id, id);
create index outbox_state on outbox (tenant_id, state, due_at);
create index outbox_draft on outbox (draft_id);

create table outbox_recipient (
    outbox_id bigint not null references outbox (id) on delete cascade,
    tenant_id bigint not null,
    position bigint not null,
    address_key text not null,
    address text not null,
    name text,
    cc bigint not null,
    state text not null,
    words text,
    primary key (outbox_id, position)
);

create table attempt (
    outbox_id bigint not null references outbox (id) on delete cascade,
    tenant_id bigint not null,
    number bigint not null,
    worker text not null,
    started_at bigint not null,
    finished_at bigint,
    outcomes text not null,
    primary key (outbox_id, number)
);

create table decision (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint references ticket (id) on delete cascade,
    message_id bigint references message (id) on delete cascade,
    at bigint not null,
    world text not null,
    plugin text not null,
    version text not null,
    digest text not null,
    input_hash text not null,
    output text,
    error text,
    host_calls text not null,
    duration_us bigint not null,
    memory_bytes bigint not null
);
create index decision_ticket on decision (ticket_id, id);
create index decision_message on decision (message_id);
create index decision_tenant on decision (tenant_id, plugin, id);

-- A job that is done is deleted. `claim` counts its leases: an older one can no longer complete it. `again_at` is set
-- when it was asked for once more while it was running.
create table job (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    kind text not null,
    key text not null,
    content text not null,
    state text not null,
    due_at bigint not null,
    again_at bigint,
    attempts bigint not null,
    claim bigint not null,
    lease_owner text,
    lease_until bigint,
    errors text not null,
    created_at bigint not null,
    unique (tenant_id, key)
);
create index job_ready on job (tenant_id, due_at, id) where state = 'queued';
create index job_due on job (due_at) where state = 'queued';
create index job_running on job (lease_until) where state = 'running';
create index job_failed on job (tenant_id, id) where state = 'failed';

create table notification (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    notifier text not null,
    key text not null,
    ticket_id bigint references ticket (id) on delete cascade,
    notice text not null,
    state text not null,
    result text,
    created_at bigint not null,
    settled_at bigint,
    unique (tenant_id, notifier, key)
);
create index notification_ticket on notification (ticket_id);

create table incident (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    key text not null,
    detail text not null,
    opened_at bigint not null,
    closed_at bigint
);
create unique index incident_open on incident (tenant_id, key) where closed_at is null;

create table secret (
    tenant_id bigint not null references tenant (id) on delete cascade,
    name text not null,
    sealed {bytes} not null,
    updated_at bigint not null,
    primary key (tenant_id, name)
);

create table plugin (
    tenant_id bigint not null references tenant (id) on delete cascade,
    name text not null,
    world text not null,
    version text not null,
    digest text not null references component (digest),
    settings text not null,
    grants text not null,
    position bigint not null,
    installed_at bigint not null,
    primary key (tenant_id, name)
);
create index plugin_digest on plugin (digest);

create table model_use (
    tenant_id bigint not null references tenant (id) on delete cascade,
    day text not null,
    calls bigint not null,
    tokens_in bigint not null,
    tokens_out bigint not null,
    reserved bigint not null,
    primary key (tenant_id, day)
);

create table model_call (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    at bigint not null,
    ticket_id bigint references ticket (id) on delete cascade,
    plugin text not null,
    model text not null,
    tokens_in bigint not null,
    tokens_out bigint not null,
    duration_ms bigint not null,
    outcome text not null
);
create index model_call_tenant on model_call (tenant_id, id);
create index model_call_ticket on model_call (ticket_id);

create table article (
    tenant_id bigint not null references tenant (id) on delete cascade,
    id text not null,
    language text not null,
    title text not null,
    body text not null,
    updated_at bigint not null,
    primary key (tenant_id, id, language)
);
