//! What never stands in the sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::repository;

/// Longer files are hard to hold in one's head.
const LINES_MAX: usize = 700;

#[test]
fn unsafe_stands_in_one_file_of_the_sandbox_only() {
    let folders = ["host", "deploy", "plugins", "sdk", "tests/dice", "tests/servers", "tests/e2e"];
    let with_unsafe: Vec<_> = rust_files()
        .into_iter()
        .filter(|(path, _)| folders.iter().any(|folder| path.starts_with(folder)))
        .filter(|(_, text)| code_of(text).any(|line| has_word(line, concat!("un", "safe"))))
        .map(|(path, _)| path)
        .collect();
    assert!(with_unsafe.len() <= 1, "several files: {with_unsafe:?}");
    assert!(with_unsafe.iter().all(|path| path.starts_with("host/sandbox/src")), "{with_unsafe:?}");
}

#[test]
fn no_test_is_switched_off() {
    for (path, text) in rust_files() {
        let attribute = concat!("#[", "ignore");
        assert!(!text.contains(attribute), "{} has a test that never runs", path.display());
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines: make it two", path.display());
    }
}

#[test]
fn the_model_reads_no_file_and_no_network() {
    for (path, text) in rust_files() {
        if path.starts_with("host/model/src") {
            for module in ["std::fs", "TcpStream", "UdpSocket", "ToSocketAddrs", "std::process", "std::env", "tokio::"]
            {
                assert!(!code_of(&text).any(|line| line.contains(module)), "{} uses {module}", path.display());
            }
        }
    }
}

#[test]
fn types_generated_from_the_plugin_api_are_made_in_one_module() {
    for (path, text) in rust_files() {
        let generates = code_of(&text).any(|line| line.contains(concat!("bind", "gen!(")));
        let at_home = path.starts_with("host/sandbox/src/api");
        assert!(!path.starts_with("host") || !generates || at_home, "{} generates API types", path.display());
    }
}

#[test]
fn only_the_binary_may_use_the_real_clock_everywhere() {
    for (path, text) in rust_files() {
        let root = path.ends_with("src/lib.rs") && path.starts_with("host");
        let opened = text.lines().any(|line| line.starts_with("#![allow") && line.contains("disallowed_methods"));
        assert!(!root || !opened, "{} allows ambient time in a whole crate", path.display());
    }
}

#[test]
fn nothing_names_a_folder_of_somebodys_machine() {
    let machines = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("C:\\", "Users\\"), concat!("/Use", "rs/")];
    for path in tracked() {
        let Ok(text) = fs::read_to_string(repository().join(path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            for machine in machines {
                assert!(!line.contains(machine), "{}:{} names {machine}: {line}", path.display(), number + 1);
            }
        }
    }
}

/// Lines without comments and attributes' lint names, near enough for the words looked for.
fn code_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default())
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let around = [line[..at].chars().next_back(), line[at + word.len()..].chars().next()];
        around.iter().flatten().all(|letter| !letter.is_alphanumeric() && *letter != '_' && *letter != '"')
    })
}

/// All Rust files with their text; paths from the root of the checkout.
fn rust_files() -> Vec<(PathBuf, String)> {
    let rust = tracked().iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    // A file that is listed and gone is being moved.
    rust.filter_map(|path| Some((path.clone(), fs::read_to_string(repository().join(path)).ok()?))).collect()
}

/// The files that git has or would take; all files where the checkout has no git (an unpacked archive).
fn tracked() -> &'static [PathBuf] {
    static FILES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FILES.get_or_init(|| {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = Command::new("git").args(arguments).current_dir(repository()).output();
        match listed {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
                .split('\0')
                .filter(|name| !name.is_empty())
                .map(PathBuf::from)
                .collect(),
            _ => walk(&repository()),
        }
    })
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                if !name.starts_with('.') && !["target", "node_modules", "dist"].contains(&name.as_str()) {
                    folders.push(entry.path());
                }
            } else {
                files.push(entry.path().strip_prefix(repository()).unwrap().to_owned());
            }
        }
    }
    files
}
