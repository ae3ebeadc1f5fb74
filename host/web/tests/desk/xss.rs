//! The corpus of hostile markup in a real browser: each payload stands in everything that somebody else may write, every page that shows
//! it is opened, and nothing of it runs, loads, leads away, or is even left for the policy to stop.
//!
//! Three witnesses, each of which is shown at the end to see what it is there for: a function that every document has and payloads call,
//! a proxy that hears of each request to another host, and the reports of the policy.

use crate::markup::{AWAY, line, payloads};
use crate::support::{House, PASSWORD, Team, file, host, mail};
use crate::templates::with_drafter;
use axum::extract::{Path, State};
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use http::{HeaderValue, header};
use posthouse_model::decision::{CallCost, HostCall, NewDecision, World};
use posthouse_model::draft::{CheckFinding, Citation, DraftProposal, Filled, Question};
use posthouse_model::mail::Address;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::role::Role;
use posthouse_model::template::Template;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Enrichment, Fact, Order, Risk, Scored, Triage};
use posthouse_servers::Chromium;
use posthouse_store::{Article, NewAgent};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Payloads of one ticket: each has a mail of its own there.
const EACH: usize = 6;
/// Frames of one page of the test's own.
const FRAMES: usize = 60;
/// Such pages whose payloads are let run.
const CONTROLS: usize = 4;

/// In every document before anything of its own: the function that payloads call, and what looks through a document for anything that
/// neither the desk nor the sanitiser ever writes.
const WITNESS: &str = r#"
window.ran = (n) => { try { (top.allRan ??= []).push(n ?? -1); } catch { console.error(`ran ${n}`); } };
window.lookThrough = (doc, mail) => {
  const bad = [];
  const own = (value) => { try { return new URL(value, location.origin).origin === location.origin; } catch { return false; } };
  const say = (e, what) => bad.push(`${what}: ${e.outerHTML.slice(0, 160)}`);
  // What the desk keeps for the preview of a reply.
  const kept = (e) => !mail && e.localName === 'template' && e.content.children.length === 1 && e.content.firstElementChild.matches('iframe[name=reply-preview][sandbox]');
  const never = 'base, object, embed, applet, frame, frameset, portal, fencedframe, webview, math, foreignObject, animate, set, use, image, video, audio, source, track, template, marquee, style, meta[http-equiv]';
  const never_in_mail = 'script, link, iframe, form, input, button, textarea, select, svg, dialog, [id], [name], [style], [target]:not(a), [background], [ping], [srcset]';
  doc.querySelectorAll(mail ? `:is(${never}, ${never_in_mail})` : never).forEach((e) => { if (!(mail && e.localName === 'style' && e.parentElement?.localName === 'head') && !(mail && e.matches('meta[name], head > meta')) && !kept(e)) say(e, 'element'); });
  for (const e of doc.querySelectorAll('*')) {
    for (const { name, value } of e.attributes) {
      if (/^on/i.test(name)) say(e, name);
      if (!mail && name === 'style') say(e, name);
      if (!/^(href|src|action|formaction|xlink:href|data|srcdoc|poster|cite|manifest|codebase)$/.test(name)) continue;
      const fine = mail
        ? (e.localName === 'a' ? /^(https?|mailto|tel):/i : /^data:image\/(png|jpeg|gif|webp)[;,]/i).test(value.trim()) && !/[\t\n\r]/.test(value.split(':')[0])
        : own(value) && !/^\s*(javascript|data|vbscript|blob):/i.test(value);
      if (!fine) say(e, name);
    }
    if (!mail && e.localName === 'script' && !e.getAttribute('src')?.startsWith('/assets/')) say(e, 'script');
  }
  if (!mail) {
    const ids = [...doc.querySelectorAll('[id]')].map((e) => e.id);
    ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => bad.push(`twice: #${id}`));
    if (doc.querySelectorAll('body').length !== 1 || !doc.body.matches('.desk, .gate')) bad.push('no page of the desk');
  }
  return bad;
};
window.lookThroughAll = async (addresses, mail, ask = (address) => fetch(address)) => {
  const bad = [];
  const parse = (text) => new DOMParser().parseFromString(text, 'text/html');
  const queue = [...addresses];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let address; (address = queue.shift());) {
      const answer = await ask(address);
      const text = await answer.text();
      if (answer.status >= 500 || text.length < 100) { bad.push(`${address}: ${answer.status} ${text.slice(0, 100)}`); continue; }
      const once = parse(text);
      bad.push(...lookThrough(once, mail).map((words) => `${address}: ${words}`));
      // Written out and read once more it must still be the same harmless thing.
      bad.push(...lookThrough(parse(once.documentElement.outerHTML), mail).map((words) => `${address}, again: ${words}`));
    }
  }));
  return bad.slice(0, 20);
};
"#;

