-- What a model was asked and what it answered, for people to read and to ask again; let go after the tenant's days.
alter table model_call add column version text not null default '';
create table model_exchange (
    call_id bigint primary key references model_call (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    at bigint not null,
    task text not null,
    instructions text not null,
    inputs text not null,
    output_tokens_max bigint,
    answer text
);
create index model_exchange_at on model_exchange (tenant_id, at);
