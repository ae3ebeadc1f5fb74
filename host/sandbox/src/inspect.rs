//! What a component says about itself, read from its own type without compiling it.

use crate::error::LoadError;
use posthouse_model::capability::Capability;
use posthouse_model::decision::World;
use sha2::{Digest, Sha256};
use std::fmt;
use wasmparser::{Encoding, Parser, Payload};

/// A version of the plugin API: of the WIT package `posthouse:plugin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// Components of another major version do not link.
    pub major: u64,
    /// A component links to a host of the same or a higher minor version.
    pub minor: u64,
    /// Never matters.
    pub patch: u64,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

/// The API that this host offers.
pub(crate) const HOST_API: ApiVersion = ApiVersion { major: 1, minor: 0, patch: 0 };

/// The API that this host offers: components built for it, and for every earlier minor version, run on it.
#[must_use]
pub fn host_api() -> ApiVersion {
    HOST_API
}

/// What a component says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentInfo {
    /// What it is for.
    pub world: World,
    /// The API it was built for.
    pub api_version: ApiVersion,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// The kinds of power it imports.
    pub capabilities: Vec<Capability>,
    /// Everything it imports, as named in it.
    pub imports: Vec<String>,
    /// The exported interface, as named in it: `posthouse:plugin/classify@1.0.0`.
    pub(crate) export: String,
}

const PACKAGE: &str = "posthouse:plugin/";

/// The interface that makes a component a plugin of a world.
pub(crate) fn interface_of(world: World) -> &'static str {
    match world {
        World::Classifier => "classify",
        World::Router => "route",
        World::Drafter => "draft",
        World::Notifier => "notify",
        World::Enricher => "enrich",
        World::Checker => "check",
    }
}

/// Reads a component's type. Takes well under a millisecond per megabyte, compiles and runs nothing.
///
/// # Errors
/// When it is no plugin of this host: see [`LoadError`].
pub fn inspect(bytes: &[u8]) -> Result<ComponentInfo, LoadError> {
    let (imports, exports) = outline(bytes)?;

    let mut found = Vec::new();
    for name in &exports {
        let Some((interface, version)) = split(name) else { continue };
        if let Some(world) = World::ALL.iter().copied().find(|w| interface_of(*w) == interface) {
            found.push((world, version, name.clone()));
        }
    }
    let (world, mut api_version, export) = match found.len() {
        1 => found.remove(0),
        0 => {
            let expected = World::ALL.iter().map(|w| format!("`{}`", interface_of(*w))).collect::<Vec<_>>().join(", ");
            let found = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
            return Err(LoadError::NoWorld { expected, found });
        }
        _ => {
            let names = found.iter().map(|(w, ..)| w.to_string()).collect::<Vec<_>>().join(", ");
            return Err(LoadError::SeveralWorlds(names));
        }
    };

    let mut capabilities = Vec::new();
    for name in &imports {
        let Some((interface, version)) = split(name) else { return Err(forbidden(name)) };
        api_version = api_version.max(version);
        match interface {
            "log" => capabilities.push(Capability::Log),
            "http" | "templates" => capabilities.push(Capability::Http),
            "model" => capabilities.push(Capability::Model),
            "knowledge" => capabilities.push(Capability::Knowledge),
            "store" => capabilities.push(Capability::Store),
            "types" | "desk" | "triaging" | "routing" | "drafting" | "notices" | "enriching" | "checking" => {}
            // An interface of a later API is named as such below; in our own version it is a mistake.
            _ if version > HOST_API => {}
            _ => return Err(forbidden(name)),
        }
    }
    capabilities.sort();
    capabilities.dedup();

    let offered = HOST_API;
    if api_version.major != offered.major {
        return Err(match api_version.major > offered.major {
            true => LoadError::TooNew { built_for: api_version, offered },
            false => LoadError::OtherMajor { built_for: api_version, offered },
        });
    }
    if (api_version.major, api_version.minor) > (offered.major, offered.minor) {
        return Err(LoadError::TooNew { built_for: api_version, offered });
    }
    Ok(ComponentInfo {
        world,
        api_version,
        digest: hex::encode(Sha256::digest(bytes)),
        size: bytes.len() as u64,
        capabilities,
        imports,
        export,
    })
}

/// Names of what the outermost component imports and exports.
fn outline(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), LoadError> {
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled);
    }
    let broken = |e: wasmparser::BinaryReaderError| LoadError::NotAComponent(e.message().to_owned());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// `posthouse:plugin/desk@1.0.0` as `desk` and its version.
fn split(name: &str) -> Option<(&str, ApiVersion)> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let mut numbers = version.split('.').map(|n| n.parse::<u64>().ok());
    let (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Some((interface, ApiVersion { major, minor, patch }))
}

fn forbidden(import: &str) -> LoadError {
    let hint = if import.starts_with("wasi:") {
        ": there are no files, sockets, clocks or randomness. Build for wasm32-unknown-unknown (Rust), or with all of \
         WASI stubbed out (JavaScript, Python)"
    } else {
        ": a plugin imports only interfaces of posthouse:plugin"
    };
    LoadError::ForbiddenImport { import: import.to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_into_interface_and_version() {
        let one = ApiVersion { major: 1, minor: 2, patch: 3 };
        assert_eq!(split("posthouse:plugin/desk@1.2.3"), Some(("desk", one)));
        for odd in ["posthouse:plugin/desk", "posthouse:plugin/desk@1.2", "wasi:cli/run@0.2.0", "desk@1.0.0", ""] {
            assert_eq!(split(odd), None, "{odd}");
        }
        assert_eq!(one.to_string(), "1.2.3");
        assert_eq!(HOST_API.to_string(), "1.0");
    }

    #[test]
    fn says_what_is_not_a_component() {
        assert!(matches!(inspect(b""), Err(LoadError::NotAComponent(_))));
        assert!(matches!(inspect(b"<html>"), Err(LoadError::NotAComponent(_))));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(LoadError::CoreModule));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0"), Err(LoadError::NoWorld { .. })));
    }
}
