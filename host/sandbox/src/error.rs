//! What can go wrong, in words for the person who has to mend it.

use crate::inspect::ApiVersion;
use posthouse_model::capability::Capability;
use posthouse_model::decision::World;
use std::time::Duration;
use thiserror::Error;

/// The sandbox could not be set up.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The engine refused its configuration.
    #[error("the WebAssembly engine could not be started: {0}. Is this processor supported (x86-64 or ARM64)?")]
    Engine(String),
    /// The cache folder cannot be used.
    #[error("the folder for compiled plugins, {path}, cannot be used: {reason}. Make it writable or set another")]
    Cache {
        /// Which folder.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The client for outbound HTTP could not be made.
    #[error("outbound HTTP for plugins could not be set up: {0}")]
    Http(String),
    /// A number of the configuration is out of range.
    #[error("{0}")]
    Config(String),
}

/// A component was refused, before any call of it.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// Not a component at all, or damaged.
    #[error("this is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// A core module: one step of the build is missing.
    #[error("this is a core WebAssembly module, not a component; turn it into one with `wasm-tools component new`")]
    CoreModule,
    /// Precompiled code is never taken from outside.
    #[error("this is precompiled code, which is never accepted; give the component it was made from")]
    Precompiled,
    /// It exports none of the interfaces of a plugin.
    #[error(
        "the component exports no plugin interface; a plugin exports exactly one of {expected}; this one exports {found}"
    )]
    NoWorld {
        /// The interfaces there are.
        expected: String,
        /// What was found.
        found: String,
    },
    /// It exports several.
    #[error("the component exports several plugin interfaces ({0}); a plugin exports exactly one")]
    SeveralWorlds(String),
    /// It was built for another world than the tenant uses it for.
    #[error("this plugin is a {found}, but it is set up as a {wanted}")]
    OtherWorld {
        /// What it is.
        found: World,
        /// What it was to be.
        wanted: World,
    },
    /// It needs a newer host.
    #[error(
        "the plugin was built for plugin API {built_for} and calls what this host, which offers {offered}, does not have: {missing}. \
         Update Posthouse, or rebuild the plugin for {offered} without it"
    )]
    TooNew {
        /// What the component asks for.
        built_for: ApiVersion,
        /// What the host has.
        offered: ApiVersion,
        /// The functions that are not there.
        missing: String,
    },
    /// It calls functions that no version has up to the one it names.
    #[error(
        "the plugin calls functions that plugin API {built_for} does not have: {missing}. Build it with the WIT files of that \
         version as they are"
    )]
    NoSuchFunction {
        /// What the component says it was built for.
        built_for: ApiVersion,
        /// The functions that are not there.
        missing: String,
    },
    /// It was built for an API that this host no longer, or not yet, serves.
    #[error(
        "the plugin was built for plugin API {built_for}, which this host (API {offered}) does not serve: rebuild the plugin for {offered}"
    )]
    OtherMajor {
        /// What the component asks for.
        built_for: ApiVersion,
        /// What the host has.
        offered: ApiVersion,
    },
    /// It imports something that no plugin gets.
    #[error("the plugin imports `{import}`, which no plugin gets{hint}")]
    ForbiddenImport {
        /// Its name.
        import: String,
        /// What to do, beginning with a colon, or empty.
        hint: &'static str,
    },
    /// It imports a capability that was not granted.
    #[error(
        "plugin `{plugin}` needs the capability `{capability}`, which is not granted; in tenant.toml, under this plugin, add: {line}"
    )]
    NotGranted {
        /// The plugin's name.
        plugin: String,
        /// The kind of power.
        capability: Capability,
        /// The line that would allow it.
        line: String,
    },
    /// A grant that cannot be honoured.
    #[error("plugin `{plugin}`: {problem}")]
    Grant {
        /// The plugin's name.
        plugin: String,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// Its own `configure` refused the settings.
    #[error("plugin `{plugin}` refused its settings: {reason}")]
    Settings {
        /// The plugin's name.
        plugin: String,
        /// In its own words.
        reason: String,
    },
    /// `configure` ended badly.
    #[error("plugin `{plugin}` failed while it was set up: {error}")]
    Configure {
        /// The plugin's name.
        plugin: String,
        /// How.
        error: CallError,
    },
    /// The engine refused it.
    #[error("plugin `{plugin}` does not fit this host: {reason}")]
    Link {
        /// The plugin's name.
        plugin: String,
        /// The engine's words.
        reason: String,
    },
}

