//! Passwords: argon2id (RFC 9106) as PHC strings.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use posthouse_model::Entropy;

/// Shortest password taken, in characters.
pub const LENGTH_MIN: usize = 10;
/// Longest password taken, in bytes: hashing more costs time and adds nothing.
pub const BYTES_MAX: usize = 1024;

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Easy to guess.
    #[error("the password is too short: use at least {LENGTH_MIN} characters")]
    Short,
    /// Longer than anybody types.
    #[error("the password is too long: use at most {BYTES_MAX} bytes")]
    Long,
    /// The hash function failed, which it does only without memory.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Memory 19 MiB, 2 passes, 1 lane: the first recommendation of OWASP for argon2id.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Hashes a new password with a fresh salt. Takes some 20 ms: not on an async thread.
///
/// # Errors
/// When it is too short, too long, or memory is out.
pub fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, PasswordError> {
    if password.chars().count() < LENGTH_MIN {
        return Err(PasswordError::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(PasswordError::Long);
    }
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let hash: PasswordHash =
        argon2().hash_password_with_salt(password.as_bytes(), &salt).map_err(|e| PasswordError::Hash(e.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password gives this hash. A hash that cannot be read fits no password. Not on an async thread.
#[must_use]
pub fn verify(password: &str, phc: &str) -> bool {
    password.len() <= BYTES_MAX
        && PasswordHash::new(phc).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Takes as long as [`verify`] does, for addresses that nobody has: who asks cannot tell by the clock.
pub(crate) fn verify_nobody(password: &str) {
    let mut out = [0; 32];
    let _ = argon2().hash_password_into(password.as_bytes(), b"nobody signs in here", &mut out);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_password_fits_its_hash_and_no_other() {
        let phc = hash("correct horse", &Fixed).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify("correct horse", &phc));
        assert!(!verify("correct horsf", &phc));
        assert!(!verify("correct horse", "nonsense"));
        assert!(!verify("", ""));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(matches!(hash("short", &Fixed), Err(PasswordError::Short)));
        assert!(matches!(hash(&"x".repeat(2_000), &Fixed), Err(PasswordError::Long)));
        assert!(hash("十个汉字也算是够长的吧", &Fixed).is_ok());
    }
}
