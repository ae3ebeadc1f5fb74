//! `posthouse plugin history`

use super::Which;
use crate::failure::{Code, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, safe, short};
use clap::Args;
use posthouse_model::release::{ReleaseState, ReleaseUse, Stage};
use posthouse_store::ReleaseRow;
use serde_json::json;

/// Options of `plugin history`.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    #[command(flatten)]
    which: Which,
    /// Print JSON: [{"number", "state", "version", …, "use": [{"stage", "calls", "failed", "mean_us", "last_at"}]}]
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such plugin.
pub async fn run(args: HistoryArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = args.which.find(context).await?;
    let releases = found.scope.releases(&found.plugin).await?;
    let used = found.scope.release_use(&found.plugin).await?;
    found.store.close().await;
    if args.json {
        let all: Vec<_> = releases
            .iter()
            .map(|row| {
                let mut value = serde_json::to_value(row).unwrap_or_default();
                let of_it: Vec<_> = used.iter().filter(|use_| use_.release == row.number).collect();
                value["use"] = json!(of_it);
                value
            })
            .collect();
        terminal.json(&all)?;
        return Ok(Code::Ok);
    }
    let mut table =
        Table::new(&["release", "state", "version", "digest", "from", "installed", "calls", "failed", "mean", "why"])
            .right(&[0, 6, 7, 8]);
    for row in &releases {
        table.row(line(row, &used));
    }
    terminal.table(&table)?;
    Ok(Code::Ok)
}

fn line(row: &ReleaseRow, used: &[ReleaseUse]) -> Vec<(Style, String)> {
    let plain = |text: String| (Style::Plain, text);
    let state = match row.state {
        ReleaseState::Canary => (Style::Caution, format!("canary {} %", row.share)),
        ReleaseState::Active => (Style::Good, "active".to_owned()),
        ReleaseState::RolledBack => (Style::Bad, "rolled back".to_owned()),
        state if state.is_candidate() => (Style::Caution, state.to_string()),
        state => (Style::Dim, state.to_string()),
    };
    // Answers that counted, and those of a shadow, one after the other.
    let mut parts = [const { Vec::new() }; 3];
    for used in used.iter().filter(|used| used.release == row.number) {
        let mark = if used.stage == Stage::Shadow { " in shadow" } else { "" };
        parts[0].push(format!("{}{mark}", used.calls));
        parts[1].push(used.failed.to_string());
        parts[2].push(milliseconds(used.mean_us));
    }
    let [calls, failed, mean] = parts.map(|part| part.join(" + "));
    let source = if row.source.is_empty() { "tenant's folder" } else { &row.source };
    vec![
        (Style::Bold, row.number.to_string()),
        state,
        plain(row.plugin.version.clone()),
        (Style::Dim, row.plugin.digest.chars().take(12).collect()),
        plain(short(&safe(source), 28)),
        plain(row.created_at.to_rfc3339().chars().take(16).collect::<String>().replace('T', " ")),
        plain(calls),
        plain(failed),
        plain(mean),
        plain(short(&safe(row.reason.as_deref().unwrap_or_default()), 60)),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn milliseconds(us: i64) -> String {
    format!("{:.2} ms", us as f64 / 1_000.0)
}
