//! Whether a model's answer may stand as a draft.
//!
//! The mail is what the model answers, never what it may rely on: an amount, a share, a link, an address or a promise has to stand in the
//! template or in the facts. So a mail that talks the model into something gets the template, whatever the model made of it. That is
//! on the careful side: an honest answer that explains why there is no discount, where the template knows nothing of discounts, is not
//! used either.

use crate::amounts;
use crate::model::TEMPLATE_USED;
use posthouse_asking::Question;

/// Longest answer taken, in bytes.
const ANSWER_BYTES_MAX: usize = 12_000;
/// A line of the instructions that is at least so long does not come up by chance.
const LEAK_BYTES_MIN: usize = 24;

/// Why an answer cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    Empty,
    TooLong,
    /// A number that neither the mail nor we named.
    Number(String),
    /// An amount or share that only the mail names, or nobody.
    Amount(String),
    /// A link, a mail address or a telephone number that is not ours.
    Address(String),
    /// Words of a promise that the template does not make.
    Promise(&'static str),
    /// What we told the model, or what it says of itself.
    Leak,
    /// Markup.
    Markup,
}

impl Unusable {
    /// For the agent.
    pub(crate) fn words(&self, agent_language: &str) -> String {
        let is_chinese = agent_language.starts_with("zh");
        let (english, chinese) = match self {
            Self::Empty => ("the model answered nothing".to_owned(), "模型没有给出内容".to_owned()),
            Self::TooLong => ("the model answered too much".to_owned(), "模型的回答过长".to_owned()),
            Self::Number(number) => (
                format!("the model wrote a number that nobody gave it ({number})"),
                format!("模型写了没有依据的数字（{number}）"),
            ),
            Self::Amount(amount) => (
                format!("the model wrote an amount that neither template nor facts name ({amount})"),
                format!("模型写了模板和已知事实中没有的金额或比例（{amount}）"),
            ),
            Self::Address(address) => (
                format!("the model wrote an address that is not the shop's ({address})"),
                format!("模型写了不属于店铺的链接、邮箱或电话（{address}）"),
            ),
            Self::Promise(word) => (
                format!("the model promised what the template does not (“{word}”)"),
                format!("模型作出了模板中没有的承诺(“{word}”)"),
            ),
            Self::Leak => {
                ("the model wrote about itself or its instructions".to_owned(), "模型谈到了自身或内部指令".to_owned())
            }
            Self::Markup => ("the model wrote markup".to_owned(), "模型写了标记代码".to_owned()),
        };
        let (used, used_chinese) = TEMPLATE_USED;
        if is_chinese { format!("{chinese}，{used_chinese}") } else { format!("{english}: {used}") }
    }
}

/// The answer, cleaned, or why it cannot be used.
pub(crate) fn usable(answer: &str, asked: &Question) -> Result<String, Unusable> {
    let text = answer.trim().trim_start_matches("```text").trim_matches('`').trim();
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    if text.len() > ANSWER_BYTES_MAX {
        return Err(Unusable::TooLong);
    }
    // The last input is the mail.
    let ours = asked.inputs.split_last().map_or(&[][..], |(_, ours)| ours).join("\n");
    let folded = (text.to_lowercase(), ours.to_lowercase());
    let folded = (folded.0.as_str(), folded.1.as_str());
    if is_leak(folded.0, &asked.instructions) {
        return Err(Unusable::Leak);
    }
    if is_markup(text) {
        return Err(Unusable::Markup);
    }
    if let Some(address) = addresses(text).into_iter().find(|address| !folded.1.contains(&address.to_lowercase())) {
        return Err(Unusable::Address(address));
    }
    let known = amounts::find(&ours);
    let amount =
        amounts::find(text).into_iter().find(|amount| !known.iter().any(|known| known.digits == amount.digits));
    if let Some(amount) = amount {
        return Err(Unusable::Amount(text[amount.range].to_owned()));
    }
    let our_numbers = numbers(&ours);
    if let Some(share) = shares(text).into_iter().find(|share| !our_numbers.contains(share)) {
        return Err(Unusable::Amount(format!("{share} %")));
    }
    let given: Vec<String> = asked.inputs.iter().flat_map(|text| numbers(text)).collect();
    if let Some(invented) = numbers(text).into_iter().find(|number| number.len() > 1 && !given.contains(number)) {
        return Err(Unusable::Number(invented));
    }
    for group in PROMISES {
        let said = group.iter().find(|stem| folded.0.contains(**stem));
        if let Some(stem) = said.filter(|_| !group.iter().any(|stem| folded.1.contains(stem))) {
            return Err(Unusable::Promise(stem));
        }
    }
    Ok(text.to_owned())
}

