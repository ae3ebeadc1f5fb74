//! Packages that were handed in on the desk, until a worker has installed or refused each.

use crate::sql::{Row, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::Timestamp;
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::release::UploadState;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Of each tenant so many are kept in the list, the newest.
const KEPT: i64 = 20;
/// Bytes of a file's name that are kept.
const NAME_MAX: usize = 200;
/// Bytes that are kept of why one was refused.
const PROBLEM_MAX: usize = 4_000;

/// A package that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UploadRow {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// What the file was called. Untrusted text.
    pub file: String,
    /// How far it has got.
    pub state: UploadState,
    /// The plugin that it became a release of.
    pub plugin: Option<String>,
    /// Number of that release.
    pub release: Option<i64>,
    /// Why it was refused. Holds untrusted text.
    pub problem: Option<String>,
}

const COLUMNS: &str = "id, at, made_by, file, state, plugin, release, problem";

impl Scope {
    /// The newest ones, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn uploads(&self, limit: u32) -> Result<Vec<UploadRow>> {
        sql_of(format!("select {COLUMNS} from plugin_upload where tenant_id = $1 order by id desc limit $2"))
            .bind(self.tenant)
            .bind(limit)
            .all(&mut *self.read().await?)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// One of them and its file, which is empty once it was installed or refused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Database`].
    pub async fn upload(&self, id: i64) -> Result<(UploadRow, Vec<u8>)> {
        let row = sql_of(format!("select {COLUMNS}, content from plugin_upload where tenant_id = $1 and id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found(format_args!("upload {id}")))?;
        Ok((read(&row)?, row.get(8)?))
    }
}

impl Tx {
    /// Takes a file in, and makes the job that sees to it; its id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn hand_in(&mut self, file: &str, content: &[u8], actor: &Actor) -> Result<i64> {
        let name = cut(file, NAME_MAX);
        let (tenant, now) = (self.tenant(), self.now());
        let id = sql("insert into plugin_upload (tenant_id, at, made_by, file, content, state) \
             values ($1, $2, $3, $4, $5, $6) returning id")
        .bind(tenant)
        .bind(now)
        .bind(actor.as_text())
        .bind(name)
        .bind(content)
        .bind(UploadState::Waiting)
        .one(self.on())
        .await?
        .get(0)?;
        let data = json!({ "file": name, "size": content.len(), "digest": hex::encode(Sha256::digest(content)) });
        self.record(actor, "plugin.handed-in", format!("upload:{id}"), data);
        self.enqueue(&Job::Install { upload: id }).await?;
        sql("delete from plugin_upload where tenant_id = $1 and state <> 'waiting' and id <= \
             (select max(id) from plugin_upload where tenant_id = $1) - $2")
        .bind(tenant)
        .bind(KEPT)
        .run(self.on())
        .await?;
        Ok(id)
    }

    /// Takes down what became of one: the plugin and number of its release, or why it was refused. Its file goes.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when that was taken down already.
    pub async fn settle_upload(
        &mut self,
        id: i64,
        became: std::result::Result<(&str, i64), &str>,
        actor: &Actor,
    ) -> Result<()> {
        let (state, plugin, release, problem) = match became {
            Ok((plugin, release)) => (UploadState::Installed, Some(plugin), Some(release), None),
            Err(problem) => (UploadState::Refused, None, None, Some(cut(problem, PROBLEM_MAX))),
        };
        let tenant = self.tenant();
        let changed =
            sql("update plugin_upload set state = $3, plugin = $4, release = $5, problem = $6, content = $7 \
             where tenant_id = $1 and id = $2 and state = 'waiting'")
            .bind(tenant)
            .bind(id)
            .bind(state)
            .bind(plugin)
            .bind(release)
            .bind(problem)
            .bind(&[][..])
            .run(self.on())
            .await?;
        if changed == 0 {
            return Err(StoreError::refused(format_args!("upload {id} does not wait any more")));
        }
        if let Some(problem) = problem {
            self.record(actor, "plugin.upload-refused", format!("upload:{id}"), json!({ "problem": problem }));
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<UploadRow> {
    let mut row = row.reader();
    Ok(UploadRow {
        id: row.next()?,
        at: row.next()?,
        made_by: row.next()?,
        file: row.next()?,
        state: row.next()?,
        plugin: row.next()?,
        release: row.next()?,
        problem: row.next()?,
    })
}

/// The start of a text, so many bytes at most, whole characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
