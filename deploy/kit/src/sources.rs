//! The files of a project that a person writes, as against those that building leaves behind.

use crate::{Result, Trouble};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// Files looked at in one project; a folder with more is no plugin project.
pub const FILES_MAX: usize = 10_000;

/// Folders and files that builds make, in any of the languages. Hidden ones are left out as well.
const MADE: [&str; 8] =
    ["target", "node_modules", "__pycache__", "build", "dist", "Cargo.lock", "package-lock.json", "plugin.part"];

/// Endings of what builds and packing make.
const MADE_ENDINGS: [&str; 4] = [".wasm", ".phx", ".egg-info", ".pyc"];

/// Whether a person writes the file of this path, relative to the project's folder.
#[must_use]
pub fn is_source(relative: &Path) -> bool {
    relative.components().all(|part| match part {
        Component::Normal(name) => {
            let name = name.to_string_lossy();
            let made = MADE.contains(&name.as_ref()) || MADE_ENDINGS.iter().any(|ending| name.ends_with(ending));
            !made && !name.starts_with('.')
        }
        _ => true,
    })
}

/// The sources of a project, sorted, relative to its folder. Links are not followed.
///
/// # Errors
/// A folder cannot be read, or there are more than [`FILES_MAX`].
pub fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let relative = |path: &Path| path.strip_prefix(dir).unwrap_or(path).to_owned();
    let mut files = Vec::new();
    let walk = WalkDir::new(dir).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| is_source(&relative(entry.path()))) {
        let entry = entry.map_err(|error| Trouble::new(format!("{} cannot be read: {error}", dir.display())))?;
        if entry.file_type().is_file() {
            files.push(relative(entry.path()));
        }
        if files.len() > FILES_MAX {
            let what = format!("{} holds more than {FILES_MAX} files beside what builds leave behind", dir.display());
            return Err(Trouble::new(what).mend("name the folder of one plugin"));
        }
    }
    Ok(files)
}

/// A hash of names and contents of all sources: the same as long as nobody changes one.
///
/// # Errors
/// As [`files`]; a file cannot be read.
pub fn fingerprint(dir: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for name in files(dir)? {
        hash_file(&mut hash, dir, &name)?;
    }
    Ok(hex::encode(hash.finalize()))
}

/// A hash of some files and folders of a project, as far as they are there.
pub(crate) fn fingerprint_of(dir: &Path, names: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for name in names {
        let path = dir.join(name);
        if path.is_dir() {
            for file in files(&path)? {
                hash_file(&mut hash, dir, &Path::new(name).join(file))?;
            }
        } else if path.is_file() {
            hash_file(&mut hash, dir, Path::new(name))?;
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn hash_file(hash: &mut Sha256, dir: &Path, name: &Path) -> Result<()> {
    let path = dir.join(name);
    let unreadable = |error: std::io::Error| Trouble::file(&path, "cannot be read", &error);
    let mut file = match std::fs::File::open(&path) {
        Ok(file) => file,
        // Editors replace a file while one looks.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let (mut content, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        size += read;
        content.update(&buffer[..read]);
    }
    // Name and size keep two files from hashing like one.
    hash.update(format!("{} {size} {}\n", name.display(), hex::encode(content.finalize())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builds_leave_behind_is_no_source() {
        for name in ["src/lib.rs", "plugin.toml", "fixtures/mail.eml", "sdk/src/build.mjs", "Cargo.toml"] {
            assert!(is_source(Path::new(name)), "{name}");
        }
        for name in [
            "target/x.rs",
            "plugin.wasm",
            "node_modules/a/index.js",
            ".venv/bin/python",
            "src/__pycache__/plugin.cpython-311.pyc",
            "sdk/posthouse_sdk.egg-info/PKG-INFO",
            "sdk/build/lib/x.py",
            "Cargo.lock",
            "a-1.0.0.phx",
        ] {
            assert!(!is_source(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_fingerprint_changes_with_names_and_contents_and_with_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let print = || fingerprint(dir.path()).unwrap();
        write("a", "1");
        let first = print();
        write("plugin.wasm", "made");
        write("a", "1");
        assert_eq!(print(), first);
        write("a", "2");
        assert_ne!(print(), first);
        std::fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
        write("b", "1");
        assert_ne!(print(), first);
        assert_eq!(fingerprint_of(dir.path(), &["c"]).unwrap(), fingerprint_of(dir.path(), &[]).unwrap());
    }

    #[test]
    fn a_folder_with_too_many_files_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..FILES_MAX {
            std::fs::write(dir.path().join(number.to_string()), "").unwrap();
        }
        assert_eq!(files(dir.path()).unwrap().len(), FILES_MAX);
        std::fs::write(dir.path().join("one more"), "").unwrap();
        let error = files(dir.path()).unwrap_err();
        assert!(error.what.contains("more than 10000 files"), "{error}");
    }
}
