//! The status page.

use crate::page::status::{FailedJobRow, IncidentRow, MailboxRow, PluginRow, SignIn, SignInStands, StatusPage};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::config::{MailboxConfig, Provider};
use posthouse_model::job::SignInState;
use posthouse_model::{Timestamp, refusal};
use posthouse_store::{JobState, SignInRow};

/// What works and what does not.
pub(crate) async fn status(seat: &Seat) -> Result<StatusPage, Refusal> {
    let t = seat.lang();
    let (incidents, sign_ins, mailboxes, plugins, failed) = tokio::try_join!(
        seat.scope.open_incidents(),
        seat.scope.sign_ins(),
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
                let oauth = set.and_then(|m| m.oauths().next()).map(|(_, oauth)| oauth);
                let oauth = oauth.filter(|oauth| oauth.device_url.is_some() || oauth.authorize_url.is_some());
                MailboxRow {
                    sign_in: oauth.map(|oauth| SignIn {
                        mailbox: m.mailbox.name.clone(),
                        by_code: oauth.device_url.is_some(),
                        by_browser: oauth.authorize_url.as_ref().map(|_| seat.desk.came_back_url()),
                        stands: stands(t, seat.desk.now(), &m.mailbox.name, &sign_ins),
                    }),
                    way_in: set.and_then(way_in).unwrap_or_else(|| m.mailbox.name.clone()),
                    way_out: set.and_then(|m| way_out(m, t)),
                    address: m.mailbox.address,
                    active: m.active,
                    trouble: m.fetch_error.map(|words| explained(t, words, set)),
                    left: m.left_to_fetch.and_then(|left| u64::try_from(left).ok()),
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

fn stands(t: Lang, now: Timestamp, mailbox: &str, rows: &[SignInRow]) -> SignInStands {
    match rows.iter().find(|row| row.mailbox == mailbox) {
        None => SignInStands::Not,
        Some(row) => match (row.state, &row.user_code, &row.address, row.expires_at) {
            (SignInState::Asked, ..) => SignInStands::Asked,
            (SignInState::Waiting, Some(code), Some(address), Some(until)) if until > now => {
                SignInStands::Waiting { code: code.clone(), address: address.clone(), until }
            }
            (SignInState::Waiting, ..) => SignInStands::Failed(t.sign_in_run_out().to_owned()),
            (SignInState::Agreed, ..) => SignInStands::Agreed(row.changed_at),
            (SignInState::Done, ..) => SignInStands::Done(row.changed_at),
            (SignInState::Failed, ..) => {
                SignInStands::Failed(explained(t, row.words.clone().unwrap_or_default(), None))
            }
        },
    }
}

/// A server's words with what they mean, where that is known.
fn explained(t: Lang, words: String, mailbox: Option<&MailboxConfig>) -> String {
    let host = mailbox.and_then(|mailbox| mailbox.imap.as_ref()).map(|imap| imap.host.as_str());
    let provider = mailbox.and_then(|mailbox| mailbox.provider).or(host.and_then(Provider::of_host));
    match refusal::explain(&words, provider) {
        Some(known) => format!("{words} → {}", known.text(t.code())),
        None => words,
    }
}

fn way_in(mailbox: &MailboxConfig) -> Option<String> {
    let imap = mailbox.imap.as_ref().map(|i| format!("IMAP {}", i.host));
    imap.or_else(|| mailbox.maildir.as_ref().map(|_| "Maildir".to_owned()))
}

fn way_out(mailbox: &MailboxConfig, t: Lang) -> Option<String> {
    let smtp = mailbox.smtp.as_ref().map(|s| format!("SMTP {}", s.host));
    smtp.or_else(|| mailbox.files.as_ref().map(|_| t.mailbox_files().to_owned()))
}
