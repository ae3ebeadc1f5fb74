//! How far each category is answered by itself: what was measured, what would have been sent, and the switches.

use super::frame::{Frame, Place};
use super::icon;
use crate::text::difference::{Piece, Side};
use crate::words::Lang;
use crate::words::autonomy::percent;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::autonomy::{Cause, Compared, Evidence, Level, Never, Shortfall};

/// Somebody stopped everything.
#[derive(Clone, Debug)]
pub struct StopLine {
    /// When.
    pub at: Timestamp,
    /// Who, as people call her.
    pub who: String,
    /// Why, in her words. Untrusted text.
    pub why: String,
}

/// A reply that is about to go out by itself.
#[derive(Clone, Debug)]
pub struct LeavingLine {
    /// Its ticket.
    pub number: i64,
    /// Of the ticket. Untrusted text.
    pub subject: String,
    /// Its outbox row.
    pub outbox: i64,
    /// When.
    pub at: Timestamp,
}

/// A draft that would have been sent, and what became of it.
#[derive(Clone, Debug)]
pub struct ComparedLine {
    /// Its ticket.
    pub number: i64,
    /// Of the ticket. Untrusted text.
    pub subject: String,
    /// When it was answered.
    pub at: Timestamp,
    /// What became of it.
    pub compared: Compared,
    /// How many per cent of the words were changed.
    pub changed: i64,
    /// Who answered.
    pub by: String,
    /// Why it does not count.
    pub never: Vec<Never>,
    /// Both texts; none: no reply was sent.
    pub pieces: Option<Vec<Piece>>,
}

/// A change of the level.
#[derive(Clone, Debug)]
pub struct StepLine {
    /// When.
    pub at: Timestamp,
    /// From.
    pub was: Level,
    /// To.
    pub became: Level,
    /// Why.
    pub cause: Cause,
    /// Who.
    pub who: String,
    /// By which ticket.
    pub number: Option<i64>,
}

/// One category.
#[derive(Clone, Debug)]
pub struct CategoryPart {
    /// Its name in the set-up.
    pub category: String,
    /// How far it is answered by itself.
    pub level: Level,
    /// Since when; none: from the beginning.
    pub since: Option<Timestamp>,
    /// It was taken back by itself, and nobody has said that she knows.
    pub fell: Option<(Timestamp, Cause)>,
    /// What was measured.
    pub evidence: Evidence,
    /// The lower bound of the share that was sent as proposed, in thousandths.
    pub lower_permille: u32,
    /// What the next step is, or lacks.
    pub next: Result<Level, Vec<Shortfall>>,
    /// The newest first.
    pub compared: Vec<ComparedLine>,
    /// The newest first.
    pub steps: Vec<StepLine>,
}

/// The page.
#[derive(Clone, Debug)]
pub struct AutonomyPage {
    /// All teams of the host are stopped.
    pub house_stop: Option<StopLine>,
    /// This team is stopped.
    pub stop: Option<StopLine>,
    /// What is about to go.
    pub leaving: Vec<LeavingLine>,
    /// Every category: those that have come far first.
    pub categories: Vec<CategoryPart>,
    /// The confidence of bounds, in per cent.
    pub confidence: u32,
    /// The share of tickets that is reviewed when sampled, in per cent.
    pub review: u32,
}

