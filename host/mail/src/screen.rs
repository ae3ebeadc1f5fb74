//! Is there a person behind this mail, and anything to answer? Pure functions over a mail that was read.
//!
//! Nothing is dropped here: the caller decides what a reason means. Shop and marketplace notices carry
//! `Auto-Submitted` too and matter to sellers, so a notice is told apart from an answering machine.

use crate::thread::Installation;
use posthouse_model::mail::{Bounce, ReadMail};
use posthouse_model::reason::{Reason, ReasonCode};

/// The header that our automatic mail carries, with the installation's hash: seeing our own again means a loop.
pub const LOOP_HEADER: &str = "X-Posthouse-Loop";

/// What is ours, to recognise our own mail coming back.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// This installation.
    pub installation: &'a Installation,
    /// The tenant's own mailbox addresses.
    pub addresses: &'a [String],
}

/// Why a mail needs no answer from a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// Our own mail came back.
    OwnLoop {
        /// By what it was recognised.
        sign: String,
    },
    /// A delivery report.
    Bounce(Bounce),
    /// An answering machine: out of office, "we received your mail".
    AutoReply {
        /// By what it was recognised.
        sign: String,
    },
    /// A mailing list or newsletter.
    List {
        /// By what it was recognised.
        sign: String,
    },
    /// Written by a machine and possibly worth reading: a shop's or marketplace's notice.
    Notice {
        /// By what it was recognised.
        sign: String,
    },
    /// No words and no files.
    Blank,
}

impl Automatic {
    /// Its number.
    #[must_use]
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::OwnLoop { .. } => ReasonCode::OwnMail,
            Self::Bounce(_) => ReasonCode::Bounce,
            Self::AutoReply { .. } => ReasonCode::AutoReply,
            Self::List { .. } => ReasonCode::List,
            Self::Notice { .. } => ReasonCode::Notice,
            Self::Blank => ReasonCode::Blank,
        }
    }

    /// Number and words.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::new(self.code(), self.words())
    }

    fn words(&self) -> String {
        match self {
            Self::OwnLoop { sign } | Self::AutoReply { sign } | Self::List { sign } | Self::Notice { sign } => {
                sign.clone()
            }
            Self::Bounce(bounce) => {
                let mut text = String::from(if bounce.hard { "delivery failed" } else { "delivery is delayed" });
                if let Some(recipient) = &bounce.recipient {
                    text.push_str(&format!(" to {recipient}"));
                }
                if let Some(status) = &bounce.status {
                    text.push_str(&format!(" ({status})"));
                }
                text
            }
            Self::Blank => String::new(),
        }
    }

    /// Whether answering it automatically could start a loop. True for everything but blank mail.
    #[must_use]
    pub fn never_auto_answer(&self) -> bool {
        !matches!(self, Self::Blank)
    }
}

/// The first reason that holds: own loop, bounce, auto-reply, list, notice, blank.
#[must_use]
pub fn screen(mail: &ReadMail, own: &Own<'_>) -> Option<Automatic> {
    own_loop(mail, own).or_else(|| automatic(mail)).or_else(|| is_blank(mail).then_some(Automatic::Blank))
}

/// Our own mail coming back: our loop header, our Message-ID, or From one of our own mailboxes with a sign of
/// automatic mail. A colleague writing from the mailbox's own address by hand is not a loop.
#[must_use]
pub fn own_loop(mail: &ReadMail, own: &Own<'_>) -> Option<Automatic> {
    let hash = own.installation.hash();
    if mail.header(LOOP_HEADER).any(|v| v.trim() == hash) {
        return Some(Automatic::OwnLoop { sign: LOOP_HEADER.to_owned() });
    }
    if mail.message_id.as_deref().is_some_and(|id| own.installation.is_ours(id)) {
        return Some(Automatic::OwnLoop { sign: "Message-ID of ours".to_owned() });
    }
    let from = mail.from.as_ref()?.key();
    if own.addresses.iter().any(|a| a.trim().eq_ignore_ascii_case(&from))
        && let Some(sign) = &mail.auto_submitted
    {
        return Some(Automatic::OwnLoop { sign: format!("from our own mailbox, {sign}") });
    }
    None
}

/// Bounce, auto-reply, list or notice.
#[must_use]
pub fn automatic(mail: &ReadMail) -> Option<Automatic> {
    if let Some(bounce) = &mail.bounce {
        return Some(Automatic::Bounce(bounce.clone()));
    }
    let sign = mail.auto_submitted.clone()?;
    let (kind, value) = sign.split_once(": ").unwrap_or(("auto-submitted", sign.as_str()));
    Some(match kind {
        // RFC 3834, 5: auto-replied answers a mail, auto-generated does not.
        "auto-submitted" if value.starts_with("auto-replied") || value.starts_with("auto-notified") => {
            Automatic::AutoReply { sign }
        }
        "auto-submitted" => Automatic::Notice { sign },
        "precedence" if value == "auto_reply" => Automatic::AutoReply { sign },
        "list-id" | "list-unsubscribe" => Automatic::List { sign },
        "precedence" if has_list_sign(mail) => Automatic::List { sign },
        "precedence" | "feedback-id" | "sender" => Automatic::Notice { sign },
        _ => Automatic::AutoReply { sign },
    })
}

