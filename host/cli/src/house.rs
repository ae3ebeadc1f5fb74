//! From open things to a running house: the pipeline with this host's clock, secrets and models, and the desk.

use crate::failure::{Failure, Result};
use crate::fault::DieAt;
use crate::installer::DeskInstaller;
use crate::open::{self, Context, Opened};
use crate::secrets::{Origin, Secrets};
use crate::system::Room;
use async_trait::async_trait;
use posthouse_ai::{Models, ModelsOptions};
use posthouse_mail::oauth::{OAuthClient, OAuthOptions};
use posthouse_mail::thread::Installation;
use posthouse_model::outbox::OutboxState;
use posthouse_model::{TenantId, Timestamp};
use posthouse_pipeline::tenant::Tenant;
use posthouse_pipeline::{House, HouseOptions, SecretSource, card, oidc, sign_in};
use posthouse_sandbox::SecretValue;
use posthouse_store::vault::PeopleVault;
use posthouse_store::{StoreTrouble, TenantRow};
use posthouse_web::{Health, HostTrouble, Operations, SecretDesk, SecretLook, WebDeps};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

#[async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, tenant: &TenantRow, name: &str) -> std::result::Result<Option<SecretValue>, String> {
        let found = self.find(tenant.id, &tenant.tenant.slug, name).await?;
        Ok(found.map(|found| SecretValue { value: found.value.as_str().to_owned(), hosts: found.hosts }))
    }

    async fn keep(&self, tenant: &TenantRow, name: &str, value: &str) -> std::result::Result<(), String> {
        self.replace(tenant.id, &tenant.tenant.slug, name, value).await
    }

    async fn set(
        &self,
        tenant: &TenantRow,
        name: &str,
        value: &str,
        hosts: &[String],
    ) -> std::result::Result<(), String> {
        self.set_new(tenant.id, &tenant.tenant.slug, name, value, hosts).await
    }
}

#[async_trait]
impl SecretDesk for Secrets {
    async fn look(&self, tenant: TenantId, slug: &str, name: &str) -> std::result::Result<Option<SecretLook>, String> {
        let found = self.find(tenant, slug, name).await?;
        Ok(found.map(|found| SecretLook { elsewhere: found.origin != Origin::Store, hosts: found.hosts }))
    }

    fn seal(
        &self,
        tenant: TenantId,
        name: &str,
        value: &str,
        hosts: &[String],
    ) -> std::result::Result<Vec<u8>, String> {
        let entropy = Arc::clone(self.store.entropy());
        Self::seal(self, tenant, name, value, hosts, entropy.as_ref())
    }
}

/// The pipeline of an open host. `worker` tells processes on one database apart; the same after a restart.
///
/// # Errors
/// The sandbox or the client for models cannot be made, or `POSTHOUSE_DIE_AT` names no boundary.
pub fn house(context: &Context, opened: &Opened, worker: &str) -> Result<House> {
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let models = Models::new(ModelsOptions {
        proxy: opened.host.network.proxy.clone(),
        extra_roots: open::extra_roots(&opened.host)?,
        ..ModelsOptions::default()
    })
    .map_err(|error| Failure::new(format!("the client for models cannot be made: {error}")))?;
    let sign_in_servers = sign_in_servers(opened)?;
    let die_at = context.environment.die_at.as_deref().map(str::parse::<DieAt>).transpose().map_err(Failure::new)?;
    let installer = Arc::new(DeskInstaller::new(opened.host.clone(), sandbox.clone()));
    Ok(House::new(HouseOptions {
        store: opened.store.clone(),
        sandbox,
        clock: Arc::clone(&context.clock),
        entropy: Arc::clone(&context.entropy),
        secrets: Arc::clone(&opened.secrets) as Arc<dyn SecretSource>,
        installer,
        models,
        sign_in_servers,
        ceiling: opened.host.plugins.ceiling(),
        installation: installation(opened),
        data_dir: opened.host.data_dir.clone(),
        public_url: opened.host.public_url.clone(),
        worker: worker.to_owned(),
        steps: DieAt::steps(die_at),
    }))
}

/// The client for mailboxes' sign-in servers, which go out as models do.
///
/// # Errors
/// `network.proxy` or `network.ca_file` cannot be used.
fn sign_in_servers(opened: &Opened) -> Result<OAuthClient> {
    let options =
        OAuthOptions { proxy: opened.host.network.proxy.clone(), extra_roots: open::extra_roots(&opened.host)? };
    OAuthClient::new(options).map_err(|error| {
        Failure::new(error.to_string()).mend("correct network.proxy and network.ca_file in posthouse.toml")
    })
}

/// Tells our own mail from everybody else's: follows from the master key, so a restored host knows its own mail.
#[must_use]
pub fn installation(opened: &Opened) -> Installation {
    Installation::new(&open::derive(&opened.key, "installation"))
}

