//! `posthouse migrate`

use crate::failure::{Code, Result};
use crate::open::Context;
use crate::output::Terminal;
use clap::Args;
use posthouse_store::Store;
use serde_json::json;

/// Options of `migrate`.
#[derive(Args, Debug)]
#[command(
    after_help = "Brings the database from any older version to this one, in one transaction. Make a backup first; an older\n\
    host does not work on it afterwards. Running it again does nothing."
)]
pub struct MigrateArgs {
    /// Print JSON: {"from": 1, "to": 1}
    #[arg(long)]
    json: bool,
}

/// Migrates.
///
/// # Errors
/// The database cannot be reached, or is newer than this host.
pub async fn run(args: MigrateArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.connect_any(&host).await?;
    let from = store.schema_version().await?;
    let to = store.migrate().await?;
    if args.json {
        terminal.json(&json!({"from": from, "to": to}))?;
    } else if from == to {
        terminal.line(format!("the database is at schema version {to} already: nothing to do"))?;
    } else if from == 0 {
        terminal.line(format!("made the database at schema version {to}"))?;
    } else {
        terminal.line(format!("migrated the database from schema version {from} to {to}"))?;
    }
    debug_assert_eq!(to, Store::schema_wanted());
    store.close().await;
    Ok(Code::Ok)
}
