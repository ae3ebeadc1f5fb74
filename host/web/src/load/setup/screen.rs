//! The form of screening: who is left out, from when a mail is spam, for how long either is kept, and the client's own Rspamd.

use super::forms::keep_secret;
use super::{Around, Read, lines, number, optional};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{RspamdConfig, SecretRef, TenantConfig};

/// Longest list of senders, in characters.
const SENDERS_CHARS_MAX: u32 = 60_000;
/// Under which name the password of Rspamd is kept, unless the folder names it.
const PASSWORD: &str = "rspamd_password";

/// A share as the form shows it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares are checked to be 0.0 to 1.0")]
fn percent(share: f32) -> u8 {
    (share * 100.0).round() as u8
}

pub(super) fn form(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let screen = &config.screen;
    let senders = |name: &str, label: &str, list: &[String]| {
        let path = format!("screen.{name}_senders");
        Field::new(name, &path, label, Control::Lines(4, SENDERS_CHARS_MAX), list.join("\n"))
    };
    let share = |name: &str, key: &str, label: &str, low: i64, value: f32| {
        let path = format!("screen.{key}");
        Field::new(name, &path, label, Control::Number(low, 100), percent(value).to_string())
    };
    vec![
        Group {
            fields: vec![
                senders("blocked", t.screen_blocked(), &screen.blocked_senders).hint(t.screen_senders_hint()),
                senders("trusted", t.screen_trusted(), &screen.trusted_senders).hint(t.screen_trusted_hint()),
                share("spam", "spam_confidence_min", t.screen_spam(), 0, screen.spam_confidence_min),
                share("learned", "learned_spam_min", t.screen_learned(), 50, screen.learned_spam_min)
                    .hint(t.screen_learned_hint()),
                Field::tick("headers", "screen.spam_headers", t.screen_headers(), screen.spam_headers),
                Field::new(
                    "keep",
                    "screen.keep_days",
                    t.screen_keep(),
                    Control::Number(0, 3_650),
                    screen.keep_days.to_string(),
                )
                .hint(t.screen_keep_hint()),
            ],
            ..Group::default()
        },
        rspamd(screen.rspamd.as_ref(), t),
    ]
}

fn rspamd(rspamd: Option<&RspamdConfig>, t: Lang) -> Group {
    let field = |name: &str, key: &str, label: &str, control: Control, value: Option<String>| {
        Field::new(name, &format!("screen.rspamd.{key}"), label, control, value.unwrap_or_default())
    };
    let tick = |name: &str, key: &str, label: &str, is_on: fn(&RspamdConfig) -> bool| {
        Field::tick(name, &format!("screen.rspamd.{key}"), label, rspamd.is_some_and(is_on))
    };
    let kept = rspamd.and_then(|rspamd| rspamd.password.as_ref()).map_or(PASSWORD, |password| &password.secret);
    Group {
        title: Some("Rspamd".to_owned()),
        hint: Some(t.screen_rspamd_hint().to_owned()),
        row: false,
        fields: vec![
            Field::tick("rspamd", "", t.screen_rspamd(), rspamd.is_some()),
            field("url", "url", t.screen_url(), Control::Line("url", 500), rspamd.map(|one| one.url.clone()))
                .hint(t.screen_url_hint()),
            tick("plain", "plain_http", t.setup_plain(), |one| one.plain_http).hint(t.screen_plain_hint()),
            field("password", "password", t.setup_password(), Control::Hidden, None).hint(t.setup_hidden_hint(kept)),
            Field::tick("open", "", t.screen_open(), rspamd.is_none_or(|one| one.password.is_none())),
            tick("learn", "learn", t.screen_learn(), |one| one.learn).hint(t.screen_learn_hint()),
            field(
                "learn-url",
                "learn_url",
                t.screen_learn_url(),
                Control::Line("url", 500),
                rspamd.and_then(|one| one.learn_url.clone()),
            )
            .hint(t.screen_learn_url_hint()),
            field(
                "score",
                "score_min",
                t.screen_score(),
                Control::Line("text", 12),
                rspamd.and_then(|one| one.score_min).map(|score| score.to_string()),
            )
            .hint(t.screen_score_hint()),
            field(
                "timeout",
                "timeout_seconds",
                t.setup_timeout(),
                Control::Number(1, 60),
                Some(rspamd.map_or(10, |one| one.timeout_seconds).to_string()),
            ),
        ],
    }
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let screen = &mut config.screen;
    screen.blocked_senders = lines(fields, "blocked");
    screen.trusted_senders = lines(fields, "trusted");
    read_share(fields, "spam", 0, &mut screen.spam_confidence_min, t, read);
    read_share(fields, "learned", 50, &mut screen.learned_spam_min, t, read);
    screen.spam_headers = !fields.get("headers").is_empty();
    if let Some(days) = number(fields, "keep", t, read) {
        screen.keep_days = days;
    }
    let old = screen.rspamd.take();
    if fields.get("rspamd").is_empty() {
        return;
    }
    let name = old.and_then(|old| old.password).map_or_else(|| PASSWORD.to_owned(), |password| password.secret);
    // What was typed is meant, whatever stands beside it.
    let is_open = !fields.get("open").is_empty() && fields.get("password").is_empty();
    let score = optional(fields, "score");
    let score_min = score.as_ref().and_then(|text| text.parse::<f64>().ok()).filter(|score| score.is_finite());
    if score.is_some() && score_min.is_none() {
        read.say("score", t.screen_no_score());
    }
    screen.rspamd = Some(RspamdConfig {
        url: fields.line("url"),
        plain_http: !fields.get("plain").is_empty(),
        password: (!is_open).then(|| SecretRef { secret: name.clone() }),
        learn: !fields.get("learn").is_empty(),
        learn_url: optional(fields, "learn-url"),
        score_min,
        timeout_seconds: number(fields, "timeout", t, read).unwrap_or(0),
    });
    keep_secret(fields, "password", &name, config, read);
}

/// A share in whole per cent; one that is not touched keeps what the folder says more finely.
fn read_share(fields: &Fields, name: &str, low: u8, share: &mut f32, t: Lang, read: &mut Read) {
    match number::<i64>(fields, name, t, read) {
        Some(typed) if typed < i64::from(low) || typed > 100 => read.say(name, t.setup_range(low, 100)),
        Some(typed) if typed != i64::from(percent(*share)) => {
            *share = u8::try_from(typed).map_or(1.0, f32::from) / 100.0;
        }
        _ => {}
    }
}
