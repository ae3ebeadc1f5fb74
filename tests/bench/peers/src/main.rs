//! One classification of a 2 kB mail by the bundled classifier's rules, in one run: natively, in Posthouse's sandbox, in Extism,
//! in a process, and behind a webhook on this machine. All must name the same category.
//!
//! ```text
//! cargo xtask bench peers
//! ```
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods, reason = "a program that measures")]

use extism::{CompiledPlugin, Manifest, PluginBuilder, Wasm};
use posthouse_kit::process;
use posthouse_kit::wasm::{TARGET, WasmCompiler};
use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::Grants;
use posthouse_model::ticket::Direction;
use posthouse_rules::{Engine, Mail, Settings, bundled};
use posthouse_sandbox::{CallLimits, PlainHost, Plugin, PluginSpec, Sandbox, SandboxConfig};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rounds, in each of which every way has its turn.
const TURNS: usize = 5;
/// Calls of one turn; the slow ways make a twentieth.
const CALLS: usize = 400;
const SUBJECT: &str = "Where is my order?";
const NOW: i64 = 1_795_000_000;

/// A way to classify: the mail's text in, the category out.
type Way<'a> = Box<dyn FnMut(&str) -> String + 'a>;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("child") {
        let mut body = String::new();
        std::io::stdin().read_to_string(&mut body).expect("a mail on standard input");
        print!("{}", natively(&engine(), &body));
        return;
    }
    let body = body();
    let engine = engine();
    let expected = natively(&engine, &body);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let plugin = runtime.block_on(posthouse());
    let compiled = extism();
    let mut kept = extism::Plugin::new_from_compiled(&compiled).expect("an Extism plugin");
    let mut webhook = Webhook::start();
    let program = std::env::current_exe().expect("this program's path");

    let mut ways: Vec<(&str, usize, Way<'_>)> = vec![
        ("native", CALLS, Box::new(|body| natively(&engine, body))),
        ("Posthouse, fresh instance for every call", CALLS, Box::new(|body| in_sandbox(&runtime, &plugin, body))),
        (
            "Extism, fresh instance for every call",
            CALLS / 20,
            Box::new(|body| {
                let mut fresh = extism::Plugin::new_from_compiled(&compiled).expect("an Extism plugin");
                fresh.call::<&str, String>("classify", body).expect("a call")
            }),
        ),
        (
            "Extism, one instance kept (memory shared)",
            CALLS,
            Box::new(|body| kept.call::<&str, String>("classify", body).expect("a call")),
        ),
        ("webhook on this machine, connection kept", CALLS, Box::new(|body| webhook.ask(body))),
        ("a process for every call", CALLS / 20, Box::new(|body| by_process(&program, body))),
    ];
    let mut times: Vec<Vec<Duration>> = ways.iter().map(|_| Vec::new()).collect();
    for turn in 0..=TURNS {
        for ((what, calls, way), times) in ways.iter_mut().zip(&mut times) {
            for _ in 0..*calls {
                let begun = Instant::now();
                let category = way(&body);
                let took = begun.elapsed();
                assert_eq!(category, expected, "{what} says something else");
                // The first turn warms everything.
                if turn > 0 {
                    times.push(took);
                }
            }
        }
    }
    let median = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    times.iter_mut().for_each(|times| times.sort_unstable());
    let native = median(&times[0], 50);
    println!("{:<44} {:>6}  {:>9}  {:>9}  {:>8}", "classify 2 kB", "calls", "p50", "p99", "× native");
    for ((what, _, _), times) in ways.iter().zip(&times) {
        let (p50, p99) = (median(times, 50), median(times, 99));
        println!("{what:<44} {:>6}  {p50:>6.0} µs  {p99:>6.0} µs  {:>8.1}", times.len(), p50 / native);
    }
}

fn body() -> String {
    let line = "I ordered a winter coat on 2026-10-28, order number 1042-88317, and paid 129.90 EUR by card. The tracking number \
                1Z999AA10123456784 has not moved for nine days, and the carrier only says that the parcel is in customs. ";
    format!("Hello,\n\n{}\n\nPlease tell me where my parcel is.\n\nKind regards\nMary Walker\n", line.repeat(9))
}

