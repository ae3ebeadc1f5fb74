//! Releases of a plugin made active, one a second, while two hundred mails a second come in: what fails, and what is lost.

use super::house::{Bench, found, total};
use super::{Figure, sample, tenants};
use crate::failure::{Failure, Result};
use crate::open::Context;
use posthouse_model::event::Actor;
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::intake;
use posthouse_pipeline::worker;
use posthouse_store::{JobState, NewRelease};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const MAILS: usize = 4_000;
const BATCH: usize = 20;
/// Two hundred a second.
const EVERY: Duration = Duration::from_millis(100);
const ACTIVATED_EVERY: Duration = Duration::from_secs(1);
/// Whose releases change: it is called for every mail that is a ticket's.
const PLUGIN: &str = "classifier";

pub async fn measure(context: &Context) -> Result<Vec<Figure>> {
    let bench = Bench::open(context).await?;
    let mailbox = bench.tenant.mailboxes()[0].row.id;
    let scope = &bench.tenant.scope;
    let component = context.finder(None).find(PLUGIN, Path::new("."))?;
    let row = scope.plugins().await?.into_iter().find(|row| row.plugin.name == PLUGIN);
    let active = row.ok_or_else(|| Failure::new("the bench's tenant has no classifier"))?.plugin;

    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(bench.house.clone(), stop.clone()));
    let start = Instant::now();
    let fed = tokio::spawn({
        let (house, tenant) = (bench.house.clone(), Arc::clone(&bench.tenant));
        async move {
            let mut beat = tokio::time::interval(EVERY);
            let mails: Vec<Vec<u8>> = (0..MAILS).map(sample::raw).collect();
            for batch in mails.chunks(BATCH) {
                beat.tick().await;
                intake::take_in(&house, &tenant, mailbox, batch.iter().map(found).collect(), None).await?;
            }
            Ok::<Duration, Failure>(start.elapsed())
        }
    });
    let mut activated = 0;
    while !fed.is_finished() {
        activated += 1;
        let bytes = tenants::another(&component.bytes, activated)?;
        let mut plugin = active.clone();
        plugin.version = format!("{}-{activated}", active.version);
        let mut tx = scope.begin().await?;
        plugin.digest = tx.put_component(&bytes).await?;
        let new = NewRelease { plugin, allowance: None, source: "bench".to_owned() };
        let number = tx.install_release(&new, &Actor::Operator).await?;
        tx.activate_release(PLUGIN, number, &Actor::Operator).await?;
        tx.commit().await?;
        bench.house.refresh().await?;
        tokio::time::sleep(ACTIVATED_EVERY).await;
    }
    let ended = |error: tokio::task::JoinError| Failure::new(error.to_string());
    let feeding = fed.await.map_err(ended)??;
    stop.cancel();
    working.await.map_err(ended)?;
    worker::run_until_idle(&bench.house).await?;
    let seconds = start.elapsed().as_secs_f64();

    let used = scope.release_use(PLUGIN).await?;
    let releases = used.len();
    let (calls, failed) = used.iter().fold((0, 0), |(calls, failed), of| (calls + of.calls, failed + of.failed));
    let lost = MAILS.saturating_sub(total(scope, |outcome| outcome != Outcome::Pending).await?);
    let given_up = scope.jobs(JobState::Failed).await?.len();
    bench.close().await;
    #[expect(clippy::cast_precision_loss, reason = "a rate and counts")]
    let figure =
        |what: &str, value: i64, note: String| Figure { what: what.to_owned(), value: value as f64, unit: "", note };
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = MAILS as f64 / feeding.as_secs_f64();
    Ok(vec![
        figure(
            "activated under load, failed calls",
            failed,
            format!(
                "{activated} activations, {releases} releases answered {calls} calls; {rate:.0} mails/s for {seconds:.0} s"
            ),
        ),
        figure("activated under load, mails lost", i64::try_from(lost).unwrap_or(i64::MAX), format!("of {MAILS}")),
        figure("activated under load, jobs given up", i64::try_from(given_up).unwrap_or(i64::MAX), String::new()),
    ])
}
