//! Earned autonomy: the level of each category, its history, and the switches that stop everything.
//!
//! What would have been sent is noted in [`drafts`] and compared with what is sent; [`demote`] takes a level back in the very transaction
//! of what speaks against it. No level goes up but by [`Tx::promote_autonomy`], which counts the evidence itself and wants a person.

mod demote;
mod drafts;

pub use drafts::{AutonomyDraft, NewAutonomyDraft, Noted};

use crate::sql::{Connection, Json, Row, sql};
use crate::{Result, Scope, Store, StoreError, Tx};
use posthouse_model::autonomy::{self, Cause, Compared, Evidence, Level, Shortfall};
use posthouse_model::config::AutonomyConfig;
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::{TenantId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Under this key of the host's own facts stands who stopped the automatic replies of all tenants.
const HOUSE_STOP: &str = "autonomy-stopped";
/// Longest reason and detail that is kept, in characters.
const WORDS_CHARS_MAX: usize = 300;

/// A category that is or was more than manual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AutonomyRow {
    /// Which.
    pub category: String,
    /// How far it is answered by itself.
    pub level: Level,
    /// Since when.
    pub since: Timestamp,
    /// Comparisons before this are used up.
    pub counts_since: Timestamp,
    /// It was taken back by itself then, and nobody has said yet that she knows.
    pub demoted_at: Option<Timestamp>,
}

/// A change of a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AutonomyStep {
    /// Its id.
    pub id: i64,
    /// Of which category.
    pub category: String,
    /// When.
    pub at: Timestamp,
    /// From.
    pub was: Level,
    /// To.
    pub became: Level,
    /// Why.
    pub cause: Cause,
    /// Who, as [`Actor::as_text`].
    pub actor: String,
    /// What had been measured then.
    pub evidence: Evidence,
    /// In words, English; may be empty.
    pub detail: String,
    /// What brought it about.
    pub ticket: Option<TicketId>,
    /// Its number.
    pub number: Option<i64>,
}

/// All automatic replies are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Since when.
    pub at: Timestamp,
    /// By whom, as [`Actor::as_text`].
    pub by: String,
    /// Why, in her words; may be empty.
    pub reason: String,
}

macro_rules! select_level {
    ($rest:literal) => {
        concat!("select category, level, since, counts_since, demoted_at from autonomy_level ", $rest)
    };
}

fn read_level(row: &Row) -> Result<AutonomyRow> {
    let mut row = row.reader();
    Ok(AutonomyRow {
        category: row.next()?,
        level: row.next()?,
        since: row.next()?,
        counts_since: row.next()?,
        demoted_at: row.next()?,
    })
}

pub(crate) async fn level_of(on: &mut Connection, tenant: TenantId, category: &str) -> Result<AutonomyRow> {
    let row =
        sql(select_level!("where tenant_id = $1 and category = $2")).bind(tenant).bind(category).optional(on).await?;
    row.as_ref().map(read_level).transpose().map(|row| {
        row.unwrap_or_else(|| AutonomyRow {
            category: category.to_owned(),
            level: Level::Manual,
            since: Timestamp(0),
            counts_since: Timestamp(0),
            demoted_at: None,
        })
    })
}

/// The set-up in force; the usual one where it has none that can be read.
async fn config_of(on: &mut Connection, tenant: TenantId) -> Result<AutonomyConfig> {
    let settings: String = sql("select settings from tenant where id = $1").bind(tenant).one(on).await?.get(0)?;
    let settings = serde_json::from_str::<serde_json::Value>(&settings).unwrap_or_default();
    let autonomy = settings.get("autonomy").and_then(|autonomy| serde_json::from_value(autonomy.clone()).ok());
    Ok(autonomy.unwrap_or_default())
}

/// What was measured in one category since a time.
async fn evidence_of(on: &mut Connection, tenant: TenantId, category: &str, since: Timestamp) -> Result<Evidence> {
    let rows = sql("select compared, count(*) from autonomy_draft where tenant_id = $1 and category = $2 \
         and compared_at > $3 and never = '[]' group by compared")
    .bind(tenant)
    .bind(category)
    .bind(since)
    .all(on)
    .await?;
    let mut evidence = Evidence::default();
    for row in &rows {
        evidence.add(row.get(0)?, u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX));
    }
    Ok(evidence)
}

