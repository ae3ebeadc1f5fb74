//! Which thread a mail belongs to.
//!
//! Keys are tried in this order, the first hit wins: our own ticket address (signed, survives every client),
//! References and In-Reply-To, a marker in the quoted body (some providers rewrite Message-IDs), a token in the
//! subject, and last the bare subject together with the customer's address. Everything of our own carries a
//! hash or signature of this installation, so that two installations never thread into each other.

mod relay;

pub use relay::{Relayed, relayed};

use crate::net::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use posthouse_model::mail::ReadMail;
use posthouse_model::{Entropy, Timestamp};
use sha2::Sha256;

/// At most this many Message-ID keys are made from one mail: broken clients repeat References without end.
pub const MESSAGE_ID_KEYS_MAX: usize = 50;
const SIGNATURE_LEN: usize = 8;
const BASE32: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Where to look for the thread of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A message with this Message-ID (no angle brackets).
    MessageId(String),
    /// The ticket of this number: its signature was checked.
    Ticket(i64),
    /// A recent ticket of this customer with this subject. Weak: only for a mail that says it is a reply.
    Subject {
        /// As [`normal_subject`].
        normal: String,
        /// The customer's address, lower case.
        address: String,
    },
}

/// This installation's mark on its own mail: Message-IDs, plus-addresses, subject tokens.
#[derive(Clone)]
pub struct Installation {
    key: [u8; 32],
    hash: String,
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installation").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Installation {
    /// From a secret that stays the same for the life of the installation (and of the tenant, where it is made
    /// per tenant: ticket numbers are only unique within one).
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let mut this = Self { key: *key, hash: String::new() };
        this.hash = hex::encode(&this.mac("installation", "")[..6]);
        this
    }

    /// 12 hexadecimal digits that stand in every Message-ID of ours.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any key length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The verifier (RFC 7636, 4.1) of a sign-in that is known by this name: 256 bits in 43 characters. Whoever reads the database,
    /// where the name is, cannot make it.
    #[must_use]
    pub fn verifier(&self, sign_in: &str) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.mac("sign-in", sign_in)))
    }

    /// A signature of a text for a purpose: 128 bits in 22 characters that need no escaping in an address.
    #[must_use]
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(purpose, text)[..16])
    }

    /// Whether a seal is the one of this text, in constant time.
    #[must_use]
    pub fn is_sealed(&self, purpose: &str, text: &str, seal: &str) -> bool {
        let right = self.seal(purpose, text);
        right.len() == seal.len() && right.bytes().zip(seal.bytes()).fold(0, |d, (a, b)| d | (a ^ b)) == 0
    }

    /// 40 bits in 8 characters: a guess is right once in 10¹², and a right guess only threads a mail.
    fn signature(&self, purpose: &str, ticket: i64) -> String {
        let bytes = self.mac(purpose, &ticket.to_string());
        let bits = bytes.iter().take(5).fold(0u64, |bits, &b| (bits << 8) | u64::from(b));
        (0..SIGNATURE_LEN).map(|i| char::from(BASE32[(bits >> (i * 5)) as usize & 31])).collect()
    }

    /// A new Message-ID, `random.hash@domain`, without angle brackets (RFC 5322, 3.6.4). Characters that a domain
    /// cannot have are left out.
    #[must_use]
    pub fn message_id(&self, entropy: &dyn Entropy, domain: &str) -> String {
        let domain: String =
            domain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).take(200).collect();
        let domain = domain.trim_matches('.');
        let domain = if domain.is_empty() { "posthouse.invalid" } else { domain };
        format!("{}.{}@{domain}", entropy.token(16), self.hash)
    }

    /// Whether a Message-ID was made by this installation.
    #[must_use]
    pub fn is_ours(&self, message_id: &str) -> bool {
        let local = message_id.trim_matches(['<', '>', ' ']).split('@').next().unwrap_or_default();
        local.rsplit_once('.').is_some_and(|(random, hash)| {
            hash == self.hash && random.len() == 32 && random.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }

    /// The mailbox's address with the ticket in it: `support+t1042.k3v9q2ab@shop.example`. For Reply-To, where the
    /// provider delivers plus-addresses. An address without `@` comes back unchanged.
    #[must_use]
    pub fn plus_address(&self, address: &str, ticket: i64) -> String {
        match address.rsplit_once('@') {
            Some((local, domain)) => {
                let local = local.split('+').next().unwrap_or(local);
                format!("{local}+t{ticket}.{}@{domain}", self.signature("address", ticket))
            }
            None => address.to_owned(),
        }
    }

    /// The ticket in a plus-address of ours, when its signature is right.
    #[must_use]
    pub fn ticket_of_address(&self, address: &str) -> Option<i64> {
        let local = address.trim().rsplit_once('@')?.0.to_ascii_lowercase();
        let (number, signature) = local.rsplit_once("+t")?.1.split_once('.')?;
        self.checked("address", number, signature)
    }

    /// A line for the end of a reply, found again in the quoted text of the answer: `[ph:1042.k3v9q2ab]`.
    #[must_use]
    pub fn body_marker(&self, ticket: i64) -> String {
        format!("[ph:{ticket}.{}]", self.signature("body", ticket))
    }

    /// The first marker of ours in a text (quoted history included).
    #[must_use]
    pub fn ticket_in_text(&self, text: &str) -> Option<i64> {
        marks(text, "[ph:").find_map(|(number, signature)| self.checked("body", number, signature))
    }

    /// A token for the subject, `[#1042.k3v9q2ab]`.
    #[must_use]
    pub fn subject_token(&self, ticket: i64) -> String {
        format!("[#{ticket}.{}]", self.signature("subject", ticket))
    }

    /// The first token of ours in a subject.
    #[must_use]
    pub fn ticket_in_subject(&self, subject: &str) -> Option<i64> {
        marks(subject, "[#").find_map(|(number, signature)| self.checked("subject", number, signature))
    }

    fn checked(&self, purpose: &str, number: &str, signature: &str) -> Option<i64> {
        let ticket: i64 = number.parse().ok().filter(|n| *n > 0)?;
        let right = self.signature(purpose, ticket);
        // Constant time: this is a signature, if a small one.
        let same = signature.len() == right.len()
            && signature.bytes().zip(right.bytes()).fold(0, |d, (a, b)| d | (a.to_ascii_lowercase() ^ b)) == 0;
        same.then_some(ticket)
    }
}

/// `open number.signature]` wherever it stands.
fn marks<'t>(text: &'t str, open: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    text.match_indices(open).filter_map(move |(at, _)| {
        let rest = &text[at + open.len()..];
        let end = rest.char_indices().take(40).find(|(_, c)| *c == ']')?.0;
        rest[..end].split_once('.')
    })
}

