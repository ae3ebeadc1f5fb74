//! Programs with API tokens: what each may, for how long, how fast; and that answers are as they are described.

use crate::support::{Answer, Browser, House, PASSWORD, Team};
use axum::body::Body;
use http::{StatusCode, header};
use posthouse_model::role::Role;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// A program: no cookies.
struct Program {
    browser: Browser,
    token: String,
}

impl Program {
    fn new(house: &House, token: &str) -> Self {
        Self { browser: house.browser(), token: token.to_owned() }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let request = self
            .browser
            .request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.browser.send(request).await
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }
}

async fn post(browser: &mut Browser, team: &Team, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(team).await;
    let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(&team.path(path), &fields).await
}

fn shown(page: &Answer) -> String {
    let token =
        page.text.split("<code class=\"key\">posthouse_").nth(1).unwrap_or_else(|| panic!("no token: {}", page.text));
    format!("posthouse_{}", token.split('<').next().unwrap())
}

/// A token of somebody's own.
async fn token(house: &House, team: &Team, name: &str, scope: &str, days: &str) -> String {
    let mut browser = house.signed_in(team, name).await;
    let fields = [("name", "A program"), ("scope", scope), ("days", days), ("password", PASSWORD)];
    shown(&post(&mut browser, team, "/account/tokens", &fields).await)
}

