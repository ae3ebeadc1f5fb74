-- What agents tell each other on a ticket, and who is spoken to; read_at is when she opened the ticket afterwards.
create table note (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    author text not null,
    body text not null,
    created_at bigint not null,
    edited_at bigint
);
create index note_ticket on note (ticket_id, id);

create table mention (
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    note_id bigint not null references note (id) on delete cascade,
    read_at bigint,
    primary key (agent_id, note_id)
);
create index mention_note on mention (note_id);
create index mention_unread on mention (agent_id) where read_at is null;

-- A person set the priority: routers leave it.
alter table ticket add column priority_by_agent bigint not null default 0;

-- The time a person chose for a reply to go out; null: at the end of the undo window.
alter table outbox add column scheduled_at bigint;

-- Why a template did not fit, one word per draft and person.
create table misfit (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    round bigint not null,
    position bigint not null,
    template text not null,
    reason text not null,
    words text not null,
    author text not null,
    at bigint not null,
    unique (ticket_id, round, position, author)
);
create index misfit_template on misfit (tenant_id, template, reason);

-- What agents are typing and have not saved; position and draft_id as in drafts, 0 and null for an agent's own text.
create table typed (
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    position bigint not null,
    draft_id bigint references draft (id) on delete cascade,
    recipients text not null,
    copies text not null,
    subject text not null,
    body text not null,
    at bigint not null,
    primary key (ticket_id, agent_id, position)
);
create index typed_at on typed (tenant_id, at);

-- Who writes at the reply to a ticket; it holds for a minute after seen_at. In no backup.
create table writing (
    ticket_id bigint primary key references ticket (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    since bigint not null,
    seen_at bigint not null
);
