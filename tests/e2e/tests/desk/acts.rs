//! What an agent does: sorts, takes, closes, brings back, edits, approves; and that nothing typed is ever lost.

use crate::support::{Desk, LI, MEI, PASSWORD, letter};
use posthouse_mail::read::read_mail;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

fn question(id: &str, who: &str) -> (&'static str, String) {
    let from = format!("{who} <{id}@customer.example>");
    let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-4807{id} has not arrived.\n\n{who}");
    ("electronics", letter(id, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
}

fn sent(desk: &Desk) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(desk.house.path().join("data/outgoing/electronics")) else { return Vec::new() };
    entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect()
}

/// Writes into the editor as typing does.
async fn write(desk: &Desk, text: &str) {
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    desk.fill("#body", text).await;
}

async fn editor(desk: &Desk) -> String {
    desk.value("return document.querySelector('#body').value").await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_of_an_agent_does_what_it_says() {
    let mails = [question("1", "Ana"), question("2", "Ben"), question("3", "Cleo")];
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 1).await else { return };
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|who| desk.ticket("electronics", &format!("Parcel of {who}")));
    desk.sign_in("electronics", LI).await;
    let note = async |words: &str| {
        desk.until(&format!("document.querySelector('#notices').innerText.includes('{words}')")).await
    };

    // Another category, and the ticket is hers.
    desk.goto(&format!("/t/electronics/tickets/{ana}")).await;
    desk.click("details.category > summary").await;
    desk.click("details.category button[value=refund]").await;
    note("Category changed.").await;
    assert!(desk.text(".meta .category summary").await.contains("refund"));
    // A slip is taken back, and that as well.
    desk.click("#notices .take-back button").await;
    desk.until("document.querySelector('.meta .category summary').innerText.includes('shipping')").await;
    note("Category changed.").await;
    desk.click("#notices .take-back button").await;
    desk.until("document.querySelector('.meta .category summary').innerText.includes('refund')").await;
    desk.click(".acts details.menu:last-child > summary").await;
    desk.click(".acts [data-key=s]").await;
    note("Assigned.").await;
    assert!(desk.text(".meta").await.contains("li"));
    assert_eq!(desk.value("return document.querySelector('[data-view=mine] .n').textContent").await, "1");

    // Spam and back.
    desk.click(".acts [data-key='!']").await;
    note("Marked as spam.").await;
    desk.goto(&format!("/t/electronics/tickets/{ana}")).await;
    assert!(desk.text(".meta .status").await.contains("spam"));
    desk.click(".acts [data-key='!']").await;
    note("Brought back from spam.").await;
    assert!(desk.text(".meta .status").await.contains("waiting"));

    // Closed with a reason of her own, which stays on the page.
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    desk.click("details[data-key=h] > summary").await;
    desk.fill("details[data-key=h] input[name=reason]", "came to the shop").await;
    desk.click("details[data-key=h] .own button").await;
    note("Marked as handled.").await;
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    assert!(desk.text(".meta .status").await.contains("handled (came to the shop)"));

    // A saved text is checked again, and what the checks say fits it.
    desk.goto(&format!("/t/electronics/tickets/{cleo}")).await;
    write(&desk, "Dear Cleo,\n\nhere is the key: AKIAIOSFODNN7EXAMPLE\n\nKind regards").await;
    desk.until("!document.querySelector('.checks .stale').hidden").await;
    desk.click(".bar .save").await;
    note("Draft saved.").await;
    desk.until("document.querySelector('.checks .blocks')").await;
    desk.click(".bar .send").await;
    note("A check stops this reply").await;
    write(&desk, "Dear Cleo,\n\nyour parcel comes on Tuesday.\n\nKind regards").await;
    desk.click(".bar .save").await;
    note("Draft saved.").await;
    desk.until(
        "document.querySelector('.checks .fine') && !document.querySelector('.checks[data-coming], .checks .blocks')",
    )
    .await;
    assert!(desk.text(".checks").await.contains("nothing found"));

    // Approved, and let go. It lies in the outgoing folder, as it was written, and threads.
    assert!(sent(&desk).is_empty());
    desk.click(".bar .send").await;
    desk.until("document.querySelector('.undo')").await;
    desk.until("!document.querySelector('.undo') && document.querySelector('.sending')").await;
    let out = async {
        while sent(&desk).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), out).await.expect("the reply goes out");
    let files = sent(&desk);
    assert_eq!(files.len(), 1);
    let mail = read_mail(&std::fs::read(&files[0]).unwrap());
    assert!(mail.reply_text.contains("your parcel comes on Tuesday."), "{}", mail.reply_text);
    assert_eq!(mail.in_reply_to, ["3@customer.example"]);
    // The file is there a moment before its outcome is written, and an open page stays as it is.
    let shown = async {
        loop {
            desk.goto(&format!("/t/electronics/tickets/{cleo}")).await;
            if desk.value("return document.body.innerText.includes('Our reply')").await == true {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shown).await.expect("the thread shows the reply");
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.house.run(&["audit", "verify"]);
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_typed_is_lost() {
    let mails = [question("1", "Ana"), question("2", "Ben")];
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 10).await else { return };
    let [ana, ben] = ["Ana", "Ben"].map(|who| desk.ticket("electronics", &format!("Parcel of {who}")));
    desk.sign_in("electronics", LI).await;

    // Two tabs on one draft: the second is told, sees both texts, and decides.
    let page = format!("/t/electronics/tickets/{ana}");
    desk.goto(&page).await;
    let first = desk.client().window().await.unwrap();
    let second = desk.client().new_window(true).await.unwrap().handle;
    desk.client().switch_to_window(second.clone()).await.unwrap();
    desk.goto(&page).await;
    write(&desk, "Text of the second tab").await;
    desk.client().switch_to_window(first.clone()).await.unwrap();
    write(&desk, "Text of the first tab").await;
    desk.click(".bar .save").await;
    desk.until("document.querySelector('#notices').innerText.includes('Draft saved.')").await;
    desk.client().switch_to_window(second.clone()).await.unwrap();
    desk.click(".bar .save").await;
    desk.until("document.querySelector('.conflict')").await;
    assert_eq!(editor(&desk).await, "Text of the second tab");
    assert_eq!(desk.text(".conflict .theirs").await, "Text of the first tab");
    desk.click(".bar .save").await;
    desk.until("document.querySelector('#notices').innerText.includes('Draft saved.')").await;
    assert_eq!(editor(&desk).await, "Text of the second tab");
    desk.client().close_window().await.unwrap();
    desk.client().switch_to_window(first).await.unwrap();

    // A tab that is left without saving: the text is in the editor again, wherever she opens it.
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    write(&desk, "Half a thought").await;
    desk.until("document.querySelector('.bar .state').textContent === 'Kept'").await;
    desk.goto("/t/electronics/tickets").await;
    desk.value("localStorage.clear()").await;
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    assert_eq!(editor(&desk).await, "Half a thought");
    assert!(desk.text(".reply .kept").await.contains("not saved as a draft yet"));

    // The session ends while she writes: the door, then the same ticket, then her text.
    desk.client().delete_cookie("posthouse_session").await.unwrap();
    write(&desk, "A whole thought, long and well put").await;
    desk.click(".bar .save").await;
    desk.until("document.querySelector('input[name=password]')").await;
    let told = desk.text("main").await;
    assert!(told.contains("Sign in") && !told.contains("Nothing here"), "{told}");
    desk.try_sign_in(LI, PASSWORD).await;
    desk.until("document.querySelector('.kept.local') && !document.querySelector('.kept.local').hidden").await;
    assert!(desk.here().await.starts_with(&format!("/t/electronics/tickets/{ben}")), "{}", desk.here().await);
    desk.click("[data-restore]").await;
    assert_eq!(editor(&desk).await, "A whole thought, long and well put");
    desk.click(".bar .save").await;
    desk.until("document.querySelector('#notices').innerText.includes('Draft saved.')").await;

    // Another agent who sees this ticket sees the saved text, and nobody's unsaved one.
    desk.click(".rail details.menu > summary").await;
    desk.click("form[action$='/sign-out'] button").await;
    desk.until("location.search.includes('out=1')").await;
    desk.sign_in("electronics", MEI).await;
    desk.goto(&format!("/t/electronics/tickets/{ben}")).await;
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
    assert_eq!(editor(&desk).await, "A whole thought, long and well put");
    assert_eq!(desk.value("return document.querySelector('.kept.local').hidden").await, Value::Bool(true));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
