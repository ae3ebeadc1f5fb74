//! Mail that wants to be more than text: in subject, body, names, files, plugin output. Everything is shown as
//! the words it is.

use crate::support::{House, file, host, mail};
use posthouse_model::decision::{CallCost, HostCall, NewDecision, World};
use posthouse_model::draft::{Citation, DraftProposal, Filled, Question};
use posthouse_model::mail::Address;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Enrichment, Fact, Order, Risk, Scored, Triage};

const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</summary></details><iframe src=javascript:alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "<!--><script>alert(1)</script-->",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>x",
    "{{constructor.constructor('alert(1)')()}}",
    "\u{202e}gnp.exe",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

/// Everything between tags may say anything; no tag and no attribute of the mail's may have become one.
fn assert_harmless(page: &str, evil: &str, path: &str) {
    // The desk's own tags, drawn by its own code, never contain these.
    for bad in [
        "<script>",
        "<img src=x",
        "<svg/",
        "<iframe src=javascript",
        "<base",
        "<style",
        " onerror=",
        " onload=",
        " onmouseover=\"",
        " onfocus=",
        "href=\"javascript",
        "action=//evil",
    ] {
        for (at, _) in page.match_indices(bad) {
            let tag_start = page[..at + 1].rfind('<').unwrap_or(0);
            let inside_tag = !page[tag_start..at].contains('>');
            let in_quotes = page[tag_start..at].matches('"').count() % 2 == 1;
            assert!(
                !inside_tag || in_quotes,
                "{path}: {evil} became markup: …{}…",
                &page[at.saturating_sub(60)..(at + 60).min(page.len())].escape_debug()
            );
        }
    }
}

#[tokio::test]
async fn nothing_in_a_mail_becomes_markup() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut browser = house.signed_in(&luma, "mei").await;
    for (i, evil) in CORPUS.iter().enumerate() {
        let text = (*evil).to_owned();
        let mut read = mail(&format!("m{i}"), evil, evil);
        read.from =
            Some(Address { name: Some(text.clone()), address: format!("a{i}{}@evil.example", evil.replace(' ', "")) });
        read.text = format!("{evil}\n> {evil}");
        read.html = Some(text.clone());
        read.attachments = vec![file(evil, "image/png", 0, b"x")];
        read.language = Some(text.clone());
        let taken = luma.take(read, b"raw").await;
        let mut tx = luma.scope.begin().await.unwrap();
        let triage = Triage {
            category: Some(Scored { value: text.clone(), confidence: 0.5 }),
            language: Some(Scored { value: text.clone(), confidence: 0.5 }),
            tags: vec![text.clone()],
            missing: vec![text.clone()],
            risks: vec![Risk { kind: text.clone(), reason: text.clone(), span: None }],
            ..Triage::default()
        };
        tx.set_triage(taken.ticket, taken.message, &triage, &host()).await.unwrap();
        let found = Enrichment {
            facts: vec![Fact { key: text.clone(), label: text.clone(), value: text.clone() }],
            orders: vec![Order {
                number: text.clone(),
                status: Some(text.clone()),
                carrier: Some(text.clone()),
                tracking_number: Some(text.clone()),
                ..Order::default()
            }],
            ..Enrichment::default()
        };
        tx.set_enrichment(taken.ticket, &found, &host()).await.unwrap();
        tx.set_outcome(taken.message, Outcome::Ticket, None, &host()).await.unwrap();
        let proposal = DraftProposal {
            body: text.clone(),
            subject: Some(text.clone()),
            language: Some(text.clone()),
            template: Some(text.clone()),
            filled: vec![Filled { variable: text.clone(), value: text.clone() }],
            unfilled: vec![text.clone()],
            questions: vec![Question { key: text.clone(), question: text.clone() }],
            citations: vec![Citation { article: text.clone(), title: text.clone() }],
            ..DraftProposal::default()
        };
        tx.add_drafts(taken.ticket, evil, &[(proposal, vec![])], &host()).await.unwrap();
        let decision = NewDecision {
            ticket: Some(taken.ticket),
            message: Some(taken.message),
            world: World::Notifier,
            plugin: text.clone(),
            version: text.clone(),
            digest: text.clone(),
            input_hash: String::new(),
            output: None,
            error: Some(text.clone()),
            host_calls: vec![HostCall {
                capability: text.clone(),
                what: text.clone(),
                outcome: text.clone(),
                duration_us: 1,
                exchange: None,
            }],
            cost: CallCost::default(),
            call: Default::default(),
            log: Vec::new(),
            changes: posthouse_model::keep::Changes::default(),
        };
        tx.add_decision(&decision, &host()).await.unwrap();
        tx.commit().await.unwrap();
        let query: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        for path in [
            luma.path("/tickets?view=all"),
            luma.path(&format!("/tickets/{}", taken.number)),
            luma.path(&format!(
                "/tickets?view=all&q={query}&queue={query}&category={query}&language={query}&done={query}&of={query}"
            )),
            luma.path(&format!("/messages/{}/html", taken.message)),
            luma.path(&format!("/messages/{}/html?images=1", taken.message)),
            format!("/?team={query}"),
            luma.path(&format!("/sign-in?next={query}&language={query}")),
        ] {
            let answer = browser.get(&path).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.text);
            // The frame's head holds the one style element, which its policy names by hash.
            let shown =
                if path.contains("/html") { answer.text.split_once("</head>").unwrap().1 } else { &answer.text };
            assert_harmless(shown, evil, &path);
        }
        // And the words are there to be read.
        let page = browser.get(&luma.path(&format!("/tickets/{}", taken.number))).await;
        assert_eq!(page.editor(), text.trim_end());
    }
}

