//! The plugin API as text: every version parses, and has what makes its version readable from a component.

use std::collections::BTreeSet;
use std::fs;

use wit_parser::{Resolve, WorldItem};

use crate::repository;

const WORLDS: [&str; 6] = ["checker", "classifier", "drafter", "enricher", "notifier", "router"];

#[test]
fn every_version_of_the_plugin_api_parses_and_has_its_worlds() {
    let mut versions = 0;
    for folder in fs::read_dir(repository().join("wit")).unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.is_dir() {
            continue;
        }
        versions += 1;
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(&folder).unwrap_or_else(|error| panic!("{}: {error:#}", folder.display()));
        let package = &resolve.packages[package];
        assert_eq!(package.name.namespace, "posthouse", "{}", folder.display());
        assert!(package.name.version.is_some(), "{}: the package has no version", folder.display());

        let worlds: BTreeSet<&str> = package.worlds.keys().map(String::as_str).collect();
        for world in WORLDS {
            assert!(worlds.contains(world), "{}: no world {world}", folder.display());
        }
        for (name, world) in package.worlds.iter().filter(|(name, _)| WORLDS.contains(&name.as_str())) {
            // A component's version is read from the type of what it exports.
            let exports = &resolve.worlds[*world].exports;
            assert!(!exports.is_empty(), "world {name} exports nothing");
            for export in exports.values() {
                assert!(
                    matches!(export, WorldItem::Interface { .. }),
                    "world {name} exports something that carries no version"
                );
            }
        }
    }
    assert!(versions > 0, "the folder wit has no version");
}
