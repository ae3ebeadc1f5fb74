//! What hostile plugins of one tenant cost another in time: the bundled classifier is called at a steady rate, alone and while
//! sixteen calls of another tenant (as many as one may have) loop, bomb, recurse and flood without a pause.

use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::Grants;
use posthouse_model::mail::Address;
use posthouse_model::ticket::Direction;
use posthouse_sandbox::{CallLimits, PlainHost, Plugin, PluginSpec, Sandbox, SandboxConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Calls of one turn.
const CALLS: usize = 2_000;
/// One starts every so often.
const EVERY: Duration = Duration::from_millis(2);
/// Turns alone and turns beside, one after the other.
const TURNS: usize = 3;
/// What a tenant may have in flight.
const ATTACKS_AT_ONCE: usize = 16;
const MODES: [&str; 8] =
    ["loop", "bomb", "recurse", "huge-answer", "many-handles", "loop", "huge-text", "many-answers"];

pub async fn run() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    let plugin = load(&sandbox, "plugins", "classifier", "{}").await;
    let mut attackers = Vec::new();
    for mode in MODES {
        attackers.push(load(&sandbox, "guests", "hostile", mode).await);
    }
    turn(&plugin).await;
    let lane = sandbox.lane();
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut ended = 0;
    for _ in 0..TURNS {
        alone.push(turn(&plugin).await);
        let stop = Arc::new(AtomicBool::new(false));
        let attacks = Arc::new(AtomicU64::new(0));
        let running: Vec<_> = (0..ATTACKS_AT_ONCE)
            .map(|n| {
                let (plugin, stop, attacks) =
                    (attackers[n % attackers.len()].clone(), Arc::clone(&stop), Arc::clone(&attacks));
                // As the pipeline does it: all calls of a tenant share its lane.
                let host = Arc::new(PlainHost { lane: Some(lane.clone()), ..PlainHost::default() });
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        let called = plugin.classify(context(), host.clone(), message()).await;
                        assert!(called.result.is_err(), "an attack went through");
                        attacks.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        beside.push(turn(&plugin).await);
        stop.store(true, Ordering::Relaxed);
        for attack in running {
            attack.await.expect("an attack that ends as an error");
        }
        ended += attacks.load(Ordering::Relaxed);
    }
    print("a neighbour's call, alone", &alone);
    print(&format!("the same beside {ATTACKS_AT_ONCE} attacks at once"), &beside);
    for percent in [50, 99] {
        let ratio = median(&beside, percent) / median(&alone, percent);
        println!("{:<45} {ratio:>5.2} ×", format!("beside / alone, p{percent}, median of {TURNS} turns"));
    }
    println!("{:<45} {ended:>5}", "attacks that ended at a limit meanwhile");
}

/// Times of calls that begin at a steady rate, each from when it should have begun, sorted.
async fn turn(plugin: &Arc<Plugin>) -> Vec<Duration> {
    let mut beat = tokio::time::interval(EVERY);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        beat.tick().await;
        let plugin = plugin.clone();
        let begun = Instant::now();
        running.spawn(async move {
            let called = plugin.classify(context(), Arc::new(PlainHost::default()), message()).await;
            called.result.expect("a neighbour's call failed");
            begun.elapsed()
        });
    }
    let mut times = running.join_all().await;
    times.sort_unstable();
    times
}

fn at(times: &[Duration], percent: usize) -> f64 {
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6
}

fn median(turns: &[Vec<Duration>], percent: usize) -> f64 {
    let mut values: Vec<f64> = turns.iter().map(|times| at(times, percent)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(what: &str, turns: &[Vec<Duration>]) {
    let line: Vec<String> = [50, 90, 99].iter().map(|p| format!("p{p} {:>8.0} µs", median(turns, *p))).collect();
    println!("{what:<45} {:>4} calls  {}", turns.len() * CALLS, line.join("  "));
}

async fn load(sandbox: &Sandbox, folder: &str, name: &str, settings: &str) -> Arc<Plugin> {
    // target/release/posthouse-bench → target/guests
    let program = std::env::current_exe().expect("this program's path");
    let target: PathBuf = program.ancestors().nth(2).unwrap_or(Path::new("")).to_owned();
    let path = target.join(folder).join(format!("{name}.wasm"));
    let component = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = PluginSpec {
        name: format!("{name} {settings}"),
        version: "1.0.0".to_owned(),
        component: component.into(),
        settings: settings.to_owned(),
        grants: Grants::default(),
        limits: CallLimits::default(),
    };
    sandbox.load(spec).await.expect("a plugin that loads")
}

fn context() -> CallContext {
    CallContext { now: Timestamp(0), seed: 1, tenant_name: "Acme".to_owned(), agent_language: "en".to_owned() }
}

fn message() -> Arc<MessageView> {
    let body =
        "Hello, where is my order 1042-88317? I paid 129.90 EUR on 2026-10-28 and the parcel has not moved since. ";
    Arc::new(MessageView {
        subject: "Where is my parcel?".to_owned(),
        body: body.repeat(18),
        full_text: String::new(),
        from: Some(Address { name: None, address: "mary@example.com".to_owned() }),
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: Timestamp(0),
        direction: Direction::Incoming,
        language: Some("en".to_owned()),
        headers: Vec::new(),
        attachments: Vec::new(),
        message_id: None,
    })
}
