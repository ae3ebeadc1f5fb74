-- Translations that agents asked the team's model for: of a mail, or of a revision of a draft, each once per language.
create table translation (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    message_id bigint references message (id) on delete cascade,
    draft_id bigint references draft (id) on delete cascade,
    language text not null,
    state text not null,
    content text,
    cut bigint not null,
    model text,
    trouble text,
    words text,
    asked_by text not null,
    asked_at bigint not null,
    done_at bigint,
    unique (message_id, language),
    unique (draft_id, language)
);
create index translation_tenant on translation (tenant_id);
