//! Who may depend on whom, over `cargo metadata`. ARCHITECTURE.md states the same as absences.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::repository;

/// Each crate of the house, and the crates of the house that it may use.
const ARROWS: [(&str, &[&str]); 10] = [
    ("posthouse-model", &[]),
    // Projects of plugins: it compiles, and knows nothing of what runs the result.
    ("posthouse-kit", &[]),
    ("posthouse-store", &["posthouse-model"]),
    ("posthouse-mail", &["posthouse-model"]),
    ("posthouse-sandbox", &["posthouse-model"]),
    ("posthouse-ai", &["posthouse-model"]),
    ("posthouse-package", &["posthouse-model"]),
    // A guest's language of templates as a plain library: the desk checks what people write in it.
    ("posthouse-web", &["posthouse-model", "posthouse-store", "posthouse-template"]),
    (
        "posthouse-pipeline",
        &["posthouse-model", "posthouse-store", "posthouse-mail", "posthouse-sandbox", "posthouse-ai"],
    ),
    (
        "posthouse",
        &[
            "posthouse-model",
            "posthouse-store",
            "posthouse-mail",
            "posthouse-sandbox",
            "posthouse-ai",
            "posthouse-package",
            "posthouse-pipeline",
            "posthouse-web",
            "posthouse-kit",
            // A guest's rules as a plain library: `bench` compares them with the same rules in the sandbox.
            "posthouse-rules",
            // The trained model of that guest as a plain library: `train` and `eval` use it.
            "posthouse-learned",
        ],
    ),
];

/// Outside crates that only one crate of the house may use, tests included.
const KEPT: [(&str, &str); 8] = [
    ("sqlx", "posthouse-store"),
    ("wasmtime", "posthouse-sandbox"),
    ("wasmtime-wizer", "posthouse-sandbox"),
    ("axum", "posthouse-web"),
    ("maud", "posthouse-web"),
    ("tower-http", "posthouse-web"),
    ("minisign", "posthouse-package"),
    ("oci-client", "posthouse-package"),
];

/// What `model` must not use: it does no I/O.
const NOT_IN_MODEL: [&str; 9] =
    ["tokio", "futures", "reqwest", "sqlx", "tempfile", "walkdir", "rand", "getrandom", "tracing-subscriber"];

/// Licences that go with Apache-2.0 in one binary.
const LICENCES: [&str; 16] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "bzip2-1.0.6",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn the_crates_of_the_house_use_each_other_along_the_arrows_only() {
    for (name, allowed) in ARROWS {
        let used: BTreeSet<&str> = package(name)
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some() && dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.as_str())
            .collect();
        let wrong: Vec<_> = used.iter().filter(|used| !allowed.contains(used)).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
}

#[test]
fn tests_of_a_crate_use_no_more_of_the_house_than_the_crate_may() {
    for (name, allowed) in ARROWS {
        for dependency in &package(name).dependencies {
            let test_equipment =
                ["posthouse-dice", "posthouse-servers", "xtask", name].contains(&dependency.name.as_str());
            let ours = dependency.path.is_some() && dependency.kind == DependencyKind::Development;
            assert!(
                !ours || test_equipment || allowed.contains(&dependency.name.as_str()),
                "the tests of {name} must not depend on {}",
                dependency.name
            );
        }
    }
}

#[test]
fn sqlx_wasmtime_and_axum_each_stay_in_one_crate() {
    for package in members() {
        for (kept, owner) in KEPT {
            let uses = package.dependencies.iter().any(|dependency| dependency.name == kept);
            assert!(!uses || package.name.as_str() == owner, "only {owner} may depend on {kept}, not {}", package.name);
        }
    }
}

#[test]
fn the_model_does_no_io() {
    for dependency in &package("posthouse-model").dependencies {
        let normal = dependency.kind == DependencyKind::Normal;
        assert!(!normal || !NOT_IN_MODEL.contains(&dependency.name.as_str()), "model must not use {}", dependency.name);
    }
}

#[test]
fn every_crate_of_the_host_is_in_the_plan() {
    let known = ARROWS.map(|(name, _)| name);
    for package in members() {
        let in_host = package.manifest_path.starts_with(repository().join("host").to_str().unwrap());
        assert!(
            !in_host || known.contains(&package.name.as_str()),
            "{} is not among the arrows: say what it may depend on",
            package.name
        );
    }
}

#[test]
fn guests_are_no_members_and_have_lock_files_of_their_own() {
    for package in members() {
        for folder in ["plugins", "sdk", "examples", "tests/guests"] {
            let folder = repository().join(folder);
            assert!(
                !package.manifest_path.starts_with(folder.to_str().unwrap()),
                "{} is a guest and must not be a member of the host's workspace",
                package.name
            );
        }
    }
    for workspace in ["plugins", "tests/guests"] {
        let folder = repository().join(workspace);
        assert!(!folder.exists() || folder.join("Cargo.lock").is_file(), "{workspace} has no Cargo.lock");
    }
}

#[test]
fn the_build_tool_and_the_test_servers_know_nothing_of_the_host() {
    // The kit is as free of the host as they are: see the arrows.
    for (name, allowed) in
        [("xtask", &["posthouse-kit"][..]), ("posthouse-servers", &[]), ("posthouse-dice", &[]), ("posthouse-kit", &[])]
    {
        let used = package(name).dependencies.iter().filter(|dependency| dependency.path.is_some());
        assert_eq!(used.map(|d| d.name.as_str()).collect::<Vec<_>>(), allowed, "{name}");
    }
}

#[test]
fn everything_from_outside_comes_from_the_public_registry_under_a_licence_that_fits() {
    for package in &metadata().packages {
        let Some(source) = &package.source else { continue };
        let public = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(source.repr, public, "{} comes from elsewhere", package.name);
        let licence = package.license.as_deref().unwrap_or("none named");
        assert!(fits(licence), "the licence of {} {} is {licence}", package.name, package.version);
    }
}

/// Whether one way of reading an SPDX expression needs allowed licences only. Enough for what crates write: `OR` (or a
/// slash) between ways, `AND` within one, and parentheses around either.
fn fits(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let (open, close) = (expression.find('('), expression.rfind(')'));
    if let (Some(open), Some(close)) = (open, close) {
        let inside = if fits(&expression[open + 1..close]) { "MIT" } else { "refused" };
        return fits(&format!("{}{inside}{}", &expression[..open], &expression[close + 1..]));
    }
    expression.split(" OR ").any(|way| way.split(" AND ").all(|name| LICENCES.contains(&name.trim())))
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    assert!(fits("MIT OR GPL-3.0"));
    assert!(fits("Apache-2.0/MIT"));
    assert!(fits("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!fits("MIT AND GPL-3.0"));
    assert!(!fits("(MIT OR Apache-2.0) AND GPL-3.0"));
    assert!(!fits("none named"));
}

fn members() -> Vec<&'static Package> {
    metadata().workspace_packages()
}

fn package(name: &str) -> &'static Package {
    let found = members().into_iter().find(|package| package.name.as_str() == name);
    found.unwrap_or_else(|| panic!("the workspace has no crate {name}"))
}

fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        // What was compiled for this platform is on disk; other platforms' crates need not be.
        let version = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
        let version = String::from_utf8_lossy(&version).into_owned();
        let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("the platform");
        let options = ["--offline", "--filter-platform", platform].map(str::to_owned);
        let mut command = MetadataCommand::new();
        command.manifest_path(repository().join("Cargo.toml")).other_options(options);
        command.exec().expect("cargo metadata")
    })
}
