//! Getting packages from registries, as they are locked, into this host's folder of packages.

use crate::failure::{Failure, Result, While as _};
use crate::setup::Source;
use crate::setup::host::HostConfig;
use crate::setup::locked::{Locked, registry_address};
use crate::setup::packages::Packages;
use crate::system::Environment;
use posthouse_model::config::TenantConfig;
use posthouse_package::registry::{OciAddress, Registry, RegistryOptions};
use posthouse_package::{LockEntry, LockError, Package, Source as PackageSource};
use std::path::Path;

/// A way to the registry of an address. User and password go to the one registry that they were given for.
#[must_use]
pub fn client(environment: &Environment, address: &OciAddress, plain_http: bool) -> Registry {
    let known = environment.registry.as_ref().filter(|known| known.registry == address.registry());
    let credentials = known.map(|known| (known.user.clone(), known.password.as_str().to_owned()));
    Registry::new(RegistryOptions { credentials, plain_http, ..RegistryOptions::default() })
}

/// Fetches what the lock file of a tenant's folder names and this host does not have. What is wrong with the folder itself is
/// not said here: reading it says so.
///
/// # Errors
/// The registry does not give a package, gives another than the locked one, or it cannot be kept.
pub async fn fetch_locked(dir: &Path, host: &HostConfig, environment: &Environment) -> Result<()> {
    let Ok(config) = Source::read(dir.join("tenant.toml")).and_then(|source| source.parse::<TenantConfig>()) else {
        return Ok(());
    };
    let Ok(locked) = Locked::read(dir) else { return Ok(()) };
    let packages = Packages::below(&host.data_dir);
    for plugin in &config.plugins {
        let Ok(Some(address)) = registry_address(plugin.component()) else { continue };
        let Ok(entry) = locked.entry(&plugin.name, &PackageSource::Oci(address)) else { continue };
        if packages.get(entry.digest).is_none() {
            fetch(entry, &packages, environment).await?;
        }
    }
    Ok(())
}

/// Fetches the locked package: by the registry's own digest where that is known, so that a tag that has moved changes nothing.
async fn fetch(entry: &LockEntry, packages: &Packages, environment: &Environment) -> Result<()> {
    let PackageSource::Oci(address) = &entry.source else { return Ok(()) };
    let exact = match entry.resolved {
        Some(resolved) => address.clone().with_digest(resolved),
        None => address.clone(),
    };
    let pulled = client(environment, &exact, false).pull(&exact).await;
    let pulled = pulled.map_err(|error| Failure::new(format!("plugin `{}` cannot be fetched: {error}", entry.name)))?;
    same(entry, &pulled.package)?;
    keep(packages, &pulled.package, &pulled.file)
}

/// Whether a package is the locked one.
fn same(entry: &LockEntry, package: &Package) -> Result<()> {
    let found = package.digest();
    if entry.digest == found {
        return Ok(());
    }
    Err(Failure::new(LockError::Digest { name: entry.name.clone(), locked: entry.digest, found }.to_string()))
}

/// Keeps a package's file on this host.
///
/// # Errors
/// It cannot be written.
pub fn keep(packages: &Packages, package: &Package, file: &[u8]) -> Result<()> {
    let path = packages.path(package.digest());
    packages.put(package.digest(), file).while_doing(format!("{} cannot be written", path.display()))
}
