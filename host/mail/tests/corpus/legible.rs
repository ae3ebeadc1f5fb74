//! Whether text that was read looks like what somebody wrote: the marks that a wrong charset leaves.

use encoding_rs::{Encoding, GB18030, WINDOWS_1251, WINDOWS_1252};

/// What looks wrong in a text, each with its kind, where it begins and its surroundings. Nothing here is proof: a mail may have been
/// garbled before it was sent, or talk about garbled text.
pub fn oddities(text: &str) -> Vec<(&'static str, usize, String)> {
    let mut found = Vec::new();
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (index, &(at, c)) in chars.iter().enumerate() {
        let kind = match c {
            '\u{fffd}' => "U+FFFD",
            '\u{80}'..='\u{9f}' => "C1 control",
            '\u{e000}'..='\u{f8ff}' => "private use",
            _ => continue,
        };
        if index == 0 || chars[index - 1].1 != c {
            found.push((kind, at, around(text, at)));
        }
    }
    for (at, run) in runs(text) {
        for (encoding, kind) in [
            (WINDOWS_1252, "UTF-8 read as windows-1252"),
            (WINDOWS_1251, "UTF-8 read as windows-1251"),
            (GB18030, "UTF-8 read as GB18030"),
        ] {
            if is_utf8_read_as(run, encoding) {
                found.push((kind, at, around(text, at)));
            }
        }
        if is_script_read_as_latin(run) {
            found.push(("a script read as Latin", at, around(text, at)));
        }
    }
    for (kind, marks) in [
        ("encoded word", &["=?utf-8?", "=?iso-8859-", "=?gb2312?", "=?windows-125", "=?big5?", "=?iso-2022-jp?"][..]),
        ("quoted-printable", &["=E2=80", "=C2=A0", "=3D\"", "=20\n"]),
        ("ISO-2022", &["$B$", "(B\n", "~{"]),
        ("U+FFFD in another charset", &["ï¿½", "锟斤拷"]),
    ] {
        let lower = text.to_ascii_lowercase();
        for mark in marks {
            if let Some(at) = lower.find(&mark.to_ascii_lowercase()) {
                found.push((kind, at, around(text, at)));
            }
        }
    }
    found.sort_by_key(|(_, at, _)| *at);
    found
}

/// Text around the first of the characters that are not plain, in at most `count` places.
pub fn glimpses(text: &str, count: usize) -> Vec<String> {
    let mut seen = 0;
    let mut glimpses = Vec::new();
    for (at, _) in runs(text) {
        if at >= seen && glimpses.len() < count {
            glimpses.push(around(text, at));
            seen = at + 60;
        }
    }
    glimpses
}

/// Stretches of characters beyond ASCII, with where they begin.
fn runs(text: &str) -> Vec<(usize, &str)> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_ascii(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                runs.push((from, &text[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// Written back, it would be UTF-8.
fn is_utf8_read_as(run: &str, encoding: &'static Encoding) -> bool {
    let (bytes, _, unmappable) = encoding.encode(run);
    // Two Chinese characters are three of two bytes by chance often enough.
    let least = if encoding == GB18030 { 6 } else { 2 };
    !unmappable && bytes.len() >= least && std::str::from_utf8(&bytes).is_ok()
}

/// `ÄãºÃ`: no language that is written in Latin letters has four accents in a row.
fn is_script_read_as_latin(run: &str) -> bool {
    let accents = run.chars().take_while(|c| ('\u{a1}'..='\u{ff}').contains(c)).count();
    accents >= 4 && !run.chars().all(|c| !c.is_alphabetic())
}

fn around(text: &str, at: usize) -> String {
    let from = text[..at].char_indices().rev().nth(29).map_or(0, |(at, _)| at);
    let piece: String = text[from..].chars().take(80).collect();
    piece.replace(['\n', '\r'], "⏎")
}

#[test]
fn garbled_text_is_seen_and_sound_text_is_not() {
    for (text, kind) in [
        ("it\u{fffd}s", "U+FFFD"),
        ("it\u{92}s", "C1 control"),
        ("itâ€™s", "UTF-8 read as windows-1252"),
        ("cafÃ©", "UTF-8 read as windows-1252"),
        ("РџСЂРёРІРµС‚", "UTF-8 read as windows-1251"),
        ("浣犲ソ鍚�", "U+FFFD"),
        ("鎮ㄥソ锛屾垜", "UTF-8 read as GB18030"),
        ("ÄúºÃÎÒµÄ", "a script read as Latin"),
        ("Re: =?utf-8?B?5L2g?=", "encoded word"),
        ("a=3D\"b\"", "quoted-printable"),
    ] {
        let found = oddities(text);
        assert!(found.iter().any(|(one, ..)| *one == kind), "{text}: {found:?}");
    }
    for text in [
        "it’s “so” – 5 €",
        "café à Noël, Größe, señor",
        "您好，我的订单",
        "注文した商品",
        "Привет, где заказ?",
        "¡¡¡Hola!!!",
    ] {
        assert_eq!(oddities(text), [], "{text}");
    }
}
