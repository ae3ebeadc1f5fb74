//! `posthouse plugin record`

use super::subject::installed;
use crate::commands::secret::config;
use crate::failure::{Code, Failure, Result, While as _};
use crate::fixture::Shelf;
use crate::fixture::record::{Recorder, stays};
use crate::open::{Context, derive, tenant};
use crate::output::{Style, Table, Terminal, safe};
use clap::Args;
use posthouse_model::decision::Decision;
use posthouse_model::{DecisionId, TicketId};
use posthouse_pipeline::rebuild::rebuild;
use posthouse_store::{RecordedQuery, Scope};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Decisions read at once.
const PAGE: u32 = 50;

/// Options of `plugin record`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads the plugin's recorded calls, takes personal data out (names, mail addresses, telephone numbers, order and tracking numbers,
addresses, links; the same thing has the same stand-in everywhere), makes each call again on what is left, and writes what it
then answers as the fixture's expectation. Nothing is sent: what the plugin asked of the host is answered from the record. Where
the answer is another than the recorded one, or the input could not be put together exactly, the fixture and the output say so.

Look the fixtures over before you share them: a name that stands nowhere but in a sentence is not known to be one, and the
plugin's settings are copied as they are. Files that are there already are left alone. Exit code 1 when none was written.")]
pub struct RecordArgs {
    /// The plugin's name in the tenant
    plugin: String,
    /// The tenant
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// The newest so many calls
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    last: u32,
    /// Only calls on this ticket
    #[arg(long, value_name = "NUMBER")]
    ticket: Option<i64>,
    /// The folder to write to; it is made
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print JSON: [{"decision", "ticket", "file", "exact", "doubts", "skipped"}]
    #[arg(long)]
    json: bool,
}

/// What became of one decision.
struct Line {
    decision: DecisionId,
    ticket: Option<i64>,
    came: std::result::Result<Written, String>,
}

struct Written {
    file: PathBuf,
    exact: bool,
    doubts: Vec<String>,
}

/// Makes the fixtures.
///
/// # Errors
/// No such tenant, plugin or ticket; the folder cannot be written.
pub async fn run(args: &RecordArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = tenant(&opened.store, Some(&args.tenant)).await?;
    let config = config(&row)?;
    let scope = opened.store.tenant(row.id);
    let spec = installed(&opened.store, row.id, &args.tenant, &args.plugin, &opened.host.plugins.ceiling()).await?;
    let ticket = match args.ticket {
        Some(number) => Some(scope.ticket_by_number(number).await?.id),
        None => None,
    };
    let settings: Value = serde_json::from_str(&spec.settings)?;
    let (grants, settings_text) = (spec.grants.clone(), serde_json::to_string_pretty(&settings)?);
    let plugin = context.sandbox(Some((&opened.host, &opened.key)))?.load(spec).await;
    let plugin = plugin.map_err(|error| Failure::new(error.to_string()))?;

    let decisions = newest(&scope, args, ticket).await?;
    if decisions.is_empty() {
        let what = format!("no call of `{}` is on record{}", args.plugin, about(args.ticket));
        return Err(Failure::new(what).mend("`posthouse plugin list --tenant` names the plugins of a tenant"));
    }
    std::fs::create_dir_all(&args.out).while_doing(format!("{} cannot be made", args.out.display()))?;
    let has_settings = settings.as_object().is_some_and(|settings| !settings.is_empty());
    let settings_file = has_settings.then(|| {
        let digest = hex::encode(Sha256::digest(&settings_text));
        format!("{}-{}.settings.json", args.plugin, &digest[..8])
    });
    let recorder = Recorder {
        plugin,
        settings: settings_file.clone(),
        stays: stays(&config, &grants, &settings),
        key: derive(&opened.key, "stand-ins in fixtures"),
    };
    let mut lines = Vec::new();
    for decision in &decisions {
        let number = match decision.record.ticket {
            Some(ticket) => Some(scope.ticket(ticket).await?.number),
            None => None,
        };
        let name = match number {
            Some(number) => format!("{}-{number}-{}", decision.record.world, decision.id),
            None => format!("{}-{}", decision.record.world, decision.id),
        };
        let came = one(&recorder, &scope, &config, decision, &name, number, &args.out).await?;
        lines.push(Line { decision: decision.id, ticket: number, came });
    }
    let written = lines.iter().filter(|line| line.came.is_ok()).count();
    if let (Some(file), true) = (&settings_file, written > 0) {
        let path = args.out.join(file);
        std::fs::write(&path, settings_text).while_doing(format!("{} cannot be written", path.display()))?;
    }
    print(args, &lines, terminal)?;
    Ok(if written > 0 { Code::Ok } else { Code::Problem })
}

