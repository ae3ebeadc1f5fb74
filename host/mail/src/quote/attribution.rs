//! The line above quoted text that tells who wrote it and when.

use super::Line;
use super::phrases::{BEGINS, WROTE};
use std::collections::HashMap;
use std::sync::LazyLock;

/// An attribution may be broken over this many lines.
const LINES_MAX: usize = 4;
const CHARS_MAX: usize = 400;
/// What may stand after the verb at the end.
const AFTER_VERB: [char; 10] = [' ', ':', ',', '，', '、', '-', '"', '”', ')', '.'];
/// Verbs that stand before the writer's name.
const VERB_FIRST: &[&str] = &["schrieb", "schreef", "skrev", "skreiv"];

/// When an attribution starts at this line: the index after its last line.
pub(super) fn at(lines: &[Line<'_>], start: usize) -> Option<usize> {
    let first = lines[start].plain.as_str();
    if is_long(first) || !may_start(first) {
        return None;
    }
    let mut joined = String::new();
    for (count, line) in lines[start..].iter().take(LINES_MAX).enumerate() {
        if line.is_blank() {
            break;
        }
        // `… <ana@x.example` broken before its bracket: the `>` quotes nothing.
        let closes = joined.rfind('<') > joined.rfind('>') && line.plain.chars().count() <= 40;
        if count > 0 && line.is_quoted() && !closes {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&line.plain);
        if is_long(&joined) {
            break;
        }
        let end = start + count + 1;
        let quoted_next = super::next_speaking(lines, end).is_some_and(|n| lines[n].is_quoted());
        if !is_attribution(&joined, quoted_next) {
            continue;
        }
        // A line of the new text that happens to precede the real attribution does not belong to it.
        let starts_later = (start + 1..end).any(|later| {
            let shorter = lines[later..end].iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" ");
            begins_properly(&lines[later].plain) && is_attribution(&shorter, quoted_next)
        });
        if !starts_later {
            return Some(end);
        }
        return None;
    }
    None
}

/// Cheap: something that an attribution has on its first line.
fn may_start(line: &str) -> bool {
    line.contains('@')
        || line.ends_with('<')
        || line.chars().any(char::is_numeric)
        || ends_with_colon(line)
        || begins_properly(line)
}

/// Like an attribution's first words: a preposition before a date, a weekday, digits.
fn begins_properly(line: &str) -> bool {
    let lower = line.to_lowercase();
    let lower = lower.trim_start_matches(['-', '>', ' ', '"', '[', '(']);
    lower.starts_with(|c: char| c.is_numeric())
        || BEGINS.iter().any(|b| b.len() > 1 && lower.starts_with(b))
        || has_weekday(lower.split([' ', ',', '.']).next().unwrap_or_default())
        || has_short_weekday(lower)
}

fn ends_with_colon(line: &str) -> bool {
    trim_end(line).ends_with(':')
}

/// Zoho closes with dashes, others with a bracket.
fn trim_end(line: &str) -> &str {
    line.trim_end_matches(['-', '=', ' ', '_'])
}

fn is_long(line: &str) -> bool {
    line.len() > CHARS_MAX && line.chars().count() > CHARS_MAX
}

/// Cheap: a colon, or a verb of writing. Every attribution ends so, and hardly any other line.
fn may_end(line: &str) -> bool {
    /// By last letter.
    static VERBS: LazyLock<HashMap<char, Vec<&str>>> = LazyLock::new(|| {
        let mut all: HashMap<char, Vec<&str>> = HashMap::new();
        for verb in WROTE.iter().map(|verb| verb.trim_end_matches(')')) {
            all.entry(verb.chars().next_back().unwrap_or_default()).or_default().push(verb);
        }
        all
    });
    if line.ends_with(':') {
        return true;
    }
    let line = line.trim_end_matches(AFTER_VERB);
    // The longest verb has 24 letters.
    let tail = line.char_indices().rev().take(40).last().map_or("", |(at, _)| &line[at..]).to_lowercase();
    let tail = tail.trim_end_matches(AFTER_VERB);
    let known = tail.chars().next_back().and_then(|last| VERBS.get(&last));
    known.is_some_and(|verbs| verbs.iter().any(|verb| tail.ends_with(verb)))
}

