//! Mail from files: `.eml`, mbox, Maildir, and folders of these, for feeding in old mail.

use crate::mbox;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Files in folders with these endings are no mail.
const NO_MAIL: &[&str] = &[
    "zip", "gz", "xz", "bz2", "tar", "7z", "rar", "png", "jpg", "jpeg", "gif", "pdf", "doc", "docx", "xls", "xlsx",
    "html", "htm", "json", "jsonl", "csv", "tsv", "md", "toml", "yaml", "yml", "xml", "db", "sqlite", "pst", "ost",
    "msf", "dat", "log", "exe", "dll", "py", "sh", "lock",
];

/// One mail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMail {
    /// Where it was: `mails/3.eml`, `old.mbox#17`.
    pub origin: String,
    /// The raw bytes.
    pub raw: Vec<u8>,
    /// Bytes read from all files so far, for a progress bar against [`Size::bytes`].
    pub bytes_read: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Files.
    pub files: u64,
    /// Bytes in all files.
    pub bytes: u64,
}

/// A path that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", .path.display())]
pub struct SourceError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Counts what [`mails`] will read.
///
/// # Errors
/// One of the paths does not exist or cannot be listed.
pub fn measure(paths: &[PathBuf]) -> Result<Size, SourceError> {
    let mut size = Size::default();
    for file in files(paths) {
        let path = file?;
        let metadata = path.metadata().map_err(|source| SourceError { path: path.clone(), source })?;
        size.files += 1;
        size.bytes += metadata.len();
    }
    Ok(size)
}

/// All mails, files in order of their names. A path given by itself is read whatever its name; in folders hidden files,
/// files that end like something else (`.zip`, `.png` …) and a Maildir's own lists are passed over. A file that cannot
/// be read is an error item; the others follow.
pub fn mails(paths: &[PathBuf]) -> impl Iterator<Item = Result<SourceMail, SourceError>> + Send + use<> {
    let files: Vec<Result<PathBuf, SourceError>> = files(paths).collect();
    Mails { files: files.into_iter(), open: None, bytes_before: 0 }
}

fn files(paths: &[PathBuf]) -> impl Iterator<Item = Result<PathBuf, SourceError>> {
    paths.iter().cloned().flat_map(|path| {
        let walk = WalkDir::new(&path).follow_links(true).sort_by_file_name().into_iter();
        walk.filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            if entry.depth() == 0 {
                return true;
            }
            if entry.file_type().is_dir() {
                // A Maildir's deliveries under way are no messages yet. Its subfolders begin with a dot.
                return !(name == "tmp" && is_maildir(entry.path().parent())) && name != ".git";
            }
            !name.starts_with('.') && !has_other_ending(entry.path()) && !is_maildir(entry.path().parent())
        })
        .filter_map(move |entry| match entry {
            Ok(entry) if entry.file_type().is_file() => Some(Ok(entry.into_path())),
            Ok(_) => None,
            Err(error) => {
                let at = error.path().map_or_else(|| path.clone(), Path::to_owned);
                Some(Err(SourceError { path: at, source: error.into() }))
            }
        })
    })
}

fn is_maildir(folder: Option<&Path>) -> bool {
    folder.is_some_and(|f| f.join("cur").is_dir() && f.join("new").is_dir())
}

fn has_other_ending(path: &Path) -> bool {
    path.extension().is_some_and(|e| NO_MAIL.contains(&e.to_string_lossy().to_ascii_lowercase().as_str()))
}

struct Mails {
    files: std::vec::IntoIter<Result<PathBuf, SourceError>>,
    open: Option<OpenMbox>,
    bytes_before: u64,
}

struct OpenMbox {
    path: PathBuf,
    messages: mbox::Messages<BufReader<File>>,
    number: usize,
}

