//! A host with two teams, a browser, and mail.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use posthouse_model::capability::Grants;
use posthouse_model::config::TenantConfig;
use posthouse_model::decision::World;
use posthouse_model::draft::{CheckFinding, DraftProposal, Filled, Question};
use posthouse_model::event::Actor;
use posthouse_model::mail::{Address, Attachment, ReadMail};
use posthouse_model::role::Role;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Entity, EntityValue, Routing, Scored, Span, TextPart, Triage, Urgency};
use posthouse_model::{Clock, Entropy, MailboxId, MessageId, TenantId, TicketId, Timestamp};
use posthouse_store::vault::{MasterKey, PeopleVault};
use posthouse_store::{Intake, NewAgent, NewMailbox, NewPlugin, NewTenant, Scope, Source, Store, StoreOptions, Taken};
use posthouse_web::{Health, Operations, SecretDesk, SecretLook, WebDeps, password, router};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

/// Of every agent of every test.
pub const PASSWORD: &str = "post horses at dawn";
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD, &Seeded::default()).unwrap());

/// A clock that stands still until it is told.
pub struct Hands(AtomicI64);

impl Hands {
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that never repeat and are the same in every run.
#[derive(Default)]
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

struct Well;

#[async_trait::async_trait]
impl Operations for Well {
    async fn health(&self) -> Health {
        Health { ready: true, report: serde_json::json!({ "ready": true }) }
    }
    async fn metrics(&self) -> String {
        "posthouse_up 1\n".to_owned()
    }
}

/// Seals without a cipher, so that tests see what was sealed; knows what is in the environment.
pub struct Keeper {
    store: Store,
    pub elsewhere: std::sync::Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl SecretDesk for Keeper {
    async fn look(&self, tenant: TenantId, _: &str, name: &str) -> Result<Option<SecretLook>, String> {
        if self.elsewhere.lock().unwrap().iter().any(|known| known == name) {
            return Ok(Some(SecretLook { elsewhere: true, hosts: vec![] }));
        }
        let sealed = self.store.tenant(tenant).sealed_secret(name).await.unwrap();
        Ok(sealed.map(|sealed| {
            let text = String::from_utf8(sealed).unwrap();
            let hosts = text.split_once('|').unwrap().0.split(',').filter(|host| !host.is_empty());
            SecretLook { elsewhere: false, hosts: hosts.map(str::to_owned).collect() }
        }))
    }

    fn seal(&self, _: TenantId, _: &str, value: &str, hosts: &[String]) -> Result<Vec<u8>, String> {
        Ok(format!("{}|{value}", hosts.join(",")).into_bytes())
    }
}

/// The host.
pub struct House {
    pub store: Store,
    pub hands: Arc<Hands>,
    pub router: Router,
    pub stop: watch::Sender<bool>,
    pub keeper: Arc<Keeper>,
    _folder: tempfile::TempDir,
}

/// One team of it.
#[derive(Clone)]
pub struct Team {
    pub slug: &'static str,
    pub scope: Scope,
    pub mailbox: MailboxId,
}

pub fn host() -> Actor {
    Actor::Host("test".to_owned())
}

impl House {
    pub async fn new() -> Self {
        Self::at("https://desk.example").await
    }

    /// A host that people reach here.
    pub async fn at(public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Arc::new(Hands(AtomicI64::new(1_772_335_320_000_000)));
        let entropy = Arc::new(Seeded::default());
        let store = Store::open(StoreOptions {
            url: format!("sqlite:{}", folder.path().join("posthouse.db").display()),
            clock: hands.clone(),
            entropy: entropy.clone(),
        })
        .await
        .unwrap();
        store.migrate().await.unwrap();
        let keeper = Arc::new(Keeper { store: store.clone(), elsewhere: std::sync::Mutex::default() });
        let (stop, stopping) = watch::channel(false);
        let made = AtomicU64::new(0);
        let router = router(WebDeps {
            store: store.clone(),
            clock: hands.clone(),
            secrets: keeper.clone(),
            people_vault: PeopleVault::new(MasterKey::generate(entropy.as_ref()), entropy.clone()),
            entropy,
            public_url: public_url.parse().unwrap(),
            // A test's mail is its files one after another, divided by a line.
            attachment: Arc::new(|raw, part| raw.split(|b| *b == b'\n').nth(part as usize).map(<[u8]>::to_vec)),
            message_id: Arc::new(move |from| {
                format!("{}@{}", made.fetch_add(1, Ordering::SeqCst), from.split('@').nth(1).unwrap())
            }),
            // As good as the real one: bound to the team, and its end is in it.
            card_link: Arc::new(|team, link| {
                let (ticket, rest) = link.strip_prefix(team)?.strip_prefix('.')?.split_once('.')?;
                Some((ticket.parse().ok()?, Timestamp::from_seconds(rest.parse().ok()?)))
            }),
            sign_in_address: Arc::new(|mailbox, state| {
                let (_, oauth) = mailbox.oauths().next().unwrap();
                let at = oauth.authorize_url.as_deref().ok_or("no address for browsers")?;
                Ok(format!("{at}?state={state}"))
            }),
            oidc_address: Arc::new(|_, endpoint, state| Ok(format!("{endpoint}?state={state}"))),
            operations: Arc::new(Well),
            list_teams: false,
            behind_proxy: false,
            stopping,
        });
        Self { store, hands, router, stop, keeper, _folder: folder }
    }

