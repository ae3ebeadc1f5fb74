//! The audit view: events of the whole team, looked through.

use super::frame::{Frame, Place};
use maud::{Markup, html};
use posthouse_model::Timestamp;

/// One event.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// Its number in the chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, as the chain has it. Untrusted text.
    pub actor: String,
    /// What.
    pub kind: String,
    /// On what.
    pub subject: String,
    /// The number of the ticket that it is on.
    pub ticket: Option<i64>,
    /// Details, as JSON. Untrusted text.
    pub data: String,
}

/// What is asked for, as typed.
#[derive(Clone, Debug, Default)]
pub struct AuditForm {
    /// Part of who.
    pub who: String,
    /// How the kind begins.
    pub what: String,
    /// A ticket's number.
    pub ticket: String,
    /// A day, `2026-03-01`.
    pub from: String,
    /// A day, counted in.
    pub to: String,
}

/// The page.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// What was asked for.
    pub form: AuditForm,
    /// What was found, the newest first.
    pub lines: Vec<AuditLine>,
    /// The address that goes on further back.
    pub older: Option<String>,
}

impl AuditPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Audit);
        let field = |label: &str, kind: &str, name: &str, value: &str, hint: &str| {
            html! { label.field { span { (label) } input type=(kind) name=(name) value=(value) autocomplete="off" spellcheck="false" maxlength="200"; @if !hint.is_empty() { span.mute { (hint) } } } }
        };
        frame.page(
            t.audit_title(),
            "plain",
            &html! {
                main.sheet.audit #main {
                    h1 { (t.audit_title()) }
                    p.mute { (t.audit_hint()) }
                    form.asked method="get" action=(frame.team.path("/audit")) {
                        (field(t.audit_who(), "text", "who", &self.form.who, t.audit_who_hint()))
                        (field(t.audit_what(), "text", "what", &self.form.what, t.audit_what_hint()))
                        (field(t.audit_ticket(), "text", "ticket", &self.form.ticket, ""))
                        (field(t.audit_from(), "date", "from", &self.form.from, ""))
                        (field(t.audit_to(), "date", "to", &self.form.to, ""))
                        button.quiet { (t.audit_look()) }
                    }
                    @if self.lines.is_empty() { p.empty { (t.audit_none()) } } @else {
                        table {
                            thead { tr { th { (t.audit_when()) } th { (t.audit_who()) } th { (t.audit_what()) } th { (t.audit_on()) } th { (t.audit_data()) } } }
                            tbody { @for line in &self.lines { (row(frame, line)) } }
                        }
                    }
                    @if let Some(older) = &self.older { p { a.quiet href=(older) { (t.audit_older()) } " " span.mute { (t.audit_page()) } } }
                }
            },
        )
    }
}

/// Characters of an event's data that stand on its line.
const DATA_SHOWN: usize = 60;

/// What came with an event; more than a glance of it is folded.
fn data(whole: &str) -> Markup {
    let glance: String = whole.chars().take(DATA_SHOWN).collect();
    html! {
        @if glance.len() == whole.len() { code { (whole) } }
        @else { details { summary { code { (glance) "…" } } code { (whole) } } }
    }
}

fn row(frame: &Frame, line: &AuditLine) -> Markup {
    let t = frame.lang();
    html! { tr {
        td data-label=(t.audit_when()) title=(format!("#{}", line.seq)) { time datetime=(line.at.to_rfc3339()) { (frame.lens.exact(line.at)) } }
        td data-label=(t.audit_who()) { bdi title=(line.actor) { (t.actor(&line.actor)) } }
        td data-label=(t.audit_what()) title=(line.kind) { (t.event(&line.kind)) }
        td data-label=(t.audit_on()) {
            @match line.ticket {
                Some(number) => a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) },
                None => bdi { (line.subject) },
            }
        }
        td data-label=(t.audit_data()) { @if line.data == "{}" { span.mute { "–" } } @else { (data(&line.data)) } }
    } }
}
