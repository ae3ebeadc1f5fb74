//! Triage: screen → classify → enrich → route, then drafts and notifications.
//!
//! Enrichers come after the classifier, since what they look up (order numbers, tracking numbers) is what the classifier
//! reads from the text; spam never reaches them.
//!
//! Every message ends in exactly one place here. A plugin that fails costs its own step only: an unsorted mail goes
//! to a person, an unrouted one to the default queue.

use crate::autonomy::{self, Course};
use crate::caller::{self, About, CallFailure};
use crate::draft;
use crate::house::House;
use crate::notice;
use crate::proof;
use crate::screening;
use crate::tenant::{Installed, Tenant};
use crate::view;
use crate::{crew, escalate};
use posthouse_model::MessageId;
use posthouse_model::call::{CallContext, MessageView, TicketView};
use posthouse_model::decision::{NewDecision, World};
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::priority::HISTORY_DAYS;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Enrichment, Evidence, Routing, Scored, Triage};
use posthouse_sandbox::{Answer, Question};
use posthouse_store::{ClaimedJob, MessageRow, StoreError, StoreTrouble, TicketRow, Triaged, Tx};
use std::sync::Arc;
use std::time::Duration;

/// How sure the host is of the language it detected itself, beside a classifier's own word.
const HOST_LANGUAGE_CONFIDENCE: f32 = 0.9;
/// How soon a mail that waits for an earlier one of its ticket looks again, should nobody tell it that its turn has come.
const TURN_LOOKED_AT: Duration = Duration::from_secs(1);

/// Triages one message; completes the job.
///
/// # Errors
/// When the store cannot be read or written: tried again, nothing is half done.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: MessageId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let message = scope.message(id).await.map_err(store)?;
    let (Outcome::Pending, Some(ticket_id)) = (message.outcome, message.ticket) else {
        let mut tx = scope.begin().await.map_err(store)?;
        // It was asked for once more while it ran: the next mail may have looked in between and seen this job.
        if let Some(ticket) = message.ticket {
            tx.pass_turn(ticket, id).await.map_err(store)?;
        }
        tx.complete(job).await.map_err(store)?;
        return tx.commit().await.map_err(store);
    };
    let ticket = scope.ticket(ticket_id).await.map_err(store)?;
    if ticket.message_count > 1 && !scope.is_its_turn(ticket_id, id).await.map_err(store)? {
        let reason = "an earlier mail of the ticket is triaged first".to_owned();
        return Err(JobFailure::Waits { reason, wait: TURN_LOOKED_AT });
    }

    proof::about_ours(tenant, &message).await.map_err(store)?;
    let screened = screening::before_plugins(house, tenant, &message, ticket.message_count).await.map_err(store)?;
    if let Some((outcome, reason)) = screened {
        return settle(house, tenant, job, &message, outcome, &reason).await;
    }

    let newest = Arc::new(view::message(&message));
    let mut recent = vec![Arc::clone(&newest)];
    if ticket.message_count > 1 {
        let thread = scope.thread(ticket.id, view::THREAD_MAX).await.map_err(store)?;
        recent.extend(thread.iter().filter(|row| row.id != id).map(|row| Arc::new(view::message(row))));
    }
    let earlier = history(tenant, &ticket).await.map_err(store)?;
    let mut work = Work {
        about: About { ticket: Some(ticket.id), message: Some(id) },
        context: caller::context(house, tenant, house.now()),
        view: view::with_history(view::ticket(&ticket, recent), earlier),
        decisions: Vec::new(),
    };

    let triage = work.classify(house, tenant, &newest, &message).await;
    if let Some(reason) = screening::after_classifiers(tenant, &message, &triage) {
        let mut tx = scope.begin().await.map_err(store)?;
        let found = Found { outcome: Outcome::Spam, reason: Some(&reason), ..Found::ticket(&triage) };
        write(&mut tx, tenant, id, &work.decisions, &found).await.map_err(store)?;
        return end(house, tx, job, &message, Outcome::Spam).await;
    }
    proof::somebody_is_there(tenant, &message).await.map_err(store)?;
    view::apply_triage(&mut work.view, &triage, ticket.category_by_agent);
    let enrichments = work.enrich(house, tenant).await;
    let routing = work.route(house, tenant).await;
    // A mail that a person took up keeps the reason why it had been left out.
    let reason = message.reason.as_ref().filter(|_| message.taken_up_at.is_some());
    let gap = ticket.message_count <= 1
        && tenant.knowledge().lacks(
            &format!("{}\n{}", newest.subject, newest.body),
            work.view.language.as_deref(),
            notice::local(house.now(), &tenant.config.time_zone).date(),
        );
    let found = Found { enrichments: &enrichments, routing: Some(&routing), reason, gap, ..Found::ticket(&triage) };

    let mut course = Course::default();
    course.heed(&work.decisions);
    // A drafter that may call a model can take long: what is known so far is shown to agents meanwhile.
    let quick = draft::is_quick(tenant);
    let notifiers = routing.notifiers.clone();
    if !quick {
        let mut tx = scope.begin().await.map_err(store)?;
        write(&mut tx, tenant, id, &work.decisions, &found).await.map_err(store)?;
        tx.commit().await.map_err(store)?;
        work.decisions.clear();
    }
    let mut drafted = draft::propose(house, tenant, &work.context, work.about, Arc::new(work.view)).await;
    let (context, about) = (&work.context, work.about);
    let considered = autonomy::consider(house, tenant, context, about, &newest, &triage, course, &mut drafted).await;

    let mut tx = scope.begin().await.map_err(store)?;
    if quick {
        write(&mut tx, tenant, id, &work.decisions, &found).await.map_err(store)?;
    }
    let ids = draft::write(&mut tx, ticket.id, &drafted).await.map_err(store)?;
    let leaves = match &considered {
        Some(considered) => {
            autonomy::decide(&mut tx, house, tenant, &ticket, id, &drafted, &ids, considered).await.map_err(store)?
        }
        None => None,
    };
    draft::tell(&mut tx, house, tenant, &ticket, &drafted, &newest, id, &notifiers, leaves).await.map_err(store)?;
    end(house, tx, job, &message, Outcome::Ticket).await
}

