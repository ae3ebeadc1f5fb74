//! Fetching: one task per mailbox, each on its own, so that one bad server never holds up another.
//!
//! A folder is followed by UIDVALIDITY and UID alone: what other clients read, flag or move changes nothing here, and
//! nothing on the server is changed, unless the mailbox asks that what is stored be marked as read.
//!
//! Of several folders the first is open and tells of news; at every poll the others are asked how far they have come, and
//! opened where there is more. One that cannot be opened is told and tried again at the next poll; the others go on.

use crate::hosts::{BACK_OFF_MAX, BACK_OFF_MIN};
use crate::house::House;
use crate::inbox::{Inbox, Trouble};
use crate::intake::{self, Found};
use crate::ledger::{self, LedgerError};
use crate::tenant::{Mailbox, Tenant};
use posthouse_mail::imap::{Chosen, FOLDERS_FOLLOWED_MAX};
use posthouse_mail::{Content, Fetched};
use posthouse_model::config::is_pattern;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::{MailboxId, TenantId, Timestamp};
use posthouse_store::{Cursor, Source, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Where the own database is what fails, nobody else is spared by waiting long.
const OWN_BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// How long the lease on a mailbox outlasts the longest wait for news.
const LEASE_MARGIN: Duration = Duration::from_secs(120);
/// Servers hold back the news to an IDLE client (Dovecot for half a second, to tell of several mails at once). Mail
/// seldom comes alone, so after some has come from a server nearby, it is asked anew this often for this long. Servers of
/// providers are not: IDLE is what they want.
const NEAR_EVERY: Duration = Duration::from_millis(50);
const NEAR_FOR: Duration = Duration::from_secs(3);
/// How far a long catch-up has come is written down this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Follows all mailboxes of all tenants, and all changes of their set-up, until stopped.
pub async fn run(house: House, stop: CancellationToken) {
    let mut changes = house.tenant_changes();
    let mut tasks: HashMap<Key, JoinHandle<()>> = HashMap::new();
    loop {
        changes.mark_unchanged();
        let wanted = wanted(&house);
        tasks.retain(|key, task| {
            let keep = wanted.contains_key(key) && !task.is_finished();
            if !keep {
                task.abort();
            }
            keep
        });
        for (key, (tenant, mailbox)) in wanted {
            tasks.entry(key).or_insert_with(|| tokio::spawn(follow(house.clone(), tenant, mailbox)));
        }
        tokio::select! {
            () = stop.cancelled() => break,
            changed = changes.changed() => if changed.is_err() { break },
        }
    }
    for task in tasks.values() {
        task.abort();
    }
    for ((tenant, mailbox, ..), _) in tasks {
        let _ = house.store().tenant(tenant).release_mailbox(mailbox, house.worker()).await;
    }
}

/// A mailbox in one version of its set-up: an applied change is a new key and so a new task.
type Key = (TenantId, MailboxId, Timestamp, String);

fn wanted(house: &House) -> HashMap<Key, (Arc<Tenant>, Mailbox)> {
    let mut wanted = HashMap::new();
    for tenant in house.tenants() {
        for mailbox in tenant.mailboxes().iter().filter(|m| m.config.enabled) {
            let key = (tenant.id(), mailbox.row.id, tenant.row.applied_at, tenant.row.tenant.digest.clone());
            wanted.insert(key, (Arc::clone(&tenant), mailbox.clone()));
        }
    }
    wanted
}

/// Follows one mailbox for good; ends only by being aborted.
async fn follow(house: House, tenant: Arc<Tenant>, mailbox: Mailbox) {
    let mut back_off = BACK_OFF_MIN;
    let mut culprit = None;
    loop {
        let before = house.now();
        let failed = match session(&house, &tenant, &mailbox, &mut culprit).await {
            Ok(never) => match never {},
            Err(failed) => failed,
        };
        if matches!(failed, Failed::Lease) {
            continue;
        }
        let reason = failed.to_string();
        tracing::warn!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, reason, "fetching failed; trying again");
        if let Err(error) = tenant.scope.fetch_failed(mailbox.row.id, &reason).await {
            tracing::error!(tenant.id = %tenant.id(), %error, "the state of a mailbox could not be written");
        }
        // A session that lasted was a good one: begin again quickly.
        if house.now().since(before) > BACK_OFF_MAX {
            back_off = BACK_OFF_MIN;
        }
        // Jitter: a hundred mailboxes at one provider do not come back in the same second.
        let jitter = Duration::from_millis(house.entropy().next_u64() % 1000).min(back_off);
        // How soon a server that is away is tried again is decided for all mailboxes there together.
        if matches!(failed, Failed::Away(_)) {
            back_off = BACK_OFF_MIN;
            continue;
        }
        tokio::time::sleep(back_off + jitter).await;
        let longest = if matches!(failed, Failed::Store(_)) { OWN_BACK_OFF_MAX } else { BACK_OFF_MAX };
        back_off = (back_off * 2).min(longest);
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The server, the password.
    #[error("{0}")]
    There(String),
    /// The server cannot be reached at all.
    #[error("{0}")]
    Away(String),
    /// Another process fetches it by now.
    #[error("another process fetches it")]
    Lease,
    /// One folder; a session ends with it only where no other can be had.
    #[error("{0}")]
    Folder(String),
    /// The own database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Folder(words) => Self::Folder(words),
            // One that was opened and broke off waits on its own: a server may let everybody in and then close the door.
            Trouble::Server(words) | Trouble::Away(words) => Self::There(words),
        }
    }
}

