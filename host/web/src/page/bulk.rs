//! Acting on many tickets: the bar beneath the list while some are chosen, and what became of it.

use super::frame::Frame;
use super::list::ListPane;
use super::query::ListQuery;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_store::{BulkAct, BulkLeft, BulkReport};

/// What was done with many tickets, and the list that it was done from.
#[derive(Clone, Debug)]
pub struct BulkBar {
    /// What became of it.
    pub report: BulkReport,
    /// To go back to.
    pub list: ListQuery,
}

impl BulkBar {
    pub(crate) fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let report = &self.report;
        let n = report.done.len() as u64;
        let words = match (&report.act, report.undone) {
            (_, true) => t.bulk_undone(n),
            (BulkAct::Assign(Some(_)), _) => t.bulk_assigned(n),
            (BulkAct::Assign(None), _) => t.bulk_unassigned(n),
            (BulkAct::Handled(_), _) => t.bulk_handled(n),
            (BulkAct::Spam, _) => t.bulk_spam(n),
            (BulkAct::Category(_), _) => t.bulk_category(n),
            (BulkAct::Macro(acts), _) => format!("{} · {}", acts.name, t.bulk_macro(n)),
        };
        let undo = report.id.filter(|_| !report.undone && report.until > frame.lens.now && n > 0);
        let inside = html! {
            span.what { (words) }
            @if undo.is_some() { button.quiet title=(t.undo_until(frame.lens.clock_seconds(report.until))) { (t.bulk_undo()) kbd { "z" } } }
            @if !report.left.is_empty() {
                ul {
                    @for (number, why) in &report.left {
                        li { a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) } " " (t.bulk_left(*why)) }
                    }
                }
            }
        };
        match undo {
            Some(id) => {
                let to = frame.team.path(&format!("/bulk/{id}/undo{}", self.list.to_query()));
                frame.post(&to, "undo bulk-done", &inside)
            }
            None => html! { div.note.bulk-done.refused[!report.left.is_empty()] { (inside) } },
        }
    }
}

impl ListPane {
    /// The bar of what can be done with the chosen tickets; shown while some are.
    pub(crate) fn bulk(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let to = frame.team.path(&format!("/bulk{}", self.query.to_query()));
        html! {
            @if !self.hands.is_empty() && !self.rows.is_empty() {
                form.bulk #bulk method="post" action=(to) aria-label=(t.bulk_title()) {
                    input type="hidden" name="csrf" value=(frame.csrf);
                    span.chosen role="status" data-words=(t.bulk_chosen("#")) {}
                    span.pair {
                        select name="agent" aria-label=(t.assign()) {
                            @for (id, name) in &self.hands { option value=(id) { (name) } }
                            option value="" { (t.assign_nobody()) }
                        }
                        button.quiet name="do" value="assign" { (t.assign()) }
                    }
                    span.pair {
                        select name="category" aria-label=(t.category()) {
                            @for name in &self.choices.categories { option value=(name) { (t.category_name(name)) } }
                        }
                        button.quiet name="do" value="category" { (t.bulk_set_category()) }
                    }
                    @if !self.choices.macros.is_empty() { span.pair {
                        select name="macro" aria-label=(t.macros()) {
                            @for name in &self.choices.macros { option value=(name) { (name) } }
                        }
                        button.quiet name="do" value="macro" { (t.macros_run()) }
                    } }
                    span.pair {
                        select name="reason" aria-label=(t.handled_title()) {
                            @for reason in reasons(t) { option value=(reason) { (reason) } }
                        }
                        button.quiet name="do" value="handled" { (t.handled()) }
                    }
                    button.quiet name="do" value="spam" { (t.bulk_mark_spam()) }
                    button.quiet.end type="reset" { (t.bulk_none()) }
                }
            }
        }
    }
}

/// Why tickets are closed without a reply.
fn reasons(t: Lang) -> [&'static str; 4] {
    [t.reason_no_reply(), t.reason_elsewhere(), t.reason_duplicate(), t.reason_chat()]
}

impl Lang {
    /// Why a ticket was left as it was.
    #[must_use]
    pub fn bulk_left(self, why: BulkLeft) -> String {
        match why {
            BulkLeft::Unknown => self.bulk_left_unknown().to_owned(),
            BulkLeft::Changed => self.bulk_left_changed().to_owned(),
            BulkLeft::Merged(there) => self.bulk_left_merged(there),
            BulkLeft::State(state) => self.bulk_left_state(self.status(state)),
            BulkLeft::Same => self.bulk_left_same().to_owned(),
        }
    }
}
