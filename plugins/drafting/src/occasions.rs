//! Holidays and Ramadan: when they are, where, and what one wishes. Data: `data/occasions.json`, and the tenant's own.

use crate::choose::primary;
use crate::market::tag;
use serde::Deserialize;
use std::collections::BTreeMap;

const BUNDLED: &str = include_str!("../data/occasions.json");

/// A calendar day: year, month, day.
pub type Day = (i32, u8, u8);

/// What a tenant says of occasions.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(default, deny_unknown_fields)]
pub struct OccasionSettings {
    /// Replies of those days end with a wish, to customers who are known to be there and do not sound upset.
    pub wishes: bool,
    /// The tenant's own; one with the id of a bundled one replaces it.
    pub more: Vec<Occasion>,
}

/// One occasion.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Occasion {
    /// Templates ask for it: `{{#if occasion_ramadan}}`.
    pub id: String,
    /// ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// `2026-02-18..2026-03-19`, `2026-11-08`, or `12-24..12-26` for every year; both days are in it.
    pub days: Vec<String>,
    /// What one wishes, by language or market.
    #[serde(default)]
    pub wish: BTreeMap<String, String>,
}

/// All occasions, checked.
#[derive(Debug, Default, Clone)]
pub struct Occasions {
    wishes: bool,
    all: Vec<(Occasion, Vec<Span>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Days(Day, Day),
    EachYear((u8, u8), (u8, u8)),
}

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        match (day(first), day(last)) {
            (Some(first), Some(last)) if first <= last => Some(Self::Days(first, last)),
            _ => Some(Self::EachYear(month_and_day(first)?, month_and_day(last)?)),
        }
    }

    fn holds(self, day: Day) -> bool {
        match self {
            Self::Days(first, last) => first <= day && day <= last,
            Self::EachYear(first, last) => {
                let day = (day.1, day.2);
                // Past the end of the year: from the last days of one into the first of the next.
                if first <= last { first <= day && day <= last } else { day >= first || day <= last }
            }
        }
    }
}

fn day(text: &str) -> Option<Day> {
    let mut parts = text.trim().splitn(2, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let (month, day) = month_and_day(parts.next()?)?;
    Some((year, month, day))
}

fn month_and_day(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.trim().split_once('-')?;
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some((month, day))
}

impl Occasions {
    /// The bundled ones and the tenant's.
    ///
    /// # Errors
    /// Names the occasion and what is wrong with it.
    pub fn new(settings: &OccasionSettings) -> Result<Self, String> {
        let bundled: Vec<Occasion> =
            serde_json::from_str(BUNDLED).map_err(|error| format!("bundled occasions: {error}"))?;
        let mut all: Vec<(Occasion, Vec<Span>)> = Vec::new();
        for occasion in bundled.iter().chain(&settings.more) {
            let spans = occasion.days.iter().map(|text| {
                Span::parse(text).ok_or_else(|| {
                    format!(
                        "settings, `occasions.more`: `{}`: `{text}` is no day; write 2026-02-18..2026-03-19, or 12-24..12-26 for every year",
                        occasion.id
                    )
                })
            });
            let spans = spans.collect::<Result<Vec<_>, _>>()?;
            all.retain(|(known, _)| known.id != occasion.id);
            all.push((occasion.clone(), spans));
        }
        Ok(Self { wishes: settings.wishes, all })
    }

    /// The occasions of a day in a country.
    pub fn on(&self, day: Day, country: &str) -> impl Iterator<Item = &Occasion> {
        self.all
            .iter()
            .filter(move |(occasion, spans)| {
                occasion.countries.iter().any(|one| one.eq_ignore_ascii_case(country))
                    && spans.iter().any(|span| span.holds(day))
            })
            .map(|(occasion, _)| occasion)
    }

    /// What one wishes somebody there on that day, where the tenant wants wishes and there is one in their language.
    #[must_use]
    pub fn wish(&self, day: Day, country: &str, market: &str) -> Option<&str> {
        if !self.wishes {
            return None;
        }
        let in_language =
            |occasion: &Occasion, wanted: &str| occasion.wish.keys().find(|known| tag(known) == wanted).cloned();
        self.on(day, country).find_map(|occasion| {
            let key = in_language(occasion, &tag(market)).or_else(|| in_language(occasion, &primary(market)))?;
            occasion.wish.get(&key).map(String::as_str)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn wishing() -> Occasions {
        Occasions::new(&OccasionSettings { wishes: true, more: Vec::new() }).unwrap()
    }

    fn ids(day: Day, country: &str) -> Vec<String> {
        wishing().on(day, country).map(|occasion| occasion.id.clone()).collect()
    }

    #[test]
    fn ramadan_is_where_and_when_it_is() {
        assert_eq!(ids((2026, 2, 18), "SA"), ["ramadan"]);
        assert_eq!(ids((2026, 3, 19), "sa"), ["ramadan"]);
        assert_eq!(ids((2026, 3, 20), "SA"), ["eid-al-fitr"]);
        assert_eq!(ids((2026, 2, 17), "SA"), [""; 0]);
        assert_eq!(ids((2026, 3, 1), "DE"), [""; 0]);
        assert_eq!(ids((2030, 12, 31), "AE"), ["ramadan"], "twice in that year");
        assert_eq!(wishing().wish((2026, 3, 1), "AE", "ar-AE"), Some("رمضان كريم."));
    }

    #[test]
    fn days_of_every_year_may_run_into_the_next() {
        assert_eq!(ids((2026, 12, 31), "DE"), ["new-year"]);
        assert_eq!(ids((2027, 1, 3), "DE"), ["new-year"]);
        assert_eq!(ids((2027, 1, 4), "DE"), [""; 0]);
        assert_eq!(ids((2027, 5, 5), "JP"), ["golden-week"]);
    }

    #[test]
    fn a_wish_is_in_the_customers_own_language_or_not_made() {
        assert_eq!(wishing().wish((2026, 12, 25), "US", "en-US"), Some("Happy holidays!"));
        assert_eq!(wishing().wish((2026, 12, 25), "GB", "en-GB"), Some("We wish you a merry Christmas."));
        assert_eq!(wishing().wish((2026, 12, 25), "DE", "ja"), None);
        assert_eq!(Occasions::new(&OccasionSettings::default()).unwrap().wish((2026, 12, 25), "DE", "de"), None);
    }

    #[test]
    fn every_bundled_day_is_one_and_goes_forward() {
        for (occasion, spans) in wishing().all {
            assert!(!spans.is_empty() && spans.len() == occasion.days.len(), "{}", occasion.id);
            for span in spans {
                if let Span::Days(first, last) = span {
                    assert!(first <= last && last.0 - first.0 <= 1, "{}: {first:?}", occasion.id);
                }
            }
        }
        let bad = OccasionSettings {
            more: vec![Occasion {
                id: "sale".into(),
                countries: vec![],
                days: vec!["soon".into()],
                wish: BTreeMap::new(),
            }],
            ..OccasionSettings::default()
        };
        assert!(Occasions::new(&bad).unwrap_err().contains("`sale`: `soon` is no day"));
    }
}