enum Never {}

/// One mailbox on its way: what all steps of a session share.
struct Following<'a> {
    house: &'a House,
    tenant: &'a Tenant,
    mailbox: &'a Mailbox,
    /// When lease and state were last written: looking often must not mean writing often.
    written: Option<Instant>,
    /// When progress was last written; none: what is written is that there is none.
    told: Option<Instant>,
}

impl Following<'_> {
    fn is_fresh(&self) -> bool {
        self.written.is_some_and(|at| at.elapsed() < LEASE_MARGIN / 4)
    }

    /// Takes or keeps the lease.
    async fn lease(&self, poll: Duration) -> Result<bool, StoreError> {
        self.tenant.scope.lease_mailbox(self.mailbox.row.id, self.house.worker(), poll + LEASE_MARGIN).await
    }

    /// Opens the mailbox when its server's turn has come.
    async fn open(&self) -> Result<Inbox, Failed> {
        let Some(imap) = &self.mailbox.config.imap else {
            return Ok(Inbox::open(self.house, self.tenant, self.mailbox).await?);
        };
        let jitter = Duration::from_millis(self.house.entropy().next_u64() % 1000);
        let turn = self.house.hosts().turn(&imap.host, jitter).await;
        // It may have been long.
        if !self.lease(BACK_OFF_MIN).await? {
            turn.answered();
            return Err(Failed::Lease);
        }
        match Inbox::open(self.house, self.tenant, self.mailbox).await {
            Err(Trouble::Away(words)) => {
                turn.failed();
                Err(Failed::Away(words))
            }
            other => {
                turn.answered();
                Ok(other?)
            }
        }
    }

    /// Between the batches of a catch-up: keeps the lease, and writes down how far it is.
    async fn under_way(&mut self, inbox: &Inbox) -> Result<(), Failed> {
        if !self.is_fresh() {
            if !self.lease(inbox.poll()).await? {
                return Err(Failed::Lease);
            }
            self.written = Some(Instant::now());
        }
        let left = inbox.left();
        if left > 0 && self.told.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY) {
            self.tenant.scope.fetch_progress(self.mailbox.row.id, Some(left)).await?;
            tracing::info!(tenant.id = %self.tenant.id(), mailbox = %self.mailbox.config.name, folder = inbox.folder(), left, "catching up");
            self.told = Some(Instant::now());
        }
        Ok(())
    }

    async fn caught_up(&mut self) -> Result<(), StoreError> {
        if self.told.take().is_some() {
            self.tenant.scope.fetch_progress(self.mailbox.row.id, None).await?;
        }
        Ok(())
    }
}

