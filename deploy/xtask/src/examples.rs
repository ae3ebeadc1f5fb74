//! `cargo xtask examples`: the example clients' own plugins, built and packed into the packages that their set-ups name.
//!
//! `examples/CLIENT/plugins/NAME/` becomes `examples/CLIENT/plugins/NAME.phx`. A package is kept as long as nothing that it
//! is made from has changed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use posthouse_kit::project::{Language, Project};
use posthouse_kit::sources;
use sha2::{Digest as _, Sha256};

use crate::demo;
use crate::progress::Working;
use crate::shell::{self, find_program, repository, target_folder};
use crate::suite::{Counts, Outcome, counted, native_plugins_folder};
use crate::wasm_target;

/// Raised when this file makes something else from the same sources.
const BUILDER_VERSION: &str = "1";

/// One example's plugin.
struct Example {
    /// `fashion/marketplace-clock`
    name: String,
    project: Project,
    package: PathBuf,
}

/// What [`build`] came to.
#[derive(Debug, Default)]
pub struct Built {
    /// Packages that are there now and up to date: `fashion/marketplace-clock`.
    pub packages: Vec<String>,
    /// How many of them had to be made.
    pub made: usize,
    /// Plugins that this machine cannot build, each with what it lacks.
    pub left_out: Vec<String>,
}

/// Builds and packs what is not there or out of date; only what is written in Rust when `rust_only`.
///
/// # Errors
/// A plugin does not build, or the program that packs does not.
pub fn build(rust_only: bool) -> Result<Built> {
    let mut built = Built::default();
    let mut program = None;
    for example in all()? {
        let language = example.project.language();
        if rust_only && language != Language::Rust {
            continue;
        }
        if let Some(lack) = lack(language) {
            built.left_out.push(format!("{} ({lack})", example.name));
            continue;
        }
        let stamp = target_folder().join("examples").join(example.name.replace('/', "-"));
        let hash = hash_of(&example.project)?;
        // The package lies in the checkout and the stamp in a target folder that other checkouts may share: one that was packed
        // there says nothing of the package here.
        let made_here = || Some(format!("{hash} {}", digest_of(&example.package).ok()?));
        if fs::read_to_string(&stamp).ok().is_none_or(|stamp| Some(stamp) != made_here()) {
            make(&example, &mut program).with_context(|| format!("examples: {} was not built", example.name))?;
            fs::create_dir_all(target_folder().join("examples"))?;
            fs::write(&stamp, format!("{hash} {}", digest_of(&example.package)?))
                .with_context(|| format!("cannot write {}", stamp.display()))?;
            built.made += 1;
        }
        built.packages.push(example.name);
    }
    Ok(built)
}

/// `program` packs; it is built when it is needed first.
fn make(example: &Example, program: &mut Option<PathBuf>) -> Result<()> {
    let working = Working::start(format!("building {}", example.name));
    if example.project.language() == Language::Rust {
        wasm_target::find_or_install(&working)?;
    }
    example.project.build(&mut |line| working.detail(line))?;
    working.detail("packing");
    let program = match program {
        Some(program) => program,
        None => program.insert(demo::build_program()?),
    };
    let mut pack = shell::command(&*program);
    shell::clean_environment(&mut pack);
    pack.args(["plugin", "pack"]).arg(example.project.dir()).arg("--out").arg(&example.package);
    shell::output(&mut pack)?;
    working.done("packed");
    Ok(())
}

/// Builds the packages and runs the plugins' own tests, each language with its own tools, and their fixtures in the sandbox.
pub(crate) fn test(counts: &mut Counts) -> Result<Outcome> {
    let built = build(false)?;
    let program = demo::build_program()?;
    let mut passed = [0; Language::ALL.len()];
    let mut fixtures = 0;
    for example in all()? {
        let language = example.project.language();
        if lack(language).is_some() {
            continue;
        }
        let mut command = native_tests(&example.project)?;
        let ran = counted(&mut command, counts).with_context(|| example.name.clone())?;
        passed[Language::ALL.iter().position(|one| *one == language).unwrap_or(0)] += ran.passed;
        let mut sandboxed = shell::command(&program);
        shell::clean_environment(&mut sandboxed);
        shell::output(sandboxed.args(["plugin", "test", "--no-fuel"]).arg(&example.package))?;
        fixtures += fixtures_of(&example.project)?;
    }
    counts.passed += fixtures;
    let passed = Language::ALL.iter().zip(passed).map(|(language, passed)| format!("{language} {passed}"));
    let passed = passed.collect::<Vec<_>>().join(", ");
    let done = format!("{} packages; passed: {passed}, fixtures {fixtures}", built.packages.len());
    Ok(match built.left_out[..] {
        [] => Outcome::Done(done),
        _ => Outcome::Partly(format!("{done}; left out {}", built.left_out.join(", "))),
    })
}

