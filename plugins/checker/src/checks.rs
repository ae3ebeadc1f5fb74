//! The checks, over plain values.

use crate::language::{plain_language, primary};
use crate::marketplace::Contact;
use crate::secrets::Secret;
use crate::words::found_any;
use crate::{Forbidden, attached, marketplace, secrets};
use posthouse_drafting::amounts;
use std::ops::Range;

/// A reply and what is known of its ticket.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// Somebody gets it.
    pub has_recipient: bool,
    /// Of the draft it came from.
    pub draft_language: Option<String>,
    /// Of the customer.
    pub customer_language: Option<String>,
    /// The customer's newest mail.
    pub customer_text: String,
    /// Facts and orders, as text.
    pub known: Vec<String>,
    /// Order and shipment numbers.
    pub numbers: Vec<String>,
    /// How many files go with it.
    pub files: usize,
    /// The marketplace that it goes through.
    pub marketplace: Option<&'static str>,
    /// Reasons are given in Chinese, else in English.
    pub agent_reads_chinese: bool,
}

/// What is checked.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Words of the tenant.
    pub forbidden: Vec<Forbidden>,
    /// Promised refunds and amounts.
    pub promises: bool,
    /// These block.
    pub strict_promises: bool,
    /// Keys, cards, passwords.
    pub secrets: bool,
    /// Wrong language.
    pub language: bool,
    /// In hundredths, as `amounts` writes them.
    pub allowed_amounts: Vec<String>,
    /// Files that are spoken of and not there.
    pub attachments: bool,
    /// What marketplaces take for an auto-reply, and contact data past them.
    pub marketplaces: bool,
    /// Hosts whose pages may be named to buyers at a marketplace.
    pub allowed_links: Vec<String>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Must not go out; else a person may send it.
    pub blocks: bool,
    /// Short name.
    pub code: String,
    /// For the agent.
    pub reason: String,
    /// In the subject, else in the body; and where.
    pub place: Option<(bool, Range<usize>)>,
}

/// Words that say "we (will) pay back": checked only when no fact speaks of a refund.
const REFUND_PROMISES: &[&str] = &[
    "we will refund",
    "we'll refund",
    "have refunded",
    "we refunded",
    "i will refund",
    "i have refunded",
    "full refund has been",
    "refund you",
    "your refund of",
    "has been refunded",
    "will be refunded",
    "we have issued a refund",
    "send you a replacement for free",
    "free replacement",
    "erstatten wir",
    "wir erstatten",
    "haben wir erstattet",
    "wurde erstattet",
    "wird erstattet",
    "erstatten ihnen",
    "le reembolsaremos",
    "le hemos reembolsado",
    "reembolsaremos",
    "le devolveremos el dinero",
    "ha sido reembolsado",
    "nous vous remboursons",
    "nous vous rembourserons",
    "avons remboursé",
    "a été remboursé",
    "sera remboursé",
    "我们会退款",
    "我们将退款",
    "已为您退款",
    "会为您退款",
    "将为您退款",
    "给您退款",
    "全额退款给",
    "已退款",
    "已经退款",
    "免费补发",
    "返金いたします",
    "返金いたしました",
    "返金させていただきます",
    "返金します",
    "ご返金いたし",
    "la rimborseremo",
    "abbiamo rimborsato",
    "vi rimborseremo",
    "vamos reembolsar",
    "reembolsámos",
    "iremos reembolsar",
    "wij betalen u terug",
    "zwrócimy",
    "мы вернем деньги",
    "мы вернём деньги",
    "환불해 드리겠습니다",
    "환불해드리겠습니다",
];

/// Left over from writing.
const LEFTOVERS: &[&str] =
    &["lorem ipsum", "todo:", "[name]", "[order", "[insert", "xxx-xxx", "<name>", "[姓名]", "[订单", "____"];

