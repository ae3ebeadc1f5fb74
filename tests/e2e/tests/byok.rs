//! The client's own model, end to end: the drafter asks a provider of the OpenAI-compatible API through the host, on
//! the tenant's key and within its budget of the day; and the key is to be found nowhere afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use posthouse_e2e::desk::Desk;
use posthouse_e2e::house::{House, put_mail};
use posthouse_e2e::model::{Provider, Says};
use posthouse_servers::sqlite3;
use serde_json::Value;
use std::path::{Path, PathBuf};

const KEY: &str = "sk-proj-7Qe2ZpX9vLw4TnB8sHd6KfR3yUc1JmGa5EoWi0";
const OTHER_KEY: &str = "sk-proj-Zb1Nf8Wq3Rk6Yt5Ls0Xd9Hp2Mv7Cg4Ja1UeOi8";
const PASSPHRASE: &str = "a horse at every station";
const TOKENS_PER_DAY: i64 = 100_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_model_drafts_within_its_budget_and_its_key_is_found_nowhere() {
    let Some(_) = sqlite3() else { return };
    let words =
        "Dear Mary,\n\nthank you for writing. I am sorry that the parcel is late; we are asking the carrier today.";
    let provider = Provider::start(KEY, Says::Text(words.to_owned(), 40_000, 200)).await;
    let other = Provider::start(OTHER_KEY, Says::Text("Written on the other key.".to_owned(), 300, 20)).await;
    let mut house = House::new(None);
    // What a log could give away it does at this level.
    house.change_set_up("level = \"info\"", "level = \"trace\"");
    house.apply("shop", &tenant("shop", &provider.base_url()));
    house.apply("other", &tenant("other", &other.base_url()));
    for (slug, key) in [("shop", KEY), ("other", OTHER_KEY)] {
        let set = house.try_run(&["secret", "set", slug, "model_key", "--host", "127.0.0.1"], &format!("{key}\n"));
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    }
    house.serve().await;
    let desk = Desk::enter(&house, "shop").await;
    let shop = Shop { maildir: house.path().join("data/mail-shop"), desk: &desk };

    // Written by the model, from what the plugin gave it.
    let first = shop.question(1).await;
    let draft = &first["drafts"][0];
    assert_eq!((&draft["origin"], &draft["proposal"]["body"]), (&"model".into(), &words.into()), "{draft}");
    assert_eq!(host_calls(&first), ["model complete: ok, shop-model-2026-11-01"]);
    assert_eq!(provider.seen().len(), 1);
    let asked = provider.seen()[0].to_string();
    assert!(asked.contains("AC-10001") && asked.contains("Be brief."), "{asked}");

    // A provider that repeats the key, in an answer or in an error: it gets no further.
    provider.say(Says::Key);
    let second = shop.question(2).await;
    assert_eq!(second["drafts"][0]["proposal"]["body"], "Dear customer, the key is [key].");
    provider.say(Says::ErrorWithKey);
    let third = shop.question(3).await;
    assert_eq!(third["drafts"][0]["origin"], "template", "the template stands");
    assert!(host_calls(&third)[0].contains("rejected: ") && host_calls(&third)[0].contains("[key]"), "{third}");

    // What nobody should answer never gets to the model.
    let before = provider.seen().len();
    provider.say(Says::Text(words.to_owned(), 70_000, 100));
    for (name, mail) in NOT_FOR_THE_MODEL {
        put_mail(&shop.maildir, name, mail.as_bytes());
    }

    // The budget of the day is spent with this one, and the next falls back.
    let fourth = shop.question(4).await;
    assert_eq!(fourth["drafts"][0]["origin"], "model");
    let fifth = shop.question(5).await;
    assert_eq!(fifth["drafts"][0]["origin"], "template", "{fifth}");
    assert!(fifth["drafts"][0]["proposal"]["body"].as_str().unwrap().contains("AC-10005"));
    assert_eq!(host_calls(&fifth), ["model complete: over budget"]);
    assert_eq!(provider.seen().len(), before + 1);
    let everything_asked = Value::Array(provider.seen()).to_string();
    assert!(!everything_asked.contains("marker-not-for-the-model"), "{everything_asked}");
    assert_eq!(provider.refused(), Vec::<String>::new(), "every request was as the real service wants it");
    wait_for_outcomes(&house, NOT_FOR_THE_MODEL.len()).await;

    // Another tenant has a budget and a key of its own.
    put_mail(&house.path().join("data/mail-other"), "1", question(1).as_bytes());
    let theirs = wait_for_draft(&house, "other").await;
    assert_eq!(theirs["drafts"][0]["proposal"]["body"], "Written on the other key.", "{theirs}");
    assert_eq!((other.seen().len(), provider.seen().len()), (1, before + 1));
    assert_eq!(other.refused(), Vec::<String>::new());

    // What each cost is on record, per tenant and day.
    let database = house.path().join("data/posthouse.db");
    let used = house.sqlite(
        &database,
        "select t.slug, u.calls, u.tokens_in, u.tokens_out, u.reserved from model_use u join tenant t on t.id = u.tenant_id order by 1",
    );
    assert_eq!(used, "other|1|300|20|0\nshop|4|110040|309|0\n");
    let events = house.sqlite(&database, "select data from event where kind = 'model.called' order by tenant_id, seq");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 5);
    assert_eq!(
        (&events[0]["plugin"], &events[0]["model"], &events[0]["tokens_in"], &events[0]["tokens_out"]),
        (&"drafter".into(), &"shop-model-2026-11-01".into(), &40_000.into(), &200.into())
    );

    let doctor = house.try_run(&["doctor"], "");
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("110349 of 100000 tokens used on ") && doctor.contains("in 4 calls"), "{doctor}");

    found_nowhere(&house, &desk, &[&provider, &other]).await;
}