impl AutonomyPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Autonomy);
        frame.page(
            t.autonomy_title(),
            "plain",
            &html! {
                main.sheet.autonomy #main {
                    h1 { (t.autonomy_title()) }
                    p.mute { (t.autonomy_hint()) }
                    details.never { summary { (t.autonomy_never_title()) } ul { @for reason in Never::ALL { li { (t.never_name(*reason)) } } } }
                    (self.switch(frame))
                    (self.leaving(frame))
                    @for part in self.categories.iter().filter(|part| !part.is_untouched()) { (part.draw(frame, self)) }
                    (self.untouched(frame))
                }
            },
        )
    }

    fn switch(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section.candidate #switch {
            h2 { (t.autonomy_switch()) }
            @if let Some(stop) = &self.house_stop {
                p.alarm role="alert" { (icon::stop()) " " (t.autonomy_house_stopped(frame.lens.exact(stop.at))) }
                @if !stop.why.is_empty() { p.mute dir="auto" { (stop.why) } }
            }
            @match &self.stop {
                Some(stop) => {
                    p.alarm role="alert" { (icon::stop()) " " (t.autonomy_stopped(&stop.who, frame.lens.exact(stop.at))) }
                    @if !stop.why.is_empty() { p.mute dir="auto" { (stop.why) } }
                    (act(frame, "go", None, &html! { button.quiet { (t.autonomy_go()) } }))
                }
                None => {
                    p.mute { (t.autonomy_stop_hint()) }
                    (act(frame, "stop", None, &html! {
                        label.field { span { (t.autonomy_stop_why()) } input name="reason" maxlength="200" autocomplete="off"; }
                        button.quiet { (icon::stop()) " " (t.autonomy_stop()) }
                    }))
                }
            }
        } }
    }

    /// Categories of which there is nothing to say yet, a line each.
    fn untouched(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let mut parts: Vec<&CategoryPart> = self.categories.iter().filter(|part| part.is_untouched()).collect();
        let order: Vec<_> = parts.iter().map(|part| part.next.clone()).collect();
        parts.sort_by_key(|part| order.iter().position(|next| *next == part.next));
        html! { @if !parts.is_empty() { section.category #untouched {
            h2 { (t.autonomy_level_name(Level::Manual)) }
            p.mute { (t.autonomy_level_means(Level::Manual, self.review)) " " (t.autonomy_evidence_none()) }
            table {
                thead { tr { th { (t.category()) } th { (t.autonomy_next_needs(t.autonomy_level_name(Level::Suggested))) } } }
                // Those that lack the same stand on one line.
                tbody { @for group in parts.chunk_by(|one, other| one.next == other.next) { tr {
                    td data-label=(t.category()) { span { @for (at, part) in group.iter().enumerate() {
                        @if at > 0 { (joint(t)) } b id=(format!("category-{}", part.category)) { (t.category_name(&part.category)) }
                    } } }
                    td.mute data-label=(t.autonomy_lacks()) {
                        @if let Some(Err(lacks)) = group.first().map(|part| &part.next) { @for (at, lack) in lacks.iter().enumerate() {
                            @if at > 0 { " · " } (t.autonomy_shortfall(*lack))
                        } }
                    }
                } } }
            }
        } } }
    }

    fn leaving(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section #leaving {
            h2 { (t.autonomy_leaving()) }
            @if self.leaving.is_empty() { p.mute { (t.autonomy_leaving_none()) } } @else { ul.plain {
                @for line in &self.leaving { li {
                    a href=(frame.team.path(&format!("/tickets/{}", line.number))) { "#" (line.number) " " bdi { (line.subject) } }
                    " " (counting(frame, line.at)) " "
                    (frame.post(&frame.team.path(&format!("/tickets/{}/undo", line.number)), "inline", &html! {
                        input type="hidden" name="outbox" value=(line.outbox);
                        button.quiet aria-label=(t.autonomy_stop_one_of(line.number)) { (t.autonomy_stop_one()) }
                    }))
                } }
            } }
        } }
    }
}

/// When a reply goes out by itself; the script counts down.
pub(crate) fn counting(frame: &Frame, at: Timestamp) -> Markup {
    let t = frame.lang();
    html! {
        span.leaving data-until-ms=(at.0 / 1_000) data-now-ms=(frame.lens.now.0 / 1_000) data-words=(t.autonomy_leaves_in()) {
            (icon::clock()) " " span { (t.autonomy_leaves_at(frame.lens.clock_seconds(at))) }
        }
    }
}

fn act(frame: &Frame, verb: &str, category: Option<&str>, inside: &Markup) -> Markup {
    frame.post(
        &frame.team.path("/autonomy"),
        "steps",
        &html! {
            input type="hidden" name="verb" value=(verb);
            @if let Some(category) = category { input type="hidden" name="category" value=(category); }
            (inside)
        },
    )
}

impl CategoryPart {
    /// People send, nothing was compared, and nothing ever changed.
    fn is_untouched(&self) -> bool {
        self.level == Level::Manual
            && self.evidence.compared() == 0
            && self.fell.is_none()
            && self.compared.is_empty()
            && self.steps.is_empty()
            && self.next.is_err()
    }

    fn draw(&self, frame: &Frame, page: &AutonomyPage) -> Markup {
        let t = frame.lang();
        html! { section.category id=(format!("category-{}", self.category)) {
            h2 { (t.category_name(&self.category)) " " span.level { (t.autonomy_level_name(self.level)) } }
            @if let Some((at, cause)) = self.fell {
                p.alarm role="alert" { (icon::warn()) " " (t.autonomy_fell(t.autonomy_cause(cause), frame.lens.exact(at))) }
                (act(frame, "known", Some(&self.category), &html! { button.quiet { (t.autonomy_known()) } }))
            }
            p.mute {
                (t.autonomy_level_means(self.level, page.review))
                @if let Some(since) = self.since { " " (t.autonomy_since(frame.lens.exact(since))) "." }
            }
            (self.measured(t, page))
            (self.next_step(frame))
            (self.down(frame))
            (self.comparisons(frame))
            (self.history(frame))
        } }
    }

