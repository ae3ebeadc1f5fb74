//! One's own account: preferences, password, sessions, second factor.

use crate::support::{Answer, Browser, House, PASSWORD, Team};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{StatusCode, header};
use posthouse_model::Clock as _;
use posthouse_model::config::{SecondFactor, TenantConfig};
use posthouse_model::event::Actor;
use posthouse_store::{HALF_LASTS, NewTenant};
use sha1::Sha1;
use std::time::Duration;

/// The code that an app would show.
fn code(house: &House, key: &str) -> String {
    let seed = data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).unwrap();
    let step = house.hands.now().0 / 30_000_000;
    let mut mac = <Hmac<Sha1>>::new_from_slice(&seed).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn next_step(house: &House) {
    house.hands.forward(Duration::from_secs(30));
}

/// What stands between two pieces of a page, first place.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split(from).nth(1).unwrap_or_else(|| panic!("no {from} in {page}")).split(to).next().unwrap()
}

async fn post(browser: &mut Browser, team: &Team, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(&team.path("/account")).await.field("csrf");
    let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(&team.path(path), &fields).await
}

/// Posts and looks at where one is led.
async fn said(browser: &mut Browser, team: &Team, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = post(browser, team, path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    browser.get(answer.location()).await.text
}

/// Sets a second factor up; the key and the recovery codes.
async fn enrol(house: &House, browser: &mut Browser, team: &Team) -> (String, Vec<String>) {
    let begun = post(browser, team, "/account/second-factor", &[("password", PASSWORD)]).await;
    assert_eq!(begun.location(), team.path("/account/second-factor"));
    let page = browser.get(begun.location()).await;
    let key = between(&page.text, "<code class=\"key\">", "</code>").to_owned();
    assert!(page.text.contains("<svg class=\"qr\"") && page.text.contains("otpauth://totp/Posthouse%20Team%20luma:"));
    let shown = post(browser, team, "/account/second-factor/confirm", &[("code", &code(house, &key))]).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let list = between(&shown.text, "<ol class=\"recovery\">", "</ol>");
    let codes = list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    (key, codes)
}

async fn half_way(house: &House, team: &Team, name: &str) -> (Browser, Answer) {
    let mut browser = house.browser();
    let next = team.path("/messages");
    let asked = browser.sign_in(team.slug, &format!("{name}@{}.example", team.slug), PASSWORD, &next).await;
    assert!(asked.location().starts_with(&team.path("/sign-in/code?next=")), "{}", asked.location());
    let form = browser.get(asked.location()).await;
    (browser, form)
}

async fn give(browser: &mut Browser, team: &Team, form: &Answer, given: &str) -> Answer {
    let fields = [("token", form.field("token")), ("next", form.field("next")), ("code", given.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(&team.path("/sign-in/code"), &fields).await
}

#[tokio::test]
async fn preferences_are_her_own() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let page = jun.get(&luma.path("/account")).await;
    assert!(page.text.contains("placeholder=\"Asia/Shanghai\""), "{}", page.text);
    let refused = said(&mut jun, &luma, "/account", &[("language", "zh"), ("time_zone", "Mars/Base")]).await;
    assert!(refused.contains("There is no such time zone"), "nothing was changed: still English");
    let saved = said(&mut jun, &luma, "/account", &[("language", "zh"), ("time_zone", "America/New_York")]).await;
    assert!(saved.contains("已保存。") && saved.contains("value=\"America/New_York\""), "{saved}");
    // 2026-03-01 11:22 in Shanghai is the evening before in New York.
    let waiting = luma.waiting("one").await;
    let ticket = jun.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(ticket.text.contains("2026-02-28 22:22") && !ticket.text.contains("2026-03-01 11:22"));
    let mut mei = house.signed_in(&luma, "mei").await;
    let ticket = mei.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(ticket.text.contains("2026-03-01 11:22"), "hers is the team's zone still");
    said(&mut jun, &luma, "/account", &[("language", "en"), ("time_zone", "")]).await;
    let jun = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap();
    assert_eq!((jun.language.as_str(), jun.time_zone), ("en", None));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut here = house.signed_in(&luma, "jun").await;
    let mut there = house.signed_in(&luma, "jun").await;
    const NEW: &str = "fresh horses at dusk";
    for (now, new, again, words) in [
        (PASSWORD, NEW, "fresh horses at dawn", "The two new passwords differ"),
        ("not my password", NEW, NEW, "The present password is wrong"),
        (PASSWORD, "ninechars", "ninechars", "fewer than 10 characters"),
        (PASSWORD, &"x".repeat(1_025), &"x".repeat(1_025), "more than 1,024 bytes"),
    ] {
        let page =
            said(&mut here, &luma, "/account/password", &[("password", now), ("new", new), ("again", again)]).await;
        assert!(page.contains(words), "{words}: {page}");
    }
    let change = [("password", PASSWORD), ("new", NEW), ("again", NEW)];
    assert!(said(&mut here, &luma, "/account/password", &change).await.contains("The password is changed"));
    assert_eq!(there.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER, "other sessions have ended");
    let old = house.browser().sign_in("luma", "jun@luma.example", PASSWORD, "").await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.browser().sign_in("luma", "jun@luma.example", NEW, "").await.status, StatusCode::SEE_OTHER);
    // Who finds the desk open cannot try passwords for ever.
    for _ in 0..5 {
        assert!(said(&mut here, &luma, "/account/password", &change).await.contains("is wrong"));
    }
    let right = [("password", NEW), ("new", NEW), ("again", NEW)];
    let page = post(&mut here, &luma, "/account/password", &right).await;
    assert!(page.text.contains("Wait 15 min"), "{}", page.text);
    house.hands.forward(Duration::from_secs(901));
    assert!(said(&mut here, &luma, "/account/password", &right).await.contains("The password is changed"));
}

#[tokio::test]
async fn sessions_are_shown_and_ended() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let sign_in = async |name: &str, user_agent: &str| {
        let mut browser = house.browser();
        browser.headers.insert(header::USER_AGENT, user_agent.parse().unwrap());
        browser.sign_in("luma", &format!("{name}@luma.example"), PASSWORD, "").await;
        browser
    };
    let mut here = sign_in("jun", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0").await;
    house.hands.forward(Duration::from_secs(60));
    let mut phone = sign_in("jun", "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1").await;
    house.hands.forward(Duration::from_secs(60));
    let mut odd = sign_in("jun", "<script>alert(1)</script>").await;
    let mut mei = sign_in("mei", "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0").await;
    let page = here.get(&luma.path("/account")).await.text;
    for words in ["Firefox · Linux", "Safari · iPhone", "unknown browser", "this one"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("Chrome"), "nor are other people's shown");
    let key = between(&page, "End the session on Safari · iPhone", "</form>");
    assert!(key.contains("End"));
    let form = page.split("<form").find(|form| form.contains("Safari · iPhone\"")).unwrap();
    let key = between(form, "name=\"session\" value=\"", "\"").to_owned();
    said(&mut mei, &luma, "/account/sessions", &[("session", &key)]).await;
    assert_eq!(phone.get(&luma.path("/tickets")).await.status, StatusCode::OK, "nobody else ends it");
    assert!(said(&mut here, &luma, "/account/sessions", &[("session", &key)]).await.contains("The session has ended."));
    assert_eq!(phone.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
    assert!(said(&mut here, &luma, "/account/sessions/others", &[]).await.contains("All other sessions have ended."));
    assert_eq!(odd.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mei.get(&luma.path("/tickets")).await.status, StatusCode::OK);
    let jun = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap();
    house.hands.forward(Duration::from_secs(600));
    assert_eq!(here.get(&luma.path("/tickets")).await.status, StatusCode::OK);
    let session = luma.scope.sessions(jun.id).await.unwrap().pop().unwrap();
    assert_eq!(session.used_at, house.hands.now(), "and its use is noted");
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_a_code_is_good_once() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let mut elsewhere = house.signed_in(&luma, "jun").await;
    let wrong = said(&mut jun, &luma, "/account/second-factor", &[("password", "guess guess")]).await;
    assert!(wrong.contains("The present password is wrong"));
    let (key, codes) = enrol(&house, &mut jun, &luma).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(elsewhere.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER, "without a code no more");
    let stored = luma.scope.second_factor(luma.scope.agents().await.unwrap()[2].id).await.unwrap().unwrap();
    assert!(
        !stored
            .sealed
            .windows(10)
            .any(|w| w == &data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).unwrap()[..10])
    );

    let (mut browser, form) = half_way(&house, &luma, "jun").await;
    assert!(form.text.contains("One more step"));
    // Half a sign-in opens nothing.
    assert_eq!(browser.get(&luma.path("/tickets")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&luma.path("/api/me")).await.status, StatusCode::UNAUTHORIZED);
    // The code that turned it on is used up.
    let replayed = give(&mut browser, &luma, &form, &code(&house, &key)).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(replayed.text.contains("wrong or was used before"));
    next_step(&house);
    let shown = code(&house, &key);
    let spaced = format!("{} {}", &shown[..3], &shown[3..]);
    let entered = give(&mut browser, &luma, &form, &spaced).await;
    assert_eq!(entered.location(), luma.path("/messages"), "{}", entered.text);
    assert_eq!(browser.get(&luma.path("/tickets")).await.status, StatusCode::OK);
    assert!(!browser.cookies.keys().any(|(name, _)| name == "posthouse_half"));
    // Somebody who looked over her shoulder.
    let (mut thief, form) = half_way(&house, &luma, "jun").await;
    assert_eq!(give(&mut thief, &luma, &form, &shown).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A recovery code, once, in any case.
    let entered = give(&mut thief, &luma, &form, &codes[3].to_uppercase()).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
    let (mut again, form) = half_way(&house, &luma, "jun").await;
    assert_eq!(give(&mut again, &luma, &form, &codes[3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(jun.get(&luma.path("/account")).await.text.contains("Recovery codes left: 9 of 10"));

    next_step(&house);
    let renewed = post(&mut jun, &luma, "/account/second-factor/codes", &[("code", &code(&house, &key))]).await;
    assert!(renewed.text.contains("Recovery codes") && !renewed.text.contains(&codes[4]));
    assert_eq!(give(&mut again, &luma, &form, &codes[4]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = said(&mut jun, &luma, "/account/second-factor/remove", &[("code", "000000")]).await;
    assert!(kept.contains("wrong or was used before"));
    next_step(&house);
    let removed = said(&mut jun, &luma, "/account/second-factor/remove", &[("code", &code(&house, &key))]).await;
    assert!(removed.contains("The second factor is off."));
    assert_eq!(
        house.browser().sign_in("luma", "jun@luma.example", PASSWORD, "").await.location(),
        luma.path("/tickets")
    );
    let events = luma.scope.events(0, 1_000).await.unwrap();
    for kind in
        ["second-factor-on", "code-refused", "recovery-code-used", "recovery-codes-renewed", "second-factor-off"]
    {
        assert!(events.iter().any(|event| event.kind == format!("agent.{kind}")), "{kind}");
    }
    let told = format!("{events:?}");
    assert!(!told.contains(&key.replace(' ', "")) && codes.iter().all(|code| !told.contains(code)));
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let (key, _) = enrol(&house, &mut jun, &luma).await;
    next_step(&house);
    for _ in 0..5 {
        // A new start does not give new tries.
        let (mut thief, form) = half_way(&house, &luma, "jun").await;
        assert_eq!(give(&mut thief, &luma, &form, "not it").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (mut browser, form) = half_way(&house, &luma, "jun").await;
    let limited = give(&mut browser, &luma, &form, &code(&house, &key)).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.text.contains("Wait 15 min") && limited.header("retry-after") == "900", "{}", limited.text);
    house.hands.forward(HALF_LASTS);
    let late = give(&mut browser, &luma, &form, &code(&house, &key)).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "half a sign-in has run out by then");
    house.hands.forward(Duration::from_secs(300));
    let (mut browser, form) = half_way(&house, &luma, "jun").await;
    assert_eq!(give(&mut browser, &luma, &form, &code(&house, &key)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_second_step_cannot_be_posted_from_elsewhere_or_begun_with() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let (key, _) = enrol(&house, &mut jun, &luma).await;
    next_step(&house);
    let mut nobody = house.browser();
    assert_eq!(nobody.get(&luma.path("/sign-in/code")).await.location(), "/t/luma/sign-in");
    let token = nobody.get(&luma.path("/sign-in")).await.field("token");
    let fields = [("token", token.as_str()), ("code", &code(&house, &key))];
    assert_eq!(nobody.post("/t/luma/sign-in/code", &fields).await.status, StatusCode::FORBIDDEN);
    let (mut browser, form) = half_way(&house, &luma, "jun").await;
    let forged = browser.post("/t/luma/sign-in/code", &[("token", "x"), ("code", &code(&house, &key))]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    // Another team's half is a stranger's.
    let other = house.team("other").await;
    let half = browser.cookies[&("posthouse_half".to_owned(), "/t/luma".to_owned())].clone();
    browser.cookies.insert(("posthouse_half".into(), "/t/other".into()), half);
    assert_eq!(browser.get(&other.path("/sign-in/code")).await.location(), "/t/other/sign-in");
    assert_eq!(give(&mut browser, &luma, &form, &code(&house, &key)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_team_may_ask_everybody_for_it() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut config = TenantConfig::new("luma", "Team luma");
    config.sign_in.second_factor = SecondFactor::Required;
    let tenant = NewTenant {
        slug: "luma".into(),
        name: config.name.clone(),
        language: "en".into(),
        time_zone: "Asia/Shanghai".into(),
        settings: serde_json::to_value(&config).unwrap(),
        digest: "required".into(),
    };
    house.store.upsert_tenant(&tenant, &Actor::Operator).await.unwrap();
    let mut jun = house.signed_in(&luma, "jun").await;
    let turned = jun.get(&luma.path("/tickets")).await;
    assert_eq!(turned.location(), luma.path("/account#second-factor"));
    let api = jun.get(&luma.path("/api/tickets")).await;
    assert_eq!((api.status, api.json()["error"].as_str()), (StatusCode::FORBIDDEN, Some("second-factor")));
    assert!(jun.get(&luma.path("/account")).await.text.contains("Your team asks for a second factor"));
    enrol(&house, &mut jun, &luma).await;
    assert_eq!(jun.get(&luma.path("/tickets")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_remembered_device_needs_no_code_until_it_is_forgotten() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let (key, _) = enrol(&house, &mut jun, &luma).await;
    next_step(&house);
    let mut phone = house.browser();
    phone.headers.insert(header::USER_AGENT, "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1".parse().unwrap());
    let path = luma.path("/sign-in");
    let token = phone.get(&path).await.field("token");
    let fields = [("token", token.as_str()), ("email", "jun@luma.example"), ("password", PASSWORD), ("remember", "1")];
    let asked = phone.post(&path, &fields).await;
    assert_eq!(asked.location(), luma.path("/sign-in/code?remember=1"));
    let form = phone.get(asked.location()).await;
    assert!(form.text.contains("name=\"remember\" value=\"1\" checked"), "{}", form.text);
    let token = form.field("token");
    let given = code(&house, &key);
    let fields = [("token", token.as_str()), ("code", given.as_str()), ("remember", "1")];
    let entered = phone.post(&luma.path("/sign-in/code"), &fields).await;
    assert_eq!(entered.location(), luma.path("/tickets"), "{}", entered.text);
    let id = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap().id;
    let session = &luma.scope.sessions(id).await.unwrap()[0];
    assert_eq!(session.expires_at.since(session.created_at), Duration::from_secs(30 * 86_400));

    // The session is over; the password is enough here, and nowhere else.
    let end = |browser: &mut Browser| browser.cookies.retain(|(name, _), _| name != "posthouse_session");
    end(&mut phone);
    let back = phone.sign_in("luma", "jun@luma.example", PASSWORD, "").await;
    assert_eq!(back.location(), luma.path("/tickets"));
    assert!(
        house.browser().sign_in("luma", "jun@luma.example", PASSWORD, "").await.location().contains("/sign-in/code")
    );
    end(&mut phone);
    let wrong = phone.sign_in("luma", "jun@luma.example", "not my password", "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "the device alone opens nothing");
    let mut other = phone.clone();
    let asked = other.sign_in("luma", "mei@luma.example", PASSWORD, "").await;
    assert_eq!(asked.location(), luma.path("/tickets"), "who has no second factor is not asked for one");

    let page = jun.get(&luma.path("/account")).await.text;
    assert!(page.contains("Forget Safari · iPhone"), "{page}");
    let device = between(page.split("/account/devices").nth(1).unwrap(), "name=\"device\" value=\"", "\"").to_owned();
    let mut mei = house.signed_in(&luma, "mei").await;
    said(&mut mei, &luma, "/account/devices", &[("device", &device)]).await;
    assert_eq!(luma.scope.devices(id).await.unwrap().len(), 1, "nobody else forgets it");
    assert!(
        said(&mut jun, &luma, "/account/devices", &[("device", &device)]).await.contains("A code is asked for there")
    );
    end(&mut phone);
    assert!(phone.sign_in("luma", "jun@luma.example", PASSWORD, "").await.location().contains("/sign-in/code"));
}
