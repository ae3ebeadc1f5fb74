//! Rich text as Outlook keeps a message in it: compressed ([MS-OXRTFCP]), and often HTML put into RTF ([MS-OXRTFEX]), which comes
//! out again.

use super::tnef::decode;

/// What every compressed text may refer back to before it has said anything ([MS-OXRTFCP], 2.1.2.1).
const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;
/// Compressed and not.
const COMPRESSED: &[u8] = b"LZFu";
const PLAIN: &[u8] = b"MELA";
/// Text beyond this is cut.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// Groups within groups.
const DEPTH_MAX: usize = 200;

/// What a rich text says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It was HTML before.
    Html(String),
    /// Its words.
    Text(String),
}

/// Unpacks a compressed text; none when it is none. One that is cut gives what stands before.
pub(super) fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    let kind = bytes.get(8..12)?;
    let content = bytes.get(16..)?;
    if kind == PLAIN {
        return Some(content[..content.len().min(TEXT_BYTES_MAX)].to_vec());
    }
    if kind != COMPRESSED {
        return None;
    }
    let mut window = [b' '; WINDOW];
    window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let mut write = DICTIONARY.len();
    let mut out = Vec::new();
    let mut input = content.iter().copied();
    'all: while out.len() < TEXT_BYTES_MAX {
        let Some(control) = input.next() else { break };
        for bit in 0..8 {
            let mut put = |byte: u8, out: &mut Vec<u8>| {
                out.push(byte);
                window[write] = byte;
                write = (write + 1) % WINDOW;
            };
            if control & 1 << bit == 0 {
                let Some(byte) = input.next() else { break 'all };
                put(byte, &mut out);
                continue;
            }
            let (Some(high), Some(low)) = (input.next(), input.next()) else { break 'all };
            let reference = usize::from(high) << 8 | usize::from(low);
            let (offset, length) = (reference >> 4, (reference & 0xF) + 2);
            if offset == write {
                break 'all;
            }
            for step in 0..length {
                let byte = window[(offset + step) % WINDOW];
                out.push(byte);
                window[write] = byte;
                write = (write + 1) % WINDOW;
            }
        }
    }
    Some(out)
}

/// A group's state.
#[derive(Clone, Copy, Default)]
struct Group {
    /// Nothing in it is text: fonts, colours, properties.
    skipped: bool,
    /// What stands in it is HTML's own (`\htmltag`).
    tag: bool,
    /// What stands in it is for readers of RTF alone (`\htmlrtf`).
    rtf_only: bool,
    /// Bytes after `\u` that say the same for old readers.
    substitutes: usize,
}

