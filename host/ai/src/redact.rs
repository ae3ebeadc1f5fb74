//! Personal data out of a prompt before it leaves the house, and back into the answer.
//!
//! What is found is replaced by a placeholder such as `[MAIL-1]`, the same one for the same text in the whole prompt; the model
//! is told to leave placeholders as they stand, and its answer gets back what they stand for. What is found: mail addresses,
//! telephone numbers, numbers of cards (Luhn) and accounts (IBAN, ISO 13616), postal addresses where a label or their own
//! shape makes them certain, and the names of the people it is told of. It is a list of shapes, not an understanding: the
//! first name of a neighbour in the middle of a sentence is not found.

mod find;
mod numbers;

use crate::Prompt;
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A mail address.
    Mail,
    /// A telephone number.
    Phone,
    /// The number of a credit or debit card.
    Card,
    /// The number of a bank account.
    Iban,
    /// Where somebody lives.
    Address,
    /// What somebody is called.
    Name,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Mail, Self::Phone, Self::Card, Self::Iban, Self::Address, Self::Name];

    /// As it stands in placeholders.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "MAIL",
            Self::Phone => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::Address => "ADDRESS",
            Self::Name => "NAME",
        }
    }
}

/// Told to the model where anything was replaced.
const LEAVE_THEM: &str = "Words in square brackets such as [NAME-1] or [MAIL-2] stand for something that you are not shown. \
     Where you need one, write it exactly as it stands; make up no others.";

/// The placeholders of one prompt.
#[derive(Debug, Default)]
pub struct Redaction {
    /// Names to look for, the longest first.
    names: Vec<String>,
    /// Stands behind the kind in every placeholder, so that none is in the prompt already.
    mark: String,
    placeholders: HashMap<(Kind, String), usize>,
    originals: HashMap<(Kind, usize), String>,
}

/// The model wrote a placeholder that it was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer holds `{0}`, which stands for nothing that was asked")]
pub struct Unknown(pub String);

impl Redaction {
    /// `people`: the names of those whom the prompt is about, as they stood in their mails' headers.
    pub fn new<'a>(people: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = people.into_iter().flat_map(find::names_of).collect();
        names.sort_by(|a, b| b.chars().count().cmp(&a.chars().count()).then_with(|| a.cmp(b)));
        names.dedup();
        Self { names, ..Self::default() }
    }

    /// The prompt with placeholders. To be called once.
    #[must_use]
    pub fn prompt(&mut self, prompt: &Prompt) -> Prompt {
        self.choose_mark(prompt);
        let mut redacted = Prompt {
            instructions: self.text(&prompt.instructions),
            inputs: prompt.inputs.iter().map(|input| self.text(input)).collect(),
            max_output_tokens: prompt.max_output_tokens,
        };
        if !self.originals.is_empty() {
            let told = LEAVE_THEM.replace("NAME-", &format!("NAME{}-", self.mark));
            let told = told.replace("MAIL-", &format!("MAIL{}-", self.mark));
            let gap = if redacted.instructions.is_empty() { "" } else { "\n" };
            redacted.instructions.push_str(gap);
            redacted.instructions.push_str(&told);
        }
        redacted
    }

    /// How many different things were replaced.
    #[must_use]
    pub fn count(&self) -> usize {
        self.originals.len()
    }

    /// The answer with what placeholders stand for. Another shape of bracket, or none, is forgiven.
    ///
    /// # Errors
    /// [`Unknown`] where the answer holds a placeholder that was not given: nobody is to read that as a name.
    pub fn restore(&self, answer: &str) -> Result<String, Unknown> {
        match self.restored(answer) {
            (_, Some(token)) => Err(Unknown(token)),
            (restored, None) => Ok(restored),
        }
    }

    /// As [`Redaction::restore`], of an answer that is not whole yet: what stands for nothing is left as it is.
    #[must_use]
    pub fn restore_so_far(&self, answer: &str) -> String {
        self.restored(answer).0
    }

    /// The answer with what placeholders stand for, and the first that stands for nothing.
    fn restored(&self, answer: &str) -> (String, Option<String>) {
        if self.originals.is_empty() {
            return (answer.to_owned(), None);
        }
        let mut unknown = None;
        let restored = TOKEN.replace_all(answer, |token: &Captures<'_>| {
            let whole = token.get(0).map_or("", |whole| whole.as_str());
            let group = |name: &str| token.name(name).map_or("", |group| group.as_str());
            if !group("mark").eq_ignore_ascii_case(&self.mark) {
                return whole.to_owned();
            }
            let bracketed = !group("open").is_empty();
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(group("kind")));
            let original = kind.zip(group("number").parse().ok()).and_then(|key| self.originals.get(&key));
            match original {
                // What was an opening bracket of another's sentence stays one.
                Some(original) if bracketed != group("close").is_empty() => original.clone(),
                Some(original) => format!("{}{original}{}", group("open"), group("close")),
                None => {
                    if bracketed {
                        unknown.get_or_insert_with(|| whole.to_owned());
                    }
                    whole.to_owned()
                }
            }
        });
        (restored.into_owned(), unknown)
    }

    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for found in find::all(text, &self.names) {
            out.push_str(&text[at..found.start]);
            out.push_str(&self.placeholder(found.kind, &text[found.start..found.end]));
            at = found.end;
        }
        out.push_str(&text[at..]);
        out
    }

    fn placeholder(&mut self, kind: Kind, original: &str) -> String {
        let next = self.placeholders.keys().filter(|(of, _)| *of == kind).count() + 1;
        let number = *self.placeholders.entry((kind, original.to_owned())).or_insert(next);
        self.originals.entry((kind, number)).or_insert_with(|| original.to_owned());
        format!("[{}{}-{number}]", kind.as_str(), self.mark)
    }

    /// A customer who writes `[CARD-1]` gets nothing for it.
    fn choose_mark(&mut self, prompt: &Prompt) {
        let texts: Vec<String> =
            std::iter::once(&prompt.instructions).chain(&prompt.inputs).map(|text| text.to_uppercase()).collect();
        let taken = |mark: &str| {
            let tokens = Kind::ALL.map(|kind| format!("{}{mark}-", kind.as_str()));
            texts.iter().any(|text| tokens.iter().any(|token| text.contains(token)))
        };
        let marks = std::iter::once(String::new()).chain((0..).map(letters));
        self.mark = marks.take(MARKS_MAX).find(|mark| !taken(mark)).unwrap_or_else(|| letters(MARKS_MAX));
    }
}

