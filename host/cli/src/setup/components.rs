//! Where bundled plugins are found, and how a component is named.

use super::Problem;
use super::packages::Packages;
use super::source::read_bytes;
use posthouse_model::capability::Grants;
use posthouse_package::{COMPONENT, MANIFEST, Package};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest component taken, in bytes: JavaScript and Python plugins carry their interpreter.
pub const COMPONENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where bundled plugins may be, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    dirs: Vec<PathBuf>,
    packages: Option<Packages>,
}

/// A component's bytes and where they came from.
#[derive(Clone, Debug)]
pub struct Component {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Comes with the host, and so has the host's version.
    pub bundled: bool,
    /// The package it came in, if it came in one.
    pub package: Option<Arc<Package>>,
}

impl Component {
    /// The version that decisions record: that of its package, the host's for a bundled plugin; for a bare component there is
    /// none to be known, and the digest beside it says exactly what ran.
    #[must_use]
    pub fn version(&self) -> String {
        match &self.package {
            Some(package) => package.manifest().version.to_string(),
            None if self.bundled => env!("CARGO_PKG_VERSION").to_owned(),
            None => "0.0.0".to_owned(),
        }
    }

    /// What it may do of what a tenant grants: no more than its package asks for.
    #[must_use]
    pub fn effective(&self, granted: &Grants) -> Grants {
        match &self.package {
            Some(package) => granted.within(&package.manifest().capabilities.as_grants()),
            None => granted.clone(),
        }
    }

    /// A package in a file of that name.
    #[must_use]
    pub fn of_package(path: PathBuf, package: Package) -> Self {
        Self { path, bytes: package.component().clone(), bundled: false, package: Some(Arc::new(package)) }
    }

    /// What its plugin is called where a tenant calls it nothing else: as its package, else as its file.
    #[must_use]
    pub fn plugin_name(&self) -> Option<String> {
        match &self.package {
            Some(package) => Some(package.manifest().id.name().to_owned()),
            None => Some(self.path.file_stem()?.to_str()?.to_owned()),
        }
    }

    fn read(path: PathBuf, bundled: bool) -> Result<Self, Problem> {
        if path.extension().is_none_or(|extension| extension != "phx") {
            return Ok(Self { bytes: read_bytes(&path, COMPONENT_BYTES_MAX)?.into(), path, bundled, package: None });
        }
        let package = Package::read(&read_bytes(&path, COMPONENT_BYTES_MAX)?).map_err(|error| {
            let what = format!("the package cannot be used: {error}");
            Problem::file(&path, what, "get it again, or pack it again with `posthouse plugin pack`")
        })?;
        Ok(Self { path, bytes: package.component().clone(), bundled, package: Some(Arc::new(package)) })
    }

    /// What packing a project's folder would give now.
    fn of_project(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join(COMPONENT);
        if !path.is_file() {
            let what = format!("the project has no {COMPONENT}");
            return Err(Problem::file(dir, what, "build it first"));
        }
        let package = Package::from_folder(dir, &path).map_err(|error| {
            let mend = "correct it; `posthouse plugin pack` says the same";
            Problem::file(dir, format!("the project cannot be packed: {error}"), mend)
        })?;
        Ok(Self::of_package(path, package))
    }
}

impl Finder {
    /// `--plugins-dir` or `POSTHOUSE_PLUGINS`, then the host's set-up, then `plugins` beside the binary, then a development
    /// build's folder.
    #[must_use]
    pub fn new(named: Option<&Path>, configured: Option<&Path>, cargo_target_dir: Option<&Path>) -> Self {
        let binary = std::env::current_exe().ok();
        let binary_dir = binary.as_deref().and_then(Path::parent);
        let mut dirs: Vec<PathBuf> = [named, configured].into_iter().flatten().map(Path::to_owned).collect();
        dirs.extend(binary_dir.map(|dir| dir.join("plugins")));
        dirs.extend(cargo_target_dir.map(|dir| dir.join("plugins")));
        // A binary that cargo built lies in target/debug or, as a test, in target/debug/deps.
        dirs.extend(
            binary_dir.into_iter().flat_map(|dir| dir.ancestors().skip(1).take(2)).map(|dir| dir.join("plugins")),
        );
        Self { dirs, packages: None }
    }

    /// The same, knowing where this host keeps packages that it has fetched.
    #[must_use]
    pub fn with_packages(self, packages: Packages) -> Self {
        Self { packages: Some(packages), ..self }
    }

    /// Packages that this host has fetched; none where there is no host.
    #[must_use]
    pub fn packages(&self) -> Option<&Packages> {
        self.packages.as_ref()
    }

