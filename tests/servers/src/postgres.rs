//! One PostgreSQL cluster shared by every test process of a run, and a fresh database for each test.
//!
//! The first process that needs the cluster makes it (one to two seconds); the others find it. Each user holds a
//! shared lock on a file for as long as its process lives, which the system releases however the process ends. A small
//! supervising shell, the parent of the server, tries for the same lock exclusively; when it gets it several times in a
//! row, nobody uses the cluster any more: it stops the server, removes the data and ends.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::{self, START_TIMEOUT, User, find_program, free_port};

/// Environment variable: the URL of an existing server's administrative database (such as
/// `postgres://user:password@host:port/postgres`), used instead of starting one. Its user must be able to create
/// databases.
const EXISTING: &str = "POSTHOUSE_TEST_PG";

/// Databases of ended test processes are dropped when there are more than this many (about 8 MB each).
const STALE_DATABASES_MAX: usize = 60;

/// Seconds between two looks of the supervisor, and how many idle looks in a row end the cluster.
const IDLE_LOOK_SECONDS: u32 = 5;
const IDLE_LOOKS: u32 = 6;

/// A running PostgreSQL server in which tests make databases.
#[derive(Debug, Clone)]
pub struct PostgresServer {
    admin_url: String,
    psql: PathBuf,
}

/// The shared PostgreSQL server, started when it is not running yet; `None`, with the reason printed, where PostgreSQL
/// is not installed. Blocks for one to two seconds in the first process that asks.
pub fn postgres() -> Option<PostgresServer> {
    static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
    SERVER.get_or_init(find_or_start).clone()
}

impl PostgresServer {
    /// Creates an empty UTF-8 database and returns its URL, `postgres://…`. It goes away with the cluster, or earlier
    /// when the test process has ended and room is needed.
    ///
    /// # Panics
    /// When the server refuses, with its words.
    pub async fn fresh_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("posthouse_{}_{}_{number}", std::process::id(), &random_hex()[..8]);
        let server = self.clone();
        tokio::task::spawn_blocking(move || {
            server.drop_stale_databases();
            server.execute(&[format!("create database {name}")]);
            with_database(&server.admin_url, &name)
        })
        .await
        .expect("the database is made")
    }

    /// Keeps databases tidy from now on, as a server does that nobody set up for tests. Benches want it.
    ///
    /// # Panics
    /// When the server refuses, with its words.
    pub async fn keep_tidy(&self) {
        let server = self.clone();
        let statements = ["alter system set autovacuum = on", "select pg_reload_conf()"].map(str::to_owned);
        let tidied = tokio::task::spawn_blocking(move || server.execute(&statements));
        tidied.await.expect("the server keeps tidy");
    }

    /// Tidies one database now, and looks at what is in it.
    ///
    /// # Panics
    /// When the server refuses, with its words.
    pub async fn tidy(&self, url: &str) {
        let server = Self { admin_url: url.to_owned(), psql: self.psql.clone() };
        let tidied = tokio::task::spawn_blocking(move || server.execute(&["vacuum (analyze)".to_owned()]));
        tidied.await.expect("the database is tidied");
    }

    /// The URL of the administrative database.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    fn drop_stale_databases(&self) {
        if !Path::new("/proc/self").exists() {
            return;
        }
        let names = self.execute(&["select datname from pg_database where datname like 'posthouse\\_%'".to_owned()]);
        let stale: Vec<String> = names
            .lines()
            .filter(|name| {
                let process = name.split('_').nth(1).unwrap_or_default();
                !process.is_empty() && !Path::new("/proc").join(process).exists()
            })
            .map(|name| format!("drop database if exists {name} with (force)"))
            .collect();
        if stale.len() > STALE_DATABASES_MAX {
            // Another process may be dropping the same ones: losing that race is fine.
            let _ = self.psql(&stale).output();
        }
    }

    fn execute(&self, statements: &[String]) -> String {
        process::run(&mut self.psql(statements))
    }

    fn psql(&self, statements: &[String]) -> Command {
        let mut command = Command::new(&self.psql);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.admin_url]);
        for statement in statements {
            command.arg("-c").arg(statement);
        }
        command.stdin(Stdio::null());
        command
    }
}

