-- What a delivery report said of a recipient.
alter table outbox_recipient add column bounced_at bigint;
alter table outbox_recipient add column bounced_hard bigint;
alter table outbox_recipient add column bounced_words text;
-- Addresses that returned mail for good and have not written since.
create table bounced_address (
    tenant_id bigint not null references tenant (id) on delete cascade,
    address_key text not null,
    at bigint not null,
    words text not null,
    primary key (tenant_id, address_key)
);
