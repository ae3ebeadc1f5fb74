//! A tenant as it runs: its applied set-up and its plugins, loaded.

use crate::house::House;
use crate::knowledge::Knowledge;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::config::{MailboxConfig, PluginConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::limits::CallBounds;
use posthouse_model::release::{PATIENCE, ReleaseState};
use posthouse_model::template::put_in;
use posthouse_model::{MailboxId, TenantId, Timestamp};
use posthouse_sandbox::{CallGate, CallLimits, Lane, Plugin, PluginSpec};
use posthouse_store::{ArticleStamp, MailboxRow, NewPlugin, PluginRow, Scope, StoreError, TemplateRow, TenantRow};
use std::sync::Arc;
use std::time::Duration;

/// How many plugin calls of one tenant run at once, and how long a further one waits: one tenant's slow plugins
/// never take the house's slots from another.
const CALLS_PER_TENANT_MAX: u32 = 16;
const CALL_WAIT_MAX: Duration = Duration::from_secs(30);

/// A tenant, loaded. Never changes: a new set-up is a new value.
pub struct Tenant {
    /// As applied.
    pub row: TenantRow,
    /// What was applied.
    pub config: TenantConfig,
    /// Its rows.
    pub scope: Scope,
    /// Bounds its plugin calls.
    pub gate: CallGate,
    /// Where they compute.
    pub lane: Lane,
    plugins: Vec<Installed>,
    mailboxes: Vec<Mailbox>,
    knowledge: Arc<Knowledge>,
    /// What the knowledge was made of.
    articles: Vec<ArticleStamp>,
}

/// A mailbox and how it is set up.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// As stored.
    pub row: MailboxRow,
    /// Its way in and out.
    pub config: MailboxConfig,
}

/// One release of a plugin, ready to be called.
pub struct Release {
    /// The plugin's name in this tenant.
    pub name: String,
    /// Number of the release.
    pub number: i64,
    /// The plugin's own version.
    pub version: String,
    /// Of its component.
    pub digest: String,
    /// How much of the tenant's model is its own, where it may call it at all.
    pub model: ModelAllowance,
    /// Loaded, or why not.
    pub plugin: Result<Arc<Plugin>, String>,
}

/// A release that answers for a share of the tickets.
pub struct Canary {
    /// Which.
    pub release: Release,
    /// Per cent of the tickets.
    pub share: u32,
}

/// A plugin of a tenant.
pub struct Installed {
    /// As stored.
    pub row: PluginRow,
    /// The release that answers.
    pub release: Release,
    /// The one that answers for a share, if there is one.
    pub canary: Option<Canary>,
    /// The one that is asked beside, if there is one.
    pub shadow: Option<Arc<Release>>,
    /// There is a release to go back to.
    pub has_predecessor: bool,
}

impl Installed {
    /// Its name in this tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.row.plugin.name
    }

    /// The active release, loaded, or why not.
    ///
    /// # Errors
    /// In words, why it could not be loaded.
    pub fn plugin(&self) -> Result<&Arc<Plugin>, &str> {
        self.release.plugin.as_ref().map_err(String::as_str)
    }

    /// Whether the active release is watched, and may be rolled back by itself.
    #[must_use]
    pub fn on_probation(&self, now: Timestamp) -> bool {
        self.has_predecessor && now.since(self.row.installed_at) < PATIENCE.probation
    }
}

