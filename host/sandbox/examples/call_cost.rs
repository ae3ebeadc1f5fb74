//! Prints what a call of a plugin costs on this machine, and what the loaded plugins hold in memory.
//!
//! `cargo xtask plugins`, then `cargo run --release -p posthouse-sandbox --example call_cost`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::{Grants, HttpAllowance};
use posthouse_model::mail::Address;
use posthouse_model::ticket::Direction;
use posthouse_sandbox::{CallLimits, PlainHost, Plugin, PluginSpec, Sandbox, SandboxConfig, inspect};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn target() -> PathBuf {
    // target/release/examples/call_cost → target
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0)
}

fn spec(path: &Path, settings: &str) -> Option<PluginSpec> {
    let component: Arc<[u8]> = std::fs::read(path).ok()?.into();
    let http = HttpAllowance {
        host: "*.example.com".into(),
        port: None,
        scheme: "https".into(),
        methods: vec![],
        private: false,
    };
    inspect(&component).ok()?;
    Some(PluginSpec {
        name: path.file_stem()?.to_string_lossy().into_owned(),
        version: "0".into(),
        component,
        settings: settings.into(),
        grants: Grants { log: true, model: true, http: vec![http], ..Grants::default() },
        limits: CallLimits { configure_cpu: Duration::from_secs(60), ..CallLimits::default() },
    })
}

fn context() -> CallContext {
    CallContext { now: Timestamp(0), seed: 1, tenant_name: "Acme".into(), agent_language: "en".into() }
}

fn mail() -> Arc<MessageView> {
    let body = "Hello, I ordered a lamp (order 1042-88) three weeks ago and the tracking number YT2012345678901234 has not \
                moved since. I paid 49.90 EUR. Could you tell me where it is, or refund me? I am quite disappointed.\n\n";
    let address = Some(Address { name: Some("Ann".into()), address: "ann@example.com".into() });
    Arc::new(MessageView {
        subject: "Where is my order 1042-88?".into(),
        body: body.repeat(10)[..2_048].to_owned(),
        full_text: String::new(),
        from: address,
        reply_to: None,
        to: vec![],
        cc: vec![],
        sent_at: Timestamp(0),
        direction: Direction::Incoming,
        language: Some("en".into()),
        headers: vec![],
        attachments: vec![],
    })
}

async fn measure(title: &str, plugin: &Plugin, calls: usize) {
    let (message, host) = (mail(), Arc::new(PlainHost::default()));
    let mut times = Vec::with_capacity(calls);
    for n in 0..calls + calls / 10 {
        let begun = Instant::now();
        let called = plugin.classify(context(), host.clone(), message.clone()).await;
        let took = begun.elapsed();
        called.result.unwrap();
        if n >= calls / 10 {
            times.push(took);
        }
    }
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1_000.0;
    println!("{title:<44} p50 {:>8.1} µs   p90 {:>8.1}   p99 {:>8.1}", at(0.5), at(0.9), at(0.99));
}

#[tokio::main]
async fn main() {
    let cache = tempfile::tempdir().unwrap();
    let start = || {
        Sandbox::new(SandboxConfig { cache_dir: Some(cache.path().to_owned()), ..SandboxConfig::default() }).unwrap()
    };
    println!("at start: {} KiB resident", resident_kib());
    let (guests, plugins) = (target().join("guests"), target().join("plugins"));
    let mut paths: Vec<_> = std::fs::read_dir(&plugins).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "wasm"));
    paths.sort();
    paths.push(guests.join("hostile.wasm"));
    for round in ["cold", "warm"] {
        let sandbox = start();
        let mut kept = Vec::new();
        for path in &paths {
            let Some(spec) = spec(path, if path.starts_with(&plugins) { "{}" } else { "nothing" }) else { continue };
            let begun = Instant::now();
            match sandbox.load(spec).await {
                Ok(plugin) => {
                    println!(
                        "  {round} load of {:<20} {:>8.2} ms, snapshot {}",
                        plugin.name(),
                        begun.elapsed().as_secs_f64() * 1e3,
                        plugin.snapshotted()
                    );
                    kept.push(plugin);
                }
                Err(error) => println!("  {error}"),
            }
        }
        println!("{} plugins, {round}: {} KiB resident", kept.len(), resident_kib());
        if std::env::args().any(|a| a == "--idle") && round == "cold" {
            continue;
        }
        for plugin in kept.iter().filter(|p| p.world() == posthouse_model::decision::World::Classifier) {
            let title = if plugin.name() == "hostile" {
                "fresh instance and an empty call"
            } else {
                "bundled classifier, mail of 2 kB"
            };
            measure(title, plugin, 20_000).await;
        }
        println!("after calls, {round}: {} KiB resident", resident_kib());
    }
    let sandbox = start();
    let Some(spec) = spec(&guests.join("hostile.wasm"), "prepared") else {
        return println!("run `cargo xtask plugins` first");
    };
    let prepared = sandbox.load(spec).await.unwrap();
    measure("10,000 numbers computed ahead (snapshot)", &prepared, 20_000).await;
}
