//! What marketplaces that stand between buyer and seller do not let through, or take for an auto-reply.
//!
//! A mail that such a marketplace takes for an automatic one does not count as an answer within its deadline, and one with an
//! address, a phone number or a link to elsewhere is held back or counts against the seller (Amazon: Communication Guidelines; eBay:
//! Member-to-member contact policy; Etsy: Fee avoidance policy).

use crate::words::found_any;
use std::ops::Range;

/// A marketplace that relays mail, by the domains of its buyers' aliases (as the host knows them) and its own pages.
struct Marketplace {
    name: &'static str,
    aliases: &'static [&'static str],
    pages: &'static [&'static str],
}

const MARKETPLACES: &[Marketplace] = &[
    Marketplace { name: "Amazon", aliases: &["marketplace.amazon."], pages: &["amazon", "amzn"] },
    Marketplace { name: "eBay", aliases: &["members.ebay.", "reply.ebay."], pages: &["ebay"] },
    Marketplace { name: "Etsy", aliases: &["conversations.etsy.", "mail.etsy."], pages: &["etsy"] },
    Marketplace { name: "Shopee", aliases: &["message-mail.shopee."], pages: &["shopee"] },
    Marketplace { name: "Cdiscount", aliases: &["mail.cdiscount."], pages: &["cdiscount"] },
    Marketplace { name: "Walmart", aliases: &["relay.walmart."], pages: &["walmart"] },
];

/// What marks a mail as one that no person wrote.
const AUTOMATIC: &[&str] = &[
    "this is an automated",
    "this is an automatic",
    "automated message",
    "automated response",
    "automatic reply",
    "automatic response",
    "automatically generated",
    "auto-generated",
    "auto-reply",
    "auto reply",
    "autoreply",
    "do not reply to this",
    "do not respond to this",
    "please do not reply",
    "please don't reply",
    "no-reply",
    "noreply",
    "out of office",
    "out of the office",
    "we have received your message and will",
    "we have received your email and will",
    "your message has been received",
    "your ticket has been created",
    "自动回复",
    "自動回覆",
    "系统自动",
    "请勿回复",
    "请不要回复",
    "本邮件由系统",
    "automatisch generiert",
    "automatisch erstellt",
    "automatische antwort",
    "automatische nachricht",
    "nicht auf diese e-mail",
    "antworten sie nicht auf diese",
    "abwesenheitsnotiz",
    "nicht im büro",
    "message automatique",
    "réponse automatique",
    "généré automatiquement",
    "ne pas répondre à ce",
    "ne répondez pas à ce",
    "absent du bureau",
    "mensaje automático",
    "respuesta automática",
    "generado automáticamente",
    "no responda a este",
    "no responder a este",
    "fuera de la oficina",
    "messaggio automatico",
    "risposta automatica",
    "generato automaticamente",
    "non rispondere a quest",
    "fuori ufficio",
    "mensagem automática",
    "resposta automática",
    "gerada automaticamente",
    "não responda a est",
    "não responder a est",
    "fora do escritório",
    "automatisch bericht",
    "automatisch antwoord",
    "niet op deze e-mail",
    "beantwoord deze e-mail niet",
    "wiadomość automatyczna",
    "automatyczna odpowiedź",
    "wygenerowana automatycznie",
    "nie odpowiadaj na tę",
    "prosimy nie odpowiadać",
    "автоматический ответ",
    "автоматическое сообщение",
    "автоматически сгенерирован",
    "не отвечайте на это",
    "自動送信",
    "自動返信",
    "自動応答",
    "自動配信",
    "返信しないで",
    "返信はご遠慮",
    "返信いただいてもお答え",
    "자동 응답",
    "자동응답",
    "자동 발송",
    "자동으로 발송",
    "회신하지 마",
    "automatiskt svar",
    "autosvar",
    "automatisk svar",
    "otomatik yanıt",
    "otomatik olarak",
    "yanıtlamayınız",
];

/// Other ways to each other.
const MESSENGERS: &[&str] = &["whatsapp", "wechat", "微信", "telegram", "加我", "qq号", "messenger", "viber"];

