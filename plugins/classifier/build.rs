//! Asks the linker for a small stack: nothing here recurses, and all memory of a component is looked through after each call.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo:rustc-cdylib-link-arg=-zstack-size=131072");
    }
}
