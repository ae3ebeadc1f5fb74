//! Postfix: takes mail by SMTP and delivers it to Dovecot by LMTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::dovecot::Dovecot;
use crate::imap;
use crate::process::{self, Leash, START_TIMEOUT, User, find_program, free_port};

/// A running Postfix, for any number of domains whose mail all goes to one Dovecot. It stops when dropped.
///
/// Some recipients are refused, in every domain: `unknown@…` for good (550), `busy@…` for now (451).
#[derive(Debug)]
pub struct Postfix {
    program: PathBuf,
    smtp_port: u16,
    submission_port: u16,
    leash: Option<Leash>,
    // Last, so that the folder goes after the server.
    folder: TempDir,
}

impl Postfix {
    /// Starts Postfix for `domains`; `None`, with the reason printed, where it is not installed or we are not root.
    pub fn start(dovecot: &Dovecot, domains: &[&str]) -> Option<Self> {
        Self::start_with(dovecot, domains, None)
    }

    /// Starts Postfix with STARTTLS, which the submission port then demands.
    pub fn start_with_tls(dovecot: &Dovecot, domains: &[&str], certificate: &Certificate) -> Option<Self> {
        Self::start_with(dovecot, domains, Some(certificate))
    }

    fn start_with(dovecot: &Dovecot, domains: &[&str], certificate: Option<&Certificate>) -> Option<Self> {
        let Some(program) = find_program("postfix") else {
            return crate::missing("postfix", "it is not installed (Debian: apt-get install postfix)");
        };
        let (Some(owner), true) = (User::named("postfix"), User::current().is_root()) else {
            return crate::missing("postfix", "it can only be started by root, on a system that has the user postfix");
        };
        let folder = process::server_folder("postfix");
        let mut server = Self { program, smtp_port: 0, submission_port: 0, leash: None, folder };
        for name in ["etc", "queue", "data"] {
            fs::create_dir(server.folder.path().join(name)).expect("a folder of the server");
        }
        owner.own(&server.folder.path().join("data"));
        make_queue(&server.folder.path().join("queue"), owner);
        // A port may be taken between the look and the start; other ports then serve as well.
        for _ in 0..3 {
            (server.smtp_port, server.submission_port) = (free_port(), free_port());
            server.write_configuration(dovecot, domains, certificate);
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("Postfix did not start:\n{}", server.log());
    }

    /// The port that takes mail for the domains from anyone on this machine, as from the internet.
    pub fn smtp_port(&self) -> u16 {
        self.smtp_port
    }

    /// The port for submission: asks for a user (any address) and Dovecot's password, over TLS when it was started
    /// with a certificate.
    pub fn submission_port(&self) -> u16 {
        self.submission_port
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether every mail that it took is delivered.
    pub fn is_quiet(&self) -> bool {
        ["maildrop", "incoming", "active", "deferred"]
            .iter()
            .all(|name| is_empty(&self.folder.path().join("queue").join(name)))
    }

    /// Gives the server a mail by SMTP; done when it has taken it over.
    ///
    /// # Panics
    /// When the server refuses it, with its words.
    pub async fn send(&self, from: &str, to: &[&str], raw: &[u8]) {
        imap::hand_over(self.smtp_port, "EHLO", from, to, raw).await;
    }

    /// Ends the server and keeps its queue, as an outage would.
    pub fn stop(&mut self) {
        let Some(pid) = self.master() else { return };
        process::signal("TERM", &pid);
        if !process::wait_until(Duration::from_secs(5), || !is_alive(&pid)) {
            process::signal("KILL", &format!("-{pid}"));
            process::wait_until(Duration::from_secs(5), || !is_alive(&pid));
        }
        self.leash = None;
        // Its children hold the ports until they have noticed.
        let ports = [self.smtp_port, self.submission_port];
        process::wait_until(Duration::from_secs(5), || !ports.iter().any(|&port| process::connects(port)));
    }

    /// Starts a stopped server again, on the same ports and with the same queue.
    ///
    /// # Panics
    /// When it does not start, with its log.
    pub fn start_again(&mut self) {
        self.stop();
        assert!(
            process::wait_until(START_TIMEOUT, || self.try_start()),
            "Postfix did not start again:\n{}",
            self.log()
        );
    }

    /// The process that all others descend from, when the server runs.
    fn master(&self) -> Option<String> {
        let pid = fs::read_to_string(self.pid_file()).ok()?.trim().to_owned();
        is_alive(&pid).then_some(pid)
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.path().join("queue/pid/master.pid")
    }

    fn try_start(&mut self) -> bool {
        self.leash = Some(Leash::for_pid_file(&self.pid_file()));
        // The folders were made above: its own check of them would take two seconds.
        fs::write(self.folder.path().join("queue/quick-start"), "").expect("a file in the queue");
        let mut start = Command::new(&self.program);
        // Of a run before this one, which may have left its id behind.
        let _ = fs::remove_file(self.pid_file());
        start.arg("-c").arg(self.folder.path().join("etc")).arg("start");
        // It says what it does on standard error, as if to the operator of the machine.
        let started = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !started.is_ok_and(|status| status.success()) {
            return false;
        }
        let ports = [self.smtp_port, self.submission_port];
        // The command comes back before the server has written its process id: that it runs no longer can only be
        // said once it ran.
        let mut seen = false;
        process::wait_until(START_TIMEOUT, || {
            let runs = self.master().is_some();
            let ended = seen && !runs;
            seen |= runs;
            ended || (runs && ports.iter().all(|&port| process::connects(port)))
        }) && self.master().is_some()
    }

    fn write_configuration(&self, dovecot: &Dovecot, domains: &[&str], certificate: Option<&Certificate>) {
        let root = self.folder.path();
        let etc = root.join("etc");
        let daemons =
            process::run(Command::new(find_program("postconf").expect("postconf comes with postfix")).args([
                "-d",
                "-h",
                "daemon_directory",
            ]));
        let tls = match certificate {
            None => "smtpd_tls_security_level = none\n".to_owned(),
            Some(certificate) => {
                let (certificate_file, key_file) = (etc.join("certificate.pem"), etc.join("key.pem"));
                fs::write(&certificate_file, &certificate.certificate_pem).expect("the certificate");
                fs::write(&key_file, &certificate.key_pem).expect("the key");
                process::set_mode(&key_file, 0o600);
                format!(
                    "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n",
                    certificate_file.display(),
                    key_file.display()
                )
            }
        };
        let main = MAIN
            .replace("@ROOT@", &root.display().to_string())
            .replace("@DAEMONS@", daemons.trim())
            .replace("@DOMAINS@", &domains.join(", "))
            .replace("@LMTP@", &dovecot.lmtp_port().to_string())
            .replace("@AUTH@", &dovecot.auth_port().to_string());
        let master = MASTER
            .replace("@SMTP@", &self.smtp_port.to_string())
            .replace("@SUBMISSION@", &self.submission_port.to_string())
            .replace("@TLS@", if certificate.is_some() { "encrypt" } else { "none" });
        let refused = "/^unknown@/ 550 5.1.1 No such user here\n/^busy@/ 451 4.3.0 Try again later\n";
        for (name, text) in [("main.cf", main + &tls), ("master.cf", master), ("refused", refused.to_owned())] {
            fs::write(etc.join(name), text).expect("the configuration");
            // Postfix waits while a file looks as if somebody were still writing it.
            let file = fs::File::options().write(true).open(etc.join(name)).expect("the configuration");
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).expect("the configuration");
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folders of a Postfix queue, as its own set-up makes them.
fn make_queue(queue: &Path, owner: User) {
    let private = [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private",
        "public", "saved", "trace",
    ];
    for name in private {
        let folder = queue.join(name);
        fs::create_dir(&folder).expect("a folder of the queue");
        owner.own(&folder);
        process::set_mode(&folder, 0o700);
    }
    fs::create_dir(queue.join("pid")).expect("a folder of the queue");
}

/// Holds no file, nor does any folder in it.
fn is_empty(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    // What is gone since the look was no mail that stays.
    entries.flatten().all(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_empty(&entry.path()))
}

fn is_alive(pid: &str) -> bool {
    // Its parent is the system's first process, which in a container may never collect the dead.
    let status = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

const MAIN: &str = "\
compatibility_level = 3.6
queue_directory = @ROOT@/queue
data_directory = @ROOT@/data
daemon_directory = @DAEMONS@
maillog_file = @ROOT@/log
maillog_file_prefixes = @ROOT@
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.test
myorigin = mail.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_transport = error:5.1.2 this test server delivers nothing outside
virtual_mailbox_domains = @DOMAINS@
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:@LMTP@
recipient_delimiter = +
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:@ROOT@/etc/refused
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:@AUTH@
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtputf8_enable = yes
message_size_limit = 52428800
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
biff = no
";

const MASTER: &str = "\
127.0.0.1:@SMTP@ inet n - n - - smtpd
127.0.0.1:@SUBMISSION@ inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_security_level=@TLS@
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";
