//! What becomes of a line before it is learned from: slots filled, a whole mail around it, two lines of one mail, slips of
//! the finger. What is learned is then what the line says, not that it stands alone and is well spelt.

use crate::dice::Dice;
use crate::lines::{Kind, Labelled};
use std::collections::BTreeMap;

/// Greetings, first sentences, endings and goods, by language.
#[derive(Debug)]
pub struct Frames(BTreeMap<&'static str, BTreeMap<&'static str, Vec<&'static str>>>);

const NAMES: [&str; 8] = ["Ana", "J. Miller", "Sophie", "Wei", "Marek Nowak", "Carlos R.", "Yuki", "T. de Vries"];
const CITIES: [&str; 6] = ["Berlin", "Lyon", "Porto", "Leeds", "Utrecht", "Osaka"];
const AMOUNTS: [&str; 7] = ["49.90 EUR", "$129", "€19,99", "£35.50", "1.299,00 €", "¥6800", "USD 210"];
const DATES: [&str; 6] = ["3 March", "12.04.2026", "2026-02-17", "05/11", "21/08/2025", "03.09."];
const GOODS: [&str; 4] = ["X200", "HomeLight 3", "the item", "model B12"];

impl Frames {
    /// Those that come with this crate.
    #[must_use]
    pub fn shipped() -> Self {
        let mut all: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        for line in include_str!("frames.tsv").lines() {
            let mut cells = line.split('\t');
            if let (Some(language), Some(kind), Some(list)) = (cells.next(), cells.next(), cells.next()) {
                all.entry(language).or_default().insert(kind, list.split('|').collect());
            }
        }
        Self(all)
    }

    fn one(&self, language: &str, kind: &str, dice: &mut Dice) -> Option<&'static str> {
        let primary = language.split('-').next().unwrap_or_default();
        let of = self.0.get(language).or_else(|| self.0.get(primary))?;
        of.get(kind).and_then(|list| dice.pick(list)).copied()
    }
}

/// Fills the slots of a text.
#[must_use]
pub fn fill(text: &str, language: &str, frames: &Frames, dice: &mut Dice) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let Some(length) = rest[open..].find('}') else { break };
        let slot = &rest[open + 1..open + length];
        let value = match slot {
            "order" => order(dice),
            "tracking" => format!("1Z{:08}{:08}", dice.below(100_000_000), dice.below(100_000_000)),
            "sku" => format!("SKU-{:04}", dice.below(10_000)),
            "amount" => dice.pick(&AMOUNTS).copied().unwrap_or_default().to_owned(),
            "date" => dice.pick(&DATES).copied().unwrap_or_default().to_owned(),
            "name" => dice.pick(&NAMES).copied().unwrap_or_default().to_owned(),
            "city" => dice.pick(&CITIES).copied().unwrap_or_default().to_owned(),
            "product" => frames
                .one(language, "product", dice)
                .or_else(|| dice.pick(&GOODS).copied())
                .unwrap_or_default()
                .to_owned(),
            other => other.to_owned(),
        };
        filled.push_str(&value);
        rest = &rest[open + length + 1..];
    }
    filled.push_str(rest);
    filled.replace("\\n", "\n")
}

fn order(dice: &mut Dice) -> String {
    let number = dice.below(9_000_000) + 1_000_000;
    match dice.below(5) {
        0 => format!("#{}", number % 100_000),
        1 => format!("{}-{}", number % 10_000, number % 97),
        2 => format!("AC-{number}"),
        3 => format!("114-{number}-{number}"),
        _ => number.to_string(),
    }
}

/// Subject and body.
pub type Text = (String, String);

/// A text with its slots filled and nothing else done to it.
#[must_use]
pub fn plain(line: &Labelled, frames: &Frames, dice: &mut Dice) -> Text {
    if line.kind != Kind::Line {
        return (line.subject.clone(), line.body.clone());
    }
    (String::new(), fill(&line.body, &line.language, frames, dice))
}