    /// The folders, in order.
    #[must_use]
    pub fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// A bundled plugin's file.
    #[must_use]
    pub fn bundled(&self, name: &str) -> Option<PathBuf> {
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return None;
        }
        self.dirs.iter().map(|dir| dir.join(format!("{name}.wasm"))).find(|path| path.is_file())
    }

    /// Names of all bundled plugins found, sorted, with their files.
    #[must_use]
    pub fn all(&self) -> Vec<(String, PathBuf)> {
        let mut all = std::collections::BTreeMap::new();
        for dir in self.dirs.iter().rev() {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|e| e == "wasm")
                    && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
                {
                    all.insert(name.to_owned(), path);
                }
            }
        }
        all.into_iter().collect()
    }

    /// The project of a package that is named but not there: the folder beside it, of the same name, with a `plugin.toml`.
    #[must_use]
    pub fn unbuilt(&self, written: &str, base: &Path) -> Option<PathBuf> {
        let path = base.join(written);
        let is_package = path.extension().is_some_and(|extension| extension == "phx");
        let project = path.with_extension("");
        (is_package && !path.exists() && project.join("plugin.toml").is_file()).then_some(project)
    }

    /// A component by what a person wrote: a bundled plugin's name, a `.wasm` file, a package (`.phx`), a plugin project's folder
    /// (as it would be packed, unsigned), or a folder with exactly one `.wasm` file.
    /// Paths are relative to `base`.
    ///
    /// # Errors
    /// Not found (saying where it was looked for), not readable, too large.
    pub fn find(&self, written: &str, base: &Path) -> Result<Component, Problem> {
        let looks_like_path = written.ends_with(".wasm")
            || written.ends_with(".phx")
            || written.contains(['/', '\\'])
            || written.starts_with('.');
        if !looks_like_path && let Some(path) = self.bundled(written) {
            return Component::read(path, true);
        }
        let path = base.join(written);
        if path.is_file() {
            return Component::read(path, false);
        }
        if path.join(MANIFEST).is_file() {
            return Component::of_project(&path);
        }
        if path.is_dir() {
            let path = only_component(&path)?;
            return Component::read(path, false);
        }
        if looks_like_path {
            return Err(match self.unbuilt(written, base) {
                Some(project) => Problem::file(
                    path,
                    "the package is not built yet",
                    format!(
                        "in a checkout of Posthouse run `cargo xtask examples`; elsewhere `posthouse plugin build {0}`, then \
                         `posthouse plugin pack {0} --out {0}.phx`",
                        project.display()
                    ),
                ),
                None => Problem::file(path, "there is no such component", "check the path"),
            });
        }
        let dirs: Vec<_> = self.dirs.iter().map(|dir| dir.display().to_string()).collect();
        let known: Vec<_> = self.all().into_iter().map(|(name, _)| name).collect();
        let mend = if known.is_empty() {
            "no bundled plugin is there at all: say where they are with --plugins-dir, or build them with `cargo xtask plugins`".to_owned()
        } else {
            format!("bundled are: {}; a plugin of your own is written as a path to its .wasm file", known.join(", "))
        };
        let what = format!("there is no bundled plugin named `{written}` in {}", dirs.join(", "));
        Err(Problem::file(written, what, mend))
    }
}

fn only_component(dir: &Path) -> Result<PathBuf, Problem> {
    let entries =
        std::fs::read_dir(dir).map_err(|e| Problem::file(dir, format!("cannot be read: {e}"), "check the folder"))?;
    let mut found: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "wasm")).collect();
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Problem::file(dir, "the folder holds no .wasm file", "build the plugin, or name its file")),
        _ => Err(Problem::file(dir, "the folder holds several .wasm files", "name the one you mean")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_folder_that_has_it_wins() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        for (folder, name) in [(&a, "router"), (&b, "router"), (&b, "classifier")] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(format!("{name}.wasm")), folder.to_str().unwrap()).unwrap();
        }
        let finder = Finder { dirs: vec![a.clone(), b.clone()], ..Finder::default() };
        assert_eq!(finder.bundled("router"), Some(a.join("router.wasm")));
        assert_eq!(finder.bundled("../b/router"), None);
        assert_eq!(finder.all().iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["classifier", "router"]);
        assert!(finder.find("router", dir.path()).unwrap().bundled);
        assert!(!finder.find("b/router.wasm", dir.path()).unwrap().bundled);
        assert_eq!(finder.find("a", dir.path()).unwrap().path, a.join("router.wasm"));
        let several = finder.find("./b", dir.path()).unwrap_err();
        assert_eq!(several.what, "the folder holds several .wasm files");
        std::fs::create_dir(a.join("own")).unwrap();
        let nothing = finder.find("a/own.phx", dir.path()).unwrap_err();
        assert_eq!(nothing.what, "there is no such component");
        std::fs::write(a.join("own/plugin.toml"), "").unwrap();
        let unbuilt = finder.find("a/own.phx", dir.path()).unwrap_err();
        assert_eq!(unbuilt.what, "the package is not built yet");
        assert!(unbuilt.mend.contains("`cargo xtask examples`"), "{}", unbuilt.mend);
        assert_eq!(finder.unbuilt("a/own.phx", dir.path()), Some(a.join("own")));
        std::fs::write(a.join("own.phx"), "").unwrap();
        assert_eq!(finder.unbuilt("a/own.phx", dir.path()), None);
        let missing = finder.find("drafter", dir.path()).unwrap_err();
        assert!(missing.mend.starts_with("bundled are: classifier, router;"), "{}", missing.mend);
    }
}
