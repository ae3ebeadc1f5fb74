//! `posthouse mail read`

use crate::failure::{Code, Result};
use crate::output::Terminal;
use clap::{Args, Subcommand};
use posthouse_mail::read;
use posthouse_model::mail::{Address, Bounce, Part, ReadMail};
use serde::Serialize;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What to do with mail files.
#[derive(Subcommand, Debug)]
pub enum MailCommand {
    /// Print what is in mail files, one JSON line per file
    Read(ReadArgs),
}

/// Options of `mail read`.
#[derive(Args, Debug)]
#[command(after_help = "\
One JSON object per file and line, with the keys message_id, from, to, reply_to, date (RFC 3339), subject, text,
reply_text (without quoted history and signature), html (whether there is an HTML part), attachments (name, type, size,
sha256), structure (the part tree), auto_submitted, bounce, language (BCP 47) and warnings.

Any bytes can be read: exit code 0. A file that cannot be opened is a line with the keys file and error: exit code 1.")]
pub struct ReadArgs {
    /// Mail files (RFC 5322); - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    message_id: Option<&'a str>,
    from: Option<&'a Address>,
    to: &'a [Address],
    reply_to: &'a [Address],
    date: Option<String>,
    subject: &'a str,
    text: &'a str,
    reply_text: &'a str,
    html: bool,
    attachments: Vec<AttachmentLine<'a>>,
    structure: Option<&'a Part>,
    auto_submitted: Option<&'a str>,
    bounce: Option<&'a Bounce>,
    language: Option<&'a str>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct AttachmentLine<'a> {
    name: Option<&'a str>,
    #[serde(rename = "type")]
    media_type: &'a str,
    size: u64,
    sha256: &'a str,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    file: &'a Path,
    error: String,
}

/// Reads mail files.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(MailCommand::Read(args): MailCommand, terminal: &mut Terminal) -> Result {
    let mut code = Code::Ok;
    for file in &args.files {
        match bytes(file) {
            Ok(raw) => terminal.json_line(&line(&read_any(&raw)))?,
            Err(error) => {
                code = Code::Problem;
                terminal.json_line(&ErrorLine { file, error: error.to_string() })?;
            }
        }
    }
    Ok(code)
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    // One byte more than is read tells the reader that there was more.
    let limit = read::RAW_BYTES_MAX as u64 + 1;
    let mut raw = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut raw)?;
    } else {
        std::fs::File::open(file)?.take(limit).read_to_end(&mut raw)?;
    }
    Ok(raw)
}

/// The reader is built not to panic on any bytes; should it ever, that is a warning like any other.
fn read_any(raw: &[u8]) -> ReadMail {
    catch_unwind(AssertUnwindSafe(|| read::read_mail(raw))).unwrap_or_else(|_| ReadMail {
        warnings: vec!["the reader failed on this mail; please report it".to_owned()],
        ..ReadMail::default()
    })
}

fn line(mail: &ReadMail) -> Line<'_> {
    Line {
        message_id: mail.message_id.as_deref(),
        from: mail.from.as_ref(),
        to: &mail.to,
        reply_to: &mail.reply_to,
        date: mail.date.map(posthouse_model::Timestamp::to_rfc3339),
        subject: &mail.subject,
        text: &mail.text,
        reply_text: &mail.reply_text,
        html: mail.html.is_some(),
        attachments: mail
            .attachments
            .iter()
            .map(|file| AttachmentLine {
                name: file.name.as_deref(),
                media_type: &file.media_type,
                size: file.size,
                sha256: &file.sha256,
            })
            .collect(),
        structure: mail.structure.as_ref(),
        auto_submitted: mail.auto_submitted.as_deref(),
        bounce: mail.bounce.as_ref(),
        language: mail.language.as_deref(),
        warnings: &mail.warnings,
    }
}
