//! Where secret values come from, and where they may go. The binary decides on the source (environment, files, the
//! encrypted store); the pipeline asks by tenant and name at the last moment, says for which host, and sends nothing to
//! a host that the secret may not go to.

use crate::house::House;
use crate::tenant::Tenant;
use async_trait::async_trait;
use posthouse_model::capability::secret_may_go;
use posthouse_model::event::{Actor, NewEvent};
use posthouse_sandbox::SecretValue;
use posthouse_store::{StoreError, TenantRow};
use serde_json::json;

/// Gives the value of a tenant's secret.
#[async_trait]
pub trait SecretSource: Send + Sync + 'static {
    /// The value and where it may go; `Ok(None)` when there is none of that name.
    ///
    /// # Errors
    /// In words for a person: the store cannot be read, the master key does not fit.
    async fn secret(&self, tenant: &TenantRow, name: &str) -> Result<Option<SecretValue>, String>;

    /// Keeps another value in the place of one that is there, durably; where it may go stays as it was.
    ///
    /// # Errors
    /// In words for a person: it stands where nothing can be written, or the store takes no writes.
    async fn keep(&self, tenant: &TenantRow, name: &str, value: &str) -> Result<(), String>;

    /// Keeps a value that a person's sign-in gave, durably, and that it may go to these hosts only.
    ///
    /// # Errors
    /// As [`SecretSource::keep`].
    async fn set(&self, tenant: &TenantRow, name: &str, value: &str, hosts: &[String]) -> Result<(), String>;
}

/// Why a secret is not used. The words hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none of that name.
    #[error("the secret “{name}” has no value: set it with `posthouse secret set {tenant} {name}`")]
    Missing {
        /// The tenant's slug.
        tenant: String,
        /// The secret's name.
        name: String,
    },
    /// The person who set it named hosts that it may go to, and this is not one of them. Nothing was sent.
    #[error(
        "the secret “{name}” may not be sent to {host}: set it again with `posthouse secret set {tenant} {name} --host {host}`, or \
         send it elsewhere"
    )]
    NotAllowed {
        /// The tenant's slug.
        tenant: String,
        /// The secret's name.
        name: String,
        /// Where it would have gone.
        host: String,
    },
    /// It cannot be read, or makes no sense, in words for a person.
    #[error("{0}")]
    Unusable(String),
}

/// The value of a secret for one use: by whom (`mailbox support`) and toward which host. A host that it may not go to is
/// refused and put on record.
///
/// # Errors
/// See [`SecretError`].
pub(crate) async fn reveal(
    house: &House,
    tenant: &Tenant,
    name: &str,
    host: &str,
    by: &str,
) -> Result<String, SecretError> {
    let found = house.secrets().secret(&tenant.row, name).await.map_err(SecretError::Unusable)?;
    let (slug, name) = (tenant.slug().to_owned(), name.to_owned());
    let Some(SecretValue { value, hosts }) = found else {
        return Err(SecretError::Missing { tenant: slug, name });
    };
    if secret_may_go(&hosts, host) {
        return Ok(value);
    }
    refused(house, tenant, &name, host, by).await;
    Err(SecretError::NotAllowed { tenant: slug, name, host: host.to_owned() })
}

/// Puts on record that a secret was not sent to a host: once per process and set-up, since what is refused is tried again
/// and again.
pub(crate) async fn refused(house: &House, tenant: &Tenant, name: &str, host: &str, by: &str) {
    tracing::warn!(tenant.id = %tenant.id(), secret = name, host, by, "a secret may not be sent there; nothing was sent");
    let key = format!("{}\n{}\n{name}\n{host}\n{by}", tenant.id(), tenant.row.applied_at.0);
    if !house.first_time(&key) {
        return;
    }
    let write = async {
        let mut tx = tenant.scope.begin().await?;
        tx.event(NewEvent {
            actor: Actor::Host("secrets".to_owned()),
            kind: "secret.refused".to_owned(),
            subject: format!("secret:{name}"),
            data: json!({ "host": host, "by": by }),
        });
        tx.commit().await
    };
    let written: Result<(), StoreError> = write.await;
    if let Err(error) = written {
        house.forget(&key);
        tracing::error!(tenant.id = %tenant.id(), %error, "a refused secret could not be put on record; it is at the next try");
    }
}