impl Tenant {
    /// Loads a tenant; from what it was `before` is taken what did not change and is dear to make.
    pub(crate) async fn load(house: &House, row: TenantRow, before: Option<Arc<Self>>) -> Result<Self, StoreError> {
        let scope = house.store().tenant(row.id);
        let mut config: TenantConfig = match serde_json::from_value(row.tenant.settings.clone()) {
            Ok(config) => config,
            Err(error) => {
                // Written by `tenant apply` after validation: only a newer host's set-up gets here.
                tracing::error!(tenant.id = %row.id, %error, "the tenant's set-up cannot be understood; apply it again with this host");
                TenantConfig::new(&row.tenant.slug, &row.tenant.name)
            }
        };
        // It was applied complete; a set-up of before there were providers is as complete.
        config.complete();
        let mailboxes = scope
            .mailboxes()
            .await?
            .into_iter()
            .filter(|row| row.active)
            .filter_map(|row| {
                let config = config.mailbox(&row.mailbox.name)?.clone();
                Some(Mailbox { row, config })
            })
            .collect();
        let candidates = scope.releases_in(&[ReleaseState::Shadow, ReleaseState::Canary]).await?;
        let predecessors = scope.plugins_with_predecessor().await?;
        let templates = scope.templates_by_drafter().await?;
        let mut plugins = Vec::new();
        for plugin_row in scope.plugins().await? {
            if config.plugin(&plugin_row.plugin.name).is_some_and(|p| !p.enabled) {
                continue;
            }
            let written = templates.get(&plugin_row.plugin.name).map(Vec::as_slice);
            let plugin = with_templates(&plugin_row.plugin, written);
            let mut release = load_release(house, row.id, &config, &plugin, plugin_row.release).await?;
            if let (Err(reason), Some(written)) = (&release.plugin, written) {
                // What came with the folder was tried when it was applied.
                tracing::error!(
                    tenant.id = %row.id, plugin = %plugin.name, reason, "it is tried without the templates written on the desk"
                );
                let applied: Vec<_> = written.iter().filter(|one| !one.is_from_the_desk()).cloned().collect();
                if applied.len() < written.len() {
                    let plugin = with_templates(&plugin_row.plugin, Some(&applied));
                    release = load_release(house, row.id, &config, &plugin, plugin_row.release).await?;
                }
            }
            let has_predecessor = predecessors.contains(&plugin_row.plugin.name);
            let mut installed = Installed { row: plugin_row, release, canary: None, shadow: None, has_predecessor };
            let name = installed.name().to_owned();
            for candidate in candidates.iter().filter(|candidate| candidate.plugin.name == name) {
                let plugin = with_templates(&candidate.plugin, written);
                let release = load_release(house, row.id, &config, &plugin, candidate.number).await?;
                match candidate.state {
                    ReleaseState::Canary => installed.canary = Some(Canary { release, share: candidate.share }),
                    _ => installed.shadow = Some(Arc::new(release)),
                }
            }
            plugins.push(installed);
        }
        let articles = scope.article_stamps().await?;
        let knowledge = match before.filter(|before| before.articles == articles) {
            Some(before) => Arc::clone(&before.knowledge),
            None => Arc::new(index(&scope).await?),
        };
        Ok(Self {
            knowledge,
            articles,
            lane: house.sandbox().lane(),
            gate: CallGate::new(CALLS_PER_TENANT_MAX, CALL_WAIT_MAX),
            row,
            config,
            scope,
            plugins,
            mailboxes,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.row.id
    }

    /// Its name in addresses.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.row.tenant.slug
    }

    /// The plugins of a world, in their order.
    pub fn plugins(&self, world: World) -> impl Iterator<Item = &Installed> {
        self.plugins.iter().filter(move |p| p.row.plugin.world == world)
    }

    /// All plugins.
    #[must_use]
    pub fn all_plugins(&self) -> &[Installed] {
        &self.plugins
    }

    /// The notifier of that name.
    #[must_use]
    pub fn notifier(&self, name: &str) -> Option<&Installed> {
        self.plugins(World::Notifier).find(|p| p.name() == name)
    }

    /// Its set-up in the tenant's folder.
    #[must_use]
    pub fn plugin_config(&self, name: &str) -> Option<&PluginConfig> {
        self.config.plugin(name)
    }

    /// Its articles.
    #[must_use]
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Active mailboxes.
    #[must_use]
    pub fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// The active mailbox with this id.
    #[must_use]
    pub fn mailbox(&self, id: MailboxId) -> Option<&Mailbox> {
        self.mailboxes.iter().find(|m| m.row.id == id)
    }

    /// Every address that is ours.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<String> {
        self.mailboxes
            .iter()
            .flat_map(|m| std::iter::once(&m.config.address).chain(&m.config.aliases))
            .cloned()
            .collect()
    }

