//! An open mailbox: what IMAP and Maildir have in common. An IMAP mailbox has folders, of which one is open at a time; a Maildir is one
//! folder without a name.

use crate::house::House;
use crate::outlet;
use crate::tenant::{Mailbox, Tenant};
use posthouse_mail::imap::{self, Chosen, FOLDERS_FOLLOWED_MAX, ImapClient, ImapError, Standing};
use posthouse_mail::maildir::{Maildir, MaildirError};
use posthouse_mail::{BatchLimit, Fetched, Held, Wake};
use posthouse_model::config::{ImapConfig, is_pattern};
use std::net::IpAddr;
use std::time::Duration;

/// What went wrong, and how far it reaches.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// With this folder: the others can be had.
    #[error("{0}")]
    Folder(String),
    /// With the server, the sign-in, the files.
    #[error("{0}")]
    Server(String),
    /// The server cannot be reached: every mailbox there has this trouble.
    #[error("{0}")]
    Away(String),
}

impl From<ImapError> for Trouble {
    fn from(error: ImapError) -> Self {
        match error {
            ImapError::Refused { .. } | ImapError::Protocol { .. } => Self::Folder(error.to_string()),
            ImapError::Connect(_) | ImapError::Tls(_) | ImapError::Timeout { .. } | ImapError::Closed(_) => {
                Self::Away(error.to_string())
            }
            ImapError::Auth(_) | ImapError::Config(_) | ImapError::Token(_) => Self::Server(error.to_string()),
        }
    }
}

/// See the module.
pub(crate) enum Inbox {
    Imap(Box<Imap>),
    Maildir { maildir: Option<Maildir>, uid_validity: u32, poll: Duration },
}

/// A signed-in IMAP connection.
pub(crate) struct Imap {
    client: ImapClient,
    config: ImapConfig,
    /// What is followed, as the server last listed it.
    folders: Vec<Chosen>,
    /// The one that is open; empty: none.
    folder: String,
    uid_validity: u32,
    uid_next: Option<u32>,
}

impl Imap {
    /// Asks which folders there are, where there is a pattern to be met.
    async fn list(&mut self) -> Result<(), Trouble> {
        let wanted = self.config.followed();
        let listed = if wanted.iter().any(|name| is_pattern(name)) { self.client.folders().await? } else { Vec::new() };
        self.folders = imap::choose(&listed, wanted, &self.config.skip_folders);
        Ok(())
    }
}

