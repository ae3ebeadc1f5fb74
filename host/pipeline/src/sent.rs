//! A copy of what went out, for the mailbox's Sent folder.

use crate::house::House;
use crate::outlet;
use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_mail::imap::ImapClient;
use posthouse_model::OutboxId;
use posthouse_model::job::JobFailure;
use posthouse_store::ClaimedJob;

/// Appends the copy unless it is there already; completes the job.
///
/// # Errors
/// When the server cannot be reached or refuses: tried again. The mail itself is out, whatever happens here.
pub async fn run(house: &House, tenant: &Tenant, job: &ClaimedJob, id: OutboxId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let row = scope.outbox(id).await.map_err(store)?;
    let target = tenant.mailbox(row.mailbox).and_then(|m| m.config.imap.as_ref());
    if let (Some(message), Some(imap)) = (row.message, target) {
        let raw = scope.raw(message).await.map_err(store)?;
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
            client.append(&folder, &raw, &["\\Seen"], Some(row.approved_at)).await.map_err(JobFailure::retry)?;
        }
        client.logout().await;
    }
    let mut tx = scope.begin().await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}
