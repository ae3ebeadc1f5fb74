//! From a Rust crate to a component: a compiler for `wasm32-unknown-unknown`, its flags, and the component encoder.

use crate::process::{self, cargo, clean_environment, find_program};
use crate::{Result, Trouble};
use std::path::{Path, PathBuf};
use std::process::Command;
use wit_component::ComponentEncoder;

/// The target that plugins in Rust are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's Rust for building browsers, kept current in stable releases. Its standard library comes as source.
pub const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// Environment variable that takes only one of the ways to a compiler: `installed`, `rustup` or `debian`.
const ONLY: &str = "POSTHOUSE_WASM_TOOLCHAIN";

/// Bytes of stack of a plugin. The linker's own choice is 1 MiB, all of which is looked through after every call for what
/// was written.
const STACK_SIZE: u32 = 256 << 10;

/// What compiles plugins on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WasmCompiler {
    /// The ordinary toolchain has the target.
    Own,
    /// Debian's packages, which build the standard library from its source.
    Debian {
        /// The WebAssembly linker.
        linker: PathBuf,
    },
}

impl WasmCompiler {
    /// One that is installed: the toolchain that is in force in `folder`, else Debian's packages.
    #[must_use]
    pub fn find(folder: &Path) -> Option<Self> {
        if is_allowed("installed") && Self::own_has_target(folder) {
            return Some(Self::Own);
        }
        if is_allowed("debian") { debian() } else { None }
    }

    /// Whether the toolchain that is in force in `folder` has the target.
    #[must_use]
    pub fn own_has_target(folder: &Path) -> bool {
        let mut rustc = Command::new("rustc");
        let libraries =
            process::output(rustc.current_dir(folder).args(["--print", "target-libdir", "--target", TARGET]));
        libraries.is_ok_and(|libraries| {
            let entries = std::fs::read_dir(libraries.trim());
            entries.is_ok_and(|mut entries| {
                entries.any(|entry| entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libcore-")))
            })
        })
    }

    /// That there is none, what was tried to get one, and the commands that bring one.
    #[must_use]
    pub fn missing(tried: &[String]) -> Trouble {
        let tried = if tried.is_empty() { String::new() } else { format!("\nTried: {}.", tried.join("; ")) };
        Trouble::new(format!("plugins cannot be built: this machine has no Rust compiler for {TARGET}{tried}")).mend(
            format!(
                "Install it with one of:\n  rustup target add {TARGET}\n  apt-get install --no-install-recommends {}   \
                 (Debian 12 or later, as root)\nand run the command again.",
                DEBIAN_PACKAGES.join(" ")
            ),
        )
    }

    /// A cargo command for this compiler that starts in `folder`.
    #[must_use]
    pub fn cargo(&self, folder: &Path, subcommand: &str) -> Command {
        match self {
            Self::Own => {
                let mut command = cargo();
                command.current_dir(folder).arg(subcommand).args(["--target", TARGET]);
                command
            }
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                clean_environment(&mut command);
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
    ///
    /// # Errors
    /// It does not run.
    pub fn identity(&self) -> Result<String> {
        let program = match self {
            Self::Own => "rustc",
            Self::Debian { .. } => "/usr/bin/rustc",
        };
        process::output(Command::new(program).arg("-vV"))
    }
}

/// Whether the environment leaves this way to a compiler open.
#[must_use]
pub fn is_allowed(way: &str) -> bool {
    std::env::var(ONLY).map_or(true, |only| only.is_empty() || only == way)
}

fn debian() -> Option<WasmCompiler> {
    let version = process::output(Command::new("/usr/bin/rustc").arg("-vV")).ok()?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: "))?;
    // Older Debian compilers know neither this edition nor this lock file.
    let minor: u32 = release.split('.').nth(1)?.parse().ok()?;
    let sysroot = process::output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"])).ok()?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/src/lib.rs");
    let linker = ["wasm-ld-19", "wasm-ld"].iter().find_map(|name| find_program(name))?;
    (minor >= 95 && source.exists() && Path::new("/usr/bin/cargo").exists()).then_some(WasmCompiler::Debian { linker })
}

/// The value of `CARGO_ENCODED_RUSTFLAGS`: the stack, and what keeps this machine's folders out of the components, so that
/// they are the same from wherever they are built. `folders`: those that are not cargo's own, and what stands for each.
#[must_use]
pub fn flags(folders: &[(&Path, &str)]) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![format!("-Clink-arg=-zstack-size={STACK_SIZE}"), remap(&home, "/cargo")];
    flags.extend(folders.iter().map(|(from, to)| remap(from, to)));
    flags.join("\u{1f}")
}

/// Makes a component of a core module that was compiled with the SDK.
///
/// # Errors
/// It holds no world, or one that it does not fit.
pub fn component(module: &[u8]) -> Result<Vec<u8>> {
    let encoded = ComponentEncoder::default().validate(true).module(module).and_then(|encoder| encoder.encode());
    encoded.map_err(|error| Trouble::new(format!("the module does not become a component: {error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_exports_nothing_of_the_api_says_so() {
        let error = component(b"not wasm").unwrap_err();
        assert!(error.what.starts_with("the module does not become a component: "), "{error}");
    }

    #[test]
    fn what_is_missing_comes_with_the_commands_that_bring_it() {
        let words = WasmCompiler::missing(&["rustup is not installed".to_owned()]).to_string();
        assert!(words.contains("Tried: rustup is not installed."), "{words}");
        assert!(
            words.contains("rustup target add wasm32-unknown-unknown") && words.contains("apt-get install"),
            "{words}"
        );
    }
}
