//! What all steps share: the store, the sandbox, time, secrets, and the tenants with their loaded plugins.

use crate::breaker::Breakers;
use crate::hosts::Hosts;
use crate::life::install::Installer;
use crate::life::logbook::Logbook;
use crate::life::shadow::SHADOWS_MAX;
use crate::life::watch::Watch;
use crate::metrics::Metrics;
use crate::oauth::AccessTokens;
use crate::screening::rspamd::Rspamds;
use crate::secrets::SecretSource;
use crate::tenant::Tenant;
use crate::trouble::{HouseTrouble, Part, Troubles};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use posthouse_ai::Models;
use posthouse_mail::oauth::OAuthClient;
use posthouse_mail::thread::Installation;
use posthouse_model::ceiling::Ceiling;
use posthouse_model::{Clock, Entropy, Step, Steps, TenantId, Timestamp};
use posthouse_sandbox::Sandbox;
use posthouse_store::{Store, StoreError, TenantRow};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::{Semaphore, watch};

/// Tenants that are loaded at the same time.
const LOADED_AT_ONCE: usize = 8;

/// How to set the house up.
pub struct HouseOptions {
    /// Migrated.
    pub store: Store,
    /// Shared by all tenants.
    pub sandbox: Sandbox,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// For seeds and Message-IDs.
    pub entropy: Arc<dyn Entropy>,
    /// Gives secret values.
    pub secrets: Arc<dyn SecretSource>,
    /// Installs packages that were handed in on the desk.
    pub installer: Arc<dyn Installer>,
    /// Calls the tenants' own models.
    pub models: Models,
    /// Asks the mailboxes' sign-in servers.
    pub sign_in_servers: OAuthClient,
    /// What no plugin gets, whatever tenants grant.
    pub ceiling: Ceiling,
    /// Tells our own mail from everybody else's.
    pub installation: Installation,
    /// Relative Maildir and outgoing folders are below it.
    pub data_dir: PathBuf,
    /// `https://desk.example`, without a slash at the end.
    pub public_url: String,
    /// Name of this process in leases; the same after a restart, unique among the processes of a database.
    pub worker: String,
    /// What happens at the boundaries between steps: nothing, but in tests.
    pub steps: Arc<dyn Steps>,
}

/// The house. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct House {
    inner: Arc<Inner>,
}

struct Inner {
    options: HouseOptions,
    metrics: Metrics,
    troubles: Troubles,
    breakers: Breakers,
    model_breakers: Breakers,
    watch: Watch,
    logbook: Logbook,
    shadows: Arc<Semaphore>,
    tokens: AccessTokens,
    rspamds: Rspamds,
    hosts: Hosts,
    // What was put on record already and need not be again.
    told: Mutex<HashSet<String>>,
    tenants: RwLock<HashMap<TenantId, Arc<Tenant>>>,
    // One reload at a time: loading plugins twice at once would only cost.
    reloading: tokio::sync::Mutex<()>,
    changed: watch::Sender<u64>,
}

