//! Answering a question: mails that hold its words, newest first, and the tickets they are on.

use super::words::{Asked, Question, plain, stands_in};
use super::{is_postgres, prefix, shelf_bits};
use crate::list::{Page, TicketQuery, TicketSummary, narrowed, read};
use crate::sql::{Connection, placeholders, sql, sql_of};
use crate::{Result, StoreError};
use posthouse_model::{TenantId, TicketId, Timestamp};
use std::collections::{HashMap, HashSet};

/// Mails that are looked up together.
const AT_ONCE: u32 = 200;
/// Mails with the words that one question looks at; of a word that is everywhere, these are the newest.
const MAILS_MAX: usize = 2_000;
/// Tickets that one question lists, over all its pages.
pub(crate) const TICKETS_MAX: usize = 500;
/// Shelves that one statement looks at: the first takes one, each that follows twice as many.
const SHELVES_AT_ONCE: i64 = 32;

/// Whether a text asks for anything.
pub(crate) fn is_question(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// One page of the tickets whose mails hold what is asked for and which the rest of the query lets through: those whose mail came in
/// last are first, whatever order the query names.
pub(crate) async fn found(
    on: &mut Connection,
    tenant: TenantId,
    query: &TicketQuery,
    limit: usize,
    now: Timestamp,
) -> Result<Page<TicketSummary>> {
    let question = Question::parse(query.text.as_deref().unwrap_or_default());
    let (newest, skip) = match &query.after {
        Some(after) => parse_position(after)?,
        None => (sql("select coalesce(max(id), 0) from message").one(on).await?.get(0)?, 0),
    };
    let mut search =
        Search { tenant, query, now, question, rows: Vec::new(), seen: HashSet::new(), mails: 0, cut: false };
    if !search.question.is_empty() {
        search.by_number(on).await?;
        if !search.question.terms.is_empty() {
            search.by_words(on, newest, (skip + limit + 1).min(TICKETS_MAX)).await?;
        }
    }
    search.rows.truncate(TICKETS_MAX);
    let more = search.rows.len() > skip + limit;
    let cut = search.cut || (!more && search.rows.len() >= TICKETS_MAX);
    let rows: Vec<TicketSummary> = search.rows.into_iter().skip(skip).take(limit).collect();
    let next = more.then(|| format!("s{newest}.{}", skip + limit));
    Ok(Page { rows, next, cut })
}

/// Where a page begins: the newest mail when the first page was made, so that what comes in later moves nothing, and how many tickets
/// were on the pages before.
fn parse_position(text: &str) -> Result<(i64, usize)> {
    text.strip_prefix('s')
        .and_then(|text| text.split_once('.'))
        .and_then(|(newest, skip)| Some((newest.parse().ok()?, skip.parse().ok().filter(|skip| *skip <= TICKETS_MAX)?)))
        .ok_or_else(|| StoreError::refused("this page's address is not from this search: begin at the first page"))
}

struct Search<'a> {
    tenant: TenantId,
    query: &'a TicketQuery,
    now: Timestamp,
    question: Question,
    rows: Vec<TicketSummary>,
    seen: HashSet<TicketId>,
    /// Looked at so far.
    mails: usize,
    /// There may be more, further back.
    cut: bool,
}

impl Search<'_> {
    /// Tickets that are named by their number: first, and alone where nothing else is asked for.
    async fn by_number(&mut self, on: &mut Connection) -> Result<()> {
        let alone = self.question.terms.is_empty();
        let named = self.question.numbers.iter().copied().filter(|_| alone);
        for number in named.chain(self.question.bare_number).collect::<Vec<_>>() {
            let row = sql("select id from ticket where tenant_id = $1 and number = $2")
                .bind(self.tenant)
                .bind(number)
                .optional(on)
                .await?;
            if let Some(row) = row {
                let ticket: TicketId = row.get(0)?;
                self.take(on, &[(0, ticket)]).await?;
            }
        }
        Ok(())
    }

    /// Until there are so many tickets, or no more mails.
    async fn by_words(&mut self, on: &mut Connection, newest: i64, wanted: usize) -> Result<()> {
        let postgres = is_postgres(on);
        let bits = shelf_bits(postgres);
        let (mut shelf, mut count) = (newest >> bits, 1);
        while shelf >= 0 {
            let last = (shelf - count + 1).max(0);
            let mut before = newest.saturating_add(1).min((shelf + 1) << bits);
            let expression = expression(postgres, self.tenant, last..=shelf, &self.question.terms);
            loop {
                let mails = holding(on, &expression, before).await?;
                self.mails += mails.len();
                let Some(&least) = mails.last() else { break };
                before = least;
                self.look_at(on, &mails).await?;
                if self.rows.len() >= wanted {
                    return Ok(());
                }
                if self.mails >= MAILS_MAX {
                    self.cut = true;
                    return Ok(());
                }
                if mails.len() < AT_ONCE as usize {
                    break;
                }
            }
            shelf = last - 1;
            count = (count * 2).min(SHELVES_AT_ONCE);
        }
        Ok(())
    }

    async fn look_at(&mut self, on: &mut Connection, mails: &[i64]) -> Result<()> {
        let distinct = padded(mails);
        let rows = sql_of(format!(
            "select m.id, m.ticket_id, {} from message m where m.tenant_id + 0 = $1 and m.ticket_id is not null \
             and m.id in ({}) order by m.id desc",
            if self.question.phrases.is_empty() { "''" } else { "m.body_text" },
            placeholders(2, distinct.len())
        ))
        .bind(self.tenant)
        .bind_all(distinct)
        .all(on)
        .await?;
        let mut found = Vec::new();
        let mut texts: HashMap<TicketId, String> = HashMap::new();
        for row in &rows {
            let (mail, ticket): (i64, TicketId) = (row.get(0)?, row.get(1)?);
            if self.seen.contains(&ticket) {
                continue;
            }
            if !self.question.phrases.is_empty() {
                let text = texts.entry(ticket).or_default();
                text.push('\n');
                text.push_str(&row.get::<String>(2)?);
            }
            found.push((mail, ticket));
        }
        self.take_if(on, &found, &texts).await
    }

    async fn take(&mut self, on: &mut Connection, found: &[(i64, TicketId)]) -> Result<()> {
        self.take_if(on, found, &HashMap::new()).await
    }

    /// Of these tickets those that the query lets through, in this order. With texts, those whose text has every phrase.
    async fn take_if(
        &mut self,
        on: &mut Connection,
        found: &[(i64, TicketId)],
        texts: &HashMap<TicketId, String>,
    ) -> Result<()> {
        let mut order = Vec::new();
        for (_, ticket) in found {
            if !self.seen.contains(ticket) && !order.contains(ticket) {
                order.push(*ticket);
            }
        }
        if order.is_empty() {
            return Ok(());
        }
        let mut rows: HashMap<TicketId, TicketSummary> = HashMap::new();
        for row in narrowed(self.tenant, self.query, self.now, &padded(&order)).all(on).await? {
            let row = read(&row)?;
            rows.insert(row.id, row);
        }
        for ticket in order {
            let Some(row) = rows.remove(&ticket) else { continue };
            if let Some(text) = texts.get(&ticket) {
                let name = row.customer.name.as_deref().unwrap_or_default();
                let texts = [plain(text), plain(&row.subject), plain(name)];
                if !self.question.phrases.iter().all(|phrase| texts.iter().any(|text| stands_in(phrase, text))) {
                    continue;
                }
            }
            if self.question.numbers.is_empty() || self.question.numbers.contains(&row.number) {
                self.seen.insert(ticket);
                self.rows.push(row);
            }
        }
        Ok(())
    }
}

