//! A package from a project's folder.

use crate::support::{COMPONENT, MANIFEST, full};
use posthouse_package::Package;
use std::fs;

#[test]
fn a_folder_gives_the_package_of_its_files_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let package = full();
    for (name, content) in package.files().filter(|(name, _)| *name != "plugin.wasm") {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::create_dir_all(root.join("target")).unwrap();
    fs::write(root.join("target/built.wasm"), COMPONENT).unwrap();
    fs::write(root.join("Cargo.toml"), "").unwrap();
    fs::write(root.join("fixtures/.DS_Store"), "").unwrap();
    let built = root.join("target/built.wasm");
    assert_eq!(Package::from_folder(root, &built).unwrap(), package);
    assert_eq!(
        Package::from_folder(root, &built).unwrap().write().unwrap(),
        package.write().unwrap(),
        "the same files give the same bytes"
    );

    fs::write(root.join("fixtures/a mail.eml"), "").unwrap();
    let error = Package::from_folder(root, &built).unwrap_err().to_string();
    assert!(error.starts_with("fixtures/a mail.eml: ") && error.ends_with("rename the file"), "{error}");
}

#[test]
fn what_is_missing_or_too_large_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let built = root.join("built.wasm");
    let error = Package::from_folder(root, &built).unwrap_err().to_string();
    assert!(error.contains("built.wasm: cannot be read"), "{error}");
    fs::write(&built, COMPONENT).unwrap();
    let error = Package::from_folder(root, &built).unwrap_err().to_string();
    assert!(error.contains("no `plugin.toml`"), "{error}");
    fs::write(root.join("plugin.toml"), MANIFEST).unwrap();
    fs::write(root.join("README.md"), vec![b' '; (4 << 20) + 1]).unwrap();
    let error = Package::from_folder(root, &built).unwrap_err().to_string();
    assert!(error.contains("README.md: is over the limit of 4 MiB"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_among_the_fixtures_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("plugin.wasm"), COMPONENT).unwrap();
    fs::create_dir(root.join("fixtures")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("fixtures/a")).unwrap();
    let error = Package::from_folder(root, &root.join("plugin.wasm")).unwrap_err().to_string();
    assert!(error.contains("is a link"), "{error}");
}
