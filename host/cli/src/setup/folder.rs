//! A tenant's folder, read whole:
//!
//! ```text
//! acme/
//!   tenant.toml          who the tenant is, mailboxes, plugins, queues, watch (posthouse_model::config)
//!   settings/….toml      settings of plugins, named by `settings_file`
//!   templates/….md       replies, named by `templates_folder`
//!   knowledge/….md       the knowledge base
//!   plugins/….phx        plugins of the tenant's own, named by `component`; what they are built from may lie beside them
//!   plugins.lock         which packages exactly, where they come from a registry
//! ```
//!
//! Nothing is changed by reading, and all problems are told at once.

mod text;

use super::components::{Component, Finder};
use super::locked::Locked;
use super::source::{FILE_BYTES_MAX, read_text};
use super::{Problem, Source};
use posthouse_model::config::{ArticleConfig, ConfigProblem, PluginConfig, TenantConfig};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::path::{Component as PathPiece, Path, PathBuf};
use text::{articles, templates};

/// The example file: all keys, with their defaults where they have one. Tests hold it to the types.
pub const EXAMPLE: &str = include_str!("tenant.example.toml");

/// A tenant's folder, read and sound as far as can be seen without running a plugin.
#[derive(Clone, Debug)]
pub struct Folder {
    /// `tenant.toml`, for places of further problems.
    pub source: Source,
    /// As it will be applied: files resolved.
    pub config: TenantConfig,
    /// The knowledge base, by id.
    pub articles: Vec<ArticleConfig>,
    /// One for each plugin of the set-up, in its order.
    pub components: Vec<Component>,
}

impl Folder {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn load(dir: &Path, finder: &Finder) -> Result<Self, Vec<Problem>> {
        Self::read(dir, finder, false).map(|(folder, _)| folder)
    }

    /// Reads it without the plugins whose package is not built yet, and gives their names: for showing a set-up on a machine
    /// that cannot build all of them. What such a plugin would have done is not done.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_what_is_built(dir: &Path, finder: &Finder) -> Result<(Self, Vec<String>), Vec<Problem>> {
        Self::read(dir, finder, true)
    }

    fn read(dir: &Path, finder: &Finder, leave_out: bool) -> Result<(Self, Vec<String>), Vec<Problem>> {
        if !dir.is_dir() {
            let what = if dir.exists() { "this is not a folder" } else { "there is no such folder" };
            return Err(vec![Problem::file(dir, what, "name a tenant's folder, the one that holds tenant.toml")]);
        }
        let source = Source::read(dir.join("tenant.toml")).map_err(|problem| vec![problem])?;
        let mut config: TenantConfig = source.parse().map_err(|problem| vec![problem])?;
        config.complete();
        let mut problems: Vec<Problem> = config.problems().into_iter().map(|found| placed(&source, found)).collect();
        let mut components = Vec::new();
        let mut left_out = Vec::new();
        let locked = Locked::read(dir).map_err(|problem| vec![problem])?;
        for (i, plugin) in config.plugins.iter_mut().enumerate() {
            let at = format!("plugin[{i}]");
            if leave_out && finder.unbuilt(plugin.component(), dir).is_some() {
                left_out.push(plugin.name.clone());
                continue;
            }
            if let Err(found) = resolve_settings(dir, plugin, &at, &source) {
                problems.extend(found);
            }
            match locked.component(plugin, &at, finder, &source) {
                Ok(component) => components.push(component),
                Err(problem) => problems.push(problem),
            }
        }
        config.plugins.retain(|plugin| !left_out.contains(&plugin.name));
        for (i, mailbox) in config.mailboxes.iter_mut().enumerate() {
            let imap = mailbox.imap.as_mut().map(|imap| ("imap", &mut imap.ca_file, &mut imap.ca_pem));
            let smtp = mailbox.smtp.as_mut().map(|smtp| ("smtp", &mut smtp.ca_file, &mut smtp.ca_pem));
            for (way, file, pem) in [imap, smtp].into_iter().flatten() {
                let key = format!("mailbox[{i}].{way}.ca_file");
                if let Some(name) = file.take() {
                    match inside(dir, &name)
                        .map_err(|why| source.problem(&key, why.0, why.1))
                        .and_then(|p| read_text(&p, FILE_BYTES_MAX))
                    {
                        Ok(text) => *pem = Some(text),
                        Err(problem) => problems.push(problem),
                    }
                }
                if pem.as_ref().is_some_and(|text| !text.contains("-----BEGIN CERTIFICATE-----")) {
                    problems.push(source.problem(
                        &key,
                        "this holds no certificate",
                        "use a PEM file, which has lines that say BEGIN CERTIFICATE",
                    ));
                }
            }
        }
        let articles = match articles(&dir.join("knowledge")) {
            Ok(articles) => articles,
            Err(problem) => {
                problems.push(problem);
                Vec::new()
            }
        };
        if problems.is_empty() { Ok((Self { source, config, articles, components }, left_out)) } else { Err(problems) }
    }

    /// SHA-256 over everything in it that is applied, lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut feed = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        // Serialising plain data with text keys cannot fail.
        feed(&serde_json::to_vec(&self.config).unwrap_or_default());
        feed(&serde_json::to_vec(&self.articles).unwrap_or_default());
        for component in &self.components {
            feed(component.version().as_bytes());
            feed(&Sha256::digest(&component.bytes));
        }
        hex::encode(hash.finalize())
    }
}

