//! `cargo xtask fuzz`: readers are thrown whatever a fuzzer comes up with, for as long as one likes. The targets are no members of the
//! workspace; the tests see to it that they keep compiling.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::shell::{self, repository, target_folder};

/// The crates that have a folder `fuzz`.
const CRATES: [&str; 2] = ["host/mail", "host/package"];

/// Every target, with its crate.
fn targets() -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for name in CRATES {
        let folder = repository().join(name);
        let sources = folder.join("fuzz/fuzz_targets");
        for entry in fs::read_dir(&sources).with_context(|| format!("{} cannot be read", sources.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "rs")
                && let Some(stem) = path.file_stem()
            {
                found.push((folder.clone(), stem.to_string_lossy().into_owned()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The versions that the host is built with, so that the same code is tried and cargo need not choose.
fn lock(folder: &Path) -> Result<()> {
    let to = folder.join("fuzz/Cargo.lock");
    fs::copy(repository().join("Cargo.lock"), &to).with_context(|| format!("{} cannot be written", to.display()))?;
    Ok(())
}

/// The commands that compile the targets without the fuzzer itself, which needs a C++ compiler.
pub(crate) fn checks() -> Result<Vec<Command>> {
    let mut commands = Vec::new();
    for name in CRATES {
        let folder = repository().join(name);
        lock(&folder)?;
        let mut cargo = shell::cargo();
        cargo.args(["check", "--bins", "--no-default-features", "--manifest-path"]).arg(folder.join("fuzz/Cargo.toml"));
        commands.push(cargo);
    }
    Ok(commands)
}

/// Runs a target with arguments of libFuzzer's, such as `-max_total_time=600`, until it finds something or is stopped. No sanitizer:
/// the code is safe Rust, and so the stable compiler will do.
///
/// # Errors
/// When there is no such target, or no cargo-fuzz.
pub fn run(target: &str, arguments: &[String]) -> Result<ExitCode> {
    let targets = targets()?;
    let Some((folder, _)) = targets.iter().find(|(_, name)| name == target) else {
        let names: Vec<&str> = targets.iter().map(|(_, name)| name.as_str()).collect();
        bail!("there is no target `{target}`; use one of {}", names.join(", "));
    };
    if !shell::succeeds(shell::cargo().args(["fuzz", "--version"])) {
        bail!("cargo-fuzz is not there: cargo install cargo-fuzz");
    }
    lock(folder)?;
    let mut cargo = shell::cargo();
    cargo.current_dir(folder).args(["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
    cargo.arg(target_folder().join("fuzz")).arg(target).arg("--").args(["-rss_limit_mb=2048", "-timeout=10"]);
    let status = cargo.args(arguments).status().context("cargo fuzz could not be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_declared_and_every_declared_one_is_there() -> Result<()> {
        for name in CRATES {
            let folder = repository().join(name);
            let manifest = fs::read_to_string(folder.join("fuzz/Cargo.toml"))?;
            let declared = manifest.matches("[[bin]]").count();
            let there: Vec<_> = targets()?.into_iter().filter(|(one, _)| *one == folder).collect();
            assert_eq!(there.len(), declared, "{there:?}");
            for (_, target) in there {
                assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            }
        }
        Ok(())
    }
}