/// What was heard of.
#[derive(Default)]
struct Heard {
    /// First lines of requests that left for another host.
    away: Mutex<Vec<String>>,
    /// What the policy stopped, as the browser reports it.
    stopped: Mutex<Vec<String>>,
    /// Documents of the controls.
    raw: Mutex<Vec<String>>,
}

/// The desk on a socket, with the reports of its policies coming back to it, and a browser whose every other request meets a proxy.
struct Watched {
    /// Everything is gone with it.
    _house: House,
    luma: Team,
    at: String,
    browser: Chromium,
    heard: Arc<Heard>,
    payloads: Vec<String>,
}

impl Watched {
    async fn open() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let desk = listener.local_addr().unwrap();
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let arguments = [
            format!("--proxy-server=http://{}", proxy.local_addr().unwrap()),
            // Everything, also what is at home here, but the desk itself.
            format!("--proxy-bypass-list=<-loopback>;{desk}"),
        ];
        let browser = Chromium::start_with("en", &arguments).await?;
        let heard = Arc::new(Heard::default());
        tokio::spawn(listen(proxy, Arc::clone(&heard)));

        let at = format!("http://{desk}");
        let house = House::at(&at).await;
        let luma = house.team("luma").await;
        with_drafter(&house, &luma).await;
        let own = axum::Router::new()
            .route("/reports", post(report))
            .route("/control/{which}/{index}", get(control))
            .route("/frames", get(frames))
            .with_state(Arc::clone(&heard));
        let app = house.router.clone().layer(map_response(reporting)).merge(own);
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        browser.before_every_page(WITNESS).await;
        // All of them take four minutes on a small machine.
        let every = if std::env::var_os("POSTHOUSE_MARKUP_ALL").is_some() { 1 } else { 3 };
        let payloads: Vec<String> = payloads().into_iter().step_by(every).collect();
        heard.raw.lock().unwrap().clone_from(&payloads);
        Some(Self { _house: house, luma, at, browser, heard, payloads })
    }

    async fn value(&self, script: &str) -> Value {
        let value = self.browser.client().execute(script, vec![]).await;
        value.unwrap_or_else(|error| panic!("{}: {error}", &script[..script.len().min(300)]))
    }

    async fn goto(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.at)).await;
    }

    async fn sign_in(&self, name: &str) {
        self.browser.client().delete_all_cookies().await.unwrap();
        self.goto("/t/luma/sign-in").await;
        let script = format!(
            "const f = document.querySelector('input[name=email]').form; f.elements.email.value = '{name}@luma.example'; \
             f.elements.password.value = '{PASSWORD}'; f.querySelector('button.solid').click()"
        );
        self.value(&script).await;
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        // While one page goes and the next comes, scripts fail.
        while !matches!(
            self.browser.client().execute("return !!document.body?.matches('.desk')", vec![]).await,
            Ok(Value::Bool(true))
        ) {
            assert!(tokio::time::Instant::now() < end, "no desk");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens a page of the desk as a person would, unfolds everything, and looks through it.
    async fn look(&self, path: &str) {
        // Frames of mails and files have their own turn, many at once.
        self.look_with(path, "details:not(.menu, .look, .original)").await;
    }

    async fn look_with(&self, path: &str, unfolded: &str) {
        self.goto(path).await;
        let unfold = format!("document.querySelectorAll('{unfolded}').forEach((d) => {{ d.open = true }});");
        let found = self.value(&format!("{unfold} return lookThrough(document, false)")).await;
        assert_eq!(found, json!([]), "{path}");
        self.harmless(path).await;
    }

    /// Looks through documents without opening each.
    async fn look_through(&self, what: &str, addresses: &[String], mail: bool) {
        let list = serde_json::to_string(addresses).unwrap();
        let found = self.value(&format!("return lookThroughAll({list}, {mail})")).await;
        assert_eq!(found, json!([]), "{what}");
        self.harmless(what).await;
    }

    async fn harmless(&self, what: &str) {
        let state = self.value("return [top.allRan ?? [], location.origin]").await;
        assert_eq!(state, json!([[], self.at]), "{what}");
        assert_eq!(*self.heard.away.lock().unwrap(), Vec::<String>::new(), "{what}: asked of others");
        assert_eq!(*self.heard.stopped.lock().unwrap(), Vec::<String>::new(), "{what}: left for the policy");
    }
}

/// The proxy. It knows every host there is, and answers with a script, whatever was asked for.
async fn listen(proxy: TcpListener, heard: Arc<Heard>) {
    while let Ok((mut stream, _)) = proxy.accept().await {
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut head = vec![0; 8192];
            let length = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]);
            let first = head.lines().next().unwrap_or_default().to_owned();
            // What the browser asks its maker for on its own account has no part in this.
            let own = ["google", "gvt1.com", "duckduckgo.com"];
            if !first.is_empty() && !own.iter().any(|host| first.contains(host)) {
                heard.away.lock().unwrap().push(first);
            }
            let body = "ran(-2)";
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
            // A browser that has gone meanwhile wants no answer.
            let _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}

