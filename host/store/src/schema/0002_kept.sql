-- What plugins keep between calls: one space of keys and values per tenant and plugin. Keys are bytes, so that both
-- databases order them alike.
create table kept (
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    key {bytes} not null,
    value {bytes} not null,
    primary key (tenant_id, plugin, key)
);
