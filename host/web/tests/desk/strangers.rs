//! Every route × a stranger, somebody of another team, an auditor. The table of routes is the router itself, so
//! a route that has no line here fails the test.

use crate::support::{House, Team, Waiting, file, host, mail, model_call};
use crate::templates::with_drafter;
use axum::body::Body;
use http::StatusCode;
use posthouse_store::{Article, NewReplyFile};
use posthouse_web::route::{Access, ROUTES};

/// A real address for every pattern: rows that exist in the first team.
fn address(pattern: &str, waiting: Waiting) -> String {
    let known = [
        "/",
        "/health",
        "/metrics",
        "/assets/{file}",
        "/oauth/callback",
        "/t/{slug}/sign-in",
        "/t/{slug}/sign-in/code",
        "/oidc/callback",
        "/t/{slug}/sign-in/oidc",
        "/t/{slug}/sign-in/oidc/back",
        "/t/{slug}/account",
        "/t/{slug}/account/password",
        "/t/{slug}/account/sessions",
        "/t/{slug}/account/sessions/others",
        "/t/{slug}/account/devices",
        "/t/{slug}/account/second-factor",
        "/t/{slug}/account/second-factor/confirm",
        "/t/{slug}/account/second-factor/codes",
        "/t/{slug}/account/second-factor/remove",
        "/t/{slug}",
        "/t/{slug}/sign-out",
        "/t/{slug}/tickets",
        "/t/{slug}/tickets/{number}",
        "/t/{slug}/tickets/{number}/approve",
        "/t/{slug}/tickets/{number}/draft",
        "/t/{slug}/tickets/{number}/attach",
        "/t/{slug}/tickets/{number}/detach",
        "/t/{slug}/tickets/{number}/picture",
        "/t/{slug}/tickets/{number}/files/{id}",
        "/t/{slug}/tickets/{number}/handled",
        "/t/{slug}/tickets/{number}/spam",
        "/t/{slug}/tickets/{number}/not-spam",
        "/t/{slug}/tickets/{number}/reopen",
        "/t/{slug}/tickets/{number}/category",
        "/t/{slug}/tickets/{number}/assign",
        "/t/{slug}/tickets/{number}/undo",
        "/t/{slug}/tickets/{number}/resolve",
        "/t/{slug}/tickets/{number}/merge",
        "/t/{slug}/tickets/{number}/split",
        "/t/{slug}/tickets/{number}/note",
        "/t/{slug}/tickets/{number}/edit-note",
        "/t/{slug}/tickets/{number}/delete-note",
        "/t/{slug}/tickets/{number}/priority",
        "/t/{slug}/tickets/{number}/tag",
        "/t/{slug}/tickets/{number}/untag",
        "/t/{slug}/tickets/{number}/snooze",
        "/t/{slug}/tickets/{number}/wake",
        "/t/{slug}/tickets/{number}/misfit",
        "/t/{slug}/tickets/{number}/macro",
        "/t/{slug}/tickets/{number}/blocks",
        "/t/{slug}/tickets/{number}/difference",
        "/t/{slug}/tickets/{number}/pictures",
        "/t/{slug}/tickets/{number}/preview",
        "/t/{slug}/tickets/{number}/translate",
        "/t/{slug}/tickets/{number}/typed",
        "/t/{slug}/tickets/{number}/drop-typed",
        "/t/{slug}/tickets/{number}/writing",
        "/t/{slug}/tickets/{number}/take-over",
        "/t/{slug}/mentions",
        "/t/{slug}/bulk",
        "/t/{slug}/bulk/{id}/undo",
        "/t/{slug}/views",
        "/t/{slug}/views/new",
        "/t/{slug}/views/{id}",
        "/t/{slug}/messages",
        "/t/{slug}/messages/{id}/html",
        "/t/{slug}/messages/{id}/raw",
        "/t/{slug}/messages/{id}/attachments/{part}",
        "/t/{slug}/messages/{id}/attachments/{part}/preview",
        "/t/{slug}/messages/repair",
        "/t/{slug}/messages/{id}/take-up",
        "/t/{slug}/status",
        "/t/{slug}/status/sign-in",
        "/t/{slug}/status/sign-in/browser",
        "/t/{slug}/sign-in/mailbox",
        "/t/{slug}/knowledge",
        "/t/{slug}/knowledge/article",
        "/t/{slug}/knowledge/new",
        "/t/{slug}/knowledge/save",
        "/t/{slug}/knowledge/restore",
        "/t/{slug}/knowledge/remove",
        "/t/{slug}/knowledge/gap",
        "/t/{slug}/templates",
        "/t/{slug}/templates/template",
        "/t/{slug}/templates/new",
        "/t/{slug}/templates/save",
        "/t/{slug}/templates/restore",
        "/t/{slug}/templates/remove",
        "/t/{slug}/templates/try",
        "/t/{slug}/plugins",
        "/t/{slug}/plugins/{name}",
        "/t/{slug}/plugins/{name}/{verb}",
        "/t/{slug}/welcome",
        "/t/{slug}/r/{link}",
        "/t/{slug}/people",
        "/t/{slug}/people/{id}",
        "/t/{slug}/people/{id}/{verb}",
        "/t/{slug}/settings",
        "/t/{slug}/settings/macros",
        "/t/{slug}/settings/{page}",
        "/t/{slug}/settings/{page}/{verb}",
        "/t/{slug}/audit",
        "/t/{slug}/autonomy",
        "/t/{slug}/model",
        "/t/{slug}/model/{id}",
        "/t/{slug}/webhooks",
        "/t/{slug}/live",
        "/t/{slug}/me/language",
        "/t/{slug}/me/theme",
        "/t/{slug}/account/tokens",
        "/t/{slug}/account/tokens/revoke",
        "/t/{slug}/api/openapi.json",
        "/t/{slug}/api/me",
        "/t/{slug}/api/tickets",
        "/t/{slug}/api/tickets/{number}",
        "/t/{slug}/api/counts",
        "/t/{slug}/api/mentions",
        "/t/{slug}/api/misfits",
        "/t/{slug}/api/bulk",
        "/t/{slug}/api/bulk/{id}/undo",
        "/t/{slug}/api/views",
        "/t/{slug}/api/views/{id}",
        "/t/{slug}/api/views/{id}/{verb}",
        "/t/{slug}/api/messages",
        "/t/{slug}/api/messages/{id}/take-up",
        "/t/{slug}/api/status",
        "/t/{slug}/api/autonomy",
        "/t/{slug}/api/autonomy/{verb}",
        "/t/{slug}/api/tickets/{number}/{verb}",
    ];
    assert!(known.contains(&pattern), "{pattern} is new: say here who may ask for it, and how a stranger is answered");
    pattern
        .replace("{slug}", "luma")
        .replace("knowledge/article", "knowledge/article?id=faq&language=und")
        .replace("templates/template", "templates/template?plugin=drafter&id=late.es")
        .replace("{number}", &waiting.number.to_string())
        // The first file of a reply on this host.
        .replace("files/{id}", "files/1")
        // The first call of a model on this host.
        .replace("model/{id}", "model/1")
        // Jun.
        .replace("people/{id}", "people/3")
        .replace("{id}", &waiting.message.to_string())
        .replace("{part}", "0")
        .replace("{name}", "sorter")
        .replace("{verb}", "handled")
        // Good for ever.
        .replace("{link}", &format!("luma.{}.9999999999", waiting.number))
        .replace("{page}", "mailboxes")
        .replace("{file}", "nothing.css")
}

