//! Signatures: the delimiter, and what phones write below a mail.

use super::Line;
use super::devices::{SENT_FROM, SENT_FROM_ENDS};

/// A signature has at most this many lines that say something; below a longer text the dashes were a dash.
const SIGNATURE_LINES_MAX: usize = 40;

/// `-- ` (RFC 3676, 4.3) or `--`, `__`, alone on its line, with no more below than a signature has.
pub(super) fn is_delimiter(lines: &[Line<'_>], at: usize) -> bool {
    if !matches!(lines[at].plain.as_str(), "--" | "---" | "__" | "___") {
        return false;
    }
    let below =
        lines[at + 1..].iter().filter(|l| !l.is_blank() && !l.is_quoted()).take(SIGNATURE_LINES_MAX + 1).count();
    below <= SIGNATURE_LINES_MAX
}

/// "Sent from my phone" and its kin: a short line of its own.
pub(super) fn is_sent_from(line: &str) -> bool {
    let lower = line.to_lowercase();
    let lower = lower.trim_start_matches(['[', '(', '-', ' ', '—', '_']).trim_end_matches(['.', ']', ')', ' ', '!']);
    let chars = lower.chars().count();
    if !(3..=160).contains(&chars) {
        return false;
    }
    // With the address of an app store the line may be long; its words are few.
    let words = lower.split('<').next().unwrap_or(lower).split_whitespace().count();
    if words > 12 {
        return false;
    }
    if let Some(begin) = SENT_FROM.iter().find(|s| lower.starts_with(**s)) {
        return is_plausible(lower, begin);
    }
    SENT_FROM_ENDS.iter().any(|end| lower.ends_with(end)) && names_device(lower)
}

/// "Sent from my warehouse yesterday" is text: beginnings that are ordinary words need a device or an app.
fn is_plausible(lower: &str, begin: &str) -> bool {
    const CLEAR: &[&str] = &[
        "sent from my ",
        "envoyé de mon ",
        "envoyé depuis mon ",
        "发自我的",
        "來自我的",
        "发送自",
        "发自",
        "get outlook for",
        "נשלח מ",
    ];
    CLEAR.contains(&begin) && lower.split_whitespace().count() <= 8 || names_device(lower)
}

fn names_device(lower: &str) -> bool {
    const DEVICES: &[&str] = &[
        "iphone",
        "ipad",
        "ipod",
        "android",
        "samsung",
        "galaxy",
        "huawei",
        "xiaomi",
        "redmi",
        "oppo",
        "vivo",
        "oneplus",
        "pixel",
        "nokia",
        "sony",
        "xperia",
        "motorola",
        "moto ",
        "honor",
        "htc",
        "lenovo",
        "wiko",
        "blackberry",
        "windows",
        "outlook",
        "gmail",
        "yahoo",
        "mail",
        "proton",
        "aol",
        "gmx",
        "web.de",
        "t-online",
        "orange",
        "typeapp",
        "spark",
        "thunderbird",
        "edison",
        "mobile",
        "mobil",
        "phone",
        "handy",
        "smartphone",
        "tablet",
        "téléphone",
        "telefon",
        "telefoon",
        "teléfono",
        "telefono",
        "celular",
        "móvil",
        "telemóvel",
        "telefone",
        "cellulare",
        "puhelin",
        "matkapuh",
        "komór",
        "телефон",
        "смартфон",
        "手机",
        "手機",
        "携帯",
        "スマートフォン",
        "휴대",
        "邮箱",
        "郵箱",
        "邮件",
        "郵件",
        "メール",
        "메일",
        "foxmail",
        "qq",
        "网易",
        "小米",
        "华为",
        "荣耀",
        "app",
        "device",
        "di động",
        "điện thoại",
        "ponsel",
        "โทรศัพท์",
        "هاتف",
        "الآيفون",
        "آيفون",
        "אייפון",
        "apple",
        "mac",
        "watch",
        "icloud",
        "hey",
        "superhuman",
        "airmail",
        "boxer",
        "zoho",
        "feishu",
        "飞书",
        "lark",
        "dingtalk",
        "钉钉",
        "wecom",
        "企业微信",
        "微信",
    ];
    DEVICES.iter().any(|d| lower.contains(d))
}
