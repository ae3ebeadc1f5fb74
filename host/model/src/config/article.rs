//! Articles of the knowledge base: files of Markdown, with what they say of themselves in front.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A piece of the knowledge base: one file `knowledge/ID.md` of the tenant's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleConfig {
    /// Path below `knowledge/` without `.md`: `returns/germany.de`.
    pub id: String,
    /// BCP 47; from a `.xx.md` ending, none when the file's name has none.
    pub language: Option<String>,
    /// The first `# ` heading, else the id.
    pub title: String,
    /// The whole file: front matter, where there is some, and Markdown.
    pub body: String,
}

/// The language of an article that is meant for every language (BCP 47, RFC 5646 section 4.1: undetermined).
pub const ANY_LANGUAGE: &str = "und";

/// The language that an article's id names: `returns.de` is German, `faq.zh-CN` Chinese, `version.2` none.
#[must_use]
pub fn article_language(id: &str) -> Option<String> {
    let tag = id.rsplit('/').next()?.rsplit_once('.')?.1;
    let mut pieces = tag.split('-');
    let primary = pieces.next()?;
    let sound = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && pieces.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    sound.then(|| tag.to_owned())
}

/// What people call an article: its first `# ` heading, else its id; at most 200 characters.
#[must_use]
pub fn article_title(id: &str, text: &str) -> String {
    let (_, body) = article_divided(text);
    let heading =
        body.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim).filter(|title| !title.is_empty());
    heading.unwrap_or(id).chars().take(200).collect()
}

/// For whom and when an article holds. Nothing said: for everybody, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleFront {
    /// ISO 3166-1 alpha-2, in capitals. Empty: for every country.
    pub countries: Vec<String>,
    /// Names or numbers of goods it is about: it is found by them as by words of its title.
    pub products: Vec<String>,
    /// The first day on which it holds, in the tenant's time zone.
    pub valid_from: Option<Date>,
    /// The last.
    pub valid_to: Option<Date>,
}

/// Most countries, and most products, of an article.
const LIST_MAX: usize = 100;
/// Longest name of a product, in bytes.
const PRODUCT_BYTES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    country: OneOrMore,
    #[serde(default)]
    product: OneOrMore,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(all) => all,
        }
    }
}

impl ArticleFront {
    /// Reads an article's front matter (TOML between two lines of `+++`), and gives the text beneath it.
    ///
    /// # Errors
    /// What is wrong, with its key, for people.
    pub fn read(text: &str) -> Result<(Self, &str), String> {
        let (front, body) = article_divided(text);
        let written: Written = toml::from_str(front).map_err(|error| error.message().to_owned())?;
        let countries = written.country.list();
        let is_code = |tag: &&String| tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_alphabetic());
        if let Some(wrong) = countries.iter().find(|tag| !is_code(tag)) {
            return Err(format!("`country`: `{wrong}` is not a country: write two letters as in ISO 3166, such as DE"));
        }
        let countries = countries.into_iter().map(|tag| tag.to_ascii_uppercase()).collect::<Vec<_>>();
        let products = written.product.list();
        if products.iter().any(|name| name.trim().is_empty() || name.len() > PRODUCT_BYTES_MAX) {
            return Err(format!("`product`: a name has 1 to {PRODUCT_BYTES_MAX} bytes"));
        }
        if countries.len() > LIST_MAX || products.len() > LIST_MAX {
            return Err(format!("`country` and `product`: at most {LIST_MAX} each"));
        }
        let day = |key: &str, text: Option<String>| match text {
            None => Ok(None),
            Some(text) => {
                text.parse().map(Some).map_err(|_| format!("`{key}`: `{text}` is no day, such as 2026-12-31"))
            }
        };
        let (valid_from, valid_to) = (day("valid_from", written.valid_from)?, day("valid_to", written.valid_to)?);
        if valid_from.zip(valid_to).is_some_and(|(from, to): (Date, Date)| from > to) {
            return Err("`valid_to` is before `valid_from`".to_owned());
        }
        Ok((Self { countries, products, valid_from, valid_to }, body))
    }

    /// Whether the article holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether it is meant for a country; where the country is not known, every article may be.
    #[must_use]
    pub fn is_for(&self, country: Option<&str>) -> bool {
        self.countries.is_empty() || country.is_none_or(|country| self.countries.iter().any(|known| known == country))
    }
}

/// What stands between two lines of `+++` at the start, and the rest.
#[must_use]
pub fn article_divided(text: &str) -> (&str, &str) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("+++\n").or_else(|| text.strip_prefix("+++\r\n")) else { return ("", text) };
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "+++" {
            return (&rest[..start], &rest[start + line.len()..]);
        }
        start += line.len();
    }
    ("", text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_says_for_whom_and_when_it_holds() {
        let text = "+++\ncountry = [\"DE\", \"at\"]\nproduct = \"FK-LM120\"\nvalid_from = \"2026-11-01\"\n\
                    valid_to = \"2026-12-31\"\n+++\n# Rückgabe\nBis Silvester.\n";
        let (front, body) = ArticleFront::read(text).unwrap();
        assert_eq!(
            (front.countries.len(), front.products[0].as_str(), body),
            (2, "FK-LM120", "# Rückgabe\nBis Silvester.\n")
        );
        let day = |text: &str| text.parse().unwrap();
        for (on, holds) in [("2026-10-31", false), ("2026-11-01", true), ("2026-12-31", true), ("2027-01-01", false)] {
            assert_eq!(front.holds_on(day(on)), holds, "{on}");
        }
        assert!(front.is_for(Some("AT")) && front.is_for(None) && !front.is_for(Some("CH")));
        assert_eq!(article_title("a", text), "Rückgabe");
        let (plain, body) = ArticleFront::read("# A\n").unwrap();
        assert_eq!((plain, body), (ArticleFront::default(), "# A\n"));
        // A comment in front is no heading.
        assert_eq!(article_title("a", "+++\n# for Germany\ncountry = \"DE\"\n+++\nText\n"), "a");
    }

    #[test]
    fn what_is_wrong_in_front_is_named() {
        for (front, words) in [
            ("country = \"Germany\"", "`country`: `Germany`"),
            ("product = [\"\"]", "`product`"),
            ("valid_from = \"1.12.2026\"", "`valid_from`: `1.12.2026`"),
            ("valid_from = \"2026-12-02\"\nvalid_to = \"2026-12-01\"", "before"),
            ("contry = \"DE\"", "contry"),
            ("country = ", ""),
        ] {
            let error = ArticleFront::read(&format!("+++\n{front}\n+++\nText")).unwrap_err();
            assert!(error.contains(words), "{front}: {error}");
        }
    }
}
