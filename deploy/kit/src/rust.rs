//! Projects in Rust: cargo to a core module, the component encoder after it.

use crate::process::{self, Stream, cargo, find_program};
use crate::project::write_component;
use crate::wasm::{self, TARGET, WasmCompiler};
use crate::{Result, Trouble};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What cargo makes of the project.
struct Library {
    package: String,
    /// The core module's file, without ending.
    module: String,
    target_dir: PathBuf,
}

pub(crate) fn build(dir: &Path, out: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    cargo_is_there()?;
    let compiler = WasmCompiler::find(dir).ok_or_else(|| WasmCompiler::missing(&[]))?;
    let library = library(dir)?;
    let mut cargo = compiler.cargo(dir, "build");
    cargo.args(["--release", "--package", &library.package]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", wasm::flags(&[(dir, "/plugin")]));
    process::run(&mut cargo, &mut |stream, line| {
        if stream == Stream::Errors && is_progress(line) {
            watch(line.trim_start());
        }
    })?;
    let module = library.target_dir.join(TARGET).join("release").join(library.module).with_extension("wasm");
    let bytes = std::fs::read(&module).map_err(|error| Trouble::file(&module, "cannot be read", &error))?;
    write_component(out, &wasm::component(&bytes)?)
}

pub(crate) fn test(dir: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    cargo_is_there()?;
    process::run(cargo().current_dir(dir).arg("test"), &mut |stream, line| {
        if stream == Stream::Output || is_progress(line) {
            watch(line.trim_start());
        }
    })
}

/// Cargo's own lines, not the compiler's.
fn is_progress(line: &str) -> bool {
    ["Compiling", "Downloading", "Updating", "Blocking", "Locking"]
        .iter()
        .any(|word| line.trim_start().starts_with(word))
}

fn cargo_is_there() -> Result<()> {
    if std::env::var_os("CARGO").is_some() || find_program("cargo").is_some() {
        return Ok(());
    }
    Err(Trouble::new("cargo, Rust's build tool, is not on this machine").mend(format!(
        "Install Rust 1.95 or later from https://rustup.rs, then the target of plugins:\n  rustup target add {TARGET}"
    )))
}

/// The library of the package whose Cargo.toml lies in `dir`.
fn library(dir: &Path) -> Result<Library> {
    let mut command = cargo();
    command.current_dir(dir).args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&process::output(&mut command)?)
        .map_err(|error| Trouble::new(format!("`cargo metadata` printed no JSON: {error}")))?;
    let manifest = dir.join("Cargo.toml");
    let here =
        |package: &&Value| package["manifest_path"].as_str().is_some_and(|path| same(Path::new(path), &manifest));
    let package = metadata["packages"].as_array().into_iter().flatten().find(here);
    let package = package.ok_or_else(|| Trouble::new(format!("{} is no package's", manifest.display())))?;
    let is_module = |target: &&Value| {
        let kinds = target["crate_types"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| kind == "cdylib")
    };
    let target = package["targets"].as_array().into_iter().flatten().find(is_module).ok_or_else(|| {
        Trouble::new(format!("{} makes no component", manifest.display()))
            .mend("under [lib] add the line crate-type = [\"cdylib\"]")
    })?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Library {
        package: text(&package["name"]),
        module: text(&target["name"]).replace('-', "_"),
        target_dir: PathBuf::from(text(&metadata["target_directory"])),
    })
}

fn same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
