//! `posthouse digest send`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::Context;
use crate::output::Terminal;
use clap::{Args, Subcommand};
use posthouse_pipeline::{digest, worker};
use posthouse_store::NotificationState;
use serde_json::json;

/// What to do with the daily digest.
#[derive(Subcommand, Debug)]
pub enum DigestCommand {
    /// Send today's digest so far, now, besides the daily one
    Send(SendArgs),
}

/// Options of `digest send`.
#[derive(Args, Debug)]
pub struct SendArgs {
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Sends the digest.
///
/// # Errors
/// No such tenant, or no notifier to tell.
pub async fn run(command: DigestCommand, context: &Context, terminal: &mut Terminal) -> Result {
    let DigestCommand::Send(args) = command;
    let opened = context.open().await?;
    let row = opened.tenant(args.tenant.as_deref()).await?;
    let house = house::house(context, &opened, "digest")?;
    let Some(tenant) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", row.tenant.slug)));
    };
    let told = digest::send_now(&house, &tenant).await.map_err(Failure::new)?;
    if told == 0 {
        return Err(Failure::new("there is no notifier to tell")
            .mend("name one in digest.notifiers or notify.notifiers of tenant.toml, and see that it is enabled"));
    }
    worker::run_until_idle(&house).await?;
    let told = u32::try_from(told).unwrap_or(u32::MAX);
    let rows = tenant.scope.notifications(told).await?;
    let mut all_told = true;
    let mut list = Vec::new();
    for row in &rows {
        all_told &= row.state == NotificationState::Sent;
        let state = row.state.as_str();
        list.push(json!({ "notifier": row.notifier, "state": state, "result": row.result }));
        if !args.json {
            let why = row.result.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
            terminal.line(format!("{}: {state}{why}", row.notifier))?;
        }
    }
    if args.json {
        terminal.json(&list)?;
    }
    opened.store.close().await;
    Ok(if all_told { Code::Ok } else { Code::Problem })
}
