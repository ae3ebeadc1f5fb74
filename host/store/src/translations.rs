//! Translations: asked for by an agent, made by a job, kept so that each is paid for once.

use crate::drafts::by_draft_id;
use crate::sql::{Row, sql, sql_of};
use crate::{Result, Scope, StoreError, Tx};
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::translation::{TranslationOf, TranslationState, TranslationTrouble};
use posthouse_model::{DraftId, MessageId, TicketId, Timestamp};
use serde::Serialize;
use serde_json::json;

/// A translation, or what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranslationRow {
    /// Its id.
    pub id: i64,
    /// The mail that it is of.
    pub message: Option<MessageId>,
    /// Or the revision of a draft.
    pub draft: Option<DraftId>,
    /// Into which language, BCP 47.
    pub language: String,
    /// How it stands.
    pub state: TranslationState,
    /// What the model wrote; of one that is being made, so far. Untrusted text.
    pub content: Option<String>,
    /// Only the beginning of the text was translated.
    pub cut: bool,
    /// The model, as its provider names it.
    pub model: Option<String>,
    /// Why there is none.
    pub trouble: Option<TranslationTrouble>,
    /// In the provider's own words. Untrusted text.
    pub words: Option<String>,
    /// When it was asked for last.
    pub asked_at: Timestamp,
}

/// A translation that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTranslation {
    /// What the model wrote.
    pub content: String,
    /// Only the beginning of the text was translated.
    pub cut: bool,
    /// The model, as its provider names it.
    pub model: String,
}

/// Of `translation x`, as [`read`] takes them.
const COLUMNS: &str =
    "x.id, x.message_id, x.draft_id, x.language, x.state, x.content, x.cut, x.model, x.trouble, x.words, x.asked_at";

fn read(row: &Row) -> Result<TranslationRow> {
    let mut row = row.reader();
    Ok(TranslationRow {
        id: row.next()?,
        message: row.next()?,
        draft: row.next()?,
        language: row.next()?,
        state: row.next()?,
        content: row.next()?,
        cut: row.next()?,
        model: row.next()?,
        trouble: row.next()?,
        words: row.next()?,
        asked_at: row.next()?,
    })
}

impl Scope {
    /// The translations into one language of a ticket's mails and drafts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn translations(&self, ticket: TicketId, language: &str) -> Result<Vec<TranslationRow>> {
        let mut on = self.read().await?;
        self.admit_of(&mut on, Some(ticket), "ticket", ticket.0).await?;
        let mut found = Vec::new();
        for (of, key) in [("message", "message_id"), ("draft", "draft_id")] {
            let rows = sql_of(format!(
                "select {COLUMNS} from {of} o join translation x on x.{key} = o.id and x.language = $3 \
                 where o.tenant_id + 0 = $1 and o.ticket_id = $2"
            ))
            .bind(self.tenant)
            .bind(ticket)
            .bind(language)
            .all(&mut on)
            .await?;
            found.extend(rows.iter().map(read).collect::<Result<Vec<_>>>()?);
        }
        Ok(found)
    }

    /// One translation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn translation(&self, id: i64) -> Result<TranslationRow> {
        sql_of(format!("select {COLUMNS} from translation x where x.tenant_id + 0 = $1 and x.id = $2"))
            .bind(self.tenant)
            .bind(id)
            .optional(&mut *self.read().await?)
            .await?
            .as_ref()
            .map(read)
            .transpose()?
            .ok_or_else(|| StoreError::not_found(format_args!("translation {id}")))
    }
}

