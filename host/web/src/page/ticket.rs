//! The review page: one ticket, read, corrected, approved.

use super::autonomy::{counting, reasons};
use super::draft::ReplyPane;
use super::frame::Frame;
use super::icon;
use super::later;
use super::letter::{self, Letter};
use super::list::{Due, due_words};
use super::note::{self, NoteCard};
use super::query::ListQuery;
use super::side::{self, Happening as SideHappening};
use super::trail::Step;
use super::translation::Translations;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::autonomy::{Level, Never};
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_model::reason::Reason;
use posthouse_model::refusal;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Entity, Fact, Order, Risk, Sentiment, TextPart, Urgency};
use std::time::Duration;

/// One thing that happened, from the audit chain.
pub type Happening = SideHappening;

/// Something an answer needs and the customer has not said.
#[derive(Clone, Debug)]
pub struct Missing {
    /// `order-number`, `photo` …
    pub key: String,
    /// How to ask, in the customer's language.
    pub question: Option<String>,
}

/// Approved mail on its way, or what became of it.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Its outbox row.
    pub id: i64,
    /// Where it stands.
    pub state: OutboxState,
    /// When it goes out, is tried next, or went out.
    pub at: Timestamp,
    /// A person chose that time.
    pub scheduled: bool,
    /// No person has read it.
    pub automatic: bool,
    /// The customer has written since: it will be held.
    pub overtaken: bool,
    /// How often it was tried.
    pub tries: u64,
    /// What the server said last.
    pub words: Option<String>,
    /// Recipients from whom it came back, or who get it late.
    pub returned: Vec<Returned>,
}

/// What a delivery report said of a recipient.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Whom.
    pub address: String,
    /// Trying again will not help.
    pub hard: bool,
    /// The server's words.
    pub words: String,
}

/// An agent to assign to.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// For the form.
    pub id: i64,
    /// Shown.
    pub name: String,
    /// The reader.
    pub me: bool,
}

/// Everything the review page shows.
#[derive(Clone, Debug)]
pub struct TicketPane {
    /// #1042
    pub number: i64,
    /// The newest mail on this page: acting is refused when a newer one has come.
    pub seen: i64,
    /// Of the thread.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// Why it was closed, when a person said.
    pub reason: Option<String>,
    /// About what.
    pub category: Option<String>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// How the customer sounds.
    pub sentiment: Option<Sentiment>,
    /// The customer's language, BCP 47.
    pub language: Option<String>,
    /// Where it waits.
    pub queue: Option<String>,
    /// Who has it.
    pub assignee: Option<String>,
    /// Deadline, while the ticket is open.
    pub due: Option<Due>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Whom it is about.
    pub customer: Address,
    /// 0 (some day) to 100 (now).
    pub priority: i64,
    /// Put aside until then.
    pub snoozed_until: Option<Timestamp>,
    /// Oldest first.
    pub letters: Vec<Letter>,
    /// What agents noted, oldest first.
    pub notes: Vec<NoteCard>,
    /// A note that was not taken.
    pub note_refused: Option<String>,
    /// What an answer still needs.
    pub missing: Vec<Missing>,
    /// What was read from the newest mail.
    pub entities: Vec<Entity>,
    /// Reasons to be careful.
    pub risks: Vec<Risk>,
    /// From enrichers.
    pub facts: Vec<Fact>,
    /// From enrichers.
    pub orders: Vec<Order>,
    /// The reply.
    pub reply: ReplyPane,
    /// Approved mail, newest first.
    pub sendings: Vec<Sending>,
    /// What the house would send by itself, where the category has come so far.
    pub would_send: Option<WouldSend>,
    /// Automatic steps, oldest first.
    pub trail: Vec<Step>,
    /// What happened, newest first.
    pub events: Vec<Happening>,
    /// To assign to.
    pub colleagues: Vec<Colleague>,
    /// To change to.
    pub categories: Vec<String>,
    /// Other tickets of the customer, newest first.
    pub siblings: Vec<SiblingLine>,
    /// Its mails in the reader's language.
    pub translations: Translations,
    /// Number of the ticket that everything of this one was moved to.
    pub merged_into: Option<i64>,
    /// List the ticket was opened from.
    pub query: ListQuery,
}

/// What the house says of the first draft.
#[derive(Clone, Debug)]
pub struct WouldSend {
    /// How far the category has come.
    pub level: Level,
    /// Why a person must read it first.
    pub never: Vec<Never>,
}

/// Another ticket of the customer.
#[derive(Clone, Debug)]
pub struct SiblingLine {
    /// #1042
    pub number: i64,
    /// Of its thread.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// When its newest mail came or went.
    pub at: Timestamp,
}

