//! Signatures: minisign's format, over a package's listing.
//!
//! A signature stands in the package as `signatures/<key id>.minisig`. The signed message is the
//! [listing](crate::Package::listing), so that `minisign -V` can check it too, and signing does not change the
//! package's digest.

use crate::error::{PackageError, shown};
use crate::name::is_key_id;
use crate::package::Package;
use minisign::{KeyPair, PublicKey, SecretKeyBox, SignatureBox};
use std::fmt;
use std::io::Cursor;
use thiserror::Error;

/// Characters of a trusted comment.
pub const COMMENT_CHARACTERS: usize = 200;

/// A new pair of keys, as text.
#[derive(Clone)]
pub struct KeyTexts {
    /// The public key's id.
    pub id: String,
    /// The public key: two lines, as a `.pub` file.
    pub public: String,
    /// The secret key: two lines, as a `.key` file. Whoever has it, and its password, signs in your name.
    pub secret: String,
}

impl fmt::Debug for KeyTexts {
    /// Without the secret key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyTexts").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A key could not be made or read, or signing failed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SigningError {
    /// The key's text.
    #[error("the key cannot be used: {0}")]
    Key(String),
    /// The comment.
    #[error("the trusted comment is one line of at most {COMMENT_CHARACTERS} characters, without blanks around it")]
    Comment,
    /// The package with the signature is no package any more.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// Why a package is not trusted.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SignatureProblem {
    /// Nobody signed it.
    #[error("the package is not signed; ask its publisher for a signed one, or sign it yourself after looking into it")]
    Unsigned,
    /// Others signed it.
    #[error(
        "the package is signed by {}, which is not trusted; if it is the publisher's, get the publisher's public key (it begins with RW) from a place you trust, and add it in tenant.toml: trusted_keys = [\"RW…\"]",
        named(.key_ids)
    )]
    NotTrusted {
        /// The ids that the signatures name.
        key_ids: Vec<String>,
    },
    /// A signature by a trusted key does not fit.
    #[error(
        "the signature by key {key_id} does not match the package: its content was changed after it was signed, or somebody else pretends to be the signer. Do not use it; fetch it again from its publisher"
    )]
    Mismatch {
        /// The trusted key's id.
        key_id: String,
    },
}

fn named(key_ids: &[String]) -> String {
    let noun = if key_ids.len() == 1 { "key" } else { "keys" };
    format!("{noun} {}", key_ids.join(", "))
}

/// A public key that somebody trusts.
#[derive(Clone)]
pub struct TrustedKey {
    key: PublicKey,
    id: String,
}

impl TrustedKey {
    /// Reads a public key: its one line of Base64 (`RW…`), or the text of a `.pub` file.
    ///
    /// # Errors
    /// When it is neither, or a secret key.
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        let refused = |_| {
            SigningError::Key(
                "this is no minisign public key; it is one line of 56 characters that begins with RW, or the .pub file with that line"
                    .into(),
            )
        };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let (first, second, third) = (lines.next().unwrap_or_default(), lines.next(), lines.next());
        let encoded = match second {
            Some(second) if first.starts_with("untrusted comment:") && third.is_none() => second,
            Some(_) => "",
            None => first,
        };
        let key = PublicKey::from_base64(encoded).map_err(refused)?;
        // The library takes any algorithm; `Ed` is the one there is.
        if !key.to_bytes().starts_with(b"Ed") {
            return Err(SigningError::Key("it is made for another algorithm than Ed25519".into()));
        }
        let id = id_of(key.keynum());
        Ok(Self { key, id })
    }

    /// The key's id: 16 digits of 0-9 and A-F.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as one line of Base64, as `trusted_keys` in tenant.toml has it.
    #[must_use]
    pub fn line(&self) -> String {
        self.key.to_base64()
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedKey({}, {})", self.id, self.line())
    }
}

impl PartialEq for TrustedKey {
    fn eq(&self, other: &Self) -> bool {
        self.key.to_bytes() == other.key.to_bytes()
    }
}

impl Eq for TrustedKey {}

/// Makes a new pair of keys from the system's randomness. With a password the secret key is encrypted (scrypt,
/// which takes about a second and 32 MiB).
///
/// # Errors
/// When the system gives no randomness, or the password is empty.
pub fn generate_key(password: Option<&str>) -> Result<KeyTexts, SigningError> {
    let pair = match password {
        None => KeyPair::generate_unencrypted_keypair(),
        Some("") => return Err(SigningError::Key("the password is empty; give one, or none at all".into())),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
    }
    .map_err(|e| SigningError::Key(e.to_string()))?;
    let id = id_of(pair.pk.keynum());
    let text = |e: minisign::PError| SigningError::Key(e.to_string());
    let public = pair.pk.to_box().map_err(text)?.into_string();
    let comment = format!("Posthouse: secret key {id} (minisign)");
    let secret = pair.sk.to_box(Some(&comment)).map_err(text)?.into_string();
    Ok(KeyTexts { id, public, secret })
}

