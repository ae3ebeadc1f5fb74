//! The team's settings: who reads and who changes them, what is refused at which field, that nobody's values are lost, and that what
//! is kept under lock is never shown.

use crate::support::{Answer, Browser, House, Team, host};
use http::StatusCode;
use posthouse_model::capability::Grants;
use posthouse_model::config::{Decimal, ModelApi, ModelTask, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::event::Actor;
use posthouse_model::job::Job;
use posthouse_model::trial::{Finding, Step};
use posthouse_store::{JobState, NewPlugin, NewTenant};
use serde_json::{Value, json};
use std::time::Duration;

/// Values of a form's fields; none: a box that is not ticked any more.
pub type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

/// A team with a router, a notifier and a mailbox of folders.
pub async fn team(house: &House) -> Team {
    let luma = house.team("luma").await;
    let mut config = TenantConfig::new("luma", "Team luma");
    config.time_zone = "Asia/Shanghai".into();
    config.mailboxes = serde_json::from_value(json!([
        { "name": "help", "address": "help@luma.example", "maildir": { "path": "in" }, "files": { "path": "out" } }
    ]))
    .unwrap();
    config.plugins = serde_json::from_value(json!([
        { "name": "router", "settings": router() },
        { "name": "team", "component": "notifier-feishu" }
    ]))
    .unwrap();
    set_up(house, &config).await;
    let digest = house.store.put_component(b"\0asm router").await.unwrap();
    let plugin = |name: &str, world, settings| NewPlugin {
        name: name.into(),
        world,
        version: "1.0.0".into(),
        digest: digest.clone(),
        settings,
        grants: Grants::default(),
        limits: Default::default(),
    };
    let mut tx = luma.scope.begin().await.unwrap();
    let plugins = [plugin("router", World::Router, router()), plugin("team", World::Notifier, json!({}))];
    tx.set_plugins(&plugins, &host()).await.unwrap();
    tx.commit().await.unwrap();
    luma
}

/// With rules that somebody wrote by hand.
fn router() -> Value {
    json!({
        "time_zone": "Asia/Shanghai",
        "hours": { "mon-fri": ["09:00-12:00", "13:30-18:00"] },
        "holidays": ["12-25"],
        "default": { "queue": "inbox", "respond_within_minutes": 480 },
        "rules": [{ "name": "mine", "when": { "category": ["refund"] }, "then": { "queue": "inbox" } }],
        "deadlines": [{ "name": "Own shop", "domains": ["shop.example"], "within_minutes": 60 }]
    })
}

pub async fn set_up(house: &House, config: &TenantConfig) {
    let tenant = NewTenant {
        slug: config.slug.clone(),
        name: config.name.clone(),
        language: config.agent_language.clone(),
        time_zone: config.time_zone.clone(),
        settings: serde_json::to_value(config).unwrap(),
        digest: "folder".into(),
    };
    house.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
}

pub async fn in_force(luma: &Team) -> TenantConfig {
    serde_json::from_value(luma.scope.tenant().await.unwrap().tenant.settings).unwrap()
}

/// What a browser would post of the page's form, with some values changed; none: a box that is not ticked any more.
fn filled(page: &Answer, changed: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let form = page.text.split("<form method=\"post\"").find(|form| form.contains("class=\"form\"")).expect("a form");
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">"))
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    for piece in form.split("</form>").next().unwrap().split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let Some(name) = attribute(tag, "name") else {
            if tag.starts_with("option") && tag.contains(" selected") {
                fields.last_mut().unwrap().1 = attribute(tag, "value").unwrap_or_default();
            }
            continue;
        };
        if tag.starts_with("input") && (!tag.contains("checkbox") || tag.contains(" checked")) {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        } else if tag.starts_with("textarea") {
            fields.push((name, text.to_owned()));
        } else if tag.starts_with("select") {
            fields.push((name, String::new()));
        }
    }
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    fields
}

pub async fn save(browser: &mut Browser, luma: &Team, part: &str, changed: &[(&str, Option<&str>)]) -> Answer {
    let page = browser.get(&luma.path(&format!("/settings/{part}"))).await;
    save_from(browser, luma, &page, part, changed).await
}

async fn save_from(
    browser: &mut Browser,
    luma: &Team,
    page: &Answer,
    part: &str,
    changed: &[(&str, Option<&str>)],
) -> Answer {
    let fields = filled(page, changed);
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let part = part.split('?').next().unwrap();
    browser.post(&luma.path(&format!("/settings/{part}")), &pairs).await
}

