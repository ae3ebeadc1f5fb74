//! People who sign in at their own provider, from the button until it is known who they are: against one that checks what it is asked.

use crate::house::{START, Test, actor};
use posthouse_model::config::{OidcConfig, SecretRef};
use posthouse_model::role::Role;
use posthouse_pipeline::oidc;
use posthouse_sandbox::SecretValue;
use posthouse_servers::OpenIdServer;
use posthouse_store::{AgentChange, Brought, NewAgent, OidcWay};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn server() -> OpenIdServer {
    OpenIdServer::start("https://desk.example/oidc/callback", START.0 / 1_000_000).await
}

async fn house(server: &OpenIdServer, change: impl FnOnce(&mut OidcConfig)) -> Test {
    let mut config = OidcConfig {
        issuer: server.issuer(),
        client_id: OpenIdServer::CLIENT.to_owned(),
        client_secret: None,
        title: None,
        create_as: None,
        domains: Vec::new(),
    };
    change(&mut config);
    let test = Test::new(vec![], |tenant| tenant.sign_in.oidc = Some(config)).await;
    let mut tx = test.tenant.scope.begin().await.unwrap();
    for (email, role) in [("li@acme.example", Role::Agent), ("eve@acme.example", Role::Admin)] {
        let (email, name) = (email.to_owned(), email.to_owned());
        let new = NewAgent { email, name, role, password_hash: String::new(), language: "en".to_owned() };
        tx.add_agent(&new, &actor()).await.unwrap();
    }
    tx.commit().await.unwrap();
    test
}

/// Where the provider sends a browser that opens this address; none where it shows an error of its own.
async fn visit(url: &str) -> Option<String> {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().find_map(|line| line.strip_prefix("Location: ")).map(|to| to.trim().to_owned())
}

async fn way(test: &Test, state: &str) -> OidcWay {
    test.tenant.scope.oidc_way(state).await.unwrap().unwrap()
}

/// The address that the desk would send this way's browser to.
async fn begin(test: &Test, state: &str) -> String {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.begin_oidc(state, None).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let endpoint = way(test, state).await.endpoint.expect("the provider was found");
    let config = test.tenant.config.sign_in.oidc.as_ref().unwrap();
    oidc::address(test.house.installation(), "https://desk.example/", config, &endpoint, state).unwrap()
}

async fn bring(test: &Test, state: &str, code: &str) -> bool {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let taken = tx.bring_oidc(state, &Brought::Code(code.to_owned())).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    taken
}

fn code_of(back: &str) -> String {
    back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned()
}

/// There and back.
async fn signed_in(test: &Test, state: &str) -> OidcWay {
    let url = begin(test, state).await;
    let back = visit(&url).await.expect("sent back");
    assert!(back.contains(&format!("state={state}")), "{back}");
    assert!(bring(test, state, &code_of(&back)).await);
    way(test, state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_who_her_provider_says() {
    let server = server().await;
    let test = house(&server, |_| {}).await;
    let li = test.tenant.scope.agent_by_email("li@acme.example").await.unwrap().unwrap();
    let way = signed_in(&test, "acme.one").await;
    assert_eq!((way.agent, way.words, way.code), (Some(li.id), None, None));
    assert!(server.log().iter().all(|line| !line.starts_with("BAD")), "{:?}", server.log());
    let mut tx = test.tenant.scope.begin().await.unwrap();
    assert_eq!(tx.take_oidc("acme.one").await.unwrap(), Some(li.id));
    assert_eq!(tx.take_oidc("acme.one").await.unwrap(), None, "one way leads to one session");
    tx.commit().await.unwrap();
    assert_eq!(test.tenant.scope.oidc_way("acme.one").await.unwrap(), None);
    // Keys that were changed are asked for anew.
    server.change_keys();
    assert_eq!(signed_in(&test, "acme.two").await.agent, Some(li.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_let_in() {
    let server = server().await;
    let test = house(&server, |_| {}).await;
    for (n, (name, value, words)) in [
        ("email", json!("wu@acme.example"), "nobody here has the address wu@acme.example"),
        ("email", json!("li@acme.example"), ""),
        ("email_verified", json!(false), "does not vouch"),
        ("email_verified", json!(true), ""),
        ("aud", json!("another"), "for another program"),
        ("aud", json!(OpenIdServer::CLIENT), ""),
        ("nonce", json!("another"), "another sign-in"),
    ]
    .into_iter()
    .enumerate()
    {
        server.claim(name, value.clone());
        let way = signed_in(&test, &format!("acme.{n}")).await;
        match words {
            "" => assert!(way.agent.is_some(), "{name} = {value}: {:?}", way.words),
            _ => {
                assert!(way.agent.is_none() && way.words.clone().unwrap().contains(words), "{name} = {value}: {way:?}")
            }
        }
    }
    let kinds: Vec<String> =
        test.tenant.scope.events(0, 1_000).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "agent.provider-refused").count(), 4);
    assert_eq!(test.tenant.scope.agents().await.unwrap().len(), 2, "and nobody was added");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_turned_off_stays_out_and_who_may_be_added_is() {
    let server = server().await;
    let test = house(&server, |config| {
        config.create_as = Some(Role::Auditor);
        config.domains = vec!["acme.example".to_owned()];
    })
    .await;
    let li = test.tenant.scope.agent_by_email("li@acme.example").await.unwrap().unwrap();
    let off = AgentChange { name: "Li".to_owned(), role: li.role, active: false, queues: None };
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.set_agent(li.id, &off, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(signed_in(&test, "acme.one").await.words.unwrap().contains("may not sign in here"));
    server.claim("email", json!("mallory@evil.acme.example"));
    assert!(signed_in(&test, "acme.two").await.words.unwrap().contains("nobody here has the address"));
    server.claim("email", json!("wu@acme.example"));
    let added = signed_in(&test, "acme.three").await.agent.unwrap();
    let wu = test.tenant.scope.agent(added).await.unwrap().unwrap();
    assert_eq!((wu.email.as_str(), wu.name.as_str(), wu.role), ("wu@acme.example", "Li Wei", Role::Auditor));
    assert_eq!(signed_in(&test, "acme.four").await.agent, Some(added), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_belong_to_the_way_they_were_asked_on() {
    let server = server().await;
    let test = house(&server, |config| config.client_secret = Some(SecretRef { secret: "oidc".to_owned() })).await;
    server.ask_for_secret("shared");
    assert!(signed_in(&test, "acme.unset").await.words.unwrap().contains("the secret `oidc` is not set"));
    test.secrets.more.lock().unwrap().insert("oidc".to_owned(), SecretValue::anywhere("shared"));
    // One that somebody else's browser was given: the verifier does not fit.
    let stolen = code_of(&visit(&begin(&test, "acme.thief").await).await.unwrap());
    begin(&test, "acme.victim").await;
    assert!(bring(&test, "acme.victim", &stolen).await);
    assert!(way(&test, "acme.victim").await.words.unwrap().contains("invalid_grant"));
    assert!(!bring(&test, "acme.victim", &stolen).await, "and a way is come back from once");
    assert!(!bring(&test, "acme.nobody", &stolen).await);
    assert!(signed_in(&test, "acme.right").await.agent.is_some());
    server.out_of_order(true);
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.begin_oidc("acme.away", None).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    assert!(way(&test, "acme.away").await.words.unwrap().contains("cannot be reached"));
}
