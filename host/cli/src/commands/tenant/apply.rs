//! `posthouse tenant apply`: everything is checked before anything is changed.

use crate::commands::secret::{config as applied_config, destinations, needed, strangers};
use crate::failure::{Code, Failure, Result};
use crate::open::{Context, Opened};
use crate::output::{Style, Terminal};
use crate::setup::Problem;
use crate::setup::folder::Folder;
use crate::setup::host::HostConfig;
use crate::setup::plan::{Change, PluginState, changes, document, nothing};
use clap::Args;
use posthouse_model::ceiling::Excess;
use posthouse_model::config::{ANY_LANGUAGE, ArticleConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::event::Actor;
use posthouse_model::template::{Template, take_out};
use posthouse_package::Package;
use posthouse_package::signing::{SignatureProblem, TrustedKey};
use posthouse_sandbox::{CallLimits, LoadError, PluginSpec, Sandbox, inspect};
use posthouse_store::{
    Article, ArticleRow, DeskSetting, NewMailbox, NewPlugin, NewTenant, Store, TemplateRow, TenantRow,
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Options of `tenant apply`.
#[derive(Args, Debug)]
#[command(after_help = "\
DIR holds tenant.toml; settings, templates, knowledge and plugins stand beside it. The whole folder is checked first: every
plugin is loaded with its settings and grants, every name must lead somewhere. When anything is wrong, all of it is
told with file, line and column, nothing is changed, and what is in force stays in force. A running host takes a new
set-up over within seconds, without a restart. Applying the same folder again changes nothing. What was set or
written on the desk and stands otherwise in the folder is a problem too, unless --replace-desk says that the folder wins.")]
pub struct ApplyArgs {
    /// The tenant's folder
    dir: PathBuf,
    /// Check and show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Let the folder win over what was set, and over the articles and templates that were written on the desk
    #[arg(long)]
    replace_desk: bool,
    /// Print JSON: {"tenant", "new", "dry_run", "changes": [{"path", "from", "to"}], "notes": []}
    #[arg(long)]
    json: bool,
}

/// How a folder is applied.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyHow {
    /// Nothing is changed.
    pub dry_run: bool,
    /// What was written on the desk gives way to the folder.
    pub replace_desk: bool,
}

/// What applying a folder did, or would do.
#[derive(Debug)]
pub struct Applied {
    /// The tenant's slug.
    pub slug: String,
    /// It was not there before.
    pub new: bool,
    /// What differs.
    pub changes: Vec<Change>,
    /// What works but wants looking at.
    pub notes: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the folder; nothing was changed then.
pub async fn run(args: ApplyArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let finder = context.finder(Some(&host));
    crate::registry::fetch_locked(&args.dir, &host, &context.environment).await?;
    let folder = Folder::load(&args.dir, &finder).map_err(|problems| refused(&args.dir, problems))?;
    let (opened, _trial) =
        if args.dry_run { context.open_for_trial().await? } else { (context.open_or_new().await?, None) };
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let how = ApplyHow { dry_run: args.dry_run, replace_desk: args.replace_desk };
    let applied = apply(&folder, &opened, &sandbox, how).await?;
    if args.json {
        terminal.json(&json!({
            "tenant": applied.slug, "new": applied.new, "dry_run": args.dry_run,
            "changes": applied.changes, "notes": applied.notes,
        }))?;
    } else {
        show(&applied, args.dry_run, terminal)?;
    }
    opened.store.close().await;
    Ok(Code::Ok)
}

fn refused(dir: &std::path::Path, problems: Vec<Problem>) -> Failure {
    let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
    Failure::of_problems(format!("{} has {count}: nothing was changed", dir.display()), problems)
}

fn show(applied: &Applied, dry_run: bool, terminal: &mut Terminal) -> Result<()> {
    let slug = terminal.paint(Style::Bold, &applied.slug);
    match (applied.changes.len(), applied.new, dry_run) {
        (0, _, _) => terminal.line(format!("{slug}: nothing to change"))?,
        (_, true, true) => terminal.line(format!("{slug} would be made"))?,
        (_, true, false) => terminal.line(format!("{slug} is made"))?,
        (_, false, true) => terminal.line(format!("{slug} would change"))?,
        (_, false, false) => terminal.line(format!("{slug} is changed"))?,
    }
    let rows: Vec<_> = applied
        .changes
        .iter()
        .filter(|change| is_telling(applied.new, change))
        .map(|c| (c.mark(), c.words()))
        .collect();
    let widest = rows.iter().map(|(_, (thing, _))| crate::output::width(thing)).max().unwrap_or(0);
    for (mark, (thing, words)) in rows {
        let style = match mark {
            '+' => Style::Good,
            '-' => Style::Bad,
            _ => Style::Caution,
        };
        let pad = " ".repeat(widest - crate::output::width(&thing));
        let line = format!("  {} {thing}{pad}  {words}", terminal.paint(style, &mark.to_string()));
        terminal.line(line.trim_end())?;
    }
    for note in &applied.notes {
        terminal.caution(note);
    }
    Ok(())
}

/// Of a new tenant only its things are worth a line each, not every default.
fn is_telling(new: bool, change: &Change) -> bool {
    !new || change.is_about_thing()
}

/// Checks a folder that was read, and applies it unless it is a dry run.
///
/// # Errors
/// Everything that is wrong with it; nothing was changed then.
pub async fn apply(folder: &Folder, opened: &Opened, sandbox: &Sandbox, how: ApplyHow) -> Result<Applied> {
    let dir = folder.source.path().parent().unwrap_or(folder.source.path());
    let plugins = check_plugins(folder, &opened.host, sandbox).await.map_err(|problems| refused(dir, problems))?;
    let tenant = opened.store.tenant_by_slug(&folder.config.slug).await?;
    let content = Content::of(&folder.config, plugins);
    let (mut problems, notes) = check_secrets(folder, opened, tenant.as_ref()).await?;
    problems.extend(check_names(folder, &content.plugins));
    if let Some(tenant) = tenant.as_ref().filter(|_| !how.replace_desk) {
        let scope = opened.store.tenant(tenant.id);
        problems.extend(check_desk(folder, dir, &scope.articles().await?));
        problems.extend(check_templates(&folder.config.slug, dir, &content.templates, &scope.templates().await?));
    }
    let set_on_desk = match &tenant {
        Some(tenant) => opened.store.tenant(tenant.id).desk_settings().await?,
        None => Vec::new(),
    };
    let states: Vec<PluginState> = content.plugins.iter().map(state).collect();
    let wanted = document(&content.config, &states, &folder.articles, &content.templates);
    let (in_force, known) = match &tenant {
        Some(tenant) => (present(&opened.store, tenant).await?, tenant.tenant.digest.clone()),
        None => (nothing(), String::new()),
    };
    let changes = changes(&in_force, &wanted);
    if !how.replace_desk {
        problems.extend(check_settings(folder, &changes, &set_on_desk));
    }
    if !problems.is_empty() {
        return Err(refused(dir, problems));
    }
    // The digest also covers what the comparison does not show, such as where a component's version came from.
    // What was set on the desk and stands in the folder now is the folder's from now on.
    let is_same = changes.is_empty() && known == folder.digest() && set_on_desk.is_empty();
    if !how.dry_run && !is_same {
        write(folder, &content, opened).await?;
    }
    Ok(Applied { slug: folder.config.slug.clone(), new: tenant.is_none(), changes, notes })
}

fn state(plugin: &NewPlugin) -> PluginState {
    PluginState {
        name: plugin.name.clone(),
        world: plugin.world,
        version: plugin.version.clone(),
        digest: plugin.digest.clone(),
    }
}

/// What is in force, in the form in which it is compared.
pub(super) async fn present(store: &Store, tenant: &TenantRow) -> Result<Value> {
    let scope = store.tenant(tenant.id);
    let states: Vec<_> = scope.plugins().await?.iter().map(|row| state(&row.plugin)).collect();
    let articles: Vec<_> = scope.articles().await?.into_iter().map(|row| article_config(row.article)).collect();
    let templates: Vec<_> = scope.templates().await?.into_iter().map(|row| row.template).collect();
    let mut config = applied_config(tenant)?;
    take_templates_out(&mut config, &states.iter().map(|state| (state.name.as_str(), state.world)).collect::<Vec<_>>());
    Ok(document(&config, &states, &articles, &templates))
}

/// What is applied: templates are kept apart from the settings of their drafters.
struct Content {
    config: TenantConfig,
    plugins: Vec<NewPlugin>,
    templates: Vec<Template>,
}

impl Content {
    fn of(config: &TenantConfig, mut plugins: Vec<NewPlugin>) -> Self {
        let mut config = config.clone();
        let worlds: Vec<(&str, World)> = plugins.iter().map(|plugin| (plugin.name.as_str(), plugin.world)).collect();
        let templates = take_templates_out(&mut config, &worlds);
        for plugin in &mut plugins {
            if let Some(entry) = config.plugin(&plugin.name) {
                plugin.settings = Value::Object(entry.settings.clone());
            }
        }
        Self { config, plugins, templates }
    }
}

/// Takes the templates of all drafters out of a set-up's settings.
fn take_templates_out(config: &mut TenantConfig, worlds: &[(&str, World)]) -> Vec<Template> {
    let drafters = config.plugins.iter_mut().filter(|entry| worlds.contains(&(entry.name.as_str(), World::Drafter)));
    drafters.flat_map(take_out).collect()
}

pub(super) fn article_config(article: Article) -> ArticleConfig {
    let Article { id, language, title, body } = article;
    ArticleConfig { id, language: Some(language).filter(|tag| tag != ANY_LANGUAGE), title, body }
}

/// Loads every plugin as it would run: what cannot be loaded is refused here, and not at the next mail.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub(crate) async fn check_plugins(
    folder: &Folder,
    host: &HostConfig,
    sandbox: &Sandbox,
) -> std::result::Result<Vec<NewPlugin>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut plugins = Vec::new();
    let mut keys = Vec::new();
    let ceiling = host.plugins.ceiling();
    for (i, key) in folder.config.trusted_keys.iter().enumerate() {
        match TrustedKey::parse(key) {
            Ok(key) => keys.push(key),
            Err(error) => {
                let mend = "write the line that starts with RW, as `posthouse plugin keygen` prints it";
                problems.push(folder.source.problem(format!("trusted_keys[{i}]"), error.to_string(), mend));
            }
        }
    }
    for (i, (plugin, component)) in folder.config.plugins.iter().zip(&folder.components).enumerate() {
        let at = format!("plugin[{i}]");
        if let Some(package) = &component.package {
            let found = package_problems(package, &keys, host.plugins.allow_unsigned, &plugin.settings);
            problems.extend(
                found.into_iter().map(|(key, what, mend)| folder.source.problem(format!("{at}.{key}"), what, mend)),
            );
        }
        let bounds = match component.bounds(&plugin.grants, &plugin.limits, &ceiling) {
            Ok(bounds) => bounds,
            Err(excesses) => {
                let told = |e: Excess| folder.source.problem(format!("{at}.{}", e.key), e.what, e.mend);
                problems.extend(excesses.into_iter().map(told));
                continue;
            }
        };
        let info = match inspect(&component.bytes) {
            Ok(info) => info,
            Err(error) => {
                let what = format!("{}: {}", component.path.display(), one_line(&error));
                problems.push(folder.source.problem(format!("{at}.component"), what, ""));
                continue;
            }
        };
        let spec = PluginSpec {
            name: plugin.name.clone(),
            version: component.version(),
            component: component.bytes.clone(),
            settings: Value::Object(plugin.settings.clone()).to_string(),
            grants: bounds.grants.clone(),
            limits: CallLimits::from(&bounds.call),
        };
        if let Err(error) = sandbox.load(spec).await {
            let key = match &error {
                LoadError::Settings { .. } | LoadError::Configure { .. } => "settings",
                LoadError::NotGranted { .. } | LoadError::Grant { .. } => "grants",
                _ => "component",
            };
            let (what, mend) = load_words(&error);
            problems.push(folder.source.problem(format!("{at}.{key}"), what, mend));
        }
        plugins.push(NewPlugin {
            name: plugin.name.clone(),
            world: info.world,
            version: component.version(),
            digest: info.digest,
            settings: Value::Object(plugin.settings.clone()),
            grants: bounds.grants,
            limits: bounds.asked,
        });
    }
    if problems.is_empty() { Ok(plugins) } else { Err(problems) }
}

