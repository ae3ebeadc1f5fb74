//! What the team's model made of a mail or of the reply in the reader's language: beside the original, and marked as made by a machine.

use super::frame::Frame;
use super::icon;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::translation::TranslationTrouble;
use std::collections::BTreeMap;

/// How a translation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Translated {
    /// Nobody has asked for it.
    No,
    /// The model is at it.
    Coming {
        /// What it wrote so far, where its provider tells. Untrusted text.
        so_far: String,
    },
    /// What it wrote.
    Done {
        /// Untrusted text.
        text: String,
        /// As the provider names it.
        model: String,
        /// Only the beginning was translated.
        cut: bool,
    },
    /// Why there is none.
    Failed {
        /// What kind of trouble.
        trouble: TranslationTrouble,
        /// In the provider's own words.
        words: String,
    },
}

/// A ticket's translations into the reader's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translations {
    /// By mail: those in another language than the reader's. Empty where the team has no model.
    pub mails: BTreeMap<i64, Translated>,
}

impl Translated {
    /// `ask`: what asks for it, drawn where it is not there. `name`: its name on the page.
    pub(crate) fn draw(&self, frame: &Frame, name: &str, ask: &Markup) -> Markup {
        let t = frame.lang();
        let coming = matches!(self, Self::Coming { .. });
        html! {
            div.translation #(format!("translation-{name}")) lang=[matches!(self, Self::Done { .. }).then(|| t.html())] data-coming[coming] {
                @match self {
                    Self::No => (ask),
                    Self::Coming { so_far } => {
                        // The sentence is told once; a text that grows would be read out again and again.
                        p.mute role="status" { (icon::pulse()) " " (t.translation_coming()) }
                        @if !so_far.is_empty() { div.text dir="auto" aria-busy="true" { (so_far) } }
                    }
                    Self::Done { text, model, cut } => {
                        p.mute title=(model) { (t.translation_machine()) @if *cut { " · " (t.translation_cut()) } }
                        div.text dir="auto" { (text) }
                    }
                    Self::Failed { trouble, words } => {
                        p.trouble { (icon::warn()) " " (said(t, *trouble)) @if !words.is_empty() { " " span.mute dir="auto" { (words) } } }
                        (ask)
                    }
                }
            }
        }
    }
}

fn said(t: Lang, trouble: TranslationTrouble) -> &'static str {
    match trouble {
        TranslationTrouble::NotConfigured => t.translation_not_configured(),
        TranslationTrouble::OverBudget => t.translation_over_budget(),
        TranslationTrouble::Rejected => t.translation_rejected(),
        TranslationTrouble::Unavailable => t.translation_unavailable(),
        TranslationTrouble::NoText => t.translation_no_text(),
    }
}