/// All findings, the gravest kinds first.
#[must_use]
pub fn check(rules: &Rules, reply: &Reply) -> Vec<Finding> {
    let mut findings = Vec::new();
    let say = |english: &str, chinese: &str| if reply.agent_reads_chinese { chinese } else { english }.to_owned();
    let mut add = |blocks: bool, code: &str, reason: String, place: Option<(bool, Range<usize>)>| {
        findings.push(Finding { blocks, code: code.to_owned(), reason, place });
    };

    if reply.body.trim().is_empty() {
        add(true, "empty", say("The reply has no text.", "回复没有内容。"), None);
    }
    if !reply.has_recipient {
        add(true, "no-recipient", say("The reply goes to nobody.", "没有收件人。"), None);
    }
    for (in_subject, text) in [(true, &reply.subject), (false, &reply.body)] {
        for range in variables(text) {
            let name = text[range.clone()].to_owned();
            let reason = say("was left unfilled: fill it or delete it.", "没有填写:请填写或删除。");
            add(true, "unfilled-variable", format!("{name} {reason}"), Some((in_subject, range)));
        }
        for range in found_any(text, LEFTOVERS) {
            let reason = say("This looks left over from writing.", "这像是没写完的内容。");
            add(false, "placeholder", reason, Some((in_subject, range)));
        }
    }
    if rules.secrets {
        for secret in secrets::find(&reply.body, &reply.numbers) {
            let (reason, range) = match secret {
                Secret::Key(range) => (say("This looks like a secret key.", "这像是密钥。"), range),
                Secret::Card(range) => (say("This looks like a full card number.", "这像是完整的卡号。"), range),
                Secret::Password(range) => (say("This looks like a password.", "这像是密码。"), range),
            };
            add(true, "secret", reason, Some((false, range)));
        }
    }
    if rules.promises {
        promises(rules, reply, &mut add);
    }
    if rules.language {
        wrong_language(reply, &mut add);
    }
    if rules.attachments
        && reply.files == 0
        && let Some(range) = attached::said(&reply.body)
    {
        let reason = say("This speaks of a file, and none goes with the reply.", "这里提到了附件,但回复没有附件。");
        add(false, "missing-attachment", reason, Some((false, range)));
    }
    if rules.marketplaces
        && let Some(name) = reply.marketplace
    {
        past_marketplace(rules, reply, name, &mut add);
    }
    for forbidden in &rules.forbidden {
        for (in_subject, text) in [(true, &reply.subject), (false, &reply.body)] {
            let words: Vec<&str> =
                forbidden.words.iter().map(String::as_str).filter(|word| !word.trim().is_empty()).collect();
            for range in found_any(text, &words) {
                let word = text.get(range.clone()).unwrap_or_default();
                let reason = forbidden.reason.clone().unwrap_or_else(|| format!("\"{word}\""));
                add(forbidden.block, &forbidden.code, reason, Some((in_subject, range)));
            }
        }
    }
    findings
}

type Add<'a> = dyn FnMut(bool, &str, String, Option<(bool, Range<usize>)>) + 'a;

fn promises(rules: &Rules, reply: &Reply, add: &mut Add<'_>) {
    let chinese = reply.agent_reads_chinese;
    let known: Vec<String> =
        reply.known.iter().flat_map(|text| amounts::find(text)).map(|amount| amount.digits).collect();
    let claimed: Vec<String> = amounts::find(&reply.customer_text).into_iter().map(|amount| amount.digits).collect();
    for amount in amounts::find(&reply.body) {
        if known.contains(&amount.digits) || rules.allowed_amounts.contains(&amount.digits) {
            continue;
        }
        let text = &reply.body[amount.range.clone()];
        let reason = match (claimed.contains(&amount.digits), chinese) {
            (true, false) => format!("{text} is the customer's own word; no order or fact of this ticket says so."),
            (true, true) => format!("{text} 只是客户自己的说法,本工单的订单和事实中没有。"),
            (false, false) => format!("{text} stands in no order or fact of this ticket."),
            (false, true) => format!("本工单的订单和事实中没有 {text}。"),
        };
        add(rules.strict_promises, "promised-amount", reason, Some((false, amount.range)));
    }
    let grounded = reply.known.iter().any(|fact| {
        let fact = fact.to_lowercase();
        ["refund", "退款", "erstatt", "reembols", "rembours", "返金", "replacement"]
            .iter()
            .any(|word| fact.contains(word))
    });
    if !grounded && let Some(range) = found_any(&reply.body, REFUND_PROMISES).into_iter().next() {
        let reason = if chinese {
            "这里承诺了退款或补发,但本工单没有相应的事实。".to_owned()
        } else {
            "This promises a refund or replacement, and no fact of this ticket says so.".to_owned()
        };
        add(rules.strict_promises, "promised-refund", reason, Some((false, range)));
    }
}

