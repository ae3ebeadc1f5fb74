//! A proposed reply: revisioned, and it knows what made it and what information is missing.

use crate::triage::{Evidence, named};
use serde::{Deserialize, Serialize};

named! {
    /// What wrote a draft's text.
    pub enum DraftOrigin {
        /// A plugin, from a template.
        Template = "template",
        /// The client's model, at least in part.
        Model = "model",
        /// A person.
        Agent = "agent",
    }
}

named! {
    /// Why a template did not fit.
    pub enum Misfit {
        /// It answers another question.
        Topic = "topic",
        /// What it says is not true any more.
        Outdated = "outdated",
        /// Something that it should say is missing.
        Incomplete = "incomplete",
        /// The tone, or the language, is wrong.
        Tone = "tone",
        /// Something else.
        Other = "other",
    }
}

/// A variable of a template and what was put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// `order_number`
    pub variable: String,
    /// As it stands in the text.
    pub value: String,
}

/// Something to ask the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// `order-number`, `photo` …
    pub key: String,
    /// In the draft's language.
    pub question: String,
}

/// The article a statement rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Its id.
    pub article: String,
    /// For people.
    pub title: String,
}

/// What a drafter proposes: at most [`DraftProposal::PER_CALL_MAX`] of these per call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftProposal {
    /// Plain text.
    pub body: String,
    /// None keeps `Re: ` and the ticket's subject.
    pub subject: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The template it came from.
    pub template: Option<String>,
    /// 0.0 to 1.0.
    pub confidence: Option<f32>,
    /// A model wrote (part of) it.
    pub model_written: bool,
    /// Variables that were filled.
    pub filled: Vec<Filled>,
    /// Variables that stayed empty: it cannot be sent before a person fills them.
    pub unfilled: Vec<String>,
    /// What to ask.
    pub questions: Vec<Question>,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// Why.
    pub evidence: Vec<Evidence>,
}

impl DraftProposal {
    /// One to three drafts stand beside each other on the review page.
    pub const PER_CALL_MAX: usize = 3;
}

/// Something a checker found in a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFinding {
    /// Must not go out like this; otherwise a warning.
    pub blocks: bool,
    /// Short name: `promised-refund`.
    pub code: String,
    /// For the agent.
    pub reason: String,
    /// Where, in subject or body of the reply.
    pub span: Option<crate::triage::Span>,
}

/// All findings of a checker. Empty means nothing is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// In the order reported.
    pub findings: Vec<CheckFinding>,
}
