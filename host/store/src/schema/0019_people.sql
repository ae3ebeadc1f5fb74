-- What people set for themselves, and where they are signed in.
alter table agent add column time_zone text;
-- The queues whose tickets somebody sees, a list in JSON; none: all.
alter table agent add column queues text;
alter table session add column user_agent text not null default '';
alter table session add column address text not null default '';
alter table session add column used_at bigint not null default 0;

-- The second factor of a sign-in (RFC 6238): its seed is sealed with the host's key. Until confirmed_at it is asked for nowhere.
-- last_step is the newest time step of which a code was taken: none before it is taken again.
create table second_factor (
    agent_id bigint primary key references agent (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    sealed {bytes} not null,
    created_at bigint not null,
    confirmed_at bigint,
    last_step bigint not null,
    tries bigint not null,
    tries_since bigint not null
);
create index second_factor_tenant on second_factor (tenant_id);

-- Codes for the day the phone is gone, each good once.
create table recovery_code (
    agent_id bigint not null references agent (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    code_hash text not null,
    used_at bigint,
    primary key (agent_id, code_hash)
);
create index recovery_code_tenant on recovery_code (tenant_id);

-- Who gave her password and has yet to give a code. In no backup: it lives for minutes.
create table half_sign_in (
    token_hash text primary key,
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    expires_at bigint not null
);
create index half_sign_in_tenant on half_sign_in (tenant_id, expires_at);
create index half_sign_in_agent on half_sign_in (agent_id);

-- Links with which people set their own passwords, each good once. In no backup: who restores one makes new ones.
create table invitation (
    token_hash text primary key,
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    expires_at bigint not null
);
create index invitation_agent on invitation (agent_id);
create index invitation_tenant on invitation (tenant_id);
-- What somebody sees who sees some queues is counted here.
create index ticket_queue on ticket (tenant_id, queue, status);

-- A service is an agent that no person is: it never signs in, and programs act as it with tokens.
alter table agent add column service bigint not null default 0;

-- Tokens with which programs use the JSON API as somebody: of each only a hash is kept, and how it begins.
create table api_token (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    token_hash text not null unique,
    begins text not null,
    name text not null,
    scope text not null,
    made_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    revoked_at bigint
);
create index api_token_agent on api_token (agent_id);
create index api_token_tenant on api_token (tenant_id);

-- How far each webhook has been told of the chain, and how it stands. In no backup goes a secret: those are named in the set-up.
create table webhook (
    tenant_id bigint not null references tenant (id) on delete cascade,
    name text not null,
    seq bigint not null,
    failing_since bigint,
    disabled_at bigint,
    reason text,
    primary key (tenant_id, name)
);

-- What webhooks are and were told. A row is told once; told again, by hand, it is the same to the byte.
create table webhook_delivery (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    webhook text not null,
    seq bigint not null,
    kind text not null,
    body text not null,
    state text not null,
    tries bigint not null,
    status bigint,
    answer text,
    created_at bigint not null,
    tried_at bigint,
    unique (tenant_id, webhook, seq)
);
create index webhook_delivery_log on webhook_delivery (tenant_id, webhook, id);
create index webhook_delivery_old on webhook_delivery (tenant_id, created_at);

-- People on their way through their own provider's sign-in. In no backup: it lives for minutes.
create table oidc_way (
    state_hash text primary key,
    tenant_id bigint not null references tenant (id) on delete cascade,
    expires_at bigint not null,
    endpoint text,
    back_at bigint,
    code text,
    agent_id bigint references agent (id) on delete cascade,
    words text,
    next text,
    entered_at bigint
);
create index oidc_way_tenant on oidc_way (tenant_id, expires_at);
create index oidc_way_agent on oidc_way (agent_id);
