//! `posthouse plugin shadow`, `canary`, `activate`, `rollback`, `withdraw`

use super::Which;
use crate::failure::{Code, Result};
use crate::open::Context;
use crate::output::{Style, Terminal};
use clap::Args;
use posthouse_model::event::Actor;
use posthouse_model::release::ReleaseState;
use serde_json::{Value, json};

/// Options of `plugin shadow`, `activate` and `withdraw`.
#[derive(Args, Debug)]
pub struct StageArgs {
    #[command(flatten)]
    which: Which,
    /// Number of the release [default: the candidate]
    #[arg(long, value_name = "NUMBER")]
    release: Option<i64>,
    /// Print JSON: {"tenant", "plugin", "release", "state"}
    #[arg(long)]
    json: bool,
}

/// Options of `plugin canary`.
#[derive(Args, Debug)]
#[command(after_help = "\
A ticket keeps to the release it began with: those of a smaller share are in every larger one. When the candidate fails, the active
release is asked after all, so no mail waits for it; when it fails too often, it is taken back by itself.")]
pub struct CanaryArgs {
    #[command(flatten)]
    which: Which,
    /// Per cent of the tickets, 1 to 100
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    share: u32,
    /// Print JSON: {"tenant", "plugin", "release", "state", "share"}
    #[arg(long)]
    json: bool,
}

/// Options of `plugin rollback`.
#[derive(Args, Debug)]
pub struct RollbackArgs {
    #[command(flatten)]
    which: Which,
    /// Number of the release to go back to [default: the one that was active before]
    #[arg(long, value_name = "NUMBER")]
    to: Option<i64>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "taken back by hand")]
    reason: String,
    /// Print JSON: {"tenant", "plugin", "from", "to"}
    #[arg(long)]
    json: bool,
}

/// `plugin shadow`
///
/// # Errors
/// No such plugin or release; nothing is active that it could run beside.
pub async fn shadow(args: StageArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let words = "runs in shadow: what it answers is recorded and changes nothing";
    stage(&args.which, args.release, (ReleaseState::Shadow, 0), words, args.json, context, terminal).await
}

/// `plugin canary`
///
/// # Errors
/// As for `shadow`.
pub async fn canary(args: CanaryArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let words = format!("answers for {} % of the tickets", args.share);
    stage(&args.which, None, (ReleaseState::Canary, args.share), &words, args.json, context, terminal).await
}

async fn stage(
    which: &Which,
    release: Option<i64>,
    (state, share): (ReleaseState, u32),
    words: &str,
    as_json: bool,
    context: &Context,
    terminal: &mut Terminal,
) -> Result {
    let found = which.find(context).await?;
    let row = found.release(release).await?;
    let mut tx = found.scope.begin().await?;
    tx.stage_release(&found.plugin, row.number, state, share, &Actor::Operator).await?;
    tx.commit().await?;
    found.store.close().await;
    if as_json {
        let mut said =
            json!({ "tenant": found.row.tenant.slug, "plugin": found.plugin, "release": row.number, "state": state });
        if state == ReleaseState::Canary {
            said["share"] = share.into();
        }
        terminal.json(&said)?;
        return Ok(Code::Ok);
    }
    let title = terminal.paint(Style::Bold, &format!("{} {}", found.plugin, row.plugin.version));
    terminal.line(format!("{title} (release {}) {words}", row.number))?;
    Ok(Code::Ok)
}

/// `plugin activate`
///
/// # Errors
/// No such plugin or release.
pub async fn activate(args: StageArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = args.which.find(context).await?;
    let row = found.release(args.release).await?;
    let mut tx = found.scope.begin().await?;
    tx.activate_release(&found.plugin, row.number, &Actor::Operator).await?;
    tx.commit().await?;
    found.store.close().await;
    let said = format!(
        "(release {}) is active; what was there before: posthouse plugin rollback {} --tenant {}",
        row.number, found.plugin, found.row.tenant.slug
    );
    let value = json!({ "tenant": found.row.tenant.slug, "plugin": found.plugin, "release": row.number, "state": ReleaseState::Active });
    say(terminal, args.json, &value, &format!("{} {}", found.plugin, row.plugin.version), &said)
}

/// `plugin withdraw`
///
/// # Errors
/// No such plugin, no candidate.
pub async fn withdraw(args: StageArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = args.which.find(context).await?;
    let row = found.release(args.release).await?;
    let mut tx = found.scope.begin().await?;
    tx.withdraw_release(&found.plugin, row.number, "withdrawn by hand", &Actor::Operator).await?;
    tx.commit().await?;
    found.store.close().await;
    let value = json!({ "tenant": found.row.tenant.slug, "plugin": found.plugin, "release": row.number, "state": ReleaseState::Withdrawn });
    let said = format!("(release {}) is withdrawn", row.number);
    say(terminal, args.json, &value, &format!("{} {}", found.plugin, row.plugin.version), &said)
}

/// `plugin rollback`
///
/// # Errors
/// No such plugin, nothing to go back to.
pub async fn rollback(args: RollbackArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = args.which.find(context).await?;
    let mut tx = found.scope.begin().await?;
    let done = tx.roll_back(&found.plugin, None, args.to, &args.reason, &Actor::Operator).await?;
    tx.commit().await?;
    found.store.close().await;
    let value = json!({ "tenant": found.row.tenant.slug, "plugin": found.plugin, "from": done.from, "to": done.to });
    let said = match done.to {
        Some(to) => format!("is back at release {to}; release {} is taken back", done.from),
        None => format!("goes on with its active release; the candidate, release {}, is taken back", done.from),
    };
    say(terminal, args.json, &value, &found.plugin, &said)
}

fn say(terminal: &mut Terminal, as_json: bool, value: &Value, title: &str, words: &str) -> Result {
    if as_json {
        terminal.json(value)?;
    } else {
        let title = terminal.paint(Style::Bold, title);
        terminal.line(format!("{title} {words}"))?;
    }
    Ok(Code::Ok)
}