/// Whether the sender asks machines not to answer (`X-Auto-Response-Suppress`, `X-Loop`), although a person may have
/// written it. Automatic answers keep away from such mail.
#[must_use]
pub fn asks_for_silence(mail: &ReadMail) -> bool {
    let suppress = mail
        .header("X-Auto-Response-Suppress")
        .any(|v| v.split(',').any(|w| ["all", "autoreply", "oof"].contains(&w.trim().to_ascii_lowercase().as_str())));
    suppress || mail.header("X-Loop").next().is_some()
}

fn has_list_sign(mail: &ReadMail) -> bool {
    ["List-Id", "List-Unsubscribe", "List-Post", "Mailing-List"].iter().any(|name| mail.header(name).next().is_some())
}

/// No words anywhere (subject, text, the text of the HTML part) and no files. Signatures and quoted history do not
/// count as words: a reply that says nothing new is blank.
#[must_use]
pub fn is_blank(mail: &ReadMail) -> bool {
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric) || text.chars().any(is_symbol_that_speaks);
    let subject = crate::thread::normal_subject(&mail.subject);
    let is_answer = subject.is_empty() || crate::thread::is_reply_subject(&mail.subject);
    mail.attachments.is_empty() && !has_words(&mail.reply_text) && (is_answer || !has_words(&mail.subject))
}

/// 👍 and `?` are answers.
fn is_symbol_that_speaks(c: char) -> bool {
    matches!(c, '?' | '？' | '!' | '！') || matches!(u32::from(c), 0x2600..=0x27BF | 0x1F300..=0x1FAFF)
}

/// A sign in the headers or the subject that a machine wrote this, as `ReadMail::auto_submitted` wants it: the value
/// of Auto-Submitted when it is not `no`, else `header: value` of what else says so. None for a person's mail.
#[must_use]
pub fn automatic_sign(headers: &[(String, String)], from: Option<&str>, subject: &str) -> Option<String> {
    let all = |name: &'static str| {
        headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_ascii_lowercase())
    };
    let value = |name| all(name).find(|v| !v.is_empty());
    if let Some(v) = all("Auto-Submitted").find(|v| !v.is_empty() && !v.starts_with("no")) {
        return Some(cut(&v));
    }
    // An explicit `no` (RFC 3834, 5.1) outweighs guesses from other headers, but not a loop or list header.
    let said_no = value("Auto-Submitted").is_some();
    if let Some(v) = value("X-Autoreply").or_else(|| value("X-Autorespond")).or_else(|| value("X-Autoresponder")) {
        return Some(format!("x-autoreply: {}", cut(&v)));
    }
    if let Some(v) = value("X-Auto-Reply-From").or_else(|| value("X-Mail-Autoreply")) {
        return Some(format!("x-autoreply: {}", cut(&v)));
    }
    // Microsoft's header asks others not to answer; only this one value says that the mail itself is an answer.
    if let Some(v) = all("X-MS-Exchange-Inbox-Rules-Loop").find(|v| !v.is_empty()) {
        return Some(format!("x-ms-exchange-inbox-rules-loop: {}", cut(&v)));
    }
    if let Some(v) = value("Precedence").or_else(|| value("X-Precedence")) {
        let v = v.replace('-', "_");
        if ["auto_reply", "bulk", "junk", "list"].contains(&v.as_str()) {
            return Some(format!("precedence: {v}"));
        }
    }
    if let Some(v) = value("List-Id") {
        return Some(format!("list-id: {}", cut(&v)));
    }
    if value("List-Unsubscribe").is_some() {
        return Some("list-unsubscribe: present".to_owned());
    }
    if said_no {
        return None;
    }
    let subject = subject.trim().to_lowercase();
    if let Some(start) = AUTO_REPLY_SUBJECTS.iter().find(|s| subject.starts_with(*s)) {
        return Some(format!("subject: {start}"));
    }
    let local = from?.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let squeezed: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    NO_REPLY_SENDERS.iter().find(|n| squeezed.starts_with(**n)).map(|n| format!("sender: {n}"))
}

