-- In this place stands what another part of the work brings.
select 1;
