//! `posthouse restore`

use super::backup::{Header, passphrase};
use crate::failure::{Code, Failure, Result, While as _};
use crate::open::{Context, write_key};
use crate::output::Terminal;
use clap::Args;
use posthouse_store::vault::MasterKey;
use serde_json::json;
use std::path::PathBuf;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

/// Options of `restore`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads a backup into the database that posthouse.toml names, which must be empty, all or nothing, and puts the master key
into its file. A backup made on SQLite can be restored into PostgreSQL and the other way round, and one made by an older
Posthouse is brought up to this one in the same step. Afterwards `posthouse
serve` goes on where the backup was made; `posthouse doctor` says what this machine still lacks.

The passphrase comes from --passphrase-file (- reads standard input) or POSTHOUSE_PASSPHRASE.")]
pub struct RestoreArgs {
    /// A file that `posthouse backup` wrote
    file: PathBuf,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Print JSON: {"rows", "schema", "made_at", "made_by"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Not a backup, a wrong passphrase, a database that is not empty, a key that is there already. Nothing was changed then.
pub async fn run(args: RestoreArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let what = format!("{} cannot be read", args.file.display());
    let file = tokio::fs::File::open(&args.file).await.while_doing(&what)?;
    let mut file = tokio::io::BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    (&mut file).take(Header::BYTES_MAX).read_until(b'\n', &mut line).await.while_doing(&what)?;
    let not_one = || Failure::new(format!("{} is not a backup of Posthouse", args.file.display()));
    let header: Header = serde_json::from_slice(&line).map_err(|_| not_one())?;
    if header.posthouse_backup != Header::FORM {
        return Err(Failure::new(format!("the backup was made by Posthouse {} in a newer form", header.made_by))
            .mend("update this host, then restore"));
    }
    let passphrase = passphrase(args.passphrase_file.as_deref(), context)?;
    let wrapped = hex::decode(&header.wrapped_key).map_err(|_| not_one())?;
    let key = MasterKey::unwrap(&wrapped, &passphrase)
        .map_err(|error| Failure::new(error.to_string()).mend("try another passphrase"))?;

    let host = context.host()?;
    let path = &host.secrets.master_key_file;
    let is_there = match context.present_key(&host)? {
        Some(present) if present.to_hex() == key.to_hex() => true,
        Some(_) => {
            return Err(Failure::new(format!("another master key is there already: {}", path.display()))
                .mend("restore into a new data folder, or move that key away if nothing needs it"));
        }
        None => false,
    };
    let store = context.connect_any(&host).await?;
    let report = store.import(&mut file).await?;
    if !is_there {
        write_key(path, &key)?;
    }
    // Fails when key and database do not belong together.
    context.master_key(&host, &store).await?;
    store.close().await;
    if args.json {
        terminal.json(&json!({
            "rows": report.rows, "schema": report.schema, "made_at": header.made_at, "made_by": header.made_by,
        }))?;
    } else {
        terminal.line(format!(
            "restored {} rows from {}, made {}",
            report.rows,
            args.file.display(),
            header.made_at
        ))?;
        terminal.line("look at what this machine still lacks with `posthouse doctor`")?;
    }
    Ok(Code::Ok)
}
