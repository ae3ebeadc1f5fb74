//! Saved views: an agent's own, and those that a team shares.

use crate::sql::{Connection, Json, Row, sql};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::view::{Filter, NAME_CHARS_MAX, SHARED_VIEWS_MAX, VIEWS_PER_AGENT_MAX, ViewSort};
use posthouse_model::{AgentId, TenantId};
use serde::Serialize;
use serde_json::json;

/// A view about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewView {
    /// 1 to 40 characters on one line.
    pub name: String,
    /// Everybody of the team sees it.
    pub shared: bool,
    /// Which tickets.
    pub filter: Filter,
    /// In which order.
    pub sort: ViewSort,
}

/// A view that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedView {
    /// Its id.
    pub id: i64,
    /// Who made it.
    pub owner: AgentId,
    /// What people read.
    pub name: String,
    /// Everybody of the team sees it.
    pub shared: bool,
    /// Which tickets.
    pub filter: Filter,
    /// In which order.
    pub sort: ViewSort,
    /// Goes up with every change.
    pub version: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("select id, agent_id, name, shared, filter, sort, version from saved_view ", $rest)
    };
}

fn read(row: &Row) -> Result<SavedView> {
    let mut row = row.reader();
    Ok(SavedView {
        id: row.next()?,
        owner: row.next()?,
        name: row.next()?,
        shared: row.next()?,
        filter: row.json()?,
        sort: row.next()?,
        version: row.next()?,
    })
}

async fn visible(on: &mut Connection, tenant: TenantId, agent: AgentId) -> Result<Vec<SavedView>> {
    let rows = sql(select!("where tenant_id = $1 and (shared = 1 or agent_id = $2) order by shared, position, id"))
        .bind(tenant)
        .bind(agent)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

async fn one(on: &mut Connection, tenant: TenantId, agent: AgentId, id: i64) -> Result<SavedView> {
    let row = sql(select!("where tenant_id = $1 and id = $2 and (shared = 1 or agent_id = $3)"))
        .bind(tenant)
        .bind(id)
        .bind(agent)
        .optional(on)
        .await?;
    read(&row.ok_or_else(|| StoreError::not_found(format_args!("view {id}")))?)
}

impl Scope {
    /// The views that an agent sees: her own, then the shared ones, each in their order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn views(&self, agent: AgentId) -> Result<Vec<SavedView>> {
        visible(&mut *self.read().await?, self.tenant, agent).await
    }

    /// One that she sees.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], for another agent's own too.
    pub async fn view(&self, agent: AgentId, id: i64) -> Result<SavedView> {
        one(&mut *self.read().await?, self.tenant, agent, id).await
    }
}

impl Tx {
    /// Keeps a view, as the last of its kind; its id.
    ///
    /// # Errors
    /// [`StoreError::Refused`] beyond a limit of [`posthouse_model::view`], and for a name that the agent, or the team for a shared
    /// one, has already.
    pub async fn add_view(&mut self, agent: AgentId, new: &NewView, actor: &Actor) -> Result<i64> {
        let tenant = self.tenant();
        let others = visible(self.on(), tenant, agent).await?;
        let kind = others.iter().filter(|view| view.shared == new.shared).count();
        let max = if new.shared { SHARED_VIEWS_MAX } else { VIEWS_PER_AGENT_MAX };
        if kind >= max {
            return Err(StoreError::refused(format_args!("there are {max} such views already: delete one first")));
        }
        let name = acceptable(new, None, &others)?;
        let now = self.now();
        let id: i64 =
            sql("insert into saved_view (tenant_id, agent_id, name, shared, position, filter, sort, version, \
             created_at, updated_at) values ($1, $2, $3, $4, \
             (select coalesce(max(o.position), 0) + 1 from saved_view o where o.tenant_id = $1), $5, $6, 1, $7, $7) \
             returning id")
            .bind(tenant)
            .bind(agent)
            .bind(&name)
            .bind(new.shared)
            .bind(Json(&new.filter))
            .bind(new.sort)
            .bind(now)
            .one(self.on())
            .await?
            .get(0)?;
        self.record(actor, "view.added", format_args!("view:{id}"), json!({ "name": name, "shared": new.shared }));
        Ok(id)
    }

    /// Changes a view that she sees, from the version that she saw.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it has changed since; [`StoreError::Refused`] as [`Tx::add_view`].
    pub async fn change_view(
        &mut self,
        agent: AgentId,
        id: i64,
        version: i64,
        new: &NewView,
        actor: &Actor,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let before = one(self.on(), tenant, agent, id).await?;
        if before.version != version {
            return Err(StoreError::conflict(format_args!("view {id} has changed since")));
        }
        let others = visible(self.on(), tenant, agent).await?;
        let name = acceptable(new, Some(id), &others)?;
        sql("update saved_view set name = $1, shared = $2, filter = $3, sort = $4, version = version + 1, updated_at = $5 \
             where tenant_id = $6 and id = $7")
        .bind(&name)
        .bind(new.shared)
        .bind(Json(&new.filter))
        .bind(new.sort)
        .bind(now)
        .bind(tenant)
        .bind(id)
        .run(self.on())
        .await?;
        let data = json!({ "name": name, "shared": new.shared, "was": before.name });
        self.record(actor, "view.changed", format_args!("view:{id}"), data);
        Ok(())
    }

    /// Deletes a view that she sees.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_view(&mut self, agent: AgentId, id: i64, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let before = one(self.on(), tenant, agent, id).await?;
        sql("delete from saved_view where tenant_id = $1 and id = $2").bind(tenant).bind(id).run(self.on()).await?;
        self.record(actor, "view.removed", format_args!("view:{id}"), json!({ "name": before.name }));
        Ok(())
    }

    /// Moves a view that she sees one place up or down among those of its kind. At the end it stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn move_view(&mut self, agent: AgentId, id: i64, up: bool, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let moved = one(self.on(), tenant, agent, id).await?;
        let mut kind = visible(self.on(), tenant, agent).await?;
        kind.retain(|view| view.shared == moved.shared);
        let Some(at) = kind.iter().position(|view| view.id == id) else { return Ok(()) };
        let to = if up { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < kind.len()) };
        let Some(to) = to else { return Ok(()) };
        kind.swap(at, to);
        for (view, position) in kind.iter().zip(1_i64..) {
            sql("update saved_view set position = $1 where tenant_id = $2 and id = $3")
                .bind(position)
                .bind(tenant)
                .bind(view.id)
                .run(self.on())
                .await?;
        }
        self.record(actor, "view.moved", format_args!("view:{id}"), json!({ "name": moved.name, "place": to + 1 }));
        Ok(())
    }
}

/// The name as it is kept, when the view may be kept at all.
fn acceptable(new: &NewView, id: Option<i64>, others: &[SavedView]) -> Result<String> {
    let name = new.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(StoreError::refused(format_args!("a view's name has 1 to {NAME_CHARS_MAX} characters")));
    }
    if others.iter().any(|view| Some(view.id) != id && view.shared == new.shared && view.name == name) {
        return Err(StoreError::refused(format_args!("there is a view called {name} already: choose another name")));
    }
    new.filter.check().map_err(|(_, fault)| StoreError::refused(fault))?;
    Ok(name)
}
