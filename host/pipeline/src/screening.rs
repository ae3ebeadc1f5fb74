//! Screening: what the host itself knows of a mail, without any plugin, and whether what a classifier says makes it spam.
//!
//! In this order: the tenant's own lists, automatic mail, the mark of the mail server's filter, what people taught, Rspamd. Spam is
//! only looked for in mail that begins a conversation: who is on a ticket that has other mails was heard already. A mail that a
//! person took up is let pass by all of it.

pub mod rspamd;

use crate::house::House;
use crate::learn;
use crate::tenant::Tenant;
use posthouse_mail::marked::spam_mark;
use posthouse_mail::screen::{self, Automatic, Own};
use posthouse_model::mail::Address;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::Triage;
use posthouse_store::{MessageRow, StoreError};

/// Where a mail ends before any plugin is asked; none: it goes on. `mails` is how many its ticket holds.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn before_plugins(
    house: &House,
    tenant: &Tenant,
    message: &MessageRow,
    mails: i64,
) -> Result<Option<(Outcome, Reason)>, StoreError> {
    if message.taken_up_at.is_some() {
        return Ok(None);
    }
    let settled = own_knowledge(house, tenant, message);
    if settled.is_some() || mails > 1 || is_trusted(tenant, message) {
        return Ok(settled);
    }
    let spam = |code, words: String| Ok(Some((Outcome::Spam, Reason::new(code, words))));
    if tenant.config.screen.spam_headers
        && let Some(mark) = spam_mark(&message.read)
    {
        return spam(ReasonCode::SpamByHeader, mark);
    }
    if let Some(words) = learned(tenant, message).await? {
        return spam(ReasonCode::SpamLearned, words);
    }
    if let Some(words) = rspamd::ask(house, tenant, message).await? {
        return spam(ReasonCode::SpamByRspamd, words);
    }
    Ok(None)
}

/// Why a mail is spam, by what the classifiers found.
pub(crate) fn after_classifiers(tenant: &Tenant, message: &MessageRow, triage: &Triage) -> Option<Reason> {
    let confidence = triage.spam.filter(|confidence| *confidence >= tenant.config.screen.spam_confidence_min)?;
    if message.taken_up_at.is_some() || is_trusted(tenant, message) {
        return None;
    }
    Some(Reason::new(ReasonCode::SpamByPlugin, format!("{:.0} % sure", confidence * 100.0)))
}

fn own_knowledge(house: &House, tenant: &Tenant, message: &MessageRow) -> Option<(Outcome, Reason)> {
    if matches_sender(&tenant.config.screen.blocked_senders, &sender(message)) && !is_trusted(tenant, message) {
        return Some((Outcome::Skipped, Reason::new(ReasonCode::BlockedSender, sender(message))));
    }
    let addresses = tenant.own_addresses();
    let own = Own { installation: house.installation(), addresses: &addresses };
    let automatic = screen::screen(&message.read, &own)?;
    let outcome = match automatic {
        Automatic::OwnLoop { .. } | Automatic::Blank => Outcome::Skipped,
        _ => Outcome::Automatic,
    };
    Some((outcome, automatic.reason()))
}

/// What people taught of mails like this one.
async fn learned(tenant: &Tenant, message: &MessageRow) -> Result<Option<String>, StoreError> {
    let Some((confidence, learned)) = learn::verdict(tenant, message).await? else { return Ok(None) };
    if confidence < f64::from(tenant.config.screen.learned_spam_min) {
        return Ok(None);
    }
    Ok(Some(format!(
        "{:.1} % sure, learned from {} spam and {} other mails",
        confidence * 100.0,
        learned.spam,
        learned.ham
    )))
}

fn sender(message: &MessageRow) -> String {
    message.read.from.as_ref().map(Address::key).unwrap_or_default()
}

fn is_trusted(tenant: &Tenant, message: &MessageRow) -> bool {
    matches_sender(&tenant.config.screen.trusted_senders, &sender(message))
}

fn matches_sender(list: &[String], address: &str) -> bool {
    list.iter().any(|entry| {
        let entry = entry.trim().to_lowercase();
        match entry.strip_prefix("@.") {
            Some(domain) => address
                .rsplit_once('@')
                .and_then(|(_, host)| host.strip_suffix(domain))
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            None if entry.starts_with('@') => address.ends_with(&entry),
            None => address == entry,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_lists_know_addresses_and_domains() {
        let list = vec!["Spam@Example.com".to_owned(), "@bad.example".to_owned()];
        assert!(matches_sender(&list, "spam@example.com"));
        assert!(matches_sender(&list, "anyone@bad.example"));
        assert!(!matches_sender(&list, "x@notbad.example.com"));
        assert!(!matches_sender(&list, "other@example.com"));
        // A sub-domain is another domain.
        assert!(!matches_sender(&list, "a@sub.bad.example"));
        // Unless it is asked for.
        let list = vec!["@.Bad.example".to_owned()];
        for beneath in ["a@bad.example", "a@sub.bad.example", "a@x.sub.bad.example"] {
            assert!(matches_sender(&list, beneath), "{beneath}");
        }
        for other in ["a@notbad.example", "a@bad.example.com", "bad.example", ""] {
            assert!(!matches_sender(&list, other), "{other}");
        }
    }
}
