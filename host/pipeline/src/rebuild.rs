//! From a recorded decision back to what the call was given, so that it can be made again.
//!
//! A decision keeps the hash of its input, not the input: mails are stored once, and a ticket is what its mails and the
//! calls about them made of it. So the input is put together as it was then (the mail, and the answers of the calls before
//! this one), then as it is now, and the hash says whether one of them is the very same. Where none is, a person or a later
//! call has changed something since: the nearest is given, and what is doubtful about it is said.

use crate::dispatch;
use crate::draft;
use crate::triage::fill_language;
use crate::view::{self, erased::Hashable};
use posthouse_model::call::{CallContext, MessageView, OutgoingView, TicketView};
use posthouse_model::config::TenantConfig;
use posthouse_model::decision::{Decision, World};
use posthouse_model::draft::DraftProposal;
use posthouse_model::notice::Notice;
use posthouse_model::priority::HISTORY_DAYS;
use posthouse_model::release::Stage;
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_model::triage::{Enrichment, Entity, Routing, Triage};
use posthouse_model::{DecisionId, MessageId, Timestamp};
use posthouse_sandbox::Question;
use posthouse_store::{MessageRow, OutboxRow, Scope, StoreError, TicketDetail};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Notifications that are looked through for the one a call was about.
const NOTIFICATIONS_MAX: u32 = 500;

/// What a call was given.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// Time, seed, tenant and language.
    pub context: CallContext,
    /// What it was asked.
    pub input: Question,
    /// It is the very same: its hash is the recorded one.
    pub exact: bool,
    /// What may differ, in words for a person.
    pub doubts: Vec<String>,
}

/// The input cannot be put together.
#[derive(Debug, Error)]
pub enum RebuildError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that the call was about is not kept any more.
    #[error("{0} is not kept: this call cannot be made again")]
    Gone(&'static str),
}

/// Puts together what a call was given. The decision comes from [`Scope::recorded`], with what the call was told on record.
///
/// # Errors
/// When the store cannot be read, or holds no longer what the call was about.
pub async fn rebuild(scope: &Scope, config: &TenantConfig, decision: &Decision) -> Result<Rebuilt, RebuildError> {
    let record = &decision.record;
    // Records of a time when it was not kept have none.
    let told = record.call.now != Timestamp::default();
    let context = CallContext {
        now: if told { record.call.now } else { decision.at },
        seed: record.call.seed,
        tenant_name: config.name.clone(),
        agent_language: config.agent_language.clone(),
    };
    let past = Past { scope, config, decision, context: &context };
    let (input, exact) = match record.world {
        World::Classifier => past.message().await?,
        World::Router | World::Enricher | World::Drafter => past.ticket().await?,
        World::Checker => past.outgoing().await?,
        World::Notifier => past.notice().await?,
    };
    let mut doubts = Vec::new();
    if !told {
        doubts.push(
            "time and seed of the call are not on record: the time of its record is taken, and seed 0".to_owned(),
        );
    } else if !exact {
        doubts.push(
            "the set-up, the ticket or its mails have changed since the call: the input is the nearest that can be put together"
                .to_owned(),
        );
    }
    if matches!(&input, Question::Notify(_, Some(_))) {
        doubts.push("the ticket beside the notice is as it is now".to_owned());
    }
    Ok(Rebuilt { context, input, exact, doubts })
}

/// One decision and where to look for its past.
struct Past<'a> {
    scope: &'a Scope,
    config: &'a TenantConfig,
    decision: &'a Decision,
    context: &'a CallContext,
}

