//! The packages of a tenant's folder, held to its `plugins.lock`.

use super::components::{Component, Finder};
use super::source::{FILE_BYTES_MAX, read_text};
use super::{Problem, Source};
use posthouse_model::config::PluginConfig;
use posthouse_package::registry::OciAddress;
use posthouse_package::{LockEntry, LockFile, Source as PackageSource};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The lock file's name in a tenant's folder.
pub const LOCK_FILE: &str = "plugins.lock";

/// A tenant's folder and what its lock file says; nothing where there is none.
#[derive(Clone, Debug)]
pub struct Locked {
    dir: PathBuf,
    /// The entries.
    pub file: LockFile,
}

/// A component that is written `oci:registry.example.com/team/rules:1.2.0`: its address.
///
/// # Errors
/// What comes after `oci:` is no address.
pub fn registry_address(component: &str) -> Result<Option<OciAddress>, String> {
    let Some(rest) = component.strip_prefix("oci:") else { return Ok(None) };
    rest.trim_start_matches("//")
        .parse()
        .map(Some)
        .map_err(|e: posthouse_package::registry::RegistryError| e.to_string())
}

/// Where a package comes from, if a component can be locked at all: one from a registry, or a package's file.
///
/// # Errors
/// As [`registry_address`].
pub fn source_of(component: &str) -> Result<Option<PackageSource>, String> {
    if let Some(address) = registry_address(component)? {
        return Ok(Some(PackageSource::Oci(address)));
    }
    Ok(component.ends_with(".phx").then(|| PackageSource::File(component.to_owned())))
}

impl Locked {
    /// Reads the lock file of a folder.
    ///
    /// # Errors
    /// It is there and cannot be read or understood.
    pub fn read(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join(LOCK_FILE);
        if !path.exists() {
            return Ok(Self { dir: dir.to_owned(), file: LockFile::default() });
        }
        let text = read_text(&path, FILE_BYTES_MAX)?;
        let file = LockFile::parse(&text).map_err(|error| {
            let mend =
                format!("take it from version control, or delete it and run `posthouse plugin lock {}`", dir.display());
            Problem::file(&path, error.to_string(), mend)
        })?;
        Ok(Self { dir: dir.to_owned(), file })
    }

    /// The command that brings the lock file up to date.
    fn command(&self) -> String {
        format!("posthouse plugin lock {}", self.dir.display())
    }

    /// The entry of a plugin whose package comes from there.
    ///
    /// # Errors
    /// What is wrong and what to do: not locked, or locked to another source.
    pub fn entry(&self, name: &str, source: &PackageSource) -> Result<&LockEntry, (String, String)> {
        match self.file.get(name) {
            None => {
                let what = format!("`{source}` is not locked: {LOCK_FILE} has no plugin `{name}`");
                Err((
                    what,
                    format!(
                        "run `{}`, which fetches it, checks who signed it, and writes down its digest",
                        self.command()
                    ),
                ))
            }
            Some(entry) if entry.source != *source => {
                let what = format!("{LOCK_FILE} has `{}` for the plugin `{name}`, not `{source}`", entry.source);
                Err((what, format!("run `{}` to lock what is written here", self.command())))
            }
            Some(entry) => Ok(entry),
        }
    }

    /// The component of a plugin: one from a registry exactly as it is locked, and only if it was fetched; a package's file
    /// as it is locked, where it is.
    ///
    /// # Errors
    /// What is wrong, with its place in `tenant.toml`.
    pub fn component(
        &self,
        plugin: &PluginConfig,
        at: &str,
        finder: &Finder,
        source: &Source,
    ) -> Result<Component, Problem> {
        let problem = |(what, mend): (String, String)| source.problem(format!("{at}.component"), what, mend);
        let written = plugin.component();
        let mend_address =
            "write oci:registry.example.com/team/plugin:1.0.0, or @sha256:… in place of the tag".to_owned();
        let from = source_of(written).map_err(|what| problem((what, mend_address)))?;
        let Some(from @ PackageSource::Oci(_)) = &from else {
            let component = finder.find(written, &self.dir).map_err(|found| problem((found.what, found.mend)))?;
            if let (Some(package), Some(from)) = (&component.package, &from)
                && self.file.get(&plugin.name).is_some()
            {
                self.entry(&plugin.name, from).map_err(problem)?;
                self.file.check(&plugin.name, package).map_err(|error| {
                    let mend =
                        format!("run `{} --update {}` once you have looked into it", self.command(), plugin.name);
                    problem((error.to_string(), mend))
                })?;
            }
            return Ok(component);
        };
        let entry = self.entry(&plugin.name, from).map_err(problem)?;
        let fetched =
            finder.packages().and_then(|packages| Some((packages.path(entry.digest), packages.get(entry.digest)?)));
        let (path, package) = fetched.ok_or_else(|| {
            let what = format!("`{from}` ({}) is not on this host", entry.digest);
            problem((what, format!("run `{}` where its registry can be reached", self.command())))
        })?;
        Ok(Component { path, bytes: package.component().clone(), bundled: false, package: Some(Arc::new(package)) })
    }
}