/// What the desk needs.
///
/// # Errors
/// `public_url` is no address.
pub fn desk(
    context: &Context,
    opened: &Opened,
    house: &House,
    list_teams: bool,
    stopping: watch::Receiver<bool>,
) -> Result<WebDeps> {
    let public_url =
        opened.host.public_url.parse().map_err(|error| {
            Failure::new(format!("public_url `{}` is not an address: {error}", opened.host.public_url))
        })?;
    let (installation, entropy) = (installation(opened), Arc::clone(&context.entropy));
    let (signing, here) = (installation.clone(), opened.host.public_url.clone());
    let for_cards = installation.clone();
    let (for_people, at) = (installation.clone(), opened.host.public_url.clone());
    Ok(WebDeps {
        store: opened.store.clone(),
        clock: Arc::clone(&context.clock),
        entropy: Arc::clone(&context.entropy),
        people_vault: PeopleVault::new(opened.key.clone(), Arc::clone(&context.entropy)),
        secrets: Arc::clone(&opened.secrets) as Arc<dyn SecretDesk>,
        public_url,
        attachment: Arc::new(posthouse_mail::read::attachment),
        message_id: Arc::new(move |address: &str| {
            let domain = address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            installation.message_id(entropy.as_ref(), domain)
        }),
        sign_in_address: Arc::new(move |mailbox, state| sign_in::address(&signing, &here, mailbox, state)),
        oidc_address: Arc::new(move |config, endpoint, state| oidc::address(&for_people, &at, config, endpoint, state)),
        card_link: Arc::new(move |team, link| card::open(&for_cards, team, link)),
        operations: Arc::new(HouseOperations { house: house.clone() }),
        list_teams,
        behind_proxy: opened.host.web.behind_proxy,
        stopping,
    })
}

/// What `/health` and `/metrics` say.
struct HouseOperations {
    house: House,
}

/// How long `/health` waits for the database: whoever asks wants to know soon.
const PING_MAX: Duration = Duration::from_secs(5);

impl HouseOperations {
    async fn database(&self) -> Value {
        let store = self.house.store();
        let (what, why) = match tokio::time::timeout(PING_MAX, store.ping()).await {
            Ok(Ok(())) => match self.house.trouble() {
                None => return json!({ "ok": true, "kind": store.kind() }),
                // A small write may pass where a mail does not fit any more.
                Some(trouble) => (Some(trouble.what), trouble.words),
            },
            Ok(Err(error)) => (error.trouble(), error.to_string()),
            Err(_) => {
                let seconds = PING_MAX.as_secs();
                (Some(StoreTrouble::Locked), format!("the database takes no writes: no answer within {seconds} s"))
            }
        };
        let since = self.house.trouble().map(|trouble| trouble.since.to_rfc3339());
        json!({
            "ok": false, "kind": store.kind(), "trouble": what.map(StoreTrouble::as_str), "why": why,
            "mend": what.map(StoreTrouble::mend), "since": since,
        })
    }

    fn disk(&self) -> Value {
        match Room::of(self.house.data_dir()) {
            None => Value::Null,
            Some(room) if room.is_low() => {
                json!({ "ok": false, "free_bytes": room.free, "mend": StoreTrouble::DiskFull.mend() })
            }
            Some(room) => json!({ "ok": true, "free_bytes": room.free }),
        }
    }

    /// What of a tenant does not work: worth saying, no reason to take the host out of service.
    async fn tenant(&self, tenant: &Tenant) -> Value {
        let broken: Vec<_> = tenant
            .all_plugins()
            .iter()
            .filter_map(|installed| {
                let why = installed.plugin().err()?;
                Some(json!({ "plugin": installed.name(), "why": why }))
            })
            .collect();
        let mut report = json!({ "tenant": tenant.slug(), "broken_plugins": broken });
        let scope = &tenant.scope;
        let read = async { tokio::try_join!(scope.mailboxes(), scope.outbox_in(OutboxState::Deferred)) };
        let Ok((mailboxes, deferred)) = read.await else { return report };
        let failing = mailboxes.into_iter().filter(|row| row.active).filter_map(|row| {
            let why = row.fetch_error?;
            let since = row.failing_since.map(Timestamp::to_rfc3339);
            let mend = "it is tried again by itself; `posthouse doctor` says what to do";
            Some(json!({ "mailbox": row.mailbox.name, "why": why, "since": since, "mend": mend }))
        });
        report["failing_mailboxes"] = failing.collect();
        let waiting = deferred.into_iter().map(|row| {
            let since = row.approved_at.to_rfc3339();
            json!({ "ticket": row.ticket, "why": row.reason, "since": since, "next_try": row.due_at.to_rfc3339() })
        });
        report["deferred_replies"] = waiting.collect();
        report
    }
}

#[async_trait]
impl Operations for HouseOperations {
    async fn health(&self) -> Health {
        let store = self.house.store();
        let database = self.database().await;
        let mut ready = database["ok"] == true;
        let mut tenants = Vec::new();
        for tenant in self.house.tenants() {
            tenants.push(self.tenant(&tenant).await);
        }
        if self.house.tenants().is_empty() {
            // Before the first refresh, or before the first `tenant apply`: both are told apart by the store.
            ready &= store.tenants().await.is_ok_and(|rows| rows.iter().all(|row| !row.active));
        }
        let report = json!({ "ready": ready, "database": database, "disk": self.disk(), "tenants": tenants });
        Health { ready, report }
    }

    fn trouble(&self) -> Option<HostTrouble> {
        if let Some(trouble) = self.house.trouble() {
            return Some(HostTrouble::Store(trouble.what));
        }
        let room = Room::of(self.house.data_dir()).filter(|room| room.is_low())?;
        Some(HostTrouble::DiskLow { free_bytes: room.free })
    }

    async fn metrics(&self) -> String {
        let mut text = self.house.metrics().render();
        if let Ok(counts) = self.house.store().job_counts().await {
            text.push_str("# HELP posthouse_jobs Jobs in the queue, by kind and state.\n# TYPE posthouse_jobs gauge\n");
            for row in counts {
                text.push_str(&format!(
                    "posthouse_jobs{{job=\"{}\",state=\"{}\"}} {}\n",
                    row.kind,
                    row.state.as_str(),
                    row.count
                ));
            }
        }
        text
    }
}
