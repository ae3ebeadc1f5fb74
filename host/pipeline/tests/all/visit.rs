//! A sign-in by a browser, from the address that it is sent to until its refresh token is kept: against a sign-in server that checks what
//! it is asked as providers do.

use crate::house::{Test, actor};
use crate::oauth::{USER, keep, kept, set_up, token};
use posthouse_model::job::SignInState;
use posthouse_pipeline::sign_in;
use posthouse_servers::SignInServer;
use posthouse_store::{Brought, Returned, SignInRow, VISIT_LASTS, visit_name};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const REGISTERED: &str = "https://desk.example/oauth/callback";

/// Where the provider sends a browser that opens this address; none where it shows an error of its own.
async fn visit(url: &str) -> Option<String> {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().find_map(|line| line.strip_prefix("Location: ")).map(|to| to.trim().to_owned())
}

fn address(test: &Test, state: &str) -> String {
    sign_in::address(test.house.installation(), "https://desk.example/", &test.tenant.config.mailboxes[0], state)
        .unwrap()
}

/// Sends a browser off, as the desk does, and has it bring back what the provider gave it.
async fn there_and_back(test: &Test, state: &str) -> Brought {
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.begin_visit(state, "support", "session", &actor()).await.unwrap();
    tx.commit().await.unwrap();
    let back = visit(&address(test, state)).await.expect("sent back");
    let query = back.strip_prefix(&format!("{REGISTERED}?")).unwrap_or_else(|| panic!("{back}"));
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned);
    assert_eq!(value("state").as_deref(), Some(state));
    let brought = match value("code") {
        Some(code) => Brought::Code(code),
        None => Brought::Refusal(value("error").unwrap()),
    };
    let mut tx = test.tenant.scope.begin().await.unwrap();
    let returned = tx.end_visit(state, "session", &brought, &actor()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(returned, Returned::Taken);
    brought
}

async fn stands(test: &Test) -> SignInRow {
    test.tenant.scope.sign_ins().await.unwrap().remove(0)
}

async fn code(test: &Test, state: &str) -> Option<String> {
    test.tenant.scope.visit_code(&visit_name(state)).await.unwrap().map(|code| code.code)
}

fn no_complaints(server: &SignInServer) {
    assert!(server.log().iter().all(|line| !line.starts_with("BAD")), "{:?}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_brought_back_becomes_a_sign_in() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    // To the letter: one with a slash at the end is another.
    server.register(&format!("{REGISTERED}/"));
    assert_eq!(
        visit(&address(&test, "acme.first")).await,
        None,
        "the provider sends nobody to an address that it does not know"
    );
    server.register(REGISTERED);
    let brought = there_and_back(&test, "acme.state").await;
    assert_eq!(stands(&test).await.state, SignInState::Agreed);
    let Brought::Code(given) = brought else { panic!("{brought:?}") };
    assert_eq!(code(&test, "acme.state").await.as_deref(), Some(given.as_str()));
    test.run().await;
    assert_eq!(stands(&test).await.state, SignInState::Done);
    assert_eq!(Some(kept(&test)), server.refresh_token());
    assert_eq!(test.secrets.more.lock().unwrap()["token"].hosts, ["127.0.0.1"], "it goes to the sign-in server alone");
    assert_eq!(code(&test, "acme.state").await, None, "a code that is exchanged is forgotten");
    assert!(token(&test, None).await.is_ok());
    let told = format!("{:?}", test.tenant.scope.events(0, 500).await.unwrap());
    assert!(!told.contains(&given) && !told.contains(&kept(&test)), "no event holds a code or a token: {told}");
    for kind in ["mailbox.sign-in-begun", "mailbox.sign-in-agreed", "mailbox.sign-in-done"] {
        assert!(told.contains(kind), "{kind} in {told}");
    }
    let complaints: Vec<String> = server.log().into_iter().filter(|line| line.starts_with("BAD")).collect();
    assert!(complaints.len() == 1 && complaints[0].contains("acme.first"), "{complaints:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_another_house_asked_for_is_worth_nothing_here() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    // The state is theirs, so the verifier that follows from it is not the one whose challenge the provider was shown.
    let theirs = address(&test, "acme.theirs");
    let back = visit(&theirs).await.unwrap();
    let stolen = back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut tx = test.tenant.scope.begin().await.unwrap();
    tx.begin_visit("acme.mine", "support", "session", &actor()).await.unwrap();
    tx.end_visit("acme.mine", "session", &Brought::Code(stolen), &actor()).await.unwrap();
    tx.commit().await.unwrap();
    test.run().await;
    let row = stands(&test).await;
    assert_eq!(row.state, SignInState::Failed);
    assert!(row.words.unwrap().contains("the code verifier does not fit the challenge"));
    assert!(test.secrets.more.lock().unwrap().get("token").is_none(), "nothing is kept");
    // A code is good once, whoever comes with it.
    let verifier = test.house.installation().verifier(&visit_name("acme.theirs"));
    assert_eq!(verifier.reveal().len(), 43, "as long as RFC 7636 asks for");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_comes_to_nothing_says_why_and_leaves_the_old_sign_in() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    let before = server.grant();
    keep(&test, &before, &["127.0.0.1"]);
    server.give_no_refresh();
    there_and_back(&test, "acme.one").await;
    test.run().await;
    let row = stands(&test).await;
    assert_eq!(row.state, SignInState::Failed);
    assert!(row.words.unwrap().starts_with("the provider gave no refresh token"));
    assert_eq!(kept(&test), before);

    server.decline("access_denied", "no thanks");
    there_and_back(&test, "acme.two").await;
    test.run().await;
    assert_eq!((stands(&test).await.state, kept(&test)), (SignInState::Failed, before.clone()));
    no_complaints(&server);

    // The provider wants a secret that the set-up does not have.
    server.accept();
    there_and_back(&test, "acme.three").await;
    server.ask_for_secret("hush");
    test.run().await;
    let row = stands(&test).await;
    assert!(row.words.unwrap().contains("invalid_client"), "in the provider's words");
    assert_eq!((kept(&test), code(&test, "acme.three").await), (before, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_is_asked_again_while_the_code_may_be_good() {
    let server = SignInServer::start(USER).await;
    let test = set_up(&server, 1).await;
    there_and_back(&test, "acme.one").await;
    server.out_of_order(true);
    test.run().await;
    assert_eq!(stands(&test).await.state, SignInState::Agreed);
    server.out_of_order(false);
    test.clock.forward(Duration::from_secs(1));
    test.run().await;
    assert_eq!((stands(&test).await.state, Some(kept(&test))), (SignInState::Done, server.refresh_token()));

    there_and_back(&test, "acme.two").await;
    server.out_of_order(true);
    test.run().await;
    test.clock.forward(VISIT_LASTS);
    test.run().await;
    let row = stands(&test).await;
    assert_eq!(row.state, SignInState::Failed);
    assert!(row.words.unwrap().contains("the sign-in server cannot be reached"));
    assert_eq!(code(&test, "acme.two").await, None);
    no_complaints(&server);
}
