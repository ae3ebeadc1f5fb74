//! Delivery reports: by the book (RFC 3464), and as servers wrote them before it and still do.

use super::address;
use super::parts::FlatPart;
use posthouse_model::mail::{Address, Bounce};
use regex::Regex;
use std::sync::LazyLock;

/// Bytes of a report that are looked at.
const REPORT_BYTES_MAX: usize = 256 * 1024;

#[expect(clippy::expect_used, reason = "the patterns are constants")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// What a delivery report says; none when the mail is no such report, or when it only reports success.
pub(super) fn bounce(
    flat: &[FlatPart<'_>],
    headers: &[(String, String)],
    from: Option<&Address>,
    subject: &str,
    text: &str,
) -> Option<Bounce> {
    let status =
        flat.iter().find(|p| matches!(p.media_type(), "message/delivery-status" | "message/global-delivery-status"));
    if let Some(status) = status {
        let report = by_the_book(&status.bytes());
        if report.only_success {
            return None;
        }
        let mut bounce = report.bounce;
        bounce.original_message_id = original_id(flat).or_else(|| id_in_text(text));
        if bounce.recipient.is_none() {
            bounce.recipient = recipient_in_text(text);
        }
        if bounce.status.is_none() {
            bounce.status = status_in_text(text);
            bounce.hard = bounce.hard || bounce.status.as_deref().is_some_and(|s| s.starts_with('5'));
        }
        return Some(bounce);
    }
    by_its_looks(flat, headers, from, subject, text)
}

/// The report type of a `multipart/report` that is no delivery report: `disposition-notification` …
pub(super) fn report_type(flat: &[FlatPart<'_>]) -> Option<String> {
    let root = flat.first().filter(|p| p.media_type() == "multipart/report")?;
    let kind = root.content_type.get("report-type").unwrap_or("unknown").to_ascii_lowercase();
    Some(kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect())
}

/// The empty return path is that of mail which must not be answered (RFC 5321, 4.5.5).
pub(super) fn has_empty_return_path(headers: &[(String, String)]) -> bool {
    let mut paths = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("Return-Path")).map(|(_, v)| v.trim());
    paths.next().is_some_and(|p| p == "<>")
}

struct Report {
    bounce: Bounce,
    only_success: bool,
}

/// Groups of fields parted by blank lines: one about the message, then one per recipient. The worst recipient speaks.
fn by_the_book(raw: &[u8]) -> Report {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(REPORT_BYTES_MAX)]).replace("\r\n", "\n");
    let mut worst: Option<(u8, Bounce)> = None;
    let mut only_success = true;
    for group in text.split("\n\n") {
        let fields = fields(group);
        let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let action = get("action").unwrap_or_default().to_ascii_lowercase();
        let status = get("status").and_then(status_in_text);
        if action.is_empty() && status.is_none() {
            continue;
        }
        let is_success = matches!(action.as_str(), "delivered" | "relayed" | "expanded")
            || (action.is_empty() && status.as_deref().is_some_and(|s| s.starts_with('2')));
        only_success &= is_success;
        let hard = match action.as_str() {
            "failed" => true,
            "delayed" | "delivered" | "relayed" | "expanded" => false,
            _ => status.as_deref().is_some_and(|s| s.starts_with('5')),
        };
        let recipient = get("original-recipient").filter(|r| r.contains('@')).or_else(|| get("final-recipient"));
        let bounce = Bounce {
            original_message_id: None,
            recipient: recipient.and_then(typed_value),
            status,
            diagnostic: get("diagnostic-code")
                .and_then(|d| typed_value(d).or_else(|| Some(d.to_owned())))
                .map(|d| limit(&d)),
            hard,
        };
        let rank = u8::from(hard) * 2 + u8::from(!is_success);
        if worst.as_ref().is_none_or(|(r, _)| rank > *r) {
            worst = Some((rank, bounce));
        }
    }
    match worst {
        Some((_, bounce)) => Report { bounce, only_success },
        // A status part that says nothing: still a report that something went wrong.
        None => Report { bounce: Bounce::default(), only_success: false },
    }
}

/// `rfc822; a@b` → `a@b`; `smtp; 550 no such user` → `550 no such user`.
fn typed_value(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, v)| v).trim().trim_matches(['<', '>']).trim();
    (!value.is_empty()).then(|| limit(value))
}

