//! Programs, users, ports and child processes.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it accepts connections. Generous, because a test machine may be busy compiling.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server may take to end in good order.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A loopback port that was free a moment ago. Another process may take it before the caller does; servers that can
/// choose a port themselves should.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("the port's number").port()
}

/// Waits until something accepts connections on the loopback `port`; false after `timeout`.
pub fn wait_for_port(port: u16, timeout: Duration) -> bool {
    wait_until(timeout, || connects(port))
}

/// Whether something accepts connections on the loopback `port` now.
pub(crate) fn connects(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

/// Asks `ready` every few milliseconds until it says yes; false after `timeout`.
pub(crate) fn wait_until(timeout: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + timeout;
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The path of `program`, looked for on `PATH` and in the folders where systems keep servers.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin", "/usr/lib/chromium"];
    std::env::split_paths(&path)
        .chain(extra.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// A user of the system, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// The user of that name, when the system has one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let passwd = fs::read_to_string("/etc/passwd").ok()?;
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(name) {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Self { uid, gid })
        })
    }

    /// The user that this process runs as.
    pub(crate) fn current() -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // A file of our own carries our effective user: no foreign function is needed to learn it.
            let probe = tempfile::tempfile().and_then(|file| file.metadata()).expect("a temporary file");
            Self { uid: probe.uid(), gid: probe.gid() }
        }
        #[cfg(not(unix))]
        Self { uid: 1, gid: 1 }
    }

    /// Whether this is the administrator, whom several servers refuse.
    pub(crate) fn is_root(self) -> bool {
        self.uid == 0
    }

    /// Gives the file or folder at `path` to this user (needs root).
    pub(crate) fn own(self, path: &Path) {
        #[cfg(unix)]
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).expect("root may give files away");
        #[cfg(not(unix))]
        let _ = path;
    }

    /// Makes `command` run as this user when we are root; else it runs as ourselves.
    pub(crate) fn run(self, command: &mut Command) {
        #[cfg(unix)]
        if Self::current().is_root() {
            use std::os::unix::process::CommandExt as _;
            command.uid(self.uid).gid(self.gid);
        }
        #[cfg(not(unix))]
        let _ = command;
    }
}

/// Sets the permissions of `path`, as far as the system has them.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions of our own file");
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

/// A temporary folder that the server's own user can enter, even when the system's default is private.
pub(crate) fn server_folder(name: &str) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix(&format!("posthouse-{name}-")).tempdir().expect("a temporary folder");
    set_mode(folder.path(), 0o755);
    folder
}

/// Runs `command` to its end and returns its standard output; panics with what it printed when it fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// A child process that ends with this value, together with the processes it started; also when the test is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    _leash: Leash,
}

impl Running {
    /// Starts `command` in a process group of its own, so that its own children can be ended with it.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        own_group(command);
        let child = command.spawn()?;
        let leash = Leash::new(&format!("-{}", child.id()));
        Ok(Self { child, _leash: leash })
    }

    /// What the process prints, when it was started with a pipe for it.
    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Ends the process at once, as a power cut would. Dropping it asks first.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    /// Asks the process to end, waits for it, and ends by force what is left of its group.
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        if !self.has_ended() {
            signal("TERM", &id);
            wait_until(STOP_TIMEOUT, || self.has_ended());
        }
        signal("KILL", &format!("-{id}"));
        let _ = self.child.wait();
    }
}

/// Ends a server should this process die before it could do so itself: a shell waits for the end of a pipe that we hold
/// open.
#[derive(Debug)]
pub(crate) struct Leash {
    shell: Option<Child>,
}

impl Leash {
    /// For a process, or for a group when the target starts with a minus sign.
    pub(crate) fn new(target: &str) -> Self {
        Self::running(r#"kill -s TERM -- "$1"; sleep 2; kill -s KILL -- "$1""#, target)
    }

    /// For a server that writes its process id into a file, and leads a group. The server may start later.
    pub(crate) fn for_pid_file(file: &Path) -> Self {
        let end = r#"sleep 2; read -r pid <"$1"; kill -s TERM -- "-$pid"; sleep 2; kill -s KILL -- "-$pid""#;
        Self::running(end, &file.to_string_lossy())
    }

    /// `end` is what the shell does with `argument` when we are gone.
    fn running(end: &str, argument: &str) -> Self {
        let script = format!("if read -r all_is_well; then exit 0; fi; {end}");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "posthouse-test-leash", argument]).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        own_group(&mut command);
        Self { shell: command.spawn().ok() }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            if let Some(mut pipe) = shell.stdin.take() {
                let _ = pipe.write_all(b"all is well\n");
            }
            let _ = shell.wait();
        }
    }
}

fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Sends a signal (`TERM`, `KILL`) to one process, or to a group when `target` starts with a minus sign. A shell does it,
/// because a small system has no program for it.
pub(crate) fn signal(name: &str, target: &str) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", r#"kill -s "$1" -- "$2""#, "posthouse-test-signal", name, target]);
    let _ = command.stdin(Stdio::null()).stderr(Stdio::null()).status();
}
