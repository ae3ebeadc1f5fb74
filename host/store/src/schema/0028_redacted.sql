-- How many pieces of personal data a model was not shown; null: the tenant did not ask for that.
alter table model_call add column redacted bigint;