const PARTS: [&str; 16] = [
    "team",
    "queues",
    "mailboxes",
    "screening",
    "hours",
    "assign",
    "escalation",
    "review",
    "macros",
    "automatic",
    "notices",
    "watch",
    "model",
    "webhooks",
    "sign-in",
    "secrets",
];

#[tokio::test]
async fn leads_read_and_admins_change() {
    let house = House::new().await;
    let luma = team(&house).await;
    let (mut eve, mut mei) = (house.signed_in(&luma, "eve").await, house.signed_in(&luma, "mei").await);
    let list = eve.get(&luma.path("/settings")).await;
    let theirs = mei.get(&luma.path("/settings")).await;
    assert!(list.text.contains("/settings/secrets") && !theirs.text.contains("/settings/secrets"));
    for part in PARTS.into_iter().chain(["mailbox", "mailbox?name=help"]) {
        let page = eve.get(&luma.path(&format!("/settings/{part}"))).await;
        assert_eq!(page.status, StatusCode::OK, "{part}: {}", page.text);
        let page = mei.get(&luma.path(&format!("/settings/{part}"))).await;
        if part == "secrets" {
            assert_eq!(page.status, StatusCode::NOT_FOUND);
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{part}");
        if part == "macros" {
            // Theirs too: macros.rs.
            continue;
        }
        assert!(!page.text.contains(">Save<"), "{part} offers a lead to save");
        let csrf = mei.csrf(&luma).await;
        let path = luma.path(&format!("/settings/{}", part.split('?').next().unwrap()));
        let posted = mei.post(&path, &[("csrf", &csrf)]).await;
        assert_eq!(posted.status, StatusCode::NOT_FOUND, "{part}");
    }
    for gone in ["nothing", "mailbox?name=gone"] {
        assert_eq!(eve.get(&luma.path(&format!("/settings/{gone}"))).await.status, StatusCode::NOT_FOUND);
    }
    // A form that is sent as it came changes nothing.
    let before = luma.scope.tenant().await.unwrap();
    for part in ["team", "queues", "hours", "review", "notices", "watch", "model", "mailbox?name=help"] {
        let same = save(&mut eve, &luma, part, &[]).await;
        assert!(same.location().ends_with("said=same"), "{part}: {} {}", same.status, same.text);
    }
    assert_eq!(luma.scope.tenant().await.unwrap(), before);
}

#[tokio::test]
async fn a_change_is_in_force_on_record_and_known_to_be_the_desk_s() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let before = luma.scope.tenant().await.unwrap();
    let saved = save(&mut eve, &luma, "review", &[("undo", Some("25")), ("quote", None)]).await;
    assert_eq!(saved.location(), "/t/luma/settings/review?said=saved", "{}", saved.text);
    assert!(eve.get(saved.location()).await.text.contains("Saved. In force within seconds."));
    let config = in_force(&luma).await;
    assert_eq!((config.review.undo_seconds, config.review.quote_original), (25, false));
    assert!(luma.scope.tenant().await.unwrap().applied_at > before.applied_at, "running hosts see it");
    let event =
        luma.scope.events(0, 500).await.unwrap().into_iter().find(|event| event.kind == "setup.changed").unwrap();
    assert_eq!(event.actor, "agent:eve@luma.example");
    assert_eq!(
        serde_json::from_str::<Value>(&event.data).unwrap()["changes"],
        json!([
            { "path": "review.undo_seconds", "from": 10, "to": 25 },
            { "path": "review.quote_original", "from": true, "to": false }
        ])
    );
    let list = eve.get(&luma.path("/settings")).await.text;
    assert!(list.contains("review.undo_seconds") && list.contains("eve@luma.example"), "{list}");
    // A folder that is applied makes it the folder's.
    let config = in_force(&luma).await;
    set_up(&house, &config).await;
    assert_eq!(luma.scope.desk_settings().await.unwrap(), []);
}