/// How many calls a project has written down.
fn fixtures_of(project: &Project) -> Result<u64> {
    let entries = fs::read_dir(project.dir().join("fixtures"))?.flatten();
    Ok(entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".fixture.toml")).count() as u64)
}

fn native_tests(project: &Project) -> Result<std::process::Command> {
    let dir = project.dir();
    Ok(match project.language() {
        Language::Rust => {
            let mut cargo = shell::cargo();
            cargo.args(["test", "--locked", "--manifest-path"]).arg(dir.join("Cargo.toml"));
            cargo.env("CARGO_TARGET_DIR", native_plugins_folder());
            cargo
        }
        Language::JavaScript => {
            let mut files: Vec<_> = fs::read_dir(dir.join("test"))?.flatten().map(|entry| entry.path()).collect();
            files.retain(|path| path.to_string_lossy().ends_with(".test.js"));
            files.sort();
            let mut node = shell::command(program("node")?);
            node.current_dir(dir).args(["--test", "--test-reporter=tap"]).args(files);
            node
        }
        Language::Python => {
            let mut python = shell::command(program("python3")?);
            python.current_dir(dir).args(["-m", "unittest", "discover", "tests"]);
            // Compiled files would lie among the sources.
            python.env("PYTHONPATH", repository().join("sdk/python")).env("PYTHONDONTWRITEBYTECODE", "1");
            python
        }
    })
}

/// All of them, by name.
fn all() -> Result<Vec<Example>> {
    let mut found = Vec::new();
    for client in folders(&repository().join("examples"))? {
        let plugins = client.join("plugins");
        if !plugins.is_dir() {
            continue;
        }
        for dir in folders(&plugins)?.into_iter().filter(|dir| dir.join("plugin.toml").is_file()) {
            let part = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = format!("{}/{}", part(&client), part(&dir));
            found.push(Example { name, project: Project::open(&dir)?, package: dir.with_extension("phx") });
        }
    }
    Ok(found)
}

/// Manifests of the plugins in Rust, for formatting and lints.
pub(crate) fn rust_manifests() -> Vec<PathBuf> {
    let projects = all().unwrap_or_default().into_iter().map(|example| example.project);
    projects.filter(|project| project.language() == Language::Rust).map(|p| p.dir().join("Cargo.toml")).collect()
}

/// Whether every example's package is there.
pub(crate) fn are_built() -> bool {
    all().is_ok_and(|all| all.iter().all(|example| example.package.is_file()))
}

fn folders(of: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of).with_context(|| format!("cannot read {}", of.display()))?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// What this machine lacks for a language.
fn lack(language: Language) -> Option<&'static str> {
    let has = |name: &str| find_program(name).is_some();
    match language {
        Language::Rust => None,
        Language::JavaScript => (!has("node") || !has("npm")).then_some("node and npm are not here"),
        Language::Python => (!has("python3")).then_some("python3 is not here"),
    }
}

fn program(name: &str) -> Result<PathBuf> {
    find_program(name).with_context(|| format!("{name} is not on this machine"))
}

/// A hash of everything that a package is made from.
fn hash_of(project: &Project) -> Result<String> {
    let sdk = match project.language() {
        Language::Rust => "sdk/rust",
        Language::JavaScript => "sdk/js",
        Language::Python => "sdk/python",
    };
    let mut hash = Sha256::new();
    hash.update(BUILDER_VERSION);
    for folder in [project.dir().to_owned(), repository().join(sdk), repository().join("wit")] {
        hash.update(sources::fingerprint(&folder)?);
    }
    for lock in ["Cargo.lock", "package-lock.json"] {
        hash.update(fs::read(project.dir().join(lock)).unwrap_or_default());
        hash.update([0]);
    }
    Ok(hex(&hash.finalize()))
}

fn digest_of(package: &Path) -> Result<String> {
    Ok(hex(&Sha256::digest(fs::read(package).with_context(|| format!("cannot read {}", package.display()))?)))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
