//! Reading requests: cookies, the device's wishes, form fields, safe places to go to.

use crate::page::frame::Theme;
use crate::words::Lang;
use http::{HeaderMap, HeaderValue, header};
use std::collections::HashMap;

/// Cookie of the session; its path is the team's, so each team has its own.
pub(crate) const SESSION: &str = "posthouse_session";
/// Cookie that ties the sign-in form to this browser.
pub(crate) const SIGN_IN: &str = "posthouse_sign_in";
/// Cookie of the look.
pub(crate) const THEME: &str = "posthouse_theme";
/// Cookie of the language before sign-in.
pub(crate) const LANGUAGE: &str = "posthouse_language";

/// What the device asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub(crate) lang: Lang,
    pub(crate) theme: Theme,
}

impl Device {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let lang = cookie(headers, LANGUAGE).map(Lang::from_tag).unwrap_or_else(|| {
            headers.get(header::ACCEPT_LANGUAGE).and_then(|h| h.to_str().ok()).map(Lang::accept).unwrap_or_default()
        });
        Self { lang, theme: cookie(headers, THEME).map(Theme::from_name).unwrap_or_default() }
    }
}

/// The value of a cookie (RFC 6265). The first of that name wins: browsers send the most specific path first.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|h| h.to_str().ok())
        .flat_map(|h| h.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value)
}

/// A Set-Cookie header: HttpOnly, SameSite=Lax. `seconds` of 0 removes it.
pub(crate) fn set_cookie(name: &str, value: &str, path: &str, seconds: u64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The team's slug in a path, when it can be one.
pub(crate) fn slug_of(path: &str) -> Option<&str> {
    let slug = path.strip_prefix("/t/")?.split('/').next()?;
    let plain = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (plain && (1..=64).contains(&slug.len())).then_some(slug)
}

/// Answered in JSON.
pub(crate) fn api_path(path: &str) -> bool {
    slug_of(path).is_some_and(|slug| path["/t/".len() + slug.len()..].starts_with("/api/"))
}

/// Where to go after sign-in or a setting: a path within the team, or none. Never another host, another team,
/// the sign-in itself, or anything a browser could read as an address of its own.
pub(crate) fn safe_next(slug: &str, next: &str) -> Option<String> {
    let within = next.strip_prefix("/t/")?.strip_prefix(slug)?;
    let inside = within.is_empty() || within.starts_with(['/', '?']);
    let plain = next.len() <= 1_000
        && next.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>' | b'`'))
        && !next.contains("//")
        && !within.split(['?', '#']).next()?.split('/').any(|s| matches!(s, "." | "..") || s.contains("%2"));
    let page = !within.starts_with("/sign-") && !within.starts_with("/api/") && !within.starts_with("/live");
    (inside && plain && page).then(|| next.to_owned())
}

/// Fields of a posted form. Of a field given twice the last one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(HashMap<String, String>);

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The field, or nothing as empty text.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What follows in the names of fields that begin so and are not empty: boxes that are ticked.
    pub(crate) fn names_after<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).filter_map(move |(name, _)| name.strip_prefix(prefix))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).trim().parse().ok()
    }

    /// A text as typed: line ends as they are stored, no control characters.
    pub(crate) fn text(&self, name: &str) -> String {
        clean_text(self.get(name))
    }

    /// A single line.
    pub(crate) fn line(&self, name: &str) -> String {
        clean_text(self.get(name)).replace(['\n', '\t'], " ").trim().to_owned()
    }
}

/// `\n` line ends, no other control characters, no spaces at the very end.
pub(crate) fn clean_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_never_leaves_the_team() {
        for good in ["/t/luma/tickets/1042", "/t/luma", "/t/luma/tickets?view=mine&q=a%20b"] {
            assert_eq!(safe_next("luma", good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/t/luma2/tickets",
            "/t/lum",
            "/t/other/tickets",
            "/t/luma/../other",
            "/t/luma//evil.example",
            "/t/luma/%2e%2e/other",
            "/t/luma/\\evil",
            "/t/luma/\n",
            "javascript:alert(1)",
            "/t/luma/sign-out",
            "/t/luma/sign-in?next=x",
            "/t/lumaevil",
        ] {
            assert_eq!(safe_next("luma", bad), None, "{bad}");
        }
    }

    #[test]
    fn cookies_are_read_one_by_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; posthouse_session=abc; posthouse_session=def"));
        assert_eq!(cookie(&headers, SESSION), Some("abc"));
        assert_eq!(cookie(&headers, "posthouse"), None);
    }

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slug_of("/t/luma/tickets"), Some("luma"));
        assert_eq!(slug_of("/t/Lu%20ma/tickets"), None);
        assert_eq!(slug_of("/t/"), None);
        assert!(api_path("/t/luma/api/tickets") && !api_path("/t/luma/tickets/api/"));
    }

    #[test]
    fn texts_keep_their_words_and_lose_their_tricks() {
        let fields = Fields::parse(b"body=a%0D%0Ab%00c%1B%20%0D%0A&subject=x%0D%0ABcc:%20evil");
        assert_eq!(fields.text("body"), "a\nbc");
        assert_eq!(fields.line("subject"), "x Bcc: evil");
    }
}