#[tokio::test]
async fn what_is_refused_stays_in_its_field_with_the_reason() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let before = luma.scope.tenant().await.unwrap();
    let cases: [(&str, Changes<'_>, &str, &str); 13] = [
        ("review", &[("undo", Some("601"))], "601 is out of range; use 0 to 600", "value=\"601\""),
        ("review", &[("undo", Some("soon"))], "Not a whole number.", "value=\"soon\""),
        ("team", &[("zone", Some("Mars/Olympus"))], "is not a time zone; use an IANA name", "value=\"Mars/Olympus\""),
        ("team", &[("categories", Some("refund\nNot One"))], "cannot be a category", "Not One"),
        ("queues", &[("new", Some("In Box"))], "cannot be a name", "value=\"In Box\""),
        ("queues", &[("new", Some("inbox"))], "already the name of another queue", "value=\"inbox\""),
        ("watch", &[("at", Some("25:00")), ("digest", Some("1"))], "Not a time of day", "value=\"25:00\""),
        (
            "watch",
            &[
                ("days:mon", None),
                ("days:tue", None),
                ("days:wed", None),
                ("days:thu", None),
                ("days:fri", None),
                ("days:sat", None),
                ("days:sun", None),
            ],
            "mail is expected on no day",
            "name=\"days:mon\"",
        ),
        (
            "model",
            &[("on", Some("1")), ("url", Some("http://models.example/v1")), ("model", Some("m"))],
            "over http:// the key",
            "value=\"http://models.example/v1\"",
        ),
        ("hours", &[("hours:mon", Some("9-18"))], "Not hours: write 09:00-18:00", "value=\"9-18\""),
        ("hours", &[("holidays", Some("2026-02-30"))], "Not a day: 2026-02-30", "2026-02-30</textarea>"),
        ("hours", &[("market:Amazon", Some("721"))], "Out of range: use 1 to 720.", "value=\"721\""),
        (
            "mailbox",
            &[("name", Some("Sales")), ("address", Some("sales")), ("password", Some("hunter2"))],
            "write it bare",
            "value=\"Sales\"",
        ),
    ];
    for (part, changed, words, kept) in cases {
        let answer = save(&mut eve, &luma, part, changed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{part} {changed:?}");
        let at = answer.text.find(words).unwrap_or_else(|| panic!("{part}: no {words} in {}", answer.text));
        assert!(answer.text.contains("aria-invalid=\"true\"") || part == "watch", "{part}");
        assert!(answer.text[..at].contains(kept), "{part}: {kept} stands before its reason: {}", answer.text);
        assert!(!answer.text.contains("hunter2"), "a password is shown again");
    }
    assert_eq!(luma.scope.tenant().await.unwrap(), before);
    assert!(luma.scope.secrets().await.unwrap().is_empty());
    // In Chinese too.
    let csrf = eve.csrf(&luma).await;
    eve.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh")]).await;
    let answer = save(&mut eve, &luma, "review", &[("undo", Some("601"))]).await;
    assert!(answer.text.contains("超出范围，请填 0 到 600"), "{}", answer.text);
}

#[tokio::test]
async fn the_second_of_two_admins_is_told_and_loses_nothing() {
    let house = House::new().await;
    let luma = team(&house).await;
    let (mut eve, mut other) = (house.signed_in(&luma, "eve").await, house.signed_in(&luma, "eve").await);
    let page = other.get(&luma.path("/settings/review")).await;
    save(&mut eve, &luma, "review", &[("undo", Some("25"))]).await;
    // What stands on another page is in nobody's way.
    save(&mut eve, &luma, "team", &[("name", Some("Luma Ltd"))]).await;
    let answer = save_from(&mut other, &luma, &page, "review", &[("undo", Some("40"))]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("eve@luma.example changed this while you were writing"), "{}", answer.text);
    assert!(answer.text.contains("value=\"40\""), "hers stays: {}", answer.text);
    assert!(answer.text.contains("Now:</span>") || answer.text.contains("Now: <bdi>25</bdi>"), "{}", answer.text);
    assert_eq!(in_force(&luma).await.review.undo_seconds, 25);
    // Saving again is meant.
    let saved = save_from(&mut other, &luma, &answer, "review", &[]).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    assert_eq!((config.review.undo_seconds, config.name.as_str()), (40, "Luma Ltd"));
}

#[tokio::test]
async fn queues_are_named_ordered_added_and_removed() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let added =
        save(&mut eve, &luma, "queues", &[("new", Some("refunds")), ("zh:", Some("退款")), ("en:", Some("Refunds"))])
            .await;
    assert!(added.location().ends_with("said=saved"), "{}", added.text);
    save(&mut eve, &luma, "queues", &[("new", Some("leads"))]).await;
    let names = |config: &TenantConfig| config.queues.iter().map(|queue| queue.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&in_force(&luma).await), ["inbox", "refunds", "leads"]);
    save(&mut eve, &luma, "queues", &[("place:leads", Some("1")), ("en:inbox", Some("Everything"))]).await;
    let config = in_force(&luma).await;
    assert_eq!(names(&config), ["leads", "inbox", "refunds"]);
    assert_eq!(config.queue("inbox").unwrap().title["en"], "Everything");
    assert_eq!(config.queue("refunds").unwrap().title["zh"], "退款");
    // One with open tickets stays.
    luma.waiting("one").await;
    let refused = save(&mut eve, &luma, "queues", &[("remove:leads", Some("1"))]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("1 open tickets are in it: move them first."), "{}", refused.text);
    save(&mut eve, &luma, "queues", &[("remove:refunds", Some("1"))]).await;
    assert_eq!(names(&in_force(&luma).await), ["leads", "inbox"]);
}

