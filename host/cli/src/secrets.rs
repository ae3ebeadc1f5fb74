//! Where secret values come from, in this order: the environment, a folder of files, the encrypted store.

use posthouse_model::TenantId;
use posthouse_model::config::secret_variable;
use posthouse_model::event::Actor;
use posthouse_store::vault::MasterKey;
use posthouse_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::{Zeroize, Zeroizing};

/// Longest secret, in bytes.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Gives secret values.
pub struct Secrets {
    pub(crate) environment: BTreeMap<String, Zeroizing<String>>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) store: Store,
    pub(crate) key: MasterKey,
}

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// `POSTHOUSE_SECRET_<TENANT>_<NAME>`
    Environment,
    /// `secrets.dir` of `posthouse.toml`
    File,
    /// `posthouse secret set`
    Store,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Environment => "environment",
            Self::File => "file",
            Self::Store => "store",
        })
    }
}

/// A value and what is known about it. It never prints.
pub struct Found {
    /// The value, overwritten when dropped.
    pub value: Zeroizing<String>,
    /// Where it was.
    pub origin: Origin,
    /// Where it may be sent, as the person who set it said; empty: wherever the tenant's set-up says.
    pub hosts: Vec<String>,
}

/// What is sealed: the value with the hosts it may go to, so that neither can be changed without the key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Form of this record.
    pub form: u8,
    /// The secret.
    pub value: String,
    /// Where it may be sent; empty: anywhere.
    pub hosts: Vec<String>,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl Sealed {
    /// The only form there is.
    pub const FORM: u8 = 1;
}

impl Secrets {
    /// Finds a secret's value.
    ///
    /// # Errors
    /// In words for a person: a file or the store cannot be read, the master key does not fit.
    pub async fn find(&self, tenant: TenantId, slug: &str, name: &str) -> Result<Option<Found>, String> {
        if let Some(value) = self.environment.get(&secret_variable(slug, name)) {
            return Ok(Some(Found { value: value.clone(), origin: Origin::Environment, hosts: Vec::new() }));
        }
        if let Some(dir) = &self.dir {
            let path = dir.join(slug).join(name);
            if path.is_file() {
                let text =
                    crate::setup::source::read_text(&path, SECRET_BYTES_MAX).map_err(|problem| problem.to_string())?;
                let value = Zeroizing::new(without_line_end(&text).to_owned());
                drop(Zeroizing::new(text));
                return Ok(Some(Found { value, origin: Origin::File, hosts: Vec::new() }));
            }
        }
        let words = |error: &dyn std::fmt::Display| format!("the secret `{name}` cannot be opened: {error}");
        let sealed = self.store.tenant(tenant).sealed_secret(name).await.map_err(|error: StoreError| words(&error))?;
        let Some(sealed) = sealed else { return Ok(None) };
        let bytes = Zeroizing::new(self.key.open(tenant, name, &sealed).map_err(|error| words(&error))?);
        let mut record: Sealed = serde_json::from_slice(&bytes).map_err(|_| words(&"it was sealed by a newer host"))?;
        if record.form != Sealed::FORM {
            return Err(words(&"it was sealed by a newer host"));
        }
        let value = Zeroizing::new(std::mem::take(&mut record.value));
        Ok(Some(Found { value, origin: Origin::Store, hosts: std::mem::take(&mut record.hosts) }))
    }

    /// Keeps another value in the place of one that is in the store, durably and with the same hosts.
    ///
    /// # Errors
    /// In words for a person: it stands in the environment or in a file, it is gone, or the store takes no writes.
    pub async fn replace(&self, tenant: TenantId, slug: &str, name: &str, value: &str) -> Result<(), String> {
        let elsewhere = |place: &str| {
            format!(
                "the secret `{name}` stands in {place}, where no new value can be kept: move it with `posthouse secret set {slug} {name}`"
            )
        };
        let hosts = match self.find(tenant, slug, name).await? {
            Some(Found { origin: Origin::Store, hosts, .. }) => hosts,
            Some(Found { origin: Origin::Environment, .. }) => return Err(elsewhere("the environment")),
            Some(Found { origin: Origin::File, .. }) => return Err(elsewhere("a file")),
            None => return Err(format!("the secret `{name}` was removed")),
        };
        let entropy = std::sync::Arc::clone(self.store.entropy());
        let sealed = self.seal(tenant, name, value, &hosts, entropy.as_ref())?;
        self.put(tenant, name, &sealed, &Actor::Host("oauth".to_owned())).await
    }

    /// Keeps a value, durably, in place of what the store may have.
    ///
    /// # Errors
    /// In words for a person: another value stands in the environment or in a file and goes first, or the store takes no writes.
    pub async fn set_new(
        &self,
        tenant: TenantId,
        slug: &str,
        name: &str,
        value: &str,
        hosts: &[String],
    ) -> Result<(), String> {
        if let Some(Found { origin: Origin::Environment | Origin::File, .. }) = self.find(tenant, slug, name).await? {
            return Err(format!(
                "the secret `{name}` stands in the environment or in a file, which goes first: take it out there"
            ));
        }
        let entropy = std::sync::Arc::clone(self.store.entropy());
        let sealed = self.seal(tenant, name, value, hosts, entropy.as_ref())?;
        self.put(tenant, name, &sealed, &Actor::Host("sign-in".to_owned())).await
    }

    /// Keeps sealed bytes, durably.
    ///
    /// # Errors
    /// In words for a person: the store takes no writes.
    pub async fn put(&self, tenant: TenantId, name: &str, sealed: &[u8], actor: &Actor) -> Result<(), String> {
        let write = async {
            let mut tx = self.store.tenant(tenant).begin_durable().await?;
            tx.put_secret(name, sealed, actor).await?;
            tx.commit().await
        };
        write.await.map_err(|error: StoreError| error.to_string())
    }

    /// The bytes to keep in the store.
    ///
    /// # Errors
    /// In words for a person.
    pub fn seal(
        &self,
        tenant: TenantId,
        name: &str,
        value: &str,
        hosts: &[String],
        entropy: &dyn posthouse_model::Entropy,
    ) -> Result<Vec<u8>, String> {
        let record = Sealed { form: Sealed::FORM, value: value.to_owned(), hosts: hosts.to_vec() };
        let bytes = Zeroizing::new(serde_json::to_vec(&record).map_err(|error| error.to_string())?);
        self.key.seal(tenant, name, &bytes, entropy).map_err(|error| error.to_string())
    }
}

/// A file's or a pipe's last line end does not belong to the secret.
#[must_use]
pub fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
