//! Settings of screening, giving out, ladders, what earned autonomy asks for, webhooks and sign-in.

use crate::setup::{Changes, in_force, save, set_up, team};
use crate::support::{House, Team};
use http::StatusCode;
use posthouse_model::config::{Cap, QueueConfig, SecondFactor, TenantConfig, WebhookEvent};
use posthouse_model::role::Role;
use serde_json::json;

/// A team that has something of everything from its folder.
async fn with_rules(house: &House) -> Team {
    let luma = team(house).await;
    let before = in_force(&luma).await;
    let rules = json!({ "slug": "luma", "name": "Team luma",
        "screen": { "blocked_senders": ["@spam.example"], "spam_confidence_min": 0.805, "keep_days": 30,
            "rspamd": { "url": "http://127.0.0.1:11333", "score_min": 7.5, "password": { "secret": "rspamd" } } },
        "assign": { "queues": ["vip", "inbox"] },
        "crew": [{ "agent": "JUN@luma.example", "languages": ["de"], "skills": ["refund"], "tickets_max": 7,
            "shifts": [{ "days": ["sat", "mon", "tue"], "from": "22:00", "to": "06:00" }, { "from": "09:00", "to": "10:00" }] },
            { "agent": "gone@luma.example" }],
        "escalation": [{ "name": "soon", "minutes": -30, "priority": 90, "notifiers": ["team"], "assign": "gone@luma.example" }],
        "webhook": [{ "name": "crm", "url": "https://crm.example/x", "secret": { "secret": "crm_key" },
            "events": ["test", "reply.sent", "ticket.opened"] }],
        "sign_in": { "oidc": { "issuer": "https://login.example", "client_id": "desk",
            "create_as": "agent", "domains": ["luma.example"] } } });
    let rules: TenantConfig = serde_json::from_value(rules).unwrap();
    let mut config = TenantConfig {
        time_zone: before.time_zone,
        queues: before.queues,
        mailboxes: before.mailboxes,
        plugins: before.plugins,
        ..rules
    };
    config.queues.push(QueueConfig { name: "vip".into(), title: Default::default() });
    config.automatic.per_ticket = vec![Cap { most: 2, minutes: 30 }];
    assert_eq!(config.problems(), []);
    set_up(house, &config).await;
    luma
}

const PARTS: [&str; 6] = ["screening", "assign", "escalation", "automatic", "webhooks", "sign-in"];

#[tokio::test]
async fn what_the_folder_says_stands_in_the_forms_and_a_form_sent_as_it_came_changes_nothing() {
    let house = House::new().await;
    {
        let luma = with_rules(&house).await;
        let mut eve = house.signed_in(&luma, "eve").await;
        let before = luma.scope.tenant().await.unwrap();
        for part in PARTS {
            let same = save(&mut eve, &luma, part, &[]).await;
            assert!(same.location().ends_with("said=same"), "{part}: {} {}", same.status, same.text);
        }
        assert_eq!(luma.scope.tenant().await.unwrap(), before);
        for (part, words) in [
            ("screening", "@spam.example</textarea>"),
            ("screening", "value=\"81\""),
            ("screening", "value=\"7.5\""),
            ("assign", "mon-tue,sat 22:00-06:00\n09:00-10:00</textarea>"),
            ("assign", "gone@luma.example"),
            ("escalation", "value=\"-30\""),
            ("automatic", "2 / 30</textarea>"),
            ("automatic", "EUR 40"),
            ("webhooks", "value=\"https://crm.example/x\""),
            ("webhooks", "Kept encrypted as crm_key"),
            ("sign-in", "value=\"https://login.example\""),
        ] {
            let page = eve.get(&luma.path(&format!("/settings/{part}"))).await.text;
            assert!(page.contains(words), "{part}: no {words} in {page}");
        }
    }
    // And where a team has nothing of it.
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    for part in PARTS {
        let same = save(&mut eve, &luma, part, &[]).await;
        assert!(same.location().ends_with("said=same"), "{part}: {} {}", same.status, same.text);
    }
}

