//! Builds guests, the plugins and the tests' hostile components, from Rust crates to WebAssembly components.
//!
//! Every `cdylib` crate of a guest workspace becomes one component of the crate's name. A crate that makes several says
//! so in its Cargo.toml:
//!
//! ```toml
//! [package.metadata.posthouse]
//! components = [{ name = "loops", features = ["loops"] }, { name = "bomb", features = ["bomb"] }]
//! ```
//!
//! The result is kept under a hash of everything it is made from, so that a second run does nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use posthouse_kit::wasm::{self, TARGET, WasmCompiler};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::progress::{self, Working};
use crate::shell::{self, repository, target_folder};
use crate::wasm_target;

/// The workspaces of guests: the folder in the checkout, and the folder below the target folder for its components.
const WORKSPACES: [(&str, &str); 2] = [("plugins", "plugins"), ("tests/guests", "guests")];

/// Folders that guests of any workspace are made from.
const SHARED_SOURCES: [&str; 2] = ["sdk/rust", "wit"];

/// Raised when this file makes something else from the same sources.
const BUILDER_VERSION: &str = "2";

/// What [`build_all`] did.
#[derive(Debug, Default)]
pub struct Built {
    /// Names of all components that are there now, by folder: `plugins/classifier`.
    pub components: Vec<String>,
    /// How many of them had to be made; 0 when nothing changed since the last run.
    pub made: usize,
}

/// Builds every component that is not there or is out of date, into `$TARGET/plugins/NAME.wasm` and
/// `$TARGET/guests/NAME.wasm`, with an `index.json` in each folder.
///
/// # Errors
/// When the machine has no compiler for guests and none can be installed, or a guest does not compile.
pub fn build_all() -> Result<Built> {
    let mut built = Built::default();
    let lock_path = target_folder().join(".guests.lock");
    fs::create_dir_all(target_folder())?;
    // Two commands at once would write the same files.
    let lock = File::create(&lock_path).with_context(|| format!("cannot write {}", lock_path.display()))?;
    lock.lock()?;
    for (source, folder) in WORKSPACES {
        let source = repository().join(source);
        if source.join("Cargo.toml").is_file() {
            build_workspace(&source, &target_folder().join(folder), folder, &mut built)?;
        }
    }
    Ok(built)
}

fn build_workspace(source: &Path, folder: &Path, title: &str, built: &mut Built) -> Result<()> {
    let working = Working::start(format!("building {title}"));
    let compiler = wasm_target::find_or_install(&working)?;
    let hash = hash_of(source, &compiler)?;
    if let Some(components) = up_to_date(folder, &hash) {
        working.done(&format!("{} components, up to date", components.len()));
        built.components.extend(components.iter().map(|name| format!("{title}/{name}")));
        return Ok(());
    }

    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let build_folder = target_folder().join("guest-build");
    let components = components_of(source)?;
    let modules = compile(&compiler, source, &build_folder, &components, &working)?;

    let mut index = Vec::new();
    for (component, module) in components.iter().zip(modules) {
        working.detail(&format!("component {}", component.name));
        let bytes =
            wasm::component(&module).with_context(|| format!("{} does not become a component", component.name))?;
        write_atomically(&folder.join(format!("{}.wasm", component.name)), &bytes)?;
        index.push(json!({
            "name": component.name,
            "version": component.version,
            "description": component.description,
            "bytes": bytes.len(),
            "sha256": hex(&Sha256::digest(&bytes)),
        }));
    }
    remove_others(folder, &components)?;
    let index = json!({ "hash": hash, "components": index });
    write_atomically(&folder.join("index.json"), format!("{index:#}\n").as_bytes())?;

    built.made += components.len();
    built.components.extend(components.iter().map(|c| format!("{title}/{}", c.name)));
    working.done(&format!("{} components in {}", components.len(), folder.display()));
    Ok(())
}

/// One component to make.
#[derive(Debug, Clone)]
struct Component {
    name: String,
    package: String,
    /// The file that cargo writes, without folder.
    module: String,
    features: Vec<String>,
    version: String,
    description: String,
}

