//! Many tickets at once, without a mouse; a view made with plain forms; and who looks at what.

use crate::support::{Desk, EVE, LI, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::json;

async fn press(desk: &Desk, keys: &str) {
    let mut actions = KeyActions::new("keys".to_owned());
    for value in keys.chars() {
        actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    }
    desk.client().perform_actions(actions).await.unwrap();
}

fn mails() -> Vec<(&'static str, String)> {
    ["Ana", "Ben", "Cem"]
        .map(|who| {
            let from = format!("{who} <{who}@customer.example>");
            let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-48077 has not arrived.\n\n{who}");
            ("electronics", letter(who, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
        })
        .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tickets_are_closed_and_taken_back_with_keys_alone() {
    let Some(desk) = Desk::open(&["electronics"], false, &mails(), 10).await else { return };
    desk.browser.resize(1280, 900).await;
    desk.sign_in("electronics", LI).await;
    desk.goto("/t/electronics/tickets").await;
    desk.until("document.querySelectorAll('.row').length === 3").await;
    assert_eq!(desk.value("return document.querySelector('.bulk').checkVisibility()").await, json!(false));
    // The first is chosen, then all up to the third.
    press(&desk, "jx").await;
    desk.until("document.querySelectorAll('.pick:checked').length === 1").await;
    press(&desk, "jjX").await;
    desk.until("document.querySelectorAll('.pick:checked').length === 3").await;
    assert_eq!(desk.text(".bulk .chosen").await, "3 chosen");
    // x again lets one go.
    press(&desk, "x").await;
    desk.until("document.querySelectorAll('.pick:checked').length === 2").await;
    desk.click(".bulk button[value=handled]").await;
    desk.until("document.querySelectorAll('.row').length === 1").await;
    desk.until("document.querySelector('.bulk-done')?.textContent.includes('2 tickets handled')").await;
    press(&desk, "z").await;
    desk.until("document.querySelectorAll('.row').length === 3").await;
    desk.until("document.querySelector('#notices').textContent.includes('2 tickets are as they were')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_made_and_searched_in_the_browser() {
    let Some(desk) = Desk::open(&["electronics"], false, &mails(), 10).await else { return };
    desk.sign_in("electronics", EVE).await;
    desk.goto("/t/electronics/views/new").await;
    desk.fill("input[name=name]", "Ben only").await;
    desk.value("document.querySelector('select[name=n]').value = 'text'").await;
    desk.click("button[value=add]").await;
    desk.until("document.querySelector('input[name=\"v.1\"]')").await;
    desk.fill("input[name=\"v.1\"]", "parcel of ben").await;
    desk.click(".steps button[value=save]").await;
    desk.until("document.querySelectorAll('.row').length === 1").await;
    assert!(desk.text(".tabs a[aria-current]").await.contains("Ben only"));
    // A search within everything, by a number without its dashes.
    desk.goto("/t/electronics/tickets?view=all&q=fa202648077").await;
    desk.until("document.querySelectorAll('.row').length === 3").await;
    desk.goto("/t/electronics/tickets?view=all&q=%22parcel+of+cem%22").await;
    desk.until("document.querySelectorAll('.row').length === 1").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
