//! The sample mails, dropped one by one into the shops' Maildirs and followed until each has ended somewhere.

use crate::failure::{Failure, Result, While as _};
use crate::open::Opened;
use crate::output::{Style, Terminal, short};
use posthouse_mail::maildir::Maildir;
use posthouse_mail::read::read_mail;
use posthouse_model::ticket::Outcome;
use posthouse_model::{MessageId, Timestamp};
use posthouse_pipeline::{House, outlet};
use posthouse_store::Scope;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two mails, so that one can watch them arrive.
const PAUSE: Duration = Duration::from_millis(120);
/// A mail that is not through after this long has met a fault: the demo says so and goes on.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of the sample mails.
#[derive(Default)]
pub struct Sum {
    /// How many were new at this start.
    pub delivered: usize,
    /// Where they ended.
    pub outcomes: BTreeMap<Outcome, usize>,
}

/// Drops every sample mail that was not dropped at an earlier start, and shows where each ends.
///
/// # Errors
/// The mails cannot be read, or a shop's Maildir not be written.
pub async fn deliver(
    house: &House,
    opened: &Opened,
    examples: &Path,
    shops: &[&str],
    terminal: &mut Terminal,
) -> Result<Sum> {
    let mut sum = Sum::default();
    let mut shops_mails = Vec::new();
    for shop in shops {
        let row = opened.tenant(Some(shop)).await?;
        let Some(tenant) = house.tenant(row.id).await? else { continue };
        let Some(config) = tenant.mailboxes().iter().find_map(|m| m.config.maildir.as_ref()) else { continue };
        let folder = outlet::folder(house.data_dir(), &config.path);
        let maildir = Maildir::open(&folder, house.clock()).map_err(|error| Failure::new(error.to_string()))?;
        let key = format!("demo-mails:{shop}");
        let dropped: Vec<String> =
            opened.store.meta(&key).await?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let files: Vec<_> = sample_files(&examples.join(shop).join("mails"))?
            .into_iter()
            .filter(|path| !dropped.contains(&name_of(path)))
            .collect();
        shops_mails.push((tenant, maildir, key, dropped, files));
    }
    let total: usize = shops_mails.iter().map(|(.., files)| files.len()).sum();
    if total == 0 {
        return Ok(sum);
    }
    let shift = shift(&shops_mails.iter().flat_map(|(.., files)| files).collect::<Vec<_>>(), house.now())?;
    terminal.line(format!("{total} sample mails are dropped into the Maildirs and go through the pipeline:"))?;
    terminal.line("")?;
    for (tenant, maildir, key, mut dropped, files) in shops_mails {
        for path in files {
            let name = name_of(&path);
            let raw = dated(read(&path)?, shift);
            let before = newest(&tenant.scope).await?;
            maildir.deliver(&raw, &name).map_err(|error| Failure::new(error.to_string()))?;
            sum.delivered += 1;
            dropped.push(name.clone());
            opened.store.set_meta(&key, &serde_json::to_string(&dropped)?).await?;
            let line = match follow(&tenant.scope, before).await? {
                Some(end) => {
                    *sum.outcomes.entry(end.outcome).or_default() += 1;
                    end.line(sum.delivered, total, tenant.slug(), terminal)
                }
                None => format!("  {:>2}/{total}  {name}: still under way", sum.delivered),
            };
            terminal.line(line)?;
            terminal.flush()?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    terminal.line("")?;
    Ok(sum)
}

fn sample_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).while_doing(format!("the sample mails in {} cannot be read", dir.display()))?;
    let mut files: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).while_doing(format!("{} cannot be read", path.display()))
}

/// How far the mails are moved in time so that the newest of them was just written: a desk full of old mail would
/// show nothing but missed deadlines.
fn shift(files: &[&PathBuf], now: Timestamp) -> Result<jiff::SignedDuration> {
    let mut newest = None;
    for path in files {
        newest = newest.max(read_mail(&read(path)?).date);
    }
    Ok(newest.map_or(jiff::SignedDuration::ZERO, |newest| now.to_jiff().duration_since(newest.to_jiff())))
}