impl TicketPane {
    /// The ticket's column and the side.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        html! {
            div.reader data-number=(self.number) {
                main.ticket #main tabindex="-1" {
                    (self.head(frame))
                    (self.careful(frame))
                    (letter::thread(frame, self))
                    (self.sending(frame))
                    (note::new(frame, self))
                    (self.lacking(frame))
                    (self.would_send(frame))
                    @if self.merged_into.is_none() { (self.reply.draw(frame)) }
                }
                (side::draw(frame, self))
            }
        }
    }

    fn action(&self, frame: &Frame, verb: &str) -> String {
        frame.team.path(&format!("/tickets/{}/{verb}{}", self.number, self.query.to_query()))
    }

    pub(crate) fn post(&self, frame: &Frame, verb: &str, class: &str, inside: &Markup) -> Markup {
        frame.post(
            &self.action(frame, verb),
            class,
            &html! { input type="hidden" name="seen" value=(self.seen); (inside) },
        )
    }

    fn head(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let subject = if self.subject.is_empty() { t.no_subject() } else { &self.subject };
        html! {
            header.ticket-head {
                a.back href=(frame.team.path(&format!("/tickets{}", self.query.to_query()))) aria-label=(t.back_to_list()) { (icon::back()) }
                h1 dir="auto" title=[(subject.chars().count() > 200).then_some(subject)] { (letter::marked(t, subject, TextPart::Subject, &self.entities, &self.risks)) }
                div.meta {
                    span.number { "#" (self.number) }
                    span.status data-part="status" { @if self.status == TicketStatus::Sent && self.is_leaving(frame) { (t.status_leaving()) } @else { (t.status(self.status)) } @if let Some(reason) = &self.reason { span.mute { " (" (reason) ")" } } }
                    @if let Some(there) = self.merged_into { span { (t.merged_into()) " " a href=(frame.team.path(&format!("/tickets/{there}"))) { "#" (there) } } }
                    @if let Some(until) = self.snoozed_until { span { (t.snoozed_until(frame.lens.weekday(until))) } }
                    (self.category_menu(frame))
                    (self.priority_menu(frame))
                    // The priority beside it is made of it: only what stands out is said once more.
                    @if self.urgency == Some(Urgency::Urgent) { span.alarm[self.status.is_open()] { (t.urgency_urgent()) } }
                    @if let Some(sentiment) = self.sentiment { @if sentiment != Sentiment::Neutral { span { (t.sentiment(sentiment)) } } }
                    @if let Some(language) = &self.language { span { (t.language_name(language)) } }
                    @if let Some(queue) = &self.queue { span { (t.queue()) " " (queue) } }
                    @if let Some(due) = self.due { span.due { (due_words(frame, due)) } }
                    @if let Some(name) = &self.assignee { span { (t.assigned_to(name)) } }
                    span.looking-too role="status" data-words=(t.looking_too("#")) hidden {}
                }
                (self.acts(frame))
            }
        }
    }

    /// The reply is approved and can still be taken back.
    fn is_leaving(&self, frame: &Frame) -> bool {
        self.sendings.first().is_some_and(|s| s.state == OutboxState::Queued && s.at > frame.lens.now)
    }

    fn category_menu(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let now = self.category.as_deref().map_or_else(|| t.unsorted().to_owned(), |c| t.category_name(c));
        html! {
            @if frame.me.role.may_act() && self.merged_into.is_none() {
                details.menu.category data-key="c" {
                    summary title=(t.change_category()) { (now) (icon::down()) }
                    div.card {
                        (self.post(frame, "category", "", &html! {
                            p.mute { (t.change_category()) }
                            div.choices {
                                @for name in &self.categories {
                                    button.quiet name="category" value=(name) aria-pressed=(if self.category.as_deref() == Some(name) { "true" } else { "false" }) { (t.category_name(name)) }
                                }
                            }
                        }))
                    }
                }
            } @else { span { (now) } }
        }
    }

    fn priority_menu(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let now = t.priority_name(self.priority);
        html! {
            @if frame.me.role.may_act() && self.merged_into.is_none() {
                details.menu.category data-key="p" {
                    summary title=(t.priority_change()) { (now) (icon::down()) }
                    div.card {
                        (self.post(frame, "priority", "", &html! {
                            p.mute { (t.priority()) " " b.num { (self.priority) } }
                            div.choices {
                                @for value in [90, 50, 10] {
                                    button.quiet name="priority" value=(value) aria-pressed=(if self.priority == value { "true" } else { "false" }) { (t.priority_name(value)) }
                                }
                            }
                        }))
                        (self.post(frame, "priority", "own", &html! {
                            label.field { span { (t.priority_own()) } input type="number" name="priority" required min="0" max="100" step="1" value=(self.priority); }
                            button.quiet { (t.priority_set()) }
                        }))
                    }
                }
            } @else { span { (now) } }
        }
    }

    fn snooze_menu(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.status == TicketStatus::Snoozed {
                (self.post(frame, "wake", "", &html! { button.quiet data-key="w" { (t.snooze_wake()) } }))
            }
            @if matches!(self.status, TicketStatus::Waiting | TicketStatus::Snoozed) {
                details.menu.right data-key="b" {
                    summary.quiet { (t.snooze()) }
                    div.card {
                        (self.post(frame, "snooze", "reasons", &html! {
                            // What Enter in the field for date and time presses.
                            button.hidden name="until" value="own" tabindex="-1" aria-hidden="true" { (t.later_own_set()) }
                            p.mute { (t.snooze_title()) }
                            (later::draw(&frame.lens, "until", "on", None))
                        }))
                    }
                }
            }
        }
    }

    fn acts(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let spam = self.status == TicketStatus::Spam;
        let may_spam = self.status.may_become(TicketStatus::Spam) && !spam;
        html! {
            @if frame.me.role.may_act() && self.merged_into.is_none() {
                div.acts #acts {
                    @if self.status.is_open() { (self.handled_menu(frame)) }
                    @if spam { (self.post(frame, "not-spam", "", &html! { button.quiet data-key="!" { (t.not_spam()) } })) }
                    @else if may_spam { (self.post(frame, "spam", "", &html! { button.quiet data-key="!" { (t.spam()) } })) }
                    @if matches!(self.status, TicketStatus::Handled | TicketStatus::Automatic) {
                        (self.post(frame, "reopen", "", &html! { button.quiet { (t.reopen()) } }))
                    }
                    (self.snooze_menu(frame))
                    button.quiet.only-thin type="button" data-open="palette" hidden { (t.palette()) }
                    (self.assign_menu(frame))
                }
            }
        }
    }

    fn handled_menu(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            details.menu.right data-key="h" {
                summary.quiet { (t.handled()) }
                div.card {
                    (self.post(frame, "handled", "reasons", &html! {
                        p.mute { (t.handled_title()) }
                        @for reason in [t.reason_no_reply(), t.reason_elsewhere(), t.reason_duplicate(), t.reason_chat()] {
                            button.quiet name="reason" value=(reason) { (reason) }
                        }
                    }))
                    (self.post(frame, "handled", "own", &html! {
                        label.field { span { (t.reason_own()) } input name="reason" required maxlength="200" autocomplete="off" data-keeps=(format!("reason/{}", self.number)); }
                        button.quiet { (t.close_ticket()) }
                    }))
                }
            }
        }
    }

    fn assign_menu(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let mine = self.colleagues.iter().any(|c| c.me && self.assignee.as_deref() == Some(&c.name));
        html! {
            details.menu.right data-key="i" {
                summary.quiet { (t.assign()) }
                div.card {
                    (self.post(frame, "assign", "reasons", &html! {
                        @for c in &self.colleagues {
                            @if c.me { button.quiet name="agent" value=(c.id) aria-pressed=(if mine { "true" } else { "false" }) data-key="s" { (t.assign_to_me()) kbd { "s" } } }
                        }
                        @for c in &self.colleagues { @if !c.me { button.quiet name="agent" value=(c.id) aria-pressed=(if self.assignee.as_deref() == Some(&c.name) { "true" } else { "false" }) { (c.name) } } }
                        @if self.assignee.is_some() { button.quiet name="agent" value="" { (t.assign_nobody()) } }
                    }))
                }
            }
        }
    }

    fn careful(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.risks.is_empty() {
                ul.careful aria-label=(t.risk_title()) {
                    @for risk in &self.risks { li { (icon::warn()) b { (t.risk_name(&risk.kind)) } span { (risk.reason) } } }
                }
            }
        }
    }

    fn lacking(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.missing.is_empty() && self.status.is_open() {
                p.missing {
                    span.label { (t.missing_title()) }
                    @for m in &self.missing {
                        @match &m.question {
                            Some(question) => button.ask type="button" data-ask=(question) title=(format!("{question} {}", t.missing_insert())) { (t.missing_name(&m.key)) },
                            None => span.ask { (t.missing_name(&m.key)) },
                        }
                    }
                }
            }
        }
    }

    fn would_send(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if let Some(would) = self.would_send.as_ref().filter(|_| self.status.is_open()) {
                p.missing.would-send {
                    @if !would.never.is_empty() { span.label { (t.autonomy_person_reads()) } " " (reasons(t, &would.never)) }
                    @else if would.level.sends() { (t.autonomy_chosen()) }
                    @else { (t.autonomy_would_send()) }
                }
            }
        }
    }

    fn sending(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let Some(sending) = self.sendings.first().filter(|s| s.state != OutboxState::Cancelled) else {
            return html! {};
        };
        let bad = matches!(sending.state, OutboxState::Failed | OutboxState::Uncertain);
        let leaves = sending.state == OutboxState::Queued && sending.automatic && sending.at > frame.lens.now;
        let waits = sending.state == OutboxState::Queued && (sending.scheduled || sending.automatic);
        let came_back = sending.returned.iter().any(|returned| returned.hard);
        let words = match sending.state {
            OutboxState::Queued if sending.scheduled && sending.at > frame.lens.now => {
                t.outbox_scheduled(frame.lens.weekday(sending.at))
            }
            OutboxState::Queued if sending.at > frame.lens.now => t.outbox_queued(frame.lens.clock(sending.at)),
            OutboxState::Queued => t.outbox_queued_now().to_owned(),
            OutboxState::Submitting => t.outbox_submitting().to_owned(),
            OutboxState::Sent => t.outbox_sent(frame.lens.clock(sending.at)),
            OutboxState::Deferred => t.outbox_deferred().to_owned(),
            OutboxState::Failed => t.outbox_failed().to_owned(),
            OutboxState::Uncertain => t.outbox_uncertain().to_owned(),
            OutboxState::Cancelled => t.outbox_cancelled().to_owned(),
        };
        html! {
            @let overtaken = sending.overtaken && waits;
            // One that leaves within a minute: the page says so when it has. An automatic one counts down here, which a fresh part would
            // stop.
            @let soon = sending.at.since(frame.lens.now) < Duration::from_secs(60);
            @let coming = matches!(sending.state, OutboxState::Queued | OutboxState::Submitting) && soon && !leaves;
            div.sending.bad[bad || came_back || overtaken] data-part="sending" data-coming[coming] role=[(bad || came_back || overtaken).then_some("alert")] {
                p {
                    @if bad { (icon::warn()) } @else if sending.state == OutboxState::Sent { (icon::tick()) } @else { (icon::reply()) }
                    @if leaves { b { (counting(frame, sending.at)) } } @else { b { (words) } }
                    @if sending.automatic && sending.state == OutboxState::Sent { span.mute { (t.autonomy_went()) } }
                    @if sending.state == OutboxState::Deferred { span { (t.next_try(frame.lens.clock(sending.at))) } }
                    @if sending.tries > 1 { span.mute { (t.tries_n(sending.tries)) } }
                    @if sending.state != OutboxState::Sent { @if let Some(words) = &sending.words {
                        // Before the first try nothing but the house itself has said anything.
                        @if let Some(Reason { code, words }) = Reason::read(words) {
                            span.why { b.code { (code) } " " (t.reason_name(code)) span.mute dir="auto" { " · " (words) } }
                        } @else {
                            span.mute { @if sending.tries == 0 { (words) } @else { (t.server_said(words)) } }
                        }
                        @if let Some(known) = refusal::explain(words, None) { span { (known.text(t.code())) } }
                    } }
                }
                @for returned in &sending.returned { p {
                    (icon::warn())
                    b { @if returned.hard { (t.came_back(&returned.address)) } @else { (t.comes_late(&returned.address)) } }
                    span.mute { (t.server_said(&returned.words)) }
                } }
                @if overtaken { p { (icon::warn()) (t.outbox_overtaken()) } }
                @if waits && frame.me.role.may_act() {
                    (self.post(frame, "undo", "resolve", &html! {
                        input type="hidden" name="outbox" value=(sending.id);
                        button.quiet { (if sending.automatic { t.autonomy_stop_one() } else { t.cancel_sending() }) }
                    }))
                }
                @if bad && frame.me.role.may_act() {
                    (self.post(frame, "resolve", "resolve", &html! {
                        input type="hidden" name="outbox" value=(sending.id);
                        @if sending.state == OutboxState::Uncertain { button.quiet name="to" value="sent" { (t.it_went_out()) } }
                        button.quiet name="to" value="queued" { (t.try_again()) }
                        button.quiet name="to" value="cancelled" { (t.give_up()) }
                    }))
                }
            }
        }
    }
}