/// A message whose triage was given up: it goes to a person, unsorted.
///
/// # Errors
/// When the store cannot be written.
pub async fn given_up(tenant: &Tenant, message: MessageId, reason: &str) -> Result<(), StoreError> {
    let row = tenant.scope.message(message).await?;
    if row.outcome != Outcome::Pending {
        return Ok(());
    }
    let mut tx = tenant.scope.begin().await?;
    let note = Reason::new(ReasonCode::Unsorted, reason);
    tx.set_outcome(message, Outcome::Ticket, Some(&note), &actor()).await?;
    if let Some(ticket) = row.ticket {
        tx.pass_turn(ticket, message).await?;
    }
    tx.commit().await
}

pub(crate) fn actor() -> Actor {
    Actor::Host("triage".to_owned())
}

pub(crate) fn store(error: StoreError) -> JobFailure {
    match error {
        StoreError::NotFound { .. } | StoreError::Refused(_) | StoreError::Corrupt { .. } => JobFailure::fail(error),
        StoreError::Overtaken { .. } => JobFailure::Overtaken { reason: error.to_string() },
        other => match other.trouble() {
            Some(StoreTrouble::DiskFull | StoreTrouble::Locked | StoreTrouble::Away) => JobFailure::held(other),
            Some(StoreTrouble::Failing) | None => JobFailure::retry(other),
        },
    }
}

/// The language that the host detected, where no classifier said one.
pub(crate) fn fill_language(triage: &mut Triage, row: &MessageRow) {
    if triage.language.is_none()
        && let Some(language) = &row.read.language
    {
        triage.language = Some(Scored { value: language.clone(), confidence: HOST_LANGUAGE_CONFIDENCE });
    }
}

async fn settle(
    house: &House,
    tenant: &Tenant,
    job: &ClaimedJob,
    message: &MessageRow,
    outcome: Outcome,
    reason: &Reason,
) -> Result<(), JobFailure> {
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.set_outcome(message.id, outcome, Some(reason), &actor()).await.map_err(store)?;
    end(house, tx, job, message, outcome).await
}

/// Completes the job, and lets the next mail of the ticket go ahead.
async fn end(
    house: &House,
    mut tx: Tx,
    job: &ClaimedJob,
    message: &MessageRow,
    outcome: Outcome,
) -> Result<(), JobFailure> {
    if let Some(ticket) = message.ticket {
        tx.pass_turn(ticket, message.id).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)?;
    house.metrics().count("posthouse_outcomes_total", &[("outcome", outcome.as_str())]);
    Ok(())
}

/// What triage came to, for writing it.
struct Found<'a> {
    triage: &'a Triage,
    enrichments: &'a [Enrichment],
    routing: Option<&'a Routing>,
    outcome: Outcome,
    reason: Option<&'a Reason>,
    /// No article speaks of it.
    gap: bool,
}

impl<'a> Found<'a> {
    fn ticket(triage: &'a Triage) -> Self {
        Self { triage, enrichments: &[], routing: None, outcome: Outcome::Ticket, reason: None, gap: false }
    }
}

