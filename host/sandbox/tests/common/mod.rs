//! What the sandbox's tests share: guests, views, hosts.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod server;

use async_trait::async_trait;
use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView, TicketView};
use posthouse_model::capability::Grants;
use posthouse_model::mail::{Address, Attachment};
use posthouse_model::notice::{Notice, NoticeField, NoticeKind, NoticeLink};
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_sandbox::{
    CallHost, CallLimits, LoadError, LogLevel, ModelAnswer, ModelRefusal, ModelRequest, Plugin, PluginSpec, Sandbox,
    SandboxConfig, SecretValue,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The component of a test guest.
pub fn guest(name: &str) -> Arc<[u8]> {
    component("guests", "POSTHOUSE_GUESTS", name)
}

/// The component of a bundled plugin.
pub fn bundled(name: &str) -> Arc<[u8]> {
    component("plugins", "POSTHOUSE_PLUGINS", name)
}

fn component(folder: &str, variable: &str, name: &str) -> Arc<[u8]> {
    let folder = std::env::var_os(variable).map(PathBuf::from).unwrap_or_else(|| {
        // target/debug/deps/test → target/guests
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(3).unwrap().join(folder)
    });
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; run `cargo xtask plugins` first", path.display())).into()
}

/// A component from core WebAssembly text that exports the two functions of a classifier.
pub fn from_text(core: &str) -> Arc<[u8]> {
    let mut module = wat::parse_str(core).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/1.0")).unwrap();
    let world = resolve.select_world(&[package], Some("classifier")).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8, false)
        .unwrap();
    wit_component::ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap().into()
}

/// Core WebAssembly of a classifier whose `run` is `body`, which must not return.
pub fn classifier_text(extra: &str, body: &str) -> String {
    format!(
        r#"(module
            {extra}
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "posthouse:plugin/classify@1.0.0#configure") (param i32 i32) (result i32) (i32.const 16))
            (func (export "posthouse:plugin/classify@1.0.0#run") (param i32 i32 i32) (result i32) {body} unreachable)
        )"#
    )
}

/// A component with one name for another, byte for byte.
pub fn renamed(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    assert_eq!(from.len(), to.len());
    let mut bytes = component.to_vec();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

pub fn sandbox() -> Sandbox {
    Sandbox::new(SandboxConfig::default()).unwrap()
}

pub fn spec(name: &str, settings: &str) -> PluginSpec {
    PluginSpec {
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
        component: guest(name),
        settings: settings.to_owned(),
        grants: Grants::default(),
        limits: CallLimits::default(),
    }
}

pub async fn load(sandbox: &Sandbox, name: &str, settings: &str) -> Result<Arc<Plugin>, LoadError> {
    sandbox.load(spec(name, settings)).await
}

pub fn context() -> CallContext {
    CallContext {
        now: Timestamp::from_seconds(1_774_745_999),
        seed: 42,
        tenant_name: "Acme".to_owned(),
        agent_language: "zh".to_owned(),
    }
}

pub fn address(text: &str) -> Address {
    Address { name: Some("Ann".to_owned()), address: text.to_owned() }
}

pub fn message() -> Arc<MessageView> {
    Arc::new(MessageView {
        subject: "你好".to_owned(),
        body: "Where is my order 1042-88?".to_owned(),
        full_text: "Where is my order 1042-88?\n\n> earlier".to_owned(),
        from: Some(address("ann@example.com")),
        reply_to: None,
        to: vec![address("shop@example.com")],
        cc: vec![],
        sent_at: Timestamp::from_seconds(1_774_745_000),
        direction: Direction::Incoming,
        language: Some("en".to_owned()),
        headers: vec![("X-Shop".to_owned(), "a".to_owned()), ("x-shop".to_owned(), "b".to_owned())],
        message_id: None,
        attachments: vec![Attachment {
            name: Some("photo.jpg".to_owned()),
            media_type: "image/jpeg".to_owned(),
            size: 1_234,
            sha256: String::new(),
            content_id: None,
            inline: true,
            part: 1,
        }],
    })
}

pub fn ticket() -> TicketView {
    TicketView {
        number: 1042,
        subject: "你好".to_owned(),
        status: TicketStatus::New,
        created_at: Timestamp::from_seconds(1_774_745_000),
        customer: address("ann@example.com"),
        category: None,
        urgency: None,
        sentiment: None,
        language: None,
        entities: vec![],
        tags: vec![],
        queue: None,
        deadline: None,
        missing: vec![],
        risks: vec![],
        facts: vec![],
        orders: vec![],
        message_count: 1,
        recent: vec![message()],
    }
}

pub fn notice(title: &str) -> Arc<Notice> {
    Arc::new(Notice {
        id: "n-1".to_owned(),
        kind: NoticeKind::Ticket,
        language: "en".to_owned(),
        title: title.to_owned(),
        lines: vec!["one".to_owned(), "two".to_owned()],
        fields: vec![NoticeField { label: "a".to_owned(), value: "b".to_owned() }],
        link: Some(NoticeLink { label: "Open".to_owned(), url: "https://desk.example.com/".to_owned() }),
        urgency: None,
        deadline: None,
    })
}

/// A host that remembers what it was asked.
#[derive(Default)]
pub struct TestHost {
    pub secrets: BTreeMap<String, SecretValue>,
    pub refused: Mutex<Vec<String>>,
    pub answer: Option<Result<ModelAnswer, ModelRefusal>>,
    pub asked: Mutex<Vec<ModelRequest>>,
    pub logged: Mutex<Vec<(LogLevel, String)>>,
}

#[async_trait]
impl CallHost for TestHost {
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        self.asked.lock().unwrap().push(request);
        match &self.answer {
            Some(answer) => answer.clone(),
            // A model that never answers.
            None => std::future::pending().await,
        }
    }

    async fn secret(&self, name: &str) -> Option<SecretValue> {
        self.secrets.get(name).cloned()
    }

    async fn secret_refused(&self, name: &str, host: &str) {
        self.refused.lock().unwrap().push(format!("{name} {host}"));
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.logged.lock().unwrap().push((level, text.to_owned()));
    }
}

pub fn host() -> Arc<TestHost> {
    Arc::new(TestHost::default())
}