/// Takes the HTML out that a rich text holds, or else its words.
pub(super) fn read(bytes: &[u8]) -> Read {
    let head = &bytes[..bytes.len().min(1024)];
    let is_html = head.windows(9).any(|window| window == b"\\fromhtml");
    let mut reader =
        Reader { bytes, at: 0, out: String::new(), pending: Vec::new(), code_page: 1252, skip: 0, is_html };
    reader.run();
    if is_html { Read::Html(reader.out) } else { Read::Text(reader.out) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    out: String,
    /// Bytes in the code page that are not decoded yet: a character may have two.
    pending: Vec<u8>,
    code_page: u32,
    /// Substitutes that are still to be passed over.
    skip: usize,
    is_html: bool,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut group = Group { substitutes: 1, ..Group::default() };
        let mut outer: Vec<Group> = Vec::new();
        while let Some(byte) = self.next() {
            if self.out.len() > TEXT_BYTES_MAX {
                break;
            }
            match byte {
                b'{' => {
                    if outer.len() >= DEPTH_MAX {
                        break;
                    }
                    outer.push(group);
                    self.skip = 0;
                }
                b'}' => {
                    self.flush();
                    group = outer.pop().unwrap_or(group);
                    self.skip = 0;
                }
                b'\r' | b'\n' => {}
                b'\\' => self.control(&mut group),
                byte => self.byte(byte, group),
            }
        }
        self.flush();
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn shows(&self, group: Group) -> bool {
        !group.rtf_only && if self.is_html && group.tag { true } else { !group.skipped }
    }

    fn byte(&mut self, byte: u8, group: Group) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.shows(group) {
            self.pending.push(byte);
        }
    }

    fn text(&mut self, text: &str, group: Group) {
        self.flush();
        if self.shows(group) {
            self.out.push_str(text);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let bytes = std::mem::take(&mut self.pending);
            self.out.push_str(&decode(&bytes, Some(self.code_page)));
        }
    }

    fn control(&mut self, group: &mut Group) {
        let Some(first) = self.next() else { return };
        match first {
            b'\'' => {
                let digits = self.bytes.get(self.at..self.at + 2).and_then(|pair| std::str::from_utf8(pair).ok());
                if let Some(byte) = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                    self.at += 2;
                    self.byte(byte, *group);
                }
            }
            b'\\' | b'{' | b'}' => self.byte(first, *group),
            b'~' => self.text("\u{a0}", *group),
            b'_' => self.text("-", *group),
            b'\r' | b'\n' => self.text("\n", *group),
            b'*' => group.skipped = true,
            byte if byte.is_ascii_alphabetic() => {
                let from = self.at - 1;
                while self.bytes.get(self.at).is_some_and(u8::is_ascii_alphabetic) {
                    self.at += 1;
                }
                let word = &self.bytes[from..self.at];
                let number_from = self.at;
                self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
                while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                    self.at += 1;
                }
                let number = std::str::from_utf8(&self.bytes[number_from..self.at]).ok().and_then(|n| n.parse().ok());
                self.at += usize::from(self.bytes.get(self.at) == Some(&b' '));
                self.word(word, number, group);
            }
            _ => {}
        }
    }

    fn word(&mut self, word: &[u8], number: Option<i32>, group: &mut Group) {
        match word {
            b"par" | b"line" | b"row" => self.text("\n", *group),
            b"tab" | b"cell" => self.text("\t", *group),
            b"lquote" => self.text("‘", *group),
            b"rquote" => self.text("’", *group),
            b"ldblquote" => self.text("“", *group),
            b"rdblquote" => self.text("”", *group),
            b"bullet" => self.text("•", *group),
            b"endash" => self.text("–", *group),
            b"emdash" => self.text("—", *group),
            b"ansicpg" => self.code_page = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(self.code_page),
            b"uc" => group.substitutes = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).min(16),
            b"u" => {
                // A number of 16 bits, which may be written as a negative one; two of them make a rare character.
                let unit = number.unwrap_or(0).rem_euclid(0x1_0000);
                self.flush();
                if self.shows(*group) {
                    self.unit(u16::try_from(unit).unwrap_or_default());
                }
                self.skip = group.substitutes;
            }
            b"htmltag" => group.tag = true,
            b"htmlrtf" => {
                self.flush();
                group.rtf_only = number != Some(0);
            }
            b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"object" | b"header" | b"footer" => {
                group.skipped = true;
            }
            _ => {}
        }
    }

    fn unit(&mut self, unit: u16) {
        const HIGH: std::ops::Range<u16> = 0xD800..0xDC00;
        // The first half waits as a private mark until the second comes.
        if HIGH.contains(&unit) {
            self.out.push(HALF);
            self.out.push(char::from_u32(0xE000 + u32::from(unit - 0xD800)).unwrap_or('\u{fffd}'));
            return;
        }
        let mut last = self.out.chars().rev();
        if (0xDC00..0xE000).contains(&unit)
            && let (Some(high), Some(HALF)) = (last.next(), last.next())
        {
            let high = u32::from(high) - 0xE000;
            let whole = 0x1_0000 + (high << 10) + u32::from(unit - 0xDC00);
            self.out.pop();
            self.out.pop();
            self.out.push(char::from_u32(whole).unwrap_or('\u{fffd}'));
            return;
        }
        self.out.push(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}'));
    }
}

/// Stands before the first half of a rare character; no text has it.
const HALF: char = '\u{10FFFF}';

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn text(rtf: &str) -> String {
        match read(rtf.as_bytes()) {
            Read::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_published_example_unpacks() {
        // [MS-OXRTFCP], 4.1.1.
        let packed = hex::decode(
            "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af8207068656c6c0ac062627 57d0a8017b0a0"
                .replace(' ', ""),
        );
        let Ok(packed) = packed else { panic!("the example is written wrongly") };
        assert!(decompress(&packed).unwrap().starts_with(b"{\\rtf1\\ansi\\ansicpg125"));
        assert_eq!(decompress(b"0123456789ab"), None);
    }

    #[test]
    fn words_come_out() {
        assert_eq!(
            text(
                r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator x;}Gr\'fc\'dfe,\par \u20320?\u22909? \{ok\}}"
            ),
            "Grüße,\n你好 {ok}"
        );
        assert_eq!(text(r"{\rtf1\ansi\ansicpg936 \'c4\'e3\'ba\'c3}"), "你好");
        assert_eq!(text(r"{\rtf1\uc2 \u-10179 ??\u-8704 ??}"), "😀");
    }

    #[test]
    fn html_comes_out_as_it_was() {
        let rtf = r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 Hello {\*\htmltag84 <b>}you{\*\htmltag92 </b>}{\*\htmltag72 </p>}}";
        assert_eq!(read(rtf.as_bytes()), Read::Html("<p>Hello <b>you</b></p>".to_owned()));
    }

    #[test]
    fn anything_ends() {
        let whole = r"{\rtf1\ansi{\*\x {\u20320?\'e4}}\par \uc2\u1 ab}";
        for length in 0..whole.len() {
            let _ = read(&whole.as_bytes()[..length]);
        }
        let deep = "{".repeat(100_000);
        assert_eq!(text(&deep), "");
        assert_eq!(text(&"}".repeat(1000)), "");
    }
}
