//! The status page.

use crate::page::status::{FailedJobRow, IncidentRow, MailboxRow, PluginRow, StatusPage};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::config::MailboxConfig;
use posthouse_store::JobState;

/// What works and what does not.
pub(crate) async fn status(seat: &Seat) -> Result<StatusPage, Refusal> {
    let t = seat.lang();
    let (incidents, mailboxes, plugins, failed) = tokio::try_join!(
        seat.scope.open_incidents(),
        seat.scope.mailboxes(),
        seat.scope.plugins(),
        seat.scope.jobs(JobState::Failed)
    )?;
    let cut_off = |plugin: &str| {
        incidents.iter().find(|i| i.key.strip_prefix("plugin:") == Some(plugin)).map(|incident| incident.opened_at)
    };
    Ok(StatusPage {
        incidents: incidents.iter().map(|i| IncidentRow { text: i.detail.clone(), since: i.opened_at }).collect(),
        mailboxes: mailboxes
            .into_iter()
            .map(|m| {
                let set = seat.config.mailbox(&m.mailbox.name);
                MailboxRow {
                    way_in: set.and_then(way_in).unwrap_or_else(|| m.mailbox.name.clone()),
                    way_out: set.and_then(|m| way_out(m, t)),
                    address: m.mailbox.address,
                    active: m.active,
                    trouble: m.fetch_error,
                    fetched_at: m.fetched_at,
                }
            })
            .collect(),
        plugins: plugins
            .into_iter()
            .map(|p| PluginRow {
                cut_off: cut_off(&p.plugin.name),
                name: p.plugin.name,
                world: p.plugin.world,
                version: p.plugin.version,
                digest: p.plugin.digest,
                hosts: p.plugin.grants.http.iter().map(|h| h.host.clone()).collect(),
                model: p.plugin.grants.model.is_some(),
            })
            .collect(),
        failed: failed
            .into_iter()
            .map(|j| FailedJobRow {
                kind: j.job.kind().to_owned(),
                error: j.errors.last().map(|e| e.reason.clone()).unwrap_or_default(),
                tries: super::list::whole(j.attempts),
                at: j.errors.last().map_or(j.due_at, |e| e.at),
            })
            .collect(),
    })
}

fn way_in(mailbox: &MailboxConfig) -> Option<String> {
    let imap = mailbox.imap.as_ref().map(|i| format!("IMAP {}", i.host));
    imap.or_else(|| mailbox.maildir.as_ref().map(|_| "Maildir".to_owned()))
}

fn way_out(mailbox: &MailboxConfig, t: Lang) -> Option<String> {
    let smtp = mailbox.smtp.as_ref().map(|s| format!("SMTP {}", s.host));
    smtp.or_else(|| mailbox.files.as_ref().map(|_| t.mailbox_files().to_owned()))
}
