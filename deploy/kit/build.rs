//! Makes `embedded.rs`: the three SDKs and their project templates, so that a person who has only the binary has them too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a build script stops by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};
use walkdir::WalkDir;

/// What a project needs of each SDK: sources and the interface. Tests, lock files and what builds leave behind stay out.
const SDKS: [(&str, &[&str]); 3] = [
    ("rust", &["Cargo.toml", "README.md", "src", "wit"]),
    ("js", &["package.json", "README.md", "index.js", "testing.js", "build.mjs", "host", "src", "types", "wit"]),
    ("python", &["pyproject.toml", "README.md", "posthouse_sdk"]),
];

fn main() {
    let repository = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..").canonicalize().unwrap();
    let mut text = String::from("static FILES: &[(&str, &[u8])] = &[\n");
    let mut add = |name: &str, path: &Path| {
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string()).unwrap();
    };
    for (language, parts) in SDKS {
        let sdk = repository.join("sdk").join(language);
        for part in parts {
            for path in files(&sdk.join(part)) {
                add(&format!("{language}/sdk/{}", name(&path, &sdk)), &path);
            }
        }
        add(&format!("{language}/sdk/LICENSE"), &repository.join("LICENSE"));
        let templates = sdk.join("template");
        for path in files(&templates) {
            let name = name(&path, &templates);
            // What lies beside the worlds' folders explains them to who looks into the checkout.
            if name.contains('/') {
                add(&format!("{language}/template/{name}"), &path);
            }
        }
    }
    text.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("embedded.rs"), text).unwrap();
}

/// The files beneath a folder, or the one file, sorted.
fn files(root: &Path) -> Vec<PathBuf> {
    let left_out = ["__pycache__", "node_modules", "target", ".venv", "Cargo.lock", "package-lock.json", "plugin.wasm"];
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    let entries = walk.filter_entry(|entry| !left_out.iter().any(|name| entry.file_name() == *name));
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.unwrap();
        if entry.file_type().is_dir() {
            // A file that is added is found by the next build.
            println!("cargo::rerun-if-changed={}", entry.path().display());
        } else {
            files.push(entry.into_path());
        }
    }
    files
}

fn name(path: &Path, root: &Path) -> String {
    let parts: Vec<_> = path.strip_prefix(root).unwrap().iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("/")
}