fn about(ticket: Option<i64>) -> String {
    ticket.map(|number| format!(" on ticket #{number}")).unwrap_or_default()
}

async fn newest(scope: &Scope, args: &RecordArgs, ticket: Option<TicketId>) -> Result<Vec<Decision>> {
    let mut all: Vec<Decision> = Vec::new();
    while all.len() < args.last as usize {
        let limit = PAGE.min(args.last - u32::try_from(all.len()).unwrap_or(args.last));
        let before = all.last().map(|decision| decision.id);
        let page = scope.recorded(&RecordedQuery { plugin: &args.plugin, ticket, before, limit }).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    Ok(all)
}

/// One decision: what was written, or why nothing was.
async fn one(
    recorder: &Recorder,
    scope: &Scope,
    config: &posthouse_model::config::TenantConfig,
    decision: &Decision,
    name: &str,
    ticket: Option<i64>,
    out: &Path,
) -> Result<std::result::Result<Written, String>> {
    let record = &decision.record;
    if let (0, Some(error)) = (record.cost.duration_us, &record.error) {
        return Ok(Err(format!("the plugin was not called: {error}")));
    }
    if record.world != recorder.plugin.world() {
        return Ok(Err(format!("it was a {} then, and is a {} now", record.world, recorder.plugin.world())));
    }
    let rebuilt = match rebuild(scope, config, decision).await {
        Ok(rebuilt) => rebuilt,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let made = match recorder.make(name, ticket, decision, rebuilt).await {
        Ok(made) => made,
        Err(reason) => return Ok(Err(reason)),
    };
    let file = out.join(format!("{name}{}", Shelf::ENDING));
    match std::fs::File::create_new(&file) {
        Ok(mut to) => {
            to.write_all(made.text.as_bytes()).while_doing(format!("{} cannot be written", file.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Ok(Err(format!("{} is there already", file.display())));
        }
        Err(error) => return Err(Failure::new(format!("{} cannot be written: {error}", file.display()))),
    }
    Ok(Ok(Written { file, exact: made.exact, doubts: made.doubts }))
}

fn print(args: &RecordArgs, lines: &[Line], terminal: &mut Terminal) -> Result<()> {
    if args.json {
        let line = |line: &Line| match &line.came {
            Ok(made) => json!({
                "decision": line.decision, "ticket": line.ticket, "file": made.file, "exact": made.exact, "doubts": made.doubts,
                "skipped": null,
            }),
            Err(reason) => json!({
                "decision": line.decision, "ticket": line.ticket, "file": null, "exact": null, "doubts": [], "skipped": reason,
            }),
        };
        return terminal.json(&lines.iter().map(line).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["ticket", "decision", "fixture", "input"]).right(&[0, 1]);
    for line in lines {
        let ticket = line.ticket.map(|number| format!("#{number}")).unwrap_or_default();
        let (file, input) = match &line.came {
            Ok(made) if made.exact => {
                ((Style::Plain, made.file.display().to_string()), (Style::Good, "exact".to_owned()))
            }
            Ok(made) => ((Style::Plain, made.file.display().to_string()), (Style::Caution, "approximate".to_owned())),
            Err(_) => ((Style::Dim, "–".to_owned()), (Style::Dim, String::new())),
        };
        table.row([(Style::Bold, ticket), (Style::Plain, line.decision.to_string()), file, input]);
    }
    terminal.table(&table)?;
    for line in lines {
        match &line.came {
            Ok(made) => {
                for doubt in &made.doubts {
                    let text = format!("decision {}: {}", line.decision, safe(doubt));
                    terminal.line(terminal.paint(Style::Caution, &text))?;
                }
            }
            Err(reason) => terminal.line(format!("decision {} left out: {}", line.decision, safe(reason)))?,
        }
    }
    let written = lines.iter().filter(|line| line.came.is_ok()).count();
    terminal.line(format!("{written} of {} written to {}", lines.len(), args.out.display()))?;
    if written > 0 {
        terminal.caution(
            "look them over before you share them: what looks like nothing in particular is not known to be personal",
        );
    }
    Ok(())
}
