//! A copy of what went out: in its thread, and in the mailbox's Sent folder.

use crate::dispatch;
use crate::house::House;
use crate::outlet;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::imap::{ImapClient, ImapError};
use posthouse_model::config::ImapConfig;
use posthouse_model::job::JobFailure;
use posthouse_model::outbox::OutboxState;
use posthouse_model::{MessageId, OutboxId, Step};
use posthouse_store::{ClaimedJob, OutboxRow};

/// Puts the copy where it is not yet; completes the job.
///
/// # Errors
/// When the server cannot be reached or refuses: tried again. The mail itself is out, whatever happens here.
pub async fn run(house: &House, tenant: &Tenant, job: &ClaimedJob, id: OutboxId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let mut row = scope.outbox(id).await.map_err(store)?;
    if row.message.is_none() && row.state == OutboxState::Sent {
        row.message = keep(house, tenant, &row).await?;
    }
    let target = tenant.mailbox(row.mailbox).and_then(|m| m.config.imap.as_ref()).filter(|imap| imap.append_sent());
    if let (Some(message), Some(imap)) = (row.message, target) {
        append(house, tenant, imap, &row, message).await?;
        house.reached(Step::Copied);
    }
    let mut tx = scope.begin().await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Puts a reply into its thread whose worker died before it could: that it is sent was found out later. The bytes are
/// made again and are the same, since everything that varies was fixed at approval.
async fn keep(house: &House, tenant: &Tenant, row: &OutboxRow) -> Result<Option<MessageId>, JobFailure> {
    let Some(mailbox) = tenant.mailbox(row.mailbox) else { return Ok(None) };
    let raw = dispatch::compose(house, tenant, mailbox, row, true).await?.map_err(JobFailure::fail)?;
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.keep_outgoing(row.id, &raw).await.map_err(store)?;
    tx.commit().await.map_err(store)?;
    Ok(tenant.scope.outbox(row.id).await.map_err(store)?.message)
}

/// Appends the copy unless it is there already.
async fn append(
    house: &House,
    tenant: &Tenant,
    imap: &ImapConfig,
    row: &OutboxRow,
    message: MessageId,
) -> Result<(), JobFailure> {
    let raw = tenant.scope.raw(message).await.map_err(store)?;
    let config = outlet::imap(house, tenant, imap).await.map_err(JobFailure::retry)?;
    let mut client = ImapClient::connect(&config).await.map_err(JobFailure::retry)?;
    let folder = match &imap.sent_folder {
        Some(folder) => Some(folder.clone()),
        None => client.sent_folder().await.map_err(JobFailure::retry)?,
    };
    let Some(folder) = folder else {
        return Err(JobFailure::fail(
            "the server marks no folder as Sent: name it as imap.sent_folder in tenant.toml, or set append_sent = false",
        ));
    };
    if !client.contains(&folder, &row.message_id).await.map_err(JobFailure::retry)? {
        let put = client.append(&folder, &raw, &["\\Seen"], Some(row.approved_at)).await;
        match (put, without_files(house, tenant, row, message).await?) {
            // A server that does not take it may take it without its files: the whole is in the thread here.
            (Err(error @ ImapError::Refused { .. }), Some(light)) => {
                tracing::info!(tenant.id = %tenant.id(), %error, "the copy of a reply is put into the Sent folder without its files");
                client.append(&folder, &light, &["\\Seen"], Some(row.approved_at)).await.map_err(JobFailure::retry)?;
            }
            (put, _) => put.map_err(JobFailure::retry)?,
        }
    }
    client.logout().await;
    Ok(())
}

/// The reply without its files; none where it has none.
async fn without_files(
    house: &House,
    tenant: &Tenant,
    row: &OutboxRow,
    message: MessageId,
) -> Result<Option<Vec<u8>>, JobFailure> {
    let kept = tenant.scope.message(message).await.map_err(store)?;
    let Some(mailbox) = tenant.mailbox(row.mailbox).filter(|_| !kept.read.attachments.is_empty()) else {
        return Ok(None);
    };
    dispatch::compose(house, tenant, mailbox, row, false).await?.map(Some).map_err(JobFailure::fail)
}
