-- When a try's mail was about to be given to the server: none, and nobody has a byte of it. Of tries that were begun before this
-- was kept nothing is known; they count as handed over when they began.
alter table attempt add column handed_over_at bigint;
update attempt set handed_over_at = started_at;
