//! Sealing secrets: XChaCha20-Poly1305 under the host's master key, which is not in the database.
//!
//! A sealed secret is bound to its tenant and name: bytes copied to another row do not open. The master key itself
//! leaves the machine only wrapped under a passphrase (argon2id), as a part of a backup.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use posthouse_model::{Entropy, TenantId};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const SALT_BYTES: usize = 16;
/// First byte of what this module makes: which kind it is.
const SEALED_V1: u8 = 1;
const WRAPPED_V1: u8 = 0x81;
/// Cost of the passphrase: 64 MiB and three passes, the second choice of RFC 9106, 4. About a tenth of a second.
const WRAP_MEMORY_KIB: u32 = 64 * 1024;
const WRAP_PASSES: u32 = 3;
const WRAP_LANES: u32 = 4;

/// What can go wrong with a sealed secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Wrong key, or the bytes were changed or belong to another name or tenant.
    #[error("the secret cannot be opened: it was sealed with another master key, or it was altered; set it again")]
    Sealed,
    /// Wrong passphrase, or the bytes were changed.
    #[error("the master key cannot be unwrapped: the passphrase is wrong, or the backup was altered")]
    Passphrase,
    /// Not what this module made.
    #[error("these are not bytes of a kind this host knows: they are damaged or from a newer host")]
    Format,
    /// A master key must be 64 hexadecimal digits.
    #[error("a master key is 64 hexadecimal digits; this is something else")]
    Key,
}

/// The host's master key: 32 bytes, never in the database, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; KEY_BYTES]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// From the 64 hexadecimal digits of a key file; white space around them is ignored.
    ///
    /// # Errors
    /// [`VaultError::Key`].
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| VaultError::Key)?;
        Ok(Self(key))
    }

    /// As a key file holds it.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Seals a tenant's secret.
    ///
    /// # Errors
    /// [`VaultError::Format`] for a secret of more than 256 GiB.
    pub fn seal(
        &self,
        tenant: TenantId,
        name: &str,
        secret: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        encrypt(&self.0, SEALED_V1, &binding(tenant, name), secret, entropy)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`VaultError::Sealed`], [`VaultError::Format`].
    pub fn open(&self, tenant: TenantId, name: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        decrypt(&self.0, SEALED_V1, &binding(tenant, name), sealed, VaultError::Sealed)
    }

    /// Wraps the key itself under a passphrase, for a backup. Takes about a tenth of a second and 64 MiB: call it where
    /// blocking is allowed.
    ///
    /// # Errors
    /// [`VaultError::Format`] for a passphrase of more than 4 GiB.
    pub fn wrap(&self, passphrase: &str, entropy: &dyn Entropy) -> Result<Vec<u8>, VaultError> {
        let salt: [u8; SALT_BYTES] = random(entropy);
        let key = stretch(passphrase, &salt)?;
        let mut wrapped = salt.to_vec();
        wrapped.extend(encrypt(&key, WRAPPED_V1, &salt, &self.0, entropy)?);
        Ok(wrapped)
    }

    /// Unwraps it. As slow as [`MasterKey::wrap`].
    ///
    /// # Errors
    /// [`VaultError::Passphrase`], [`VaultError::Format`].
    pub fn unwrap(wrapped: &[u8], passphrase: &str) -> Result<Self, VaultError> {
        let (salt, sealed) = wrapped.split_at_checked(SALT_BYTES).ok_or(VaultError::Format)?;
        let key = stretch(passphrase, salt)?;
        let master = decrypt(&key, WRAPPED_V1, salt, sealed, VaultError::Passphrase)?;
        Ok(Self(master.try_into().map_err(|_| VaultError::Format)?))
    }
}

/// Seals what the desk keeps of people, such as the seeds of their second factors: under names that no secret of a tenant can have,
/// so that whoever holds this opens none of those.
#[derive(Clone)]
pub struct PeopleVault {
    key: MasterKey,
    entropy: std::sync::Arc<dyn Entropy>,
}

impl std::fmt::Debug for PeopleVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PeopleVault(…)")
    }
}

impl PeopleVault {
    /// With the host's key.
    #[must_use]
    pub fn new(key: MasterKey, entropy: std::sync::Arc<dyn Entropy>) -> Self {
        Self { key, entropy }
    }

    /// Seals; `what` says what it is and whose.
    ///
    /// # Errors
    /// [`VaultError::Format`] for more than 256 GiB.
    pub fn seal(&self, tenant: TenantId, what: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.key.seal(tenant, &format!("people/{what}"), secret, self.entropy.as_ref())
    }

    /// Opens.
    ///
    /// # Errors
    /// [`VaultError::Sealed`], [`VaultError::Format`].
    pub fn open(&self, tenant: TenantId, what: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.key.open(tenant, &format!("people/{what}"), sealed)
    }
}

