//! A call of any world as a value: for callers that treat all worlds alike, such as the record of decisions, replay and
//! comparison.

use crate::host::CallHost;
use crate::plugin::{Called, Plugin};
use posthouse_model::call::{CallContext, MessageView, OutgoingView, TicketView};
use posthouse_model::decision::World;
use posthouse_model::draft::{DraftProposal, Verdict};
use posthouse_model::notice::{Delivery, Notice};
use posthouse_model::triage::{Enrichment, Routing, Triage};
use serde::Serialize;
use std::sync::Arc;

/// What a plugin is asked, with all that the call may read. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What is this mail about?
    Classify(Arc<MessageView>),
    /// Who handles this ticket?
    Route(Arc<TicketView>),
    /// What could be replied?
    Draft(Arc<TicketView>),
    /// What do the client's own systems know?
    Enrich(Arc<TicketView>),
    /// Tell a chat group this, about that ticket if it is about one.
    Notify(Arc<Notice>, Option<Arc<TicketView>>),
    /// Does anything speak against this reply?
    Check(Arc<OutgoingView>, Arc<TicketView>),
}

impl Question {
    /// The ticket it is about; none for a classifier's and for a notice about no ticket.
    #[must_use]
    pub fn ticket(&self) -> Option<&TicketView> {
        match self {
            Self::Classify(_) => None,
            Self::Route(ticket) | Self::Draft(ticket) | Self::Enrich(ticket) | Self::Check(_, ticket) => Some(ticket),
            Self::Notify(_, ticket) => ticket.as_deref(),
        }
    }

    /// The world that answers it.
    #[must_use]
    pub fn world(&self) -> World {
        match self {
            Self::Classify(_) => World::Classifier,
            Self::Route(_) => World::Router,
            Self::Draft(_) => World::Drafter,
            Self::Enrich(_) => World::Enricher,
            Self::Notify(..) => World::Notifier,
            Self::Check(..) => World::Checker,
        }
    }
}

/// What a plugin answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a classifier.
    Triage(Triage),
    /// Of a router.
    Routing(Routing),
    /// Of a drafter.
    Drafts(Vec<DraftProposal>),
    /// Of an enricher.
    Enrichment(Enrichment),
    /// Of a notifier.
    Delivery(Delivery),
    /// Of a checker.
    Verdict(Verdict),
}

macro_rules! answers {
    ($($variant:ident $type:ty;)*) => {$(
        impl TryFrom<Answer> for $type {
            type Error = Answer;
            fn try_from(answer: Answer) -> Result<Self, Answer> {
                match answer {
                    Answer::$variant(value) => Ok(value),
                    other => Err(other),
                }
            }
        }
    )*};
}
answers! {
    Triage Triage;
    Routing Routing;
    Drafts Vec<DraftProposal>;
    Enrichment Enrichment;
    Delivery Delivery;
    Verdict Verdict;
}

impl<T> Called<T> {
    /// The same with another form of answer.
    #[must_use]
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Called<U> {
        Called {
            result: self.result.map(form),
            cost: self.cost,
            used: self.used,
            host_calls: self.host_calls,
            denied: self.denied,
            notes: self.notes,
            changes: self.changes,
        }
    }
}

impl Plugin {
    /// Calls the plugin with a question of its world; one of another world is refused as any such call is.
    pub async fn ask(&self, context: CallContext, host: Arc<dyn CallHost>, question: Question) -> Called<Answer> {
        match question {
            Question::Classify(message) => self.classify(context, host, message).await.map(Answer::Triage),
            Question::Route(ticket) => self.route(context, host, ticket).await.map(Answer::Routing),
            Question::Draft(ticket) => self.draft(context, host, ticket).await.map(Answer::Drafts),
            Question::Enrich(ticket) => self.enrich(context, host, ticket).await.map(Answer::Enrichment),
            Question::Notify(notice, ticket) => self.notify(context, host, notice, ticket).await.map(Answer::Delivery),
            Question::Check(outgoing, ticket) => self.check(context, host, outgoing, ticket).await.map(Answer::Verdict),
        }
    }

    /// As [`ask`](Self::ask); the answer comes as JSON, as decisions keep it.
    pub async fn answer(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        question: Question,
    ) -> Called<serde_json::Value> {
        let called = self.ask(context, host, question).await;
        // Answers are lists and fields of text and numbers: all of them have a JSON form.
        called.map(|answer| serde_json::to_value(answer).unwrap_or_default())
    }
}
