//! The editor in a real browser: marks by button and by key, undone as what is typed, and the mail as the customer will see it.

use crate::support::{Desk, LI, letter};
use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

async fn with_control(desk: &Desk, value: char) {
    let control = char::from(Key::Control);
    let actions = KeyActions::new("keys".to_owned())
        .then(KeyAction::Down { value: control })
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value })
        .then(KeyAction::Up { value: control });
    desk.client().perform_actions(actions).await.unwrap();
}

async fn select(desk: &Desk, words: &str) {
    desk.value(&format!(
        "const a = document.querySelector('#body'); const at = a.value.indexOf('{words}'); a.focus(); a.setSelectionRange(at, at + {})",
        words.len()
    ))
    .await;
}

async fn text(desk: &Desk) -> String {
    desk.value("return document.querySelector('#body').value").await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_set_and_looked_at_as_the_customer_will_see_it() {
    let body = "Hello,\n\nwhere is my parcel? Order FA-2026-48071 has not arrived.\n\nAna";
    let mail = letter("1", "Ana <ana@customer.example>", "support@falkenau.example", "Parcel of Ana", body);
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 1).await else { return };
    let number = desk.ticket("electronics", "Parcel of Ana");
    desk.sign_in("electronics", LI).await;
    desk.goto(&format!("/t/electronics/tickets/{number}")).await;
    desk.until("document.querySelector('.reply form[data-ready]')").await;
    desk.fill("#body", "Hello Ana\nplease see here\none\ntwo").await;

    select(&desk, "Hello").await;
    with_control(&desk, 'b').await;
    assert!(text(&desk).await.starts_with("**Hello** Ana\n"));
    with_control(&desk, 'b').await;
    assert!(text(&desk).await.starts_with("Hello Ana\n"), "again takes it off: {}", text(&desk).await);
    with_control(&desk, 'z').await;
    assert!(text(&desk).await.starts_with("**Hello** Ana\n"), "it can be undone: {}", text(&desk).await);
    select(&desk, "please").await;
    desk.click("[data-mark='_']").await;
    assert!(text(&desk).await.contains("\n_please_ see here"));
    desk.value(
        "const a = document.querySelector('#body'); a.setSelectionRange(a.value.indexOf('one'), a.value.length)",
    )
    .await;
    desk.click("[data-mark='- ']").await;
    assert!(text(&desk).await.ends_with("\n- one\n- two"));
    // With words selected Ctrl k makes a link, and its address is what is typed next; without, it finds.
    select(&desk, "here").await;
    with_control(&desk, 'k').await;
    desk.client().active_element().await.unwrap().send_keys("https://falkenau.example/a").await.unwrap();
    assert!(text(&desk).await.contains("_please_ see [here](https://falkenau.example/a)"), "{}", text(&desk).await);
    desk.value("document.querySelector('#body').setSelectionRange(0, 0)").await;
    with_control(&desk, 'k').await;
    desk.until("document.querySelector('dialog[open]')").await;
    desk.value("document.querySelector('dialog[open]').close()").await;
    assert!(!text(&desk).await.contains("[link]"));

    // The preview comes into its frame, nothing else on the page changes, and what was typed stays typed.
    let before = text(&desk).await;
    desk.click(".as-mail summary").await;
    desk.until("document.querySelector('iframe[name=reply-preview]')").await;
    let frame = desk.client().find(Locator::Css("iframe[name=reply-preview]")).await.unwrap();
    frame.enter_frame().await.unwrap();
    desk.until("document.querySelector('b')?.textContent === 'Hello' && document.querySelectorAll('li').length === 2")
        .await;
    assert_eq!(
        desk.value("return document.querySelector('a').getAttribute('href')").await,
        "https://falkenau.example/a"
    );
    assert!(
        desk.value("return document.body.innerText").await.as_str().unwrap().contains("has not arrived"),
        "with the mail that is answered"
    );
    desk.client().enter_parent_frame().await.unwrap();
    assert_eq!(text(&desk).await, before);
    assert_eq!(desk.here().await, format!("/t/electronics/tickets/{number}"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
}
