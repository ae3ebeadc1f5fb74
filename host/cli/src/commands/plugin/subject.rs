//! The plugin that a command is to try: from a project's folder, a package, or a bare component.

use super::check::{all_it_needs, sentences};
use crate::failure::{Failure, Result};
use crate::fixture::Shelf;
use crate::fixture::trial::Subject;
use crate::open::Context;
use crate::setup::source::read_text;
use crate::setup::{Problem, Source};
use posthouse_model::TenantId;
use posthouse_model::capability::Grants;
use posthouse_model::ceiling::Ceiling;
use posthouse_model::limits::Limits;
use posthouse_package::{COMPONENT, Manifest};
use posthouse_sandbox::{CallLimits, PluginSpec, inspect};
use posthouse_store::Store;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The manifest's file in a project.
const MANIFEST: &str = "plugin.toml";
/// Largest manifest, in bytes.
const MANIFEST_MAX: u64 = 1 << 20;

/// A plugin and where its fixtures lie.
pub struct Found {
    /// The plugin.
    pub subject: Subject,
    /// Its fixtures.
    pub shelf: Shelf,
}

/// Finds it. `named` is a project's folder, a `.phx` or a `.wasm`; `fixtures` and `grants` stand in for what lies beside it.
///
/// # Errors
/// It is not there, not built, or its manifest is wrong.
pub fn find(named: &Path, fixtures: Option<&Path>, grants: Option<&Path>, context: &Context) -> Result<Found> {
    let component = if named.is_dir() { built(named)? } else { named.to_owned() };
    let written = component.display().to_string();
    // A bare name in the present folder is no bundled plugin's.
    let written = if component.parent() == Some(Path::new("")) { format!("./{written}") } else { written };
    let found = context.finder(None).find(&written, Path::new(""))?;
    let info = inspect(&found.bytes).map_err(|error| Failure::new(format!("{}: {error}", found.path.display())))?;
    let beside = found.path.parent().unwrap_or(Path::new(""));
    let manifest = match &found.package {
        Some(package) => Some(package.manifest().clone()),
        None => read_manifest(&beside.join(MANIFEST))?,
    };
    if let Some(manifest) = manifest.as_ref().filter(|manifest| manifest.world != info.world) {
        let what = format!("the manifest says it is a {}, the component is a {}", manifest.world, info.world);
        return Err(Failure::new(what).mend("correct plugin.toml, or build the component again"));
    }
    let asked = manifest.as_ref().map_or_else(|| all_it_needs(&info), |manifest| manifest.capabilities.as_grants());
    let grants: Grants = match grants {
        Some(path) => Source::read(path)?.parse()?,
        None => asked,
    };
    let shelf = match (fixtures, &found.package) {
        (Some(folder), _) => Shelf::Folder(folder.to_owned()),
        (None, Some(package)) => Shelf::Package(found.path.clone(), package.clone()),
        (None, None) => Shelf::Folder(beside.join("fixtures")),
    };
    let stem = found.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let subject = Subject {
        name: manifest.as_ref().map(|manifest| manifest.id.name().to_owned()).or(stem).unwrap_or_default(),
        version: manifest.as_ref().map_or_else(|| found.version(), |manifest| manifest.version.to_string()),
        limits: manifest.as_ref().map_or_else(CallLimits::default, |manifest| limits(&manifest.limits)),
        component: found.bytes,
        grants,
    };
    Ok(Found { subject, shelf })
}

/// The component that the build leaves in a project's folder.
fn built(folder: &Path) -> Result<PathBuf> {
    let usual = folder.join(COMPONENT);
    if usual.is_file() || folder.join(MANIFEST).is_file() {
        if usual.is_file() {
            return Ok(usual);
        }
        let what = format!("{} is not built: there is no {COMPONENT} in it", folder.display());
        return Err(Failure::new(what).mend("build it, then try again"));
    }
    Ok(folder.to_owned())
}

fn read_manifest(path: &Path) -> Result<Option<Manifest>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = read_text(path, MANIFEST_MAX)?;
    Manifest::parse(&text).map(Some).map_err(|problems| {
        Problem::file(path, format!("the manifest cannot be used: {problems}"), "see docs/packages.md").into()
    })
}

/// What a call may cost: what the manifest asks for, else the host's defaults.
#[must_use]
pub fn limits(asked: &Limits) -> CallLimits {
    let usual = CallLimits::default();
    // The manifest's own limits are far below.
    let count = |asked: Option<u64>, usual| asked.map_or(usual, |count| u32::try_from(count).unwrap_or(u32::MAX));
    CallLimits {
        cpu: asked.cpu_ms.map_or(usual.cpu, Duration::from_millis),
        wall: asked.wall_ms.map_or(usual.wall, Duration::from_millis),
        memory_bytes: asked.memory_mib.map_or(usual.memory_bytes, |mib| mib << 20),
        answer_bytes: asked.answer_kib.map_or(usual.answer_bytes, |kib| kib << 10),
        http_requests: count(asked.http_requests, usual.http_requests),
        model_calls: count(asked.model_calls, usual.model_calls),
        ..usual
    }
}

/// A plugin as it is installed in a tenant.
///
/// # Errors
/// The tenant has none of that name, its component is lost, or it asks for more in a call than tenant or host give now.
pub async fn installed(
    store: &Store,
    tenant: TenantId,
    slug: &str,
    name: &str,
    ceiling: &Ceiling,
) -> Result<PluginSpec> {
    let plugins = store.tenant(tenant).plugins().await?;
    let names = plugins.iter().map(|p| p.plugin.name.clone()).collect::<Vec<_>>().join(", ");
    let Some(mut installed) = plugins.into_iter().map(|p| p.plugin).find(|p| p.name == name) else {
        return Err(Failure::new(format!("{slug} has no plugin `{name}`")).mend(format!("there are: {names}")));
    };
    if let Some(templates) = store.tenant(tenant).templates_by_drafter().await?.get(name) {
        posthouse_model::template::put_in(&mut installed.settings, templates.iter().map(|row| &row.template));
    }
    let component = store.component(&installed.digest).await?;
    let component =
        component.ok_or_else(|| Failure::new("its component is not in the database").mend("apply the tenant again"))?;
    let row = store.tenant(tenant).tenant().await?;
    let given = crate::commands::secret::config(&row)?.plugin(name).map(|entry| entry.limits).unwrap_or_default();
    let bounds = installed.limits.settle(&given, &ceiling.limits);
    let bounds = bounds.map_err(|excesses| Failure::new(sentences(&excesses)))?;
    Ok(PluginSpec {
        name: installed.name,
        version: installed.version,
        component: component.into(),
        settings: installed.settings.to_string(),
        grants: installed.grants,
        limits: CallLimits::from(&bounds),
    })
}