/// Looks through everything that the house wrote, shows and says.
async fn found_nowhere(house: &House, desk: &Desk, providers: &[&Provider]) {
    let backup = house.path().join("copy.backup");
    std::fs::write(house.path().join("passphrase"), PASSPHRASE).unwrap();
    let to = backup.to_str().unwrap();
    let mut said = vec![house.run(&["backup", to, "--passphrase-file", "passphrase", "--json"])];
    let commands: &[&[&str]] = &[
        &["ticket", "list", "--tenant", "shop", "--all", "--limit", "200", "--json"],
        &["tenant", "list", "--json"],
        &["tenant", "apply", "shop", "--dry-run", "--json"],
        &["tenant", "export", "shop", "exported", "--json"],
        &["plugin", "list", "--tenant", "shop", "--json"],
        &["secret", "list", "shop", "--json"],
        &["audit", "verify", "--json"],
        &["doctor", "--json"],
        &["--log", "trace", "doctor"],
    ];
    for command in commands {
        let output = house.try_run(command, "");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(out.len() + err.len() > 10, "{command:?} says nothing");
        assert!(!err.contains("error: unrecognized") && !err.contains("Usage:"), "{command:?}: {err}");
        said.push(format!("{out}{err}"));
    }
    let tickets = house.json(&["ticket", "list", "--tenant", "shop", "--all", "--limit", "200", "--json"]);
    let mut paths: Vec<String> = [
        "/tickets",
        "/tickets?view=all",
        "/messages",
        "/status",
        "/api/me",
        "/api/tickets",
        "/api/counts",
        "/api/messages",
        "/api/status",
    ]
    .map(str::to_owned)
    .to_vec();
    for row in tickets["rows"].as_array().unwrap() {
        let number = row["number"].to_string();
        said.push(house.run(&["ticket", "show", &number, "--tenant", "shop", "--json"]));
        said.push(house.run(&["ticket", "show", &number, "--tenant", "shop"]));
        paths.extend([format!("/tickets/{number}"), format!("/api/tickets/{number}")]);
    }
    for path in &paths {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        said.push(answer.body);
    }
    for path in ["/metrics", "/health"] {
        said.push(posthouse_e2e::desk::get(house.port(), path).await.unwrap().body);
    }
    said.extend(providers.iter().map(|provider| Value::Array(provider.seen()).to_string()));

    let forms = [forms_of(KEY), forms_of(OTHER_KEY)].concat();
    for form in &forms {
        for text in &said {
            assert!(!text.contains(form.as_str()), "the key is in {text}");
        }
    }
    let mut files = Vec::new();
    collect(house.path(), &mut files);
    let names: Vec<_> = files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    for wanted in ["posthouse.db", "serve.log", "copy.backup", "tenant.toml"] {
        assert!(names.contains(&wanted), "{wanted} was looked at: {names:?}");
    }
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        for form in &forms {
            let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "the key, as {form}, is in {}", path.display());
        }
    }
    assert!(house.log().contains("TRACE"), "the log was at its most talkative");
}

/// The key as it is, in hexadecimal, and in Base64 however it falls on the groups of three bytes.
fn forms_of(key: &str) -> Vec<String> {
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![key.to_owned(), hex.to_uppercase(), hex];
    for skipped in 0..3 {
        // Of what follows the first bytes, whole groups only: the last characters hang on what comes after.
        let rest = &key.as_bytes()[skipped..];
        let whole = &rest[..rest.len() / 3 * 3];
        forms.extend([STANDARD.encode(whole), URL_SAFE.encode(whole)]);
    }
    forms
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

struct Shop<'a> {
    maildir: PathBuf,
    desk: &'a Desk,
}

