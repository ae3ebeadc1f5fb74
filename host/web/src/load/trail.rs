//! Decisions and events as the page tells them.

use crate::page::side::Happening;
use crate::page::trail::{Said, Step};
use crate::words::Lang;
use posthouse_model::decision::{Decision, World};
use posthouse_model::draft::{DraftProposal, Verdict};
use posthouse_model::event::Event;
use posthouse_model::release::Stage;
use posthouse_model::triage::{Routing, Triage};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One automatic step. What a plugin answered is read leniently: an answer that does not read is shown as
/// nothing found, never as an error of the page. `queue` gives what agents call a queue.
pub(crate) fn step(decision: &Decision, queue: &impl Fn(&str) -> String) -> Step {
    let record = &decision.record;
    let output = record.output.as_ref();
    let said = match (&record.error, record.world) {
        (Some(error), _) => Said::Failed(error.clone()),
        (None, World::Classifier) => Said::Sorted(Box::new(read(output))),
        (None, World::Router) => {
            let mut routing: Routing = read(output);
            routing.queue = routing.queue.as_deref().map(queue);
            Said::Routed(Box::new(routing))
        }
        (None, World::Enricher) => Said::Found(Box::new(read(output))),
        (None, World::Drafter) => Said::Proposed(proposals(output)),
        (None, World::Checker) => Said::Checked(verdict(output)),
        (None, World::Notifier) => Said::Told,
    };
    Step {
        world: record.world,
        said,
        plugin: record.plugin.clone(),
        version: record.version.clone(),
        digest: record.digest.clone(),
        host_calls: record.host_calls.clone(),
        duration_us: record.cost.duration_us,
        at: decision.at,
        stage: record.call.stage,
    }
}

/// What a classifier found in one message.
pub(crate) fn triage_of(decision: &Decision) -> Option<Triage> {
    let record = &decision.record;
    (record.world == World::Classifier && record.error.is_none() && record.call.stage != Stage::Shadow)
        .then(|| read(decision.record.output.as_ref()))
}

fn read<T: DeserializeOwned + Default>(output: Option<&Value>) -> T {
    output.and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
}

/// A drafter's answer is a list of proposals, with or without a name around it.
fn proposals(output: Option<&Value>) -> Vec<DraftProposal> {
    match output {
        Some(Value::Object(map)) => read(map.get("drafts")),
        other => read(other),
    }
}

/// A checker's answer is a verdict, or its findings alone.
fn verdict(output: Option<&Value>) -> Verdict {
    match output {
        Some(Value::Array(_)) => Verdict { findings: read(output) },
        other => read(other),
    }
}

/// One event of a ticket. `queue` as in [`step`].
pub(crate) fn happening(t: Lang, event: &Event, queue: &impl Fn(&str) -> String) -> Happening {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let text = |key: &str| data.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let detail = text("reason")
        .or_else(|| text("category").map(|c| t.category_name(&c)))
        .or_else(|| text("queue").map(|name| queue(&name)))
        .or_else(|| text("outcome").and_then(|o| o.parse().ok()).map(|o| t.outcome(o).to_owned()))
        .or_else(|| text("tag"))
        .or_else(|| {
            data.get("priority")
                .and_then(Value::as_i64)
                .map(|p| p.to_string())
                .filter(|_| event.kind == "ticket.prioritised")
        })
        .or_else(|| text("misfit").and_then(|m| m.parse().ok()).map(|m| t.misfit_name(m).to_owned()))
        .or_else(|| text("macro"))
        .or_else(|| text("rung"))
        .or_else(|| data.get("redacted").and_then(Value::as_i64).map(|n| t.kept_here(n)))
        .or_else(|| text("plugin"));
    Happening { at: event.at, kind: event.kind.clone(), actor: event.actor.clone(), detail }
}
