//! One act on many tickets, and taking it back.
//!
//! What can be done is done in one transaction; each ticket that is left as it was says why. An act is remembered with what was there
//! before, so that it can be taken back for a while: where a ticket has changed since, it stays, and that is said too.

use crate::sql::{Connection, Json, sql};
use crate::tickets::{TicketRow, by_id};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{AgentId, TenantId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Tickets of one act.
pub const BULK_MAX: usize = 100;
/// How long an act can be taken back.
pub const BULK_UNDO: Duration = Duration::from_secs(120);

/// What is done with each ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BulkAct {
    /// Given to an agent, or to nobody.
    Assign(Option<AgentId>),
    /// Closed without a reply, for a reason. Open tickets and answered ones.
    Handled(String),
    /// Unwanted mail. Open tickets.
    Spam,
    /// About this.
    Category(String),
    /// Several of these, and more, at once.
    Macro(MacroActs),
}

/// What a macro does with a ticket: whatever is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MacroActs {
    /// What agents call it.
    pub name: String,
    /// About this.
    pub category: Option<String>,
    /// Given to it.
    pub tags: Vec<String>,
    /// Who has it then.
    pub assign: Option<MacroHands>,
    /// 0 to 100.
    pub priority: Option<u8>,
    /// Put aside until then. Tickets that wait, or are put aside already.
    pub snooze: Option<Timestamp>,
    /// Closed without a reply, for this reason. Open tickets and answered ones.
    pub close: Option<String>,
}

/// Who has a ticket after a macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacroHands {
    /// It is nobody's.
    Nobody,
    /// This agent.
    Agent(AgentId),
}

/// A ticket of an act, as whoever acts saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Its number.
    pub number: i64,
    /// [`crate::TicketSummary::version`] on the page. A ticket that has changed since is not closed unseen.
    pub version: Option<i64>,
}

/// Why a ticket was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BulkLeft {
    /// There is no such ticket.
    Unknown,
    /// It has changed since it was seen, or since the act that is taken back.
    Changed,
    /// Its mails are on the ticket of that number.
    Merged(i64),
    /// Not in this state.
    State(TicketStatus),
    /// It was so already.
    Same,
}

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkReport {
    /// Names the act, to take it back; none when nothing was done.
    pub id: Option<i64>,
    /// What was to be done.
    pub act: BulkAct,
    /// Numbers of tickets that it was done with.
    pub done: Vec<i64>,
    /// Numbers of those that were left as they were, and why.
    pub left: Vec<(i64, BulkLeft)>,
    /// It was taken back; `done` and `left` are of that then.
    pub undone: bool,
    /// Until when it can be taken back.
    pub until: Timestamp,
}

/// A ticket before the act, and its version after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Before {
    ticket: TicketId,
    number: i64,
    version: i64,
    status: TicketStatus,
    snoozed_until: Option<Timestamp>,
    assignee: Option<AgentId>,
    category: Option<String>,
    category_confidence: Option<f64>,
    category_by_agent: bool,
    #[serde(default)]
    tags: Vec<String>,
    /// 0 to 100, and whether a person set it.
    #[serde(default)]
    priority: (i64, bool),
    /// How the act left it, where jobs of the house follow the act (a draft for another category): those change its version, and are
    /// no reason to leave it.
    #[serde(default)]
    after: Option<Stand>,
}

/// What acts change of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stand {
    status: TicketStatus,
    snoozed_until: Option<Timestamp>,
    assignee: Option<AgentId>,
    category: Option<String>,
    tags: Vec<String>,
    priority: (i64, bool),
}

impl Stand {
    fn of(ticket: &TicketRow) -> Self {
        Self {
            status: ticket.status,
            snoozed_until: ticket.snoozed_until,
            assignee: ticket.assignee,
            category: ticket.category.clone(),
            tags: ticket.tags.clone(),
            priority: (ticket.priority, ticket.priority_by_agent),
        }
    }
}

impl Before {
    fn of(ticket: &TicketRow, after: &TicketRow, act: &BulkAct) -> Self {
        let followed = matches!(act, BulkAct::Category(_) | BulkAct::Macro(_));
        Self {
            ticket: ticket.id,
            number: ticket.number,
            version: after.version,
            after: followed.then(|| Stand::of(after)),
            status: ticket.status,
            snoozed_until: ticket.snoozed_until,
            assignee: ticket.assignee,
            category: ticket.category.clone(),
            category_confidence: ticket.category_confidence,
            category_by_agent: ticket.category_by_agent,
            tags: ticket.tags.clone(),
            priority: (ticket.priority, ticket.priority_by_agent),
        }
    }
}

