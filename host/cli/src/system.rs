//! The system's clock, randomness and environment: the one place where they are asked for.

use posthouse_model::{Clock, Entropy, Timestamp};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What the environment says, read once at the start.
///
/// `POSTHOUSE_CONFIG` and `POSTHOUSE_PLUGINS` are options of the command line (see `--help`).
#[derive(Clone, Default)]
pub struct Environment {
    /// `POSTHOUSE_DATABASE_URL`: instead of `database.url`, so that a password need not stand in a file.
    pub database_url: Option<Zeroizing<String>>,
    /// `POSTHOUSE_MASTER_KEY`: 64 hexadecimal digits, instead of the key file.
    pub master_key: Option<Zeroizing<String>>,
    /// `POSTHOUSE_PASSPHRASE`: for `backup` and `restore`.
    pub passphrase: Option<Zeroizing<String>>,
    /// `POSTHOUSE_REGISTRY_AUTH`, `registry.example.com=user:password`: for one registry of plugin packages.
    pub registry: Option<RegistryAuth>,
    /// `POSTHOUSE_SECRET_<TENANT>_<NAME>`, by the variable's whole name.
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    /// `CARGO_TARGET_DIR`: where a development build keeps its plugins.
    pub cargo_target_dir: Option<std::path::PathBuf>,
    /// `XDG_CACHE_HOME`, else `~/.cache`: where compiled plugins are kept outside a host's own folder.
    pub user_cache: Option<std::path::PathBuf>,
    /// `POSTHOUSE_DIE_AT`, for tests: the boundary at which the process ends without a word ([`crate::fault`]).
    pub die_at: Option<String>,
    /// Colour may be used on a terminal: no `NO_COLOR` (no-color.org), no `TERM=dumb`.
    pub colour: bool,
    /// `TERM` is not `dumb`: lines may be redrawn.
    pub redraw: bool,
}

/// User and password of one registry.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    /// Host name, with a port where addresses have one: they are sent to no other.
    pub registry: String,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl RegistryAuth {
    /// Reads `registry.example.com=user:password`; none where it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (registry, rest) = text.split_once('=')?;
        let (user, password) = rest.split_once(':')?;
        let sound = !registry.is_empty() && !user.is_empty();
        sound.then(|| Self {
            registry: registry.to_owned(),
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        })
    }
}

impl Environment {
    /// Of this process. Values that are not UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let all: BTreeMap<String, Zeroizing<String>> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, Zeroizing::new(value.into_string().ok()?))))
            .collect();
        let get = |name: &str| all.get(name).filter(|value| !value.is_empty()).cloned();
        let folder =
            |name: &str| get(name).map(|dir| std::path::PathBuf::from(dir.as_str())).filter(|dir| dir.is_absolute());
        let dumb = get("TERM").is_some_and(|term| *term == "dumb");
        Self {
            database_url: get("POSTHOUSE_DATABASE_URL"),
            master_key: get("POSTHOUSE_MASTER_KEY"),
            passphrase: get("POSTHOUSE_PASSPHRASE"),
            registry: get("POSTHOUSE_REGISTRY_AUTH").and_then(|text| RegistryAuth::parse(&text)),
            cargo_target_dir: get("CARGO_TARGET_DIR").map(|dir| dir.as_str().into()),
            user_cache: folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))),
            die_at: get("POSTHOUSE_DIE_AT").map(|text| text.as_str().to_owned()),
            colour: get("NO_COLOR").is_none() && !dumb,
            redraw: !dumb,
            secrets: all.into_iter().filter(|(name, _)| name.starts_with("POSTHOUSE_SECRET_")).collect(),
        }
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Most of it is secret.
        f.debug_struct("Environment").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Timestamp {
        jiff::Timestamp::now().into()
    }
}

/// The operating system's random numbers, fit for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "a system without randomness can keep no secret: there is nothing to go on with"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        use rand::TryRngCore as _;
        rand::rngs::OsRng.try_fill_bytes(buffer).expect("the operating system gives random numbers");
    }
}

/// A file system's room, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Left for this user.
    pub free: u64,
    /// Altogether.
    pub size: u64,
}

impl Room {
    /// Of the file system that a folder is on; none where the system does not say.
    #[must_use]
    #[cfg(unix)]
    pub fn of(dir: &std::path::Path) -> Option<Self> {
        let stat = rustix::fs::statvfs(dir).ok()?;
        Some(Self {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            size: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }

    /// Of the file system that a folder is on; Windows is not asked yet, so a full disk shows there at the first write.
    #[must_use]
    #[cfg(not(unix))]
    pub fn of(_: &std::path::Path) -> Option<Self> {
        None
    }

    /// Less is left than a twentieth, and less than a day's mail may need (256 MiB).
    #[must_use]
    pub fn is_low(self) -> bool {
        self.free < self.size / 20 && self.free < 256 << 20
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_disk_is_low_when_little_is_left_of_it_and_altogether() {
        const MIB: u64 = 1 << 20;
        assert!(Room { free: 2 * MIB, size: 64 * MIB }.is_low());
        assert!(!Room { free: 60 * MIB, size: 64 * MIB }.is_low(), "a small disk that is nearly empty");
        assert!(!Room { free: 10_000 * MIB, size: 1_000_000 * MIB }.is_low(), "a hundredth of a large disk is much");
        #[cfg(unix)]
        assert!(Room::of(&std::env::temp_dir()).is_some_and(|room| room.size >= room.free));
    }

    #[test]
    fn a_password_belongs_to_one_registry() {
        let known = RegistryAuth::parse("127.0.0.1:5000=ada:a:b=c").unwrap();
        assert_eq!((known.registry.as_str(), known.user.as_str()), ("127.0.0.1:5000", "ada"));
        assert_eq!(known.password.as_str(), "a:b=c");
        assert!(RegistryAuth::parse("ada:secret").is_none() && RegistryAuth::parse("=ada:secret").is_none());
    }

    #[test]
    fn time_is_in_this_century_and_randomness_differs() {
        assert!(SystemClock.now().to_rfc3339().starts_with("20"));
        assert_ne!(SystemEntropy.token(16), SystemEntropy.token(16));
    }
}
