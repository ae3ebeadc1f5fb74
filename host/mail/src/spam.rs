//! A spam filter that learns from people's "spam" and "not spam": how often each word and each pair of neighbours was seen in
//! either, and how sure that makes one about a new mail.
//!
//! A feature's word counts little while it was seen seldom (G. Robinson, "A statistical approach to the spam problem", 2003), and the
//! features that say most are put together by Fisher's method, for spam and for ham each by itself: a mail that looks like both is
//! unsure, never spam. Nothing here knows where the counts are kept.

use posthouse_model::mail::ReadMail;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Features taken of one mail.
pub const FEATURES_MAX: usize = 2000;
/// Those that say most decide.
const DECIDING_MAX: usize = 1500;
/// What says less than this either way is left out.
const SAYS_MIN: f64 = 0.1;
/// What is believed of a feature that was never seen, and how strongly, in mails.
const UNKNOWN: f64 = 0.5;
const STRENGTH: f64 = 0.45;
/// Fewer mails of either kind teach nothing.
pub const LEARNED_MIN: u32 = 20;
/// Text that is looked at, in bytes: the rest of a long mail says the same.
const TEXT_MAX: usize = 16 * 1024;
/// Headers that are looked at.
const HEADERS_MAX: usize = 100;
/// Servers' lines that are looked at: those added last come first and are the own server's.
const RECEIVED_MAX: usize = 8;
/// Tags that are looked at.
const TAGS_MAX: usize = 2000;
/// Headers that every mail has, or that say when or for whom and not what.
const NO_FEATURE: &[&str] =
    &["received", "from", "to", "subject", "date", "message-id", "delivered-to", "content-type", "x-original-to"];
/// Headers whose words say something.
const SAYING: &[&str] = &[
    "x-mailer",
    "user-agent",
    "reply-to",
    "x-priority",
    "importance",
    "content-transfer-encoding",
    "organization",
    "auto-submitted",
    "content-language",
];
/// Headers that list software adds, a dozen at a time. They count as one: else what a list forwards would always be what most of its
/// mail is.
const OF_LISTS: &[&str] = &[
    "precedence",
    "sender",
    "errors-to",
    "mailing-list",
    "x-mailing-list",
    "x-mailman-version",
    "x-beenthere",
    "x-loop",
    "x-original-date",
    "x-list-admin",
    "return-path",
];
/// Longest word; longer ones are codes.
const WORD_MAX: usize = 24;

/// A feature by its number: counts are kept under numbers, so that nobody reads a customer's words in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature(pub u64);

/// Mails of either kind: those that were learned from, or those of them in which a feature was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// That a person said are spam.
    pub spam: u32,
    /// That are not.
    pub ham: u32,
}

impl Counts {
    /// Whether it is enough to learn from.
    #[must_use]
    pub fn is_enough(self) -> bool {
        self.spam >= LEARNED_MIN && self.ham >= LEARNED_MIN
    }

    /// One more of a kind.
    pub fn add(&mut self, spam: bool) {
        *(if spam { &mut self.spam } else { &mut self.ham }) += 1;
    }
}

/// What tells a mail from others, each once, at most [`FEATURES_MAX`].
#[must_use]
pub fn features(mail: &ReadMail) -> Vec<Feature> {
    let mut found = Found::default();
    found.words("s", &mail.subject);
    if let Some(from) = &mail.from {
        let address = from.key();
        if let Some((_, domain)) = address.rsplit_once('@') {
            found.add("f", domain);
            if let Some(ending) = domain.rsplit('.').next() {
                found.add("t", ending);
            }
        }
        found.words("n", from.name.as_deref().unwrap_or_default());
    }
    found.headers(mail);
    found.add("html", if mail.html.is_some() { "yes" } else { "no" });
    for file in mail.attachments.iter().take(20) {
        found.add("file", &file.media_type);
    }
    found.words("b", start_of(&mail.text, TEXT_MAX));
    if let Some(html) = &mail.html {
        found.links(html);
        found.tags(html);
    }
    found.all
}

#[derive(Default)]
struct Found {
    all: Vec<Feature>,
    known: HashSet<Feature>,
}

impl Found {
    fn add(&mut self, place: &str, what: &str) {
        if self.all.len() >= FEATURES_MAX {
            return;
        }
        let mut sha = Sha256::new();
        sha.update(place.as_bytes());
        sha.update([0]);
        sha.update(what.as_bytes());
        let digest = sha.finalize();
        let number = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        // Databases have signed numbers.
        let feature = Feature(number >> 1);
        if self.known.insert(feature) {
            self.all.push(feature);
        }
    }

