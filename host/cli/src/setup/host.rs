//! `posthouse.toml`.

use super::{Problem, Source};
use posthouse_model::capability::{ANY_HOST, StoreAllowance, is_host_pattern};
use posthouse_model::ceiling::Ceiling;
use posthouse_model::limits::{Limit, Limits};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The example file: all keys with their defaults and what they mean. A test holds it to [`HostConfig::default`].
pub const EXAMPLE: &str = include_str!("posthouse.example.toml");

/// Where it is looked for when nobody says where it is.
pub const PLACES: [&str; 2] = ["posthouse.toml", "/etc/posthouse/posthouse.toml"];

/// The host's set-up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostConfig {
    /// Absolute once loaded.
    pub data_dir: PathBuf,
    /// Without a slash at the end.
    pub public_url: String,
    /// The database.
    pub database: DatabaseConfig,
    /// The review desk.
    pub web: WebConfig,
    /// Where secrets come from.
    pub secrets: SecretsConfig,
    /// What plugins may.
    pub plugins: PluginsConfig,
    /// How to get out.
    pub network: NetworkConfig,
    /// What is written down.
    pub log: LogConfig,
}

/// The database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite:FILE`, relative to `data_dir`, or `postgres://…`.
    pub url: String,
}

/// The review desk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// A proxy stands before it and says in `X-Forwarded-For` who asks; nobody can reach it otherwise.
    pub behind_proxy: bool,
}

/// Where secrets come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// Absolute once loaded.
    pub master_key_file: PathBuf,
    /// `DIR/<tenant>/<name>`.
    pub dir: Option<PathBuf>,
}

/// What plugins may.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsConfig {
    /// Of the bundled ones.
    pub dir: Option<PathBuf>,
    /// Hosts on private addresses that grants may name.
    pub private_hosts: Vec<String>,
    /// Packages without a signature are taken: for development.
    pub allow_unsigned: bool,
    /// At once, over all tenants.
    pub concurrent_calls: u32,
    /// What no tenant can give a plugin.
    pub ceiling: CeilingConfig,
}

/// What no tenant can give a plugin. Hosts on private addresses stand in [`PluginsConfig::private_hosts`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CeilingConfig {
    /// That may be called at all; `*` for every one on the internet.
    pub http_hosts: Vec<String>,
    /// Whether plugins may call their client's model.
    pub model: bool,
    /// Of one plugin's store.
    pub store_bytes: u64,
    /// [`Limit::CpuMs`].
    pub cpu_ms: u64,
    /// [`Limit::WallMs`].
    pub wall_ms: u64,
    /// [`Limit::MemoryMib`].
    pub memory_mib: u64,
    /// [`Limit::AnswerKib`].
    pub answer_kib: u64,
    /// [`Limit::HttpRequests`].
    pub http_requests: u64,
    /// [`Limit::ModelCalls`].
    pub model_calls: u64,
}

impl CeilingConfig {
    fn limits(&self) -> Limits {
        Limits {
            cpu_ms: Some(self.cpu_ms),
            wall_ms: Some(self.wall_ms),
            memory_mib: Some(self.memory_mib),
            answer_kib: Some(self.answer_kib),
            http_requests: Some(self.http_requests),
            model_calls: Some(self.model_calls),
        }
    }
}

impl PluginsConfig {
    /// What no tenant can give a plugin.
    #[must_use]
    pub fn ceiling(&self) -> Ceiling {
        Ceiling {
            http_hosts: self.ceiling.http_hosts.clone(),
            private_hosts: self.private_hosts.clone(),
            model: self.ceiling.model,
            store_bytes: self.ceiling.store_bytes,
            limits: self.ceiling.limits(),
        }
    }
}

/// How to get out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// For calls of models and of sign-in servers.
    pub proxy: Option<String>,
    /// PEM.
    pub ca_file: Option<PathBuf>,
}

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// A level, or a filter of the `tracing` kind.
    pub level: String,
    /// For whom.
    pub format: LogFormat,
}