/// The keys of a mail, in the order to try them.
#[must_use]
pub fn keys(mail: &ReadMail, installation: &Installation) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut add = |key: Key| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    let delivered = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
    let addresses = mail.to.iter().chain(&mail.cc).map(|a| a.address.as_str());
    for address in addresses.chain(delivered.iter().flat_map(|name| mail.header(name))) {
        if let Some(ticket) = installation.ticket_of_address(address) {
            add(Key::Ticket(ticket));
        }
    }
    // The parent first, then its ancestors, newest first.
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()).take(MESSAGE_ID_KEYS_MAX) {
        add(Key::MessageId(id.clone()));
    }
    if let Some(id) = mail.bounce.as_ref().and_then(|b| b.original_message_id.as_ref()) {
        add(Key::MessageId(id.clone()));
    }
    if let Some(ticket) = installation.ticket_in_text(&mail.text) {
        add(Key::Ticket(ticket));
    }
    if let Some(ticket) = installation.ticket_in_subject(&mail.subject) {
        add(Key::Ticket(ticket));
    }
    // A bare subject says little ("Hello", "Question"): only a mail that claims to be a reply, and whose client
    // lost the Message-IDs, may thread by it.
    if mail.in_reply_to.is_empty()
        && mail.references.is_empty()
        && mail.bounce.is_none()
        && is_reply_subject(&mail.subject)
        && let Some(customer) = mail.customer()
    {
        let normal = normal_subject(&mail.subject);
        if normal.chars().count() >= 4 {
            add(Key::Subject { normal, address: customer.key() });
        }
    }
    keys
}

