//! A Posthouse process with its own folders and port, as an operator would start it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A host's folder and, once [`House::serve`] was called, its process. Ends when dropped.
pub struct House {
    folder: TempDir,
    port: u16,
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
    }
}

impl House {
    /// Writes `posthouse.toml`: SQLite unless `database_url` says otherwise, chat platforms on loopback allowed.
    ///
    /// # Panics
    /// When the folder cannot be written.
    #[must_use]
    pub fn new(database_url: Option<&str>) -> Self {
        let folder = tempfile::Builder::new().prefix("posthouse-e2e-").tempdir().expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let database = database_url.map(|url| format!("\n[database]\nurl = \"{url}\"\n")).unwrap_or_default();
        let text = format!(
            "data_dir = \"data\"\npublic_url = \"http://127.0.0.1:{port}\"\n{database}\n[web]\nlisten = \"127.0.0.1:{port}\"\n\n\
             [plugins]\nprivate_hosts = [\"127.0.0.1\"]\n\n[log]\nlevel = \"info\"\n"
        );
        std::fs::write(folder.path().join("posthouse.toml"), text).expect("the folder can be written");
        Self { folder, port, environment: Vec::new(), child: None }
    }

    /// A secret, as the environment gives it.
    pub fn secret(&mut self, tenant: &str, name: &str, value: &str) {
        let variable = format!("POSTHOUSE_SECRET_{}_{}", tenant.to_uppercase().replace('-', "_"), name.to_uppercase());
        self.environment.push((variable, value.to_owned()));
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if std::env::var_os("POSTHOUSE_PLUGINS").is_none() {
            command.env("POSTHOUSE_PLUGINS", target().join("plugins"));
        }
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started, or fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments, "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "posthouse {} failed:\n{errors}", arguments.join(" "));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs a command with something on standard input, and gives what came of it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn try_run(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("posthouse can be started; `cargo build -p posthouse` makes it");
        // A command that reads no input may have closed it already.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    }

    /// Starts `posthouse serve` and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready within a minute.
    pub async fn serve(&mut self) {
        let log = std::fs::File::create(self.path().join("serve.log")).expect("a log");
        let child = self.command(&["serve"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("posthouse can be started"));
        let ready = async {
            while !self.is_ready().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), ready).await.is_err() {
            panic!("posthouse did not get ready:\n{}", self.log());
        }
    }

    async fn is_ready(&self) -> bool {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
        let mut answer = Vec::new();
        stream.write_all(request.as_bytes()).await.is_ok()
            && stream.read_to_end(&mut answer).await.is_ok()
            && answer.starts_with(b"HTTP/1.1 200")
    }

    /// What the process wrote to its log.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("serve.log")).unwrap_or_default()
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends the process at once, as a power failure would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The folder of this build's programs: `TARGET/PROFILE`. A test lies in its `deps`.
fn profile() -> PathBuf {
    let program = std::env::current_exe().expect("this program's own path");
    let folder = program.parent().expect("a program lies in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("`deps` lies in one too") } else { folder };
    folder.to_owned()
}

fn target() -> PathBuf {
    profile().parent().expect("a profile's folder lies in the target folder").to_owned()
}

fn program() -> PathBuf {
    profile().join(format!("posthouse{}", std::env::consts::EXE_SUFFIX))
}
