//! The mail log: every mail ends in exactly one place, and here is what became no ticket.

use super::frame::Frame;
use super::icon;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::ticket::Outcome;

/// A mail that became no ticket.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// For its raw bytes.
    pub id: i64,
    /// When it came in.
    pub at: Timestamp,
    /// From whom.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// Which mailbox.
    pub mailbox: String,
    /// Where it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
}

/// How one day's mail adds up.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    /// Local calendar day.
    pub day: String,
    /// How many per outcome, in the order of [`Outcome::ALL`].
    pub counts: Vec<(Outcome, u64)>,
}

/// What a server's folder held when it was last compared with what is here.
#[derive(Clone, Debug)]
pub struct BalanceRow {
    /// The mailbox's address.
    pub mailbox: String,
    /// `INBOX`; empty for a Maildir.
    pub folder: String,
    /// Mails that it held.
    pub held: u64,
    /// Those of them that are not here.
    pub missing: u64,
    /// When they were counted.
    pub checked_at: Timestamp,
}

/// The page.
#[derive(Clone, Debug)]
pub struct MessagesPage {
    /// Parked, skipped, or both.
    pub only: Option<Outcome>,
    /// Newest first.
    pub rows: Vec<MessageRow>,
    /// Newest day first.
    pub ledger: Vec<LedgerRow>,
    /// Each folder that is followed.
    pub balances: Vec<BalanceRow>,
}

impl MessagesPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let tab = |only: Option<Outcome>, name: &str| {
            let path = only.map_or_else(|| "/messages".to_owned(), |o| format!("/messages?outcome={o}"));
            html! { a href=(frame.team.path(&path)) aria-current=[(self.only == only).then_some("true")] { (name) } }
        };
        frame.page(
            t.messages_title(),
            "plain",
            &html! {
                main.sheet #main {
                    h1 { (t.messages_title()) }
                    p.mute { (t.messages_hint()) }
                    nav.tabs { (tab(None, t.messages_all_outcomes())) (tab(Some(Outcome::Parked), t.view_parked())) (tab(Some(Outcome::Skipped), t.view_skipped())) }
                    (self.table(frame))
                    (self.balances(frame))
                    (self.ledger(frame))
                }
            },
        )
    }

    fn table(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.rows.is_empty() { p.empty { (t.messages_none()) } } @else {
                table.log {
                    thead { tr { th { (t.from_label()) } th { (t.subject()) } th { (t.messages_why()) } th.num {} } }
                    tbody { @for m in &self.rows { tr {
                        td data-label=(t.from_label()) { b { bdi { (m.from) } } br; span.mute { bdi { (m.mailbox) } } }
                        td data-label=(t.subject()) { a href=(frame.team.path(&format!("/messages/{}/raw", m.id))) download title=(t.raw_mail()) { bdi { (if m.subject.is_empty() { t.no_subject() } else { &m.subject }) } } }
                        td data-label=(t.messages_why()) { (t.outcome(m.outcome)) @if let Some(reason) = &m.reason { span.mute { " · " (reason) } } }
                        td.num { (frame.lens.relative(m.at)) }
                    } } }
                }
            }
        }
    }

    fn balances(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.balances.is_empty() {
                section { h2 { (t.balance_title()) } p.mute { (t.balance_hint()) }
                    table {
                        thead { tr { th { (t.mailbox_address()) } th { (t.balance_state()) } th.num { (t.balance_held()) } th.num { (t.balance_checked()) } } }
                        tbody { @for b in &self.balances { tr {
                            td data-label=(t.mailbox_address()) { b { bdi { (b.mailbox) } } @if !b.folder.is_empty() { " " span.mute { bdi { (b.folder) } } } }
                            td data-label=(t.balance_state()) {
                                @if b.missing > 0 { span.alarm { (icon::warn()) (t.balance_missing(b.missing)) } " " code.mute { "posthouse ledger --repair" } }
                                @else { (icon::tick()) (t.balance_even()) }
                            }
                            td.num data-label=(t.balance_held()) { (b.held) }
                            td.num data-label=(t.balance_checked()) { (frame.lens.relative(b.checked_at)) }
                        } } }
                    }
                }
            }
        }
    }

    fn ledger(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.ledger.is_empty() {
                section { h2 { (t.ledger_title()) }
                    div.wide {
                        table.ledger {
                            thead { tr { th { (t.ledger_day()) } @for o in Outcome::ALL { th.num { (t.outcome(*o)) } } th.num { (t.ledger_total()) } } }
                            tbody { @for row in &self.ledger { tr {
                                td { (row.day) }
                                @for o in Outcome::ALL {
                                    @let n = row.counts.iter().filter(|c| c.0 == *o).map(|c| c.1).sum::<u64>();
                                    td.num.none[n == 0] { (n) }
                                }
                                td.num { b { (row.counts.iter().map(|c| c.1).sum::<u64>()) } }
                            } } }
                        }
                    }
                }
            }
        }
    }
}
