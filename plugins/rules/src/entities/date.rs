//! Days: 2026-03-01, 1.3.2026, 3/1/26, 1 March, March 1st, 2026年3月1日, 3월 1일.

use super::{Cue, Entity, Reader, Value};
use crate::data::DateOrder;
use crate::fold::{DIGIT, SINGLE};

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Gregorian.
    pub year: i32,
    /// 1 to 12
    pub month: u8,
    /// 1 to 31
    pub day: u8,
}

impl Day {
    /// A day that exists, in years people write about.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            _ => return None,
        };
        ((1900..=2199).contains(&year) && (1..=length).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day (in UTC) of an instant in seconds since 1970.
    #[must_use]
    pub fn of_instant(seconds: i64) -> Option<Self> {
        Self::from_number(seconds.div_euclid(86_400))
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self::from_number(self.number() + days).unwrap_or(self)
    }

    /// Days since 1970-01-01 (Howard Hinnant's algorithm).
    #[must_use]
    pub fn number(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let shifted = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * shifted + 2) / 5 + i64::from(self.day) - 1;
        let year_of_era = year.rem_euclid(400);
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
    }

    fn from_number(number: i64) -> Option<Self> {
        let shifted = number.checked_add(719_468)?;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = u8::try_from(of_year - (153 * month + 2) / 5 + 1).ok()?;
        let month = u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?;
        Self::new(i32::try_from(year_of_era + era * 400 + i64::from(month <= 2)).ok()?, month, day)
    }
}

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn date(&self, token: usize) -> Option<(Entity, usize)> {
        let number = self.plain_number(token);
        let found = number
            .and_then(|first| self.numeric(token, first).or_else(|| self.ideographic(token, first)))
            .or_else(|| self.with_month_name(token, self.ordinal(token)?))?;
        let (day, confidence, from, last) = found;
        Some((self.entity(Value::Date(day), confidence, from, last), last))
    }

    fn plain_number(&self, token: usize) -> Option<u32> {
        let word = self.text.word(token);
        (word.len() <= 4 && word.iter().all(u8::is_ascii_digit))
            .then(|| word.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// 1, 1st, 1er, 1º
    fn ordinal(&self, token: usize) -> Option<u32> {
        let word = self.text.word(token);
        let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let known = matches!(&word[digits..], b"" | b"st" | b"nd" | b"rd" | b"th" | b"er" | b"o" | b"e" | b"\xc2\xba");
        ((1..=2).contains(&digits) && known)
            .then(|| word[..digits].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    fn numeric(&self, token: usize, first: u32) -> Option<(Day, f32, usize, usize)> {
        // "2026. 3. 1." is Korean and Hungarian.
        let spaced = self.text.word(token).len() == 4;
        let separator =
            self.between(token).filter(|text| matches!(*text, "-" | "/" | ".") || (spaced && *text == ". "))?;
        let second = self.plain_number(token + 1)?;
        let third = match self.between(token + 1) {
            Some(text) if text == separator => self.plain_number(token + 2),
            _ => None,
        };
        let lengths = |offset: usize| self.text.word(token + offset).len();
        let day_before =
            || self.between(token + 1).is_none_or(|text| !text.starts_with(['/', '-'])) && self.after_day_word(token);
        if third.is_none() && separator == "/" && lengths(0) <= 2 && lengths(1) <= 2 && day_before() {
            // "den 9/3", "le 9/3": only behind a word that days stand behind.
            let day = self.near(second, first)?;
            return (self.language != "en").then_some((day, 0.7, token, token + 1));
        }
        let Some(third) = third else {
            // "am 12.03." in languages that write days so
            let (part, _, end) = self.place(token + 1);
            let dotted = separator == "." && self.text_of(part)[end..].starts_with('.') && lengths(1) <= 2;
            let day = self.near(second, first)?;
            return (dotted && lengths(0) <= 2 && self.language != "en").then_some((day, 0.65, token, token + 1));
        };
        if lengths(0) == 4 {
            let day = make(first, second, third)?;
            return Some((day, 0.97, token, token + 2));
        }
        if lengths(0) > 2 || lengths(1) > 2 {
            return None;
        }
        let (year, sure) = match lengths(2) {
            4 => (third, 0.95),
            2 => (2000 + third, 0.75),
            _ => return None,
        };
        let order = match (first, second) {
            (13.., _) => DateOrder::Dmy,
            (_, 13..) => DateOrder::Mdy,
            _ if separator == "." => DateOrder::Dmy,
            _ => {
                // Both are possible: the shop's habit, else the language's, and that is a guess.
                let order = self.habits.date_order.unwrap_or(match self.language {
                    // Who writes pounds or euros writes the day first.
                    "en" if !self.body.contains(['£', '€']) => DateOrder::Mdy,
                    _ => DateOrder::Dmy,
                });
                let confidence = match (self.habits.date_order.is_some(), self.language) {
                    _ if first == second => sure,
                    (true, _) => 0.85,
                    (false, "en" | "") => 0.55,
                    (false, _) => 0.8,
                };
                let day = ordered(order, year, first, second)?;
                return Some((day, confidence, token, token + 2));
            }
        };
        let day = ordered(order, year, first, second)?;
        Some((day, sure, token, token + 2))
    }

    /// 2026年3月1日, 3月1日, 2026년 3월 1일
    fn ideographic(&self, token: usize, first: u32) -> Option<(Day, f32, usize, usize)> {
        let unit = |token: usize| {
            let at = self.text.tokens.get(token)?;
            (at.flags & SINGLE != 0).then(|| self.raw(token))
        };
        let year_mark = |token: usize| matches!(unit(token), Some("年" | "년"));
        let month_mark = |token: usize| matches!(unit(token), Some("月" | "월"));
        let day_mark = |token: usize| matches!(unit(token), Some("日" | "号" | "號" | "일"));
        let number = |token: usize| {
            self.text.tokens.get(token).filter(|at| at.flags & DIGIT != 0)?;
            self.plain_number(token)
        };
        if year_mark(token + 1) && month_mark(token + 3) && day_mark(token + 5) {
            // 令和8年, 民國115年
            let (part, start, _) = self.place(token);
            let before = self.text_of(part)[..start].trim_end();
            let (year, from) = match () {
                () if before.ends_with("令和") && first < 100 => (2018 + first, token - 2),
                () if before.ends_with("平成") && first < 40 => (1988 + first, token - 2),
                () if before.ends_with("民國") || before.ends_with("民国") => (1911 + first, token - 2),
                () if (100..200).contains(&first) => (1911 + first, token),
                () if first < 100 => (2000 + first, token),
                () => (first, token),
            };
            let day = make(year, number(token + 2)?, number(token + 4)?)?;
            return Some((day, 0.97, from, token + 5));
        }
        if month_mark(token + 1) && day_mark(token + 3) {
            let day = self.near(first, number(token + 2)?)?;
            return Some((day, 0.85, token, token + 3));
        }
        None
    }

    /// 1 March 2026, 1. März, 1 de marzo de 2026, March 1st, 2026
    fn with_month_name(&self, token: usize, first: u32) -> Option<(Day, f32, usize, usize)> {
        if !(1..=31).contains(&first) {
            return None;
        }
        let is_month = |cue: Cue| matches!(cue, Cue::Month(_));
        let year_at = |token: usize| {
            let year = self.plain_number_at(token)?;
            let known = (1990..=2100).contains(&year) || (2533..=2643).contains(&year);
            (self.text.word(token).len() == 4 && known).then_some(year)
        };
        // Words such as "de" or "of" may stand between.
        if let Some(cue) = self.cue_after(token, 1, is_month) {
            let Cue::Month(month) = cue.cue else { return None };
            let year = (cue.last + 1..=cue.last + 2).find_map(|at| year_at(at).map(|year| (year, at)));
            return match year {
                Some((year, at)) => Some((make(year, u32::from(month), first)?, 0.95, token, at)),
                None => Some((self.near(u32::from(month), first)?, 0.8, token, cue.last)),
            };
        }
        let cue = self.cue_before(token, 1, is_month)?;
        let Cue::Month(month) = cue.cue else { return None };
        let from = cue.first;
        match year_at(token + 1) {
            Some(year) => Some((make(year, u32::from(month), first)?, 0.95, from, token + 1)),
            None => Some((self.near(u32::from(month), first)?, 0.8, from, token)),
        }
    }

    /// Whether a word stands before that days stand behind: "den", "le", "am", "ngày".
    fn after_day_word(&self, token: usize) -> bool {
        let Some(before) = token.checked_sub(1).filter(|before| self.part(*before) == self.part(token)) else {
            return false;
        };
        matches!(
            self.text.word(before),
            b"den"
                | b"le"
                | b"du"
                | b"au"
                | b"el"
                | b"del"
                | b"il"
                | b"al"
                | b"dal"
                | b"am"
                | b"vom"
                | b"op"
                | b"van"
                | b"dia"
                | b"em"
                | b"no"
                | b"ngay"
                | b"tanggal"
                | b"tgl"
                | b"dnia"
                | b"fra"
                | b"fran"
                | b"pa"
                | b"sedan"
        ) || self.text.word(before) == "в".as_bytes()
            || self.text.word(before) == "от".as_bytes()
            || self.text.word(before) == "يوم".as_bytes()
            || self.text.word(before) == "بتاريخ".as_bytes()
    }

    fn plain_number_at(&self, token: usize) -> Option<u32> {
        if token < self.text.tokens.len() { self.plain_number(token) } else { None }
    }

    /// A day without a year: the one nearest to the mail, sooner past than future.
    fn near(&self, month: u32, day: u32) -> Option<Day> {
        let today = self.today?;
        (today.year - 1..=today.year + 1).filter_map(|year| make(u32::try_from(year).ok()?, month, day)).min_by_key(
            |candidate| {
                let away = candidate.number() - today.number();
                if away > 0 { away * 2 } else { -away }
            },
        )
    }
}

fn ordered(order: DateOrder, year: u32, first: u32, second: u32) -> Option<Day> {
    match order {
        DateOrder::Dmy => make(year, second, first),
        DateOrder::Mdy => make(year, first, second),
    }
}

fn make(year: u32, month: u32, day: u32) -> Option<Day> {
    // The Buddhist era of Thailand.
    let year = if (2450..=2700).contains(&year) { year - 543 } else { year };
    Day::new(i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}
