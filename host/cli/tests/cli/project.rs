//! Projects: made, built, built again after a change. The compilers are stood in for by a project in JavaScript whose
//! `build` copies a bundled plugin; the guides' test and the kit's run the real ones.

use crate::host::{Host, bundled};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

#[test]
fn a_new_project_says_what_to_do_next_and_its_manifest_is_sound() {
    let host = Host::new();
    for (language, test) in [("rust", "cargo test"), ("js", "npm test"), ("python", "unittest")] {
        for world in ["classifier", "router", "drafter", "notifier", "enricher", "checker"] {
            let (name, dir) = (format!("my-{world}"), format!("{language}/{world}"));
            let made = host.run(&["plugin", "new", &name, "--world", world, "--lang", language, "--dir", &dir]).ok();
            assert!(made.out.contains(&format!("the {world} {name} in ")), "{}", made.out);
            assert!(made.out.contains(&format!("cd {dir}")) && made.out.contains(test), "{}", made.out);
            // Packing reads manifest, schema and fixtures as a host does; only the component is not built yet.
            host.write(&format!("{dir}/plugin.wasm"), bundled("notifier-webhook"));
            let packed = host.run(&["plugin", "pack", &dir, "--out", "x.phx"]);
            let only_the_world = packed.code == 1 && packed.err.contains("plugin.toml and ");
            assert!(if world == "notifier" { packed.code == 0 } else { only_the_world }, "{language}: {packed:#?}");
        }
    }
    let json = host.run(&["plugin", "new", "ab", "--world", "router", "--lang", "js", "--json"]).ok().json();
    assert_eq!((&json["dir"], &json["lang"]), (&"ab".into(), &"js".into()));
    assert!(json["files"].as_array().unwrap().contains(&"src/plugin.js".into()), "{json:#}");
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let host = Host::new();
    let new = |name: &str, rest: &[&str]| {
        host.run(&[&["plugin", "new", name, "--world", "router", "--lang", "rust"], rest].concat())
    };
    let name = new("Team", &[]).problem();
    assert!(name.err.contains("`Team` is no name for a plugin") && name.err.contains("for example"), "{}", name.err);
    assert!(!host.path("Team").exists());
    let there = new("acme", &["--dir", "."]).problem();
    assert!(there.err.contains("is there and not empty") && there.err.contains("--dir"), "{}", there.err);
    let sdk = new("acme", &["--sdk", "."]).problem();
    assert!(sdk.err.contains("holds no SDK for Rust") && !host.path("acme").exists(), "{}", sdk.err);
    for wrong in [["--world", "poet"], ["--lang", "cobol"]] {
        let ran = host.run(&[&["plugin", "new", "acme", "--world", "router", "--lang", "rust"], &wrong[..]].concat());
        assert_eq!(ran.code, 2, "{ran:#?}");
    }
}

#[test]
fn a_build_of_what_is_no_project_says_what_is_missing() {
    let host = Host::new();
    let none = host.run(&["plugin", "build", "gone"]).problem();
    assert!(none.err.contains("holds no plugin.toml") && none.err.contains("plugin new"), "{}", none.err);
    host.write("bare/plugin.toml", "");
    let bare = host.run(&["plugin", "build", "bare"]).problem();
    assert!(bare.err.contains("no sources that can be built") && bare.err.contains("Cargo.toml"), "{}", bare.err);
    host.write("bare/Cargo.toml", "");
    let manifest = host.run(&["plugin", "build", "bare"]).problem();
    assert!(manifest.err.contains("plugin.toml: ") && manifest.err.contains("id"), "{}", manifest.err);
}

#[test]
fn a_missing_toolchain_is_named_with_what_brings_it() {
    // The environment of these runs has no PATH, so nothing is installed.
    let host = Host::new();
    for (language, names) in [
        ("rust", ["cargo, Rust's build tool", "https://rustup.rs"]),
        ("js", ["node is not on this machine", "https://nodejs.org"]),
        ("python", ["python3 is not on this machine", "apt-get install python3 python3-venv"]),
    ] {
        host.run(&["plugin", "new", "hook", "--world", "notifier", "--lang", language, "--dir", language]).ok();
        let ran = host.run(&["plugin", "build", language]).problem();
        for name in names {
            assert!(ran.err.contains(name), "{language}: {}", ran.err);
        }
    }
}

const MANIFEST: &str = r#"id = "acme/copy"
version = "1.0.0"
world = "notifier"
api = "1.0"
summary = "A copy."
license = "MIT"
authors = ["Acme <dev@acme.example>"]
"#;

const PACKAGE: &str =
    r#"{ "private": true, "type": "module", "scripts": { "build": "node build.js", "test": "node test.js" } }"#;

