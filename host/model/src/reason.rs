//! Why a mail ended where it ended: a number that stays, and words.
//!
//! Numbers are for people who ask each other ("why S22?"), for documents and for search. One that was given out is never
//! given another meaning.

use crate::triage::named;
use serde::{Deserialize, Serialize};
use std::fmt;

named! {
    /// The numbered reasons. The tens say of what kind they are: 0 left out, 1 automatic, 2 spam, 3 could not be read, 4 went
    /// to a person unsorted, 5 not sent by itself.
    pub enum ReasonCode {
        /// Stored by a version that did not number reasons, and of no known kind.
        Unnumbered = "S00",
        /// Our own mail came back.
        OwnMail = "S01",
        /// The sender is on the tenant's blocklist.
        BlockedSender = "S02",
        /// No words and no files.
        Blank = "S03",
        /// The same mail is here already, by another way.
        Duplicate = "S04",
        /// A delivery report.
        Bounce = "S10",
        /// An answering machine wrote it.
        AutoReply = "S11",
        /// A mailing list or newsletter.
        List = "S12",
        /// A machine's notice, from a shop or a marketplace.
        Notice = "S13",
        /// A classifier is sure that it is spam.
        SpamByPlugin = "S20",
        /// It is like mail that people called spam.
        SpamLearned = "S21",
        /// The mail server's filter marked it.
        SpamByHeader = "S22",
        /// The tenant's Rspamd calls it spam.
        SpamByRspamd = "S23",
        /// A person called it spam.
        SpamByAgent = "S24",
        /// These bytes are not a mail.
        NotMail = "S30",
        /// Larger than this host fetches.
        TooLarge = "S31",
        /// The server does not hand it out.
        NotHandedOut = "S32",
        /// Reading it failed inside the host.
        ReaderFailed = "S33",
        /// Triage was given up: a person got it unsorted.
        Unsorted = "S40",
        /// So many automatic mails went out on the ticket, or to the address, that it may be a loop.
        AutomaticCap = "S50",
        /// Mail to the address came back for good, so none is sent there automatically.
        AddressReturned = "S51",
        /// The customer wrote again after the reply was scheduled.
        Overtaken = "S52",
        /// Somebody stopped all replies that go out by themselves.
        AutonomyStopped = "S53",
        /// The category is no longer answered by itself.
        AutonomyTakenBack = "S54",
    }
}

impl ReasonCode {
    /// What it means, in English.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Unnumbered => "left out",
            Self::OwnMail => "our own mail came back",
            Self::BlockedSender => "sender on the blocklist",
            Self::Blank => "nothing in it",
            Self::Duplicate => "here already",
            Self::Bounce => "delivery report",
            Self::AutoReply => "an answering machine",
            Self::List => "mailing list or newsletter",
            Self::Notice => "automatic notice",
            Self::SpamByPlugin => "a plugin calls it spam",
            Self::SpamLearned => "like mail that people called spam",
            Self::SpamByHeader => "marked by the mail server's filter",
            Self::SpamByRspamd => "Rspamd calls it spam",
            Self::SpamByAgent => "a person called it spam",
            Self::NotMail => "not a mail",
            Self::TooLarge => "too large to fetch",
            Self::NotHandedOut => "the server does not hand it out",
            Self::ReaderFailed => "could not be read",
            Self::Unsorted => "could not be sorted",
            Self::AutomaticCap => "too many automatic mails",
            Self::AddressReturned => "mail to the address came back",
            Self::Overtaken => "the customer wrote again",
            Self::AutonomyStopped => "automatic replies are stopped",
            Self::AutonomyTakenBack => "the category lost its level",
        }
    }
}

/// Why a mail ended where it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Its number.
    pub code: ReasonCode,
    /// What exactly, in English: which header, which address, how sure. Empty where the number says all.
    pub words: String,
}

impl Reason {
    /// A reason in words.
    #[must_use]
    pub fn new(code: ReasonCode, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }

    /// Reads what [`Display`](fmt::Display) wrote; none when the text is anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (code, rest) = text.split_once(' ')?;
        let code: ReasonCode = code.parse().ok()?;
        let rest = rest.strip_prefix(code.summary())?;
        if rest.is_empty() { Some(Self::new(code, "")) } else { Some(Self::new(code, rest.strip_prefix(": ")?)) }
    }
}

/// `S04 here already: message 7, the same mail came before`
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.code.summary())?;
        if self.words.is_empty() { Ok(()) } else { write!(f, ": {}", self.words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_of_a_kind_and_in_order() {
        let codes: Vec<_> = ReasonCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        for code in codes {
            assert!(
                code.len() == 3 && code.starts_with('S') && code[1..].bytes().all(|b| b.is_ascii_digit()),
                "{code}"
            );
        }
    }

    #[test]
    fn a_reason_shows_its_number_first() {
        assert_eq!(Reason::new(ReasonCode::Blank, "").to_string(), "S03 nothing in it");
        let loops = Reason::new(ReasonCode::OwnMail, "X-Posthouse-Loop");
        assert_eq!(loops.to_string(), "S01 our own mail came back: X-Posthouse-Loop");
        assert_eq!("S03".parse(), Ok(ReasonCode::Blank));
        assert!("S99".parse::<ReasonCode>().is_err());
        for reason in [loops, Reason::new(ReasonCode::AutomaticCap, ""), Reason::new(ReasonCode::Blank, "a: b")] {
            assert_eq!(Reason::read(&reason.to_string()), Some(reason));
        }
        for other in ["", "S50", "S50 x", "550 no such user", "S03 nothing in it, really"] {
            assert_eq!(Reason::read(other), None, "{other}");
        }
    }
}