/// A problem of the set-up with its place in the file.
#[must_use]
pub fn placed(source: &Source, found: ConfigProblem) -> Problem {
    source.problem(found.path, found.what, found.mend)
}

/// A path that stays inside the tenant's folder, so that the folder can be copied as it is.
fn inside(dir: &Path, name: &str) -> Result<PathBuf, (String, String)> {
    let path = Path::new(name);
    if name.is_empty() || !path.components().all(|piece| matches!(piece, PathPiece::Normal(_) | PathPiece::CurDir)) {
        return Err((
            format!("`{name}` is not a path inside the tenant's folder"),
            "use a relative path without `..`".to_owned(),
        ));
    }
    Ok(dir.join(path))
}

fn resolve_settings(dir: &Path, plugin: &mut PluginConfig, at: &str, source: &Source) -> Result<(), Vec<Problem>> {
    if let Some(name) = plugin.settings_file.take() {
        let key = format!("{at}.settings_file");
        let path = inside(dir, &name).map_err(|(what, mend)| vec![source.problem(&key, what, mend)])?;
        plugin.settings = read_settings(&path).map_err(|problem| vec![problem])?;
    }
    if let Some(date) = find_date(&Value::Object(plugin.settings.clone()), "settings") {
        let what = format!("`{date}` is a date or time without quotes, which JSON does not have");
        return Err(vec![source.problem(format!("{at}.{date}"), what, "write it in quotes")]);
    }
    if let Some(name) = plugin.templates_folder.take() {
        let key = format!("{at}.templates_folder");
        let path = inside(dir, &name).map_err(|(what, mend)| vec![source.problem(&key, what, mend)])?;
        if plugin.settings.contains_key("templates") {
            let what = "templates stand both in the settings and in a folder";
            return Err(vec![source.problem(&key, what, "keep one of the two")]);
        }
        plugin.settings.insert("templates".to_owned(), Value::Array(templates(&path)?));
    }
    Ok(())
}

/// A settings file: `.json`, else TOML.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_settings(path: &Path) -> Result<Map<String, Value>, Problem> {
    read_settings_text(path, &read_text(path, FILE_BYTES_MAX)?)
}

/// As [`read_settings`], from text that is at hand.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_settings_text(path: &Path, text: &str) -> Result<Map<String, Value>, Problem> {
    if path.extension().is_some_and(|e| e == "json") {
        return serde_json::from_str(text).map_err(|error| {
            Problem::file(path, error.to_string(), "write one JSON object").at(error.line(), error.column())
        });
    }
    Source::new(path, text).parse()
}

