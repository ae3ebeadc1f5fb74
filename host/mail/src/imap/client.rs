//! What one does with a mailbox: open a folder, fetch, wait, put a copy in.

use super::held::Counted;
use super::parts::{self, Assembled};
use super::session::{Wire, ended};
use super::{Folder, FolderRole, ImapConfig, ImapError, Selected, Standing, folders};
use crate::net::ProbeReport;
use crate::{BatchLimit, Content, Fetched, Wake};
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode, SectionPath, StatusAttribute};
use posthouse_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Servers may end an IDLE after half an hour (RFC 2177), and networks forget quiet connections much sooner.
const IDLE_MAX: Duration = Duration::from_secs(9 * 60);

/// While mail keeps coming, a server this near is asked again and again instead of waiting for its word: servers hold
/// back IDLE's news (Dovecot by half a second) to tell of several changes at once.
const NEAR: Duration = Duration::from_millis(5);
const EAGER_EVERY: Duration = Duration::from_millis(40);
const EAGER_FOR: Duration = Duration::from_secs(30);

/// A signed-in session. When the connection breaks it is opened again with the next call, in the same folder.
#[derive(Debug)]
pub struct ImapClient {
    pub(super) config: ImapConfig,
    /// None after something went wrong in the middle of a command: the connection is then in an unknown state.
    pub(super) wire: Option<Wire>,
    pub(super) folder: Option<(String, Selected)>,
    /// Listed and not fetched yet: UID and size.
    plan: VecDeque<(u32, u64)>,
    /// The next so many are fetched one by one, because one of them broke a batch.
    careful: usize,
    /// When mail was last found.
    last_found: Option<Instant>,
    /// What folders held when they were last counted.
    pub(super) counted: Counted,
}

impl ImapClient {
    /// Connects and signs in.
    ///
    /// # Errors
    /// No connection, no TLS, refused credentials; [`ImapError::is_temporary`] says whether trying again may help.
    pub async fn connect(config: &ImapConfig) -> Result<Self, ImapError> {
        let wire = Wire::open(config, &mut ProbeReport::default()).await?;
        Ok(Self::on(wire, config))
    }

    pub(super) fn on(wire: Wire, config: &ImapConfig) -> Self {
        Self {
            config: config.clone(),
            wire: Some(wire),
            folder: None,
            plan: VecDeque::new(),
            careful: 0,
            last_found: None,
            counted: Counted::default(),
        }
    }

    /// Opens a folder, for reading only unless [`ImapConfig::mark_seen`]: nothing in it is changed by looking.
    ///
    /// # Errors
    /// The folder does not exist, or any failure of the connection.
    pub async fn select(&mut self, folder: &str) -> Result<Selected, ImapError> {
        self.plan.clear();
        self.careful = 0;
        self.folder = None;
        let selected = self.select_on_wire(folder).await?;
        self.folder = Some((folder.to_owned(), selected));
        Ok(selected)
    }

    /// The next messages with a UID beyond `last_uid`, oldest first. Empty means caught up. Call again with the last
    /// UID returned; a caller that stops in between loses nothing.
    ///
    /// Messages over [`ImapConfig::mail_bytes_max`] and those that cannot be had come as such, each with its UID, so
    /// that the cursor can go past them.
    ///
    /// # Errors
    /// No folder is open, the connection cannot be had, or the folder's UIDVALIDITY changed under way.
    pub async fn fetch_since(&mut self, last_uid: u32, limit: BatchLimit) -> Result<Vec<Fetched>, ImapError> {
        self.ensure_open().await?;
        while self.plan.front().is_some_and(|(uid, _)| *uid <= last_uid) {
            self.plan.pop_front();
            self.careful = self.careful.saturating_sub(1);
        }
        // Some servers look for new messages only at the end of a command, and tell of them then.
        for attempt in 0..3 {
            let news = self.wire.as_ref().is_some_and(|w| w.news);
            if !self.plan.is_empty() || (attempt > 0 && !news) {
                break;
            }
            self.list(last_uid).await?;
        }
        let mut fetched = Vec::new();
        // Messages that were deleted since the listing give nothing: then go on with the next ones.
        while fetched.is_empty() && !self.plan.is_empty() {
            fetched = self.fetch_batch(limit).await?;
        }
        if !fetched.is_empty() {
            self.last_found = Some(Instant::now());
        }
        Ok(fetched)
    }

