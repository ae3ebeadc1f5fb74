//! Without a mouse: from the door to a reply on its way; and every control can be reached and shows that it was.

use crate::support::{Desk, LI, PASSWORD, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::Value;
use std::collections::BTreeSet;

async fn press(desk: &Desk, keys: impl IntoIterator<Item = char>) {
    let mut actions = KeyActions::new("keys".to_owned());
    for value in keys {
        actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    }
    desk.client().perform_actions(actions).await.unwrap();
}

async fn with_control(desk: &Desk, value: char) {
    let control = char::from(Key::Control);
    let actions = KeyActions::new("keys".to_owned())
        .then(KeyAction::Down { value: control })
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value })
        .then(KeyAction::Up { value: control });
    desk.client().perform_actions(actions).await.unwrap();
}

async fn key(desk: &Desk, value: Key) {
    press(desk, [char::from(value)]).await;
}

/// Everything that can be worked on the page, each with a number of its own.
const CONTROLS: &str = "\
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, iframe')];\
    const usable = all.filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }) && !e.matches('.skip'));\
    usable.forEach((e, i) => { e.dataset.stop = i });\
    return usable.length";

/// The control that has the focus: its number, its words, and whether one can see that it has it.
const STOP: &str = "\
    const e = document.activeElement;\
    const look = getComputedStyle(e);\
    const frame = e.closest('.reply form') && getComputedStyle(e.closest('.reply form'));\
    const outlined = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 1;\
    const framed = e.matches('textarea') && frame && frame.boxShadow !== 'none';\
    const box = e.getBoundingClientRect();\
    const covered = e.matches('.skip') ? null : document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, 20) / 2);\
    return [e.dataset.stop ?? null, `${e.tagName} ${e.className} ${e.name ?? ''} ${(e.textContent || '').trim().slice(0, 40)}`, outlined || framed || e.matches('iframe'),\
      e.matches('.skip, iframe') || !!covered && (e.contains(covered) || covered.contains(e) || !!covered.closest('label, .editor'))]";

/// Goes once around the page with Tab.
async fn walk(desk: &Desk, page: &str) {
    let count = desk.value(CONTROLS).await.as_u64().unwrap();
    desk.value("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)").await;
    let mut seen = BTreeSet::new();
    // A few more than there are: the skip link, and the browser's own stop at the end of the page.
    for _ in 0..count + 4 {
        key(desk, Key::Tab).await;
        let stop = desk.value(STOP).await;
        let Some(number) = stop[0].as_str() else { continue };
        assert_eq!(stop[2], Value::Bool(true), "{page}: no focus can be seen on {}", stop[1]);
        assert_eq!(stop[3], Value::Bool(true), "{page}: something lies over {}", stop[1]);
        seen.insert(number.parse::<u64>().unwrap());
    }
    let missed: Vec<u64> = (0..count).filter(|n| !seen.contains(n)).collect();
    let words = desk
        .value(&format!(
            "return {missed:?}.map(n => document.querySelector(`[data-stop=\"${{n}}\"]`)?.outerHTML.slice(0, 120))"
        ))
        .await;
    assert!(missed.is_empty(), "{page}: never reached: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_door_to_a_sent_reply_without_a_mouse() {
    let mails = ["Ana", "Ben"].map(|who| {
        let from = format!("{who} <{who}@customer.example>");
        let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-48077 has not arrived.\n\n{who}");
        ("electronics", letter(who, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
    });
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 30).await else { return };

    // In.
    desk.goto("/t/electronics/sign-in").await;
    walk(&desk, "sign-in").await;
    desk.goto("/t/electronics/sign-in").await;
    press(&desk, LI.chars()).await;
    key(&desk, Key::Tab).await;
    press(&desk, PASSWORD.chars()).await;
    key(&desk, Key::Enter).await;
    desk.until("document.querySelectorAll('.row').length === 2").await;
    walk(&desk, "list").await;

    // Down the list and into a ticket; up and down from there.
    desk.goto("/t/electronics/tickets").await;
    press(&desk, "jj".chars()).await;
    assert_eq!(
        desk.value("return [...document.querySelectorAll('.row > a')].indexOf(document.activeElement)").await,
        1
    );
    press(&desk, "k".chars()).await;
    key(&desk, Key::Enter).await;
    desk.until("document.querySelector('.reader') && document.activeElement.id === 'main'").await;
    let first = desk.value("return document.querySelector('.reader').dataset.number").await;
    press(&desk, "j".chars()).await;
    desk.until(&format!("document.querySelector('.reader')?.dataset.number !== '{}'", first.as_str().unwrap())).await;
    press(&desk, "k".chars()).await;
    desk.until(&format!("document.querySelector('.reader')?.dataset.number === '{}'", first.as_str().unwrap())).await;
    walk(&desk, "ticket").await;

    // Menus open with the focus inside and give it back; the sheet of keys as well.
    press(&desk, [char::from(Key::Escape)]).await;
    desk.value("document.activeElement.blur()").await;
    press(&desk, "c".chars()).await;
    assert_eq!(desk.value("return !!document.activeElement.closest('details.category .card')").await, true);
    key(&desk, Key::Escape).await;
    assert_eq!(
        desk.value("return document.activeElement.matches('details.category:not([open]) > summary')").await,
        true
    );
    press(&desk, "h".chars()).await;
    assert_eq!(desk.value("return !!document.activeElement.closest('details[data-key=h] .card')").await, true);
    key(&desk, Key::Escape).await;
    press(&desk, "?".chars()).await;
    desk.until("document.querySelector('#keys[open]')").await;
    key(&desk, Key::Escape).await;
    desk.until("!document.querySelector('#keys[open]')").await;

    // Edit, approve and go on; take it back; approve for good.
    press(&desk, "e".chars()).await;
    assert_eq!(desk.value("return document.activeElement.id").await, "body");
    with_control(&desk, 'a').await;
    press(&desk, "It comes on Tuesday.".chars()).await;
    with_control(&desk, char::from(Key::Enter)).await;
    desk.until(&format!(
        "document.querySelector('.undo') && document.querySelector('.reader')?.dataset.number !== '{}' && document.activeElement.id === 'main'",
        first.as_str().unwrap()
    ))
    .await;
    press(&desk, "z".chars()).await;
    desk.until("!document.querySelector('.undo') && document.querySelector('#body')?.value === 'It comes on Tuesday.'")
        .await;
    desk.value("document.activeElement.blur()").await;
    press(&desk, "a".chars()).await;
    desk.until("document.querySelector('.undo') && document.querySelector('.sending')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