/// Numbers of tickets that were left as they were, and why.
type Left = Vec<(i64, BulkLeft)>;

/// An act as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    act: BulkAct,
    before: Vec<Before>,
    left: Left,
    /// Of taking it back.
    #[serde(default)]
    back: Option<(Vec<i64>, Left)>,
}

async fn kept(on: &mut Connection, tenant: TenantId, agent: AgentId, id: i64) -> Result<(Kept, Timestamp)> {
    let row = sql("select content, until from bulk where tenant_id = $1 and id = $2 and agent_id = $3")
        .bind(tenant)
        .bind(id)
        .bind(agent)
        .optional(on)
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("act {id}")))?;
    Ok((row.get::<Json<Kept>>(0)?.0, row.get(1)?))
}

fn report(id: i64, kept: Kept, until: Timestamp) -> BulkReport {
    let undone = kept.back.is_some();
    let (done, left) =
        kept.back.unwrap_or_else(|| (kept.before.iter().map(|before| before.number).collect(), kept.left));
    BulkReport { id: Some(id), act: kept.act, done, left, undone, until }
}

impl Scope {
    /// What became of an agent's act.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], for another agent's and for one that was forgotten too.
    pub async fn bulk(&self, agent: AgentId, id: i64) -> Result<BulkReport> {
        let (kept, until) = kept(&mut *self.read().await?, self.tenant, agent, id).await?;
        Ok(report(id, kept, until))
    }
}

impl Tx {
    /// Does one thing with many tickets, each once. One event for each, as for a single one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for more than [`BULK_MAX`] tickets or none, and for a value that fits no ticket;
    /// [`StoreError::NotFound`] for an agent who is not active here. Nothing is done then.
    pub async fn bulk(&mut self, agent: AgentId, picked: &[Picked], act: BulkAct, actor: &Actor) -> Result<BulkReport> {
        if picked.is_empty() || picked.len() > BULK_MAX {
            return Err(StoreError::refused(format_args!(
                "between 1 and {BULK_MAX} tickets can be chosen at once: {} are",
                picked.len()
            )));
        }
        let (tenant, now) = (self.tenant(), self.now());
        let (mut before, mut left) = (Vec::<Before>::new(), Vec::new());
        for one in picked {
            if before.iter().any(|done| done.number == one.number) {
                continue;
            }
            match self.bulk_one(one, &act, actor).await? {
                Ok(done) => before.push(done),
                Err(why) => left.push((one.number, why)),
            }
        }
        let until = now.plus(BULK_UNDO);
        if before.is_empty() {
            return Ok(BulkReport { id: None, act, done: Vec::new(), left, undone: false, until: now });
        }
        // What can no longer be taken back is forgotten, once its report has been read.
        sql("delete from bulk where tenant_id = $1 and agent_id = $2 and until < $3")
            .bind(tenant)
            .bind(agent)
            .bind(now.minus(BULK_UNDO))
            .run(self.on())
            .await?;
        let content = Kept { act, before, left, back: None };
        let id = sql("insert into bulk (tenant_id, agent_id, until, content) values ($1, $2, $3, $4) returning id")
            .bind(tenant)
            .bind(agent)
            .bind(until)
            .bind(Json(&content))
            .one(self.on())
            .await?
            .get(0)?;
        Ok(report(id, content, until))
    }

