//! `posthouse ledger`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::Context;
use crate::output::{Style, Table, Terminal};
use clap::Args;
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::ledger::{self, Balance};

/// Days shown when nothing else is asked for.
const DAYS: usize = 14;

/// Options of `ledger`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the mail server for everything it holds since the folder is followed, and compares it mail by mail with what is stored: \
each must be a ticket, spam, automatic, skipped with a reason, or parked. Exit code 1 when one is missing here.")]
pub struct LedgerArgs {
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Only this mailbox [default: all]
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// How many days are listed, the newest last; differences count on all days
    #[arg(long, value_name = "COUNT", default_value_t = DAYS)]
    days: usize,
    /// Fetch what is missing
    #[arg(long)]
    repair: bool,
    /// Print JSON: [{"mailbox", "folder", "days": [{"day", "held", "outcomes", "missing"}], "missing", "to_come", "gone"}]
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such tenant or mailbox; a server that is away, after the other mailboxes were done.
pub async fn run(args: LedgerArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = opened.tenant(args.tenant.as_deref()).await?;
    let house = house::house(context, &opened, "ledger")?;
    let Some(tenant) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", row.tenant.slug)));
    };
    let wanted = |name: &str| args.mailbox.as_deref().is_none_or(|only| only == name);
    let mailboxes: Vec<_> = tenant.mailboxes().iter().filter(|mailbox| wanted(&mailbox.config.name)).collect();
    if let (true, Some(name)) = (mailboxes.is_empty(), &args.mailbox) {
        return Err(Failure::new(format!("`{}` has no mailbox `{name}`", row.tenant.slug)));
    }
    let mut code = Code::Ok;
    let mut all = Vec::new();
    for mailbox in mailboxes {
        let name = &mailbox.config.name;
        let found = if args.repair {
            ledger::repair(&house, &tenant, mailbox).await
        } else {
            ledger::balance(&house, &tenant, mailbox).await
        };
        let looked = match found {
            Ok(found) => found,
            Err(error) => {
                code = Code::Problem;
                terminal.caution(format!("{name}: {error}"));
                continue;
            }
        };
        if !looked.is_even() {
            code = Code::Problem;
        }
        for words in &looked.troubles {
            terminal.caution(format!("{name}: {words}"));
        }
        if !args.json {
            for balance in &looked.balances {
                show(balance, args.days, terminal)?;
            }
            if looked.taken > 0 {
                terminal.line(format!(
                    "  {} fetched; they are triaged by the host that runs, or by `posthouse ingest`",
                    looked.taken
                ))?;
            }
        }
        all.extend(looked.balances);
    }
    if args.json {
        terminal.json(&all)?;
    }
    Ok(code)
}

fn show(balance: &Balance, days: usize, terminal: &mut Terminal) -> Result<()> {
    let folder = if balance.folder.is_empty() { String::new() } else { format!(" ({})", balance.folder) };
    let verdict = if balance.is_even() {
        terminal.paint(Style::Good, "even")
    } else {
        terminal.paint(Style::Bad, &format!("{} missing here", balance.missing.len()))
    };
    terminal.line(format!("{}{folder}: {verdict}", balance.mailbox))?;
    let mut head = vec!["day", "server"];
    head.extend(Outcome::ALL.iter().map(|outcome| outcome.as_str()));
    head.push("missing");
    let right: Vec<usize> = (1..head.len()).collect();
    let mut table = Table::new(&head).right(&right);
    for day in &balance.days[balance.days.len().saturating_sub(days)..] {
        let mut cells = vec![(Style::Plain, day.day.clone()), (Style::Plain, day.held.to_string())];
        cells.extend(Outcome::ALL.iter().map(|outcome| {
            let count = day.outcomes.get(outcome).copied().unwrap_or(0);
            if count == 0 { (Style::Dim, "–".to_owned()) } else { (Style::Plain, count.to_string()) }
        }));
        let style = if day.missing > 0 { Style::Bad } else { Style::Dim };
        cells.push((style, day.missing.to_string()));
        table.row(cells);
    }
    if !table.is_empty() {
        terminal.table(&table)?;
    }
    if balance.to_come > 0 {
        terminal.line(format!("  {} came since the last look", balance.to_come))?;
    }
    if balance.gone > 0 {
        terminal.line(format!("  {} stored here are no longer on the server", balance.gone))?;
    }
    Ok(())
}
