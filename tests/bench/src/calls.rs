//! What is called, and with what.

use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::Grants;
use posthouse_model::mail::Address;
use posthouse_model::ticket::Direction;
use posthouse_sandbox::{CallLimits, Plugin, PluginSpec, Sandbox};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A component as `cargo xtask plugins` leaves it.
pub fn built(folder: &str, name: &str) -> PathBuf {
    // target/release/posthouse-bench → target/guests
    let program = std::env::current_exe().expect("this program's path");
    let target: PathBuf = program.ancestors().nth(2).unwrap_or(Path::new("")).to_owned();
    target.join(folder).join(format!("{name}.wasm"))
}

pub fn spec(path: &Path, settings: &str) -> PluginSpec {
    let component = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    PluginSpec {
        name: format!("{} {settings}", path.display()),
        version: "1.0.0".to_owned(),
        component: component.into(),
        settings: settings.to_owned(),
        grants: Grants { log: true, ..Grants::default() },
        limits: CallLimits::default(),
    }
}

pub async fn load(sandbox: &Sandbox, path: &Path, settings: &str) -> Arc<Plugin> {
    sandbox.load(spec(path, settings)).await.expect("a plugin that loads")
}

pub fn context() -> CallContext {
    CallContext { now: Timestamp(0), seed: 1, tenant_name: "Acme".to_owned(), agent_language: "en".to_owned() }
}

/// A mail of 2 kB.
pub fn message() -> Arc<MessageView> {
    let body =
        "Hello, where is my order 1042-88317? I paid 129.90 EUR on 2026-10-28 and the parcel has not moved since. ";
    mail("Where is my parcel?", &body.repeat(18))
}

pub fn mail(subject: &str, body: &str) -> Arc<MessageView> {
    Arc::new(MessageView {
        subject: subject.to_owned(),
        body: body.to_owned(),
        full_text: String::new(),
        from: Some(Address { name: None, address: "mary@example.com".to_owned() }),
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: Timestamp(0),
        direction: Direction::Incoming,
        language: Some("en".to_owned()),
        headers: Vec::new(),
        attachments: Vec::new(),
        message_id: None,
    })
}
