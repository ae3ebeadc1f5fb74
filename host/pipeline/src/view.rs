//! From stored rows to what a plugin call may read.

use posthouse_model::call::{MessageView, TicketView};
use posthouse_model::mail::Address;
use posthouse_model::priority::{EARLIER_TICKETS_FACT, HISTORY_DAYS};
use posthouse_model::triage::{Enrichment, Fact, Routing, Triage};
use posthouse_store::{MessageRow, TicketRow};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How many messages of a thread a plugin can see.
pub const THREAD_MAX: u32 = 20;

/// A stored message as a plugin sees it.
#[must_use]
pub fn message(row: &MessageRow) -> MessageView {
    let read = &row.read;
    MessageView {
        subject: read.subject.clone(),
        body: read.reply_text.clone(),
        full_text: read.text.clone(),
        from: read.from.clone(),
        reply_to: read.reply_to.first().cloned(),
        to: read.to.clone(),
        cc: read.cc.clone(),
        sent_at: row.at,
        direction: row.direction,
        language: read.language.clone(),
        headers: read.headers.clone(),
        attachments: read.attachments.clone(),
        message_id: read.message_id.clone(),
    }
}

/// A stored ticket with its thread, newest first, as a plugin sees it.
#[must_use]
pub fn ticket(row: &TicketRow, recent: Vec<Arc<MessageView>>) -> TicketView {
    TicketView {
        number: row.number,
        subject: row.subject.clone(),
        status: row.status,
        created_at: row.created_at,
        customer: row.customer.clone(),
        category: row.category.clone(),
        urgency: row.urgency,
        sentiment: row.sentiment,
        language: row.language.clone(),
        entities: row.entities.clone(),
        tags: row.tags.clone(),
        queue: row.queue.clone(),
        deadline: row.deadline,
        missing: row.missing.clone(),
        risks: row.risks.clone(),
        facts: row.facts.clone(),
        orders: row.orders.clone(),
        message_count: u32::try_from(row.message_count).unwrap_or(u32::MAX),
        recent,
    }
}

/// Lets plugins see how many other tickets the customer opened in the days before this one; where there are none, nothing is said.
#[must_use]
pub fn with_history(mut view: TicketView, earlier: u32) -> TicketView {
    if earlier > 0 {
        view.facts.retain(|fact| fact.key != EARLIER_TICKETS_FACT);
        let label = format!("Other tickets in the {HISTORY_DAYS} days before");
        // First, wherever it is put in: a call that is made again is told the same in the same order.
        view.facts.insert(0, Fact { key: EARLIER_TICKETS_FACT.to_owned(), label, value: earlier.to_string() });
    }
    view
}

/// What the ticket looks like once a classifier's findings are in: what the next plugin in line sees.
pub fn apply_triage(view: &mut TicketView, triage: &Triage, category_by_agent: bool) {
    if let (Some(category), false) = (&triage.category, category_by_agent) {
        view.category = Some(category.value.clone());
    }
    if let Some(urgency) = &triage.urgency {
        view.urgency = Some(urgency.value);
    }
    if let Some(sentiment) = &triage.sentiment {
        view.sentiment = Some(sentiment.value);
    }
    if let Some(language) = &triage.language {
        view.language = Some(language.value.clone());
    }
    for entity in &triage.entities {
        if !view.entities.iter().any(|known| known.value == entity.value) {
            view.entities.push(entity.clone());
        }
    }
    extend_new(&mut view.tags, &triage.tags);
    view.missing.clone_from(&triage.missing);
    for risk in &triage.risks {
        if !view.risks.iter().any(|known| known.kind == risk.kind) {
            view.risks.push(risk.clone());
        }
    }
}

/// As [`apply_triage`], for an enricher.
pub fn apply_enrichment(view: &mut TicketView, enrichment: &Enrichment) {
    for fact in &enrichment.facts {
        view.facts.retain(|known| known.key != fact.key);
        view.facts.push(fact.clone());
    }
    for order in &enrichment.orders {
        view.orders.retain(|known| known.number != order.number);
        view.orders.push(order.clone());
    }
    if let Some(name) = &enrichment.customer_name {
        view.customer = Address { name: Some(name.clone()), address: view.customer.address.clone() };
    }
    extend_new(&mut view.tags, &enrichment.tags);
}

/// As [`apply_triage`], for a router.
pub fn apply_routing(view: &mut TicketView, routing: &Routing, default_queue: &str) {
    match &routing.queue {
        Some(queue) => view.queue = Some(queue.clone()),
        None if view.queue.is_none() => view.queue = Some(default_queue.to_owned()),
        None => {}
    }
    if routing.deadline.is_some() {
        view.deadline = routing.deadline;
    }
    extend_new(&mut view.tags, &routing.tags);
}

/// Lets the next plugin in line see tags.
pub fn apply_tags(view: &mut TicketView, tags: &[String]) {
    extend_new(&mut view.tags, tags);
}

