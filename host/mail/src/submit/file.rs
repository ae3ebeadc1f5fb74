//! Outgoing mail as files: for demonstrations, tests and air-gapped set-ups.

use super::{Envelope, Handover, Submission, Submitter};
use crate::net::ProbeReport;
use async_trait::async_trait;
use posthouse_model::outbox::SubmitOutcome;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes each mail as `<Message-ID>.eml` into a folder, atomically: a temporary file, synced, then renamed. The
/// same mail written twice is the same file, so trying again after a crash sends nothing twice. The envelope stands
/// in `X-Envelope-From` and `X-Envelope-To` lines at the top.
#[derive(Clone, Debug)]
pub struct FileSubmitter {
    folder: PathBuf,
}

impl FileSubmitter {
    /// The folder is made when it is missing.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where this mail is, or would be.
    #[must_use]
    pub fn path_of(&self, raw: &[u8]) -> PathBuf {
        self.folder.join(file_name(raw))
    }
}

#[async_trait]
impl Submitter for FileSubmitter {
    async fn submit(&self, envelope: &Envelope, raw: &[u8], handover: &dyn Handover) -> Submission {
        let server = self.folder.display().to_string();
        if let Err(reason) = handover.hand_over().await {
            return Submission::for_all(&server, envelope, &SubmitOutcome::Deferred { reason });
        }
        let path = self.path_of(raw);
        let mut bytes = Vec::with_capacity(raw.len() + 256);
        let line = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let from = line(envelope.from.as_deref().unwrap_or_default());
        bytes.extend_from_slice(format!("X-Envelope-From: <{from}>\r\n").as_bytes());
        for recipient in &envelope.recipients {
            bytes.extend_from_slice(format!("X-Envelope-To: <{}>\r\n", line(recipient)).as_bytes());
        }
        bytes.extend_from_slice(raw);
        let target = path.clone();
        let written = tokio::task::spawn_blocking(move || write_atomically(&target, &bytes)).await;
        let outcome = match written {
            Ok(Ok(())) => SubmitOutcome::Accepted { reply: format!("written to {}", path.display()) },
            // Renaming comes last, so nothing is out; a full disk or a missing right may be mended.
            Ok(Err(error)) => SubmitOutcome::Deferred { reason: format!("cannot write {}: {error}", path.display()) },
            Err(_) => SubmitOutcome::Uncertain { reason: format!("writing {} was interrupted", path.display()) },
        };
        Submission::for_all(&server, envelope, &outcome)
    }

    async fn probe(&self) -> ProbeReport {
        let started = tokio::time::Instant::now();
        let mut report = ProbeReport::default();
        let probe = self.folder.join(".posthouse-probe");
        let path = probe.clone();
        let tried = tokio::task::spawn_blocking(move || {
            write_atomically(&path, b"probe")?;
            std::fs::remove_file(&path)
        })
        .await;
        match tried {
            Ok(Ok(())) => report.pass("write", format!("{} can be written", self.folder.display()), started),
            Ok(Err(error)) => report.fail(
                "write",
                format!("cannot write into {}: {error}", self.folder.display()),
                Some("make the folder writable for the user that runs posthouse".to_owned()),
                started,
            ),
            Err(_) => report.fail("write", "the check was interrupted", None, started),
        }
        report
    }
}

/// From the Message-ID; a mail without one is named after its content.
fn file_name(raw: &[u8]) -> String {
    let id = crate::read::message_id(raw).unwrap_or_default();
    let safe: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '=') { c } else { '_' })
        .collect();
    let safe = safe.trim_start_matches('.');
    // Different ids may look the same once made safe or cut: then the digest tells them apart.
    if !safe.is_empty() && safe == id && safe.len() <= 150 {
        return format!("{safe}.eml");
    }
    let digest = hex::encode(if id.is_empty() { Sha256::digest(raw) } else { Sha256::digest(id.as_bytes()) });
    let head: String = safe.chars().take(100).collect();
    format!("{head}{}{}.eml", if head.is_empty() { "" } else { "-" }, &digest[..16])
}

fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let result = (|| {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_folder(folder)
    })();
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// Makes a rename durable. Windows does this itself and cannot open a folder as a file.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::submit::Unrecorded;

    #[tokio::test]
    async fn the_same_mail_is_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let out = FileSubmitter::new(folder.path().join("sent"));
        let raw = b"Message-ID: <abc.def@shop.example>\r\nSubject: x\r\n\r\nhello\r\n";
        let envelope = Envelope { from: Some("s@shop.example".into()), recipients: vec!["a@x".into(), "b@x".into()] };
        assert!(out.probe().await.ok());
        assert!(out.submit(&envelope, raw, &Unrecorded).await.all_accepted());
        assert!(out.submit(&envelope, raw, &Unrecorded).await.all_accepted());
        let files: Vec<_> = std::fs::read_dir(folder.path().join("sent")).unwrap().map(|f| f.unwrap()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].file_name(), "abc.def@shop.example.eml");
        let text = std::fs::read_to_string(files[0].path()).unwrap();
        assert!(text.starts_with("X-Envelope-From: <s@shop.example>\r\nX-Envelope-To: <a@x>\r\n"), "{text}");
    }

    #[test]
    fn odd_ids_make_safe_names() {
        let name = |id: &str| file_name(format!("Message-ID: <{id}>\r\n\r\nx").as_bytes());
        assert!(!name("../../etc/passwd@x").contains('/'));
        assert_ne!(name("a/b@x"), name("a:b@x"));
        assert!(name(&"x".repeat(500)).len() < 200);
        assert!(file_name(b"Subject: none\r\n\r\nx").ends_with(".eml"));
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_defers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "in the way").unwrap();
        let out = FileSubmitter::new(folder.path().join("file"));
        let envelope = Envelope { from: None, recipients: vec!["a@x".into()] };
        let outcome = out.submit(&envelope, b"Subject: x\r\n\r\nx", &Unrecorded).await.recipients.remove(0).outcome;
        assert!(matches!(outcome, SubmitOutcome::Deferred { .. }), "{outcome:?}");
        assert!(!out.probe().await.ok());
    }
}
