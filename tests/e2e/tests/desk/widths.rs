//! Every page on a narrow phone, a phone and a desktop, in both languages, light and dark: nothing overflows, everything
//! can be read, and on a phone everything can be hit.

use crate::support::{Desk, EVE, LI, letter};
use serde_json::{Value, json};

/// What sticks out of the page to the side, and what does not fit into a column that scrolls only downwards.
const STICKS_OUT: &str = "\
    const wide = [];\
    const root = document.documentElement;\
    if (root.scrollWidth > root.clientWidth) wide.push(`page ${root.scrollWidth} > ${root.clientWidth}`);\
    for (const e of document.querySelectorAll('body, .list, .list-head, .row > a, .reader, .ticket, .ticket-head, .letter, .reply, .bar, .side, .sheet, main, .rail, td, .card')) {\
      if (e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'auto') wide.push(`${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`);\
    }\
    const cut = (e) => { for (let a = e.parentElement; a && !a.matches('body, .list, .reader, .ticket, .side, .sheet'); a = a.parentElement) if (getComputedStyle(a).overflowX !== 'visible') return true; return false };\
    for (const e of document.body.querySelectorAll('*')) {\
      const box = e.getBoundingClientRect();\
      if (box.width > 1 && e.checkVisibility({ visibilityProperty: true }) && !e.closest('svg, .hidden, .skip, .mirror') && (box.right > innerWidth + 1 || box.left < -1) && !cut(e)) {\
        wide.push(`${e.tagName}.${e.className} ${Math.round(box.left)}..${Math.round(box.right)} of ${innerWidth}: ${e.textContent.trim().slice(0, 30)}`);\
      }\
    }\
    return wide";

/// Text whose contrast with what lies under it is less than 4.5 (WCAG 2.2, 1.4.3).
const PALE: &str = "\
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });\
    canvas.canvas.width = canvas.canvas.height = 1;\
    const known = new Map();\
    const rgba = (colour) => {\
      if (!known.has(colour)) {\
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);\
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; known.set(colour, [r, g, b, a / 255]);\
      }\
      return known.get(colour);\
    };\
    const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3])).concat(1);\
    const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 }); return .2126 * x + .7152 * y + .0722 * z };\
    const ground = (e) => { const own = rgba(getComputedStyle(e).backgroundColor); if (own[3] === 1) return own; return over(own, e.parentElement ? ground(e.parentElement) : [255, 255, 255, 1]) };\
    const pale = new Set();\
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);\
    while (walker.nextNode()) {\
      const e = walker.currentNode.parentElement;\
      if (!walker.currentNode.textContent.trim() || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || e.closest('.hidden, .skip, .mirror, [disabled], svg, option')) continue;\
      const under = ground(e); const ink = over(rgba(getComputedStyle(e).color), under);\
      const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);\
      const ratio = (a + .05) / (b + .05);\
      if (ratio < 4.5) pale.add(`${ratio.toFixed(2)} ${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 30)}`);\
    }\
    return [...pale]";

/// Controls that a thumb would miss: less than 40 px high. Links within a sentence are exempt.
const SMALL: &str = "\
    return [...document.querySelectorAll('button, summary, select, input:not([type=hidden], [type=checkbox]), .tabs a, .place, .row > a, a.quiet, a.solid, .files a')]\
      .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.hidden') && !e.matches('.hidden') && e.getBoundingClientRect().height < 39.5)\
      .map(e => `${Math.round(e.getBoundingClientRect().height)} ${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 30)}`)";

/// Adds a picture of 4 × 4 to the reply, as the page does it when one is chosen.
const ATTACH: &str = "return (async () => {\
    const form = document.querySelector('.reply form'); const data = new FormData(form);\
    const canvas = document.createElement('canvas'); canvas.width = canvas.height = 4; canvas.getContext('2d').fillRect(0, 0, 4, 4);\
    const picture = await new Promise((done) => canvas.toBlob(done, 'image/png'));\
    data.append('file', picture, 'NAME');\
    const sent = await fetch(form.querySelector('.attach .add').formAction, { method: 'POST', body: data });\
    return sent.status; })()";

