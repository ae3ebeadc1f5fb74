-- What a mailbox was allowed to begin to send in the last day: one row per try, made before it. Kept for a day, and in no backup.
create table pace (
    tenant_id bigint not null references tenant (id) on delete cascade,
    mailbox_id bigint not null,
    outbox_id bigint not null,
    number bigint not null,
    at bigint not null,
    primary key (tenant_id, outbox_id, number)
);
create index pace_window on pace (tenant_id, mailbox_id, at);
-- A sign-in to a mailbox (OAuth2) that somebody began on the desk, and how it stands. In no backup: a code lives for minutes.
create table sign_in (
    tenant_id bigint not null references tenant (id) on delete cascade,
    mailbox text not null,
    state text not null,
    user_code text,
    address text,
    words text,
    changed_at bigint not null,
    expires_at bigint,
    primary key (tenant_id, mailbox)
);
