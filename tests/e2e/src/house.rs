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

    /// Replaces a line of `posthouse.toml`.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn change_set_up(&self, line: &str, by: &str) {
        let path = self.path().join("posthouse.toml");
        let text = std::fs::read_to_string(&path).expect("it was written");
        assert!(text.contains(line), "`{line}` is not in {text}");
        std::fs::write(&path, text.replace(line, by)).expect("the folder can be written");
    }

    /// Writes a tenant's folder and applies it.
    ///
    /// # Panics
    /// When it is refused.
    pub fn apply(&self, slug: &str, tenant_toml: &str) {
        let folder = self.path().join(slug);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        std::fs::write(folder.join("tenant.toml"), tenant_toml).expect("the folder can be written");
        self.run(&["tenant", "apply", slug]);
    }

    /// Runs a command that prints JSON.
    ///
    /// # Panics
    /// When it fails, or prints something else.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.run(arguments)).expect("JSON")
    }

    /// What the SQLite database says to a statement, by the program `sqlite3`.
    ///
    /// # Panics
    /// When the statement fails.
    #[must_use]
    pub fn sqlite(&self, database: &Path, statement: &str) -> String {
        let output = Command::new("sqlite3")
            .args(["-cmd", ".timeout 20000"])
            .arg(database)
            .arg(statement)
            .output()
            .expect("sqlite3 can be started");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
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

    /// The port that the desk listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A command with this host's folder and environment.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("POSTHOUSE_PLUGINS", plugins());
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
        let command = self.command(&["serve"]);
        self.serve_by(command).await;
    }

    /// As [`House::serve`], started by a shell that first says something else, such as `ulimit -f 100`.
    ///
    /// # Panics
    /// As [`House::serve`].
    pub async fn serve_after(&mut self, shell: &str) {
        let plain = self.command(&["serve"]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{shell}; exec \"$0\" serve")).arg(plain.get_program());
        command.current_dir(self.folder.path());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.serve_by(command).await;
    }

    /// Starts `posthouse serve` with something in its environment, and waits for nothing.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn begin_to_serve(&mut self, environment: &[(&str, &str)]) {
        let log = std::fs::File::options().create(true).append(true).open(self.path().join("serve.log"));
        let mut command = self.command(&["serve"]);
        command
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a log"));
        self.child = Some(command.spawn().expect("posthouse can be started"));
    }

    /// Whether the process has ended by itself (or was never started).
    ///
    /// # Panics
    /// Never: it is ours to ask about.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().expect("it is ours").is_some())
    }

    async fn serve_by(&mut self, mut command: Command) {
        let log = std::fs::File::create(self.path().join("serve.log")).expect("a log");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
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
        crate::desk::get(self.port, "/health").await.is_some_and(|answer| answer.status == 200)
    }

    /// What `/health` says.
    ///
    /// # Panics
    /// When nothing listens.
    pub async fn health(&self) -> serde_json::Value {
        let answer = crate::desk::get(self.port, "/health").await.expect("the desk listens");
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// Asks `/health` until it is as wanted.
    ///
    /// # Panics
    /// When it is not within a minute.
    pub async fn wait_for_health(&self, what: &str, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let health = self.health().await;
            if wanted(&health) {
                return health;
            }
            assert!(tokio::time::Instant::now() < end, "{what}: {health:#}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
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

    /// Asks the process to end, as a service manager does.
    ///
    /// # Panics
    /// When there is none.
    pub fn ask_to_end(&self) {
        let process = self.pid().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().expect("kill can be started").success());
    }

    /// Waits until the process has ended by itself.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn wait_for_end(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        while child.try_wait().expect("it is ours").is_none() {
            assert!(tokio::time::Instant::now() < end, "it does not end\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
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

/// Where the bundled plugins are.
#[must_use]
pub fn plugins() -> PathBuf {
    std::env::var_os("POSTHOUSE_PLUGINS").map_or_else(|| target().join("plugins"), PathBuf::from)
}

fn target() -> PathBuf {
    profile().parent().expect("a profile's folder lies in the target folder").to_owned()
}

fn program() -> PathBuf {
    profile().join(format!("posthouse{}", std::env::consts::EXE_SUFFIX))
}

/// Delivers a mail into a Maildir, as the specification says: written in `tmp`, complete once it is in `new`.
///
/// # Panics
/// When the folder cannot be written.
pub fn put_mail(maildir: &Path, name: &str, raw: &[u8]) {
    for folder in ["tmp", "new", "cur"] {
        std::fs::create_dir_all(maildir.join(folder)).expect("the Maildir can be made");
    }
    let (partial, whole) = (maildir.join("tmp").join(name), maildir.join("new").join(name));
    std::fs::write(&partial, raw).expect("the Maildir can be written");
    std::fs::rename(partial, whole).expect("the Maildir can be written");
}
