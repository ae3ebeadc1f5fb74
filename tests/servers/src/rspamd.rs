//! Rspamd: its normal worker and its controller, with its own rules and a filter that learns, and neither network nor Redis.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::process::{self, Running, START_TIMEOUT, User, connects, find_program, free_port};

/// What the controller asks for.
const PASSWORD: &str = "test-password";

/// A running Rspamd on loopback ports. It stops when dropped.
#[derive(Debug)]
pub struct Rspamd {
    running: Option<Running>,
    port: u16,
    controller: u16,
    // Last, so that the folder goes after the server.
    folder: TempDir,
}

impl Rspamd {
    /// Starts one; `None`, with the reason printed, where it is not installed. Takes some seconds: it compiles its tables.
    pub fn start() -> Option<Self> {
        let Some(program) = find_program("rspamd") else {
            return crate::missing("rspamd", "it is not installed (Debian: apt-get install rspamd)");
        };
        let folder = process::server_folder("rspamd");
        let mut server = Self { running: None, port: 0, controller: 0, folder };
        // Its workers each make the filter's databases where there are none, and one that finds them locked by the other
        // works without them from then on: so one worker makes them first, alone.
        server.start_with(&program, false);
        server.stop();
        server.start_with(&program, true);
        Some(server)
    }

    /// Where mails are checked, by everybody.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where they are checked for those who know [`Self::password`].
    pub fn guarded_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.controller)
    }

    /// The controller's password.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Stops it; the ports are free then.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts it with both workers, or with its controller alone.
    ///
    /// # Panics
    /// Where it does not start, with its log.
    fn start_with(&mut self, program: &std::path::Path, both: bool) {
        // A port may be taken between the look and the start; others then serve as well.
        for _ in 0..3 {
            (self.port, self.controller) = (free_port(), free_port());
            self.write_configuration(both);
            if self.try_start(program, both) {
                return;
            }
        }
        panic!("rspamd did not start:\n{}", self.log());
    }

    fn write_configuration(&self, both: bool) {
        let folder = self.folder.path().display();
        let (port, controller) = (self.port, self.controller);
        let normal = if both {
            format!(r#"worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}"#)
        } else {
            String::new()
        };
        let text = format!(
            r#"options {{
  pidfile = "{folder}/pid"; tempdir = "{folder}"; hs_cache_dir = "{folder}"; control_socket = "{folder}/control mode=0600";
  url_tld = "${{SHAREDIR}}/effective_tld_names.dat";
  filters = "";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "info"; }}
lua = "${{RULESDIR}}/rspamd.lua";
{normal}
worker "controller" {{ bind_socket = "127.0.0.1:{controller}"; count = 1; secure_ip = []; password = "{PASSWORD}"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
group "test" {{ symbols {{ "GTUBE" {{ weight = 100; }} }} }}
classifier "bayes" {{
  tokenizer {{ name = "osb"; }}
  cache {{ path = "{folder}/learned.sqlite"; }}
  backend = "sqlite3"; min_tokens = 11; min_learns = 200;
  statfile {{ symbol = "BAYES_HAM"; path = "{folder}/ham.sqlite"; spam = false; }}
  statfile {{ symbol = "BAYES_SPAM"; path = "{folder}/spam.sqlite"; spam = true; }}
}}
"#
        );
        fs::write(self.folder.path().join("rspamd.conf"), text).expect("the configuration");
    }

    fn try_start(&mut self, program: &std::path::Path, both: bool) -> bool {
        let log = fs::File::create(self.folder.path().join("log")).expect("the log file");
        let mut command = Command::new(program);
        command.arg("-f").arg("-c").arg(self.folder.path().join("rspamd.conf")).current_dir(self.folder.path());
        if User::current().is_root() {
            command.arg("-i");
        }
        let errors = log.try_clone().expect("the log file again");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let mut running = Running::start(&mut command).expect("rspamd starts");
        let ready = process::wait_until(START_TIMEOUT, || {
            running.has_ended()
                || ((!both || connects(self.port)) && connects(self.controller) && self.each_opened_its_databases(both))
        });
        let alive = ready && !running.has_ended();
        self.running = Some(running);
        alive
    }

    /// Whether each worker has opened both databases of the filter; it says so in its log.
    fn each_opened_its_databases(&self, both: bool) -> bool {
        let log = self.log();
        let opened = log.lines().filter(|line| line.contains("added backend sqlite3 for symbol BAYES_")).count();
        opened >= if both { 4 } else { 2 }
    }
}