/// Puts a later router's decision to an earlier one's: what the earlier said of queue and agent stands, the earlier deadline
/// and the higher priority count, lists are joined.
pub fn complete_routing(into: &mut Routing, later: Routing) {
    into.queue = into.queue.take().or(later.queue);
    into.assignee = into.assignee.take().or(later.assignee);
    into.priority = into.priority.max(later.priority);
    into.deadline = match (into.deadline, later.deadline) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    extend_new(&mut into.notifiers, &later.notifiers);
    extend_new(&mut into.tags, &later.tags);
    into.evidence.extend(later.evidence);
}

fn extend_new(known: &mut Vec<String>, more: &[String]) {
    for item in more {
        if !known.contains(item) {
            known.push(item.clone());
        }
    }
}

/// Puts a second plugin's findings to a first one's: the surer of the two is kept, lists are joined.
pub fn merge_triage(into: &mut Triage, other: Triage) {
    fn surer<T>(
        into: &mut Option<posthouse_model::triage::Scored<T>>,
        other: Option<posthouse_model::triage::Scored<T>>,
    ) {
        if let Some(new) = other
            && into.as_ref().is_none_or(|old| new.confidence > old.confidence)
        {
            *into = Some(new);
        }
    }
    surer(&mut into.category, other.category);
    surer(&mut into.urgency, other.urgency);
    surer(&mut into.sentiment, other.sentiment);
    surer(&mut into.language, other.language);
    into.spam = match (into.spam, other.spam) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    for entity in other.entities {
        if !into.entities.iter().any(|known| known.value == entity.value && known.span == entity.span) {
            into.entities.push(entity);
        }
    }
    into.evidence.extend(other.evidence);
    extend_new(&mut into.tags, &other.tags);
    extend_new(&mut into.missing, &other.missing);
    for risk in other.risks {
        if !into.risks.contains(&risk) {
            into.risks.push(risk);
        }
    }
}

/// SHA-256 over everything a call could read, for finding the same input again.
pub fn input_hash(parts: &[&dyn erased::Hashable]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        part.feed(&mut hash);
    }
    hex::encode(hash.finalize())
}

/// Lets values of different types be hashed in one list.
pub mod erased {
    use super::{Digest, Serialize, Sha256};

    /// A value with a JSON form.
    pub trait Hashable {
        /// Adds it to the hash.
        fn feed(&self, hash: &mut Sha256);
    }

    struct Feed<'a>(&'a mut Sha256);

    impl std::io::Write for Feed<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<T: Serialize> Hashable for T {
        fn feed(&self, hash: &mut Sha256) {
            // Writing into a hash cannot fail, and the views have no maps with keys that are not text.
            if serde_json::to_writer(Feed(hash), self).is_err() {
                hash.update(b"\xff");
            }
            hash.update(b"\0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_model::triage::{Scored, Urgency};

    #[test]
    fn the_surer_plugin_wins_and_lists_are_joined() {
        let category = |value: &str, confidence| Some(Scored { value: value.to_owned(), confidence });
        let mut first =
            Triage { category: category("refund", 0.6), tags: vec!["a".into()], spam: Some(0.1), ..Triage::default() };
        let second = Triage {
            category: category("return", 0.5),
            urgency: Some(Scored { value: Urgency::High, confidence: 0.2 }),
            tags: vec!["a".into(), "b".into()],
            spam: Some(0.3),
            ..Triage::default()
        };
        merge_triage(&mut first, second);
        assert_eq!(first.category, category("refund", 0.6));
        assert_eq!(first.urgency.unwrap().value, Urgency::High);
        assert_eq!(first.tags, ["a", "b"]);
        assert_eq!(first.spam, Some(0.3));
    }

    #[test]
    fn a_later_router_completes_an_earlier_one() {
        let at = |seconds| Some(posthouse_model::Timestamp::from_seconds(seconds));
        let mut first = Routing { deadline: at(50), priority: Some(90), tags: vec!["a".into()], ..Routing::default() };
        let later = Routing {
            queue: Some("returns".into()),
            deadline: at(70),
            priority: Some(40),
            tags: vec!["a".into(), "b".into()],
            notifiers: vec!["team".into()],
            ..Routing::default()
        };
        complete_routing(&mut first, later);
        assert_eq!((first.queue.as_deref(), first.deadline, first.priority), (Some("returns"), at(50), Some(90)));
        assert_eq!((first.tags, first.notifiers), (vec!["a".to_owned(), "b".to_owned()], vec!["team".to_owned()]));

        let mut open = Routing { queue: Some("night".into()), ..Routing::default() };
        complete_routing(&mut open, Routing { queue: Some("x".into()), deadline: at(9), ..Routing::default() });
        assert_eq!((open.queue.as_deref(), open.deadline, open.priority), (Some("night"), at(9), None));
    }

    #[test]
    fn the_hash_tells_where_one_part_ends() {
        assert_ne!(input_hash(&[&"ab", &"c"]), input_hash(&[&"a", &"bc"]));
        assert_eq!(input_hash(&[&"ab"]), input_hash(&[&"ab"]));
    }
}
