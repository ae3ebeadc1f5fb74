//! `posthouse backup`, and the form of its file.
//!
//! A backup is text: one line that says what it is and carries the master key wrapped under a passphrase, then the store's
//! export (rows of one moment, the components among them), whose own last line seals it. Both databases write and read it.

use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use crate::output::{Terminal, bytes};
use crate::secrets::without_line_end;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;
use zeroize::Zeroizing;

/// Options of `backup`.
#[derive(Args, Debug)]
#[command(after_help = "\
A consistent copy while the host runs: the database (mail, tickets, tenants, plugins, sealed secrets, the record of events)
and the master key, wrapped under the passphrase. Without the passphrase the secrets in it cannot be opened; the mail in
it can be read by whoever has the file. Not in it: posthouse.toml, secrets that stand in files or the environment, and
Maildir folders.

The passphrase comes from --passphrase-file (- reads standard input) or POSTHOUSE_PASSPHRASE. FILE is written under
another name first and takes its name when it is whole.")]
pub struct BackupArgs {
    /// The file to write
    file: PathBuf,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Overwrite FILE
    #[arg(long)]
    force: bool,
    /// Print JSON: {"file", "bytes", "rows", "schema", "sha256"}
    #[arg(long)]
    json: bool,
}

/// The first line of a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub posthouse_backup: u32,
    pub made_by: String,
    pub made_at: String,
    pub database: String,
    /// Hexadecimal.
    pub wrapped_key: String,
}

impl Header {
    pub(super) const FORM: u32 = 1;
    /// Longest first line read, in bytes.
    pub(super) const BYTES_MAX: u64 = 64 * 1024;
}

/// Runs the command.
///
/// # Errors
/// No passphrase, the file is there already, the disk is full.
pub async fn run(args: BackupArgs, context: &Context, terminal: &mut Terminal) -> Result {
    if args.file.exists() && !args.force {
        return Err(
            Failure::new(format!("{} is there already", args.file.display())).mend("name another file, or add --force")
        );
    }
    let passphrase = passphrase(args.passphrase_file.as_deref(), context)?;
    if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
        return Err(
            Failure::new("the passphrase is too short").mend(format!("use at least {PASSPHRASE_CHARS_MIN} characters"))
        );
    }
    let opened = context.open().await?;
    let wrapped = opened.key.wrap(&passphrase, context.entropy.as_ref());
    let header = Header {
        posthouse_backup: Header::FORM,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: context.clock.now().to_rfc3339(),
        database: opened.store.kind().to_owned(),
        wrapped_key: hex::encode(wrapped.map_err(|error| Failure::new(error.to_string()))?),
    };
    let partial = partial_name(&args.file);
    let report = match write(&partial, &header, &opened.store).await {
        Ok(report) => report,
        Err(failure) => {
            let _ = std::fs::remove_file(&partial);
            return Err(failure);
        }
    };
    std::fs::rename(&partial, &args.file).while_doing(format!("{} cannot take its name", args.file.display()))?;
    let size = std::fs::metadata(&args.file)?.len();
    if args.json {
        terminal.json(&json!({
            "file": args.file, "bytes": size, "rows": report.rows, "schema": report.schema, "sha256": report.sha256,
        }))?;
    } else {
        terminal.line(format!("wrote {} ({}, {} rows)", args.file.display(), bytes(size), report.rows))?;
        terminal.line("keep the passphrase elsewhere: without it the sealed secrets cannot be opened")?;
    }
    Ok(Code::Ok)
}

const PASSPHRASE_CHARS_MIN: usize = 8;

async fn write(path: &Path, header: &Header, store: &posthouse_store::Store) -> Result<posthouse_store::ExportReport> {
    let what = format!("{} cannot be written", path.display());
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // A backup holds everybody's mail: nobody else may read it.
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.open(path).await.while_doing(&what)?;
    let mut file = tokio::io::BufWriter::with_capacity(1 << 20, file);
    let mut line = serde_json::to_vec(header)?;
    line.push(b'\n');
    file.write_all(&line).await.while_doing(&what)?;
    let report = store.export(&mut file).await?;
    file.flush().await.while_doing(&what)?;
    file.into_inner().sync_all().await.while_doing(&what)?;
    Ok(report)
}

fn partial_name(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    file.with_file_name(name)
}

/// The passphrase, from where the command line or the environment says.
pub(super) fn passphrase(file: Option<&Path>, context: &Context) -> Result<Zeroizing<String>> {
    let text = match (file, &context.environment.passphrase) {
        (Some(path), _) if path == Path::new("-") => {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut line).while_doing("the passphrase cannot be read")?;
            line
        }
        (Some(path), _) => {
            let text = Zeroizing::new(crate::setup::source::read_text(path, 64 * 1024)?);
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        (None, Some(text)) => text.clone(),
        (None, None) => {
            return Err(Failure::usage("there is no passphrase")
                .mend("give it with --passphrase-file FILE or in POSTHOUSE_PASSPHRASE"));
        }
    };
    Ok(Zeroizing::new(without_line_end(&text).to_owned()))
}
