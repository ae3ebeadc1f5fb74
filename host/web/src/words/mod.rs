//! Every word on the pages, in both languages, complete by construction: an entry of a table names both
//! texts or does not compile. Nothing else in this crate holds a word that a person reads.
//!
//! Two kinds of entries: plain ones (`waiting: "Waiting", "待审";`, with arguments where needed) and counted
//! ones, whose English knows one from many.

mod account;
mod act;
pub(crate) mod autonomy;
mod bulk;
mod desk;
mod event;
mod files;
mod knowledge;
mod macros;
mod model_calls;
mod names;
mod pages;
mod people;
mod plugins;
mod reason;
mod setup;
mod setup_rules;
mod tags;
mod templates;
mod ticket;
mod tokens;
mod trail;
mod translation;
mod views;
mod webhooks;
mod work;
mod writing;

pub(crate) use names::language_tags;
use serde::{Deserialize, Serialize};

/// A language the desk speaks. The agent's own setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Zh,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// `en` or `zh`, as stored and as in links.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// For the `lang` attribute: tells fonts and screen readers which script is meant.
    #[must_use]
    pub fn html(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language that a BCP 47 tag asks for; every Chinese is `Zh`, every other tag English.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        if primary(tag).eq_ignore_ascii_case("zh") { Self::Zh } else { Self::En }
    }

    /// The first language of an Accept-Language header (RFC 9110 section 12.5.4) that the desk speaks.
    /// Browsers list them in order of preference, so weights are not compared.
    #[must_use]
    pub fn accept(header: &str) -> Self {
        header
            .split(',')
            .map(|part| primary(part.split(';').next().unwrap_or("").trim()))
            .find_map(|tag| match tag.to_ascii_lowercase().as_str() {
                "zh" => Some(Self::Zh),
                "en" => Some(Self::En),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The other one, for the switch.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

/// `pt` of `pt-BR`.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or("")
}

/// A table of words: one method per entry on [`Lang`], and the table itself for the tests.
macro_rules! words {
    ($($name:ident $(($($arg:ident),+))? : $en:literal, $zh:literal;)*) => {
        impl $crate::words::Lang {
            $( $crate::words::word! { $name [$($($arg),+)?] $en $zh } )*
        }
        #[cfg(test)]
        pub(super) const TABLE: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh)),*];
    };
}

/// One entry of a table.
macro_rules! word {
    ($name:ident [] $en:literal $zh:literal) => {
        #[doc = concat!("`", $en, "`")]
        #[must_use]
        pub fn $name(self) -> &'static str {
            match self { Self::En => $en, Self::Zh => $zh }
        }
    };
    ($name:ident [$($arg:ident),+] $en:literal $zh:literal) => {
        #[doc = concat!("`", $en, "`")]
        #[must_use]
        pub fn $name(self, $($arg: impl std::fmt::Display),+) -> String {
            match self { Self::En => format!($en), Self::Zh => format!($zh) }
        }
    };
}

/// Counted words: `name: "{n} mail" | "{n} mails", "{n} 封邮件";`
macro_rules! counted {
    ($($name:ident: $one:literal | $many:literal, $zh:literal;)*) => {
        impl $crate::words::Lang {
            $(
                #[doc = concat!("`", $many, "`")]
                #[must_use]
                pub fn $name(self, n: u64) -> String {
                    match (self, n) {
                        (Self::En, 1) => format!($one, n = n),
                        (Self::En, _) => format!($many, n = n),
                        (Self::Zh, _) => format!($zh, n = n),
                    }
                }
            )*
        }
        #[cfg(test)]
        pub(super) const COUNTED: &[(&str, &str, &str)] = &[$((stringify!($name), $many, $zh)),*];
    };
}
pub(crate) use {counted, word, words};

/// Every entry of every table: name, English, Chinese.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    [
        account::TABLE,
        act::TABLE,
        autonomy::TABLE,
        bulk::TABLE,
        bulk::COUNTED,
        desk::TABLE,
        desk::COUNTED,
        event::TABLE,
        files::TABLE,
        knowledge::TABLE,
        macros::TABLE,
        model_calls::TABLE,
        macros::COUNTED,
        names::TABLE,
        pages::TABLE,
        people::TABLE,
        plugins::TABLE,
        reason::TABLE,
        templates::TABLE,
        setup::TABLE,
        setup_rules::TABLE,
        tags::TABLE,
        ticket::TABLE,
        ticket::COUNTED,
        tokens::TABLE,
        trail::TABLE,
        translation::TABLE,
        work::TABLE,
        writing::TABLE,
        work::COUNTED,
        webhooks::TABLE,
        views::TABLE,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_said_calmly_in_both_languages() {
        for (name, en, zh) in all() {
            assert!(!en.trim().is_empty() && !zh.trim().is_empty(), "{name} is empty");
            assert!(!en.contains('!') && !zh.contains(['!', '！']), "{name} shouts");
            let arguments = |text: &str| text.matches('{').count();
            assert_eq!(arguments(en), arguments(zh), "{name} leaves an argument out in one language");
        }
    }

    #[test]
    fn no_name_is_used_twice() {
        let mut names: Vec<_> = all().map(|w| w.0).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }

    #[test]
    fn the_browser_s_wish_is_understood() {
        assert_eq!(Lang::accept("zh-CN,zh;q=0.9,en;q=0.8"), Lang::Zh);
        assert_eq!(Lang::accept("de-DE, en;q=0.5, zh;q=0.1"), Lang::En);
        assert_eq!(Lang::accept(""), Lang::En);
        assert_eq!(Lang::from_tag("zh-Hant"), Lang::Zh);
        assert_eq!(Lang::from_tag("es"), Lang::En);
    }
}
