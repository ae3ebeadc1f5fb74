//! `cargo xtask demo`: builds what is missing and starts the product with its own defaults.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::examples;
use crate::guest;
use crate::shell::{self, repository, target_folder};

/// Builds the bundled plugins, the host and what is quick to build of the example shops' own plugins, then runs `posthouse demo` until
/// it ends. `arguments` are handed on.
///
/// # Errors
/// When something does not build or the program cannot be started.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    guest::build_all()?;
    let program = build_program()?;
    // Of the example shops' own plugins the quick ones; `cargo xtask examples` builds the others, and the demonstration says
    // which it goes without.
    examples::build(true)?;
    let mut command = shell::command(&program);
    shell::clean_environment(&mut command);
    command.arg("demo").args(arguments);
    command.env("POSTHOUSE_PLUGINS", target_folder().join("plugins"));
    command.env("POSTHOUSE_EXAMPLES", repository().join("examples"));
    let status = command.status().with_context(|| format!("{} could not be started", program.display()))?;
    // An interrupt at the terminal is the ordinary end.
    Ok(status.code().map_or(ExitCode::SUCCESS, |code| ExitCode::from(u8::try_from(code).unwrap_or(1))))
}

/// Builds the program `posthouse` for development, and says where it is.
pub(crate) fn build_program() -> Result<PathBuf> {
    eprintln!("building posthouse (the first time takes some minutes)");
    let status = shell::cargo().args(["build", "--workspace", "--bin", "posthouse"]).status()?;
    if !status.success() {
        bail!("posthouse did not build; the compiler's messages are above");
    }
    Ok(target_folder().join("debug").join(format!("posthouse{}", std::env::consts::EXE_SUFFIX)))
}