    /// Notifiers of this list that are there; the tenant's default ones when the list names none that is.
    #[must_use]
    pub fn notifiers_or_default<'a>(&'a self, wanted: &'a [String]) -> Vec<&'a str> {
        let known = |names: &'a [String]| -> Vec<&'a str> {
            let mut found = Vec::new();
            for name in names {
                if self.notifier(name).is_some() && !found.contains(&name.as_str()) {
                    found.push(name.as_str());
                }
            }
            found
        };
        let found = known(wanted);
        if found.is_empty() { known(&self.config.notify.notifiers) } else { found }
    }
}

/// Ten thousand articles take seconds on a slow machine, in which everybody else's work goes on.
async fn index(scope: &Scope) -> Result<Knowledge, StoreError> {
    let articles = scope.articles().await?.into_iter().map(|row| row.article).collect();
    match tokio::task::spawn_blocking(|| Knowledge::new(articles)).await {
        Ok(knowledge) => Ok(knowledge),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The process is stopping: nobody will search.
            Err(_) => Ok(Knowledge::default()),
        },
    }
}

/// The plugin with these templates in the place of those of its settings; none: as it is.
pub(crate) fn with_templates(plugin: &NewPlugin, templates: Option<&[TemplateRow]>) -> NewPlugin {
    let mut plugin = plugin.clone();
    if let Some(templates) = templates {
        put_in(&mut plugin.settings, templates.iter().map(|row| &row.template));
    }
    plugin
}

pub(crate) async fn load_release(
    house: &House,
    tenant: TenantId,
    config: &TenantConfig,
    plugin: &NewPlugin,
    number: i64,
) -> Result<Release, StoreError> {
    let loaded = load_plugin(house, config, plugin).await?;
    if let Err(reason) = &loaded {
        tracing::error!(
            tenant.id = %tenant, plugin = %plugin.name, release = number, reason, "plugin not loaded; its fallback applies"
        );
    }
    Ok(Release {
        name: plugin.name.clone(),
        number,
        version: plugin.version.clone(),
        digest: plugin.digest.clone(),
        model: plugin.grants.model.unwrap_or_default(),
        plugin: loaded,
    })
}

/// Loads a plugin as far as this host allows now: what its operator allows may have changed since the tenant was applied.
pub(crate) async fn load_plugin(
    house: &House,
    config: &TenantConfig,
    plugin: &NewPlugin,
) -> Result<Result<Arc<Plugin>, String>, StoreError> {
    let ceiling = house.ceiling();
    let mut excesses = ceiling.excesses(&plugin.grants);
    let tenant_gives = config.plugin(&plugin.name).map(|entry| entry.limits).unwrap_or_default();
    let bounds = plugin.limits.settle(&tenant_gives, &ceiling.limits).unwrap_or_else(|beyond| {
        excesses.extend(beyond);
        CallBounds::default()
    });
    if !excesses.is_empty() {
        let words: Vec<_> = excesses.iter().map(ToString::to_string).collect();
        return Ok(Err(words.join(". ")));
    }
    let mut spec = PluginSpec {
        name: plugin.name.clone(),
        version: plugin.version.clone(),
        component: [].into(),
        settings: plugin.settings.to_string(),
        grants: plugin.grants.clone(),
        limits: CallLimits::from(&bounds),
    };
    // Most tenants run what others run: only the first of them has it read.
    match house.sandbox().load_known(&plugin.digest, spec.clone()).await {
        Ok(Some(plugin)) => return Ok(Ok(plugin)),
        Ok(None) => {}
        Err(error) => return Ok(Err(error.to_string())),
    }
    let Some(bytes) = house.store().component(&plugin.digest).await? else {
        return Ok(Err(format!("its component {} is not in the store: apply the tenant again", plugin.digest)));
    };
    spec.component = bytes.into();
    Ok(house.sandbox().load(spec).await.map_err(|error| error.to_string()))
}
