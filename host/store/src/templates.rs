//! Templates of replies: what drafters write from, each with what it said before.

use crate::sql::{Connection, Json, Row, sql};
use crate::{PluginRow, Result, Scope, StoreError, Tx};
use posthouse_model::config::PluginConfig;
use posthouse_model::decision::World;
use posthouse_model::event::Actor;
use posthouse_model::template::{Template, is_template_name, templates_in};
use posthouse_model::{TenantId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};

/// A stored template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateRow {
    /// What it says.
    #[serde(flatten)]
    pub template: Template,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts up with every change.
    pub version: i64,
    /// Who changed it last ([`Actor::as_text`]); empty where nobody knows any more.
    pub changed_by: String,
}

impl TemplateRow {
    /// Somebody wrote it on the desk, so the tenant's folder may not have it.
    #[must_use]
    pub fn is_from_the_desk(&self) -> bool {
        self.changed_by.starts_with("agent:")
    }
}

/// What a template said from some moment on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateVersion {
    /// Counts up with every change.
    pub version: i64,
    /// What it said; none: it was removed.
    pub template: Option<Template>,
    /// Who changed it.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// What became of a change on the desk.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateSaved {
    /// It is the version of this number now.
    As(i64),
    /// Nothing was written: somebody else changed it meanwhile to this, or removed it.
    Changed(Option<Box<TemplateRow>>),
}

/// Largest template, fields and text, in bytes: as a file of the tenant's folder.
pub const TEMPLATE_BYTES_MAX: usize = 256 * 1024;
/// Most templates of a tenant that can be written on the desk.
pub const TEMPLATES_MAX: usize = 2_000;
/// So many versions of a template are kept, the newest.
pub const TEMPLATE_VERSIONS_MAX: i64 = 50;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select plugin, id, front, body, updated_at, version, changed_by from template where tenant_id = $1 ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<TemplateRow> {
    let mut row = row.reader();
    Ok(TemplateRow {
        template: Template { plugin: row.next()?, id: row.next()?, front: row.json()?, body: row.next()? },
        updated_at: row.next()?,
        version: row.next()?,
        changed_by: row.next()?,
    })
}

/// Names of the plugins whose templates are rows, and not in their settings as an earlier host had them.
async fn with_rows(on: &mut Connection, tenant: TenantId) -> Result<HashSet<String>> {
    let rows = sql("select distinct plugin from template_version where tenant_id = $1").bind(tenant).all(on).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The templates that an earlier host kept in a drafter's settings.
fn from_settings(row: &PluginRow) -> Vec<TemplateRow> {
    let Some(settings) = row.plugin.settings.as_object().filter(|_| row.plugin.world == World::Drafter) else {
        return Vec::new();
    };
    let templates = templates_in(&row.plugin.name, settings).unwrap_or_default().into_iter();
    let row = |template| TemplateRow { template, updated_at: row.installed_at, version: 1, changed_by: String::new() };
    templates.map(row).collect()
}

async fn all(on: &mut Connection, tenant: TenantId, plugins: &[PluginRow]) -> Result<Vec<TemplateRow>> {
    let rows = sql(select!("order by plugin, id")).bind(tenant).all(on).await?;
    let mut rows = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let known = with_rows(on, tenant).await?;
    rows.extend(plugins.iter().filter(|row| !known.contains(&row.plugin.name)).flat_map(from_settings));
    rows.sort_by(|a, b| (&a.template.plugin, &a.template.id).cmp(&(&b.template.plugin, &b.template.id)));
    Ok(rows)
}

impl Scope {
    /// All, by drafter and name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn templates(&self) -> Result<Vec<TemplateRow>> {
        let plugins = self.plugins().await?;
        all(&mut *self.read().await?, self.tenant, &plugins).await
    }

    /// Of each drafter whose templates are kept here, all of them: they come into its settings when it is loaded. A drafter that is
    /// not named has those of its settings.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn templates_by_drafter(&self) -> Result<BTreeMap<String, Vec<TemplateRow>>> {
        let mut on = self.read().await?;
        let mut by_drafter: BTreeMap<String, Vec<TemplateRow>> =
            with_rows(&mut on, self.tenant).await?.into_iter().map(|name| (name, Vec::new())).collect();
        for row in sql(select!("order by plugin, id")).bind(self.tenant).all(&mut on).await? {
            let row = read(&row)?;
            by_drafter.entry(row.template.plugin.clone()).or_default().push(row);
        }
        Ok(by_drafter)
    }

    /// What a template said before and says now, the newest first: at most [`TEMPLATE_VERSIONS_MAX`]. Empty where it never changed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn template_versions(&self, plugin: &str, id: &str) -> Result<Vec<TemplateVersion>> {
        sql("select version, front, body, changed_by, changed_at from template_version \
             where tenant_id = $1 and plugin = $2 and id = $3 order by version desc")
        .bind(self.tenant)
        .bind(plugin)
        .bind(id)
        .all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            let mut row = row.reader();
            let (version, front, body) =
                (row.next()?, row.json::<Map<String, Value>>()?, row.next::<Option<String>>()?);
            let template = body.map(|body| Template { plugin: plugin.to_owned(), id: id.to_owned(), front, body });
            Ok(TemplateVersion { version, template, changed_by: row.next()?, changed_at: row.next()? })
        })
        .collect()
    }
}