/// Said before a phone number.
const PHONES: &[&str] = &[
    "tel",
    "tel.",
    "phone",
    "telephone",
    "call us",
    "telefon",
    "téléphone",
    "teléfono",
    "telefono",
    "telefone",
    "telefoon",
    "hotline",
    "电话",
    "致电",
    "手机",
    "電話",
    "телефон",
    "전화",
];

/// Which marketplace an address belongs to.
#[must_use]
pub fn of(address: &str) -> Option<&'static str> {
    let domain = address.rsplit_once('@')?.1.to_lowercase();
    let known = |begin: &str| domain.starts_with(begin) && domain.len() > begin.len();
    MARKETPLACES.iter().find(|place| place.aliases.iter().any(|begin| known(begin))).map(|place| place.name)
}

/// Where the text says that a machine wrote it.
#[must_use]
pub fn automatic(text: &str) -> Vec<Range<usize>> {
    found_any(text, AUTOMATIC)
}

/// What leads past a marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// A page elsewhere.
    Link,
    /// A mail address.
    Address,
    /// A phone number.
    Phone,
    /// A messenger.
    Messenger,
}

/// Everything that leads past this marketplace. `allowed`: hosts whose pages (and those beneath) may be named.
#[must_use]
pub fn contacts(name: &str, text: &str, allowed: &[String]) -> Vec<(Contact, Range<usize>)> {
    let own = MARKETPLACES.iter().find(|place| place.name == name).map_or(&[][..], |place| place.pages);
    let mut found: Vec<(Contact, Range<usize>)> = Vec::new();
    for (start, run) in runs(text) {
        let range = start..start + run.len();
        if let Some(host) = host(run) {
            if !is_own(host, own) && !allowed.iter().any(|allowed| beneath(host, allowed)) {
                found.push((Contact::Link, range));
            }
        } else if is_address(run) {
            found.push((Contact::Address, range));
        }
    }
    found.extend(phones(text).into_iter().map(|range| (Contact::Phone, range)));
    found.extend(found_any(text, MESSENGERS).into_iter().map(|range| (Contact::Messenger, range)));
    found.sort_by_key(|(_, range)| range.start);
    // What stands within another is part of it.
    let mut end = 0;
    found.retain(|(_, range)| {
        let apart = range.start >= end;
        end = end.max(range.end);
        apart
    });
    found
}

/// Pieces that could be an address or a link, and where they begin.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = |c: char| c.is_whitespace() || !c.is_ascii() || "<>()[]\"'`,;|*".contains(c);
    text.split(parts).filter_map(move |run| {
        let run = run.trim_end_matches(['.', ':', '!', '?', '_']);
        let start = run.as_ptr() as usize - text.as_ptr() as usize;
        (!run.is_empty()).then_some((start, run))
    })
}

/// The host that a link leads to.
fn host(run: &str) -> Option<&str> {
    let lower = run.get(..8.min(run.len())).unwrap_or_default().to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        &run[8..]
    } else if lower.starts_with("http://") {
        &run[7..]
    } else if lower.starts_with("www.") {
        run
    } else {
        return None;
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    // What stands before an @ is a name, and the host comes after it.
    Some(host.rsplit('@').next().unwrap_or(host)).filter(|host| !host.is_empty())
}

/// `www.amazon.co.uk` is Amazon's, `amazon.evil.example` and `notamazon.com` are not.
fn is_own(host: &str, own: &[&str]) -> bool {
    let host = host.to_ascii_lowercase();
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let second = matches!(labels.as_slice(), [.., "co" | "com", country] if country.len() == 2);
    let at = labels.len().checked_sub(if second { 3 } else { 2 });
    at.is_some_and(|at| own.contains(&labels[at]))
}

fn beneath(host: &str, allowed: &str) -> bool {
    let (host, allowed) = (host.to_ascii_lowercase(), allowed.trim().to_ascii_lowercase());
    !allowed.is_empty() && (host == allowed || host.strip_suffix(&allowed).is_some_and(|front| front.ends_with('.')))
}

