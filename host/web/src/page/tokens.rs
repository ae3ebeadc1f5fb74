//! The tokens of somebody, as a part of her page.

use super::frame::Frame;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::role::TokenScope;

/// How many days a token may hold: the choices.
pub const DAYS: [u32; 4] = [7, 30, 90, 365];

/// A token.
#[derive(Clone, Debug)]
pub struct TokenLine {
    /// Its number.
    pub id: i64,
    /// What it is for. Untrusted text.
    pub name: String,
    /// How it begins.
    pub begins: String,
    /// What it may.
    pub scope: TokenScope,
    /// Until when it holds.
    pub until: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// It was revoked.
    pub revoked: bool,
}

/// The tokens of somebody, and what makes another.
#[derive(Clone, Debug)]
pub struct TokensPart {
    /// The newest first.
    pub tokens: Vec<TokenLine>,
    /// One that was just made, in the clear.
    pub made: Option<String>,
    /// She may make one here: where to, and whether her password is asked for.
    pub make: Option<(String, bool)>,
    /// Where one is revoked.
    pub revoke: String,
    /// What the tokens are for, in a sentence.
    pub hint: &'static str,
}

/// What a scope is called.
#[must_use]
pub fn scope_name(t: Lang, scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => t.token_read(),
        TokenScope::Act => t.token_act(),
        TokenScope::Administer => t.token_administer(),
    }
}

impl TokensPart {
    /// The section.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section #tokens {
            h2 { (t.tokens_title()) }
            p.mute { (self.hint) " " a href=(frame.team.path("/api/openapi.json")) { (t.tokens_describe()) } }
            @if let Some(token) = &self.made { div.candidate { p { (t.token_made()) } p { code.key { (token) } } } }
            @if self.tokens.is_empty() { p.mute { (t.tokens_none()) } } @else { table {
                thead { tr { th { (t.token_name()) } th { (t.token_begins()) } th { (t.token_scope()) } th { (t.token_until()) } th { (t.token_used()) } th {} } }
                tbody { @for token in &self.tokens { (self.line(frame, token)) } }
            } }
            @if let Some((path, asks)) = &self.make { (make(frame, path, *asks)) }
        } }
    }

    fn line(&self, frame: &Frame, token: &TokenLine) -> Markup {
        let t = frame.lang();
        let holds = !token.revoked && token.until > frame.lens.now;
        html! { tr {
            td data-label=(t.token_name()) { b { (token.name) } }
            td data-label=(t.token_begins()) { code { (token.begins) "…" } }
            td data-label=(t.token_scope()) { (scope_name(t, token.scope)) }
            td data-label=(t.token_until()) {
                @if token.revoked { span.mute { (t.token_revoked()) } } @else if !holds { span.mute { (t.token_ran_out()) } } @else { (frame.lens.day(token.until)) }
            }
            td data-label=(t.token_used()) { @match token.used { Some(at) => (frame.lens.relative(at)), None => span.mute { (t.token_unused()) } } }
            td { @if holds { (frame.post(&self.revoke, "", &html! {
                input type="hidden" name="token" value=(token.id);
                button.quiet aria-label=(t.token_revoke_named(&token.name)) { (t.token_revoke()) }
            })) } }
        } }
    }
}

fn make(frame: &Frame, path: &str, asks: bool) -> Markup {
    let t = frame.lang();
    frame.post(
        path,
        "form",
        &html! {
            label.field { span { (t.token_name()) } input name="name" required autocomplete="off" maxlength="100"; }
            label.field { span { (t.token_scope()) } select name="scope" {
                @for scope in [TokenScope::Read, TokenScope::Act, TokenScope::Administer] { option value=(scope.as_str()) { (scope_name(t, scope)) } }
            } }
            label.field { span { (t.token_lasts()) } select name="days" {
                @for days in DAYS { option value=(days) selected[days == 90] { (t.token_days(days)) } }
            } }
            @if asks { label.field { span { (t.password_now()) } input type="password" name="password" required autocomplete="current-password" maxlength="1024"; } }
            button.quiet { (t.token_make()) }
        },
    )
}
