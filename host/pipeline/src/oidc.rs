//! People who sign in at their own provider (OpenID Connect Core 1.0, the code flow with PKCE). The desk asks no provider: it sends the
//! browser off and takes what it brings back; jobs find out where the provider is, exchange the code, and say who it is. Verifier and
//! nonce are kept nowhere: they follow from the installation's key and the name of the way.

use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::net::Secret;
use posthouse_mail::oauth::{Endpoint, Expected, Identity, OAuthError, challenge, identify};
use posthouse_mail::thread::Installation;
use posthouse_model::AgentId;
use posthouse_model::config::OidcConfig;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_store::{ClaimedJob, NewAgent, OidcWay, StoreError, Tx, visit_name};
use std::sync::Arc;
use url::Url;

/// The path on the desk that browsers come back to from people's providers, for every tenant.
pub const CAME_BACK: &str = "/oidc/callback";

fn came_back_url(public_url: &str) -> String {
    format!("{}{CAME_BACK}", public_url.trim_end_matches('/'))
}

fn nonce(installation: &Installation, visit: &str) -> Secret {
    installation.verifier(&format!("nonce {visit}"))
}

/// The address that a browser is sent to, of what the provider said and the state that comes back.
///
/// # Errors
/// In words for a person: the provider's address cannot be used.
pub fn address(
    installation: &Installation,
    public_url: &str,
    config: &OidcConfig,
    endpoint: &str,
    state: &str,
) -> Result<String, String> {
    let mut url = Url::parse(endpoint).map_err(|error| format!("the provider's address: {error}"))?;
    let visit = visit_name(state);
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &config.client_id)
        .append_pair("redirect_uri", &came_back_url(public_url))
        .append_pair("scope", "openid email profile")
        .append_pair("state", state)
        .append_pair("nonce", nonce(installation, &visit).reveal())
        .append_pair("code_challenge", &challenge(&installation.verifier(&visit)))
        .append_pair("code_challenge_method", "S256");
    Ok(url.into())
}

fn actor() -> Actor {
    Actor::Host("sign-in".to_owned())
}

fn unset() -> String {
    "nobody signs in at a provider here: tenant.toml names none".to_owned()
}

/// Finds out where the provider lets browsers in; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn find(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, visit: &str) -> Result<(), JobFailure> {
    // Somebody waits for it: what cannot be had at once is said, and she tries again.
    let found = match &tenant.config.sign_in.oidc {
        Some(config) => house.sign_in_servers().discover(&config.issuer).await.map_err(|error| error.to_string()),
        None => Err(unset()),
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    match &found {
        Ok(found) => tx.set_oidc_endpoint(visit, &found.authorization_endpoint).await.map_err(store)?,
        Err(words) => tx.end_oidc(visit, Err(words), &actor()).await.map_err(store)?,
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Exchanges the code that a browser brought back and says who it is; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn finish(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, visit: &str) -> Result<(), JobFailure> {
    let way = tenant.scope.oidc_visit(visit).await.map_err(store)?;
    let who = match (&way, &tenant.config.sign_in.oidc) {
        (Some(OidcWay { code: Some(code), .. }), Some(config)) => {
            Some(exchange(house, tenant, config, visit, code).await)
        }
        (Some(OidcWay { code: Some(_), .. }), None) => Some(Err(unset())),
        // It has run out, or a worker exchanged it and died: the code is used up.
        _ => None,
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some(who) = who {
        let agent = match (who, &tenant.config.sign_in.oidc) {
            (Ok(who), Some(config)) => let_in(&mut tx, tenant, config, &who).await.map_err(store)?,
            (Ok(_), None) => Err(unset()),
            (Err(words), _) => Err(words),
        };
        tx.end_oidc(visit, agent.as_ref().copied().map_err(String::as_str), &actor()).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Writes down that nobody found out.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn given_up(tenant: &Tenant, visit: &str, reason: &str) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    tx.end_oidc(visit, Err(reason), &actor()).await?;
    tx.commit().await
}

async fn exchange(
    house: &House,
    tenant: &Tenant,
    config: &OidcConfig,
    visit: &str,
    code: &str,
) -> Result<Identity, String> {
    let words = |error: OAuthError| error.to_string();
    let client = house.sign_in_servers();
    let provider = client.discover(&config.issuer).await.map_err(words)?;
    let client_secret = match &config.client_secret {
        None => None,
        Some(secret) => {
            let name = &secret.secret;
            let found = house.secrets().secret(&tenant.row, name).await?;
            let found = found.ok_or_else(|| {
                format!("the secret `{name}` is not set: posthouse secret set {} {name}", tenant.slug())
            })?;
            let host = Url::parse(&provider.token_endpoint).ok().and_then(|url| url.host_str().map(str::to_owned));
            if !found.hosts.is_empty() && !found.hosts.iter().any(|one| Some(one) == host.as_ref()) {
                return Err(format!(
                    "the secret `{name}` may not go to the provider: whoever set it named other hosts"
                ));
            }
            Some(Secret::new(found.value))
        }
    };
    let endpoint = Endpoint {
        token_url: provider.token_endpoint.clone(),
        authorize_url: None,
        device_url: None,
        client_id: config.client_id.clone(),
        client_secret,
        scopes: Vec::new(),
    };
    let installation = house.installation();
    let redirect = came_back_url(house.public_url());
    let verifier = installation.verifier(visit);
    let granted = client.exchange(&endpoint, &Secret::new(code), &verifier, &redirect).await.map_err(words)?;
    let Some(token) = granted.id_token else { return Err("the provider gave no ID token".to_owned()) };
    let keys = client.keys(&provider).await.map_err(words)?;
    let nonce = nonce(installation, visit);
    let expected = Expected {
        issuer: &config.issuer,
        client_id: &config.client_id,
        nonce: nonce.reveal(),
        now: house.now().0.div_euclid(1_000_000),
    };
    identify(token.reveal(), &keys, &expected)
}

/// The agent whose address the provider has verified; a new one only where the set-up says so.
async fn let_in(
    tx: &mut Tx,
    tenant: &Tenant,
    config: &OidcConfig,
    who: &Identity,
) -> Result<Result<AgentId, String>, StoreError> {
    let email = &who.email;
    match tenant.scope.agent_by_email(email).await? {
        Some(agent) if agent.active && !agent.service => return Ok(Ok(agent.id)),
        Some(_) => return Ok(Err(format!("{email} may not sign in here"))),
        None => {}
    }
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let Some(role) = config.create_as.filter(|_| config.domains.iter().any(|known| known == domain)) else {
        return Ok(Err(format!("nobody here has the address {email}: an admin adds people")));
    };
    let new = NewAgent {
        email: email.clone(),
        name: who.name.clone().unwrap_or_else(|| email.clone()),
        role,
        password_hash: String::new(),
        language: tenant.config.agent_language.clone(),
    };
    tx.add_agent(&new, &actor()).await.map(Ok)
}
