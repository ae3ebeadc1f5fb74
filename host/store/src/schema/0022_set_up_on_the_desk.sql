-- What admins set on the desk since the team's folder was last applied: a path of the set-up, and who set it. Applying a folder that
-- says something else there is refused unless that is meant.
create table desk_setting (
    tenant_id bigint not null references tenant (id) on delete cascade,
    path text not null,
    changed_by text not null,
    changed_at bigint not null,
    primary key (tenant_id, path)
);

-- Trials that were asked for on the desk: a mailbox, a notifier, the model. Of each the last one, with what it found. In no backup:
-- what was true then says nothing about another machine.
create table trial (
    tenant_id bigint not null references tenant (id) on delete cascade,
    what text not null,
    asked_by text not null,
    asked_at bigint not null,
    done_at bigint,
    findings text,
    primary key (tenant_id, what)
);