/// Each policy asks for reports as well.
async fn reporting(mut response: Response) -> Response {
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok());
    if let Some(policy) = policy.map(|policy| format!("{policy}; report-uri /reports")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).unwrap());
    }
    response
}

async fn report(State(heard): State<Arc<Heard>>, body: String) {
    // A mail's document brings a style of the desk's own, which its own policy allows. Parsed by a page that looks it through, it is under
    // that page's policy.
    if body.contains("\"effective-directive\":\"style-src-elem\"") && body.contains("\"blocked-uri\":\"inline\"") {
        return;
    }
    heard.stopped.lock().unwrap().push(body);
}

/// A payload as it is: `raw` without a policy, `held` under the policy of the desk's pages.
async fn control(State(heard): State<Arc<Heard>>, Path((which, index)): Path<(String, usize)>) -> Response {
    let payload = heard.raw.lock().unwrap()[index].clone();
    let mut response = axum::response::IntoResponse::into_response(Html(format!("<!doctype html><body>{payload}")));
    if which == "held" {
        let policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; report-uri /reports";
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}

/// Documents beside each other in frames. Mails get no `sandbox` of the frame: their own policy has to do. The controls get one that
/// keeps them from leading this page away, and lets them run.
async fn frames(request: axum::extract::Request) -> Html<String> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let frames = url::form_urlencoded::parse(query.as_bytes()).map(|(_, address)| {
        let sandbox = if address.starts_with("/control/") {
            " sandbox=\"allow-scripts allow-same-origin allow-forms\""
        } else {
            ""
        };
        format!("<iframe src=\"{address}\"{sandbox} width=80 height=40></iframe>")
    });
    Html(format!("<!doctype html><title>frames</title><body class=\"desk\">{}", frames.collect::<String>()))
}

fn side_by_side(addresses: &[String]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for address in addresses {
        query.append_pair("at", address);
    }
    format!("/frames?{}", query.finish())
}

