//! `posthouse plugin install`

use crate::commands::plugin::check::settings_map;
use crate::commands::secret::config as applied_config;
use crate::commands::tenant::check_plugins;
use crate::failure::{Code, Failure, Result};
use crate::installer::alone;
use crate::open::{Context, tenant};
use crate::output::{Style, Terminal};
use crate::setup::Source;
use crate::setup::components::Component;
use crate::setup::folder::Folder;
use clap::Args;
use posthouse_model::capability::Grants;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_store::NewRelease;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `plugin install`.
#[derive(Args, Debug)]
#[command(after_help = "\
SOURCE is a package (.phx), a .wasm file, a folder with one, or a bundled plugin's name. With --folder DIR it is the name of a
plugin in that tenant folder, and component, settings and grants are taken from there: nothing else of the folder is.

The new release gets the settings and grants that the plugin of that name has in the tenant, unless --settings or
--grants say otherwise. It is verified, compiled and configured, and then waits as a candidate; nothing calls it before
`plugin shadow`, `plugin canary` or `plugin activate`. A candidate that was there before is withdrawn.")]
pub struct InstallArgs {
    /// What to install
    source: String,
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// The plugin's name in the tenant [default: the package's name, or the file's]
    #[arg(long)]
    name: Option<String>,
    /// Its settings: a .toml or .json file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// What it may do: what would stand under [plugin.grants] in tenant.toml
    #[arg(long, value_name = "GRANTS.toml")]
    grants: Option<PathBuf>,
    /// Take the plugin from this tenant folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["settings", "grants", "name"])]
    folder: Option<PathBuf>,
    /// Print JSON: {"tenant", "plugin", "release", "version", "digest", "world", "grants"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Everything that speaks against the release; nothing is installed then.
pub async fn run(args: InstallArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = tenant(&opened.store, args.tenant.as_deref()).await?;
    let slug = row.tenant.slug.clone();
    let applied = applied_config(&row)?;
    let finder = context.finder(Some(&opened.host));
    let folder = match &args.folder {
        Some(dir) => from_folder(Folder::load(dir, &finder)?, &args.source, &slug)?,
        None => {
            let component = finder.find(&args.source, Path::new(""))?;
            let plugin = wanted(&args, &applied, &component)?;
            alone(applied, plugin, component)
        }
    };
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let plugins = check_plugins(&folder, &opened.host, &sandbox).await.map_err(|problems| refused(&args, problems))?;
    let (Some(plugin), Some(component)) = (plugins.into_iter().next(), folder.components.first()) else {
        return Err(Failure::new("there is nothing to install"));
    };
    let new = NewRelease {
        allowance: folder.config.plugins.first().map(|config| config.grants.clone()),
        source: source_name(&component.path),
        plugin,
    };
    let mut tx = opened.store.tenant(row.id).begin().await?;
    tx.put_component(&component.bytes).await?;
    let number = tx.install_release(&new, &Actor::Operator).await?;
    tx.commit().await?;
    opened.store.close().await;

    let plugin = &new.plugin;
    if args.json {
        terminal.json(&json!({
            "tenant": slug, "plugin": plugin.name, "release": number, "version": plugin.version,
            "digest": plugin.digest, "world": plugin.world, "grants": plugin.grants,
        }))?;
        return Ok(Code::Ok);
    }
    let title = terminal.paint(Style::Bold, &format!("{} {}", plugin.name, plugin.version));
    terminal.line(format!("{title} is installed in {slug} as release {number}, and not called yet"))?;
    terminal.note(format!("see what it would have answered: posthouse plugin replay {} --tenant {slug}", plugin.name));
    Ok(Code::Ok)
}

fn refused(args: &InstallArgs, problems: Vec<crate::setup::Problem>) -> Failure {
    if args.folder.is_some() {
        return Failure::of_problems("nothing was installed", problems);
    }
    // What was put together here has no file that a line could be named of.
    let mends: Vec<_> = problems.iter().map(|p| p.mend.clone()).filter(|mend| !mend.is_empty()).collect();
    let words: Vec<_> = problems.into_iter().map(|p| p.what).collect();
    let failure = Failure::new(format!("nothing was installed: {}", words.join("; ")));
    if mends.is_empty() { failure } else { failure.mend(mends.join("; ")) }
}

/// The plugin of that name, and nothing else of the folder but the keys that it trusts.
fn from_folder(folder: Folder, name: &str, slug: &str) -> Result<Folder> {
    if folder.config.slug != slug {
        return Err(Failure::new(format!("the folder is that of {}, not of {slug}", folder.config.slug)));
    }
    let known: Vec<_> = folder.config.plugins.iter().map(|plugin| plugin.name.clone()).collect();
    let pairs = folder.config.plugins.iter().cloned().zip(folder.components.iter().cloned());
    let Some((plugin, component)) = pairs.into_iter().find(|(plugin, _)| plugin.name == name) else {
        return Err(
            Failure::new(format!("the folder has no plugin `{name}`")).mend(format!("there are: {}", known.join(", ")))
        );
    };
    let mut config = folder.config.clone();
    config.plugins = vec![plugin];
    Ok(Folder { config, components: vec![component], articles: Vec::new(), source: folder.source })
}

fn wanted(args: &InstallArgs, applied: &TenantConfig, component: &Component) -> Result<PluginConfig> {
    let name = args.name.clone().or_else(|| component.plugin_name()).unwrap_or_default();
    if !posthouse_model::config::is_name(&name) {
        return Err(Failure::new(format!("`{name}` cannot be a plugin's name")).mend("give it one with --name"));
    }
    let mut plugin = match applied.plugin(&name) {
        Some(plugin) => plugin.clone(),
        None => PluginConfig::new(&name, None),
    };
    plugin.component = Some(args.source.clone());
    if let Some(path) = &args.settings {
        plugin.settings = settings_map(path)?;
    }
    if let Some(path) = &args.grants {
        plugin.grants = Source::read(path)?.parse::<Grants>()?;
    }
    Ok(plugin)
}

fn source_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