#[tokio::test]
async fn digest_alerts_and_notifiers_are_set() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed = [
        ("digest", Some("1")),
        ("at", Some("08:30")),
        ("digest-to:team", Some("1")),
        // Of a router nobody is told; a box that was not offered means nothing.
        ("digest-to:router", Some("1")),
        ("silent", Some("240")),
        ("days:sun", None),
        ("from", Some("09:00")),
        ("to", Some("21:00")),
    ];
    let saved = save(&mut eve, &luma, "watch", &changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    let digest = config.digest.unwrap();
    assert_eq!((digest.at.to_string().as_str(), digest.examples), ("08:30", 3));
    assert_eq!(digest.notifiers, ["team"]);
    assert_eq!((config.heartbeat.silent_after_minutes, config.heartbeat.days.len()), (Some(240), 6));
    save(&mut eve, &luma, "watch", &[("digest", None), ("silent", Some(""))]).await;
    let config = in_force(&luma).await;
    assert!(config.digest.is_none() && config.heartbeat.silent_after_minutes.is_none());
    save(&mut eve, &luma, "notices", &[("notifiers:team", Some("1"))]).await;
    assert_eq!(in_force(&luma).await.notify.notifiers, ["team"]);
}

#[tokio::test]
async fn hours_change_and_rules_written_by_hand_stay() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed = [
        ("hours:fri", Some("9:00-15:00")),
        ("hours:sat", Some("10:00-14:00")),
        ("special", Some("2026-10-10 09:00-18:00")),
        ("country", Some("DE")),
        ("year", Some("2026")),
        ("respond", Some("240")),
        ("market:Amazon", Some("24")),
    ];
    let saved = save(&mut eve, &luma, "hours", &changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let settings = Value::Object(in_force(&luma).await.plugin("router").unwrap().settings.clone());
    assert_eq!(
        settings["hours"],
        json!({ "mon-thu": ["09:00-12:00", "13:30-18:00"], "fri": ["09:00-15:00"], "sat": ["10:00-14:00"] })
    );
    assert_eq!(settings["special_days"], json!({ "2026-10-10": ["09:00-18:00"] }));
    let holidays: Vec<&str> = settings["holidays"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(holidays.starts_with(&["12-25", "2026-01-01"]) && holidays.contains(&"2026-10-03"), "{holidays:?}");
    assert_eq!(settings["default"], json!({ "queue": "inbox", "respond_within_minutes": 240 }));
    assert_eq!(settings["rules"], router()["rules"]);
    assert_eq!(
        settings["deadlines"],
        json!([
            { "name": "Own shop", "domains": ["shop.example"], "within_minutes": 60 },
            { "name": "Amazon", "domains": ["marketplace.amazon."], "within_minutes": 1440 }
        ])
    );
    // What runs is another release, which can be rolled back.
    let rows = luma.scope.plugins().await.unwrap();
    assert_eq!((rows[0].plugin.settings.clone(), rows[0].release), (settings, 2));
    // Public holidays that are in the list already do not come twice.
    let again = save(&mut eve, &luma, "hours", &[("country", Some("DE")), ("year", Some("2026"))]).await;
    assert!(again.location().ends_with("said=same"), "{}", again.text);
    save(&mut eve, &luma, "hours", &[("market:Amazon", Some(""))]).await;
    let settings = in_force(&luma).await.plugin("router").unwrap().settings.clone();
    assert_eq!(settings["deadlines"], router()["deadlines"]);
    // Another router's settings mean something else.
    let mut config = in_force(&luma).await;
    config.plugins[0].component = Some("own.phx".into());
    set_up(&house, &config).await;
    let page = eve.get(&luma.path("/settings/hours")).await;
    assert!(
        page.text.contains("This team&#39;s router is a plugin of its own")
            || page.text.contains("router is a plugin of its own"),
        "{}",
        page.text
    );
    assert!(!page.text.contains(">Save<"));
}

#[tokio::test]
async fn a_mailbox_is_added_with_its_password_changed_and_turned_off() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed = [
        ("name", Some("shop")),
        ("address", Some("shop@163.com")),
        ("provider", Some("163")),
        ("password", Some("hunter2")),
    ];
    let saved = save(&mut eve, &luma, "mailbox", &changed).await;
    assert_eq!(saved.location(), "/t/luma/settings/mailbox?name=shop&said=saved", "{}", saved.text);
    let config = in_force(&luma).await;
    let mailbox = config.mailbox("shop").unwrap();
    let (imap, smtp) = (mailbox.imap.as_ref().unwrap(), mailbox.smtp.as_ref().unwrap());
    assert_eq!((imap.host.as_str(), imap.user.as_str(), imap.port()), ("imap.163.com", "shop@163.com", 993));
    assert_eq!((smtp.host.as_str(), smtp.user.as_deref()), ("smtp.163.com", Some("shop@163.com")));
    assert_eq!(imap.password.as_ref().unwrap().secret, "shop_password");
    let sealed = luma.scope.sealed_secret("shop_password").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), "imap.163.com,smtp.163.com|hunter2", "it goes to its servers only");
    let row = luma.scope.mailbox_by_name("shop").await.unwrap().unwrap();
    assert!(row.active && row.mailbox.address == "shop@163.com");
    let everything = luma.scope.events(0, 500).await.unwrap();
    assert!(everything.iter().all(|event| !event.data.contains("hunter2")), "a secret stands in the record");
    let page = eve.get(saved.location()).await;
    assert!(!page.text.contains("hunter2") && page.text.contains("shop_password"), "{}", page.text);

    // Sent elsewhere, the password must be typed again.
    let elsewhere = [("provider", Some("generic")), ("imap-host", Some("imap.evil.example"))];
    let refused = save(&mut eve, &luma, "mailbox?name=shop", &elsewhere).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("shop_password may not be sent to imap.evil.example"), "{}", refused.text);
    // Another provider brings its own servers.
    let moved =
        [("provider", Some("qq")), ("address", Some("shop@qq.com")), ("user", Some("")), ("password", Some("other"))];
    let saved = save(&mut eve, &luma, "mailbox?name=shop", &moved).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    let mailbox = config.mailbox("shop").unwrap();
    assert_eq!(
        (mailbox.imap.as_ref().unwrap().host.as_str(), mailbox.imap.as_ref().unwrap().user.as_str()),
        ("imap.qq.com", "shop@qq.com")
    );
    let off = save(&mut eve, &luma, "mailbox?name=shop", &[("enabled", None)]).await;
    assert!(off.location().ends_with("said=saved"), "{}", off.text);
    assert!(!luma.scope.mailbox_by_name("shop").await.unwrap().unwrap().active);
    assert!(luma.scope.mailbox_by_name("help").await.unwrap().unwrap().active, "the other one goes on");
    let twice = save(&mut eve, &luma, "mailbox", &[("name", Some("shop")), ("address", Some("a@b.example"))]).await;
    assert!(twice.text.contains("already the name of another mailbox"), "{}", twice.text);
}

