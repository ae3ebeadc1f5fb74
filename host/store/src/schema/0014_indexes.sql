-- How many automatic mails went to an address, and which reply answers a mail: both were found by walking through all replies.
create index outbox_recipient_address on outbox_recipient (tenant_id, address_key);
create index outbox_answers on outbox (answers) where answers is not null;
-- The newest notices, which the status page shows.
create index notification_newest on notification (tenant_id, id);