impl Inbox {
    /// Connects and finds the folders; none is open yet.
    pub(crate) async fn open(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Self, Trouble> {
        if let Some(config) = &mailbox.config.imap {
            let reach = outlet::imap(house, tenant, config).await.map_err(server)?;
            let client = ImapClient::connect(&reach).await?;
            let (folders, folder) = (Vec::new(), String::new());
            let mut imap = Imap { client, config: config.clone(), folders, folder, uid_validity: 0, uid_next: None };
            imap.list().await.map_err(no_folders)?;
            return Ok(Self::Imap(Box::new(imap)));
        }
        let Some(config) = &mailbox.config.maildir else {
            return Err(Trouble::Server(format!(
                "mailbox “{}” has no way in: give it imap or maildir in tenant.toml",
                mailbox.config.name
            )));
        };
        let maildir = Maildir::open(outlet::folder(house.data_dir(), &config.path), house.clock()).map_err(server)?;
        let poll = Duration::from_secs(u64::from(config.poll_seconds));
        Ok(Self::Maildir { uid_validity: maildir.uid_validity(), maildir: Some(maildir), poll })
    }

    /// The folders that are followed, at most [`FOLDERS_FOLLOWED_MAX`], and how many more there are.
    pub(crate) fn folders(&self) -> (Vec<Chosen>, usize) {
        match self {
            Self::Imap(imap) => {
                let kept = imap.folders.iter().take(FOLDERS_FOLLOWED_MAX).cloned().collect();
                (kept, imap.folders.len().saturating_sub(FOLDERS_FOLLOWED_MAX))
            }
            Self::Maildir { .. } => (vec![Chosen { name: String::new(), pattern: None }], 0),
        }
    }

    /// Looks for folders that came or went.
    pub(crate) async fn list_again(&mut self) -> Result<(), Trouble> {
        match self {
            // Without it nobody knows what there is.
            Self::Imap(imap) => imap.list().await.map_err(no_folders),
            Self::Maildir { .. } => Ok(()),
        }
    }

    /// Opens a folder, unless it is open.
    pub(crate) async fn enter(&mut self, folder: &str) -> Result<(), Trouble> {
        if let Self::Imap(imap) = self
            && imap.folder != folder
        {
            imap.folder.clear();
            let selected = imap.client.select(folder).await?;
            folder.clone_into(&mut imap.folder);
            (imap.uid_validity, imap.uid_next) = (selected.uid_validity, selected.uid_next);
        }
        Ok(())
    }

    /// Has the open folder opened anew when it is next entered: one that was deleted and made again under its name is another folder,
    /// and nothing tells so to who stays in the old one.
    pub(crate) fn leave(&mut self) {
        if let Self::Imap(imap) = self {
            imap.folder.clear();
        }
    }

    /// Mails of the open folder that were listed and are yet to be fetched, where that is known.
    pub(crate) fn left(&self) -> u64 {
        match self {
            Self::Imap(imap) => imap.client.left() as u64,
            Self::Maildir { .. } => 0,
        }
    }

    /// How far a folder has come beside the open one; none for that one, and where none is open.
    pub(crate) async fn standing(&mut self, folder: &str) -> Result<Option<Standing>, Trouble> {
        match self {
            Self::Imap(imap) if !imap.folder.is_empty() && imap.folder != folder => {
                Ok(Some(imap.client.standing(folder).await?))
            }
            _ => Ok(None),
        }
    }

    /// The open folder; empty for a Maildir.
    pub(crate) fn folder(&self) -> &str {
        match self {
            Self::Imap(imap) => &imap.folder,
            Self::Maildir { .. } => "",
        }
    }

    /// The open folder's.
    pub(crate) fn uid_validity(&self) -> u32 {
        match self {
            Self::Imap(imap) => imap.uid_validity,
            Self::Maildir { uid_validity, .. } => *uid_validity,
        }
    }

    /// On this machine or on a private network.
    pub(crate) fn is_near(&self) -> bool {
        matches!(self, Self::Imap(imap) if is_near(&imap.config.host))
    }

    /// How often it is looked at whatever the server tells.
    pub(crate) fn poll(&self) -> Duration {
        match self {
            Self::Imap(imap) => Duration::from_secs(u64::from(imap.config.poll_seconds)),
            Self::Maildir { poll, .. } => *poll,
        }
    }

    /// The newest mail there is now: where to begin when only what comes after is wanted.
    pub(crate) async fn newest_uid(&mut self) -> Result<u32, Trouble> {
        if let Self::Imap(imap) = self
            && let Some(next) = imap.uid_next
        {
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

    /// The next mails of the open folder.
    pub(crate) async fn fetch_since(&mut self, last_uid: u32) -> Result<Vec<Fetched>, Trouble> {
        match self {
            Self::Imap(imap) => {
                let fetched = imap.client.fetch_since(last_uid, BatchLimit::default()).await;
                // Whatever state it is in now: next time it is opened anew.
                fetched.inspect_err(|_| imap.folder.clear()).map_err(Trouble::from)
            }
            Self::Maildir { maildir, .. } => {
                with_files(maildir, move |maildir| maildir.fetch_since(last_uid, BatchLimit::default())).await
            }
        }
    }

    /// Everything the open folder holds from a UID on, without any content.
    pub(crate) async fn held(&mut self, first_uid: u32) -> Result<Vec<Held>, Trouble> {
        match self {
            Self::Imap(imap) => Ok(imap.client.held(first_uid).await?),
            Self::Maildir { maildir, .. } => with_files(maildir, move |maildir| maildir.held(first_uid)).await,
        }
    }

    /// Some of these mails of the open folder; call again with the others until nothing comes.
    pub(crate) async fn fetch_these(&mut self, uids: Vec<u32>) -> Result<Vec<Fetched>, Trouble> {
        match self {
            Self::Imap(imap) => Ok(imap.client.fetch_these(&uids, BatchLimit::default()).await?),
            Self::Maildir { maildir, .. } => {
                with_files(maildir, move |maildir| maildir.fetch_these(&uids, BatchLimit::default())).await
            }
        }
    }

    /// Marks mails of the open folder as read, where its mailbox asks for that. One that the server does not let itself be marked
    /// in is told and left as it is: fetching goes on.
    pub(crate) async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), Trouble> {
        let Self::Imap(imap) = self else { return Ok(()) };
        if !imap.config.mark_seen {
            return Ok(());
        }
        match imap.client.mark_seen(uids).await {
            Err(ImapError::Refused { words, .. }) => {
                tracing::warn!(folder = imap.folder, words, "the server does not let mails be marked as read");
                Ok(())
            }
            // Whatever state it is in now: next time it is opened anew.
            other => other.inspect_err(|_| imap.folder.clear()).map_err(Trouble::from),
        }
    }

    /// Waits for news of the open folder.
    pub(crate) async fn wait(&mut self, at_most: Duration) -> Result<(), Trouble> {
        let _changed_or_time: Wake = match self {
            Self::Imap(imap) => imap.client.idle(at_most).await.map_err(|error| no_folders(error.into()))?,
            Self::Maildir { maildir: Some(maildir), .. } => maildir.changed(at_most).await,
            Self::Maildir { maildir: None, .. } => return Err(server("the Maildir is being read already")),
        };
        Ok(())
    }
}

/// Files are read off the runtime's threads.
async fn with_files<T: Send + 'static>(
    maildir: &mut Option<Maildir>,
    work: impl FnOnce(&mut Maildir) -> Result<T, MaildirError> + Send + 'static,
) -> Result<T, Trouble> {
    let Some(mut open) = maildir.take() else { return Err(server("the Maildir is being read already")) };
    let (open, result) = tokio::task::spawn_blocking(move || {
        let result = work(&mut open);
        (open, result)
    })
    .await
    .map_err(server)?;
    *maildir = Some(open);
    result.map_err(server)
}

/// A list that is refused is no folder's trouble.
fn no_folders(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Folder(words) => Trouble::Server(words),
        other => other,
    }
}

fn server(error: impl std::fmt::Display) -> Trouble {
    Trouble::Server(error.to_string())
}

fn is_near(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
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
