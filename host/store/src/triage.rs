//! What plugins found, written to the ticket, and where each incoming mail ended.

use crate::sql::{Json, sql};
use crate::tickets::{Findings, TicketRow, by_id, search_text};
use crate::{Result, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_model::triage::{Enrichment, Entity, Routing, Triage};
use posthouse_model::{MessageId, TicketId};
use serde_json::json;

/// Labels kept on one ticket.
const TAGS_MAX: usize = 50;
/// Things read from the texts of one thread.
const ENTITIES_MAX: usize = 200;

impl Tx {
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
        let before = by_id(self.on(), tenant, ticket).await?;
        let mut findings = findings_of(&before);
        findings.entities = merged(&triage.entities, &before.entities, before.triaged_message == Some(message));
        findings.message = Some(message);
        findings.missing.clone_from(&triage.missing);
        findings.risks.clone_from(&triage.risks);
        findings.evidence.clone_from(&triage.evidence);
        let (category, confidence) = match &triage.category {
            Some(found) if !before.category_by_agent => (Some(found.value.as_str()), Some(f64::from(found.confidence))),
            _ => (before.category.as_deref(), before.category_confidence),
        };
        let urgency = triage.urgency.as_ref().map(|u| u.value).or(before.urgency);
        let sentiment = triage.sentiment.as_ref().map(|s| s.value).or(before.sentiment);
        let language = triage.language.as_ref().map(|l| &l.value).or(before.language.as_ref());
        let now = self.now();
        sql("update ticket set category = $1, category_confidence = $2, urgency = $3, sentiment = $4, language = $5, \
             tags = $6, findings = $7, search = $8, version = version + 1, updated_at = $9 \
             where tenant_id = $10 and id = $11")
        .bind(category)
        .bind(confidence)
        .bind(urgency)
        .bind(sentiment)
        .bind(language)
        .bind(Json(&with_tags(&before.tags, &triage.tags)))
        .bind(Json(&findings))
        .bind(search_text(before.number, &before.subject, &before.customer, &findings.entities))
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        self.record(
            actor,
            "ticket.triaged",
            format_args!("ticket:{ticket}"),
            json!({
                "message": message,
                "category": category,
                "confidence": confidence,
                "urgency": urgency,
                "sentiment": sentiment,
                "language": language,
                "spam": triage.spam,
            }),
        );
        Ok(())
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
        let before = by_id(self.on(), tenant, ticket).await?;
        let queue = routing.queue.as_deref().or(before.queue.as_deref()).unwrap_or(default_queue);
        let priority = routing.priority.map_or(before.priority, |p| i64::from(p.min(100)));
        let deadline = routing.deadline.or(before.deadline);
        let mut findings = findings_of(&before);
        findings.routing_evidence.clone_from(&routing.evidence);
        let now = self.now();
        sql("update ticket set queue = $1, urgency_rank = $2, deadline_at = $3, tags = $4, findings = $5, \
             version = version + 1, updated_at = $6 where tenant_id = $7 and id = $8")
        .bind(queue)
        .bind(100 - priority)
        .bind(deadline.unwrap_or(crate::tickets::NO_DEADLINE))
        .bind(Json(&with_tags(&before.tags, &routing.tags)))
        .bind(Json(&findings))
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        self.record(
            actor,
            "ticket.routed",
            format_args!("ticket:{ticket}"),
            json!({ "queue": queue, "priority": priority, "deadline": deadline, "notifiers": routing.notifiers }),
        );
        Ok(())
    }

    /// Writes what the client's own systems know. Facts replace those with the same key, orders those with the same
    /// number, so that several enrichers add up and the same one again changes nothing twice.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_enrichment(&mut self, ticket: TicketId, enrichment: &Enrichment, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let before = by_id(self.on(), tenant, ticket).await?;
        let mut findings = findings_of(&before);
        findings.facts.retain(|old| enrichment.facts.iter().all(|new| new.key != old.key));
        findings.facts.extend(enrichment.facts.iter().cloned());
        findings.orders.retain(|old| enrichment.orders.iter().all(|new| new.number != old.number));
        findings.orders.extend(enrichment.orders.iter().cloned());
        let mut customer = before.customer.clone();
        if enrichment.customer_name.is_some() {
            customer.name.clone_from(&enrichment.customer_name);
        }
        let now = self.now();
        sql("update ticket set customer_name = $1, tags = $2, findings = $3, search = $4, version = version + 1, \
             updated_at = $5 where tenant_id = $6 and id = $7")
        .bind(customer.name.as_ref())
        .bind(Json(&with_tags(&before.tags, &enrichment.tags)))
        .bind(Json(&findings))
        .bind(search_text(before.number, &before.subject, &customer, &findings.entities))
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        self.record(
            actor,
            "ticket.enriched",
            format_args!("ticket:{ticket}"),
            json!({ "facts": enrichment.facts.len(), "orders": enrichment.orders.len() }),
        );
        Ok(())
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
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<Option<TicketStatus>> {
        if outcome == Outcome::Pending {
            return Err(StoreError::refused("a message cannot go back to pending"));
        }
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql("update message set outcome = $1, reason = $2, triaged_at = $3 \
             where tenant_id = $4 and id = $5 and direction = 'incoming' returning ticket_id")
        .bind(outcome)
        .bind(reason)
        .bind(now)
        .bind(tenant)
        .bind(message)
        .optional(self.on())
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("message {message}")))?;
        let ticket: Option<TicketId> = row.get(0)?;
        let data = json!({ "message": message, "outcome": outcome, "reason": reason });
        let Some(ticket) = ticket else {
            self.record(actor, "message.settled", format_args!("message:{message}"), data);
            return Ok(None);
        };
        let status = self.follow_outcome(ticket, message, outcome, reason).await?;
        self.record(actor, "message.settled", format_args!("ticket:{ticket}"), data);
        Ok(Some(status))
    }

    async fn follow_outcome(
        &mut self,
        ticket: TicketId,
        message: MessageId,
        outcome: Outcome,
        reason: Option<&str>,
    ) -> Result<TicketStatus> {
        let tenant = self.tenant();
        let row = sql("select t.status, t.reopened_from, \
             (select count(*) from message m where m.ticket_id = t.id and m.id <> $1 and m.outcome = 'pending'), \
             (select count(*) from message m where m.ticket_id = t.id and m.id <> $1 and m.outcome = 'ticket') \
             from ticket t where t.tenant_id = $2 and t.id = $3")
        .bind(message)
        .bind(tenant)
        .bind(ticket)
        .one(self.on())
        .await?;
        let status: TicketStatus = row.get(0)?;
        let reopened_from: Option<TicketStatus> = row.get(1)?;
        let (others_pending, others_stand): (i64, i64) = (row.get(2)?, row.get(3)?);

        let next = match outcome {
            Outcome::Ticket if status == TicketStatus::New => TicketStatus::Waiting,
            Outcome::Ticket => status,
            // The others' triage decides.
            _ if others_pending > 0 => status,
            _ if others_stand > 0 && status == TicketStatus::New => reopened_from.unwrap_or(TicketStatus::Waiting),
            _ if others_stand > 0 => status,
            Outcome::Spam => TicketStatus::Spam,
            Outcome::Automatic => TicketStatus::Automatic,
            _ => TicketStatus::Handled,
        };
        // A person may have closed it meanwhile: that stands.
        if next == status || !(status == TicketStatus::New || status.may_become(next)) {
            return Ok(status);
        }
        let closed_reason = (next == TicketStatus::Handled && others_stand == 0).then_some(reason).flatten();
        let now = self.now();
        sql("update ticket set status = $1, reopened_from = null, \
             closed_reason = case when $2 = 1 then $3 else closed_reason end, version = version + 1, updated_at = $4 \
             where tenant_id = $5 and id = $6")
        .bind(next)
        .bind(closed_reason.is_some() || next == TicketStatus::Waiting)
        .bind(closed_reason)
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        Ok(next)
    }
}

fn findings_of(ticket: &TicketRow) -> Findings {
    Findings {
        message: ticket.triaged_message,
        entities: ticket.entities.clone(),
        missing: ticket.missing.clone(),
        risks: ticket.risks.clone(),
        evidence: ticket.evidence.clone(),
        routing_evidence: ticket.routing_evidence.clone(),
        facts: ticket.facts.clone(),
        orders: ticket.orders.clone(),
    }
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

fn with_tags(before: &[String], new: &[String]) -> Vec<String> {
    let mut all = before.to_vec();
    for tag in new {
        if all.len() < TAGS_MAX && !all.contains(tag) {
            all.push(tag.clone());
        }
    }
    all
}
