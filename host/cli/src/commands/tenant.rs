//! `posthouse tenant apply`, `list`, `export`

mod apply;
mod export;

pub(crate) use apply::check_plugins;
pub use apply::{Applied, ApplyHow, apply};

use crate::failure::{Code, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, age};
use clap::{Args, Subcommand};
use posthouse_model::ticket::TicketStatus;
use posthouse_store::Counts;
use serde_json::json;

/// What to do with tenants.
#[derive(Subcommand, Debug)]
pub enum TenantCommand {
    /// Set a tenant up as its folder says: shows what changes, refuses what cannot work
    Apply(apply::ApplyArgs),
    /// List tenants
    List(ListArgs),
    /// Write a tenant's folder from what is in force
    Export(export::ExportArgs),
}

/// Options of `tenant list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Applies, lists or exports tenants.
///
/// # Errors
/// Why it could not be done.
pub async fn run(command: TenantCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        TenantCommand::Apply(args) => apply::run(args, context, terminal).await,
        TenantCommand::List(args) => list(args, context, terminal).await,
        TenantCommand::Export(args) => export::run(args, context, terminal).await,
    }
}

async fn list(args: ListArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    let tenants = store.tenants().await?;
    let now = context.clock.now();
    let mut table = Table::new(&["tenant", "name", "mailboxes", "plugins", "waiting", "applied"]).right(&[2, 3, 4]);
    let mut all = Vec::new();
    for row in &tenants {
        let scope = store.tenant(row.id);
        let mailboxes = scope.mailboxes().await?.iter().filter(|mailbox| mailbox.active).count();
        let plugins = scope.plugins().await?.len();
        let waiting = scope.counts(None).await?.by_status.get(&TicketStatus::Waiting).copied().unwrap_or(0);
        all.push(json!({
            "slug": row.tenant.slug, "name": row.tenant.name, "active": row.active, "language": row.tenant.language,
            "time_zone": row.tenant.time_zone, "mailboxes": mailboxes, "plugins": plugins, "waiting": waiting,
            "digest": row.tenant.digest, "applied_at": row.applied_at.to_rfc3339(),
            "desk": format!("{}/t/{}", host.public_url, row.tenant.slug),
        }));
        let plain = |text: String| (Style::Plain, text);
        let applied =
            if row.active { format!("{} ago", age(now.since(row.applied_at))) } else { "turned off".to_owned() };
        table.row([
            (Style::Bold, row.tenant.slug.clone()),
            plain(row.tenant.name.clone()),
            plain(mailboxes.to_string()),
            plain(plugins.to_string()),
            // Nothing is counted further.
            plain(if waiting > Counts::MAX { format!("{}+", Counts::MAX) } else { waiting.to_string() }),
            (Style::Dim, applied),
        ]);
    }
    if args.json {
        terminal.json(&all)?;
    } else if table.is_empty() {
        terminal.line("there is no tenant yet; make one with `posthouse tenant apply DIR`")?;
    } else {
        terminal.table(&table)?;
    }
    Ok(Code::Ok)
}
