//! What plugins logged: the newest lines of each.

use crate::sql::{placeholders, sql, sql_of};
use crate::{Result, Scope, Tx};
use posthouse_model::decision::{LogLevel, NewDecision};
use posthouse_model::release::Stage;
use posthouse_model::{TicketId, Timestamp};
use serde::Serialize;

/// Lines of one plugin that are kept; more for a short while, between two cleanings.
pub const LINES_KEPT: i64 = 5_000;
/// Lines between two cleanings.
const CLEANED_EVERY: i64 = 500;
/// Lines written by one statement.
const ROWS_PER_STATEMENT: usize = 40;
const COLUMNS_OF_ONE: usize = 6;

/// A line. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogRow {
    /// Its id: later lines have larger ones.
    pub id: i64,
    /// The plugin.
    pub plugin: String,
    /// Number of its release.
    pub release: i64,
    /// As what it was called.
    pub stage: Stage,
    /// On which ticket.
    pub ticket: Option<TicketId>,
    /// When the call was recorded.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub text: String,
}

impl Scope {
    /// The newest lines, oldest first: of one plugin or all, those after a line when given, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn plugin_log(&self, plugin: Option<&str>, after: i64, limit: u32) -> Result<Vec<LogRow>> {
        let rows = sql("select id, plugin, release, stage, ticket_id, at, level, text from plugin_log \
             where tenant_id = $1 and (plugin = $2 or $2 = '') and id > $3 order by id desc limit $4")
        .bind(self.tenant)
        .bind(plugin.unwrap_or_default())
        .bind(after)
        .bind(limit)
        .all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .rev()
            .map(|row| {
                let mut row = row.reader();
                Ok(LogRow {
                    id: row.next()?,
                    plugin: row.next()?,
                    release: row.next()?,
                    stage: row.next()?,
                    ticket: row.next()?,
                    at: row.next()?,
                    level: row.next()?,
                    text: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    pub(crate) async fn add_log(&mut self, decisions: &[NewDecision]) -> Result<()> {
        let lines: Vec<_> =
            decisions.iter().flat_map(|decision| decision.log.iter().map(move |l| (decision, l))).collect();
        let (tenant, now) = (self.tenant(), self.now());
        for lines in lines.chunks(ROWS_PER_STATEMENT) {
            let slots: Vec<String> = (0..lines.len())
                .map(|n| format!("($1, $2, {})", placeholders(3 + n * COLUMNS_OF_ONE, COLUMNS_OF_ONE)))
                .collect();
            let mut statement = sql_of(format!(
                "insert into plugin_log (tenant_id, at, plugin, release, stage, ticket_id, level, text) values {} \
                 returning id",
                slots.join(", ")
            ))
            .bind(tenant)
            .bind(now);
            for (decision, line) in lines {
                statement = statement
                    .bind(&decision.plugin)
                    .bind(decision.call.release)
                    .bind(decision.call.stage)
                    .bind(decision.ticket)
                    .bind(line.level)
                    .bind(&line.text);
            }
            let mut cleaning = false;
            for row in statement.all(self.on()).await? {
                cleaning |= row.get::<i64>(0)? % CLEANED_EVERY == 0;
            }
            if cleaning {
                self.clean_log().await?;
            }
        }
        Ok(())
    }

    /// Lines beyond [`LINES_KEPT`] go, of every plugin of the tenant.
    async fn clean_log(&mut self) -> Result<()> {
        let tenant = self.tenant();
        let plugins =
            sql("select distinct plugin from plugin_log where tenant_id = $1").bind(tenant).all(self.on()).await?;
        for row in plugins {
            let plugin: String = row.get(0)?;
            sql("delete from plugin_log where tenant_id = $1 and plugin = $2 and id <= (select id from plugin_log \
                 where tenant_id = $1 and plugin = $2 order by id desc limit 1 offset $3)")
            .bind(tenant)
            .bind(&plugin)
            .bind(LINES_KEPT)
            .run(self.on())
            .await?;
        }
        Ok(())
    }
}