/// The first TOML date in settings: the parser hands it over as a map with a key of its own.
fn find_date(value: &Value, at: &str) -> Option<String> {
    match value {
        Value::Object(map) if map.keys().any(|key| key.starts_with("$__toml_private")) => Some(at.to_owned()),
        Value::Object(map) => map.iter().find_map(|(key, value)| find_date(value, &format!("{at}.{key}"))),
        Value::Array(list) => list.iter().enumerate().find_map(|(i, value)| find_date(value, &format!("{at}[{i}]"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    const MAILBOX: &str = "[[mailbox]]\nname = \"support\"\naddress = \"support@acme.example\"\nmaildir = { path = \"acme/in\" }\nfiles = { path = \"acme/out\" }\n";

    #[test]
    fn a_folder_is_read_whole() {
        let dir = folder(&[
            (
                "tenant.toml",
                &format!(
                    "slug = \"acme\"\nname = \"Acme\"\n{MAILBOX}[[plugin]]\nname = \"own\"\ncomponent = \"plugins/own.wasm\"\nsettings_file = \"settings/own.toml\"\ntemplates_folder = \"templates\"\n"
                ),
            ),
            ("plugins/own.wasm", "bytes"),
            ("settings/own.toml", "[variables]\nshop_name = \"Acme\"\n"),
            (
                "templates/shipping.en.md",
                "+++\ncategory = \"shipping\"\nlanguage = \"en\"\n+++\n\nHello,\n\non its way.\n",
            ),
            ("knowledge/returns/germany.de.md", "intro\n# Rücksendung\nText\r\n"),
            ("knowledge/faq.md", "no heading"),
            ("knowledge/.hidden.md", "x"),
        ]);
        let read = Folder::load(dir.path(), &Finder::default()).unwrap();
        let plugin = &read.config.plugins[0];
        assert_eq!(
            Value::Object(plugin.settings.clone()),
            json!({"variables": {"shop_name": "Acme"}, "templates": [
                {"category": "shipping", "language": "en", "id": "shipping.en", "body": "Hello,\n\non its way."}]})
        );
        assert!(plugin.settings_file.is_none() && plugin.templates_folder.is_none());
        assert_eq!(&*read.components[0].bytes, b"bytes");
        let articles: Vec<_> =
            read.articles.iter().map(|a| (a.id.as_str(), a.language.as_deref(), a.title.as_str())).collect();
        assert_eq!(articles, [("faq", None, "faq"), ("returns/germany.de", Some("de"), "Rücksendung")]);
        let before = read.digest();
        std::fs::write(dir.path().join("plugins/own.wasm"), "other").unwrap();
        assert_ne!(Folder::load(dir.path(), &Finder::default()).unwrap().digest(), before);
    }

    #[test]
    fn what_is_not_built_is_a_problem_or_left_out() {
        let own = |name: &str| format!("[[plugin]]\nname = \"{name}\"\ncomponent = \"plugins/{name}.phx\"\n");
        let bare = "[[plugin]]\nname = \"bare\"\ncomponent = \"bare.wasm\"\nsettings = { a = 1 }\n";
        let text = format!("slug = \"acme\"\nname = \"Acme\"\n{MAILBOX}{}{bare}", own("mine"));
        let dir = folder(&[("tenant.toml", &text), ("bare.wasm", "bytes"), ("plugins/mine/plugin.toml", "")]);
        let problems = Folder::load(dir.path(), &Finder::default()).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].what, "the package is not built yet");
        let (read, left_out) = Folder::load_what_is_built(dir.path(), &Finder::default()).unwrap();
        assert_eq!(left_out, ["mine"]);
        let names: Vec<_> = read.config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        assert_eq!((names, read.components.len()), (vec!["bare"], 1));

        // Only what could be built is left out: a package without a project stays a problem.
        std::fs::remove_file(dir.path().join("plugins/mine/plugin.toml")).unwrap();
        let problems = Folder::load_what_is_built(dir.path(), &Finder::default()).unwrap_err();
        assert_eq!(problems[0].what, "there is no such component");
    }

    #[test]
    fn all_problems_are_told_at_once_each_with_its_place() {
        let dir = folder(&[
            (
                "tenant.toml",
                "slug = \"acme\"\nname = \"Acme\"\ntime_zone = \"Moon\"\n[[plugin]]\nname = \"gone\"\n[[plugin]]\nname = \"own\"\ncomponent = \"own.wasm\"\nsettings_file = \"../x.toml\"\n[[plugin]]\nname = \"dated\"\ncomponent = \"own.wasm\"\n[plugin.settings]\nday = 2026-01-01\n[[plugin]]\nname = \"t\"\ncomponent = \"own.wasm\"\ntemplates_folder = \"templates\"\n",
            ),
            ("own.wasm", "bytes"),
            ("templates/a.md", "+++\ncategory = 1 2\n+++\ntext"),
            ("templates/b.md", "+++\nid = \"x\"\n+++\ntext"),
            ("templates/c.md", "+++\n+++\n"),
        ]);
        let problems = Folder::load(dir.path(), &Finder::default()).unwrap_err();
        let root = format!("{}/", dir.path().display());
        let text: Vec<_> = problems.iter().map(|p| p.to_string().replace(&root, "")).collect();
        let starts = [
            "tenant.toml:3:13: time_zone: `Moon` is not a time zone",
            "tenant.toml:4:1: plugin[0].component: there is no bundled plugin named `gone`",
            "tenant.toml:9:17: plugin[1].settings_file: `../x.toml` is not a path inside the tenant's folder",
            "tenant.toml:14:7: plugin[2].settings.day: `settings.day` is a date or time without quotes",
            "templates/a.md:2:",
            "templates/b.md: `id` stands in the front matter",
            "templates/c.md: the template has no text",
        ];
        assert_eq!(text.len(), starts.len(), "{text:#?}");
        for (text, start) in text.iter().zip(starts) {
            assert!(text.starts_with(start), "{text}\nshould start with\n{start}");
        }
    }

    /// All keys of a document, as paths without places in lists.
    fn keys(value: &Value, at: &str, found: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let path = format!("{at}.{key}");
                    // What stands below is the plugin's, or names of the tenant's own.
                    if !matches!(key.as_str(), "settings" | "title" | "secrets") {
                        keys(value, &path, found);
                    }
                    found.insert(path);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| keys(value, at, found)),
            _ => {}
        }
    }

    #[test]
    fn the_example_is_sound_and_shows_every_key_and_default() {
        let example: TenantConfig = Source::new("tenant.toml", EXAMPLE).parse().unwrap();
        let complete = {
            let mut config = example.clone();
            config.complete();
            config
        };
        assert_eq!(complete.problems(), []);
        let (mut shown, mut known) = Default::default();
        keys(&toml::from_str(EXAMPLE).unwrap(), "", &mut shown);
        keys(&serde_json::to_value(&example).unwrap(), "", &mut known);
        // What has no value in an applied set-up stands commented out.
        assert_eq!(shown.symmetric_difference(&known).collect::<Vec<_>>(), [""; 0]);
        for key in ["ca_file", "ca_pem", "settings_file", "templates_folder"] {
            assert!(EXAMPLE.contains(key), "{key}");
        }
        let bare = TenantConfig::new("acme", "Acme Outdoor");
        let defaults = TenantConfig {
            mailboxes: vec![],
            plugins: vec![],
            webhooks: vec![],
            macros: vec![],
            notify: Default::default(),
            digest: None,
            model: None,
            ..example
        };
        let heartbeat =
            posthouse_model::config::HeartbeatConfig { silent_after_minutes: None, ..defaults.heartbeat.clone() };
        assert_eq!(TenantConfig { heartbeat, ..defaults }, bare);
    }
}
