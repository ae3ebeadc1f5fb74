//! How many tickets stand where: beside every page of the desk, so each of these is read from an index and goes no further than it says.

use crate::sql::{Connection, Sql, placeholders, sql, sql_of};
use crate::{Result, Scope};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{AgentId, TenantId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many tickets stand where. Nothing is counted beyond [`Counts::MAX`], so that a count costs the same however many there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// By status; those with none are left out.
    pub by_status: BTreeMap<TicketStatus, i64>,
    /// Open tickets by queue.
    pub by_queue: BTreeMap<String, i64>,
    /// Waiting tickets by queue.
    pub waiting_by_queue: BTreeMap<String, i64>,
    /// Open tickets by category.
    pub by_category: BTreeMap<String, i64>,
    /// Waiting tickets of the agent asked for.
    pub mine: i64,
    /// Waiting and nobody's.
    pub unassigned: i64,
    /// Open and urgent.
    pub urgent: i64,
    /// There are more open tickets than [`Counts::OPEN_MAX`]: what is counted by queue, category and agent is of that many only.
    pub cut: bool,
    /// Waiting and past their deadline.
    pub overdue: i64,
    /// Waiting and due within the hour.
    pub due_within_hour: i64,
    /// When the newest mail of the longest-waiting ticket came.
    pub oldest_waiting: Option<Timestamp>,
    /// Messages parked.
    pub parked: i64,
    /// Replies failed or uncertain: a person must look.
    pub send_trouble: i64,
}

impl Counts {
    /// Counted up to here; one more says that there are more.
    pub const MAX: i64 = 1_000;
    /// Open tickets that are told apart by queue, category and agent.
    pub const OPEN_MAX: i64 = 5_000;
}

impl Scope {
    /// Counts for the views of an agent, from one moment, of the tickets that this scope sees.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn counts(&self, agent: Option<AgentId>) -> Result<Counts> {
        let seen = self.sees.as_deref();
        if seen.is_some_and(<[String]>::is_empty) {
            return Ok(Counts::default());
        }
        let now = self.store.now();
        let mut on = self.store.inner.engine.snapshot().await?;
        let count = Count { tenant: self.tenant, seen };
        let mut counts = Counts::default();
        for status in TicketStatus::ALL {
            let found = count.up_to(&mut on, "status = $2", &[status.as_str()], &[]).await?;
            if found > 0 {
                counts.by_status.insert(*status, found);
            }
        }
        count.open(&mut on, agent, &mut counts).await?;
        counts.urgent = count.up_to(&mut on, "status in ('waiting', 'new') and urgency = $2", &["urgent"], &[]).await?;
        let due = "status = 'waiting' and deadline_at > $2 and deadline_at <= $3";
        let hour = now.plus(Duration::from_secs(3600));
        counts.overdue = count.up_to(&mut on, due, &[], &[Timestamp(i64::MIN), now]).await?;
        counts.due_within_hour = count.up_to(&mut on, due, &[], &[now, hour]).await?;
        counts.oldest_waiting = count.oldest(&mut on).await?;
        // Parked mail and replies that failed are looked after by who sees all.
        if seen.is_none() {
            counts.parked = parked(&mut on, self.tenant).await?;
            counts.send_trouble = send_trouble(&mut on, self.tenant).await?;
        }
        Ok(counts)
    }
}

/// Counts a tenant's tickets in the queues that are seen; none: in all and in none.
struct Count<'a> {
    tenant: TenantId,
    seen: Option<&'a [String]>,
}

impl Count<'_> {
    /// `and queue in ($4, $5)`, whose values are bound last.
    fn within(&self, first: usize) -> String {
        self.seen.map_or_else(String::new, |seen| format!(" and queue in ({})", placeholders(first, seen.len())))
    }

    fn bind(&self, statement: Sql) -> Sql {
        statement.bind_all(self.seen.unwrap_or_default().iter())
    }

    /// So many of which something holds, at most one more than [`Counts::MAX`]. Texts or moments are `$2` and on.
    async fn up_to(&self, on: &mut Connection, what: &str, texts: &[&str], moments: &[Timestamp]) -> Result<i64> {
        let limit = 2 + texts.len() + moments.len();
        let statement = sql_of(format!(
            "select count(*) from (select 1 from ticket where tenant_id = $1 and {what}{} limit ${limit}) c",
            self.within(limit + 1)
        ))
        .bind(self.tenant)
        .bind_all(texts.iter().copied())
        .bind_all(moments.iter().copied())
        .bind(Counts::MAX + 1);
        self.bind(statement).one(on).await?.get(0)
    }

    /// The open ones, told apart.
    async fn open(&self, on: &mut Connection, agent: Option<AgentId>, counts: &mut Counts) -> Result<()> {
        let mut open = 0;
        let statement = sql_of(format!(
            "select status, queue, category, assignee_id, count(*) from (select status, queue, category, assignee_id \
             from ticket where tenant_id = $1 and status in ('waiting', 'new', 'snoozed'){} limit $2) o \
             group by status, queue, category, assignee_id",
            self.within(3)
        ))
        .bind(self.tenant)
        .bind(Counts::OPEN_MAX + 1);
        for row in self.bind(statement).all(on).await? {
            let mut row = row.reader();
            let waits = row.next::<TicketStatus>()? == TicketStatus::Waiting;
            let (queue, category): (Option<String>, Option<String>) = (row.next()?, row.next()?);
            let (assignee, count): (Option<AgentId>, i64) = (row.next()?, row.next()?);
            open += count;
            if let Some(queue) = queue {
                if waits {
                    *counts.waiting_by_queue.entry(queue.clone()).or_default() += count;
                }
                *counts.by_queue.entry(queue).or_default() += count;
            }
            if let Some(category) = category {
                *counts.by_category.entry(category).or_default() += count;
            }
            match assignee {
                None if waits => counts.unassigned += count,
                Some(one) if waits && Some(one) == agent => counts.mine += count,
                _ => {}
            }
        }
        counts.cut = open > Counts::OPEN_MAX;
        Ok(())
    }

    async fn oldest(&self, on: &mut Connection) -> Result<Option<Timestamp>> {
        let statement = sql_of(format!(
            "select last_message_at from ticket where tenant_id = $1 and status = 'waiting'{} \
             order by last_message_at, id limit 1",
            self.within(2)
        ))
        .bind(self.tenant);
        self.bind(statement).optional(on).await?.map(|row| row.get(0)).transpose()
    }
}

async fn parked(on: &mut Connection, tenant: TenantId) -> Result<i64> {
    sql("select count(*) from (select 1 from message where tenant_id = $1 and outcome = 'parked' limit $2) c")
        .bind(tenant)
        .bind(Counts::MAX + 1)
        .one(on)
        .await?
        .get(0)
}

/// Replies that failed or are uncertain.
pub(crate) async fn send_trouble(on: &mut Connection, tenant: TenantId) -> Result<i64> {
    sql("select count(*) from outbox where tenant_id = $1 and state in ('failed', 'uncertain')")
        .bind(tenant)
        .one(on)
        .await?
        .get(0)
}
