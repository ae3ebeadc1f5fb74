//! What hostile plugins of one tenant cost another in time: the bundled classifier is called at a steady rate, alone and while
//! sixteen calls of another tenant (as many as one may have) loop, bomb, recurse and flood without a pause.

use crate::calls::{built, context, load, message};
use crate::figures::{median, print};
use posthouse_sandbox::{PlainHost, Plugin, Sandbox, SandboxConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Calls of one turn.
const CALLS: usize = 2_000;
/// One starts every so often.
const EVERY: Duration = Duration::from_millis(2);
/// Turns alone and turns beside, one after the other.
const TURNS: usize = 5;
/// What a tenant may have in flight.
const ATTACKS_AT_ONCE: usize = 16;
const MODES: [&str; 8] =
    ["loop", "bomb", "recurse", "huge-answer", "many-handles", "loop", "huge-text", "many-answers"];

pub async fn run() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    let plugin = load(&sandbox, &built("plugins", "classifier"), "{}").await;
    let mut attackers = Vec::new();
    for mode in MODES {
        attackers.push(load(&sandbox, &built("guests", "hostile"), mode).await);
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
