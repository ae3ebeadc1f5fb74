//! What takes a level back, in the very transaction in which it is found: a complaint, a reopened ticket, mail that came back, a check that
//! objects, drift. It leads to [`Level::Suggested`]: people send again, and the house goes on showing what it would have sent.

use super::Step;
use crate::sql::sql;
use crate::{OutboxRow, Result, Tx};
use posthouse_model::autonomy::{Cause, Level, has_drifted};
use posthouse_model::event::Actor;
use posthouse_model::outbox::OutboxState;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::triage::{Sentiment, Triage};
use posthouse_model::{MessageId, OutboxId, TicketId, Timestamp};

/// The category in which complaints end, where a classifier has one.
const COMPLAINT: &str = "complaint";
/// The tag of a complaint about us rather than about goods.
const COMPLAINT_OF_SERVICE: &str = "complaint/service";

impl Tx {
    /// Looks at an automatic reply that is about to be handed over: whether somebody stopped all of them, its category is no longer
    /// answered by itself, or the customer has written since.
    pub(crate) async fn autonomy_objection(&mut self, row: &OutboxRow) -> Result<Option<Reason>> {
        if let Some(reason) = self.autonomy_stopped().await? {
            return Ok(Some(reason));
        }
        let Some(category) = self.autonomy_category(row.id).await? else { return Ok(None) };
        let level = self.autonomy_row(&category).await?.level;
        if level.sends() {
            return Ok(None);
        }
        let words = format!("`{category}` is {level} by now: read the reply, then send it or write another");
        Ok(Some(Reason::new(ReasonCode::AutonomyTakenBack, words)))
    }

