//! Maildir: one file per message, in `new` and `cur`; a message is complete once it is there.
//!
//! Files carry no numbers, and their names change when another program marks them as seen. A list beside them
//! (`posthouse-uids`) gives every message a number that stays, so the same cursor serves as for IMAP. Nothing else in
//! the Maildir is ever changed, moved or deleted.

use crate::submit::sync_folder;
use crate::{BatchLimit, Content, Fetched, Held, Wake};
use posthouse_model::{Clock, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The list of numbers, in the Maildir itself.
const LIST: &str = "posthouse-uids";
/// How many lists this process has begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);
/// How often the folders are looked at while waiting: two `stat` calls each.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// File systems give times of change in steps; a folder that changed just now may change again within the step.
const SETTLES_AFTER: Duration = Duration::from_millis(100);

/// What went wrong with a Maildir.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {path}: {source}; check that it exists and that posthouse may read and write it", path = .path.display())]
pub struct MaildirError {
    /// `list`, `write` …
    pub what: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// An open Maildir.
#[derive(Debug)]
pub struct Maildir {
    path: PathBuf,
    uid_validity: u32,
    /// Unique part of the file name → number.
    known: HashMap<String, u32>,
    last_uid: u32,
    /// Bytes of the list when it was last read or written.
    list_bytes: u64,
    mail_bytes_max: u64,
    /// What was there at the last look, by number.
    present: BTreeMap<u32, PathBuf>,
    look: Option<Look>,
}

/// The folders' times of change before the last look, and whether the look was late enough to have seen everything
/// that such a time can stand for.
#[derive(Debug, Clone, Copy)]
struct Look {
    times: [Option<SystemTime>; 2],
    first_seen: Instant,
    settled: bool,
}

impl Maildir {
    /// Opens a Maildir; makes `tmp`, `new` and `cur` where they are missing. The clock dates a list that is begun.
    ///
    /// # Errors
    /// The folder cannot be made, read or written.
    pub fn open(path: impl AsRef<Path>, clock: &dyn Clock) -> Result<Self, MaildirError> {
        let path = path.as_ref().to_owned();
        for name in ["tmp", "new", "cur"] {
            let folder = path.join(name);
            fs::create_dir_all(&folder).map_err(|source| MaildirError { what: "make", path: folder, source })?;
        }
        let mut this = Self {
            path,
            uid_validity: 0,
            known: HashMap::new(),
            last_uid: 0,
            list_bytes: 0,
            mail_bytes_max: 50 * 1024 * 1024,
            present: BTreeMap::new(),
            look: None,
        };
        this.read_list(clock)?;
        Ok(this)
    }

    /// Larger messages come as [`Content::TooLarge`]. Default: 50 MiB.
    #[must_use]
    pub fn with_mail_bytes_max(mut self, bytes: u64) -> Self {
        self.mail_bytes_max = bytes;
        self
    }

    /// Numbers mean something only together with this; it changes when the list was lost.
    #[must_use]
    pub fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// The next messages beyond `last_uid`, oldest first. Empty means caught up. Reads files: a few milliseconds for
    /// an ordinary batch.
    ///
    /// # Errors
    /// The folders cannot be listed, or new numbers cannot be written down. A single file that cannot be read is no
    /// error but comes as [`Content::Unreadable`].
    pub fn fetch_since(&mut self, last_uid: u32, limit: BatchLimit) -> Result<Vec<Fetched>, MaildirError> {
        if !self.is_current() {
            self.look()?;
        }
        let mut fetched = Vec::new();
        let mut bytes = 0;
        let next: Vec<(u32, PathBuf)> = self
            .present
            .range(last_uid.saturating_add(1)..)
            .map(|(u, p)| (*u, p.clone()))
            .take(limit.count.max(1))
            .collect();
        for (uid, path) in next {
            if uid <= last_uid {
                break;
            }
            match self.read(uid, path) {
                Some(message) => {
                    if let Content::Mail(raw) = &message.content {
                        bytes += raw.len() as u64;
                    }
                    if !fetched.is_empty() && bytes > limit.bytes {
                        break;
                    }
                    fetched.push(message);
                }
                // Deleted or moved away since the look.
                None => {
                    self.present.remove(&uid);
                }
            }
        }
        Ok(fetched)
    }

    /// Everything there is from a number on, by number, without any content.
    ///
    /// # Errors
    /// As [`Self::fetch_since`].
    pub fn held(&mut self, first_uid: u32) -> Result<Vec<Held>, MaildirError> {
        if !self.is_current() {
            self.look()?;
        }
        let arrived = |path: &Path| changed_at(&fs::metadata(path).ok()?);
        Ok(self.present.range(first_uid..).map(|(uid, path)| Held { uid: *uid, arrived_at: arrived(path) }).collect())
    }

    /// These messages, within the limit; the rest with the next call. Those that are gone are left out.
    ///
    /// # Errors
    /// As [`Self::fetch_since`].
    pub fn fetch_these(&mut self, uids: &[u32], limit: BatchLimit) -> Result<Vec<Fetched>, MaildirError> {
        if !self.is_current() {
            self.look()?;
        }
        let mut fetched = Vec::new();
        let mut bytes = 0;
        for uid in uids {
            let Some(path) = self.present.get(uid).cloned() else { continue };
            let Some(message) = self.read(*uid, path) else { continue };
            if let Content::Mail(raw) = &message.content {
                bytes += raw.len() as u64;
            }
            if fetched.len() == limit.count.max(1) || (!fetched.is_empty() && bytes > limit.bytes) {
                break;
            }
            fetched.push(message);
        }
        Ok(fetched)
    }

    /// Waits until something changes in `new` or `cur`, or the time is up.
    pub async fn changed(&mut self, limit: Duration) -> Wake {
        let deadline = Instant::now() + limit;
        loop {
            if !self.is_current() {
                return Wake::Changed;
            }
            let now = Instant::now();
            if now >= deadline {
                return Wake::Timeout;
            }
            tokio::time::sleep(LOOK_EVERY.min(deadline - now)).await;
        }
    }

    /// Puts a message in: written to `tmp`, synced, moved to `new`. `unique` names the file; the same message put in
    /// twice under one name is there once.
    ///
    /// # Errors
    /// The disk is full or the folder cannot be written.
    pub fn deliver(&self, raw: &[u8], unique: &str) -> Result<PathBuf, MaildirError> {
        let name: String = unique
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '=' | ',') { c } else { '_' })
            .collect();
        let name = name.trim_start_matches('.');
        let name = if name.is_empty() { "message" } else { &name[..name.len().min(200)] };
        if let Some(there) = self.find(name) {
            return Ok(there);
        }
        let temporary = self.path.join("tmp").join(name);
        let target = self.path.join("new").join(name);
        let written = (|| {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(raw)?;
            file.sync_all()?;
            fs::rename(&temporary, &target)?;
            sync_folder(&self.path.join("new"))
        })();
        written.map_err(|source| MaildirError { what: "write", path: target.clone(), source })?;
        Ok(target)
    }

    /// The last look is still true.
    fn is_current(&self) -> bool {
        let Some(look) = self.look else { return false };
        look.times == self.times() && (look.settled || look.first_seen.elapsed() < SETTLES_AFTER)
    }

    fn times(&self) -> [Option<SystemTime>; 2] {
        ["new", "cur"].map(|name| fs::metadata(self.path.join(name)).and_then(|m| m.modified()).ok())
    }

    /// Lists both folders and gives numbers to what has none, oldest first.
    fn look(&mut self) -> Result<(), MaildirError> {
        let now = Instant::now();
        let times = self.times();
        let first_seen = match self.look {
            Some(look) if look.times == times => look.first_seen,
            _ => now,
        };
        let mut present = BTreeMap::new();
        let mut unknown: Vec<(u64, String, PathBuf)> = Vec::new();
        for name in ["new", "cur"] {
            let folder = self.path.join(name);
            let failed = |source| MaildirError { what: "list", path: folder.clone(), source };
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let Ok(file) = entry.file_name().into_string() else { continue };
                if file.starts_with('.') {
                    continue;
                }
                let unique = unique_part(&file);
                match self.known.get(unique) {
                    Some(uid) => {
                        present.insert(*uid, entry.path());
                    }
                    None => unknown.push((delivery_time(&file), unique.to_owned(), entry.path())),
                }
            }
        }
        unknown.sort();
        // A message on its way from `new` to `cur` may be seen twice.
        unknown.dedup_by(|a, b| a.1 == b.1);
        self.number(&unknown)?;
        present.extend(
            unknown.into_iter().filter_map(|(_, unique, path)| self.known.get(&unique).map(|uid| (*uid, path))),
        );
        self.present = present;
        self.look = Some(Look { times, first_seen, settled: now.duration_since(first_seen) >= SETTLES_AFTER });
        Ok(())
    }

    /// Writes the new numbers down before anybody sees them. Another process may do so at the same time (`posthouse ledger`
    /// beside a host that fetches): one at a time, and each takes over first what the other gave.
    fn number(&mut self, unknown: &[(u64, String, PathBuf)]) -> Result<(), MaildirError> {
        if unknown.is_empty() {
            return Ok(());
        }
        let path = self.path.join(LIST);
        let failed = |source| MaildirError { what: "write", path: path.clone(), source };
        let mut file = fs::OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        match file.lock() {
            // A file system without locks: then only one process may have it, as its operator knows.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            locked => locked.map_err(failed)?,
        }
        let mut lines = String::new();
        if file.metadata().map_err(failed)?.len() != self.list_bytes {
            let validity = self.uid_validity;
            let mut list = Vec::new();
            io::Read::read_to_end(&mut file, &mut list).map_err(failed)?;
            if !self.parse_list(&String::from_utf8_lossy(&list)) || self.uid_validity != validity {
                return Err(failed(io::Error::other("the list was begun anew by another program meanwhile")));
            }
            if !list.ends_with(b"\n") {
                // The other was killed within a line.
                lines.push('\n');
            }
        }
        let mut numbered = Vec::with_capacity(unknown.len());
        let fresh = unknown.iter().filter(|(_, unique, _)| !self.known.contains_key(unique));
        for (offset, (_, unique, _)) in (1..).zip(fresh) {
            let uid = self.last_uid.saturating_add(offset);
            lines.push_str(&format!("{uid} {unique}\n"));
            numbered.push((unique.clone(), uid));
        }
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
        self.list_bytes = file.metadata().map_err(failed)?.len();
        self.last_uid = self.last_uid.saturating_add(u32::try_from(numbered.len()).unwrap_or(u32::MAX));
        self.known.extend(numbered);
        Ok(())
    }

    fn read_list(&mut self, clock: &dyn Clock) -> Result<(), MaildirError> {
        let path = self.path.join(LIST);
        let failed = |what| {
            let path = path.clone();
            move |source| MaildirError { what, path, source }
        };
        let mut there = false;
        match fs::read(&path) {
            Ok(bytes) => {
                there = true;
                if self.parse_list(&String::from_utf8_lossy(&bytes)) {
                    if !bytes.ends_with(b"\n") {
                        // The last line was cut off by a crash, before its number was used: begin the next on its own.
                        let mut file = fs::OpenOptions::new().append(true).open(&path).map_err(failed("write"))?;
                        file.write_all(b"\n").map_err(failed("write"))?;
                    }
                    return Ok(());
                }
                tracing::warn!("the Maildir's list of numbers cannot be understood; it is begun anew");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed("read")(source)),
        }
        self.known.clear();
        self.last_uid = 0;
        self.uid_validity = u32::try_from(clock.now().seconds()).unwrap_or(u32::MAX).max(1);
        // Each has a file of its own to begin with: a folder may be opened twice at once.
        let number = BEGUN.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path.join("tmp").join(format!("{LIST}.{}.{number}", std::process::id()));
        let begin = || {
            let mut file = fs::File::create(&temporary)?;
            writeln!(file, "posthouse-uids 1 {}", self.uid_validity)?;
            file.sync_all()?;
            // Unlike a rename, a link never replaces a list that another has begun meanwhile; where the file system knows
            // no links, a rename must do.
            let linked = if there { Err(io::ErrorKind::Unsupported.into()) } else { fs::hard_link(&temporary, &path) };
            match linked {
                Ok(()) => fs::remove_file(&temporary)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    fs::remove_file(&temporary)?;
                    return Err(error);
                }
                Err(_) => fs::rename(&temporary, &path)?,
            }
            sync_folder(&self.path)
        };
        match begin() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !there => self.read_list(clock),
            done => done.map_err(failed("write")),
        }
    }

    /// `posthouse-uids 1 UIDVALIDITY`, then `UID name` per line.
    fn parse_list(&mut self, text: &str) -> bool {
        let mut lines = text.lines();
        let Some(header) = lines.next().and_then(|l| l.strip_prefix("posthouse-uids 1 ")) else { return false };
        let Ok(uid_validity) = header.trim().parse() else { return false };
        self.uid_validity = uid_validity;
        for line in lines {
            let Some((uid, name)) = line.split_once(' ') else { continue };
            let Ok(uid) = uid.parse::<u32>() else { continue };
            if name.is_empty() || uid == 0 {
                continue;
            }
            self.last_uid = self.last_uid.max(uid);
            self.known.insert(name.to_owned(), uid);
        }
        true
    }

    /// None when the message is gone.
    fn read(&self, uid: u32, path: PathBuf) -> Option<Fetched> {
        let mut path = path;
        let mut opened = fs::File::open(&path);
        if opened.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
            // Marked as seen by another program since the look: the file has a new name.
            path = self.find(unique_part(&path.file_name()?.to_string_lossy()))?;
            opened = fs::File::open(&path);
        }
        let unreadable = |error: io::Error| Content::Unreadable { reason: format!("{}: {error}", path.display()) };
        let mut arrived_at = None;
        let content = match opened.and_then(|file| file.metadata().map(|m| (file, m))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => unreadable(error),
            Ok((file, metadata)) => {
                arrived_at = changed_at(&metadata);
                if metadata.len() > self.mail_bytes_max {
                    Content::TooLarge { bytes: metadata.len(), headers: header_section(file) }
                } else {
                    let mut raw = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
                    match io::Read::read_to_end(&mut &file, &mut raw) {
                        Ok(_) => Content::Mail(raw),
                        Err(error) => unreadable(error),
                    }
                }
            }
        };
        Some(Fetched { uid, arrived_at, content })
    }

    /// The file of this name, whatever its flags.
    fn find(&self, unique: &str) -> Option<PathBuf> {
        ["new", "cur"].iter().find_map(|name| {
            let folder = self.path.join(name);
            let plain = folder.join(unique);
            if plain.is_file() {
                return Some(plain);
            }
            let mut entries = fs::read_dir(&folder).ok()?.filter_map(Result::ok);
            entries.find(|e| e.file_name().to_str().is_some_and(|f| unique_part(f) == unique)).map(|e| e.path())
        })
    }
}