async fn write(
    tx: &mut Tx,
    tenant: &Tenant,
    message: MessageId,
    decisions: &[NewDecision],
    found: &Found<'_>,
) -> Result<(), StoreError> {
    let actor = actor();
    tx.add_decisions(decisions, &actor).await?;
    let done = Triaged {
        message,
        enrichments: found.enrichments,
        triage: Some(found.triage),
        routing: found.routing,
        default_queue: tenant.config.default_queue(),
        outcome: found.outcome,
        reason: found.reason,
    };
    let settled = tx.finish_triage(&done, &actor).await?;
    if let (Some((ticket, _)), Some(email)) = (settled, found.routing.and_then(|routing| routing.assignee.as_ref())) {
        tx.assign_if_free(ticket, email, &actor).await?;
    }
    if let (Some((ticket, _)), Some(routing)) = (settled, found.routing) {
        if found.gap {
            tx.add_gap(message, &actor).await?;
        }
        let now = tx.now();
        tx.give_out(ticket, |row| crew::candidates(&tenant.config, row, now), &actor).await?;
        if let Some(deadline) = routing.deadline {
            escalate::plan(tx, tenant, ticket, deadline).await?;
        }
    }
    Ok(())
}

/// How many other tickets the customer opened in the days before this one.
pub(crate) async fn history(tenant: &Tenant, ticket: &TicketRow) -> Result<u32, StoreError> {
    let since = ticket.created_at.minus(Duration::from_secs(HISTORY_DAYS * 24 * 3_600));
    tenant.scope.earlier_tickets(ticket, since).await
}

/// What triage knows so far.
struct Work {
    about: About,
    context: CallContext,
    view: TicketView,
    decisions: Vec<NewDecision>,
}

impl Work {
    async fn ask<T: TryFrom<Answer, Error = Answer>>(
        &mut self,
        house: &House,
        tenant: &Arc<Tenant>,
        installed: &Installed,
        question: Question,
    ) -> Result<T, CallFailure> {
        let mut asked = caller::call(house, tenant, installed, self.about, &self.context, question).await;
        self.decisions.append(&mut asked.decisions);
        asked.result
    }

    async fn classify(
        &mut self,
        house: &House,
        tenant: &Arc<Tenant>,
        newest: &Arc<MessageView>,
        row: &MessageRow,
    ) -> Triage {
        let mut triage = Triage::default();
        for installed in tenant.plugins(World::Classifier) {
            let question = Question::Classify(Arc::clone(newest));
            if let Ok(found) = self.ask(house, tenant, installed, question).await {
                view::merge_triage(&mut triage, found);
            }
        }
        fill_language(&mut triage, row);
        triage
    }

    async fn enrich(&mut self, house: &House, tenant: &Arc<Tenant>) -> Vec<Enrichment> {
        let mut all = Vec::new();
        for installed in tenant.plugins(World::Enricher) {
            let question = Question::Enrich(Arc::new(self.view.clone()));
            if let Ok(found) = self.ask(house, tenant, installed, question).await {
                view::apply_enrichment(&mut self.view, &found);
                all.push(found);
            }
        }
        all
    }

    /// Routers are asked in order until one names a queue. What an earlier one said stands, and the next one completes it:
    /// one may know only deadlines, another only places.
    async fn route(&mut self, house: &House, tenant: &Arc<Tenant>) -> Routing {
        let mut routing = Routing::default();
        for installed in tenant.plugins(World::Router) {
            let question = Question::Route(Arc::new(self.view.clone()));
            if let Ok(found) = self.ask(house, tenant, installed, question).await {
                view::complete_routing(&mut routing, found);
                if routing.queue.is_some() {
                    break;
                }
                view::apply_tags(&mut self.view, &routing.tags);
            }
        }
        // A queue that the tenant does not have would hide the ticket from everybody.
        if let Some(queue) = routing.queue.take_if(|queue| tenant.config.queue(queue).is_none()) {
            let text = format!("queue “{queue}” is not set up in tenant.toml: the default queue is used");
            routing.evidence.push(Evidence::Text { text });
        }
        if let Some(email) = routing.assignee.take() {
            match tenant.scope.agent_by_email(&email).await {
                Ok(Some(agent)) if agent.active => routing.assignee = Some(email),
                Ok(_) => {
                    let text = format!("nobody who signs in as “{email}” works here: the ticket is nobody's yet");
                    routing.evidence.push(Evidence::Text { text });
                }
                // The ticket matters more than whose it is.
                Err(error) => {
                    tracing::warn!(tenant.id = %tenant.id(), %error, "the agent a router named cannot be looked up")
                }
            }
        }
        view::apply_routing(&mut self.view, &routing, tenant.config.default_queue());
        routing
    }
}
