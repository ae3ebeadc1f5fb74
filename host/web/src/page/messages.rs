//! The mail log: every mail ends in exactly one place, and here is what became no ticket.

use super::frame::Frame;
use super::icon;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::reason::Reason;
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
    pub reason: Option<Reason>,
    /// What it said is still here.
    pub whole: bool,
    /// Its ticket's number, where it is on one.
    pub ticket: Option<i64>,
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
    /// The mailbox's name in the set-up.
    pub name: String,
    /// It is being compared because somebody asked for it.
    pub comparing: bool,
}

/// The page.
#[derive(Clone, Debug)]
pub struct MessagesPage {
    /// Parked, skipped, spam or automatic; none: parked and skipped.
    pub only: Option<Outcome>,
    /// For how many days skipped mail and spam keep what they said; 0: for good.
    pub keep_days: u64,
    /// Whether the reader may take a mail up.
    pub may_act: bool,
    /// Newest first.
    pub rows: Vec<MessageRow>,
    /// Newest day first.
    pub ledger: Vec<LedgerRow>,
    /// Each folder that is followed.
    pub balances: Vec<BalanceRow>,
}

impl MessagesPage {
    /// What may be looked at on its own.
    pub(crate) const OUTCOMES: [Outcome; 4] = [Outcome::Parked, Outcome::Skipped, Outcome::Spam, Outcome::Automatic];

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
                    nav.tabs {
                        (tab(None, t.messages_all_outcomes()))
                        @for outcome in Self::OUTCOMES { (tab(Some(outcome), t.outcome_list(outcome))) }
                    }
                    @if self.keep_days > 0 { p.mute { (t.messages_kept(self.keep_days)) } }
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
                        td data-label=(t.subject()) {
                            @let subject = if m.subject.is_empty() { t.no_subject() } else { &m.subject };
                            @if let Some(number) = m.ticket { a href=(frame.team.path(&format!("/tickets/{number}"))) { bdi { (subject) } } }
                            @else if m.whole { a href=(frame.team.path(&format!("/messages/{}/raw", m.id))) download title=(t.raw_mail()) { bdi { (subject) } } }
                            @else { bdi { (subject) } }
                        }
                        td data-label=(t.messages_why()) {
                            @match &m.reason {
                                Some(reason) => { b.code { (reason.code) } " " (t.reason_name(reason.code)) @if !reason.words.is_empty() { span.mute.below dir="auto" { (t.reason_words(&reason.words)) } } }
                                None => { (t.outcome(m.outcome)) }
                            }
                            @if !m.whole { span.mute.below { (t.messages_let_go()) } }
                        }
                        td.num {
                            (frame.lens.relative(m.at))
                            @if self.may_act && m.whole { (frame.post(&frame.team.path(&format!("/messages/{}/take-up", m.id)), "take-up", &html! { button.link { (t.take_up()) } })) }
                        }
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
                                @if b.missing > 0 { span.alarm { (icon::warn()) (t.balance_missing(b.missing)) } }
                                @else if b.held == 0 { span.mute { (t.balance_none()) } }
                                @else { (icon::tick()) (t.balance_even()) }
                            }
                            td.num data-label=(t.balance_held()) { @if b.held > 0 { (b.held) } @else { "–" } }
                            td.num data-label=(t.balance_checked()) {
                                (frame.lens.relative(b.checked_at))
                                @if b.comparing { span.mute.below { (t.balance_comparing()) } }
                                @else if self.may_act {
                                    (frame.post(&frame.team.path("/messages/repair"), "take-up", &html! { button.link name="mailbox" value=(b.name) { (if b.missing > 0 { t.balance_fetch() } else { t.balance_compare() }) } }))
                                }
                            }
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
                    // What can be moved sideways can be moved by keys.
                    div.wide tabindex="0" role="region" aria-label=(t.ledger_title()) {
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
