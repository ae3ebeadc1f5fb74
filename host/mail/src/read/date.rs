//! The Date header as it stands in real mail (RFC 5322, 3.3 and 4.3, and what mailers make of it).

use posthouse_model::Timestamp;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones by name, in minutes east of UTC. Other names mean UTC (RFC 5322, 4.3).
const ZONES: &[(&str, i32)] = &[
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("cet", 60),
    ("cest", 120),
    ("met", 60),
    ("mest", 120),
    ("eet", 120),
    ("eest", 180),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("ist", 330),
    ("msk", 180),
    ("hkt", 480),
    ("sgt", 480),
    ("jst", 540),
    ("kst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
];

/// `Wed, 1 May 2024 10:15:00 +0200`, in whatever order and with whatever left out; also `Wed May  1 10:15:00 2024` and
/// ISO 8601. Without a zone it is taken for UTC. None when there is no day, month and year in it.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = without_comments(text);
    let text = text.trim();
    if let Ok(t) = text.parse::<jiff::Timestamp>() {
        return Some(t.into());
    }
    let mut day = None;
    let mut month = None;
    let mut year = None;
    let mut time = None;
    let mut zone = None;
    for word in text.split([' ', ',', '\t', '\r', '\n']).filter(|w| !w.is_empty()) {
        let lower = word.to_ascii_lowercase();
        if time.is_none() && lower.contains(':') {
            time = clock(&lower);
            // `10:15:00+0200` without a blank.
            if let Some(sign) = lower.find(['+', '-']).filter(|_| time.is_some()) {
                zone = offset(&lower[sign..]);
            }
        } else if let Some((y, m, d)) = iso_day(&lower) {
            (year, month, day) = (Some(y), Some(m), Some(d));
        } else if let Some((d, m, y)) = dashed_day(&lower) {
            (year, month, day) = (Some(y), Some(m), Some(d));
        } else if let Ok(number) = lower.parse::<i32>()
            && lower.bytes().all(|b| b.is_ascii_digit())
        {
            // Two to four digits after the month are the year; one or two before the time are the day.
            if day.is_none() && lower.len() <= 2 && (1..=31).contains(&number) {
                day = Some(number);
            } else if year.is_none() && (2..=4).contains(&lower.len()) {
                year = Some(full_year(number, lower.len()));
            }
        } else if month.is_none()
            && let Some(index) = month_of(&lower)
        {
            month = Some(index);
        } else if time.is_some() && zone.is_none() {
            zone = offset(&lower).or_else(|| ZONES.iter().find(|(name, _)| *name == lower).map(|(_, m)| *m));
        } else if lower == "pm" || lower == "am" {
            time = time.map(|(h, m, s)| (if lower == "pm" && h < 12 { h + 12 } else { h }, m, s));
        }
    }
    let (hour, minute, second) = time.unwrap_or((0, 0, 0));
    let small = |n: i32| i8::try_from(n).ok();
    let civil = jiff::civil::DateTime::new(
        i16::try_from(year?).ok().filter(|y| (1900..=2200).contains(y))?,
        small(month?)?,
        small(day?)?,
        small(hour)?,
        small(minute)?,
        small(second.min(59))?,
        0,
    )
    .ok()?;
    let utc = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Timestamp::from_seconds(utc - i64::from(zone.unwrap_or(0)) * 60))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    let mut out = String::with_capacity(text.len().min(200));
    for c in text.chars().take(400) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn month_of(word: &str) -> Option<i32> {
    let word = word.trim_end_matches('.');
    let begin = word.get(..3)?;
    let index = MONTHS.iter().position(|m| *m == begin)?;
    // `march`, not `marmalade`: only letters, and no weekday begins like a month.
    word.bytes().all(|b| b.is_ascii_alphabetic()).then(|| index as i32 + 1)
}

/// Years of two digits (RFC 5322, 4.3) and those of programs that counted from 1900 on.
fn full_year(number: i32, digits: usize) -> i32 {
    match (digits, number) {
        (2, 0..=49) => number + 2000,
        (2, _) => number + 1900,
        (_, 100..=199) => number + 1900,
        _ => number,
    }
}

fn clock(word: &str) -> Option<(i32, i32, i32)> {
    let end = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
    let word = word[..end].split('.').next()?;
    let mut parts = word.split(':').map(|p| p.parse::<i32>().ok());
    let hour = parts.next()??;
    let minute = parts.next()??;
    let second = parts.next().flatten().unwrap_or(0);
    ((0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second))
        .then_some((hour, minute, second))
}

/// `+0200`, `-05:30`, `+02`, `+-0500` (a known mailer's mistake) in minutes.
fn offset(word: &str) -> Option<i32> {
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let rest = &word[1..];
    let (sign, rest) = match rest.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (sign, rest),
    };
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
    (minutes <= 14 * 60).then_some(sign * minutes)
}

/// `2024-05-01` or `2024/05/01`, perhaps with a time glued on by `T`.
fn iso_day(word: &str) -> Option<(i32, i32, i32)> {
    let mut parts = word.split('t').next()?.split(['-', '/']).map(|p| p.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && (1900..=2200).contains(&year)).then_some((year, month, day))
}

/// `01-May-2024`.
fn dashed_day(word: &str) -> Option<(i32, i32, i32)> {
    let mut parts = word.split('-');
    let day = parts.next()?.parse().ok()?;
    let month = month_of(parts.next()?)?;
    let year = parts.next()?;
    Some((day, month, full_year(year.parse().ok()?, year.len())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn dates_are_read() {
        for (text, expected) in [
            ("Wed, 1 May 2024 10:15:00 +0200", "2024-05-01T08:15:00Z"),
            ("1 May 2024 10:15 +0200 (CEST)", "2024-05-01T08:15:00Z"),
            ("Wed, 01 May 2024 10:15:00 GMT", "2024-05-01T10:15:00Z"),
            ("Wed, 01 May 2024 10:15:00 UT", "2024-05-01T10:15:00Z"),
            ("Wed, 01 May 2024 10:15:00 EDT", "2024-05-01T14:15:00Z"),
            ("Wed, 01 May 2024 10:15:00", "2024-05-01T10:15:00Z"),
            ("Wed May  1 10:15:00 2024", "2024-05-01T10:15:00Z"),
            ("Wed May  1 10:15:00 CST 2024", "2024-05-01T16:15:00Z"),
            ("Thu, 18 Jul 0102 19:51:35 -0100", "2002-07-18T20:51:35Z"),
            ("Thu, 18 Jul 02 19:51:35 -0100", "2002-07-18T20:51:35Z"),
            ("Fri, 21 Nov 97 09:55:06 -0600", "1997-11-21T15:55:06Z"),
            ("Thu, 29 Aug 2002 15:36:58 +-0500", "2002-08-29T20:36:58Z"),
            ("2024-05-01 10:15:00", "2024-05-01T10:15:00Z"),
            ("2024-05-01T10:15:00+02:00", "2024-05-01T08:15:00Z"),
            ("01-May-2024 10:15:00 +0000", "2024-05-01T10:15:00Z"),
            ("Wed, 1 May 2024", "2024-05-01T00:00:00Z"),
            ("Wed, 1 May 2024 23:59:60 +0000", "2024-05-01T23:59:59Z"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "32 May 2024",
            "30 Feb 2024 10:00:00",
            "Mon, 30 Jun 3609 15:33:50 +0600",
            "((((",
            "1 2 3 4",
            "::::",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
