//! A tenant's plugins.

use crate::sql::{Json, Row, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::Timestamp;
use posthouse_model::capability::Grants;
use posthouse_model::decision::World;
use posthouse_model::event::Actor;
use posthouse_model::limits::Limits;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// A plugin as the tenant's folder describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewPlugin {
    /// Its name in this tenant; unique per tenant.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// The plugin's own version.
    pub version: String,
    /// Of its component, which must be stored.
    pub digest: String,
    /// For the plugin.
    pub settings: serde_json::Value,
    /// What it may do.
    pub grants: Grants,
    /// What it asks for in one call; what it gets is settled when it is loaded.
    #[serde(default)]
    pub limits: Limits,
}

/// An installed plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginRow {
    /// What it is.
    #[serde(flatten)]
    pub plugin: NewPlugin,
    /// Its place in the tenant's list, from 0.
    pub position: i64,
    /// When this component with these settings and grants was installed.
    pub installed_at: Timestamp,
    /// Number of the release that this is; see [`ReleaseRow`](crate::ReleaseRow).
    pub release: i64,
}

/// What a write to a plugin's row is part of.
pub(crate) enum Installing {
    /// A release that becomes active, in its plugin's old place or at the end of the list.
    Release(i64),
    /// A set-up, which says the place.
    SetUp { release: i64, position: i64, installed_at: Timestamp },
}

/// A component must be stored before a plugin is made of it.
pub(crate) async fn check_component(tx: &mut Tx, plugin: &NewPlugin) -> Result<()> {
    let stored = sql("select 1 from component where digest = $1").bind(&plugin.digest).optional(tx.on()).await?;
    if stored.is_none() {
        return Err(StoreError::refused(format_args!(
            "the component of plugin `{}` is not stored (digest {})",
            plugin.name, plugin.digest
        )));
    }
    Ok(())
}

const SELECT: &str = "select name, world, version, digest, settings, grants, limits, position, installed_at, release from plugin \
     where tenant_id = $1 order by position";

fn read(row: &Row) -> Result<PluginRow> {
    let mut row = row.reader();
    Ok(PluginRow {
        plugin: NewPlugin {
            name: row.next()?,
            world: row.next()?,
            version: row.next()?,
            digest: row.next()?,
            settings: row.json()?,
            grants: row.json()?,
            limits: row.json()?,
        },
        position: row.next()?,
        installed_at: row.next()?,
        release: row.next()?,
    })
}

impl Scope {
    /// All, in their order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn plugins(&self) -> Result<Vec<PluginRow>> {
        sql(SELECT).bind(self.tenant).all(&mut *self.read().await?).await?.iter().map(read).collect()
    }
}

impl Tx {
    /// Sets the whole list, in order. What does not change is left alone; an event for each that is added, changed or
    /// removed.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a name that comes twice or a component that is not stored.
    pub async fn set_plugins(&mut self, plugins: &[NewPlugin], actor: &Actor) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let mut names = HashSet::new();
        for plugin in plugins {
            if !names.insert(plugin.name.as_str()) {
                return Err(StoreError::refused(format_args!("two plugins are called `{}`: rename one", plugin.name)));
            }
            check_component(self, plugin).await?;
        }
        let before = sql(SELECT).bind(tenant).all(self.on()).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
        for old in before.iter().filter(|old| !names.contains(old.plugin.name.as_str())) {
            sql("delete from plugin where tenant_id = $1 and name = $2")
                .bind(tenant)
                .bind(&old.plugin.name)
                .run(self.on())
                .await?;
            self.retire_all(&old.plugin.name).await?;
            self.record(actor, "plugin.removed", format_args!("plugin:{}", old.plugin.name), json!({}));
        }
        for (plugin, position) in plugins.iter().zip(0_i64..) {
            let old = before.iter().find(|old| old.plugin.name == plugin.name);
            let changed = old.is_none_or(|old| old.plugin != *plugin);
            if !changed && old.is_some_and(|old| old.position == position) {
                continue;
            }
            let installed_at = old.filter(|_| !changed).map_or(now, |old| old.installed_at);
            let release = match old {
                Some(old) if !changed => old.release,
                _ => self.release_for(plugin, actor).await?,
            };
            self.put_plugin(plugin, Installing::SetUp { release, position, installed_at }).await?;
            let kind = match (changed, old.is_some()) {
                (false, _) => "plugin.moved",
                (true, false) => "plugin.installed",
                (true, true) => "plugin.changed",
            };
            self.record(
                actor,
                kind,
                format_args!("plugin:{}", plugin.name),
                json!({ "world": plugin.world, "version": plugin.version, "digest": plugin.digest, "position": position }),
            );
        }
        Ok(())
    }

    /// All plugins' rows in their order, as they are in this transaction.
    pub(crate) async fn plugin_rows(&mut self) -> Result<Vec<PluginRow>> {
        let tenant = self.tenant();
        sql(SELECT).bind(tenant).all(self.on()).await?.iter().map(read).collect()
    }

    /// One plugin's row, as it is in this transaction.
    pub(crate) async fn plugin_row(&mut self, name: &str) -> Result<Option<PluginRow>> {
        Ok(self.plugin_rows().await?.into_iter().find(|row| row.plugin.name == name))
    }

    /// Writes one plugin's row.
    pub(crate) async fn put_plugin(&mut self, plugin: &NewPlugin, installing: Installing) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let (release, position, installed_at) = match installing {
            Installing::SetUp { release, position, installed_at } => (release, position, installed_at),
            Installing::Release(release) => {
                let position = match self.plugin_row(&plugin.name).await? {
                    Some(row) => row.position,
                    None => sql("select coalesce(max(position), -1) + 1 from plugin where tenant_id = $1")
                        .bind(tenant)
                        .one(self.on())
                        .await?
                        .get(0)?,
                };
                (release, position, now)
            }
        };
        sql("insert into plugin (tenant_id, name, world, version, digest, settings, grants, limits, position, installed_at, \
             release) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (tenant_id, name) do update set \
             world = excluded.world, version = excluded.version, digest = excluded.digest, \
             settings = excluded.settings, grants = excluded.grants, limits = excluded.limits, \
             position = excluded.position, installed_at = excluded.installed_at, release = excluded.release")
        .bind(tenant)
        .bind(&plugin.name)
        .bind(plugin.world)
        .bind(&plugin.version)
        .bind(&plugin.digest)
        .bind(Json(&plugin.settings))
        .bind(Json(&plugin.grants))
        .bind(Json(&plugin.limits))
        .bind(position)
        .bind(installed_at)
        .bind(release)
        .run(self.on())
        .await?;
        Ok(())
    }
}
