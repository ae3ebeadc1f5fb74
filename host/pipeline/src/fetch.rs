//! Fetching: one task per mailbox, each on its own, so that one bad server never holds up another.
//!
//! A folder is followed by UIDVALIDITY and UID alone: what other clients read, flag or move changes nothing here, and
//! nothing on the server is changed.

use crate::house::House;
use crate::intake::{self, Found};
use crate::ledger::{self, LedgerError};
use crate::outlet;
use crate::tenant::{Mailbox, Tenant};
use posthouse_mail::imap::ImapClient;
use posthouse_mail::maildir::{Maildir, MaildirError};
use posthouse_mail::{BatchLimit, Content, Fetched, Held, Wake};
use posthouse_model::{MailboxId, TenantId, Timestamp};
use posthouse_store::{Cursor, Source, StoreError};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Waits between tries at a server that fails, doubling from the first to the last.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(300);
/// Where the own database is what fails, nobody else is spared by waiting long.
const OWN_BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// How long the lease on a mailbox outlasts the longest wait for news.
const LEASE_MARGIN: Duration = Duration::from_secs(120);
/// Servers hold back the news to an IDLE client (Dovecot for half a second, to tell of several mails at once). Mail
/// seldom comes alone, so after some has come from a server nearby, it is asked anew this often for this long. Servers of
/// providers are not: IDLE is what they want.
const NEAR_EVERY: Duration = Duration::from_millis(50);
const NEAR_FOR: Duration = Duration::from_secs(3);

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
    loop {
        let before = house.now();
        let failed = match session(&house, &tenant, &mailbox).await {
            Ok(never) => match never {},
            Err(failed) => failed,
        };
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
        tokio::time::sleep(back_off + jitter).await;
        let longest = if matches!(failed, Failed::Store(_)) { OWN_BACK_OFF_MAX } else { BACK_OFF_MAX };
        back_off = (back_off * 2).min(longest);
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The server, the folder, the password.
    #[error("{0}")]
    There(String),
    /// The own database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Self::There(reason)
    }
}

enum Never {}

/// An open mailbox: what IMAP and Maildir have in common.
pub(crate) enum Inbox {
    Imap {
        client: Box<ImapClient>,
        folder: String,
        uid_validity: u32,
        uid_next: Option<u32>,
        poll: Duration,
        near: bool,
    },
    Maildir {
        maildir: Option<Maildir>,
        uid_validity: u32,
        poll: Duration,
    },
}

