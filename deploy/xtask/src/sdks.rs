//! The SDKs' own tests: in Rust, with `node --test`, with Python's unittest. The project templates are tested by them, as
//! projects: those in Rust by the kit's tests.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::shell::{self, find_program, repository};
use crate::suite::{Counts, Outcome, counted, native_plugins_folder};

/// Runs what this machine has the languages for.
pub(crate) fn test(counts: &mut Counts) -> Result<Outcome> {
    let (mut done, mut left_out) = (Vec::new(), Vec::new());
    for (language, run) in
        [("Rust", rust as fn(&mut Counts) -> Result<Ran>), ("JavaScript", javascript), ("Python", python)]
    {
        match run(counts)? {
            Ran::Passed(passed) => done.push(format!("{language} {passed}")),
            Ran::LeftOut(why) => left_out.push(format!("{language} ({why})")),
        }
    }
    let done = format!("passed: {}", done.join(", "));
    Ok(match left_out[..] {
        [] => Outcome::Done(done),
        _ => Outcome::Partly(format!("{done}; skipped {}", left_out.join(", "))),
    })
}

enum Ran {
    Passed(u64),
    /// And why.
    LeftOut(String),
}

fn rust(counts: &mut Counts) -> Result<Ran> {
    let mut cargo = shell::cargo();
    // In the plugins' workspace it has a lock file.
    cargo.args(["test", "--package", "posthouse-sdk", "--no-fail-fast", "--manifest-path", "plugins/Cargo.toml"]);
    let ran = counted(cargo.env("CARGO_TARGET_DIR", native_plugins_folder()), counts)?;
    Ok(Ran::Passed(ran.passed))
}

fn javascript(counts: &mut Counts) -> Result<Ran> {
    let (Some(node), Some(npm)) = (find_program("node"), find_program("npm")) else {
        return Ok(Ran::LeftOut("node and npm are not here".to_owned()));
    };
    let sdk = repository().join("sdk/js");
    install(&sdk, &npm)?;
    // Named one by one: versions of Node differ in what a folder means.
    let mut files: Vec<_> = fs::read_dir(sdk.join("test"))?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.js"));
    files.sort();
    let mut command = shell::command(node);
    command.current_dir(&sdk).args(["--test", "--test-reporter=tap"]).args(files);
    let ran = counted(&mut command, counts)?;
    Ok(Ran::Passed(ran.passed))
}

/// Installs what the tests look the desk's pages through with; false where there is no npm.
pub(crate) fn install_axe() -> Result<bool> {
    let Some(npm) = find_program("npm") else { return Ok(false) };
    install(&repository().join("tests/e2e/axe"), &npm)?;
    Ok(true)
}

/// Installs what a folder's lock file names, unless it is.
fn install(folder: &Path, npm: &Path) -> Result<()> {
    if !is_installed(folder) {
        shell::output(shell::command(npm).current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))?;
    }
    Ok(())
}

/// Whether what the lock file names is installed: npm writes its own list last.
fn is_installed(sdk: &Path) -> bool {
    let changed = |name: &str| sdk.join(name).metadata().and_then(|data| data.modified()).ok();
    changed("node_modules/.package-lock.json").is_some_and(|installed| Some(installed) >= changed("package-lock.json"))
}

fn python(counts: &mut Counts) -> Result<Ran> {
    let Some(python) = ["python3", "python"].iter().find_map(|name| find_program(name)) else {
        return Ok(Ran::LeftOut("python3 is not here".to_owned()));
    };
    let mut command = shell::command(python);
    command.current_dir(repository().join("sdk/python")).args(["-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    // Compiled files would lie among the sources.
    let ran = counted(command.env("PYTHONDONTWRITEBYTECODE", "1"), counts)?;
    Ok(Ran::Passed(ran.passed))
}