async fn house_stop(on: &mut Connection) -> Result<Option<Stopped>> {
    let row = sql("select value from meta where key = $1").bind(HOUSE_STOP).optional(on).await?;
    let Some(row) = row else { return Ok(None) };
    let text: String = row.get(0)?;
    // What cannot be read stops everything too: this is the side to err on.
    Ok(match serde_json::from_str(&text) {
        Ok(Some(stopped)) => Some(stopped),
        Ok(None) => None,
        Err(_) => Some(Stopped { at: Timestamp(0), by: "operator".to_owned(), reason: text }),
    })
}

async fn tenant_stop(on: &mut Connection, tenant: TenantId) -> Result<Option<Stopped>> {
    let row =
        sql("select at, by_whom, reason from autonomy_stop where tenant_id = $1").bind(tenant).optional(on).await?;
    row.map(|row| Ok(Stopped { at: row.get(0)?, by: row.get(1)?, reason: row.get(2)? })).transpose()
}

impl Store {
    /// Who stopped the automatic replies of all tenants; none: nobody.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn house_autonomy_stop(&self) -> Result<Option<Stopped>> {
        house_stop(&mut *self.inner.engine.read().await?).await
    }

    /// Stops the automatic replies of all tenants: from this moment none is handed over, whatever was approved before. Each tenant's
    /// record says so.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stop_house_autonomy(&self, reason: &str, actor: &Actor) -> Result<()> {
        let stopped = Stopped { at: self.now(), by: actor.as_text(), reason: shortened(reason) };
        let text = serde_json::to_string(&Some(&stopped)).map_err(|error| StoreError::corrupt(HOUSE_STOP, error))?;
        self.set_meta(HOUSE_STOP, &text).await?;
        self.tell_tenants("autonomy.house-stopped", &json!({ "reason": stopped.reason }), actor).await
    }

    /// Lets the automatic replies of all tenants go on: those that each tenant itself has not stopped. Whether they were stopped.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn resume_house_autonomy(&self, actor: &Actor) -> Result<bool> {
        if self.house_autonomy_stop().await?.is_none() {
            return Ok(false);
        }
        self.set_meta(HOUSE_STOP, "null").await?;
        self.tell_tenants("autonomy.house-resumed", &json!({}), actor).await?;
        Ok(true)
    }

    async fn tell_tenants(&self, kind: &str, data: &serde_json::Value, actor: &Actor) -> Result<()> {
        for tenant in self.tenants().await? {
            let mut tx = self.tenant(tenant.id).begin().await?;
            let (actor, kind, data) = (actor.clone(), kind.to_owned(), data.clone());
            tx.event(NewEvent { actor, kind, subject: "autonomy".to_owned(), data });
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Scope {
    /// The categories that are or were more than manual, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn autonomy_levels(&self) -> Result<Vec<AutonomyRow>> {
        let rows = sql(select_level!("where tenant_id = $1 order by category"))
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_level).collect()
    }

    /// The level of a category.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn autonomy_level(&self, category: &str) -> Result<AutonomyRow> {
        level_of(&mut *self.read().await?, self.tenant, category).await
    }

    /// What counts for the next step, by category: what was compared since the level was last taken back, within the set-up's window.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn autonomy_evidence(&self) -> Result<BTreeMap<String, Evidence>> {
        let now = self.store.now();
        let mut on = self.read().await?;
        let config = config_of(&mut on, self.tenant).await?;
        let rows = sql("select d.category, d.compared, count(*) from autonomy_draft d \
             left join autonomy_level l on l.tenant_id = d.tenant_id and l.category = d.category \
             where d.tenant_id = $1 and d.compared_at >= $2 and d.compared_at > coalesce(l.counts_since, 0) \
             and d.never = '[]' group by d.category, d.compared")
        .bind(self.tenant)
        .bind(now.minus(config.window()))
        .all(&mut on)
        .await?;
        let mut all: BTreeMap<String, Evidence> = BTreeMap::new();
        for row in &rows {
            let (compared, count) = (row.get::<Compared>(1)?, row.get::<i64>(2)?);
            all.entry(row.get(0)?).or_default().add(compared, u32::try_from(count).unwrap_or(u32::MAX));
        }
        Ok(all)
    }

    /// The last changes of levels, the newest first; of one category, or of all.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn autonomy_steps(&self, category: Option<&str>, limit: u32) -> Result<Vec<AutonomyStep>> {
        let rows = sql("select s.id, s.category, s.at, s.was, s.became, s.cause, s.actor, s.evidence, s.detail, s.ticket_id, t.number \
             from autonomy_step s left join ticket t on t.id = s.ticket_id \
             where s.tenant_id = $1 and ($2 = '' or s.category = $2) order by s.id desc limit $3")
        .bind(self.tenant)
        .bind(category.unwrap_or_default())
        .bind(limit)
        .all(&mut *self.read().await?)
        .await?;
        let read = |row: &Row| {
            let mut row = row.reader();
            Ok(AutonomyStep {
                id: row.next()?,
                category: row.next()?,
                at: row.next()?,
                was: row.next()?,
                became: row.next()?,
                cause: row.next()?,
                actor: row.next()?,
                evidence: row.json()?,
                detail: row.next()?,
                ticket: row.next()?,
                number: row.next()?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Who stopped the automatic replies of this tenant; none: nobody here. The host may still have stopped all
    /// ([`Store::house_autonomy_stop`]).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn autonomy_stop(&self) -> Result<Option<Stopped>> {
        tenant_stop(&mut *self.read().await?, self.tenant).await
    }
}

impl Tx {
    /// One step up, with a person's consent: the evidence is counted here, at this moment, and kept with who agreed. `from` is the level
    /// that she saw. Returns the new level.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the evidence is not good enough, or nobody is there to agree; [`StoreError::Conflict`] when the
    /// level is another meanwhile.
    pub async fn promote_autonomy(&mut self, category: &str, from: Level, actor: &Actor) -> Result<Level> {
        if matches!(actor, Actor::Host(_)) {
            return Err(StoreError::refused("a level goes up with a person's consent alone"));
        }
        let category = named(category)?;
        let row = self.autonomy_row(category).await?;
        if row.level != from {
            return Err(StoreError::conflict(format_args!("the level of `{category}`, which is {}", row.level)));
        }
        let config = self.autonomy_config().await?;
        let evidence = self.counted(&row, &config).await?;
        let next = autonomy::may_promote(row.level, evidence, &config).map_err(|lacks| {
            let lacks: Vec<String> = lacks.iter().map(said).collect();
            StoreError::refused(format_args!("`{category}` stays {}: {}", row.level, lacks.join("; ")))
        })?;
        let step = Step { was: &row, became: next, cause: Cause::Consent, evidence, detail: "", ticket: None };
        self.write_step(&step, actor).await?;
        Ok(next)
    }

    /// A person takes a level back, to any below it. What was compared before counts no longer.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is no step down.
    pub async fn take_back_autonomy(&mut self, category: &str, to: Level, reason: &str, actor: &Actor) -> Result<()> {
        let category = named(category)?;
        let row = self.autonomy_row(category).await?;
        if to >= row.level {
            return Err(StoreError::refused(format_args!("`{category}` is {}: {to} is no step down", row.level)));
        }
        let config = self.autonomy_config().await?;
        let evidence = self.counted(&row, &config).await?;
        let detail = shortened(reason);
        let step = Step { was: &row, became: to, cause: Cause::ByHand, evidence, detail: &detail, ticket: None };
        self.write_step(&step, actor).await
    }

    /// Somebody says that she knows of a level that was taken back by itself. Whether there was anything to know.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn acknowledge_autonomy(&mut self, category: &str, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let known = sql("update autonomy_level set demoted_at = null \
             where tenant_id = $1 and category = $2 and demoted_at is not null")
        .bind(tenant)
        .bind(category)
        .run(self.on())
        .await?;
        if known > 0 {
            self.record(actor, "autonomy.acknowledged", format_args!("autonomy:{category}"), json!({}));
        }
        Ok(known > 0)
    }

    /// Stops all automatic replies of the tenant: from this moment none is handed over, whatever was approved before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stop_autonomy(&mut self, reason: &str, actor: &Actor) -> Result<()> {
        let (tenant, now, reason) = (self.tenant(), self.now(), shortened(reason));
        sql("insert into autonomy_stop (tenant_id, at, by_whom, reason) values ($1, $2, $3, $4) \
             on conflict (tenant_id) do nothing")
        .bind(tenant)
        .bind(now)
        .bind(actor.as_text())
        .bind(&reason)
        .run(self.on())
        .await?;
        self.record(actor, "autonomy.stopped", "autonomy", json!({ "reason": reason }));
        Ok(())
    }

    /// Lets the tenant's automatic replies go on. What was held back meanwhile stays with its agents. Whether they were stopped.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn resume_autonomy(&mut self, actor: &Actor) -> Result<bool> {
        let tenant = self.tenant();
        let gone = sql("delete from autonomy_stop where tenant_id = $1").bind(tenant).run(self.on()).await?;
        if gone > 0 {
            self.record(actor, "autonomy.resumed", "autonomy", json!({}));
        }
        Ok(gone > 0)
    }

    pub(crate) async fn autonomy_row(&mut self, category: &str) -> Result<AutonomyRow> {
        let tenant = self.tenant();
        level_of(self.on(), tenant, category).await
    }

    pub(crate) async fn autonomy_config(&mut self) -> Result<AutonomyConfig> {
        let tenant = self.tenant();
        config_of(self.on(), tenant).await
    }

    /// Why nothing may go out by itself at this moment: somebody stopped it, here or for the whole house.
    pub(crate) async fn autonomy_stopped(&mut self) -> Result<Option<Reason>> {
        let tenant = self.tenant();
        let house = house_stop(self.on()).await?;
        let stopped = match house {
            Some(stopped) => Some(stopped),
            None => tenant_stop(self.on(), tenant).await?,
        };
        Ok(stopped.map(|stopped| {
            let words = if stopped.reason.is_empty() { format!("by {}", stopped.by) } else { stopped.reason };
            Reason::new(ReasonCode::AutonomyStopped, words)
        }))
    }

    /// What counts for the next step of a category.
    async fn counted(&mut self, row: &AutonomyRow, config: &AutonomyConfig) -> Result<Evidence> {
        let (tenant, since) = (self.tenant(), self.now().minus(config.window()).max(row.counts_since));
        evidence_of(self.on(), tenant, &row.category, since).await
    }

    /// Writes a new level, its step and its event.
    async fn write_step(&mut self, step: &Step<'_>, actor: &Actor) -> Result<()> {
        let (tenant, now, category) = (self.tenant(), self.now(), step.was.category.as_str());
        let down = step.became < step.was.level;
        // Evidence that led up counts on for the next step; what stood before a fall does not.
        let counts_since = if down { now } else { step.was.counts_since };
        let demoted_at = (down && step.cause.is_automatic()).then_some(now);
        sql("insert into autonomy_level (tenant_id, category, level, since, counts_since, demoted_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, category) do update set level = excluded.level, \
             since = excluded.since, counts_since = excluded.counts_since, demoted_at = excluded.demoted_at")
        .bind(tenant)
        .bind(category)
        .bind(step.became)
        .bind(now)
        .bind(counts_since)
        .bind(demoted_at)
        .run(self.on())
        .await?;
        sql("insert into autonomy_step (tenant_id, category, at, was, became, cause, actor, evidence, detail, ticket_id) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(tenant)
        .bind(category)
        .bind(now)
        .bind(step.was.level)
        .bind(step.became)
        .bind(step.cause)
        .bind(actor.as_text())
        .bind(Json(&step.evidence))
        .bind(step.detail)
        .bind(step.ticket)
        .run(self.on())
        .await?;
        self.record(
            actor,
            if down { "autonomy.demoted" } else { "autonomy.promoted" },
            format_args!("autonomy:{category}"),
            json!({
                "was": step.was.level,
                "now": step.became,
                "cause": step.cause,
                "evidence": step.evidence,
                "ticket": step.ticket,
            }),
        );
        Ok(())
    }
}

