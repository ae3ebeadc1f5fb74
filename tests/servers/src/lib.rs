//! Real servers for tests, each in a folder of its own on free loopback ports.
//!
//! A test asks for a server and gets `None` where the machine does not have it; the reason is printed on standard
//! error, so that a skipped test says why. When [`REQUIRE`] lists the server (as `cargo xtask test` does for all that
//! it found or installed), a missing one is a failure instead: a green run then means that the tests ran.
//!
//! Everything started here ends: Dovecot, Postfix, Chromium and the registry when their value is dropped, by the process
//! id that was started; the shared PostgreSQL cluster when no test process has used it for a while.
//!
//! This crate is test equipment. It panics with a readable message instead of returning errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod certificate;
mod chromium;
mod dovecot;
mod forward;
mod imap;
mod oauth;
mod openid;
mod postfix;
mod postgres;
mod process;
mod proxy;
mod registry;
mod rspamd;

pub use certificate::Certificate;
pub use chromium::Chromium;
pub use dovecot::Dovecot;
pub use forward::ForwardProxy;
pub use imap::Inbox;
pub use oauth::SignInServer;
pub use openid::OpenIdServer;
pub use postfix::Postfix;
pub use postgres::{PostgresServer, postgres};
pub use process::{Running, free_port, wait_for_port};
pub use proxy::{Cut, Proxy};
pub use registry::Registry;
pub use rspamd::Rspamd;

/// Environment variable: a comma-separated list of servers (`postgres`, `dovecot`, `postfix`, `chromium`, `registry`, `rspamd`)
/// that must be there. Asking for one of them on a machine without it panics instead of skipping.
pub const REQUIRE: &str = "POSTHOUSE_REQUIRE";

/// Says that a test is left out for want of something that is no server, such as built examples, and why; panics when the run
/// requires it.
pub fn skip(what: &str, reason: &str) {
    let _: Option<()> = missing(what, reason);
}

/// Prints why `server` is not available, or panics when the run requires it.
fn missing<T>(server: &str, reason: &str) -> Option<T> {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == server), "{server} is required by {REQUIRE}, but {reason}");
    eprintln!("skipped: {server} is not available: {reason}");
    None
}

/// The program `sqlite3`, for looking into a database from outside; `None`, with the reason printed, where there is none.
pub fn sqlite3() -> Option<std::path::PathBuf> {
    process::find_program("sqlite3")
        .or_else(|| missing("sqlite3", "no sqlite3 was found (Debian: apt-get install sqlite3)"))
}
