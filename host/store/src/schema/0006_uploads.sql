-- Packages that were handed in on the desk. The file goes as soon as a worker has installed or refused it.
create table plugin_upload (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    at bigint not null,
    made_by text not null,
    file text not null,
    content {bytes} not null,
    state text not null,
    plugin text,
    release bigint,
    problem text
);
create index plugin_upload_tenant on plugin_upload (tenant_id, id);