/// `culprit` is the folder at which the last session ended: it comes last in the next, so that one which breaks the connection
/// keeps no other from being looked at.
async fn session(
    house: &House,
    tenant: &Tenant,
    mailbox: &Mailbox,
    culprit: &mut Option<String>,
) -> Result<Never, Failed> {
    let scope = &tenant.scope;
    let id = mailbox.row.id;
    // What a process before this one wrote of its progress is over.
    let mut following = Following { house, tenant, mailbox, written: None, told: Some(Instant::now()) };
    let mut inbox: Option<Inbox> = None;
    let mut news: Option<Instant> = None;
    // When all folders were last looked at.
    let mut round_at: Option<Instant> = None;
    let mut troubles = Vec::new();
    let mut balanced: Option<Instant> = None;
    let mut pause = Duration::ZERO;
    loop {
        let fresh = following.is_fresh();
        if !fresh {
            let poll = inbox.as_ref().map_or(BACK_OFF_MIN, Inbox::poll);
            if !following.lease(poll).await? {
                // Another process follows it; look again when its lease may have ended.
                inbox = None;
                round_at = None;
                tokio::time::sleep(LEASE_MARGIN / 4).await;
                continue;
            }
        }
        let open = match &mut inbox {
            Some(open) => open,
            None => inbox.insert(following.open().await?),
        };
        let poll = open.poll();
        let any = if round_at.is_none_or(|at| at.elapsed() >= poll) {
            if round_at.is_some() {
                open.list_again().await?;
                open.leave();
            }
            let any;
            (any, troubles) = round(&mut following, open, culprit).await?;
            round_at = Some(Instant::now());
            any
        } else {
            catch_up(&mut following, open, false).await?
        };
        following.caught_up().await?;
        if any {
            news = Some(Instant::now());
        }
        if !fresh {
            if troubles.is_empty() {
                scope.fetch_worked(id).await?;
            } else {
                let reason = troubles.join("; ");
                tracing::warn!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, reason, "some folders cannot be fetched");
                scope.fetch_failed(id, &reason).await?;
            }
            following.written = Some(Instant::now());
        }
        if balanced.is_none_or(|at| at.elapsed() >= pause) {
            let main = open.folder().to_owned();
            match ledger::check_all(tenant, mailbox, open).await {
                Ok(looked) => {
                    for reason in looked.troubles {
                        tracing::warn!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, reason, "no ledger of this folder");
                    }
                }
                Err(LedgerError::Store(error)) => return Err(error.into()),
                // Fetching goes on without it; a connection that broke shows there.
                Err(LedgerError::There(reason)) => {
                    tracing::warn!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, reason, "no ledger could be drawn up");
                }
            }
            balanced = Some(Instant::now());
            pause = (pause * 4).clamp(ledger::PAUSE_MIN, ledger::PAUSE_MAX);
            if open.folder() != main {
                // What came into it meanwhile was told to nobody.
                open.enter(&main).await?;
                continue;
            }
        }
        if open.is_near() && news.is_some_and(|at| at.elapsed() < NEAR_FOR) {
            tokio::time::sleep(NEAR_EVERY).await;
        } else {
            let left = round_at.map_or(poll, |at| poll.saturating_sub(at.elapsed()));
            open.wait(left).await?;
        }
    }
}

/// Looks at all folders, and leaves the first open that can be had. Returns whether anything came, and what is wrong with folders.
async fn round(
    following: &mut Following<'_>,
    inbox: &mut Inbox,
    culprit: &mut Option<String>,
) -> Result<(bool, Vec<String>), Failed> {
    let (tenant, mailbox) = (following.tenant, following.mailbox);
    let (folders, more) = inbox.folders();
    let mut troubles = Vec::new();
    if more > 0 {
        troubles.push(format!(
            "{more} folders are left out: at most {FOLDERS_FOLLOWED_MAX} are followed; narrow imap.folders in tenant.toml"
        ));
    }
    if folders.is_empty() {
        troubles.push("imap.folders in tenant.toml means no folder that is there: check the names".to_owned());
    }
    let listed = patterns_listed(tenant, mailbox).await?;
    let mut order: Vec<&Chosen> = folders.iter().collect();
    order.sort_by_key(|folder| culprit.as_ref() == Some(&folder.name));
    let (mut any, mut good) = (false, Vec::new());
    for folder in order {
        *culprit = Some(folder.name.clone());
        let appeared = folder.pattern.as_ref().is_some_and(|pattern| listed.get(pattern) == Some(&true));
        match visit(following, inbox, folder, appeared).await {
            Ok(some) => {
                any |= some;
                good.push(&folder.name);
            }
            Err(Failed::Folder(words)) if folders.len() == 1 => troubles.push(words),
            Err(Failed::Folder(words)) => troubles.push(format!("{}: {words}", folder.name)),
            Err(failed) => return Err(failed),
        }
    }
    *culprit = None;
    let Some(main) = folders.iter().find(|folder| good.contains(&&folder.name)) else {
        return Err(Failed::There(troubles.join("; ")));
    };
    for (pattern, known) in listed {
        let all_good = folders.iter().filter(|f| f.pattern.as_ref() == Some(&pattern)).all(|f| good.contains(&&f.name));
        if !known && all_good {
            let mut tx = tenant.scope.begin().await?;
            tx.set_cursor(&pattern_cursor(mailbox, &pattern)).await?;
            tx.commit().await?;
        }
    }
    if inbox.folder() != main.name {
        inbox.enter(&main.name).await?;
        any |= catch_up(following, inbox, false).await?;
    }
    Ok((any, troubles))
}

/// Opens a folder and fetches what it has, unless the server says that there is nothing more.
async fn visit(
    following: &mut Following<'_>,
    inbox: &mut Inbox,
    folder: &Chosen,
    appeared: bool,
) -> Result<bool, Failed> {
    let cursor = following.tenant.scope.cursor(following.mailbox.row.id, &folder.name).await?;
    if let Some(cursor) = cursor
        && let Some(standing) = inbox.standing(&folder.name).await?
        && standing.is_at(cursor.uid_validity, cursor.last_uid)
    {
        return Ok(false);
    }
    inbox.enter(&folder.name).await?;
    catch_up(following, inbox, appeared).await
}

