//! Tenants: the clients on this host.

use crate::chain::Chain;
use crate::set_up;
use crate::sql::{Row, sql};
use crate::wake::Touched;
use crate::{Result, Scope, Store, StoreError, Tx};
use posthouse_model::event::{Actor, NewEvent};
use posthouse_model::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A tenant as its folder describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewTenant {
    /// Short name in addresses: `a-z`, `0-9`, `-`, at most 63; unique on the host.
    pub slug: String,
    /// For people.
    pub name: String,
    /// BCP 47, what the agents read.
    pub language: String,
    /// IANA name, `Asia/Shanghai`.
    pub time_zone: String,
    /// The rest of its set-up, as the configuration understands it. Never a secret.
    pub settings: serde_json::Value,
    /// SHA-256 of the folder that was applied, to see at once whether anything changed.
    pub digest: String,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// What it is.
    #[serde(flatten)]
    pub tenant: NewTenant,
    /// Off: its jobs are not claimed and nobody can sign in. Fetching is the worker's part.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its folder was last applied with a change.
    pub applied_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, slug, name, language, time_zone, settings, digest, active, created_at, applied_at from tenant ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<TenantRow> {
    let mut row = row.reader();
    Ok(TenantRow {
        id: row.next()?,
        tenant: NewTenant {
            slug: row.next()?,
            name: row.next()?,
            language: row.next()?,
            time_zone: row.next()?,
            settings: row.json()?,
            digest: row.next()?,
        },
        active: row.next()?,
        created_at: row.next()?,
        applied_at: row.next()?,
    })
}

impl Store {
    /// All tenants, by slug.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tenants(&self) -> Result<Vec<TenantRow>> {
        let mut connection = self.inner.engine.read().await?;
        sql(select!("order by slug")).all(&mut connection).await?.iter().map(read).collect()
    }

    /// The tenant with this slug.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tenant_by_slug(&self, slug: &str) -> Result<Option<TenantRow>> {
        let mut connection = self.inner.engine.read().await?;
        sql(select!("where slug = $1")).bind(slug).optional(&mut connection).await?.as_ref().map(read).transpose()
    }

    /// Makes the tenant, or changes the one with this slug. When nothing changes nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a slug that cannot stand in an address.
    pub async fn upsert_tenant(&self, tenant: &NewTenant, actor: &Actor) -> Result<TenantRow> {
        let tx = self.begin_set_up(tenant, actor).await?;
        let scope = tx.scope.clone();
        tx.commit().await?;
        scope.tenant().await
    }

    /// Begins the transaction that brings a tenant to a new set-up: its row is made or changed here, and what belongs to it
    /// (components, mailboxes, plugins, articles) is written through the transaction that this returns. Nobody sees any
    /// of it before [`Tx::commit`]: a set-up that is refused or broken off at whatever step leaves the one in force as it is.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a slug that cannot stand in an address.
    pub async fn begin_set_up(&self, tenant: &NewTenant, actor: &Actor) -> Result<Tx> {
        check_slug(&tenant.slug)?;
        let now = self.now();
        let mut inner = self.write().await?;
        let added = sql("insert into tenant (slug, name, language, time_zone, settings, digest, active, last_ticket, \
             created_at, applied_at) values ($1, $2, $3, $4, $5, $6, 1, 0, $7, $7) on conflict (slug) do nothing \
             returning id")
        .bind(&tenant.slug)
        .bind(&tenant.name)
        .bind(&tenant.language)
        .bind(&tenant.time_zone)
        .bind(tenant.settings.to_string())
        .bind(&tenant.digest)
        .bind(now)
        .optional(&mut inner)
        .await?;
        let (chain, kind, id) = if let Some(row) = added {
            let id = row.get(0)?;
            (Chain::start(&mut inner, id).await?, Some("tenant.added"), id)
        } else {
            let id: TenantId = find(&mut inner, &tenant.slug).await?;
            // The row is read under the tenant's lock: another set-up may have been written a moment ago.
            let chain = Chain::lock(self.inner.engine.kind, &mut inner, id).await?;
            let before = read(&sql(select!("where id = $1")).bind(id).one(&mut inner).await?)?;
            if before.tenant == *tenant {
                (chain, None, id)
            } else {
                sql("update tenant set name = $1, language = $2, time_zone = $3, settings = $4, digest = $5, \
                     applied_at = $6 where id = $7")
                .bind(&tenant.name)
                .bind(&tenant.language)
                .bind(&tenant.time_zone)
                .bind(tenant.settings.to_string())
                .bind(&tenant.digest)
                .bind(now)
                .bind(id)
                .run(&mut inner)
                .await?;
                (chain, Some("tenant.changed"), id)
            }
        };
        set_up::folder_was_applied(&mut inner, id).await?;
        let mut tx = Tx::new(self.tenant(id), inner, now, chain);
        if let Some(kind) = kind {
            tx.event(event(actor, kind, json!({ "slug": tenant.slug, "digest": tenant.digest })));
        }
        Ok(tx)
    }

    /// Turns a tenant on or off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_tenant_active(&self, slug: &str, active: bool, actor: &Actor) -> Result<()> {
        let mut tx = self.write().await?;
        let id: TenantId = find(&mut tx, slug).await?;
        let chain = Chain::lock(self.inner.engine.kind, &mut tx, id).await?;
        let changed = sql("update tenant set active = $1 where id = $2 and active <> $1")
            .bind(active)
            .bind(id)
            .run(&mut tx)
            .await?;
        if changed > 0 {
            let kind = if active { "tenant.activated" } else { "tenant.deactivated" };
            chain.append(&mut tx, self.now(), vec![event(actor, kind, json!({}))]).await?;
        }
        self.commit(tx, Touched { jobs: active, tenant: Some(id) }).await
    }

    /// Deletes a tenant and everything that belongs to it, its audit chain included. There is no way back but a
    /// backup.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_tenant(&self, slug: &str) -> Result<()> {
        let mut tx = self.write().await?;
        let id: TenantId = find(&mut tx, slug).await?;
        Chain::lock(self.inner.engine.kind, &mut tx, id).await?;
        sql("delete from tenant where id = $1").bind(id).run(&mut tx).await?;
        self.commit(tx, Touched { jobs: false, tenant: Some(id) }).await
    }
}

impl Scope {
    /// The tenant itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn tenant(&self) -> Result<TenantRow> {
        let mut connection = self.read().await?;
        let row = sql(select!("where id = $1")).bind(self.tenant).optional(&mut connection).await?;
        read(&row.ok_or_else(|| StoreError::not_found(format_args!("tenant {}", self.tenant)))?)
    }
}

async fn find(on: &mut crate::sql::Connection, slug: &str) -> Result<TenantId> {
    sql("select id from tenant where slug = $1")
        .bind(slug)
        .optional(on)
        .await?
        .ok_or_else(|| StoreError::not_found(format_args!("tenant `{slug}`")))?
        .get(0)
}

fn event(actor: &Actor, kind: &str, data: serde_json::Value) -> NewEvent {
    NewEvent { actor: actor.clone(), kind: kind.to_owned(), subject: "tenant".to_owned(), data }
}

fn check_slug(slug: &str) -> Result<()> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let sane = (1..=63).contains(&slug.len())
        && slug.bytes().all(|c| plain(c) || c == b'-')
        && slug.bytes().next().is_some_and(plain);
    if sane {
        Ok(())
    } else {
        Err(StoreError::refused(format_args!(
            "`{slug}` cannot be a tenant's short name: use 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit"
        )))
    }
}
