//! Mails of an earlier version into the search index, a hundred at a time: other work goes on between them.

use crate::tenant::Tenant;
use crate::triage::store;
use posthouse_model::job::{Job, JobFailure};
use posthouse_store::ClaimedJob;

/// Transactions of one run of the job: it then stands behind other work again.
const STEPS: usize = 20;

/// Puts the next mails in; completes the job, and makes it anew while there are more.
///
/// # Errors
/// When the store cannot be read or written: tried again, from where it was.
pub(crate) async fn run(tenant: &Tenant, job: &ClaimedJob) -> Result<(), JobFailure> {
    let mut more = true;
    for _ in 1..STEPS {
        if !more {
            break;
        }
        let mut tx = tenant.scope.begin().await.map_err(store)?;
        more = tx.catch_up_search().await.map_err(store)?;
        tx.commit().await.map_err(store)?;
    }
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if more && tx.catch_up_search().await.map_err(store)? {
        tx.enqueue(&Job::IndexMails).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}
