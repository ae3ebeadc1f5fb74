//! The review desk in a real browser: how long until a ticket's page is painted, how long from approving one reply until the next
//! ticket can be read, and what a page weighs on the line.
//!
//! Chromium without a window, on this machine, against `posthouse serve` with an example shop and its bundled plugins. Times are the
//! browser's own (Paint Timing, High Resolution Time), so what it takes to draw is in them.

use crate::figures::at;
use posthouse_e2e::example;
use posthouse_e2e::house::House;
use posthouse_servers::Chromium;
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "electronics";
const EMAIL: &str = "li@shop.example";
const PASSWORD: &str = "correct horse battery";
/// Pages that are opened, of each kind.
const PAGES: usize = 30;
/// Replies that are approved.
const REPLIES: usize = 40;

/// What the page's own clock says of its first paint, and of the first paint with words in it, in milliseconds.
const PAINTED: &str = "\
    const done = arguments[arguments.length - 1];\
    const look = () => {\
      const paint = Object.fromEntries(performance.getEntriesByType('paint').map((e) => [e.name, e.startTime]));\
      const page = performance.getEntriesByType('navigation')[0];\
      if ('first-contentful-paint' in paint) done([paint['first-paint'], paint['first-contentful-paint'], page.responseStart - page.requestStart]);\
      else requestAnimationFrame(look); };\
    look();";

/// Approves and waits until another ticket's mail is on the screen: it stands in the page, and the frame with it was drawn (a message
/// that is posted in a frame arrives when that frame is done).
const APPROVE: &str = "\
    const done = arguments[arguments.length - 1];\
    const number = document.querySelector('.reader').dataset.number;\
    const look = () => {\
      const reader = document.querySelector('.reader');\
      const text = reader && reader.dataset.number !== number && reader.querySelector('.letter .text');\
      if (!text || !text.textContent.trim()) { requestAnimationFrame(look); return; }\
      const channel = new MessageChannel();\
      channel.port1.onmessage = () => {\
        const asked = performance.getEntriesByType('resource').filter((e) => e.name.includes('/approve'));\
        done([performance.now() - begun, text.textContent.includes('parcel'), asked.at(-1)?.duration ?? 0]); };\
      channel.port2.postMessage(0); };\
    const body = document.querySelector('#body');\
    body.value = 'Dear Mary, your parcel comes on Tuesday.';\
    body.dispatchEvent(new Event('input', { bubbles: true }));\
    const begun = performance.now();\
    document.querySelector('.bar .on').click();\
    requestAnimationFrame(look);";

/// Bytes as they came over the line: all, and scripts; without mails' own frames and files.
const WEIGHT: &str = "\
    const own = performance.getEntriesByType('resource').filter(e => e.name.includes('/assets/'));\
    const page = performance.getEntriesByType('navigation')[0].encodedBodySize;\
    const sum = (list) => list.reduce((bytes, e) => bytes + e.encodedBodySize, 0);\
    return [page + sum(own), sum(own.filter(e => e.name.endsWith('.js'))), own.some(e => e.name.includes('/writing.'))]";

/// Prints medians, and the ninetieth of a hundred.
pub async fn run() {
    let Some(browser) = Chromium::start("en").await else { return };
    let mut house = House::new(None);
    house.change_set_up("[plugins]\n", "[plugins]\nallow_unsigned = true\n");
    let folder = house.path().join(SHOP);
    example::copy_bare(SHOP, &folder);
    house.run(&["tenant", "apply", SHOP]);
    let add = ["user", "add", SHOP, EMAIL, "--role", "agent", "--language", "en", "--password-stdin"];
    assert!(house.try_run(&add, PASSWORD).status.success(), "an agent can be added");
    let mails = house.path().join("new");
    std::fs::create_dir(&mails).expect("a folder");
    let count = PAGES.max(REPLIES + 1);
    for n in 0..count {
        std::fs::write(mails.join(format!("{n:03}.eml")), mail(n)).expect("a mail");
    }
    house.run(&["ingest", "--tenant", SHOP, "new"]);
    house.serve().await;

    let client = browser.client();
    let url = |path: &str| format!("{}/t/{SHOP}{path}", house.url());
    browser.goto(&url("/sign-in")).await;
    let enter = format!(
        "document.querySelector('input[name=email]').value = '{EMAIL}';\
         document.querySelector('input[name=password]').value = '{PASSWORD}';\
         document.querySelector('form button.solid').click()"
    );
    client.execute(&enter, vec![]).await.expect("the form is there");
    while client.execute("return document.body.matches('.desk')", vec![]).await.ok() != Some(json!(true)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    for (what, without) in [("files known to the browser", false), ("nothing known to the browser", true)] {
        browser.without_cache(without).await;
        let (mut first, mut words, mut server) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..PAGES {
            browser.goto(&url(&format!("/tickets/{}", n + 1))).await;
            let times = client.execute_async(PAINTED, vec![]).await.expect("the page is painted");
            first.push(time(&times[0]));
            words.push(time(&times[1]));
            server.push(time(&times[2]));
        }
        print(&format!("ticket, first paint, {what}"), first);
        print(&format!("ticket, first words, {what}"), words);
        print("of that, until the desk's answer began", server);
        if without {
            browser.goto(&url("/tickets/1")).await;
            // The script that comes with an editor is asked for by the page's own.
            let mut weight = json!([0, 0, false]);
            while weight[2] != true {
                weight = client.execute(WEIGHT, vec![]).await.expect("what came over the line");
            }
            println!("ticket, over the line: {} bytes, of them {} of script", weight[0], weight[1]);
        }
    }

    browser.without_cache(false).await;
    browser.goto(&url("/tickets")).await;
    client.execute("location.href = document.querySelector('.row > a').href", vec![]).await.expect("a ticket waits");
    let (mut times, mut server) = (Vec::new(), Vec::new());
    for _ in 0..REPLIES {
        let ready = "return !!document.querySelector('.reply form[data-ready] .bar .on:not([disabled])')";
        while client.execute(ready, vec![]).await.ok() != Some(json!(true)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let told = client.execute_async(APPROVE, vec![]).await.expect("the next ticket comes");
        assert_eq!(told[1], true, "it is the next mail that stands there");
        times.push(time(&told[0]));
        server.push(time(&told[2]));
    }
    print("approved, then the next ticket readable", times);
    print("of that, until the desk's answers were here", server);
    browser.close().await;
}

fn time(milliseconds: &Value) -> Duration {
    Duration::from_secs_f64(milliseconds.as_f64().unwrap_or(f64::MAX.min(1e9)) / 1e3)
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let ms = |percent| at(&times, percent) / 1e3;
    println!(
        "{what:<55} {:>3} times  p50 {:>6.1} ms  p90 {:>6.1} ms  max {:>6.1} ms",
        times.len(),
        ms(50),
        ms(90),
        ms(100)
    );
}

fn mail(n: usize) -> String {
    format!(
        "From: Mary Walker <mary{n}@customer.example>\r\nTo: support@falkenau.example\r\nSubject: Where is my parcel {n}?\r\n\
         Message-ID: <browser{n}@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\n\r\n\
         Hello,\r\n\r\nI ordered a lamp, order number FA-2026-{:05}. The parcel has not moved for nine days.\r\n\
         Please tell me where it is.\r\n\r\nMary\r\n",
        48_000 + n
    )
}