fn engine() -> Engine {
    Engine::new(Settings::default(), bundled()).expect("the bundled rules")
}

fn natively(engine: &Engine, body: &str) -> String {
    let mail = Mail { subject: SUBJECT, body, language: Some("en"), sent_at: NOW, ..Mail::default() };
    engine.read(&mail).category.map(|(name, _)| name).unwrap_or_default()
}

async fn posthouse() -> Arc<Plugin> {
    let path = PathBuf::from(std::env::var_os("POSTHOUSE_PLUGINS").expect("POSTHOUSE_PLUGINS: the bundled plugins"));
    let component = std::fs::read(path.join("classifier.wasm")).expect("the bundled classifier");
    let spec = PluginSpec {
        name: "classifier".to_owned(),
        version: "1".to_owned(),
        component: component.into(),
        settings: "{}".to_owned(),
        grants: Grants::default(),
        limits: CallLimits::default(),
    };
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    sandbox.load(spec).await.expect("a plugin that loads")
}

fn in_sandbox(runtime: &tokio::runtime::Runtime, plugin: &Arc<Plugin>, body: &str) -> String {
    let context = CallContext {
        now: Timestamp::from_seconds(NOW),
        seed: 1,
        tenant_name: "Bench".to_owned(),
        agent_language: "en".to_owned(),
    };
    let message = MessageView {
        subject: SUBJECT.to_owned(),
        body: body.to_owned(),
        full_text: String::new(),
        from: None,
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: Timestamp::from_seconds(NOW),
        direction: Direction::Incoming,
        language: Some("en".to_owned()),
        headers: Vec::new(),
        message_id: None,
        attachments: Vec::new(),
    };
    let called = runtime.block_on(plugin.classify(context, Arc::new(PlainHost::default()), Arc::new(message)));
    called.result.expect("a call").category.map(|category| category.value).unwrap_or_default()
}

/// The same rules as an Extism plugin, built and compiled once.
fn extism() -> CompiledPlugin {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest");
    let target = std::env::current_exe().expect("this program's path");
    let target = target.ancestors().nth(2).unwrap_or(Path::new(".")).join("guest");
    let compiler = WasmCompiler::find(&folder).expect("a compiler for plugins: run `cargo xtask plugins` first");
    let mut cargo = compiler.cargo(&folder, "build");
    process::run(cargo.args(["--release", "--target-dir"]).arg(&target), &mut |_, _| ())
        .expect("the Extism plugin builds");
    let module = target.join(TARGET).join("release").join("extism_classifier.wasm");
    let bytes = std::fs::read(module).expect("the Extism plugin");
    let manifest = Manifest::new([Wasm::data(bytes)]);
    CompiledPlugin::new(PluginBuilder::new(manifest).with_wasi(false)).expect("an Extism plugin that compiles")
}

fn by_process(program: &Path, body: &str) -> String {
    let mut child =
        Command::new(program).arg("child").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
    child.stdin.take().expect("its input").write_all(body.as_bytes()).expect("its input taken");
    String::from_utf8(child.wait_with_output().expect("its output").stdout).expect("text")
}

/// The same rules behind HTTP/1.1 over one kept connection: the least that a webhook can cost.
struct Webhook(TcpStream);

impl Webhook {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            let engine = engine();
            let (mut stream, _) = listener.accept().expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            while let Some(body) = receive(&mut stream) {
                send(&mut stream, "HTTP/1.1 200 OK", &natively(&engine, &body));
            }
        });
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Self(stream)
    }

    fn ask(&mut self, body: &str) -> String {
        send(&mut self.0, "POST /classify HTTP/1.1\r\nHost: localhost", body);
        receive(&mut self.0).expect("an answer")
    }
}

fn send(stream: &mut TcpStream, head: &str, body: &str) {
    let text = format!("{head}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).expect("a connection that takes it");
}

/// The body of one message; none when the other side is gone.
fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            return String::from_utf8(bytes.split_off(end + 4)).ok();
        }
    }
}
