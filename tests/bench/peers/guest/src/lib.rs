//! The bundled classifier's rules behind Extism's interface: the mail's text in, its category out.

use extism_pdk::{FnResult, WithReturnCode, plugin_fn};
use posthouse_rules::{Engine, Mail, Settings, bundled};
use std::cell::OnceCell;

thread_local! {
    /// Built in the first call of an instance; Extism has nothing that runs ahead of it.
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

#[plugin_fn]
pub fn classify(body: String) -> FnResult<String> {
    ENGINE.with(|cell| {
        if cell.get().is_none() {
            let engine = Engine::new(Settings::default(), bundled());
            let engine = engine.map_err(|error| WithReturnCode::new(extism_pdk::Error::msg(error.to_string()), 1))?;
            let _ = cell.set(engine);
        }
        let mail = Mail {
            subject: "Where is my order?",
            body: &body,
            language: Some("en"),
            sent_at: 1_795_000_000,
            ..Mail::default()
        };
        let found = cell.get().and_then(|engine| engine.read(&mail).category);
        Ok(found.map(|(name, _)| name).unwrap_or_default())
    })
}
