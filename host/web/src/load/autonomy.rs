//! The page of earned autonomy, and what a ticket says of it.

use super::ticket::actor_name;
use crate::page::autonomy::{AutonomyPage, CategoryPart, ComparedLine, LeavingLine, StepLine, StopLine};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::text::difference::pieces;
use posthouse_model::autonomy::{Level, may_promote};
use posthouse_store::{AgentRow, AutonomyDraft, AutonomyStep, Stopped, StoreError};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Comparisons shown of a category.
const COMPARED: u32 = 20;
/// Steps shown of a category.
const STEPS: u32 = 10;
/// Replies that are about to go out, shown.
const LEAVING: usize = 50;

/// The whole page.
pub(crate) async fn page(seat: &Seat) -> Result<AutonomyPage, Refusal> {
    let (scope, config) = (&seat.scope, &seat.config.autonomy);
    let (levels, evidence, agents, stop, house) = tokio::try_join!(
        scope.autonomy_levels(),
        scope.autonomy_evidence(),
        scope.agents(),
        scope.autonomy_stop(),
        seat.desk.deps.store.house_autonomy_stop()
    )?;
    let mut names: BTreeSet<&str> = seat.config.categories.iter().map(String::as_str).collect();
    names.extend(levels.iter().map(|row| row.category.as_str()));
    names.extend(evidence.keys().map(String::as_str));
    let mut categories = Vec::with_capacity(names.len());
    for name in names {
        let row = levels.iter().find(|row| row.category == name);
        let level = row.map_or(Level::Manual, |row| row.level);
        let evidence = evidence.get(name).copied().unwrap_or_default();
        let steps = scope.autonomy_steps(Some(name), STEPS).await?;
        let drafts = scope.autonomy_drafts(name, COMPARED).await?;
        let fell = row.and_then(|row| row.demoted_at).zip(steps.first().map(|step| step.cause));
        categories.push(CategoryPart {
            category: name.to_owned(),
            level,
            since: row.map(|row| row.since),
            fell,
            evidence,
            lower_permille: evidence.bound(config).lower_permille(),
            next: may_promote(level, evidence, config),
            compared: drafts.into_iter().map(|draft| compared(seat, &agents, draft)).collect(),
            steps: steps.into_iter().map(|step| self::step(seat, &agents, step)).collect(),
        });
    }
    categories.sort_by_key(|part| (Reverse(part.level), Reverse(part.evidence.compared()), part.category.clone()));
    Ok(AutonomyPage {
        house_stop: house.map(|stop| stop_line(seat, &agents, stop)),
        stop: stop.map(|stop| stop_line(seat, &agents, stop)),
        leaving: leaving(seat).await?,
        categories,
        confidence: config.confidence_percent,
        review: config.review_percent,
    })
}

async fn leaving(seat: &Seat) -> Result<Vec<LeavingLine>, Refusal> {
    let mut lines = Vec::new();
    for (ticket, outbox, at) in seat.scope.autonomy_leaving().await?.into_iter().take(LEAVING) {
        match seat.scope.ticket(ticket).await {
            Ok(row) => lines.push(LeavingLine { number: row.number, subject: row.subject, outbox: outbox.0, at }),
            Err(StoreError::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(lines)
}

fn stop_line(seat: &Seat, agents: &[AgentRow], stop: Stopped) -> StopLine {
    StopLine { at: stop.at, who: actor_name(seat.lang(), agents, &stop.by), why: stop.reason }
}

fn compared(seat: &Seat, agents: &[AgentRow], draft: AutonomyDraft) -> ComparedLine {
    ComparedLine {
        number: draft.number,
        subject: draft.subject,
        at: draft.compared_at.unwrap_or(draft.at),
        compared: draft.compared,
        changed: draft.changed,
        by: draft.answered_by.map(|by| actor_name(seat.lang(), agents, &by)).unwrap_or_default(),
        never: draft.never,
        pieces: draft.sent.map(|sent| pieces(&draft.proposed, &sent)),
    }
}

fn step(seat: &Seat, agents: &[AgentRow], step: AutonomyStep) -> StepLine {
    StepLine {
        at: step.at,
        was: step.was,
        became: step.became,
        cause: step.cause,
        who: actor_name(seat.lang(), agents, &step.actor),
        number: step.number,
    }
}
