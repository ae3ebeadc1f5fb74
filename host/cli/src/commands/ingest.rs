//! `posthouse ingest`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::Context;
use crate::output::{Terminal, bytes};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use posthouse_mail::source::{self, SourceMail};
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::intake::{self, Found};
use posthouse_pipeline::{House, worker};
use posthouse_store::{Source, Taken};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Mails stored in one transaction, and the bytes after which a batch is full.
const BATCH_MAILS_MAX: usize = 64;
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Options of `ingest`.
#[derive(Args, Debug)]
#[command(
    after_help = "PATH is a mail file, an mbox, a Maildir, or a folder with any of these. The same mail fed twice is stored once.\n\
    Mails are triaged before the command ends, unless --store-only leaves that to a running `posthouse serve`.\n\
    Exit code 1 when a path could not be read; everything else is taken in all the same."
)]
pub struct IngestArgs {
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// The mailbox's name; may be left out where there is only one
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// What to take in
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Store only; triage is left to a running `posthouse serve`
    #[arg(long)]
    store_only: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What became of the mails.
#[derive(Default)]
struct Sum {
    new: u64,
    known: u64,
    duplicate: u64,
    parked: u64,
    unreadable: Vec<String>,
    outcomes: BTreeMap<Outcome, u64>,
}

/// Takes mails in.
///
/// # Errors
/// No such tenant, mailbox or path; the store cannot be written.
pub async fn run(args: IngestArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = opened.tenant(args.tenant.as_deref()).await?;
    let house = house::house(context, &opened, "ingest")?;
    let size = source::measure(&args.paths).map_err(|error| Failure::new(error.to_string()))?;
    let Some(tenant) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", row.tenant.slug)));
    };
    let names = || tenant.mailboxes().iter().map(|m| m.config.name.as_str()).collect::<Vec<_>>().join(", ");
    let mailbox = match (&args.mailbox, tenant.mailboxes()) {
        (Some(name), all) => all.iter().find(|m| m.config.name == *name),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let Some(mailbox) = mailbox.map(|m| m.row.id) else {
        return Err(match &args.mailbox {
            Some(name) => Failure::new(format!("there is no mailbox `{name}`")).mend(format!("there are: {}", names())),
            None => {
                Failure::usage("there are several mailboxes").mend(format!("say which with --mailbox: {}", names()))
            }
        });
    };

    let bar = progress(size.bytes, terminal.interactive);
    let mut sum = Sum::default();
    let mut stored = Vec::new();
    let mut batch: Vec<Found> = Vec::new();
    let mut batch_bytes = 0;
    for mail in source::mails(&args.paths) {
        match mail {
            Ok(SourceMail { raw, bytes_read, .. }) => {
                bar.set_position(bytes_read);
                batch_bytes += raw.len();
                let key = hex::encode(Sha256::digest(&raw));
                batch.push(Found { source: Source::file(&key), raw, received_at: None, parked: None });
            }
            Err(error) => sum.unreadable.push(error.to_string()),
        }
        if batch.len() >= BATCH_MAILS_MAX || batch_bytes >= BATCH_BYTES_MAX {
            let taken = intake::take_in(&house, &tenant, mailbox, std::mem::take(&mut batch), None).await?;
            count(&mut sum, &mut stored, &taken);
            batch_bytes = 0;
            // While the next batch is read, this one is triaged: what waits stays bounded.
            if !args.store_only {
                worker::run_until_idle(&house).await?;
            }
        }
    }
    let taken = intake::take_in(&house, &tenant, mailbox, batch, None).await?;
    count(&mut sum, &mut stored, &taken);
    if !args.store_only {
        worker::run_until_idle(&house).await?;
        outcomes(&house, &tenant.scope, &stored, &mut sum).await?;
    }
    bar.finish_and_clear();
    report(&args, &sum, size.bytes, terminal)?;
    opened.store.close().await;
    Ok(if sum.unreadable.is_empty() { Code::Ok } else { Code::Problem })
}

fn progress(total: u64, interactive: bool) -> ProgressBar {
    let target = if interactive { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:32.cyan/dim} {bytes} of {total_bytes}  {per_sec:>8} {eta} left")
    {
        bar.set_style(style.with_key("per_sec", |state: &indicatif::ProgressState, w: &mut dyn std::fmt::Write| {
            let _ = write!(w, "{:.1} MB/s", state.per_sec() / 1e6);
        }));
    }
    bar
}

fn count(sum: &mut Sum, stored: &mut Vec<posthouse_model::MessageId>, taken: &[Taken]) {
    for one in taken {
        match one {
            Taken::New { message, .. } => {
                sum.new += 1;
                stored.push(*message);
            }
            Taken::Known { .. } => sum.known += 1,
            Taken::Duplicate { .. } => sum.duplicate += 1,
            Taken::Parked { .. } => sum.parked += 1,
        }
    }
}

async fn outcomes(
    _house: &House,
    scope: &posthouse_store::Scope,
    stored: &[posthouse_model::MessageId],
    sum: &mut Sum,
) -> Result<()> {
    for id in stored {
        *sum.outcomes.entry(scope.message(*id).await?.outcome).or_default() += 1;
    }
    Ok(())
}

fn report(args: &IngestArgs, sum: &Sum, size: u64, terminal: &mut Terminal) -> Result<()> {
    if args.json {
        return terminal.json(&json!({
            "stored": sum.new, "known": sum.known, "duplicates": sum.duplicate, "parked": sum.parked,
            "outcomes": sum.outcomes, "unreadable": sum.unreadable,
        }));
    }
    for problem in &sum.unreadable {
        terminal.caution(problem);
    }
    let mut line = format!("{} mails stored ({})", sum.new, bytes(size));
    for (count, what) in [(sum.known, "stored before"), (sum.duplicate, "duplicates"), (sum.parked, "parked")] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    terminal.line(line)?;
    if !sum.outcomes.is_empty() {
        let parts: Vec<_> = sum.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        terminal.line(format!("of these: {}", parts.join(", ")))?;
    }
    Ok(())
}
