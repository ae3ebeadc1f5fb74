//! Where secret values come from. The binary decides (environment, files, the encrypted store); the
//! pipeline only asks, by tenant and name, at the last moment.

use async_trait::async_trait;
use posthouse_store::TenantRow;

/// Gives the value of a tenant's secret.
#[async_trait]
pub trait SecretSource: Send + Sync + 'static {
    /// The value; `Ok(None)` when there is none of that name.
    ///
    /// # Errors
    /// In words for a person: the store cannot be read, the master key does not fit.
    async fn secret(&self, tenant: &TenantRow, name: &str) -> Result<Option<String>, String>;
}