/// Without the flags: `name:2,S`, on Windows `name;2,S`.
fn unique_part(file: &str) -> &str {
    file.split(":2,").next().unwrap_or(file).split(";2,").next().unwrap_or(file)
}

/// Microseconds since the epoch, as deliveries put them first: `1714550400.M123456P…`. Last when there is none.
fn delivery_time(file: &str) -> u64 {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let seconds = digits(file);
    let Ok(time) = file[..seconds].parse::<u64>() else { return u64::MAX };
    let micros = file[seconds..]
        .find('M')
        .map(|at| &file[seconds + at + 1..])
        .map_or(0, |rest| rest[..digits(rest).min(6)].parse::<u64>().unwrap_or(0));
    time.saturating_mul(1_000_000).saturating_add(micros)
}

fn header_section(file: fs::File) -> Vec<u8> {
    let mut head = Vec::new();
    let _ = io::Read::read_to_end(&mut io::Read::take(file, 64 * 1024), &mut head);
    let end = head.windows(2).position(|w| w == b"\n\n").or_else(|| head.windows(4).position(|w| w == b"\r\n\r\n"));
    head.truncate(end.map_or(head.len(), |e| e + 2));
    head
}

fn changed_at(metadata: &fs::Metadata) -> Option<Timestamp> {
    metadata.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok()).map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    struct Fixed(i64);
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(self.0)
        }
    }

    fn uids(maildir: &mut Maildir, last: u32) -> Vec<u32> {
        maildir.fetch_since(last, BatchLimit::default()).unwrap().into_iter().map(|f| f.uid).collect()
    }

    /// A host that fetches and a command that looks: what one numbered has that number for the other.
    #[test]
    fn numbers_given_by_two_at_once_are_the_same_for_both() {
        let folder = tempfile::tempdir().unwrap();
        let mut host = Maildir::open(folder.path(), &Fixed(1000)).unwrap();
        let mut command = Maildir::open(folder.path(), &Fixed(1000)).unwrap();
        let deliver = |name: &str| fs::write(folder.path().join("new").join(name), "Subject: x\r\n\r\ny\r\n").unwrap();
        let held = |maildir: &mut Maildir| {
            maildir.look().unwrap();
            maildir.present.iter().map(|(uid, path)| (*uid, path.clone())).collect::<Vec<_>>()
        };
        deliver("2.b");
        let first = held(&mut command);
        // Older by its name, newer to the folder: the host has not seen "2.b" yet.
        deliver("1.a");
        assert_eq!(held(&mut host).iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(held(&mut host)[0], first[0]);
        deliver("3.c");
        assert_eq!(held(&mut host), held(&mut command));
        assert_eq!(held(&mut Maildir::open(folder.path(), &Fixed(1000)).unwrap()), held(&mut host));
    }

    #[test]
    fn numbers_are_no_others_after_a_list_was_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut maildir = Maildir::open(folder.path(), &Fixed(1000)).unwrap();
        fs::write(folder.path().join(LIST), "posthouse-uids 1 2000\n7 other\n").unwrap();
        fs::write(folder.path().join("new/1.a"), "Subject: x\r\n\r\ny\r\n").unwrap();
        assert!(maildir.look().unwrap_err().to_string().contains("begun anew"));
    }

    /// All that open a new Maildir at once agree on its list.
    #[test]
    fn opened_by_many_at_once_it_has_one_list() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let together = std::sync::Barrier::new(8);
            let open = |at| {
                let (path, together) = (folder.path(), &together);
                move || {
                    together.wait();
                    Maildir::open(path, &Fixed(at)).unwrap().uid_validity()
                }
            };
            let seen: Vec<u32> = std::thread::scope(|scope| {
                let threads: Vec<_> = (1000..1008).map(|at| scope.spawn(open(at))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(seen.iter().all(|validity| *validity == seen[0]), "{seen:?}");
            assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0, "nothing is left behind");
        }
    }

    #[tokio::test]
    async fn numbers_stay_when_files_move() {
        let folder = tempfile::tempdir().unwrap();
        let mut maildir = Maildir::open(folder.path(), &Fixed(1000)).unwrap();
        assert_eq!(maildir.uid_validity(), 1000);
        assert!(uids(&mut maildir, 0).is_empty());
        maildir.deliver(b"Subject: b\n\nx", "1700000002.M1P1.host").unwrap();
        maildir.deliver(b"Subject: a\n\nx", "1700000001.M1P1.host").unwrap();
        assert_eq!(maildir.changed(Duration::from_secs(5)).await, Wake::Changed);
        let first = maildir.fetch_since(0, BatchLimit::default()).unwrap();
        assert_eq!(first.iter().map(|f| f.uid).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(first[0].content, Content::Mail(b"Subject: a\n\nx".to_vec()));
        assert!(first[0].arrived_at.is_some());

        // Another program marks the first as seen; a new one comes.
        fs::rename(folder.path().join("new/1700000001.M1P1.host"), folder.path().join("cur/1700000001.M1P1.host:2,S"))
            .unwrap();
        maildir.deliver(b"Subject: c\n\nx", "1600000000.early").unwrap();
        assert_eq!(maildir.changed(Duration::from_secs(5)).await, Wake::Changed);
        assert_eq!(uids(&mut maildir, 2), [3]);
        assert_eq!(uids(&mut maildir, 0), [1, 2, 3]);

        // Opened again: the same numbers.
        let mut again = Maildir::open(folder.path(), &Fixed(2000)).unwrap();
        assert_eq!(again.uid_validity(), 1000);
        assert_eq!(uids(&mut again, 0), [1, 2, 3]);
        fs::remove_file(folder.path().join("new/1700000002.M1P1.host")).unwrap();
        assert_eq!(again.changed(Duration::from_secs(5)).await, Wake::Changed);
        assert_eq!(uids(&mut again, 0), [1, 3]);
        again.deliver(b"x", "new").unwrap();
        assert_eq!(again.changed(Duration::from_secs(5)).await, Wake::Changed);
        assert_eq!(uids(&mut again, 3), [4]);
    }

    #[tokio::test]
    async fn waiting_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut maildir = Maildir::open(folder.path(), &Fixed(1000)).unwrap();
        while maildir.changed(Duration::from_millis(200)).await == Wake::Changed {
            assert!(uids(&mut maildir, 0).is_empty());
        }
    }

    #[test]
    fn delivering_twice_is_once() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path(), &Fixed(1)).unwrap();
        let first = maildir.deliver(b"x", "../<a@b>").unwrap();
        assert_eq!(maildir.deliver(b"x", "../<a@b>").unwrap(), first);
        fs::rename(
            &first,
            folder.path().join("cur").join(format!("{}:2,S", first.file_name().unwrap().to_str().unwrap())),
        )
        .unwrap();
        assert!(maildir.deliver(b"x", "../<a@b>").unwrap().starts_with(folder.path().join("cur")));
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
    }

    #[test]
    fn batches_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut maildir = Maildir::open(folder.path(), &Fixed(1)).unwrap().with_mail_bytes_max(100);
        for n in 0..5 {
            maildir.deliver(&[b'x'; 60], &format!("{n}")).unwrap();
        }
        maildir.deliver(&[&b"Subject: big\n\n"[..], &[b'y'; 200]].concat(), "9").unwrap();
        let limit = BatchLimit { count: 4, bytes: 130 };
        let sizes: Vec<usize> = [0, 2, 4].map(|last| maildir.fetch_since(last, limit).unwrap().len()).into();
        assert_eq!(sizes, [2, 2, 2]);
        let last = maildir.fetch_since(5, limit).unwrap().remove(0);
        assert_eq!(last.content, Content::TooLarge { bytes: 214, headers: b"Subject: big\n\n"[..14].to_vec() });
    }

    #[test]
    fn a_lost_list_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut maildir = Maildir::open(folder.path(), &Fixed(5)).unwrap();
        maildir.deliver(b"x", "a").unwrap();
        assert_eq!(uids(&mut maildir, 0), [1]);
        fs::write(folder.path().join(LIST), "rubbish").unwrap();
        let mut again = Maildir::open(folder.path(), &Fixed(6)).unwrap();
        assert_eq!((again.uid_validity(), uids(&mut again, 0)), (6, vec![1]));
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = Maildir::open(folder.path().join("file"), &Fixed(1)).unwrap_err().to_string();
        assert!(error.starts_with("cannot make") && error.contains("check that it exists"), "{error}");
    }
}