/// A project that needs Node alone; none where that is not there.
fn copying(host: &mut Host) -> Option<()> {
    let path = std::env::var("PATH").unwrap_or_default();
    let there = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !there("npm") || !there("node") {
        eprintln!("skipped: node and npm are not here");
        return None;
    }
    host.set("PATH", &path);
    let home = host.path("home").display().to_string();
    host.set("HOME", &home);
    host.write("copy/plugin.toml", MANIFEST);
    host.write("copy/package.json", PACKAGE);
    host.write("copy/notifier.bin", bundled("notifier-webhook"));
    host.write("copy/build.js", "import fs from 'node:fs'; fs.copyFileSync('notifier.bin', 'plugin.wasm');");
    host.write("copy/test.js", "");
    Some(())
}

#[test]
fn a_build_says_what_was_made_and_where_the_manifest_disagrees() {
    let mut host = Host::new();
    let Some(()) = copying(&mut host) else { return };
    let built = host.run(&["plugin", "build", "copy"]).ok();
    for line in
        ["built copy/plugin.wasm in ", "world   notifier", "API     1.0, needs 1.0 or later", "needs   http", "size "]
    {
        assert!(built.out.contains(line), "{line} in {}", built.out);
    }
    assert!(built.err.contains("plugin.toml: the component imports `http`"), "{}", built.err);
    let json = host.run(&["plugin", "build", "copy", "--json"]).ok().json();
    assert_eq!((&json["world"], &json["needs"]), (&"notifier".into(), &serde_json::json!(["http"])));
    assert_eq!(json["disagreements"].as_array().unwrap().len(), 1);
    host.write("copy/build.js", "console.error('no such thing'); process.exit(3)");
    let failed = host.run(&["plugin", "build", "copy"]).problem();
    assert!(failed.err.contains("no such thing") && failed.err.contains("run --silent build"), "{}", failed.err);
    assert!(host.path("copy/plugin.wasm").is_file(), "the older component stays");
}

/// `plugin dev` with its output line by line.
struct Dev(Child, BufReader<ChildStdout>);

impl Dev {
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.1.read_line(&mut line).unwrap(), 0, "it ended");
        line
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[test]
fn dev_builds_again_after_every_change_until_it_is_interrupted() {
    let mut host = Host::new();
    let Some(()) = copying(&mut host) else { return };
    let mut child = host.command(&["plugin", "dev", "copy"]);
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut dev = Dev(child, output);
    let first = dev.line();
    assert!(first.starts_with("round 1  good  ") && first.contains("tests pass"), "{first}");
    assert!(dev.line().starts_with("plugin.toml: the component imports `http`"));

    host.write("copy/test.js", "console.log('two and two'); process.exit(1)");
    let second = dev.line();
    assert!(second.starts_with("round 2  bad  ") && second.contains("npm"), "{second}");
    let mut words = String::new();
    while !words.contains("two and two") {
        words += &dev.line();
    }
    // A new folder, and in it a file: seen as well. That what the build wrote is not seen shows in the number.
    host.write("copy/test.js", "import './lib/more.js'");
    host.write("copy/lib/more.js", "");
    let mut third = dev.line();
    while !third.starts_with("round ") {
        third = dev.line();
    }
    // The two files may have come in two rounds; the last of them is good.
    while third.contains("bad") || !third.starts_with("round ") {
        third = dev.line();
    }
    assert!(third.starts_with("round 3  good") || third.starts_with("round 4  good"), "{third}");

    let interrupted = Command::new("kill").args(["-INT", &dev.0.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(dev.0.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_posted_to_the_listener_is_shown_and_answered() {
    let host = Host::new();
    let mut child = host.command(&["plugin", "listen", "--port", "0", "--status", "429", "--json"]);
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap());
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut listening = Dev(child, output);
    let mut note = String::new();
    notes.read_line(&mut note).unwrap();
    let address = note.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let post = |body: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let length = body.len();
        write!(stream, "POST /hook HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH: {length}\r\nConnection: close\r\n\r\n{body}")
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    };
    assert_eq!(post("{\"text\": \"hello\"}"), "HTTP/1.1 429");
    assert_eq!(post("plain \u{1b}[31mwords"), "HTTP/1.1 429");
    let lines: Vec<serde_json::Value> = (0..2).map(|_| serde_json::from_str(&listening.line()).unwrap()).collect();
    assert_eq!(lines[0], serde_json::json!({ "request": "POST /hook HTTP/1.1", "body": { "text": "hello" } }));
    assert_eq!(lines[1]["body"], "plain \u{1b}[31mwords");
}