#[tokio::test]
async fn a_mailbox_may_sign_in_with_oauth2() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed = [
        ("name", Some("orders")),
        ("address", Some("orders@luma.example")),
        ("provider", Some("microsoft")),
        ("way", Some("oauth")),
        ("client", Some("app-1")),
        ("client-secret", Some("s3cret")),
    ];
    let saved = save(&mut eve, &luma, "mailbox", &changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    let oauth = config.mailbox("orders").unwrap().oauth.as_ref().unwrap();
    assert_eq!((oauth.client_id.as_str(), oauth.refresh_token.secret.as_str()), ("app-1", "orders_refresh_token"));
    assert_eq!(oauth.token_host(), "login.microsoftonline.com");
    let sealed = luma.scope.sealed_secret("orders_client_secret").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), "login.microsoftonline.com|s3cret");
    let same = save(&mut eve, &luma, "mailbox?name=orders", &[]).await;
    assert!(same.location().ends_with("said=same"), "{}", same.text);
}

#[tokio::test]
async fn the_model_is_set_with_its_key_and_its_spending_is_told() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed = [
        ("on", Some("1")),
        ("url", Some("https://api.models.example/v1/")),
        ("model", Some("fast-1")),
        ("key", Some("sk-12345")),
        ("tokens", Some("50000")),
        ("api", Some("anthropic")),
        ("translate", Some("small-1")),
        ("currency", Some("usd")),
        ("price_in", Some("3")),
        ("price_out", Some("15")),
        ("per_day", Some("2.50")),
    ];
    let saved = save(&mut eve, &luma, "model", &changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    let model = config.model.unwrap();
    assert_eq!((model.base_url.as_str(), model.tokens_per_day), ("https://api.models.example/v1", 50_000));
    assert_eq!((model.api, model.for_task(ModelTask::Translate).model.as_str()), (ModelApi::Anthropic, "small-1"));
    let price = model.price.unwrap();
    assert_eq!((price.currency.as_str(), price.per_day), ("USD", Some(Decimal(2_500_000))));
    let wrong = save(&mut eve, &luma, "model", &[("price_in", Some("three"))]).await;
    assert!(wrong.text.contains("Write an amount such as 0.27."), "{}", wrong.text);
    assert!(wrong.text.contains("value=\"three\""), "what was typed stays");
    let sealed = luma.scope.sealed_secret("model_key").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), "api.models.example|sk-12345");
    let mut tx = luma.scope.begin().await.unwrap();
    // Of the first of March where the team is, and of the month before.
    for (day, tokens_in) in [("2026-03-01", 1_200), ("2026-02-20", 1_000_000), ("2026-01-01", 7)] {
        let call = posthouse_store::ModelCall {
            at: tx.now(),
            ticket: None,
            plugin: "drafter".into(),
            version: "1.0.0".into(),
            model: "fast-1".into(),
            tokens_in,
            tokens_out: 34,
            duration_ms: 5,
            outcome: "ok".into(),
            cost: 40_000,
            currency: "USD".into(),
            redacted: None,
        };
        tx.record_model_call(day, posthouse_store::SetAside::default(), &call, &host()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let page = eve.get(&luma.path("/settings/model")).await;
    assert!(page.text.contains("Today 1,234 of 50,000 tokens, calls: 1"), "{}", page.text);
    assert!(page.text.contains("30 days: 1,001,268 tokens (1,001,200 read, 68 written), calls: 2"), "{}", page.text);
    assert!(
        page.text.contains("Today 0.04 USD of 2.5 USD") && page.text.contains("30 days: 0.08 USD"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("sk-12345"));
    house.keeper.elsewhere.lock().unwrap().push("model_key".into());
    let refused = save(&mut eve, &luma, "model", &[("key", Some("sk-6"))]).await;
    assert!(refused.text.contains("model_key stands in the environment or in a file"), "{}", refused.text);
    save(&mut eve, &luma, "model", &[("on", None)]).await;
    assert!(in_force(&luma).await.model.is_none());
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let mut config = in_force(&luma).await;
    config.plugins[1].grants = serde_json::from_value(
        json!({ "http": [{ "host": "open.feishu.cn" }], "secrets": { "feishu_token": ["open.feishu.cn"] } }),
    )
    .unwrap();
    set_up(&house, &config).await;
    let page = eve.get(&luma.path("/settings/secrets")).await;
    assert!(page.text.contains("feishu_token") && page.text.contains("missing") && page.text.contains("plugin team"));
    for (changed, words) in [
        ([("name", Some("Token")), ("value", Some("x"))], "Not a name"),
        ([("name", Some("feishu_token")), ("value", Some(""))], "The value is empty."),
    ] {
        let refused = save(&mut eve, &luma, "secrets", &changed).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
    }
    let elsewhere = [("name", Some("feishu_token")), ("value", Some("t0ken")), ("hosts", Some("a.example"))];
    let refused = save(&mut eve, &luma, "secrets", &elsewhere).await;
    assert!(refused.text.contains("The set-up sends it to open.feishu.cn"), "{}", refused.text);
    assert!(!refused.text.contains("t0ken") && luma.scope.secrets().await.unwrap().is_empty());
    let set = [("name", Some("feishu_token")), ("value", Some("t0ken")), ("hosts", Some("Open.Feishu.cn"))];
    let answer = save(&mut eve, &luma, "secrets", &set).await;
    let page = eve.get(answer.location()).await;
    assert!(page.text.contains("The secret is set.") && page.text.contains("only to open.feishu.cn"), "{}", page.text);
    assert!(!page.text.contains("t0ken") && page.text.contains("set at 2026-03-01"), "{}", page.text);
    let sealed = luma.scope.sealed_secret("feishu_token").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), "open.feishu.cn|t0ken");
    let events = luma.scope.events(0, 500).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "secret.set" && event.actor == "agent:eve@luma.example"));
    assert!(events.iter().all(|event| !event.data.contains("t0ken")));
    let csrf = eve.csrf(&luma).await;
    let removed = eve.post(&luma.path("/settings/secrets/remove"), &[("csrf", &csrf), ("name", "feishu_token")]).await;
    assert!(eve.get(removed.location()).await.text.contains("The secret is removed."));
    let gone = eve.post(&luma.path("/settings/secrets/remove"), &[("csrf", &csrf), ("name", "feishu_token")]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    house.keeper.elsewhere.lock().unwrap().push("feishu_token".into());
    let refused = save(&mut eve, &luma, "secrets", &set).await;
    assert!(refused.text.contains("stands in the environment or in a file"), "{}", refused.text);
}