impl Shop<'_> {
    /// A question, and its ticket once it has a draft.
    async fn question(&self, number: usize) -> Value {
        put_mail(&self.maildir, &format!("{number}.q"), question(number).as_bytes());
        let subject = subject(number);
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let list = self.desk.json("/api/tickets?view=all").await;
            let row = list["tickets"].as_array().unwrap().iter().find(|row| row["subject"] == subject.as_str());
            if let Some(row) = row {
                let detail = self.desk.json(&format!("/api/tickets/{}", row["number"])).await;
                if detail["drafts"].as_array().is_some_and(|drafts| !drafts.is_empty()) {
                    return detail;
                }
            }
            assert!(tokio::time::Instant::now() < end, "{list}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

async fn wait_for_draft(house: &House, slug: &str) -> Value {
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let list = house.json(&["ticket", "list", "--tenant", slug, "--all", "--json"]);
        if let Some(row) = list["rows"].as_array().unwrap().first() {
            let shown = house.json(&["ticket", "show", &row["number"].to_string(), "--tenant", slug, "--json"]);
            if shown["drafts"].as_array().is_some_and(|drafts| !drafts.is_empty()) {
                return shown;
            }
        }
        assert!(tokio::time::Instant::now() < end, "{list}\n{}", house.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Waits until so many mails ended as something other than a ticket.
async fn wait_for_outcomes(house: &House, wanted: usize) {
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    let database = house.path().join("data/posthouse.db");
    loop {
        let found = house.sqlite(
            &database,
            "select outcome, count(*) from message where outcome in ('spam', 'automatic', 'skipped') group by 1 order by 1",
        );
        let count: usize = found.lines().filter_map(|line| line.split('|').nth(1)?.parse::<usize>().ok()).sum();
        if count == wanted {
            return;
        }
        let all = house.sqlite(&database, "select outcome, reason, id from message");
        assert!(tokio::time::Instant::now() < end, "{found}\n{all}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn host_calls(detail: &Value) -> Vec<String> {
    let decisions = detail["decisions"].as_array().unwrap();
    let drafter = decisions.iter().filter(|d| d["world"] == "drafter" || d["record"]["world"] == "drafter");
    let calls = drafter.flat_map(|d| d["host_calls"].as_array().or_else(|| d["record"]["host_calls"].as_array()));
    calls
        .flatten()
        .map(|call| {
            let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", text("capability"), text("what"), text("outcome"))
        })
        .collect()
}

fn subject(number: usize) -> String {
    format!("Where is my parcel AC-1000{number}?")
}

fn question(number: usize) -> String {
    format!(
        "From: Mary Walker <mary@customer.example>\r\nTo: support@shop.example\r\nSubject: {}\r\n\
         Message-ID: <{number}@customer.example>\r\n\r\n\
         Hello,\r\n\r\nmy order AC-1000{number} has not arrived. Where is it?\r\n\r\nMary\r\n",
        subject(number)
    )
}

const NOT_FOR_THE_MODEL: [(&str, &str); 4] = [
    (
        "blank",
        "From: blank@marker-not-for-the-model.example\r\nTo: support@shop.example\r\nSubject: \r\nMessage-ID: <b@x.example>\r\n\r\n\r\n",
    ),
    (
        "auto",
        "From: away@customer.example\r\nTo: support@shop.example\r\nSubject: Out of office\r\nMessage-ID: <o@x.example>\r\n\
         Auto-Submitted: auto-replied\r\n\r\nI am away. marker-not-for-the-model\r\n",
    ),
    (
        "bounce",
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mail.example\r\nTo: support@shop.example\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Message-ID: <d@x.example>\r\nAuto-Submitted: auto-replied\r\n\r\nmarker-not-for-the-model\r\n",
    ),
    (
        "spam",
        "From: seo@agency.example\r\nTo: support@shop.example\r\nSubject: Rank #1 on Google - FREE SEO audit for your website\r\n\
         Message-ID: <s@x.example>\r\n\r\nDear Sir, we offer SEO services: rank #1 on Google, buy 10,000 backlinks, guaranteed \
         traffic, FREE SEO audit. Click here to unsubscribe from our marketing list. marker-not-for-the-model\r\n",
    ),
];

fn tenant(slug: &str, base_url: &str) -> String {
    format!(
        r#"
slug = "{slug}"
name = "The Shop"

[[mailbox]]
name = "support"
address = "support@shop.example"
import_existing = true
maildir = {{ path = "mail-{slug}" }}
files = {{ path = "out" }}

[[plugin]]
name = "classifier"
[[plugin]]
name = "router"
[[plugin]]
name = "drafter"
component = "drafter-model"
settings = {{ model = {{ enabled = true, instructions = "Be brief." }} }}
grants = {{ model = true }}
[[plugin]]
name = "checker"

[screen]
spam_confidence_min = 0.5

[model]
base_url = "{base_url}"
model = "shop-model"
key = {{ secret = "model_key" }}
plain_http = true
tokens_per_day = {TOKENS_PER_DAY}
"#
    )
}