impl Tx {
    /// Sets the whole set. What does not change is left alone; an event for each that is added, changed or removed. Call it after
    /// [`Tx::set_plugins`].
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a name that comes twice for one drafter.
    pub async fn set_templates(&mut self, templates: &[Template], actor: &Actor) -> Result<()> {
        let mut keys = HashSet::new();
        for template in templates {
            if !keys.insert((template.plugin.as_str(), template.id.as_str())) {
                return Err(StoreError::refused(format_args!(
                    "the template `{}` comes twice for `{}`: remove one",
                    template.id, template.plugin
                )));
            }
        }
        let tenant = self.tenant();
        let before = sql(select!("order by plugin, id")).bind(tenant).all(self.on()).await?;
        let before = before.iter().map(read).collect::<Result<Vec<_>>>()?;
        let key = |row: &TemplateRow| (row.template.plugin.clone(), row.template.id.clone());
        for old in before.iter().filter(|old| !keys.contains(&(&*old.template.plugin, &*old.template.id))) {
            self.drop_template(old, actor).await?;
        }
        for template in templates {
            let old = before.iter().find(|old| key(old) == (template.plugin.clone(), template.id.clone()));
            if old.is_none_or(|old| old.template != *template) {
                self.put_template(template, old, &actor.as_text(), actor).await?;
            }
        }
        Ok(())
    }

    /// Writes a template on the desk, if it still is the version that it was made from; 0: it is new. Running hosts take it over
    /// within seconds. Whether its drafter takes it is the caller's to see to.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for one without a text or a category, beyond [`TEMPLATE_BYTES_MAX`], with a name that no file can have,
    /// for a plugin that is no drafter with templates, and for more than [`TEMPLATES_MAX`].
    pub async fn save_template(&mut self, template: &Template, base: i64, actor: &Actor) -> Result<TemplateSaved> {
        if template.body.is_empty() || template.category().is_empty() {
            return Err(StoreError::refused("a template needs a category and a text"));
        }
        let size = template.body.len() + template.front.values().map(|value| value.to_string().len()).sum::<usize>();
        if size > TEMPLATE_BYTES_MAX {
            return Err(StoreError::refused(format_args!(
                "the template has {size} bytes and may have {TEMPLATE_BYTES_MAX}: shorten it"
            )));
        }
        if !is_template_name(&template.id) {
            return Err(StoreError::refused(format_args!("`{}` cannot be the name of a file", template.id)));
        }
        let rows = self.adopt(&template.plugin, actor).await?;
        let old = rows.iter().find(|row| row.template.id == template.id && row.template.plugin == template.plugin);
        if old.map_or(0, |old| old.version) != base {
            return Ok(TemplateSaved::Changed(old.cloned().map(Box::new)));
        }
        if let Some(old) = old.filter(|old| old.template == *template) {
            return Ok(TemplateSaved::As(old.version));
        }
        if old.is_none() && rows.len() >= TEMPLATES_MAX {
            return Err(StoreError::refused(format_args!(
                "there are {TEMPLATES_MAX} templates, which is the most: remove one first"
            )));
        }
        let version = self.put_template(template, old, &actor.as_text(), actor).await?;
        self.set_up_changed().await?;
        Ok(TemplateSaved::As(version))
    }

