//! Packages that were handed in on the desk: read, verified, compiled and configured by a worker, then a candidate, or
//! refused in words. The binary knows how; a page never touches a plugin.

use crate::house::House;
use crate::tenant::Tenant;
use crate::triage::store;
use async_trait::async_trait;
use posthouse_model::config::TenantConfig;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::release::UploadState;
use posthouse_store::{ClaimedJob, NewRelease, StoreError};
use std::sync::Arc;

/// What a package came to.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The release, ready to be installed.
    pub release: NewRelease,
    /// Its component.
    pub component: Arc<[u8]>,
}

/// Knows what a package is and whether a tenant may have it.
#[async_trait]
pub trait Installer: Send + Sync + 'static {
    /// Verifies, compiles and configures the package in a file of that name, with the settings and grants that the plugin has in
    /// the tenant.
    ///
    /// # Errors
    /// Everything that speaks against it, in words for a person, with what to do.
    async fn prepare(&self, tenant: &TenantConfig, file: &str, content: &[u8]) -> Result<Prepared, String>;
}

/// Knows no package: for a house without packages.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoInstaller;

#[async_trait]
impl Installer for NoInstaller {
    async fn prepare(&self, _: &TenantConfig, _: &str, _: &[u8]) -> Result<Prepared, String> {
        Err("this host takes no packages on the desk: use `posthouse plugin install`".to_owned())
    }
}

pub(crate) async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, upload: i64) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let (row, content) = match scope.upload(upload).await {
        Ok(found) => found,
        Err(StoreError::NotFound { what }) => return Err(JobFailure::fail(what)),
        Err(error) => return Err(store(error)),
    };
    let actor = Actor::Host("install".to_owned());
    let mut tx;
    if row.state == UploadState::Waiting {
        match house.installer().prepare(&tenant.config, &row.file, &content).await {
            Err(problem) => {
                tx = scope.begin().await.map_err(store)?;
                tx.settle_upload(upload, Err(&problem), &actor).await.map_err(store)?;
            }
            Ok(Prepared { release, component }) => {
                tx = scope.begin().await.map_err(store)?;
                tx.put_component(&component).await.map_err(store)?;
                match tx.install_release(&release, &actor).await {
                    Ok(number) => {
                        let became = Ok((release.plugin.name.as_str(), number));
                        tx.settle_upload(upload, became, &actor).await.map_err(store)?;
                    }
                    Err(StoreError::Refused(problem)) => {
                        drop(tx);
                        tx = scope.begin().await.map_err(store)?;
                        tx.settle_upload(upload, Err(&problem), &actor).await.map_err(store)?;
                    }
                    Err(error) => return Err(store(error)),
                }
            }
        }
    } else {
        tx = scope.begin().await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// The job was given up: whoever handed the file in sees why.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn given_up(tenant: &Tenant, upload: i64, reason: &str) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    match tx.settle_upload(upload, Err(reason), &Actor::Host("install".to_owned())).await {
        Ok(()) => tx.commit().await,
        // It was settled before.
        Err(StoreError::Refused(_) | StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
