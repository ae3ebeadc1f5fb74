-- The search index is one of each database's own kinds: `store::search` says what and why.
{search}

-- Tenants whose mails of an earlier version are not all in the index yet: those stored before this place are missing. The job that puts
-- them in goes on from here. In no backup: a restored database is indexed when it is read.
create table search_behind (
    tenant_id bigint primary key references tenant (id) on delete cascade,
    stored_at bigint not null,
    message_id bigint not null
);
insert into search_behind (tenant_id, stored_at, message_id)
    select id, 9223372036854775807, 9223372036854775807 from tenant
    where exists (select 1 from message where message.tenant_id = tenant.id);
insert into job (tenant_id, kind, key, content, state, due_at, attempts, claim, errors, created_at)
    select tenant_id, 'index-mails', 'index-mails', '{"job":"index-mails"}', 'queued', 0, 0, 0, '[]', 0 from search_behind;

-- Views that agents make: shared ones are everybody's, the others their agent's alone. `filter` is a tree of tests as JSON.
create table saved_view (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    name text not null,
    shared bigint not null,
    position bigint not null,
    filter text not null,
    sort text not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index saved_view_tenant on saved_view (tenant_id, shared, position);

-- What the list's head counts is counted within this index.
create index ticket_counts on ticket (tenant_id, status, queue, category, assignee_id);

-- Acts on many tickets at once that can still be taken back, with what was there before. In no backup: they live for minutes.
create table bulk (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    until bigint not null,
    content text not null
);
create index bulk_agent on bulk (tenant_id, agent_id, until);
