//! The mail log.

use crate::page::messages::{BalanceRow, LedgerRow, MessageRow, MessagesPage};
use crate::refusal::Refusal;
use crate::seat::Seat;
use jiff::ToSpan as _;
use posthouse_model::Timestamp;
use posthouse_model::ticket::Outcome;
use posthouse_store::MessageSummary;
use std::collections::BTreeMap;

/// Rows shown at once.
const ROWS_MAX: u32 = 200;
/// Days that are added up.
const DAYS: i32 = 7;

/// What became no ticket, and how the days add up.
pub(crate) async fn messages(seat: &Seat, only: Option<Outcome>) -> Result<MessagesPage, Refusal> {
    let t = seat.lang();
    let wanted = only.map_or_else(|| vec![Outcome::Parked, Outcome::Skipped], |o| vec![o]);
    let mailboxes = seat.scope.mailboxes().await?;
    let mut found: Vec<MessageSummary> = Vec::new();
    for outcome in wanted {
        found.extend(seat.scope.messages_by_outcome(outcome, None, ROWS_MAX).await?);
    }
    found.sort_by_key(|m| std::cmp::Reverse((m.stored_at, m.id)));
    found.truncate(ROWS_MAX as usize);
    let rows = found
        .into_iter()
        .map(|m| MessageRow {
            id: m.id.0,
            at: m.stored_at,
            from: m.from.map_or_else(|| t.from_unknown().to_owned(), |a| a.address),
            subject: m.subject,
            mailbox: mailboxes
                .iter()
                .find(|b| b.id == m.mailbox)
                .map_or_else(String::new, |b| b.mailbox.address.clone()),
            ticket: m.ticket_number,
            whole: m.emptied_at.is_none(),
            outcome: m.outcome,
            reason: m.reason,
        })
        .collect();
    let address = |id| mailboxes.iter().find(|b| b.id == id).map_or_else(String::new, |b| b.mailbox.address.clone());
    let name = |id| mailboxes.iter().find(|b| b.id == id).map_or_else(String::new, |b| b.mailbox.name.clone());
    let repairs = seat.scope.repairs().await?;
    let balances = seat.scope.balances().await?;
    let balances = balances
        .into_iter()
        .map(|b| BalanceRow {
            mailbox: address(b.mailbox),
            folder: b.folder,
            held: super::list::whole(b.held),
            missing: super::list::whole(b.missing),
            checked_at: b.checked_at,
            comparing: repairs.contains(&name(b.mailbox)),
            name: name(b.mailbox),
        })
        .collect();
    let keep_days = u64::from(seat.config.screen.keep_days);
    let may_act = seat.agent.role.may_act();
    Ok(MessagesPage { only, keep_days, may_act, rows, ledger: ledger(seat).await?, balances })
}

/// The last days, newest first; each begins at midnight in the team's zone.
async fn ledger(seat: &Seat) -> Result<Vec<LedgerRow>, Refusal> {
    let lens = seat.lens();
    let today = lens.now.to_jiff().to_zoned(lens.zone.clone()).date();
    // One boundary more than days: each day ends where the next begins.
    let days: Vec<Timestamp> = (-(DAYS - 1)..=1)
        .filter_map(|d| today.checked_add(d.days()).ok()?.to_zoned(lens.zone.clone()).ok())
        .map(|start| Timestamp::from(start.timestamp()))
        .collect();
    let mut sums: BTreeMap<Timestamp, BTreeMap<Outcome, u64>> = BTreeMap::new();
    for row in seat.scope.ledger(&days).await? {
        *sums.entry(row.day).or_default().entry(row.outcome).or_default() += super::list::whole(row.count);
    }
    Ok(sums
        .into_iter()
        .rev()
        .map(|(day, counts)| LedgerRow { day: lens.day(day), counts: counts.into_iter().collect() })
        .collect())
}
