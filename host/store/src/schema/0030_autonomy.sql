-- How far a category of mail is answered by itself; one without a row is `manual`. Comparisons before `counts_since` are used up.
-- `demoted_at`: it was taken back by itself, and nobody has said yet that she knows.
create table autonomy_level (
    tenant_id bigint not null references tenant (id) on delete cascade,
    category text not null,
    level text not null,
    since bigint not null,
    counts_since bigint not null,
    demoted_at bigint,
    primary key (tenant_id, category)
);

-- Every change of a level: who agreed on which evidence, or what took it back.
create table autonomy_step (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    category text not null,
    at bigint not null,
    was text not null,
    became text not null,
    cause text not null,
    actor text not null,
    evidence text not null,
    detail text not null,
    ticket_id bigint references ticket (id) on delete set null
);
create index autonomy_step_category on autonomy_step (tenant_id, category, id);
create index autonomy_step_ticket on autonomy_step (ticket_id);

-- The draft that would be sent, why it must not go out unread (`never`, a list), and what became of it. `outbox_id` is what was sent.
create table autonomy_draft (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    draft_id bigint not null references draft (id) on delete cascade,
    category text not null,
    level text not null,
    never text not null,
    compared text not null,
    changed bigint not null,
    outbox_id bigint references outbox (id) on delete cascade,
    answered_by text,
    at bigint not null,
    compared_at bigint
);
create index autonomy_draft_ticket on autonomy_draft (ticket_id, id);
create index autonomy_draft_category on autonomy_draft (tenant_id, category, compared_at);
create index autonomy_draft_compared on autonomy_draft (tenant_id, compared_at);
create index autonomy_draft_outbox on autonomy_draft (outbox_id);
create index autonomy_draft_draft on autonomy_draft (draft_id);

-- Somebody stopped all of the tenant's automatic replies.
create table autonomy_stop (
    tenant_id bigint primary key references tenant (id) on delete cascade,
    at bigint not null,
    by_whom text not null,
    reason text not null
);