/// The components that the crates of a workspace make, by name.
fn components_of(source: &Path) -> Result<Vec<Component>> {
    let mut cargo = shell::cargo();
    cargo.current_dir(source).args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value =
        serde_json::from_str(&shell::output(&mut cargo)?).context("cargo metadata printed no JSON")?;
    let mut components = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let targets = package["targets"].as_array().into_iter().flatten();
        let mut libraries =
            targets.filter(|t| t["crate_types"].as_array().is_some_and(|k| k.contains(&json!("cdylib"))));
        let Some(library) = libraries.next() else { continue };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let plain = Component {
            name: text(&package["name"]),
            package: text(&package["name"]),
            module: format!("{}.wasm", text(&library["name"]).replace('-', "_")),
            features: Vec::new(),
            version: text(&package["version"]),
            description: text(&package["description"]),
        };
        match package["metadata"]["posthouse"]["components"].as_array() {
            None => components.push(plain),
            Some(list) => {
                for entry in list {
                    let features = entry["features"].as_array().into_iter().flatten().map(text).collect();
                    let name = text(&entry["name"]);
                    if name.is_empty() {
                        bail!("{}: every entry of package.metadata.posthouse.components needs a name", plain.package);
                    }
                    components.push(Component { name, features, ..plain.clone() });
                }
            }
        }
    }
    components.sort_by(|a, b| a.name.cmp(&b.name));
    let names: BTreeSet<&str> = components.iter().map(|c| c.name.as_str()).collect();
    if names.len() != components.len() {
        bail!("two components of {} have the same name", source.display());
    }
    Ok(components)
}

/// Compiles the crates; returns the core modules in the order of `components`.
fn compile(
    compiler: &WasmCompiler,
    source: &Path,
    build_folder: &Path,
    components: &[Component],
    working: &Working,
) -> Result<Vec<Vec<u8>>> {
    let output = build_folder.join(TARGET).join("release");
    let build = |packages: &[&str], features: &[String]| {
        let mut cargo = compiler.cargo(source, "build");
        cargo.arg("--release").env("CARGO_TARGET_DIR", build_folder);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", wasm::flags(&[(&repository(), "/posthouse")]));
        for package in packages {
            cargo.args(["--package", package]);
        }
        if !features.is_empty() {
            cargo.arg("--features").arg(features.join(","));
        }
        progress::cargo_build(working, &mut cargo)
    };
    let read = |component: &Component| {
        let path = output.join(&component.module);
        fs::read(&path).with_context(|| format!("cargo did not write {}", path.display()))
    };

    let plain: BTreeSet<&str> =
        components.iter().filter(|c| c.features.is_empty()).map(|c| c.package.as_str()).collect();
    if !plain.is_empty() {
        build(&plain.into_iter().collect::<Vec<_>>(), &[])?;
    }
    // The same crate with other features overwrites its module: read each right after it was built.
    let mut modules = Vec::new();
    for component in components {
        if !component.features.is_empty() {
            build(&[&component.package], &component.features)?;
        } else if components.iter().any(|c| c.package == component.package && !c.features.is_empty()) {
            build(&[&component.package], &[])?;
        }
        modules.push(read(component)?);
    }
    Ok(modules)
}

/// A hash of everything that the components are made from.
fn hash_of(source: &Path, compiler: &WasmCompiler) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(BUILDER_VERSION);
    hash.update(compiler.identity()?);
    let shared = SHARED_SOURCES.map(|folder| repository().join(folder));
    for folder in std::iter::once(source).chain(shared.iter().map(PathBuf::as_path)) {
        let hidden = |name: &str| name.starts_with('.') || ["target", "template", "tests"].contains(&name);
        let files = WalkDir::new(folder).sort_by_file_name().into_iter();
        for entry in files.filter_entry(|entry| entry.depth() == 0 || !hidden(&entry.file_name().to_string_lossy())) {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            if entry.file_type().is_file() {
                let bytes = fs::read(entry.path())?;
                let name = entry.path().strip_prefix(repository()).unwrap_or(entry.path());
                // Lengths keep two files from hashing like one.
                hash.update(format!("{} {}\n", name.display(), bytes.len()));
                hash.update(&bytes);
            }
        }
    }
    Ok(hex(&hash.finalize()))
}

/// The names of the components in `folder` when they were made from what `hash` stands for.
fn up_to_date(folder: &Path, hash: &str) -> Option<Vec<String>> {
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).ok()?).ok()?;
    if index["hash"] != hash {
        return None;
    }
    let components = index["components"].as_array()?;
    let names: Option<Vec<String>> = components.iter().map(|c| Some(c["name"].as_str()?.to_owned())).collect();
    names.filter(|names| names.iter().all(|name| folder.join(format!("{name}.wasm")).is_file()))
}

/// Removes components whose crate is gone.
fn remove_others(folder: &Path, components: &[Component]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "wasm") && !components.iter().any(|c| c.name == name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Writes the file whole or not at all: a test may be reading it.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
