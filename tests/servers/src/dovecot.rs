//! Dovecot: IMAP and LMTP for any address, with mail in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::imap::{self, Inbox};
use crate::process::{self, Running, START_TIMEOUT, User, find_program, free_port};

/// The password of every user.
const PASSWORD: &str = "test-password";

/// A running Dovecot. Every address is a user with a mailbox that exists as soon as it is used; `name+detail@domain` is
/// delivered to `name@domain`. It stops when dropped.
#[derive(Debug)]
pub struct Dovecot {
    running: Option<Running>,
    program: PathBuf,
    ports: Ports,
    tls: bool,
    // Last, so that the folder goes after the server.
    folder: TempDir,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    imap: u16,
    imaps: u16,
    lmtp: u16,
    auth: u16,
}

impl Ports {
    fn free() -> Self {
        Self { imap: free_port(), imaps: free_port(), lmtp: free_port(), auth: free_port() }
    }
}

impl Dovecot {
    /// Starts Dovecot without TLS; `None`, with the reason printed, where it is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(None, None, "")
    }

    /// Starts Dovecot with STARTTLS on the IMAP port and TLS on [`Self::imaps_port`]. Signing in without either is
    /// still possible, because it listens on the loopback address only.
    pub fn start_with_tls(certificate: &Certificate) -> Option<Self> {
        Self::start_with(Some(certificate), None, "")
    }

    /// Starts Dovecot without TLS, taking access tokens (XOAUTH2) that the server at this address finds good: the token is put
    /// behind it. Passwords are taken as well.
    pub fn start_with_tokens(introspection_url: &str) -> Option<Self> {
        Self::start_with(None, Some(introspection_url), "")
    }

    /// Starts Dovecot without TLS, which refuses to be given mails larger than this, as providers do with what does not fit.
    pub fn start_with_largest_mail(bytes: usize) -> Option<Self> {
        let more = format!(
            "mail_plugins = quota\nprotocol imap {{\n  mail_plugins = quota imap_quota\n}}\n\
             plugin {{\n  quota = maildir:all\n  quota_max_mail_size = {bytes}\n}}\n"
        );
        Self::start_with(None, None, &more)
    }

    fn start_with(certificate: Option<&Certificate>, introspection_url: Option<&str>, more: &str) -> Option<Self> {
        let Some(program) = find_program("dovecot") else {
            return crate::missing(
                "dovecot",
                "it is not installed (Debian: apt-get install dovecot-imapd dovecot-lmtpd)",
            );
        };
        let version = process::run(Command::new(&program).arg("--version"));
        if !version.starts_with("2.3") {
            return crate::missing(
                "dovecot",
                &format!("these tests know the configuration of 2.3, not of {}", version.trim()),
            );
        }
        let helpers = ["/usr/lib/dovecot", "/usr/libexec/dovecot", "/usr/local/libexec/dovecot"];
        if !helpers.iter().any(|folder| Path::new(folder).join("lmtp").exists()) {
            return crate::missing(
                "dovecot",
                "its LMTP server is not installed (Debian: apt-get install dovecot-lmtpd)",
            );
        }
        let folder = process::server_folder("dovecot");
        let mut server = Self { running: None, program, ports: Ports::free(), tls: certificate.is_some(), folder };
        // A port may be taken between the look and the start; other ports then serve as well.
        for _ in 0..3 {
            server.ports = Ports::free();
            server.write_configuration(certificate, introspection_url, more);
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("Dovecot did not start:\n{}", server.log());
    }

    /// The port for IMAP without TLS, with STARTTLS where a certificate was given.
    pub fn imap_port(&self) -> u16 {
        self.ports.imap
    }

    /// The port for IMAP over TLS.
    ///
    /// # Panics
    /// When it was started without a certificate.
    pub fn imaps_port(&self) -> u16 {
        assert!(self.tls, "Dovecot was started without a certificate");
        self.ports.imaps
    }

    /// The port for LMTP.
    pub fn lmtp_port(&self) -> u16 {
        self.ports.lmtp
    }

    /// The port on which Postfix asks whether a password is right.
    pub(crate) fn auth_port(&self) -> u16 {
        self.ports.auth
    }

    /// The password of every user.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Puts mails into a user's inbox as files, before anybody has looked at it: many at once, for measuring.
    pub fn put_files(&self, user: &str, mails: impl IntoIterator<Item = Vec<u8>>) {
        let root = self.folder.path().join("mail");
        let maildir = root.join(user).join("Maildir");
        for folder in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(folder)).expect("a Maildir");
        }
        for (number, raw) in mails.into_iter().enumerate() {
            let name = format!("{}.M{number:07}.bench", 1_700_000_000 + number);
            fs::write(maildir.join("new").join(name), raw).expect("a mail");
        }
        #[cfg(unix)]
        if User::current().is_root() {
            use std::os::unix::fs::MetadataExt as _;
            let owner = fs::metadata(&root).expect("the folder of all mail");
            let owner = format!("{}:{}", owner.uid(), owner.gid());
            process::run(Command::new("chown").arg("-R").arg(owner).arg(root.join(user)));
        }
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Delivers a mail by LMTP, as a mail server would; done when it is in the mailbox.
    ///
    /// # Panics
    /// When the server refuses it, with its words.
    pub async fn deliver(&self, from: &str, to: &str, raw: &[u8]) {
        imap::hand_over(self.ports.lmtp, "LHLO", from, &[to], raw).await;
    }

    /// Opens a folder of a user by IMAP, to look at what is in it.
    pub async fn open(&self, user: &str, folder: &str) -> Inbox {
        Inbox::open(self.ports.imap, user, PASSWORD, folder).await
    }

    /// Ends the server and keeps its mail, as an outage would.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Has the server number a user's mails anew under another UIDVALIDITY (RFC 3501, 2.3.1.1), as one does whose indexes were
    /// lost or that was moved to another machine. Their content stays.
    ///
    /// # Panics
    /// When the user has no mail, or the server does not start again.
    pub fn renumber(&mut self, user: &str) {
        self.stop();
        let maildir = self.folder.path().join("mail").join(user).join("Maildir");
        let files = fs::read_dir(&maildir).expect("the user has mail").flatten();
        let indexes = files.filter(|file| file.file_name().to_string_lossy().starts_with("dovecot"));
        for index in indexes {
            fs::remove_file(index.path()).expect("an index of the stopped server");
        }
        // It takes the time for it: within one second it would be the same number.
        let second = std::time::SystemTime::now();
        process::wait_until(Duration::from_secs(5), || second.elapsed().is_ok_and(|age| age.as_millis() > 1_100));
        self.start_again();
    }

    /// Starts a stopped server again, on the same ports and with the same mail.
    ///
    /// # Panics
    /// When it does not start, with its log.
    pub fn start_again(&mut self) {
        self.stop();
        assert!(self.try_start(), "Dovecot did not start again:\n{}", self.log());
    }

    fn try_start(&mut self) -> bool {
        let mut command = Command::new(&self.program);
        command.arg("-F").arg("-c").arg(self.folder.path().join("dovecot.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running::start(&mut command).expect("dovecot is a program");
        let mut ports = vec![self.ports.imap, self.ports.lmtp, self.ports.auth];
        if self.tls {
            ports.push(self.ports.imaps);
        }
        let mut ended = false;
        let ready = process::wait_until(START_TIMEOUT, || {
            ended = running.has_ended();
            ended || ports.iter().all(|&port| process::connects(port))
        });
        self.running = Some(running);
        ready && !ended
    }

    fn write_configuration(&self, certificate: Option<&Certificate>, introspection_url: Option<&str>, more: &str) {
        let root = self.folder.path();
        let us = User::current();
        let mail_user =
            if us.is_root() { User::named("nobody").unwrap_or(User { uid: 65534, gid: 65534 }) } else { us };
        let mail = root.join("mail");
        let _ = fs::create_dir(&mail);
        if us.is_root() {
            mail_user.own(&mail);
        }
        let tls = match certificate {
            None => "ssl = no\n".to_owned(),
            Some(certificate) => {
                let (certificate_file, key_file) = (root.join("certificate.pem"), root.join("key.pem"));
                fs::write(&certificate_file, &certificate.certificate_pem).expect("the certificate");
                fs::write(&key_file, &certificate.key_pem).expect("the key");
                format!("ssl = yes\nssl_cert = <{}\nssl_key = <{}\n", certificate_file.display(), key_file.display())
            }
        };
        // Dovecot keeps its parts apart by users and changed roots, which only root can set up.
        let rootless = if us.is_root() {
            String::new()
        } else {
            let name = process::run(Command::new("id").arg("-un"));
            let group = process::run(Command::new("id").arg("-gn"));
            format!(
                "default_internal_user = {0}\ndefault_internal_group = {1}\ndefault_login_user = {0}\n\
                 service anvil {{\n  chroot =\n}}\nservice imap-login {{\n  chroot =\n}}\n",
                name.trim(),
                group.trim()
            )
        };
        let tokens = match introspection_url {
            None => String::new(),
            Some(url) => {
                let file = root.join("oauth2.conf");
                let words = format!(
                    "introspection_mode = get\nintrospection_url = {url}\nusername_attribute = email\n\
                     active_attribute = active\nactive_value = true\n"
                );
                fs::write(&file, words).expect("the configuration of tokens");
                format!(
                    "auth_mechanisms = plain login xoauth2 oauthbearer\nauth_cache_size = 0\n\
                     passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}\n}}\n",
                    file.display()
                )
            }
        };
        let configuration = CONFIGURATION
            .replace("@ROOT@", &root.display().to_string())
            .replace("@MAIL@", &mail.display().to_string())
            .replace("@UID@", &mail_user.uid.to_string())
            .replace("@GID@", &mail_user.gid.to_string())
            .replace("@PASSWORD@", PASSWORD)
            .replace("@IMAP@", &self.ports.imap.to_string())
            .replace("@IMAPS@", &if certificate.is_some() { self.ports.imaps } else { 0 }.to_string())
            .replace("@LMTP@", &self.ports.lmtp.to_string())
            .replace("@AUTH@", &self.ports.auth.to_string());
        fs::write(root.join("dovecot.conf"), configuration + &tls + &rootless + &tokens + more)
            .expect("the configuration");
    }
}

const CONFIGURATION: &str = "\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = @ROOT@/run
state_dir = @ROOT@/state
log_path = @ROOT@/log
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
recipient_delimiter = +
mail_location = maildir:@MAIL@/%u/Maildir
first_valid_uid = @UID@
mail_max_userip_connections = 100
postmaster_address = postmaster@localhost
passdb {
  driver = static
  args = password=@PASSWORD@
}
userdb {
  driver = static
  args = uid=@UID@ gid=@GID@ home=@MAIL@/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
}
service imap-login {
  service_count = 0
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = @LMTP@
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = @AUTH@
  }
}
";