    /// Mails that were listed and are yet to be fetched.
    #[must_use]
    pub fn left(&self) -> usize {
        self.plan.len()
    }

    /// These messages, as [`Self::fetch_since`] would give them, within the limit; the rest with the next call. Those that are
    /// gone from the folder are left out.
    ///
    /// # Errors
    /// As [`Self::fetch_since`].
    pub async fn fetch_these(&mut self, uids: &[u32], limit: BatchLimit) -> Result<Vec<Fetched>, ImapError> {
        let (Some(first), Some(last)) = (uids.iter().min(), uids.iter().max()) else { return Ok(Vec::new()) };
        self.ensure_open().await?;
        self.list(first.saturating_sub(1)).await?;
        let wanted: std::collections::HashSet<u32> = uids.iter().copied().collect();
        self.plan.retain(|(uid, _)| uid <= last && wanted.contains(uid));
        self.careful = 0;
        let mut fetched = Vec::new();
        while fetched.is_empty() && !self.plan.is_empty() {
            fetched = self.fetch_batch(limit).await?;
        }
        // What is left of this plan is no plan for what comes next.
        self.plan.clear();
        Ok(fetched)
    }

    /// Waits until the folder changes or the time is up. Returns at once when news is known already. Uses IDLE where
    /// the server has it (asking anew every few minutes), else asks every [`ImapConfig::poll`].
    ///
    /// # Errors
    /// The connection broke: connect anew, by calling [`Self::fetch_since`] after a pause.
    pub async fn idle(&mut self, limit: Duration) -> Result<Wake, ImapError> {
        self.ensure_open().await?;
        let deadline = Instant::now() + limit;
        loop {
            let Some(wire) = self.wire.as_mut() else { return Err(ImapError::Closed("waiting".to_owned())) };
            if std::mem::take(&mut wire.news) {
                return Ok(Wake::Changed);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Wake::Timeout);
            }
            let is_lively = self.last_found.is_some_and(|t| t.elapsed() < EAGER_FOR);
            let result = if is_lively && wire.answers_within <= NEAR {
                tokio::time::sleep(left.min(EAGER_EVERY)).await;
                wire.must("NOOP", "NOOP", self.config.timeouts.command, &mut |_| {}).await
            } else if wire.idle {
                idle_once(wire, left.min(IDLE_MAX), self.config.timeouts.command).await
            } else {
                tokio::time::sleep(left.min(self.config.poll)).await;
                wire.must("NOOP", "NOOP", self.config.timeouts.command, &mut |_| {}).await
            };
            if let Err(error) = result {
                self.wire = None;
                return Err(error);
            }
        }
    }

    /// Puts a message into a folder: the copy in Sent.
    ///
    /// # Errors
    /// The folder does not exist or the server refuses. After a broken connection it may be in or not: see
    /// [`Self::contains`].
    pub async fn append(
        &mut self,
        folder: &str,
        raw: &[u8],
        flags: &[&str],
        at: Option<Timestamp>,
    ) -> Result<(), ImapError> {
        const WHAT: &str = "putting a copy into the folder";
        self.ensure_open().await?;
        let known = |f: &&&str| matches!(**f, "\\Seen" | "\\Answered" | "\\Flagged" | "\\Draft" | "\\Deleted");
        let flags = flags.iter().filter(known).copied().collect::<Vec<_>>().join(" ");
        let date = at.map(|t| t.to_jiff().strftime(" \"%d-%b-%Y %H:%M:%S +0000\"").to_string()).unwrap_or_default();
        let message = folders::crlf(raw);
        let command = format!("APPEND {} ({flags}){date} {{{}}}", folders::quoted(folder)?, message.len());
        let (quick, slow) = (self.config.timeouts.command, self.config.timeouts.body);
        let result = async {
            let wire = self.wire.as_mut().ok_or_else(|| ImapError::Closed(WHAT.to_owned()))?;
            let tag = wire.say(WHAT, &command, quick).await?;
            let refused = |words: String| ImapError::Refused { what: format!("putting a copy into {folder}"), words };
            loop {
                let told = wire.next(WHAT, quick, |r| match r {
                    Response::Continue(_) => Some(None),
                    other => ended(other, &tag).map(Some),
                });
                match told.await? {
                    Some(None) => break,
                    Some(Some(ended)) => return Err(refused(ended.words)),
                    None => {}
                }
            }
            wire.write(WHAT, &message, slow).await?;
            wire.write(WHAT, b"\r\n", slow).await?;
            loop {
                if let Some(ended) = wire.next(WHAT, slow, |r| ended(r, &tag)).await? {
                    return if ended.ok { Ok(()) } else { Err(refused(ended.words)) };
                }
            }
        }
        .await;
        self.note(result)
    }

    /// All folders.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn folders(&mut self) -> Result<Vec<Folder>, ImapError> {
        self.ensure_open().await?;
        let limit = self.config.timeouts.command;
        let mut found = Vec::new();
        let result = match self.wire.as_mut() {
            Some(wire) => {
                wire.must("listing folders", "LIST \"\" \"*\"", limit, &mut |response| {
                    if let Response::MailboxData(MailboxDatum::List(list)) = response {
                        found.push(folders::folder(list));
                    }
                })
                .await
            }
            None => Err(ImapError::Closed("listing folders".to_owned())),
        };
        self.note(result)?;
        Ok(found)
    }

    /// How far another folder has come, without leaving the one that is open (RFC 9051, 6.3.11). Not for the open one: a server
    /// may answer from what it told last.
    ///
    /// # Errors
    /// The folder does not exist, or the connection broke.
    pub async fn standing(&mut self, folder: &str) -> Result<Standing, ImapError> {
        self.ensure_open().await?;
        let command = format!("STATUS {} (UIDNEXT UIDVALIDITY)", folders::quoted(folder)?);
        let limit = self.config.timeouts.command;
        let what = format!("looking at {folder}");
        let mut standing = Standing::default();
        let result = match self.wire.as_mut() {
            Some(wire) => {
                wire.must(&what, &command, limit, &mut |response| {
                    if let Response::MailboxData(MailboxDatum::Status { status, .. }) = response {
                        for attribute in status {
                            match attribute {
                                StatusAttribute::UidNext(value) => standing.uid_next = Some(*value),
                                StatusAttribute::UidValidity(value) => standing.uid_validity = Some(*value),
                                _ => {}
                            }
                        }
                    }
                })
                .await
            }
            None => Err(ImapError::Closed(what)),
        };
        self.note(result)?;
        Ok(standing)
    }

    /// Where copies of sent mail go: the folder marked so, else one with a well-known name.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn sent_folder(&mut self) -> Result<Option<String>, ImapError> {
        let folders = self.folders().await?;
        Ok(folders.into_iter().find(|f| f.selectable && f.role == Some(FolderRole::Sent)).map(|f| f.name))
    }

    /// Whether a folder holds a message with this Message-ID (no angle brackets). Some providers put sent mail into
    /// Sent themselves, and an interrupted [`Self::append`] may have worked. The folder that was open is opened again.
    ///
    /// # Errors
    /// The folder does not exist, or the connection broke.
    pub async fn contains(&mut self, folder: &str, message_id: &str) -> Result<bool, ImapError> {
        self.ensure_open().await?;
        let before = self.folder.as_ref().map(|(name, _)| name.clone());
        let news = self.wire.as_ref().is_some_and(|w| w.news);
        self.select_on_wire(folder).await?;
        let id: String =
            message_id.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '<' | '>')).collect();
        let command = format!("UID SEARCH HEADER Message-ID \"<{id}>\"");
        let limit = self.config.timeouts.command;
        let mut hits = 0;
        let result = match self.wire.as_mut() {
            Some(wire) => {
                wire.must("searching", &command, limit, &mut |response| {
                    if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                        hits += uids.len();
                    }
                })
                .await
            }
            None => Err(ImapError::Closed("searching".to_owned())),
        };
        self.note(result)?;
        if let Some(before) = before {
            self.select_on_wire(&before).await?;
            if let Some(wire) = self.wire.as_mut() {
                // Whatever came meanwhile was not told of as news: look.
                wire.news = news || wire.news || before != folder;
            }
        }
        Ok(hits > 0)
    }

    /// Says goodbye. Dropping the client only closes the connection, which servers bear as well.
    pub async fn logout(mut self) {
        if let Some(wire) = self.wire.as_mut() {
            let quick = Duration::from_secs(2);
            let _ = timeout(quick, wire.command("signing out", "LOGOUT", quick, &mut |_| {})).await;
        }
    }

    /// After a failure that leaves the connection in an unknown state it is dropped.
    pub(super) fn note<T>(&mut self, result: Result<T, ImapError>) -> Result<T, ImapError> {
        if let Err(error) = &result
            && !matches!(error, ImapError::Refused { .. } | ImapError::Config(_))
        {
            self.wire = None;
        }
        result
    }

    /// Opens the connection again where it broke, in the folder where it was.
    pub(super) async fn ensure_open(&mut self) -> Result<(), ImapError> {
        if self.wire.is_some() {
            return Ok(());
        }
        self.wire = Some(Wire::open(&self.config, &mut ProbeReport::default()).await?);
        if let Some((name, before)) = self.folder.clone() {
            let now = self.select_on_wire(&name).await?;
            if now.uid_validity != before.uid_validity {
                self.folder = None;
                self.plan.clear();
                return Err(ImapError::Protocol {
                    what: format!("opening {name} again"),
                    words: "its UIDVALIDITY changed; select it anew".to_owned(),
                });
            }
            if let Some(wire) = self.wire.as_mut() {
                wire.news = true;
            }
        }
        Ok(())
    }

    async fn select_on_wire(&mut self, folder: &str) -> Result<Selected, ImapError> {
        if self.wire.is_none() {
            self.wire = Some(Wire::open(&self.config, &mut ProbeReport::default()).await?);
        }
        // EXAMINE is SELECT for reading only (RFC 9051, 6.3.3).
        let verb = if self.config.mark_seen { "SELECT" } else { "EXAMINE" };
        let command = format!("{verb} {}", folders::quoted(folder)?);
        let limit = self.config.timeouts.command;
        let what = format!("opening {folder}");
        let (mut uid_validity, mut uid_next, mut modseq) = (None, None, None);
        let result = match self.wire.as_mut() {
            Some(wire) => {
                wire.exists = 0;
                wire.must(&what, &command, limit, &mut |response| {
                    if let Response::Data { outcome, .. } = response {
                        match outcome.code {
                            Some(ResponseCode::UidValidity(value)) => uid_validity = Some(value),
                            Some(ResponseCode::UidNext(value)) => uid_next = Some(value),
                            Some(ResponseCode::HighestModSeq(value)) => modseq = Some(value),
                            _ => {}
                        }
                    }
                })
                .await
            }
            None => Err(ImapError::Closed(what.clone())),
        };
        self.note(result)?;
        let exists = self.wire.as_mut().map_or(0, |wire| {
            wire.news = false;
            wire.exists
        });
        let uid_validity = uid_validity.ok_or(ImapError::Protocol {
            what,
            words: "the server gives no UIDVALIDITY, so messages cannot be told apart from one day to the next"
                .to_owned(),
        })?;
        Ok(Selected { uid_validity, uid_next, exists, modseq })
    }

    /// Lists what lies beyond `last_uid`, with sizes. `n:*` always names the last message (RFC 3501, 6.4.8), hence the
    /// filter.
    async fn list(&mut self, last_uid: u32) -> Result<(), ImapError> {
        if self.folder.is_none() {
            return Err(ImapError::Config("no folder is open".to_owned()));
        }
        let Some(first) = last_uid.checked_add(1) else { return Ok(()) };
        let limit = self.config.timeouts.command;
        let Some(wire) = self.wire.as_mut() else { return Err(ImapError::Closed("listing".to_owned())) };
        wire.news = false;
        let mut listed: Vec<(u32, u64)> = Vec::new();
        let result = wire
            .command("listing messages", &format!("UID FETCH {first}:* (UID RFC822.SIZE)"), limit, &mut |response| {
                if let Response::Fetch(_, attributes) = response {
                    let mut uid = None;
                    let mut size = 0;
                    for attribute in attributes {
                        match attribute {
                            AttributeValue::Uid(value) => uid = Some(*value),
                            AttributeValue::Rfc822Size(value) => size = u64::from(*value),
                            _ => {}
                        }
                    }
                    listed.extend(uid.filter(|u| *u > last_uid).map(|u| (u, size)));
                }
            })
            .await;
        match result {
            Ok(ended) if ended.ok => {}
            // An empty folder is an error to some servers.
            Ok(_) if listed.is_empty() && self.wire.as_ref().is_some_and(|w| w.exists == 0) => {}
            Ok(ended) => {
                return Err(ImapError::Refused { what: "listing messages".to_owned(), words: ended.words });
            }
            Err(error) => return self.note(Err(error)),
        }
        listed.sort_unstable();
        listed.dedup_by_key(|(uid, _)| *uid);
        self.plan = listed.into();
        Ok(())
    }

    /// Fetches from the front of the plan, within the limit.
    async fn fetch_batch(&mut self, limit: BatchLimit) -> Result<Vec<Fetched>, ImapError> {
        let count = if self.careful > 0 { 1 } else { limit.count.max(1) };
        let mut batch: Vec<u32> = Vec::new();
        let mut bytes = 0;
        for &(uid, size) in self.plan.iter().take(count) {
            if size > self.config.mail_bytes_max {
                if batch.is_empty() {
                    return self.fetch_headers(uid, size).await.map(|f| vec![f]);
                }
                break;
            }
            if size > parts::WHOLE_MAX {
                if batch.is_empty() {
                    return self.fetch_large(uid, size).await;
                }
                break;
            }
            bytes += size;
            if !batch.is_empty() && bytes > limit.bytes {
                break;
            }
            batch.push(uid);
        }
        self.fetch_whole(&batch).await
    }

    /// Fetches these, which are the front of the plan.
    async fn fetch_whole(&mut self, batch: &[u32]) -> Result<Vec<Fetched>, ImapError> {
        let wanted = batch.len();
        let (mut fetched, failure) = self.fetch_bodies(batch).await;
        fetched.sort_by_key(|f| f.uid);
        let Some(error) = failure else {
            self.plan.drain(..wanted);
            self.careful = self.careful.saturating_sub(wanted);
            return Ok(fetched);
        };
        if wanted > 1 {
            // One of them is the trouble. Keep what came before the first gap, then go on one by one.
            let whole = batch.iter().zip(&fetched).take_while(|(uid, f)| **uid == f.uid).count();
            fetched.truncate(whole);
            self.plan.drain(..whole);
            self.careful = wanted - whole;
            if whole == 0 && !is_about_message(&error) {
                return Err(error);
            }
            return Ok(fetched);
        }
        // It alone fails. If the connection can be had again and it fails once more, it is the message.
        let uid = batch[0];
        let retry = if is_about_message(&error) {
            Some(error)
        } else {
            self.ensure_open().await?;
            let (again, failure) = self.fetch_bodies(batch).await;
            if failure.is_none() {
                fetched = again;
            }
            failure
        };
        match retry {
            None => {
                self.past_front();
                Ok(fetched)
            }
            Some(error) => self.pass_over(uid, &error).await,
        }
    }

    /// Fetches the front of the plan, a large one, in parts.
    async fn fetch_large(&mut self, uid: u32, size: u64) -> Result<Vec<Fetched>, ImapError> {
        match self.assemble(uid, size).await? {
            Assembled::Done(fetched) => {
                self.past_front();
                Ok(vec![fetched])
            }
            Assembled::Gone => {
                self.past_front();
                Ok(Vec::new())
            }
            Assembled::AskWhole => self.fetch_whole(&[uid]).await,
            Assembled::TooLarge(bytes) => self.fetch_headers(uid, bytes).await.map(|fetched| vec![fetched]),
            Assembled::Unreadable(error) => self.pass_over(uid, &error).await,
        }
    }

    /// The front of the plan cannot be had: that is told in its place. Only where the connection can be had is it the message.
    async fn pass_over(&mut self, uid: u32, error: &ImapError) -> Result<Vec<Fetched>, ImapError> {
        self.ensure_open().await?;
        self.past_front();
        tracing::warn!(uid, %error, "a message cannot be fetched and is passed over");
        Ok(vec![Fetched { uid, arrived_at: None, content: Content::Unreadable { reason: error.to_string() } }])
    }

    fn past_front(&mut self) {
        self.plan.pop_front();
        self.careful = self.careful.saturating_sub(1);
    }

    async fn fetch_bodies(&mut self, uids: &[u32]) -> (Vec<Fetched>, Option<ImapError>) {
        if let Err(error) = self.ensure_open().await {
            return (Vec::new(), Some(error));
        }
        let limit = self.config.timeouts.body;
        let command = format!("UID FETCH {} (UID INTERNALDATE BODY.PEEK[])", folders::uid_set(uids));
        let Some(wire) = self.wire.as_mut() else {
            return (Vec::new(), Some(ImapError::Closed("fetching".to_owned())));
        };
        let mut fetched = Vec::new();
        let result = wire
            .command("fetching messages", &command, limit, &mut |response| {
                if let Response::Fetch(_, attributes) = response
                    && let Some(message) = message(attributes)
                    && uids.contains(&message.uid)
                {
                    fetched.push(message);
                }
            })
            .await;
        let failure = match result {
            Ok(ended) if ended.ok => None,
            Ok(ended) => Some(ImapError::Refused { what: "fetching messages".to_owned(), words: ended.words }),
            Err(error) => self.note::<()>(Err(error)).err(),
        };
        (fetched, failure)
    }

    /// Of a message that is too large, the header section.
    async fn fetch_headers(&mut self, uid: u32, size: u64) -> Result<Fetched, ImapError> {
        let limit = self.config.timeouts.body;
        let Some(wire) = self.wire.as_mut() else { return Err(ImapError::Closed("fetching".to_owned())) };
        let mut headers = Vec::new();
        let mut arrived_at = None;
        let command = format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[HEADER])");
        let result = wire
            .command("fetching headers", &command, limit, &mut |response| {
                if let Response::Fetch(_, attributes) = response {
                    for attribute in attributes {
                        match attribute {
                            AttributeValue::BodySection { data: Some(data), .. } => headers = data.to_vec(),
                            AttributeValue::InternalDate(date) => arrived_at = folders::internal_date(date),
                            _ => {}
                        }
                    }
                }
            })
            .await;
        self.note(result)?;
        self.past_front();
        Ok(Fetched { uid, arrived_at, content: Content::TooLarge { bytes: size, headers } })
    }
}

