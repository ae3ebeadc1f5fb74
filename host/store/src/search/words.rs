//! The words of a text as the search index knows them, and what somebody typed as a question to it.
//!
//! Texts with spaces between words give words, folded: lower case, without accents, full-width forms as plain ones. Texts without
//! (Chinese, Japanese, Thai, Lao, Khmer, Burmese) and Korean, whose words carry their endings, give overlapping pairs of characters.
//! What is written in one piece with dashes, dots and the like (`SO-777`, `e-mail`, an address) is there in its parts and, without
//! what joins them, as one: it is found however its number is written. `Müller` is found as `muller` and as `mueller`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Characters of one mail that are looked at; what stands behind them is not found.
pub(crate) const CHARS_MAX: usize = 100_000;
/// Different words of one mail that are kept; what comes after them is not found.
pub(crate) const WORDS_MAX: usize = 2_000;
/// Characters of a word; a longer one is cut there, in mails and in questions alike.
const WORD_CHARS_MAX: usize = 40;
/// Words of a question that are looked for; more are ignored.
const ASKED_MAX: usize = 12;
/// Shorter beginnings of words are taken for whole words: too much begins with two letters.
const BEGINNING_CHARS_MIN: usize = 3;

/// Every word of some texts, once each.
pub(crate) fn words_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    // A word that is there already is looked up before anything is made for it: most are.
    let mut push = |word: &str| {
        let word = cut(word);
        if !word.is_empty() && words.len() < WORDS_MAX && !words.contains(word) {
            words.insert(word.to_owned());
        }
    };
    let mut left = CHARS_MAX;
    let mut folded = String::new();
    for text in texts {
        let text = beginning(text, left);
        let text: Cow<'_, str> = if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
        left = left.saturating_sub(text.chars().count());
        pieces(&text, |piece| match piece {
            Piece::Dense(run) => {
                let folded = fold(run);
                let mut starts = folded.char_indices().map(|(at, _)| at).peekable();
                while let Some(at) = starts.next() {
                    let next = starts.peek().map(|next| &folded[*next..]);
                    let end = next.and_then(|next| Some(folded.len() - next.len() + next.chars().next()?.len_utf8()));
                    push(&folded[at..end.unwrap_or(folded.len())]);
                }
            }
            Piece::Spaced(chunk) if chunk.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                folded.clear();
                folded.push_str(chunk);
                folded.make_ascii_lowercase();
                push(&folded);
            }
            Piece::Spaced(chunk) => {
                for one in forms(chunk) {
                    one.parts.iter().chain(&one.sides).chain(&one.whole).for_each(|word| push(word));
                }
            }
        });
    }
    words
}

/// The first so many characters.
fn beginning(text: &str, chars: usize) -> &str {
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) word: String,
    /// Whatever begins so.
    pub(crate) beginning: bool,
}

/// What somebody looks for: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// Of each one, any of the alternatives; of an alternative, every word.
    pub(crate) terms: Vec<Vec<Vec<Asked>>>,
    /// Folded texts that must stand there as they are.
    pub(crate) phrases: Vec<String>,
    /// `#1042`: numbers of tickets.
    pub(crate) numbers: Vec<i64>,
    /// The whole of it is a number: maybe a ticket's.
    pub(crate) bare_number: Option<i64>,
}

