//! Replay: recorded calls of a plugin made again, with its active release and with another one, on the same input. What
//! differs is what the other one would have done differently.
//!
//! Nothing reaches the outside: what a call asked is answered from its record, and what was not asked then is refused (or
//! read, where it is the tenant's own articles or the plugin's own store).

use super::difference::differences;
use crate::house::House;
use crate::outlet::TenantHost;
use crate::rebuild::{RebuildError, rebuild};
use crate::tenant::{Release, Tenant, load_release, with_templates};
use crate::triage::store;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::decision::Decision;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::release::Stage;
use posthouse_model::replay::{Adder, Again, ReplayReport};
use posthouse_sandbox::{Plugin, ReplayHost, Unrecorded};
use posthouse_store::{ClaimedJob, RecordedQuery, StoreError};
use std::sync::Arc;

/// Recorded calls that a replay from the desk looks at.
pub const CALLS_DEFAULT: u32 = 200;
/// And at most, from the command line.
pub const CALLS_MAX: u32 = 5_000;
/// Recorded calls read at once.
const PAGE: u32 = 50;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One of the two releases does not load.
    #[error("release {number} of `{plugin}` does not load: {reason}")]
    NotLoaded {
        /// The plugin's name.
        plugin: String,
        /// Of the release.
        number: i64,
        /// Why.
        reason: String,
    },
    /// There is nothing that it could be compared with.
    #[error("no release of `{plugin}` is active that it could be compared with")]
    NoneActive {
        /// The plugin's name.
        plugin: String,
    },
}

/// Makes the last `last` recorded calls of a plugin again with the release of that number. `progress` is told after each
/// call how many are done.
///
/// # Errors
/// The store cannot be read, a release does not load, nothing is active.
pub async fn replay(
    house: &House,
    tenant: &Arc<Tenant>,
    plugin: &str,
    number: i64,
    last: u32,
    mut progress: impl FnMut(usize),
) -> Result<ReplayReport, ReplayError> {
    let active = tenant.all_plugins().iter().find(|installed| installed.name() == plugin);
    let active = active.ok_or_else(|| ReplayError::NoneActive { plugin: plugin.to_owned() })?;
    let row = tenant.scope.releases(plugin).await?.into_iter().find(|row| row.number == number);
    let row = row.ok_or_else(|| StoreError::NotFound { what: format!("release {number} of plugin `{plugin}`") })?;
    let templates = tenant.scope.templates_by_drafter().await?;
    let candidate = with_templates(&row.plugin, templates.get(plugin).map(Vec::as_slice));
    let candidate = load_release(house, tenant.id(), &tenant.config, &candidate, row.number).await?;
    let pair = Pair { before: loaded(&active.release)?, after: loaded(&candidate)?, house, tenant };
    let mut adder = Adder::default();
    let (mut before, mut left, mut done) = (None, last.min(CALLS_MAX), 0);
    while left > 0 {
        let query = RecordedQuery { plugin, ticket: None, before, limit: left.min(PAGE) };
        let page = tenant.scope.recorded(&query).await?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.id);
        for decision in page.iter().filter(|decision| decision.record.call.stage != Stage::Shadow) {
            if left == 0 {
                break;
            }
            left -= 1;
            match pair.again(decision).await? {
                Ok(again) => adder.add(again),
                Err(reason) => adder.leave_out(&reason),
            }
            done += 1;
            progress(done);
        }
    }
    let mut report = adder.done();
    report.world = Some(row.plugin.world);
    report.release = number;
    report.against = active.release.number;
    report.at = house.now();
    Ok(report)
}

fn loaded(release: &Release) -> Result<Arc<Plugin>, ReplayError> {
    release.plugin.clone().map_err(|reason| ReplayError::NotLoaded {
        plugin: release.name.clone(),
        number: release.number,
        reason,
    })
}

struct Pair<'a> {
    before: Arc<Plugin>,
    after: Arc<Plugin>,
    house: &'a House,
    tenant: &'a Arc<Tenant>,
}

impl Pair<'_> {
    /// Makes one call again with both; the reason where its input is not to be had.
    async fn again(&self, decision: &Decision) -> Result<Result<Again, String>, StoreError> {
        let (record, tenant) = (&decision.record, self.tenant);
        let rebuilt = match rebuild(&tenant.scope, &tenant.config, decision).await {
            Ok(rebuilt) => rebuilt,
            Err(RebuildError::Store(StoreError::NotFound { what })) => return Ok(Err(format!("{what} is gone"))),
            Err(RebuildError::Store(error)) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut called = Vec::with_capacity(2);
        for plugin in [&self.before, &self.after] {
            let inner = TenantHost::new(
                self.house.clone(),
                Arc::clone(tenant),
                record.plugin.clone(),
                ModelAllowance::default(),
                record.ticket,
                &rebuilt.input,
            );
            let host = Arc::new(ReplayHost::new(Arc::new(inner), &record.host_calls, Unrecorded::AskSafe));
            let Ok(_permit) = tenant.gate.enter().await else {
                return Ok(Err("the tenant's plugins were too busy".to_owned()));
            };
            let of = plugin.ask(rebuilt.context.clone(), host, rebuilt.input.clone()).await;
            let said = of.result.map(|answer| serde_json::to_value(answer).unwrap_or_default());
            called.push((said.map_err(|error| error.to_string()), of.cost.duration_us));
        }
        let [(before, us_before), (after, us_after)] = &called[..] else { return Ok(Err(String::new())) };
        let as_said = |said| Result::as_ref(said).map_err(String::as_str);
        let ticket = match record.ticket {
            Some(id) => tenant.scope.ticket(id).await.ok().map(|row| row.number),
            None => None,
        };
        Ok(Ok(Again {
            ticket,
            exact: rebuilt.exact,
            differences: differences(record.world, as_said(before), as_said(after)),
            before: (before.is_err(), *us_before),
            after: (after.is_err(), *us_after),
        }))
    }
}

/// A replay asked for from the desk: keeps the report with the release; completes the job.
///
/// # Errors
/// When the store cannot be read or written. A release that does not load is no error here: the report says so.
pub async fn run(
    house: &House,
    tenant: &Arc<Tenant>,
    job: &ClaimedJob,
    plugin: &str,
    number: i64,
) -> Result<(), JobFailure> {
    let report = match replay(house, tenant, plugin, number, CALLS_DEFAULT, |_| {}).await {
        Ok(report) => report,
        Err(ReplayError::Store(error)) => return Err(store(error)),
        Err(error) => return Err(JobFailure::fail(error)),
    };
    let report = serde_json::to_value(&report).map_err(JobFailure::fail)?;
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.set_replay(plugin, number, &report, &Actor::Host("replay".to_owned())).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}
