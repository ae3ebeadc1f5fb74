//! The guides' commands, exactly as they stand in docs/guide-*.md, run by a shell in an empty folder with this binary.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the guides promise.
const TIME_MAX: Duration = Duration::from_secs(600);

#[test]
fn the_guide_to_rust_leads_to_a_notice() {
    walk("rust", &["cargo"]);
}

#[test]
fn the_guide_to_javascript_leads_to_a_notice() {
    walk("js", &["node", "npm"]);
}

#[test]
fn the_guide_to_python_leads_to_a_notice() {
    walk("python", &["python3"]);
}

fn walk(language: &str, needs: &[&str]) {
    for need in needs {
        if !Command::new(need)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
        {
            eprintln!("skipped: {need} is not here");
            return;
        }
    }
    let commands = commands(language);
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &format!("trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}")]);
    shell.current_dir(folder.path()).envs(environment());
    let output = shell.stdin(Stdio::null()).output().unwrap();
    let took = start.elapsed();
    let words = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{words}", output.status);
    eprintln!("the guide to {language} took {:.1} s", took.as_secs_f64());
    assert!(took < TIME_MAX, "the guide to {language} took {took:?}");

    let told = told(&folder.path().join("told.txt"));
    assert_eq!(told.len(), 3, "one call in the sandbox, one test notice, one ticket: {told:#?}\n{words}");
    for (line, body) in &told {
        assert_eq!(line, "POST /T0KEN HTTP/1.1");
        assert!(!body["text"].as_str().unwrap().is_empty(), "{body}");
    }
    assert!(told[0].1["text"].as_str().unwrap().starts_with("Test notice from Posthouse"), "{told:#?}");
    let ticket = told[2].1["text"].as_str().unwrap();
    assert!(ticket.contains("Where is my order?") && ticket.contains("http://127.0.0.1:8025/t/shop/"), "{ticket}");
    assert!(words.contains("needs   http"), "plugin build says what the component needs: {words}");
    assert!(folder.path().join("team-hook-0.1.0.phx").is_file());
}

/// The page's fenced blocks for a shell, in order.
fn commands(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/guide-{language}.md"));
    let page = std::fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(blocks.len() >= 8, "{} blocks", blocks.len());
    let fences = page.lines().filter(|line| line.starts_with("```")).count();
    assert_eq!(fences, blocks.len() * 2, "a block that is not run");
    blocks.join("\n")
}

/// This binary first on the path, a free port, and what cargo compiles for projects kept for the next run.
fn environment() -> Vec<(&'static str, std::ffi::OsString)> {
    let binary = Path::new(env!("CARGO_BIN_EXE_posthouse")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binary.clone()).chain(std::env::split_paths(&path))).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
    let projects = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guides");
    let mut environment = vec![
        ("PATH", path),
        ("PORT", port.to_string().into()),
        ("CARGO_TARGET_DIR", projects.into()),
        ("NO_COLOR", "1".into()),
    ];
    if std::env::var_os("POSTHOUSE_PLUGINS").is_none() {
        environment
            .push(("POSTHOUSE_PLUGINS", binary.ancestors().nth(1).map(PathBuf::from).unwrap().join("plugins").into()));
    }
    environment
}

/// What `plugin listen` printed: each request's first line and its JSON.
fn told(file: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut told = Vec::new();
    for request in text.split("POST ").skip(1) {
        let (line, body) = request.split_once('\n').unwrap();
        told.push((format!("POST {line}"), serde_json::from_str(body).unwrap()));
    }
    told
}

#[test]
fn every_reason_number_is_explained() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let guide = std::fs::read_to_string(root.join("docs/screening.md")).unwrap();
    let missing: Vec<_> = posthouse_model::reason::ReasonCode::ALL
        .iter()
        .filter(|code| !guide.contains(&format!("| {code} |")))
        .collect();
    assert_eq!(missing, Vec::<&posthouse_model::reason::ReasonCode>::new());
}
