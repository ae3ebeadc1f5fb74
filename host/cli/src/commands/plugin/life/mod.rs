//! The life of a plugin in a tenant, from the command line: `plugin install`, `replay`, `shadow`, `canary`, `activate`,
//! `rollback`, `withdraw`, `history`, `logs`. A host that runs takes each step over within a second, without a restart.

mod history;
mod install;
mod logs;
mod replay;
mod stage;

use crate::failure::{Failure, Result};
use crate::open::{Context, tenant};
use crate::output::Terminal;
use clap::{Args, Subcommand};
use posthouse_store::{ReleaseRow, Scope, Store, TenantRow};

/// What to do with a plugin of a tenant.
#[derive(Subcommand, Debug)]
pub enum LifeCommand {
    /// Install a release of a plugin as its candidate: verified, compiled, configured, not yet called
    Install(install::InstallArgs),
    /// Run a candidate on recorded calls and show what it would have answered differently
    Replay(replay::ReplayArgs),
    /// Run the candidate beside the active release on live mail; its answers are recorded and change nothing
    Shadow(stage::StageArgs),
    /// Let the candidate answer for a share of the tickets
    Canary(stage::CanaryArgs),
    /// Make a release the one that answers
    Activate(stage::StageArgs),
    /// Take back what was changed last: a candidate that is called, else the active release
    Rollback(stage::RollbackArgs),
    /// Give the candidate up
    Withdraw(stage::StageArgs),
    /// Show a plugin's releases and what each did
    History(history::HistoryArgs),
    /// Show what plugins logged
    Logs(logs::LogsArgs),
}

/// Which plugin of which tenant.
#[derive(Args, Debug)]
pub struct Which {
    /// The plugin's name in the tenant
    plugin: String,
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// A tenant's plugin, found.
struct Found {
    store: Store,
    row: TenantRow,
    scope: Scope,
    plugin: String,
}

impl Which {
    /// # Errors
    /// No such tenant, or it never had such a plugin.
    async fn find(&self, context: &Context) -> Result<Found> {
        let host = context.host()?;
        let store = context.store(&host).await?;
        let row = tenant(&store, self.tenant.as_deref()).await?;
        let scope = store.tenant(row.id);
        if scope.releases(&self.plugin).await?.is_empty() {
            return Err(unknown(&scope, &row.tenant.slug, &self.plugin).await?);
        }
        Ok(Found { store, row, scope, plugin: self.plugin.clone() })
    }
}

async fn unknown(scope: &Scope, slug: &str, plugin: &str) -> Result<Failure> {
    let names: Vec<_> = scope.plugins().await?.into_iter().map(|row| row.plugin.name).collect();
    let mend =
        if names.is_empty() { "it has none at all".to_owned() } else { format!("there are: {}", names.join(", ")) };
    Ok(Failure::new(format!("{slug} has no plugin `{plugin}`")).mend(mend))
}

impl Found {
    /// The release that is meant: the one named, else the candidate.
    async fn release(&self, number: Option<i64>) -> Result<ReleaseRow> {
        let releases = self.scope.releases(&self.plugin).await?;
        let numbers: Vec<_> = releases.iter().map(|row| row.number.to_string()).collect();
        match number {
            Some(number) => releases.into_iter().find(|row| row.number == number).ok_or_else(|| {
                Failure::new(format!("`{}` has no release {number}", self.plugin))
                    .mend(format!("there are: {}", numbers.join(", ")))
            }),
            None => releases.into_iter().find(|row| row.state.is_candidate()).ok_or_else(|| {
                Failure::new(format!("`{}` has no candidate", self.plugin))
                    .mend("install one with `posthouse plugin install`, or name a release with --release")
            }),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// As each of them says.
pub async fn run(command: LifeCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        LifeCommand::Install(args) => install::run(args, context, terminal).await,
        LifeCommand::Replay(args) => replay::run(args, context, terminal).await,
        LifeCommand::Shadow(args) => stage::shadow(args, context, terminal).await,
        LifeCommand::Canary(args) => stage::canary(args, context, terminal).await,
        LifeCommand::Activate(args) => stage::activate(args, context, terminal).await,
        LifeCommand::Rollback(args) => stage::rollback(args, context, terminal).await,
        LifeCommand::Withdraw(args) => stage::withdraw(args, context, terminal).await,
        LifeCommand::History(args) => history::run(args, context, terminal).await,
        LifeCommand::Logs(args) => logs::run(args, context, terminal).await,
    }
}