impl Past<'_> {
    fn is_same(&self, parts: &[&dyn Hashable]) -> bool {
        let mut all: Vec<&dyn Hashable> = vec![self.context];
        all.extend(parts);
        view::input_hash(&all) == self.decision.record.input_hash
    }

    async fn message(&self) -> Result<(Question, bool), RebuildError> {
        let id = self.decision.record.message.ok_or(RebuildError::Gone("the mail of this call"))?;
        let message = view::message(&self.scope.message(id).await?);
        let exact = self.is_same(&[&message]);
        Ok((Question::Classify(Arc::new(message)), exact))
    }

    async fn ticket(&self) -> Result<(Question, bool), RebuildError> {
        let views = self.views(&self.detail().await?).await?;
        let same = views.iter().position(|view| self.is_same(&[view.as_ref()]));
        let view = views.into_iter().nth(same.unwrap_or(0)).ok_or(RebuildError::Gone("the ticket's mail"))?;
        let question = match self.decision.record.world {
            World::Drafter => Question::Draft(view),
            World::Enricher => Question::Enrich(view),
            _ => Question::Route(view),
        };
        Ok((question, same.is_some()))
    }

    async fn outgoing(&self) -> Result<(Question, bool), RebuildError> {
        let detail = self.detail().await?;
        let files = self.scope.reply_files(detail.ticket.id).await?;
        let files = draft::in_order(files.into_iter().map(|file| file.name));
        let mut nearest = None;
        for ticket in self.views(&detail).await? {
            for reply in self.replies(&detail, &ticket, &files) {
                if self.is_same(&[&reply, ticket.as_ref()]) {
                    return Ok((Question::Check(Arc::new(reply), ticket), true));
                }
                nearest.get_or_insert_with(|| Question::Check(Arc::new(reply), Arc::clone(&ticket)));
            }
        }
        Ok((nearest.ok_or(RebuildError::Gone("the reply that was checked"))?, false))
    }

    async fn notice(&self) -> Result<(Question, bool), RebuildError> {
        let record = &self.decision.record;
        let all = self.scope.notifications(NOTIFICATIONS_MAX).await?;
        let mine =
            |row: &&posthouse_store::NotificationRow| row.notifier == record.plugin && row.ticket == record.ticket;
        let mine: Vec<&Notice> = all.iter().filter(mine).map(|row| &row.notice).collect();
        let same = mine.iter().position(|notice| self.is_same(&[*notice]));
        let notice = mine.get(same.unwrap_or(0)).ok_or(RebuildError::Gone("the notice of this call"))?;
        let ticket = match record.ticket {
            Some(_) => Some(now(&self.detail().await?)),
            None => None,
        };
        Ok((Question::Notify(Arc::new((*notice).clone()), ticket), same.is_some()))
    }

    async fn detail(&self) -> Result<TicketDetail, RebuildError> {
        let id = self.decision.record.ticket.ok_or(RebuildError::Gone("the ticket of this call"))?;
        let number = self.scope.ticket(id).await?.number;
        Ok(self.scope.ticket_detail(number).await?)
    }

    /// The ticket as triage of this message saw it, before and after an agent sorted it herself, then as it is now.
    async fn views(&self, detail: &TicketDetail) -> Result<Vec<Arc<TicketView>>, RebuildError> {
        let since = detail.ticket.created_at.minus(Duration::from_secs(HISTORY_DAYS * 24 * 3_600));
        let earlier = self.scope.earlier_tickets(&detail.ticket, since).await?;
        let by_agent = [false, true].into_iter().filter(|by_agent| !by_agent || detail.ticket.category_by_agent);
        let message = self.decision.record.message;
        let then = by_agent.filter_map(|by_agent| message.and_then(|message| self.then(detail, message, by_agent)));
        // Calls of an earlier version were not told what the customer wrote before.
        let then = then.flat_map(|view| {
            let plain = (earlier > 0).then(|| view.clone());
            [Some(view::with_history(view, earlier)), plain].into_iter().flatten()
        });
        Ok(then.map(Arc::new).chain([now(detail)]).collect())
    }

    fn then(&self, detail: &TicketDetail, message: MessageId, by_agent: bool) -> Option<TicketView> {
        let newest = detail.messages.iter().find(|row| row.id == message)?;
        let first = detail.messages.first()?;
        // Oldest first here; to a plugin newest first, and never more than it could see.
        let earlier: Vec<&MessageRow> = detail.messages.iter().filter(|row| row.id < message).rev().collect();
        let ticket = &detail.ticket;
        let mut recent = vec![Arc::new(view::message(newest))];
        recent.extend(earlier.iter().take(view::THREAD_MAX as usize - 1).map(|row| Arc::new(view::message(row))));
        let mut view = TicketView {
            category: detail.ticket.category.clone().filter(|_| by_agent),
            urgency: None,
            sentiment: None,
            language: first.read.language.clone(),
            entities: Vec::new(),
            tags: Vec::new(),
            queue: None,
            deadline: None,
            missing: Vec::new(),
            risks: Vec::new(),
            facts: Vec::new(),
            orders: Vec::new(),
            message_count: u32::try_from(earlier.len() + 1).unwrap_or(u32::MAX),
            ..view::ticket(ticket, recent)
        };
        // A new mail brings a ticket back to new, but for spam.
        view.status = if ticket.status == TicketStatus::Spam { TicketStatus::Spam } else { TicketStatus::New };
        if let Some(customer) = first.read.customer() {
            view.customer = customer.clone();
        }
        for row in earlier.iter().rev().filter(|row| row.direction == Direction::Incoming) {
            settle(&mut view, &self.found(detail, row, self.decision.id), by_agent, self.config);
        }
        let found = self.found(detail, newest, self.decision.id);
        view::apply_triage(&mut view, &found.triage, by_agent);
        for enrichment in &found.enrichments {
            view::apply_enrichment(&mut view, enrichment);
        }
        match self.decision.record.world {
            World::Router => view::apply_tags(&mut view, &found.routing.tags),
            World::Drafter | World::Checker => {
                view::apply_routing(&mut view, &found.routing, self.config.default_queue());
            }
            World::Classifier | World::Enricher | World::Notifier => {}
        }
        Some(view)
    }

    /// What calls found in one message before a decision.
    fn found(&self, detail: &TicketDetail, row: &MessageRow, before: DecisionId) -> Found {
        // What a release in shadow said changed nothing.
        let on_it = |decision: &&Decision| {
            let counts = decision.record.call.stage != Stage::Shadow;
            counts && decision.record.message == Some(row.id) && decision.id < before
        };
        let mut found = Found::default();
        for decision in detail.decisions.iter().filter(on_it) {
            match decision.record.world {
                World::Classifier => {
                    if let Some(triage) = answer(decision) {
                        view::merge_triage(&mut found.triage, triage);
                    }
                }
                World::Enricher => found.enrichments.extend(answer::<Enrichment>(decision)),
                World::Router if found.routing.queue.is_none() => {
                    if let Some(routing) = answer(decision) {
                        view::complete_routing(&mut found.routing, routing);
                    }
                }
                World::Router | World::Drafter | World::Checker | World::Notifier => {}
            }
        }
        found.routing.queue = found.routing.queue.filter(|queue| self.config.queue(queue).is_some());
        fill_language(&mut found.triage, row);
        found
    }

    /// The replies that a checker may have been asked about: those the drafter had just proposed, the drafts that stand now,
    /// and what was approved. `files`: what goes with the next reply now; what went with one that is sent is with its mail.
    fn replies(&self, detail: &TicketDetail, ticket: &TicketView, files: &[String]) -> Vec<OutgoingView> {
        let record = &self.decision.record;
        let before = |decision: &&Decision| {
            let counts = decision.record.call.stage != Stage::Shadow;
            counts && decision.id < self.decision.id && decision.record.message == record.message
        };
        let drafters = detail.decisions.iter().filter(before).filter(|d| d.record.world == World::Drafter);
        let proposed: Vec<DraftProposal> =
            drafters.filter_map(answer::<Vec<DraftProposal>>).next_back().unwrap_or_default();
        let standing = detail.drafts.iter().map(|draft| &draft.proposal);
        let sent = |row: &OutboxRow| {
            let mail = detail.messages.iter().find(|mail| row.message == Some(mail.id));
            let files = mail.map_or(&[][..], |mail| &mail.read.attachments);
            draft::in_order(files.iter().filter_map(|file| file.name.clone()))
        };
        let bare: &[String] = &[];
        let drafts = proposed.iter().chain(standing).flat_map(|proposal| {
            // With what is there now, and as it was before a file was added.
            let with = (!files.is_empty()).then(|| draft::outgoing(proposal, ticket, files));
            with.into_iter().chain([draft::outgoing(proposal, ticket, bare)])
        });
        let approved = detail
            .outbox
            .iter()
            .flat_map(|row| [sent(row), files.to_vec(), Vec::new()].map(|files| dispatch::outgoing(row, files)));
        drafts.chain(approved).collect()
    }
}