fn cut(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// How clients begin the subject of an answering machine's mail, lower case.
const AUTO_REPLY_SUBJECTS: &[&str] = &[
    "automatic reply:",
    "auto reply:",
    "auto-reply:",
    "autoreply:",
    "auto response:",
    "autoresponse:",
    "out of office",
    "out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesend:",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "resposta automática",
    "risposta automatica",
    "automatisch antwoord",
    "afwezigheidsmelding",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "automaattinen vastaus",
    "automatyczna odpowiedź",
    "autoodpowiedź",
    "automatická odpověď",
    "automatikus válasz",
    "răspuns automat",
    "otomatik yanıt",
    "автоответ",
    "автоматический ответ",
    "автоматична відповідь",
    "αυτόματη απάντηση",
    "自动回复",
    "自動回覆",
    "自動回复",
    "自动答复",
    "自動返信",
    "不在通知",
    "자동 회신",
    "자동회신",
    "부재중",
    "trả lời tự động",
    "ตอบกลับอัตโนมัติ",
    "balasan otomatis",
    "رد تلقائي",
    "תשובה אוטומטית",
];

/// Local parts (letters and digits only) that no person reads.
const NO_REPLY_SENDERS: &[&str] =
    &["noreply", "donotreply", "dontreply", "nereply", "nepasrepondre", "noresponder", "keineantwort", "mailerdaemon"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use posthouse_model::mail::Address;

    fn sign(headers: &[(&str, &str)], from: &str, subject: &str) -> Option<String> {
        let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        automatic_sign(&headers, Some(from), subject)
    }

    fn judged(headers: &[(&str, &str)], from: &str, subject: &str) -> Option<ReasonCode> {
        let mail = ReadMail { auto_submitted: sign(headers, from, subject), ..ReadMail::default() };
        automatic(&mail).map(|a| a.code())
    }

    #[test]
    fn answering_machines_and_notices_are_told_apart() {
        assert_eq!(judged(&[("Auto-Submitted", "auto-replied (vacation)")], "a@x", "x"), Some(ReasonCode::AutoReply));
        assert_eq!(judged(&[("Auto-Submitted", "auto-generated")], "a@x", "x"), Some(ReasonCode::Notice));
        assert_eq!(judged(&[("Auto-Submitted", "no")], "noreply@x", "x"), None);
        assert_eq!(judged(&[("Precedence", "bulk")], "a@x", "x"), Some(ReasonCode::Notice));
        assert_eq!(judged(&[("Precedence", "auto_reply")], "a@x", "x"), Some(ReasonCode::AutoReply));
        assert_eq!(judged(&[("X-Autoreply", "yes")], "a@x", "x"), Some(ReasonCode::AutoReply));
        assert_eq!(judged(&[("List-Id", "<l.x>")], "a@x", "x"), Some(ReasonCode::List));
        assert_eq!(judged(&[], "a@x", "Automatische Antwort: Bestellung"), Some(ReasonCode::AutoReply));
        assert_eq!(judged(&[], "a@x", "自动回复：订单"), Some(ReasonCode::AutoReply));
        assert_eq!(judged(&[], "no-reply@x", "Your parcel"), Some(ReasonCode::Notice));
        assert_eq!(judged(&[("X-Auto-Response-Suppress", "All")], "a@x", "Where is my order"), None);
        assert_eq!(judged(&[], "norbert@x", "Automatic doors are broken"), None);
    }

    #[test]
    fn our_own_mail_is_a_loop() {
        let installation = Installation::new(&[1; 32]);
        let addresses = ["Support@shop.example".to_owned()];
        let own = Own { installation: &installation, addresses: &addresses };
        let from = |auto: Option<&str>| ReadMail {
            from: Some(Address { name: None, address: "support@shop.example".into() }),
            auto_submitted: auto.map(str::to_owned),
            reply_text: "hello".into(),
            ..ReadMail::default()
        };
        assert_eq!(screen(&from(None), &own), None);
        assert_eq!(screen(&from(Some("auto-replied")), &own).unwrap().code(), ReasonCode::OwnMail);
        let mut marked = from(None);
        marked.headers.push((LOOP_HEADER.into(), installation.hash().into()));
        assert_eq!(screen(&marked, &own).unwrap().code(), ReasonCode::OwnMail);
        marked.headers = vec![(LOOP_HEADER.into(), "another".into())];
        assert_eq!(screen(&marked, &own), None);
    }

    #[test]
    fn blank_means_nothing_to_answer() {
        let mail = |subject: &str, text: &str| ReadMail {
            subject: subject.into(),
            reply_text: text.into(),
            ..ReadMail::default()
        };
        assert!(is_blank(&mail("", "  \n\t")));
        assert!(is_blank(&mail("Re: Order 5", "--\n")));
        assert!(!is_blank(&mail("Where is order 5?", "")));
        assert!(!is_blank(&mail("", "👍")));
        assert!(!is_blank(&mail("Re: x", "?")));
    }
}