/// The mail with its Date moved. Its zone stays, and so does everything else.
fn dated(raw: Vec<u8>, shift: jiff::SignedDuration) -> Vec<u8> {
    let header_end = raw.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(0);
    let starts_line = |at: usize| at == 0 || raw[at - 1] == b'\n';
    let Some(start) = (0..header_end).find(|&at| starts_line(at) && raw[at..].starts_with(b"Date: ")) else {
        return raw;
    };
    let value = start + b"Date: ".len();
    let Some(length) = raw[value..].windows(2).position(|w| w == b"\r\n") else { return raw };
    let parsed = std::str::from_utf8(&raw[value..value + length])
        .ok()
        .and_then(|text| jiff::fmt::rfc2822::parse(text).ok())
        .and_then(|date| date.checked_add(shift).ok())
        .and_then(|date| jiff::fmt::rfc2822::to_string(&date).ok());
    let Some(text) = parsed else { return raw };
    [&raw[..value], text.as_bytes(), &raw[value + length..]].concat()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Where a mail ended.
struct End {
    outcome: Outcome,
    subject: String,
    from: String,
    category: Option<String>,
    urgency: Option<String>,
    language: Option<String>,
    queue: Option<String>,
    drafts: usize,
}

impl End {
    fn line(&self, number: usize, total: usize, shop: &str, terminal: &Terminal) -> String {
        let subject = if self.subject.trim().is_empty() { "(no subject)" } else { &self.subject };
        let what = match self.outcome {
            Outcome::Ticket => {
                let parts: Vec<&str> = [&self.category, &self.urgency, &self.language, &self.queue]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                format!("{} · {} draft{}", parts.join(" · "), self.drafts, if self.drafts == 1 { "" } else { "s" })
            }
            other => other.as_str().to_owned(),
        };
        let style = if self.outcome == Outcome::Ticket { Style::Good } else { Style::Dim };
        format!(
            "  {number:>2}/{total}  {shop:<11}  {}  {}\n               → {}",
            terminal.paint(Style::Bold, &short(&self.from, 28)),
            short(subject, 48),
            terminal.paint(style, &what)
        )
    }
}

/// The newest message of each outcome there is, to tell which one is new.
async fn newest(scope: &Scope) -> Result<i64> {
    let mut newest = 0;
    for &outcome in Outcome::ALL {
        for row in scope.messages_by_outcome(outcome, None, 1).await? {
            newest = newest.max(row.id.0);
        }
    }
    Ok(newest)
}

/// Waits until a message newer than `before` has ended somewhere, its drafts included.
async fn follow(scope: &Scope, before: i64) -> Result<Option<End>> {
    let mut changes = scope.changes();
    let wait = async {
        loop {
            changes.mark_unchanged();
            for &outcome in Outcome::ALL.iter().filter(|&&outcome| outcome != Outcome::Pending) {
                for row in scope.messages_by_outcome(outcome, None, 1).await? {
                    if row.id.0 > before {
                        return end(scope, row.id, outcome).await;
                    }
                }
            }
            if changes.changed().await.is_err() {
                return Err(Failure::new("the store was closed"));
            }
        }
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(end) => end.map(Some),
        Err(_) => Ok(None),
    }
}

async fn end(scope: &Scope, message: MessageId, outcome: Outcome) -> Result<End> {
    let message = scope.message(message).await?;
    let from =
        message.read.from.map(|from| from.name.unwrap_or(from.address)).unwrap_or_else(|| "unknown sender".to_owned());
    let mut end = End {
        outcome,
        subject: message.read.subject,
        from,
        category: None,
        urgency: None,
        language: None,
        queue: None,
        drafts: 0,
    };
    if let (Outcome::Ticket, Some(ticket)) = (outcome, message.ticket) {
        let ticket = scope.ticket(ticket).await?;
        end.drafts = scope.drafts(ticket.id).await?.len();
        end.category = ticket.category;
        end.urgency = ticket.urgency.map(|urgency| urgency.to_string());
        end.language = ticket.language;
        end.queue = ticket.queue;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_date_is_moved() {
        let raw = b"From: a@example.com\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n\r\nDate: Fri\r\n".to_vec();
        let moved = dated(raw, jiff::SignedDuration::from_hours(25));
        let text = String::from_utf8(moved).expect("as before");
        assert_eq!(text, "From: a@example.com\r\nDate: Sat, 21 Nov 2026 10:30:00 +0100\r\n\r\nDate: Fri\r\n");
        let odd = b"Date: yesterday\r\n\r\n".to_vec();
        assert_eq!(dated(odd.clone(), jiff::SignedDuration::from_hours(1)), odd);
    }
}