impl Question {
    /// From what was typed. It is only ever text: no character means anything to a database.
    pub(crate) fn parse(text: &str) -> Self {
        let text: String = text.nfc().collect();
        let mut question =
            Self { bare_number: text.trim().parse().ok().filter(|number| *number > 0), ..Self::default() };
        let mut outside = String::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find(is_quote) {
            let inner = rest[open..].char_indices().nth(1).map_or(rest.len(), |(at, _)| open + at);
            outside.push_str(&rest[..open]);
            outside.push(' ');
            match rest[inner..].find(is_quote) {
                Some(length) => {
                    question.phrase(&rest[inner..inner + length]);
                    let close = inner + length;
                    rest = rest[close..].char_indices().nth(1).map_or("", |(at, _)| &rest[close + at..]);
                }
                // A quote that nothing closes means nothing.
                None => rest = &rest[inner..],
            }
        }
        outside.push_str(rest);
        let mut loose = String::new();
        for word in outside.split_whitespace() {
            match word.strip_prefix('#').and_then(|number| number.parse::<i64>().ok()) {
                Some(number) if number > 0 => question.numbers.push(number),
                _ => {
                    loose.push(' ');
                    loose.push_str(word);
                }
            }
        }
        let open_ended = outside.chars().next_back().is_some_and(|last| !last.is_whitespace());
        let before = question.terms.len();
        question.ask(&loose);
        if open_ended && question.terms.len() > before {
            question.leave_open();
        }
        question.terms.truncate(ASKED_MAX);
        question
    }

    /// Nothing that could be found.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.numbers.is_empty()
    }

    fn phrase(&mut self, text: &str) {
        let before = self.terms.len();
        self.ask(text);
        let plain = plain(text);
        // Of one word the index alone is sure.
        if self.terms.len() > before + 1 || plain.contains(' ') {
            self.phrases.push(plain);
        }
    }

    fn ask(&mut self, text: &str) {
        let whole = |word: String| Asked { word: cut(&word).to_owned(), beginning: false };
        pieces(text, |piece| match piece {
            Piece::Dense(run) => {
                let chars: Vec<char> = fold(run).chars().collect();
                if let [one] = chars[..] {
                    self.terms.push(vec![vec![Asked { word: one.to_string(), beginning: true }]]);
                }
                for pair in chars.windows(2) {
                    self.terms.push(vec![vec![whole(pair.iter().collect())]]);
                }
            }
            Piece::Spaced(chunk) => {
                let mut any: Vec<Vec<Asked>> = Vec::new();
                for form in forms(chunk) {
                    let has_digit = form.parts.iter().any(|part| part.chars().any(char::is_numeric));
                    // A number in pieces is that number; a word in pieces may be written apart.
                    let apart = !has_digit || form.whole.is_none();
                    any.extend(form.whole.map(|word| vec![whole(word)]));
                    if apart {
                        any.push(form.parts.into_iter().map(whole).collect());
                    }
                }
                any.retain(|words| !words.is_empty());
                any.dedup();
                if !any.is_empty() {
                    self.terms.push(any);
                }
            }
        });
    }

    /// The last word may go on.
    fn leave_open(&mut self) {
        for words in self.terms.last_mut().into_iter().flatten() {
            if let Some(last) = words.last_mut() {
                let spaced = !last.word.chars().any(is_dense);
                last.beginning |= spaced && last.word.chars().count() >= BEGINNING_CHARS_MIN;
            }
        }
    }
}