/// The package with a signature by this key, in place of an earlier one by the same key.
///
/// The trusted comment is signed too; say in it what was signed, and when if you like: nothing is added by
/// itself. Two signatures of the same package differ, because each draws on the system's randomness.
///
/// # Errors
/// When the key's text is no minisign secret key, its password is missing, superfluous or wrong, or the comment
/// is too long or has several lines.
pub fn sign(
    package: &Package,
    secret_key: &str,
    password: Option<&str>,
    trusted_comment: &str,
) -> Result<Package, SigningError> {
    let plain = !trusted_comment.chars().any(char::is_control) && trusted_comment.trim() == trusted_comment;
    if !plain || trusted_comment.chars().count() > COMMENT_CHARACTERS {
        return Err(SigningError::Comment);
    }
    let text = SecretKeyBox::from_string(secret_key).map_err(|e| SigningError::Key(e.to_string()))?;
    // Without a password the library would ask at the terminal, so that way is never taken.
    let key = match password {
        Some(password) => text.into_secret_key(Some(password.to_owned())),
        None => text.into_unencrypted_secret_key(),
    };
    let key = key.map_err(|e| {
        let hint = match (e.to_string().as_str(), password) {
            ("Key might be encrypted", None) => "it is encrypted: give its password",
            ("Key is not encrypted", Some(_)) => "it has no password: give none",
            ("Wrong password for that key", _) => "the password is wrong",
            _ => "this is no minisign secret key; it is the .key file with two lines",
        };
        SigningError::Key(hint.into())
    })?;
    let id = id_of(key.keynum());
    let message = Cursor::new(package.listing());
    let untrusted = format!("signature of a Posthouse plugin package by key {id}");
    let signature = minisign::sign(None, &key, message, Some(trusted_comment), Some(&untrusted))
        .map_err(|e| SigningError::Key(e.to_string()))?;
    Ok(package.with_signature(&id, &signature.into_string())?)
}

impl Package {
    /// Which of these keys signed the package. One good signature by a trusted key is enough; but a signature
    /// that names a trusted key and does not fit refuses the package, whatever else it carries.
    ///
    /// # Errors
    /// That nobody signed it, that none of these did, or that it was changed since.
    pub fn verify<'k>(&self, trusted: &'k [TrustedKey]) -> Result<&'k TrustedKey, SignatureProblem> {
        let (mut key_ids, mut good) = (Vec::new(), None);
        for (id, text) in self.signatures() {
            let mut keys = trusted.iter().filter(|key| key.id == id).peekable();
            if keys.peek().is_some() {
                // Two keys may have the same id: it is no more than a name.
                let by = keys.find(|key| fits(key, text, self.listing()));
                good = good.or(Some(by.ok_or_else(|| SignatureProblem::Mismatch { key_id: id.to_owned() })?));
            }
            key_ids.push(id.to_owned());
        }
        match good {
            Some(key) => Ok(key),
            None if key_ids.is_empty() => Err(SignatureProblem::Unsigned),
            None => Err(SignatureProblem::NotTrusted { key_ids }),
        }
    }

    /// The trusted comment of the signature by this key, once [`verify`](Self::verify) found it good.
    #[must_use]
    pub fn trusted_comment(&self, key: &TrustedKey) -> Option<String> {
        let (_, text) = self.signatures().find(|(id, _)| *id == key.id)?;
        fits(key, text, self.listing()).then(|| SignatureBox::from_string(text).ok()?.trusted_comment().ok()).flatten()
    }
}

fn fits(key: &TrustedKey, signature: &str, listing: &str) -> bool {
    let Ok(signature) = SignatureBox::from_string(signature) else { return false };
    minisign::verify(&key.key, &signature, Cursor::new(listing), true, false, false).is_ok()
}

/// Why a file of signatures is no signature by the key of this id. The library relies on the lengths that are
/// checked here.
pub(crate) fn signature_problem(text: &str, key_id: &str) -> Option<String> {
    const WRONG: &str = "this is no minisign signature; sign the package again";
    let lines: Vec<&str> = text.lines().collect();
    let [comment, signature, trusted, global] = lines.as_slice() else { return Some(WRONG.into()) };
    // 74 and 64 bytes, padded as Base64 pads them.
    let lengths = signature.len() == 100
        && signature.ends_with('=')
        && !signature.ends_with("==")
        && global.len() == 88
        && global.ends_with("==")
        && !global.ends_with("===");
    if !comment.starts_with("untrusted comment: ") || !trusted.starts_with("trusted comment: ") || !lengths {
        return Some(WRONG.into());
    }
    match SignatureBox::from_string(text) {
        Err(_) => Some(WRONG.into()),
        Ok(read) if !read.is_prehashed() => Some("this is a signature in minisign's old format; sign again".into()),
        Ok(read) if id_of(read.keynum()) != key_id => {
            Some(format!("the signature is by key {}, not by the one it is named after", shown(&id_of(read.keynum()))))
        }
        Ok(_) => None,
    }
}

/// The id as minisign shows it: the eight bytes as a number, the last byte first.
fn id_of(keynum: &[u8]) -> String {
    let id: String = keynum.iter().rev().map(|byte| format!("{byte:02X}")).collect();
    debug_assert!(is_key_id(&id));
    id
}
