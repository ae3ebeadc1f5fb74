//! What can go wrong, in words for the person who has to do something about it.

/// The result of every operation of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not there, or belongs to another tenant, which is the same to whoever asks.
    #[error("{what} does not exist")]
    NotFound {
        /// `ticket 12`
        what: String,
    },
    /// Somebody else changed it meanwhile.
    #[error("{what} was changed by somebody else meanwhile: load it again and repeat the change")]
    Conflict {
        /// `the draft`
        what: String,
    },
    /// Another call of the same plugin changed what this one had read of its store; nothing of this one was written.
    #[error("another call of the plugin `{plugin}` wrote first what this one had read: it is run again")]
    Overtaken {
        /// Its name in the tenant.
        plugin: String,
    },
    /// It may not be done in the state that things are in.
    #[error("{0}")]
    Refused(String),
    /// The lease ran out and the work may be somebody else's by now; its result must not be written.
    #[error("the lease on {what} is lost: another worker may have it; this result was not written")]
    LeaseLost {
        /// `job 12`, `approved mail 7`
        what: String,
    },
    /// A stored value makes no sense: the database was changed by something else, or by a newer host.
    #[error("{what} holds a value that cannot be understood ({why}); restore it from a backup or update the host")]
    Corrupt {
        /// `ticket.entities of 12`
        what: String,
        /// The parser's words.
        why: String,
    },
    /// The database is not at the version that this host works with.
    #[error(
        "the database is at schema version {found}, this host works with {wanted}: {}",
        if found < wanted { "run `posthouse migrate`" } else { "update the host" }
    )]
    Schema {
        /// What it is at; 0 when it is empty.
        found: i64,
        /// What is needed.
        wanted: i64,
    },
    /// The database's address makes no sense, or names something this host cannot use.
    #[error("the database address cannot be used: {0}")]
    Url(String),
    /// A backup that cannot be taken in.
    #[error("the backup cannot be restored: {0}")]
    Import(String),
    /// Sealing or opening a secret failed.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// Reading or writing a backup.
    #[error("reading or writing the backup failed: {0}")]
    Io(#[from] std::io::Error),
    /// The database itself: not reachable, locked for too long, disk full, or a fault.
    #[error("{}", explain(.0))]
    Database(#[from] sqlx::Error),
}

/// Why the database does not do its work at the moment, for words and for monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreTrouble {
    /// Nothing more can be written until somebody frees space.
    DiskFull,
    /// Somebody else holds a lock.
    Locked,
    /// It cannot be reached, or it is starting or stopping.
    Away,
    /// The disk reports errors, or anything else.
    Failing,
}

impl StoreTrouble {
    /// As in `/health`: `disk-full`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::Locked => "database-locked",
            Self::Away => "database-away",
            Self::Failing => "database-failing",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn mend(self) -> &'static str {
        match self {
            Self::DiskFull => {
                "free space on the disk that holds the database (for SQLite the data folder); everything goes on by itself then, and no \
                 mail is lost: what cannot be stored stays on the mail server"
            }
            Self::Locked => {
                "see which other program has the database open, such as a copy or a database tool, and end it; everything goes on by \
                 itself then"
            }
            Self::Away => {
                "see that the database server runs and that its address is right; everything goes on by itself once it answers"
            }
            Self::Failing => "look at the disk and the system's log",
        }
    }
}

impl StoreError {
    /// The trouble that the database itself is in, if it is that: such a failure says nothing against what was to be done.
    #[must_use]
    pub fn trouble(&self) -> Option<StoreTrouble> {
        let Self::Database(error) = self else { return None };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => Some(StoreTrouble::Away),
            sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => Some(StoreTrouble::Failing),
            sqlx::Error::Database(e) => trouble_of_code(e.code().as_deref()?),
            _ => None,
        }
    }

    /// Whether the same may succeed a little later, without anybody changing anything: a lock, a lost
    /// connection, a full disk that is being cleared.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Database(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed => true,
                sqlx::Error::Database(e) => temporary_code(e.code().as_deref()).is_some(),
                _ => false,
            },
            Self::Io(_) => true,
            _ => false,
        }
    }

    pub(crate) fn lease_lost(what: impl std::fmt::Display) -> Self {
        Self::LeaseLost { what: what.to_string() }
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::NotFound { what: what.to_string() }
    }

    pub(crate) fn conflict(what: impl std::fmt::Display) -> Self {
        Self::Conflict { what: what.to_string() }
    }

    pub(crate) fn refused(why: impl std::fmt::Display) -> Self {
        Self::Refused(why.to_string())
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.to_string(), why: why.to_string() }
    }
}

/// SQLITE_IOERR_SHMSIZE: the file beside the database that its processes share cannot be made as large as it must be. A
/// full disk shows like this when the first process opens the database.
const SHM_CANNOT_GROW: i64 = 4874;
const DISK_FULL: &str = "the disk is full; free some space, it is tried again";

fn trouble_of_code(code: &str) -> Option<StoreTrouble> {
    temporary_code(Some(code))?;
    if code.len() < 5 {
        return Some(match code.parse::<i64>() {
            Ok(SHM_CANNOT_GROW) => StoreTrouble::DiskFull,
            Ok(number) if number & 0xff == 13 => StoreTrouble::DiskFull,
            Ok(number) if matches!(number & 0xff, 5 | 6) => StoreTrouble::Locked,
            _ => StoreTrouble::Failing,
        });
    }
    Some(match code {
        "53100" => StoreTrouble::DiskFull,
        "40001" | "40P01" | "55P03" => StoreTrouble::Locked,
        _ => StoreTrouble::Away,
    })
}

/// What a database's error code means, for codes that pass by themselves or by freeing something.
/// SQLite: primary result code (low byte of the extended one); PostgreSQL: SQLSTATE.
fn temporary_code(code: Option<&str>) -> Option<&'static str> {
    let code = code?;
    if code.len() < 5
        && let Ok(number) = code.parse::<i64>()
    {
        return match number & 0xff {
            _ if number == SHM_CANNOT_GROW => Some(DISK_FULL),
            5 | 6 => Some("the database is locked by another process; it is tried again"),
            10 => Some("the disk reports an error; look at the disk and the system's log"),
            13 => Some(DISK_FULL),
            _ => None,
        };
    }
    match code {
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Some("the database was busy; it is tried again"),
        "53100" => Some("the database server's disk is full; free some space, it is tried again"),
        "53300" => {
            Some("the database server has no connection left; raise max_connections or lower the number of processes")
        }
        // Shutdown, crash recovery, start-up.
        "57P01" | "57P02" | "57P03" => Some("the database server is restarting; it is tried again"),
        _ if code.starts_with("08") => Some("the connection to the database broke; it is tried again"),
        _ => None,
    }
}

fn explain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => match temporary_code(e.code().as_deref()) {
            Some(words) => format!("{words} ({})", e.message()),
            None => format!("the database refused: {}", e.message()),
        },
        sqlx::Error::PoolTimedOut => {
            "no connection to the database became free in time: it is overloaded or does not answer".to_owned()
        }
        sqlx::Error::Io(e) => {
            format!("the database cannot be reached ({e}); see that it runs and that its address is right")
        }
        other => format!("the database failed: {other}"),
    }
}