/// One prepared statement for one id and one for all other numbers of them: the last one is repeated.
fn padded<T: Copy>(ids: &[T]) -> Vec<T> {
    match ids {
        [] | [_] => ids.to_vec(),
        [.., last] => ids.iter().copied().chain(std::iter::repeat(*last)).take(AT_ONCE as usize).collect(),
    }
}

/// The newest mails before one that hold what is asked for, newest first. One may be there twice.
async fn holding(on: &mut Connection, expression: &str, before: i64) -> Result<Vec<i64>> {
    let rows = if is_postgres(on) {
        // All of the shelves first: a planner that goes from the newest mail on by itself walks through every mail for a rare word.
        sql("with held as materialized (select message_id from search_index where words @@ cast($1 as tsquery)) \
             select message_id from held where message_id < $2 order by message_id desc limit $3")
        .bind(expression)
        .bind(before)
        .bind(AT_ONCE)
        .all(on)
        .await?
    } else {
        sql("select rowid / 2 from search_index where search_index match $1 and rowid < $2 order by rowid desc limit $3")
            .bind(expression)
            .bind(before.saturating_mul(2))
            .bind(AT_ONCE)
            .all(on)
            .await?
    };
    rows.iter().map(|row| row.get(0)).collect()
}

/// The question as one of the databases takes it: on any of the shelves, all terms. Words are letters, digits and marks, so nothing of
/// them means anything there.
fn expression(
    postgres: bool,
    tenant: TenantId,
    shelves: std::ops::RangeInclusive<i64>,
    terms: &[Vec<Vec<Asked>>],
) -> String {
    let (and, or, quote, star) = if postgres { (" & ", " | ", '\'', ":*") } else { (" AND ", " OR ", '"', " *") };
    let group = |parts: Vec<String>, joint: &str| match parts.len() {
        1 => parts.concat(),
        _ => format!("({})", parts.join(joint)),
    };
    let on_shelf = |shelf: i64| {
        let prefix = prefix(tenant, shelf);
        let word = |asked: &Asked| {
            let star = if asked.beginning { star } else { "" };
            format!("{quote}{prefix}{}{quote}{star}", asked.word)
        };
        let all = |words: &Vec<Asked>| group(words.iter().map(word).collect(), and);
        let any = |term: &Vec<Vec<Asked>>| group(term.iter().map(all).collect(), or);
        group(terms.iter().map(any).collect(), and)
    };
    group(shelves.rev().map(on_shelf).collect(), or)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_written_for_its_tenant_and_shelves() {
        let terms = Question::parse("Müller pak").terms;
        let text = expression(true, TenantId(5), 0..=1, &terms);
        assert_eq!(
            text,
            "((('5x1xmuller' | '5x1xmueller') & '5x1xpak':*) | (('5x0xmuller' | '5x0xmueller') & '5x0xpak':*))"
        );
        let text = expression(false, TenantId(5), 7..=7, &terms);
        assert_eq!(text, "((\"5x7xmuller\" OR \"5x7xmueller\") AND \"5x7xpak\" *)");
    }

    #[test]
    fn a_position_of_something_else_is_refused() {
        assert_eq!(parse_position("s12.50").unwrap(), (12, 50));
        for bad in ["", "12.50", "s12", "s1.x", "s1.501", "s1.-1"] {
            assert!(parse_position(bad).is_err(), "{bad}");
        }
    }
}
