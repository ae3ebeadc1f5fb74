//! One tenant: reading through [`Scope`], writing through [`Tx`].

use crate::chain::Chain;
use crate::engine::{Durability, Reading, Transaction};
use crate::sql::Connection;
use crate::store::Store;
use crate::wake::Touched;
use crate::{Result, jobs};
use futures::future::BoxFuture;
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::job::Job;
use posthouse_model::{TenantId, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// The view of one tenant. Cheap to clone. Everything it reads and everything its transactions write belongs to
/// this tenant: the id is bound into every query here and nowhere else.
#[derive(Clone, Debug)]
pub struct Scope {
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    /// The queues whose tickets are there; none: all ([`Scope::seen_within`]).
    pub(crate) sees: Option<Arc<[String]>>,
}

impl Scope {
    pub(crate) fn new(store: Store, tenant: TenantId) -> Self {
        Self { store, tenant, sees: None }
    }

    /// The tenant's id, for logs and wake-ups.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.tenant
    }

    /// Goes up whenever a transaction of this tenant was committed, here or (on PostgreSQL) in another process:
    /// for pages that follow along.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.store.inner.wakeups.tenant(self.tenant)
    }

    /// Begins to write. Transactions of one tenant run one after the other, on both databases, so none of them sees
    /// another's half and none can deadlock. Dropping it without [`Tx::commit`] undoes everything.
    ///
    /// Never hold one across a network or plugin call.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) when there is no such tenant.
    pub fn begin(&self) -> BoxFuture<'_, Result<Tx>> {
        Box::pin(self.begin_with(Durability::Process))
    }

    /// As [`Scope::begin`], and what it commits survives a power failure: for what has consequences outside.
    ///
    /// # Errors
    /// As [`Scope::begin`].
    pub fn begin_durable(&self) -> BoxFuture<'_, Result<Tx>> {
        Box::pin(self.begin_with(Durability::Machine))
    }

    async fn begin_with(&self, durability: Durability) -> Result<Tx> {
        let engine = &self.store.inner.engine;
        let mut inner = engine.write(durability).await?;
        let chain = Chain::lock(engine.kind, &mut inner, self.tenant).await?;
        Ok(Tx::new(self.clone(), inner, self.store.now(), chain))
    }

    pub(crate) fn read(&self) -> BoxFuture<'_, Result<Reading>> {
        self.store.inner.engine.read()
    }
}

/// A transaction of one tenant. Every method that changes something names who does it and writes its events into
/// the audit chain; they are sealed and written at [`Tx::commit`], in order.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is undone"]
pub struct Tx {
    pub(crate) scope: Scope,
    inner: Transaction,
    now: Timestamp,
    chain: Chain,
    events: Vec<NewEvent>,
    jobs: bool,
}

impl Tx {
    pub(crate) fn new(scope: Scope, inner: Transaction, now: Timestamp, chain: Chain) -> Self {
        Self { scope, inner, now, chain, events: Vec::new(), jobs: false }
    }

    /// When the transaction began, by the store's clock: the one time that everything in it carries.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant
    }

    /// Adds an event to the chain. The operations of the store do this by themselves; it is for acts that change no
    /// row: a sign-in, a plugin cut off, a test message.
    pub fn event(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Makes a job that is due now, or does nothing when there is one with its key already. A failed one
    /// is begun anew; one that is running is run once more afterwards, since it may have read what was before.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn enqueue(&mut self, job: &Job) -> Result<()> {
        self.enqueue_at(job, self.now).await
    }

    /// As [`Tx::enqueue`], due at a set time.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn enqueue_at(&mut self, job: &Job, due: Timestamp) -> Result<()> {
        let (tenant, now) = (self.scope.tenant, self.now);
        jobs::enqueue(&mut self.inner, tenant, job, due, now).await?;
        self.jobs = true;
        Ok(())
    }

    /// Writes everything, or nothing when it fails. Then wakes whoever waits for it.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); nothing was written then.
    pub fn commit(mut self) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.chain.append(&mut self.inner, self.now, self.events).await?;
            let touched = Touched { jobs: self.jobs, tenant: Some(self.scope.tenant) };
            self.scope.store.commit(self.inner, touched).await
        })
    }

    /// As [`Tx::commit`], and no page of the tenant follows along: for what is no change to anybody else.
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub fn commit_quietly(mut self) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.chain.append(&mut self.inner, self.now, self.events).await?;
            let touched = Touched { jobs: self.jobs, tenant: None };
            self.scope.store.commit(self.inner, touched).await
        })
    }

    /// Notes that workers have something to do, for operations that change jobs themselves.
    pub(crate) fn jobs_made(&mut self) {
        self.jobs = true;
    }

    /// The connection, for the operations in this crate.
    pub(crate) fn on(&mut self) -> &mut Connection {
        &mut self.inner
    }

    /// Adds the event of an operation.
    pub(crate) fn record(
        &mut self,
        actor: &Actor,
        kind: &str,
        subject: impl std::fmt::Display,
        data: serde_json::Value,
    ) {
        self.events.push(NewEvent { actor: actor.clone(), kind: kind.to_owned(), subject: subject.to_string(), data });
    }
}
