//! What a chat group is told: notices built from a ticket, a digest or an incident, in the group's language.

use crate::words::Words;
use posthouse_model::Timestamp;
use posthouse_model::call::{MessageView, TicketView};
use posthouse_model::mail::Address;
use posthouse_model::notice::{Notice, NoticeField, NoticeKind, NoticeLink};
use std::collections::BTreeMap;

/// How much of a customer's mail a card shows: two lines on a phone.
const SUMMARY_CHARS_MAX: usize = 140;
/// How many entities a card lists.
const ENTITIES_MAX: usize = 4;

/// Where a notice is read: language, time zone and address of the desk.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// BCP 47.
    pub language: &'a str,
    /// IANA; one that is unknown counts as UTC.
    pub time_zone: &'a str,
    /// `https://desk.example/t/acme`, without a slash at the end.
    pub desk_url: &'a str,
}

impl Reader<'_> {
    fn words(&self) -> &'static Words {
        Words::of(self.language)
    }

    /// `11-21 18:05`, in the reader's zone.
    #[must_use]
    pub fn local_time(&self, at: Timestamp) -> String {
        local(at, self.time_zone).strftime("%m-%d %H:%M").to_string()
    }
}

pub(crate) fn local(at: Timestamp, time_zone: &str) -> jiff::Zoned {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_jiff().to_zoned(zone)
}

/// What there is to answer with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Drafts that wait for an agent.
    pub drafts: usize,
    /// The first of them goes out by itself at this time, unless it is stopped.
    pub leaves: Option<Timestamp>,
}

/// The card of a ticket that waits for review; `card` is the last part of its link ([`crate::card::seal`]).
#[must_use]
pub fn ticket(
    id: String,
    reader: &Reader<'_>,
    ticket: &TicketView,
    latest: &MessageView,
    ready: Ready,
    card: &str,
    now: Timestamp,
) -> Notice {
    let words = reader.words();
    let category = ticket.category.as_deref().map_or(words.unsorted, |c| words.category_name(c));
    let mut title = String::new();
    if let Some(urgency) = ticket.urgency {
        title.push_str(words.urgency_name(urgency));
        title.push_str(" · ");
    }
    title.push_str(category);
    title.push_str(" · ");
    title.push_str(&person(&ticket.customer, words));
    if let Some(language) = &ticket.language {
        title.push_str(" · ");
        title.push_str(words.language_name(language));
    }

    let subject = if latest.subject.trim().is_empty() { words.no_subject } else { latest.subject.trim() };
    let mut lines = vec![shorten(subject, SUMMARY_CHARS_MAX)];
    let summary = shorten(&latest.body, SUMMARY_CHARS_MAX);
    if !summary.is_empty() {
        lines.push(summary);
    }

    let mut fields = vec![field(words.number, format!("#{}", ticket.number))];
    if !ticket.entities.is_empty() {
        fields.push(field(words.found, entities(ticket, words)));
    }
    if !ticket.missing.is_empty() {
        fields.push(field(words.missing, names(&ticket.missing, |k| words.missing_name(k))));
    }
    if !ticket.risks.is_empty() {
        let kinds: Vec<String> = ticket.risks.iter().map(|r| r.kind.clone()).collect();
        fields.push(field(words.careful, names(&kinds, |k| words.risk_name(k))));
    }
    let ready = match ready {
        Ready { leaves: Some(at), .. } => (words.leaves)(&reader.local_time(at)),
        Ready { drafts: 0, .. } => words.no_draft.to_owned(),
        Ready { drafts, .. } => (words.drafts_ready)(drafts),
    };
    fields.push(field(words.draft, ready));
    if let Some(deadline) = ticket.deadline {
        let left = deadline.since(now).as_secs() / 60;
        let when = reader.local_time(deadline);
        fields.push(field(words.answer_by, format!("{when} ({})", (words.duration)(left))));
    }

    Notice {
        id,
        kind: NoticeKind::Ticket,
        language: reader.language.to_owned(),
        title,
        lines,
        fields,
        link: Some(link(words.review, format!("{}/r/{card}", reader.desk_url))),
        urgency: ticket.urgency,
        deadline: ticket.deadline,
    }
}

