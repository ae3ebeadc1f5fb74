//! The promise of the plugin API: components built for every released version, in every language of an SDK, run on this host as
//! they are. They are kept as they were built then (`tests/compat`), and what they must answer is one table for all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod common;
mod compat_guests;
mod compat_host;

use posthouse_sandbox::{ApiVersion, host_versions, inspect};
use std::path::{Path, PathBuf};

/// The components of a release in a language, unpacked.
fn unpacked(release: &str, language: &str) -> (tempfile::TempDir, PathBuf) {
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat").join(release);
    let file = std::fs::File::open(archives.join(format!("{language}.tar.zst"))).unwrap();
    let mut reader = zstd::Decoder::new(file).unwrap();
    // The archives are packed with a window as long as they are.
    reader.window_log_max(27).unwrap();
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(reader).unpack(folder.path()).unwrap();
    let path = folder.path().join(language);
    (folder, path)
}

// More threads than processors: calls of many parts are then really there at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn rust_1_0() {
    let (_kept, folder) = unpacked("1.0", "rust");
    compat_guests::run_all(&folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn javascript_1_0() {
    let (_kept, folder) = unpacked("1.0", "js");
    compat_guests::run_all(&folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn python_1_0() {
    let (_kept, folder) = unpacked("1.0", "python");
    compat_guests::run_all(&folder).await;
}

/// What `posthouse plugin check` says of each: every host runs it that serves 1.0 or anything later of 1.
#[test]
fn every_component_of_1_0_says_that_all_hosts_of_1_run_it() {
    let first = ApiVersion { major: 1, minor: 0, patch: 0 };
    assert_eq!(host_versions().first(), Some(&first));
    for language in ["rust", "js", "python"] {
        let (_kept, folder) = unpacked("1.0", language);
        let mut worlds = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                let info = inspect(&std::fs::read(&path).unwrap()).unwrap();
                assert_eq!((info.needs, info.because), (first, Vec::<String>::new()), "{}", path.display());
                worlds.insert(info.world.as_str());
            }
        }
        assert_eq!(worlds.len(), 6, "{language}: {worlds:?}");
    }
}
