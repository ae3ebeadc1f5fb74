//! A house in a temporary folder, with one tenant.

use async_trait::async_trait;
use posthouse_ai::{Models, ModelsOptions};
use posthouse_mail::oauth::{OAuthClient, OAuthOptions};
use posthouse_mail::thread::Installation;
use posthouse_model::GoesOn;
use posthouse_model::capability::{Grants, HttpAllowance};
use posthouse_model::ceiling::Ceiling;
use posthouse_model::config::{FilesConfig, MailboxConfig, MaildirConfig, PluginConfig, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_model::role::Role;
use posthouse_model::{AgentId, Clock, Entropy, MailboxId, MessageId, TicketId, Timestamp};
use posthouse_pipeline::intake::{self, Found};
use posthouse_pipeline::life::install::NoInstaller;
use posthouse_pipeline::tenant::Tenant;
use posthouse_pipeline::{House, HouseOptions, SecretSource, worker};
use posthouse_sandbox::{Sandbox, SandboxConfig, SecretValue, inspect};
use posthouse_store::{
    Article, NewAgent, NewMailbox, NewPlugin, NewTenant, Source, Store, StoreOptions, Taken, TenantRow,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Friday, 20 November 2026, 10:00 in UTC.
pub const START: Timestamp = Timestamp(1_795_168_800_000_000);

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub fn back(&self, duration: Duration) {
        self.0.fetch_sub(i64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = u8::try_from(self.0.fetch_add(1, Ordering::SeqCst) % 251).unwrap();
        }
    }
}

/// The bot's secrets, and what a test adds.
#[derive(Default)]
pub struct FixedSecrets {
    pub more: Mutex<BTreeMap<String, SecretValue>>,
    /// The next so many questions are answered with a panic.
    pub panics: AtomicU64,
    /// Nothing can be kept.
    pub full: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl SecretSource for FixedSecrets {
    async fn secret(&self, _: &TenantRow, name: &str) -> Result<Option<SecretValue>, String> {
        let left = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "a fault inside the host");
        if let Some(value) = self.more.lock().unwrap().get(name) {
            return Ok(Some(value.clone()));
        }
        Ok(name.starts_with("feishu").then(|| SecretValue::anywhere("value")))
    }

    async fn keep(&self, _: &TenantRow, name: &str, value: &str) -> Result<(), String> {
        if self.full.load(Ordering::SeqCst) {
            return Err("the disk is full".to_owned());
        }
        let mut more = self.more.lock().unwrap();
        let hosts = more.get(name).map(|kept| kept.hosts.clone()).unwrap_or_default();
        more.insert(name.to_owned(), SecretValue { value: value.to_owned(), hosts });
        Ok(())
    }

    async fn set(&self, _: &TenantRow, name: &str, value: &str, hosts: &[String]) -> Result<(), String> {
        let value = SecretValue { value: value.to_owned(), hosts: hosts.to_vec() };
        self.more.lock().unwrap().insert(name.to_owned(), value);
        Ok(())
    }
}

pub struct Test {
    pub folder: TempDir,
    pub clock: Arc<TestClock>,
    pub house: House,
    pub tenant: Arc<Tenant>,
    pub mailbox: MailboxId,
    pub secrets: Arc<FixedSecrets>,
}

pub fn actor() -> Actor {
    Actor::Agent("li@acme.example".to_owned())
}

pub fn plugin(name: &str, component: &str, settings: serde_json::Value, grants: Grants) -> PluginConfig {
    serde_json::from_value(json!({ "name": name, "component": component, "settings": settings, "grants": grants }))
        .unwrap()
}

/// A notifier whose group does not answer: port 9 of this machine.
pub fn silent_group() -> PluginConfig {
    let grants = Grants {
        http: vec![HttpAllowance {
            host: "127.0.0.1".to_owned(),
            port: Some(9),
            scheme: "http".to_owned(),
            methods: vec!["POST".to_owned()],
            private: true,
        }],
        secrets: BTreeMap::from([("feishu_token".to_owned(), vec!["127.0.0.1".to_owned()])]),
        ..Grants::default()
    };
    plugin("team", "notifier-feishu", json!({ "base_url": "http://127.0.0.1:9", "sign": null }), grants)
}

pub fn bundled(name: &str) -> PluginConfig {
    plugin(name, name, json!({}), Grants::default())
}

/// The folder that everything is built in.
fn target() -> PathBuf {
    // A test binary lies in TARGET/PROFILE/deps.
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

/// Plugins are compiled once for all tests: each is a process of its own, and the classifier takes seconds.
fn sandbox() -> Sandbox {
    let cache_dir = Some(target().join("compiled-for-tests"));
    Sandbox::new(SandboxConfig { cache_dir, cache_key: [7; 32], ..SandboxConfig::default() }).unwrap()
}

/// A bundled plugin, or `guests/NAME` of the sandbox's tests.
fn component(name: &str) -> Vec<u8> {
    let (folder, variable, name) = match name.strip_prefix("guests/") {
        Some(name) => ("guests", "POSTHOUSE_GUESTS", name),
        None => ("plugins", "POSTHOUSE_PLUGINS", name),
    };
    let dir = std::env::var_os(variable).map(PathBuf::from).unwrap_or_else(|| target().join(folder));
    let path = dir.join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask plugins`", path.display()))
}

/// A host that lets plugins call this machine, and everything public.
pub fn this_machine() -> Ceiling {
    Ceiling { private_hosts: vec!["127.0.0.1".to_owned()], ..Ceiling::default() }
}

async fn installed(store: &Store, plugins: &[PluginConfig]) -> Vec<NewPlugin> {
    let mut installed = Vec::new();
    for plugin in plugins {
        let bytes = component(plugin.component());
        installed.push(NewPlugin {
            name: plugin.name.clone(),
            world: inspect(&bytes).unwrap().world,
            version: "1.0.0".to_owned(),
            digest: store.put_component(&bytes).await.unwrap(),
            settings: serde_json::Value::Object(plugin.settings.clone()),
            grants: plugin.grants.clone(),
            limits: plugin.limits,
        });
    }
    installed
}

impl Test {
    /// A tenant with the given plugins; `change` may set up the rest.
    pub async fn new(plugins: Vec<PluginConfig>, change: impl FnOnce(&mut TenantConfig)) -> Self {
        Self::under(this_machine(), plugins, change).await
    }

    /// The same on a host that allows no more than this.
    pub async fn under(ceiling: Ceiling, plugins: Vec<PluginConfig>, change: impl FnOnce(&mut TenantConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(START.0)));
        let entropy: Arc<dyn Entropy> = Arc::new(CountingEntropy(AtomicU64::new(0)));
        let store = Store::open(StoreOptions {
            url: format!("sqlite:{}", folder.path().join("t.db").display()),
            clock: clock.clone(),
            entropy: entropy.clone(),
        })
        .await
        .unwrap();
        store.migrate().await.unwrap();

        let mut config = TenantConfig::new("acme", "Acme");
        config.mailboxes.push(MailboxConfig {
            name: "support".to_owned(),
            address: "support@acme.example".to_owned(),
            from_name: None,
            aliases: Vec::new(),
            enabled: true,
            import_existing: true,
            provider: None,
            oauth: None,
            send_per_minute: None,
            send_per_day: None,
            dkim_selectors: Vec::new(),
            signature: None,
            imap: None,
            maildir: Some(serde_json::from_value::<MaildirConfig>(json!({ "path": "maildir" })).unwrap()),
            smtp: None,
            files: Some(FilesConfig { path: "out".to_owned() }),
        });
        config.plugins = plugins;
        change(&mut config);

        let actor = Actor::Operator;
        let row = store
            .upsert_tenant(
                &NewTenant {
                    slug: config.slug.clone(),
                    name: config.name.clone(),
                    language: config.agent_language.clone(),
                    time_zone: config.time_zone.clone(),
                    settings: serde_json::to_value(&config).unwrap(),
                    digest: "1".to_owned(),
                },
                &actor,
            )
            .await
            .unwrap();
        let installed = installed(&store, &config.plugins).await;
        let mut tx = store.tenant(row.id).begin().await.unwrap();
        let settings = serde_json::to_value(&config.mailboxes[0]).unwrap();
        let new = NewMailbox { name: "support".to_owned(), address: "support@acme.example".to_owned(), settings };
        let mailbox = tx.upsert_mailbox(&new, &actor).await.unwrap();
        tx.set_plugins(&installed, &actor).await.unwrap();
        tx.commit().await.unwrap();

        let secrets = Arc::new(FixedSecrets::default());
        let house = House::new(HouseOptions {
            store,
            sandbox: sandbox(),
            clock: clock.clone(),
            entropy,
            secrets: secrets.clone(),
            installer: Arc::new(NoInstaller),
            models: Models::new(ModelsOptions::default()).unwrap(),
            sign_in_servers: OAuthClient::new(OAuthOptions::default()).unwrap(),
            ceiling,
            installation: Installation::new(&[7; 32]),
            data_dir: folder.path().to_owned(),
            public_url: "https://desk.example".to_owned(),
            worker: "test".to_owned(),
            steps: Arc::new(GoesOn),
        });
        let tenant = house.tenant(row.id).await.unwrap().unwrap();
        Self { folder, clock, house, tenant, mailbox, secrets }
    }

    /// Takes a mail in and runs every job that is due.
    pub async fn mail(&self, raw: impl Into<Vec<u8>>) -> Taken {
        let taken = self.take(raw).await;
        self.run().await;
        taken
    }

    /// Takes a mail in.
    pub async fn take(&self, raw: impl Into<Vec<u8>>) -> Taken {
        let raw = raw.into();
        let key =
            format!("{:x}", raw.iter().fold(raw.len() as u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(*b))));
        let found = Found { source: Source::file(&key), raw, received_at: None, parked: None };
        let taken = intake::take_in(&self.house, &self.tenant, self.mailbox, vec![found], None).await.unwrap();
        taken.into_iter().next().unwrap()
    }

    /// Gives the tenant these plugins, as applying its folder again would.
    pub async fn plugins(&mut self, plugins: Vec<PluginConfig>) {
        let installed = installed(self.house.store(), &plugins).await;
        self.clock.forward(Duration::from_secs(1));
        let mut tx = self.tenant.scope.begin().await.unwrap();
        tx.set_plugins(&installed, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        let mut config = self.tenant.config.clone();
        config.plugins = plugins;
        self.apply(config).await;
    }

    pub async fn apply(&mut self, config: TenantConfig) {
        self.clock.forward(Duration::from_secs(1));
        let old = self.tenant.row.tenant.clone();
        let settings = serde_json::to_value(&config).unwrap();
        let again = NewTenant { digest: format!("{}+", old.digest), settings, ..old };
        self.house.store().upsert_tenant(&again, &actor()).await.unwrap();
        self.house.refresh().await.unwrap();
        self.tenant = self.house.tenant(self.tenant.id()).await.unwrap().unwrap();
    }

    /// Takes over what was changed, as a running host does within a second.
    pub async fn reload(&mut self) {
        self.house.refresh().await.unwrap();
        self.tenant = self.house.tenant(self.tenant.id()).await.unwrap().unwrap();
    }

    /// Gives the tenant these articles, as applying its folder again would.
    pub async fn articles(&mut self, articles: &[Article]) {
        let mut tx = self.tenant.scope.begin().await.unwrap();
        tx.set_articles(articles, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        self.apply(self.tenant.config.clone()).await;
    }

    pub async fn run(&self) {
        worker::run_until_idle(&self.house).await.unwrap();
    }

    /// The clock goes on to then, and every job that is due by then is run.
    pub async fn at(&self, then: Timestamp) {
        self.clock.forward(then.since(self.clock.now()));
        self.run().await;
    }

    /// Adds somebody who works here.
    pub async fn agent(&self, email: &str) -> AgentId {
        let new = NewAgent {
            email: email.to_owned(),
            name: email.to_owned(),
            role: Role::Agent,
            password_hash: String::new(),
            language: "en".to_owned(),
        };
        let mut tx = self.tenant.scope.begin().await.unwrap();
        let id = tx.add_agent(&new, &actor()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Every event's kind so far.
    pub async fn events(&self) -> Vec<String> {
        self.tenant.scope.events(0, 500).await.unwrap().into_iter().map(|event| event.kind).collect()
    }
}

pub fn ids(taken: &Taken) -> (MessageId, TicketId) {
    match taken {
        Taken::New { message, ticket, .. } => (*message, *ticket),
        other => panic!("it should be new: {other:?}"),
    }
}

pub fn letter(id: &str, subject: &str, body: &str) -> String {
    format!(
        "From: Mary Walker <mary@example.com>\r\nTo: support@acme.example\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.com>\r\n\
         Date: Fri, 20 Nov 2026 09:30:00 +0000\r\n\r\n{body}\r\n"
    )
}
