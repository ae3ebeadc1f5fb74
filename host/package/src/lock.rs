//! `plugins.lock`: which packages a set-up was made with.

use crate::digest::Digest;
use crate::name::is_key_id;
use crate::package::Package;
use crate::registry::OciAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// The version of the file's format.
const FORMAT: u32 = 1;

/// Bytes of a lock file.
const LOCK_BYTES: usize = 4 << 20;

/// A lock file, or something in it, was refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LockError {
    /// The text.
    #[error("plugins.lock cannot be read: {0}")]
    Text(String),
    /// The plugin is not in it.
    #[error("plugins.lock has no plugin `{name}`: lock it first")]
    NotLocked {
        /// The plugin's name.
        name: String,
    },
    /// Another package than the locked one.
    #[error(
        "plugin `{name}` is locked to {locked}, but this package is {found}: use the locked package, or lock the new one after looking into it"
    )]
    Digest {
        /// The plugin's name.
        name: String,
        /// What the lock file says.
        locked: Digest,
        /// What the package is.
        found: Digest,
    },
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A file, `file:plugins/a.phx`; the path as it was given.
    File(String),
    /// A registry, `oci:registry.example.com/team/a:1.0.0`.
    Oci(OciAddress),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{path}"),
            Self::Oci(address) => write!(f, "oci:{address}"),
        }
    }
}

impl std::str::FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:") {
            let sound = !path.is_empty() && path.len() <= 4_096 && !path.chars().any(char::is_control);
            return if sound { Ok(Self::File(path.to_owned())) } else { Err("the path after file: is not one".into()) };
        }
        match text.strip_prefix("oci:") {
            Some(address) => Ok(Self::Oci(address.parse().map_err(|e: crate::registry::RegistryError| e.to_string())?)),
            None => Err("a source begins with file: or oci:".into()),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One locked plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockEntry {
    /// The plugin's name in the set-up.
    pub name: String,
    /// Where its package came from.
    pub source: Source,
    /// The plugin's version, for people: the digest decides.
    pub version: semver::Version,
    /// The package's digest.
    pub digest: Digest,
    /// The id of the trusted key that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The digest of the registry's manifest, which a tag was found to mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Digest>,
}

impl LockEntry {
    /// The entry that locks this package.
    #[must_use]
    pub fn new(name: impl Into<String>, source: Source, package: &Package) -> Self {
        Self {
            name: name.into(),
            source,
            version: package.manifest().version.clone(),
            digest: package.digest(),
            signed_by: None,
            resolved: None,
        }
    }
}

/// A lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    entries: BTreeMap<String, LockEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    plugins: Vec<LockEntry>,
}

impl LockFile {
    /// Reads a lock file.
    ///
    /// # Errors
    /// When it is not TOML, has a key that is not known, names a plugin twice, has another format, or is larger
    /// than 4 MiB; with the line where that is known.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if text.len() > LOCK_BYTES {
            return Err(LockError::Text(format!("it is over the limit of {} MiB", LOCK_BYTES >> 20)));
        }
        let read: Text = toml::from_str(text).map_err(|e| LockError::Text(e.to_string()))?;
        if read.format != FORMAT {
            let what =
                format!("it has format {}, this version of Posthouse knows {FORMAT}: update Posthouse", read.format);
            return Err(LockError::Text(what));
        }
        let mut file = Self::default();
        for entry in read.plugins {
            let name = entry.name.clone();
            if entry.signed_by.as_ref().is_some_and(|id| !is_key_id(id)) {
                let what = format!("signed_by of plugin `{name}` is no key's id (16 digits of 0-9 and A-F)");
                return Err(LockError::Text(what));
            }
            if file.entries.insert(name.clone(), entry).is_some() {
                return Err(LockError::Text(format!("plugin `{name}` is in it twice: remove one")));
            }
        }
        Ok(file)
    }

    /// The file's text: sorted by name, the same for the same entries.
    ///
    /// # Errors
    /// In words. None is known.
    pub fn write(&self) -> Result<String, LockError> {
        let text = Text { format: FORMAT, plugins: self.entries.values().cloned().collect() };
        let text = toml::to_string(&text).map_err(|e| LockError::Text(e.to_string()))?;
        Ok(format!("# Written by Posthouse. Keep it with the set-up, and do not edit it.\n{text}"))
    }

    /// The entries, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = &LockEntry> {
        self.entries.values()
    }

    /// The entry of a plugin.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&LockEntry> {
        self.entries.get(name)
    }

    /// Locks a plugin; the entry that it had is returned.
    pub fn set(&mut self, entry: LockEntry) -> Option<LockEntry> {
        self.entries.insert(entry.name.clone(), entry)
    }

    /// Takes a plugin out; the entry that it had is returned.
    pub fn remove(&mut self, name: &str) -> Option<LockEntry> {
        self.entries.remove(name)
    }

    /// Whether this package is the locked one.
    ///
    /// # Errors
    /// When the plugin is not locked, or to another package: both digests are named.
    pub fn check(&self, name: &str, package: &Package) -> Result<(), LockError> {
        let entry = self.get(name).ok_or_else(|| LockError::NotLocked { name: name.to_owned() })?;
        let found = package.digest();
        if entry.digest == found {
            Ok(())
        } else {
            Err(LockError::Digest { name: name.to_owned(), locked: entry.digest, found })
        }
    }
}
