//! Projects in JavaScript and TypeScript: npm, and the SDK's builder through the project's own `build` script.

use crate::process::{self, Stream, find_program};
use crate::sources::fingerprint_of;
use crate::{Result, Trouble};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that the builder runs on.
const NODE_MIN: u32 = 20;

/// What the installed packages follow from.
const ASKS: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "sdk"];

/// Where npm installs to.
const MODULES: &str = "node_modules";

/// A file among the installed packages that says what they were installed for.
const STAMP: &str = ".posthouse";

pub(crate) fn build(dir: &Path, out: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    let npm = npm()?;
    let scripts = scripts(dir)?;
    if scripts["build"].as_str().is_none() {
        return Err(Trouble::new(format!("{} has no script `build`", dir.join("package.json").display())).mend(
            "under \"scripts\" add \"build\": \"posthouse-build --world WORLD --entry src/plugin.js --out plugin.wasm\"",
        ));
    }
    install(&npm, dir, watch)?;
    run(Command::new(&npm).current_dir(dir).args(["run", "--silent", "build"]), watch)?;
    if out.is_file() {
        return Ok(());
    }
    Err(Trouble::new(format!("`npm run build` wrote no {}", out.display()))
        .mend("let the script `build` in package.json write it: --out plugin.wasm"))
}

pub(crate) fn test(dir: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    let npm = npm()?;
    install(&npm, dir, watch)?;
    run(Command::new(&npm).current_dir(dir).args(["test", "--silent"]), watch)
}

fn run(command: &mut Command, watch: &mut dyn FnMut(&str)) -> Result<()> {
    process::run(command, &mut |stream, line| {
        if stream == Stream::Output && !line.trim().is_empty() {
            watch(line.trim());
        }
    })
}

/// Installs what `package.json` asks for, unless that was done and nothing it follows from has changed.
fn install(npm: &Path, dir: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    let stamp = dir.join(MODULES).join(STAMP);
    let installed = std::fs::read_to_string(&stamp).unwrap_or_default();
    if !installed.is_empty() && installed == fingerprint_of(dir, &ASKS)? {
        return Ok(());
    }
    watch("npm install");
    run(Command::new(npm).current_dir(dir).args(["install", "--no-audit", "--no-fund"]), watch)?;
    let asked = fingerprint_of(dir, &ASKS)?;
    // A project without packages has no such folder.
    let written = std::fs::create_dir_all(dir.join(MODULES)).and_then(|()| std::fs::write(&stamp, asked));
    written.map_err(|error| Trouble::file(&stamp, "cannot be written", &error))
}

fn npm() -> Result<PathBuf> {
    let mend = format!(
        "Install Node.js {NODE_MIN} or later, which brings npm, from https://nodejs.org, or with one of:\n  \
         apt-get install nodejs npm\n  brew install node"
    );
    let missing = |name: &str| {
        Trouble::new(format!("{name} is not on this machine, and plugins in JavaScript need it")).mend(&*mend)
    };
    let node = find_program("node").ok_or_else(|| missing("node"))?;
    let npm = find_program("npm").ok_or_else(|| missing("npm"))?;
    let version = process::output(Command::new(node).arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    match major {
        Some(major) if major < NODE_MIN => {
            Err(Trouble::new(format!("Node.js {} is too old: plugins need {NODE_MIN} or later", version.trim()))
                .mend(mend))
        }
        _ => Ok(npm),
    }
}

fn scripts(dir: &Path) -> Result<Value> {
    let path = dir.join("package.json");
    let text = std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, "cannot be read", &error))?;
    let package: Value =
        serde_json::from_str(&text).map_err(|error| Trouble::new(format!("{} is no JSON: {error}", path.display())))?;
    Ok(package["scripts"].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_a_build_says_which_line_is_missing() {
        if find_program("npm").is_none() {
            eprintln!("skipped: npm is not here");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("plugin.wasm");
        std::fs::write(dir.path().join("package.json"), "{}").unwrap();
        let error = build(dir.path(), &out, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("has no script `build`") && error.contains("posthouse-build --world"), "{error}");
        std::fs::write(dir.path().join("package.json"), "{").unwrap();
        let error = build(dir.path(), &out, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("package.json is no JSON"), "{error}");
    }
}