/// The card of a ticket whose answer is about to be late, or is.
#[must_use]
pub fn escalated(mut card: Notice, reader: &Reader<'_>, deadline: Timestamp, now: Timestamp) -> Notice {
    let words = reader.words();
    let (said, minutes) = if now < deadline {
        (words.due_soon, deadline.since(now).as_secs() / 60)
    } else {
        (words.overdue, now.since(deadline).as_secs() / 60)
    };
    card.title = format!("{said} {} · {}", (words.duration)(minutes), card.title);
    card
}

/// What a day came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestNumbers {
    /// New tickets, waiting, replies sent, handled without a reply, spam caught, automatic mail.
    pub counts: [u64; 6],
    /// How long the oldest waiting ticket has waited.
    pub oldest_waiting_minutes: Option<u64>,
    /// The most urgent that wait: number, category, customer, subject.
    pub examples: Vec<DigestExample>,
}

/// A waiting ticket named in a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestExample {
    /// #1042
    pub number: i64,
    /// Its category.
    pub category: Option<String>,
    /// Who waits.
    pub customer: Address,
    /// Of the thread.
    pub subject: String,
}

/// The daily summary.
#[must_use]
pub fn digest(id: String, reader: &Reader<'_>, tenant: &str, day: &str, numbers: &DigestNumbers) -> Notice {
    let words = reader.words();
    let mut fields: Vec<NoticeField> =
        words.digest_numbers.iter().zip(numbers.counts).map(|(label, count)| field(label, count.to_string())).collect();
    let mut lines = Vec::new();
    if let Some(minutes) = numbers.oldest_waiting_minutes {
        fields.push(field(words.oldest_waiting, (words.duration)(minutes)));
    } else {
        lines.push(words.nothing_waits.to_owned());
    }
    if !numbers.examples.is_empty() {
        lines.push(words.most_urgent.to_owned());
        lines.extend(numbers.examples.iter().map(|e| {
            let category = e.category.as_deref().map_or(words.unsorted, |c| words.category_name(c));
            format!("#{} {category} · {} · {}", e.number, person(&e.customer, words), shorten(&e.subject, 60))
        }));
    }
    Notice {
        id,
        kind: NoticeKind::Digest,
        language: reader.language.to_owned(),
        title: (words.digest_title)(tenant, day),
        lines,
        fields,
        link: Some(link(words.open_desk, reader.desk_url.to_owned())),
        urgency: None,
        deadline: None,
    }
}

/// Something is stuck or silent (`recovered_after` none), or works again.
#[must_use]
pub fn incident(
    id: String,
    reader: &Reader<'_>,
    tenant: &str,
    what: String,
    recovered_after_minutes: Option<u64>,
) -> Notice {
    let words = reader.words();
    let (kind, title, lines) = match recovered_after_minutes {
        None => (NoticeKind::Alert, (words.alert_title)(tenant), vec![what, words.what_now.to_owned()]),
        Some(minutes) => {
            let line = (words.recovered)(&(words.duration)(minutes));
            (NoticeKind::Recovery, (words.recovery_title)(tenant), vec![line, what])
        }
    };
    Notice {
        id,
        kind,
        language: reader.language.to_owned(),
        title,
        lines,
        fields: Vec::new(),
        link: Some(link(words.open_desk, reader.desk_url.to_owned())),
        urgency: None,
        deadline: None,
    }
}

/// Somebody asked whether the notifier works.
#[must_use]
pub fn test(id: String, reader: &Reader<'_>, tenant: &str) -> Notice {
    let words = reader.words();
    Notice {
        id,
        kind: NoticeKind::Test,
        language: reader.language.to_owned(),
        title: words.test_title.to_owned(),
        lines: vec![(words.test_line)(tenant)],
        fields: Vec::new(),
        link: Some(link(words.open_desk, reader.desk_url.to_owned())),
        urgency: None,
        deadline: None,
    }
}

fn field(label: &str, value: impl Into<String>) -> NoticeField {
    NoticeField { label: label.to_owned(), value: value.into() }
}

fn link(label: &str, url: String) -> NoticeLink {
    NoticeLink { label: label.to_owned(), url }
}

fn person(address: &Address, words: &Words) -> String {
    match address.name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => shorten(name, 40),
        // Without a name the local part tells agents enough, and a chat group needs no full address.
        _ => match address.address.split('@').next() {
            Some(local) if !local.is_empty() => shorten(local, 40),
            _ => words.unknown_customer.to_owned(),
        },
    }
}

