//! A sign-in to a mailbox that was begun on the desk (RFC 8628): a code is had from the provider and shown there, and whoever owns
//! the mailbox enters it on any device.
//!
//! The job only asks for the code. Waiting for the person is a task of its own, so that it holds no place of a worker; when the
//! process ends, the code runs out and the page says so.

use crate::house::House;
use crate::oauth;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::oauth::{DeviceCode, Endpoint, OAuthClient, OAuthError, Polled};
use posthouse_model::config::OAuthConfig;
use posthouse_model::event::Actor;
use posthouse_model::job::{JobFailure, SignInState};
use posthouse_store::{ClaimedJob, SignInRow, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Asks for a code, writes it down for the desk; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, mailbox: &str) -> Result<(), JobFailure> {
    let begun = begin(house, tenant, mailbox).await;
    let row = match &begun {
        Ok(waiting) => SignInRow {
            user_code: Some(waiting.code.user_code.clone()),
            address: Some(waiting.code.verification_uri.clone()),
            expires_at: Some(house.now().plus(waiting.code.lifetime)),
            ..row(house, mailbox, SignInState::Waiting, None)
        },
        Err(words) => row(house, mailbox, SignInState::Failed, Some(words.clone())),
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.set_sign_in(&row, &actor()).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)?;
    if let Ok(waiting) = begun {
        tokio::spawn(waiting.finish(house.clone(), Arc::clone(tenant), row));
    }
    Ok(())
}

/// A code that a person has yet to enter.
struct Waiting {
    client: OAuthClient,
    endpoint: Endpoint,
    config: OAuthConfig,
    code: DeviceCode,
}

async fn begin(house: &House, tenant: &Tenant, mailbox: &str) -> Result<Waiting, String> {
    let config = tenant.config.mailbox(mailbox).and_then(|mailbox| mailbox.oauths().next());
    let Some((_, config)) = config else {
        return Err(format!("the mailbox “{mailbox}” does not sign in with OAuth2"));
    };
    let endpoint = oauth::endpoint(house, tenant, config).await.map_err(|error| error.to_string())?;
    let client = house.access_tokens().client().map_err(|error| error.to_string())?;
    let code = client.device_code(&endpoint).await.map_err(|error| error.to_string())?;
    Ok(Waiting { client, endpoint, config: config.clone(), code })
}

impl Waiting {
    /// Looks until the person has agreed or the code has run out, and writes down what came of it.
    async fn finish(self, house: House, tenant: Arc<Tenant>, shown: SignInRow) {
        let ended = match self.wait(&house, &tenant).await {
            Ok(()) => row(&house, &shown.mailbox, SignInState::Done, None),
            Err(words) => row(&house, &shown.mailbox, SignInState::Failed, Some(words)),
        };
        if let Err(error) = write(&tenant, &shown, &ended).await {
            tracing::error!(tenant.id = %tenant.id(), %error, "the end of a sign-in could not be written");
        }
    }

    async fn wait(&self, house: &House, tenant: &Tenant) -> Result<(), String> {
        let begun = Instant::now();
        let mut interval = self.code.interval;
        while begun.elapsed() < self.code.lifetime {
            tokio::time::sleep(interval).await;
            match self.client.poll(&self.endpoint, &self.code).await {
                Ok(Polled::Granted(granted)) => {
                    let Some(refresh) = granted.refresh else {
                        return Err(
                            "the provider gave no refresh token: add the scope that asks for one to oauth.scopes"
                                .to_owned(),
                        );
                    };
                    let name = &self.config.refresh_token.secret;
                    let hosts = [self.config.token_host()];
                    return house.secrets().set(&tenant.row, name, refresh.reveal(), &hosts).await;
                }
                // A network that fails for a moment ends nothing.
                Ok(Polled::Pending) | Err(OAuthError::Unreachable(_)) => {}
                // RFC 8628, 3.5.
                Ok(Polled::SlowDown) => interval += Duration::from_secs(5),
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("expired_token: the code was not entered in time".to_owned())
    }
}

fn row(house: &House, mailbox: &str, state: SignInState, words: Option<String>) -> SignInRow {
    let (user_code, address, expires_at) = (None, None, None);
    SignInRow { mailbox: mailbox.to_owned(), state, user_code, address, words, changed_at: house.now(), expires_at }
}

/// Unless somebody began another one meanwhile.
async fn write(tenant: &Tenant, shown: &SignInRow, ended: &SignInRow) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    if ended.state == SignInState::Failed && !tenant.scope.sign_ins().await?.contains(shown) {
        return Ok(());
    }
    tx.set_sign_in(ended, &actor()).await?;
    tx.commit().await
}

fn actor() -> Actor {
    Actor::Host("sign-in".to_owned())
}
