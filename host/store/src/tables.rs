//! Every table with its columns, in an order in which rows can be put in: what a backup holds.
//!
//! A test compares this list with the schema of both databases, at every version, so that no column is forgotten and a
//! backup made at an older version is read as what it was.

use crate::schema::WANTED;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Integer,
    Real,
    Text,
    Bytes,
}

/// A table of the backup.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Names with what they hold: `i`, `r`, `t`, `b`; then, where it came later than the table, `@` and the schema version
    /// that brought it.
    columns: &'static str,
    /// Rows come out in this order, so that the same content gives the same backup.
    pub(crate) order: &'static str,
    /// Has an `id` that counts up.
    pub(crate) counts: bool,
    /// The schema version that brought it.
    since: i64,
}

impl Table {
    /// The columns in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static str, Holds)> + use<> {
        self.columns_at(WANTED)
    }

    /// Those that there were at an earlier schema version.
    pub(crate) fn columns_at(&self, version: i64) -> impl Iterator<Item = (&'static str, Holds)> + use<> {
        self.columns.split_whitespace().filter_map(move |column| {
            let (name, holds) = column.split_once(':')?;
            let (holds, since) = holds.split_once('@').unwrap_or((holds, "1"));
            if since.parse::<i64>().is_ok_and(|since| since > version) {
                return None;
            }
            let holds = match holds {
                "i" => Holds::Integer,
                "r" => Holds::Real,
                "b" => Holds::Bytes,
                _ => Holds::Text,
            };
            Some((name, holds))
        })
    }

    /// Whether there was such a table at a schema version.
    pub(crate) fn is_in(&self, version: i64) -> bool {
        self.since <= version
    }

    /// For a table that came later than the first schema.
    const fn since(self, version: i64) -> Self {
        Self { since: version, ..self }
    }

    /// `a, b, c`
    pub(crate) fn column_list(&self) -> String {
        self.columns().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}

const fn table(name: &'static str, columns: &'static str, order: &'static str) -> Table {
    Table { name, columns, order, counts: false, since: 1 }
}

const fn counting(name: &'static str, columns: &'static str) -> Table {
    Table { name, columns, order: "id", counts: true, since: 1 }
}

/// Not in a backup: `schema_version` (the importing host has its own) and `session` (who restores a backup somewhere
/// else must not sign people in there).
pub(crate) const LEFT_OUT: &[&str] = &[
    "schema_version",
    "session",
    "half_sign_in",
    "device",
    "invitation",
    "oidc_way",
    "pace",
    "sign_in",
    "sign_in_visit",
    "writing",
    "search_index",
    "search_behind",
    "bulk",
    "template_trial",
    "trial",
];

