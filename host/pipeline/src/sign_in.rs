//! A sign-in to a mailbox that was begun on the desk: by a code (RFC 8628) that is had from the provider and shown there, and that
//! whoever owns the mailbox enters on any device; or by a browser (RFC 6749, 4.1) that the desk sends to the provider.
//!
//! By a code, the job only asks for it. Waiting for the person is a task of its own, so that it holds no place of a worker; when the
//! process ends, the code runs out and the page says so.
//!
//! By a browser, the desk makes the address ([`address`]) and takes what the browser brings back; the job exchanges it, since no provider
//! is asked on the path of a request. The verifier (RFC 7636) is kept nowhere: it follows from the installation's key and the name of the
//! visit.

use crate::house::House;
use crate::oauth;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::net::Secret;
use posthouse_mail::oauth::{
    DeviceCode, Endpoint, Errand, Granted, OAuthClient, OAuthError, Polled, authorize_url, challenge,
};
use posthouse_mail::thread::Installation;
use posthouse_model::config::{MailboxConfig, OAuthConfig};
use posthouse_model::event::Actor;
use posthouse_model::job::{JobFailure, SignInState};
use posthouse_store::{ClaimedJob, SignInRow, StoreError, VisitCode, visit_name};
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
    let client = house.sign_in_servers().clone();
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
                Ok(Polled::Granted(granted)) => return keep(house, tenant, &self.config, granted).await,
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

/// Keeps the refresh token, and nothing else of what was given: its access token is not needed yet.
async fn keep(house: &House, tenant: &Tenant, config: &OAuthConfig, granted: Granted) -> Result<(), String> {
    let Some(refresh) = granted.refresh else {
        return Err("the provider gave no refresh token: add the scope that asks for one to oauth.scopes".to_owned());
    };
    let hosts = [config.token_host()];
    house.secrets().set(&tenant.row, &config.refresh_token.secret, refresh.reveal(), &hosts).await
}

/// The path on the desk that browsers come back to from every provider, for every tenant.
pub const CAME_BACK: &str = "/oauth/callback";

/// Where browsers come back to: what is registered at the providers, to the letter.
#[must_use]
pub fn came_back_url(public_url: &str) -> String {
    format!("{}{CAME_BACK}", public_url.trim_end_matches('/'))
}

/// The address that a browser is sent to so that its owner lets this host into a mailbox.
///
/// # Errors
/// In words for a person: the mailbox's provider has no such address.
pub fn address(
    installation: &Installation,
    public_url: &str,
    mailbox: &MailboxConfig,
    state: &str,
) -> Result<String, String> {
    let config = mailbox.oauths().next().map(|(_, config)| config);
    let config = config.ok_or_else(|| format!("the mailbox “{}” does not sign in with OAuth2", mailbox.name))?;
    // The client's secret goes with the exchange alone.
    let endpoint = oauth::endpoint_with(config, None);
    let user = mailbox.imap.as_ref().map(|imap| imap.user.as_str()).filter(|user| user.contains('@'));
    let errand = Errand {
        redirect_uri: &came_back_url(public_url),
        state,
        challenge: &challenge(&installation.verifier(&visit_name(state))),
        login_hint: Some(user.unwrap_or(&mailbox.address)),
    };
    authorize_url(&endpoint, &errand).map_err(|error| error.to_string())
}

/// Exchanges the code that a browser brought back, keeps what it gives, and writes down what came of it; completes the job.
///
/// # Errors
/// The provider cannot be reached while the code may still be good, or the store cannot be read or written: tried again.
pub async fn finish(
    house: &House,
    tenant: &Arc<Tenant>,
    job: &ClaimedJob,
    mailbox: &str,
    visit: &str,
) -> Result<(), JobFailure> {
    // Without a code, it is exchanged already: the worker died before it could complete the job.
    let ended = match tenant.scope.visit_code(visit).await.map_err(store)? {
        None => None,
        Some(code) => Some(match exchange(house, tenant, mailbox, visit, &code).await {
            Ok(()) => row(house, mailbox, SignInState::Done, None),
            Err(Unfinished::Away(words)) if house.now() < code.expires_at => return Err(JobFailure::retry(words)),
            Err(Unfinished::Away(words) | Unfinished::No(words)) => {
                row(house, mailbox, SignInState::Failed, Some(words))
            }
        }),
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some(ended) = ended {
        tx.forget_visit_code(visit).await.map_err(store)?;
        tx.set_sign_in(&ended, &actor()).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Writes down that a code was never exchanged.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn given_up(tenant: &Tenant, mailbox: &str, visit: &str, reason: &str) -> Result<(), StoreError> {
    if tenant.scope.visit_code(visit).await?.is_none() {
        return Ok(());
    }
    let mut tx = tenant.scope.begin().await?;
    let row = SignInRow {
        mailbox: mailbox.to_owned(),
        state: SignInState::Failed,
        user_code: None,
        address: None,
        words: Some(reason.to_owned()),
        changed_at: tx.now(),
        expires_at: None,
    };
    tx.forget_visit_code(visit).await?;
    tx.set_sign_in(&row, &actor()).await?;
    tx.commit().await
}

/// Why there is no refresh token.
enum Unfinished {
    /// Nobody has answered yet.
    Away(String),
    /// It is final.
    No(String),
}

async fn exchange(
    house: &House,
    tenant: &Tenant,
    mailbox: &str,
    visit: &str,
    code: &VisitCode,
) -> Result<(), Unfinished> {
    let config = tenant.config.mailbox(mailbox).and_then(|mailbox| mailbox.oauths().next());
    let Some((_, config)) = config else {
        return Err(Unfinished::No(format!("the mailbox “{mailbox}” does not sign in with OAuth2")));
    };
    let endpoint = oauth::endpoint(house, tenant, config).await.map_err(|error| Unfinished::No(error.to_string()))?;
    let verifier = house.installation().verifier(visit);
    let code = Secret::new(code.code.as_str());
    let granted = house.sign_in_servers().exchange(&endpoint, &code, &verifier, &house.came_back_url()).await;
    let granted = granted.map_err(|error| match error {
        OAuthError::Unreachable(_) => Unfinished::Away(error.to_string()),
        other => Unfinished::No(other.to_string()),
    })?;
    keep(house, tenant, config, granted).await.map_err(Unfinished::No)
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
