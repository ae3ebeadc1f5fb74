//! Before the desk: which team, and sign-in.

use super::account::{code_step, remember_box};
use super::frame::{Team, Theme, document};
use crate::words::Lang;
use maud::{Markup, html};

/// Which team?
#[derive(Clone, Debug)]
pub struct TeamPage {
    /// The reader's language, from the browser.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// Teams that may be listed: on a demo, or those this device has signed in to.
    pub teams: Vec<Team>,
    /// A name that is no team's was typed.
    pub unknown: bool,
}

/// Sign in.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// The reader's language, from the browser or chosen.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// To which team.
    pub team: Team,
    /// Where to go then: path within the team, checked.
    pub next: Option<String>,
    /// As typed before.
    pub email: String,
    /// Form token.
    pub token: String,
    /// What is wrong, or that one is signed out.
    pub notice: Option<(bool, String)>,
    /// What was typed into a form after the session had ended: shown, so that nothing is lost.
    pub typed: Option<String>,
    /// What the team's own provider is called, at which one signs in instead.
    pub provider: Option<String>,
    /// The second step: the password was right, and a code is asked for.
    pub code: bool,
    /// The device is to be remembered.
    pub remember: bool,
}

pub(crate) fn gate(lang: Lang, theme: Theme, title: &str, here: &str, inside: &Markup) -> Markup {
    let joint = if here.contains('?') { '&' } else { '?' };
    document(
        lang,
        theme,
        &format!("{title} · {}", lang.product()),
        &html! {
            body.gate {
                main #main {
                    p.sign aria-hidden="true" { "驿" }
                    (inside)
                }
                footer {
                    span { (lang.product()) " · " (lang.tagline()) }
                    a href=(format!("{here}{joint}language={}", lang.other().code())) lang=(lang.other().html()) { (lang.switch_language()) }
                }
            }
        },
    )
}

impl TeamPage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        gate(
            t,
            self.theme,
            t.team_title(),
            "/",
            &html! {
                h1 { (t.team_title()) }
                @if !self.teams.is_empty() {
                    ul.teams { @for team in &self.teams { li { a href=(team.path("/tickets")) { b { (team.name) } span.mute { "/t/" (team.slug) } } } } }
                }
                form method="get" action="/" {
                    @if self.unknown { p.wrong role="alert" { (t.team_unknown()) } }
                    label.field { span { (t.team_name()) } input name="team" required autocapitalize="none" autocomplete="organization" spellcheck="false" maxlength="64"; }
                    p.mute { (t.team_hint()) }
                    button.solid { (t.team_go()) }
                }
            },
        )
    }
}

impl SignInPage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        if self.code {
            return self.draw_code();
        }
        let mut here = self.team.path("/sign-in");
        if let Some(next) = &self.next {
            here.push_str("?next=");
            here.extend(url::form_urlencoded::byte_serialize(next.as_bytes()));
        }
        gate(
            t,
            self.theme,
            t.sign_in(),
            &here,
            &html! {
                h1 { (t.sign_in_to(&self.team.name)) }
                form method="post" action=(self.team.path("/sign-in")) {
                    input type="hidden" name="token" value=(self.token);
                    @if let Some(next) = &self.next { input type="hidden" name="next" value=(next); }
                    @if let Some((wrong, words)) = &self.notice {
                        @if *wrong { p.wrong role="alert" { (words) } } @else { p.mute role="status" { (words) } }
                    }
                    label.field { span { (t.email()) } input type="email" name="email" value=(self.email) required autofocus[self.email.is_empty()] autocomplete="username" spellcheck="false" maxlength="254"; }
                    label.field { span { (t.password()) } input type="password" name="password" required autofocus[!self.email.is_empty()] autocomplete="current-password" maxlength="1024"; }
                    (remember_box(t.sign_in_remember(), self.remember))
                    button.solid { (t.sign_in()) }
                    @if self.next.is_some() { p.mute { (t.sign_in_then()) } }
                }
                @if let Some(provider) = &self.provider {
                    form method="post" action=(self.team.path("/sign-in/oidc")) {
                        input type="hidden" name="token" value=(self.token);
                        @if let Some(next) = &self.next { input type="hidden" name="next" value=(next); }
                        button.quiet { (t.oidc_with(provider)) }
                    }
                }
                @if let Some(typed) = &self.typed { section { p.mute { (t.sign_in_typed()) } pre.typed { (typed) } } }
            },
        )
    }

    fn draw_code(&self) -> Markup {
        let t = self.lang;
        let path = self.team.path("/sign-in/code");
        gate(
            t,
            self.theme,
            t.sign_in(),
            &self.team.path("/sign-in"),
            &html! {
                h1 { (t.code_title()) }
                form method="post" action=(path) {
                    input type="hidden" name="token" value=(self.token);
                    @if let Some(next) = &self.next { input type="hidden" name="next" value=(next); }
                    @if let Some((_, words)) = &self.notice { p.wrong role="alert" { (words) } }
                    (code_step(t))
                    (remember_box(t.code_remember(), self.remember))
                    button.solid { (t.sign_in()) }
                }
                p.mute { a href=(self.team.path("/sign-in")) { (t.code_again()) } }
            },
        )
    }
}

/// A link on a card whose time is over.
#[derive(Clone, Debug)]
pub struct ExpiredPage {
    /// The reader's language.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// Whose.
    pub team: Team,
}

impl ExpiredPage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        let list = self.team.path("/tickets");
        gate(
            t,
            self.theme,
            &self.team.name,
            &self.team.path("/sign-in"),
            &html! {
                h1 { (self.team.name) }
                p { (t.card_expired()) }
                p { a.solid href=(list) { (t.card_list()) } }
            },
        )
    }
}

/// Between the desk and the team's own provider.
#[derive(Clone, Debug)]
pub struct WayPage {
    /// The reader's language.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// To which team.
    pub team: Team,
    /// Where the browser goes on to, and that provider's host; none: it is not known yet, or the provider's answer is looked at.
    pub on: Option<(String, String)>,
}

impl WayPage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        gate(
            t,
            self.theme,
            t.sign_in(),
            &self.team.path("/sign-in"),
            &html! {
                h1 { (t.sign_in_to(&self.team.name)) }
                @match &self.on {
                    Some((url, host)) => p { a.solid href=(url) rel="noreferrer" { (t.sign_in_go_on(host)) } },
                    None => p.mute role="status" { (t.oidc_waiting()) },
                }
                p.mute { a href=(self.team.path("/sign-in")) { (t.code_again()) } }
            },
        )
    }
}
