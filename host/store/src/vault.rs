//! Sealing secrets: XChaCha20-Poly1305 under the host's master key.
use posthouse_model::{Entropy, TenantId};

/// What can go wrong with a sealed secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Wrong key, or the bytes were changed or belong to another name or tenant.
    #[error("the secret cannot be opened: it was sealed with another master key, or it was altered")]
    Sealed,
    /// Wrong passphrase, or the bytes were changed.
    #[error("the master key cannot be unwrapped: the passphrase is wrong, or the file was altered")]
    Passphrase,
    /// Not bytes that this module made.
    #[error("these are not sealed bytes of a kind this host knows")]
    Format,
}

/// The host's master key: 32 bytes, never in the database, never printed.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("MasterKey(…)") }
}

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(_entropy: &dyn Entropy) -> Self { todo!() }
    /// From the 64 hexadecimal digits of a key file; white space around them is ignored.
    pub fn from_hex(_text: &str) -> Result<Self, VaultError> { todo!() }
    /// As a key file holds it.
    #[must_use]
    pub fn to_hex(&self) -> String { todo!() }
    /// Seals a tenant's secret: nonce and ciphertext, bound to tenant and name.
    pub fn seal(&self, _tenant: TenantId, _name: &str, _secret: &[u8], _entropy: &dyn Entropy) -> Result<Vec<u8>, VaultError> { todo!() }
    /// Opens it.
    pub fn open(&self, _tenant: TenantId, _name: &str, _sealed: &[u8]) -> Result<Vec<u8>, VaultError> { todo!() }
    /// Wraps the key itself under a passphrase (argon2id), for a backup.
    pub fn wrap(&self, _passphrase: &str, _entropy: &dyn Entropy) -> Result<Vec<u8>, VaultError> { todo!() }
    /// Unwraps it.
    pub fn unwrap(_wrapped: &[u8], _passphrase: &str) -> Result<Self, VaultError> { todo!() }
}
