//! One's own account: preferences, password, sessions, second factor.

use super::frame::{Frame, Place};
use super::tokens::TokensPart;
use super::when::Lens;
use crate::factor;
use crate::password::{BYTES_MAX, LENGTH_MIN};
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_store::DeviceRow;

/// Zones that are one keystroke away; any other of the IANA database can be typed.
const ZONES: [&str; 24] = [
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Bangkok",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Warsaw",
    "Europe/Istanbul",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "UTC",
];

/// A sign-in that holds.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Names it in forms.
    pub key: String,
    /// What the browser calls itself. Untrusted text.
    pub user_agent: String,
    /// From which network address.
    pub address: String,
    /// When it began.
    pub begun: Timestamp,
    /// When it was last used.
    pub used: Timestamp,
    /// The page was asked for in it.
    pub here: bool,
}

/// How the second factor stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorStands {
    /// There is none.
    Off,
    /// It is asked for.
    On {
        /// Since when.
        since: Timestamp,
        /// Recovery codes that are left.
        codes_left: i64,
    },
}

/// The page.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// Her own time zone; empty: the team's.
    pub zone: String,
    /// The team's.
    pub team_zone: String,
    /// Her sessions, the last used first.
    pub sessions: Vec<SessionLine>,
    /// Her devices on which no code is asked for, the last used first.
    pub devices: Vec<DeviceRow>,
    /// How the second factor stands.
    pub factor: FactorStands,
    /// The team asks for one, and she has none: nothing else is open to her.
    pub must_set_up: bool,
    /// Her tokens of the API.
    pub tokens: TokensPart,
}

/// `Firefox · Windows`: the best that can be said of what a browser calls itself.
#[must_use]
pub fn device(t: Lang, user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: each of these also claims to be some that stand after it.
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("Lark/", "Feishu"),
        ("DingTalk", "DingTalk"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => t.session_unknown().to_owned(),
    }
}

fn field(label: &str, name: &str, complete: &str) -> Markup {
    html! { label.field { span { (label) } input type="password" name=(name) required autocomplete=(complete) maxlength=(BYTES_MAX); } }
}

/// A field for a code of six digits, or for a recovery code.
fn code_field(label: &str, autofocus: bool) -> Markup {
    html! {
        label.field { span { (label) }
            input name="code" required autofocus[autofocus] inputmode="numeric" autocomplete="one-time-code" spellcheck="false" autocapitalize="none" maxlength="40";
        }
    }
}

impl AccountPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Account);
        frame.page(
            t.account_title(),
            "plain",
            &html! {
                main.sheet.account #main {
                    h1 { (t.account_title()) }
                    p.mute { (frame.me.name) " · " bdi { (frame.me.email) } " · " (t.role(frame.me.role)) }
                    @if self.must_set_up { p.careful role="alert" { (t.factor_required()) } }
                    (self.factor(frame))
                    (self.preferences(frame))
                    (password(frame))
                    (self.sessions(frame))
                    @if !self.must_set_up { (self.tokens.draw(frame)) }
                }
            },
        )
    }

    fn preferences(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section {
            h2 { (t.account_preferences()) }
            (frame.post(&frame.team.path("/account"), "form", &html! {
                label.field { span { (t.account_language()) }
                    select name="language" { @for lang in Lang::ALL {
                        option value=(lang.code()) selected[lang == t] lang=(lang.html()) { (lang.other().switch_language()) }
                    } }
                }
                label.field { span { (t.account_zone()) }
                    input name="time_zone" value=(self.zone) list="zones" autocomplete="off" spellcheck="false" autocapitalize="none" maxlength="64" placeholder=(self.team_zone);
                }
                datalist #zones { @for zone in ZONES { option value=(zone) {} } }
                p.mute { (t.account_zone_hint(&self.team_zone)) }
                button.quiet { (t.account_save()) }
            }))
        } }
    }

    fn sessions(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section {
            h2 { (t.sessions_title()) }
            p.mute { (t.sessions_hint()) }
            table {
                thead { tr { th { (t.session_device()) } th { (t.session_address()) } th { (t.session_begun()) } th { (t.session_used()) } th {} } }
                tbody { @for session in &self.sessions { (line(frame, session)) } }
            }
            @if self.sessions.len() > 1 {
                (frame.post(&frame.team.path("/account/sessions/others"), "steps", &html! { button.quiet { (t.sessions_end_others()) } }))
            }
        } }
    }

    fn factor(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let path = |rest: &str| frame.team.path(&format!("/account/second-factor{rest}"));
        html! { section #second-factor {
            h2 { (t.factor_title()) }
            @match &self.factor {
                FactorStands::Off => {
                    p.mute { (t.factor_off()) }
                    (frame.post(&path(""), "form", &html! {
                        (field(t.password_now(), "password", "current-password"))
                        button.solid { (t.factor_begin()) }
                    }))
                }
                FactorStands::On { since, codes_left } => {
                    p { (t.factor_on(frame.lens.day(*since))) " " span.amber[*codes_left < 3].mute[*codes_left >= 3] { (t.factor_codes_left(codes_left)) } }
                    (frame.post(&path("/codes"), "form", &html! {
                        (code_field(t.factor_code(), false))
                        p.mute { (t.factor_renew_hint()) }
                        div.steps {
                            button.quiet { (t.factor_renew()) }
                            button.quiet formaction=(path("/remove")) { (t.factor_remove()) }
                        }
                    }))
                    @if !self.devices.is_empty() { (devices(frame, &self.devices)) }
                }
            }
        } }
    }
}

