//! Loading: what is refused and in which words, settings, grants, snapshots, the cache.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{context, from_text, guest, host, load, message, renamed, sandbox, spec};
use posthouse_model::capability::{Capability, HttpAllowance};
use posthouse_model::decision::World;
use posthouse_model::triage::Evidence;
use posthouse_sandbox::{CallError, LoadError, Sandbox, SandboxConfig, inspect};
use std::time::Duration;

#[test]
fn components_say_what_they_are() {
    for (name, world, capabilities) in [
        ("hostile", World::Classifier, vec![]),
        ("reader", World::Classifier, vec![Capability::Log]),
        ("router", World::Router, vec![]),
        ("drafter", World::Drafter, vec![Capability::Model]),
        ("notifier", World::Notifier, vec![Capability::Http]),
        ("enricher", World::Enricher, vec![]),
        ("checker", World::Checker, vec![]),
    ] {
        let bytes = guest(name);
        let info = inspect(&bytes).unwrap();
        assert_eq!((info.world, info.capabilities.clone()), (world, capabilities), "{name}");
        assert_eq!(info.api_version.to_string(), "1.0");
        assert_eq!((info.digest.len(), info.size), (64, bytes.len() as u64));
    }
}

#[tokio::test]
async fn an_import_that_was_not_granted_names_its_line() {
    let sandbox = sandbox();
    for (name, line) in
        [("reader", "grants.log = true"), ("drafter", "grants.model = true"), ("notifier", "grants.http = [{ host = ")]
    {
        let error = load(&sandbox, name, "").await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, LoadError::NotGranted { .. }) && text.contains(line) && text.contains(name), "{text}");
    }
    let mut wrong = spec("notifier", "");
    wrong.grants.http = vec![HttpAllowance {
        host: "API.example.com".into(),
        port: None,
        scheme: "https".into(),
        methods: vec![],
        private: false,
    }];
    let error = sandbox.load(wrong).await.unwrap_err().to_string();
    assert!(error.contains("write host `API.example.com` as `api.example.com`"), "{error}");
}

#[tokio::test]
async fn settings_are_read_once_and_ahead() {
    let sandbox = sandbox();
    let error = load(&sandbox, "hostile", "configure-refuse").await.unwrap_err();
    assert_eq!(error.to_string(), "plugin `hostile` refused its settings: rule 3: `refnd` is not a category");
    let error = load(&sandbox, "hostile", "configure-trap").await.unwrap_err();
    assert!(matches!(error, LoadError::Configure { error: CallError::Trap { .. }, .. }), "{error}");
    let error = load(&sandbox, "hostile", "configure-bomb").await.unwrap_err();
    assert!(matches!(error, LoadError::Configure { error: CallError::Memory { .. }, .. }), "{error}");
    let mut logs = spec("reader", "log-in-configure");
    logs.grants.log = true;
    let error = sandbox.load(logs).await.unwrap_err();
    assert!(error.to_string().contains("may not call the host"), "{error}");

    let prepared = load(&sandbox, "hostile", "prepared").await.unwrap();
    assert!(prepared.snapshotted());
    let triage = prepared.classify(context(), host(), message()).await.result.unwrap();
    let sum: u64 = (0..10_000_u64).map(|n| n * n).sum();
    assert_eq!(triage.evidence, [Evidence::Text { text: format!("sum {sum}") }]);
}

#[tokio::test]
async fn endless_settings_end() {
    let mut spec = spec("hostile", "configure-loop");
    spec.limits.configure_cpu = Duration::from_millis(100);
    let error = sandbox().load(spec).await.unwrap_err();
    assert!(matches!(error, LoadError::Configure { error: CallError::Deadline { .. }, .. }), "{error}");
}