fn past_marketplace(rules: &Rules, reply: &Reply, name: &str, add: &mut Add<'_>) {
    let chinese = reply.agent_reads_chinese;
    for (in_subject, text) in [(true, &reply.subject), (false, &reply.body)] {
        for range in marketplace::automatic(text) {
            let reason = if chinese {
                format!("{name} 可能会把它当作自动回复,不计为已答复。")
            } else {
                format!("{name} may take this for an auto-reply, which does not count as an answer.")
            };
            add(false, "auto-reply-phrase", reason, Some((in_subject, range)));
        }
        for (kind, range) in marketplace::contacts(name, text, &rules.allowed_links) {
            let (english, han) = match kind {
                Contact::Link => ("a link to a page elsewhere", "站外链接"),
                Contact::Address => ("a mail address", "邮箱地址"),
                Contact::Phone => ("a phone number", "电话号码"),
                Contact::Messenger => ("a messenger", "其他聊天工具"),
            };
            let reason = if chinese {
                format!("{name} 不允许在消息中出现{han}。")
            } else {
                format!("{name} does not allow {english} in messages.")
            };
            add(false, "marketplace-contact", reason, Some((in_subject, range)));
        }
    }
}

fn wrong_language(reply: &Reply, add: &mut Add<'_>) {
    let Some(written) = plain_language(&reply.body) else { return };
    let wanted = reply.customer_language.as_deref().or(reply.draft_language.as_deref()).map(primary);
    // English is understood nearly everywhere: it is worth a word, since the draft may be in the customer's language.
    if let Some(wanted) = wanted.filter(|wanted| wanted != written) {
        let draft_is_english = reply.draft_language.as_deref().map(primary).as_deref() == Some("en");
        if written == "en" && draft_is_english {
            return;
        }
        let reason = if reply.agent_reads_chinese {
            format!("客户使用 {wanted},而回复看起来是 {written}。")
        } else {
            format!("The customer writes {wanted}, and this reply looks like {written}.")
        };
        add(false, "language", reason, None);
    }
}

