//! Makes `api_history.rs`: every function of the plugin API and the version that brought it, read from the folders of
//! `wit/`, so that a component can be told what it lacks by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a build script stops by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};
use wit_parser::Resolve;

fn main() {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut folders: Vec<PathBuf> = fs::read_dir(&wit).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    let mut history: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let mut versions = Vec::new();
    for folder in folders {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(&folder).unwrap();
        let package = &resolve.packages[package];
        let version = package.name.version.as_ref().unwrap();
        let version = (version.major, version.minor);
        versions.push(version);
        for (interface, id) in &package.interfaces {
            for function in resolve.interfaces[*id].functions.keys() {
                let first = history.entry((interface.clone(), function.clone())).or_insert(version);
                *first = version.min(*first);
            }
        }
    }
    versions.sort_unstable();
    versions.dedup();
    let newest = versions.last().unwrap();
    let mut text = format!(
        "pub(crate) const HOST_API: ApiVersion = ApiVersion {{ major: {}, minor: {}, patch: 0 }};\n",
        newest.0, newest.1
    );
    writeln!(text, "pub(crate) const VERSIONS: &[(u64, u64)] = &{versions:?};").unwrap();
    writeln!(text, "static FUNCTIONS: &[(&str, &str, (u64, u64))] = &[").unwrap();
    for ((interface, function), version) in history {
        writeln!(text, "    ({interface:?}, {function:?}, {version:?}),").unwrap();
    }
    writeln!(text, "];").unwrap();
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("api_history.rs"), text).unwrap();
}
