//! The search index: which mails hold which words.
//!
//! Each mail on a ticket has up to two rows in it: the words of the mail itself (subject, people, text without quoted history), and,
//! of the mail that triage looked at last, the words of its ticket (customer, what was read from it, orders and shipments). A row is
//! written in the transaction that writes what it is about.
//!
//! Words carry their tenant and a *shelf*: all mails whose ids share all but the last bits ([`shelf_bits`]). `5x3xpaket` is "paket" on the
//! fourth shelf of tenant 5. So no search reads what another tenant's mails hold; the newest shelves are looked at first, and a word
//! that is everywhere, or a beginning that half of all words have, costs no more than a shelf of it.
//!
//! SQLite keeps the rows in FTS5 without their texts (`content=''`), PostgreSQL as `tsvector` with a GIN index: both keep, per word, a
//! packed list of mails, a tenth of what a table of words takes. Neither one's own splitting of texts is used: FTS5's cannot do Chinese
//! or Thai, PostgreSQL's differs by version and locale, and both databases must find the same ([`words`]).

mod ask;
mod words;

use crate::messages::{MessageRow, by_id as message_by_id};
use crate::sql::{Connection, sql};
use crate::tickets::{Findings, TicketRow};
use crate::{Result, Scope, Tx};
use posthouse_model::job::Job;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::{MessageId, TenantId, Timestamp};
use std::collections::BTreeSet;

pub(crate) use ask::{found, is_question};

/// Bits of a mail's id that its shelf has not: 32768 mails on SQLite, where each shelf that is looked at costs and reading on does not,
/// 8192 on PostgreSQL, which reads all of a shelf's mails with a word before it knows which are the newest.
fn shelf_bits(postgres: bool) -> u32 {
    if postgres { 13 } else { 15 }
}

/// People of one mail whose names and addresses are found.
const PEOPLE_MAX: usize = 20;
/// Mails that one transaction of catching up reads.
const CATCH_UP_MAILS: u32 = 100;

/// The tables, which are not alike: put in where a migration says `{search}`.
pub(crate) const SQLITE: &str = "
create virtual table search_index using fts5 (words, content='', contentless_delete=1, detail=none, tokenize='ascii');
create trigger search_forgets after delete on message begin
    delete from search_index where rowid in (old.id * 2, old.id * 2 + 1);
end;";
/// As [`SQLITE`]. Without a list of what is yet to be put in, which every search would have to read.
pub(crate) const POSTGRES: &str = "
create table search_index (
    message_id bigint not null references message (id) on delete cascade,
    part bigint not null,
    words tsvector not null,
    primary key (message_id, part)
);
create index search_index_words on search_index using gin (words) with (fastupdate = off);";

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Mail,
    Ticket,
}

impl Part {
    fn row(self, message: MessageId) -> i64 {
        message.0 * 2 + self.number()
    }

    fn number(self) -> i64 {
        match self {
            Self::Mail => 0,
            Self::Ticket => 1,
        }
    }
}

/// Whether a connection is to PostgreSQL.
fn is_postgres(on: &Connection) -> bool {
    on.backend_name() == "PostgreSQL"
}

fn prefix(tenant: TenantId, shelf: i64) -> String {
    format!("{tenant}x{shelf}x")
}

/// Writes the words of a mail that has none yet.
pub(crate) async fn add_mail(on: &mut Connection, tenant: TenantId, message: MessageId, mail: &ReadMail) -> Result<()> {
    write(on, tenant, message, Part::Mail, &mail_words(mail)).await
}

/// Writes a mail's words, in place of those it had.
pub(crate) async fn put_mail(on: &mut Connection, tenant: TenantId, message: MessageId, mail: &ReadMail) -> Result<()> {
    put(on, tenant, message, Part::Mail, &mail_words(mail)).await
}

fn mail_words(mail: &ReadMail) -> BTreeSet<String> {
    let people = mail.from.iter().chain(&mail.reply_to).chain(&mail.to).chain(&mail.cc).take(PEOPLE_MAX);
    let texts = [mail.subject.as_str()].into_iter().chain(people.flat_map(texts_of)).chain([mail.reply_text.as_str()]);
    words::words_of(texts)
}

/// Writes the words of a ticket, with the mail that triage looked at last. A ticket that says no more than its mail has none.
pub(crate) async fn put_ticket(on: &mut Connection, tenant: TenantId, ticket: &TicketRow) -> Result<()> {
    let Some(message) = ticket.triaged_message else { return Ok(()) };
    let words = ticket_words(&ticket.subject, &ticket.customer, &ticket.findings());
    put(on, tenant, message, Part::Ticket, &words).await
}

fn ticket_words(subject: &str, customer: &Address, findings: &Findings) -> BTreeSet<String> {
    let (entities, orders) = findings.named();
    if entities.is_empty() && orders.is_empty() {
        return BTreeSet::new();
    }
    let texts = [subject].into_iter().chain(texts_of(customer));
    words::words_of(texts.chain(entities.iter().map(String::as_str)).chain(orders.iter().copied()))
}

fn texts_of(address: &Address) -> impl Iterator<Item = &str> {
    address.name.as_deref().into_iter().chain([address.address.as_str()])
}

/// Forgets the words of a ticket with a mail that has left it.
pub(crate) async fn drop_ticket(on: &mut Connection, tenant: TenantId, message: MessageId) -> Result<()> {
    put(on, tenant, message, Part::Ticket, &BTreeSet::new()).await
}

