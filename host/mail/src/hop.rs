//! Who handed a mail to the side that received it, by the trace that servers leave (RFC 5321, 4.4).
//!
//! Everybody can write `Received` headers. The uppermost was written by the server that put the mail into the mailbox; one that got it
//! from a private address, or from nobody, got it within its own network, so the next one down was written there too. The first one
//! that names an address of the world was written at the border, and nothing beneath it is looked at. Where it is not clear whether
//! that is the border (a provider whose own machines have addresses of the world), nothing is said: a wrong address would have a
//! spam filter judge the provider.

use posthouse_model::mail::ReadMail;
use std::net::{IpAddr, Ipv6Addr};

/// So many servers within one's own network are passed; behind more there is nothing to be believed.
const INSIDE_MAX: usize = 8;

/// The machine that handed a mail over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its address, one of the world.
    pub address: IpAddr,
    /// What it called itself; none: a bare address, or nothing that can be told from other words.
    pub helo: Option<String>,
}

/// Who handed a mail to the receiving side; none where the headers do not say so clearly.
#[must_use]
pub fn border(mail: &ReadMail) -> Option<Hop> {
    for received in mail.header("Received").take(INSIDE_MAX) {
        let received = received.trim_start();
        // Handed over within one machine.
        if received.starts_with("by ") || received.starts_with("(qmail ") {
            continue;
        }
        let from = from_clause(received)?;
        let addresses = addresses(from.comments).or_else(|| exim_literal(&from));
        let mut addresses = addresses?;
        addresses.sort_unstable();
        addresses.dedup();
        // Two different addresses: one of them was claimed.
        let [address] = addresses[..] else { return None };
        if is_private(address) {
            continue;
        }
        let helo = from.helo();
        let names = [helo.as_deref(), Some(from.first), from.resolved()];
        let inside = names.into_iter().flatten().any(|name| same_house(name, from.by));
        return (!inside).then_some(Hop { address, helo });
    }
    None
}

/// `from FIRST (COMMENTS) by BY`
struct From<'h> {
    first: &'h str,
    /// What the receiving server found out, in parentheses.
    comments: &'h str,
    by: &'h str,
}

fn from_clause(received: &str) -> Option<From<'_>> {
    let rest = received.strip_prefix("from ")?;
    // The name that the other side gave holds no blank; what follows is the server's own.
    let (first, rest) = rest.trim_start().split_once(' ')?;
    let (comments, by) = if let Some(by) = rest.strip_prefix("by ") { ("", by) } else { rest.split_once(" by ")? };
    Some(From { first, comments, by: by.split([' ', ';']).next().unwrap_or_default() })
}

impl From<'_> {
    /// What the other side called itself: `helo=NAME` (Exim), `HELO NAME` (qmail), else the first word.
    fn helo(&self) -> Option<String> {
        let lower = self.comments.to_ascii_lowercase();
        let marked = ["helo=", "ehlo=", "helo ", "ehlo "].iter().find_map(|mark| {
            let at = lower.find(mark)? + mark.len();
            self.comments[at..].split([' ', ')', '(', ']']).next()
        });
        let name = marked.unwrap_or(self.first).trim_end_matches('.');
        let sound = !name.is_empty()
            && name.len() <= 255
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        (sound && name.parse::<IpAddr>().is_err() && !name.eq_ignore_ascii_case("unknown")).then(|| name.to_owned())
    }

    /// The name that the address has in DNS: `(NAME [ADDRESS])`.
    fn resolved(&self) -> Option<&str> {
        let name = self.comments.trim_start_matches(['(', ' ']).split([' ', '[', ')']).next()?;
        (name.contains('.') && !name.contains('=')).then(|| name.trim_end_matches('.'))
    }
}

