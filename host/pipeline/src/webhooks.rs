//! Telling webhooks what happens, in the form of the Standard Webhooks (standardwebhooks.com).
//!
//! The audit chain says what happened, so nothing is made on the way of a mail: a look every second reads what the chain has got
//! since, and makes what each webhook is told, with its job, in one transaction. A crash between two looks loses nothing and tells
//! nothing twice. What is told names a ticket and says how it stands; no mail's words are in it.

use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use posthouse_model::TicketId;
use posthouse_model::config::{DeliveryState, SecretRef, WebhookConfig, WebhookEvent};
use posthouse_model::event::{Actor, Event};
use posthouse_model::job::JobFailure;
use posthouse_sandbox::{Post, SecretValue};
use posthouse_store::{ClaimedJob, DeliveryRow, NewDelivery, StoreError, Told, WebhookRow};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use url::Url;

/// Events read in one look; more are read in the next.
const EVENTS_PER_LOOK: u32 = 500;

/// Looks at all tenants.
///
/// # Errors
/// When the store cannot be read or written. What one tenant's trouble is does not keep another's from being seen.
pub async fn look(house: &House) -> Result<(), StoreError> {
    let mut first = Ok(());
    for tenant in house.tenants() {
        if let Err(error) = gather(house, &tenant).await {
            tracing::error!(tenant.id = %tenant.id(), %error, "what webhooks are told could not be made");
            first = first.and(Err(error));
        }
    }
    first
}

/// Makes what a tenant's webhooks are told of the events since.
async fn gather(house: &House, tenant: &Tenant) -> Result<(), StoreError> {
    if tenant.config.webhooks.iter().all(|webhook| !webhook.enabled) {
        return Ok(());
    }
    let (rows, last) = (tenant.scope.webhooks().await?, tenant.scope.last_event().await?);
    let row = |webhook: &WebhookConfig| rows.iter().find(|row| row.name == webhook.name);
    let on = |webhook: &&WebhookConfig| {
        webhook.enabled && row(webhook).is_none_or(|row: &WebhookRow| row.disabled_at.is_none())
    };
    let hooks: Vec<&WebhookConfig> = tenant.config.webhooks.iter().filter(on).collect();
    // A new one is told of what happens from now on.
    let behind: Vec<(&WebhookConfig, Option<i64>)> = hooks
        .into_iter()
        .map(|webhook| (webhook, row(webhook).map(|row| row.seq)))
        .filter(|(_, seq)| seq.is_none_or(|seq| seq < last))
        .collect();
    if behind.is_empty() {
        return Ok(());
    }
    let mut deliveries = Vec::new();
    let mut reached = last;
    if let Some(from) = behind.iter().filter_map(|(_, seq)| *seq).min() {
        let events = tenant.scope.events(from, EVENTS_PER_LOOK).await?;
        if events.len() == EVENTS_PER_LOOK as usize {
            reached = events.last().map_or(last, |event| event.seq);
        }
        let mut tickets = HashMap::new();
        for event in events {
            let Some(kind) = WebhookEvent::of(&event.kind) else { continue };
            // A test is for the one that it names.
            let meant = |webhook: &WebhookConfig| {
                kind != WebhookEvent::Test || event.subject.strip_prefix("webhook:") == Some(webhook.name.as_str())
            };
            let told = behind.iter().filter(|(webhook, seq)| {
                seq.is_some_and(|seq| seq < event.seq) && webhook.wants(kind) && meant(webhook)
            });
            let told: Vec<&str> = told.map(|(webhook, _)| webhook.name.as_str()).collect();
            if told.is_empty() {
                continue;
            }
            let body = body(house, tenant, kind, &event, &mut tickets).await?;
            for webhook in told {
                deliveries.push(NewDelivery { webhook: webhook.to_owned(), seq: event.seq, kind, body: body.clone() });
            }
        }
    }
    let mut tx = tenant.scope.begin().await?;
    for (webhook, seq) in behind {
        tx.follow_webhook(&webhook.name, if seq.is_some() { reached } else { last }).await?;
    }
    tx.add_deliveries(&deliveries).await?;
    tx.commit().await
}

/// What is told of an event: the event itself, and the ticket that it is on as it stands now.
async fn body(
    house: &House,
    tenant: &Tenant,
    kind: WebhookEvent,
    event: &Event,
    tickets: &mut HashMap<TicketId, Value>,
) -> Result<String, StoreError> {
    let mut data = json!({
        "team": tenant.slug(),
        "event": {
            "seq": event.seq, "kind": event.kind, "actor": event.actor, "subject": event.subject,
            "details": serde_json::from_str::<Value>(&event.data).unwrap_or_default(),
        },
    });
    if let Some(id) = event.subject.strip_prefix("ticket:").and_then(|id| id.parse().ok()).map(TicketId) {
        let ticket = match tickets.entry(id) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(as_told(house, tenant, id).await?).clone(),
        };
        data["ticket"] = ticket;
    }
    Ok(json!({ "type": kind.as_str(), "timestamp": event.at.to_rfc3339(), "data": data }).to_string())
}