fn mails() -> Vec<(&'static str, String)> {
    let long = "A subject that goes on and on because somebody pasted https://shop.example/a/very/long/address/that/has/no/place/to/break/in/it/at/all?with=parameters&and=more";
    let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);
    let body = format!(
        "Hello,\n\nwhere is my parcel? Order FA-2026-48077, tracking 00340434150826471932, item FK-GC065.\n\
         https://tracking.example/{}\n{word}\n\n我的包裹在哪里？订单号是FA-2026-48077，已经等了三个星期了，请尽快回复，谢谢。",
        "0123456789abcdef".repeat(12)
    );
    let from = format!("{word} <{}@customer.example>", "a".repeat(60));
    vec![("electronics", letter("long", &from, "support@falkenau.example", long, &body))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_narrow_phone() {
    every_page_fits(360, 780).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_phone() {
    every_page_fits(390, 844).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_desktop() {
    every_page_fits(1280, 900).await;
}

async fn every_page_fits(width: u32, height: u32) {
    let Some(desk) = Desk::open(&["electronics"], true, &mails(), 10).await else { return };
    let ticket = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "A subject that goes on"));
    let plain = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "FA-2026-48077"));
    let mut wrong: Vec<String> = Vec::new();
    desk.browser.resize(width, height).await;
    desk.browser.prefer_dark(false).await;
    for language in ["en", "zh"] {
        let phone = width < 720;
        desk.goto(&format!("/t/electronics/sign-in?language={language}")).await;
        look(&desk, &mut wrong, &format!("sign-in, {language}"), phone).await;
        desk.goto("/?team=nobody-of-this-name").await;
        look(&desk, &mut wrong, &format!("teams, {language}"), phone).await;
    }
    desk.sign_in("electronics", LI).await;
    // A reply with a picture in its text, and one beside it.
    for name in ["a-name-of-a-picture-that-no-narrow-phone-has-room-for-in-one-line-of-its-own.png", "标签.png"] {
        desk.goto(&plain).await;
        assert_eq!(desk.value(&ATTACH.replace("NAME", name)).await, 200, "{name}");
    }
    desk.goto(&plain).await;
    desk.click(".attach [name=show]").await;
    desk.until("document.querySelector('.look img')?.naturalWidth === 4 && document.querySelector('.thumb')").await;
    // A note of hers and a tag, as long as they come.
    for (verb, field, value) in
        [("note", "body", "@mei ".to_owned() + &"长".repeat(300)), ("tag", "tag", "x".repeat(40))]
    {
        let posted = format!(
            "return fetch(`${{location.pathname}}/{verb}`, {{ method: 'POST', body: new URLSearchParams({{ csrf: document.body.dataset.csrf, {field}: '{value}' }}) }}).then((r) => r.status)"
        );
        assert_eq!(desk.value(&posted).await, 200, "{verb}");
    }
    for language in ["en", "zh"] {
        let phone = width < 720;
        if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
            desk.click("button[name=language]").await;
            desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
        }
        for path in [
            "/t/electronics/tickets",
            "/t/electronics/tickets?view=snoozed&category=refund&language=de&queue=warranty",
            "/t/electronics/tickets?q=FA-2026-48077",
            &ticket,
            &plain,
            "/t/electronics/mentions",
            "/t/electronics/views",
            "/t/electronics/views/new",
            "/t/electronics/messages",
            "/t/electronics/knowledge",
            "/t/electronics/knowledge/article?id=returns.en&language=en",
            "/t/electronics/templates",
            "/t/electronics/templates/template?plugin=drafter&id=shipping-de",
            "/t/electronics/status",
            "/t/electronics/account",
            &format!("{plain}/blocks?draft=1"),
            "/t/electronics/tickets/99999",
        ] {
            desk.goto(path).await;
            assert_eq!(desk.here().await, *path, "signed in");
            look(&desk, &mut wrong, &format!("{path}, {language}"), phone).await;
        }
        // With everything unfolded that folds, and each menu.
        desk.goto(&plain).await;
        desk.value("document.querySelectorAll('details:not(.menu)').forEach(d => { d.open = true })").await;
        look(&desk, &mut wrong, &format!("unfolded ticket, {language}"), phone).await;
        for menu in [
            "details.category",
            "details[data-key=h]",
            "details[data-key=b]",
            "details[data-key=p]",
            ".acts details.menu:last-child",
        ] {
            let open = format!(
                "document.querySelectorAll('details.menu').forEach(d => {{ d.open = false }}); \
                 document.querySelector('#acts').classList.add('shown'); document.querySelector('{menu}').open = true"
            );
            desk.value(&open).await;
            look(&desk, &mut wrong, &format!("{menu}, {language}"), phone).await;
        }
        // Blocks of templates, and macros.
        for (key, there) in [("y", ".brick"), ("g", "details[data-key=g][open] button")] {
            desk.goto(&plain).await;
            desk.until("document.querySelector('.reply form[data-ready]')").await;
            desk.value(&format!("document.querySelector('details[data-key={key}]').open = true")).await;
            desk.until(&format!("document.querySelector('{there}')")).await;
            look(&desk, &mut wrong, &format!("{there}, {language}"), phone).await;
        }
        // What changed, and all commands.
        desk.goto(&plain).await;
        desk.fill("#body", "Another text.").await;
        desk.value("document.querySelector('[data-key=f]').click()").await;
        desk.until("document.querySelector('.difference ins')").await;
        look(&desk, &mut wrong, &format!("what changed, {language}"), phone).await;
        desk.value(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }))",
        )
        .await;
        desk.until("document.querySelector('#palette[open] li')").await;
        look(&desk, &mut wrong, &format!("palette, {language}"), phone).await;
        desk.goto("/t/electronics/tickets").await;
        desk.value("document.querySelector('.tabs details.menu').open = true").await;
        look(&desk, &mut wrong, &format!("menu of views, {language}"), phone).await;
        desk.value(
            "document.querySelector('.tabs details.menu').open = false; document.querySelector('.pick').click()",
        )
        .await;
        look(&desk, &mut wrong, &format!("chosen tickets, {language}"), phone).await;
        // On a phone their bar stands where the places are.
        desk.click(".bulk button[type=reset]").await;
    }
    desk.sign_in_as_another("electronics", EVE).await;
    for language in ["en", "zh"] {
        if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
            desk.click("button[name=language]").await;
            desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
        }
        for path in [
            "/t/electronics/plugins",
            "/t/electronics/plugins/router",
            "/t/electronics/people",
            "/t/electronics/people/1",
            "/t/electronics/audit",
            "/t/electronics/webhooks",
            "/t/electronics/settings",
            "/t/electronics/settings/team",
            "/t/electronics/settings/queues",
            "/t/electronics/settings/mailboxes",
            "/t/electronics/settings/mailbox",
            "/t/electronics/settings/mailbox?name=support",
            "/t/electronics/settings/hours",
            "/t/electronics/settings/review",
            "/t/electronics/settings/macros",
            "/t/electronics/settings/notices",
            "/t/electronics/settings/watch",
            "/t/electronics/settings/model",
            "/t/electronics/settings/secrets",
            "/t/electronics/audit?what=agent.&from=2026-01-01",
        ] {
            desk.goto(path).await;
            assert_eq!(desk.here().await, *path, "an admin sees it");
            look(&desk, &mut wrong, &format!("{path}, {language}"), width < 720).await;
        }
    }
    assert!(wrong.is_empty(), "{} faults at {width} px:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

pub async fn look(desk: &Desk, wrong: &mut Vec<String>, page: &str, phone: bool) {
    let mut found = vec![("sticks out", desk.value(STICKS_OUT).await), ("pale", desk.value(PALE).await)];
    if phone {
        found.push(("too small to hit", desk.value(SMALL).await));
    }
    // Dark is the same page in other colours.
    desk.browser.prefer_dark(true).await;
    found.push(("pale in the dark", desk.value(PALE).await));
    desk.browser.prefer_dark(false).await;
    for (what, list) in found {
        if list != json!([]) {
            let lines: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            wrong.push(format!("{page}: {what}\n    {}", lines.join("\n    ")));
        }
    }
}