    /// How the mail was made and which way it came: senders of spam use other programs and other servers than customers do.
    fn headers(&mut self, mail: &ReadMail) {
        for (name, value) in mail.headers.iter().take(HEADERS_MAX) {
            let name = name.to_ascii_lowercase();
            // Another filter's verdict is its own, and can be trusted or not by other means.
            if name.starts_with("x-spam") || NO_FEATURE.contains(&name.as_str()) {
                continue;
            }
            if name.starts_with("list-") || OF_LISTS.contains(&name.as_str()) {
                self.add("header", "list");
                continue;
            }
            self.add("header", &name);
            if SAYING.contains(&name.as_str()) {
                self.words(&name, start_of(value, 200));
            }
        }
        for name in ["mime-version", "to", "date", "message-id", "reply-to", "in-reply-to", "references"] {
            if mail.header(name).next().is_none() {
                self.add("without", name);
            }
        }
        for value in mail.header("content-type").take(1) {
            let (kind, rest) = value.split_once(';').unwrap_or((value, ""));
            self.add("kind", &kind.trim().to_ascii_lowercase());
            if let Some((_, charset)) = rest.to_ascii_lowercase().split_once("charset=") {
                self.add("charset", charset.split([';', ' ']).next().unwrap_or_default().trim_matches('"'));
            }
        }
        for value in mail.header("received").take(RECEIVED_MAX) {
            self.way(value);
        }
        let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        if let Some(made_by) = mail.message_id.as_deref().and_then(domain) {
            let from = mail.from.as_ref().and_then(|from| domain(&from.address));
            let same = from.is_some_and(|from| end_of(&from) == end_of(&made_by));
            self.add("message-id", if same { "of the sender" } else { "of another" });
            self.add("message-id", end_of(&made_by));
        }
        self.add(
            "to",
            match mail.to.len() + mail.cc.len() {
                0 => "nobody",
                1 => "one",
                2..=5 => "few",
                _ => "many",
            },
        );
    }

    /// One server's line on whom it had the mail from.
    fn way(&mut self, value: &str) {
        let mut words = value.split([' ', '\t', '(', ')', '[', ']', '=', ';']).filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            if matches!(word, "from" | "helo" | "HELO" | "EHLO")
                && let Some(host) = words.next()
            {
                self.add("way", if host.contains('.') { end_of(host) } else { "(no domain)" });
            }
        }
    }

    /// What an HTML text is made of.
    fn tags(&mut self, html: &str) {
        for tag in html.split('<').skip(1).take(TAGS_MAX) {
            let end = tag.find(|c: char| !(c.is_ascii_alphanumeric() || c == '!' || c == '/')).unwrap_or(tag.len());
            if (1..=12).contains(&end) && !tag.starts_with('/') {
                self.add("tag", &tag[..end].to_ascii_lowercase());
            }
        }
    }

    /// Words and pairs of neighbours; of scripts without spaces, pairs of characters.
    fn words(&mut self, place: &str, text: &str) {
        let mut before: Option<String> = None;
        for word in
            text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '$' | '€' | '£' | '¥' | '%' | '!' | '-' | '\'')))
        {
            if word.is_empty() {
                continue;
            }
            if word.chars().any(is_unspaced) {
                let characters: Vec<char> = word.chars().collect();
                for pair in characters.windows(2) {
                    self.add(place, &pair.iter().collect::<String>());
                }
                before = None;
                continue;
            }
            if word.chars().count() > WORD_MAX {
                self.add(place, "(long)");
                before = None;
                continue;
            }
            // Shouting says something of its own.
            if word.len() > 3 && word.chars().all(|c| c.is_uppercase()) {
                self.add("shout", place);
            }
            let word = if word.chars().all(|c| c.is_ascii_digit()) && word.len() > 4 {
                "(number)".to_owned()
            } else {
                word.to_lowercase()
            };
            self.add(place, &word);
            if let Some(before) = &before {
                self.add(place, &format!("{before} {word}"));
            }
            before = Some(word);
        }
    }

    /// Where the links of an HTML text lead.
    fn links(&mut self, html: &str) {
        for link in html.split("://").skip(1).take(50) {
            let host: String =
                link.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
            if !host.is_empty() {
                self.add("link", &host.to_ascii_lowercase());
            }
        }
    }
}

/// The last two labels of a name, more or less who owns it.
fn end_of(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    match host.rmatch_indices('.').nth(1) {
        Some((dot, _)) => &host[dot + 1..],
        None => host,
    }
}

/// At most so many bytes of a text.
fn start_of(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF)
}

/// How sure the features are that a mail is spam: from 0 to 1, about 0.5 when they say nothing or both. `seen` answers in the
/// order of the features.
#[must_use]
pub fn score(seen: impl IntoIterator<Item = Counts>, learned: Counts) -> f64 {
    if !learned.is_enough() {
        return UNKNOWN;
    }
    let mut says: Vec<f64> = seen
        .into_iter()
        .filter(|seen| seen.spam + seen.ham > 0)
        .map(|seen| probability(seen, learned))
        .filter(|probability| (probability - 0.5).abs() >= SAYS_MIN)
        .collect();
    says.sort_unstable_by(|a, b| (b - 0.5).abs().total_cmp(&(a - 0.5).abs()));
    says.truncate(DECIDING_MAX);
    if says.is_empty() {
        return UNKNOWN;
    }
    let logs = |of: fn(f64) -> f64| -2.0 * says.iter().map(|p| of(*p).ln()).sum::<f64>();
    let (ham, spam) = (chance(logs(|p| p), says.len()), chance(logs(|p| 1.0 - p), says.len()));
    // Each is small when chance alone does not explain what was seen.
    (1.0 + ham - spam) / 2.0
}