/// Parents before children.
pub(crate) const TABLES: &[Table] = &[
    table("meta", "key:t value:t", "key"),
    table("component", "digest:t size:i stored_at:i content:b", "digest"),
    counting(
        "tenant",
        "id:i slug:t name:t language:t time_zone:t settings:t digest:t active:i last_ticket:i created_at:i applied_at:i",
    ),
    table("event_head", "tenant_id:i seq:i hash:t", "tenant_id"),
    table("event", "tenant_id:i seq:i at:i actor:t kind:t subject:t data:t previous:t hash:t", "tenant_id, seq"),
    counting(
        "agent",
        "id:i tenant_id:i email:t name:t role:t password_hash:t language:t active:i created_at:i time_zone:t@19 \
         queues:t@19 service:i@19",
    ),
    table(
        "second_factor",
        "agent_id:i tenant_id:i sealed:b created_at:i confirmed_at:i last_step:i tries:i tries_since:i",
        "agent_id",
    )
    .since(19),
    counting(
        "api_token",
        "id:i tenant_id:i agent_id:i token_hash:t begins:t name:t scope:t made_by:t created_at:i expires_at:i used_at:i \
         revoked_at:i",
    )
    .since(19),
    table("webhook", "tenant_id:i name:t seq:i failing_since:i disabled_at:i reason:t", "tenant_id, name").since(19),
    counting(
        "webhook_delivery",
        "id:i tenant_id:i webhook:t seq:i kind:t body:t state:t tries:i status:i answer:t created_at:i tried_at:i",
    )
    .since(19),
    table("recovery_code", "agent_id:i tenant_id:i code_hash:t used_at:i", "agent_id, code_hash").since(19),
    counting(
        "mailbox",
        "id:i tenant_id:i name:t address:t settings:t active:i created_at:i fetched_at:i fetch_error:t failing_since:i \
         lease_owner:t lease_until:i left_to_fetch:i@13",
    ),
    counting(
        "saved_view",
        "id:i tenant_id:i agent_id:i name:t shared:i position:i filter:t sort:t version:i created_at:i updated_at:i",
    )
    .since(18),
    table("cursor", "mailbox_id:i tenant_id:i folder:t uid_validity:i last_uid:i", "mailbox_id, folder"),
    counting(
        "ticket",
        "id:i tenant_id:i number:i mailbox_id:i subject:t customer_name:t customer_address:t customer_key:t status:t \
         reopened_from:t closed_reason:t closed_at:i category:t category_confidence:r category_by_agent:i urgency:t \
         sentiment:t language:t queue:t urgency_rank:i assignee_id:i deadline_at:i snoozed_until:i tags:t findings:t \
         snippet:t search:t message_count:i draft_round:i version:i created_at:i updated_at:i last_message_at:i \
         merged_into:i@10 priority_by_agent:i@17",
    ),
    counting(
        "message",
        "id:i tenant_id:i ticket_id:i mailbox_id:i folder:t source_key:t direction:t identity:t content_hash:t \
         from_key:t outcome:t reason:t at:i received_at:i stored_at:i triaged_at:i size:i read_json:t body_text:t \
         full_text:t html:t reason_code:t@13 taken_up_at:i@13 emptied_at:i@13",
    ),
    table("raw_message", "message_id:i tenant_id:i content:b", "message_id"),
    table("raw_piece", "message_id:i tenant_id:i position:i content:b", "message_id, position").since(13),
    table("message_reference", "tenant_id:i reference:t message_id:i", "message_id, reference"),
    counting(
        "draft",
        "id:i tenant_id:i ticket_id:i round:i position:i revision:i origin:t author:t plugin:t proposal:t checks:t \
         created_at:i",
    ),
    counting(
        "outbox",
        "id:i tenant_id:i ticket_id:i mailbox_id:i approved_draft:i draft_id:i state:t message_id_header:t in_reply_to:t \
         reference_list:t answers:i subject:t body:t language:t automatic:i approved_by:t approved_at:i due_at:i tries:i \
         lease_owner:t lease_until:i reason:t message_id:i scheduled_at:i@17",
    ),
    counting(
        "reply_file",
        "id:i tenant_id:i ticket_id:i outbox_id:i name:t media_type:t size:i content:b added_by:t added_at:i",
    )
    .since(13),
    table(
        "outbox_recipient",
        "outbox_id:i tenant_id:i position:i address_key:t address:t name:t cc:i state:t words:t bounced_at:i@11 \
         bounced_hard:i@11 bounced_words:t@11",
        "outbox_id, position",
    ),
    table(
        "attempt",
        "outbox_id:i tenant_id:i number:i worker:t started_at:i finished_at:i outcomes:t handed_over_at:i@9",
        "outbox_id, number",
    ),
    counting(
        "decision",
        "id:i tenant_id:i ticket_id:i message_id:i at:i world:t plugin:t version:t digest:t input_hash:t output:t \
         error:t host_calls:t duration_us:i memory_bytes:i release:i@4 stage:t@4 told_now:i@4 told_seed:i@4",
    ),
    counting(
        "job",
        "id:i tenant_id:i kind:t key:t content:t state:t due_at:i again_at:i attempts:i claim:i lease_owner:t \
         lease_until:i errors:t created_at:i",
    ),
    counting(
        "notification",
        "id:i tenant_id:i notifier:t key:t ticket_id:i notice:t state:t result:t created_at:i settled_at:i",
    ),
    counting("incident", "id:i tenant_id:i key:t detail:t opened_at:i closed_at:i"),
    table("secret", "tenant_id:i name:t sealed:b updated_at:i", "tenant_id, name"),
    table("desk_setting", "tenant_id:i path:t changed_by:t changed_at:i", "tenant_id, path").since(22),
    table(
        "plugin",
        "tenant_id:i name:t world:t version:t digest:t settings:t grants:t position:i installed_at:i limits:t@3 release:i@4",
        "tenant_id, name",
    ),
    counting(
        "plugin_release",
        "id:i tenant_id:i plugin:t number:i world:t version:t digest:t settings:t grants:t limits:t allowance:t source:t \
         state:t share:i made_by:t created_at:i changed_at:i activated_at:i reason:t replay:t",
    )
    .since(4),
    counting(
        "plugin_upload",
        "id:i tenant_id:i at:i made_by:t file:t content:b state:t plugin:t release:i problem:t",
    )
    .since(6),
    counting("plugin_log", "id:i tenant_id:i plugin:t release:i stage:t ticket_id:i at:i level:t text:t").since(4),
    table("model_use", "tenant_id:i day:t calls:i tokens_in:i tokens_out:i reserved:i cost:i@25 cost_reserved:i@25", "tenant_id, day"),
    table("plugin_model_use", "tenant_id:i plugin:t day:t calls:i tokens:i reserved:i", "tenant_id, plugin, day")
        .since(5),
    counting(
        "model_call",
        "id:i tenant_id:i at:i ticket_id:i plugin:t model:t tokens_in:i tokens_out:i duration_ms:i outcome:t \
         cost:i@25 currency:t@25 version:t@26",
    ),
    table(
        "model_exchange",
        "call_id:i tenant_id:i at:i task:t instructions:t inputs:t output_tokens_max:i answer:t",
        "call_id",
    )
    .since(26),
    table(
        "article",
        "tenant_id:i id:t language:t title:t body:t updated_at:i version:i@16 changed_by:t@16",
        "tenant_id, id, language",
    ),
    table(
        "article_version",
        "tenant_id:i id:t language:t version:i title:t body:t changed_by:t changed_at:i",
        "tenant_id, id, language, version",
    )
    .since(16),
    table(
        "template",
        "tenant_id:i plugin:t id:t front:t body:t updated_at:i version:i changed_by:t",
        "tenant_id, plugin, id",
    )
    .since(21),
    table(
        "template_version",
        "tenant_id:i plugin:t id:t version:i front:t body:t changed_by:t changed_at:i",
        "tenant_id, plugin, id, version",
    )
    .since(21),
    table("template_use", "tenant_id:i day:i plugin:t template:t what:t count:i", "tenant_id, day, plugin, template, what")
        .since(21),
    table("kept", "tenant_id:i plugin:t key:b value:b", "tenant_id, plugin, key").since(2),
    table("followed", "mailbox_id:i tenant_id:i folder:t uid_validity:i first_uid:i", "mailbox_id, folder").since(7),
    table(
        "balance",
        "mailbox_id:i tenant_id:i folder:t checked_at:i held:i missing:i missing_since:i content:t",
        "mailbox_id, folder",
    )
    .since(7),
    table("spam_feature", "tenant_id:i feature:i spam:i ham:i", "tenant_id, feature").since(8),
    table("spam_learned", "tenant_id:i spam:i ham:i", "tenant_id").since(8),
    table("spam_taught", "message_id:i tenant_id:i spam:i", "message_id").since(8),
    table("bounced_address", "tenant_id:i address_key:t at:i words:t", "tenant_id, address_key").since(11),
    table("customer_alias", "tenant_id:i address_key:t person:t", "tenant_id, address_key").since(10),
    counting("note", "id:i tenant_id:i ticket_id:i author:t body:t created_at:i edited_at:i").since(17),
    table("mention", "tenant_id:i agent_id:i note_id:i read_at:i", "agent_id, note_id").since(17),
    counting(
        "misfit",
        "id:i tenant_id:i ticket_id:i round:i position:i template:t reason:t words:t author:t at:i",
    )
    .since(17),
    table(
        "typed",
        "tenant_id:i ticket_id:i agent_id:i position:i draft_id:i recipients:t copies:t subject:t body:t at:i",
        "ticket_id, agent_id, position",
    )
    .since(17),
    counting(
        "translation",
        "id:i tenant_id:i message_id:i draft_id:i language:t state:t content:t cut:i model:t trouble:t words:t asked_by:t \
         asked_at:i done_at:i",
    )
    .since(23),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sql::sql;
    use crate::{Store, StoreOptions, schema};
    use posthouse_model::{Clock, Entropy, Timestamp};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    struct Nothing;

    impl Clock for Nothing {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
    }

    impl Entropy for Nothing {
        fn fill(&self, _: &mut [u8]) {}
    }

    const SQLITE: &str = "select t.name, c.name, lower(c.type) from sqlite_schema t join pragma_table_info(t.name) c \
         where t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'search_index%'";
    const POSTGRES: &str = "select table_name::text, column_name::text, data_type::text from information_schema.columns \
         where table_schema = current_schema()";

    async fn compare(url: String, query: &'static str, version: i64) {
        let store =
            Store::open(StoreOptions { url, clock: Arc::new(Nothing), entropy: Arc::new(Nothing) }).await.unwrap();
        let kind = store.inner.engine.kind;
        let mut tx = store.write().await.unwrap();
        schema::climb(kind, &mut tx, Timestamp(0), 0, version).await.unwrap();
        tx.commit().await.unwrap();
        let rows = sql(query).all(&mut store.inner.engine.read().await.unwrap()).await.unwrap();
        let mut there = BTreeSet::new();
        for row in &rows {
            let (table, column, holds): (String, String, String) =
                (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
            let holds = match holds.as_str() {
                "bigint" | "integer" => "Integer",
                "double precision" => "Real",
                "blob" | "bytea" => "Bytes",
                _ => "Text",
            };
            if !LEFT_OUT.contains(&table.as_str()) {
                there.insert((table, column, holds));
            }
        }
        let listed: BTreeSet<_> = TABLES
            .iter()
            .filter(|table| table.is_in(version))
            .flat_map(|table| {
                table.columns_at(version).map(|(column, holds)| {
                    let holds = match holds {
                        Holds::Integer => "Integer",
                        Holds::Real => "Real",
                        Holds::Text => "Text",
                        Holds::Bytes => "Bytes",
                    };
                    (table.name.to_owned(), column.to_owned(), holds)
                })
            })
            .collect();
        assert_eq!(listed, there, "at version {version}");
    }

    #[tokio::test]
    async fn no_column_is_left_out_of_backups() {
        let folder = tempfile::tempdir().unwrap();
        let server = posthouse_servers::postgres();
        for version in 1..=WANTED {
            let file = folder.path().join(format!("{version}.db"));
            compare(format!("sqlite:{}", file.display()), SQLITE, version).await;
            if let Some(server) = &server {
                compare(server.fresh_database().await, POSTGRES, version).await;
            }
        }
    }
}