async fn session(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Never, Failed> {
    let scope = &tenant.scope;
    let id = mailbox.row.id;
    let mut inbox: Option<Inbox> = None;
    // When lease and state were last written: looking often must not mean writing often.
    let mut written: Option<Instant> = None;
    let mut news: Option<Instant> = None;
    let mut balanced: Option<Instant> = None;
    let mut pause = Duration::ZERO;
    loop {
        let fresh = written.is_some_and(|at| at.elapsed() < LEASE_MARGIN / 4);
        if !fresh {
            let poll = inbox.as_ref().map_or(BACK_OFF_MIN, Inbox::poll);
            if !scope.lease_mailbox(id, house.worker(), poll + LEASE_MARGIN).await? {
                // Another process follows it; look again when its lease may have ended.
                inbox = None;
                tokio::time::sleep(LEASE_MARGIN / 4).await;
                continue;
            }
        }
        let open = match &mut inbox {
            Some(open) => open,
            None => inbox.insert(Inbox::open(house, tenant, mailbox).await?),
        };
        if catch_up(house, tenant, mailbox, open).await? {
            news = Some(Instant::now());
        }
        if !fresh {
            scope.fetch_worked(id).await?;
            written = Some(Instant::now());
        }
        if balanced.is_none_or(|at| at.elapsed() >= pause) {
            match ledger::check(tenant, mailbox, open).await {
                Ok(_) => {}
                Err(LedgerError::Store(error)) => return Err(error.into()),
                // Fetching goes on without it; a connection that broke shows there.
                Err(LedgerError::There(reason)) => {
                    tracing::warn!(tenant.id = %tenant.id(), mailbox = %mailbox.config.name, reason, "no ledger could be drawn up");
                }
            }
            balanced = Some(Instant::now());
            pause = (pause * 4).clamp(ledger::PAUSE_MIN, ledger::PAUSE_MAX);
        }
        if open.is_near() && news.is_some_and(|at| at.elapsed() < NEAR_FOR) {
            tokio::time::sleep(NEAR_EVERY).await;
        } else {
            open.wait().await?;
        }
    }
}

/// Fetches everything after the cursor, oldest first, batch by batch; each batch is stored with its cursor. Returns
/// whether there was anything.
async fn catch_up(house: &House, tenant: &Tenant, mailbox: &Mailbox, inbox: &mut Inbox) -> Result<bool, Failed> {
    let id = mailbox.row.id;
    let (folder, uid_validity) = (inbox.folder().to_owned(), inbox.uid_validity());
    let known = tenant.scope.cursor(id, &folder).await?;
    let mut last_uid = match &known {
        Some(cursor) if cursor.uid_validity == uid_validity => cursor.last_uid,
        // The server renumbered its folder: everything is looked at again, and what is stored already is known by its
        // Message-ID.
        Some(_) => 0,
        None if mailbox.config.import_existing => 0,
        None => inbox.newest_uid().await?,
    };
    if known.is_none() && last_uid > 0 {
        let mut tx = tenant.scope.begin().await?;
        tx.set_cursor(&Cursor { mailbox: id, folder: folder.clone(), uid_validity, last_uid }).await?;
        tx.follow_from(id, &folder, uid_validity, last_uid.saturating_add(1)).await?;
        tx.commit().await?;
    }
    // A new folder of which everything is taken in, and one that was renumbered, are followed from the first.
    if known.as_ref().is_none_or(|cursor| cursor.uid_validity != uid_validity) && last_uid == 0 {
        let mut tx = tenant.scope.begin().await?;
        tx.follow_from(id, &folder, uid_validity, 1).await?;
        tx.commit().await?;
    }
    let mut any = false;
    loop {
        let batch = inbox.fetch_since(last_uid).await?;
        let Some(newest) = batch.iter().map(|fetched| fetched.uid).max() else { return Ok(any) };
        any = true;
        let found = batch.into_iter().map(|fetched| found(&folder, uid_validity, fetched)).collect();
        let cursor = Cursor { mailbox: id, folder: folder.clone(), uid_validity, last_uid: newest };
        intake::take_in(house, tenant, id, found, Some(cursor)).await?;
        last_uid = newest;
    }
}

pub(crate) fn found(folder: &str, uid_validity: u32, fetched: Fetched) -> Found {
    let (raw, parked) = match fetched.content {
        Content::Mail(raw) => (raw, None),
        Content::TooLarge { bytes, headers } => {
            let reason = format!(
                "too large to fetch: {:.1} MiB; only its headers are kept here, the mail itself is still on the server",
                bytes as f64 / (1024.0 * 1024.0)
            );
            (headers, Some(reason))
        }
        Content::Unreadable { reason } => (Vec::new(), Some(format!("the server would not give it: {reason}"))),
    };
    Found { source: Source::imap(folder, uid_validity, fetched.uid), raw, received_at: fetched.arrived_at, parked }
}

/// Files are read off the runtime's threads.
async fn with_files<T: Send + 'static>(
    maildir: &mut Option<Maildir>,
    work: impl FnOnce(&mut Maildir) -> Result<T, MaildirError> + Send + 'static,
) -> Result<T, String> {
    let Some(mut open) = maildir.take() else { return Err("the Maildir is being read already".to_owned()) };
    let (open, result) = tokio::task::spawn_blocking(move || {
        let result = work(&mut open);
        (open, result)
    })
    .await
    .map_err(words)?;
    *maildir = Some(open);
    result.map_err(words)
}