/// Sorts a batch so that parents come before answers: by date, those without one in the order they came.
pub fn order<T>(batch: &mut [T], date: impl Fn(&T) -> Option<Timestamp>) {
    // An undated mail takes the date of the one before it: a stable sort then keeps it in its place.
    let mut last = Timestamp(i64::MIN);
    let mut keyed: Vec<(Timestamp, usize)> = Vec::with_capacity(batch.len());
    for (index, item) in batch.iter().enumerate() {
        last = date(item).unwrap_or(last);
        keyed.push((last, index));
    }
    keyed.sort();
    // Apply the permutation by swapping each cycle.
    let mut target: Vec<usize> = keyed.into_iter().map(|(_, index)| index).collect();
    for start in 0..target.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut target[at], at);
            if from == start {
                break;
            }
            batch.swap(at, from);
            at = from;
        }
    }
}

/// Words that clients put before the subject of a reply, without the colon, lower case.
const REPLY: &[&str] = &[
    "re",
    "r",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "odp",
    "ynt",
    "yan",
    "rif",
    "ris",
    "res",
    "resp",
    "ref",
    "bls",
    "vá",
    "va",
    "atb",
    "ats",
    "ต",
    "ตอบ",
    "ตอบกลับ",
    "отв",
    "ответ",
    "на",
    "відп",
    "απ",
    "σχετ",
    "回复",
    "回覆",
    "答复",
    "答覆",
    "回",
    "返信",
    "返",
    "답장",
    "회신",
    "trả lời",
    "تر",
    "رد",
    "הנדון",
    "תשובה",
    "bal",
    "ang",
    "hä",
    "nov",
    "rép",
    "re fw",
];
/// Words for a forwarded mail.
const FORWARD: &[&str] = &[
    "fw",
    "fwd",
    "wg",
    "tr",
    "rv",
    "enc",
    "i",
    "inoltro",
    "vl",
    "vb",
    "doorst",
    "pd",
    "továbbítás",
    "ilt",
    "i̇lt",
    "fs",
    "videresend",
    "vidarebefordrat",
    "πρθ",
    "пер",
    "пересл",
    "переслано",
    "转发",
    "轉寄",
    "轉發",
    "転送",
    "전달",
    "ส่งต่อ",
    "chuyển tiếp",
    "إعادة توجيه",
    "הועבר",
    "trs",
    "reenv",
];

/// Longer subjects are compared by their beginning.
const SUBJECT_CHARS_MAX: usize = 2_000;

