-- The ticket that everything of this one was moved to. No foreign key: a backup is read in the order of ids.
alter table ticket add column merged_into bigint;
create index ticket_merged on ticket (merged_into) where merged_into is not null;
-- Addresses of one customer, as agents have said by merging: all that name the same person belong together.
create table customer_alias (
    tenant_id bigint not null references tenant (id) on delete cascade,
    address_key text not null,
    person text not null,
    primary key (tenant_id, address_key)
);
create index customer_alias_person on customer_alias (tenant_id, person);
