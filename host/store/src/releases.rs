//! Releases of plugins: what was installed under a name over time, and which of it is called.
//!
//! The row in `plugin` is what answers; `plugin_release` keeps that, what came before it and what may follow. Every step is
//! one transaction: whoever loads the tenant sees the state before it or the one after.

use crate::plugins::{self, Installing};
use crate::sql::{Json, Row, sql, sql_of};
use crate::{NewPlugin, Result, Scope, StoreError, Tx};
use posthouse_model::Timestamp;
use posthouse_model::capability::Grants;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_model::release::{RELEASES_KEPT, ReleaseState, ReleaseUse};
use serde::Serialize;
use serde_json::json;

/// A release about to be installed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRelease {
    /// What it is.
    pub plugin: NewPlugin,
    /// What the tenant grants, before it was narrowed to what the package asks for; none: the same as the grants.
    pub allowance: Option<Grants>,
    /// Where it came from, for people: a file's name, a registry's address. At most 200 bytes are kept.
    pub source: String,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReleaseRow {
    /// 1, 2, 3 … per plugin.
    pub number: i64,
    /// What it is.
    #[serde(flatten)]
    pub plugin: NewPlugin,
    /// See [`NewRelease::allowance`].
    pub allowance: Option<Grants>,
    /// See [`NewRelease::source`]; empty for what came with the tenant's folder.
    pub source: String,
    /// How far it has got.
    pub state: ReleaseState,
    /// Per cent of the tickets that it answers for, while it is a canary.
    pub share: u32,
    /// Who installed it, as [`Actor::as_text`].
    pub made_by: String,
    /// When it was installed.
    pub created_at: Timestamp,
    /// When it came to its state.
    pub changed_at: Timestamp,
    /// When it last became the active one.
    pub activated_at: Option<Timestamp>,
    /// Why it was taken back or given up.
    pub reason: Option<String>,
    /// What the last replay found, as its report says.
    pub replay: Option<serde_json::Value>,
}

/// What rolling back did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RolledBack {
    /// The release that was taken back.
    pub from: i64,
    /// The one that answers now instead; none when a candidate was taken back, beside which the active one stays.
    pub to: Option<i64>,
}

const COLUMNS: &str = "number, plugin, world, version, digest, settings, grants, limits, allowance, source, state, share, \
     made_by, created_at, changed_at, activated_at, reason, replay";
const SOURCE_BYTES_MAX: usize = 200;

fn read(row: &Row) -> Result<ReleaseRow> {
    let mut row = row.reader();
    Ok(ReleaseRow {
        number: row.next()?,
        plugin: NewPlugin {
            name: row.next()?,
            world: row.next()?,
            version: row.next()?,
            digest: row.next()?,
            settings: row.json()?,
            grants: row.json()?,
            limits: row.json()?,
        },
        allowance: row.next::<Option<Json<Grants>>>()?.map(|json| json.0),
        source: row.next()?,
        state: row.next()?,
        share: u32::try_from(row.next::<i64>()?).unwrap_or(0),
        made_by: row.next()?,
        created_at: row.next()?,
        changed_at: row.next()?,
        activated_at: row.next()?,
        reason: row.next()?,
        replay: row.next::<Option<Json<serde_json::Value>>>()?.map(|json| json.0),
    })
}