    /// A team with Eve (admin), Mei (lead), Jun (agent) and Ada (auditor).
    pub async fn team(&self, slug: &'static str) -> Team {
        let config = TenantConfig::new(slug, format!("Team {slug}"));
        let tenant = self
            .store
            .upsert_tenant(
                &NewTenant {
                    slug: slug.to_owned(),
                    name: config.name.clone(),
                    language: "en".into(),
                    time_zone: "Asia/Shanghai".into(),
                    settings: serde_json::to_value(&config).unwrap(),
                    digest: String::new(),
                },
                &Actor::Operator,
            )
            .await
            .unwrap();
        let scope = self.store.tenant(tenant.id);
        let mut tx = scope.begin().await.unwrap();
        for (name, role) in [("eve", Role::Admin), ("mei", Role::Lead), ("jun", Role::Agent), ("ada", Role::Auditor)] {
            let agent = NewAgent {
                email: format!("{name}@{slug}.example"),
                name: name.to_owned(),
                role,
                password_hash: PASSWORD_HASH.clone(),
                language: "en".into(),
            };
            tx.add_agent(&agent, &Actor::Operator).await.unwrap();
        }
        let mailbox = tx
            .upsert_mailbox(
                &NewMailbox {
                    name: "help".into(),
                    address: format!("help@{slug}.example"),
                    settings: serde_json::json!({}),
                },
                &Actor::Operator,
            )
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Team { slug, scope, mailbox }
    }

    /// A browser nobody has signed in with.
    /// Gives a team a checker, which nobody calls here: the desk makes jobs of its checks.
    pub async fn give_checker(&self, team: &Team) {
        let checker = NewPlugin {
            name: "checker".into(),
            world: World::Checker,
            version: "1.0.0".into(),
            digest: self.store.put_component(b"not called here").await.unwrap(),
            settings: serde_json::json!({}),
            grants: Grants::default(),
            limits: Default::default(),
        };
        let mut tx = team.scope.begin().await.unwrap();
        tx.set_plugins(&[checker], &host()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), headers: HeaderMap::new() }
    }

