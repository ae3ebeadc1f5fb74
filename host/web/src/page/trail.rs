//! "Why here?": what each automatic step said and on what grounds, in words.

use super::frame::Frame;
use crate::text::highlight::percent;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::decision::{HostCall, World};
use posthouse_model::draft::{DraftProposal, Verdict};
use posthouse_model::priority::{Term, TermReason};
use posthouse_model::release::Stage;
use posthouse_model::triage::{Enrichment, Evidence, Routing, Triage};

/// What a step answered.
#[derive(Clone, Debug)]
pub enum Said {
    /// What the mail is about.
    Sorted(Box<Triage>),
    /// Where it goes.
    Routed(Box<Routing>),
    /// What is known.
    Found(Box<Enrichment>),
    /// What could be answered.
    Proposed(Vec<DraftProposal>),
    /// What is wrong with a reply.
    Checked(Verdict),
    /// A group was told.
    Told,
    /// It did not work: why.
    Failed(String),
}

/// One automatic step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is for.
    pub world: World,
    /// What it answered.
    pub said: Said,
    /// Its name in this team.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the program.
    pub digest: String,
    /// What it asked of the host.
    pub host_calls: Vec<HostCall>,
    /// Wall time in microseconds.
    pub duration_us: u64,
    /// When.
    pub at: Timestamp,
    /// As what it was asked.
    pub stage: Stage,
}

impl Step {
    fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let (sentence, evidence) = self.sentence(frame);
        html! {
            li.failed[matches!(self.said, Said::Failed(_))].shadow[self.stage == Stage::Shadow] {
                p.said {
                    b { (t.world(self.world)) } " "
                    @match self.stage {
                        Stage::Shadow => { span.mute { (t.trail_shadow()) } " " }
                        Stage::Canary => { span.mute { (t.trail_canary()) } " " }
                        Stage::Active | Stage::Replay => {}
                    }
                    (sentence)
                }
                @if let Said::Failed(reason) = &self.said { p.why { (reason) } }
                @let terms = self.terms();
                @let told = |reason: &&Evidence| terms.is_empty() || Term::of(reason).is_none();
                @for reason in evidence.iter().filter(told).take(6) { p.why { (because(t, reason)) } }
                @if !terms.is_empty() { (sum(t, &terms)) }
                @if let Said::Checked(verdict) = &self.said { @for finding in &verdict.findings { p.why { (finding.reason) } } }
                details {
                    summary.mute { (t.trail_version(&self.plugin, &self.version)) " · " (t.trail_took(took(t, self.duration_us))) }
                    p.mute { (frame.lens.relative(self.at)) " · " (t.trail_proof(self.digest.chars().take(12).collect::<String>())) }
                    @for call in &self.host_calls { p.mute { (t.trail_asked(&call.what, &call.outcome)) " · " (took(t, call.duration_us)) } }
                }
            }
        }
    }

    /// What the priority that it gave is made of.
    fn terms(&self) -> Vec<Term> {
        match &self.said {
            Said::Routed(routing) => routing.terms(),
            _ => Vec::new(),
        }
    }

    /// What it said, and its grounds.
    fn sentence(&self, frame: &Frame) -> (String, &[Evidence]) {
        let t = frame.lang();
        let joint = |parts: Vec<String>| {
            parts.join(match t {
                Lang::En => ", ",
                Lang::Zh => "，",
            })
        };
        match &self.said {
            Said::Sorted(triage) => (joint(sorted(t, triage)), &triage.evidence),
            Said::Routed(routing) => {
                let mut parts = vec![match &routing.queue {
                    Some(queue) => t.said_queue(queue),
                    None => t.said_queue_default().to_owned(),
                }];
                parts.extend(routing.deadline.map(|d| t.said_deadline(frame.lens.clock(d))));
                parts.extend(routing.priority.map(|p| t.said_priority(p)));
                if !routing.notifiers.is_empty() {
                    parts.push(t.said_tells(routing.notifiers.join(", ")));
                }
                (joint(parts), &routing.evidence)
            }
            Said::Found(found) => {
                let mut parts = vec![t.said_facts(found.facts.len())];
                if !found.orders.is_empty() {
                    parts.push(t.said_orders(found.orders.len()));
                }
                (joint(parts), &found.evidence)
            }
            Said::Proposed(drafts) => {
                let mut parts = vec![t.said_drafts(drafts.len())];
                let mut templates: Vec<_> = drafts.iter().filter_map(|d| d.template.as_deref()).collect();
                templates.dedup();
                if !templates.is_empty() {
                    parts.push(t.said_template(templates.join(", ")));
                }
                (joint(parts), drafts.first().map_or(&[], |d| &d.evidence))
            }
            Said::Checked(verdict) if verdict.findings.is_empty() => (t.said_no_finding().to_owned(), &[]),
            Said::Checked(verdict) => (t.said_findings(verdict.findings.len()), &[]),
            Said::Told => (t.said_told().to_owned(), &[]),
            Said::Failed(_) => (t.said_failed().to_owned(), &[]),
        }
    }
}

