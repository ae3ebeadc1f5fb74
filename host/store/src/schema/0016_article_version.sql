-- The knowledge base is written on the desk as well as in the tenant's folder: who changed an article last, and what it said before.
alter table article add column version bigint not null default 1;
alter table article add column changed_by text not null default '';

-- What an article said from then on, its present text included. `body` is null where it was removed.
create table article_version (
    tenant_id bigint not null references tenant (id) on delete cascade,
    id text not null,
    language text not null,
    version bigint not null,
    title text not null,
    body text,
    changed_by text not null,
    changed_at bigint not null,
    primary key (tenant_id, id, language, version)
);
