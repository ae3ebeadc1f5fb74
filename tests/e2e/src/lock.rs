//! Another program that holds a SQLite database's write lock.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `sqlite3` in the middle of a transaction, until it is told to let go.
pub struct Lock(Child);

impl Lock {
    /// Takes the lock.
    ///
    /// # Panics
    /// When it is not to be had within 20 seconds.
    #[must_use]
    pub fn take(database: &Path) -> Self {
        let mut child = Command::new("sqlite3")
            .args(["-cmd", ".timeout 20000"])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sqlite3 can be started");
        let input = child.stdin.as_mut().expect("piped");
        writeln!(input, "begin exclusive; select 'locked';").expect("sqlite3 reads");
        let mut word = [0; 7];
        child.stdout.as_mut().expect("piped").read_exact(&mut word).expect("sqlite3 answers");
        assert_eq!(&word, b"locked\n", "the lock was not to be had");
        Self(child)
    }

    /// Lets go.
    ///
    /// # Panics
    /// When sqlite3 has ended before.
    pub fn release(mut self) {
        writeln!(self.0.stdin.take().expect("piped"), "commit;").expect("sqlite3 reads");
        self.0.wait().expect("it ends");
    }
}
