//! Marketplaces that stand between buyer and seller: mail comes from an alias, and hardly ever with the Message-IDs of its thread.
//!
//! An alias is one buyer's, for good (Amazon makes one for each buyer and seller, eBay and Etsy likewise), so a mail from it belongs to
//! what that buyer wrote about before: the same order where the subject names one, else the same subject.

use super::normal_subject;
use posthouse_model::mail::ReadMail;

/// Domains of aliases; a dot before one: everything beneath it too.
const ALIASES: &[&str] = &[
    // Amazon: marketplace.amazon.com, .co.uk, .de …
    "marketplace.amazon.",
    // eBay: members.ebay.com, .co.uk, .de …
    "members.ebay.",
    "reply.ebay.",
    // Etsy
    "conversations.etsy.",
    "mail.etsy.",
    // Others that work in the same way.
    "message-mail.shopee.",
    "mail.cdiscount.",
    "relay.walmart.",
];

/// A mail that came by way of a marketplace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// The buyer's alias, in the form used to compare.
    pub alias: String,
    /// The order or item that the subject names, as it stands there, lower case.
    pub order: Option<String>,
    /// See [`normal_subject`].
    pub subject: String,
}

/// Whether a mail came by way of a marketplace, and whose it is.
#[must_use]
pub fn relayed(mail: &ReadMail) -> Option<Relayed> {
    let alias = mail.customer()?.key();
    let domain = alias.rsplit_once('@')?.1;
    let known = ALIASES.iter().any(|begin| domain.starts_with(begin) && domain.len() > begin.len());
    known.then(|| Relayed { order: order_number(&mail.subject), subject: normal_subject(&mail.subject), alias })
}

/// A number of an order as marketplaces write it: digits in groups (`302-1234567-7654321`, `12-34567-89012`), or nine and more in a row.
fn order_number(subject: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '-';
    subject
        .split(|c: char| !is_part(c))
        .map(|run| run.trim_matches('-'))
        .find(|run| {
            let digits = run.bytes().filter(u8::is_ascii_digit).count();
            // A date (2026-11-20) has eight.
            digits >= 9 && !run.contains("--")
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use posthouse_model::mail::Address;

    fn from(address: &str, subject: &str) -> Option<Relayed> {
        relayed(&ReadMail {
            from: Some(Address { name: None, address: address.to_owned() }),
            subject: subject.to_owned(),
            ..ReadMail::default()
        })
    }

    #[test]
    fn aliases_of_marketplaces_are_known() {
        for address in [
            "8x2kq1@marketplace.amazon.com",
            "8X2KQ1@Marketplace.Amazon.co.uk",
            "a_1@members.ebay.de",
            "x@conversations.etsy.com",
        ] {
            let relayed = from(address, "Question").unwrap();
            assert_eq!(relayed.alias, address.to_lowercase());
        }
        for address in [
            "a@amazon.com",
            "a@marketplace.amazon",
            "a@marketplace.amazon.",
            "a@notmembers.ebay.com",
            "mary@example.com",
        ] {
            assert_eq!(from(address, "Question"), None, "{address}");
        }
    }

    #[test]
    fn the_order_is_read_from_the_subject() {
        let order = |subject: &str| from("a@marketplace.amazon.com", subject).unwrap().order;
        assert_eq!(
            order("Product details inquiry (Order: 302-1234567-7654321)").as_deref(),
            Some("302-1234567-7654321")
        );
        assert_eq!(order("Bestellung 302-1234567-7654321 – wo ist sie?").as_deref(), Some("302-1234567-7654321"));
        assert_eq!(order("ana_92 sent a message about Lamp #256012345678").as_deref(), Some("256012345678"));
        assert_eq!(order("Your order of 2026-11-20"), None);
        assert_eq!(order("Question about sizes"), None);
    }
}
