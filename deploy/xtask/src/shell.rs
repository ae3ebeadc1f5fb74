//! Folders of the checkout, and running other programs from them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use posthouse_kit::process::{clean_environment, find_program, line, output, succeeds};

/// The root of the checkout that this program was built from.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where built things go: `CARGO_TARGET_DIR`, else `target` in the checkout. Always absolute.
pub fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => std::env::current_dir().unwrap_or_else(|_| repository()).join(folder),
        _ => repository().join("target"),
    }
}

/// A command that starts in the checkout's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repository());
    command
}

/// The cargo that runs us, from the checkout's root into our target folder.
pub(crate) fn cargo() -> Command {
    let mut command = posthouse_kit::process::cargo();
    command.current_dir(repository()).env("CARGO_TARGET_DIR", target_folder());
    command
}