#[tokio::test]
async fn screening_is_set_with_a_rspamd_and_its_password() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed: Changes<'_> = &[
        ("blocked", Some("@spam.example\n\n@.bulk.example")),
        ("trusted", Some("boss@luma.example")),
        ("spam", Some("90")),
        ("learned", Some("100")),
        ("headers", None),
        ("keep", Some("0")),
        ("rspamd", Some("1")),
        ("url", Some("http://127.0.0.1:11333")),
        ("password", Some("hunter2")),
        ("learn", Some("1")),
        ("learn-url", Some("https://teach.example")),
        ("score", Some("-2.5")),
    ];
    let saved = save(&mut eve, &luma, "screening", changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let screen = in_force(&luma).await.screen;
    assert_eq!(screen.blocked_senders, ["@spam.example", "@.bulk.example"]);
    assert_eq!((screen.spam_confidence_min, screen.learned_spam_min, screen.keep_days), (0.9, 1.0, 0));
    assert!(!screen.spam_headers);
    let rspamd = screen.rspamd.unwrap();
    assert_eq!((rspamd.score_min, rspamd.learn, rspamd.timeout_seconds), (Some(-2.5), true, 10));
    assert_eq!(rspamd.password.unwrap().secret, "rspamd_password");
    let sealed = luma.scope.sealed_secret("rspamd_password").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(sealed).unwrap(), "127.0.0.1,teach.example|hunter2", "it goes to these two alone");
    // To another machine the kept password is not sent: it has to be typed again.
    let moved: Changes<'_> = &[("url", Some("https://other.example")), ("learn-url", Some("https://other.example"))];
    let refused = save(&mut eve, &luma, "screening", moved).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("other.example") && !refused.text.contains("hunter2"), "{}", refused.text);
    save(&mut eve, &luma, "screening", &[("open", Some("1"))]).await;
    assert!(in_force(&luma).await.screen.rspamd.unwrap().password.is_none());
    save(&mut eve, &luma, "screening", &[("rspamd", None)]).await;
    assert!(in_force(&luma).await.screen.rspamd.is_none());
}

#[tokio::test]
async fn tickets_are_given_out_and_a_ladder_is_built() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    // Giving out with nobody to give to is refused.
    let refused = save(&mut eve, &luma, "assign", &[("queues:inbox", Some("1"))]).await;
    assert!(refused.text.contains("there is no crew to give tickets to"), "{}", refused.text);
    let changed: Changes<'_> = &[
        ("queues:inbox", Some("1")),
        ("in:jun@luma.example", Some("1")),
        ("languages:jun@luma.example", Some("de，zh")),
        ("shifts:jun@luma.example", Some("Mon–Fri 9:00–18:00\nsat 22:00-06:00")),
        ("most:jun@luma.example", Some("12")),
    ];
    let saved = save(&mut eve, &luma, "assign", changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    assert_eq!(config.assign.queues, ["inbox"]);
    let jun = &config.crew[0];
    assert_eq!((jun.agent.as_str(), jun.tickets_max, jun.languages.len()), ("jun@luma.example", 12, 2));
    assert_eq!((jun.shifts.len(), jun.shifts[0].days.len()), (2, 5));
    let rung: Changes<'_> = &[
        ("name", Some("soon")),
        ("minutes:", Some("-30")),
        ("queues:inbox", Some("1")),
        ("priority:", Some("90")),
        ("assign:", Some("mei@luma.example")),
        ("notifiers::team", Some("1")),
    ];
    let saved = save(&mut eve, &luma, "escalation", rung).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let rung = in_force(&luma).await.escalation.remove(0);
    assert_eq!((rung.name.as_str(), rung.minutes, rung.priority), ("soon", -30, Some(90)));
    assert_eq!(
        (rung.assign.as_deref(), rung.notifiers.as_slice()),
        (Some("mei@luma.example"), &["team".to_owned()][..])
    );
    save(&mut eve, &luma, "escalation", &[("remove:soon", Some("1"))]).await;
    assert_eq!(in_force(&luma).await.escalation, []);
}