#[tokio::test]
async fn the_original_is_framed_without_any_power() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut read = mail("one", "x", "x");
    read.html = Some("<p style=\"color:red;position:fixed\">Hello<img src=\"https://track.example/p.gif\"><img src=\"cid:logo\"></p><script>1</script>".into());
    let png: &[u8] = b"\x89PNG logo";
    let mut logo = file("logo.png", "image/png", 0, png);
    logo.content_id = Some("logo".into());
    logo.inline = true;
    read.attachments = vec![logo];
    let waiting = luma.sorted(read, png, vec![]).await;
    let mut browser = house.signed_in(&luma, "mei").await;
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(page.text.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""));
    assert!(!page.text.contains("allow-scripts") && !page.text.contains("allow-same-origin"));
    assert!(page.text.contains("1 remote image is not shown"));
    let frame = browser.get(&luma.path(&format!("/messages/{}/html", waiting.message))).await;
    let policy = frame.header("content-security-policy");
    assert!(
        policy.contains("sandbox allow-popups") && policy.contains("img-src data:;") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(
        !frame.text.contains("track.example") && !frame.text.contains("<script") && !frame.text.contains("position")
    );
    assert!(frame.text.contains("data:image/png;base64,"));
    let with = browser.get(&luma.path(&format!("/messages/{}/html?images=1", waiting.message))).await;
    assert!(with.text.contains("https://track.example/p.gif") && with.header("referrer-policy") == "no-referrer");
}

#[tokio::test]
async fn forms_have_a_limit() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "mei").await;
    let csrf = browser.csrf(&luma).await;
    let path = luma.path(&format!("/tickets/{}/draft", waiting.number));
    let answer = browser.post(&path, &[("csrf", &csrf), ("body", &"x".repeat(2_000_000))]).await;
    assert_eq!(answer.status, http::StatusCode::PAYLOAD_TOO_LARGE);
    let long = "字".repeat(200_001);
    let draft = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    let answer = browser.reply_from(&draft, &luma, waiting.number, "approve", &[("body", &long)]).await;
    assert!(matches!(answer.status.as_u16(), 413 | 422), "{}", answer.status);
}
