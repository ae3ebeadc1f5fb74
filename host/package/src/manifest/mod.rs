//! The manifest, `plugin.toml`: what a plugin is and what it asks for.

mod capabilities;
mod check;
mod parse;
mod section;

use posthouse_model::capability::{ANY_HOST, Grants, HttpAllowance, ModelAllowance, StoreAllowance};
use posthouse_model::decision::World;
use posthouse_model::limits::Limits;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// A sound manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Manifest {
    /// Who publishes the plugin, and its name.
    pub id: PluginId,
    /// The plugin's own version.
    pub version: semver::Version,
    /// What it is for.
    pub world: World,
    /// The plugin API that it needs at least.
    pub api: ApiVersion,
    /// What it does, in one line of at most 200 characters.
    pub summary: String,
    /// Who made it: at least one, at most 64, each one line of at most 200 characters.
    pub authors: Vec<String>,
    /// Its licence as an SPDX expression: `Apache-2.0 OR MIT`. The characters are checked, not the names.
    pub license: String,
    /// Where to read more: an http or https URL of at most 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What it asks to be allowed.
    pub capabilities: Capabilities,
    /// What it asks to be given in a call, where the host's defaults do not do.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// What its author expects to happen when it is cut off. It fits the [world](Self::world).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "fallback_table")]
    pub fallback: Option<Fallback>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and column; at most 50 problems. Where the text is
    /// not TOML at all, what is wrong with that alone.
    pub fn parse(text: &str) -> Result<Self, ManifestProblems> {
        parse::parse(text)
    }

    /// The manifest as TOML. [`parse`](Self::parse) reads the same manifest from it.
    ///
    /// # Errors
    /// In words, when a number is larger than TOML can hold, which no parsed manifest has.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|e| e.to_string())
    }

    /// The manifest as JSON, as it goes into a registry.
    ///
    /// # Errors
    /// In words. None is known.
    pub fn to_json(&self) -> Result<serde_json::Value, String> {
        serde_json::to_value(self).map_err(|e| e.to_string())
    }
}

fn fallback_table<S: Serializer>(fallback: &Option<Fallback>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fallback.iter().map(|when| ("when", when)))
}

/// `publisher/name`, each 2 to 64 letters of a-z, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId {
    publisher: String,
    name: String,
}

impl PluginId {
    /// Who publishes it.
    #[must_use]
    pub fn publisher(&self) -> &str {
        &self.publisher
    }

    /// The plugin's name at its publisher.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.publisher, self.name)
    }
}

impl Serialize for PluginId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A version of the plugin API: `1.0`. The first number is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// Changes when old plugins no longer fit.
    pub major: u16,
    /// Grows when something is added.
    pub minor: u16,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for ApiVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a plugin asks to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// To log.
    pub log: bool,
    /// To search the tenant's knowledge.
    pub knowledge: bool,
    /// To use the client's own model, so much of it in a day; what is not said is left to the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelAllowance>,
    /// To keep something between calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreAsk>,
    /// To call these destinations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpAsk>,
    /// To use these secrets, each toward hosts that `http` covers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Vec<String>>,
}

impl Capabilities {
    /// The grants that would give the plugin what it asks for.
    #[must_use]
    pub fn as_grants(&self) -> Grants {
        Grants {
            log: self.log,
            model: self.model,
            http: self.http.iter().map(HttpAsk::allowance).collect(),
            secrets: self.secrets.clone(),
            knowledge: self.knowledge,
            store: self.store.map(|store| StoreAllowance { bytes: store.bytes }),
        }
    }
}

/// A destination that a plugin asks to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HttpAsk {
    /// Exact, `*.example.com`, or [`ANY_HOST`]: those hosts that the tenant names.
    pub host: String,
    /// None: 443 or 80 by the scheme; where the tenant names the host, the port it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `https` or `http`. None: `https`; where the tenant names the host, the scheme it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// None named: GET and POST.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// It is meant to be on a private network.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Why the plugin cannot name the host itself: one line of at most 200 characters. There for [`ANY_HOST`], and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl HttpAsk {
    /// Whether the tenant names the hosts.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.host == ANY_HOST
    }

    /// The allowance that would give it.
    #[must_use]
    pub fn allowance(&self) -> HttpAllowance {
        let usual = if self.is_any() { ANY_HOST } else { "https" };
        HttpAllowance {
            host: self.host.clone(),
            port: self.port,
            scheme: self.scheme.clone().unwrap_or_else(|| usual.to_owned()),
            methods: self.methods.clone(),
            private: self.private,
        }
    }
}

/// How much a plugin asks to keep, per tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StoreAsk {
    /// Bytes of all keys and values together.
    pub bytes: u64,
}

/// What the host does in place of a plugin that is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// A classifier: the mail goes to people unsorted.
    Unsorted,
    /// A router: the ticket goes to the default queue.
    DefaultQueue,
    /// A drafter: there is no draft.
    NoDraft,
    /// A checker: nothing is sent by itself.
    NoAutoSend,
    /// A notifier: the notice is tried again, and somebody is told.
    Retry,
    /// An enricher: the facts are missing.
    Skip,
}

impl Fallback {
    /// The one that a world has.
    #[must_use]
    pub fn of(world: World) -> Self {
        match world {
            World::Classifier => Self::Unsorted,
            World::Router => Self::DefaultQueue,
            World::Drafter => Self::NoDraft,
            World::Checker => Self::NoAutoSend,
            World::Notifier => Self::Retry,
            World::Enricher => Self::Skip,
        }
    }

    /// What that means, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unsorted => "the mail waits unsorted for a person",
            Self::DefaultQueue => "the ticket goes to the default queue",
            Self::NoDraft => "there is no draft, the agent writes",
            Self::NoAutoSend => "nothing is sent without a person",
            Self::Retry => "it is tried again, and the desk shows it",
            Self::Skip => "the ticket goes on without",
        }
    }

    /// As the manifest writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsorted => "unsorted",
            Self::DefaultQueue => "default-queue",
            Self::NoDraft => "no-draft",
            Self::NoAutoSend => "no-auto-send",
            Self::Retry => "retry",
            Self::Skip => "skip",
        }
    }
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// Which key: `capabilities.http[0].host`. Empty for the manifest as a whole.
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "`{}` ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

/// All that is wrong with a manifest, in the order of its lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblems(pub Vec<ManifestProblem>);

impl fmt::Display for ManifestProblems {
    /// One problem stands on the same line, several on lines of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} problems", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ManifestProblems {}