fn is_attribution(joined: &str, quoted_next: bool) -> bool {
    let line = trim_end(joined).trim_start_matches(['-', '=', ' ', '_']);
    if !may_end(line) {
        return false;
    }
    let lower = line.to_lowercase();
    let colon = lower.ends_with(':');
    let body = lower.trim_end_matches([':', ' ']);
    // A sentence of the new text that ends with a colon is told by its full stops.
    if sentences(body) > 1 {
        return false;
    }
    let has_date = has_date(body);
    let email = email_range(body);
    let verb_at_end = ends_with_verb(body);
    let verb_inside = || WROTE.iter().any(|w| w.chars().count() > 1 && contains_word(body, w));
    let preposition =
        BEGINS.iter().any(|b| b.len() > 1 && body.starts_with(b)) || body.starts_with(|c: char| c.is_numeric());

    // `On 1 May 2024 at 10:00, Ana <a@x> wrote:`, `在 2024年5月1日，Ana 写道：`
    if has_date && verb_at_end && (colon || quoted_next || email.is_some() && preposition) {
        return colon || quoted_next || begins_properly(body);
    }
    // `On Monday, Ana <a@x> wrote:` and, above quoted lines, `Ana wrote:`
    if verb_at_end && colon && (quoted_next || email.is_some() || (preposition && has_weekday_inside(body))) {
        return body.chars().count() <= 200;
    }
    if let Some((email_start, email_end)) = email {
        let tail = body[email_end..].chars().count();
        // `30.09.2017, 18.30, "Ana" <a@x>:`
        if has_date
            && colon
            && tail <= 40
            && has_date_before(body, email_start)
            && (begins_properly(body) || verb_inside())
        {
            return true;
        }
        // `Ana <a@x> schrieb am Mi., 1. Mai 2024 um 10:00:`, `Ana <a@x> 于2024年5月1日周三 10:00写道：`
        if has_date && colon && verb_inside() && email_start < 120 {
            return true;
        }
        // `a@x, 1 May 2024, 10:00:` above quoted lines
        if has_date && colon && quoted_next {
            return true;
        }
    }
    // `Am 1. Mai 2024 um 10:00 schrieb Ana Beispiel:`: the verb before the name.
    has_date && colon && preposition && VERB_FIRST.iter().any(|w| contains_word(body, w)) && body.chars().count() <= 200
}

/// Full stops, question and exclamation marks after a word of at least four letters and before a blank and a letter.
fn sentences(text: &str) -> usize {
    let mut count = 1;
    let mut word = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphabetic() {
            word += 1;
            continue;
        }
        let ends =
            matches!(c, '.' | '?' | '!') && word >= 4 && chars.peek() == Some(&' ') || matches!(c, '。' | '？' | '！');
        if ends {
            let mut rest = chars.clone();
            rest.next();
            // Abbreviated months and weekdays are followed by a number or a comma.
            if rest.peek().is_some_and(|n| n.is_alphabetic()) && word > 5 {
                count += 1;
            }
        }
        word = 0;
    }
    count
}

fn ends_with_verb(body: &str) -> bool {
    let body = body.trim_end_matches(AFTER_VERB);
    WROTE.iter().any(|verb| {
        let verb = verb.trim_end_matches(')');
        body.strip_suffix(verb).is_some_and(|before| {
            // Scripts without blanks: the verb follows the name at once.
            !verb.starts_with(is_spaced_letter) || !before.ends_with(is_spaced_letter)
        })
    })
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let spaced = word.starts_with(is_spaced_letter);
        !spaced || (!text[..at].ends_with(is_spaced_letter) && !text[at + word.len()..].starts_with(is_spaced_letter))
    })
}

