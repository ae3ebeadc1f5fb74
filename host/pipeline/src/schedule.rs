//! What happens by the clock: reloading tenants, the heartbeat, digests, snoozed tickets, lost leases.

use crate::house::House;
use crate::trouble::Part;
use crate::{digest, heartbeat, model, webhooks, worker};
use posthouse_model::event::Actor;
use posthouse_store::StoreError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A tenant that was applied by another process is in force after at most this long.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// How many refreshes there are between two looks at everything else.
const LOOK_EVERY_REFRESHES: u32 = 10;

/// Runs until stopped.
pub async fn run(house: House, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(REFRESH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut turn = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = refresh(&house).await {
            tracing::error!(%error, "tenants cannot be read");
            continue;
        }
        let told = webhooks::look(&house).await;
        house.heed(Part::Schedule, &told);
        if turn == 0 {
            let looked = tick(&house).await;
            house.heed(Part::Schedule, &looked);
            if let Err(error) = looked {
                tracing::error!(%error, "the regular look failed; it is repeated");
            }
        }
        turn = (turn + 1) % LOOK_EVERY_REFRESHES;
    }
}

/// Reloads tenants until stopped, and nothing else: for a process that only serves the desk.
pub async fn follow_tenants(house: House, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(REFRESH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = refresh(&house).await {
            tracing::error!(%error, "tenants cannot be read");
        }
    }
}

async fn refresh(house: &House) -> Result<bool, StoreError> {
    let refreshed = house.refresh().await;
    house.heed(Part::Tenants, &refreshed);
    refreshed
}

/// One look at everything that is due by the clock.
///
/// # Errors
/// When the store cannot be read or written. What one tenant's trouble is does not keep another's from being seen.
pub async fn tick(house: &House) -> Result<(), StoreError> {
    house.store().recover_expired().await?;
    house.store().interrupt_expired_submissions().await?;
    let mut first = Ok(());
    for tenant in house.tenants() {
        let actor = Actor::Host("schedule".to_owned());
        let result = async {
            worker::see_to_given_up(house, &tenant).await?;
            heartbeat::beat(house, &tenant).await?;
            digest::schedule(house, &tenant).await?;
            let keep = u64::from(tenant.config.screen.keep_days) * 24 * 3_600;
            if keep > 0 {
                let before = house.now().minus(Duration::from_secs(keep));
                if tenant.scope.has_left_out(before).await? {
                    let mut tx = tenant.scope.begin().await?;
                    tx.let_go(before, &actor).await?;
                    tx.commit().await?;
                }
            }
            model::let_go(house, &tenant, &actor).await?;
            if tenant.scope.next_snooze_end().await?.is_some_and(|at| at <= house.now()) {
                let mut tx = tenant.scope.begin().await?;
                tx.wake_snoozed(&actor).await?;
                tx.commit().await?;
            }
            Ok(())
        }
        .await;
        if let Err(error) = result {
            tracing::error!(tenant.id = %tenant.id(), %error, "the regular look at a tenant failed");
            first = first.and(Err(error));
        }
    }
    first
}
