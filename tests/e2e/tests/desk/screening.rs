//! Spam and not spam, in a browser: by a button and by a key, in the list and on the ticket, wide and narrow.

use crate::admin::everywhere;
use crate::support::{Desk, LI, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};

async fn press(desk: &Desk, key: char) {
    let keys = KeyActions::new("keys".to_owned());
    let keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
    desk.client().perform_actions(keys).await.unwrap();
}

async fn said(desk: &Desk, words: &str) {
    desk.until(&format!("document.querySelector('#notices').innerText.includes('{words}')")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spam_goes_and_comes_back() {
    let mails = ["Ana", "Ben", "Cem"].map(|who| {
        let from = format!("{who} <{who}@customer.example>");
        let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-48077 has not arrived.\n\n{who}");
        ("electronics", letter(who, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
    });
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 10).await else { return };
    let [ana, ben] = ["Ana", "Ben"].map(|who| desk.ticket("electronics", &format!("Parcel of {who}")));
    desk.sign_in("electronics", LI).await;

    // By a key on the ticket. It is gone from the list of what waits, and stands under spam, in the log of mails too.
    desk.goto(&format!("/t/electronics/tickets/{ana}")).await;
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    press(&desk, '!').await;
    said(&desk, "Marked as spam.").await;
    desk.goto("/t/electronics/tickets").await;
    desk.until("document.querySelectorAll('.row').length === 2").await;
    desk.goto("/t/electronics/tickets?view=spam").await;
    desk.until("document.querySelectorAll('.row').length === 1").await;
    assert!(desk.text(".row").await.contains("Ana"));
    desk.goto("/t/electronics/messages?outcome=spam").await;
    assert!(desk.text("table.log").await.contains("Ana@customer.example"), "{}", desk.text("main").await);

    // Several at once from the list, by a phone.
    desk.browser.resize(360, 780).await;
    desk.goto("/t/electronics/tickets").await;
    desk.value("document.querySelectorAll('.pick').forEach((pick) => pick.click())").await;
    desk.until("document.querySelectorAll('.pick:checked').length === 2").await;
    desk.value("document.querySelector('.bulk button[value=spam]').click()").await;
    desk.until("document.querySelectorAll('.row').length === 0").await;
    desk.goto("/t/electronics/tickets?view=spam").await;
    desk.until("document.querySelectorAll('.row').length === 3").await;

    // Back again: by the button, on the phone; and nothing can be sent meanwhile.
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    assert_eq!(desk.value("return !!document.querySelector('.bar .send:not([disabled])')").await, false);
    desk.value("document.querySelector('#acts').classList.add('shown')").await;
    desk.click("#acts [data-key='!']").await;
    said(&desk, "Brought back from spam.").await;
    desk.browser.resize(1280, 900).await;
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    assert!(desk.text(".meta .status").await.contains("waiting"));
    desk.goto("/t/electronics/messages?outcome=spam").await;
    assert!(!desk.text("main").await.contains("Ben@customer.example"));

    let mut wrong = Vec::new();
    let spam = format!("/t/electronics/tickets/{ana}");
    for path in ["/t/electronics/tickets?view=spam", "/t/electronics/messages?outcome=spam", &spam] {
        everywhere(&desk, path, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.house.run(&["audit", "verify"]);
    desk.browser.close().await;
}