/// Letters of scripts that put blanks between words.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(u32::from(c), 0x0E00..=0x0E7F | 0x3000..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF)
}

/// Where the first mail address stands: bytes of `text`.
fn email_range(text: &str) -> Option<(usize, usize)> {
    let at = text.char_indices().find(|&(i, c)| {
        c == '@'
            && text[..i].chars().next_back().is_some_and(|b| b.is_alphanumeric() || "._-+=".contains(b))
            && text[i + 1..].chars().next().is_some_and(|a| a.is_alphanumeric() || a == '[')
    })?;
    let is_part = |c: char| c.is_alphanumeric() || "._-+='@<>:[]()/".contains(c);
    let start =
        text[..at.0].char_indices().rev().take_while(|(_, c)| is_part(*c) || *c == '<').last().map_or(at.0, |(i, _)| i);
    let end = text[at.0..].char_indices().find(|(_, c)| !is_part(*c)).map_or(text.len(), |(i, _)| at.0 + i);
    // Apple and Outlook write the address twice: `a@x<mailto:a@x>`, perhaps with a blank between.
    let rest = &text[end..];
    let more = rest.trim_start();
    if more.starts_with("mailto:") || more.starts_with("<mailto:") {
        let skip = rest.len() - more.len();
        let close = more.find([' ', ',']).unwrap_or(more.len());
        return Some((start, end + skip + close));
    }
    Some((start, end))
}

fn has_date_before(text: &str, end: usize) -> bool {
    has_date(&text[..end])
}

/// A year, a day in numbers, a time of day, or a month's or weekday's name beside a number.
fn has_date(text: &str) -> bool {
    let numbers = numbers(text);
    let year = numbers
        .iter()
        .any(|n| n.len == 4 && ((1990..2100).contains(&n.value) || (2533..2643).contains(&n.value)) && !n.in_word);
    if year {
        return true;
    }
    let time = numbers.windows(2).any(|w| {
        w[0].value < 24
            && w[1].value < 60
            && w[1].len == 2
            && w[0].len <= 2
            && w[0].next_is(&[':', '.', 'h', '：'])
            && w[0].end + 1 >= w[1].start
            && !w[0].in_word
    });
    let day = numbers.windows(3).any(|w| {
        w.iter().all(|n| n.len <= 2)
            && w[0].next_is(&['.', '/', '-'])
            && w[0].next == w[1].next
            && w[0].end + 1 == w[1].start
            && w[1].end + 1 == w[2].start
    });
    time || day || (numbers.iter().any(|n| n.len <= 2 && (1..=31).contains(&n.value)) && has_weekday_inside(text))
}

struct Number {
    value: u32,
    len: usize,
    start: usize,
    end: usize,
    next: Option<char>,
    in_word: bool,
}

impl Number {
    fn next_is(&self, wanted: &[char]) -> bool {
        self.next.is_some_and(|n| wanted.contains(&n))
    }
}

/// Numbers of at most 8 digits, in any script's digits; positions in characters.
fn numbers(text: &str) -> Vec<Number> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let Some(first) = digit(chars[at]) else {
            at += 1;
            continue;
        };
        let start = at;
        let mut value = first;
        at += 1;
        while let Some(next) = chars.get(at).and_then(|c| digit(*c)) {
            value = value.saturating_mul(10).saturating_add(next);
            at += 1;
        }
        if at - start <= 8 {
            let before = start.checked_sub(1).and_then(|i| chars.get(i));
            found.push(Number {
                value,
                len: at - start,
                start,
                end: at,
                next: chars.get(at).copied(),
                in_word: before.is_some_and(|c| matches!(c, '@' | '#' | '_') || c.is_ascii_alphabetic()),
            });
        }
    }
    found
}