/// How likely a mail with this feature is spam, as far as it was seen.
fn probability(seen: Counts, learned: Counts) -> f64 {
    let share = |count: u32, of: u32| f64::from(count) / f64::from(of.max(1));
    let (spam, ham) = (share(seen.spam, learned.spam), share(seen.ham, learned.ham));
    let raw = spam / (spam + ham);
    let count = f64::from(seen.spam) + f64::from(seen.ham);
    ((STRENGTH * UNKNOWN + count * raw) / (STRENGTH + count)).clamp(0.0001, 0.9999)
}

/// The chance that a chi-squared sum with twice so many degrees of freedom is at least this.
fn chance(sum: f64, pairs: usize) -> f64 {
    let half = sum / 2.0;
    // In logarithms: many features make e^-half smaller than any number.
    let mut log_term = -half;
    let mut total = log_term.exp();
    for n in 1..pairs {
        log_term += half.ln() - (n as f64).ln();
        total += log_term.exp();
    }
    total.min(1.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::read::read_mail;
    use std::collections::HashMap;

    #[derive(Default)]
    struct Filter {
        seen: HashMap<Feature, Counts>,
        learned: Counts,
    }

    impl Filter {
        fn learn(&mut self, mail: &str, spam: bool) {
            for feature in features(&read_mail(mail.as_bytes())) {
                self.seen.entry(feature).or_default().add(spam);
            }
            self.learned.add(spam);
        }

        fn score(&self, mail: &str) -> f64 {
            let found = features(&read_mail(mail.as_bytes()));
            score(found.iter().map(|f| self.seen.get(f).copied().unwrap_or_default()), self.learned)
        }
    }

    fn mail(from: &str, subject: &str, body: &str) -> String {
        format!("From: {from}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n")
    }

    fn taught(count: usize) -> Filter {
        let mut filter = Filter::default();
        for n in 0..count {
            filter
                .learn(&mail("win@prize.example", "You WON", &format!("Claim your prize {n} now, free money!")), true);
            filter.learn(
                &mail(&format!("c{n}@home.example"), "My order", &format!("Where is my parcel {n}? It has not come.")),
                false,
            );
        }
        filter
    }

    #[test]
    fn it_learns_what_people_say() {
        let filter = taught(30);
        assert!(filter.score(&mail("x@prize.example", "You WON again", "Claim your free prize now!")) > 0.95);
        assert!(
            filter.score(&mail("new@home.example", "My order", "Hello, where is my parcel? It has not come yet."))
                < 0.05
        );
        // Both at once is unsure.
        let both = mail(
            "c@home.example",
            "My order",
            "Where is my parcel? It has not come. Claim your prize now, free money!",
        );
        assert!((0.1..0.9).contains(&filter.score(&both)));
        // And what was never seen says nothing.
        let strange = filter.score(&mail("z@z.invalid", "Zzz", "qqq www eee"));
        assert!((0.2..0.8).contains(&strange), "{strange}");
    }

    #[test]
    fn too_little_teaches_nothing() {
        let few = taught(LEARNED_MIN as usize - 1);
        assert_eq!(few.score(&mail("x@prize.example", "You WON", "Claim your prize now, free money!")), UNKNOWN);
        assert!(!few.learned.is_enough() && taught(LEARNED_MIN as usize).learned.is_enough());
    }

    #[test]
    fn scripts_without_spaces_have_features_too() {
        let pairs = |text: &str| features(&read_mail(mail("a@b.example", text, "").as_bytes())).len();
        assert!(pairs("免费领取奖品") >= pairs("") + 5);
    }

    #[test]
    fn features_are_bounded_and_each_is_there_once() {
        let long: String = (0..20_000).map(|n| format!("w{n} ")).collect();
        let all = features(&read_mail(mail("a@b.example", "x", &long).as_bytes()));
        assert_eq!(all.len(), FEATURES_MAX);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), FEATURES_MAX);
        assert!(all.iter().all(|feature| i64::try_from(feature.0).is_ok()));
    }

    #[test]
    fn chance_is_that_of_chi_squared() {
        // From a table: 95 % at 3.841 has one degree of freedom; here even numbers: 2 at 5.991, 10 at 18.307.
        assert!((chance(5.991, 1) - 0.05).abs() < 1e-3);
        assert!((chance(18.307, 5) - 0.05).abs() < 1e-3);
        assert_eq!(chance(0.0, 3), 1.0);
    }
}