/// A mail around a line: greeting, perhaps a sentence before, perhaps another line that says the same, an ending.
#[must_use]
pub fn mail(line: &Labelled, other: Option<&Labelled>, frames: &Frames, dice: &mut Dice) -> Text {
    let language = line.language.as_str();
    let mut subject = String::new();
    let mut parts: Vec<&str> = Vec::new();
    let space = if matches!(language.split('-').next(), Some("zh" | "ja" | "th")) { "" } else { " " };
    let greets = dice.percent(80).then(|| frames.one(language, "hello", dice)).flatten();
    if dice.percent(55) {
        parts.extend(frames.one(language, "open", dice));
        if dice.percent(25) {
            parts.extend(frames.one(language, "open", dice));
        }
    }
    parts.push(&line.body);
    if let Some(other) = other {
        if dice.percent(25) {
            subject = fill(&other.body, language, frames, dice);
        } else if dice.percent(50) {
            parts.push(&other.body);
        } else {
            parts.insert(parts.len() - 1, &other.body);
        }
    }
    if dice.percent(20) {
        parts.extend(frames.one(language, "open", dice));
    }
    let mut body = String::new();
    for part in parts {
        if !body.is_empty() {
            let ended = body.ends_with(['.', '!', '?', '。', '！', '？', '؟', '\n']);
            body.push_str(if ended {
                space
            } else if space.is_empty() {
                "。"
            } else {
                ". "
            });
        }
        body.push_str(part);
    }
    if let Some(greeting) = greets {
        body = format!("{greeting}{}{body}", if dice.percent(60) { "\n\n" } else { space });
    }
    if dice.percent(75)
        && let Some(ending) = frames.one(language, "close", dice)
    {
        body.push_str(if dice.percent(60) { "\n\n" } else { "\n" });
        body.push_str(ending);
    }
    (subject, fill(&body, language, frames, dice))
}

/// The same with one or two slips of the finger.
#[must_use]
pub fn slip(text: &str, dice: &mut Dice) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for _ in 0..1 + dice.below(2) {
        let long: Vec<usize> = (0..words.len())
            .filter(|index| {
                let word = &words[*index];
                word.chars().count() >= 5
                    && word.chars().all(char::is_alphabetic)
                    && word.len() < 3 * word.chars().count()
            })
            .collect();
        let Some(index) = dice.pick(&long).copied() else { break };
        let mut letters: Vec<char> = words[index].chars().collect();
        let at = 1 + dice.below(letters.len() - 2);
        match dice.below(4) {
            0 => letters.swap(at, at + 1),
            1 => {
                letters.remove(at);
            }
            2 => letters.insert(at, letters[at]),
            _ => letters[at] = letters[at - 1],
        }
        words[index] = letters.into_iter().collect();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(text: &str) -> Labelled {
        Labelled {
            body: text.to_owned(),
            language: "de".to_owned(),
            labels: vec!["shipping".to_owned()],
            kind: Kind::Line,
            ..Labelled::default()
        }
    }

    #[test]
    fn slots_are_filled() {
        let (frames, mut dice) = (Frames::shipped(), Dice::new(3));
        for _ in 0..50 {
            let text =
                fill("{order} {tracking} {amount} {date} {sku} {product} {name} {city}", "xx", &frames, &mut dice);
            assert!(!text.contains(['{', '}']), "{text}");
        }
    }

    #[test]
    fn a_mail_holds_its_line() {
        let (frames, mut dice) = (Frames::shipped(), Dice::new(3));
        let mut framed = 0;
        for _ in 0..50 {
            let (subject, body) = mail(&line("Paket weg"), Some(&line("noch nicht da")), &frames, &mut dice);
            assert!(body.contains("Paket weg") && !body.contains('{'));
            assert!(subject.contains("noch nicht da") || body.contains("noch nicht da"));
            framed += usize::from(body.contains('\n'));
        }
        assert!(framed > 25);
    }

    #[test]
    fn a_slip_changes_a_long_word_only() {
        let mut dice = Dice::new(3);
        for _ in 0..50 {
            assert!(slip("wo ist meine Bestellung", &mut dice).starts_with("wo ist "));
            assert_eq!(slip("wo ist es 12345", &mut dice), "wo ist es 12345");
            assert_eq!(slip("退款什么时候到账", &mut dice), "退款什么时候到账");
        }
    }
}