impl Iterator for Mails {
    type Item = Result<SourceMail, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open {
                match open.messages.next() {
                    Some(Ok(raw)) => {
                        open.number += 1;
                        let origin = format!("{}#{}", open.path.display(), open.number);
                        let bytes_read = self.bytes_before + open.messages.bytes_read();
                        return Some(Ok(SourceMail { origin, raw, bytes_read }));
                    }
                    Some(Err(source)) => {
                        let path = open.path.clone();
                        self.bytes_before += open.messages.bytes_read();
                        self.open = None;
                        return Some(Err(SourceError { path, source }));
                    }
                    None => {
                        self.bytes_before += open.messages.bytes_read();
                        self.open = None;
                    }
                }
                continue;
            }
            let path = match self.files.next()? {
                Ok(path) => path,
                Err(error) => return Some(Err(error)),
            };
            match open(&path) {
                Ok(Opened::Mbox(messages)) => self.open = Some(OpenMbox { path, messages, number: 0 }),
                Ok(Opened::One(raw)) => {
                    self.bytes_before += raw.len() as u64;
                    return Some(Ok(SourceMail {
                        origin: path.display().to_string(),
                        raw,
                        bytes_read: self.bytes_before,
                    }));
                }
                Err(source) => return Some(Err(SourceError { path, source })),
            }
        }
    }
}

enum Opened {
    One(Vec<u8>),
    Mbox(mbox::Messages<BufReader<File>>),
}

/// A file that begins with a `From ` line is an mbox, except `.eml`, whose first line is only a left-over.
fn open(path: &Path) -> io::Result<Opened> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let is_eml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("eml"));
    let head = reader.fill_buf()?;
    let first = head.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
    if !is_eml && mbox::is_from_line(first) {
        return Ok(Opened::Mbox(mbox::messages(reader)));
    }
    let mut raw = Vec::new();
    reader.take(mbox::MESSAGE_BYTES_MAX as u64).read_to_end(&mut raw)?;
    Ok(Opened::One(raw))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::fs;

    #[test]
    fn everything_that_holds_mail_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("1.eml"), "From x Wed Aug 21 18:03:00 2002\nSubject: 1\n\nx").unwrap();
        fs::write(
            root.join("2.mbox"),
            "From a Wed Aug 21 18:03:00 2002\nSubject: 2\n\nx\n\nFrom b Wed Aug 21 18:03:00 2002\nSubject: 3\n\ny\n",
        )
        .unwrap();
        fs::write(root.join("3"), "Subject: 4\n\nx").unwrap();
        fs::write(root.join("picture.png"), "no").unwrap();
        fs::write(root.join(".hidden"), "no").unwrap();
        for name in ["new", "cur", "tmp"] {
            fs::create_dir_all(root.join("maildir").join(name)).unwrap();
        }
        fs::write(root.join("maildir/new/1.host"), "Subject: 5\n\nx").unwrap();
        fs::write(root.join("maildir/cur/2.host:2,S"), "Subject: 6\n\nx").unwrap();
        fs::write(root.join("maildir/tmp/3.host"), "no").unwrap();
        fs::write(root.join("maildir/posthouse-uids"), "no").unwrap();

        let paths = [root.to_owned()];
        let found: Vec<SourceMail> = mails(&paths).map(|m| m.unwrap()).collect();
        let mut subjects: Vec<String> = found.iter().map(|m| crate::read::read_mail(&m.raw).subject).collect();
        subjects.sort();
        assert_eq!(subjects, ["1", "2", "3", "4", "5", "6"]);
        assert!(found.iter().any(|m| m.origin.ends_with("2.mbox#2")));
        let size = measure(&paths).unwrap();
        assert_eq!((size.files, size.bytes), (5, found.last().unwrap().bytes_read));
    }

    #[test]
    fn a_missing_path_is_an_error_among_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1.eml"), "Subject: 1\n\nx").unwrap();
        let paths = [folder.path().join("none"), folder.path().join("1.eml")];
        let found: Vec<_> = mails(&paths).collect();
        assert!(found[0].as_ref().unwrap_err().to_string().starts_with("cannot read"));
        assert!(found[1].is_ok());
        assert!(measure(&paths).is_err());
    }
}
