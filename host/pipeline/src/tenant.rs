//! A tenant as it runs: its applied set-up and its plugins, loaded.

use crate::house::House;
use crate::knowledge::Knowledge;
use posthouse_model::config::{MailboxConfig, PluginConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::{MailboxId, TenantId};
use posthouse_sandbox::{CallGate, CallLimits, Lane, Plugin, PluginSpec};
use posthouse_store::{MailboxRow, PluginRow, Scope, StoreError, TenantRow};
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
    knowledge: Knowledge,
}

/// A mailbox and how it is set up.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// As stored.
    pub row: MailboxRow,
    /// Its way in and out.
    pub config: MailboxConfig,
}

/// A plugin of a tenant.
pub struct Installed {
    /// As stored.
    pub row: PluginRow,
    /// Loaded, or why not.
    pub plugin: Result<Arc<Plugin>, String>,
}

impl Installed {
    /// Its name in this tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.row.plugin.name
    }
}

impl Tenant {
    pub(crate) async fn load(house: &House, row: TenantRow) -> Result<Self, StoreError> {
        let scope = house.store().tenant(row.id);
        let config: TenantConfig = match serde_json::from_value(row.tenant.settings.clone()) {
            Ok(config) => config,
            Err(error) => {
                // Written by `tenant apply` after validation: only a newer host's set-up gets here.
                tracing::error!(tenant.id = %row.id, %error, "the tenant's set-up cannot be understood; apply it again with this host");
                TenantConfig::new(&row.tenant.slug, &row.tenant.name)
            }
        };
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
        let mut plugins = Vec::new();
        for plugin_row in scope.plugins().await? {
            if config.plugin(&plugin_row.plugin.name).is_some_and(|p| !p.enabled) {
                continue;
            }
            let plugin = load_plugin(house, &plugin_row).await?;
            if let Err(reason) = &plugin {
                tracing::error!(tenant.id = %row.id, plugin = %plugin_row.plugin.name, reason, "plugin not loaded; its fallback applies");
            }
            plugins.push(Installed { row: plugin_row, plugin });
        }
        let articles = scope.articles().await?.into_iter().map(|row| row.article);
        let knowledge = Knowledge::new(articles.collect());
        Ok(Self {
            knowledge,
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

async fn load_plugin(house: &House, row: &PluginRow) -> Result<Result<Arc<Plugin>, String>, StoreError> {
    let plugin = &row.plugin;
    let Some(bytes) = house.store().component(&plugin.digest).await? else {
        return Ok(Err(format!("its component {} is not in the store: apply the tenant again", plugin.digest)));
    };
    let spec = PluginSpec {
        name: plugin.name.clone(),
        version: plugin.version.clone(),
        component: bytes.into(),
        settings: plugin.settings.to_string(),
        grants: plugin.grants.clone(),
        limits: CallLimits::default(),
    };
    Ok(house.sandbox().load(spec).await.map_err(|error| error.to_string()))
}
