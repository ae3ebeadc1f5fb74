//! `cargo xtask bench`: all figures of the project, from a release build.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::guest;
use crate::machine;
use crate::shell::{self, repository, target_folder};

/// Builds the bundled plugins and a release of the host, then runs `posthouse bench` with these arguments, and after it
/// the way of a mail from Dovecot to the chat group (`tests/bench`). With `peers` alone: the comparison with Extism, a process
/// and a webhook, which is a workspace of its own.
///
/// # Errors
/// When something does not build or cannot be started.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    guest::build_all()?;
    if arguments == ["peers"] {
        return peers();
    }
    eprintln!("building a release (the first time takes a quarter of an hour)");
    let programs = ["posthouse", "posthouse-bench"];
    let mut cargo = shell::cargo();
    cargo.args(["build", "--release", "--workspace"]).args(programs.map(|name| ["--bin", name]).as_flattened());
    if !cargo.status()?.success() {
        bail!("the release did not build; the compiler's messages are above");
    }
    if let Err(error) = machine::install_missing() {
        eprintln!("what needs a mail server is skipped: {error:#}");
    }
    let folder = target_folder().join("release");
    for (name, arguments) in [(programs[0], [&["bench".to_owned()], arguments].concat()), (programs[1], Vec::new())] {
        let mut command = shell::command(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
        shell::clean_environment(&mut command);
        command.args(arguments).env("POSTHOUSE_PLUGINS", target_folder().join("plugins"));
        let status = command.status().with_context(|| format!("{name} could not be started"))?;
        if !status.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn peers() -> Result<ExitCode> {
    let folder = repository().join("tests").join("bench").join("peers");
    eprintln!("building what is compared with (the first time takes a quarter of an hour)");
    let mut cargo = shell::cargo();
    cargo.current_dir(folder).args(["run", "--release", "--locked", "--target-dir"]).arg(target_folder().join("peers"));
    let status = cargo.env("POSTHOUSE_PLUGINS", target_folder().join("plugins")).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
