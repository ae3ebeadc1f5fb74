//! `posthouse replay`: two versions of a classifier on the mail that is stored, and what would have been otherwise.

use crate::commands::eval::history::answering;
use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::{Context, tenant};
use crate::output::{Style, Table, Terminal, safe};
use crate::setup::folder::read_settings;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use posthouse_model::MessageId;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::decision::World;
use posthouse_model::ticket::{Direction, Outcome};
use posthouse_model::triage::Triage;
use posthouse_pipeline::life::difference::differences;
use posthouse_pipeline::view;
use posthouse_sandbox::{PlainHost, Plugin, PluginSpec};
use posthouse_store::Scope;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Options of `replay`.
#[derive(Args, Debug)]
#[command(after_help = "\
VERSION is a package (.phx), a plugin's folder, a .wasm file or a bundled plugin's name: another classifier with the settings of the
one that answers in the tenant; or a settings file (.json, .toml): the same classifier with other settings. Both are asked about
every mail that came in last, through the sandbox; nothing is written and nothing is sent.

Exit code 0 whether anything changes or not; 1 where one of the two failed on a mail. With --json: {\"tenant\", \"plugin\",
\"against\", \"mails\", \"differ\", \"failed_before\", \"failed_after\", \"fields\": [{\"name\", \"changes\": [{\"from\", \"to\", \"tickets\": []}]}],
\"tickets\": [{\"ticket\", \"message\", \"subject\", \"changes\": {FIELD: {\"from\", \"to\"}}}]}.")]
pub struct ReplayArgs {
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// The other version
    #[arg(long, value_name = "VERSION")]
    against: String,
    /// Settings of the other version, where it is a plugin: a .toml or .json file [default: those of the tenant]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// How many mails, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    last: u32,
    /// How many tickets are listed; with --json all are
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    list: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A stored mail.
struct Mail {
    id: MessageId,
    ticket: i64,
    view: Arc<MessageView>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    tenant: String,
    plugin: String,
    against: String,
    mails: usize,
    differ: usize,
    failed_before: usize,
    failed_after: usize,
    fields: Vec<Field>,
    tickets: Vec<Changed>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    from: String,
    to: String,
    tickets: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct Changed {
    ticket: i64,
    message: i64,
    subject: String,
    changes: BTreeMap<String, FromTo>,
}

#[derive(Debug, Serialize)]
struct FromTo {
    from: String,
    to: String,
}

/// Messages listed at once.
const PAGE: u32 = 200;
/// Mails in the works at once.
const AT_ONCE: usize = 8;

/// Runs the command.
///
/// # Errors
/// No such tenant, no classifier, a version that does not load.
pub async fn run(args: ReplayArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = tenant(&opened.store, args.tenant.as_deref()).await?;
    let slug = row.tenant.slug.clone();
    let house = house::house(context, &opened, "replay")?;
    let Some(loaded) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{slug}` is turned off")));
    };
    let (name, before) = answering(&loaded)?;
    let installed = loaded.all_plugins().iter().find(|installed| installed.name() == name);
    let Some(installed) = installed.map(|installed| &installed.row.plugin) else {
        return Err(Failure::new(format!("the tenant has no plugin `{name}`")));
    };

    let path = Path::new(&args.against);
    let is_settings = path.extension().is_some_and(|end| end == "json" || end == "toml") && path.is_file();
    let (component, version, settings): (Arc<[u8]>, String, Value) = if is_settings {
        let bytes = opened.store.component(&installed.digest).await?;
        let bytes = bytes.ok_or_else(|| Failure::new(format!("the component of `{name}` is not stored any more")))?;
        (bytes.into(), installed.version.clone(), Value::Object(read_settings(path)?))
    } else {
        let found = context.finder(Some(&opened.host)).find(&args.against, Path::new(""))?;
        let settings = match &args.settings {
            Some(path) => Value::Object(read_settings(path)?),
            None => installed.settings.clone(),
        };
        (Arc::clone(&found.bytes), found.version(), settings)
    };
    let spec = PluginSpec {
        name: name.clone(),
        version,
        component,
        settings: settings.to_string(),
        grants: installed.grants.clone(),
        limits: before.limits().clone(),
    };
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let after =
        sandbox.load(spec).await.map_err(|error| Failure::new(format!("{} does not load: {error}", args.against)))?;
    if after.world() != World::Classifier {
        return Err(Failure::new(format!("{} is a {}, not a classifier", args.against, after.world())));
    }

    let mails = mails(&loaded.scope, args.last).await?;
    opened.store.close().await;
    let calls = CallContext {
        now: house.now(),
        seed: 1,
        tenant_name: loaded.config.name.clone(),
        agent_language: loaded.config.agent_language.clone(),
    };
    let shown = terminal.interactive && !args.json;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(mails.len() as u64), target);
    let answers = ask_both(&mails, &before, &after, &calls, &bar).await?;
    bar.finish_and_clear();

    let mut report = compare(&mails, &answers);
    (report.tenant, report.plugin, report.against) = (slug, name, args.against.clone());
    let failed = report.failed_before + report.failed_after > 0;
    if args.json {
        terminal.json(&report)?;
    } else {
        print(&report, args.list, terminal)?;
    }
    Ok(if failed { Code::Problem } else { Code::Ok })
}

/// The newest incoming mails that are tickets' and still kept.
async fn mails(scope: &Scope, last: u32) -> Result<Vec<Mail>> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = scope.messages_by_outcome(Outcome::Ticket, before, PAGE).await?;
        let Some(oldest) = page.last() else { return Ok(all) };
        before = Some(oldest.id);
        for summary in page.iter().filter(|summary| summary.emptied_at.is_none()) {
            let Some(ticket) = summary.ticket_number else { continue };
            let message = scope.message(summary.id).await?;
            if message.direction == Direction::Incoming {
                all.push(Mail { id: message.id, ticket, view: Arc::new(view::message(&message)) });
            }
            if all.len() >= last as usize {
                return Ok(all);
            }
        }
    }
}

type Said = std::result::Result<Triage, String>;

async fn ask_both(
    mails: &[Mail],
    before: &Arc<Plugin>,
    after: &Arc<Plugin>,
    context: &CallContext,
    bar: &ProgressBar,
) -> Result<Vec<(Said, Said)>> {
    let views: Arc<Vec<Arc<MessageView>>> = Arc::new(mails.iter().map(|mail| Arc::clone(&mail.view)).collect());
    let mut tasks = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (before, after, views) = (Arc::clone(before), Arc::clone(after), Arc::clone(&views));
        let (context, bar) = (context.clone(), bar.clone());
        tasks.spawn(async move {
            let host: Arc<PlainHost> = Arc::default();
            let mut answers = Vec::new();
            for index in (worker..views.len()).step_by(AT_ONCE) {
                let mut said = Vec::with_capacity(2);
                for plugin in [&before, &after] {
                    let called = plugin.classify(context.clone(), host.clone(), Arc::clone(&views[index])).await;
                    said.push(called.result.map_err(|error| error.to_string()));
                }
                answers.push((index, said));
                bar.inc(1);
            }
            answers
        });
    }
    let missing = || Err("not asked".to_owned());
    let mut all: Vec<(Said, Said)> = (0..mails.len()).map(|_| (missing(), missing())).collect();
    while let Some(done) = tasks.join_next().await {
        for (index, said) in done.map_err(|error| Failure::new(error.to_string()))? {
            let mut said = said.into_iter();
            all[index] = (said.next().unwrap_or_else(missing), said.next().unwrap_or_else(missing));
        }
    }
    Ok(all)
}

fn compare(mails: &[Mail], answers: &[(Said, Said)]) -> Report {
    let mut report = Report { mails: mails.len(), ..Report::default() };
    let mut fields: BTreeMap<String, BTreeMap<(String, String), Vec<i64>>> = BTreeMap::new();
    for (mail, (before, after)) in mails.iter().zip(answers) {
        report.failed_before += usize::from(before.is_err());
        report.failed_after += usize::from(after.is_err());
        let value = |said: &Said| -> std::result::Result<serde_json::Value, String> {
            said.as_ref().map(|triage| serde_json::to_value(triage).unwrap_or_default()).map_err(String::clone)
        };
        let (first, second) = (value(before), value(after));
        let found = differences(
            World::Classifier,
            first.as_ref().map_err(String::as_str),
            second.as_ref().map_err(String::as_str),
        );
        if found.is_empty() {
            continue;
        }
        report.differ += 1;
        let mut changes = BTreeMap::new();
        for one in found {
            let tickets =
                fields.entry(one.aspect.clone()).or_default().entry((one.from.clone(), one.to.clone())).or_default();
            if !tickets.contains(&mail.ticket) {
                tickets.push(mail.ticket);
            }
            changes.insert(one.aspect, FromTo { from: one.from, to: one.to });
        }
        let subject = mail.view.subject.clone();
        report.tickets.push(Changed { ticket: mail.ticket, message: mail.id.0, subject, changes });
    }
    for (name, changes) in fields {
        let mut changes: Vec<Change> =
            changes.into_iter().map(|((from, to), tickets)| Change { from, to, tickets }).collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.tickets.len()));
        report.fields.push(Field { name, changes });
    }
    report.fields.sort_by_key(|field| std::cmp::Reverse(field.changes.iter().map(|c| c.tickets.len()).sum::<usize>()));
    report
}

/// Tickets named beside one change.
const NAMED_MAX: usize = 8;
/// Changes of one field that are shown.
const CHANGES_MAX: usize = 12;

fn print(report: &Report, list: usize, terminal: &mut Terminal) -> Result<()> {
    let head = format!("{} of {} mails change", report.differ, report.mails);
    let head = terminal.paint(Style::Bold, &head);
    terminal.line(format!(
        "{head} ({} of {} against {})",
        safe(&report.plugin),
        safe(&report.tenant),
        safe(&report.against)
    ))?;
    for field in &report.fields {
        let name = terminal.paint(Style::Bold, &field.name);
        terminal.line(format!("\n{name}"))?;
        let mut table = Table::new(&["", "before", "", "after", "tickets"]).right(&[0]);
        for change in field.changes.iter().take(CHANGES_MAX) {
            let mut tickets: Vec<String> =
                change.tickets.iter().take(NAMED_MAX).map(|number| format!("#{number}")).collect();
            if change.tickets.len() > NAMED_MAX {
                tickets.push("…".to_owned());
            }
            table.row([
                (Style::Caution, format!("{}×", change.tickets.len())),
                (Style::Plain, safe(&change.from)),
                (Style::Dim, "→".to_owned()),
                (Style::Plain, safe(&change.to)),
                (Style::Dim, tickets.join(" ")),
            ]);
        }
        terminal.table(&table)?;
        if field.changes.len() > CHANGES_MAX {
            let more = format!("and {} rarer changes (all with --json)", field.changes.len() - CHANGES_MAX);
            terminal.line(terminal.paint(Style::Dim, &more))?;
        }
    }
    if !report.tickets.is_empty() && list > 0 {
        terminal.line("")?;
        let mut table = Table::new(&["ticket", "subject", "changes"]);
        for changed in report.tickets.iter().take(list) {
            let words: Vec<String> = changed
                .changes
                .iter()
                .map(|(name, of)| format!("{name}: {} → {}", safe(&of.from), safe(&of.to)))
                .collect();
            table.plain(&[
                &format!("#{}", changed.ticket),
                &crate::output::short(&safe(&changed.subject), 40),
                &crate::output::short(&words.join("; "), 90),
            ]);
        }
        terminal.table(&table)?;
        if report.tickets.len() > list {
            let more = format!(
                "and {} more (--list {}, or all with --json)",
                report.tickets.len() - list,
                report.tickets.len()
            );
            terminal.line(terminal.paint(Style::Dim, &more))?;
        }
    }
    if report.failed_before + report.failed_after > 0 {
        terminal.caution(format!("failed: {} before, {} after", report.failed_before, report.failed_after));
    }
    Ok(())
}
