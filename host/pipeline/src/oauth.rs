//! Access tokens for mailboxes that sign in with OAuth2: had with the refresh token from the vault, kept in memory until shortly
//! before they end.
//!
//! Some providers replace the refresh token at a renewal and make the old one worthless at once. So the new one is kept,
//! durably, before the access token is used; while it cannot be kept (a full disk), it is held in memory and written at the next
//! chance. It is only ever written over the one that it replaced: where a person signed in anew meanwhile, or another process
//! was faster, theirs stays.

use crate::house::House;
use crate::secrets::{self, SecretError};
use crate::tenant::Tenant;
use async_trait::async_trait;
use posthouse_mail::net::{Secret, TokenSource};
use posthouse_mail::oauth::{Endpoint, Granted, OAuthClient};
use posthouse_model::config::OAuthConfig;
use posthouse_model::{TenantId, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An access token is renewed this long before it ends, or after half its life where that is shorter.
const MARGIN: Duration = Duration::from_secs(60);

/// All access tokens of this process.
#[derive(Default)]
pub(crate) struct AccessTokens {
    kept: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<Kept>>>>,
}

/// Whose token it is: mailboxes that share a sign-in share it.
type Key = (TenantId, String, String, String);

#[derive(Default)]
struct Kept {
    /// And until when it is used.
    access: Option<(Secret, Timestamp)>,
    /// Given by the provider and not in the vault yet.
    unsaved: Option<Replaced>,
}

struct Replaced {
    old: Secret,
    new: Secret,
}

impl AccessTokens {
    fn of(&self, key: Key) -> Arc<tokio::sync::Mutex<Kept>> {
        Arc::clone(self.kept.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}

/// The tokens of one sign-in.
pub(crate) struct SignIn {
    pub(crate) house: House,
    pub(crate) tenant: TenantId,
    pub(crate) config: OAuthConfig,
}

#[async_trait]
impl TokenSource for SignIn {
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret, String> {
        let tenant = self.house.tenant(self.tenant).await.map_err(|error| error.to_string())?;
        let tenant = tenant.ok_or_else(|| "the tenant is turned off".to_owned())?;
        let tokens = self.house.access_tokens();
        let config = &self.config;
        let name = config.refresh_token.secret.clone();
        let kept = tokens.of((self.tenant, name, config.token_url.clone(), config.client_id.clone()));
        // One renewal at a time: who waits finds its result.
        let mut kept = kept.lock().await;
        self.save(&tenant, &mut kept).await;
        if let Some((access, until)) = &kept.access
            && self.house.now() < *until
            && refused != Some(access)
        {
            return Ok(access.clone());
        }
        kept.access = None;
        let client = self.house.sign_in_servers();
        let endpoint = endpoint(&self.house, &tenant, config).await.map_err(|error| error.to_string())?;
        let (refresh, granted) = self.renew(&tenant, &kept, client, &endpoint).await?;
        if let Some(new) = granted.refresh.filter(|new| *new != refresh) {
            let old = kept.unsaved.take().map_or(refresh, |unsaved| unsaved.old);
            kept.unsaved = Some(Replaced { old, new });
            self.save(&tenant, &mut kept).await;
        }
        let margin = MARGIN.min(granted.lifetime / 2);
        kept.access = Some((granted.access.clone(), self.house.now().plus(granted.lifetime - margin)));
        Ok(granted.access)
    }
}

impl SignIn {
    /// The refresh token that was used, and what it gave.
    async fn renew(
        &self,
        tenant: &Tenant,
        kept: &Kept,
        client: &OAuthClient,
        endpoint: &Endpoint,
    ) -> Result<(Secret, Granted), String> {
        let refresh = match &kept.unsaved {
            Some(unsaved) => unsaved.new.clone(),
            None => self.stored(tenant).await?,
        };
        match client.refresh(endpoint, &refresh).await {
            Ok(granted) => Ok((refresh, granted)),
            // Another process may have been given a new one in this very moment.
            Err(error) if error.is_invalid_grant() => match self.stored(tenant).await {
                Ok(other) if other != refresh => match client.refresh(endpoint, &other).await {
                    Ok(granted) => Ok((other, granted)),
                    Err(error) => Err(error.to_string()),
                },
                _ => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        }
    }

    async fn stored(&self, tenant: &Tenant) -> Result<Secret, String> {
        let (name, host) = (&self.config.refresh_token.secret, self.config.token_host());
        match secrets::reveal(&self.house, tenant, name, &host, "oauth").await {
            Ok(value) => Ok(Secret::new(value)),
            Err(SecretError::Missing { tenant: slug, .. }) => {
                let uses = |mailbox: &&posthouse_model::config::MailboxConfig| {
                    mailbox.oauths().any(|(_, oauth)| oauth.refresh_token == self.config.refresh_token)
                };
                let mailbox =
                    tenant.config.mailboxes.iter().find(uses).map_or("MAILBOX", |mailbox| mailbox.name.as_str());
                Err(format!("nobody has signed in yet: run `posthouse mailbox sign-in {slug} {mailbox}`"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Puts a new refresh token in the place of the one it replaced.
    async fn save(&self, tenant: &Tenant, kept: &mut Kept) {
        let Some(unsaved) = &kept.unsaved else { return };
        let name = &self.config.refresh_token.secret;
        let written = match self.stored(tenant).await {
            Ok(stored) if stored == unsaved.old => {
                self.house.secrets().keep(&tenant.row, name, unsaved.new.reveal()).await
            }
            // Somebody signed in anew: theirs stays.
            Ok(_) => Ok(()),
            Err(reason) => Err(reason),
        };
        match written {
            Ok(()) => kept.unsaved = None,
            Err(reason) => tracing::error!(
                tenant.id = %tenant.id(), secret = %name, reason,
                "a renewed refresh token could not be kept; it is held in memory and tried again"
            ),
        }
    }
}

/// Where tokens are had, with the client's secret put in; a host that it may not go to is refused.
///
/// # Errors
/// See [`SecretError`].
pub async fn endpoint(house: &House, tenant: &Tenant, config: &OAuthConfig) -> Result<Endpoint, SecretError> {
    let client_secret = match &config.client_secret {
        None => None,
        Some(secret) => {
            Some(Secret::new(secrets::reveal(house, tenant, &secret.secret, &config.token_host(), "oauth").await?))
        }
    };
    Ok(endpoint_with(config, client_secret))
}

/// Where tokens are had, with this secret of the client's.
pub(crate) fn endpoint_with(config: &OAuthConfig, client_secret: Option<Secret>) -> Endpoint {
    Endpoint {
        token_url: config.token_url.clone(),
        authorize_url: config.authorize_url.clone(),
        device_url: config.device_url.clone(),
        client_id: config.client_id.clone(),
        client_secret,
        scopes: config.scopes.clone(),
    }
}
