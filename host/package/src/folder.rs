//! A package from a project's folder.

use crate::error::PackageError;
use crate::limits::{COMPONENT_BYTES, ENTRIES, UNPACKED_BYTES};
use crate::name::{COMPONENT, FIXTURES, LICENCE, MANIFEST, README, SCHEMA, kind};
use crate::package::{Package, PackageBuilder, read_bounded};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

impl Package {
    /// Makes a package of a project's folder, which is laid out like a package: `plugin.toml`, `README.md`,
    /// `LICENSE`, and where there are any `settings.schema.json` and `fixtures/`. The component comes from
    /// wherever the build put it. Everything else in the folder is left alone, signatures too; so are hidden
    /// files (those whose name begins with a dot) among the fixtures.
    ///
    /// # Errors
    /// When a file cannot be read, is a link, or has a name that packages do not have; else as
    /// [`PackageBuilder::build`].
    pub fn from_folder(folder: &Path, component: &Path) -> Result<Self, PackageError> {
        let mut package = PackageBuilder::new();
        for name in [MANIFEST, README, LICENCE, SCHEMA] {
            let path = folder.join(name);
            // What has to be there is missed by the builder, which says what to do.
            if path.exists() {
                let limit = kind(name).map_err(|problem| PackageError::file(name, problem))?.limit();
                package = package.file(name, read_bounded(&path, limit)?);
            }
        }
        package = package.file(COMPONENT, read_bounded(component, COMPONENT_BYTES)?);
        let (mut count, mut bytes) = (0, 0);
        for (name, path) in fixtures(&folder.join(FIXTURES.trim_end_matches('/')))? {
            let name = format!("{FIXTURES}{name}");
            let limit = kind(&name).map_err(|problem| PackageError::file(&name, problem))?.limit();
            let content = read_bounded(&path, limit)?;
            count += 1;
            bytes += content.len() as u64;
            if count > ENTRIES || bytes > UNPACKED_BYTES {
                return Err(PackageError::TooLarge {
                    what: FIXTURES.into(),
                    limit: format!("{ENTRIES} files and {} MiB", UNPACKED_BYTES >> 20),
                });
            }
            package = package.file(&name, content);
        }
        package.build()
    }
}

/// The files beneath the folder of fixtures, each with its name from there on.
fn fixtures(folder: &Path) -> Result<Vec<(String, PathBuf)>, PackageError> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    let hidden = |entry: &walkdir::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|e| e.depth() == 0 || !hidden(e)) {
        let refused = |path: &Path, problem: String| PackageError::Folder { path: path.display().to_string(), problem };
        let entry = entry.map_err(|e| refused(folder, format!("cannot be listed: {e}")))?;
        if entry.file_type().is_dir() {
            continue;
        }
        if !entry.file_type().is_file() {
            return Err(refused(entry.path(), "is a link or a device: put the file itself there".into()));
        }
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let parts: Option<Vec<&str>> = inside.components().map(|part| part.as_os_str().to_str()).collect();
        let parts = parts.ok_or_else(|| refused(entry.path(), "has a name that is not UTF-8: rename it".into()))?;
        found.push((parts.join("/"), entry.path().to_owned()));
        if found.len() > ENTRIES {
            return Err(PackageError::TooLarge { what: FIXTURES.into(), limit: format!("{ENTRIES} files") });
        }
    }
    Ok(found)
}
