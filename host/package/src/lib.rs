//! Plugin packages: one file that carries a component and all that a host needs to know about it.
//!
//! - [`Package`]: the `.phx` file, read strictly and within the limits of [`limits`], written so that the same
//!   input gives the same bytes. Its [`Digest`] depends on the files inside alone, not on how they were packed
//!   and not on who signed them.
//! - [`Manifest`]: `plugin.toml`, what the plugin is and what it asks for. Everything that is wrong with one is
//!   said at once, each with its line and column.
//! - [`signing`]: minisign signatures over the package's listing.
//! - [`LockFile`]: `plugins.lock`, which package a set-up was made with.
//! - [`registry`]: packages in an OCI registry.
//!
//! docs/packages.md describes the same for people. Nothing here reads a clock; the only randomness is that of
//! new keys and signatures.

mod archive;
mod component;
mod digest;
mod error;
mod folder;
pub mod fuzz;
pub mod limits;
mod lock;
mod manifest;
mod name;
mod package;
pub mod registry;
mod settings;
pub mod signing;

pub use digest::{Digest, DigestError};
pub use error::PackageError;
pub use lock::{LockEntry, LockError, LockFile, Source};
pub use manifest::{
    ApiVersion, Capabilities, Fallback, HttpAsk, Manifest, ManifestProblem, ManifestProblems, PluginId, StoreAsk,
};
pub use name::{COMPONENT, FIXTURES, LICENCE, MANIFEST, README, SCHEMA, SIGNATURES};
pub use package::{Package, PackageBuilder};
pub use settings::{SettingsProblem, SettingsSchema};