fn names(keys: &[String], name: impl Fn(&str) -> &str) -> String {
    keys.iter().map(|k| name(k)).collect::<Vec<_>>().join(", ")
}

fn entities(ticket: &TicketView, words: &Words) -> String {
    let mut by_text: BTreeMap<String, ()> = BTreeMap::new();
    let mut parts = Vec::new();
    for entity in &ticket.entities {
        let text = format!("{} {}", words.entity_name(entity.value.kind()), entity.value.text());
        if by_text.insert(text.clone(), ()).is_none() {
            parts.push(text);
        }
        if parts.len() == ENTITIES_MAX {
            break;
        }
    }
    parts.join(" · ")
}

/// One line of at most `max` characters, with white space folded.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 {
            out.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count + 1 >= max {
                out.push('…');
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_model::ticket::{Direction, TicketStatus};
    use posthouse_model::triage::{Entity, EntityValue, Urgency};

    fn view() -> (TicketView, MessageView) {
        let customer = Address { name: Some("Ana García".into()), address: "ana@example.es".into() };
        let entity =
            Entity { value: EntityValue::OrderNumber { value: "1042-88".into() }, confidence: 0.9, span: None };
        let ticket = TicketView {
            number: 1042,
            subject: "¿Dónde está mi paquete?".into(),
            status: TicketStatus::Waiting,
            created_at: Timestamp(0),
            customer: customer.clone(),
            category: Some("shipping".into()),
            urgency: Some(Urgency::Urgent),
            sentiment: None,
            language: Some("es".into()),
            entities: vec![entity.clone(), entity],
            tags: vec![],
            queue: None,
            deadline: Some(Timestamp::from_seconds(7_200)),
            missing: vec!["photo".into()],
            risks: vec![],
            facts: vec![],
            orders: vec![],
            message_count: 1,
            recent: vec![],
        };
        let message = MessageView {
            subject: "¿Dónde está mi paquete?".into(),
            body: "Hola,\n\nmi pedido   1042-88 no ha llegado.".into(),
            full_text: String::new(),
            from: Some(customer),
            reply_to: None,
            to: vec![],
            cc: vec![],
            sent_at: Timestamp(0),
            direction: Direction::Incoming,
            language: Some("es".into()),
            headers: vec![],
            message_id: None,
            attachments: vec![],
        };
        (ticket, message)
    }

    #[test]
    fn a_card_says_what_an_agent_needs_in_the_groups_language() {
        let (t, m) = view();
        let reader = Reader { language: "zh", time_zone: "Asia/Shanghai", desk_url: "https://desk.example/t/acme" };
        let card =
            ticket("n1".into(), &reader, &t, &m, Ready { drafts: 2, leaves: None }, "1042.20800.seal", Timestamp(0));
        assert_eq!(card.title, "紧急 · 物流 · Ana García · 西班牙语");
        assert_eq!(card.lines, ["¿Dónde está mi paquete?", "Hola, mi pedido 1042-88 no ha llegado."]);
        let fields: Vec<String> = card.fields.iter().map(|f| format!("{}={}", f.label, f.value)).collect();
        assert_eq!(
            fields,
            ["工单=#1042", "已识别=订单 1042-88", "缺少=照片", "草稿=2 份待审", "回复期限=01-01 10:00 (2 小时)"]
        );
        let link = card.link.unwrap();
        assert_eq!((link.label.as_str(), link.url.as_str()), ("审核", "https://desk.example/t/acme/r/1042.20800.seal"));
    }

    #[test]
    fn a_nameless_customer_shows_no_full_address() {
        let (mut t, mut m) = view();
        t.customer = Address { name: None, address: "ana.garcia@example.es".into() };
        m.subject.clear();
        let reader = Reader { language: "en", time_zone: "nowhere", desk_url: "x" };
        let card = ticket("n1".into(), &reader, &t, &m, Ready { drafts: 0, leaves: None }, "c", Timestamp(0));
        assert_eq!(card.title, "urgent · shipping · ana.garcia · Spanish");
        assert_eq!(card.lines[0], "(no subject)");
    }

    #[test]
    fn shortening_folds_and_never_exceeds() {
        assert_eq!(shorten("  a \n b  ", 10), "a b");
        assert_eq!(shorten("你好你好你好", 4), "你好你…");
        assert_eq!(shorten("abcdef", 6), "abcde…");
        assert_eq!(shorten("", 6), "");
    }
}