/// The server or the parser stumbled over a message; the connection as such was there.
pub(super) fn is_about_message(error: &ImapError) -> bool {
    matches!(error, ImapError::Refused { .. } | ImapError::Protocol { .. })
}

fn message(attributes: &[AttributeValue<'_>]) -> Option<Fetched> {
    let mut uid = None;
    let mut arrived_at = None;
    let mut body: Option<Option<Vec<u8>>> = None;
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::InternalDate(date) => arrived_at = folders::internal_date(date),
            AttributeValue::BodySection { section: None, data, .. } => body = Some(data.as_ref().map(|d| d.to_vec())),
            AttributeValue::BodySection { section: Some(SectionPath::Full(_)), .. } => {}
            AttributeValue::Rfc822(data) => body = Some(data.as_ref().map(|d| d.to_vec())),
            _ => {}
        }
    }
    // A FETCH without a body is the server telling of changed flags.
    let content = match body? {
        Some(raw) => Content::Mail(raw),
        None => Content::Unreadable { reason: "the mail server has no content for it".to_owned() },
    };
    Some(Fetched { uid: uid?, arrived_at, content })
}

/// One IDLE: until news, or the time is up.
pub(super) async fn idle_once(wire: &mut Wire, limit: Duration, command: Duration) -> Result<(), ImapError> {
    const WHAT: &str = "IDLE";
    let tag = wire.say(WHAT, "IDLE", command).await?;
    loop {
        let told = wire.next(WHAT, command, |r| match r {
            Response::Continue(_) => Some(None),
            other => ended(other, &tag).map(Some),
        });
        match told.await? {
            Some(None) => break,
            Some(Some(ended)) => {
                // Announced and then refused: ask now and then instead.
                wire.idle = false;
                tracing::info!(words = ended.words, "the server refuses IDLE; polling");
                return Ok(());
            }
            None => {}
        }
    }
    let deadline = Instant::now() + limit;
    while !wire.news {
        let left = deadline.saturating_duration_since(Instant::now());
        match wire.next(WHAT, left, |r| ended(r, &tag).is_some()).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(ImapError::Timeout { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    // The answer to this also shows whether the connection is still alive.
    wire.write(WHAT, b"DONE\r\n", command).await?;
    while !wire.next(WHAT, command, |r| ended(r, &tag).is_some()).await? {}
    Ok(())
}
