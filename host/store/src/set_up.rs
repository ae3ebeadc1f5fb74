//! The set-up as it is changed on the desk: by a person, a part at a time, as one transaction with what it was before. What the desk
//! says so and the tenant's folder does not is remembered until a folder is applied.

use crate::sql::{Connection, Json, sql};
use crate::{NewMailbox, NewPlugin, Result, Scope, StoreError, Tx};
use posthouse_model::config::{Difference, TenantConfig, differences, paths_touch};
use posthouse_model::event::Actor;
use posthouse_model::{TenantId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// A part of the set-up that somebody set on the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskSetting {
    /// `digest.at`, `queues.returns.title.en`
    pub path: String,
    /// Who ([`Actor::as_text`]).
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

impl DeskSetting {
    /// Whether a change at this path would take it away, or change it.
    #[must_use]
    pub fn is_touched_by(&self, path: &str) -> bool {
        paths_touch(&self.path, path)
    }
}

/// Longest value that an event holds, in bytes of its JSON; of a longer one it holds the beginning.
const VALUE_BYTES_MAX: usize = 2_000;

impl Scope {
    /// What was set on the desk since the folder was last applied, by path.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn desk_settings(&self) -> Result<Vec<DeskSetting>> {
        let rows = sql("select path, changed_by, changed_at from desk_setting where tenant_id = $1 order by path")
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .map(|row| Ok(DeskSetting { path: row.get(0)?, changed_by: row.get(1)?, changed_at: row.get(2)? }))
            .collect()
    }
}

impl Tx {
    /// The set-up as it is in this transaction: what a change is checked against and made from.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a newer host wrote it.
    pub async fn set_up(&mut self) -> Result<TenantConfig> {
        let tenant = self.tenant();
        let settings: Json<Value> =
            sql("select settings from tenant where id = $1").bind(tenant).one(self.on()).await?.get(0)?;
        let mut config: TenantConfig = serde_json::from_value(settings.0).map_err(|_| {
            StoreError::refused(format_args!(
                "the set-up was written by a newer host, which must change it: apply the team's folder again with this one"
            ))
        })?;
        config.complete();
        Ok(config)
    }

    /// Writes another set-up in the place of the one in force, which must be what [`Tx::set_up`] gave in this transaction and must
    /// have been found sound. Mailboxes and plugins' settings follow; running hosts take it over within seconds. One event says
    /// what changed from what to what. Returns what changed; empty: nothing did, and nothing was written.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn change_set_up(
        &mut self,
        now: &TenantConfig,
        next: &TenantConfig,
        actor: &Actor,
    ) -> Result<Vec<Difference>> {
        let changes = differences(&now.document(), &next.document());
        if changes.is_empty() {
            return Ok(changes);
        }
        let (tenant, at) = (self.tenant(), self.now());
        // Two changes within one reading of the clock are two.
        sql("update tenant set name = $1, language = $2, time_zone = $3, settings = $4, \
             applied_at = case when applied_at < $5 then $5 else applied_at + 1 end where id = $6")
        .bind(&next.name)
        .bind(&next.agent_language)
        .bind(&next.time_zone)
        .bind(Json(next))
        .bind(at)
        .bind(tenant)
        .run(self.on())
        .await?;
        for path in changes.iter().map(Difference::path) {
            sql("insert into desk_setting (tenant_id, path, changed_by, changed_at) values ($1, $2, $3, $4) \
                 on conflict (tenant_id, path) do update set changed_by = excluded.changed_by, changed_at = excluded.changed_at")
            .bind(tenant)
            .bind(path)
            .bind(actor.as_text())
            .bind(at)
            .run(self.on())
            .await?;
        }
        self.record(
            actor,
            "setup.changed",
            "tenant",
            json!({ "changes": changes.iter().map(told).collect::<Vec<_>>() }),
        );
        if now.mailboxes != next.mailboxes {
            self.follow_mailboxes(next, actor).await?;
        }
        self.follow_plugins(now, next, actor).await?;
        Ok(changes)
    }

    async fn follow_mailboxes(&mut self, next: &TenantConfig, actor: &Actor) -> Result<()> {
        let mut named = Vec::new();
        for mailbox in &next.mailboxes {
            let settings = serde_json::to_value(mailbox)
                .map_err(|error| StoreError::corrupt(format_args!("mailbox `{}`", mailbox.name), error))?;
            let new = NewMailbox { name: mailbox.name.clone(), address: mailbox.address.clone(), settings };
            let id = self.upsert_mailbox(&new, actor).await?;
            self.set_mailbox_active(id, mailbox.enabled, actor).await?;
            named.push(id);
        }
        self.keep_mailboxes(&named, actor).await
    }

    /// Settings that changed are another release of the plugin, as with a folder: it can be rolled back.
    async fn follow_plugins(&mut self, now: &TenantConfig, next: &TenantConfig, actor: &Actor) -> Result<()> {
        let changed = |name: &str| {
            let settings = |config: &TenantConfig| config.plugin(name).map(|plugin| plugin.settings.clone());
            settings(next).filter(|wanted| settings(now).as_ref() != Some(wanted))
        };
        let mut plugins = Vec::new();
        let mut any = false;
        for row in self.plugin_rows().await? {
            let plugin = match changed(&row.plugin.name) {
                Some(settings) => {
                    any = true;
                    NewPlugin { settings: Value::Object(settings), ..row.plugin }
                }
                None => row.plugin,
            };
            plugins.push(plugin);
        }
        if any { self.set_plugins(&plugins, actor).await } else { Ok(()) }
    }
}

/// A folder was applied: what the desk says is what the folder says.
pub(crate) async fn folder_was_applied(on: &mut Connection, tenant: TenantId) -> Result<()> {
    sql("delete from desk_setting where tenant_id = $1").bind(tenant).run(on).await?;
    Ok(())
}

fn told(change: &Difference) -> Value {
    let brief = |value: &Option<Value>| match value {
        None => Value::Null,
        Some(value) => {
            let text = value.to_string();
            if text.len() <= VALUE_BYTES_MAX {
                value.clone()
            } else {
                let end = (0..=VALUE_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                Value::String(format!("{}…", &text[..end]))
            }
        }
    };
    json!({ "path": change.path(), "from": brief(&change.from), "to": brief(&change.to) })
}