/// A call ended without an answer.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum CallError {
    /// It computed for too long.
    #[error("stopped after {} ms of computing, the limit of a call", .limit.as_millis())]
    Deadline {
        /// How long it might have.
        limit: Duration,
    },
    /// It took too long, waiting for others included.
    #[error("stopped after {} s, the limit of a call with everything it waits for", .limit.as_secs_f32())]
    WallClock {
        /// How long it might have.
        limit: Duration,
    },
    /// It wanted more memory than it may have.
    #[error("stopped at its memory limit of {} MiB", .limit >> 20)]
    Memory {
        /// In bytes.
        limit: u64,
    },
    /// Its tables grew over the limit.
    #[error("stopped at its limit of {limit} table entries")]
    Table {
        /// In entries.
        limit: u32,
    },
    /// It called itself too deeply.
    #[error("stopped: its calls nest too deeply (stack exhausted)")]
    Stack,
    /// It crashed.
    #[error("the plugin crashed: {reason}")]
    Trap {
        /// The engine's words, with the function's name where known.
        reason: String,
    },
    /// It answered or asked for more than it may.
    #[error("stopped: {what} is over the limit of {limit}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// It is not the plugin for this.
    #[error("this plugin is a {found}, it cannot be called as a {wanted}")]
    OtherWorld {
        /// What it is.
        found: World,
        /// What was asked.
        wanted: World,
    },
    /// It gave up by itself.
    #[error("the plugin gave up{}: {text}", if *temporary { " for now" } else { "" })]
    Failure {
        /// Trying again later may help.
        temporary: bool,
        /// For the people who run the plugin, at most 2,000 bytes.
        text: String,
        /// Not before then (notifiers only).
        retry_after: Option<Duration>,
    },
    /// Its settings were refused at the start of this call (only for components that could not be set up ahead).
    #[error("the plugin refused its settings: {reason}")]
    Settings {
        /// In its own words.
        reason: String,
    },
    /// Too many calls at once.
    #[error("too many plugin calls at once: waited {} s for a turn", .waited.as_secs_f32())]
    Busy {
        /// How long it waited.
        waited: Duration,
    },
    /// The host's own fault.
    #[error("the host could not run the plugin: {reason}")]
    Host {
        /// The engine's words.
        reason: String,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Failure { temporary, .. } => *temporary,
            // The wall clock runs while others are waited for.
            Self::Busy { .. } | Self::Host { .. } | Self::WallClock { .. } => true,
            _ => false,
        }
    }

    /// Whether it speaks against the plugin (and so counts toward cutting it off) and not against the host.
    #[must_use]
    pub fn blames_plugin(&self) -> bool {
        !matches!(self, Self::Busy { .. } | Self::Host { .. } | Self::OtherWorld { .. })
    }

    /// When the plugin asked to be tried again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failure { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A short name for metrics: `deadline`, `trap` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "deadline",
            Self::WallClock { .. } => "wall-clock",
            Self::Memory { .. } => "memory",
            Self::Table { .. } => "table",
            Self::Stack => "stack",
            Self::Trap { .. } => "trap",
            Self::TooLarge { .. } => "too-large",
            Self::OtherWorld { .. } => "other-world",
            Self::Failure { .. } => "failure",
            Self::Settings { .. } => "settings",
            Self::Busy { .. } => "busy",
            Self::Host { .. } => "host",
        }
    }
}