/// What speaks against a package: its signature, and settings that its own schema does not allow. Each with the key it is about.
fn package_problems(
    package: &Package,
    keys: &[TrustedKey],
    allow_unsigned: bool,
    settings: &serde_json::Map<String, Value>,
) -> Vec<(&'static str, String, String)> {
    let mut problems = Vec::new();
    match package.verify(keys) {
        Ok(_) => {}
        Err(SignatureProblem::Unsigned) if allow_unsigned => {}
        Err(problem) => {
            let mend = match &problem {
                SignatureProblem::Unsigned => {
                    "sign it with `posthouse plugin sign`; for development, posthouse.toml may say allow_unsigned = true under [plugins]"
                }
                _ => "add the publisher's public key to trusted_keys, if you trust it",
            };
            problems.push(("component", problem.to_string(), mend.to_owned()));
        }
    }
    for problem in package.validate_settings(&Value::Object(settings.clone())).err().into_iter().flatten() {
        let what = format!("`{}`: {}", problem.path, problem.what);
        problems.push(("settings", what, "the package's settings.schema.json says what it takes".to_owned()));
    }
    problems
}

fn load_words(error: &LoadError) -> (String, String) {
    match error {
        LoadError::NotGranted { capability, line, .. } => (
            format!("the plugin needs the capability `{capability}`, which is not granted"),
            format!("add to this plugin: {line}"),
        ),
        LoadError::Settings { reason, .. } => {
            (format!("the plugin refuses its settings: {reason}"), "correct them".to_owned())
        }
        LoadError::Grant { problem, .. } => (problem.clone(), String::new()),
        // Some errors of parsers come over several lines.
        other => (one_line(other), String::new()),
    }
}

