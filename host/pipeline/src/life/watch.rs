//! The watch over releases that have yet to earn trust: canaries, shadows, and active ones on probation. One that fails too
//! often is taken back at once, by the process that saw it, and the team is told.

use crate::house::House;
use crate::notice::{self, Reader};
use crate::tenant::{Release, Tenant};
use crate::words::Words;
use posthouse_model::TenantId;
use posthouse_model::decision::NewDecision;
use posthouse_model::event::Actor;
use posthouse_model::release::{Ending, PATIENCE, ReleaseState, TooMuch, Watched};
use posthouse_sandbox::CallError;
use posthouse_store::{NewNotification, RolledBack, StoreError};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What this process saw of watched releases, each by tenant, plugin and number.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<HashMap<(TenantId, String, i64), Watched>>,
}

impl Watch {
    fn ended(&self, tenant: TenantId, release: &Release, ending: Ending) -> Option<TooMuch> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant, release.name.clone(), release.number);
        let too_much = seen.entry(key.clone()).or_default().ended(ending, &PATIENCE);
        if too_much.is_some() {
            // It is taken back once; should it be brought in again, it begins afresh.
            seen.remove(&key);
        }
        too_much
    }
}

/// How a call ended, as far as it speaks for or against its release. A failure that may pass (the client's own system is
/// away) says nothing about the release; a time limit does.
fn ending(error: Option<&CallError>) -> Ending {
    match error {
        Some(CallError::Deadline { .. } | CallError::WallClock { .. }) => Ending::Late,
        Some(error) if error.blames_plugin() && !error.is_temporary() => Ending::Failed,
        _ => Ending::Fine,
    }
}

/// Takes down how a call of a watched release ended, and takes the release back when it was too much.
pub(crate) async fn ended(
    house: &House,
    tenant: &Tenant,
    release: &Release,
    decision: &NewDecision,
    error: Option<&CallError>,
) {
    if decision.error.is_some() && error.is_none() {
        // It was not called.
        return;
    }
    let Some(too_much) = house.watch().ended(tenant.id(), release, ending(error)) else { return };
    let reason = format!("{too_much}; the last failure: {}", decision.error.as_deref().unwrap_or_default());
    match take_back(house, tenant, release, &reason).await {
        Ok(Some(done)) => tracing::warn!(
            tenant.id = %tenant.id(), plugin = %release.name, release = done.from, to = done.to, reason,
            "a release was rolled back"
        ),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(tenant.id = %tenant.id(), plugin = %release.name, %error, "a release could not be rolled back");
        }
    }
}

/// Takes a release back if it is still what it was, and tells the team; none when somebody was quicker, or when there is
/// nothing to go back to.
async fn take_back(
    house: &House,
    tenant: &Tenant,
    release: &Release,
    reason: &str,
) -> Result<Option<RolledBack>, StoreError> {
    let actor = Actor::Host("watch".to_owned());
    let mut tx = tenant.scope.begin().await?;
    let row = match tx.release(&release.name, release.number).await {
        Ok(row) if row.state.is_called() => row,
        Ok(_) | Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let done = match tx.roll_back(&release.name, Some(release.number), None, reason, &actor).await {
        Ok(done) => done,
        Err(StoreError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let desk_url = house.desk_url(tenant.slug());
    for notifier in tenant.notifiers_or_default(&tenant.config.heartbeat.notifiers) {
        let reader = Reader {
            language: tenant.config.notice_language(notifier),
            time_zone: &tenant.config.time_zone,
            desk_url: &desk_url,
        };
        let words = Words::of(reader.language);
        let text = match row.state {
            ReleaseState::Active => {
                (words.plugin_rolled_back)(&release.name, &release.version, &notice::shorten(reason, 300))
            }
            _ => (words.candidate_taken_back)(&release.name, &release.version, &notice::shorten(reason, 300)),
        };
        let key = format!("release:{}:{}:{}", release.name, release.number, tx.now().0);
        let id = format!("{}-{notifier}-{key}", tenant.slug());
        let notice = notice::incident(id, &reader, &tenant.config.name, text, None);
        let new = NewNotification { notifier: notifier.to_owned(), key, ticket: None, notice };
        tx.notify(&new, &actor).await?;
    }
    tx.commit().await?;
    Ok(Some(done))
}
