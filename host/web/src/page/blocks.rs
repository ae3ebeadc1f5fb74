//! Blocks of templates, to be put into a reply by a press or by dragging. A page of its own where no script runs; with one its list
//! comes into the reply's tools.

use super::frame::Frame;
use crate::text::filled::{Part, parts};
use maud::{Markup, html};
use posthouse_model::draft::Filled;

/// A paragraph of a template.
#[derive(Clone, Debug)]
pub struct Block {
    /// With what is known filled in.
    pub text: String,
    /// What was filled in.
    pub filled: Vec<Filled>,
    /// Variables that nothing filled: they stand in the text with their brackets.
    pub open: Vec<String>,
}

/// The blocks of one template.
#[derive(Clone, Debug)]
pub struct FromTemplate {
    /// Its name.
    pub id: String,
    /// What it answers.
    pub category: String,
    /// Its paragraphs.
    pub blocks: Vec<Block>,
}

/// All blocks for a reply.
#[derive(Clone, Debug)]
pub struct BlocksPage {
    /// The ticket.
    pub number: i64,
    /// BCP 47.
    pub language: String,
    /// Those of the ticket's category first.
    pub templates: Vec<FromTemplate>,
}

impl BlocksPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.blocks_title(),
            "plain",
            &html! {
                main.sheet #main {
                    p.mute { a href=(frame.team.path(&format!("/tickets/{}", self.number))) { "#" (self.number) } }
                    h1 { (t.blocks_title()) }
                    (self.list(frame))
                }
            },
        )
    }

    fn list(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            div.blocks {
                @if self.templates.is_empty() { p.mute { (t.blocks_none(t.language_name(&self.language))) } }
                @else { p.mute.hint { (t.blocks_hint()) } }
                @for one in &self.templates {
                    section aria-label=(one.id) {
                        p.label { (t.category_name(&one.category)) " " span.mute { (one.id) } }
                        ul { @for block in &one.blocks { (block.draw(&self.language)) } }
                    }
                }
            }
        }
    }
}

impl Block {
    fn draw(&self, language: &str) -> Markup {
        let values: Vec<&str> = self.filled.iter().map(|one| one.value.as_str()).collect();
        html! {
            li draggable="true" {
                button.brick type="button" data-block=(self.text) data-filled=(serde_json::to_string(&values).unwrap_or_default()) lang=(language) dir="auto" {
                    @for part in parts(&self.text, &self.filled, &self.open) {
                        @match part {
                            Part::Text(words) => (words),
                            Part::Filled { variable, value } => span.var title=(variable) { (value) },
                            Part::Open(words) => mark.gap { (words) },
                        }
                    }
                }
            }
        }
    }
}
