//! Trains the shipped model from `plugins/training`, and asks the linker for a small stack: nothing here recurses, and all memory
//! of a component is looked through after each call.

use posthouse_learned::train::{Course, train};
use posthouse_learned::{file, shipped};
use posthouse_rules::{Engine, Settings, bundled};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Lines, rules and words come in by the crates, which are built again when those change.
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo:rustc-cdylib-link-arg=-zstack-size=131072");
    }
    let engine = Engine::new(Settings::default(), bundled())?;
    let trained = train(&shipped::lines()?, &engine, &Course::default(), |_| {})?;
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("model.bin"), file::write(&trained.model)?)?;
    Ok(())
}