/// Tickets that are made of payloads: each has mails, files, notes, decisions and drafts. Their numbers, and all mails' ids.
async fn fill(watched: &Watched) -> (Vec<i64>, Vec<i64>) {
    let luma = &watched.luma;
    let (mut tickets, mut messages) = (Vec::new(), Vec::new());
    for (group, payloads) in watched.payloads.chunks(EACH).enumerate() {
        let subject = line(payloads);
        let mut first: Option<crate::support::Waiting> = None;
        for (at, payload) in payloads.iter().enumerate() {
            let mut read = mail(&format!("m{group}-{at}"), &subject, payload);
            read.from = Some(Address {
                name: Some(line(std::slice::from_ref(payload))),
                address: format!("a{group}@customer.example"),
            });
            read.text = format!("{payload}\n> {payload}");
            read.html = Some(payload.clone());
            read.attachments = vec![
                file(payload, "image/png", 0, b"x"),
                file(payload, "text/plain", 1, b"y"),
                file(payload, "text/csv", 2, b"z"),
            ];
            let words = payload.replace('\n', "\r");
            let raw = format!("raw\n{words}\nname;{words}\n");
            read.language = Some(payload.clone());
            if first.is_some() {
                read.in_reply_to = vec![format!("m{group}-0@customer.example")];
            }
            let message = match &first {
                None => {
                    let taken = luma.take(read, raw.as_bytes()).await;
                    first = Some(taken);
                    taken.message
                }
                Some(_) => luma.take_any(read, raw.as_bytes()).await.message(),
            };
            messages.push(message.0);
            let mut tx = luma.scope.begin().await.unwrap();
            tx.set_outcome(message, Outcome::Ticket, None, &host()).await.unwrap();
            tx.commit().await.unwrap();
        }
        // One more that nobody answers, for the log of mails.
        let mut read = mail(&format!("s{group}"), &subject, "x");
        read.from = Some(Address { name: Some(subject.clone()), address: format!("s{group}@customer.example") });
        let skipped = luma.take(read, b"raw").await;
        let mut tx = luma.scope.begin().await.unwrap();
        let reason = Reason::new(ReasonCode::BlockedSender, subject.clone());
        tx.set_outcome(skipped.message, Outcome::Skipped, Some(&reason), &host()).await.unwrap();
        tx.commit().await.unwrap();
        let first = first.unwrap();
        tickets.push(first.number);
        let mut tx = luma.scope.begin().await.unwrap();
        let all = || payloads.iter().cloned();
        let triage = Triage {
            category: Some(Scored { value: subject.clone(), confidence: 0.5 }),
            language: Some(Scored { value: subject.clone(), confidence: 0.5 }),
            tags: all().collect(),
            missing: all().collect(),
            risks: all().map(|text| Risk { kind: text.clone(), reason: text, span: None }).collect(),
            ..Triage::default()
        };
        tx.set_triage(first.ticket, first.message, &triage, &host()).await.unwrap();
        let found = Enrichment {
            facts: all().map(|text| Fact { key: text.clone(), label: text.clone(), value: text }).collect(),
            orders: all()
                .map(|text| Order {
                    number: text.clone(),
                    status: Some(text.clone()),
                    carrier: Some(text.clone()),
                    tracking_number: Some(text),
                    ..Order::default()
                })
                .collect(),
            ..Enrichment::default()
        };
        tx.set_enrichment(first.ticket, &found, &host()).await.unwrap();
        for text in payloads.iter().filter(|text| !text.trim().is_empty()) {
            tx.add_note(first.ticket, text, &host()).await.unwrap();
        }
        let checks =
            |text: &String| vec![CheckFinding { blocks: false, code: text.clone(), reason: text.clone(), span: None }];
        let drafts = payloads.chunks(EACH.div_ceil(DraftProposal::PER_CALL_MAX)).map(|some| {
            let text = some.join("\n");
            let proposal = DraftProposal {
                body: text.clone(),
                subject: Some(line(some)),
                language: Some(text.clone()),
                template: Some(text.clone()),
                model_written: true,
                filled: vec![Filled { variable: text.clone(), value: text.clone() }],
                unfilled: some.to_vec(),
                questions: some.iter().map(|text| Question { key: text.clone(), question: text.clone() }).collect(),
                citations: some.iter().map(|text| Citation { article: text.clone(), title: text.clone() }).collect(),
                ..DraftProposal::default()
            };
            (proposal, checks(&text))
        });
        tx.add_drafts(first.ticket, &subject, &drafts.collect::<Vec<_>>(), &host()).await.unwrap();
        let decision = NewDecision {
            ticket: Some(first.ticket),
            message: Some(first.message),
            world: World::Classifier,
            plugin: subject.clone(),
            version: subject.clone(),
            digest: subject.clone(),
            input_hash: String::new(),
            output: Some(json!({ "category": { "value": subject, "confidence": 0.5 } })),
            error: (group % 2 == 0).then(|| payloads.join("\n")),
            host_calls: all()
                .map(|text| HostCall {
                    capability: text.clone(),
                    what: text.clone(),
                    outcome: text,
                    duration_us: 1,
                    exchange: None,
                })
                .collect(),
            cost: CallCost::default(),
            call: Default::default(),
            log: Vec::new(),
            changes: posthouse_model::keep::Changes::default(),
        };
        tx.add_decision(&decision, &host()).await.unwrap();
        tx.commit().await.unwrap();
    }
    (tickets, messages)
}