/// A text as phrases are compared: folded, with one space for all that is no letter or digit.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in fold(text).chars() {
        if is_word(c) {
            plain.push(c);
        } else if !plain.ends_with(' ') && !plain.is_empty() {
            plain.push(' ');
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

/// Whether a phrase stands in a text, both as [`plain`] gives them, and not in the middle of words.
pub(crate) fn stands_in(phrase: &str, text: &str) -> bool {
    let edge = |inside: Option<char>, outside: Option<char>| {
        let (Some(inside), Some(outside)) = (inside, outside) else { return true };
        is_dense(inside) || is_dense(outside) || outside == ' '
    };
    text.match_indices(phrase).any(|(at, _)| {
        edge(phrase.chars().next(), text[..at].chars().next_back())
            && edge(phrase.chars().next_back(), text[at + phrase.len()..].chars().next())
    })
}

enum Piece<'a> {
    /// Without spaces between words.
    Dense(&'a str),
    /// Words and what joins them.
    Spaced(&'a str),
}

/// Calls with each run of letters and digits.
fn pieces<'a>(text: &'a str, mut each: impl FnMut(Piece<'a>)) {
    let mut chars = text.char_indices().peekable();
    while let Some((begin, first)) = chars.next() {
        if !is_word(first) || is_combining_mark(first) {
            continue;
        }
        let mut end = begin + first.len_utf8();
        let dense = is_dense(first);
        while let Some(&(at, c)) = chars.peek() {
            let goes_on = if is_word(c) {
                is_combining_mark(c) || is_dense(c) == dense
            } else {
                let after = text[at + c.len_utf8()..].chars().next();
                !dense && joins(c) && after.is_some_and(|after| is_word(after) && !is_dense(after))
            };
            if !goes_on {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        let run = &text[begin..end];
        each(if dense { Piece::Dense(run) } else { Piece::Spaced(run) });
    }
}

/// One way to write a chunk.
struct Form {
    parts: Vec<String>,
    /// Of an address what stands before and behind the `@`, each without what joins it.
    sides: Vec<String>,
    /// All of it without what joins it, unless it is in one part or too long to be looked for.
    whole: Option<String>,
}

/// A chunk folded and, where letters have two spellings without accents, with the other one.
fn forms(chunk: &str) -> Vec<Form> {
    let mut forms = vec![form(chunk)];
    if let Some(other) = spelled_out(chunk) {
        forms.push(form(&other));
    }
    forms
}

fn form(chunk: &str) -> Form {
    let parts: Vec<String> = chunk.split(joins).map(fold).filter(|part| !part.is_empty()).collect();
    let as_one = |text: &str| fold(&text.replace(joins, ""));
    let sides = if chunk.contains('@') { chunk.split('@').map(as_one).collect() } else { Vec::new() };
    let whole = (parts.len() > 1).then(|| as_one(chunk)).filter(|word| word.chars().count() <= WORD_CHARS_MAX);
    Form { parts, sides, whole }
}

/// `Müller` as `Mueller`.
fn spelled_out(chunk: &str) -> Option<String> {
    let spelled = |c: char| match c {
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
        'ü' | 'Ü' => "ue",
        'å' | 'Å' => "aa",
        _ => "",
    };
    if chunk.is_ascii() || chunk.chars().all(|c| spelled(c).is_empty()) {
        return None;
    }
    let mut out = String::with_capacity(chunk.len() + 2);
    for c in chunk.chars() {
        match spelled(c) {
            "" => out.push(c),
            letters => out.push_str(letters),
        }
    }
    Some(out)
}

/// Lower case, without accents and points of spaced scripts, compatibility forms as the plain ones.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_accent(*c)) {
        for c in c.to_lowercase() {
            match c {
                'ß' => folded.push_str("ss"),
                'æ' => folded.push('a'),
                'œ' | 'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' | 'ð' => folded.push('d'),
                'ı' => folded.push('i'),
                'þ' => folded.push_str("th"),
                'ς' => folded.push('σ'),
                c => folded.push(c),
            }
        }
    }
    folded.nfc().filter(|c| !is_accent(*c)).collect()
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

fn cut(word: &str) -> &str {
    beginning(word, WORD_CHARS_MAX)
}

fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || is_combining_mark(c)
}

fn joins(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '/' | '@' | '\'' | '’' | '#' | ':' | '&' | '+' | '~' | '\u{2010}'..='\u{2013}')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」')
}

/// Scripts whose words are not told apart by spaces, or not well.
fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'        // Thai, Lao
        | '\u{f00}'..='\u{fff}'      // Tibetan
        | '\u{1000}'..='\u{109f}'    // Burmese
        | '\u{1100}'..='\u{11ff}'    // Hangul letters
        | '\u{1780}'..='\u{17ff}'    // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'    // Kana
        | '\u{3130}'..='\u{318f}'    // Hangul letters
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'    // Han
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7ff}'    // Hangul
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ffdc}'    // half-width
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        words_of([text]).into_iter().collect()
    }

    fn asked(text: &str) -> String {
        let terms = Question::parse(text).terms;
        let any = |any: &Vec<Vec<Asked>>| {
            let all = |all: &Vec<Asked>| {
                let one = |asked: &Asked| format!("{}{}", asked.word, if asked.beginning { "*" } else { "" });
                all.iter().map(one).collect::<Vec<_>>().join("+")
            };
            any.iter().map(all).collect::<Vec<_>>().join("|")
        };
        terms.iter().map(any).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(words("Où est MON Colis?"), ["colis", "est", "mon", "ou"]);
        assert_eq!(words("Straße Müller"), ["mueller", "muller", "strasse"]);
        assert_eq!(words("ＡＢＣ１２"), ["abc12"], "full width");
        assert_eq!(words("Cafe\u{301}"), ["cafe"], "in two characters");
        assert_eq!(words("ёлка Ελλάς"), ["ελλασ", "елка"]);
        assert_eq!(words(" -- … !? "), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        assert_eq!(words("包裹在哪"), ["包裹", "哪", "在哪", "裹在"]);
        assert_eq!(words("ﾊﾟｿｺﾝ"), words("パソコン"), "half-width kana");
        assert_eq!(words("订单SO-777已发"), ["777", "so", "so777", "单", "发", "已发", "订单"]);
        assert!(words("พัสดุอยู่ที่ไหน").len() > 8, "Thai");
    }

    #[test]
    fn what_is_in_one_piece_is_found_in_parts_and_as_one() {
        assert_eq!(words("1042-88"), ["1042", "104288", "88"]);
        assert_eq!(words("e-mail"), ["e", "email", "mail"]);
        assert_eq!(
            words("li.na@shop.example"),
            ["example", "li", "lina", "linashopexample", "na", "shop", "shopexample"]
        );
    }

    #[test]
    fn questions_are_only_ever_words() {
        assert_eq!(asked("wo ist Paket"), "wo ist paket*");
        assert_eq!(asked("paket "), "paket", "a space ends the word");
        assert_eq!(asked("pa"), "pa");
        assert_eq!(asked("SO-777"), "so777*");
        assert_eq!(asked("e-mail "), "email|e+mail");
        assert_eq!(asked("Müller "), "muller|mueller");
        assert_eq!(asked("包"), "包*");
        assert_eq!(asked("我的包裹"), "我的 的包 包裹");
        assert_eq!(asked("a* NEAR(b c, 2) OR \"x"), "a near b c 2 or x");
        assert_eq!(asked("'; drop table ticket; -- "), "drop table ticket");
        assert_eq!(asked("\"\" \u{0} *"), "");
        assert_eq!(Question::parse(&"x1 ".repeat(10_000)).terms.len(), ASKED_MAX);
        assert_eq!(Question::parse(&"字".repeat(10_000)).terms.len(), ASKED_MAX);
        assert!(asked(&"y".repeat(10_000)).len() <= WORD_CHARS_MAX + 1);
    }

    #[test]
    fn numbers_and_phrases_are_told_apart() {
        let question = Question::parse("#1042 \"Wo ist\" paket");
        assert_eq!((question.numbers, question.phrases), (vec![1042], vec!["wo ist".to_owned()]));
        assert_eq!(Question::parse("1042").bare_number, Some(1042));
        assert!(Question::parse("\"one\"").phrases.is_empty());
        assert!(stands_in("wo ist", &plain("Und: wo  ist mein Paket?")));
        assert!(!stands_in("wo ist", &plain("Und wo istmein Paket?")));
        assert!(stands_in("的包裹", &plain("我的包裹在哪里")));
    }

    #[test]
    fn a_mail_has_bounded_words() {
        let long: String = (0..200_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&long).len(), WORDS_MAX);
        assert!(words(&format!("{}last", "a ".repeat(CHARS_MAX))).iter().all(|word| word != "last"));
        assert!(words(&format!("{}last", "a ".repeat(CHARS_MAX / 2 - 2))).iter().any(|word| word == "last"));
    }
}