#[tokio::test]
async fn what_autonomy_asks_for_is_set() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed: Changes<'_> = &[
        ("confidence", Some("99")),
        ("undo_seconds", Some("900")),
        ("compared:automatic", Some("200")),
        ("rejected_percent:sampled", Some("4")),
        ("money", Some("eur 25\nUSD 30")),
        ("ticket", Some("1 / 60")),
    ];
    let saved = save(&mut eve, &luma, "automatic", changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let config = in_force(&luma).await;
    let autonomy = &config.autonomy;
    assert_eq!((autonomy.confidence_percent, autonomy.undo_seconds, autonomy.automatic.compared), (99, 900, 200));
    assert_eq!(autonomy.sampled.rejected_percent, 4);
    assert_eq!(autonomy.money_max.iter().collect::<Vec<_>>(), [(&"EUR".to_owned(), &25), (&"USD".to_owned(), &30)]);
    assert_eq!(config.automatic.per_ticket, [Cap { most: 1, minutes: 60 }]);
}

#[tokio::test]
async fn a_webhook_is_added_changed_and_removed() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let new: Changes<'_> = &[
        ("name", Some("crm/eu")),
        ("url:", Some("https://crm.example/hook")),
        ("events::reply.sent", Some("1")),
        ("secret:", Some(secret)),
    ];
    let saved = save(&mut eve, &luma, "webhooks", new).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let webhook = in_force(&luma).await.webhooks.remove(0);
    assert_eq!((webhook.name.as_str(), webhook.events.as_slice()), ("crm/eu", &[WebhookEvent::ReplySent][..]));
    assert!(webhook.enabled && !webhook.private);
    assert_eq!(webhook.secret.secret, "crm_eu_webhook");
    let sealed = luma.scope.sealed_secret("crm_eu_webhook").await.unwrap().unwrap();
    assert!(String::from_utf8(sealed).unwrap().ends_with(secret));
    let page = eve.get(&luma.path("/settings/webhooks")).await;
    assert!(!page.text.contains(secret) && page.text.contains("href=\"/t/luma/webhooks\""), "{}", page.text);
    assert!(eve.get(&luma.path("/webhooks")).await.text.contains("crm/eu"));
    save(&mut eve, &luma, "webhooks", &[("events:crm/eu:reply.sent", None), ("enabled:crm/eu", None)]).await;
    let webhook = in_force(&luma).await.webhooks.remove(0);
    assert_eq!((webhook.enabled, webhook.events.len()), (false, 0));
    // Another one whose name makes the same name of a secret has a key of its own.
    let other: Changes<'_> = &[
        ("name", Some("crm-eu")),
        ("url:", Some("https://erp.example")),
        ("secret:", Some("another secret of 24 bytes and more")),
    ];
    assert!(save(&mut eve, &luma, "webhooks", other).await.location().ends_with("said=saved"));
    assert_eq!(in_force(&luma).await.webhooks[1].secret.secret, "crm_eu_webhook_2");
    let kept = luma.scope.sealed_secret("crm_eu_webhook").await.unwrap().unwrap();
    assert!(String::from_utf8(kept).unwrap().ends_with(secret), "the first one's is as it was");
    save(&mut eve, &luma, "webhooks", &[("remove:crm-eu", Some("1"))]).await;
    save(&mut eve, &luma, "webhooks", &[("remove:crm/eu", Some("1"))]).await;
    assert_eq!(in_force(&luma).await.webhooks, []);
}

