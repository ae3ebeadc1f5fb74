//! Settings of a team: every form, one of them refused and one overtaken; things that were tried out.

use super::{NOW, minutes};
use crate::load::setup::{Around, form};
use crate::page::setup::{Part, SecretLine, SecretsPart, SetupList, SetupPage, Thing, Trial, Tried};
use crate::words::Lang;
use posthouse_model::config::{QueueConfig, TenantConfig};
use posthouse_model::trial::{Finding, Step};
use serde_json::json;

fn config() -> TenantConfig {
    let mut config = TenantConfig::new("luma", "Luma");
    config.time_zone = "Asia/Shanghai".into();
    let titles = [("en", "Refunds"), ("zh", "退款")].map(|(language, title)| (language.to_owned(), title.to_owned()));
    config.queues.push(QueueConfig { name: "refunds".into(), title: titles.into() });
    let more = json!({
        "slug": "luma", "name": "Luma",
        "plugin": [{ "name": "router", "settings": {
            "time_zone": "Asia/Shanghai", "hours": { "mon-fri": ["09:00-12:00", "13:30-18:00"] },
            "holidays": ["2026-10-01..2026-10-07", "12-25"], "default": { "respond_within_minutes": 480 },
            "deadlines": [{ "name": "Amazon", "domains": ["marketplace.amazon."], "within_minutes": 1440 }] } },
            { "name": "team", "component": "notifier-feishu" }],
        "digest": { "at": "18:00" },
        "model": { "base_url": "https://api.models.example/v1", "model": "fast-1", "key": { "secret": "model_key" } }
    });
    if let Ok(more) = serde_json::from_value::<TenantConfig>(more) {
        (config.plugins, config.digest, config.model) = (more.plugins, more.digest, more.model);
    }
    config
}

fn tried() -> Tried {
    let step =
        |name: &str, ok, words: &str, duration_ms| Step { name: name.into(), ok, words: words.into(), duration_ms };
    let steps = vec![
        step("name", true, "imap.163.com is 117.135.207.67", 12),
        step("connect", true, "117.135.207.67:993", 31),
        step("sign-in", false, "NO Login fail. Account is abnormal", 204),
    ];
    Tried {
        asked_at: NOW.minus(minutes(3)),
        done_at: Some(NOW.minus(minutes(3))),
        overdue: false,
        findings: vec![
            Finding {
                duration_ms: Some(247),
                steps,
                ..Finding::plain("IMAP".into(), false, "NO Login fail. Account is abnormal".into(), Some("163".into()))
            },
            Finding { duration_ms: Some(90), ..Finding::plain("SMTP".into(), true, "250 OK".into(), None) },
        ],
    }
}

/// The list of pages.
#[must_use]
pub fn setup_list() -> SetupList {
    SetupList {
        parts: Part::LISTED.into_iter().map(|part| (part, "Luma · Asia/Shanghai".to_owned())).collect(),
        since: vec![("digest.at".into(), "eve@luma.example".into(), NOW.minus(minutes(90)))],
    }
}

/// Every page, with its name for a file.
#[must_use]
pub fn setup(lang: Lang) -> Vec<(&'static str, SetupPage)> {
    let config = config();
    let page = |part: Part| {
        let mut page = SetupPage::new(part, true);
        page.groups = form(&config, &Around::sample(lang, part));
        page
    };
    let parts = Part::LISTED.into_iter().chain([Part::Mailbox]);
    let mut pages: Vec<_> = parts.map(|part| (part.as_str(), page(part))).collect();
    for (name, page) in &mut pages {
        match *name {
            "review" => {
                page.meanwhile = Some("eve@luma.example".into());
                page.groups[0].fields[0].theirs = Some("25".into());
            }
            "watch" => page.groups[0].fields[1].wrong = Some(lang.setup_no_time().to_owned()),
            "mailboxes" => page.things.push(Thing {
                name: "support".into(),
                path: Some("/settings/mailbox?name=support".into()),
                about: "support@luma.example · IMAP imap.163.com · SMTP smtp.163.com".into(),
                state: ("NO Login fail".into(), true),
                trial: Some(Trial {
                    subject: "mailbox:support".into(),
                    button: lang.trial_mailbox().into(),
                    last: Some(tried()),
                }),
            }),
            "model" => page.facts.push(lang.setup_spent_today("12,345", "200,000", "14")),
            "secrets" => {
                page.secrets = Some(SecretsPart {
                    secrets: vec![SecretLine {
                        name: "model_key".into(),
                        used_by: vec!["model".into()],
                        set_at: Some(NOW.minus(minutes(900))),
                        elsewhere: false,
                        missing: false,
                        problem: None,
                        hosts: vec!["api.models.example".into()],
                    }],
                });
            }
            _ => {}
        }
    }
    pages
}
