-- A browser on its way to a mailbox's provider and back (OAuth2): what it brings back is taken once, from the session that sent it, until
-- it expires. The code is here until it is exchanged, which needs a verifier that no database has. In no backup: it lives for minutes.
create table sign_in_visit (
    tenant_id bigint not null references tenant (id) on delete cascade,
    state_hash text not null,
    mailbox text not null,
    session_hash text not null,
    expires_at bigint not null,
    used_at bigint,
    code text,
    primary key (tenant_id, state_hash)
);