#[tokio::test]
async fn a_provider_for_signing_in_is_set() {
    let house = House::new().await;
    let luma = team(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let changed: Changes<'_> = &[
        ("oidc", Some("1")),
        ("issuer", Some("https://login.example")),
        ("client", Some("desk")),
        ("client-secret", Some("s3cret")),
        ("role", Some("agent")),
        ("domains", Some("luma.example")),
    ];
    let saved = save(&mut eve, &luma, "sign-in", changed).await;
    assert!(saved.location().ends_with("said=saved"), "{}", saved.text);
    let sign_in = in_force(&luma).await.sign_in;
    let oidc = sign_in.oidc.unwrap();
    assert_eq!((sign_in.second_factor, oidc.create_as), (SecondFactor::Optional, Some(Role::Agent)));
    assert_eq!(oidc.client_secret.unwrap().secret, "oidc_client_secret");
    assert!(luma.scope.sealed_secret("oidc_client_secret").await.unwrap().is_some());
    // What one provider gave goes to no other: it has to be typed again.
    let moved = save(&mut eve, &luma, "sign-in", &[("issuer", Some("https://other.example"))]).await;
    assert_eq!(moved.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(moved.text.contains("may not be sent to https://other.example"), "{}", moved.text);
    let typed: Changes<'_> = &[("issuer", Some("https://other.example")), ("client-secret", Some("other"))];
    assert!(save(&mut eve, &luma, "sign-in", typed).await.location().ends_with("said=saved"));
    // Nobody becomes an admin by herself, whatever is posted.
    save(&mut eve, &luma, "sign-in", &[("role", Some("admin"))]).await;
    assert_eq!(in_force(&luma).await.sign_in.oidc.unwrap().create_as, None);
    // From now on everybody sets up a code first, she as well.
    save(&mut eve, &luma, "sign-in", &[("factor", Some("required"))]).await;
    assert_eq!(in_force(&luma).await.sign_in.second_factor, SecondFactor::Required);
    let page = eve.get(&luma.path("/settings/sign-in")).await;
    assert!(!page.text.contains("name=\"issuer\""), "{} {}", page.status, page.text);
}

#[tokio::test]
async fn what_is_refused_is_said_at_its_field() {
    let house = House::new().await;
    let luma = with_rules(&house).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    let before = luma.scope.tenant().await.unwrap();
    let cases: [(&str, Changes<'_>, &str, &str); 18] = [
        ("screening", &[("blocked", Some("nobody"))], "neither an address nor a domain", "nobody</textarea>"),
        ("screening", &[("learned", Some("49"))], "Out of range: use 50 to 100.", "value=\"49\""),
        ("screening", &[("score", Some("many"))], "Not a number.", "value=\"many\""),
        ("screening", &[("url", Some("rspamd"))], "not the address of a Rspamd", "value=\"rspamd\""),
        ("assign", &[("shifts:jun@luma.example", Some("always"))], "Not hours of work: always", "always</textarea>"),
        (
            "assign",
            &[("languages:jun@luma.example", Some("german"))],
            "`german` is not a language tag",
            "value=\"german\"",
        ),
        ("assign", &[("most:gone@luma.example", Some("0"))], "0 is out of range; use 1 to 10000", "value=\"0\""),
        ("escalation", &[("minutes:soon", Some("10081"))], "10081 is out of range", "value=\"10081\""),
        (
            "escalation",
            &[("name", Some("soon")), ("minutes:", Some("1")), ("tag:", Some("x"))],
            "already the name of another",
            "value=\"soon\"",
        ),
        ("automatic", &[("compared:automatic", Some("1"))], "it asks for less than `autonomy.sampled`", "value=\"1\""),
        (
            "automatic",
            &[("money", Some("forty euros please"))],
            "Not an amount: forty euros please",
            "forty euros please</textarea>",
        ),
        ("automatic", &[("recipient", Some("10 in 60"))], "Not a limit: 10 in 60", "10 in 60</textarea>"),
        (
            "webhooks",
            &[("url:crm", Some("http://crm.example/x"))],
            "travels in the clear",
            "value=\"http://crm.example/x\"",
        ),
        ("webhooks", &[("secret:crm", Some("short"))], "Too short, or not base 64", "name=\"secret:crm\""),
        (
            "webhooks",
            &[("name", Some("erp")), ("url:", Some("https://erp.example"))],
            "Type a secret.",
            "value=\"erp\"",
        ),
        ("webhooks", &[("url:", Some("https://erp.example"))], "Give it a name.", "name=\"name\""),
        ("escalation", &[("tag:", Some("late"))], "Give it a name.", "name=\"name\""),
        ("sign-in", &[("issuer", Some("login.example"))], "cannot be a provider", "value=\"login.example\""),
    ];
    for (part, changed, words, kept) in cases {
        let answer = save(&mut eve, &luma, part, changed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{part} {changed:?}: {}", answer.text);
        let at = answer.text.rfind(words).unwrap_or_else(|| panic!("{part}: no {words} in {}", answer.text));
        assert!(answer.text.contains("aria-invalid=\"true\""), "{part} {words}");
        assert!(answer.text[..at].contains(kept), "{part}: {kept} stands before its reason: {}", answer.text);
    }
    assert_eq!(luma.scope.tenant().await.unwrap(), before);
    assert!(luma.scope.secrets().await.unwrap().is_empty());
}