/// Writes words in place of those that are there.
async fn put(
    on: &mut Connection,
    tenant: TenantId,
    message: MessageId,
    part: Part,
    words: &BTreeSet<String>,
) -> Result<()> {
    let statement = if is_postgres(on) {
        sql("delete from search_index where message_id = $1 and part = $2").bind(message).bind(part.number())
    } else {
        sql("delete from search_index where rowid = $1").bind(part.row(message))
    };
    statement.run(on).await?;
    write(on, tenant, message, part, words).await
}

async fn write(
    on: &mut Connection,
    tenant: TenantId,
    message: MessageId,
    part: Part,
    words: &BTreeSet<String>,
) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let prefix = prefix(tenant, message.0 >> shelf_bits(is_postgres(on)));
    let mut text = String::with_capacity(words.iter().map(|word| prefix.len() + word.len() + 1).sum());
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&prefix);
        text.push_str(word);
    }
    let statement = if is_postgres(on) {
        // Ends in words only: each is letters, digits and marks.
        sql("insert into search_index (message_id, part, words) \
             values ($1, $2, array_to_tsvector(string_to_array($3, ' ')))")
        .bind(message)
        .bind(part.number())
    } else {
        sql("insert into search_index (rowid, words) values ($1, $2)").bind(part.row(message))
    };
    statement.bind(text).run(on).await?;
    Ok(())
}

/// Puts every mail of every tenant into the index, at once: for a database that was just read from a backup.
pub(crate) async fn put_all(on: &mut Connection) -> Result<()> {
    sql("delete from search_behind").run(on).await?;
    let tenants = sql("select id from tenant order by id").all(on).await?;
    for row in &tenants {
        let tenant = row.get(0)?;
        let mut before = Some((Timestamp(i64::MAX), MessageId(i64::MAX)));
        while let Some(from) = before {
            before = put_some(on, tenant, from).await?;
        }
    }
    Ok(())
}

/// Puts the newest mails before a place in, and says where to go on; none when there is nothing more.
async fn put_some(
    on: &mut Connection,
    tenant: TenantId,
    (stored_at, id): (Timestamp, MessageId),
) -> Result<Option<(Timestamp, MessageId)>> {
    let rows =
        sql("select m.id, m.stored_at, m.read_json, m.body_text, t.subject, t.customer_name, t.customer_address, \
         t.findings from message m left join ticket t on t.id = m.ticket_id where m.tenant_id = $1 \
         and (m.stored_at, m.id) < ($2, $3) order by m.stored_at desc, m.id desc limit $4")
        .bind(tenant)
        .bind(stored_at)
        .bind(id)
        .bind(CATCH_UP_MAILS)
        .all(on)
        .await?;
    let mut last = None;
    for row in &rows {
        let mut row = row.reader();
        let (id, stored_at): (MessageId, Timestamp) = (row.next()?, row.next()?);
        last = Some((stored_at, id));
        let mut mail: ReadMail = row.json()?;
        mail.reply_text = row.next()?;
        // Mail that is on no ticket is in no list of them.
        let Some(subject) = row.next::<Option<String>>()? else { continue };
        put_mail(on, tenant, id, &mail).await?;
        let customer = Address { name: row.next()?, address: row.next()? };
        let findings: Findings = row.json()?;
        if findings.is_of(id) {
            put(on, tenant, id, Part::Ticket, &ticket_words(&subject, &customer, &findings)).await?;
        }
    }
    Ok(last.filter(|_| rows.len() == CATCH_UP_MAILS as usize))
}

impl Scope {
    /// Mails stored before this moment are not found yet: a database of an earlier version is still being indexed. None: all are.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn search_behind(&self) -> Result<Option<Timestamp>> {
        let row = sql("select stored_at from search_behind where tenant_id = $1")
            .bind(self.tenant)
            .optional(&mut *self.read().await?)
            .await?;
        row.map(|row| row.get(0)).transpose()
    }
}

impl Tx {
    /// Puts the next hundred mails of an earlier version into the search index, newest first; whether there are more. Goes on where the
    /// last transaction ended, whatever became of its process.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn catch_up_search(&mut self) -> Result<bool> {
        let tenant = self.tenant();
        let row = sql("select stored_at, message_id from search_behind where tenant_id = $1")
            .bind(tenant)
            .optional(self.on())
            .await?;
        let Some(row) = row else { return Ok(false) };
        let from = (row.get(0)?, row.get(1)?);
        match put_some(self.on(), tenant, from).await? {
            Some((stored_at, id)) => {
                sql("update search_behind set stored_at = $1, message_id = $2 where tenant_id = $3")
                    .bind(stored_at)
                    .bind(id)
                    .bind(tenant)
                    .run(self.on())
                    .await?;
                Ok(true)
            }
            None => {
                sql("delete from search_behind where tenant_id = $1").bind(tenant).run(self.on()).await?;
                Ok(false)
            }
        }
    }

    /// Makes all of a tenant's mails be put into the search index anew, by a job.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn index_anew(&mut self) -> Result<()> {
        let tenant = self.tenant();
        sql("insert into search_behind (tenant_id, stored_at, message_id) values ($1, $2, $2) \
             on conflict (tenant_id) do update set stored_at = excluded.stored_at, message_id = excluded.message_id")
        .bind(tenant)
        .bind(i64::MAX)
        .run(self.on())
        .await?;
        self.enqueue(&Job::IndexMails).await
    }

    /// The words of a mail that came to a ticket, or whose text is gone, anew.
    pub(crate) async fn index_again(&mut self, message: MessageId) -> Result<()> {
        let tenant = self.tenant();
        let MessageRow { read, .. } = message_by_id(self.on(), tenant, message).await?;
        put_mail(self.on(), tenant, message, &read).await
    }
}
