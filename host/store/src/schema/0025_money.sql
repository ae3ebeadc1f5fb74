-- What the client's own model cost, in millionths of the currency that its price is written in.
alter table model_use add column cost bigint not null default 0;
alter table model_use add column cost_reserved bigint not null default 0;
alter table model_call add column cost bigint not null default 0;
alter table model_call add column currency text not null default '';
