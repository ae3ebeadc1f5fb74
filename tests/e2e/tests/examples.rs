//! The example clients with their own plugins, as somebody who copies one has them: applied, their sample mails run through the
//! pipeline, and the outcomes compared with what a person expects. The outside (a shop's API, a chat platform) is on
//! loopback and looks at each request as the real one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_e2e::answering::{Answering, Reply, Request};
use posthouse_e2e::example;
use posthouse_e2e::house::House;
use posthouse_e2e::telegram;
use posthouse_servers::sqlite3;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const TOKEN: &str = "7000000001:AAH-made-up_for-the-test";
const GROUP: i64 = -1_001_234_567_890;
const API_KEY: &str = "key-of-the-order-api";

/// A host that takes unsigned packages, and an example in it that is not applied yet; `None` where something is missing.
fn house_with(shop: &str) -> Option<(House, PathBuf)> {
    sqlite3()?;
    let house = House::new(None);
    house.change_set_up("[plugins]\n", "[plugins]\nallow_unsigned = true\n");
    let folder = house.path().join(shop);
    example::copy_whole(shop, &folder).then_some((house, folder))
}

fn apply_and_take_in(house: &House, shop: &str) {
    house.run(&["tenant", "apply", shop]);
    house.run(&["ingest", "--tenant", shop, &format!("{shop}/mails")]);
}

/// Takes in one mail and says what became of it.
fn take_in(house: &House, shop: &str, mail: &str) -> Value {
    let path = house.path().join("one.eml");
    std::fs::write(&path, mail).unwrap();
    house.run(&["ingest", "--tenant", shop, "one.eml"]);
    example::became(house, mail.as_bytes())
}

fn ticket(house: &House, shop: &str, number: &Value) -> Value {
    house.json(&["ticket", "show", &number.to_string(), "--tenant", shop, "--json"])
}

fn change(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "`{from}` is not in {}", path.display());
    std::fs::write(path, text.replace(from, to)).unwrap();
}

