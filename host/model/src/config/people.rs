//! How people sign in to the desk.

use super::SecretRef;
use super::mailbox::host_of;
use crate::role::Role;
use serde::{Deserialize, Serialize};

/// How people sign in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInConfig {
    /// Whether a code is asked for beside the password. Default `optional`.
    pub second_factor: SecondFactor,
    /// The provider at which people sign in instead of with a password here; none: they cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcConfig>,
}

/// A provider that says who somebody is (OpenID Connect).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// To the letter what the provider calls itself: `https://login.example`. Where it does what is found below it
    /// (`/.well-known/openid-configuration`).
    pub issuer: String,
    /// What the provider calls this desk.
    pub client_id: String,
    /// Where the provider gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretRef>,
    /// What stands on the button. Default: the issuer's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The role in which somebody is added whom the provider knows and nobody added here. None (the default): nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_as: Option<Role>,
    /// The domains whose addresses are added: `shop.example`, exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
}

impl OidcConfig {
    /// What stands on the button.
    #[must_use]
    pub fn title(&self) -> String {
        self.title.clone().or_else(|| host_of(&self.issuer)).unwrap_or_default()
    }
}

/// Whether a code (RFC 6238) is asked for beside the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFactor {
    /// Of whoever has set one up.
    #[default]
    Optional,
    /// Of everybody: who has none yet sees her own account and nothing else until she has set one up.
    Required,
}
