//! Numbers with a meaning: orders, shipments, articles, amounts, days.

mod date;
mod money;
pub mod order;
pub mod tracking;

use crate::data::DateOrder;
use crate::fold::{DIGIT, Folded, LETTER, LOWER, SINGLE};
use crate::pattern::Pattern;
pub use date::Day;

/// In which text something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject line.
    Subject,
    /// The body.
    Body,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An order's number, without `#`.
    Order(String),
    /// A shipment's number, without spaces.
    Tracking {
        /// Capital letters and digits.
        number: String,
        /// The name people use, when known.
        carrier: Option<&'static str>,
    },
    /// An article's number.
    Sku(String),
    /// `units` / 10^`scale`.
    Amount {
        /// Without the decimal point.
        units: i64,
        /// Digits behind the point.
        scale: u8,
        /// ISO 4217.
        currency: [u8; 3],
    },
    /// A calendar day.
    Date(Day),
}

/// Something read from the text, how surely, and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// What.
    pub value: Value,
    /// 0 to 1.
    pub confidence: f32,
    /// In which text.
    pub part: Part,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Its first word.
    pub token: usize,
}

/// A word that says what a number near it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// "order number"
    OrderNumber,
    /// "order"
    Order,
    /// "tracking number"
    Tracking,
    /// "SKU"
    Sku,
    /// "phone", "zip", "invoice": the number is none of ours.
    Foreign,
    /// A carrier's name.
    Carrier(&'static str),
    /// January is 1.
    Month(u8),
    /// "euros"
    Currency([u8; 3]),
    /// Days from the day of the mail: "yesterday" is -1.
    DaysAway(i8),
    /// "to this day": the "day" in it is none.
    NoDay,
}

/// Where a cue stands.
#[derive(Clone, Copy, Debug)]
pub struct CueAt {
    /// What it says.
    pub cue: Cue,
    /// Its first word.
    pub first: usize,
    /// Its last word.
    pub last: usize,
}

/// What a shop's own numbers look like, and how dates and dollars are meant.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// Own patterns.
    pub orders: Vec<Pattern>,
    /// Own patterns.
    pub skus: Vec<Pattern>,
    /// For 03/04/2026.
    pub date_order: Option<DateOrder>,
    /// For `$` alone.
    pub dollar: [u8; 3],
    /// Forms of the common shops, and how sure each is.
    pub known: Vec<(Pattern, f32)>,
}

/// Everything the readers look at.
pub(crate) struct Reader<'a> {
    pub subject: &'a str,
    pub body: &'a str,
    pub text: &'a Folded,
    pub cues: &'a [CueAt],
    pub habits: &'a Habits,
    pub language: &'a str,
    /// Day of the mail.
    pub today: Option<Day>,
}

/// At most so many numbers are taken for orders' by their looks alone.
const SPARE_MAX: usize = 3;
/// At most this many are read from one mail.
const ENTITIES_MAX: usize = 40;

impl<'a> Reader<'a> {
    /// Reads everything, in order.
    #[inline(never)]
    pub fn read(&self, out: &mut Vec<Entity>) {
        out.clear();
        let tokens = &self.text.tokens;
        // Numbers that nothing said anything of, and that look like an order's.
        let mut spare: Vec<Entity> = Vec::new();
        let mut next = 0;
        while next < tokens.len() && out.len() < ENTITIES_MAX {
            if tokens[next].flags & DIGIT == 0 {
                next += 1;
                continue;
            }
            next = match self.number(next, out) {
                Some(end) => end.max(next + 1),
                None => {
                    let identifier = self.identifier(next);
                    // A word before the digits is the number's own.
                    let begins = (identifier.first..next).all(|at| tokens[at].flags & DIGIT == 0);
                    if begins && spare.len() < SPARE_MAX {
                        spare.extend(self.like_an_order(&identifier));
                    }
                    next + 1
                }
            };
        }
        // A mail of a shop's customer names one order at least, more often than not.
        if !out.iter().any(|found| matches!(found.value, Value::Order(_))) && out.len() + spare.len() <= ENTITIES_MAX {
            let overlaps =
                |one: &Entity, other: &Entity| one.part == other.part && one.start < other.end && other.start < one.end;
            spare.retain(|one| !out.iter().any(|other| overlaps(one, other)));
            out.append(&mut spare);
        }
        for cue in self.cues {
            let within = |other: &CueAt| other.cue == Cue::NoDay && other.first <= cue.first && other.last >= cue.last;
            if let (Cue::DaysAway(days), Some(today)) = (cue.cue, self.today)
                && out.len() < ENTITIES_MAX
                && !self.cues.iter().any(within)
            {
                let (part, start, _) = self.place(cue.first);
                let (_, _, end) = self.place(cue.last);
                let value = Value::Date(today.plus(i64::from(days)));
                out.push(Entity { value, confidence: 0.6, part, start, end, token: cue.first });
            }
        }
        merge(out);
    }