/// Layout: kind, nonce, ciphertext with tag. The kind is sealed in as well.
fn encrypt(
    key: &[u8; KEY_BYTES],
    kind: u8,
    bound_to: &[u8],
    secret: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = random(entropy);
    let aad = [&[kind], bound_to].concat();
    let ciphertext = XChaCha20Poly1305::new(&(*key).into())
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &aad })
        .map_err(|_| VaultError::Format)?;
    Ok([&[kind], &nonce[..], &ciphertext].concat())
}

fn decrypt(
    key: &[u8; KEY_BYTES],
    kind: u8,
    bound_to: &[u8],
    sealed: &[u8],
    wrong: VaultError,
) -> Result<Vec<u8>, VaultError> {
    let (&found, rest) = sealed.split_first().ok_or(VaultError::Format)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Format)?;
    if found != kind {
        return Err(VaultError::Format);
    }
    let aad = [&[kind], bound_to].concat();
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
        .map_err(|_| wrong)
}

fn stretch(passphrase: &str, salt: &[u8]) -> Result<[u8; KEY_BYTES], VaultError> {
    let params =
        Params::new(WRAP_MEMORY_KIB, WRAP_PASSES, WRAP_LANES, Some(KEY_BYTES)).map_err(|_| VaultError::Format)?;
    let mut key = [0; KEY_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut key)
        .map_err(|_| VaultError::Format)?;
    Ok(key)
}

/// The tenant's number has a fixed length, so no other tenant and name give the same bytes.
fn binding(tenant: TenantId, name: &str) -> Vec<u8> {
    [&tenant.0.to_le_bytes()[..], name.as_bytes()].concat()
}

fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.iter_mut().for_each(|b| *b = self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let entropy = Counting::default();
        let key = MasterKey::generate(&entropy);
        let sealed = key.seal(TenantId(1), "smtp", b"hunter2", &entropy).unwrap();
        assert_eq!(key.open(TenantId(1), "smtp", &sealed).unwrap(), b"hunter2");
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));

        assert_eq!(key.open(TenantId(2), "smtp", &sealed), Err(VaultError::Sealed));
        assert_eq!(key.open(TenantId(1), "imap", &sealed), Err(VaultError::Sealed));
        let other = MasterKey::generate(&entropy);
        assert_eq!(other.open(TenantId(1), "smtp", &sealed), Err(VaultError::Sealed));
        for at in 1..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(TenantId(1), "smtp", &altered), Err(VaultError::Sealed), "byte {at}");
        }
        for cut in 0..=NONCE_BYTES {
            assert_eq!(key.open(TenantId(1), "smtp", &sealed[..cut]), Err(VaultError::Format));
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_the_same_way() {
        let entropy = Counting::default();
        let key = MasterKey::generate(&entropy);
        let seal = || key.seal(TenantId(1), "a", b"x", &entropy).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn who_seals_for_people_opens_no_secret_of_a_tenant() {
        let entropy = std::sync::Arc::new(Counting::default());
        let key = MasterKey::generate(entropy.as_ref());
        let people = PeopleVault::new(key.clone(), entropy.clone());
        let sealed = people.seal(TenantId(1), "factor:7", b"seed").unwrap();
        assert_eq!(people.open(TenantId(1), "factor:7", &sealed).unwrap(), b"seed");
        assert_eq!(people.open(TenantId(1), "factor:8", &sealed), Err(VaultError::Sealed));
        let secret = key.seal(TenantId(1), "smtp", b"hunter2", entropy.as_ref()).unwrap();
        assert_eq!(people.open(TenantId(1), "smtp", &secret), Err(VaultError::Sealed));
        assert_eq!(format!("{people:?}"), "PeopleVault(…)");
    }

    #[test]
    fn the_key_travels_under_a_passphrase() {
        let entropy = Counting::default();
        let key = MasterKey::generate(&entropy);
        let wrapped = key.wrap("correct horse", &entropy).unwrap();
        assert!(MasterKey::unwrap(&wrapped, "correct horse").unwrap() == key);
        assert_eq!(MasterKey::unwrap(&wrapped, "battery staple").unwrap_err(), VaultError::Passphrase);
        assert_eq!(MasterKey::unwrap(&wrapped[..10], "correct horse").unwrap_err(), VaultError::Format);
    }

    #[test]
    fn a_key_file_is_hexadecimal() {
        let key = MasterKey::generate(&Counting::default());
        assert!(MasterKey::from_hex(&format!(" {}\n", key.to_hex())).unwrap() == key);
        assert_eq!(MasterKey::from_hex("abc").unwrap_err(), VaultError::Key);
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }
}
