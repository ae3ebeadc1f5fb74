-- Why a mail ended where it ended, by number; that a person took it up; and when what it said was let go.
alter table message add column reason_code text;
alter table message add column taken_up_at bigint;
alter table message add column emptied_at bigint;
-- Reasons that were kept before they had numbers, by the words they had.
update message set reason_code = case
    when reason is null then null
    when reason like 'our own mail came back%' then 'S01'
    when reason like 'the sender is on the tenant%' then 'S02'
    when reason like 'nothing in it%' then 'S03'
    when reason like 'duplicate of message%' then 'S04'
    when reason like 'delivery failed%' or reason like 'delivery is delayed%' then 'S10'
    when reason like 'an answering machine%' then 'S11'
    when reason like 'a mailing list%' then 'S12'
    when reason like 'an automatic notice%' then 'S13'
    when reason like 'looks like spam%' then 'S20'
    when reason like 'is like mail that people called spam%' then 'S21'
    when reason like 'marked by an agent%' then 'S24'
    when reason like 'no header could be found%' then 'S30'
    when reason like 'too large to fetch%' then 'S31'
    when reason like 'the server would not give it%' then 'S32'
    when reason like 'reading it failed%' then 'S33'
    when reason like 'triage was given up%' then 'S40'
    else 'S00' end
where direction = 'incoming';
-- What is let go after a set time.
create index message_to_empty on message (tenant_id, stored_at)
    where emptied_at is null and outcome in ('skipped', 'spam');
-- Mails that a long catch-up has yet to fetch of the folder it is at; null: none is under way.
alter table mailbox add column left_to_fetch bigint;
-- Files that go with a reply: of a ticket while it is written, of the approved mail from then until it is sent and kept.
create table reply_file (
    id {id},
    tenant_id bigint not null references tenant (id) on delete cascade,
    ticket_id bigint not null references ticket (id) on delete cascade,
    outbox_id bigint references outbox (id) on delete cascade,
    name text not null,
    media_type text not null,
    size bigint not null,
    content {bytes} not null,
    added_by text not null,
    added_at bigint not null
);
create index reply_file_tenant on reply_file (tenant_id);
create index reply_file_ticket on reply_file (ticket_id, id);
create index reply_file_outbox on reply_file (outbox_id, id);
-- What of a mail's bytes lies beyond the first MiB, in pieces of a MiB: a mail of 50 MB is not copied whole on its way into the
-- database.
create table raw_piece (
    message_id bigint not null references message (id) on delete cascade,
    tenant_id bigint not null references tenant (id) on delete cascade,
    position bigint not null,
    content {bytes} not null,
    primary key (message_id, position)
);
create index raw_piece_tenant on raw_piece (tenant_id);
