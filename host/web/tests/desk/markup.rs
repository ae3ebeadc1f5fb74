//! `tests/hostile/markup.txt`: what everybody but the desk might write, in the hope that a browser takes it for more than words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// A host of the sender's. Nobody is asked for its name: the browser of the test has a proxy.
pub const AWAY: &str = "http://away.example";

/// All payloads in the order of the file. In the one at `index` the call that must never happen is `ran(index)`.
pub fn payloads() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/hostile/markup.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && *line != "#" && !line.starts_with("# "));
    lines.enumerate().map(|(index, line)| spelled(line, &format!("ran({index})"))).collect()
}

fn spelled(line: &str, run: &str) -> String {
    let line = line.replace("{RUN}", run).replace("{AT}", AWAY);
    let mut rest = line.as_str();
    let mut out = String::new();
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('}').map_or(rest.len(), |length| at + length);
        match rest.get(at + 1..end).and_then(said) {
            Some(said) => {
                out.push_str(&said);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

/// What stands in braces, when it is one of the file's own words.
fn said(inside: &str) -> Option<String> {
    let each = |what: &str, spell: &dyn Fn(u32) -> String| what.chars().map(|c| spell(u32::from(c))).collect();
    Some(match inside {
        "LF" => "\n".into(),
        "CR" => "\r".into(),
        "TAB" => "\t".into(),
        "FF" => "\u{c}".into(),
        "NUL" => "\0".into(),
        _ => {
            if let Some(number) = inside.strip_prefix("U+") {
                return char::from_u32(u32::from_str_radix(number, 16).ok()?).map(String::from);
            }
            let (how, what) = inside.split_once(':')?;
            match how {
                "DEC" => each(what, &|c| format!("&#{c};")),
                "HEX" => each(what, &|c| format!("&#x{c:x};")),
                "PCT" => each(what, &|c| format!("%{c:02x}")),
                "ESC" => each(what, &|c| format!("\\u{c:04x}")),
                "CSS" => each(what, &|c| format!("\\{c:x} ")),
                "B64" => STANDARD.encode(what),
                _ => return None,
            }
        }
    })
}

/// Several payloads as one line, with what divides them.
pub fn line(of: &[String]) -> String {
    let mut out = String::new();
    for payload in of {
        let _ = write!(out, "{} · ", payload.replace(['\r', '\n', '\0'], " "));
    }
    out
}

#[test]
fn the_file_says_what_it_means() {
    let all = payloads();
    assert!(all.len() >= 300, "{}", all.len());
    assert_eq!(
        spelled("<a href=\"{DEC:ja}{HEX:v}{PCT:a}{ESC:s}{CSS:c}{LF}{U+202E}\">", "x"),
        "<a href=\"&#106;&#97;&#x76;%61\\u0073\\63 \n\u{202e}\">"
    );
    assert_eq!(spelled("{{a('{RUN}')}} ${ {RUN} } {B64:{RUN}}", "ran(7)"), "{{a('ran(7)')}} ${ ran(7) } cmFuKDcp");
    let same: std::collections::BTreeSet<&String> = all.iter().collect();
    // Those without a number of their own may not be there twice either.
    assert_eq!(same.len(), all.len());
}