/// All addresses within the comments; none where there is none.
fn addresses(comments: &str) -> Option<Vec<IpAddr>> {
    // What stands after a mark is the other side's own claim.
    let mut found = Vec::new();
    let mut claimed = false;
    for word in comments.split([' ', '(', ')', '[', ']', ',']).filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let is_claim = claimed || lower.starts_with("helo=") || lower.starts_with("ehlo=");
        claimed = lower == "helo" || lower == "ehlo";
        if !is_claim {
            found.extend(address(word));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// `from [192.0.2.1] (helo=name)`: without a name in DNS Exim puts the address in its place. Elsewhere that place is the other side's.
fn exim_literal(from: &From<'_>) -> Option<Vec<IpAddr>> {
    let marked = from.comments.to_ascii_lowercase().starts_with("(helo=");
    let literal = from.first.strip_prefix('[')?.strip_suffix(']')?;
    marked.then(|| address(literal)).flatten().map(|address| vec![address])
}

fn address(word: &str) -> Option<IpAddr> {
    let word = word.strip_prefix("IPv6:").or_else(|| word.strip_prefix("ipv6:")).unwrap_or(word);
    let address: IpAddr = word.parse().ok()?;
    Some(address.to_canonical())
}

/// Loopback, one's own network, a provider's shared one: nothing that the world could be judged by.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                // Shared address space (RFC 6598).
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                // Made of an address of the old kind by a network's own translator (RFC 8215).
                || v6.segments()[..3] == Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0).segments()[..3]
        }
    }
}