#[tokio::test]
async fn a_token_may_what_its_scope_and_its_owner_may() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let (ticket, act) = (format!("/tickets/{}", waiting.number), format!("/tickets/{}/handled", waiting.number));
    let api = |path: &str| luma.path(&format!("/api{path}"));
    let mut reads = Program::new(&house, &token(&house, &luma, "jun", "read", "7").await);
    let mut acts = Program::new(&house, &token(&house, &luma, "jun", "act", "7").await);
    let mut auditor = Program::new(&house, &token(&house, &luma, "ada", "administer", "7").await);
    let me = reads.get(&api("/me")).await.json();
    assert_eq!((me["email"].as_str(), me["scope"].as_str()), (Some("jun@luma.example"), Some("read")));
    assert!(me.get("csrf").is_none(), "{me}");
    assert_eq!(reads.get(&api(&ticket)).await.status, StatusCode::OK);
    let refused = reads.send("POST", &api(&act), "{\"reason\":\"x\"}").await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (StatusCode::FORBIDDEN, Some("scope")));
    let hidden = auditor.send("POST", &api(&act), "{\"reason\":\"x\"}").await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND, "no scope goes beyond the role");
    let done = acts.send("POST", &api(&act), "{\"reason\":\"from a program\"}").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let events = luma.scope.ticket_detail(waiting.number).await.unwrap().events;
    assert!(events.iter().any(|event| event.kind == "ticket.handled" && event.actor == "agent:jun@luma.example"));
    // No page is drawn for a token, and no other team answers to it.
    assert_eq!(acts.get(&luma.path(&ticket)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(acts.get(&luma.path("/account")).await.status, StatusCode::SEE_OTHER);
    house.team("other").await;
    let stranger = acts.get("/t/other/api/me").await;
    assert_eq!((stranger.status, stranger.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    // What is stored of it is none.
    let row = luma.scope.tokens(luma.scope.agents().await.unwrap()[2].id).await.unwrap().remove(0);
    assert!(acts.token.starts_with(&row.begins) && row.begins.len() < 20);
    assert!(row.used_at.is_some());
}

#[tokio::test]
async fn tokens_are_made_by_who_knows_the_password_and_end() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    for (name, scope, days, password, said) in [
        ("", "read", "7", PASSWORD, "token"),
        ("x", "everything", "7", PASSWORD, "token"),
        ("x", "read", "366", PASSWORD, "token"),
        ("x", "read", "7", "not my password", "wrong"),
    ] {
        let fields = [("name", name), ("scope", scope), ("days", days), ("password", password)];
        let refused = post(&mut jun, &luma, "/account/tokens", &fields).await;
        assert!(refused.location().ends_with(&format!("said={said}")), "{name} {scope} {days}: {}", refused.text);
    }
    let me = luma.path("/api/me");
    let mut week = Program::new(&house, &token(&house, &luma, "jun", "read", "7").await);
    let mut quarter = Program::new(&house, &token(&house, &luma, "jun", "read", "90").await);
    house.hands.forward(7 * DAY - Duration::from_secs(1));
    assert_eq!(week.get(&me).await.status, StatusCode::OK);
    house.hands.forward(Duration::from_secs(1));
    assert_eq!(week.get(&me).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(quarter.get(&me).await.status, StatusCode::OK);
    let mut jun = house.signed_in(&luma, "jun").await;
    let page = jun.get(&luma.path("/account")).await;
    assert!(page.text.contains("run out") && !page.text.contains(&quarter.token));
    let revoke = page.text.split("/account/tokens/revoke").nth(1).unwrap();
    let number = revoke.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // Nobody else revokes it.
    let mut mei = house.signed_in(&luma, "mei").await;
    post(&mut mei, &luma, "/account/tokens/revoke", &[("token", &number)]).await;
    assert_eq!(quarter.get(&me).await.status, StatusCode::OK);
    let revoked = post(&mut jun, &luma, "/account/tokens/revoke", &[("token", &number)]).await;
    assert!(jun.get(revoked.location()).await.text.contains("The token is revoked."));
    assert_eq!(quarter.get(&me).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_service_is_nobody_and_sees_what_it_may() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut eve = house.signed_in(&luma, "eve").await;
    for name in ["", "No Name", "crm@service"] {
        let refused = post(&mut eve, &luma, "/people", &[("service", "1"), ("name", name), ("role", "agent")]).await;
        assert!(refused.location().ends_with("said=service"), "{name}");
    }
    let made = post(&mut eve, &luma, "/people", &[("service", "1"), ("name", "crm"), ("role", "agent")]).await;
    let path = made.location().strip_prefix("/t/luma").unwrap().to_owned();
    let fields = [("name", "Orders"), ("scope", "act"), ("days", "365")];
    let mut program = Program::new(&house, &shown(&post(&mut eve, &luma, &format!("{path}/token"), &fields).await));
    assert_eq!(program.get(&luma.path("/api/me")).await.json()["email"], "crm@service");
    let ticket = luma.path(&format!("/api/tickets/{}", waiting.number));
    assert_eq!(program.get(&ticket).await.status, StatusCode::OK);
    post(&mut eve, &luma, &path, &[("name", "crm"), ("role", "agent"), ("active", "1"), ("queue:inbox", "1")]).await;
    assert_eq!(
        program.get(&ticket).await.status,
        StatusCode::NOT_FOUND,
        "it sees one queue now, and this is in another"
    );
    for verb in ["invite", "delete"] {
        assert_eq!(post(&mut eve, &luma, &format!("{path}/{verb}"), &[]).await.status, StatusCode::NOT_FOUND, "{verb}");
    }
    let in_vain = house.browser().sign_in("luma", "crm@service", "", "").await;
    assert_eq!(in_vain.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Nobody acts as another person.
    let jun = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap();
    assert_eq!(jun.role, Role::Agent);
    let stolen = post(&mut eve, &luma, &format!("/people/{}/token", jun.id), &fields).await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
    post(&mut eve, &luma, &path, &[("name", "crm"), ("role", "agent"), ("all", "1")]).await;
    assert_eq!(program.get(&luma.path("/api/me")).await.status, StatusCode::UNAUTHORIZED, "turned off");
}

#[tokio::test]
async fn programs_are_not_too_fast_and_guess_nothing() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let me = luma.path("/api/me");
    let mut program = Program::new(&house, &token(&house, &luma, "jun", "read", "7").await);
    for _ in 0..600 {
        assert_eq!(program.get(&me).await.status, StatusCode::OK);
    }
    let fast = program.get(&me).await;
    assert_eq!((fast.status, fast.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"), "{}", fast.text);
    assert_eq!(fast.json()["error"], "too-fast");
    let mut other = Program::new(&house, &token(&house, &luma, "mei", "read", "7").await);
    assert_eq!(other.get(&me).await.status, StatusCode::OK, "others are not held up");
    house.hands.forward(Duration::from_secs(60));
    assert_eq!(program.get(&me).await.status, StatusCode::OK);
    let mut guesses = Program::new(&house, "posthouse_guess");
    for _ in 0..30 {
        assert_eq!(guesses.get(&me).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guesses.get(&me).await.status, StatusCode::TOO_MANY_REQUESTS);
    house.hands.forward(Duration::from_secs(900));
    assert_eq!(guesses.get(&me).await.status, StatusCode::UNAUTHORIZED);
}

/// Refuses what is not as its schema says.
fn hold_to(description: &Value, schema: &str, answer: &Answer) {
    let mut wanted =
        json!({ "$ref": format!("#/components/schemas/{schema}"), "components": description["components"] });
    wanted["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    let validator = jsonschema::validator_for(&wanted).unwrap();
    let body = answer.json();
    let faults: Vec<String> =
        validator.iter_errors(&body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{schema}: {faults:?}\n{body:#}");
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut program = Program::new(&house, &token(&house, &luma, "mei", "act", "7").await);
    let answer = program.get(&luma.path("/api/openapi.json")).await;
    let description = answer.json();
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(description["servers"][0]["url"], "https://desk.example/t/luma");
    let mut tried = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // What each needs to come to something.
            let body = match operation["operationId"].as_str().unwrap() {
                "act" => "{\"reason\":\"described\"}".to_owned(),
                "actOnMany" => {
                    json!({ "tickets": [{ "number": waiting.number }], "act": { "category": "refund" } }).to_string()
                }
                "makeView" | "changeView" => {
                    json!({ "name": "Mine", "filter": { "status": ["waiting"] }, "sort": "due", "version": 1 })
                        .to_string()
                }
                // Its mail is a ticket already, which is no mistake.
                _ => String::new(),
            };
            let verb = match operation["operationId"].as_str().unwrap() {
                "moveView" => "up",
                "actOnAutonomy" => "stop",
                _ => "handled",
            };
            let address = path
                .replace("{number}", &waiting.number.to_string())
                .replace("{id}", &waiting.message.to_string())
                .replace("{verb}", verb);
            let answer = program.send(&method.to_uppercase(), &luma.path(&address), &body).await;
            assert_eq!(answer.status, StatusCode::OK, "{method} {address}: {}", answer.text);
            let schema = operation.pointer("/responses/200/content/application~1json/schema/$ref").unwrap();
            hold_to(&description, schema.as_str().unwrap().rsplit('/').next().unwrap(), &answer);
            tried += 1;
        }
    }
    assert!(tried >= 9, "{tried}");
    // Refusals, too, each with its own status.
    let act = luma.path(&format!("/api/tickets/{}", waiting.number));
    for (method, path, body, status) in [
        ("GET", luma.path("/api/tickets/999999"), "", 404),
        ("POST", format!("{act}/handled"), "{\"raeson\":1}", 400),
        ("POST", format!("{act}/handled"), "{}", 422),
        ("POST", format!("{act}/delete"), "{}", 404),
    ] {
        let answer = program.send(method, &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        hold_to(&description, "Refusal", &answer);
    }
    // A verb that is described is one: it is refused for what is missing at most.
    let verbs = description.pointer("/paths/~1api~1tickets~1{number}~1{verb}/post/parameters/1/schema/enum").unwrap();
    for verb in verbs.as_array().unwrap() {
        let answer = program.send("POST", &format!("{act}/{}", verb.as_str().unwrap()), "{}").await;
        assert!(answer.status != StatusCode::NOT_FOUND && !answer.status.is_server_error(), "{verb}: {}", answer.text);
    }
    let mut nobody = Program::new(&house, "posthouse_x");
    hold_to(&description, "Refusal", &nobody.get(&luma.path("/api/tickets")).await);
}