fn tags(of: &Value) -> Vec<&str> {
    of["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn fashion_keeps_the_marketplaces_clock() {
    let Some((house, _)) = house_with("fashion") else { return };
    apply_and_take_in(&house, "fashion");
    assert_eq!(example::differences(&house, "fashion"), [""; 0]);

    // A mail sent at the last such hour in Hangzhou is due at the next one.
    let sent_at = |hour: i8| {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let now = jiff::Timestamp::now().to_zoned(zone);
        let today = now.with().hour(hour).minute(30).second(0).subsec_nanosecond(0).build().unwrap();
        if today <= now { today } else { today.checked_sub(jiff::Span::new().hours(24)).unwrap() }
    };
    let mail = |id: &str, from: &str, at: &jiff::Zoned| {
        let date = jiff::fmt::rfc2822::to_string(at).unwrap();
        format!(
            "From: Ann <{from}>\r\nTo: support@qinglan.example\r\nSubject: My parcel\r\nMessage-ID: <{id}@buyers.bazaar.example>\r\n\
             Date: {date}\r\n\r\nHello, where is my parcel? Order 204-7718306-5521947.\r\n"
        )
    };
    let micros = |at: &jiff::Zoned, hours: i64| json!(at.timestamp().as_microsecond() + hours * 3_600_000_000);

    let evening = sent_at(20);
    let night = take_in(&house, "fashion", &mail("night", "a1@buyers.bazaar.example", &evening));
    assert_eq!((&night["queue"], &night["deadline"]), (&json!("night"), &micros(&evening, 24)), "{night}");
    assert!(tags(&night).contains(&"night-shift"), "{night}");
    let why = ticket(&house, "fashion", &night["number"]).to_string();
    assert!(why.contains("Bazaar 要求 24 小时内回复") && why.contains("18:00–02:00"), "the page can say why: {why}");

    // By day the queue is the rules' business, and the clock stands all the same.
    let morning = sent_at(10);
    let day = take_in(&house, "fashion", &mail("day", "b2@buyers.bazaar.example", &morning));
    assert_eq!(day["queue"], "logistics", "{day}");
    assert!(day["deadline"].as_i64() <= micros(&morning, 24).as_i64(), "{day}");
    assert!(tags(&day).contains(&"marketplace") && !tags(&day).contains(&"night-shift"), "{day}");

    // Mail that comes through no relay has no clock.
    let plain = take_in(&house, "fashion", &mail("plain", "c3@example.com", &evening));
    assert!(!tags(&plain).contains(&"marketplace"), "{plain}");
}

#[test]
fn electronics_knows_its_serial_numbers_and_its_manners() {
    let Some((house, folder)) = house_with("electronics") else { return };
    // A reply that nobody should send: the checker looks at drafts too.
    let rude = "+++\ncategory = \"account\"\nlanguage = \"de\"\n+++\n\nHallo,\n\nschick uns bitte deinen Benutzernamen.\n\nLiebe Grüße\n";
    std::fs::write(folder.join("templates/account-de.md"), rude).unwrap();
    apply_and_take_in(&house, "electronics");
    assert_eq!(example::differences(&house, "electronics"), [""; 0]);

    // What a claim lacks is asked for in the customer's language.
    let mail = std::fs::read(example::folder("electronics").join("mails/16-de-mistyped-serial.eml")).unwrap();
    let claim = ticket(&house, "electronics", &example::became(&house, &mail)["number"]);
    let text = claim["drafts"][0]["proposal"]["body"].as_str().unwrap();
    assert!(text.contains("Seriennummer von der Unterseite") && text.contains("Foto des Typenschilds"), "{text}");
    assert!(claim.to_string().contains("SN25K004418X does not check"), "the reason is on the ticket: {claim}");

    let letter = "From: Uwe <uwe@example.de>\r\nTo: support@falkenau.example\r\nSubject: Passwort vergessen\r\n\
        Message-ID: <uwe@example.de>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n\r\n\
        Guten Tag, ich kann mich nicht in mein Konto einloggen, ich habe mein Passwort vergessen. Bitte helfen Sie mir.\r\n";
    let account = ticket(&house, "electronics", &take_in(&house, "electronics", letter)["number"]);
    let found = account["drafts"].to_string();
    for code in ["informal-german", "informal-greeting", "no-salutation", "no-closing"] {
        assert!(found.contains(code), "{code}: {found}");
    }
}

/// The shop's API: the samples of `orders.json`, for whoever has the key.
fn shop_api() -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let samples = std::fs::read_to_string(example::folder("beauty").join("orders.json")).unwrap();
    let samples: Value = serde_json::from_str(&samples).unwrap();
    move |request| {
        if request.method != "GET" {
            return (405, json!({ "error": "GET only" }));
        }
        if request.headers.get("authorization").map(String::as_str) != Some(&format!("Bearer {API_KEY}")) {
            return (401, json!({ "error": "unknown key" }));
        }
        if request.headers.get("accept").map(String::as_str) != Some("application/json") {
            return (406, json!({ "error": "JSON only" }));
        }
        match samples.get(&request.target) {
            Some(found) => (200, found.clone()),
            None => (404, json!({ "error": "not found" })),
        }
    }
}

