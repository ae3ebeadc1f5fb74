-- Devices whose owner asked that no code be asked for on them. In no backup: who restores one is asked again.
create table device (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    token_hash text not null unique,
    user_agent text not null,
    created_at bigint not null,
    used_at bigint not null,
    expires_at bigint not null
);
create index device_agent on device (agent_id);
create index device_tenant on device (tenant_id, expires_at);
