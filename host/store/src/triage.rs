//! What plugins found, written to the ticket, and where each incoming mail ended.

use crate::sql::{Json, sql};
use crate::tickets::{NO_DEADLINE, TicketRow, by_id, search_text};
use crate::{Result, StoreError, Tx, search};
use posthouse_model::event::Actor;
use posthouse_model::reason::Reason;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Enrichment, Entity, Routing, Triage};
use posthouse_model::{MessageId, TicketId};
use serde_json::json;

/// Labels kept on one ticket.
pub(crate) const TAGS_MAX: usize = 50;
/// Things read from the texts of one thread.
const ENTITIES_MAX: usize = 200;

/// All that the triage of one message came to, for writing it at once.
#[derive(Clone, Debug)]
pub struct Triaged<'a> {
    /// Which message.
    pub message: MessageId,
    /// What enrichers know, in the order they were asked.
    pub enrichments: &'a [Enrichment],
    /// What the classifier found.
    pub triage: Option<&'a Triage>,
    /// Where the router sends it.
    pub routing: Option<&'a Routing>,
    /// Taken when the router names none and the ticket is in none.
    pub default_queue: &'a str,
    /// Where the message ended.
    pub outcome: Outcome,
    /// Why, for everything but a ticket.
    pub reason: Option<&'a Reason>,
}

impl Tx {
    /// Writes everything that the triage of a message came to: as [`Tx::set_enrichment`], [`Tx::set_triage`],
    /// [`Tx::set_routing`] (for a message that ends on a ticket) and [`Tx::set_outcome`] one after the other, in a third
    /// of the statements. Returns the ticket and where it stands, none for a message without one.
    ///
    /// # Errors
    /// As [`Tx::set_outcome`].
    pub async fn finish_triage(
        &mut self,
        done: &Triaged<'_>,
        actor: &Actor,
    ) -> Result<Option<(TicketId, TicketStatus)>> {
        let Some(id) = self.settle_message(done.message, done.outcome, done.reason).await? else {
            self.record_settled(None, done.message, done.outcome, done.reason, actor);
            return Ok(None);
        };
        let tenant = self.tenant();
        let mut ticket = by_id(self.on(), tenant, id).await?;
        for enrichment in done.enrichments {
            enriched(&mut ticket, enrichment);
            self.record_enriched(id, enrichment, actor);
        }
        if let Some(triage) = done.triage {
            found(&mut ticket, done.message, triage);
            self.record_triaged(&ticket, done.message, triage, actor);
        }
        if done.outcome == Outcome::Ticket {
            let nothing = Routing::default();
            let routing = done.routing.unwrap_or(&nothing);
            routed(&mut ticket, routing, done.default_queue);
            self.record_routed(&ticket, routing, actor);
        }
        self.follow_outcome(&mut ticket, done.message, done.outcome, done.reason).await?;
        self.save(&ticket).await?;
        if done.outcome == Outcome::Ticket {
            self.autonomy_heard(id, done.message, done.triage).await?;
        }
        self.record_settled(Some(id), done.message, done.outcome, done.reason, actor);
        Ok(Some((id, ticket.status)))
    }

