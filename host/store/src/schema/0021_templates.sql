-- Templates of replies are written on the desk as well as in the tenant's folder. `front` is JSON: the fields but name and text. Where a
-- drafter has a row here or a version below, these are its templates and not those of its settings, in which an earlier host kept them.
create table template (
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    id text not null,
    front text not null,
    body text not null,
    updated_at bigint not null,
    version bigint not null,
    changed_by text not null,
    primary key (tenant_id, plugin, id)
);

-- What a template said from then on, its present text included. `body` is null where it was removed.
create table template_version (
    tenant_id bigint not null references tenant (id) on delete cascade,
    plugin text not null,
    id text not null,
    version bigint not null,
    front text not null,
    body text,
    changed_by text not null,
    changed_at bigint not null,
    primary key (tenant_id, plugin, id, version)
);

-- What became of drafts from a template, per day (since 1970, in UTC): `proposed`, `taken`, and replies that went out by how many of
-- their words were changed: `sent-0` none, `sent-1` up to 5 of a hundred, `sent-2` up to 10 … `sent-20` up to all.
create table template_use (
    tenant_id bigint not null references tenant (id) on delete cascade,
    day bigint not null,
    plugin text not null,
    template text not null,
    what text not null,
    count bigint not null,
    primary key (tenant_id, day, plugin, template, what)
);

-- Templates that are tried on a ticket before they are saved: gone within the hour.
create table template_trial (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    agent_id bigint not null references agent (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    template text not null,
    state text not null,
    result text not null,
    at bigint not null
);
create index template_trial_at on template_trial (tenant_id, at);
create index template_trial_ticket on template_trial (ticket_id);
create index template_trial_agent on template_trial (agent_id);
