//! `posthouse plugin run`

use super::check::{all_it_needs, sentences, settings};
use super::subject::installed;
use crate::failure::{Code, Failure, Result, While as _};
use crate::fixture::parts::{self, TicketPart};
use crate::open::{Context, tenant};
use crate::output::{Style, Terminal};
use crate::setup::Source;
use clap::Args;
use posthouse_mail::read::read_mail;
use posthouse_model::call::{CallContext, TicketView};
use posthouse_model::decision::{CallCost, HostCall, World};
use posthouse_model::limits::Limits;
use posthouse_model::mail::ReadMail;
use posthouse_model::notice::{Notice, NoticeKind};
use posthouse_model::triage::Urgency;
use posthouse_sandbox::{CallHost, CallLimits, Called, PlainHost, Plugin, PluginSpec, Question, SecretValue, inspect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Options of `plugin run`.
#[derive(Args, Debug)]
#[command(after_help = "\
Calls the plugin once, in the sandbox, as the host would, and prints what it answered, what it asked of the host, and what
it cost. Nothing is stored. A classifier gets the mail; a router, drafter or enricher the ticket that the mail would make;
a checker the mail's text as a reply about to go out; a notifier a test notice.

With --tenant, PLUGIN is the name of a plugin as installed there, with its settings, grants and secrets: a notifier then
really posts to its group. Without, it has no model, no secrets but
those of --secrets, and reaches no host that --grants does not name.")]
pub struct RunArgs {
    /// A bundled plugin's name, a .wasm file, or a folder with one; with --tenant, the name of an installed one
    plugin: String,
    /// The mail (RFC 5322); - reads standard input
    #[arg(long, value_name = "FILE")]
    mail: Option<PathBuf>,
    /// As installed in this tenant
    #[arg(long, value_name = "SLUG", conflicts_with_all = ["settings", "grants", "secrets"])]
    tenant: Option<String>,
    /// Its settings: a .toml or .json file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// What it may do: what would stand under [plugin.grants] in tenant.toml
    #[arg(long, value_name = "GRANTS.toml")]
    grants: Option<PathBuf>,
    /// Secrets for this call: lines of name = "value"; each may go where the grants say
    #[arg(long, value_name = "SECRETS.toml", requires = "grants")]
    secrets: Option<PathBuf>,
    /// The ticket's category, for worlds after the classifier
    #[arg(long)]
    category: Option<String>,
    /// The ticket's urgency: low, medium, high or urgent
    #[arg(long)]
    urgency: Option<Urgency>,
    /// With --json, what was asked of the host and answered in full, as fixtures hold it: it may be a customer's
    #[arg(long, requires = "json")]
    exchanges: bool,
    /// Print JSON: {"plugin", "world", "ok", "result", "error", "host_calls", "notes", "cost"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such plugin or mail, or the plugin cannot be loaded.
pub async fn run(args: RunArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let (plugin, host, call) = load(&args, context).await?;
    let mail = mail(&args, plugin.world())?;
    let now = call.now;
    let view = Arc::new(parts::message(&mail, now));
    let part = TicketPart { category: args.category.clone(), urgency: args.urgency, ..TicketPart::default() };
    let ticket = Arc::new(part.view(vec![view.clone()], now));
    let question = match plugin.world() {
        World::Classifier => Question::Classify(view),
        World::Router => Question::Route(ticket),
        World::Drafter => Question::Draft(ticket),
        World::Enricher => Question::Enrich(ticket),
        World::Checker => Question::Check(Arc::new(parts::outgoing(&mail)), ticket),
        World::Notifier => {
            let about = args.mail.is_some().then_some(ticket);
            Question::Notify(Arc::new(notice(&call, about.as_deref())), about)
        }
    };
    let outcome = Outcome::of(plugin.answer(call, host, question).await, args.exchanges);
    print(&args, &plugin, &outcome, terminal)?;
    Ok(if outcome.error.is_none() { Code::Ok } else { Code::Problem })
}

async fn load(args: &RunArgs, context: &Context) -> Result<(Arc<Plugin>, Arc<dyn CallHost>, CallContext)> {
    let mut call = CallContext {
        now: context.clock.now(),
        seed: context.entropy.next_u64(),
        tenant_name: "Trial".to_owned(),
        agent_language: "en".to_owned(),
    };
    let refused = |error: posthouse_sandbox::LoadError| Failure::new(error.to_string());
    let Some(slug) = &args.tenant else {
        let host = context.host()?;
        let finder = context.finder(Some(&host));
        let component = finder.find(&args.plugin, Path::new(""))?;
        let info = inspect(&component.bytes).map_err(refused)?;
        let grants = match &args.grants {
            Some(path) => Source::read(path)?.parse()?,
            None => all_it_needs(&info),
        };
        let bounds =
            component.limits_asked(&Limits::default()).settle(&Limits::default(), &host.plugins.ceiling().limits);
        let limits = match bounds {
            Ok(bounds) => CallLimits::from(&bounds),
            Err(excesses) => return Err(Failure::new(sentences(&excesses))),
        };
        let mut host_side = PlainHost::default();
        if let Some(path) = &args.secrets {
            let values: BTreeMap<String, String> = Source::read(path)?.parse()?;
            host_side.secrets = values.into_iter().map(|(name, value)| (name, SecretValue::anywhere(value))).collect();
        }
        let (name, version) = (args.plugin.clone(), component.version());
        let settings = settings(args.settings.as_deref())?;
        let spec = PluginSpec { name, version, component: component.bytes, settings, grants, limits };
        let plugin = context.sandbox_alone(&host)?.load(spec).await.map_err(refused)?;
        return Ok((plugin, Arc::new(host_side), call));
    };
    let opened = context.open().await?;
    let row = tenant(&opened.store, Some(slug)).await?;
    let spec = installed(&opened.store, row.id, slug, &args.plugin, &opened.host.plugins.ceiling()).await?;
    let mut host = PlainHost::default();
    for name in spec.grants.secrets.keys() {
        if let Some(found) = opened.secrets.find(row.id, slug, name).await.map_err(Failure::new)? {
            let value = SecretValue { value: found.value.to_string(), hosts: found.hosts };
            host.secrets.insert(name.clone(), value);
        }
    }
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let plugin = sandbox.load(spec).await.map_err(refused)?;
    call.tenant_name = row.tenant.name;
    call.agent_language = row.tenant.language;
    Ok((plugin, Arc::new(host), call))
}

fn mail(args: &RunArgs, world: World) -> Result<ReadMail> {
    match &args.mail {
        Some(path) if path == Path::new("-") => {
            let mut raw = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut raw)?;
            Ok(read_mail(&raw))
        }
        Some(path) => Ok(read_mail(&std::fs::read(path).while_doing(format!("{} cannot be read", path.display()))?)),
        // A test notice is about nothing.
        None if world == World::Notifier => Ok(ReadMail::default()),
        None => Err(Failure::usage(format!("a {world} needs a mail")).mend("name one with --mail FILE")),
    }
}

fn notice(call: &CallContext, about: Option<&TicketView>) -> Notice {
    let chinese = call.agent_language.starts_with("zh");
    let (title, line) = if chinese {
        ("驿站测试通知", "这是一条测试消息，收到即表示通知已接通。")
    } else {
        ("Test notice from Posthouse", "This is a test: that you read it means that notices arrive.")
    };
    Notice {
        id: format!("test-{:016x}", call.seed),
        kind: NoticeKind::Test,
        language: call.agent_language.clone(),
        title: title.to_owned(),
        lines: vec![line.to_owned()],
        fields: Vec::new(),
        link: None,
        urgency: about.and_then(|ticket| ticket.urgency),
        deadline: None,
    }
}

struct Outcome {
    result: Option<Value>,
    error: Option<String>,
    host_calls: Vec<HostCall>,
    notes: Vec<String>,
    cost: CallCost,
}

impl Outcome {
    fn of(called: Called<Value>, exchanges: bool) -> Self {
        let (result, error) = match called.result {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let shown = |call: HostCall| if exchanges { call } else { call.brief() };
        let host_calls = called.host_calls.into_iter().map(shown).collect();
        Self { result, error, host_calls, notes: called.notes, cost: called.cost }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn print(args: &RunArgs, plugin: &Plugin, outcome: &Outcome, terminal: &mut Terminal) -> Result<()> {
    if args.json {
        return terminal.json(&json!({
            "plugin": args.plugin, "world": plugin.world(), "digest": plugin.digest(), "ok": outcome.error.is_none(),
            "result": outcome.result, "error": outcome.error, "host_calls": outcome.host_calls, "notes": outcome.notes,
            "cost": outcome.cost,
        }));
    }
    let cost = format!(
        "{:.2} ms, {:.1} MiB",
        outcome.cost.duration_us as f64 / 1_000.0,
        outcome.cost.memory_bytes as f64 / f64::from(1 << 20)
    );
    let title = terminal.paint(Style::Bold, &args.plugin);
    terminal.line(format!("{title} ({}) {}", plugin.world(), terminal.paint(Style::Dim, &cost)))?;
    match (&outcome.result, &outcome.error) {
        (_, Some(error)) => terminal.line(terminal.paint(Style::Bad, error))?,
        (Some(result), None) => terminal.line(format!("{result:#}"))?,
        (None, None) => {}
    }
    for call in &outcome.host_calls {
        terminal.line(format!("asked the host: {} {} → {}", call.capability, call.what, call.outcome))?;
    }
    for note in &outcome.notes {
        terminal.line(format!("note: {note}"))?;
    }
    Ok(())
}
