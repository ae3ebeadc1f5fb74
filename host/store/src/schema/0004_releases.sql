-- What was installed under a plugin's name over time. `plugin` names the active one by its number.
create table plugin_release (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    number bigint not null,
    world text not null,
    version text not null,
    digest text not null references component (digest),
    settings text not null,
    grants text not null,
    limits text not null,
    allowance text,
    source text not null,
    state text not null,
    share bigint not null,
    made_by text not null,
    created_at bigint not null,
    changed_at bigint not null,
    activated_at bigint,
    reason text,
    replay text,
    unique (tenant_id, plugin, number)
);
create index plugin_release_called on plugin_release (tenant_id, state);
create index plugin_release_digest on plugin_release (digest);

alter table plugin add column release bigint not null default 0;
insert into plugin_release (tenant_id, plugin, number, world, version, digest, settings, grants, limits, source, state,
    share, made_by, created_at, changed_at, activated_at)
    select tenant_id, name, 1, world, version, digest, settings, grants, limits, '', 'active', 100, 'host:migration',
    installed_at, installed_at, installed_at from plugin;
update plugin set release = 1;

-- How a call was made: by which release, as what, and what it was told of time and chance.
alter table decision add column release bigint not null default 0;
alter table decision add column stage text not null default 'active';
alter table decision add column told_now bigint not null default 0;
alter table decision add column told_seed bigint not null default 0;

-- Lines that plugins logged, the newest of each.
create table plugin_log (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    release bigint not null,
    stage text not null,
    ticket_id bigint references ticket (id) on delete cascade,
    at bigint not null,
    level text not null,
    text text not null
);
create index plugin_log_plugin on plugin_log (tenant_id, plugin, id);
create index plugin_log_ticket on plugin_log (ticket_id);
