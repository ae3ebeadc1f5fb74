//! `posthouse plugin check`

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, bytes};
use crate::setup::Source;
use crate::setup::folder::read_settings;
use clap::Args;
use posthouse_model::capability::{Capability, Grants, HttpAllowance, ModelAllowance, StoreAllowance};
use posthouse_model::ceiling::Excess;
use posthouse_model::limits::Limits;
use posthouse_package::Fallback;
use posthouse_sandbox::{CallLimits, ComponentInfo, PluginSpec, inspect};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Options of `plugin check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without --grants everything that the plugin imports is granted for the check, and said. GRANTS.toml holds what would stand
under [plugin.grants] in tenant.toml. Exit code 1 when the plugin would not load.")]
pub struct CheckArgs {
    /// A bundled plugin's name, a .wasm file, or a folder with one
    plugin: String,
    /// Its settings: a .toml or .json file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// What it may do
    #[arg(long, value_name = "GRANTS.toml")]
    grants: Option<PathBuf>,
    /// Print JSON: {"plugin", "world", "api", "api_needed", "because", "digest", "size", "needs", "fallback", "snapshotted", "ok", "error"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// There is no such plugin.
pub async fn run(args: CheckArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let finder = context.finder(Some(&host));
    let component = finder.find(&args.plugin, Path::new(""))?;
    let settings = settings(args.settings.as_deref())?;
    let info = match inspect(&component.bytes) {
        Ok(info) => info,
        Err(error) => return refused(&args, None, &error.to_string(), terminal),
    };
    let grants = match &args.grants {
        Some(path) => Source::read(path)?.parse()?,
        None => all_it_needs(&info),
    };
    let ceiling = host.plugins.ceiling();
    let bounds = component.limits_asked(&Limits::default()).settle(&Limits::default(), &ceiling.limits);
    let bounds = match bounds {
        Ok(bounds) => bounds,
        Err(excesses) => return refused(&args, Some(&info), &sentences(&excesses), terminal),
    };
    let spec = PluginSpec {
        name: args.plugin.clone(),
        version: component.version(),
        component: component.bytes,
        settings,
        grants,
        limits: CallLimits::from(&bounds),
    };
    let plugin = match context.sandbox_alone(&host)?.load(spec).await {
        Ok(plugin) => plugin,
        Err(error) => return refused(&args, Some(&info), &error.to_string(), terminal),
    };
    if args.json {
        terminal.json(&report(&args, Some(&info), Some(plugin.snapshotted()), None))?;
        return Ok(Code::Ok);
    }
    let mut table = facts(&info);
    let configured = if plugin.snapshotted() { "ahead of time" } else { "at the start of every call" };
    table.row([(Style::Dim, "settings read".to_owned()), (Style::Plain, configured.to_owned())]);
    terminal.line(format!("{} {}", terminal.paint(Style::Bold, &args.plugin), terminal.paint(Style::Good, "loads")))?;
    terminal.table(&table)?;
    Ok(Code::Ok)
}

fn refused(args: &CheckArgs, info: Option<&ComponentInfo>, error: &str, terminal: &mut Terminal) -> Result {
    if args.json {
        terminal.json(&report(args, info, None, Some(error)))?;
        return Ok(Code::Problem);
    }
    terminal.line(format!(
        "{} {}",
        terminal.paint(Style::Bold, &args.plugin),
        terminal.paint(Style::Bad, "would not load")
    ))?;
    if let Some(info) = info {
        terminal.table(&facts(info))?;
    }
    terminal.line(error)?;
    Ok(Code::Problem)
}

fn report(args: &CheckArgs, info: Option<&ComponentInfo>, snapshotted: Option<bool>, error: Option<&str>) -> Value {
    json!({
        "plugin": args.plugin,
        "world": info.map(|info| info.world),
        "api": info.map(|info| info.api_version.to_string()),
        "api_needed": info.map(|info| info.needs.to_string()),
        "because": info.map(|info| &info.because),
        "digest": info.map(|info| &info.digest),
        "size": info.map(|info| info.size),
        "needs": info.map(needs),
        "fallback": info.map(|info| Fallback::of(info.world).as_str()),
        "snapshotted": snapshotted,
        "ok": error.is_none(),
        "error": error,
    })
}

fn needs(info: &ComponentInfo) -> Vec<&'static str> {
    info.capabilities.iter().map(|capability| capability.as_str()).collect()
}

fn facts(info: &ComponentInfo) -> Table {
    let needs = needs(info);
    let needs = if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") };
    let mut table = Table::default();
    for (label, text) in [
        ("world", info.world.to_string()),
        ("built for API", info.api_version.to_string()),
        ("works with", works_with(info)),
        ("needs", needs),
        ("when it fails", Fallback::of(info.world).words().to_owned()),
        ("size", bytes(info.size)),
        ("digest", info.digest.clone()),
    ] {
        table.row([(Style::Dim, label.to_owned()), (Style::Plain, text)]);
    }
    table
}

/// Everything that is too much, each on a line of its own.
pub(super) fn sentences(excesses: &[Excess]) -> String {
    excesses.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Which hosts run it, and why no earlier ones.
fn works_with(info: &ComponentInfo) -> String {
    let hosts = format!("hosts that offer API {} or later, before 2.0", info.needs);
    match info.because.as_slice() {
        [] => format!("{hosts} (it calls nothing newer)"),
        because => format!("{hosts}, because it calls {}", because.join(", ")),
    }
}

/// Enough for every import to be linked. The host is a name that exists nowhere (RFC 2606): nothing can be reached.
pub(super) fn all_it_needs(info: &ComponentInfo) -> Grants {
    let nowhere = HttpAllowance {
        host: "nowhere.invalid".to_owned(),
        port: None,
        scheme: "https".to_owned(),
        methods: Vec::new(),
        private: false,
    };
    Grants {
        log: true,
        model: info.capabilities.contains(&Capability::Model).then(ModelAllowance::default),
        knowledge: info.capabilities.contains(&Capability::Knowledge),
        store: info.capabilities.contains(&Capability::Store).then_some(StoreAllowance { bytes: 1 << 16 }),
        http: if info.capabilities.contains(&Capability::Http) { vec![nowhere] } else { Vec::new() },
        ..Grants::default()
    }
}

/// Settings as the plugin gets them.
pub(super) fn settings(file: Option<&Path>) -> Result<String> {
    Ok(match file {
        Some(path) => Value::Object(settings_map(path)?).to_string(),
        None => "{}".to_owned(),
    })
}

/// Settings from a file.
pub(super) fn settings_map(file: &Path) -> Result<serde_json::Map<String, Value>> {
    read_settings(file).map_err(Failure::from)
}