/// Points a plugin of the copy to a server of the test: settings, grants, and what its package asks for.
fn redirect(folder: &Path, package: &str, host: &str, methods: &str, secret: &str, to: &Answering) {
    let port = to.port();
    let asked = format!("http = [{{ host = \"{host}\", methods = [\"{methods}\"] }}]");
    let local = format!(
        "{{ host = \"127.0.0.1\", port = {port}, scheme = \"http\", methods = [\"{methods}\"], private = true }}"
    );
    let manifest = format!("{asked}\nsecrets = {{ {secret} = [\"{host}\"] }}");
    let changed = format!("http = [{local}]\nsecrets = {{ {secret} = [\"127.0.0.1\"] }}");
    example::change_manifest(&folder.join("plugins").join(package), &manifest, &changed);
    let set_up = folder.join("tenant.toml");
    change(&set_up, &format!("grants.{asked}"), &format!("grants.http = [{local}]"));
    change(&set_up, &format!("{secret} = [\"{host}\"]"), &format!("{secret} = [\"127.0.0.1\"]"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beauty_asks_its_own_api_and_tells_telegram() {
    let Some((mut house, folder)) = house_with("beauty") else { return };
    let api = Answering::start(shop_api()).await;
    let group = Answering::start(|request| telegram::judge(request, TOKEN, GROUP)).await;
    house.secret("beauty", "order_api_key", API_KEY);
    house.secret("beauty", "telegram_token", TOKEN);
    redirect(&folder, "order-api.phx", "api.yunzhi.example", "GET", "order_api_key", &api);
    redirect(&folder, "telegram.phx", "api.telegram.org", "POST", "telegram_token", &group);
    let set_up = folder.join("tenant.toml");
    change(&set_up, "enabled = false\n", "");
    change(&set_up, "base = \"https://api.yunzhi.example\"", &format!("base = \"{}\"", api.url()));
    change(&set_up, "chat_id = ", &format!("base = \"{}\"\nchat_id = ", group.url()));
    // Behind a public name the card has its button.
    house.change_set_up(&format!("public_url = \"{}\"", house.url()), "public_url = \"https://desk.yunzhi.example\"");

    apply_and_take_in(&house, "beauty");
    assert_eq!(example::differences(&house, "beauty"), [""; 0]);

    // What the API knows stands on the ticket, and in the draft.
    let shown = |file: &str| {
        let mail = std::fs::read(example::folder("beauty").join("mails").join(file)).unwrap();
        ticket(&house, "beauty", &example::became(&house, &mail)["number"])
    };
    let parcel = shown("01-pt-where-is-my-order.eml");
    assert_eq!(parcel["ticket"]["orders"][0]["number"], "YZ-204517", "{parcel}");
    assert_eq!(parcel["ticket"]["orders"][0]["tracking_number"], "LX604182733CN");
    let facts = parcel["ticket"]["facts"].to_string();
    assert!(facts.contains("in customs") && facts.contains("Lisboa"), "{facts}");
    let draft = parcel["drafts"][0]["proposal"]["body"].as_str().unwrap();
    assert!(draft.contains("«shipped»") && draft.contains("in customs"), "{draft}");
    let by_address = shown("07-es-order-without-number.eml");
    assert_eq!(by_address["ticket"]["orders"][0]["number"], "YZ-203720", "found by the customer's address");
    // Nothing of an order is told to somebody else.
    let stranger = shown("08-en-address-of-an-order.eml");
    assert_eq!(stranger["ticket"]["orders"], json!([]), "{stranger}");
    assert!(!stranger.to_string().contains("Marta"), "{stranger}");
    let recalled = shown("09-ko-recalled-batch.eml");
    assert!(recalled["ticket"]["facts"].to_string().contains("已召回"), "{recalled}");
    assert!(api.seen().iter().all(|(_, status)| [200, 404].contains(status)), "the API refused nothing");

    // Each ticket was told, in the platform's own form, with the button that opens it.
    let told = group.seen();
    let tickets = example::expected("beauty").iter().filter(|row| row["outcome"] == "ticket").count();
    assert_eq!(told.len(), tickets, "{told:?}");
    for (request, status) in &told {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(*status, 200, "{body}");
        let button = &body["reply_markup"]["inline_keyboard"][0][0];
        assert_eq!(button["text"], "审核 / Review");
        assert!(button["url"].as_str().unwrap().starts_with("https://desk.yunzhi.example/t/beauty/r/"), "{body}");
    }
    // What a customer wrote reaches the group as text.
    let evil = "From: \"<b>&Eve\" <eve@example.com>\r\nTo: care@yunzhi.example\r\nSubject: Where is my parcel <a href=\"tg://x\">&\r\n\
        Message-ID: <eve@example.com>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n\r\n</b>Where is my parcel? 1 < 2 && 3 > 2\r\n";
    take_in(&house, "beauty", evil);
    let (request, status) = group.seen().last().cloned().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(status, 200, "{body}");
    let text = telegram::plain(body["text"].as_str().unwrap()).unwrap();
    assert!(text.contains("<a href=\"tg://x\">&") && text.contains("</b>Where is my parcel? 1 < 2 && 3 > 2"), "{text}");

    // With the API gone a mail still becomes a ticket, and the agent is told what is missing.
    drop(api);
    let later = evil.replace("eve@", "mallory@");
    let away = take_in(&house, "beauty", &later);
    assert_eq!(away["outcome"], "ticket");
    assert!(tags(&away).contains(&"order-data-missing"), "{away}");
    let facts = ticket(&house, "beauty", &away["number"])["ticket"]["facts"].to_string();
    assert!(facts.contains("暂时无法访问"), "{facts}");
}