async fn house() -> (House, Team, Team, Waiting) {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let other = house.team("other").await;
    let mut read = mail("one", "Private", "Secret words of luma");
    read.html = Some("<p>Secret words of luma</p>".into());
    read.attachments = vec![file("a.txt", "text/plain", 0, b"Secret words of luma")];
    let waiting = luma.sorted(read, b"Secret words of luma", vec![]).await;
    let mut tx = luma.scope.begin().await.unwrap();
    let content = b"Secret words of luma";
    let new = NewReplyFile { name: "a.txt", media_type: "text/plain", content };
    assert_eq!(tx.add_reply_file(waiting.ticket, &new, &host()).await.unwrap(), 1);
    let (id, language, title) = ("faq".to_owned(), "und".to_owned(), "faq".to_owned());
    let article = Article { id, language, title, body: "Secret words of luma".to_owned() };
    tx.set_articles(&[article], &host()).await.unwrap();
    assert_eq!(model_call(&mut tx, Some(waiting.ticket), "Secret words of luma").await, 1);
    tx.commit().await.unwrap();
    with_drafter(&house, &luma).await;
    (house, luma, other, waiting)
}

#[tokio::test]
async fn a_stranger_sees_the_sign_in_or_nothing() {
    let (house, _, _, waiting) = house().await;
    for route in ROUTES {
        let path = address(route.path, waiting);
        let mut browser = house.browser();
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => browser.post(&path, &[("reason", "x")]).await,
        };
        assert!(!answer.text.contains("Secret words"), "{} {path} tells a stranger", route.method);
        let api = route.path.contains("/api/");
        match (route.access, route.method) {
            (Access::Public, _) => assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status),
            (_, _) if api => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}"),
            (_, "GET") => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
                assert!(answer.location().starts_with("/t/luma/sign-in"), "{path} → {}", answer.location());
            }
            (_, _) => {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
                assert!(answer.text.contains("name=\"password\""), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn another_team_is_a_stranger() {
    let (house, _, other, waiting) = house().await;
    let browser = house.signed_in(&other, "mei").await;
    // Her session as luma's cookie, too: a token is good for its own team only.
    let session = browser.cookies.iter().find(|((name, _), _)| name == "posthouse_session").unwrap().1.clone();
    for route in ROUTES.iter().filter(|r| r.access != Access::Public) {
        let path = address(route.path, waiting);
        let mut browser = browser.clone();
        browser.cookies.insert(("posthouse_session".into(), "/t/luma".into()), session.clone());
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => browser.post(&path, &[("reason", "x")]).await,
        };
        assert!(!answer.text.contains("Secret words"), "{} {path}", route.method);
        let turned_away = answer.status == StatusCode::UNAUTHORIZED || answer.location().starts_with("/t/luma/sign-in");
        assert!(turned_away, "{} {path}: {}", route.method, answer.status);
    }
    // Luma's numbers asked for under her own team: not there.
    let mut browser = browser;
    for path in [
        "messages/{id}/raw",
        "messages/{id}/html",
        "messages/{id}/attachments/0",
        "tickets/{number}",
        "tickets/{number}/files/1",
        "api/tickets/{number}",
        "knowledge/article?id=faq&language=und",
        "templates/template?plugin=drafter&id=late.es",
    ] {
        let path = path.replace("{id}", &waiting.message.to_string()).replace("{number}", &waiting.number.to_string());
        let answer = browser.get(&other.path(&format!("/{path}"))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_auditor_reads_everything_and_changes_nothing() {
    let (house, luma, _, waiting) = house().await;
    let mut browser = house.signed_in(&luma, "ada").await;
    let csrf = browser.csrf(&luma).await;
    let before = luma.scope.ticket(waiting.ticket).await.unwrap();
    for route in ROUTES
        .iter()
        .filter(|r| r.access != Access::Public && !r.path.ends_with("/sign-out") && !r.path.ends_with("/live"))
    {
        let path = address(route.path, waiting);
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => {
                let request = browser
                    .request("POST", &path)
                    .header("x-csrf-token", &csrf)
                    .body(Body::from(if route.path.contains("/api/") {
                        "{\"reason\":\"x\"}".to_owned()
                    } else {
                        format!("csrf={csrf}&reason=x")
                    }))
                    .unwrap();
                browser.send(request).await
            }
        };
        match route.access {
            Access::Acting | Access::Attaching | Access::Leading | Access::Administering => {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}")
            }
            // An auditor does audit.
            _ => assert!(
                answer.status.is_success() || answer.status.is_redirection(),
                "{path}: {} {}",
                answer.status,
                answer.text
            ),
        }
    }
    assert_eq!(luma.scope.ticket(waiting.ticket).await.unwrap(), before);
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(!page.text.contains("/approve") && !page.text.contains("<textarea"));
}

#[tokio::test]
async fn who_sees_some_queues_finds_nothing_of_the_others() {
    let (house, luma, _, waiting) = house().await;
    // Her own queue has a ticket; the other one, in the queue of leads, names itself in every field that is shown or searched.
    let mut own = mail("own", "Of her own queue", "Open words of luma");
    own.from = Some(posthouse_model::mail::Address { name: None, address: "bo@customer.example".into() });
    let own = luma.sorted(own, b"raw", vec![]).await;
    let jun = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap();
    let mut tx = luma.scope.begin().await.unwrap();
    let routing = posthouse_model::triage::Routing { queue: Some("general".into()), ..Default::default() };
    tx.set_routing(own.ticket, &routing, "inbox", &host()).await.unwrap();
    let seen = Some(vec!["general".to_owned()]);
    let change = posthouse_store::AgentChange { name: "Jun".into(), role: jun.role, active: true, queues: seen };
    tx.set_agent(jun.id, &change, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.csrf(&luma).await;
    let detail = async || luma.scope.ticket_detail(waiting.number).await.unwrap();
    let (before, draft) = (serde_json::to_value(detail().await).unwrap(), detail().await.drafts[0].id.to_string());
    for route in ROUTES.iter().filter(|r| r.access != Access::Public && !r.path.ends_with("/live")) {
        // What the team knows belongs to no queue.
        if route.path.ends_with("/sign-out") || ["/knowledge", "/templates"].iter().any(|at| route.path.contains(at)) {
            continue;
        }
        let path = address(route.path, waiting);
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => {
                let body = if route.path.contains("/api/") { "{}".to_owned() } else { format!("csrf={csrf}&reason=x") };
                let request = browser.request("POST", &path).header("x-csrf-token", &csrf);
                browser.send(request.body(Body::from(body)).unwrap()).await
            }
        };
        assert!(!answer.status.is_server_error(), "{} {path}: {}", route.method, answer.text);
        assert!(!answer.text.contains("Secret words") && !answer.text.contains("Private"), "{} {path}", route.method);
        let of_a_ticket = route.path.contains("/tickets/{number}") || route.path.contains("/messages/{id}");
        let too_low = matches!(route.access, Access::Administering | Access::Auditing);
        if of_a_ticket || too_low {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {path}", route.method);
        }
    }
    assert_eq!(serde_json::to_value(detail().await).unwrap(), before, "nor is anything changed");
    // Lists, counts, search, and what is hers.
    for path in
        ["/tickets?view=all", "/tickets?view=all&q=Secret", "/tickets?view=all&queue=leads", "/messages?outcome=spam"]
    {
        let page = browser.get(&luma.path(path)).await;
        assert!(!page.text.contains("Private") && !page.text.contains("Secret words"), "{path}");
    }
    let all = browser.get(&luma.path("/api/tickets?view=all")).await.json();
    let numbers: Vec<i64> = all["tickets"].as_array().unwrap().iter().map(|t| t["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [own.number]);
    assert_eq!(
        browser.get(&luma.path("/api/tickets?view=all&q=Secret")).await.json()["tickets"],
        serde_json::json!([])
    );
    let counts = browser.get(&luma.path("/api/counts")).await.json();
    assert_eq!((&counts["views"]["waiting"], &counts["views"]["all"]), (&1.into(), &1.into()), "{counts}");
    assert_eq!(counts["all"]["by_queue"], serde_json::json!({ "general": 1 }));
    let page = browser.get(&luma.path(&format!("/tickets/{}", own.number))).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains(&format!("/tickets/{}\"", waiting.number)), "nor among the customer's other tickets");
    // Nor is her own merged into one that she does not see, nor a form of hers fed with its parts.
    let into = [("csrf", csrf.as_str()), ("into", &waiting.number.to_string())];
    let merged = browser.post(&luma.path(&format!("/tickets/{}/merge", own.number)), &into).await;
    assert!(
        merged.text.contains("There is no ticket")
            || merged.status == StatusCode::NOT_FOUND
            || merged.status == StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        merged.text
    );
    let fed = browser.reply(&luma, own.number, "draft", &[("draft", &draft)]).await;
    assert_eq!(fed.status, StatusCode::NOT_FOUND, "{}", fed.text);
    // The very next request after the restriction is taken away sees it.
    let mut tx = luma.scope.begin().await.unwrap();
    let change = posthouse_store::AgentChange { name: "Jun".into(), role: jun.role, active: true, queues: None };
    tx.set_agent(jun.id, &change, &host()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let (house, luma, _, _) = house().await;
    let mut browser = house.signed_in(&luma, "mei").await;
    for path in [
        "/t/luma/tickets/999999",
        "/t/luma/tickets/0",
        "/t/luma/tickets/x",
        "/t/luma/messages/x/raw",
        "/t/luma/nothing",
        "/nothing",
        "/t/nobody/tickets",
        "/t/Luma/tickets",
        "/t/luma/messages/1/attachments/99",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text.contains("<h1>Nothing here</h1>"), "{path}: {}", answer.text);
    }
    let answer = browser.get("/t/luma/api/tickets/999999").await;
    assert_eq!(answer.json()["error"], "not-found");
    let request = browser.request("DELETE", "/t/luma/tickets").body(Body::empty()).unwrap();
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.header("allow").contains("GET"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let (house, luma, _, waiting) = house().await;
    let mut browser = house.signed_in(&luma, "mei").await;
    for route in ROUTES.iter().filter(|r| r.method == "GET" && !r.path.ends_with("/live")) {
        let answer = browser.get(&address(route.path, waiting)).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{}: {policy}", route.path);
        assert!(!policy.contains("unsafe"), "{}: {policy}", route.path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{}", route.path);
        assert!(!answer.header("referrer-policy").is_empty(), "{}", route.path);
        assert!(answer.header("strict-transport-security").contains("max-age"), "{}", route.path);
        if answer.header("content-type").starts_with("text/html") {
            assert!(answer.header("cache-control").contains("no-store"), "{}", route.path);
            // Nothing inline: the policy would stop it anyway.
            assert!(
                !answer.text.contains("<script>")
                    && !answer.text.contains(" style=\"")
                    && !answer.text.contains(" onclick"),
                "{}",
                route.path
            );
        }
    }
}