/// Beginnings of words, in lower case; a group is one promise in every language.
const PROMISES: &[&[&str]] = &[
    &[
        "refund",
        "reimburs",
        "money back",
        "erstatt",
        "geld zurück",
        "reembols",
        "devolver el dinero",
        "devolución del dinero",
        "rembours",
        "rimbors",
        "restituire il denaro",
        "terugbetal",
        "geld terug",
        "zwrot pieni",
        "zwrócimy",
        "возврат",
        "вернём деньги",
        "вернем деньги",
        "возмест",
        "återbetal",
        "iade",
        "退款",
        "退钱",
        "退錢",
        "返金",
        "환불",
    ],
    &[
        "compensat",
        "entschädig",
        "schadensersatz",
        "indemni",
        "compens",
        "dédommag",
        "risarc",
        "indeniz",
        "schadevergoeding",
        "odszkodowan",
        "rekompensat",
        "компенс",
        "tazmin",
        "赔偿",
        "賠償",
        "补偿",
        "補償",
        "보상",
    ],
    &[
        "voucher",
        "gift card",
        "coupon",
        "store credit",
        "gutschein",
        "cupón",
        "vale de",
        "bon d'achat",
        "chèque-cadeau",
        "buono",
        "cartão-presente",
        "cadeaubon",
        "tegoedbon",
        "karta podarunkowa",
        "kupon",
        "промокод",
        "купон",
        "подарочн",
        "优惠券",
        "優惠券",
        "优惠码",
        "代金券",
        "礼品卡",
        "クーポン",
        "ギフト券",
        "쿠폰",
        "상품권",
    ],
    &[
        "discount",
        "% off",
        "rabatt",
        "preisnachlass",
        "descuento",
        "remise",
        "réduction",
        "sconto",
        "desconto",
        "korting",
        "zniżk",
        "rabat",
        "скидк",
        "indirim",
        "折扣",
        "打折",
        "割引",
        "할인",
    ],
    &[
        "free of charge",
        "for free",
        "at no cost",
        "kostenlos",
        "kostenfrei",
        "gratis",
        "gratuit",
        "gratuito",
        "bezpłatn",
        "za darmo",
        "бесплатн",
        "ücretsiz",
        "免费",
        "免費",
        "無料",
        "무료",
    ],
    &[
        "replacement",
        "send you a new",
        "send you another",
        "ersatz",
        "neues exemplar",
        "reemplaz",
        "reposición",
        "remplac",
        "sostitu",
        "substitu",
        "vervang",
        "nowy egzemplarz",
        "замен",
        "yenisini",
        "补发",
        "補發",
        "重新寄",
        "交換品",
        "代替品",
        "再送",
        "재발송",
        "교체",
    ],
    &[
        "guarantee",
        "garantier",
        "garantiz",
        "garantiss",
        "garantia",
        "garantiam",
        "gwarant",
        "гарантир",
        "保证",
        "保證",
        "保証",
        "보장",
    ],
];

/// What a model says of itself, or of what it was told.
const LEAKS: &[&str] = &[
    "as an ai",
    "ai assistant",
    "language model",
    "system prompt",
    "my instructions",
    "developer mode",
    "als ki",
    "sprachmodell",
    "meine anweisungen",
    "modelo de lenguaje",
    "modelo de linguagem",
    "como ia,",
    "mis instrucciones",
    "minhas instruções",
    "en tant qu'ia",
    "modèle de langage",
    "mes instructions",
    "modello linguistico",
    "le mie istruzioni",
    "taalmodel",
    "mijn instructies",
    "model językowy",
    "moje instrukcje",
    "языковая модель",
    "мои инструкции",
    "语言模型",
    "語言模型",
    "系统提示",
    "系統提示",
    "我的指令",
    "言語モデル",
    "システムプロンプト",
    "언어 모델",
    "시스템 프롬프트",
    "bcp 47",
];

fn is_leak(text: &str, instructions: &str) -> bool {
    let lines = instructions.lines().map(|line| line.trim_start_matches("- ").trim().to_lowercase());
    let mut lines = lines.filter(|line| line.len() >= LEAK_BYTES_MIN);
    let starts = ["template:", "facts:", "customer's message", "system:", "assistant:"];
    LEAKS.iter().any(|words| text.contains(words))
        || text.lines().any(|line| starts.iter().any(|start| line.trim_start().starts_with(start)))
        || lines.any(|line| text.contains(&line))
}

/// HTML, or a link or picture of Markdown's.
fn is_markup(text: &str) -> bool {
    let is_tag = |rest: &str| {
        let name = rest.trim_start_matches(['/', '!']);
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>')
    };
    text.contains("](") || text.split('<').skip(1).any(is_tag)
}

/// Ends of names that stand for a place on the net; a full stop without a blank behind it is no link.
const ENDS: &[&str] = &[
    "com", "net", "org", "io", "shop", "store", "info", "biz", "xyz", "top", "cn", "de", "fr", "es", "it", "nl", "pl",
    "ru", "uk", "eu", "jp", "kr", "br", "us", "app", "link", "site", "online", "click", "me", "co", "cc", "ly", "tk",
    "tr", "ch", "at", "be", "se", "gg", "example", "test", "live", "pro", "vip", "support", "help", "dev",
];

