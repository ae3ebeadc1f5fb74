//! Telegram's Bot API as far as `sendMessage` goes: what the platform refuses, this refuses, in its words.

use crate::answering::{Reply, Request};
use serde_json::{Value, json};

/// Most characters of a message after its markup was read.
const TEXT_MAX: usize = 4096;
/// Tags that the platform knows, of those without attributes.
const TAGS: [&str; 8] = ["b", "strong", "i", "em", "u", "s", "code", "pre"];

/// Judges a request for the bot with `token` that is in the group `chat`.
#[must_use]
pub fn judge(request: &Request, token: &str, chat: i64) -> Reply {
    match refusal(request, token, chat) {
        None => {
            (200, json!({ "ok": true, "result": { "message_id": 1, "chat": { "id": chat, "type": "supergroup" } } }))
        }
        Some((code, words)) => (code, json!({ "ok": false, "error_code": code, "description": words })),
    }
}

fn refusal(request: &Request, token: &str, chat: i64) -> Option<(u16, String)> {
    let bad = |words: &str| Some((400, format!("Bad Request: {words}")));
    let Some(method) = request.target.strip_prefix(&format!("/bot{token}/")) else {
        return Some((401, "Unauthorized".to_owned()));
    };
    if method != "sendMessage" || request.method != "POST" {
        return Some((404, "Not Found".to_owned()));
    }
    let is_json = request.headers.get("content-type").is_some_and(|value| value.starts_with("application/json"));
    let Some(body) = serde_json::from_slice::<Value>(&request.body).ok().filter(|_| is_json) else {
        return bad("message text is empty");
    };
    if body["chat_id"] != json!(chat) && body["chat_id"] != json!(chat.to_string()) {
        return bad("chat not found");
    }
    if body["parse_mode"] != "HTML" {
        return bad("unsupported parse_mode");
    }
    let plain = match plain(body["text"].as_str().unwrap_or_default()) {
        Ok(plain) => plain,
        Err(words) => return bad(&format!("can't parse entities: {words}")),
    };
    if plain.trim().is_empty() {
        return bad("message text is empty");
    }
    if plain.encode_utf16().count() > TEXT_MAX {
        return bad("message is too long");
    }
    for button in body["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten().flat_map(|row| {
        // A row that is no list has no buttons, and is then refused below as one without text.
        row.as_array().cloned().unwrap_or_else(|| vec![Value::Null])
    }) {
        if button["text"].as_str().is_none_or(str::is_empty) {
            return bad("text buttons are unallowed in the inline keyboard");
        }
        let url = button["url"].as_str().unwrap_or_default();
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let is_name = host.contains('.') && host.rsplit('.').next().is_some_and(|top| top.parse::<u8>().is_err());
        if !is_name {
            return bad(&format!("inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"));
        }
    }
    None
}

/// The text without its markup: tags closed in order, `<`, `>` and `&` only as entities.
///
/// # Errors
/// What the platform says of text that it cannot read.
pub fn plain(text: &str) -> Result<String, String> {
    let (mut plain, mut open) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        plain.push_str(&rest[..at]);
        let special = &rest[at..];
        let length = if special.starts_with('&') {
            let end = special.find(';').ok_or("unescaped & in the text")?;
            plain.push(match &special[..=end] {
                "&lt;" => '<',
                "&gt;" => '>',
                "&amp;" => '&',
                "&quot;" => '"',
                other => return Err(format!("unsupported entity {other}")),
            });
            end + 1
        } else {
            let end = special.find('>').filter(|_| special.starts_with('<')).ok_or("unescaped < or > in the text")?;
            match special[1..end].strip_prefix('/') {
                Some(name) if open.pop() != Some(name) => return Err(format!("unexpected end tag {name}")),
                Some(_) => {}
                None if TAGS.contains(&&special[1..end]) => open.push(&special[1..end]),
                None => return Err(format!("unsupported start tag \"{}\"", &special[1..end])),
            }
            end + 1
        };
        rest = &special[length..];
    }
    plain.push_str(rest);
    match open.pop() {
        Some(name) => Err(format!("can't find end tag corresponding to start tag {name}")),
        None => Ok(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_read_as_the_platform_reads_it() {
        assert_eq!(plain("<b>a &lt; b</b> &amp; c").unwrap(), "a < b & c");
        for bad in ["a < b", "a > b", "a & b", "<b>x", "x</b>", "<b><i>x</b></i>", "<script>x</script>", "&nbsp;"] {
            assert!(plain(bad).is_err(), "{bad}");
        }
    }
}
