//! For people who do not see, hear or point: every page is looked through by axe-core, and none has a serious fault. And what a page
//! weighs, for those whose line is thin.

use crate::support::{Desk, EVE, LI};
use serde_json::{Value, json};
use std::path::Path;

/// What axe calls serious or critical, as `rule: what it is about`.
const LOOK: &str = "return (async () => {\
    const found = await axe.run(document, { resultTypes: ['violations'], iframes: false });\
    return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))\
      .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`); })()";

/// Bytes as they came over the line, of everything and of scripts, without mails' own frames and files.
const WEIGHT: &str = "\
    const own = performance.getEntriesByType('resource').filter(e => e.name.includes('/assets/'));\
    const page = performance.getEntriesByType('navigation')[0].encodedBodySize;\
    const sum = (list) => list.reduce((bytes, e) => bytes + e.encodedBodySize, 0);\
    return [page + sum(own), sum(own.filter(e => e.name.endsWith('.js')))]";

/// Compressed, without attachments.
const PAGE_BYTES_MAX: u64 = 60_000;
const SCRIPT_BYTES_MAX: u64 = 30_000;

/// What looks through pages; none where it is not installed.
pub fn axe() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe/node_modules/axe-core/axe.min.js");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        let required = std::env::var("POSTHOUSE_REQUIRE").is_ok_and(|list| list.split(',').any(|name| name == "axe"));
        assert!(!required, "axe-core was installed and is not there");
        eprintln!("skipped: axe-core is not installed (npm ci in tests/e2e/axe)");
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_has_a_serious_fault_on_a_desktop() {
    every_page(1280, 900, "en", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_has_a_serious_fault_on_a_phone_in_the_dark() {
    every_page(390, 844, "zh", true).await;
}

async fn every_page(width: u32, height: u32, language: &str, dark: bool) {
    let Some(axe) = axe() else { return };
    let Some(desk) = Desk::open(&["electronics"], true, &[], 10).await else { return };
    let mut wrong: Vec<String> = Vec::new();
    desk.browser.resize(width, height).await;
    desk.browser.prefer_dark(dark).await;
    desk.goto(&format!("/t/electronics/sign-in?language={language}")).await;
    serious(&desk, &axe, &mut wrong).await;
    let ticket = desk.ticket("electronics", "FA-2026-48077");
    for (who, pages) in [
        (
            LI,
            vec![
                "/t/electronics/tickets".to_owned(),
                "/t/electronics/tickets?view=snoozed".to_owned(),
                format!("/t/electronics/tickets/{ticket}"),
                format!("/t/electronics/tickets/{ticket}/blocks?draft=1"),
                "/t/electronics/messages".to_owned(),
                "/t/electronics/knowledge".to_owned(),
                "/t/electronics/templates".to_owned(),
                "/t/electronics/status".to_owned(),
                "/t/electronics/mentions".to_owned(),
                "/t/electronics/views".to_owned(),
                "/t/electronics/views/new".to_owned(),
                "/t/electronics/account".to_owned(),
                "/t/electronics/tickets/99999".to_owned(),
            ],
        ),
        (
            EVE,
            vec![
                "/t/electronics/plugins".to_owned(),
                "/t/electronics/plugins/router".to_owned(),
                "/t/electronics/people".to_owned(),
                "/t/electronics/audit".to_owned(),
                "/t/electronics/webhooks".to_owned(),
                "/t/electronics/settings".to_owned(),
                "/t/electronics/settings/team".to_owned(),
                "/t/electronics/settings/queues".to_owned(),
                "/t/electronics/settings/mailboxes".to_owned(),
                "/t/electronics/settings/mailbox?name=support".to_owned(),
                "/t/electronics/settings/hours".to_owned(),
                "/t/electronics/settings/review".to_owned(),
                "/t/electronics/settings/macros".to_owned(),
                "/t/electronics/settings/notices".to_owned(),
                "/t/electronics/settings/watch".to_owned(),
                "/t/electronics/settings/model".to_owned(),
                "/t/electronics/settings/secrets".to_owned(),
                "/t/electronics/knowledge/article?id=returns.en&language=en".to_owned(),
                "/t/electronics/templates/template?plugin=drafter&id=shipping-de".to_owned(),
                format!("/t/electronics/tickets/{ticket}"),
            ],
        ),
    ] {
        desk.sign_in_as_another("electronics", who).await;
        if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
            // Under a menu on a phone; what is tested here is the page and not the way to it.
            desk.value("document.querySelector('button[name=language]').click()").await;
            desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
        }
        for path in pages {
            desk.goto(&path).await;
            serious(&desk, &axe, &mut wrong).await;
            let weight = desk.value(WEIGHT).await;
            let [all, script] = [0, 1].map(|at| weight[at].as_u64().unwrap_or(u64::MAX));
            if all > PAGE_BYTES_MAX || script > SCRIPT_BYTES_MAX {
                wrong.push(format!("{path}: weighs {all} bytes, of them {script} of script"));
            }
            assert!(script > 0, "{path}: no script was weighed");
        }
    }
    assert!(wrong.is_empty(), "{} faults at {width} px:\n{}", wrong.len(), wrong.join("\n"));
    desk.browser.close().await;
}

/// The page as it is, and with everything unfolded.
pub async fn serious(desk: &Desk, axe: &str, wrong: &mut Vec<String>) {
    desk.value(&format!("{axe}; return typeof axe.run")).await;
    for fold in ["", "document.querySelectorAll('details:not(.menu)').forEach(d => { d.open = true }); "] {
        let found = desk.value(&format!("{fold}{LOOK}")).await;
        if found != json!([]) {
            let lines: Vec<&str> = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            wrong.push(format!(
                "{}{}:\n    {}",
                desk.here().await,
                if fold.is_empty() { "" } else { ", unfolded" },
                lines.join("\n    ")
            ));
        }
    }
}
