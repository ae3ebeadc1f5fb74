//! Telling one notifier one thing.

use crate::caller::{self, About, Asked};
use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use crate::view;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::notice::Delivery;
use posthouse_model::{NotificationId, Step};
use posthouse_sandbox::Question;
use posthouse_store::{ClaimedJob, NotificationRow, NotificationState, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How long a notification waits for a notifier that is cut off.
const WORTH_TELLING: Duration = Duration::from_secs(24 * 60 * 60);

/// Tells it; completes the job when it was told or cannot be.
///
/// # Errors
/// When the platform says to try again, or the store cannot be read or written.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: NotificationId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let row = scope.notification(id).await.map_err(store)?;
    if row.state != NotificationState::Queued {
        let mut tx = scope.begin().await.map_err(store)?;
        tx.complete(job).await.map_err(store)?;
        return tx.commit().await.map_err(store);
    }
    let Some(installed) = tenant.notifier(&row.notifier) else {
        let mut tx = scope.begin().await.map_err(store)?;
        tx.notification_failed(id, "this notifier is no longer set up", &actor()).await.map_err(store)?;
        tx.complete(job).await.map_err(store)?;
        return tx.commit().await.map_err(store);
    };

    let ticket = match row.ticket {
        Some(ticket) => Some(Arc::new(ticket_view(tenant, ticket).await.map_err(store)?)),
        None => None,
    };
    let context = caller::context(house, tenant, house.now());
    let notice = Arc::new(row.notice.clone());
    let about = About { ticket: row.ticket, message: None };
    let question = Question::Notify(notice, ticket);
    let Asked { result, decisions } =
        caller::call::<Delivery>(house, tenant, installed, about, &context, question).await;

    house.reached(Step::Told);
    // While the notifier is cut off nothing is tried, so no try is used up: the word goes out when it is back, if that is
    // soon enough to matter.
    if let Err(failure) = &result
        && failure.cut_off
        && house.now().since(row.created_at) < WORTH_TELLING
    {
        let wait = failure.retry_after.unwrap_or_default();
        return Err(JobFailure::Waits { reason: failure.reason.clone(), wait });
    }
    let mut tx = scope.begin().await.map_err(store)?;
    tx.add_decisions(&decisions, &actor()).await.map_err(store)?;
    let outcome = match result {
        Err(failure) if failure.cut_off => {
            tx.notification_failed(id, &failure.reason, &actor()).await.map_err(store)?;
            tx.complete(job).await.map_err(store)?;
            Ok(())
        }
        Ok(delivery) => {
            tx.notification_sent(id, &delivery, &actor()).await.map_err(store)?;
            tx.complete(job).await.map_err(store)?;
            Ok(())
        }
        Err(failure) if failure.temporary => {
            Err(JobFailure::Retry { reason: failure.reason, after: failure.retry_after })
        }
        Err(failure) => {
            tx.notification_failed(id, &failure.reason, &actor()).await.map_err(store)?;
            tx.complete(job).await.map_err(store)?;
            Ok(())
        }
    };
    tx.commit().await.map_err(store)?;
    outcome
}

/// A notification whose tries are used up.
///
/// # Errors
/// When the store cannot be written.
pub async fn given_up(tenant: &Tenant, id: NotificationId, reason: &str) -> Result<(), StoreError> {
    let row: NotificationRow = tenant.scope.notification(id).await?;
    if row.state != NotificationState::Queued {
        return Ok(());
    }
    let mut tx = tenant.scope.begin().await?;
    tx.notification_failed(id, reason, &actor()).await?;
    tx.commit().await
}

async fn ticket_view(
    tenant: &Tenant,
    id: posthouse_model::TicketId,
) -> Result<posthouse_model::call::TicketView, StoreError> {
    let row = tenant.scope.ticket(id).await?;
    let thread = tenant.scope.thread(id, view::THREAD_MAX).await?;
    Ok(view::ticket(&row, thread.iter().map(|m| Arc::new(view::message(m))).collect()))
}

fn actor() -> Actor {
    Actor::Host("notify".to_owned())
}