    /// Writes what a classifier found in a message. What it does not say stays as it was; an agent's category stays
    /// in any case. Entities of earlier mails stay, without their spans, since those point into another text.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_triage(
        &mut self,
        ticket: TicketId,
        message: MessageId,
        triage: &Triage,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let mut ticket = by_id(self.on(), tenant, ticket).await?;
        found(&mut ticket, message, triage);
        self.record_triaged(&ticket, message, triage, actor);
        self.save(&ticket).await
    }

    /// Writes where a router sends it. `default_queue` is taken when the router names none and the ticket is in none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_routing(
        &mut self,
        ticket: TicketId,
        routing: &Routing,
        default_queue: &str,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let mut ticket = by_id(self.on(), tenant, ticket).await?;
        routed(&mut ticket, routing, default_queue);
        self.record_routed(&ticket, routing, actor);
        self.save(&ticket).await
    }

    /// Writes what the client's own systems know. Facts replace those with the same key, orders those with the same
    /// number, so that several enrichers add up and the same one again changes nothing twice.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_enrichment(&mut self, ticket: TicketId, enrichment: &Enrichment, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let mut ticket = by_id(self.on(), tenant, ticket).await?;
        enriched(&mut ticket, enrichment);
        self.record_enriched(ticket.id, enrichment, actor);
        self.save(&ticket).await
    }

    /// Settles where an incoming message ended and moves its ticket accordingly: `Ticket` makes a new one wait; the
    /// others close a ticket that holds nothing else and bring one that was reopened back to where it was. Returns
    /// where the ticket stands, none for a message without one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for `Pending`.
    pub async fn set_outcome(
        &mut self,
        message: MessageId,
        outcome: Outcome,
        reason: Option<&Reason>,
        actor: &Actor,
    ) -> Result<Option<TicketStatus>> {
        let ticket = self.settle_message(message, outcome, reason).await?;
        self.record_settled(ticket, message, outcome, reason, actor);
        let Some(ticket) = ticket else { return Ok(None) };
        let tenant = self.tenant();
        let mut ticket = by_id(self.on(), tenant, ticket).await?;
        if self.follow_outcome(&mut ticket, message, outcome, reason).await? {
            self.save(&ticket).await?;
        }
        if outcome == Outcome::Ticket {
            self.autonomy_heard(ticket.id, message, None).await?;
        }
        Ok(Some(ticket.status))
    }

    /// Writes where a message ended; its ticket.
    async fn settle_message(
        &mut self,
        message: MessageId,
        outcome: Outcome,
        reason: Option<&Reason>,
    ) -> Result<Option<TicketId>> {
        if outcome == Outcome::Pending {
            return Err(StoreError::refused("a message cannot go back to pending"));
        }
        let (tenant, now) = (self.tenant(), self.now());
        sql("update message set outcome = $1, reason = $2, triaged_at = $3, reason_code = $6 \
             where tenant_id = $4 and id = $5 and direction = 'incoming' returning ticket_id")
        .bind(outcome)
        .bind(reason.map(|reason| &reason.words))
        .bind(now)
        .bind(tenant)
        .bind(message)
        .bind(reason.map(|reason| reason.code))
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("message {message}")))?
        .get(0)
    }

    /// Moves a ticket to where the outcome of one of its messages brings it; whether that changes anything.
    async fn follow_outcome(
        &mut self,
        ticket: &mut TicketRow,
        message: MessageId,
        outcome: Outcome,
        reason: Option<&Reason>,
    ) -> Result<bool> {
        let status = ticket.status;
        let (next, alone) = if outcome == Outcome::Ticket {
            (if status == TicketStatus::New { TicketStatus::Waiting } else { status }, false)
        } else {
            let others = self.others_on(ticket.id, message).await?;
            let next = match outcome {
                // The others' triage decides.
                _ if others.pending > 0 => status,
                _ if others.stand > 0 && status == TicketStatus::New => {
                    others.reopened_from.unwrap_or(TicketStatus::Waiting)
                }
                _ if others.stand > 0 => status,
                Outcome::Spam => TicketStatus::Spam,
                Outcome::Automatic => TicketStatus::Automatic,
                _ => TicketStatus::Handled,
            };
            (next, others.stand == 0)
        };
        // A person may have closed it meanwhile: that stands.
        if next == status || !(status == TicketStatus::New || status.may_become(next)) {
            return Ok(false);
        }
        ticket.status = next;
        if next == TicketStatus::Waiting {
            ticket.closed_reason = None;
        } else if next == TicketStatus::Handled && alone {
            ticket.closed_reason = reason.map(Reason::to_string);
        }
        Ok(true)
    }

    async fn others_on(&mut self, ticket: TicketId, message: MessageId) -> Result<Others> {
        let tenant = self.tenant();
        let row = sql("select t.reopened_from, \
             (select count(*) from message m where m.ticket_id = t.id and m.id <> $1 and m.outcome = 'pending'), \
             (select count(*) from message m where m.ticket_id = t.id and m.id <> $1 and m.outcome = 'ticket') \
             from ticket t where t.tenant_id = $2 and t.id = $3")
        .bind(message)
        .bind(tenant)
        .bind(ticket)
        .one(self.on())
        .await?;
        Ok(Others { reopened_from: row.get(0)?, pending: row.get(1)?, stand: row.get(2)? })
    }

    /// Writes the fields that triage may change.
    async fn save(&mut self, ticket: &TicketRow) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        // Where a mail that turns out to be nothing brings it back into a snooze, the time it ends is still there.
        sql("update ticket set reopened_from = case when status = $1 then reopened_from else null end, status = $1, \
             snoozed_until = case when $1 in ('new', 'snoozed') then snoozed_until else null end, \
             closed_reason = $2, customer_name = $3, category = $4, category_confidence = $5, urgency = $6, \
             sentiment = $7, language = $8, queue = $9, urgency_rank = $10, deadline_at = $11, tags = $12, \
             findings = $13, search = $14, version = version + 1, updated_at = $15 \
             where tenant_id = $16 and id = $17")
        .bind(ticket.status)
        .bind(ticket.closed_reason.as_ref())
        .bind(ticket.customer.name.as_ref())
        .bind(ticket.category.as_ref())
        .bind(ticket.category_confidence)
        .bind(ticket.urgency)
        .bind(ticket.sentiment)
        .bind(ticket.language.as_ref())
        .bind(ticket.queue.as_ref())
        .bind(100 - ticket.priority)
        .bind(ticket.deadline.unwrap_or(NO_DEADLINE))
        .bind(Json(&ticket.tags))
        .bind(Json(&ticket.findings()))
        .bind(search_text(ticket.number, &ticket.subject, &ticket.customer, &ticket.entities))
        .bind(now)
        .bind(tenant)
        .bind(ticket.id)
        .run(self.on())
        .await?;
        search::put_ticket(self.on(), tenant, ticket).await
    }

    fn record_triaged(&mut self, ticket: &TicketRow, message: MessageId, triage: &Triage, actor: &Actor) {
        self.record(
            actor,
            "ticket.triaged",
            format_args!("ticket:{}", ticket.id),
            json!({
                "message": message,
                "category": ticket.category,
                "confidence": ticket.category_confidence,
                "urgency": ticket.urgency,
                "sentiment": ticket.sentiment,
                "language": ticket.language,
                "spam": triage.spam,
            }),
        );
    }

    fn record_routed(&mut self, ticket: &TicketRow, routing: &Routing, actor: &Actor) {
        self.record(
            actor,
            "ticket.routed",
            format_args!("ticket:{}", ticket.id),
            json!({
                "queue": ticket.queue,
                "priority": ticket.priority,
                "deadline": ticket.deadline,
                "notifiers": routing.notifiers,
            }),
        );
    }

    fn record_enriched(&mut self, ticket: TicketId, enrichment: &Enrichment, actor: &Actor) {
        let data = json!({ "facts": enrichment.facts.len(), "orders": enrichment.orders.len() });
        self.record(actor, "ticket.enriched", format_args!("ticket:{ticket}"), data);
    }

    fn record_settled(
        &mut self,
        ticket: Option<TicketId>,
        message: MessageId,
        outcome: Outcome,
        reason: Option<&Reason>,
        actor: &Actor,
    ) {
        let subject = ticket.map_or_else(|| format!("message:{message}"), |ticket| format!("ticket:{ticket}"));
        let data = json!({ "message": message, "outcome": outcome, "reason": reason.map(Reason::to_string) });
        self.record(actor, "message.settled", subject, data);
    }
}