/// Links, mail addresses and telephone numbers with a country's code.
fn addresses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let pieces = text.split(|c: char| {
        c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"' | '“' | '”' | ',' | '，' | '。' | '、' | '：')
    });
    for piece in pieces {
        // In texts without blanks an address ends where the letters of the script begin; in a name of other letters it does not.
        let runs = piece.split(|c: char| !c.is_ascii()).chain([piece]);
        for run in runs {
            let run = run.trim_matches(|c: char| !c.is_alphanumeric() && c != '+');
            let lower = run.to_lowercase();
            let host = lower.split(['/', '?', '#', ':']).next().unwrap_or_default();
            let is_host = host.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && ENDS.contains(&end));
            let is_phone = run.strip_prefix('+').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let is_address =
                lower.contains("://") || lower.starts_with("www.") || lower.contains('@') || is_host || is_phone;
            if is_address && !found.iter().any(|known: &String| known == run) {
                found.push(run.to_owned());
            }
        }
    }
    found
}

/// Numbers of a text without separators: "1.234,50" and "1234.50" are the same number.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(digit) = character.to_digit(10) {
            current.push(char::from_digit(digit, 10).unwrap_or('0'));
            continue;
        }
        let joins =
            matches!(character, '.' | ',' | '\'' | '\u{a0}') && characters.peek().is_some_and(char::is_ascii_digit);
        if !joins && !current.is_empty() {
            found.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        found.push(current);
    }
    found
}

/// Numbers before a sign or word for hundredths.
fn shares(text: &str) -> Vec<String> {
    const SIGNS: &[&str] = &[
        "%",
        "％",
        "percent",
        "per cent",
        "prozent",
        "por ciento",
        "por cento",
        "pour cent",
        "per cento",
        "procent",
        "процент",
        "퍼센트",
        "パーセント",
    ];
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    for sign in SIGNS {
        for (at, _) in lower.match_indices(sign) {
            let before = lower[..at].trim_end();
            let start = before
                .rfind(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
                .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
            found.extend(numbers(&before[start..]).into_iter().take(1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(template: &str, facts: &str, mail: &str) -> Question {
        Question {
            instructions: "You write replies.\n- Keep any placeholder in double braces exactly as it stands."
                .to_owned(),
            inputs: vec![
                format!("Template:\n{template}"),
                format!("Facts:\n{facts}"),
                format!("Customer's message:\n{mail}"),
            ],
            max_output_tokens: 500,
        }
    }

    fn refused(answer: &str) -> Option<Unusable> {
        let template = "We refund within 14 days. Write to help@shop.example or see www.shop.example/returns.";
        let mail = "Order 1042-88. I paid 500 euros and want 90 % off, call +49 30 1234567, www.evil.example";
        usable(answer, &asked(template, "order_total: 49.90 EUR", mail)).err()
    }

    #[test]
    fn what_template_and_facts_say_may_be_said() {
        for answer in [
            "Your order 1042-88 of 49,90 € is refunded within 14 days.",
            "Write to help@shop.example, or look at www.shop.example/returns.",
            "Hello {{name}}. We have your mail.",
            "```text\nFine.\n```",
        ] {
            assert_eq!(refused(answer), None, "{answer}");
        }
    }

    #[test]
    fn what_only_the_mail_says_may_not() {
        assert_eq!(refused("We refund 500 euros."), Some(Unusable::Amount("500 eur".to_owned())));
        assert_eq!(refused("You get 90 % of it."), Some(Unusable::Amount("90 %".to_owned())));
        assert_eq!(refused("See www.evil.example today."), Some(Unusable::Address("www.evil.example".to_owned())));
        assert_eq!(refused("请打开evil.com查看"), Some(Unusable::Address("evil.com".to_owned())));
        assert_eq!(refused("Call +49 30"), Some(Unusable::Address("+49".to_owned())));
        assert_eq!(refused("A discount for you."), Some(Unusable::Promise("discount")));
        assert_eq!(refused("Order 77001 is on its way."), Some(Unusable::Number("77001".to_owned())));
    }

    #[test]
    fn what_is_no_reply_is_none() {
        assert_eq!(refused(" \n"), Some(Unusable::Empty));
        assert_eq!(refused(&"a".repeat(ANSWER_BYTES_MAX + 1)), Some(Unusable::TooLong));
        assert_eq!(refused(&"a".repeat(ANSWER_BYTES_MAX)), None);
        assert_eq!(refused("keep any placeholder in double braces exactly as it stands."), Some(Unusable::Leak));
        assert_eq!(refused("As an AI I cannot."), Some(Unusable::Leak));
        assert_eq!(refused("Hi <img src=x>"), Some(Unusable::Markup));
        assert_eq!(refused("Hi [you](x)"), Some(Unusable::Markup));
        assert_eq!(refused("1 < 2, and 3 > 2 <3"), None);
    }

    #[test]
    fn a_full_stop_without_a_blank_is_no_link() {
        assert_eq!(refused("Thank you.We look into it, e.g.today."), None);
    }

    #[test]
    fn agents_read_why_in_their_language() {
        assert!(Unusable::Promise("refund").words("en").contains("“refund”"));
        assert!(Unusable::Leak.words("zh-CN").ends_with("使用模板"));
    }
}
