//! What a component says about itself, read from its own type without compiling it.

use crate::error::LoadError;
use crate::history::{HOST_API, Imported, Needs, VERSIONS};
use posthouse_model::capability::Capability;
use posthouse_model::decision::World;
use sha2::{Digest, Sha256};
use std::fmt;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::{Encoding, Parser, Payload, ValidPayload, Validator, WasmFeatures};

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
    /// The earliest version of the API that has every function it imports: hosts that offer this one or a later minor
    /// version run it.
    pub needs: ApiVersion,
    /// The functions for which it needs that version and no earlier one: `desk: message.message-id`. Empty when it needs
    /// the first version only.
    pub because: Vec<String>,
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
    let Outline { imports, functions, exports } = outline(bytes)?;

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
        return Err(LoadError::OtherMajor { built_for: api_version, offered });
    }
    let Needs { version: needs, because, missing } = Needs::of(&functions, api_version.major);
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(match api_version > offered {
            true => LoadError::TooNew { built_for: api_version, offered, missing },
            false => LoadError::NoSuchFunction { built_for: api_version, missing },
        });
    }
    Ok(ComponentInfo {
        needs,
        because,
        world,
        api_version,
        digest: hex::encode(Sha256::digest(bytes)),
        size: bytes.len() as u64,
        capabilities,
        imports,
        export,
    })
}

/// What the outermost component imports and exports.
struct Outline {
    /// Names, in order.
    imports: Vec<String>,
    /// The functions in those interfaces that are ours.
    functions: Vec<Imported>,
    /// Names, in order.
    exports: Vec<String>,
}

fn outline(bytes: &[u8]) -> Result<Outline, LoadError> {
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(LoadError::Precompiled);
    }
    let broken = |e: wasmparser::BinaryReaderError| LoadError::NotAComponent(e.message().to_owned());
    let mut outline = Outline { imports: Vec::new(), functions: Vec::new(), exports: Vec::new() };
    // Types are checked as the parser comes by; the code of functions is not looked at.
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(broken)?;
        match &payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    outline.imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    outline.exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
        if let ValidPayload::End(types) = validator.payload(&payload).map_err(broken)? {
            for name in &outline.imports {
                let Some((interface, _)) = split(name) else { continue };
                let Some(item) = types.as_ref().component_item_for_import(name) else { continue };
                let ComponentEntityType::Instance(instance) = item.ty else { continue };
                for (function, exported) in &types[instance].exports {
                    if matches!(exported.ty, ComponentEntityType::Func(_)) {
                        outline
                            .functions
                            .push(Imported { interface: interface.to_owned(), function: function.clone() });
                    }
                }
            }
        }
    }
    Ok(outline)
}

/// All versions of the API that this host serves, the earliest first.
#[must_use]
pub fn host_versions() -> Vec<ApiVersion> {
    VERSIONS.iter().map(|(major, minor)| ApiVersion { major: *major, minor: *minor, patch: 0 }).collect()
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
        assert_eq!(host_versions().last(), Some(&HOST_API));
    }

    #[test]
    fn says_what_is_not_a_component() {
        assert!(matches!(inspect(b""), Err(LoadError::NotAComponent(_))));
        assert!(matches!(inspect(b"<html>"), Err(LoadError::NotAComponent(_))));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(LoadError::CoreModule));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0"), Err(LoadError::NoWorld { .. })));
    }
}