#[tokio::test]
async fn a_trial_is_a_job_whose_findings_are_shown_in_words() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let csrf = eve.csrf(&luma).await;
    let ask = async |eve: &mut Browser, part: &str, subject: &str| {
        eve.post(&luma.path(&format!("/settings/{part}/try")), &[("csrf", &csrf), ("subject", subject)]).await
    };
    for (part, subject) in [
        ("notices", "notifier:gone"),
        ("mailboxes", "mailbox:gone"),
        ("model", "model"),
        ("notices", "x"),
        ("team", "notifier:team"),
    ] {
        assert_eq!(ask(&mut eve, part, subject).await.status, StatusCode::NOT_FOUND, "{subject}");
    }
    let asked = ask(&mut eve, "notices", "notifier:team").await;
    assert_eq!(asked.location(), "/t/luma/settings/notices");
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|job| job.job == Job::TryOut { what: "notifier:team".into() }));
    let page = eve.get(asked.location()).await;
    assert!(page.text.contains("Under way.") && page.header("refresh").starts_with("2;"), "{}", page.text);
    house.hands.forward(Duration::from_secs(181));
    let page = eve.get(asked.location()).await;
    assert!(page.text.contains("does a worker run?") && page.header("refresh").is_empty(), "{}", page.text);

    let step = |ok: bool, words: &str| Step { name: "sign-in".into(), ok, words: words.into(), duration_ms: 12 };
    let found = Finding {
        duration_ms: Some(40),
        steps: vec![step(false, "<b>535 authentication failed</b>")],
        ..Finding::plain("mailbox help, in".into(), false, "sign-in: 535 5.7.8 authentication failed".into(), None)
    };
    let mut tx = luma.scope.begin().await.unwrap();
    tx.ask_trial("mailbox:help", &host()).await.unwrap();
    let well = Finding::plain("mailbox help, out".into(), true, "can be written".into(), None);
    tx.end_trial("mailbox:help", &[found, well], &host()).await.unwrap();
    tx.commit().await.unwrap();
    for part in ["mailboxes", "mailbox?name=help"] {
        let page = eve.get(&luma.path(&format!("/settings/{part}"))).await.text;
        for words in ["Does not work", "&lt;b&gt;535", "can be written", "Works", "40 ms"] {
            assert!(page.contains(words), "{part}, {words}: {page}");
        }
        // What a server's words mean stands beside them.
        assert!(page.contains("class=\"mend\""), "{page}");
    }
    eve.post(&luma.path("/me/language"), &[("csrf", &csrf), ("language", "zh")]).await;
    let page = eve.get(&luma.path("/settings/mailboxes")).await.text;
    assert!(page.contains("异常") && page.contains("登录") && page.contains("密码"), "{page}");
}
