//! Durable work: what kinds there are, and how often each is tried.

use crate::triage::named;
use crate::{DraftId, MessageId, NotificationId, OutboxId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A unit of work. It names rows, never holds their content, so a retry sees what is true then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Screen, enrich, classify, route.
    Triage {
        /// The message.
        message: MessageId,
    },
    /// Propose replies.
    Draft {
        /// The ticket.
        ticket: TicketId,
    },
    /// Look at a draft again that a person changed.
    Check {
        /// The revision.
        draft: DraftId,
    },
    /// Tell one notifier one thing.
    Notify {
        /// The notification row.
        notification: NotificationId,
    },
    /// Submit approved mail.
    Dispatch {
        /// The outbox row.
        outbox: OutboxId,
    },
    /// Put a copy of what is sent into the mailbox's Sent folder, and into the thread where it is not there yet.
    AppendSent {
        /// The outbox row.
        outbox: OutboxId,
    },
    /// Look whether an uncertain reply is in the mailbox's Sent folder.
    Prove {
        /// The outbox row.
        outbox: OutboxId,
    },
    /// The daily summary.
    Digest {
        /// Local calendar day, `2026-03-01`.
        day: String,
    },
    /// Make recorded calls of a plugin again with another release, and keep what differs.
    Replay {
        /// The plugin's name.
        plugin: String,
        /// Number of the release.
        release: i64,
    },
    /// Teach the spam filter what a person said of a ticket's mails.
    Learn {
        /// The ticket.
        ticket: TicketId,
        /// Whether they are spam.
        spam: bool,
    },
    /// Teach the tenant's Rspamd what a person said of a mail.
    TeachRspamd {
        /// The mail.
        message: MessageId,
        /// Whether it is spam.
        spam: bool,
    },
    /// Install a package that was handed in on the desk, or refuse it.
    Install {
        /// The row that holds its file.
        upload: i64,
    },
    /// Ask a mailbox's provider for a code with which a person signs in.
    SignIn {
        /// The mailbox's name.
        mailbox: String,
    },
    /// Exchange the code that a browser brought back from a mailbox's provider.
    FinishSignIn {
        /// The mailbox's name.
        mailbox: String,
        /// By what the browser's visit is known.
        visit: String,
    },
    /// Compare a mailbox with what is stored of it, and fetch what is missing.
    Repair {
        /// The mailbox's name.
        mailbox: String,
    },
    /// Put mails of an earlier version into the search index.
    IndexMails,
    /// Find out where somebody's provider lets browsers in.
    FindProvider {
        /// By what her way is known.
        visit: String,
    },
    /// Exchange what a browser brought back from somebody's provider, and say who she is.
    Identify {
        /// By what her way is known.
        visit: String,
    },
    /// Try out what somebody asked for on the desk, and write down what was found.
    TryOut {
        /// See [`crate::trial::Subject`].
        what: String,
    },
    /// Translate a mail or a draft for an agent who asked.
    Translate {
        /// The row that holds it.
        translation: i64,
    },
    /// Tell a webhook what happened.
    Deliver {
        /// The row that holds what it is told.
        delivery: i64,
    },
    /// Ask a drafter what a template that is being written would say on a ticket.
    TryTemplate {
        /// The row that holds it.
        trial: i64,
    },
    /// Do what a rung of the ladder says to a ticket that is still open so long before or after its deadline.
    Escalate {
        /// The ticket.
        ticket: TicketId,
        /// The rung's name.
        rung: String,
        /// The deadline that it was made for: another one has a job of its own.
        deadline: Timestamp,
    },
}

named! {
    /// How a sign-in to a mailbox that was begun on the desk stands.
    pub enum SignInState {
        /// Somebody asked for it.
        Asked = "asked",
        /// There is a code, and a person has yet to enter it.
        Waiting = "waiting",
        /// A person agreed in a browser, and the code that it brought back has yet to be exchanged.
        Agreed = "agreed",
        /// The host may sign in.
        Done = "done",
        /// It came to nothing.
        Failed = "failed",
    }
}

