//! What a call of a plugin costs by itself: a fresh instance and an empty call in each language, what keeping the state after
//! `configure` saves, and how long an endless loop outlives its deadline.

use crate::calls::{built, context, load, mail, message, spec};
use crate::figures::{at, median, print};
use posthouse_kit::new::NewProject;
use posthouse_kit::project::{Language, Project};
use posthouse_model::call::MessageView;
use posthouse_sandbox::{CallError, PlainHost, Plugin, Sandbox, SandboxConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls of one turn.
const CALLS: usize = 2_000;
/// Turns of each thing that is compared, one after the other.
const TURNS: usize = 3;
/// Calls that warm the pool.
const WARM: usize = 50;
/// Loops that are stopped, at each deadline.
const LOOPS: usize = 100;
const DEADLINES: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(500)];

/// A classifier that does nothing, in each language: its file in the template's project, and its text.
const EMPTY: [(Language, &str, &str); 3] = [
    (
        Language::Rust,
        "src/lib.rs",
        "use posthouse_sdk::triaging::Triage;\nuse posthouse_sdk::{Classifier, Failure, desk};\n\n#[derive(serde::Deserialize)]\n\
         pub struct Settings {}\n\nstruct Plugin;\n\nimpl Classifier for Plugin {\n    type Settings = Settings;\n\n    \
         fn new(_: Settings) -> Result<Self, String> {\n        Ok(Self)\n    }\n\n    \
         fn classify(&self, _: &desk::Call, _: &desk::Message, _: &Triage) -> Result<(), Failure> {\n        Ok(())\n    }\n}\n\n\
         posthouse_sdk::export_classifier!(Plugin);\n",
    ),
    (
        Language::JavaScript,
        "src/plugin.js",
        "import { classifier } from \"@posthouse/sdk\";\n\nexport const classify = classifier({ configure() {}, run() {} });\n",
    ),
    (
        Language::Python,
        "src/plugin.py",
        "from posthouse_sdk import Classifier\n\n\nclass Plugin(Classifier):\n    def configure(self, settings):\n        pass\n\n    \
         def classify(self, message, out, call):\n        pass\n",
    ),
];

pub async fn run() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    let empty_rust = empty_calls(&sandbox).await;
    configured(&sandbox, empty_rust).await;
    loops(&sandbox).await;
}

/// Prints each language; gives the median of Rust.
async fn empty_calls(sandbox: &Sandbox) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut rust = 0.0;
    for (language, file, text) in EMPTY {
        let dir = folder.path().join(language.as_str());
        match empty(&dir, language, file, text) {
            Ok(component) => {
                let plugin = load(sandbox, &component, "{}").await;
                assert!(plugin.snapshotted(), "the state after `configure` was not kept");
                let nothing = mail("", "");
                turn(&plugin, &nothing, WARM).await;
                let mut turns = Vec::new();
                for _ in 0..TURNS {
                    turns.push(turn(&plugin, &nothing, CALLS).await);
                }
                print(&format!("fresh instance + empty call, {}", language.as_str()), &turns);
                if language == Language::Rust {
                    rust = median(&turns, 50);
                }
            }
            Err(error) => println!("fresh instance + empty call, {}: not measured: {error}", language.as_str()),
        }
    }
    rust
}

fn empty(dir: &Path, language: Language, file: &str, text: &str) -> Result<PathBuf, posthouse_kit::Trouble> {
    eprintln!("building an empty plugin in {}", language.as_str());
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    NewProject { name: "empty", world: "classifier", language, dir, sdk: Some(&sdk) }.create()?;
    std::fs::write(dir.join(file), text).expect("a file in a folder of our own");
    let project = Project::open(dir)?;
    project.build(&mut |_| ())?;
    Ok(project.component())
}

/// What the bundled classifier pays at every call without its state kept, and with.
async fn configured(sandbox: &Sandbox, empty: f64) {
    let without = SandboxConfig { keep_configured: false, ..SandboxConfig::default() };
    let without = Sandbox::new(without).expect("a sandbox");
    let rules = built("plugins", "classifier");
    let (kept, anew) = (load(sandbox, &rules, "{}").await, load(&without, &rules, "{}").await);
    assert!(kept.snapshotted() && !anew.snapshotted());
    let nothing = mail("", "");
    let (mut with, mut every) = (Vec::new(), Vec::new());
    for plugin in [&kept, &anew] {
        turn(plugin, &nothing, WARM).await;
    }
    for _ in 0..TURNS {
        with.push(turn(&kept, &nothing, CALLS).await);
        every.push(turn(&anew, &nothing, CALLS / 4).await);
    }
    print("bundled classifier, empty mail, configured anew", &every);
    print("the same with its configured state kept", &with);
    let (with, every) = (median(&with, 50), median(&every, 50));
    let cost = every - empty;
    println!(
        "{:<45} {:>5.1} %  of {cost:.0} µs",
        "start cost removed (beyond an empty plugin's)",
        (every - with) / cost * 100.0
    );
}

async fn loops(sandbox: &Sandbox) {
    for deadline in DEADLINES {
        let mut spec = spec(&built("guests", "hostile"), "loop");
        spec.name = format!("loop {}", deadline.as_millis());
        spec.limits.cpu = deadline;
        let plugin = sandbox.load(spec).await.expect("a plugin that loads");
        let mut late = Vec::new();
        for _ in 0..LOOPS {
            let begun = Instant::now();
            let called = plugin.classify(context(), Arc::new(PlainHost::default()), message()).await;
            let took = begun.elapsed();
            assert!(matches!(called.result, Err(CallError::Deadline { .. })), "{:?}", called.result);
            late.push(took.saturating_sub(deadline));
        }
        late.sort_unstable();
        println!(
            "{:<45} {LOOPS:>4} calls  p50 {:>6.2} ms  p99 {:>6.2} ms  max {:>6.2} ms",
            format!("an endless loop after its {} ms", deadline.as_millis()),
            at(&late, 50) / 1e3,
            at(&late, 99) / 1e3,
            at(&late, 100) / 1e3
        );
    }
}

/// Sorted times of calls one after another.
async fn turn(plugin: &Arc<Plugin>, message: &Arc<MessageView>, calls: usize) -> Vec<Duration> {
    let host = Arc::new(PlainHost::default());
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let (context, host, message) = (context(), host.clone(), message.clone());
        let begun = Instant::now();
        let called = plugin.classify(context, host, message).await;
        times.push(begun.elapsed());
        called.result.expect("a call that succeeds");
    }
    times.sort_unstable();
    times
}