impl Scope {
    /// Releases of one plugin, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn releases(&self, plugin: &str) -> Result<Vec<ReleaseRow>> {
        sql_of(format!(
            "select {COLUMNS} from plugin_release where tenant_id = $1 and plugin = $2 order by number desc"
        ))
        .bind(self.tenant)
        .bind(plugin)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Of all plugins, those that are in one of these states, by plugin.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn releases_in(&self, states: &[ReleaseState]) -> Result<Vec<ReleaseRow>> {
        let places = crate::sql::placeholders(2, states.len());
        sql_of(format!(
            "select {COLUMNS} from plugin_release where tenant_id = $1 and state in ({places}) order by plugin, number"
        ))
        .bind(self.tenant)
        .bind_all(states.iter().copied())
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Names of the plugins that have a release to go back to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn plugins_with_predecessor(&self) -> Result<Vec<String>> {
        sql("select distinct plugin from plugin_release where tenant_id = $1 and state = 'retired' order by plugin")
            .bind(self.tenant)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect()
    }

    /// What each release of a plugin did, the newest first: over the decisions that are kept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release_use(&self, plugin: &str) -> Result<Vec<ReleaseUse>> {
        let rows =
            sql("select release, stage, count(*), cast(sum(case when error is null then 0 else 1 end) as bigint), \
             cast(avg(duration_us) as bigint), max(at) from decision where tenant_id = $1 and plugin = $2 \
             group by release, stage order by release desc, stage")
            .bind(self.tenant)
            .bind(plugin)
            .all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .map(|row| {
                let mut row = row.reader();
                Ok(ReleaseUse {
                    release: row.next()?,
                    stage: row.next()?,
                    calls: row.next()?,
                    failed: row.next()?,
                    mean_us: row.next()?,
                    last_at: row.next()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Installs a release as its plugin's candidate; its number. A candidate that was there before is withdrawn.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when its component is not stored, or its world is not that of the active release.
    pub async fn install_release(&mut self, new: &NewRelease, actor: &Actor) -> Result<i64> {
        let name = &new.plugin.name;
        if let Some(active) = self.plugin_row(name).await?
            && active.plugin.world != new.plugin.world
        {
            return Err(StoreError::refused(format_args!(
                "`{name}` is a {} and this is a {}: install it under another name",
                active.plugin.world, new.plugin.world
            )));
        }
        let tenant = self.tenant();
        let before = sql("select number from plugin_release where tenant_id = $1 and plugin = $2 and state in \
             ('installed', 'shadow', 'canary')")
        .bind(tenant)
        .bind(name)
        .optional(self.on())
        .await?;
        if let Some(row) = before {
            let number = row.get(0)?;
            self.end_release(name, number, ReleaseState::Withdrawn, "another release was installed", actor).await?;
        }
        let number = self.add_release(new, ReleaseState::Installed, actor).await?;
        let data = json!({ "release": number, "version": new.plugin.version, "digest": new.plugin.digest, "source": new.source });
        self.record(actor, "plugin.release-installed", subject(name), data);
        self.prune_releases(name).await?;
        Ok(number)
    }

    /// Brings a candidate to one of the stages before it answers for everything. `share` is per cent, 1 to 100, for
    /// [`ReleaseState::Canary`], and is not looked at for others.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when it is no candidate, when nothing is active that it could run
    /// beside, for a share out of range and for a state that is not one of a candidate.
    pub async fn stage_release(
        &mut self,
        plugin: &str,
        number: i64,
        state: ReleaseState,
        share: u32,
        actor: &Actor,
    ) -> Result<()> {
        let row = self.release(plugin, number).await?;
        if !row.state.is_candidate() || !state.is_candidate() {
            return Err(StoreError::refused(format_args!(
                "release {number} of `{plugin}` is {}: only a candidate can become {state}; install it again",
                row.state
            )));
        }
        let share = if state == ReleaseState::Canary { share } else { 0 };
        if state == ReleaseState::Canary && !(1..=100).contains(&share) {
            return Err(StoreError::refused(format_args!("a share of {share} % is out of range: 1 to 100")));
        }
        if self.plugin_row(plugin).await?.is_none() {
            return Err(StoreError::refused(format_args!(
                "no release of `{plugin}` is active that this one could run beside: activate it"
            )));
        }
        let (tenant, now) = (self.tenant(), self.now());
        sql("update plugin_release set state = $1, share = $2, changed_at = $3, reason = null \
             where tenant_id = $4 and plugin = $5 and number = $6")
        .bind(state)
        .bind(share)
        .bind(now)
        .bind(tenant)
        .bind(plugin)
        .bind(number)
        .run(self.on())
        .await?;
        let data = json!({ "release": number, "state": state, "share": share });
        self.record(actor, "plugin.release-staged", subject(plugin), data);
        self.set_up_changed().await
    }

    /// Makes a release the active one. The one before it retires, and can be brought back by [`Tx::roll_back`]. The tenant's
    /// applied set-up gets its settings and grants.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when its world is not that of the active one.
    pub async fn activate_release(&mut self, plugin: &str, number: i64, actor: &Actor) -> Result<()> {
        let row = self.release(plugin, number).await?;
        if row.state == ReleaseState::Active {
            return Ok(());
        }
        let before = self.plugin_row(plugin).await?;
        if let Some(before) = &before
            && before.plugin.world != row.plugin.world
        {
            return Err(StoreError::refused(format_args!(
                "`{plugin}` is a {} and release {number} is a {}",
                before.plugin.world, row.plugin.world
            )));
        }
        if let Some(before) = &before {
            self.set_release_state(plugin, before.release, ReleaseState::Retired, None).await?;
        }
        self.put_active(&row).await?;
        let data = json!({
            "release": number, "version": row.plugin.version, "digest": row.plugin.digest,
            "instead_of": before.map(|before| before.release),
        });
        self.record(actor, "plugin.release-activated", subject(plugin), data);
        self.set_up_changed().await
    }

    /// Takes a release back: the one named by `from`, else what was changed last, which is a candidate that is called if there
    /// is one and the active release otherwise. In the place of an active one comes the one that was active before it, or `to`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when there is nothing to go back to, and for a release that is
    /// neither active nor a candidate that is called.
    pub async fn roll_back(
        &mut self,
        plugin: &str,
        from: Option<i64>,
        to: Option<i64>,
        reason: &str,
        actor: &Actor,
    ) -> Result<RolledBack> {
        let rows = self.release_rows(plugin).await?;
        let active = rows.iter().find(|row| row.state == ReleaseState::Active);
        let candidate = rows.iter().find(|row| row.state.is_candidate() && row.state.is_called());
        let taken = match from {
            Some(number) => rows.iter().find(|row| row.number == number).ok_or_else(|| missing(plugin, number))?,
            None if to.is_some() => active.ok_or_else(|| none_active(plugin))?,
            None => candidate.or(active).ok_or_else(|| none_active(plugin))?,
        };
        match taken.state {
            ReleaseState::Active => {}
            state if state.is_candidate() && state.is_called() => {
                self.end_release(plugin, taken.number, ReleaseState::RolledBack, reason, actor).await?;
                return Ok(RolledBack { from: taken.number, to: None });
            }
            state => {
                let number = taken.number;
                return Err(StoreError::refused(format_args!("release {number} of `{plugin}` is {state}")));
            }
        }
        let target = match to {
            Some(number) => rows.iter().find(|row| row.number == number && row.number != taken.number),
            None => rows
                .iter()
                .filter(|row| row.state == ReleaseState::Retired)
                .max_by_key(|row| (row.activated_at, row.number)),
        };
        let Some(target) = target else {
            return Err(match to {
                Some(number) => StoreError::not_found(format_args!("another release {number} of `{plugin}`")),
                None => StoreError::refused(format_args!(
                    "release {} is the first of `{plugin}`: there is none to go back to",
                    taken.number
                )),
            });
        };
        self.set_release_state(plugin, taken.number, ReleaseState::RolledBack, Some(reason)).await?;
        self.put_active(target).await?;
        let done = RolledBack { from: taken.number, to: Some(target.number) };
        let data = json!({ "from": done.from, "to": done.to, "reason": reason });
        self.record(actor, "plugin.rolled-back", subject(plugin), data);
        self.set_up_changed().await?;
        Ok(done)
    }

    /// Gives a candidate up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] when it is no candidate.
    pub async fn withdraw_release(&mut self, plugin: &str, number: i64, reason: &str, actor: &Actor) -> Result<()> {
        let row = self.release(plugin, number).await?;
        if !row.state.is_candidate() {
            return Err(StoreError::refused(format_args!("release {number} of `{plugin}` is {}", row.state)));
        }
        self.end_release(plugin, number, ReleaseState::Withdrawn, reason, actor).await
    }

    /// Keeps what a replay of a release found.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_replay(
        &mut self,
        plugin: &str,
        number: i64,
        report: &serde_json::Value,
        actor: &Actor,
    ) -> Result<()> {
        let tenant = self.tenant();
        let touched = sql("update plugin_release set replay = $1 where tenant_id = $2 and plugin = $3 and number = $4")
            .bind(Json(report))
            .bind(tenant)
            .bind(plugin)
            .bind(number)
            .run(self.on())
            .await?;
        if touched == 0 {
            return Err(missing(plugin, number));
        }
        self.record(actor, "plugin.replayed", subject(plugin), json!({ "release": number }));
        Ok(())
    }

    /// The release as it is in this transaction.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn release(&mut self, plugin: &str, number: i64) -> Result<ReleaseRow> {
        let rows = self.release_rows(plugin).await?;
        rows.into_iter().find(|row| row.number == number).ok_or_else(|| missing(plugin, number))
    }

    async fn release_rows(&mut self, plugin: &str) -> Result<Vec<ReleaseRow>> {
        let tenant = self.tenant();
        sql_of(format!(
            "select {COLUMNS} from plugin_release where tenant_id = $1 and plugin = $2 order by number desc"
        ))
        .bind(tenant)
        .bind(plugin)
        .all(self.on())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The release that a set-up brings for a plugin: the one that has just this, else a new one. It becomes the active one,
    /// and the one before retires; the row of the plugin itself is the caller's to write.
    pub(crate) async fn release_for(&mut self, plugin: &NewPlugin, actor: &Actor) -> Result<i64> {
        let name = &plugin.name;
        let rows = self.release_rows(name).await?;
        if let Some(active) = rows.iter().find(|row| row.state == ReleaseState::Active) {
            self.set_release_state(name, active.number, ReleaseState::Retired, None).await?;
        }
        let known = rows.iter().find(|row| row.plugin == *plugin && row.state != ReleaseState::RolledBack);
        let number = match known {
            Some(row) => row.number,
            None => {
                let new = NewRelease { plugin: plugin.clone(), allowance: None, source: String::new() };
                self.add_release(&new, ReleaseState::Active, actor).await?
            }
        };
        self.mark_active(name, number).await?;
        self.prune_releases(name).await?;
        Ok(number)
    }

    /// A plugin that is no longer in the set-up has no active release and no candidate.
    pub(crate) async fn retire_all(&mut self, plugin: &str) -> Result<()> {
        for row in self.release_rows(plugin).await? {
            let state = match row.state {
                ReleaseState::Active => ReleaseState::Retired,
                state if state.is_candidate() => ReleaseState::Withdrawn,
                _ => continue,
            };
            self.set_release_state(plugin, row.number, state, Some("the plugin was removed")).await?;
        }
        Ok(())
    }

    async fn add_release(&mut self, new: &NewRelease, state: ReleaseState, actor: &Actor) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        plugins::check_component(self, &new.plugin).await?;
        let number: i64 =
            sql("select coalesce(max(number), 0) + 1 from plugin_release where tenant_id = $1 and plugin = $2")
                .bind(tenant)
                .bind(&new.plugin.name)
                .one(self.on())
                .await?
                .get(0)?;
        let source = new.source.char_indices().take_while(|(at, c)| at + c.len_utf8() <= SOURCE_BYTES_MAX);
        sql(
            "insert into plugin_release (tenant_id, plugin, number, world, version, digest, settings, grants, limits, \
             allowance, source, state, share, made_by, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $14)",
        )
        .bind(tenant)
        .bind(&new.plugin.name)
        .bind(number)
        .bind(new.plugin.world)
        .bind(&new.plugin.version)
        .bind(&new.plugin.digest)
        .bind(Json(&new.plugin.settings))
        .bind(Json(&new.plugin.grants))
        .bind(Json(&new.plugin.limits))
        .bind(new.allowance.as_ref().map(Json))
        .bind(source.map(|(_, c)| c).collect::<String>())
        .bind(state)
        .bind(actor.as_text())
        .bind(now)
        .run(self.on())
        .await?;
        Ok(number)
    }

    async fn put_active(&mut self, row: &ReleaseRow) -> Result<()> {
        let name = &row.plugin.name;
        self.mark_active(name, row.number).await?;
        self.put_plugin(&row.plugin, Installing::Release(row.number)).await?;
        self.put_into_set_up(row).await
    }

    async fn mark_active(&mut self, plugin: &str, number: i64) -> Result<()> {
        self.set_release_state(plugin, number, ReleaseState::Active, None).await?;
        let (tenant, now) = (self.tenant(), self.now());
        sql("update plugin_release set activated_at = $1, share = 100 where tenant_id = $2 and plugin = $3 and number = $4")
            .bind(now)
            .bind(tenant)
            .bind(plugin)
            .bind(number)
            .run(self.on())
            .await?;
        Ok(())
    }

    async fn end_release(
        &mut self,
        plugin: &str,
        number: i64,
        state: ReleaseState,
        reason: &str,
        actor: &Actor,
    ) -> Result<()> {
        self.set_release_state(plugin, number, state, Some(reason)).await?;
        let data = json!({ "release": number, "state": state, "reason": reason });
        self.record(actor, "plugin.release-ended", subject(plugin), data);
        self.set_up_changed().await
    }

    async fn set_release_state(
        &mut self,
        plugin: &str,
        number: i64,
        state: ReleaseState,
        reason: Option<&str>,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update plugin_release set state = $1, changed_at = $2, reason = $3 \
             where tenant_id = $4 and plugin = $5 and number = $6")
        .bind(state)
        .bind(now)
        .bind(reason)
        .bind(tenant)
        .bind(plugin)
        .bind(number)
        .run(self.on())
        .await?;
        Ok(())
    }

    /// Older ones that are neither called nor waiting go, beyond [`RELEASES_KEPT`].
    async fn prune_releases(&mut self, plugin: &str) -> Result<()> {
        let tenant = self.tenant();
        let old: Vec<i64> = self
            .release_rows(plugin)
            .await?
            .iter()
            .skip(RELEASES_KEPT)
            .filter(|row| row.state != ReleaseState::Active && !row.state.is_candidate())
            .map(|row| row.number)
            .collect();
        for number in old {
            sql("delete from plugin_release where tenant_id = $1 and plugin = $2 and number = $3")
                .bind(tenant)
                .bind(plugin)
                .bind(number)
                .run(self.on())
                .await?;
        }
        Ok(())
    }

    /// What was applied gets the settings and grants of a release, so that it goes on saying what is in force.
    async fn put_into_set_up(&mut self, row: &ReleaseRow) -> Result<()> {
        let tenant = self.tenant();
        let settings: Json<serde_json::Value> =
            sql("select settings from tenant where id = $1").bind(tenant).one(self.on()).await?.get(0)?;
        // Only a set-up that this host wrote is understood; another one is left as it is.
        let Ok(mut config) = serde_json::from_value::<TenantConfig>(settings.0) else { return Ok(()) };
        let name = &row.plugin.name;
        let entry = match config.plugins.iter_mut().find(|plugin| plugin.name == *name) {
            Some(entry) => entry,
            None => {
                let component = (!row.source.is_empty()).then(|| row.source.clone());
                config.plugins.push(PluginConfig::new(name, component));
                #[expect(clippy::expect_used, reason = "it was pushed on the line before")]
                config.plugins.last_mut().expect("an entry")
            }
        };
        entry.settings = row.plugin.settings.as_object().cloned().unwrap_or_default();
        entry.grants = row.allowance.clone().unwrap_or_else(|| row.plugin.grants.clone());
        sql("update tenant set settings = $1 where id = $2").bind(Json(&config)).bind(tenant).run(self.on()).await?;
        Ok(())
    }

    /// Lets running hosts see that this tenant is to be loaded again.
    pub(crate) async fn set_up_changed(&mut self) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        // Two changes within one tick of the clock are two changes.
        sql("update tenant set applied_at = case when applied_at >= $1 then applied_at + 1 else $1 end where id = $2")
            .bind(now)
            .bind(tenant)
            .run(self.on())
            .await?;
        Ok(())
    }
}

fn subject(plugin: &str) -> String {
    format!("plugin:{plugin}")
}

fn none_active(plugin: &str) -> StoreError {
    StoreError::not_found(format_args!("an active release of plugin `{plugin}`"))
}

fn missing(plugin: &str, number: i64) -> StoreError {
    StoreError::not_found(format_args!("release {number} of plugin `{plugin}`"))
}