/// Which patterns were asked for before, and all that they meant could be had. A folder that comes after that is new, and all of it
/// is news, whatever `import_existing` says of what was there at first.
async fn patterns_listed(tenant: &Tenant, mailbox: &Mailbox) -> Result<BTreeMap<String, bool>, StoreError> {
    let wanted = mailbox.config.imap.as_ref().map_or(&[][..], |imap| imap.followed());
    let mut listed = BTreeMap::new();
    for pattern in wanted.iter().filter(|name| is_pattern(name)) {
        let cursor = pattern_cursor(mailbox, pattern);
        let known = tenant.scope.cursor(cursor.mailbox, &cursor.folder).await?.is_some();
        listed.insert(pattern.clone(), known);
    }
    Ok(listed)
}

/// That a pattern was met is kept as the cursor of a folder which no server has: the pattern, and what is skipped, apart from
/// each other by a character that no folder's name may have.
fn pattern_cursor(mailbox: &Mailbox, pattern: &str) -> Cursor {
    let skipped = mailbox.config.imap.as_ref().map_or(&[][..], |imap| imap.skip_folders.as_slice());
    let folder = std::iter::once(pattern).chain(skipped.iter().map(String::as_str)).collect::<Vec<_>>().join("\u{1f}");
    Cursor { mailbox: mailbox.row.id, folder: format!("\u{1f}{folder}"), uid_validity: 1, last_uid: 0 }
}

/// Fetches everything after the cursor of the open folder, oldest first, batch by batch; each batch is stored with its cursor. Of a
/// folder that `appeared` everything is taken in. Returns whether there was anything.
async fn catch_up(following: &mut Following<'_>, inbox: &mut Inbox, appeared: bool) -> Result<bool, Failed> {
    let (house, tenant, mailbox) = (following.house, following.tenant, following.mailbox);
    let id = mailbox.row.id;
    let (folder, uid_validity) = (inbox.folder().to_owned(), inbox.uid_validity());
    let known = tenant.scope.cursor(id, &folder).await?;
    let mut last_uid = match &known {
        Some(cursor) if cursor.uid_validity == uid_validity => cursor.last_uid,
        // The server renumbered its folder: everything is looked at again, and what is stored already is known by its
        // Message-ID.
        Some(_) => 0,
        None if mailbox.config.import_existing || appeared => 0,
        None => inbox.newest_uid().await?,
    };
    // Where following begins is kept at once, also of an empty folder: what comes while nobody looks is then known to be new.
    if known.is_none_or(|cursor| cursor.uid_validity != uid_validity) {
        let mut tx = tenant.scope.begin().await?;
        tx.set_cursor(&Cursor { mailbox: id, folder: folder.clone(), uid_validity, last_uid }).await?;
        tx.follow_from(id, &folder, uid_validity, last_uid.saturating_add(1)).await?;
        tx.commit().await?;
    }
    let mut any = false;
    loop {
        let batch = inbox.fetch_since(last_uid).await?;
        let Some(newest) = batch.iter().map(|fetched| fetched.uid).max() else { return Ok(any) };
        any = true;
        let whole = whole(&batch);
        let found = batch.into_iter().map(|fetched| found(&folder, uid_validity, fetched)).collect();
        let cursor = Cursor { mailbox: id, folder: folder.clone(), uid_validity, last_uid: newest };
        intake::take_in(house, tenant, id, found, Some(cursor)).await?;
        last_uid = newest;
        // Only now: what is marked as read is stored.
        inbox.mark_seen(&whole).await?;
        following.under_way(inbox).await?;
    }
}

/// Those of which the whole mail came.
pub(crate) fn whole(batch: &[Fetched]) -> Vec<u32> {
    batch.iter().filter(|one| matches!(one.content, Content::Mail(_))).map(|one| one.uid).collect()
}

pub(crate) fn found(folder: &str, uid_validity: u32, fetched: Fetched) -> Found {
    let (raw, parked) = match fetched.content {
        Content::Mail(raw) => (raw, None),
        Content::TooLarge { bytes, headers } => {
            let words = format!(
                "{:.1} MiB; only its headers are kept here, the mail itself is still on the server",
                bytes as f64 / (1024.0 * 1024.0)
            );
            (headers, Some(Reason::new(ReasonCode::TooLarge, words)))
        }
        Content::Unreadable { reason } => (Vec::new(), Some(Reason::new(ReasonCode::NotHandedOut, reason))),
    };
    Found { source: Source::imap(folder, uid_validity, fetched.uid), raw, received_at: fetched.arrived_at, parked }
}
