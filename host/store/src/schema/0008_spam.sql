-- What the spam filter learned from people. A feature is a number, not a word: nobody reads a customer's mail in here.
create table spam_feature (
    tenant_id bigint not null references tenant (id) on delete cascade,
    feature bigint not null,
    spam bigint not null,
    ham bigint not null,
    primary key (tenant_id, feature)
);
-- How many mails taught something, of either kind.
create table spam_learned (
    tenant_id bigint primary key references tenant (id) on delete cascade,
    spam bigint not null,
    ham bigint not null
);
-- What each mail taught last, so that it is taught once and can be taken back.
create table spam_taught (
    message_id bigint primary key references message (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    spam bigint not null
);
create index spam_taught_tenant on spam_taught (tenant_id);
