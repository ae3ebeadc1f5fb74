//! Calls of the client's own model: each on record, the day's total against its budget.

use crate::sql::{Row, sql, sql_of};
use crate::{Result, Scope, Tx};
use posthouse_model::event::Actor;
use posthouse_model::{TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// A call of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCall {
    /// When.
    pub at: Timestamp,
    /// For which ticket.
    pub ticket: Option<TicketId>,
    /// The plugin that asked.
    pub plugin: String,
    /// The version of what made the prompt: of the plugin, or of the host where it asked itself.
    pub version: String,
    /// The model's name.
    pub model: String,
    /// As the provider counted.
    pub tokens_in: i64,
    /// As the provider counted.
    pub tokens_out: i64,
    /// Wall time in milliseconds.
    pub duration_ms: i64,
    /// `ok`, or why it failed; never a key.
    pub outcome: String,
    /// In millionths of the unit of `currency`; 0 where no price is set up.
    pub cost: i64,
    /// ISO 4217; empty where no price is set up.
    pub currency: String,
}

/// A day's total.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelUse {
    /// Calls made.
    pub calls: i64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// Tokens set aside for calls under way. What a worker set aside before it died stays so until the day is over:
    /// a budget is kept rather than overrun.
    pub reserved: i64,
    /// What the calls cost, in millionths of the unit of the currency that the price is in. A day on which the currency was changed has
    /// both in one sum.
    pub cost: i64,
    /// Set aside for calls under way, as `reserved`.
    pub cost_reserved: i64,
}

/// What was set aside for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetAside {
    /// Tokens.
    pub tokens: i64,
    /// Money, in millionths of the currency's unit.
    pub cost: i64,
}

/// What a call of a model may need, and how much there is.
#[derive(Clone, Copy, Debug)]
pub struct ModelReservation<'a> {
    /// The tenant's local calendar day, `2026-03-01`.
    pub day: &'a str,
    /// Who asks.
    pub plugin: &'a str,
    /// What the call may use at most, input and output.
    pub tokens: i64,
    /// What the tenant may use in a day.
    pub tenant_tokens: i64,
    /// What the call may cost at most, in millionths of the currency's unit.
    pub cost: i64,
    /// What the tenant's calls may cost in a day; none: no bound.
    pub tenant_cost: Option<i64>,
    /// What the plugin may use in a day; none: no bound of its own.
    pub plugin_tokens: Option<i64>,
    /// How often it may call in a day; none: no bound of its own.
    pub plugin_calls: Option<i64>,
}

/// Whether there is as much as a call may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It is set aside.
    Yes,
    /// The plugin has used up its own part; nothing is set aside.
    PluginOverBudget,
    /// The tenant has used up its day, in tokens or in money; nothing is set aside.
    TenantOverBudget,
}

/// What a plugin used in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PluginModelUse {
    /// Calls made, those under way and those that failed among them.
    pub calls: i64,
    /// Tokens sent and received.
    pub tokens: i64,
    /// Tokens set aside for calls under way; see [`ModelUse::reserved`].
    pub reserved: i64,
}

