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