    /// A browser in which an agent of the team has signed in.
    pub async fn signed_in(&self, team: &Team, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(team.slug, &format!("{name}@{}.example", team.slug), PASSWORD, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }
}

/// A mail of a customer.
/// A call of a model whose words are kept; its id.
pub async fn model_call(tx: &mut posthouse_store::Tx, ticket: Option<posthouse_model::TicketId>, words: &str) -> i64 {
    let call = posthouse_store::ModelCall {
        at: tx.now(),
        ticket,
        plugin: "drafter".into(),
        version: "1.2.3".into(),
        model: "fast-1".into(),
        tokens_in: 1_200,
        tokens_out: 34,
        duration_ms: 567,
        outcome: "ok".into(),
        cost: 40_000,
        currency: "USD".into(),
        redacted: Some(3),
    };
    let aside = posthouse_store::SetAside::default();
    let id = tx.record_model_call("2026-03-01", aside, &call, &host()).await.unwrap();
    let exchange = posthouse_store::ModelExchange {
        task: posthouse_model::config::ModelTask::Draft,
        instructions: "Write a reply.".into(),
        inputs: vec![words.to_owned()],
        output_tokens_max: Some(500),
        answer: Some(format!("An answer to {words}")),
    };
    tx.keep_exchange(id, call.at, &exchange).await.unwrap();
    id
}

pub fn mail(id: &str, subject: &str, body: &str) -> ReadMail {
    ReadMail {
        message_id: Some(format!("{id}@customer.example")),
        from: Some(Address { name: Some("Ana García".into()), address: "ana@customer.example".into() }),
        to: vec![Address { name: None, address: "help@luma.example".into() }],
        subject: subject.into(),
        text: body.into(),
        reply_text: body.into(),
        language: Some("es".into()),
        headers: vec![("Date".into(), "Sun, 1 Mar 2026 04:18:00 +0100".into())],
        ..ReadMail::default()
    }
}

/// A file of a mail.
pub fn file(name: &str, media_type: &str, part: u32, bytes: &[u8]) -> Attachment {
    Attachment {
        name: Some(name.into()),
        media_type: media_type.into(),
        size: bytes.len() as u64,
        sha256: String::new(),
        content_id: None,
        inline: false,
        part,
    }
}

/// A ticket that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub number: i64,
    pub ticket: TicketId,
    pub message: MessageId,
}

pub const BODY: &str = "Hola, mi pedido 1042-88 no ha llegado.";
pub const DRAFT: &str = "Hola Ana:\n\nsu pedido 1042-88 está en camino.\n\nUn saludo";

impl Team {
    pub fn path(&self, rest: &str) -> String {
        format!("/t/{}{rest}", self.slug)
    }

    /// Takes a mail in; its ticket is new.
    pub async fn take(&self, read: ReadMail, raw: &[u8]) -> Waiting {
        let taken = self.take_any(read, raw).await;
        let Taken::New { message, ticket, number, .. } = taken else { panic!("not a new mail: {taken:?}") };
        Waiting { number, ticket, message }
    }

    /// Takes a mail in, whatever becomes of it.
    pub async fn take_any(&self, read: ReadMail, raw: &[u8]) -> Taken {
        let mut tx = self.scope.begin().await.unwrap();
        let key = read.message_id.clone().unwrap_or_default();
        let intake = Intake {
            mailbox: self.mailbox,
            source: Source { folder: "INBOX".into(), key },
            raw: raw.to_vec(),
            received_at: tx.now(),
            read,
            parked: None,
            ticket_number: None,
            relayed: None,
        };
        let taken = tx.intake(&intake, &host()).await.unwrap();
        tx.commit().await.unwrap();
        taken
    }

    /// Takes a mail in and sorts it: the ticket waits, with one draft.
    pub async fn waiting(&self, id: &str) -> Waiting {
        self.sorted(mail(id, "¿Dónde está?", BODY), b"raw", vec![]).await
    }