/// On this machine or on a private network.
fn is_near(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Inbox {
    pub(crate) async fn open(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Self, String> {
        if let Some(imap) = &mailbox.config.imap {
            let config = outlet::imap(house, tenant, imap).await.map_err(words)?;
            let mut client = ImapClient::connect(&config).await.map_err(words)?;
            let selected = client.select(&imap.folder).await.map_err(words)?;
            return Ok(Self::Imap {
                client: Box::new(client),
                folder: imap.folder.clone(),
                uid_validity: selected.uid_validity,
                uid_next: selected.uid_next,
                poll: Duration::from_secs(u64::from(imap.poll_seconds)),
                near: is_near(&imap.host),
            });
        }
        let Some(config) = &mailbox.config.maildir else {
            return Err(format!(
                "mailbox “{}” has no way in: give it imap or maildir in tenant.toml",
                mailbox.config.name
            ));
        };
        let maildir = Maildir::open(outlet::folder(house.data_dir(), &config.path), house.clock()).map_err(words)?;
        let poll = Duration::from_secs(u64::from(config.poll_seconds));
        Ok(Self::Maildir { uid_validity: maildir.uid_validity(), maildir: Some(maildir), poll })
    }

    pub(crate) fn folder(&self) -> &str {
        match self {
            Self::Imap { folder, .. } => folder,
            Self::Maildir { .. } => "",
        }
    }

    pub(crate) fn uid_validity(&self) -> u32 {
        match self {
            Self::Imap { uid_validity, .. } | Self::Maildir { uid_validity, .. } => *uid_validity,
        }
    }

    fn is_near(&self) -> bool {
        matches!(self, Self::Imap { near: true, .. })
    }

    fn poll(&self) -> Duration {
        match self {
            Self::Imap { poll, .. } | Self::Maildir { poll, .. } => *poll,
        }
    }

    /// The newest mail there is now: where to begin when only what comes after is wanted.
    async fn newest_uid(&mut self) -> Result<u32, String> {
        if let Self::Imap { uid_next: Some(next), .. } = self {
            return Ok(next.saturating_sub(1));
        }
        let mut newest = 0;
        loop {
            let batch = self.fetch_since(newest).await?;
            match batch.iter().map(|fetched| fetched.uid).max() {
                Some(uid) => newest = uid,
                None => return Ok(newest),
            }
        }
    }

    async fn fetch_since(&mut self, last_uid: u32) -> Result<Vec<Fetched>, String> {
        match self {
            Self::Imap { client, .. } => client.fetch_since(last_uid, BatchLimit::default()).await.map_err(words),
            Self::Maildir { maildir, .. } => {
                with_files(maildir, move |maildir| maildir.fetch_since(last_uid, BatchLimit::default())).await
            }
        }
    }

    /// Everything it holds from a UID on, without any content.
    pub(crate) async fn held(&mut self, first_uid: u32) -> Result<Vec<Held>, String> {
        match self {
            Self::Imap { client, .. } => client.held(first_uid).await.map_err(words),
            Self::Maildir { maildir, .. } => with_files(maildir, move |maildir| maildir.held(first_uid)).await,
        }
    }

    /// Some of these mails; call again with the others until nothing comes.
    pub(crate) async fn fetch_these(&mut self, uids: Vec<u32>) -> Result<Vec<Fetched>, String> {
        match self {
            Self::Imap { client, .. } => client.fetch_these(&uids, BatchLimit::default()).await.map_err(words),
            Self::Maildir { maildir, .. } => {
                with_files(maildir, move |maildir| maildir.fetch_these(&uids, BatchLimit::default())).await
            }
        }
    }

    /// Waits for news, at most as long as the poll.
    async fn wait(&mut self) -> Result<(), String> {
        let _changed_or_time: Wake = match self {
            Self::Imap { client, poll, .. } => client.idle(*poll).await.map_err(words)?,
            Self::Maildir { maildir: Some(maildir), poll, .. } => maildir.changed(*poll).await,
            Self::Maildir { maildir: None, .. } => return Err("the Maildir is being read already".to_owned()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_nearby_are_asked_often() {
        for near in ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.9", "::1", "fd00::1"] {
            assert!(is_near(near), "{near}");
        }
        for far in ["imap.gmail.com", "203.0.113.9", "2001:db8::1", "localhost.example.com"] {
            assert!(!is_near(far), "{far}");
        }
    }
}