fn line(frame: &Frame, session: &SessionLine) -> Markup {
    let t = frame.lang();
    let device = device(t, &session.user_agent);
    html! { tr {
        td data-label=(t.session_device()) title=(session.user_agent) { b { (device) } @if session.here { " " span.mute { (t.session_here()) } } }
        td data-label=(t.session_address()) { @if session.address.is_empty() { span.mute { "–" } } @else { bdi { (session.address) } } }
        td data-label=(t.session_begun()) { (frame.lens.relative(session.begun)) }
        td data-label=(t.session_used()) { (frame.lens.relative(session.used)) }
        td { @if !session.here {
            (frame.post(&frame.team.path("/account/sessions"), "", &html! {
                input type="hidden" name="session" value=(session.key);
                button.quiet aria-label=(t.session_end_named(&device)) { (t.session_end()) }
            }))
        } }
    } }
}

fn devices(frame: &Frame, devices: &[DeviceRow]) -> Markup {
    let t = frame.lang();
    html! {
        h3 { (t.devices_title()) }
        table {
            thead { tr { th { (t.session_device()) } th { (t.device_since()) } th { (t.session_used()) } th {} } }
            tbody { @for one in devices {
                @let name = device(t, &one.user_agent);
                tr {
                    td data-label=(t.session_device()) title=(one.user_agent) { b { (name) } }
                    td data-label=(t.device_since()) { (frame.lens.relative(one.created_at)) }
                    td data-label=(t.session_used()) { (frame.lens.relative(one.used_at)) }
                    td { (frame.post(&frame.team.path("/account/devices"), "", &html! {
                        input type="hidden" name="device" value=(one.id);
                        button.quiet aria-label=(t.device_forget_named(&name)) { (t.device_forget()) }
                    })) }
                }
            } }
        }
    }
}

/// The box with which a device is remembered.
pub(crate) fn remember_box(words: &str, on: bool) -> Markup {
    html! { label.tick { input type="checkbox" name="remember" value="1" checked[on]; span { (words) } } }
}

fn password(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! { section {
        h2 { (t.password_title()) }
        (frame.post(&frame.team.path("/account/password"), "form", &html! {
            // For password managers, which keep the two together.
            input type="hidden" name="username" autocomplete="username" value=(frame.me.email);
            (field(t.password_now(), "password", "current-password"))
            (field(t.password_new(), "new", "new-password"))
            (field(t.password_again(), "again", "new-password"))
            p.mute { (t.password_rule(LENGTH_MIN)) }
            button.quiet { (t.password_set()) }
        }))
    } }
}

/// Where a new seed is shown and confirmed.
#[derive(Clone, Debug)]
pub struct EnrolPage {
    /// The key as people type it.
    pub key: String,
    /// What the app reads.
    pub address: String,
}

impl EnrolPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.factor_setting_up(),
            "plain",
            &html! {
                main.sheet.account #main {
                    p.mute { a href=(frame.team.path("/account")) { (t.account_title()) } }
                    h1 { (t.factor_setting_up()) }
                    p { (t.factor_scan()) }
                    (factor::picture(&self.address, t.factor_picture()))
                    dl.facts { div { dt { (t.factor_key()) } dd { code.key { (self.key) } } } }
                    p { a.quiet href=(self.address) { (t.factor_on_this_phone()) } }
                    (frame.post(&frame.team.path("/account/second-factor/confirm"), "form", &html! {
                        (code_field(t.factor_code(), true))
                        button.solid { (t.factor_confirm()) }
                    }))
                }
            },
        )
    }
}

/// New recovery codes, shown once.
#[derive(Clone, Debug)]
pub struct CodesPage {
    /// The codes.
    pub codes: Vec<String>,
}

impl CodesPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.factor_codes_title(),
            "plain",
            &html! {
                main.sheet.account #main {
                    h1 { (t.factor_codes_title()) }
                    p { (t.factor_codes_hint()) }
                    ol.recovery { @for code in &self.codes { li { code { (code) } } } }
                    p { a.solid href=(frame.team.path("/account")) { (t.factor_codes_kept()) } }
                }
            },
        )
    }
}

/// The field of the second step of a sign-in, for the gate.
pub(crate) fn code_step(t: Lang) -> Markup {
    html! { p.mute { (t.code_hint()) } (code_field(t.code_field(), true)) p.mute { (t.code_recovery()) } }
}

/// How long to wait, as the pages say it.
pub(crate) fn wait_words(lens: &Lens, until: Timestamp) -> String {
    let left = until.since(lens.now).max(std::time::Duration::from_secs(60));
    lens.lang.account_wait(lens.short(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_their_names() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge · Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0",
                "WeChat · Android",
            ),
            ("curl/8.0", "curl"),
            ("<b>", "unknown browser"),
            ("", "unknown browser"),
        ] {
            assert_eq!(device(Lang::En, user_agent), expected);
        }
    }

    #[test]
    fn every_zone_that_is_offered_is_one() {
        for zone in ZONES {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
    }
}