impl House {
    /// Opens the house; tenants are loaded by [`House::refresh`] or when first asked for.
    #[must_use]
    pub fn new(options: HouseOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                options,
                metrics: Metrics::default(),
                troubles: Troubles::default(),
                breakers: Breakers::default(),
                model_breakers: Breakers::default(),
                watch: Watch::default(),
                logbook: Logbook::default(),
                shadows: Arc::new(Semaphore::new(SHADOWS_MAX)),
                tokens: AccessTokens::default(),
                rspamds: Rspamds::default(),
                hosts: Hosts::default(),
                told: Mutex::default(),
                tenants: RwLock::default(),
                reloading: tokio::sync::Mutex::default(),
                changed: watch::Sender::new(0),
            }),
        }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.options.store
    }

    /// The sandbox.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.inner.options.sandbox
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.options.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.inner.options.clock.as_ref()
    }

    /// Randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.inner.options.entropy.as_ref()
    }

    /// Secret values.
    #[must_use]
    pub fn secrets(&self) -> &dyn SecretSource {
        self.inner.options.secrets.as_ref()
    }

    /// Installs packages.
    #[must_use]
    pub fn installer(&self) -> &dyn Installer {
        self.inner.options.installer.as_ref()
    }

    /// Tells our own mail from everybody else's.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.inner.options.installation
    }

    /// Calls the tenants' own models.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.inner.options.models
    }

    /// Asks the mailboxes' sign-in servers.
    #[must_use]
    pub fn sign_in_servers(&self) -> &OAuthClient {
        &self.inner.options.sign_in_servers
    }

    /// What no plugin gets, whatever tenants grant.
    #[must_use]
    pub fn ceiling(&self) -> &Ceiling {
        &self.inner.options.ceiling
    }

    /// Where relative folders of tenants are.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        &self.inner.options.data_dir
    }

    /// This process's name in leases.
    #[must_use]
    pub fn worker(&self) -> &str {
        &self.inner.options.worker
    }

    /// Says that a boundary was come to.
    pub(crate) fn reached(&self, step: Step) {
        self.inner.options.steps.reached(step);
    }

    /// Which plugins are cut off.
    #[must_use]
    pub fn breakers(&self) -> &Breakers {
        &self.inner.breakers
    }

    /// Which models are left alone because they keep failing.
    #[must_use]
    pub fn model_breakers(&self) -> &Breakers {
        &self.inner.model_breakers
    }

    /// What was seen of releases that have yet to earn trust.
    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    /// How much plugins log.
    pub(crate) fn logbook(&self) -> &Logbook {
        &self.inner.logbook
    }

    /// Access tokens of mailboxes.
    pub(crate) fn access_tokens(&self) -> &AccessTokens {
        &self.inner.tokens
    }

    /// Mail servers that mail is fetched from.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.inner.hosts
    }

    /// The tenants' Rspamds.
    pub(crate) fn rspamds(&self) -> &Rspamds {
        &self.inner.rspamds
    }

    /// Places for calls of releases in shadow.
    pub(crate) fn shadows(&self) -> &Arc<Semaphore> {
        &self.inner.shadows
    }

    /// Waits until no call of a release in shadow is under way.
    pub async fn shadows_done(&self) {
        // The semaphore is never closed.
        let _all = self.inner.shadows.acquire_many(u32::try_from(SHADOWS_MAX).unwrap_or(u32::MAX)).await;
    }

    /// Counters.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// What is wrong with the house itself at the moment, as far as this process noticed.
    #[must_use]
    pub fn trouble(&self) -> Option<HouseTrouble> {
        self.inner.troubles.first()
    }

    /// Takes down how a part of the work got on with the database.
    pub(crate) fn heed<T>(&self, part: Part, result: &Result<T, StoreError>) {
        self.inner.troubles.heed(part, result, self.now());
    }

    /// Whether this was not told before in this process.
    pub(crate) fn first_time(&self, what: &str) -> bool {
        self.inner.told.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned())
    }

    /// As if it had not been told.
    pub(crate) fn forget(&self, what: &str) {
        self.inner.told.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }

    /// Address of a tenant's desk, without a slash at the end.
    #[must_use]
    pub fn desk_url(&self, slug: &str) -> String {
        format!("{}/t/{slug}", self.inner.options.public_url.trim_end_matches('/'))
    }

    /// Where people reach the desk.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.inner.options.public_url
    }

    /// Where browsers come back to from mailboxes' providers.
    #[must_use]
    pub fn came_back_url(&self) -> String {
        crate::sign_in::came_back_url(&self.inner.options.public_url)
    }

    /// Goes up whenever a tenant was loaded, changed or removed.
    #[must_use]
    pub fn tenant_changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Tenants as loaded, by slug.
    #[must_use]
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        let map = self.inner.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut tenants: Vec<_> = map.values().cloned().collect();
        tenants.sort_by(|a, b| a.slug().cmp(b.slug()));
        tenants
    }

    /// The tenant as loaded; loads it when it is new. None when it is not there or turned off.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        if let Some(tenant) = self.loaded(id) {
            return Ok(Some(tenant));
        }
        self.refresh().await?;
        Ok(self.loaded(id))
    }

    fn loaded(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.inner.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Loads a tenant as of one moment: its row, mailboxes and plugins are read one after the other, and a set-up that was
    /// applied in between shows in the row.
    async fn load(&self, mut row: TenantRow) -> Result<Tenant, StoreError> {
        let before = self.loaded(row.id);
        loop {
            let tenant = Tenant::load(self, row, before.clone()).await?;
            let now = tenant.scope.tenant().await?;
            if is_same(&tenant.row, &now) {
                return Ok(tenant);
            }
            row = now;
        }
    }

    /// Loads what was applied since the last time, while everything else goes on: calls under way finish on what they
    /// began with. Returns whether anything changed.
    ///
    /// # Errors
    /// When the store cannot be read. A plugin that cannot be loaded is no error here: its tenant goes on with that
    /// plugin's fallback, and says so.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let _one = self.inner.reloading.lock().await;
        let rows = self.store().tenants().await?;
        let mut next = HashMap::new();
        let mut new = Vec::new();
        for row in rows.into_iter().filter(|row| row.active) {
            match self.loaded(row.id).filter(|tenant| is_same(&tenant.row, &row)) {
                Some(tenant) => drop(next.insert(row.id, tenant)),
                None => new.push(row),
            }
        }
        let mut changed = !new.is_empty();
        let mut loading = stream::iter(new.into_iter().map(|row| self.load(row))).buffer_unordered(LOADED_AT_ONCE);
        while let Some(tenant) = loading.try_next().await? {
            next.insert(tenant.id(), Arc::new(tenant));
        }
        drop(loading);
        {
            let mut map = self.inner.tenants.write().unwrap_or_else(PoisonError::into_inner);
            changed |= map.len() != next.len();
            *map = next;
        }
        if changed {
            self.inner.changed.send_modify(|n| *n += 1);
        }
        Ok(changed)
    }
}

fn is_same(a: &TenantRow, b: &TenantRow) -> bool {
    a.applied_at == b.applied_at && a.tenant.digest == b.tenant.digest
}
