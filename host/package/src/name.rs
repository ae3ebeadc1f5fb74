//! The names that files in a package may have.

use crate::limits::{COMPONENT_BYTES, MANIFEST_BYTES, NAME_BYTES, OTHER_BYTES};

/// The manifest's name in a package.
pub const MANIFEST: &str = "plugin.toml";
/// The component's name in a package.
pub const COMPONENT: &str = "plugin.wasm";
/// The name of the settings' JSON Schema in a package.
pub const SCHEMA: &str = "settings.schema.json";
/// The name of the text for people in a package.
pub const README: &str = "README.md";
/// The licence's name in a package.
pub const LICENCE: &str = "LICENSE";
/// The folder of a package that holds test fixtures.
pub const FIXTURES: &str = "fixtures/";
/// The folder of a package that holds signatures.
pub const SIGNATURES: &str = "signatures/";

/// What a file of a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Manifest,
    Component,
    Schema,
    Readme,
    Licence,
    Fixture,
    /// With the key's id.
    Signature(&'a str),
}

impl Kind<'_> {
    /// In bytes, unpacked.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::Component => COMPONENT_BYTES,
            Self::Manifest => MANIFEST_BYTES,
            _ => OTHER_BYTES,
        }
    }
}

/// What a file of this name is for.
///
/// # Errors
/// Why no file of a package has this name.
pub(crate) fn kind(name: &str) -> Result<Kind<'_>, String> {
    sound(name)?;
    Ok(match name {
        MANIFEST => Kind::Manifest,
        COMPONENT => Kind::Component,
        SCHEMA => Kind::Schema,
        README => Kind::Readme,
        LICENCE => Kind::Licence,
        _ if name.starts_with(FIXTURES) => Kind::Fixture,
        _ => match name.strip_prefix(SIGNATURES) {
            Some(file) => match file.strip_suffix(".minisig").filter(|id| is_key_id(id)) {
                Some(id) => Kind::Signature(id),
                None => {
                    return Err("a signature's name is the key's id, 16 digits of 0-9 and A-F, and .minisig".into());
                }
            },
            None => {
                return Err(format!(
                    "no file of a package has this name; there are {MANIFEST}, {COMPONENT}, {SCHEMA}, {README}, {LICENCE} and what lies under {FIXTURES} and {SIGNATURES}"
                ));
            }
        },
    })
}

/// Whether this is a key's id as signatures name it: 16 digits of 0-9 and A-F.
pub(crate) fn is_key_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
}

/// Refuses every name that could mean two things, or something outside the package.
fn sound(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a file has no name".into());
    }
    if name.len() > NAME_BYTES {
        return Err(format!("the name has more than {NAME_BYTES} bytes: shorten it"));
    }
    for segment in name.split('/') {
        if segment.is_empty() || segment == "." || segment == ".." {
            return Err("a name is relative, without empty parts and without . and ..".into());
        }
        if !segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            return Err("a name has letters of A-Z and a-z, digits, . _ - and / only: rename the file".into());
        }
        // Some systems drop it, so that two names would mean one file.
        if segment.ends_with('.') {
            return Err("no part of a name ends in a dot: rename the file".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_packages_have() {
        assert_eq!(kind("plugin.toml"), Ok(Kind::Manifest));
        assert_eq!(kind("plugin.wasm"), Ok(Kind::Component));
        assert_eq!(kind("settings.schema.json"), Ok(Kind::Schema));
        assert_eq!(kind("README.md"), Ok(Kind::Readme));
        assert_eq!(kind("LICENSE"), Ok(Kind::Licence));
        assert_eq!(kind("fixtures/a/b.eml"), Ok(Kind::Fixture));
        assert_eq!(kind("fixtures/.hidden"), Ok(Kind::Fixture));
        assert_eq!(kind("signatures/0123456789ABCDEF.minisig"), Ok(Kind::Signature("0123456789ABCDEF")));
        let longest = format!("fixtures/{}", "a".repeat(NAME_BYTES - FIXTURES.len()));
        assert_eq!(kind(&longest), Ok(Kind::Fixture));
        assert!(kind(&format!("{longest}a")).is_err());
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        for name in [
            "",
            "/plugin.toml",
            "./plugin.toml",
            "fixtures/../plugin.toml",
            "fixtures/..",
            "fixtures/.",
            "fixtures//a",
            "fixtures/",
            "fixtures",
            "fixtures/a/",
            "fixtures\\a",
            "C:/plugin.toml",
            "C:plugin.toml",
            "fixtures/a b",
            "fixtures/a\0",
            "fixtures/ä",
            "fixtures/a.",
            "Plugin.toml",
            "readme.md",
            "other.txt",
            "signatures/0123456789abcdef.minisig",
            "signatures/0123456789ABCDE.minisig",
            "signatures/a/0123456789ABCDEF.minisig",
        ] {
            assert!(kind(name).is_err(), "{name:?}");
        }
    }
}