/// `{{name}}` and what was never closed.
fn variables(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("{{").map(|at| at + from) {
        let end = text[at..].find("}}").map_or(at + 2, |end| at + end + 2);
        // A far away end belongs to something else.
        let end = if end - at > 100 || text[at..end].contains('\n') { at + 2 } else { end };
        found.push(at..end);
        from = end;
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn rules() -> Rules {
        Rules {
            forbidden: vec![Forbidden {
                code: "competitor".into(),
                words: vec!["Amazon".into()],
                block: false,
                reason: None,
            }],
            promises: true,
            strict_promises: false,
            secrets: true,
            language: true,
            allowed_amounts: vec!["490".into()],
            attachments: true,
            marketplaces: true,
            allowed_links: vec!["dhl.de".into()],
        }
    }

    fn reply(body: &str) -> Reply {
        Reply { body: body.into(), has_recipient: true, ..Reply::default() }
    }

    fn codes(reply: &Reply) -> Vec<(bool, String)> {
        check(&rules(), reply).into_iter().map(|finding| (finding.blocks, finding.code)).collect()
    }

    #[test]
    fn a_fine_reply_has_no_findings() {
        let mut fine =
            reply("Hello Ana, your order 1042 over 49,90 € is on its way. Shipping was 4.90 EUR. Kind regards");
        fine.known = vec!["49.90 EUR".into()];
        fine.customer_language = Some("en".into());
        assert_eq!(codes(&fine), []);
    }

    #[test]
    fn unfilled_and_empty_replies_are_blocked() {
        let unfilled = reply("Hello {{customer_name}}, thanks");
        let findings = check(&rules(), &unfilled);
        assert!(findings[0].blocks);
        let (in_subject, range) = findings[0].place.clone().unwrap();
        assert_eq!((in_subject, &unfilled.body[range]), (false, "{{customer_name}}"));
        assert_eq!(codes(&reply("  \n")), [(true, "empty".to_owned())]);
    }

    #[test]
    fn promises_without_ground_are_named() {
        let mut promise = reply("We will refund you 25.00 EUR today.");
        assert_eq!(codes(&promise), [(false, "promised-amount".to_owned()), (false, "promised-refund".to_owned())]);
        promise.known = vec!["refund.amount: 25.00 EUR".into()];
        assert_eq!(codes(&promise), []);
        promise.known.clear();
        promise.customer_text = "I paid 25 EUR".into();
        assert!(check(&rules(), &promise)[0].reason.contains("customer's own word"));
        let strict = Rules { strict_promises: true, ..rules() };
        assert!(check(&strict, &promise).iter().all(|finding| finding.blocks));
        assert_eq!(codes(&reply("好的,我们会退款给您")), [(false, "promised-refund".to_owned())]);
    }

    #[test]
    fn forbidden_words_and_secrets() {
        assert_eq!(codes(&reply("Buy it on AMAZON")), [(false, "competitor".to_owned())]);
        assert_eq!(codes(&reply("Your key: xoxb-123456789012-abcdef")), [(true, "secret".to_owned())]);
    }

    #[test]
    fn another_language_is_worth_a_word() {
        let mut english =
            reply("We have found your order and will write to you as soon as the carrier answers our question.");
        english.customer_language = Some("de".into());
        assert_eq!(codes(&english), [(false, "language".to_owned())]);
        english.draft_language = Some("en".into());
        assert_eq!(codes(&english), [], "there was no German template");
    }

    #[test]
    fn a_file_that_is_spoken_of_must_be_there() {
        let mut label = reply("Hello Ana, the label is attached. Kind regards");
        let findings = check(&rules(), &label);
        assert_eq!(findings.len(), 1);
        let (in_subject, range) = findings[0].place.clone().unwrap();
        assert_eq!((in_subject, &label.body[range]), (false, "is attached"));
        assert_eq!((findings[0].blocks, findings[0].code.as_str()), (false, "missing-attachment"));
        assert_eq!(check(&Rules { attachments: false, ..rules() }, &label), []);
        label.files = 1;
        assert_eq!(codes(&label), []);
    }

    #[test]
    fn a_marketplace_has_rules_of_its_own() {
        let mut answer = reply("This is an automated message. Write to help@shop.example.");
        assert_eq!(codes(&answer), [], "by mail, all of it may be said");
        answer.marketplace = Some("eBay");
        assert_eq!(
            codes(&answer),
            [(false, "auto-reply-phrase".to_owned()), (false, "marketplace-contact".to_owned())]
        );
        assert!(check(&rules(), &answer).iter().all(|finding| finding.reason.contains("eBay")));
        assert_eq!(check(&Rules { marketplaces: false, ..rules() }, &answer), []);
        answer.body = "Follow it at https://www.dhl.de/1 or https://www.ebay.de/2".into();
        assert_eq!(codes(&answer), []);
    }
}
