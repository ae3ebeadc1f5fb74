//! Pages for what did not work: what is true, and what to do now.

use super::frame::{Theme, document};
use crate::words::Lang;
use maud::{Markup, html};

/// A page about an error.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The reader's language.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// In a word or two.
    pub title: String,
    /// What happened, to what, what now.
    pub text: String,
    /// What to tell the operator.
    pub reference: Option<String>,
    /// Where to go, when it is known.
    pub back: Option<String>,
    /// What was typed into a form that could not be taken: shown, so that it can be copied.
    pub typed: Option<String>,
}

impl ErrorPage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        document(
            t,
            self.theme,
            &format!("{} · {}", self.title, t.product()),
            &html! {
                body.gate {
                    main #main {
                        p.sign aria-hidden="true" { "驿" }
                        h1 { (self.title) }
                        p { (self.text) }
                        @if let Some(reference) = &self.reference { p.mute { code { (reference) } } }
                        @if let Some(typed) = &self.typed { pre.typed { (typed) } }
                        @if let Some(back) = &self.back { p { a.solid href=(back) { (t.to_tickets()) } } }
                    }
                }
            },
        )
    }
}
