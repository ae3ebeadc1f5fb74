//! A first look at the component: the sandbox says whether it is a good one.

/// The bytes that every WebAssembly file begins with.
const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a component, and of a core module.
const COMPONENT_LAYER: &[u8] = &[0x0d, 0, 1, 0];
const CORE_LAYER: &[u8] = &[1, 0, 0, 0];

/// Why these bytes cannot be a component.
pub(crate) fn problem(bytes: &[u8]) -> Option<&'static str> {
    let (magic, layer) = (bytes.get(..4), bytes.get(4..8));
    match (magic, layer) {
        (Some(MAGIC), Some(COMPONENT_LAYER)) => None,
        (Some(MAGIC), Some(CORE_LAYER)) => {
            Some("this is a core WebAssembly module, not a component; turn it into one with `wasm-tools component new`")
        }
        _ => Some("this is not a WebAssembly component; give the component that the plugin's build made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_told_from_a_core_module_and_from_anything_else() {
        assert_eq!(problem(b"\0asm\x0d\0\x01\0rest"), None);
        assert!(problem(b"\0asm\x01\0\0\0").unwrap().contains("core"));
        for other in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01", b"\x7fELF\x0d\0\x01\0", b"\0asm\x0c\0\x01\0"] {
            assert!(problem(other).unwrap().contains("not a WebAssembly component"));
        }
    }
}