/// The subject without any number of reply and forward prefixes (`Re:`, `AW:`, `回复：`, `Re[2]:`, `[EXTERNAL]`),
/// without our token, whitespace collapsed, lower case, at most 2,000 characters. Empty when nothing is left. Of a subject that
/// is plain already nothing is taken away.
#[must_use]
pub fn normal_subject(subject: &str) -> String {
    let mut text: String = collapsed(&subject.to_lowercase()).chars().take(SUBJECT_CHARS_MAX).collect();
    // Where a token was, a prefix may begin.
    loop {
        let mut rest = text.as_str();
        while let Some((_, shorter)) = strip_prefix_word(rest).or_else(|| strip_tag(rest)) {
            rest = shorter.trim_start();
        }
        let next = collapsed(&without_tokens(rest));
        if next == text {
            return text;
        }
        text = next;
    }
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tokens of any installation go, wherever they stand.
fn without_tokens(subject: &str) -> String {
    let mut text = String::with_capacity(subject.len());
    let mut left = subject;
    while let Some(at) = left.find("[#") {
        let Some(end) = left[at..].find(']') else { break };
        let inside = &left[at + 2..at + end];
        text.push_str(&left[..at]);
        if !inside.starts_with(|c: char| c.is_ascii_digit()) {
            text.push_str(&left[at..=at + end]);
        }
        left = &left[at + end + 1..];
    }
    text.push_str(left);
    text
}

/// Whether the subject begins like that of a reply (forwards are new conversations).
#[must_use]
pub fn is_reply_subject(subject: &str) -> bool {
    let subject = collapsed(subject);
    let mut rest = subject.as_str();
    while let Some((_, r)) = strip_tag(rest) {
        rest = r.trim_start();
    }
    matches!(strip_prefix_word(rest), Some((false, _)))
}

/// One `Re:`-like word: whether it is a forward, and what follows.
fn strip_prefix_word(text: &str) -> Option<(bool, &str)> {
    let colon = text.char_indices().take(24).find(|(_, c)| matches!(c, ':' | '：' | '﹕'))?;
    let word = text[..colon.0].trim_end();
    // `Re[2]`, `Re(3)`, `Re^2`, `RE*`
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^* ".contains(c));
    let bare = bare.to_lowercase();
    let rest = &text[colon.0 + colon.1.len_utf8()..];
    if REPLY.contains(&bare.as_str()) {
        return Some((false, rest));
    }
    FORWARD.contains(&bare.as_str()).then_some((true, rest))
}

/// Tags that gateways put in front.
fn strip_tag(text: &str) -> Option<(bool, &str)> {
    let (open, close) = match text.chars().next()? {
        '[' => ('[', ']'),
        '【' => ('【', '】'),
        '(' => ('(', ')'),
        _ => return None,
    };
    let end = text.char_indices().take(40).find(|(_, c)| *c == close)?.0;
    let inside = text[open.len_utf8()..end].trim().to_lowercase();
    let known =
        ["external", "ext", "extern", "externe", "externo", "外部邮件", "外部", "suspected spam", "spam?", "caution"];
    known.contains(&inside.as_str()).then(|| (false, &text[end + close.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use posthouse_model::mail::Address;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xab);
        }
    }

    fn here() -> Installation {
        Installation::new(&[7; 32])
    }

    #[test]
    fn message_ids_tell_their_installation() {
        let id = here().message_id(&Fixed, "shop.example");
        assert!(id.ends_with("@shop.example") && !id.contains('<'));
        assert!(here().is_ours(&id) && here().is_ours(&format!("<{id}>")));
        assert!(!Installation::new(&[8; 32]).is_ours(&id));
        assert!(!here().is_ours("anything@shop.example"));
        assert!(here().message_id(&Fixed, "bad\r\nBcc: x").ends_with("@badBccx"));
        assert!(here().message_id(&Fixed, "").ends_with("@posthouse.invalid"));
    }

    #[test]
    fn plus_addresses_are_signed() {
        let address = here().plus_address("support@shop.example", 1042);
        assert!(address.starts_with("support+t1042."));
        assert_eq!(here().ticket_of_address(&address), Some(1042));
        assert_eq!(here().ticket_of_address(&address.to_uppercase()), Some(1042));
        assert_eq!(here().ticket_of_address(&address.replace("1042", "1043")), None);
        assert_eq!(Installation::new(&[8; 32]).ticket_of_address(&address), None);
        assert_eq!(here().ticket_of_address("support+t1042@shop.example"), None);
        assert_eq!(here().plus_address("support+old@shop.example", 1042), address);
    }

    #[test]
    fn markers_survive_quoting() {
        let text = format!("> thanks\n> {}\nmy answer", here().body_marker(7));
        assert_eq!(here().ticket_in_text(&text), Some(7));
        assert_eq!(here().ticket_in_text("[ph:7.aaaaaaaa]"), None);
        let subject = format!("Re: Where is it? {}", here().subject_token(7));
        assert_eq!(here().ticket_in_subject(&subject), Some(7));
        // A subject token is no body marker.
        assert_eq!(here().ticket_in_text(&here().subject_token(7).replace("[#", "[ph:")), None);
    }

    #[test]
    fn subjects_lose_their_prefixes() {
        for (subject, normal) in [
            ("Re: Where is my order?", "where is my order?"),
            ("RE: AW: Fwd: WG: Bestellung 12", "bestellung 12"),
            ("回复：转发: 订单问题", "订单问题"),
            ("答复: RE: 退款", "退款"),
            ("Re[2]: Re(3): x  y", "x y"),
            ("[EXTERNAL] Re: Hi", "hi"),
            ("SV: VS: Odp: YNT: RIF: hallå", "hallå"),
            ("Réf: pas de préfixe", "réf: pas de préfixe"),
            ("返信：注文について", "注文について"),
            ("Re: [#1042.abcdefgh] Hello", "hello"),
            ("Re:", ""),
            ("Refund: please", "refund: please"),
        ] {
            assert_eq!(normal_subject(subject), normal, "{subject}");
        }
        // What a fuzzer found: blanks that are none of ASCII's, and prefixes that come to light when a token goes.
        for (subject, normal) in [
            ("R\u{85}[5:", ""),
            ("Re[]\u{a0}]: order", "order"),
            ("RE[#2]:x ]: order", "x ]: order"),
            ("[[#88px]#88px] order", "order"),
            ("Re:\u{b}[#12.abc] Re: order", "order"),
        ] {
            assert_eq!(normal_subject(subject), normal, "{subject:?}");
        }
        let long = format!("Re: {}", "你好 ".repeat(40_000));
        let normal = normal_subject(&long);
        assert_eq!((normal.chars().count(), normal_subject(&normal)), (1_996, normal.clone()));
        assert_eq!(normal_subject(&"[#1".repeat(20_000)), "[#1".repeat(20_000).chars().take(2_000).collect::<String>());
        assert_eq!(normal_subject(&"[#1]".repeat(20_000)), "");
        assert!(is_reply_subject("回复: 你好") && is_reply_subject("[EXT] AW: x"));
        assert!(!is_reply_subject("Fwd: x") && !is_reply_subject("Question: x"));
    }

    #[test]
    fn keys_come_in_order() {
        let here = here();
        let mail = ReadMail {
            from: Some(Address { name: None, address: "Ana@x.example".into() }),
            to: vec![Address { name: None, address: here.plus_address("s@shop.example", 5) }],
            in_reply_to: vec!["b@x".into()],
            references: vec!["a@x".into(), "b@x".into()],
            subject: "Re: Hello there".into(),
            ..ReadMail::default()
        };
        assert_eq!(keys(&mail, &here), [Key::Ticket(5), Key::MessageId("b@x".into()), Key::MessageId("a@x".into())]);
        let lost = ReadMail { in_reply_to: vec![], references: vec![], to: vec![], ..mail };
        assert_eq!(
            keys(&lost, &here),
            [Key::Subject { normal: "hello there".into(), address: "ana@x.example".into() }]
        );
        let fresh = ReadMail { subject: "Hello there".into(), ..lost };
        assert_eq!(keys(&fresh, &here), []);
    }

    #[test]
    fn a_batch_is_ordered_by_date() {
        let mut batch = vec![(Some(3), 'a'), (Some(1), 'b'), (None, 'c'), (Some(2), 'd'), (Some(1), 'e')];
        order(&mut batch, |(t, _)| t.map(Timestamp));
        assert_eq!(batch.iter().map(|b| b.1).collect::<String>(), "bceda");
    }
}