fn digit(c: char) -> Option<u32> {
    match u32::from(c) {
        n @ 0x30..=0x39 => Some(n - 0x30),
        // Arabic, Persian, Devanagari, Thai, fullwidth
        n @ 0x660..=0x669 => Some(n - 0x660),
        n @ 0x6F0..=0x6F9 => Some(n - 0x6F0),
        n @ 0x966..=0x96F => Some(n - 0x966),
        n @ 0xE50..=0xE59 => Some(n - 0xE50),
        n @ 0xFF10..=0xFF19 => Some(n - 0xFF10),
        _ => None,
    }
}

/// `pe 20. lokakuuta`, `do 2 mei`: two or three letters and a number.
fn has_short_weekday(lower: &str) -> bool {
    let mut words = lower.split_whitespace();
    let short = words.next().is_some_and(|w| {
        let letters = w.trim_end_matches(['.', ',']);
        (2..=3).contains(&letters.chars().count()) && letters.chars().all(char::is_alphabetic)
    });
    short && words.next().is_some_and(|w| w.starts_with(|c: char| digit(c).is_some()))
}

fn has_weekday_inside(text: &str) -> bool {
    text.split([' ', ',', '.', '(', ')', '，', '（', '）']).any(has_weekday)
}

/// Weekdays and months of Latin- and Cyrillic-script languages, by how they begin.
fn has_weekday(word: &str) -> bool {
    const WEEKDAYS: &[&str] = &[
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "lun",
        "mar",
        "mer",
        "mié",
        "mie",
        "jeu",
        "jue",
        "ven",
        "vie",
        "sam",
        "sáb",
        "sab",
        "dim",
        "dom",
        "gio",
        "seg",
        "qua",
        "qui",
        "sex",
        "maa",
        "din",
        "woe",
        "don",
        "vri",
        "zat",
        "zon",
        "tir",
        "ons",
        "tor",
        "tors",
        "fre",
        "lör",
        "lør",
        "sön",
        "søn",
        "mån",
        "tis",
        "pon",
        "wt",
        "śr",
        "czw",
        "sob",
        "niedz",
        "ndz",
        "út",
        "čt",
        "pá",
        "hét",
        "kedd",
        "sze",
        "csüt",
        "pén",
        "szo",
        "vas",
        "pzt",
        "sal",
        "çar",
        "cum",
        "cmt",
        "paz",
        "пн",
        "вт",
        "ср",
        "чт",
        "пт",
        "сб",
        "вс",
        "нд",
        "понед",
        "втор",
        "сред",
        "четв",
        "пятн",
        "субб",
        "воскр",
        "jan",
        "feb",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
        "mai",
        "juin",
        "juil",
        "août",
        "okt",
        "dez",
        "des",
        "янв",
        "фев",
        "апр",
        "май",
        "мая",
        "июн",
        "июл",
        "авг",
        "сен",
        "окт",
        "ноя",
        "дек",
    ];
    /// By first letter; whether a longer word may begin so.
    static BY_LETTER: LazyLock<HashMap<char, Vec<(&str, bool)>>> = LazyLock::new(|| {
        let mut all: HashMap<char, Vec<(&str, bool)>> = HashMap::new();
        for weekday in WEEKDAYS {
            all.entry(weekday.chars().next().unwrap_or_default())
                .or_default()
                .push((weekday, weekday.chars().count() >= 3));
        }
        all
    });
    let word = word.trim_end_matches('.');
    let Some(known) = word.chars().next().and_then(|first| BY_LETTER.get(&first)) else { return false };
    let length = word.chars().take(15).count();
    length <= 14 && known.iter().any(|(w, begins)| word == *w || (*begins && length > 4 && word.starts_with(w)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seen() {
        for text in [
            "1 may 2024",
            "04.07.24",
            "23/06/24",
            "at 10:00",
            "klo 17.50",
            "2024年5月1日",
            "١٠:٠٠",
            "on mon, 5 ana",
            "พ.ศ. 2567",
        ] {
            assert!(has_date(text), "{text}");
        }
        for text in ["order 20240", "a2024b", "no numbers", "3 items", "ana@2024x"] {
            assert!(!has_date(text), "{text}");
        }
    }
}