    /// Removes a template on the desk, if it still is the version that the person saw. What it said stays among its versions.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a plugin that is no drafter with templates.
    pub async fn remove_template(&mut self, plugin: &str, id: &str, base: i64, actor: &Actor) -> Result<TemplateSaved> {
        let rows = self.adopt(plugin, actor).await?;
        match rows.into_iter().find(|row| row.template.plugin == plugin && row.template.id == id) {
            Some(old) if old.version == base => {
                self.drop_template(&old, actor).await?;
                self.set_up_changed().await?;
                Ok(TemplateSaved::As(base + 1))
            }
            other => Ok(TemplateSaved::Changed(other.map(Box::new))),
        }
    }

    /// All templates. Those of this drafter are rows from now on, if an earlier host kept them in its settings.
    async fn adopt(&mut self, plugin: &str, actor: &Actor) -> Result<Vec<TemplateRow>> {
        let tenant = self.tenant();
        let row = self.plugin_row(plugin).await?.filter(|row| row.plugin.world == World::Drafter);
        let Some(row) = row else {
            return Err(StoreError::refused(format_args!("`{plugin}` is no drafter of this team")));
        };
        let known = with_rows(self.on(), tenant).await?;
        if !known.contains(plugin) {
            for old in from_settings(&row) {
                self.put_template(&old.template, None, "", actor).await?;
            }
        }
        all(self.on(), tenant, &[]).await
    }

    async fn put_template(
        &mut self,
        template: &Template,
        old: Option<&TemplateRow>,
        by: &str,
        actor: &Actor,
    ) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        let version = self.next_template_version(&template.plugin, &template.id).await?;
        sql("insert into template (tenant_id, plugin, id, front, body, updated_at, version, changed_by) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) \
             on conflict (tenant_id, plugin, id) do update set front = excluded.front, body = excluded.body, \
             updated_at = excluded.updated_at, version = excluded.version, changed_by = excluded.changed_by")
        .bind(tenant)
        .bind(&template.plugin)
        .bind(&template.id)
        .bind(Json(&template.front))
        .bind(&template.body)
        .bind(now)
        .bind(version)
        .bind(by)
        .run(self.on())
        .await?;
        self.keep_template_version(template, version, Some(&template.body), by).await?;
        let kind = if old.is_some() { "template.changed" } else { "template.added" };
        self.record_template(template, kind, actor);
        Ok(version)
    }

    async fn drop_template(&mut self, old: &TemplateRow, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let version = self.next_template_version(&old.template.plugin, &old.template.id).await?;
        sql("delete from template where tenant_id = $1 and plugin = $2 and id = $3")
            .bind(tenant)
            .bind(&old.template.plugin)
            .bind(&old.template.id)
            .run(self.on())
            .await?;
        self.keep_template_version(&old.template, version, None, &actor.as_text()).await?;
        self.record_template(&old.template, "template.removed", actor);
        Ok(())
    }

    async fn next_template_version(&mut self, plugin: &str, id: &str) -> Result<i64> {
        let tenant = self.tenant();
        sql("select coalesce(max(version), 0) + 1 from template_version \
             where tenant_id = $1 and plugin = $2 and id = $3")
        .bind(tenant)
        .bind(plugin)
        .bind(id)
        .one(self.on())
        .await?
        .get(0)
    }

    async fn keep_template_version(
        &mut self,
        template: &Template,
        version: i64,
        body: Option<&str>,
        by: &str,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("insert into template_version (tenant_id, plugin, id, version, front, body, changed_by, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(tenant)
        .bind(&template.plugin)
        .bind(&template.id)
        .bind(version)
        .bind(Json(&template.front))
        .bind(body)
        .bind(by)
        .bind(now)
        .run(self.on())
        .await?;
        sql("delete from template_version where tenant_id = $1 and plugin = $2 and id = $3 and version <= $4")
            .bind(tenant)
            .bind(&template.plugin)
            .bind(&template.id)
            .bind(version - TEMPLATE_VERSIONS_MAX)
            .run(self.on())
            .await?;
        Ok(())
    }

    fn record_template(&mut self, template: &Template, kind: &str, actor: &Actor) {
        let data = json!({
            "plugin": template.plugin, "category": template.category(), "language": template.language(),
            "country": template.country(),
        });
        self.record(actor, kind, format_args!("template:{}", template.id), data);
    }
}

/// Whether templates can be written on the desk for this plugin of a set-up.
#[must_use]
pub fn takes_templates(row: &PluginRow, config: &PluginConfig) -> bool {
    row.plugin.world == World::Drafter && config.takes_templates()
}
