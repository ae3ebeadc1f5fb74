//! A key that does not leak by accident.

use crate::AiError;
use zeroize::Zeroizing;

/// A provider's key. It never prints, and its memory is overwritten when it is dropped. The copies that the HTTP client
/// makes for a request's header live as long as the request and are marked sensitive, so that they do not print either.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Longest key taken, in bytes.
    pub const BYTES_MAX: usize = 4_096;

    /// White space around it (a file's last line end) is dropped.
    ///
    /// # Errors
    /// [`AiError::Setup`] when it is empty, too long, or has a character that no header can carry.
    pub fn new(text: impl Into<String>) -> Result<Self, AiError> {
        let text = Zeroizing::new(text.into());
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > Self::BYTES_MAX || !trimmed.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AiError::Setup(format!(
                "the model's key must be 1 to {} visible ASCII characters on one line",
                Self::BYTES_MAX
            )));
        }
        Ok(Self(Zeroizing::new(trimmed.to_owned())))
    }

    /// For the one place that puts it into a request.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the key out of words that came back from outside: some providers echo it.
    pub(crate) fn redact(&self, words: &str) -> String {
        words.replace(self.reveal(), "[key]")
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[key]")
    }
}

impl std::fmt::Display for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad("[key]")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_never_prints() {
        let key = ApiKey::new("  sk-very-secret\n").unwrap();
        assert_eq!(key.reveal(), "sk-very-secret");
        assert_eq!(format!("{key} {key:?} {:#?}", Some(&key)), "[key] [key] Some(\n    [key],\n)");
        assert_eq!(key.redact("bad key sk-very-secret!"), "bad key [key]!");
    }

    #[test]
    fn what_no_header_can_carry_is_refused_without_being_repeated() {
        for bad in ["", " \n", "sk-a\r\nX: y", "sk-ключ", "a b"] {
            let error = ApiKey::new(bad).unwrap_err().to_string();
            assert!(bad.trim().is_empty() || !error.contains(bad), "{error}");
        }
        assert!(ApiKey::new("k".repeat(ApiKey::BYTES_MAX + 1)).is_err());
    }
}
