-- From which UID on a folder is followed: what was there before is not ours. A folder that was followed before this was kept
-- has none; then the first mail that was stored counts.
create table followed (
    mailbox_id bigint not null references mailbox (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    folder text not null,
    uid_validity bigint not null,
    first_uid bigint not null,
    primary key (mailbox_id, folder)
);
create index followed_tenant on followed (tenant_id);
-- How the ledger of a folder stood when it was last looked at.
create table balance (
    mailbox_id bigint not null references mailbox (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    folder text not null,
    checked_at bigint not null,
    held bigint not null,
    missing bigint not null,
    missing_since bigint,
    content text not null,
    primary key (mailbox_id, folder)
);
create index balance_tenant on balance (tenant_id);
