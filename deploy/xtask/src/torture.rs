//! `cargo xtask torture`: the house dies again and again, for as long as one likes.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::guest;
use crate::machine;
use crate::shell::{self, target_folder};

/// Builds the bundled plugins and the host, installs what is missing, and runs `posthouse-torture` with these arguments.
///
/// # Errors
/// When something does not build, or a server cannot be installed.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    machine::install_missing()?;
    guest::build_all()?;
    // As for the tests, so that both share one build.
    let built = shell::cargo().args(["build", "--workspace", "--tests", "--bins"]).status()?;
    if !built.success() {
        bail!("the host did not build; the compiler's messages are above");
    }
    let program = target_folder().join("debug").join(format!("posthouse-torture{}", std::env::consts::EXE_SUFFIX));
    let mut command = shell::command(&program);
    shell::clean_environment(&mut command);
    command.args(arguments).env("POSTHOUSE_PLUGINS", target_folder().join("plugins"));
    let status = command.status().with_context(|| format!("{} could not be started", program.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
