//! What the filter on the client's own mail server thought of a mail, by the mark it left in the headers.
//!
//! Only "this is spam" is believed. A sender who writes such a mark himself harms nobody else, but one who writes "not spam"
//! would: that is ignored.

use posthouse_model::mail::ReadMail;

/// Microsoft's spam confidence level from which a mail is spam
/// (<https://learn.microsoft.com/en-us/defender-office-365/anti-spam-spam-confidence-level-scl-about>).
const SCL_SPAM: i32 = 5;

/// The mark that says so, with its header; none: no filter called it spam.
#[must_use]
pub fn spam_mark(mail: &ReadMail) -> Option<String> {
    // SpamAssassin, and most that came after it; Rspamd's `X-Spam`; Barracuda.
    for name in ["X-Spam-Flag", "X-Spam-Status", "X-Spam", "X-Barracuda-Spam-Flag"] {
        if mail.header(name).any(says_yes) {
            return Some(format!("{name}: yes"));
        }
    }
    // Exchange Online; Exchange on the client's own machines.
    let levels = mail
        .header("X-Forefront-Antispam-Report")
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix("SCL:"))
        .chain(mail.header("X-MS-Exchange-Organization-SCL"));
    if let Some(level) = levels.filter_map(|level| level.trim().parse::<i32>().ok()).find(|level| *level >= SCL_SPAM) {
        return Some(format!("spam confidence level {level}"));
    }
    // Yandex: 1 is mail, 4 is spam.
    mail.header("X-Yandex-Spam").any(|value| value.trim() == "4").then(|| "X-Yandex-Spam: 4".to_owned())
}

/// `YES`, `Yes, score=9.1 required=5.0 …`
fn says_yes(value: &str) -> bool {
    let word: String = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(name: &str, value: &str) -> Option<String> {
        let mail = ReadMail { headers: vec![(name.to_owned(), value.to_owned())], ..ReadMail::default() };
        spam_mark(&mail)
    }

    #[test]
    fn marks_of_common_filters_are_known() {
        for (name, value) in [
            ("X-Spam-Flag", "YES"),
            ("x-spam-flag", "yes"),
            ("X-Spam-Status", "Yes, score=9.1 required=5.0 tests=BAYES_99"),
            ("X-Spam", "Yes"),
            ("X-Barracuda-Spam-Flag", "YES"),
            ("X-Forefront-Antispam-Report", "CIP:192.0.2.1;CTRY:US;LANG:en;SCL:5;SRV:;IPV:NLI;SFV:SPM;"),
            ("X-Forefront-Antispam-Report", "SCL:9"),
            ("X-MS-Exchange-Organization-SCL", "6"),
            ("X-Yandex-Spam", "4"),
        ] {
            assert!(marked(name, value).is_some(), "{name}: {value}");
        }
    }

    #[test]
    fn mail_that_a_filter_let_pass_is_not_marked() {
        for (name, value) in [
            ("X-Spam-Flag", "NO"),
            ("X-Spam-Status", "No, score=-1.9 required=5.0 tests=BAYES_00,YESTERDAY"),
            ("X-Spam-Status", "yesterday"),
            ("X-Spam-Level", "****"),
            ("X-Forefront-Antispam-Report", "CIP:192.0.2.1;SCL:1;SFV:NSPM"),
            ("X-Forefront-Antispam-Report", "SCL:-1"),
            ("X-MS-Exchange-Organization-SCL", "9nine"),
            ("X-Yandex-Spam", "1"),
            ("Subject", "X-Spam-Flag: YES"),
        ] {
            assert_eq!(marked(name, value), None, "{name}: {value}");
        }
    }
}