/// For whom the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    #[default]
    Text,
    /// Collectors.
    Json,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            data_dir: ".posthouse".into(),
            public_url: "http://127.0.0.1:8025".to_owned(),
            database: DatabaseConfig::default(),
            web: WebConfig::default(),
            secrets: SecretsConfig::default(),
            plugins: PluginsConfig::default(),
            network: NetworkConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "sqlite:posthouse.db".to_owned() }
    }
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8025)), behind_proxy: false }
    }
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { master_key_file: "master.key".into(), dir: None }
    }
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            dir: None,
            private_hosts: Vec::new(),
            allow_unsigned: false,
            concurrent_calls: 32,
            ceiling: CeilingConfig::default(),
        }
    }
}

impl Default for CeilingConfig {
    fn default() -> Self {
        Self {
            http_hosts: vec![ANY_HOST.to_owned()],
            model: true,
            store_bytes: StoreAllowance::BYTES_MAX,
            cpu_ms: Limit::CpuMs.ceiling(),
            wall_ms: Limit::WallMs.ceiling(),
            memory_mib: Limit::MemoryMib.ceiling(),
            answer_kib: Limit::AnswerKib.ceiling(),
            http_requests: Limit::HttpRequests.ceiling(),
            model_calls: Limit::ModelCalls.ceiling(),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl HostConfig {
    /// Reads the file, or the first of [`PLACES`] that is there, or takes the defaults. All paths are absolute afterwards.
    ///
    /// # Errors
    /// What is wrong in the file, with its place.
    pub fn load(file: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let found = file.map(Path::to_owned).or_else(|| PLACES.iter().map(PathBuf::from).find(|path| path.is_file()));
        match found {
            Some(path) => Self::of_source(&Source::read(path).map_err(|problem| vec![problem])?),
            None => Ok(Self::default().below(Path::new("."))),
        }
    }

    /// From a file's text.
    ///
    /// # Errors
    /// As [`HostConfig::load`].
    pub fn of_source(source: &Source) -> Result<Self, Vec<Problem>> {
        let config: Self = source.parse().map_err(|problem| vec![problem])?;
        let problems = config.problems(source);
        if !problems.is_empty() {
            return Err(problems);
        }
        let base = source.path().parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(config.below(base))
    }

    fn below(mut self, base: &Path) -> Self {
        let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
        self.data_dir = base.join(&self.data_dir);
        // `a/./b` and `a/b` are the same place: the latter reads better in messages.
        self.data_dir = self.data_dir.components().collect();
        self.secrets.master_key_file = self.data_dir.join(&self.secrets.master_key_file);
        for path in [&mut self.secrets.dir, &mut self.plugins.dir, &mut self.network.ca_file].into_iter().flatten() {
            *path = base.join(&*path);
        }
        self.public_url = self.public_url.trim_end_matches('/').to_owned();
        self
    }

    fn problems(&self, source: &Source) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |key: &str, what: String, mend: &str| problems.push(source.problem(key, what, mend));
        let url = url::Url::parse(&self.public_url);
        if !url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()) {
            let mend = "use the address that agents open, such as \"https://desk.example.com\"";
            say("public_url", format!("`{}` is not a web address", self.public_url), mend);
        }
        let scheme = self.database.url.split(':').next().unwrap_or_default();
        if !matches!(scheme, "sqlite" | "postgres" | "postgresql") {
            let mend = "use \"sqlite:FILE\" or \"postgres://user@host/name\"";
            // The address may hold a password: it is not repeated.
            say("database.url", "this is not a database that Posthouse knows".to_owned(), mend);
        }
        if !(1..=1_000).contains(&self.plugins.concurrent_calls) {
            say(
                "plugins.concurrent_calls",
                format!("{} is out of range", self.plugins.concurrent_calls),
                "use 1 to 1000",
            );
        }
        for (limit, value) in self.plugins.ceiling.limits().out_of_range() {
            let (low, high) = limit.range().into_inner();
            let key = format!("plugins.ceiling.{limit}");
            say(&key, format!("{value} is out of range"), &format!("use {low} to {high}"));
        }
        if self.plugins.ceiling.store_bytes > StoreAllowance::BYTES_MAX {
            say(
                "plugins.ceiling.store_bytes",
                format!("{} is out of range", self.plugins.ceiling.store_bytes),
                &format!("use 0 to {}", StoreAllowance::BYTES_MAX),
            );
        }
        for (i, host) in self.plugins.ceiling.http_hosts.iter().enumerate() {
            if host != ANY_HOST && !is_host_pattern(host) {
                let mend = "use an exact lower-case name, *.example.com for every name below, or * for every host";
                say(&format!("plugins.ceiling.http_hosts[{i}]"), format!("`{host}` is not a host"), mend);
            }
        }
        if tracing_subscriber::EnvFilter::try_new(&self.log.level).is_err() {
            let mend = "use error, warn, info, debug or trace, or a filter such as \"info,posthouse_mail=debug\"";
            say("log.level", format!("`{}` is not a level", self.log.level), mend);
        }
        problems
    }

    /// The database's address with its file below `data_dir`.
    #[must_use]
    pub fn database_url(&self, overriding: Option<&str>) -> String {
        let url = overriding.unwrap_or(&self.database.url);
        match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.starts_with(':') => format!("sqlite:{}", self.data_dir.join(path).display()),
            _ => url.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_example_shows_the_defaults_and_every_key() {
        let shown: HostConfig = Source::new("posthouse.toml", EXAMPLE).parse().unwrap();
        assert_eq!(shown, HostConfig::default());
        // Those without a default stand commented out: they must be known keys all the same.
        let all: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest)
                    if rest
                        .split_once(" = ")
                        .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_')) =>
                {
                    rest
                }
                _ => line,
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let config = HostConfig::of_source(&Source::new("/etc/posthouse/posthouse.toml", all)).unwrap();
        assert_eq!(config.network.ca_file.as_deref(), Some(Path::new("/etc/posthouse/company-ca.pem")));
        assert_eq!(config.secrets.dir.as_deref(), Some(Path::new("/run/secrets/posthouse")));
        assert!(config.plugins.dir.is_some() && config.network.proxy.is_some());
    }

    #[test]
    fn paths_are_below_the_file() {
        let source =
            Source::new("/srv/desk/posthouse.toml", "data_dir = \"data\"\npublic_url = \"https://desk.example/\"");
        let config = HostConfig::of_source(&source).unwrap();
        assert_eq!(config.database_url(None), "sqlite:/srv/desk/data/posthouse.db");
        assert_eq!(config.database_url(Some("sqlite:///tmp/x.db")), "sqlite:/tmp/x.db");
        assert_eq!(config.database_url(Some("postgres://a@b/c")), "postgres://a@b/c");
        assert_eq!(config.secrets.master_key_file, Path::new("/srv/desk/data/master.key"));
        assert_eq!(config.public_url, "https://desk.example");
    }

    #[test]
    fn each_problem_has_its_place() {
        let text = "public_url = \"desk\"\n[database]\nurl = \"mysql://root:pw@x\"\n[plugins]\nconcurrent_calls = 0\n[log]\nlevel = \"info,,=\"";
        let problems = HostConfig::of_source(&Source::new("posthouse.toml", text)).unwrap_err();
        let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "posthouse.toml:1:14: public_url: `desk` is not a web address; use the address that agents open, such as \"https://desk.example.com\"",
                "posthouse.toml:3:7: database.url: this is not a database that Posthouse knows; use \"sqlite:FILE\" or \"postgres://user@host/name\"",
                "posthouse.toml:5:20: plugins.concurrent_calls: 0 is out of range; use 1 to 1000",
                "posthouse.toml:7:9: log.level: `info,,=` is not a level; use error, warn, info, debug or trace, or a filter such as \"info,posthouse_mail=debug\"",
            ]
        );
        let unknown = HostConfig::of_source(&Source::new("posthouse.toml", "[web]\nport = 80")).unwrap_err();
        assert_eq!(
            unknown[0].to_string(),
            "posthouse.toml:2:1: there is no key `port` here; take it out; known here: listen, behind_proxy"
        );
    }
}