/// Articles and templates that are made of payloads; their pages.
async fn fill_texts(watched: &Watched) -> Vec<String> {
    let (mut articles, mut templates, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for (at, some) in watched.payloads.chunks(30).enumerate() {
        let title = line(some);
        articles.push(Article {
            id: format!("a{at}"),
            language: "und".into(),
            title: title.clone(),
            body: some.join("\n"),
        });
        let front = json!({ "category": title, "language": "en", "tone": title });
        let front = front.as_object().unwrap().clone();
        templates.push(Template { plugin: "drafter".into(), id: format!("t{at}"), front, body: some.join("\n") });
        pages.push(format!("/t/luma/knowledge/article?id=a{at}&language=und"));
        pages.push(format!("/t/luma/templates/template?plugin=drafter&id=t{at}"));
    }
    let mut tx = watched.luma.scope.begin().await.unwrap();
    tx.set_articles(&articles, &host()).await.unwrap();
    tx.set_templates(&templates, &host()).await.unwrap();
    tx.commit().await.unwrap();
    pages
}

/// People, incidents and customers' names that are payloads.
async fn fill_people(watched: &Watched) {
    let mut tx = watched.luma.scope.begin().await.unwrap();
    for (at, some) in watched.payloads.chunks(12).enumerate() {
        let person = NewAgent {
            email: format!("p{at}@luma.example"),
            name: line(some),
            role: Role::Agent,
            password_hash: String::new(),
            language: "en".into(),
        };
        tx.add_agent(&person, &host()).await.unwrap();
        tx.open_incident(&format!("{}{at}", some[0].replace('\0', "")), &line(some), &host()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_corpus_runs_loads_or_leads_away() {
    let Some(watched) = Watched::open().await else { return };
    let (tickets, messages) = fill(&watched).await;
    let texts = fill_texts(&watched).await;
    let all = watched.payloads.len();
    watched.sign_in("mei").await;

    // Mail as HTML: beside each other in frames, and as Chromium's own parser reads what the sanitiser wrote.
    let mails: Vec<String> = messages.iter().map(|id| format!("/t/luma/messages/{id}/html")).collect();
    assert_eq!(mails.len(), all);
    watched.look_through("mail as HTML", &mails, true).await;
    // Files that are looked at: as text, and as a table.
    let looks =
        messages.iter().flat_map(|id| [1, 2].map(|part| format!("/t/luma/messages/{id}/attachments/{part}/preview")));
    let looks: Vec<String> = looks.collect();
    watched.look_through("files", &looks, true).await;
    for some in looks.chunks(FRAMES * 2) {
        watched.goto(&side_by_side(some)).await;
        watched.harmless("files in frames").await;
    }
    for some in mails.chunks(FRAMES) {
        watched.goto(&side_by_side(some)).await;
        watched.harmless("mail in frames").await;
    }
    // The list in all its pages, tickets, texts, and what else shows what others wrote.
    let mut path = "/t/luma/tickets?view=all".to_owned();
    for _ in 0..10 {
        watched.look(&path).await;
        let next =
            watched.value("return document.querySelector('.list a[rel=next]')?.getAttribute('href') ?? ''").await;
        match next.as_str() {
            Some("") | None => break,
            Some(next) => next.clone_into(&mut path),
        }
    }
    for (at, number) in tickets.iter().enumerate() {
        let path = format!("/t/luma/tickets/{number}");
        if at % 20 == 0 { watched.look_with(&path, "details:not(.menu)").await } else { watched.look(&path).await }
    }
    for path in &texts {
        watched.look(path).await;
    }
    for path in ["knowledge", "templates", "messages", "messages?outcome=skipped", "mentions", "status"] {
        watched.look(&format!("/t/luma/{path}")).await;
    }
    // Words that come with the address: each payload in one of its fields.
    let query = |text: &String| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let words: Vec<String> = watched.payloads.iter().map(query).collect();
    let field = |some: &[String], at: usize| some.get(at).cloned().unwrap_or_default();
    let asked = |path: &str, names: [&str; 3]| -> Vec<String> {
        let ask = |some: &[String]| {
            let fields = names.iter().enumerate().map(|(at, name)| format!("{name}={}", field(some, at)));
            format!("{path}{}", fields.collect::<Vec<_>>().join("&"))
        };
        words.chunks(3).map(ask).collect()
    };
    let lists = asked("/t/luma/tickets?view=all&", ["q", "category", "queue"]);
    watched.look_through("search", &lists, false).await;
    watched.look_through("sign-in", &asked("/t/luma/sign-in?", ["next", "language", "done"]), false).await;
    // A reply as the customer will see it, from what a model may have written.
    let preview = format!(
        "const texts = {}; return lookThroughAll(texts.keys().map(String), true, (at) => fetch('/t/luma/tickets/{}/preview', \
         {{ method: 'POST', body: new URLSearchParams({{ csrf: document.body.dataset.csrf, body: texts[at] || 'x' }}) }}))",
        serde_json::to_string(&watched.payloads).unwrap(),
        tickets[0]
    );
    watched.look(&format!("/t/luma/tickets/{}", tickets[0])).await;
    assert_eq!(watched.value(&preview).await, json!([]), "preview");
    watched.harmless("preview").await;

    fill_people(&watched).await;
    watched.sign_in("eve").await;
    for path in ["people", "audit", "status", "plugins"] {
        watched.look(&format!("/t/luma/{path}")).await;
    }
    watched.look(&format!("/t/luma/tickets/{}", tickets[0])).await;
    assert_eq!(watched.browser.client().windows().await.unwrap().len(), 1, "no window was opened");
    let mut complaints = watched.browser.complaints().await;
    // Of the desk's own style in a mail's document, as [`report`] says; and of a picture that the browser looks for beside a bare file.
    complaints.retain(|words| !words.contains("Applying inline style") && !words.contains("/favicon.ico - "));
    assert_eq!(complaints, Vec::<String>::new());

    witnesses_see(&watched).await;
    watched.browser.close().await;
}

/// The same payloads without any of the desk's care: the policy reports them, and without it they run and ask others.
async fn witnesses_see(watched: &Watched) {
    let all = watched.payloads.len();
    let controls = |which: &str| -> Vec<String> { (0..all).map(|at| format!("/control/{which}/{at}")).collect() };
    watched.goto(&side_by_side(&controls("held")[..FRAMES])).await;
    assert_eq!(watched.value("return top.allRan ?? []").await, json!([]), "the desk's policy holds them all");
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while watched.heard.stopped.lock().unwrap().len() < 20 {
        assert!(tokio::time::Instant::now() < end, "{:?}", watched.heard.stopped.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Reports come in order: none about the desk's own pages is still on its way.
    let late = watched.heard.stopped.lock().unwrap().iter().find(|report| report.contains("/luma/messages")).cloned();
    assert_eq!(late, None);

    let mut ran = BTreeSet::new();
    for some in controls("raw").chunks(FRAMES).take(CONTROLS) {
        watched.goto(&side_by_side(some)).await;
        let list = watched.value("return top.allRan ?? []").await;
        ran.extend(list.as_array().unwrap().iter().filter_map(Value::as_i64));
    }
    let shown = all.min(CONTROLS * FRAMES);
    assert!(ran.len() > shown / 5, "{} of {shown} payloads run when nothing is done about them", ran.len());
    let home = AWAY.trim_start_matches("http://");
    let asked = watched.heard.away.lock().unwrap().iter().filter(|line| line.contains(home)).count();
    // Most are held back by frames without scripts; that some leave shows that those that do are heard of.
    assert!(asked > 0, "{asked} requests went to {home}");
    // The look through a document finds them as well.
    let found = "return fetch('/control/raw/0').then((r) => r.text()).then((t) => lookThrough(new DOMParser().parseFromString(t, 'text/html'), true).length)";
    assert!(watched.value(found).await.as_u64() > Some(0));
    println!(
        "{} of {shown} payloads run where nothing holds them, and ask {asked} times for something of {home}",
        ran.len()
    );
}
