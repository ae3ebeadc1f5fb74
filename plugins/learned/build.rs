//! Lists the training lines, so that they are part of whatever trains.

use std::fmt::Write as _;
use std::path::Path;

/// Where the lines stand, beside this crate.
const FOLDER: &str = "../training";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FOLDER}");
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(FOLDER);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        files.push((name.clone(), folder.join(name)));
    }
    files.sort();
    let mut text = String::new();
    for (table, begins) in [("FILES", "lines."), ("MOODS", "moods."), ("MAILS", "mails.")] {
        writeln!(text, "pub(super) static {table}: &[(&str, &str)] = &[")?;
        for (name, path) in &files {
            let Some(language) = name.strip_prefix(begins).and_then(|rest| rest.strip_suffix(".tsv")) else { continue };
            println!("cargo::rerun-if-changed={}", path.display());
            writeln!(text, "    ({language:?}, include_str!({:?})),", path.display().to_string())?;
        }
        text.push_str("];\n");
    }
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("files.rs"), text)?;
    Ok(())
}