fn find_or_start() -> Option<PostgresServer> {
    let Some(programs) = Programs::find() else {
        return crate::missing("postgres", "no initdb was found (Debian: apt-get install postgresql)");
    };
    if let Ok(admin_url) = std::env::var(EXISTING) {
        return Some(PostgresServer { admin_url, psql: programs.psql });
    }
    let us = User::current();
    let server_user = if us.is_root() {
        match User::named("postgres").or_else(|| User::named("nobody")) {
            Some(user) => user,
            None => return crate::missing("postgres", "it refuses root, and there is no user postgres or nobody"),
        }
    } else {
        us
    };
    if find_program("flock").is_none() {
        return crate::missing("postgres", "the program flock is needed to share one server between test processes");
    }
    let place = Place::open(us);
    let admin_url = place.share(|| start(&programs, &place, server_user));
    Some(PostgresServer { admin_url, psql: programs.psql })
}

/// The programs of one PostgreSQL installation.
struct Programs {
    initdb: PathBuf,
    postgres: PathBuf,
    psql: PathBuf,
}

impl Programs {
    fn find() -> Option<Self> {
        let mut folders: Vec<PathBuf> =
            find_program("initdb").and_then(|p| Some(p.parent()?.to_owned())).into_iter().collect();
        // Debian keeps the server's programs off the path, in one folder for each major version.
        let mut versions: Vec<u32> = fs::read_dir("/usr/lib/postgresql")
            .map(|entries| entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).collect())
            .unwrap_or_default();
        versions.sort_unstable();
        folders.extend(versions.iter().rev().map(|v| PathBuf::from(format!("/usr/lib/postgresql/{v}/bin"))));
        folders.into_iter().find_map(|folder| {
            let programs =
                Self { initdb: folder.join("initdb"), postgres: folder.join("postgres"), psql: folder.join("psql") };
            let complete = [&programs.initdb, &programs.postgres, &programs.psql].iter().all(|p| p.is_file());
            complete.then_some(programs)
        })
    }
}

/// The folder that the test processes of one user share.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn open(us: User) -> Self {
        let folder = std::env::temp_dir().join(format!("posthouse-test-postgres-icu-{}", us.uid));
        let _ = fs::create_dir(&folder);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let owner = fs::symlink_metadata(&folder).expect("the shared folder").uid();
            assert_eq!(owner, us.uid, "{} belongs to somebody else: remove it", folder.display());
        }
        // The server's own user has to reach its data through this folder; it cannot list or write it.
        process::set_mode(&folder, 0o711);
        Self { folder }
    }

    fn lock_file(&self, name: &str) -> File {
        let path = self.folder.join(name);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path);
        file.expect("a lock file in the shared folder")
    }

    /// The address of the running server, which `start` makes when there is none. From here on this process counts as
    /// a user of it.
    fn share(&self, start: impl FnOnce() -> String) -> String {
        static IN_USE: OnceLock<File> = OnceLock::new();
        let starting = self.lock_file("start.lock");
        starting.lock().expect("the start lock");
        // Waits here while the supervisor, holding it exclusively, takes an idle server down.
        let in_use = self.lock_file("use.lock");
        in_use.lock_shared().expect("the use lock");
        process::set_mode(&self.folder.join("use.lock"), 0o644);
        let address = self.folder.join("address");
        // The supervisor empties the data folder, so a port that somebody else has taken since does not deceive us.
        let alive = self.folder.join("data/postmaster.pid").exists();
        let known = fs::read_to_string(&address).ok();
        let known = known.filter(|url| alive && port_of(url).is_some_and(process::connects));
        let url = known.unwrap_or_else(|| {
            let url = start();
            fs::write(&address, "").expect("the address file");
            process::set_mode(&address, 0o600);
            fs::write(&address, &url).expect("the address file");
            url
        });
        let _ = IN_USE.set(in_use);
        url
    }
}