impl Scope {
    /// What a plugin used in a day.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn plugin_model_use(&self, plugin: &str, day: &str) -> Result<PluginModelUse> {
        let row = sql("select calls, tokens, reserved from plugin_model_use \
             where tenant_id = $1 and plugin = $2 and day = $3")
        .bind(self.tenant)
        .bind(plugin)
        .bind(day)
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(PluginModelUse::default()) };
        let mut row = row.reader();
        Ok(PluginModelUse { calls: row.next()?, tokens: row.next()?, reserved: row.next()? })
    }

    /// A day's total. `day` is the tenant's local calendar day, `2026-03-01`.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn model_use(&self, day: &str) -> Result<ModelUse> {
        let row = sql("select calls, tokens_in, tokens_out, reserved, cost, cost_reserved from model_use \
             where tenant_id = $1 and day = $2")
        .bind(self.tenant)
        .bind(day)
        .optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else { return Ok(ModelUse::default()) };
        read_use(&row)
    }

    /// The total of some days, both among them.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn model_use_between(&self, first: &str, last: &str) -> Result<ModelUse> {
        let row = sql("select cast(coalesce(sum(calls), 0) as bigint), cast(coalesce(sum(tokens_in), 0) as bigint), \
             cast(coalesce(sum(tokens_out), 0) as bigint), cast(coalesce(sum(reserved), 0) as bigint), \
             cast(coalesce(sum(cost), 0) as bigint), cast(coalesce(sum(cost_reserved), 0) as bigint) from model_use \
             where tenant_id = $1 and day >= $2 and day <= $3")
        .bind(self.tenant)
        .bind(first)
        .bind(last)
        .one(&mut *self.read().await?)
        .await?;
        read_use(&row)
    }

    /// The newest calls, newest first, at most 500.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn model_calls(&self, limit: u32) -> Result<Vec<ModelCall>> {
        let rows = sql_of(format!("select {COLUMNS} from model_call where tenant_id = $1 order by id desc limit $2"))
            .bind(self.tenant)
            .bind(limit.min(500))
            .all(&mut *self.read().await?)
            .await?;
        rows.iter().map(|row| read(row, 0)).collect()
    }
}

fn read_use(row: &Row) -> Result<ModelUse> {
    let mut row = row.reader();
    Ok(ModelUse {
        calls: row.next()?,
        tokens_in: row.next()?,
        tokens_out: row.next()?,
        reserved: row.next()?,
        cost: row.next()?,
        cost_reserved: row.next()?,
    })
}

/// Of `model_call`, in the order that [`read`] takes them.
pub(crate) const COLUMNS: &str =
    "at, ticket_id, plugin, version, model, tokens_in, tokens_out, duration_ms, outcome, cost, currency";

/// From a column on.
pub(crate) fn read(row: &Row, from: usize) -> Result<ModelCall> {
    let mut row = row.reader_from(from);
    Ok(ModelCall {
        at: row.next()?,
        ticket: row.next()?,
        plugin: row.next()?,
        version: row.next()?,
        model: row.next()?,
        tokens_in: row.next()?,
        tokens_out: row.next()?,
        duration_ms: row.next()?,
        outcome: row.next()?,
        cost: row.next()?,
        currency: row.next()?,
    })
}

