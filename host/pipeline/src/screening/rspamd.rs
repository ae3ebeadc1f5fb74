//! The tenant's Rspamd. Mail does not wait for one that is away: it is triaged without, and after a failure the next mails are
//! not held up by it for a minute.

use crate::house::House;
use crate::secrets::{self, SecretError};
use crate::tenant::Tenant;
use posthouse_mail::hop;
use posthouse_mail::net::Secret;
use posthouse_mail::rspamd::{Envelope, RspamdAt, RspamdClient, RspamdError, Taught, Verdict};
use posthouse_model::config::RspamdConfig;
use posthouse_model::{TenantId, Timestamp};
use posthouse_store::{MessageRow, StoreError};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// For how long one that failed is not asked.
const AWAY_FOR: Duration = Duration::from_secs(60);

/// Why a tenant's Rspamd gave no verdict.
#[derive(Debug, Error)]
pub enum AskError {
    /// Its password is not to be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It did not answer, or not usefully.
    #[error(transparent)]
    Rspamd(#[from] RspamdError),
}

/// What this process knows of the tenants' Rspamds.
#[derive(Default)]
pub(crate) struct Rspamds {
    client: Mutex<Option<RspamdClient>>,
    away: Mutex<HashMap<TenantId, Away>>,
}

/// One that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Away {
    /// Since when.
    pub(crate) since: Timestamp,
    /// What it said last.
    pub(crate) reason: String,
    ask_again: Timestamp,
}

impl Rspamds {
    fn client(&self) -> Result<RspamdClient, RspamdError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        match client.as_ref() {
            Some(client) => Ok(client.clone()),
            None => Ok(client.insert(RspamdClient::new()?).clone()),
        }
    }

    /// Whether a tenant's does not answer.
    pub(crate) fn away(&self, tenant: TenantId) -> Option<Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn failed(&self, tenant: TenantId, now: Timestamp, reason: &str) {
        let mut all = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let away = all.entry(tenant).or_insert_with(|| Away { since: now, reason: String::new(), ask_again: now });
        away.reason = reason.to_owned();
        away.ask_again = now.plus(AWAY_FOR);
    }

    fn answered(&self, tenant: TenantId) {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}

/// Why a mail is spam, in Rspamd's words; none where it is not, or where Rspamd is not to be had.
pub(super) async fn ask(house: &House, tenant: &Tenant, message: &MessageRow) -> Result<Option<String>, StoreError> {
    let Some(config) = &tenant.config.screen.rspamd else { return Ok(None) };
    let (rspamds, id) = (house.rspamds(), tenant.id());
    if rspamds.away(id).is_some_and(|away| house.now() < away.ask_again) {
        house.metrics().count("posthouse_rspamd_total", &[("answer", "not asked")]);
        return Ok(None);
    }
    let raw = tenant.scope.raw(message.id).await?;
    let mailbox = tenant.mailboxes().iter().find(|mailbox| mailbox.row.id == message.mailbox);
    let mailbox = mailbox.map(|mailbox| mailbox.config.address.as_str()).unwrap_or_default();
    let sender = message.read.header("Return-Path").next().map(|path| path.trim().trim_matches(['<', '>']));
    let asked = async {
        let at = at(house, tenant, config).await?;
        let envelope = Envelope { sender, mailbox, hop: hop::border(&message.read) };
        Ok::<_, AskError>(rspamds.client()?.check(&at, raw, &envelope).await?)
    };
    let answer = match asked.await {
        Ok(verdict) => {
            rspamds.answered(id);
            let spam = verdict.is_spam(config.score_min);
            let label = if spam { "spam" } else { "other" };
            house.metrics().count("posthouse_rspamd_total", &[("answer", label)]);
            return Ok(spam.then(|| verdict.words()));
        }
        // About this mail only: it is there.
        Err(AskError::Rspamd(error @ RspamdError::Refused { status: 400 | 413, .. })) => error.to_string(),
        Err(error) => {
            let reason = error.to_string();
            rspamds.failed(id, house.now(), &reason);
            reason
        }
    };
    house.metrics().count("posthouse_rspamd_total", &[("answer", "none")]);
    tracing::warn!(tenant.id = %id, message.id = %message.id, reason = answer, "a mail is triaged without Rspamd");
    Ok(None)
}

/// Asks a tenant's Rspamd about a mail made up for that.
///
/// # Errors
/// See [`AskError`].
pub async fn try_out(house: &House, tenant: &Tenant, config: &RspamdConfig) -> Result<Verdict, AskError> {
    let at = at(house, tenant, config).await?;
    Ok(house.rspamds().client()?.try_out(&at).await?)
}

/// Whether a tenant's Rspamd would learn.
///
/// # Errors
/// See [`AskError`].
pub async fn try_teaching(house: &House, tenant: &Tenant, config: &RspamdConfig) -> Result<(), AskError> {
    let at = at(house, tenant, &config.teacher()).await?;
    Ok(house.rspamds().client()?.try_teaching(&at).await?)
}

/// Teaches a tenant's Rspamd.
pub(crate) async fn teach(
    house: &House,
    tenant: &Tenant,
    config: &RspamdConfig,
    raw: Vec<u8>,
    spam: bool,
) -> Result<Taught, AskError> {
    let at = at(house, tenant, &config.teacher()).await?;
    Ok(house.rspamds().client()?.teach(&at, raw, spam).await?)
}

async fn at(house: &House, tenant: &Tenant, config: &RspamdConfig) -> Result<RspamdAt, SecretError> {
    let password = match &config.password {
        None => None,
        Some(password) => {
            Some(Secret::new(secrets::reveal(house, tenant, &password.secret, &config.host(), "rspamd").await?))
        }
    };
    let timeout = Duration::from_secs(u64::from(config.timeout_seconds));
    Ok(RspamdAt { url: config.url.clone(), password, timeout })
}
