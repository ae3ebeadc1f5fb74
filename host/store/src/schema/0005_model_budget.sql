-- How much of the client's model each plugin used in each local day, beside the tenant's own total.
create table plugin_model_use (
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    day text not null,
    calls bigint not null,
    tokens bigint not null,
    reserved bigint not null,
    primary key (tenant_id, plugin, day)
);
