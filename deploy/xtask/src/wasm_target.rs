//! A compiler for `wasm32-unknown-unknown`: the one that is there, else rustup's, else Debian's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::machine;
use crate::progress::Working;
use crate::shell::{self, find_program};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's Rust for building browsers, kept current in stable releases. Its standard library comes as source.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// rustup gives up by itself where it cannot connect; this is for connections that hang.
const RUSTUP_TIMEOUT: Duration = Duration::from_secs(300);

/// Environment variable that takes only one of the ways: `installed`, `rustup` or `debian`.
const ONLY: &str = "POSTHOUSE_WASM_TOOLCHAIN";

/// What compiles guests on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WasmCompiler {
    /// The toolchain that runs us has the target.
    Own,
    /// Debian's packages, which build the standard library from its source.
    Debian {
        /// The WebAssembly linker.
        linker: PathBuf,
    },
}

impl WasmCompiler {
    /// Finds or installs one, trying in order what costs least.
    pub(crate) fn find_or_install(working: &Working) -> Result<Self> {
        let only = std::env::var(ONLY).unwrap_or_default();
        let allowed = |way: &str| only.is_empty() || only == way;
        if allowed("installed") && own_has_target() {
            return Ok(Self::Own);
        }
        if let Some(debian) = debian().filter(|_| allowed("debian")) {
            return Ok(debian);
        }
        let mut tried = Vec::new();
        if allowed("rustup") {
            working.detail(&format!("rustup target add {TARGET}"));
            match rustup_add() {
                Ok(()) if own_has_target() => return Ok(Self::Own),
                Ok(()) => tried.push("rustup ran, but this toolchain still lacks the target".to_owned()),
                Err(error) => tried.push(error.to_string()),
            }
        }
        if allowed("debian") {
            working.detail("installing Debian's Rust for WebAssembly");
            match machine::apt_install(&DEBIAN_PACKAGES) {
                Ok(()) => match debian() {
                    Some(debian) => return Ok(debian),
                    None => tried.push("Debian's packages were installed, but are not complete".to_owned()),
                },
                Err(error) => tried.push(error.to_string()),
            }
        }
        bail!(
            "Plugins cannot be built: this machine has no Rust compiler for {TARGET}.\n\
             Tried: {}.\n\
             Install it with one of:\n  rustup target add {TARGET}\n  apt-get install --no-install-recommends {}   (Debian 12 or later, as root)\n\
             and run the command again.",
            tried.join("; "),
            DEBIAN_PACKAGES.join(" ")
        );
    }

    /// A cargo command for this compiler that starts in `folder`.
    pub(crate) fn cargo(&self, folder: &Path, subcommand: &str) -> Command {
        match self {
            Self::Own => {
                let mut command = shell::cargo();
                command.current_dir(folder).arg(subcommand).args(["--target", TARGET]);
                command
            }
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                shell::clean_environment(&mut command);
                command.current_dir(folder).arg(subcommand).args(["--target", TARGET, "-Zbuild-std=std,panic_abort"]);
                command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS"] {
                    command.env_remove(name);
                }
                command
            }
        }
    }

    /// What tells this compiler from another one whose output may differ.
    pub(crate) fn identity(&self) -> Result<String> {
        let program: &Path = match self {
            Self::Own => Path::new("rustc"),
            Self::Debian { .. } => Path::new("/usr/bin/rustc"),
        };
        shell::output(shell::command(program).arg("-vV"))
    }
}

fn own_has_target() -> bool {
    let folder = shell::output(shell::command("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    folder.is_ok_and(|folder| {
        let entries = std::fs::read_dir(folder.trim());
        entries.is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libcore-")))
        })
    })
}

fn rustup_add() -> Result<()> {
    if find_program("rustup").is_none() {
        bail!("rustup is not installed");
    }
    let mut command = shell::command("rustup");
    shell::clean_environment(&mut command);
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

fn debian() -> Option<WasmCompiler> {
    let version = shell::output(Command::new("/usr/bin/rustc").arg("-vV")).ok()?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: "))?;
    // Older Debian compilers know neither this edition nor this lock file.
    let minor: u32 = release.split('.').nth(1)?.parse().ok()?;
    let sysroot = shell::output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"])).ok()?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/src/lib.rs");
    let linker = ["wasm-ld-19", "wasm-ld"].iter().find_map(|name| find_program(name))?;
    (minor >= 95 && source.exists() && Path::new("/usr/bin/cargo").exists()).then_some(WasmCompiler::Debian { linker })
}