    fn measured(&self, t: Lang, page: &AutonomyPage) -> Markup {
        let e = self.evidence;
        let share = |part| percent(e.permille(part));
        html! {
            @if e.compared() == 0 { p { (t.autonomy_evidence_none()) } } @else {
                p { (t.autonomy_evidence(e.compared(), e.unchanged, e.edited(), e.rejected)) }
                p.mute { (t.autonomy_rates(share(e.unchanged), share(e.edited()), share(e.rejected))) ". " (t.autonomy_bound(page.confidence, percent(self.lower_permille))) }
            }
        }
    }

    fn next_step(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @match (&self.next, self.level.next()) {
                (Ok(next), _) => {
                    (act(frame, "promote", Some(&self.category), &html! {
                        input type="hidden" name="from" value=(self.level.as_str());
                        label.check { input type="checkbox" name="consent" value="yes" required; span { (t.autonomy_consent()) } }
                        button.solid { (t.autonomy_promote(t.autonomy_level_name(*next))) }
                    }))
                },
                (Err(lacks), Some(next)) => {
                    p { b { (t.autonomy_next(t.autonomy_level_name(next))) } " " span.mute { (t.autonomy_lacks()) } }
                    ul.lacks { @for lack in lacks { li { (t.autonomy_shortfall(*lack)) } } }
                },
                (Err(_), None) => p.mute { (t.autonomy_top()) },
            }
        }
    }

    fn down(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.level > Level::Manual {
                (act(frame, "demote", Some(&self.category), &html! {
                    @for level in Level::ALL.iter().filter(|level| **level < self.level).rev() {
                        button.quiet name="to" value=(level.as_str()) { (t.autonomy_take_back(t.autonomy_level_name(*level))) }
                    }
                }))
            }
        }
    }

    fn comparisons(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { details.comparisons {
            summary { (t.autonomy_comparisons()) " " span.mute { "(" (self.compared.len()) ")" } }
            @if self.compared.is_empty() { p.mute { (t.autonomy_comparisons_none()) } } @else { table {
                thead { tr { th { (t.autonomy_when()) } th { (t.autonomy_ticket()) } th { (t.autonomy_became()) } th { (t.autonomy_by()) } } }
                tbody { @for line in &self.compared { (compared(frame, line)) } }
            } }
        } }
    }

    fn history(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { @if !self.steps.is_empty() { details {
            summary { (t.autonomy_history()) }
            ul { @for step in &self.steps { li {
                time datetime=(step.at.to_rfc3339()) { (frame.lens.exact(step.at)) } " "
                (t.autonomy_history_line(t.autonomy_level_name(step.was), t.autonomy_level_name(step.became), t.autonomy_cause(step.cause), &step.who))
                @if let Some(number) = step.number { " " a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) } }
            } } }
        } } }
    }
}

fn compared(frame: &Frame, line: &ComparedLine) -> Markup {
    let t = frame.lang();
    let edited = matches!(line.compared, Compared::SmallEdit | Compared::LargeEdit | Compared::Rejected);
    html! { tr {
        td data-label=(t.autonomy_when()) { (frame.lens.relative(line.at)) }
        td data-label=(t.autonomy_ticket()) { a href=(frame.team.path(&format!("/tickets/{}", line.number))) { "#" (line.number) " " bdi { (line.subject) } } }
        td data-label=(t.autonomy_became()) {
            (t.autonomy_compared_name(line.compared))
            @match &line.pieces {
                None if line.compared == Compared::Rejected => { " " span.mute { (t.autonomy_no_reply()) } },
                Some(_) if edited => { " " span.mute { (t.autonomy_changed(line.changed)) } },
                _ => {},
            }
            @if !line.never.is_empty() { p.mute { (t.autonomy_not_counted()) " " (reasons(t, &line.never)) } }
            @if let Some(pieces) = line.pieces.as_ref().filter(|_| edited) { details {
                summary { (t.autonomy_show()) }
                div.difference dir="auto" { div.text { @for piece in pieces { @match piece.side {
                    Side::Both => (piece.text),
                    Side::Removed => del { span.hidden { (t.removed()) " " } (piece.text) },
                    Side::Added => ins { span.hidden { (t.added()) " " } (piece.text) },
                } } } }
            } }
        }
        td data-label=(t.autonomy_by()) { (line.by) }
    } }
}

/// Between things that are named one after the other.
fn joint(t: Lang) -> &'static str {
    match t {
        Lang::En => ", ",
        Lang::Zh => "、",
    }
}

/// Why a person must read it, in words.
pub(crate) fn reasons(t: Lang, never: &[Never]) -> String {
    never.iter().map(|reason| t.never_name(*reason)).collect::<Vec<_>>().join(joint(t))
}