fn sorted(t: Lang, triage: &Triage) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(category) = &triage.category {
        parts.push(t.said_category(t.category_name(&category.value), percent(category.confidence)));
    }
    if let Some(urgency) = &triage.urgency {
        parts.push(t.said_urgency(t.urgency_name(urgency.value)));
    }
    if let Some(sentiment) = &triage.sentiment {
        parts.push(t.said_mood(t.sentiment(sentiment.value)));
    }
    if let Some(spam) = triage.spam.filter(|s| *s > 0.0) {
        parts.push(t.said_spam(percent(spam)));
    }
    if parts.is_empty() {
        parts.push(t.said_nothing().to_owned());
    }
    parts
}

/// The priority as a sum, a term to a line.
fn sum(t: Lang, terms: &[Term]) -> Markup {
    let total: i32 = terms.iter().map(|term| term.points).sum();
    html! {
        table.sum {
            caption.hidden { (t.sum_of_priority()) }
            tbody {
                @for (at, term) in terms.iter().enumerate() {
                    tr {
                        td.num { @if at == 0 { (term.points) } @else { (signed(term.points)) } }
                        td { (term_words(t, term)) }
                    }
                }
            }
            tfoot { tr { td.num { (total) } td { (t.sum_of_priority()) } } }
        }
    }
}

/// With a sign that a screen reader and an eye can tell.
fn signed(points: i32) -> String {
    if points < 0 { format!("−{}", points.unsigned_abs()) } else { format!("+{points}") }
}

fn term_words(t: Lang, term: &Term) -> String {
    let words = &term.words;
    match term.reason {
        TermReason::Base if words.is_empty() => t.term_base().to_owned(),
        TermReason::Base => t.term_base_of(words),
        TermReason::Rule => t.because_rule(words),
        TermReason::Deadline => match words.parse::<i64>() {
            Ok(left) if left < 0 => t.term_late(left.unsigned_abs()),
            Ok(left) => t.term_due(left),
            Err(_) => t.term_due(words),
        },
        TermReason::Value => t.term_value(words),
        TermReason::History => t.term_history(words),
        TermReason::Vip => t.term_vip(words),
        TermReason::Sentiment => t.term_sentiment(words.parse().map_or(words.as_str(), |mood| t.sentiment(mood))),
        TermReason::Channel => t.term_channel(words),
        TermReason::Bound => t.term_bound().to_owned(),
    }
}

fn because(t: Lang, evidence: &Evidence) -> Markup {
    html! {
        @match evidence {
            Evidence::Match { rule, words, .. } => { (t.because_words(words)) span.mute { " · " (t.because_rule(rule)) } }
            Evidence::Text { text } => (text),
        }
    }
}

/// Microseconds as a person reads them.
fn took(t: Lang, micros: u64) -> String {
    if micros < 1_000 {
        t.micros(micros)
    } else if micros < 10_000 {
        t.millis(format!("{}.{}", micros / 1_000, micros % 1_000 / 100))
    } else if micros < 1_000_000 {
        t.millis(micros / 1_000)
    } else {
        t.seconds(format!("{}.{}", micros / 1_000_000, micros % 1_000_000 / 100_000))
    }
}

/// The newest sorting in a word, for those who only wonder how sure it is.
fn gist(t: Lang, steps: &[Step]) -> Option<String> {
    let category = steps.iter().rev().find_map(|step| match &step.said {
        Said::Sorted(triage) => triage.category.as_ref(),
        _ => None,
    })?;
    // A guess that says nothing is none.
    let sure = percent(category.confidence);
    (sure >= 50).then(|| t.said_category(t.category_name(&category.value), sure))
}

/// The steps, oldest first, folded behind the question.
#[must_use]
pub fn draw(frame: &Frame, steps: &[Step]) -> Markup {
    let t = frame.lang();
    html! {
        details.block.trail #why {
            summary { h2 { (t.why_here()) } @if let Some(gist) = gist(t, steps) { span.mute { (gist) } } }
            @if steps.is_empty() { p.mute { (t.why_none()) } }
            ol { @for step in steps { (step.draw(frame)) } }
        }
    }
}