    pub async fn sorted(&self, read: ReadMail, raw: &[u8], checks: Vec<CheckFinding>) -> Waiting {
        let body = read.reply_text.clone();
        let waiting = self.take(read, raw).await;
        let at = body.find("1042-88");
        let entities = at.map(|at| Entity {
            value: EntityValue::OrderNumber { value: "1042-88".into() },
            confidence: 0.99,
            span: Some(Span { part: TextPart::Body, start: at as u32, end: at as u32 + 7 }),
        });
        let triage = Triage {
            category: Some(Scored { value: "shipping".into(), confidence: 0.93 }),
            urgency: Some(Scored { value: Urgency::Urgent, confidence: 0.9 }),
            language: Some(Scored { value: "es".into(), confidence: 0.9 }),
            entities: entities.into_iter().collect(),
            missing: vec!["photo".into()],
            ..Triage::default()
        };
        let proposal = DraftProposal {
            body: DRAFT.into(),
            language: Some("es".into()),
            template: Some("shipping-es".into()),
            filled: vec![Filled { variable: "order_number".into(), value: "1042-88".into() }],
            questions: vec![Question { key: "photo".into(), question: "¿Nos envía una foto?".into() }],
            ..DraftProposal::default()
        };
        let mut tx = self.scope.begin().await.unwrap();
        tx.set_triage(waiting.ticket, waiting.message, &triage, &host()).await.unwrap();
        let routing = Routing { queue: Some("leads".into()), priority: Some(90), ..Routing::default() };
        tx.set_routing(waiting.ticket, &routing, "inbox", &host()).await.unwrap();
        tx.set_outcome(waiting.message, Outcome::Ticket, None, &host()).await.unwrap();
        tx.add_drafts(waiting.ticket, "drafter", &[(proposal, checks)], &host()).await.unwrap();
        tx.commit().await.unwrap();
        waiting
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or("")
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The value of the first hidden field of that name.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let rest = self.text.split(&marker).nth(1).unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The text in the editor, as the browser would show it.
    pub fn editor(&self) -> String {
        let area = self
            .text
            .split("<textarea id=\"body\"")
            .nth(1)
            .or_else(|| self.text.split("<textarea").nth(1))
            .expect("an editor");
        let inside = area.split_once('>').unwrap().1.split("</textarea>").next().unwrap();
        inside
            .trim_start_matches('\n')
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    }
}

/// A browser: it keeps cookies by name and path and follows nothing by itself.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<(String, String), String>,
    pub headers: HeaderMap,
}

impl Browser {
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let bytes = to_bytes(body, 64_000_000).await.unwrap().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, bytes, text }
    }

    fn keep(&mut self, cookie: &str) {
        assert!(cookie.contains("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let mut pieces = cookie.split("; ");
        let (name, value) = pieces.next().unwrap().split_once('=').unwrap();
        let path = pieces.find_map(|p| p.strip_prefix("Path=")).unwrap();
        let key = (name.to_owned(), path.to_owned());
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    pub fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((_, at), _)| path.starts_with(at.as_str()))
            .map(|((name, _), value)| format!("{name}={value}"))
            .collect();
        let mut builder = Request::builder().method(method).uri(path).header(header::HOST, "desk.example");
        if !cookies.is_empty() {
            builder = builder.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Posts a form as the browser would from a page of the desk.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value);
        }
        let request = self
            .request("POST", path)
            .header(header::ORIGIN, "https://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.finish()))
            .unwrap();
        self.send(request).await
    }

    /// Posts JSON as a program would.
    pub async fn post_json(&mut self, team: &Team, path: &str, body: &serde_json::Value) -> Answer {
        let csrf = self.csrf(team).await;
        let request = self
            .request("POST", &team.path(path))
            .header("x-csrf-token", csrf)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// Posts a form with a file (RFC 7578) as the browser would.
    pub async fn post_file(&mut self, path: &str, csrf: &str, name: &str, content: &[u8]) -> Answer {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--edge\r\n\
             Content-Disposition: form-data; name=\"package\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--edge--\r\n"].concat();
        let request = self
            .request("POST", path)
            .header(header::ORIGIN, "https://desk.example")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    pub async fn sign_in(&mut self, slug: &str, email: &str, password: &str, next: &str) -> Answer {
        let path = format!("/t/{slug}/sign-in");
        let token = self.get(&path).await.field("token");
        self.post(&path, &[("token", &token), ("email", email), ("password", password), ("next", next)]).await
    }

    /// The form token of the signed-in session.
    pub async fn csrf(&mut self, team: &Team) -> String {
        self.get(&team.path("/tickets")).await.field("csrf")
    }

    /// Opens the ticket's page, changes some fields of its reply and presses a button.
    pub async fn reply(&mut self, team: &Team, number: i64, verb: &str, changed: &[(&str, &str)]) -> Answer {
        let page = self.get(&team.path(&format!("/tickets/{number}"))).await;
        self.reply_from(&page, team, number, verb, changed).await
    }

    /// As [`Browser::reply`], from a page opened before.
    pub async fn reply_from(
        &mut self,
        page: &Answer,
        team: &Team,
        number: i64,
        verb: &str,
        changed: &[(&str, &str)],
    ) -> Answer {
        assert!(!page.status.is_server_error(), "{}", page.text);
        let mut fields: BTreeMap<&str, String> = BTreeMap::new();
        let form = Answer {
            status: page.status,
            headers: HeaderMap::new(),
            bytes: vec![],
            text: page.text.split("id=\"draft\"").nth(1).unwrap().to_owned(),
        };
        for name in ["csrf", "seen", "draft", "to", "cc", "subject"] {
            fields.insert(name, unescape(&form.field(name)));
        }
        fields.insert("body", form.editor());
        fields.insert("then", "stay".into());
        for (name, value) in changed {
            fields.insert(name, (*value).to_owned());
        }
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        self.post(&team.path(&format!("/tickets/{number}/{verb}")), &pairs).await
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