/// A change of a level about to be written.
struct Step<'a> {
    was: &'a AutonomyRow,
    became: Level,
    cause: Cause,
    evidence: Evidence,
    detail: &'a str,
    ticket: Option<TicketId>,
}

/// What is lacking, in English.
fn said(lacks: &Shortfall) -> String {
    let percent = |permille: u32| format!("{}.{} %", permille / 10, permille % 10);
    match lacks {
        Shortfall::AtTheTop => "there is no level above".to_owned(),
        Shortfall::TooFew { have, need } => format!("{have} of {need} comparisons were made"),
        Shortfall::Share { have_permille, need_percent } => format!(
            "it is sure of {} of the drafts only that they are sent as proposed, and {need_percent} % are needed",
            percent(*have_permille)
        ),
        Shortfall::Rejected { have_permille, most_percent } => {
            format!("{} were rejected, and at most {most_percent} % may be", percent(*have_permille))
        }
    }
}

fn named(category: &str) -> Result<&str> {
    let category = category.trim();
    if category.is_empty() || category.len() > 64 {
        return Err(StoreError::refused("name a category, in 1 to 64 bytes"));
    }
    Ok(category)
}

fn shortened(words: &str) -> String {
    words.trim().chars().take(WORDS_CHARS_MAX).collect()
}
