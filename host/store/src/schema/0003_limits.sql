-- What an installed plugin asks for in one call, as JSON: the limits that its package's manifest names.
alter table plugin add column limits text not null default '{}';