#[tokio::test]
async fn a_component_whose_state_cannot_be_kept_is_configured_at_every_call() {
    // `table.set` is what the snapshot cannot follow; the answer's tag says how often it was configured.
    let core = r#"(module
        (import "posthouse:plugin/triaging@1.0.0" "[method]triage.add-tag" (func $tag (param i32 i32 i32)))
        (import "posthouse:plugin/desk@1.0.0" "[resource-drop]call" (func $drop_call (param i32)))
        (import "posthouse:plugin/desk@1.0.0" "[resource-drop]message" (func $drop_message (param i32)))
        (import "posthouse:plugin/triaging@1.0.0" "[resource-drop]triage" (func $drop_triage (param i32)))
        (table $t 1 funcref)
        (memory (export "memory") 1)
        (data (i32.const 64) "configured-0")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "posthouse:plugin/classify@1.0.0#configure") (param i32 i32) (result i32)
            (table.set $t (i32.const 0) (ref.null func))
            (i32.store8 (i32.const 75) (i32.add (i32.load8_u (i32.const 75)) (i32.const 1)))
            (i32.const 16))
        (func (export "posthouse:plugin/classify@1.0.0#run") (param i32 i32 i32) (result i32)
            (call $tag (local.get 2) (i32.const 64) (i32.const 12))
            (call $drop_call (local.get 0)) (call $drop_message (local.get 1)) (call $drop_triage (local.get 2))
            (i32.const 16))
    )"#;
    let mut unkept = spec("hostile", "{}");
    unkept.component = from_text(core);
    let sandbox = sandbox();
    let plugin = sandbox.load(unkept).await.unwrap();
    assert!(!plugin.snapshotted());
    let kept = core.replace("(table.set $t (i32.const 0) (ref.null func))", "");
    let mut kept_spec = spec("hostile", "{}");
    kept_spec.component = from_text(&kept);
    let kept = sandbox.load(kept_spec).await.unwrap();
    assert!(kept.snapshotted());
    for plugin in [plugin, kept] {
        for _ in 0..3 {
            let triage = plugin.classify(context(), host(), message()).await.result.unwrap();
            assert_eq!(triage.tags, ["configured-1"]);
        }
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let sandbox = sandbox();
    let refusal = async |bytes: &[u8]| {
        let mut spec = spec("hostile", "");
        spec.component = bytes.into();
        sandbox.load(spec).await.unwrap_err().to_string()
    };
    assert!(refusal(b"nonsense").await.contains("not a WebAssembly component"));
    assert!(refusal(&wat::parse_str("(module)").unwrap()).await.contains("wasm-tools component new"));
    assert!(refusal(&wat::parse_str("(component)").unwrap()).await.contains("`classify`"));

    let other = refusal(&renamed(&guest("hostile"), "@1.0.0", "@2.0.0")).await;
    assert!(other.contains("built for plugin API 2.0"), "{other}");
    let older = refusal(&renamed(&guest("hostile"), "@1.0.0", "@0.9.0")).await;
    assert!(older.contains("built for plugin API 0.9") && older.contains("rebuild the plugin for 1."), "{older}");
    let wasi = refusal(
        &wat::parse_str(
            r#"(component (import "wasi:cli/environment@0.2.0" (instance))
            (instance $i) (export "posthouse:plugin/classify@1.0.0" (instance $i)))"#,
        )
        .unwrap(),
    )
    .await;
    assert!(wasi.contains("wasi:cli/environment@0.2.0") && wasi.contains("wasm32-unknown-unknown"), "{wasi}");
    let hollow = refusal(
        &wat::parse_str(r#"(component (instance $i) (export "posthouse:plugin/classify@1.0.0" (instance $i)))"#)
            .unwrap(),
    )
    .await;
    assert!(hollow.contains("lacks the function `configure`"), "{hollow}");
}

#[tokio::test]
async fn precompiled_code_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig { cache_dir: Some(folder.path().to_owned()), ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).unwrap();
    load(&sandbox, "hostile", "").await.unwrap();
    let mut entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let entry = entries.find(|path| path.extension().is_some_and(|x| x == "cwasm")).unwrap();
    let code = std::fs::read(entry).unwrap();
    let mut spec = spec("hostile", "");
    spec.component = code[33..].into();
    assert_eq!(sandbox.load(spec).await.unwrap_err(), LoadError::Precompiled);
}

#[tokio::test]
async fn a_second_start_takes_the_compiled_code_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let cache_dir = Some(folder.path().to_owned());
        Sandbox::new(SandboxConfig { cache_dir, cache_key: [7; 32], ..SandboxConfig::default() }).unwrap()
    };
    load(&start(), "hostile", "prepared").await.unwrap();
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let plugin = load(&start(), "hostile", "prepared").await.unwrap();
    assert!(plugin.snapshotted());
    assert!(plugin.classify(context(), host(), message()).await.result.is_ok());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
    // Other settings are another entry, of functions that are all compiled already.
    let functions = || {
        let mut entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        std::fs::read(entries.find(|path| path.extension().is_some_and(|x| x == "functions")).unwrap()).unwrap()
    };
    let compiled = functions();
    load(&start(), "hostile", "nothing").await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before + 1);
    let grown = functions().len() - compiled.len();
    // The order in which the tool that snapshots numbers some things is not the same each time, so a few functions
    // differ: 24 to 54 kB of 165 were seen. Without what is kept all of them would be there twice.
    assert!(grown * 2 < compiled.len(), "{grown} bytes of functions beside {}", compiled.len());
    // A damaged entry is made again.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), b"damaged").unwrap();
    }
    assert!(load(&start(), "hostile", "prepared").await.unwrap().snapshotted());
}

#[test]
fn an_impossible_set_up_is_refused() {
    let error = Sandbox::new(SandboxConfig { concurrent_calls: 0, ..SandboxConfig::default() }).unwrap_err();
    assert!(error.to_string().contains("concurrent_calls"));
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Sandbox::new(SandboxConfig { cache_dir: Some(file.path().to_owned()), ..SandboxConfig::default() })
        .unwrap_err();
    assert!(error.to_string().contains("Make it writable"), "{error}");
}
