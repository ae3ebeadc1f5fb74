//! A host in a folder of its own, and the binary run against it.

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Host {
    pub dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    #[track_caller]
    pub fn problem(self) -> Self {
        assert_eq!(self.code, 1, "{self:#?}");
        self
    }

    /// What it said on standard error, with its lines joined by single spaces.
    pub fn words(&self) -> String {
        self.err.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

impl Host {
    /// Nothing in it yet.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("posthouse.toml"), "data_dir = \"data\"\n").unwrap();
        Self { dir, env: Vec::new() }
    }

    /// With the tenant `acme` applied: one mailbox, the bundled router.
    pub fn with_acme() -> Self {
        let host = Self::new();
        host.write("acme/tenant.toml", ACME);
        host.run(&["tenant", "apply", "acme"]).ok();
        host
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// The binary in this folder. The environment is empty but for what a test sets.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_posthouse"));
        command.args(args).current_dir(self.dir.path()).env_clear();
        if let Some(plugins) = std::env::var_os("POSTHOUSE_PLUGINS") {
            command.env("POSTHOUSE_PLUGINS", plugins);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// With this on standard input.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended by now.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub const ACME: &str = r#"slug = "acme"
name = "Acme Outdoor"
agent_language = "zh"
time_zone = "Asia/Shanghai"

[[queue]]
name = "general"
title = { en = "General", zh = "综合" }

[[mailbox]]
name = "support"
address = "support@acme.example"
maildir = { path = "mail/acme" }
files = { path = "out/acme" }

[[plugin]]
name = "router"
settings = { default = { queue = "general" } }
"#;

pub const MAIL: &str = "From: Ana =?UTF-8?Q?Garc=C3=ADa?= <ana@customer.example>\r\n\
To: support@acme.example\r\n\
Subject: Where is my order 1042-88?\r\n\
Date: Sun, 01 Mar 2026 08:30:00 +0100\r\n\
Message-ID: <first@customer.example>\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
\r\n\
Hello, where is my order 1042-88? The parcel has not arrived and I am waiting for delivery.\r\n\
\r\n\
Ana\r\n";

/// A bundled plugin's component.
pub fn bundled(name: &str) -> Vec<u8> {
    std::fs::read(plugins().join(name).with_extension("wasm")).unwrap()
}

/// A component that only tests have.
pub fn guest(name: &str) -> Vec<u8> {
    std::fs::read(plugins().with_file_name("guests").join(name).with_extension("wasm")).unwrap()
}

fn plugins() -> PathBuf {
    std::env::var_os("POSTHOUSE_PLUGINS")
        .map(PathBuf::from)
        .unwrap_or_else(|| std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("plugins"))
}

/// Where a repository has its corpus, if it is there.
pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("POSTHOUSE_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let found = named.into_iter().chain([beside]).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("skipped: no corpus at POSTHOUSE_CORPUS or ../shared/corpus");
    }
    found
}
