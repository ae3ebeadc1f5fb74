//! Notes, putting aside, sending later, the palette and two people on one reply, in a real browser and without a mouse.

use crate::support::{Desk, LI, MEI, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

fn question(id: &str, who: &str) -> (&'static str, String) {
    let from = format!("{who} <{id}@customer.example>");
    let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-4807{id} has not arrived.\n\n{who}");
    ("electronics", letter(id, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
}

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

async fn enter(desk: &Desk) {
    press(desk, [char::from(Key::Enter)]).await;
}

async fn note(desk: &Desk, words: &str) {
    desk.until(&format!("document.querySelector('#notices').innerText.includes('{words}')")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_worked_on_by_keys_alone() {
    let mails = [question("1", "Ana"), question("2", "Ben"), question("3", "Cleo")];
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 1).await else { return };
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|who| desk.ticket("electronics", &format!("Parcel of {who}")));
    let page = |number: i64| format!("/t/electronics/tickets/{number}");
    desk.sign_in("electronics", LI).await;

    // A note: m, words, Ctrl Enter. What was typed and not added is there again after a reload.
    desk.goto(&page(ana)).await;
    press(&desk, "m".chars()).await;
    press(&desk, "@mei is this ours?".chars()).await;
    desk.goto(&page(ana)).await;
    desk.until("document.querySelector('.note-new textarea')?.value === '@mei is this ours?'").await;
    desk.value("document.querySelector('.note-new textarea').focus()").await;
    with_control(&desk, char::from(Key::Enter)).await;
    note(&desk, "Note added.").await;
    assert!(desk.text(".thread .memo").await.contains("internal note, not sent to the customer"));
    assert_eq!(desk.text(".thread .memo mark").await, "@mei");
    assert_eq!(desk.value("return document.querySelector('.note-new textarea').value").await, "");

    // Priority in two keys, a tag in its own words.
    press(&desk, "p1".chars()).await;
    note(&desk, "Priority changed.").await;
    assert!(desk.text(".meta").await.contains("high priority"));
    press(&desk, "t".chars()).await;
    press(&desk, "VIP".chars()).await;
    enter(&desk).await;
    note(&desk, "Tag added.").await;
    assert!(desk.text(".labels").await.contains("vip"));

    // What changed, with the text as it stands in the editor.
    desk.fill("#body", "It comes on Tuesday.").await;
    desk.value("document.activeElement.blur()").await;
    press(&desk, "f".chars()).await;
    desk.until("document.querySelector('.difference ins')").await;
    assert_eq!(desk.value("return document.querySelector('#body').value").await, "It comes on Tuesday.");
    assert_eq!(desk.here().await, page(ana), "the address is still the ticket's");

    // Put aside in two keys, and taken back in one.
    desk.goto(&page(ben)).await;
    press(&desk, "b1".chars()).await;
    note(&desk, "Snoozed until").await;
    desk.goto("/t/electronics/tickets?view=snoozed").await;
    assert!(desk.text(".row").await.contains("until"));
    desk.goto(&page(ben)).await;
    press(&desk, "w".chars()).await;
    note(&desk, "Brought back.").await;

    // Sent later, through the palette: its name, Enter, the first time on offer.
    desk.goto(&page(cleo)).await;
    with_control(&desk, 'k').await;
    desk.until("document.querySelector('#palette[open]')").await;
    assert_eq!(desk.value("return document.activeElement.getAttribute('role')").await, "combobox");
    press(&desk, "send later: tom".chars()).await;
    desk.until("document.querySelectorAll('#palette li').length === 2").await;
    enter(&desk).await;
    note(&desk, "Approved; goes out at").await;
    press(&desk, "z".chars()).await;
    note(&desk, "Taken back.").await;
    // A number goes to its ticket.
    with_control(&desk, 'k').await;
    press(&desk, ana.to_string().chars()).await;
    enter(&desk).await;
    desk.until(&format!("location.pathname === '{}'", page(ana))).await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.house.run(&["audit", "verify"]);
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_on_one_reply() {
    let Some(desk) = Desk::open(&["electronics"], false, &[question("1", "Ana")], 10).await else { return };
    let page = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "Parcel of Ana"));
    desk.sign_in("electronics", LI).await;
    desk.goto(&page).await;
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    desk.fill("#body", "Li has begun").await;
    desk.until("document.querySelector('.bar .state').textContent === 'Kept'").await;

    // Another sees that she writes, cannot send, and takes over; Li's words are there for her.
    desk.sign_in_as_another("electronics", MEI).await;
    desk.goto(&page).await;
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    assert!(desk.text(".presence").await.contains("is writing a reply here."));
    assert_eq!(desk.value("return document.querySelector('.bar .send').disabled").await, true);
    assert_eq!(desk.value("return document.querySelector('#body').readOnly").await, true);
    desk.click(".presence button").await;
    note(&desk, "yours to write now").await;
    assert_eq!(desk.value("return document.querySelector('#body').readOnly").await, false);
    desk.click(".others summary").await;
    desk.click(".others [data-use]").await;
    assert_eq!(desk.value("return document.querySelector('#body').value").await, "Li has begun");
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
