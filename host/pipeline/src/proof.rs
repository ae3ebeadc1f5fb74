//! What becomes known of our own mail after it was handed over: reports that it came back, answers to it, a copy that the provider put
//! into the Sent folder.

use crate::house::House;
use crate::outlet;
use crate::tenant::Tenant;
use crate::triage::{actor, store};
use posthouse_mail::imap::ImapClient;
use posthouse_model::OutboxId;
use posthouse_model::job::JobFailure;
use posthouse_model::outbox::OutboxState;
use posthouse_store::{ClaimedJob, MessageRow, OutboxRow, StoreError};

/// What an incoming mail says about one of ours, written down: a delivery report, or an answer to a reply of which nobody knew
/// whether it went out. Looking at the same mail again changes nothing that matters.
pub(crate) async fn about_ours(tenant: &Tenant, message: &MessageRow) -> Result<(), StoreError> {
    let read = &message.read;
    let scope = &tenant.scope;
    if let Some(bounce) = &read.bounce {
        let Some(id) = &bounce.original_message_id else { return Ok(()) };
        let Some(outbox) = scope.outbox_named(std::slice::from_ref(id)).await? else { return Ok(()) };
        let mut tx = scope.begin().await?;
        tx.take_bounce(outbox, bounce, &actor()).await?;
        return tx.commit().await;
    }
    let named: Vec<String> = read.in_reply_to.iter().chain(read.references.iter().rev()).cloned().collect();
    let Some(outbox) = scope.outbox_named(&named).await? else { return Ok(()) };
    let row = scope.outbox(outbox).await?;
    let from = read.from.as_ref().map(posthouse_model::mail::Address::key);
    // Who got it at an earlier try proves nothing for those of whom nobody knows.
    let theirs = row.recipients.iter().any(|r| r.state == OutboxState::Uncertain && Some(r.address.key()) == from);
    if row.state != OutboxState::Uncertain || !(theirs || nobody_has_it(&row)) {
        return Ok(());
    }
    let mut tx = scope.begin().await?;
    tx.prove_sent(outbox, "it was answered", &actor()).await?;
    tx.commit().await
}

/// No recipient is known to have it.
fn nobody_has_it(row: &OutboxRow) -> bool {
    row.recipients.iter().all(|recipient| recipient.state != OutboxState::Sent)
}

/// A person writes from an address that once returned mail for good: it is mailed automatically again.
pub(crate) async fn somebody_is_there(tenant: &Tenant, message: &MessageRow) -> Result<(), StoreError> {
    let from = message.read.from.as_ref().map(posthouse_model::mail::Address::key);
    let (Some(key), Some(ticket)) = (from, message.ticket) else { return Ok(()) };
    if tenant.scope.bounced(&key).await?.is_none() {
        return Ok(());
    }
    let mut tx = tenant.scope.begin().await?;
    tx.forgive_bounce(&key, ticket, &actor()).await?;
    tx.commit().await
}

/// Looks into the Sent folder for a reply of which nobody knows whether it went out: providers that keep a copy of what they take
/// prove it there. Completes the job when it is proved, decided otherwise, or was looked for often enough.
///
/// # Errors
/// It is not there yet, or the server cannot be asked: tried again.
pub async fn run(house: &House, tenant: &Tenant, job: &ClaimedJob, id: OutboxId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let row = scope.outbox(id).await.map_err(store)?;
    let imap = tenant.mailbox(row.mailbox).and_then(|mailbox| mailbox.config.imap.as_ref());
    let mut proved = false;
    // Of an earlier try a copy is there that we put there ourselves.
    if let (OutboxState::Uncertain, Some(imap), true) = (row.state, imap, nobody_has_it(&row)) {
        let last = job.attempt as usize > job.job.ladder().len();
        let asked = async {
            let config = outlet::imap(house, tenant, imap).await.map_err(|error| error.to_string())?;
            let mut client = ImapClient::connect(&config).await.map_err(|error| error.to_string())?;
            let folder = match &imap.sent_folder {
                Some(folder) => Some(folder.clone()),
                None => client.sent_folder().await.map_err(|error| error.to_string())?,
            };
            let Some(folder) = folder else { return Ok(false) };
            let there = client.contains(&folder, &row.message_id).await.map_err(|error| error.to_string())?;
            client.logout().await;
            Ok::<bool, String>(there)
        };
        proved = match asked.await {
            Ok(true) => true,
            // A person decides: that it is not there proves nothing.
            _ if last => false,
            Ok(false) => return Err(JobFailure::retry("it is not in the Sent folder (yet)")),
            Err(reason) => return Err(JobFailure::retry(reason)),
        };
    }
    let mut tx = scope.begin().await.map_err(store)?;
    if proved {
        tx.prove_sent(id, "a copy of it is in the Sent folder", &actor()).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}
