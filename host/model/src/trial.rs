//! Trying out what a team has set up: one mailbox, one notifier, the model. What is found is told step by step, in words.

use serde::{Deserialize, Serialize};

/// What can be tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The mailbox of that name: its way in and its way out.
    Mailbox(String),
    /// The notifier of that name: it tells its group that this is a test.
    Notifier(String),
    /// The team's model: one short question.
    Model,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mailbox(name) => write!(f, "mailbox:{name}"),
            Self::Notifier(name) => write!(f, "notifier:{name}"),
            Self::Model => f.write_str("model"),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("mailbox", name)) => Ok(Self::Mailbox(name.to_owned())),
            Some(("notifier", name)) => Ok(Self::Notifier(name.to_owned())),
            None if text == "model" => Ok(Self::Model),
            _ => Err(format!("`{text}` cannot be tried out")),
        }
    }
}

/// One step of looking at a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `name`, `connect`, `tls`, `sign-in` …
    pub name: String,
    /// It went well.
    pub ok: bool,
    /// What was seen. Untrusted where a server said it.
    pub words: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `mailbox support, in`, `notifier feishu` …
    pub what: String,
    /// All is well.
    pub ok: bool,
    /// What was found, or what is wrong. Untrusted where a server said it.
    pub words: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What was done, in order, up to what failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl Finding {
    /// One without steps.
    #[must_use]
    pub fn plain(what: String, ok: bool, words: String, mend: Option<String>) -> Self {
        Self { what, ok, words, mend, duration_ms: None, steps: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_subject_is_its_text() {
        for subject in [Subject::Mailbox("a/b".into()), Subject::Notifier("team".into()), Subject::Model] {
            assert_eq!(subject.to_string().parse::<Subject>().unwrap(), subject);
        }
        for bad in ["", "mailbox", "models", "plugin:x"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
