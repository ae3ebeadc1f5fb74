//! A compiler for guests: the one that is there, else rustup's, else Debian's packages, which are installed.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use posthouse_kit::process::{clean_environment, find_program};
use posthouse_kit::wasm::{DEBIAN_PACKAGES, TARGET, WasmCompiler, is_allowed};

use crate::machine;
use crate::progress::Working;
use crate::shell::{self, repository};

/// rustup gives up by itself where it cannot connect; this is for connections that hang.
const RUSTUP_TIMEOUT: Duration = Duration::from_secs(300);

/// Finds or installs one, trying in order what costs least.
pub(crate) fn find_or_install(working: &Working) -> Result<WasmCompiler> {
    let find = || WasmCompiler::find(&repository());
    if let Some(compiler) = find() {
        return Ok(compiler);
    }
    let mut tried = Vec::new();
    if is_allowed("rustup") {
        working.detail(&format!("rustup target add {TARGET}"));
        match rustup_add() {
            // What rustup brought is there even where only this way to it is allowed.
            Ok(()) if WasmCompiler::own_has_target(&repository()) => return Ok(WasmCompiler::Own),
            Ok(()) => tried.push("rustup ran, but this toolchain still lacks the target".to_owned()),
            Err(error) => tried.push(error.to_string()),
        }
    }
    if is_allowed("debian") {
        working.detail("installing Debian's Rust for WebAssembly");
        match machine::apt_install(&DEBIAN_PACKAGES) {
            Ok(()) => match find() {
                Some(compiler) => return Ok(compiler),
                None => tried.push("Debian's packages were installed, but are not complete".to_owned()),
            },
            Err(error) => tried.push(error.to_string()),
        }
    }
    Err(WasmCompiler::missing(&tried).into())
}

fn rustup_add() -> Result<()> {
    if find_program("rustup").is_none() {
        bail!("rustup is not installed");
    }
    let mut command = shell::command(Path::new("rustup"));
    clean_environment(&mut command);
    command.args(["target", "add", TARGET]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let end = Instant::now() + RUSTUP_TIMEOUT;
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            bail!("`rustup target add {TARGET}` failed (run it by hand to see why)");
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            bail!("`rustup target add {TARGET}` did not end within {} s", RUSTUP_TIMEOUT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