    async fn bulk_one(
        &mut self,
        picked: &Picked,
        act: &BulkAct,
        actor: &Actor,
    ) -> Result<std::result::Result<Before, BulkLeft>> {
        let tenant = self.tenant();
        let row = sql("select id, queue from ticket where tenant_id = $1 and number = $2")
            .bind(tenant)
            .bind(picked.number)
            .optional(self.on())
            .await?;
        let Some(row) = row else { return Ok(Err(BulkLeft::Unknown)) };
        if !self.scope.sees(row.get::<Option<String>>(1)?.as_deref()) {
            return Ok(Err(BulkLeft::Unknown));
        }
        let ticket = by_id(self.on(), tenant, row.get(0)?).await?;
        if let Some(there) = ticket.merged_into {
            return Ok(Err(BulkLeft::Merged(there)));
        }
        let state = ticket.status;
        let closes = match act {
            BulkAct::Handled(_) | BulkAct::Spam => true,
            BulkAct::Macro(acts) => acts.close.is_some(),
            BulkAct::Assign(_) | BulkAct::Category(_) => false,
        };
        if closes && picked.version.is_some_and(|seen| seen != ticket.version) {
            return Ok(Err(BulkLeft::Changed));
        }
        match act {
            BulkAct::Assign(to) => {
                if ticket.assignee == *to {
                    return Ok(Err(BulkLeft::Same));
                }
                self.assign(ticket.id, *to, actor).await?;
            }
            BulkAct::Category(name) => {
                if ticket.category_by_agent && ticket.category.as_ref() == Some(name) {
                    return Ok(Err(BulkLeft::Same));
                }
                self.set_category(ticket.id, name, actor).await?;
            }
            BulkAct::Handled(reason) => {
                if !state.is_open() && state != TicketStatus::Sent {
                    return Ok(Err(BulkLeft::State(state)));
                }
                self.mark_handled(ticket.id, reason, actor).await?;
            }
            BulkAct::Spam => {
                if !state.is_open() {
                    return Ok(Err(BulkLeft::State(state)));
                }
                self.mark_spam(ticket.id, actor).await?;
            }
            BulkAct::Macro(acts) => {
                let may_close = state.is_open() || state == TicketStatus::Sent;
                let may_wait = state.may_become(TicketStatus::Snoozed);
                if (acts.close.is_some() && !may_close) || (acts.snooze.is_some() && !may_wait) {
                    return Ok(Err(BulkLeft::State(state)));
                }
                self.run_macro(ticket.id, acts, actor).await?;
                if by_id(self.on(), tenant, ticket.id).await?.version == ticket.version {
                    return Ok(Err(BulkLeft::Same));
                }
                let data = json!({ "macro": acts.name });
                self.record(actor, "ticket.macro", format_args!("ticket:{}", ticket.id), data);
            }
        }
        let after = by_id(self.on(), tenant, ticket.id).await?;
        Ok(Ok(Before::of(&ticket, &after, act)))
    }

    /// Each act writes its own event.
    async fn run_macro(&mut self, ticket: TicketId, acts: &MacroActs, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let now = by_id(self.on(), tenant, ticket).await?;
        if let Some(name) = &acts.category
            && !(now.category_by_agent && now.category.as_ref() == Some(name))
        {
            self.set_category(ticket, name, actor).await?;
        }
        for tag in &acts.tags {
            self.add_tag(ticket, tag, actor).await?;
        }
        if let Some(priority) = acts.priority {
            self.set_priority(ticket, priority, actor).await?;
        }
        if let Some(hands) = acts.assign {
            let to = match hands {
                MacroHands::Nobody => None,
                MacroHands::Agent(agent) => Some(agent),
            };
            if now.assignee != to {
                self.assign(ticket, to, actor).await?;
            }
        }
        if let Some(until) = acts.snooze {
            self.snooze(ticket, until, actor).await?;
        }
        if let Some(reason) = &acts.close {
            self.mark_handled(ticket, reason, actor).await?;
        }
        Ok(())
    }

    /// Takes an agent's act back, ticket by ticket: what has changed since stays as it is now. Asked for twice it answers the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when its time is over.
    pub async fn undo_bulk(&mut self, agent: AgentId, id: i64, actor: &Actor) -> Result<BulkReport> {
        let (tenant, now) = (self.tenant(), self.now());
        let (mut kept, until) = kept(self.on(), tenant, agent, id).await?;
        if kept.back.is_some() {
            return Ok(report(id, kept, until));
        }
        if now > until {
            return Err(StoreError::refused("it is too late to take this back: change the tickets one by one"));
        }
        let (mut done, mut left) = (Vec::new(), Vec::new());
        for before in &kept.before {
            let ticket = by_id(self.on(), tenant, before.ticket).await?;
            let as_left = ticket.version == before.version
                || before.after.as_ref().is_some_and(|after| *after == Stand::of(&ticket));
            if !as_left || !self.scope.sees(ticket.queue.as_deref()) {
                left.push((before.number, BulkLeft::Changed));
                continue;
            }
            self.put_back(&ticket, before, &kept.act, actor).await?;
            done.push(before.number);
        }
        kept.back = Some((done, left));
        sql("update bulk set content = $1 where tenant_id = $2 and id = $3")
            .bind(Json(&kept))
            .bind(tenant)
            .bind(id)
            .run(self.on())
            .await?;
        Ok(report(id, kept, until))
    }