fn limit(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

/// Header-like fields with continuation lines, names in lower case.
fn fields(group: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in group.lines().take(400) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// The Message-ID of the mail that is enclosed, in full or by its headers.
fn original_id(flat: &[FlatPart<'_>]) -> Option<String> {
    flat.iter().skip(1).find_map(|part| {
        let media = part.media_type();
        let holds = matches!(
            media,
            "message/rfc822"
                | "message/global"
                | "message/rfc822-headers"
                | "text/rfc822-headers"
                | "message/global-headers"
        );
        if !holds {
            return None;
        }
        let bytes = part.bytes();
        let value = header_in(&bytes[..bytes.len().min(REPORT_BYTES_MAX)], "message-id")?;
        address::ids(&value).into_iter().next()
    })
}

/// The raw value of a header in a header section, folds included.
pub(super) fn header_in(raw: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut lines = raw.split_inclusive(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        if !line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        let mut value = line[colon + 1..].to_vec();
        while let Some(next) = lines.next_if(|l| l.starts_with(b" ") || l.starts_with(b"\t")) {
            value.extend_from_slice(next);
        }
        return Some(value);
    }
    None
}

static SUBJECTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix) undeliver | \bnot\ deliver | non.?delivery | delivery\ (?:status\ )?(?:notification|failure|has\ failed|failed|problem|error|delayed|incomplete|report)
        | (?:mail|message)\ (?:delivery\ )?(?:fail|could\ not|not\ delivered|delayed|status) | failure\ notice | failed\ mail
        | returned\ (?:mail|to\ sender) | mail\ returned | delivery\ failure | mail\ system\ error | mail\ (?:error|undelivered)
        | \bnachricht\ nicht\ zustellbar | unzustellbar | zustell(?:ung|fehler) | nicht\ zugestellt
        | non\ remis | échec\ (?:de\ la\ )?(?:remise|distribution) | message\ non\ distribu
        | no\ (?:se\ ha\ podido|se\ pudo)\ entregar | no\ entregado | devuelto | não\ entregue | devolvid[oa]
        | mancato\ recapito | non\ recapit | onbestelbaar | niet\ bezorgd | nie\ dostarczono | niedor[eę]cz
        | не\ доставлен | недоставлен | kézbesíthetetlen | teslim\ edilemedi
        | 退信 | 退回 | 无法投递 | 無法投遞 | 未送达 | 未能送达 | 发送失败 | 投递失败 | 無法傳遞 | 系统退信
        | 配信不能 | 配送できません | 送信エラー | 配信エラー | 届けられません | 반송 | 전송\ 실패 | 배달되지",
    )
});

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)<?\b([a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+)\b>?"));
static STATUS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([245]\.\d{1,3}\.\d{1,3})\b"));
static REPLY_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)(?:^|[\s:;(\[])([45]\d\d)[ -](.{3,300})"));
static ORIGINAL_ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?im)^[>\s]*message-id:\s*<([^<>\s]{3,500})>"));

/// Reports that are only text: from a mail system, or with the empty return path, about a failure.
fn by_its_looks(
    flat: &[FlatPart<'_>],
    headers: &[(String, String)],
    from: Option<&Address>,
    subject: &str,
    text: &str,
) -> Option<Bounce> {
    let local = from.map(|f| f.address.split('@').next().unwrap_or_default().to_ascii_lowercase()).unwrap_or_default();
    let from_system = matches!(
        local.as_str(),
        "mailer-daemon" | "mailerdaemon" | "mail-daemon" | "postmaster" | "mdaemon" | "bounce" | "bounces"
    ) || local.starts_with("mailer-daemon");
    let failed = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("X-Failed-Recipients")).map(|(_, v)| v.as_str());
    let says_failure = SUBJECTS.is_match(subject);
    let is_report = flat.first().is_some_and(|p| {
        p.media_type() == "multipart/report"
            && p.content_type.get("report-type").is_some_and(|t| t.eq_ignore_ascii_case("delivery-status"))
    });
    let is_bounce = failed.is_some()
        || is_report
        || (says_failure && (from_system || has_empty_return_path(headers)))
        || (from_system && has_empty_return_path(headers) && mentions_failure(text));
    if !is_bounce {
        return None;
    }
    let head = head(text);
    let status = status_in_text(head);
    let reply = REPLY_CODE.captures(head);
    let code = reply.as_ref().and_then(|c| c.get(1)).map(|c| c.as_str());
    let delayed = ["delayed", "still trying", "will be retried", "延迟", "verzögert"].iter().any(|w| {
        subject.to_lowercase().contains(w) || head.to_lowercase().contains(w) && code.is_none_or(|c| c.starts_with('4'))
    });
    let hard = match (&status, code) {
        (Some(status), _) => status.starts_with('5'),
        (None, Some(code)) => code.starts_with('5'),
        (None, None) => !delayed,
    };
    Some(Bounce {
        original_message_id: original_id(flat).or_else(|| id_in_text(text)),
        recipient: failed.and_then(recipient_in_text).or_else(|| recipient_in_text(head)),
        status,
        diagnostic: reply.map(|c| limit(&format!("{} {}", &c[1], &c[2]))),
        hard,
    })
}

/// The part of the report before the copy of the mail that bounced.
fn head(text: &str) -> &str {
    let mut end = text.len().min(16 * 1024);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let copy = [
        "--- Below this line is a copy",
        "------ This is a copy",
        "Original message follows",
        "----- Original message",
    ];
    let cut = copy.iter().filter_map(|c| text.find(c)).min().unwrap_or(text.len());
    &text[..cut]
}

fn mentions_failure(text: &str) -> bool {
    let head = head(text).to_lowercase();
    [
        "could not be delivered",
        "undeliverable",
        "permanent error",
        "permanent fatal error",
        "failed permanently",
        "user unknown",
        "delivery to the following",
        "address rejected",
        "mailbox unavailable",
        "does not exist",
        "无法投递",
        "退信",
        "届け",
    ]
    .iter()
    .any(|w| head.contains(w))
}

fn id_in_text(text: &str) -> Option<String> {
    // The copy of the original stands at the end; a report's own headers are not in its text.
    ORIGINAL_ID.captures(text).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned())
}

fn recipient_in_text(text: &str) -> Option<String> {
    ADDRESS.captures_iter(text).take(20).filter_map(|c| c.get(1).map(|m| m.as_str().to_owned())).find(|a| {
        !a.to_ascii_lowercase().starts_with("mailer-daemon@") && !a.to_ascii_lowercase().starts_with("postmaster@")
    })
}

fn status_in_text(text: &str) -> Option<String> {
    STATUS.captures(text).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned())
}