fn is_address(run: &str) -> bool {
    let run = run.strip_prefix("mailto:").unwrap_or(run);
    let Some((local, domain)) = run.split_once('@') else { return false };
    let ending = domain.rsplit_once('.').map(|(front, ending)| (!front.is_empty(), ending));
    !local.is_empty()
        && matches!(ending, Some((true, ending)) if ending.len() >= 2 && ending.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Numbers with a country's code (`+49 30 1234567`), and seven digits or more right after a word for phone.
fn phones(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let dial = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}');
    let run = |at: usize| {
        let rest = &text[at..];
        let run = &rest[..rest.find(|c: char| !dial(c)).unwrap_or(rest.len())];
        let run = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        (at + run.len(), run.bytes().filter(u8::is_ascii_digit).count())
    };
    for (at, _) in text.match_indices('+') {
        let (end, digits) = run(at + 1);
        if (8..=15).contains(&digits) {
            found.push(at..end);
        }
    }
    for word in found_any(text, PHONES) {
        let rest = &text[word.end..];
        let begin = word.end + (rest.len() - rest.trim_start_matches([' ', ':', '：', '.', '-', '(', '\u{a0}']).len());
        let (end, digits) = run(begin);
        if (7..=15).contains(&digits) {
            found.push(begin..end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn found(text: &str) -> Vec<(Contact, &str)> {
        contacts("Amazon", text, &["dhl.de".to_owned()]).into_iter().map(|(kind, range)| (kind, &text[range])).collect()
    }

    #[test]
    fn marketplaces_are_known_by_their_aliases() {
        assert_eq!(of("8X2@Marketplace.Amazon.co.uk"), Some("Amazon"));
        assert_eq!(of("a@members.ebay.de"), Some("eBay"));
        assert_eq!(of("a@conversations.etsy.com"), Some("Etsy"));
        for address in ["a@amazon.com", "a@marketplace.amazon.", "a@notmembers.ebay.com", "x", "mary@example.com"] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn what_a_machine_says_is_known_in_many_languages() {
        for text in [
            "This is an automated message.",
            "Please do not reply to this e-mail.",
            "I am out of office until Monday.",
            "此邮件为系统自动发送,请勿回复。",
            "Dies ist eine automatische Antwort.",
            "Ceci est un message automatique.",
            "Este es un mensaje automático.",
            "このメールは自動送信されています。",
            "Questo è un messaggio automatico.",
            "Esta é uma mensagem automática.",
            "Это автоматическое сообщение.",
        ] {
            assert!(!automatic(text).is_empty(), "{text}");
        }
        for text in ["Please reply to this mail.", "The automatic lamp is on its way.", "您可以直接回复本邮件。", ""]
        {
            assert!(automatic(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_leads_past_the_marketplace_is_found() {
        use Contact::{Address, Link, Messenger, Phone};
        assert_eq!(
            found("See https://shop.example/x?y=1. Or write to help@shop.example, or call +49 30 1234567!"),
            [(Link, "https://shop.example/x?y=1"), (Address, "help@shop.example"), (Phone, "+49 30 1234567")]
        );
        assert_eq!(found("Tel: 030 1234567 or WhatsApp"), [(Phone, "030 1234567"), (Messenger, "WhatsApp")]);
        assert_eq!(found("请致电 13800138000,或加微信。"), [(Phone, "13800138000"), (Messenger, "微信")]);
        assert_eq!(found("www.shop.example"), [(Link, "www.shop.example")]);
        assert_eq!(found("https://amazon.evil.example/"), [(Link, "https://amazon.evil.example/")]);
        assert_eq!(found("https://www.amazon.de@evil.example/"), [(Link, "https://www.amazon.de@evil.example/")]);
        assert_eq!(found("https://notamazon.com"), [(Link, "https://notamazon.com")]);
    }

    #[test]
    fn its_own_pages_and_plain_numbers_are_fine() {
        for text in [
            "Your order 302-1234567-7654321 left on 2026-11-20, YT2012345678901234.",
            "See https://www.amazon.co.uk/gp/css/order-history and https://amazon.de/x",
            "Follow it at https://www.dhl.de/track?id=1",
            "2 + 2, 49.90 EUR + 4.90 EUR, a@b",
            "Please telephone nobody: 12 items",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
