//! What mail servers mean when they refuse: their own words, turned into plain ones and into what to do.
//!
//! A server's words are what is kept and shown; this table only stands beside them. An entry is recognised by pieces of its
//! text, without regard to case, the first that fits wins, so what is particular stands above what is general.

mod general;
mod providers;

use crate::config::{PasswordKind, Provider};

/// The most general of them: signing in failed, and the server does not say why.
const SIGN_IN: &str = "sign-in";

/// Every refusal that is known, in the order in which they are tried.
pub fn all() -> impl Iterator<Item = &'static Refusal> {
    providers::TABLE.iter().chain(general::TABLE)
}

/// One refusal that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A name for tests and logs: `gmail-app-password`.
    pub key: &'static str,
    /// Any of these; each is pieces of lower-case text that must all be there.
    pub signs: &'static [&'static [&'static str]],
    /// What it means and what to do, in English.
    pub en: Said,
    /// The same in Chinese.
    pub zh: Said,
}

/// A refusal in one language, each part a sentence without a full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it means.
    pub means: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

impl Refusal {
    /// In a language (BCP 47): Chinese for `zh`, else English.
    #[must_use]
    pub fn said(&self, language: &str) -> Said {
        if is_chinese(language) { self.zh } else { self.en }
    }

    /// Both parts as one text.
    #[must_use]
    pub fn text(&self, language: &str) -> String {
        let said = self.said(language);
        let between = if is_chinese(language) { "；" } else { "; " };
        format!("{}{between}{}", said.means, said.mend)
    }
}

fn is_chinese(language: &str) -> bool {
    language.split(['-', '_']).next().is_some_and(|primary| primary.eq_ignore_ascii_case("zh"))
}

/// Only so much of a server's words is looked at, in bytes.
const LOOKED_AT_MAX: usize = 4_096;

/// What a server's words mean, when they are known. With the provider, a plain "authentication failed" is explained by what its
/// passwords are.
#[must_use]
pub fn explain(words: &str, provider: Option<Provider>) -> Option<&'static Refusal> {
    let mut end = words.len().min(LOOKED_AT_MAX);
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    let words = words[..end].to_lowercase();
    let fits = |refusal: &&Refusal| refusal.signs.iter().any(|all| all.iter().all(|piece| words.contains(piece)));
    let found = all().find(fits)?;
    if found.key != SIGN_IN {
        return Some(found);
    }
    let kind = provider.and_then(Provider::preset).map(|preset| preset.password);
    Some(match kind {
        Some(PasswordKind::AppPassword) => &general::APP_PASSWORD,
        Some(PasswordKind::AuthorisationCode) => &general::AUTHORISATION_CODE,
        Some(PasswordKind::None) => &general::NO_PASSWORDS,
        Some(PasswordKind::Account) | None => found,
    })
}

#[cfg(test)]
#[path = "refusal/tests.rs"]
mod tests;