/// What else a ticket holds.
struct Others {
    reopened_from: Option<TicketStatus>,
    pending: i64,
    stand: i64,
}

fn found(ticket: &mut TicketRow, message: MessageId, triage: &Triage) {
    ticket.entities = merged(&triage.entities, &ticket.entities, ticket.triaged_message == Some(message));
    ticket.triaged_message = Some(message);
    ticket.missing.clone_from(&triage.missing);
    ticket.risks.clone_from(&triage.risks);
    ticket.evidence.clone_from(&triage.evidence);
    if let Some(category) = triage.category.as_ref().filter(|_| !ticket.category_by_agent) {
        ticket.category = Some(category.value.clone());
        ticket.category_confidence = Some(f64::from(category.confidence));
    }
    ticket.urgency = triage.urgency.as_ref().map(|urgency| urgency.value).or(ticket.urgency);
    ticket.sentiment = triage.sentiment.as_ref().map(|sentiment| sentiment.value).or(ticket.sentiment);
    if let Some(language) = &triage.language {
        ticket.language = Some(language.value.clone());
    }
    add_tags(&mut ticket.tags, &triage.tags);
}

fn routed(ticket: &mut TicketRow, routing: &Routing, default_queue: &str) {
    if routing.queue.is_some() {
        ticket.queue.clone_from(&routing.queue);
    }
    ticket.queue.get_or_insert_with(|| default_queue.to_owned());
    if let Some(priority) = routing.priority.filter(|_| !ticket.priority_by_agent) {
        ticket.priority = i64::from(priority.min(100));
    }
    ticket.deadline = routing.deadline.or(ticket.deadline);
    ticket.routing_evidence.clone_from(&routing.evidence);
    add_tags(&mut ticket.tags, &routing.tags);
}

fn enriched(ticket: &mut TicketRow, enrichment: &Enrichment) {
    ticket.facts.retain(|old| enrichment.facts.iter().all(|new| new.key != old.key));
    ticket.facts.extend(enrichment.facts.iter().cloned());
    ticket.orders.retain(|old| enrichment.orders.iter().all(|new| new.number != old.number));
    ticket.orders.extend(enrichment.orders.iter().cloned());
    if enrichment.customer_name.is_some() {
        ticket.customer.name.clone_from(&enrichment.customer_name);
    }
    add_tags(&mut ticket.tags, &enrichment.tags);
}

/// The new ones, then those of before that are not among them; the latter lose their spans when they were read from
/// another message.
fn merged(new: &[Entity], before: &[Entity], same_message: bool) -> Vec<Entity> {
    let mut all = new.to_vec();
    // Triage of the same message again replaces what it found the last time.
    let stay = before.iter().filter(|old| !same_message || old.span.is_none());
    for old in stay {
        if all.iter().all(|entity| entity.value != old.value) {
            all.push(Entity { span: None, ..old.clone() });
        }
    }
    all.truncate(ENTITIES_MAX);
    all
}

fn add_tags(tags: &mut Vec<String>, new: &[String]) {
    for tag in new {
        if tags.len() < TAGS_MAX && !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
}