fn one_line(error: &LoadError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names that must lead to a notifier lead to a plugin (that was checked); now that the worlds are known, to a notifier.
fn check_names(folder: &Folder, plugins: &[NewPlugin]) -> Vec<Problem> {
    let config = &folder.config;
    let lists = [
        ("notify", &config.notify.notifiers),
        ("digest", config.digest.as_ref().map_or(const { &Vec::new() }, |digest| &digest.notifiers)),
        ("heartbeat", &config.heartbeat.notifiers),
    ];
    let mut problems = Vec::new();
    for (table, list) in lists {
        for (i, name) in list.iter().enumerate() {
            if let Some(plugin) = plugins.iter().find(|p| p.name == *name).filter(|p| p.world != World::Notifier) {
                problems.push(folder.source.problem(
                    format!("{table}.notifiers[{i}]"),
                    format!("`{name}` is a {}, not a notifier", plugin.world),
                    "name a plugin that is a notifier",
                ));
            }
        }
    }
    problems
}

/// Articles that somebody wrote on the desk and that the folder does not have like that: applying it would lose them.
fn check_desk(folder: &Folder, dir: &std::path::Path, articles: &[ArticleRow]) -> Vec<Problem> {
    let lost = articles.iter().filter(|row| row.is_from_the_desk()).filter(|row| {
        let config = article_config(row.article.clone());
        !folder.articles.contains(&config)
    });
    let slug = &folder.config.slug;
    lost.map(|row| {
        let who = row.changed_by.trim_start_matches("agent:");
        Problem::file(
            dir.join("knowledge").join(format!("{}.md", row.article.id)),
            format!("{who} wrote another text on the desk, which this folder would replace"),
            format!("take it over with `posthouse tenant export {slug} NEW-FOLDER`, or replace it with --replace-desk"),
        )
    })
    .collect()
}

/// As [`check_desk`], for templates.
fn check_templates(slug: &str, dir: &std::path::Path, folder: &[Template], rows: &[TemplateRow]) -> Vec<Problem> {
    let lost = rows.iter().filter(|row| row.is_from_the_desk()).filter(|row| !folder.contains(&row.template));
    lost.map(|row| {
        let who = row.changed_by.trim_start_matches("agent:");
        Problem::file(
            dir.join("templates").join(format!("{}.md", row.template.id)),
            format!("{who} wrote another template on the desk, which this folder would replace"),
            format!("take it over with `posthouse tenant export {slug} NEW-FOLDER`, or replace it with --replace-desk"),
        )
    })
    .collect()
}

/// What somebody set on the desk and the folder would set otherwise.
fn check_settings(folder: &Folder, changes: &[Change], set_on_desk: &[DeskSetting]) -> Vec<Problem> {
    let slug = &folder.config.slug;
    let lost = changes.iter().filter_map(|change| {
        let by = set_on_desk.iter().find(|setting| setting.is_touched_by(&change.path))?;
        let (thing, words) = change.words();
        let who = by.changed_by.trim_start_matches("agent:");
        Some(folder.source.problem(
            place_of(&folder.config, &change.path),
            format!("{who} set this on the desk, which this folder would change: {thing} {words}"),
            format!("take it over with `posthouse tenant export {slug} NEW-FOLDER`, or replace it with --replace-desk"),
        ))
    });
    lost.collect()
}

/// Where a value of the compared document stands in `tenant.toml`: `queues.returns.title` is `queue[1].title`.
fn place_of(config: &TenantConfig, path: &str) -> String {
    let lists: [(&str, &str, Vec<&str>); 3] = [
        ("queues", "queue", config.queues.iter().map(|queue| queue.name.as_str()).collect()),
        ("mailboxes", "mailbox", config.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect()),
        ("plugins", "plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()).collect()),
    ];
    for (plural, list, names) in lists {
        let Some(rest) = path.strip_prefix(plural).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let name = rest.split('.').next().unwrap_or(rest);
        let inner = &rest[name.len()..];
        return match names.iter().position(|known| *known == name) {
            Some(at) => format!("{list}[{at}]{inner}"),
            None => list.to_owned(),
        };
    }
    path.to_owned()
}

/// A secret without a value is a note: it can only be set once the tenant is there. One that may not go where the set-up
/// sends it is a problem.
async fn check_secrets(
    folder: &Folder,
    opened: &Opened,
    tenant: Option<&TenantRow>,
) -> Result<(Vec<Problem>, Vec<String>)> {
    let slug = &folder.config.slug;
    let destinations = destinations(&folder.config);
    let needed = needed(&folder.config);
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for (name, path) in folder.config.secret_names() {
        // Where the tenant is not there yet, only the environment and files can hold a value; no tenant has the id 0.
        let id = tenant.map_or(posthouse_model::TenantId(0), |tenant| tenant.id);
        match opened.secrets.find(id, slug, &name).await {
            Ok(Some(found)) => {
                for host in strangers(&destinations, &name, &found.hosts) {
                    problems.push(folder.source.problem(
                        &path,
                        format!("the secret `{name}` may not be sent to {host}"),
                        format!("set it again with `posthouse secret set {slug} {name} --host {host} …`, or send it elsewhere"),
                    ));
                }
            }
            Ok(None) if !needed.contains(&name) => {}
            Ok(None) => {
                notes.push(format!("the secret `{name}` has no value yet: posthouse secret set {slug} {name} < FILE"))
            }
            Err(reason) => notes.push(reason),
        }
    }
    Ok((problems, notes))
}

/// Everything in one transaction, the tenant's row first: a running host sees all of the new set-up or nothing of it, and
/// an apply that is refused, killed or out of disk at whatever step has changed nothing.
async fn write(folder: &Folder, content: &Content, opened: &Opened) -> Result<()> {
    let actor = Actor::Operator;
    let mut tx = opened.store.begin_set_up(&new_tenant(&content.config, folder.digest())?, &actor).await?;
    for component in &folder.components {
        tx.put_component(&component.bytes).await?;
    }
    let mut named = Vec::new();
    for mailbox in &folder.config.mailboxes {
        let new = NewMailbox {
            name: mailbox.name.clone(),
            address: mailbox.address.clone(),
            settings: serde_json::to_value(mailbox)?,
        };
        let id = tx.upsert_mailbox(&new, &actor).await?;
        tx.set_mailbox_active(id, mailbox.enabled, &actor).await?;
        named.push(id);
    }
    tx.keep_mailboxes(&named, &actor).await?;
    tx.set_plugins(&content.plugins, &actor).await?;
    tx.set_templates(&content.templates, &actor).await?;
    let articles: Vec<Article> = folder.articles.iter().cloned().map(article).collect();
    tx.set_articles(&articles, &actor).await?;
    tx.commit().await?;
    Ok(())
}

fn article(article: ArticleConfig) -> Article {
    let ArticleConfig { id, language, title, body } = article;
    Article { id, language: language.unwrap_or_else(|| ANY_LANGUAGE.to_owned()), title, body }
}

fn new_tenant(config: &TenantConfig, digest: String) -> Result<NewTenant> {
    Ok(NewTenant {
        slug: config.slug.clone(),
        name: config.name.clone(),
        language: config.agent_language.clone(),
        time_zone: config.time_zone.clone(),
        settings: serde_json::to_value(config)?,
        digest,
    })
}
