//! `posthouse plugin replay`

use super::Which;
use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::Context;
use crate::output::{Style, Table, Terminal, safe};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use posthouse_model::event::Actor;
use posthouse_model::release::ReleaseState;
use posthouse_model::replay::ReplayReport;
use posthouse_pipeline::life::replay::{CALLS_MAX, replay};
use serde_json::json;

/// Options of `plugin replay`.
#[derive(Args, Debug)]
#[command(after_help = "\
Makes the plugin's last recorded calls again, with the active release and with the candidate, each on the same input, and shows
what the candidate would have answered differently. Nothing is sent: what was asked of the outside is answered from the
record. The report is kept with the release and shown on the desk.")]
pub struct ReplayArgs {
    #[command(flatten)]
    which: Which,
    /// Number of the release [default: the candidate]
    #[arg(long, value_name = "NUMBER")]
    release: Option<i64>,
    /// How many recorded calls, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=i64::from(CALLS_MAX)))]
    last: u32,
    /// Print JSON: {"release", "against", "calls", "exact", "differ", "aspects": [{"name", "calls", "changes": [{"from", "to", "calls", "tickets"}]}], …}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such plugin or release, or one that does not load.
pub async fn run(args: ReplayArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = args.which.find(context).await?;
    let row = found.release(args.release).await?;
    if row.state == ReleaseState::Active {
        return Err(Failure::new(format!("release {} of `{}` is the active one", row.number, found.plugin))
            .mend("name the release to compare it with"));
    }
    found.store.close().await;
    let opened = context.open().await?;
    let house = house::house(context, &opened, "replay")?;
    let Some(tenant) = house.tenant(found.row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", found.row.tenant.slug)));
    };
    let shown = terminal.interactive && !args.json;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(u64::from(args.last)), target);
    let report = replay(&house, &tenant, &found.plugin, row.number, args.last, |_| bar.inc(1)).await;
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::new(error.to_string()))?;
    let mut tx = tenant.scope.begin().await?;
    tx.set_replay(&found.plugin, row.number, &json!(report), &Actor::Operator).await?;
    tx.commit().await?;
    if args.json {
        terminal.json(&report)?;
    } else {
        print(&report, &found.plugin, &row.plugin.version, terminal)?;
    }
    opened.store.close().await;
    Ok(Code::Ok)
}

fn print(report: &ReplayReport, plugin: &str, version: &str, terminal: &mut Terminal) -> Result<()> {
    let headline = terminal.paint(Style::Bold, &report.headline());
    terminal.line(format!("{headline} ({plugin} {version}, release {} against {})", report.release, report.against))?;
    for aspect in &report.aspects {
        let name = terminal.paint(Style::Bold, &aspect.name);
        terminal.line(format!("\n{name}: {} of {}", aspect.calls, report.calls))?;
        let mut table = Table::new(&["", "before", "", "after", "tickets"]).right(&[0]);
        for change in &aspect.changes {
            let tickets: Vec<String> = change.tickets.iter().map(|number| format!("#{number}")).collect();
            table.row([
                (Style::Caution, format!("{}×", change.calls)),
                (Style::Plain, safe(&change.from)),
                (Style::Dim, "→".to_owned()),
                (Style::Plain, safe(&change.to)),
                (Style::Dim, tickets.join(" ")),
            ]);
        }
        terminal.table(&table)?;
    }
    let mut facts = vec![format!("{} of {} inputs are exactly those of then", report.exact, report.calls)];
    if report.failed_before + report.failed_after > 0 {
        facts.push(format!("failed: {} before, {} after", report.failed_before, report.failed_after));
    }
    facts.push(format!("mean time {} → {}", ms(report.mean_us_before), ms(report.mean_us_after)));
    terminal.line(format!("\n{}", terminal.paint(Style::Dim, &facts.join(" · "))))?;
    for (reason, count) in &report.left_out {
        terminal.caution(format!("{count} left out: {reason}"));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn ms(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1_000.0)
}
