//! From open things to a running house: the pipeline with this host's clock, secrets and models, and the desk.

use crate::failure::{Failure, Result};
use crate::open::{self, Context, Opened};
use crate::secrets::Secrets;
use async_trait::async_trait;
use posthouse_ai::{Models, ModelsOptions};
use posthouse_mail::thread::Installation;
use posthouse_pipeline::{House, HouseOptions, SecretSource};
use posthouse_store::TenantRow;
use posthouse_web::{Health, Operations, WebDeps};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::watch;

#[async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, tenant: &TenantRow, name: &str) -> std::result::Result<Option<String>, String> {
        let found = self.find(tenant.id, &tenant.tenant.slug, name).await?;
        Ok(found.map(|found| found.value.as_str().to_owned()))
    }
}

/// The pipeline of an open host. `worker` tells processes on one database apart; the same after a restart.
///
/// # Errors
/// The sandbox or the client for models cannot be made.
pub fn house(context: &Context, opened: &Opened, worker: &str) -> Result<House> {
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let models = Models::new(ModelsOptions {
        proxy: opened.host.network.proxy.clone(),
        extra_roots: open::extra_roots(&opened.host)?,
        ..ModelsOptions::default()
    })
    .map_err(|error| Failure::new(format!("the client for models cannot be made: {error}")))?;
    Ok(House::new(HouseOptions {
        store: opened.store.clone(),
        sandbox,
        clock: Arc::clone(&context.clock),
        entropy: Arc::clone(&context.entropy),
        secrets: Arc::clone(&opened.secrets) as Arc<dyn SecretSource>,
        models,
        installation: installation(opened),
        data_dir: opened.host.data_dir.clone(),
        public_url: opened.host.public_url.clone(),
        worker: worker.to_owned(),
    }))
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
    Ok(WebDeps {
        store: opened.store.clone(),
        clock: Arc::clone(&context.clock),
        entropy: Arc::clone(&context.entropy),
        public_url,
        attachment: Arc::new(posthouse_mail::read::attachment),
        message_id: Arc::new(move |address: &str| {
            let domain = address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
            installation.message_id(entropy.as_ref(), domain)
        }),
        operations: Arc::new(HouseOperations { house: house.clone() }),
        list_teams,
        trust_forwarded: false,
        stopping,
    })
}

/// What `/health` and `/metrics` say.
struct HouseOperations {
    house: House,
}

#[async_trait]
impl Operations for HouseOperations {
    async fn health(&self) -> Health {
        let store = self.house.store();
        let database = match store.ping().await {
            Ok(()) => json!({ "ok": true, "kind": store.kind() }),
            Err(error) => json!({ "ok": false, "kind": store.kind(), "why": error.to_string() }),
        };
        let mut ready = database["ok"] == true;
        let mut tenants = Vec::new();
        for tenant in self.house.tenants() {
            let broken: Vec<_> = tenant
                .all_plugins()
                .iter()
                .filter_map(|installed| {
                    let why = installed.plugin.as_ref().err()?;
                    Some(json!({ "plugin": installed.name(), "why": why }))
                })
                .collect();
            // A plugin that does not load has its fallback: worth saying, no reason to take the host out of service.
            tenants.push(json!({ "tenant": tenant.slug(), "broken_plugins": broken }));
        }
        if self.house.tenants().is_empty() {
            // Before the first refresh, or before the first `tenant apply`: both are told apart by the store.
            ready &= store.tenants().await.is_ok_and(|rows| rows.iter().all(|row| !row.active));
        }
        Health { ready, report: json!({ "ready": ready, "database": database, "tenants": tenants }) }
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