/// Whether two names end in the same two labels (three under a two-letter country with a short second label): machines of one house.
fn same_house(one: &str, other: &str) -> bool {
    let house = |name: &str| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = name.rsplit('.').collect();
        let count = if labels.first().is_some_and(|top| top.len() == 2) && labels.get(1).is_some_and(|l| l.len() <= 3) {
            3
        } else {
            2
        };
        (labels.len() >= 2).then(|| labels.iter().take(count).map(|label| (*label).to_owned()).collect::<Vec<_>>())
    };
    matches!((house(one), house(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(received: &[&str]) -> Option<(String, Option<String>)> {
        let headers = received.iter().map(|one| ("Received".to_owned(), (*one).to_owned())).collect();
        let mail = ReadMail { headers, ..ReadMail::default() };
        border(&mail).map(|hop| (hop.address.to_string(), hop.helo))
    }

    fn hop(address: &str, helo: &str) -> Option<(String, Option<String>)> {
        Some((address.to_owned(), Some(helo.to_owned())))
    }

    #[test]
    fn the_ways_in_which_servers_write_it() {
        for (received, expected) in [
            // Postfix, Sendmail.
            (
                "from mail.buyer.example (mail.buyer.example [198.51.100.7]) by mx.shop.example (Postfix) with ESMTPS id 1 for <a@shop.example>; Fri, 20 Nov 2026 09:30:00 +0000",
                hop("198.51.100.7", "mail.buyer.example"),
            ),
            (
                "from laptop (unknown [198.51.100.7]) by mx.shop.example (Postfix) with ESMTP id 1; Fri",
                hop("198.51.100.7", "laptop"),
            ),
            (
                "from a.example (a.example [IPv6:2001:db8::7]) by mx.shop.example with ESMTP",
                hop("2001:db8::7", "a.example"),
            ),
            // Google.
            (
                "from a1.sender.example (a1.sender.example. [203.0.113.9]) by mx.google.com with ESMTPS id x for <a@shop.example>",
                hop("203.0.113.9", "a1.sender.example"),
            ),
            // Exim.
            (
                "from a.example ([198.51.100.7] helo=pc.a.example) by mx.shop.example with esmtp (Exim 4.96)",
                hop("198.51.100.7", "pc.a.example"),
            ),
            (
                "from [198.51.100.7] (helo=pc.a.example) by mx.shop.example with esmtp (Exim 4.96)",
                hop("198.51.100.7", "pc.a.example"),
            ),
            // qmail, and what was made of it.
            (
                "from unknown (HELO pc.a.example) (198.51.100.7) by mx.shop.example with SMTP",
                hop("198.51.100.7", "pc.a.example"),
            ),
            // Exchange.
            (
                "from a.example (198.51.100.7) by mx.shop.example (10.0.0.4) with Microsoft SMTP Server",
                hop("198.51.100.7", "a.example"),
            ),
            // A name that is an address says nothing.
            (
                "from [10.0.0.5] (a.example [198.51.100.7]) by mx.shop.example with ESMTP",
                Some(("198.51.100.7".to_owned(), None)),
            ),
        ] {
            assert_eq!(of(&[received]), expected, "{received}");
        }
    }

    #[test]
    fn what_stands_beneath_the_border_is_not_believed() {
        let border = "from evil.example (evil.example [203.0.113.66]) by mx.shop.example with ESMTP";
        let forged = "from bank.example (bank.example [198.51.100.1]) by evil.example with ESMTP";
        assert_eq!(of(&[border, forged]), hop("203.0.113.66", "evil.example"));
        // Servers within one's own network, and those that were handed it by themselves, are passed.
        let inside = [
            "by mail.shop.example with LMTP id 1; Fri, 20 Nov 2026",
            "(qmail 4711 invoked from network); 20 Nov 2026 09:30:00 -0000",
            "from mx.shop.example (localhost [127.0.0.1]) by mail.shop.example with LMTP",
            "from mx.shop.example (mx.shop.example [10.1.2.3]) by mail.shop.example with ESMTP",
            "from mx2.shop.example (mx2.shop.example [100.64.0.9]) by mx.shop.example with ESMTP",
        ];
        let all: Vec<&str> = inside.into_iter().chain([border, forged]).collect();
        assert_eq!(of(&all), hop("203.0.113.66", "evil.example"));
        // But not without an end.
        let many: Vec<&str> = std::iter::repeat_n(inside[2], INSIDE_MAX - 1).chain([border]).collect();
        assert_eq!(of(&many), hop("203.0.113.66", "evil.example"));
        let many: Vec<&str> = std::iter::repeat_n(inside[2], INSIDE_MAX).chain([border]).collect();
        assert_eq!(of(&many), None);
    }

    #[test]
    fn where_it_is_not_clear_nothing_is_said() {
        for received in [
            // Machines of the provider itself, or somebody who calls himself one.
            "from am6pr01.prod.outlook.com (2001:db8:20b::1) by am0pr01.prod.outlook.com with HTTPS",
            "from mx.shop.example (evil.example [203.0.113.66]) by mail.shop.example with ESMTP",
            "from x (smtp.shop.co.uk [203.0.113.66]) by mail.shop.co.uk with ESMTP",
            // The only address is the other side's claim.
            "from [203.0.113.66] by mx.shop.example with ESMTP",
            "from a (HELO 203.0.113.66) by mx.shop.example with SMTP",
            "from a (HELO [203.0.113.66]) by mx.shop.example with SMTP",
            "from a.example by mx.shop.example with ESMTP",
            // Two of them.
            "from a.example (a.example [203.0.113.66]) (proxy [198.51.100.1]) by mx.shop.example with ESMTP",
            "from a.example (a.example [203.0.113.66])",
            "from",
            "",
        ] {
            let beneath = "from bank.example (bank.example [198.51.100.1]) by evil.example with ESMTP";
            assert_eq!(of(&[received, beneath]), None, "{received}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn other_names_under_one_public_ending_are_other_houses() {
        for (one, other, same) in [
            ("a.shop.example", "b.shop.example", true),
            ("shop.example", "b.SHOP.example.", true),
            ("a.example", "b.example", false),
            ("a.co.uk", "b.co.uk", false),
            ("x.a.com.cn", "y.a.com.cn", true),
            ("localhost", "localhost", false),
        ] {
            assert_eq!(same_house(one, other), same, "{one} {other}");
        }
    }
}
