//! Every template in Rust, as a person gets it: it passes its own test and becomes the component that its manifest
//! describes. (Those in JavaScript and Python are tested by the SDKs' own tests.)
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use posthouse_kit::new::{NewProject, worlds};
use posthouse_kit::project::{Language, Project};
use posthouse_kit::wasm::WasmCompiler;
use std::fs;
use std::path::Path;

#[test]
fn each_template_in_rust_passes_its_own_test_and_is_built() {
    let folder = tempfile::tempdir().unwrap();
    // What the projects have in common is compiled once, and kept for the next run.
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    fs::create_dir(folder.path().join(".cargo")).unwrap();
    let config = format!("[build]\ntarget-dir = {:?}\n", shared.display().to_string());
    fs::write(folder.path().join(".cargo/config.toml"), config).unwrap();

    for world in worlds(Language::Rust) {
        let dir = folder.path().join(world);
        let name = format!("my-{world}");
        NewProject { name: &name, world, language: Language::Rust, dir: &dir, sdk: None }.create().unwrap();
        let project = Project::open(&dir).unwrap();
        let mut passed = 0;
        let mut count = |line: &str| passed += u32::from(line.ends_with(" ... ok"));
        project.test(&mut count).unwrap_or_else(|trouble| panic!("{world}: {trouble}"));
        assert!(passed >= 2, "{world}: {passed} tests");
        if WasmCompiler::find(&dir).is_none() {
            eprintln!("skipped: no compiler for WebAssembly is here, so {world} is not built");
            continue;
        }
        project.build(&mut |_| {}).unwrap_or_else(|trouble| panic!("{world}: {trouble}"));
        let component = fs::read(project.component()).unwrap();
        assert_eq!(&component[..8], b"\0asm\x0d\0\x01\0", "{world}: a component, not a core module");
        // A component names what it imports: no more and no less than the manifest asks for.
        let text = String::from_utf8_lossy(&component);
        let asked = fs::read_to_string(dir.join("plugin.toml")).unwrap();
        let asked = asked.split("[capabilities]").nth(1).unwrap();
        for capability in ["log", "http", "model", "knowledge", "store"] {
            let imports = text.contains(&format!("posthouse:plugin/{capability}@1.0.0"));
            let asks = asked.contains(&format!("\n{capability} = "));
            assert_eq!(imports, asks, "{world}: {capability}");
        }
    }
}

#[test]
fn a_plugin_that_does_not_compile_gives_the_compilers_words_and_keeps_the_component() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("broken");
    NewProject { name: "broken", world: "router", language: Language::Rust, dir: &dir, sdk: None }.create().unwrap();
    let project = Project::open(&dir).unwrap();
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap();
    fs::write(project.component(), "older").unwrap();
    fs::write(dir.join("Cargo.toml"), manifest.replace("crate-type = [\"cdylib\"]", "")).unwrap();
    let trouble = project.build(&mut |_| {}).unwrap_err().to_string();
    assert!(trouble.contains("makes no component") && trouble.contains("crate-type = [\"cdylib\"]"), "{trouble}");
    // Without dependencies nothing has to be compiled before the error.
    let bare = manifest.split("[dependencies]").next().unwrap();
    fs::write(dir.join("Cargo.toml"), format!("{bare}\n[workspace]\n")).unwrap();
    fs::write(dir.join("src/lib.rs"), "fn main() { let number: u8 = \"text\"; }").unwrap();
    let trouble = project.build(&mut |_| {}).unwrap_err().to_string();
    assert!(trouble.contains("mismatched types") && trouble.contains("src/lib.rs:1:"), "{trouble}");
    assert_eq!(fs::read_to_string(project.component()).unwrap(), "older");
}