impl Job {
    /// The kind's name, as stored and in metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Triage { .. } => "triage",
            Self::Draft { .. } => "draft",
            Self::Check { .. } => "check",
            Self::Notify { .. } => "notify",
            Self::Dispatch { .. } => "dispatch",
            Self::AppendSent { .. } => "append-sent",
            Self::Prove { .. } => "prove",
            Self::Digest { .. } => "digest",
            Self::Replay { .. } => "replay",
            Self::Learn { .. } => "learn",
            Self::TeachRspamd { .. } => "teach-rspamd",
            Self::Install { .. } => "install",
            Self::SignIn { .. } => "sign-in",
            Self::FinishSignIn { .. } => "finish-sign-in",
            Self::Repair { .. } => "repair",
            Self::IndexMails => "index-mails",
            Self::FindProvider { .. } => "find-provider",
            Self::Identify { .. } => "identify",
            Self::TryOut { .. } => "try-out",
            Self::Translate { .. } => "translate",
            Self::Deliver { .. } => "deliver",
            Self::TryTemplate { .. } => "try-template",
            Self::Escalate { .. } => "escalate",
        }
    }

    /// One job per key and tenant at a time: making the same again is not an error and makes nothing.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Triage { message } => format!("triage:{message}"),
            Self::Draft { ticket } => format!("draft:{ticket}"),
            Self::Check { draft } => format!("check:{draft}"),
            Self::Notify { notification } => format!("notify:{notification}"),
            Self::Dispatch { outbox } => format!("dispatch:{outbox}"),
            Self::AppendSent { outbox } => format!("append-sent:{outbox}"),
            Self::Prove { outbox } => format!("prove:{outbox}"),
            Self::Digest { day } => format!("digest:{day}"),
            Self::Replay { plugin, release } => format!("replay:{plugin}:{release}"),
            // Both can wait at a time: the one that is no longer true does nothing.
            Self::Learn { ticket, spam } => format!("learn:{ticket}:{}", if *spam { "spam" } else { "ham" }),
            Self::TeachRspamd { message, spam } => {
                format!("teach-rspamd:{message}:{}", if *spam { "spam" } else { "ham" })
            }
            Self::Install { upload } => format!("install:{upload}"),
            Self::SignIn { mailbox } => format!("sign-in:{mailbox}"),
            Self::FinishSignIn { visit, .. } => format!("finish-sign-in:{visit}"),
            Self::Repair { mailbox } => format!("repair:{mailbox}"),
            Self::IndexMails => "index-mails".to_owned(),
            Self::FindProvider { visit } => format!("find-provider:{visit}"),
            Self::Identify { visit } => format!("identify:{visit}"),
            Self::TryOut { what } => format!("try-out:{what}"),
            Self::Translate { translation } => format!("translate:{translation}"),
            Self::Deliver { delivery } => format!("deliver:{delivery}"),
            Self::TryTemplate { trial } => format!("try-template:{trial}"),
            Self::Escalate { ticket, rung, deadline } => format!("escalate:{ticket}:{rung}:{}", deadline.0),
        }
    }

    /// How long to wait after each failed attempt. The ladder's length bounds the attempts: one first try
    /// and one per rung.
    #[must_use]
    pub fn ladder(&self) -> &'static [Duration] {
        const fn s(seconds: u64) -> Duration {
            Duration::from_secs(seconds)
        }
        const QUICK: &[Duration] = &[s(1), s(5), s(30), s(120), s(600)];
        // Replies are worth a day and a half of trying: mail servers are down over a night.
        const MAIL: &[Duration] =
            &[s(30), s(120), s(600), s(1_800), s(3_600), s(7_200), s(14_400), s(28_800), s(57_600)];
        // A provider's copy is there within minutes or never.
        const LOOKS: &[Duration] = &[s(60), s(300), s(1_800)];
        const CHAT: &[Duration] = &[s(2), s(10), s(60), s(300), s(900), s(3_600)];
        // As the Standard Webhooks have it: over three days and a night.
        const WEBHOOK: &[Duration] =
            &[s(5), s(300), s(1_800), s(7_200), s(18_000), s(36_000), s(50_400), s(72_000), s(86_400)];
        match self {
            Self::Triage { .. }
            | Self::Draft { .. }
            | Self::Check { .. }
            | Self::Digest { .. }
            | Self::Replay { .. }
            | Self::Learn { .. }
            | Self::Install { .. }
            | Self::SignIn { .. }
            | Self::FinishSignIn { .. }
            | Self::Repair { .. }
            | Self::FindProvider { .. }
            | Self::Identify { .. }
            | Self::TryTemplate { .. }
            | Self::TryOut { .. }
            | Self::Translate { .. }
            | Self::Escalate { .. }
            | Self::IndexMails => QUICK,
            Self::Notify { .. } => CHAT,
            Self::Deliver { .. } => WEBHOOK,
            // Nobody waits for it, and a Rspamd may be away for a night.
            Self::Dispatch { .. } | Self::AppendSent { .. } | Self::TeachRspamd { .. } => MAIL,
            Self::Prove { .. } => LOOKS,
        }
    }
}

/// What a failed attempt asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobFailure {
    /// Try again on the ladder, or after this long when it is given and longer.
    Retry {
        /// For the desk and the log.
        reason: String,
        /// What the other side asked for.
        after: Option<Duration>,
    },
    /// Trying again will not help.
    Fail {
        /// For the desk and the log.
        reason: String,
    },
    /// What it needs is not to be had before a set time (a plugin is cut off): it is put back until then, and this was no try.
    Waits {
        /// For the log.
        reason: String,
        /// For how long.
        wait: Duration,
    },
    /// Another call wrote first what this one had read: it is put back and run again at once, and this was no try.
    Overtaken {
        /// For the log.
        reason: String,
    },
    /// The house itself was in trouble (a full disk, a lock, a database that is away), which says nothing about the job: it is
    /// put back and this was no try, however long the trouble lasts.
    Held {
        /// For the log.
        reason: String,
    },
}

impl JobFailure {
    /// Try again on the ladder.
    pub fn retry(reason: impl std::fmt::Display) -> Self {
        Self::Retry { reason: reason.to_string(), after: None }
    }

    /// Give up.
    pub fn fail(reason: impl std::fmt::Display) -> Self {
        Self::Fail { reason: reason.to_string() }
    }

    /// Put back, not a try.
    pub fn held(reason: impl std::fmt::Display) -> Self {
        Self::Held { reason: reason.to_string() }
    }

    /// Whether the job is put back as if it had not been begun.
    #[must_use]
    pub fn is_no_try(&self) -> bool {
        matches!(self, Self::Held { .. } | Self::Waits { .. } | Self::Overtaken { .. })
    }

    /// The words.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Retry { reason, .. }
            | Self::Fail { reason }
            | Self::Held { reason }
            | Self::Waits { reason, .. }
            | Self::Overtaken { reason } => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_has_a_ladder_that_ends() {
        let ladder = Job::Dispatch { outbox: OutboxId(1) }.ladder();
        assert!((1..=12).contains(&ladder.len()));
        assert!(ladder.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn job_survives_json() {
        let job = Job::Digest { day: "2026-03-01".into() };
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(text, r#"{"job":"digest","day":"2026-03-01"}"#);
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
    }
}
