//! Prints what loading and calling plugins costs on this machine, and what they hold in memory.
//!
//! ```text
//! cargo xtask plugins
//! cargo run --release -p posthouse-sandbox --example call_cost [-- COMPONENT.wasm …]
//! ```
//! Without arguments: the bundled plugins and two test guests. Classifiers are called with a mail of 2 kB.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::{Grants, HttpAllowance};
use posthouse_model::decision::World;
use posthouse_model::mail::Address;
use posthouse_model::ticket::Direction;
use posthouse_sandbox::{CallLimits, PlainHost, Plugin, PluginSpec, Sandbox, SandboxConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const CALLS: usize = 20_000;

fn target() -> PathBuf {
    // target/release/examples/call_cost → target
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1_024.0
}

/// Components and the settings they get.
fn components() -> Vec<(PathBuf, &'static str)> {
    let given: Vec<_> = std::env::args().skip(1).map(|path| (PathBuf::from(path), "{}")).collect();
    if !given.is_empty() {
        return given;
    }
    let mut all: Vec<_> =
        std::fs::read_dir(target().join("plugins")).into_iter().flatten().flatten().map(|e| e.path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "wasm"));
    all.sort();
    let mut all: Vec<_> = all.into_iter().map(|path| (path, "{}")).collect();
    all.push((target().join("guests/hostile.wasm"), "nothing"));
    all.push((target().join("guests/hostile.wasm"), "prepared"));
    all
}

fn spec(path: &Path, settings: &str) -> PluginSpec {
    let host = "*.example.com".to_owned();
    let http = HttpAllowance { host, port: None, scheme: "https".into(), methods: vec![], private: false };
    PluginSpec {
        name: format!("{} {settings}", path.file_stem().unwrap().to_string_lossy()),
        version: "0".into(),
        component: std::fs::read(path).unwrap().into(),
        settings: settings.into(),
        grants: Grants { log: true, model: Some(Default::default()), http: vec![http], ..Grants::default() },
        limits: CallLimits::default(),
    }
}

fn mail() -> Arc<MessageView> {
    let body = "Hello, I ordered a lamp (order 1042-88) three weeks ago and the tracking number YT2012345678901234 has not \
                moved since. I paid 49.90 EUR. Could you tell me where it is, or refund me? I am quite disappointed.\n\n";
    Arc::new(MessageView {
        subject: "Where is my order 1042-88?".into(),
        body: body.repeat(10)[..2_048].to_owned(),
        full_text: String::new(),
        from: Some(Address { name: Some("Ann".into()), address: "ann@example.com".into() }),
        reply_to: None,
        to: vec![],
        cc: vec![],
        sent_at: Timestamp(0),
        direction: Direction::Incoming,
        language: Some("en".into()),
        headers: vec![],
        message_id: None,
        attachments: vec![],
    })
}

async fn measure(plugin: &Plugin) {
    let (message, host) = (mail(), Arc::new(PlainHost::default()));
    let context = CallContext { now: Timestamp(0), seed: 1, tenant_name: "Acme".into(), agent_language: "en".into() };
    let mut times = Vec::with_capacity(CALLS);
    let mut memory = 0;
    for n in 0..CALLS + CALLS / 10 {
        let (context, host, message) = (context.clone(), host.clone(), message.clone());
        let begun = Instant::now();
        let called = plugin.classify(context, host, message).await;
        let took = begun.elapsed();
        called.result.unwrap();
        memory = called.cost.memory_bytes;
        // The first calls warm the pool up.
        if n >= CALLS / 10 {
            times.push(took);
        }
    }
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1_000.0;
    println!(
        "  call of {:<24} p50 {:>7.1} µs   p90 {:>7.1} µs   p99 {:>7.1} µs   {} KiB of linear memory",
        plugin.name(),
        at(0.5),
        at(0.9),
        at(0.99),
        memory >> 10
    );
}

#[tokio::main]
async fn main() {
    let cache = tempfile::tempdir().unwrap();
    println!("at start: {:.1} MiB resident", resident_mib());
    for round in ["compiled", "from the cache"] {
        let config = SandboxConfig { cache_dir: Some(cache.path().to_owned()), ..SandboxConfig::default() };
        let sandbox = Sandbox::new(config).unwrap();
        let mut plugins = Vec::new();
        for (path, settings) in components() {
            let begun = Instant::now();
            match sandbox.load(spec(&path, settings)).await {
                Ok(plugin) => {
                    let took = begun.elapsed().as_secs_f64() * 1e3;
                    println!("  load of {:<24} {took:>8.1} ms, snapshot: {}", plugin.name(), plugin.snapshotted());
                    plugins.push(plugin);
                }
                Err(error) => println!("  {error}"),
            }
        }
        println!("{} plugins {round}: {:.1} MiB resident", plugins.len(), resident_mib());
        for plugin in plugins.iter().filter(|p| p.world() == World::Classifier) {
            measure(plugin).await;
        }
        println!("after the calls: {:.1} MiB resident", resident_mib());
    }
}
