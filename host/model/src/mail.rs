//! A mail once read: the record that `posthouse mail read` prints and that the pipeline stores.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A name and an address as they stood in a header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Display name, decoded.
    pub name: Option<String>,
    /// `local@domain` as written; may be odd, is never empty.
    pub address: String,
}

impl Address {
    /// The address in the form used to compare: trimmed, lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.address.trim().to_lowercase()
    }
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name, decoded (RFC 2047 and RFC 2231), without any path.
    pub name: Option<String>,
    /// `image/png`, lower case.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of the decoded bytes.
    pub sha256: String,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Shown in place by the text.
    pub inline: bool,
    /// Where the bytes are, to fetch them again: the lower 16 bits are an index into the flat list of parts (depth first, root is
    /// 0), the upper 16 the number, from 1, of a file within that part (`winmail.dat`), 0 for the part itself.
    pub part: u32,
}

/// One node of the part tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `multipart/mixed`, `text/plain` …
    #[serde(rename = "type")]
    pub media_type: String,
    /// Children of a multipart or an enclosed message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What a delivery status report says (RFC 3464).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// Message-ID of the mail that bounced, when found.
    pub original_message_id: Option<String>,
    /// The address that failed.
    pub recipient: Option<String>,
    /// `5.1.1`, RFC 3463.
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: Option<String>,
    /// Permanent.
    pub hard: bool,
}

/// A mail, read. Reading never fails: what was odd is in `warnings`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadMail {
    /// Without angle brackets. Where the mail has none: none (the store makes up an identity).
    pub message_id: Option<String>,
    /// First address of From, else of Sender.
    pub from: Option<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// Date header as a point in time.
    pub date: Option<Timestamp>,
    /// Decoded.
    pub subject: String,
    /// Readable text, from text/plain or made from HTML; `\n` line ends.
    pub text: String,
    /// `text` without quoted history and signature.
    pub reply_text: String,
    /// The HTML part as it came (not sanitised), when there is one.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The part tree.
    pub structure: Option<Part>,
    /// In-Reply-To, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// References, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// Value of Auto-Submitted when it is not `no`, or a word for what else says the mail is automatic
    /// (`precedence: bulk`, `x-autoreply` …).
    pub auto_submitted: Option<String>,
    /// Set for a delivery report.
    pub bounce: Option<Bounce>,
    /// BCP 47, none when unsure.
    pub language: Option<String>,
    /// All headers, names as written, values unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// What was wrong with the bytes, for a person.
    pub warnings: Vec<String>,
}

impl ReadMail {
    /// All values of a header; the name's case does not matter.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whom an answer goes to: Reply-To when it names somebody who can be answered, else From. Forms and shops put odd things
    /// there: the address that the mail was sent to, which is ours, or one that nobody reads.
    #[must_use]
    pub fn customer(&self) -> Option<&Address> {
        let ours = |key: &str| self.to.iter().chain(&self.cc).any(|to| to.key() == key);
        let sane = |a: &&Address| {
            let key = a.key();
            key.contains('@') && !ours(&key) && !is_unread(&key)
        };
        self.reply_to.iter().find(sane).or(self.from.as_ref())
    }
}

/// An address whose name says that nobody reads what comes there.
fn is_unread(key: &str) -> bool {
    let local: String = key.split('@').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    ["noreply", "donotreply", "mailerdaemon"].iter().any(|name| local.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Address {
        Address { name: None, address: address.to_owned() }
    }

    #[test]
    fn reply_to_is_honoured_where_it_makes_sense() {
        let customer = |reply_to: &[&str]| {
            let mail = ReadMail {
                from: Some(at("ana@customer.example")),
                to: vec![at("Support@shop.example")],
                reply_to: reply_to.iter().map(|address| at(address)).collect(),
                ..ReadMail::default()
            };
            mail.customer().map(|address| address.address.clone()).unwrap_or_default()
        };
        assert_eq!(customer(&["ana@home.example"]), "ana@home.example");
        assert_eq!(customer(&["nonsense", "ana@home.example"]), "ana@home.example");
        // Ours, by which a form answers itself; and those that nobody reads.
        for odd in ["support@shop.example", "no-reply@forms.example", "DoNotReply@forms.example", "noreply+7@x.example"]
        {
            assert_eq!(customer(&[odd]), "ana@customer.example", "{odd}");
        }
        assert_eq!(customer(&[]), "ana@customer.example");
    }
}
