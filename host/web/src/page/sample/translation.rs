//! Translations as a model makes them.

use crate::page::translation::{Translated, Translations};
use posthouse_model::translation::TranslationTrouble;

/// Of the sample's mails: one that is there, one that came to nothing, one that nobody asked for.
pub(super) fn translated() -> Translations {
    let done = Translated::Done {
        text: "My parcel has not arrived. <b>Where is it?</b>".into(),
        model: "shop-model-2026-11-01".into(),
        cut: true,
    };
    let failed = Translated::Failed { trouble: TranslationTrouble::Unavailable, words: "no answer within 30 s".into() };
    Translations { mails: [(3, done), (2, failed), (1, Translated::No)].into() }
}
