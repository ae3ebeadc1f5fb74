-- Senders whose remote pictures are shown without being asked for.
create table picture_sender (
    tenant_id bigint not null references tenant (id) on delete cascade,
    address_key text not null,
    allowed_by text not null,
    allowed_at bigint not null,
    primary key (tenant_id, address_key)
);
