//! What this machine has, and installing what it lacks: Debian packages, as root.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::progress::{self, Stream, Working};
use crate::shell::{self, find_program};

/// Something that tests need from the system.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// The name that `POSTHOUSE_REQUIRE` and skipped tests use.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Debian packages that bring it.
    pub packages: &'static [&'static str],
    present: fn() -> bool,
}

impl Need {
    /// Whether the machine has it.
    pub fn is_met(&self) -> bool {
        (self.present)()
    }
}

/// Everything that tests need besides Rust and a C compiler.
pub const NEEDS: [Need; 8] = [
    Need {
        name: "postgres",
        purpose: "store tests on PostgreSQL",
        packages: &["postgresql"],
        present: || find_program("initdb").is_some() || Path::new("/usr/lib/postgresql").is_dir() && has_initdb(),
    },
    Need {
        name: "dovecot",
        purpose: "end-to-end tests over IMAP and LMTP",
        packages: &["dovecot-imapd", "dovecot-lmtpd"],
        present: || {
            find_program("dovecot").is_some()
                && ["imap", "lmtp"].iter().all(|p| {
                    Path::new("/usr/lib/dovecot").join(p).exists() || Path::new("/usr/libexec/dovecot").join(p).exists()
                })
        },
    },
    Need {
        name: "postfix",
        purpose: "end-to-end tests over SMTP",
        packages: &["postfix"],
        present: || find_program("postfix").is_some(),
    },
    Need {
        name: "chromium",
        purpose: "end-to-end tests of the desk in a browser",
        packages: &["chromium", "chromium-driver"],
        present: || {
            find_program("chromedriver").is_some()
                && ["chromium", "chromium-browser", "google-chrome"].iter().any(|p| find_program(p).is_some())
        },
    },
    Need {
        name: "registry",
        purpose: "tests that put plugin packages into a registry",
        packages: &["docker-registry"],
        present: || find_program("docker-registry").is_some(),
    },
    Need {
        name: "rspamd",
        purpose: "tests that ask a spam filter",
        packages: &["rspamd"],
        present: || find_program("rspamd").is_some(),
    },
    Need {
        name: "sqlite3",
        purpose: "end-to-end tests that lock a database and look into it from outside",
        packages: &["sqlite3"],
        present: || find_program("sqlite3").is_some(),
    },
    Need {
        name: "fonts",
        purpose: "screenshots with Chinese and Japanese text",
        packages: &["fonts-noto-cjk"],
        present: || {
            Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()
                || shell::output(shell::command("fc-list").arg(":lang=zh")).is_ok_and(|fonts| !fonts.trim().is_empty())
        },
    },
];

fn has_initdb() -> bool {
    fs::read_dir("/usr/lib/postgresql")
        .is_ok_and(|mut versions| versions.any(|v| v.is_ok_and(|v| v.path().join("bin/initdb").is_file())))
}

/// Installs what is missing, where it can.
///
/// # Errors
/// Says why nothing was installed. What was there before is not touched.
pub fn install_missing() -> Result<()> {
    let packages: Vec<&str> = NEEDS.iter().filter(|n| !n.is_met()).flat_map(|n| n.packages).copied().collect();
    if packages.is_empty() { Ok(()) } else { apt_install(&packages) }
}

/// Installs Debian packages without questions and without starting any service.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if find_program("apt-get").is_none() {
        bail!("this is not a Debian system; install the equivalent of `{by_hand}`");
    }
    if !is_root() {
        bail!("packages can only be installed as root; run `{by_hand}`");
    }
    let working = Working::start(format!("installing {}", packages.join(" ")));
    let _policy = NoServices::declare()?;
    if packages.contains(&"postfix") {
        // Unanswered, its set-up asks a question at the terminal. The system's own Postfix is never used or started.
        preseed("postfix postfix/main_mailer_type select Local only\npostfix postfix/mailname string localhost\n")?;
    }
    // A list that cannot be refreshed may still be good enough: the installation below decides.
    let update = apt(&working, &["update"]);
    let install: Vec<&str> = ["install", "-y", "--no-install-recommends"].iter().chain(packages).copied().collect();
    if let Err(error) = apt(&working, &install) {
        // An installation that was cut off once leaves packages to be configured.
        let _ = shell::output(shell::command("dpkg").args(["--configure", "-a"]));
        apt(&working, &install).with_context(|| match update {
            Ok(()) => format!("after a first try: {error}"),
            Err(update) => format!("the package lists could not be refreshed either: {update}"),
        })?;
    }
    working.done("done");
    Ok(())
}

fn apt(working: &Working, arguments: &[&str]) -> Result<()> {
    let mut command = shell::command("apt-get");
    shell::clean_environment(&mut command);
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").env("NEEDRESTART_MODE", "l");
    progress::run(&mut command, Stream::Output, |line| {
        if ["Get:", "Unpacking", "Setting up"].iter().any(|start| line.starts_with(start)) {
            working.detail(line);
        }
    })
}

fn preseed(answers: &str) -> Result<()> {
    use std::io::Write as _;
    let mut child = shell::command("debconf-set-selections").stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(answers.as_bytes())?;
    }
    child.wait()?;
    Ok(())
}

fn is_root() -> bool {
    shell::output(shell::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// While it lives, packages do not start the services they bring: the tests start their own, on their own ports.
struct NoServices {
    ours: bool,
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl NoServices {
    fn declare() -> Result<Self> {
        if Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("cannot write {POLICY}"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(POLICY);
        }
    }
}
