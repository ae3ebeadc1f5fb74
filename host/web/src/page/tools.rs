//! Below the editor: send later, what changed, and that the template did not fit.

use super::draft::ReplyPane;
use super::frame::Frame;
use super::translation::Translated;
use super::{icon, later};
use crate::text::difference::{Piece, Side};
use maud::{Markup, html};
use posthouse_model::draft::Misfit;

/// What was asked to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The text is an agent's alone.
    NoBase,
    /// Proposed, against what stands in the editor.
    Pieces(Vec<Piece>),
}

pub(crate) fn draw(frame: &Frame, pane: &ReplyPane) -> Markup {
    let t = frame.lang();
    let draft = pane.card().map_or(0, |card| card.position);
    let blocks = frame.team.path(&format!("/tickets/{}/blocks?draft={draft}", pane.number));
    let template = pane.card().and_then(|card| card.proposal.template.as_deref());
    html! {
        div.tools-row {
            details.tool data-key="d" {
                summary { (icon::clock()) (t.send_later()) kbd { "d" } }
                @if pane.may_send { div.choices {
                    p.mute { (t.send_later_title()) }
                    (later::draw(&frame.lens, "send_at", "send_on", None))
                } }
            }
            @if pane.card().is_some() {
                button.plain formaction=(pane.action(frame, "difference")) formnovalidate data-key="f" { (t.difference()) kbd { "f" } }
            }
            @if pane.translation.is_some() {
                button.plain formaction=(pane.action(frame, "translate")) formnovalidate { (icon::globe()) (t.translate_reply()) }
            }
            details.tool data-key="y" {
                summary { (t.blocks()) kbd { "y" } }
                div.choices data-blocks=(blocks) { a.quiet href=(blocks) target="_blank" { (t.blocks_title()) } }
            }
            @if !pane.macros.is_empty() {
                details.tool data-key="g" {
                    summary { (t.macros()) kbd { "g" } }
                    div.choices {
                        p.mute { (t.macros_menu()) }
                        @for (name, puts) in &pane.macros {
                            button.quiet name="macro" value=(name) formaction=(pane.action(frame, "macro")) formnovalidate title=[puts.then_some(t.macro_with_text())] { bdi { (name) } }
                        }
                    }
                }
            }
            @if let Some(name) = template {
                details.tool data-key="o" {
                    summary { (t.misfit()) kbd { "o" } @if pane.misfits > 0 { span.mute { (t.misfits_n(pane.misfits)) } } }
                    div.choices {
                        p.mute { (t.misfit_title(name)) }
                        @for reason in Misfit::ALL {
                            button.quiet name="misfit" value=(reason.as_str()) formaction=(pane.action(frame, "misfit")) formnovalidate { (t.misfit_name(*reason)) }
                        }
                        label.field { span { (t.misfit_words()) } input name="words" maxlength=(posthouse_store::MISFIT_CHARS_MAX) autocomplete="off" data-keeps=(format!("misfit/{}", pane.number)); }
                    }
                }
            }
        }
        @if let Some(translated) = pane.translation.as_ref().filter(|translated| **translated != Translated::No) {
            section.says aria-label=(t.translation_reply_title()) {
                p.label { (t.translation_reply_title()) }
                (translated.draw(frame, "reply", &html! {}))
            }
        }
        @if let Some(difference) = &pane.difference { (compared(frame, difference)) }
    }
}

fn compared(frame: &Frame, difference: &Difference) -> Markup {
    let t = frame.lang();
    let changed = |pieces: &[Piece]| pieces.iter().any(|piece| piece.side != Side::Both);
    html! {
        section.difference role="status" aria-label=(t.difference_title()) {
            p.label { (t.difference_title()) }
            @match difference {
                Difference::NoBase => p.mute { (t.difference_no_base()) },
                Difference::Pieces(pieces) if !changed(pieces) => p.mute { (t.difference_none()) },
                Difference::Pieces(pieces) => div.text dir="auto" {
                    @for piece in pieces {
                        @match piece.side {
                            Side::Both => (piece.text),
                            Side::Removed => del { span.hidden { (t.removed()) " " } (piece.text) },
                            Side::Added => ins { span.hidden { (t.added()) " " } (piece.text) },
                        }
                    }
                },
            }
        }
    }
}
