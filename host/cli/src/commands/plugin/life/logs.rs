//! `posthouse plugin logs`

use super::unknown;
use crate::failure::{Code, Result};
use crate::open::{Context, tenant};
use crate::output::{Style, Terminal, safe};
use clap::Args;
use posthouse_model::decision::LogLevel;
use posthouse_model::release::Stage;
use posthouse_store::LogRow;

/// Options of `plugin logs`.
#[derive(Args, Debug)]
#[command(after_help = "\
The newest 5,000 lines of each plugin are kept, and at most 300 a minute of each: more are dropped, and how many is said.")]
pub struct LogsArgs {
    /// The plugin's name in the tenant [default: all]
    plugin: Option<String>,
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// How many lines
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    lines: u32,
    /// Go on and print what is logged from now on, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Print JSON, one line each: {"id", "plugin", "release", "stage", "ticket", "at", "level", "text"}
    #[arg(long)]
    json: bool,
}

/// Between two looks while following.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

/// Runs the command.
///
/// # Errors
/// No such tenant or plugin.
pub async fn run(args: LogsArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    let row = tenant(&store, args.tenant.as_deref()).await?;
    let scope = store.tenant(row.id);
    let plugin = args.plugin.as_deref();
    if let Some(plugin) = plugin
        && scope.releases(plugin).await?.is_empty()
    {
        return Err(unknown(&scope, &row.tenant.slug, plugin).await?);
    }
    let mut last = 0;
    let mut limit = args.lines;
    loop {
        for line in scope.plugin_log(plugin, last, limit).await? {
            last = line.id;
            print(&args, &line, terminal)?;
        }
        if !args.follow {
            break;
        }
        terminal.flush()?;
        limit = 5_000;
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = crate::commands::serve::stop_signal() => break,
        }
    }
    store.close().await;
    Ok(Code::Ok)
}

fn print(args: &LogsArgs, line: &LogRow, terminal: &mut Terminal) -> Result<()> {
    if args.json {
        return terminal.json_line(line);
    }
    let style = match line.level {
        LogLevel::Debug => Style::Dim,
        LogLevel::Info => Style::Plain,
        LogLevel::Warn => Style::Caution,
        LogLevel::Error => Style::Bad,
    };
    let at: String = line.at.to_rfc3339().chars().take(19).collect::<String>().replace('T', " ");
    let at = terminal.paint(Style::Dim, &at);
    let level = terminal.paint(style, &format!("{:5}", line.level));
    let stage = if line.stage == Stage::Active { String::new() } else { format!(" {}", line.stage) };
    let ticket = line.ticket.map(|ticket| format!(" ticket {ticket}")).unwrap_or_default();
    let who = terminal.paint(Style::Bold, &line.plugin);
    let release = terminal.paint(Style::Dim, &format!("#{}{stage}{ticket}", line.release));
    terminal.line(format!("{at} {level} {who} {release} {}", safe(&line.text)))
}
