//! An OCI registry: Docker's `registry`, with its data in a temporary folder.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{self, Running, START_TIMEOUT, find_program, free_port};

/// The only user and its password, where signing in is asked for.
const USER: &str = "tester";
const PASSWORD: &str = "test-password";

/// `tester:test-password` as the registry's file of users has it (bcrypt).
const USERS: &str = "tester:$2b$04$abcdefghijklmnopqrstuuobFaEJANklW4I6zZpcLRbXjrME4Qa2m\n";

/// A running registry on a loopback port, over plain HTTP. It stops when dropped.
#[derive(Debug)]
pub struct Registry {
    running: Option<Running>,
    program: PathBuf,
    port: u16,
    // Last, so that the folder goes after the server.
    folder: TempDir,
}

impl Registry {
    /// Starts a registry that everybody may read and write; `None`, with the reason printed, where it is not
    /// installed.
    pub fn start() -> Option<Self> {
        Self::start_with(false)
    }

    /// Starts a registry that asks for [`Self::user`] and [`Self::password`].
    pub fn start_with_password() -> Option<Self> {
        Self::start_with(true)
    }

    fn start_with(password: bool) -> Option<Self> {
        let Some(program) = find_program("docker-registry") else {
            return crate::missing("registry", "it is not installed (Debian: apt-get install docker-registry)");
        };
        let folder = process::server_folder("registry");
        let mut server = Self { running: None, program, port: 0, folder };
        // A port may be taken between the look and the start; another then serves as well.
        for _ in 0..3 {
            server.port = free_port();
            server.write_configuration(password);
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("the registry did not start:\n{}", server.log());
    }

    /// Host and port, as addresses of packages begin.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The user that may sign in.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// Its password.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The file that holds the blob of this digest, 64 hexadecimal digits: for tests that damage it.
    pub fn blob_file(&self, hex: &str) -> PathBuf {
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    fn try_start(&mut self) -> bool {
        let log = fs::File::create(self.folder.path().join("log")).expect("the log file");
        let mut command = Command::new(&self.program);
        command.arg("serve").arg(self.folder.path().join("config.yml")).current_dir(self.folder.path());
        command.env("OTEL_TRACES_EXPORTER", "none");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log file")).stderr(log);
        let mut running = Running::start(&mut command).expect("docker-registry is a program");
        let mut ended = false;
        let ready = process::wait_until(START_TIMEOUT, || {
            ended = running.has_ended();
            ended || answers(self.port)
        });
        self.running = Some(running);
        ready && !ended
    }

    fn write_configuration(&self, password: bool) {
        let root = self.folder.path();
        let mut configuration =
            CONFIGURATION.replace("@ROOT@", &root.display().to_string()).replace("@PORT@", &self.port.to_string());
        if password {
            fs::write(root.join("users"), USERS).expect("the file of users");
            configuration.push_str(&AUTH.replace("@ROOT@", &root.display().to_string()));
        }
        fs::write(root.join("config.yml"), configuration).expect("the configuration");
    }
}

/// Whether a registry answers on the loopback port: any answer in HTTP to its first question will do.
fn answers(port: u16) -> bool {
    let ask = || {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        connection.write_all(b"GET /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut start = [0; 9];
        connection.read_exact(&mut start)?;
        std::io::Result::Ok(start.starts_with(b"HTTP/1."))
    };
    ask().unwrap_or(false)
}

const CONFIGURATION: &str = "\
version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: @ROOT@/data
http:
  addr: 127.0.0.1:@PORT@
  secret: only-for-tests
";

const AUTH: &str = "\
auth:
  htpasswd:
    realm: tests
    path: @ROOT@/users
";