/// A ticket as it stands; null when it is gone.
async fn as_told(house: &House, tenant: &Tenant, id: TicketId) -> Result<Value, StoreError> {
    match tenant.scope.ticket(id).await {
        Ok(ticket) => Ok(json!({
            "id": ticket.id, "number": ticket.number, "status": ticket.status, "category": ticket.category,
            "urgency": ticket.urgency, "language": ticket.language, "queue": ticket.queue, "assignee": ticket.assignee,
            "link": format!("{}/tickets/{}", house.desk_url(tenant.slug()), ticket.number),
        })),
        Err(StoreError::NotFound { .. }) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// Tells one webhook one thing; completes the job.
///
/// # Errors
/// The endpoint did not take it: tried again on the ladder. Or the store cannot be read or written.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: i64) -> Result<(), JobFailure> {
    let delivery = tenant.scope.delivery(id).await.map_err(store)?.filter(|row| row.state == DeliveryState::Waiting);
    let Some(delivery) = delivery else { return complete(tenant, job, None).await };
    let webhook = tenant.config.webhook(&delivery.webhook).filter(|webhook| webhook.enabled);
    let rows = tenant.scope.webhooks().await.map_err(store)?;
    let off = rows.iter().any(|row| row.name == delivery.webhook && row.disabled_at.is_some());
    let Some(webhook) = webhook.filter(|_| !off) else {
        return complete(tenant, job, Some((delivery.id, "the webhook is turned off"))).await;
    };
    let told = match tell(house, tenant, webhook, &delivery).await {
        Ok(told) => told,
        Err(words) => Told { taken: false, status: None, answer: words },
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    let turned_off = tx.told_webhook(&delivery, &told, &actor()).await.map_err(store)?;
    if turned_off {
        tx.give_up_delivery(delivery.id, &told.answer).await.map_err(store)?;
    }
    if told.taken || turned_off {
        tx.complete(job).await.map_err(store)?;
    }
    tx.commit().await.map_err(store)?;
    if told.taken || turned_off {
        return Ok(());
    }
    let status = told.status.map_or_else(String::new, |status| format!("{status}: "));
    Err(JobFailure::retry(format!("{status}{}", told.answer)))
}

async fn complete(tenant: &Tenant, job: &ClaimedJob, given_up: Option<(i64, &str)>) -> Result<(), JobFailure> {
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some((id, reason)) = given_up {
        tx.give_up_delivery(id, reason).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Writes down that something was never told.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn given_up(tenant: &Tenant, id: i64, reason: &str) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    tx.give_up_delivery(id, reason).await?;
    tx.commit().await
}

async fn tell(house: &House, tenant: &Tenant, webhook: &WebhookConfig, delivery: &DeliveryRow) -> Result<Told, String> {
    let host = Url::parse(&webhook.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    if !house.ceiling().allows_host(&host, webhook.private) {
        return Err(format!(
            "this host lets nothing go to {host}: its operator allows it in posthouse.toml, under [plugins]"
        ));
    }
    // The event's own seal: the same whenever it is told, and told by nothing else.
    let id = format!("msg_{}_{}", tenant.slug(), delivery.seq);
    let timestamp = house.now().0.div_euclid(1_000_000);
    let mut signatures = Vec::new();
    for secret in [Some(&webhook.secret), webhook.old_secret.as_ref()].into_iter().flatten() {
        // One that is gone signs nothing; the first must be there.
        match key(house, tenant, secret, &host).await {
            Ok(key) => signatures.push(signature(&key, &id, timestamp, &delivery.body)),
            Err(words) if signatures.is_empty() => return Err(words),
            Err(_) => {}
        }
    }
    let headers = vec![
        ("webhook-id".to_owned(), id),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ];
    let post = Post { url: &webhook.url, private: webhook.private, headers, body: &delivery.body };
    let posted = house.sandbox().post(&post).await?;
    Ok(Told { taken: (200..300).contains(&posted.status), status: Some(posted.status), answer: posted.body })
}

/// The bytes that sign, of a secret that may go there.
async fn key(house: &House, tenant: &Tenant, secret: &SecretRef, host: &str) -> Result<Vec<u8>, String> {
    let name = &secret.secret;
    let found = house.secrets().secret(&tenant.row, name).await?;
    let Some(SecretValue { value, hosts }) = found else {
        return Err(format!("the secret `{name}` is not set: posthouse secret set {} {name}", tenant.slug()));
    };
    if !hosts.is_empty() && !hosts.iter().any(|one| one == host) {
        return Err(format!("the secret `{name}` may not be used toward {host}: whoever set it named other hosts"));
    }
    WebhookConfig::key(&value).ok_or_else(|| {
        let (mark, least) = (WebhookConfig::SECRET_MARK, WebhookConfig::SECRET_BYTES_MIN);
        format!("the secret `{name}` signs nothing: use {mark} and base 64, or text, of {least} bytes or more")
    })
}

/// Standard Webhooks, 1.0.0: HMAC-SHA256 over id, time and body.
fn signature(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let Ok(mut mac) = <Hmac<Sha256>>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn actor() -> Actor {
    Actor::Host("webhook".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the specification's reference libraries.
        let key = WebhookConfig::key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_or_none() {
        assert!(WebhookConfig::key(&"x".repeat(23)).is_none() && WebhookConfig::key(&"x".repeat(24)).is_some());
        assert!(WebhookConfig::key("whsec_c2hvcnQ=").is_none() && WebhookConfig::key("whsec_no base 64").is_none());
    }
}