impl Tx {
    /// Asks for a translation; its id. One that is there, or is being made, is not asked for again; one that came to nothing is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn ask_translation(&mut self, of: TranslationOf, language: &str, actor: &Actor) -> Result<i64> {
        let (tenant, now) = (self.tenant(), self.now());
        let (ticket, message, draft, found) = match of {
            TranslationOf::Message(message) => {
                let row = sql("select ticket_id from message where tenant_id + 0 = $1 and id = $2")
                    .bind(tenant)
                    .bind(message)
                    .optional(self.on())
                    .await?
                    .ok_or_else(|| StoreError::not_found(format_args!("message {message}")))?;
                let found = sql(
                    "select id, state from translation where message_id = $1 and language = $2 and tenant_id + 0 = $3",
                )
                .bind(message)
                .bind(language)
                .bind(tenant)
                .optional(self.on())
                .await?;
                (row.get::<Option<TicketId>>(0)?, Some(message), None, found)
            }
            TranslationOf::Draft(draft) => {
                let row = by_draft_id(self.on(), tenant, draft).await?;
                let found = sql(
                    "select id, state from translation where draft_id = $1 and language = $2 and tenant_id + 0 = $3",
                )
                .bind(draft)
                .bind(language)
                .bind(tenant)
                .optional(self.on())
                .await?;
                (Some(row.ticket), None, Some(draft), found)
            }
        };
        let id: i64 = match found {
            Some(row) if row.get::<TranslationState>(1)? != TranslationState::Failed => return row.get(0),
            Some(row) => {
                let id = row.get(0)?;
                sql("update translation set state = $1, trouble = null, words = null, asked_by = $2, asked_at = $3 \
                     where tenant_id + 0 = $4 and id = $5")
                .bind(TranslationState::Asked)
                .bind(actor.as_text())
                .bind(now)
                .bind(tenant)
                .bind(id)
                .run(self.on())
                .await?;
                id
            }
            None => sql(
                "insert into translation (tenant_id, message_id, draft_id, language, state, cut, asked_by, asked_at) \
                     values ($1, $2, $3, $4, $5, 0, $6, $7) returning id",
            )
            .bind(tenant)
            .bind(message)
            .bind(draft)
            .bind(language)
            .bind(TranslationState::Asked)
            .bind(actor.as_text())
            .bind(now)
            .one(self.on())
            .await?
            .get(0)?,
        };
        self.enqueue(&Job::Translate { translation: id }).await?;
        let data = json!({ "translation": id, "message": message, "draft": draft, "language": language });
        self.record(actor, "translation.asked", subject(ticket, message), data);
        Ok(id)
    }

    /// Keeps what a translation says so far, while it is being made; nothing where it is done with.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn translation_so_far(&mut self, id: i64, text: &str) -> Result<()> {
        let tenant = self.tenant();
        sql("update translation set content = $1 where tenant_id + 0 = $2 and id = $3 and state = $4")
            .bind(text)
            .bind(tenant)
            .bind(id)
            .bind(TranslationState::Asked)
            .run(self.on())
            .await
            .map(drop)
    }

    /// Writes what a translation came to: the text, or why there is none and in whose words. One that nobody waits for any more stays as
    /// it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn settle_translation(
        &mut self,
        id: i64,
        outcome: &std::result::Result<NewTranslation, (TranslationTrouble, String)>,
        actor: &Actor,
    ) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        let (state, made, failed) = match outcome {
            Ok(made) => (TranslationState::Done, Some(made), None),
            Err(failed) => (TranslationState::Failed, None, Some(failed)),
        };
        let row = sql("update translation set state = $1, content = $2, cut = $3, model = $4, trouble = $5, words = $6, done_at = $7 \
             where tenant_id + 0 = $8 and id = $9 and state = $10 returning message_id, draft_id")
        .bind(state)
        .bind(made.map(|made| made.content.as_str()))
        .bind(made.is_some_and(|made| made.cut))
        .bind(made.map(|made| made.model.as_str()))
        .bind(failed.map(|(trouble, _)| *trouble))
        .bind(failed.map(|(_, words)| words.as_str()))
        .bind(now)
        .bind(tenant)
        .bind(id)
        .bind(TranslationState::Asked)
        .optional(self.on())
        .await?;
        let Some(row) = row else { return Ok(()) };
        let (message, draft): (Option<MessageId>, Option<DraftId>) = (row.get(0)?, row.get(1)?);
        let ticket = match (message, draft) {
            (Some(message), _) => sql("select ticket_id from message where tenant_id + 0 = $1 and id = $2")
                .bind(tenant)
                .bind(message)
                .one(self.on())
                .await?
                .get::<Option<TicketId>>(0)?,
            (None, Some(draft)) => Some(by_draft_id(self.on(), tenant, draft).await?.ticket),
            (None, None) => None,
        };
        let kind = if made.is_some() { "translation.made" } else { "translation.failed" };
        let trouble = failed.map(|(trouble, _)| trouble.as_str());
        let data = json!({ "translation": id, "model": made.map(|made| &made.model), "trouble": trouble });
        self.record(actor, kind, subject(ticket, message), data);
        Ok(())
    }
}

/// What an event about it is about.
fn subject(ticket: Option<TicketId>, message: Option<MessageId>) -> String {
    match (ticket, message) {
        (Some(ticket), _) => format!("ticket:{ticket}"),
        (None, Some(message)) => format!("message:{message}"),
        (None, None) => "tenant".to_owned(),
    }
}