/// What the calls about one message found.
#[derive(Default)]
struct Found {
    triage: Triage,
    enrichments: Vec<Enrichment>,
    routing: Routing,
}

fn answer<T: DeserializeOwned>(decision: &Decision) -> Option<T> {
    decision.record.output.as_ref().and_then(|output| serde_json::from_value(output.clone()).ok())
}

/// The ticket as it is now.
fn now(detail: &TicketDetail) -> Arc<TicketView> {
    let newest = detail.messages.iter().rev().take(view::THREAD_MAX as usize);
    let recent: Vec<Arc<MessageView>> = newest.map(|row| Arc::new(view::message(row))).collect();
    Arc::new(view::ticket(&detail.ticket, recent))
}

/// Brings a ticket to where it was when an earlier message of it was done with, as the store does.
fn settle(view: &mut TicketView, found: &Found, by_agent: bool, config: &TenantConfig) {
    let before = std::mem::take(&mut view.entities);
    view.risks.clear();
    view::apply_triage(view, &found.triage, by_agent);
    for old in before {
        if view.entities.iter().all(|entity| entity.value != old.value) {
            view.entities.push(Entity { span: None, ..old });
        }
    }
    for enrichment in &found.enrichments {
        view::apply_enrichment(view, enrichment);
    }
    view::apply_routing(view, &found.routing, config.default_queue());
}
