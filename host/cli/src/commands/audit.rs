//! `posthouse audit verify`

use crate::failure::{Code, Result};
use crate::open::{Context, tenant};
use crate::output::{Style, Terminal};
use clap::{Args, Subcommand};
use serde_json::json;

/// What to do with the record of everything that happened.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Find any event that was altered, taken out or put in
    Verify(VerifyArgs),
}

/// Options of `audit verify`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every change and every automatic act is an event, and every event carries the hash of the one before it. This walks the
whole chain. Exit code 1 when anything is wrong with it.")]
pub struct VerifyArgs {
    /// Only this tenant [default: all]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print JSON: [{"tenant", "events", "faults": []}]
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such tenant, or the database cannot be read.
pub async fn run(AuditCommand::Verify(args): AuditCommand, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    let tenants = match &args.tenant {
        Some(slug) => vec![tenant(&store, Some(slug)).await?],
        None => store.tenants().await?,
    };
    let mut code = Code::Ok;
    let mut all = Vec::new();
    for row in tenants {
        let report = store.tenant(row.id).verify_chain().await?;
        let slug = &row.tenant.slug;
        if !report.faults.is_empty() {
            code = Code::Problem;
        }
        if args.json {
            all.push(json!({"tenant": slug, "events": report.events, "faults": report.faults}));
            continue;
        }
        if report.faults.is_empty() {
            let whole = terminal.paint(Style::Good, "whole");
            terminal.line(format!("{slug}: {} events, {whole}", report.events))?;
        } else {
            let broken = terminal.paint(Style::Bad, "not whole");
            terminal.line(format!("{slug}: {} events, {broken}", report.events))?;
            for fault in &report.faults {
                terminal.line(format!("  {fault}"))?;
            }
        }
    }
    if args.json {
        terminal.json(&all)?;
    }
    Ok(code)
}
