//! A reply that is put together: blocks of templates by a press, by key and by dragging, what was filled in and what is open marked,
//! and questions for what is missing.

use crate::support::{Desk, LI, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::Value;

async fn press(desk: &Desk, keys: &str) {
    let mut actions = KeyActions::new("keys".to_owned());
    for value in keys.chars() {
        actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    }
    desk.client().perform_actions(actions).await.unwrap();
}

async fn text(desk: &Desk) -> String {
    desk.value("return document.querySelector('#body').value").await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_put_together_from_blocks_and_questions() {
    let body = "Guten Tag,\n\nmeine Lampe FA-2026-48071 ist defekt angekommen. Was soll ich tun?\n\nAna Weber";
    let mail = letter("1", "Ana Weber <ana@customer.example>", "support@falkenau.example", "Lampe defekt", body);
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 10).await else { return };
    let number = desk.ticket("electronics", "Lampe defekt");
    desk.sign_in("electronics", LI).await;
    desk.goto(&format!("/t/electronics/tickets/{number}")).await;
    desk.until("document.querySelector('.reply form[data-ready]')").await;

    // Each missing piece has a question, and a key asks for one after another.
    let asks = desk
        .value("return [...document.querySelectorAll('.missing .ask')].map((e) => [e.tagName, e.dataset.ask ?? ''])")
        .await;
    for one in asks.as_array().unwrap() {
        assert!(one[0] == "BUTTON" && !one[1].as_str().unwrap().is_empty(), "no question for a missing piece: {asks}");
    }
    desk.fill("#body", "Guten Tag,\n\ndanke.\n\nFreundliche Grüße").await;
    desk.value("document.activeElement.blur()").await;
    for one in asks.as_array().unwrap() {
        press(&desk, "q").await;
        desk.until(&format!("document.querySelector('#body').value.includes({})", one[1])).await;
        desk.value("document.activeElement.blur()").await;
    }

    // Blocks in the draft's language come when they are asked for; the first has the focus.
    desk.fill("#body", "Guten Tag,\n\nFreundliche Grüße").await;
    desk.value("document.querySelector('#body').setSelectionRange(10, 10); document.activeElement.blur()").await;
    press(&desk, "y").await;
    desk.until("document.activeElement.matches('.brick')").await;
    assert_eq!(desk.value("return document.activeElement.lang.slice(0, 2)").await, "de");
    let first = desk.value("return document.activeElement.dataset.block").await.as_str().unwrap().to_owned();
    press(&desk, "1").await;
    desk.until("document.activeElement.id === 'body'").await;
    assert_eq!(text(&desk).await, format!("Guten Tag,\n\n{first}\n\nFreundliche Grüße"));
    // Where it can be undone, as what is typed.
    desk.value("document.execCommand('undo')").await;
    assert_eq!(text(&desk).await, "Guten Tag,\n\nFreundliche Grüße");

    // What was filled in is tinted, what is open stands out, in the block and in the editor.
    let filled = "return [...document.querySelectorAll('.brick')].findIndex((b) => b.querySelector('.var'))";
    let at = desk.value(filled).await.as_i64().unwrap();
    assert!(at >= 0, "no block is filled from the ticket");
    desk.value(&format!("document.querySelectorAll('.brick')[{at}].click()")).await;
    desk.until("document.querySelector('.mirror mark:not(.gap)')").await;
    desk.value(
        "const a = document.querySelector('#body'); a.value += ' {{carrier}}'; a.dispatchEvent(new Event('input', { bubbles: true }))",
    )
    .await;
    desk.until("document.querySelector('.mirror mark.gap')?.textContent === '{{carrier}}'").await;

    // Dragged, a block brings its text along.
    let dragged = "const block = document.querySelector('.brick'); const data = new DataTransfer();\
         block.closest('li').dispatchEvent(new DragEvent('dragstart', { bubbles: true, dataTransfer: data }));\
         return data.getData('text/plain').trim() === block.dataset.block";
    assert_eq!(desk.value(dragged).await, Value::Bool(true));

    // Without a script they are a page.
    desk.goto(&format!("/t/electronics/tickets/{number}/blocks?draft=1")).await;
    desk.until("document.querySelector('main .brick')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
