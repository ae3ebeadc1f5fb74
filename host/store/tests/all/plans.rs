//! How SQLite goes about the store's statements. It keeps no statistics here, and where `tenant_id = …` meets two indexes it takes one
//! that begins with the tenant for as good as one that finds the row: what then looks quick with ten mails walks through all of a
//! tenant's at 100,000, for each mail that comes in. `tenant_id + 0 = …` keeps it off such an index.

use crate::world::World;
use sqlx::{Connection as _, Row as _};
use std::collections::HashMap;
use std::path::Path;

/// Tables that grow with every mail.
const LARGE: [&str; 19] = [
    "autonomy_draft",
    "decision",
    "draft",
    "event",
    "job",
    "message",
    "message_reference",
    "mention",
    "model_call",
    "note",
    "notification",
    "outbox",
    "outbox_recipient",
    "raw_message",
    "raw_piece",
    "spam_feature",
    "template_use",
    "ticket",
    "translation",
];

/// Statements that walk through many rows, each by how it begins, and why it may.
const MAY_WALK: [(&str, &str); 7] = [
    ("select kind, state, count(*), min(due_at) from job", "the queue, for /metrics: short but after an outage"),
    ("select coalesce(sum(case when created_at", "the numbers of a day, once a day"),
    ("select (select max(stored_at) from message", "the first or the last entry of an index, each"),
    ("select id, tenant_id, ticket_id from outbox where state in", "once, when a database is moved"),
    ("select t.id, t.number, t.subject, t.customer_name", "the beginning of the list's: what follows narrows it"),
    ("select seq, at, actor, kind, subject, data", "the whole chain, for an audit"),
    ("select id, content, state, attempts, due_at", "with the state put in, of which the failed ones have an index"),
];

/// The text of every statement in a source file, with something in place of what is put in by `format!`.
fn statements(source: &str) -> Vec<String> {
    // A long list: for a short one it goes about it otherwise.
    let list: Vec<String> = (0..60).map(|one| one.to_string()).collect();
    let list = format!("({})", list.join(", "));
    let (mut whole, mut beginnings, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (begin, _) in source.match_indices('"') {
        let rest = &source[begin + 1..];
        let Some(end) = rest.find('"') else { continue };
        let mut text = String::new();
        for line in rest[..end].split("\\\n") {
            text.push_str(line.trim_start());
        }
        let text = text.replace("({})", &list).replace("{COLUMNS}", "*");
        if text.starts_with("where ") {
            ends.push(text);
        } else if ["select ", "update ", "delete "].iter().any(|verb| text.starts_with(verb)) {
            // What ends so is completed by a macro of its file.
            let into = if text.ends_with(' ') { &mut beginnings } else { &mut whole };
            into.push(text);
        }
    }
    for beginning in &beginnings {
        whole.extend(ends.iter().map(|end| format!("{beginning}{end}")));
    }
    whole
}

fn sources(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|one| one == "rs") {
            into.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Which table each name in a statement stands for.
fn names(statement: &str) -> HashMap<String, String> {
    let words: Vec<&str> = statement.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
    let mut names = HashMap::new();
    for (at, word) in words.iter().enumerate() {
        if LARGE.contains(word) && at > 0 && ["from", "join", "update"].contains(&words[at - 1]) {
            names.insert((*word).to_owned(), (*word).to_owned());
            if let Some(alias) = words.get(at + 1) {
                names.insert((*alias).to_owned(), (*word).to_owned());
            }
        }
    }
    names
}

/// Whether this step of a plan walks through all rows that a tenant has in a large table.
fn walks(step: &str, names: &HashMap<String, String>) -> bool {
    let mut words = step.split(' ');
    let (Some(verb), Some(name)) = (words.next(), words.next()) else { return false };
    names.contains_key(name) && (verb == "SCAN" || (verb == "SEARCH" && step.ends_with("(tenant_id=?)")))
}

#[tokio::test]
async fn no_statement_walks_through_all_mails_of_a_tenant() {
    let world = World::on_sqlite().await;
    let mut connection = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let (mut looked_at, mut walking, mut used) = (0, Vec::new(), Vec::new());
    for (file, source) in files {
        for statement in statements(&source) {
            // What cannot be prepared is PostgreSQL's, or only a part of a statement.
            let explain = format!("explain query plan {statement}");
            let Ok(rows) = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut connection).await else { continue };
            looked_at += 1;
            let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            let names = names(&statement);
            // The first so many in the order of an index are found at once.
            let is_cut_short = statement.contains(" limit ") && !steps.iter().any(|step| step.contains("TEMP B-TREE"));
            if is_cut_short || !steps.iter().any(|step| walks(step, &names)) {
                continue;
            }
            match MAY_WALK.iter().find(|(begin, _)| statement.starts_with(begin)) {
                Some((begin, _)) => used.push(*begin),
                None => walking.push(format!("{file}\n  {statement}\n  {}", steps.join("\n  "))),
            }
        }
    }
    assert!(looked_at > 150, "only {looked_at} statements were found");
    assert!(walking.is_empty(), "{} statements:\n{}", walking.len(), walking.join("\n"));
    let idle: Vec<_> = MAY_WALK.iter().filter(|(begin, _)| !used.contains(begin)).collect();
    assert!(idle.is_empty(), "these do not walk any more, or are gone: {idle:?}");
}
