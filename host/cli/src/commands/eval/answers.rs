//! Asks a classifier, as the host would: the same for every run, so that the same data gives the same answers.

use super::NONE;
use crate::failure::{Failure, Result};
use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::mail::Address;
use posthouse_model::ticket::Direction;
use posthouse_model::triage::Triage;
use posthouse_sandbox::{PlainHost, Plugin};
use std::sync::Arc;
use tokio::task::JoinSet;

/// From which confidence an answer of spam counts.
pub(crate) const SPAM_CONFIDENCE_MIN: f32 = 0.8;
/// Mails in the works at once.
const AT_ONCE: usize = 8;

/// Classifies all mails, a few at a time; the answers are in the mails' order.
pub(crate) async fn classify_all(
    plugin: &Arc<Plugin>,
    mails: Vec<MessageView>,
) -> Result<Vec<std::result::Result<Triage, String>>> {
    let mails: Arc<Vec<Arc<MessageView>>> = Arc::new(mails.into_iter().map(Arc::new).collect());
    let mut tasks = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (plugin, mails) = (plugin.clone(), mails.clone());
        tasks.spawn(async move {
            let host: Arc<PlainHost> = Arc::default();
            let mut answers = Vec::new();
            for index in (worker..mails.len()).step_by(AT_ONCE) {
                let called = plugin.classify(call(), host.clone(), Arc::clone(&mails[index])).await;
                answers.push((index, called.result.map_err(|error| error.to_string())));
            }
            answers
        });
    }
    let mut all = vec![Err("not classified".to_owned()); mails.len()];
    while let Some(done) = tasks.join_next().await {
        for (index, answer) in done.map_err(|error| Failure::new(error.to_string()))? {
            all[index] = answer;
        }
    }
    Ok(all)
}

/// The category that counts.
pub(crate) fn label(triage: &Triage) -> String {
    if triage.spam.is_some_and(|confidence| confidence >= SPAM_CONFIDENCE_MIN) {
        return "spam".to_owned();
    }
    triage.category.as_ref().map_or_else(|| NONE.to_owned(), |category| category.value.clone())
}

fn call() -> CallContext {
    CallContext {
        now: Timestamp::from_seconds(1_772_323_200),
        seed: 1,
        tenant_name: "Evaluation".to_owned(),
        agent_language: "en".to_owned(),
    }
}

/// A mail as the host would read it, sent at a time.
pub(crate) fn message_at(from: &str, subject: &str, text: &str, sent_at: Option<Timestamp>) -> MessageView {
    let view = message_of(from, subject, text);
    let sent_at = sent_at.unwrap_or(view.sent_at);
    MessageView { sent_at, ..view }
}

/// A mail as the host would read it, sent now.
pub(crate) fn message_of(from: &str, subject: &str, text: &str) -> MessageView {
    let body = posthouse_mail::quote::reply_text(text);
    let body = if body.trim().is_empty() { text.to_owned() } else { body };
    let language = posthouse_mail::language::detect(&body)
        .or_else(|| posthouse_mail::language::detect(&format!("{subject}\n{body}")));
    MessageView {
        subject: subject.to_owned(),
        body,
        full_text: text.to_owned(),
        from: (!from.trim().is_empty()).then(|| Address { name: None, address: from.trim().to_owned() }),
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: call().now,
        direction: Direction::Incoming,
        language,
        headers: Vec::new(),
        message_id: None,
        attachments: Vec::new(),
    }
}
