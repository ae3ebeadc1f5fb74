//! The one thing that may be changed on the server, and only where it was asked for: marking as read what is stored.

use super::client::ImapClient;
use super::{ImapError, folders};

const WHAT: &str = "marking messages as read";

/// UIDs in one command: a line of some kilobytes, which every server takes.
const UIDS_PER_COMMAND: usize = 500;

impl ImapClient {
    /// Sets `\Seen` (RFC 9051, 2.3.2) on these messages of the open folder; those that are gone are passed over.
    ///
    /// # Errors
    /// [`ImapConfig::mark_seen`](super::ImapConfig::mark_seen) is off, the server refuses (the folder may be read-only), or the
    /// connection broke: then some may be marked and others not.
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        if !self.config.mark_seen {
            return Err(ImapError::Config("the folder is open for reading only".to_owned()));
        }
        if uids.is_empty() {
            return Ok(());
        }
        self.ensure_open().await?;
        if self.folder.is_none() {
            return Err(ImapError::Config("no folder is open".to_owned()));
        }
        let limit = self.config.timeouts.command;
        for some in uids.chunks(UIDS_PER_COMMAND) {
            // Silent: what the flags are then is of no use here.
            let command = format!("UID STORE {} +FLAGS.SILENT (\\Seen)", folders::uid_set(some));
            let result = match self.wire.as_mut() {
                Some(wire) => wire.must(WHAT, &command, limit, &mut |_| {}).await,
                None => Err(ImapError::Closed(WHAT.to_owned())),
            };
            self.note(result)?;
        }
        Ok(())
    }
}