impl Tx {
    /// Sets tokens aside for a call, out of what the plugin may use in the day and out of what the tenant may: both or neither.
    /// The call itself is counted now. Commit before calling the model, and give the tokens back with
    /// [`Tx::record_model_call`] whatever came of it.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn reserve_model_call(&mut self, wanted: &ModelReservation<'_>) -> Result<Reserved> {
        let (tenant, tokens) = (self.tenant(), wanted.tokens.max(0));
        sql("insert into plugin_model_use (tenant_id, plugin, day, calls, tokens, reserved) values ($1, $2, $3, 0, 0, 0) \
             on conflict (tenant_id, plugin, day) do nothing")
        .bind(tenant)
        .bind(wanted.plugin)
        .bind(wanted.day)
        .run(self.on())
        .await?;
        let own = sql("update plugin_model_use set calls = calls + 1, reserved = reserved + $1 \
             where tenant_id = $2 and plugin = $3 and day = $4 and calls < $5 and tokens + reserved + $1 <= $6")
        .bind(tokens)
        .bind(tenant)
        .bind(wanted.plugin)
        .bind(wanted.day)
        .bind(wanted.plugin_calls.unwrap_or(i64::MAX))
        .bind(wanted.plugin_tokens.unwrap_or(i64::MAX))
        .run(self.on())
        .await?;
        if own == 0 {
            return Ok(Reserved::PluginOverBudget);
        }
        if self.reserve_day(wanted).await? {
            return Ok(Reserved::Yes);
        }
        sql("update plugin_model_use set calls = calls - 1, reserved = reserved - $1 \
             where tenant_id = $2 and plugin = $3 and day = $4")
        .bind(tokens)
        .bind(tenant)
        .bind(wanted.plugin)
        .bind(wanted.day)
        .run(self.on())
        .await?;
        Ok(Reserved::TenantOverBudget)
    }

    async fn reserve_day(&mut self, wanted: &ModelReservation<'_>) -> Result<bool> {
        let tenant = self.tenant();
        sql("insert into model_use (tenant_id, day, calls, tokens_in, tokens_out, reserved) values ($1, $2, 0, 0, 0, 0) \
             on conflict (tenant_id, day) do nothing")
        .bind(tenant)
        .bind(wanted.day)
        .run(self.on())
        .await?;
        let reserved = sql("update model_use set reserved = reserved + $1, cost_reserved = cost_reserved + $2 \
             where tenant_id = $3 and day = $4 and tokens_in + tokens_out + reserved + $1 <= $5 \
             and cost + cost_reserved + $2 <= $6")
        .bind(wanted.tokens.max(0))
        .bind(wanted.cost.max(0))
        .bind(tenant)
        .bind(wanted.day)
        .bind(wanted.tenant_tokens)
        .bind(wanted.tenant_cost.unwrap_or(i64::MAX))
        .run(self.on())
        .await?;
        Ok(reserved > 0)
    }

    /// Records a call, adds it to the day it was reserved on, and gives back what was set aside for it. Gives its id.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn record_model_call(
        &mut self,
        day: &str,
        aside: SetAside,
        call: &ModelCall,
        actor: &Actor,
    ) -> Result<i64> {
        let tenant = self.tenant();
        sql("insert into model_use (tenant_id, day, calls, tokens_in, tokens_out, reserved, cost) \
             values ($1, $2, 1, $3, $4, 0, $5) \
             on conflict (tenant_id, day) do update set calls = model_use.calls + 1, \
             tokens_in = model_use.tokens_in + excluded.tokens_in, \
             tokens_out = model_use.tokens_out + excluded.tokens_out, \
             cost = model_use.cost + excluded.cost, \
             reserved = case when model_use.reserved > $6 then model_use.reserved - $6 else 0 end, \
             cost_reserved = case when model_use.cost_reserved > $7 then model_use.cost_reserved - $7 else 0 end")
        .bind(tenant)
        .bind(day)
        .bind(call.tokens_in)
        .bind(call.tokens_out)
        .bind(call.cost)
        .bind(aside.tokens.max(0))
        .bind(aside.cost.max(0))
        .run(self.on())
        .await?;
        sql("update plugin_model_use set tokens = tokens + $1, \
             reserved = case when reserved > $2 then reserved - $2 else 0 end \
             where tenant_id = $3 and plugin = $4 and day = $5")
        .bind(call.tokens_in.saturating_add(call.tokens_out))
        .bind(aside.tokens.max(0))
        .bind(tenant)
        .bind(&call.plugin)
        .bind(day)
        .run(self.on())
        .await?;
        let id = sql(
            "insert into model_call (tenant_id, at, ticket_id, plugin, model, tokens_in, tokens_out, duration_ms, \
             outcome, cost, currency, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
        )
        .bind(tenant)
        .bind(call.at)
        .bind(call.ticket)
        .bind(&call.plugin)
        .bind(&call.model)
        .bind(call.tokens_in)
        .bind(call.tokens_out)
        .bind(call.duration_ms)
        .bind(&call.outcome)
        .bind(call.cost)
        .bind(&call.currency)
        .bind(&call.version)
        .one(self.on())
        .await?
        .get::<i64>(0)?;
        let subject =
            call.ticket.map_or_else(|| format!("plugin:{}", call.plugin), |ticket| format!("ticket:{ticket}"));
        self.record(
            actor,
            "model.called",
            subject,
            json!({
                "plugin": call.plugin,
                "version": call.version,
                "model": call.model,
                "tokens_in": call.tokens_in,
                "tokens_out": call.tokens_out,
                "cost": call.cost,
                "currency": call.currency,
                "outcome": call.outcome,
            }),
        );
        Ok(id)
    }
}
