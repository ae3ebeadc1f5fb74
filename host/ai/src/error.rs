//! What can go wrong with a model, sorted by what to do next.

use std::time::Duration;

/// Why there is no answer. The words are cleaned (no control characters, no key, at most 500 characters) and may be shown
/// to an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AiError {
    /// The set-up cannot work as it is.
    #[error("the model is not set up right: {0}")]
    Setup(String),
    /// The provider understood and said no: trying the same again will not help.
    #[error("the model's provider refused the request ({status}): {words}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The provider's words.
        words: String,
    },
    /// Too many requests at the moment.
    #[error("the model's provider asks to slow down: {words}")]
    RateLimited {
        /// What the provider asked for, at most one hour; none when it did not say.
        retry_after: Option<Duration>,
        /// The provider's words.
        words: String,
    },
    /// No connection, no answer in time, or the provider is in trouble.
    #[error("the model cannot be reached: {0}")]
    Unavailable(String),
    /// An answer came, but it is not a completion.
    #[error("the model's answer makes no sense: {0}")]
    Malformed(String),
}

impl AiError {
    /// Trying the same again later may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable(_))
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Setup(_) => "correct [model] in tenant.toml and apply the tenant again",
            Self::Rejected { status: 401 | 403, .. } => {
                "check the key: set it again with `posthouse secret set`, and look at the provider's console whether it is \
                 active and may use this model"
            }
            Self::Rejected { status: 402 | 429, .. } => {
                "the account has no credit left: look at the provider's billing page"
            }
            Self::Rejected { status: 404, .. } => {
                "check model.base_url (it must end with the version, such as /v1) and model.model"
            }
            Self::Rejected { .. } => "the provider's words say what it did not like about the request",
            Self::RateLimited { .. } => "wait, or raise the rate limit in the provider's console",
            Self::Unavailable(_) => {
                "check that this machine reaches model.base_url (network, proxy, firewall) and the provider's status page"
            }
            Self::Malformed(_) => "model.base_url does not point at an endpoint that speaks what model.api says",
        }
    }
}

/// Makes words from outside fit to show: one line, no control characters, at most 500 characters.
pub(crate) fn clean(words: &str) -> String {
    const CHARS_MAX: usize = 500;
    let mut clean = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()) {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
        if clean.len() > CHARS_MAX * 4 {
            break;
        }
    }
    if clean.chars().count() > CHARS_MAX {
        clean = clean.chars().take(CHARS_MAX).chain(['…']).collect();
    }
    if clean.is_empty() { "(no words)".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_are_cleaned() {
        assert_eq!(clean("a\r\n\tb\u{1b}[31m c"), "a b [31m c");
        assert_eq!(clean("\n"), "(no words)");
        assert_eq!(clean(&"字".repeat(9_000)).chars().count(), 501);
    }
}