    async fn put_back(&mut self, ticket: &TicketRow, before: &Before, act: &BulkAct, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        match act {
            BulkAct::Assign(_) => return self.give_back(ticket, before, actor).await,
            BulkAct::Category(_) => return self.sort_back(ticket, before, actor).await,
            BulkAct::Macro(acts) => {
                if ticket.assignee != before.assignee {
                    self.give_back(ticket, before, actor).await?;
                }
                for tag in ticket.tags.iter().filter(|tag| !before.tags.contains(tag)) {
                    self.remove_tag(ticket.id, tag, actor).await?;
                }
                if (ticket.priority, ticket.priority_by_agent) != before.priority {
                    self.rank_back(ticket, before, actor).await?;
                }
                if (&ticket.category, ticket.category_by_agent) != (&before.category, before.category_by_agent) {
                    self.sort_back(ticket, before, actor).await?;
                }
                match (ticket.status == before.status, acts.close.is_some()) {
                    (true, _) => {}
                    (false, true) if before.status == TicketStatus::Sent => self.answered_back(ticket, actor).await?,
                    (false, true) => self.bring_back(ticket.id, actor).await?,
                    (false, false) => self.wake(ticket.id, actor).await?,
                }
            }
            BulkAct::Handled(_) if before.status == TicketStatus::Sent => {
                return self.answered_back(ticket, actor).await;
            }
            BulkAct::Handled(_) => self.bring_back(ticket.id, actor).await?,
            BulkAct::Spam => self.mark_not_spam(ticket.id, actor).await?,
        }
        // Open it was; put aside it was for longer than this.
        if let Some(until) = before.snoozed_until.filter(|until| *until > now) {
            sql("update ticket set status = 'snoozed', snoozed_until = $1, version = version + 1 \
                 where tenant_id = $2 and id = $3")
            .bind(until)
            .bind(tenant)
            .bind(ticket.id)
            .run(self.on())
            .await?;
        }
        Ok(())
    }

    async fn give_back(&mut self, ticket: &TicketRow, before: &Before, actor: &Actor) -> Result<()> {
        let to = match before.assignee {
            // Somebody who has left meanwhile gets nothing back.
            Some(agent) if !self.is_active(agent).await? => None,
            other => other,
        };
        self.assign(ticket.id, to, actor).await
    }

    async fn sort_back(&mut self, ticket: &TicketRow, before: &Before, actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set category = $1, category_confidence = $2, category_by_agent = $3, \
             version = version + 1, updated_at = $4 where tenant_id = $5 and id = $6")
        .bind(before.category.as_ref())
        .bind(before.category_confidence)
        .bind(before.category_by_agent)
        .bind(now)
        .bind(tenant)
        .bind(ticket.id)
        .run(self.on())
        .await?;
        if before.status.is_open() {
            self.enqueue(&posthouse_model::job::Job::Draft { ticket: ticket.id }).await?;
        }
        let data = json!({ "category": before.category, "was": ticket.category, "undo": true });
        self.record(actor, "ticket.categorised", format_args!("ticket:{}", ticket.id), data);
        Ok(())
    }

    async fn rank_back(&mut self, ticket: &TicketRow, before: &Before, actor: &Actor) -> Result<()> {
        let (tenant, now, (priority, by_agent)) = (self.tenant(), self.now(), before.priority);
        sql("update ticket set urgency_rank = $1, priority_by_agent = $2, version = version + 1, updated_at = $3 \
             where tenant_id = $4 and id = $5")
        .bind(100 - priority)
        .bind(by_agent)
        .bind(now)
        .bind(tenant)
        .bind(ticket.id)
        .run(self.on())
        .await?;
        let data = json!({ "priority": priority, "was": ticket.priority, "undo": true });
        self.record(actor, "ticket.prioritised", format_args!("ticket:{}", ticket.id), data);
        Ok(())
    }

    async fn answered_back(&mut self, ticket: &TicketRow, actor: &Actor) -> Result<()> {
        self.move_ticket(ticket, TicketStatus::Sent).await?;
        let data = json!({ "was": ticket.status, "to": TicketStatus::Sent, "undo": true });
        self.record(actor, "ticket.reopened", format_args!("ticket:{}", ticket.id), data);
        Ok(())
    }

    async fn is_active(&mut self, agent: AgentId) -> Result<bool> {
        let tenant = self.tenant();
        let row = sql("select 1 from agent where tenant_id = $1 and id = $2 and active = 1")
            .bind(tenant)
            .bind(agent)
            .optional(self.on())
            .await?;
        Ok(row.is_some())
    }
}