    /// A check objects to an automatic reply that was about to go out. Whether a level was taken back.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn autonomy_check_failed(&mut self, outbox: OutboxId, ticket: TicketId, detail: &str) -> Result<bool> {
        self.autonomy_fell(outbox, ticket, Cause::CheckFailed, detail).await
    }

    /// An automatic reply came back for good, or the server refused it.
    pub(crate) async fn autonomy_bounced(&mut self, outbox: OutboxId, ticket: TicketId, words: &str) -> Result<bool> {
        self.autonomy_fell(outbox, ticket, Cause::Bounced, words).await
    }

    /// A mail of the customer's stands on a ticket: where the last reply there went out by itself, it did not settle the matter. Thanks
    /// are no complaint.
    pub(crate) async fn autonomy_heard(
        &mut self,
        ticket: TicketId,
        message: MessageId,
        triage: Option<&Triage>,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let row = sql(
            "select id, automatic, approved_at, answers, state from outbox where tenant_id + 0 = $1 and ticket_id = $2 \
             and state not in ('cancelled', 'failed') order by id desc limit 1",
        )
        .bind(tenant)
        .bind(ticket)
        .optional(self.on())
        .await?;
        let Some(row) = row else { return self.heard_elsewhere(ticket, triage).await };
        let (outbox, automatic): (OutboxId, bool) = (row.get(0)?, row.get(1)?);
        let (approved_at, answers): (Timestamp, Option<MessageId>) = (row.get(2)?, row.get(3)?);
        // One that has not gone out yet is held back at its moment, and nobody has complained about it.
        let is_out = !matches!(row.get::<OutboxState>(4)?, OutboxState::Queued);
        if !automatic || !is_out || answers.is_some_and(|answers| message <= answers) {
            return Ok(());
        }
        if now.since(approved_at) > self.autonomy_config().await?.answers_count_for() {
            return Ok(());
        }
        let mood = triage.and_then(|triage| triage.sentiment.as_ref()).map(|mood| mood.value);
        let complains = triage.is_some_and(|triage| {
            !triage.risks.is_empty() || triage.category.as_ref().is_some_and(|category| category.value == COMPLAINT)
        });
        let cause = match mood {
            _ if complains => Cause::Complaint,
            Some(Sentiment::Angry | Sentiment::Negative) => Cause::Complaint,
            Some(Sentiment::Positive) => return Ok(()),
            Some(Sentiment::Neutral) | None => Cause::Reopened,
        };
        self.autonomy_fell(outbox, ticket, cause, "").await?;
        Ok(())
    }

    /// The same on a ticket that nobody has answered: a customer who was answered by itself on another one complains of us here. That
    /// goods are broken says nothing of the reply, so only anger, a risk, and words about our service count.
    async fn heard_elsewhere(&mut self, ticket: TicketId, triage: Option<&Triage>) -> Result<()> {
        let Some(triage) = triage else { return Ok(()) };
        let is_angry = triage.sentiment.as_ref().is_some_and(|mood| mood.value == Sentiment::Angry);
        if !is_angry && triage.risks.is_empty() && !triage.tags.iter().any(|tag| tag == COMPLAINT_OF_SERVICE) {
            return Ok(());
        }
        let since = self.now().minus(self.autonomy_config().await?.answers_count_for());
        let tenant = self.tenant();
        let row = sql(
            "select o.id from ticket here join ticket t on t.tenant_id = here.tenant_id and t.customer_key = here.customer_key \
             join outbox o on o.ticket_id = t.id where here.tenant_id = $1 and here.id = $2 and t.id <> here.id and o.automatic = 1 \
             and o.state not in ('cancelled', 'failed', 'queued') and o.approved_at >= $3 order by o.id desc limit 1",
        )
        .bind(tenant)
        .bind(ticket)
        .bind(since)
        .optional(self.on())
        .await?;
        if let Some(row) = row {
            self.autonomy_fell(row.get(0)?, ticket, Cause::Complaint, "").await?;
        }
        Ok(())
    }

    /// An agent reopened a ticket whose last reply went out by itself.
    pub(crate) async fn autonomy_reopened(&mut self, ticket: TicketId) -> Result<()> {
        let tenant = self.tenant();
        let row =
            sql("select id from outbox where tenant_id + 0 = $1 and ticket_id = $2 and automatic = 1 and state = $3 \
             and id = (select max(o.id) from outbox o where o.ticket_id = $2) limit 1")
            .bind(tenant)
            .bind(ticket)
            .bind(OutboxState::Sent)
            .optional(self.on())
            .await?;
        if let Some(row) = row {
            self.autonomy_fell(row.get(0)?, ticket, Cause::Reopened, "").await?;
        }
        Ok(())
    }

    /// Agents changed or rejected more of the newest drafts than the level allows.
    pub(super) async fn look_for_drift(&mut self, category: &str, ticket: TicketId) -> Result<()> {
        let row = self.autonomy_row(category).await?;
        if !row.level.sends() {
            return Ok(());
        }
        let config = self.autonomy_config().await?;
        let since = self.now().minus(config.window()).max(row.counts_since);
        let recent = self.recent(category, since, config.drift_window).await?;
        if has_drifted(row.level, recent, &config) {
            let detail = format!("{} of the last {} were sent as proposed", recent.unchanged, recent.compared());
            self.fall(category, Some(ticket), Cause::Drift, &detail).await?;
        }
        Ok(())
    }

    async fn autonomy_fell(&mut self, outbox: OutboxId, ticket: TicketId, cause: Cause, detail: &str) -> Result<bool> {
        match self.autonomy_category(outbox).await? {
            Some(category) => self.fall(&category, Some(ticket), cause, detail).await,
            None => Ok(false),
        }
    }

    /// Takes a level back to where people send; whether there was one.
    async fn fall(&mut self, category: &str, ticket: Option<TicketId>, cause: Cause, detail: &str) -> Result<bool> {
        let row = self.autonomy_row(category).await?;
        if !row.level.sends() {
            return Ok(false);
        }
        let config = self.autonomy_config().await?;
        let evidence = self.counted(&row, &config).await?;
        let detail = super::shortened(detail);
        let step = Step { was: &row, became: Level::Suggested, cause, evidence, detail: &detail, ticket };
        self.write_step(&step, &Actor::Host("autonomy".to_owned())).await?;
        Ok(true)
    }
}
