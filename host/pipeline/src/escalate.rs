//! Ladders on deadlines: what is done to a ticket that is still open so long before, or after, its answer is due.
//!
//! Each rung is a job, made with the deadline and due at its own time. A ticket that was answered meanwhile, or whose
//! deadline is another by then, is left alone: the other deadline has jobs of its own.

use crate::card;
use crate::house::House;
use crate::notice;
use crate::tenant::Tenant;
use crate::triage::store;
use crate::view;
use posthouse_model::config::EscalationConfig;
use posthouse_model::event::Actor;
use posthouse_model::job::{Job, JobFailure};
use posthouse_model::notice::Notice;
use posthouse_model::{TicketId, Timestamp};
use posthouse_store::{ClaimedJob, NewNotification, StoreError, TicketRow, Tx};
use std::sync::Arc;
use std::time::Duration;

/// Makes the jobs of a deadline: rungs whose time has passed speak at once, but for those of which a later one has passed too.
pub(crate) async fn plan(
    tx: &mut Tx,
    tenant: &Tenant,
    ticket: TicketId,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    for rung in &tenant.config.escalation {
        let job = Job::Escalate { ticket, rung: rung.name.clone(), deadline };
        tx.enqueue_at(&job, due(rung, deadline).max(tx.now())).await?;
    }
    Ok(())
}

/// When a rung speaks.
fn due(rung: &EscalationConfig, deadline: Timestamp) -> Timestamp {
    let by = Duration::from_secs(u64::from(rung.minutes.unsigned_abs()) * 60);
    if rung.minutes < 0 { deadline.minus(by) } else { deadline.plus(by) }
}

/// Does what a rung says; completes the job.
///
/// # Errors
/// When the store cannot be read or written: tried again, nothing is half done.
pub async fn run(
    house: &House,
    tenant: &Arc<Tenant>,
    job: &ClaimedJob,
    id: TicketId,
    rung: &str,
    deadline: Timestamp,
) -> Result<(), JobFailure> {
    let row = tenant.scope.ticket(id).await.map_err(store)?;
    let still_due = row.status.is_open() && row.deadline == Some(deadline);
    let rung = tenant.config.escalation.iter().find(|one| one.name == rung && one.is_for(row.queue.as_deref()));
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some(rung) = rung.filter(|_| still_due) {
        act(&mut tx, tenant, id, rung, deadline).await.map_err(store)?;
        tell(&mut tx, house, tenant, &row, rung, deadline).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

async fn act(
    tx: &mut Tx,
    tenant: &Tenant,
    id: TicketId,
    rung: &EscalationConfig,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    let actor = actor();
    tx.record_escalated(id, &rung.name, deadline, &actor);
    if let Some(least) = rung.priority {
        tx.raise_priority(id, least, &actor).await?;
    }
    // A queue that was taken out of the set-up since would hide the ticket.
    if let Some(queue) = rung.queue.as_ref().filter(|queue| tenant.config.queue(queue).is_some()) {
        tx.set_queue(id, queue, &actor).await?;
    }
    if let Some(tag) = &rung.tag {
        // A ticket that holds as many tags as it may is escalated without one more.
        match tx.add_tag(id, tag, &actor).await {
            Ok(()) | Err(StoreError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(email) = &rung.assign {
        let agent = tenant.scope.agent_by_email(email).await?;
        if let Some(agent) = agent.filter(|agent| agent.active) {
            tx.assign(id, Some(agent.id), &actor).await?;
        }
    }
    Ok(())
}

/// Tells those whom the rung names, and nobody by default.
async fn tell(
    tx: &mut Tx,
    house: &House,
    tenant: &Tenant,
    row: &TicketRow,
    rung: &EscalationConfig,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    let known: Vec<&String> = rung.notifiers.iter().filter(|name| tenant.notifier(name).is_some()).collect();
    if known.is_empty() {
        return Ok(());
    }
    let thread = tenant.scope.thread(row.id, view::THREAD_MAX).await?;
    let recent: Vec<_> = thread.iter().map(|message| Arc::new(view::message(message))).collect();
    let Some(newest) = recent.first().cloned() else { return Ok(()) };
    let ticket = view::ticket(row, recent);
    let ready = notice::Ready { drafts: tenant.scope.ticket_detail(row.number).await?.drafts.len(), leaves: None };
    let desk_url = house.desk_url(tenant.slug());
    for notifier in known {
        let reader = notice::Reader {
            language: tenant.config.notice_language(notifier),
            time_zone: &tenant.config.time_zone,
            desk_url: &desk_url,
        };
        let key = format!("escalated:{}:{}:{}", row.id, rung.name, deadline.0);
        let id = format!("{}-{notifier}-{key}", tenant.slug());
        let card =
            card::seal(house.installation(), tenant.slug(), row.number, tx.now(), tenant.config.notify.link_days);
        let notice: Notice = notice::ticket(id, &reader, &ticket, &newest, ready, &card, tx.now());
        let notice = notice::escalated(notice, &reader, deadline, tx.now());
        let notification = NewNotification { notifier: notifier.clone(), key, ticket: Some(row.id), notice };
        tx.notify(&notification, &actor()).await?;
    }
    Ok(())
}

fn actor() -> Actor {
    Actor::Host("escalation".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_rung_speaks_before_or_after() {
        let rung = |minutes: i32| -> EscalationConfig {
            serde_json::from_value(serde_json::json!({ "name": "x", "minutes": minutes, "tag": "x" })).unwrap()
        };
        let deadline = Timestamp::from_seconds(10_000);
        assert_eq!(due(&rung(-30), deadline), Timestamp::from_seconds(10_000 - 1_800));
        assert_eq!(due(&rung(15), deadline), Timestamp::from_seconds(10_000 + 900));
        assert_eq!(due(&rung(0), deadline), deadline);
    }
}