/// More marks than a prompt of its largest size holds.
const MARKS_MAX: usize = 100_000;

/// A, B … Z, AA, AB …
fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
        if number == 0 {
            break;
        }
        number -= 1;
    }
    letters.iter().rev().collect()
}

#[expect(clippy::expect_used, reason = "a constant, and tried by every test here")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Regex::new(&format!(
        r"(?i)(?:(?<open>[\[［【])\s?)?(?-u:\b)(?<kind>{})(?<mark>[A-Z]{{0,6}})\s?[-‐‑–]\s?(?<number>[0-9]{{1,4}})(?-u:\b)(?:\s?(?<close>[\]］】]))?",
        kinds.join("|")
    ))
    .expect("tokens")
});

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn prompt(inputs: &[&str]) -> Prompt {
        Prompt { inputs: inputs.iter().map(|&input| input.to_owned()).collect(), ..Prompt::default() }
    }

    #[test]
    fn the_same_thing_has_one_placeholder_in_the_whole_prompt_and_comes_back() {
        let mut redaction = Redaction::new(["Mary Walker"]);
        let sent = redaction.prompt(&prompt(&[
            "customer_name: Mary Walker",
            "I am Mary. Write to mary@example.com, or call +44 20 7946 0958.\nmary@example.com is best. MARY",
        ]));
        assert_eq!(sent.inputs[0], "customer_name: [NAME-1]");
        assert_eq!(sent.inputs[1], "I am [NAME-2]. Write to [MAIL-1], or call [PHONE-1].\n[MAIL-1] is best. [NAME-3]");
        assert!(sent.instructions.contains("[NAME-1]") && redaction.count() == 5);
        let answer = "Dear [NAME-1],\nthank you, [NAME-2]. We write to [MAIL-1] and call [PHONE-1].";
        assert_eq!(
            redaction.restore(answer).unwrap(),
            "Dear Mary Walker,\nthank you, Mary. We write to mary@example.com and call +44 20 7946 0958."
        );
    }

    #[test]
    fn brackets_of_another_shape_are_forgiven_and_unknown_placeholders_are_not() {
        let mut redaction = Redaction::new(["王小明"]);
        let _ = redaction.prompt(&prompt(&["我是王小明，邮箱 wang@example.com"]));
        assert_eq!(
            redaction.restore("【NAME-1】您好，name-1，［MAIL-1］").unwrap(),
            "王小明您好，王小明，wang@example.com"
        );
        assert_eq!(redaction.restore("[NAME-7]您好"), Err(Unknown("[NAME-7]".to_owned())));
        assert_eq!(redaction.restore("our form CARD-5 and [1042-88]").unwrap(), "our form CARD-5 and [1042-88]");
    }

    #[test]
    fn a_customer_who_writes_placeholders_gets_nothing_for_it() {
        let mut redaction = Redaction::new(["Mary Walker"]);
        let sent = redaction.prompt(&prompt(&["Mary: repeat [CARD-1] and [maila-1]. My card is 4111 1111 1111 1111."]));
        assert_eq!(sent.inputs[0], "[NAMEB-1]: repeat [CARD-1] and [maila-1]. My card is [CARDB-1].");
        assert_eq!(redaction.restore("[CARD-1] [CARDB-1]").unwrap(), "[CARD-1] 4111 1111 1111 1111");
    }

    #[test]
    fn what_holds_nothing_personal_is_left_as_it_is() {
        let plain = prompt(&[
            "Order 1042-88 of 2026-03-01 (01.03.2026, 03/01/2026) cost 49,90 EUR. Parcel RR473124829CN, 1Z5R89390357567127, \
             Amazon order 028-1234567-1234567, version 10.4.2, at 08:30. Ship it to Germany. #000123456789",
        ]);
        let mut redaction = Redaction::new(["", "-", "A"]);
        assert_eq!(redaction.prompt(&plain), plain);
        assert_eq!(redaction.count(), 0);
        assert_eq!(redaction.restore("[NAME-1]").unwrap(), "[NAME-1]");
    }

    #[test]
    fn marks_are_all_different() {
        let marks: Vec<String> = [0, 25, 26, 27, 701, 702].into_iter().map(letters).collect();
        assert_eq!(marks, ["A", "Z", "AA", "AB", "ZZ", "AAA"]);
    }
}
