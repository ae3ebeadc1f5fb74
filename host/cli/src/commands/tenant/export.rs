//! `posthouse tenant export`: a folder that, applied, changes nothing.

use super::apply::article_config;
use crate::commands::secret::config as applied_config;
use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use crate::output::Terminal;
use crate::setup::components::Finder;
use clap::Args;
use posthouse_model::config::TenantConfig;
use posthouse_model::template::{TEMPLATES_KEY, Template, take_out};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Options of `tenant export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes tenant.toml, settings/NAME.json, templates/ID.md, knowledge/ID.md and, for plugins that are not bundled with this
host, plugins/NAME.wasm. Of several drafters with templates each has a folder of its own: templates/NAME/ID.md. Applying the folder changes nothing. Secrets are not in it: they are only named.")]
pub struct ExportArgs {
    /// The tenant's slug
    tenant: String,
    /// A folder that is empty or not there yet
    dir: PathBuf,
    /// Print JSON: {"tenant", "dir", "files": []}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such tenant, or the folder cannot be written.
pub async fn run(args: ExportArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    let tenant = crate::open::tenant(&store, Some(&args.tenant)).await?;
    if std::fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(format!("{} is not empty", args.dir.display())).mend("name a new folder"));
    }
    let mut folder = Writer { dir: &args.dir, files: Vec::new() };
    let mut config = applied_config(&tenant)?;
    let scope = store.tenant(tenant.id);
    let finder = context.finder(Some(&host));
    let templates: Vec<Template> = scope.templates().await?.into_iter().map(|row| row.template).collect();
    let kept = scope.templates_by_drafter().await?;
    let drafters: BTreeSet<&str> = templates.iter().map(|template| template.plugin.as_str()).collect();
    for row in scope.plugins().await? {
        let plugin = row.plugin;
        let Some(entry) = config.plugins.iter_mut().find(|entry| entry.name == plugin.name) else { continue };
        // Names of plugins may hold a slash.
        let file = plugin.name.replace('/', "-");
        if drafters.contains(plugin.name.as_str()) {
            entry.settings.shift_remove(TEMPLATES_KEY);
            let at = if drafters.len() == 1 { "templates".to_owned() } else { format!("templates/{file}") };
            for template in templates.iter().filter(|template| template.plugin == plugin.name) {
                folder.write(&format!("{at}/{}.md", template.id), markdown(template)?.as_bytes())?;
            }
            entry.templates_folder = Some(at);
        } else if kept.contains_key(&plugin.name) {
            // It has none any more, whatever came with its release.
            take_out(entry);
        }
        if !entry.settings.is_empty() {
            let text = format!("{:#}\n", serde_json::Value::Object(std::mem::take(&mut entry.settings)));
            folder.write(&format!("settings/{file}.json"), text.as_bytes())?;
            entry.settings_file = Some(format!("settings/{file}.json"));
        }
        if !is_bundled(&finder, entry.component(), &plugin.digest) {
            let bytes = store.component(&plugin.digest).await?.ok_or_else(|| {
                Failure::new(format!("the component of plugin {} is not in the database", plugin.name))
                    .mend("apply the tenant again")
            })?;
            folder.write(&format!("plugins/{file}.wasm"), &bytes)?;
            entry.component = Some(format!("plugins/{file}.wasm"));
        }
    }
    folder.write("tenant.toml", to_toml(&config)?.as_bytes())?;
    for row in scope.articles().await? {
        let article = article_config(row.article);
        folder.write(&format!("knowledge/{}.md", article.id), article.body.as_bytes())?;
    }
    folder.files.sort();
    if args.json {
        terminal.json(&json!({"tenant": args.tenant, "dir": args.dir, "files": folder.files}))?;
    } else {
        terminal.line(format!("wrote {} files to {}", folder.files.len(), args.dir.display()))?;
    }
    Ok(Code::Ok)
}

/// A template as a file: its fields between two lines of `+++`, the usual ones first, then its text.
fn markdown(template: &Template) -> Result<String> {
    let usual =
        |key: &String| ["category", "language", "country", "subject", "needs"].iter().position(|usual| usual == key);
    let mut front: Vec<_> = template.front.iter().filter(|(_, value)| !value.is_null()).collect();
    // What is a table stands beneath what is none.
    front.sort_by_key(|(key, value)| (value.is_object(), usual(key).unwrap_or(usize::MAX), (*key).clone()));
    let front: serde_json::Map<_, _> = front.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let front = toml::to_string(&front)
        .while_doing(format!("the fields of the template {} cannot be written as TOML", template.id))?;
    Ok(format!("+++\n{front}+++\n\n{}\n", template.body))
}

fn is_bundled(finder: &Finder, component: &str, digest: &str) -> bool {
    let bytes = finder.bundled(component).and_then(|path| std::fs::read(path).ok());
    bytes.is_some_and(|bytes| hex::encode(Sha256::digest(&bytes)) == digest)
}

fn to_toml(config: &TenantConfig) -> Result<String> {
    let text = toml::to_string_pretty(config).while_doing("the set-up cannot be written as TOML")?;
    Ok(format!("# Written by `posthouse tenant export`.\n\n{text}"))
}

struct Writer<'a> {
    dir: &'a Path,
    files: Vec<String>,
}

impl Writer<'_> {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.dir.join(name);
        let write = || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, bytes)
        };
        write().while_doing(format!("{} cannot be written", path.display()))?;
        self.files.push(name.to_owned());
        Ok(())
    }
}