/// Makes a cluster and starts its server beneath the supervisor; returns the administrative URL.
fn start(programs: &Programs, place: &Place, server_user: User) -> String {
    let data = place.folder.join("data");
    if data.exists() {
        // Left by a run that was ended by force. Its server, if it still lives, belongs to a past start.
        if let Some(pid) =
            fs::read_to_string(data.join("postmaster.pid")).ok().and_then(|t| Some(t.lines().next()?.to_owned()))
        {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if command.contains("postgres") && command.contains(&*data.to_string_lossy()) {
                process::signal("KILL", &pid);
            }
        }
        fs::remove_dir_all(&data).expect("the old data folder can be removed");
    }
    fs::create_dir(&data).expect("the data folder");
    if User::current().is_root() {
        server_user.own(&data);
    }
    process::set_mode(&data, 0o700);

    let password = random_hex();
    let password_file = place.folder.join("password");
    fs::write(&password_file, &password).expect("the password file");
    if User::current().is_root() {
        server_user.own(&password_file);
    }
    process::set_mode(&password_file, 0o600);
    let mut initdb = Command::new(&programs.initdb);
    initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password_file);
    initdb.args(["--username=posthouse", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]);
    initdb.arg(if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" });
    // As most databases are: one that sorts like a dictionary, not by bytes. Whoever takes a range of texts finds out here.
    if knows_icu(&programs.initdb) {
        initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
    }
    server_user.run(initdb.current_dir("/").env_remove("LC_ALL"));
    process::run(&mut initdb);
    fs::remove_file(&password_file).expect("the password file");

    let port = free_port();
    // Durability is not what these tests are about, and speed is.
    let settings = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum=off",
        "jit=off",
        "max_connections=300",
        "shared_buffers=48MB",
        "max_wal_size=2GB",
        "unix_socket_directories=",
        "listen_addresses=127.0.0.1",
    ];
    let mut supervisor = Command::new("/bin/sh");
    supervisor.arg("-c").arg(SUPERVISOR).arg("posthouse-test-postgres");
    supervisor.arg(place.folder.join("use.lock")).arg(&data);
    supervisor.args([IDLE_LOOK_SECONDS.to_string(), IDLE_LOOKS.to_string()]);
    supervisor.arg(&programs.postgres).arg("-D").arg(&data).args(["-p", &port.to_string()]);
    for setting in settings {
        supervisor.args(["-c", setting]);
    }
    let log = File::create(place.folder.join("log")).expect("the log file");
    supervisor.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone().expect("the log file")).stderr(log);
    server_user.run(&mut supervisor);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut supervisor, 0);
    let mut supervisor = supervisor.spawn().expect("/bin/sh starts");

    let url = format!("postgres://posthouse:{password}@127.0.0.1:{port}/postgres");
    let server = PostgresServer { admin_url: url.clone(), psql: programs.psql.clone() };
    let ready = process::wait_until(START_TIMEOUT, || {
        let answers = || server.psql(&["select 1".to_owned()]).output().is_ok_and(|output| output.status.success());
        supervisor.try_wait().is_ok_and(|ended| ended.is_some()) || (process::connects(port) && answers())
    });
    let ended = supervisor.try_wait().is_ok_and(|ended| ended.is_some());
    assert!(
        ready && !ended,
        "PostgreSQL did not start:\n{}",
        fs::read_to_string(place.folder.join("log")).unwrap_or_default()
    );
    // It outlives this process on purpose: other test processes share it, and it ends by itself.
    drop(supervisor);
    url
}

/// Arguments: lock file, data folder, seconds between looks, idle looks, then the server's command line.
const SUPERVISOR: &str = r#"
lock=$1 data=$2 pause=$3 looks=$4
shift 4
"$@" &
server=$!
end() { kill -INT "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$data"/* 2>/dev/null; exit 0; }
trap end TERM INT HUP
exec 9<"$lock"
idle=0
while kill -0 "$server" 2>/dev/null; do
    sleep "$pause" &
    wait $!
    if flock -n -x 9; then
        idle=$((idle + 1))
        if [ "$idle" -ge "$looks" ]; then end; fi
        flock -u 9
    else
        idle=0
    fi
done
"#;

/// Whether it can make databases with the collations of ICU (from version 15 on).
fn knows_icu(initdb: &Path) -> bool {
    let help = Command::new(initdb).arg("--help").output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--icu-locale"))
}

fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.split('/').next()?.parse().ok()
}

fn with_database(admin_url: &str, name: &str) -> String {
    let (base, _) = admin_url.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

/// 32 hexadecimal digits that nobody can guess.
fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).expect("the system's randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