    /// What the number at this word is; the word to go on with.
    #[inline(never)]
    fn number(&self, token: usize, out: &mut Vec<Entity>) -> Option<usize> {
        let identifier = self.identifier(token);
        if let Some(end) = self.bank_account(token) {
            return Some(end);
        }
        let found = self
            .own_pattern(&identifier)
            .or_else(|| self.tracking(token, &identifier))
            .or_else(|| self.date(token))
            .or_else(|| self.amount(token))
            .or_else(|| self.order(&identifier));
        let (entity, last) = found?;
        out.push(entity);
        Some(last + 1)
    }

    pub fn text_of(&self, part: Part) -> &'a str {
        match part {
            Part::Subject => self.subject,
            Part::Body => self.body,
        }
    }

    pub fn part(&self, token: usize) -> Part {
        if token < self.text.subject_tokens as usize { Part::Subject } else { Part::Body }
    }

    pub fn place(&self, token: usize) -> (Part, usize, usize) {
        let at = self.text.tokens[token];
        (self.part(token), at.start as usize, at.end as usize)
    }

    pub fn raw(&self, token: usize) -> &'a str {
        let (part, start, end) = self.place(token);
        &self.text_of(part)[start..end]
    }

    /// What stands between two neighbouring words of the same text.
    pub fn between(&self, left: usize) -> Option<&'a str> {
        let right = left + 1;
        if right >= self.text.tokens.len() || self.part(left) != self.part(right) {
            return None;
        }
        let (part, _, end) = self.place(left);
        let (_, start, _) = self.place(right);
        Some(&self.text_of(part)[end..start])
    }

    /// Words joined by `-`, `_` or `/` around this one.
    #[inline(never)]
    fn identifier(&self, token: usize) -> Identifier {
        let joins = |left: usize| match self.between(left).map(str::as_bytes) {
            Some([one]) => matches!(one, b'-' | b'_' | b'/'),
            Some([0xE2, 0x80, dash]) => matches!(dash, 0x90 | 0x91),
            _ => false,
        };
        let plain = |token: usize| self.text.tokens[token].flags & SINGLE == 0;
        let (mut first, mut last) = (token, token);
        while first > 0 && plain(first - 1) && joins(first - 1) && token - first < 4 {
            first -= 1;
        }
        while last + 1 < self.text.tokens.len() && plain(last + 1) && joins(last) && last - token < 6 {
            last += 1;
        }
        Identifier { first, last }
    }

    fn raw_of(&self, identifier: &Identifier) -> &'a str {
        let (part, start, _) = self.place(identifier.first);
        let (_, _, end) = self.place(identifier.last);
        &self.text_of(part)[start..end]
    }

    fn own_pattern(&self, identifier: &Identifier) -> Option<(Entity, usize)> {
        let raw = self.raw_of(identifier);
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(raw));
        let value = if matches(&self.habits.orders) {
            Value::Order(raw.to_owned())
        } else if matches(&self.habits.skus) {
            Value::Sku(raw.to_owned())
        } else {
            return None;
        };
        Some((self.entity(value, 0.97, identifier.first, identifier.last), identifier.last))
    }

    fn entity(&self, value: Value, confidence: f32, first: usize, last: usize) -> Entity {
        let (part, start, _) = self.place(first);
        let (_, _, end) = self.place(last);
        Entity { value, confidence, part, start, end, token: first }
    }

    /// The nearest cue of a kind before a word: at most `distance` words lie between.
    pub fn cue_before(&self, token: usize, distance: usize, wanted: impl Fn(Cue) -> bool) -> Option<&CueAt> {
        let end = self.cues.partition_point(|cue| cue.first < token);
        self.cues[..end]
            .iter()
            .rev()
            .take_while(|cue| token - cue.first <= distance * 3 + 8)
            .filter(|cue| wanted(cue.cue) && cue.last < token)
            .find(|cue| self.part(cue.last) == self.part(token) && self.distance(cue.last, token) <= distance)
    }

    /// The nearest cue of a kind behind a word.
    pub fn cue_after(&self, token: usize, distance: usize, wanted: impl Fn(Cue) -> bool) -> Option<&CueAt> {
        let from = self.cues.partition_point(|cue| cue.first <= token);
        self.cues[from..]
            .iter()
            .take_while(|cue| cue.first - token <= distance * 3 + 8)
            .filter(|cue| wanted(cue.cue))
            .find(|cue| self.part(cue.first) == self.part(token) && self.distance(token, cue.first) <= distance)
    }

    /// Words between two words; characters of scripts without spaces count a third.
    fn distance(&self, left: usize, right: usize) -> usize {
        let between = &self.text.tokens[left + 1..right.max(left + 1)];
        if between.len() <= 1 {
            return between.len();
        }
        let single = between.iter().filter(|token| token.flags & SINGLE != 0).count();
        between.len() - single + single / 3
    }

    /// Whether a carrier is named anywhere near; the nearest one.
    fn carrier_near(&self, token: usize) -> Option<&'static str> {
        let carrier = |cue: Cue| matches!(cue, Cue::Carrier(_));
        let found = self.cue_before(token, 12, carrier).or_else(|| self.cue_after(token, 8, carrier))?;
        match found.cue {
            Cue::Carrier(name) => Some(name),
            _ => None,
        }
    }

    /// An IBAN (ISO 13616: two letters, two check digits, groups of four): none of ours. The word to go on with.
    #[inline(never)]
    fn bank_account(&self, token: usize) -> Option<usize> {
        let word = self.text.word(token);
        let begins = word.len() >= 4
            && word[..2].iter().all(u8::is_ascii_lowercase)
            && word[2..4].iter().all(u8::is_ascii_digit);
        if !begins {
            return None;
        }
        let (mut account, mut length, mut end) = ([0u8; 34], 0, token);
        while end < self.text.tokens.len() {
            let word = self.text.word(end);
            // In groups of four, or all in one.
            let group = word.len() <= 4 || end == token;
            if length + word.len() > account.len() || !group || !word.iter().all(u8::is_ascii_alphanumeric) {
                break;
            }
            account[length..length + word.len()].copy_from_slice(word);
            length += word.len();
            end += 1;
            if length >= 15 && tracking::iban(&account[..length]) {
                return Some(end);
            }
            if !matches!(self.between(end - 1), Some(" " | "\u{a0}" | "-")) {
                break;
            }
        }
        None
    }

    #[inline(never)]
    fn tracking(&self, token: usize, identifier: &Identifier) -> Option<(Entity, usize)> {
        // Letters before the digits belong to it: "RR 123456789 CN", "1Z 999 AA1 …"; or are a carrier's name.
        let before = token > 0 && identifier.first == token && self.starts_number(token - 1);
        let mut first = if before { token - 1 } else { identifier.first };
        let mut best = self.shipment(first, token);
        if best.is_none() && before {
            first = identifier.first;
            best = self.shipment(first, token);
        }
        let cued = self.cue_before(token, 5, |cue| cue == Cue::Tracking).is_some_and(|at| {
            // Whatever word about numbers is the nearest counts.
            let other = self.cue_before(token, 2, |cue| matches!(cue, Cue::OrderNumber | Cue::Order | Cue::Foreign));
            other.is_none_or(|other| other.last < at.first || other.last <= at.last)
        });
        if best.is_none() && !cued {
            return None;
        }
        let carrier = self.carrier_near(token);
        if let Some((last, guess)) = best {
            let named = carrier == guess.carrier && carrier.is_some();
            if !guess.weak || cued || named {
                let confidence = if cued || named { guess.confidence.max(0.9) } else { guess.confidence };
                let carrier = if guess.weak { carrier.or(guess.carrier) } else { guess.carrier.or(carrier) };
                let number = self.compact(first, last);
                return Some((self.entity(Value::Tracking { number, carrier }, confidence, first, last), last));
            }
        }
        // Said to be one, and long enough: believed, though its form is nobody's or its check digit wrong.
        let raw = self.raw_of(identifier);
        let number = self.compact(identifier.first, identifier.last);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let dated = self.date(identifier.first).is_some() || self.amount(token).is_some();
        let ordered = self.habits.known.iter().any(|(form, sure)| *sure > 0.8 && form.matches(raw));
        if cued && (8..=34).contains(&number.len()) && digits >= 6 && !dated && !ordered {
            let value = Value::Tracking { number, carrier };
            return Some((self.entity(value, 0.6, identifier.first, identifier.last), identifier.last));
        }
        None
    }

    /// The longest shipment's number that begins at this word and reaches `token`: its last word and whose it is.
    fn shipment(&self, first: usize, token: usize) -> Option<(usize, tracking::Guess)> {
        let mut compact = [0u8; 40];
        let mut length = 0;
        let mut best: Option<(usize, tracking::Guess)> = None;
        let mut last = first;
        loop {
            let word = self.text.word(last);
            if length + word.len() > compact.len() || !word.is_ascii() {
                break;
            }
            compact[length..length + word.len()].copy_from_slice(word);
            compact[length..length + word.len()].make_ascii_uppercase();
            length += word.len();
            if last >= token
                && let Some(guess) = tracking::recognise(&compact[..length])
                && best.as_ref().is_none_or(|(_, known)| guess.confidence >= known.confidence)
            {
                best = Some((last, guess));
            }
            let goes_on = match self.between(last) {
                Some("-") => true,
                Some(" " | "\u{a0}") => {
                    let flags = self.text.tokens[last + 1].flags;
                    flags & SINGLE == 0 && (flags & DIGIT != 0 || self.starts_number(last + 1))
                }
                _ => false,
            };
            if !goes_on {
                break;
            }
            last += 1;
        }
        best
    }

    /// A short word in capitals, as numbers begin and end with.
    fn starts_number(&self, token: usize) -> bool {
        let at = self.text.tokens[token];
        at.flags & (LETTER | LOWER | SINGLE) == LETTER
            && at.end - at.start <= 4
            && matches!(self.between(token), Some(" " | "\u{a0}" | "-" | "") | None)
    }

    fn compact(&self, first: usize, last: usize) -> String {
        (first..=last)
            .flat_map(|token| self.text.word(token))
            .map(|byte| char::from(byte.to_ascii_uppercase()))
            .collect()
    }
}

/// Words of a number, first and last.
struct Identifier {
    first: usize,
    last: usize,
}

/// Keeps the surest of equal values (a number that stands in subject and body is one number), in order.
fn merge(entities: &mut Vec<Entity>) {
    // What is called an article somewhere is no order because it looks like one elsewhere.
    let article =
        |number: &str, all: &[Entity]| all.iter().any(|other| matches!(&other.value, Value::Sku(sku) if sku == number));
    let mut index = 0;
    while index < entities.len() {
        match &entities[index].value {
            Value::Order(number) if entities[index].confidence < 0.7 && article(number, entities) => {
                entities.remove(index);
            }
            _ => index += 1,
        }
    }
    let mut at = 0;
    while at < entities.len() {
        let same = entities[..at].iter().position(|known| known.value == entities[at].value);
        match same {
            Some(first) => {
                let other = entities.remove(at);
                let known = &mut entities[first];
                // The body is what people read: prefer its span.
                if other.confidence > known.confidence || (known.part == Part::Subject && other.part == Part::Body) {
                    *known = Entity { confidence: other.confidence.max(known.confidence), ..other };
                }
            }
            None => at += 1,
        }
    }
}
