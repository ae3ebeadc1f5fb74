//! Runs plugins: WebAssembly components that tenants do not trust each other's of, and the host trusts none of.
//!
//! A [`Sandbox`] loads a component together with one tenant's settings and grants ([`PluginSpec`]) into a
//! [`Plugin`]; each call of it runs in a fresh store within its [`CallLimits`] and ends as a checked answer or a
//! typed [`CallError`]. What a call needs from the rest of the host comes through [`CallHost`].
//!
//! What holds, always:
//! - No WASI is linked: no file, socket, clock, randomness or environment. Time and a seed are part of the call.
//! - A component is linked only with what it was granted; it does not load with an import that was not.
//! - Nothing is shared between two calls. What `configure` made of the settings is part of the component.
//! - A secret's value never enters a plugin; it leaves the host only toward hosts it was granted for.
//! - Compiled code is taken only from this installation's own cache, proven by HMAC.

mod address;
mod api;
mod cache;
mod courier;
mod engine;
mod error;
mod functions;
mod fuse;
mod gate;
mod history;
mod host;
mod http;
mod inspect;
mod limiter;
mod plugin;
mod question;
mod replay;
mod sandbox;
mod setup;
mod spec;
mod state;
mod template;
mod ticker;
mod turns;
mod valid;

pub use courier::{Post, Posted};
pub use error::{CallError, LoadError, SandboxError};
pub use gate::{CallGate, CallPermit};
pub use host::{
    CallHost, KnowledgeHit, KnowledgeQuery, LogLevel, ModelAnswer, ModelRefusal, ModelRequest, PlainHost, SecretValue,
};
pub use inspect::{ApiVersion, ComponentInfo, host_api, host_versions, inspect};
pub use plugin::{Called, Denied, Plugin};
pub use question::{Answer, Question};
pub use replay::{ReplayHost, Unrecorded};
pub use sandbox::Sandbox;
pub use spec::{CallLimits, PluginSpec, SandboxConfig, Used};
pub use turns::Lane;
