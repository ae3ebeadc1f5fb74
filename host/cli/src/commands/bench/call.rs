//! One classification of a 2 kB mail, five ways: natively, in the sandbox, by a process, by HTTP, and an empty call's floor.

use super::{Figure, quantiles, sample};
use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use posthouse_learned::{Judge, file};
use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::Grants;
use posthouse_model::ticket::Direction;
use posthouse_rules::{Engine, Findings, Mail, Settings, Trained, bundled};
use posthouse_sandbox::{CallLimits, PlainHost, PluginSpec};
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const SUBJECT: &str = "Where is my order?";
/// A process and a fresh rule set are slow: they are measured less often.
const SLOW_ROUNDS_MAX: u32 = 40;
/// Rounds of one way before the other's turn.
const TURN: u32 = 50;

fn mail(body: &str) -> Mail<'_> {
    Mail { subject: SUBJECT, body, language: Some("en"), sent_at: 1_795_000_000, ..Mail::default() }
}

/// What is in the component, compiled natively: the rules, and its trained model beside them.
struct Native {
    engine: Engine,
    judge: Judge,
}

impl Native {
    fn of(component: &[u8]) -> Result<Self> {
        let mut engine = engine()?;
        let model = file::of_component(component).while_doing("the classifier carries no model")?;
        let judge = Judge::new(model, &mut engine, &[], Trained::default());
        let judge = judge.while_doing("the model does not fit the rules")?;
        Ok(Self { engine, judge })
    }

    fn classify(&self, body: &str) -> Findings {
        self.judge.read(&self.engine, &mail(body)).0
    }
}

fn engine() -> Result<Engine> {
    Engine::new(Settings::default(), bundled())
        .map_err(|error| Failure::new(format!("the rules cannot be built: {error}")))
}

/// What the spawned process does: build the rules, classify once by them alone, say the category.
pub fn child() -> Result {
    let mut body = String::new();
    std::io::stdin().read_to_string(&mut body)?;
    let found = engine()?.read(&mail(&body));
    let name = found.category.map(|(name, _)| name).unwrap_or_default();
    std::io::stdout().write_all(name.as_bytes())?;
    Ok(Code::Ok)
}

pub async fn measure(context: &Context, rounds: u32) -> Result<Vec<Figure>> {
    let body = sample::body();
    let component = context.finder(None).find("classifier", std::path::Path::new("."))?;
    let native = Native::of(&component.bytes)?;
    let expected = category(&native.classify(&body));
    let mut figures = Vec::new();
    let mut say = |what: &str, times: Vec<Duration>| {
        let (median, note) = quantiles(times);
        figures.push(Figure { what: what.to_owned(), value: median.as_secs_f64() * 1e6, unit: "µs", note });
        median
    };

    let plugin = context
        .sandbox(None)?
        .load(PluginSpec {
            name: "classifier".to_owned(),
            version: component.version(),
            component: component.bytes,
            settings: "{}".to_owned(),
            grants: Grants::default(),
            limits: CallLimits::default(),
        })
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    let message = Arc::new(view(&body));
    let host = Arc::new(PlainHost::default());
    // In turn, a few of each: a processor that changes its pace then changes it for both, and the ratio stays true.
    let (mut natively, mut by_rules, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    let mut left = rounds;
    // The first turn warms caches and the pool.
    let mut warm = false;
    while left > 0 {
        let turn = left.min(TURN);
        for _ in 0..turn {
            let start = Instant::now();
            let found = native.classify(&body);
            natively.push(start.elapsed());
            check(&expected, &category(&found))?;
            let start = Instant::now();
            let found = native.engine.read(&mail(&body));
            by_rules.push(start.elapsed());
            check(&expected, &category(&found))?;
        }
        for _ in 0..turn {
            let call = CallContext {
                now: Timestamp::from_seconds(1_795_000_000),
                seed: 1,
                tenant_name: "Bench".to_owned(),
                agent_language: "en".to_owned(),
            };
            let (host, message) = (Arc::clone(&host), Arc::clone(&message));
            let start = Instant::now();
            let called = plugin.classify(call, host, message).await;
            fresh.push(start.elapsed());
            let triage = called.result.map_err(|error| Failure::new(error.to_string()))?;
            check(&expected, &triage.category.map(|c| c.value).unwrap_or_default())?;
        }
        if warm {
            left -= turn;
        } else {
            warm = true;
            natively.clear();
            by_rules.clear();
            fresh.clear();
        }
    }
    let once = say("classify 2 kB, native", natively);
    say("the same by the rules alone, native", by_rules);
    let sandboxed = say("classify 2 kB, sandbox, fresh instance", fresh);

    let http = say("classify 2 kB, HTTP to localhost", over_http(native, &body, rounds, &expected).await?);
    let spawned = say("by the rules alone, process per call", {
        let program = std::env::current_exe()?;
        let mut times = Vec::new();
        for _ in 0..rounds.min(SLOW_ROUNDS_MAX) {
            let start = Instant::now();
            let mut command = tokio::process::Command::new(&program);
            command.args(["bench", "--child"]).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().while_doing("the process cannot be started")?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all(body.as_bytes()).await?;
            }
            let output = child.wait_with_output().await?;
            times.push(start.elapsed());
            check(&expected, &String::from_utf8_lossy(&output.stdout))?;
        }
        times
    });
    let ratio = |time: Duration| time.as_secs_f64() / once.as_secs_f64();
    for (what, time) in [("sandbox / native", sandboxed), ("HTTP / native", http), ("process / native", spawned)] {
        figures.push(Figure {
            what: what.to_owned(),
            value: ratio(time),
            unit: "×",
            note: "medians of this run".to_owned(),
        });
    }
    Ok(figures)
}

fn category(found: &Findings) -> String {
    found.category.as_ref().map(|(name, _)| name.clone()).unwrap_or_default()
}

fn check(expected: &str, got: &str) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Failure::new(format!("the ways do not agree: `{expected}` natively, `{got}` here")))
}

fn view(body: &str) -> MessageView {
    MessageView {
        subject: SUBJECT.to_owned(),
        body: body.to_owned(),
        full_text: body.to_owned(),
        from: None,
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: Timestamp::from_seconds(1_795_000_000),
        direction: Direction::Incoming,
        // As the host itself finds it before any plugin is asked.
        language: Some("en".to_owned()),
        headers: Vec::new(),
        message_id: None,
        attachments: Vec::new(),
    }
}

/// The same behind a small HTTP server in this process, over one kept-alive connection: the least that a webhook
/// on this machine can cost.
async fn over_http(native: Native, body: &str, rounds: u32, expected: &str) -> Result<Vec<Duration>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut buffer = Vec::new();
        while let Some(body) = message(&mut stream, &mut buffer).await? {
            let name = category(&native.classify(&String::from_utf8_lossy(&body)));
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
            stream.write_all(answer.as_bytes()).await?;
        }
        Ok::<(), std::io::Error>(())
    });
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut times = Vec::new();
    let mut buffer = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let answer = message(&mut stream, &mut buffer).await?.unwrap_or_default();
        times.push(start.elapsed());
        check(expected, &String::from_utf8_lossy(&answer))?;
    }
    drop(stream);
    let _ = server.await;
    Ok(times)
}

async fn message(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Ok(Some(body));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
