//! `posthouse plugin list`, `check`, `run`, those for projects, those for a plugin's life in a tenant, and those for packages

mod build;
mod check;
mod dev;
mod grants;
mod life;
mod listen;
mod lock;
mod new;
mod package;
mod record;
mod run;
mod subject;
pub mod test;

use crate::failure::{Code, Result};
use crate::open::{Context, tenant};
use crate::output::{Style, Table, Terminal, bytes};
use clap::{Args, Subcommand};
use posthouse_sandbox::inspect;
use serde_json::json;

/// What to do with plugins.
#[derive(Subcommand, Debug)]
pub enum PluginCommand {
    /// List the plugins that come with this host, or those of a tenant
    List(ListArgs),
    /// See whether a plugin would load, with its settings, and what it needs
    Check(check::CheckArgs),
    /// Call a plugin on a mail and print what it answers
    Run(run::RunArgs),
    /// Try a plugin on its fixtures and show what each call used of its limits
    Test(test::TestArgs),
    /// Make fixtures from a plugin's real calls, personal data redacted
    Record(record::RecordArgs),
    /// Show what each plugin of a tenant's folder may do, and who says so
    Grants(grants::GrantsArgs),
    /// Write down exactly which packages a tenant's folder is made with
    Lock(lock::LockArgs),
    /// What to do with a plugin of a tenant.
    #[command(flatten)]
    Life(life::LifeCommand),
    /// Make a project for a new plugin
    New(new::NewArgs),
    /// Build a project's component
    Build(build::BuildArgs),
    /// Build and test a project, and again after every change
    Dev(dev::DevArgs),
    /// Show what a notifier posts, in place of a chat platform
    Listen(listen::ListenArgs),
    /// What to do with packages.
    #[command(flatten)]
    Package(package::PackageCommand),
}

/// Options of `plugin list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Those installed in this tenant [default: those that come with this host]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists, checks or calls plugins.
///
/// # Errors
/// No such tenant, a plugin that cannot be used.
pub async fn run(command: PluginCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        PluginCommand::List(args) => match &args.tenant {
            Some(slug) => installed(slug, args.json, context, terminal).await,
            None => bundled(args.json, context, terminal),
        },
        PluginCommand::Check(args) => check::run(args, context, terminal).await,
        PluginCommand::Run(args) => run::run(args, context, terminal).await,
        PluginCommand::Test(args) => test::run(&args, context, terminal).await,
        PluginCommand::Record(args) => record::run(&args, context, terminal).await,
        PluginCommand::Grants(args) => grants::run(&args, context, terminal).await,
        PluginCommand::Lock(args) => lock::run(args, context, terminal).await,
        PluginCommand::Life(command) => life::run(command, context, terminal).await,
        PluginCommand::New(args) => new::run(&args, terminal),
        PluginCommand::Build(args) => build::run(args, terminal).await,
        PluginCommand::Dev(args) => dev::run(args, context, terminal).await,
        PluginCommand::Listen(args) => listen::run(args, terminal).await,
        PluginCommand::Package(command) => package::run(command, context, terminal).await,
    }
}

fn bundled(as_json: bool, context: &Context, terminal: &mut Terminal) -> Result {
    let finder = context.finder(Some(&context.host()?));
    let mut all = Vec::new();
    let mut code = Code::Ok;
    let mut table = Table::new(&["plugin", "world", "API", "needs", "size", "digest"]).right(&[4]);
    for (name, path) in finder.all() {
        let plain = |text: String| (Style::Plain, text);
        match std::fs::read(&path).map_err(|e| e.to_string()).and_then(|b| inspect(&b).map_err(|e| e.to_string())) {
            Ok(info) => {
                let needs: Vec<_> = info.capabilities.iter().map(|c| c.as_str()).collect();
                all.push(json!({
                    "name": name, "world": info.world, "api": info.api_version.to_string(), "needs": needs, "size": info.size,
                    "digest": info.digest, "path": path,
                }));
                table.row([
                    (Style::Bold, name),
                    plain(info.world.to_string()),
                    plain(info.api_version.to_string()),
                    plain(if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") }),
                    plain(bytes(info.size)),
                    (Style::Dim, info.digest.chars().take(12).collect()),
                ]);
            }
            Err(error) => {
                code = Code::Problem;
                all.push(json!({"name": name, "path": path, "error": error}));
                table.row([(Style::Bold, name), (Style::Bad, crate::output::short(&error, 90))]);
            }
        }
    }
    if as_json {
        terminal.json(&all)?;
    } else if table.is_empty() {
        let dirs: Vec<_> = finder.dirs().iter().map(|dir| dir.display().to_string()).collect();
        terminal.line(format!("no plugin is in {}", dirs.join(", ")))?;
        terminal.line("say where they are with --plugins-dir, or build them with `cargo xtask plugins`")?;
    } else {
        terminal.table(&table)?;
    }
    Ok(code)
}

async fn installed(slug: &str, as_json: bool, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    let row = tenant(&store, Some(slug)).await?;
    let config = super::secret::config(&row)?;
    let plugins = store.tenant(row.id).plugins().await?;
    if as_json {
        terminal.json(&plugins)?;
        return Ok(Code::Ok);
    }
    let mut table = Table::new(&["plugin", "world", "version", "digest", "may", "installed"]);
    for installed in &plugins {
        let plugin = &installed.plugin;
        let mut may = Vec::new();
        if plugin.grants.model.is_some() {
            may.push("model".to_owned());
        }
        may.extend(plugin.grants.http.iter().map(|allowance| allowance.host.clone()));
        let off = config.plugin(&plugin.name).is_some_and(|p| !p.enabled);
        let plain = |text: String| (Style::Plain, text);
        table.row([
            (Style::Bold, plugin.name.clone()),
            plain(plugin.world.to_string()),
            plain(plugin.version.clone()),
            (Style::Dim, plugin.digest.chars().take(12).collect()),
            plain(if may.is_empty() { "nothing".to_owned() } else { may.join(", ") }),
            if off {
                (Style::Caution, "turned off".to_owned())
            } else {
                plain(installed.installed_at.to_rfc3339().chars().take(10).collect())
            },
        ]);
    }
    if table.is_empty() {
        terminal.line(format!("{slug} has no plugin"))?;
    } else {
        terminal.table(&table)?;
    }
    Ok(Code::Ok)
}
