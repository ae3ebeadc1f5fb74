-- Mails that began a conversation and on which no article speaks. state: open; done (an article was written, or is not needed).
-- title and body: an article proposed from the reply that was sent, without personal data, for a person to approve.
create table gap (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    message_id bigint not null references message (id) on delete cascade,
    state text not null,
    title text,
    body text,
    article text,
    settled_by text,
    at bigint not null,
    unique (message_id)
);
create index gap_open on gap (tenant_id, state, at);
