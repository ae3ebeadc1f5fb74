//! Trains the shipped model from `plugins/training`.

use posthouse_learned::train::{Course, train};
use posthouse_learned::{file, shipped};
use posthouse_rules::{Engine, Settings, bundled};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Lines, rules and words come in by the crates, which are built again when those change.
    println!("cargo:rerun-if-changed=build.rs");
    let engine = Engine::new(Settings::default(), bundled())?;
    let trained = train(&shipped::lines()?, &engine, &Course::default(), |_| {})?;
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("model.bin"), file::write(&trained.model)?)?;
    Ok(())
}
