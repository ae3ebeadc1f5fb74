//! Nothing that somebody types is lost: beside the reply, while another form of the page is sent, while the desk still answers, when the
//! session ends in the middle of it, when the page goes, and when somebody else was faster.

use crate::support::{Desk, LI, MEI, PASSWORD, letter};

fn question() -> (&'static str, String) {
    let body = "Hello,\n\nwhere is my parcel? Order FA-2026-48071 has not arrived.\n\nAna";
    ("electronics", letter("1", "Ana <ana@customer.example>", "support@falkenau.example", "Parcel of Ana", body))
}

async fn field(desk: &Desk, selector: &str) -> String {
    let value = desk.value(&format!("return document.querySelector(`{selector}`).value")).await;
    value.as_str().unwrap_or_default().to_owned()
}

/// Types at the end of a field, as far as the page can tell.
async fn type_on(desk: &Desk, selector: &str, text: &str) {
    let script = format!(
        "const f = document.querySelector(`{selector}`); f.value += `{text}`; f.dispatchEvent(new Event('input', {{ bubbles: true }}))"
    );
    desk.value(&script).await;
}

async fn ready(desk: &Desk) {
    desk.until("document.querySelector('.reply form')?.dataset.ready").await;
}

/// The session ends on the desk, and this page does not know.
async fn revoke(desk: &Desk) {
    let leave = "return fetch(`${document.body.dataset.team}/sign-out`, { method: 'POST', \
        body: new URLSearchParams({ csrf: document.body.dataset.csrf }) }).then((answer) => answer.status)";
    assert_eq!(desk.value(leave).await, 200);
}

/// The door, and through it.
async fn sign_in_again(desk: &Desk, email: &str) {
    desk.until("document.querySelector('input[name=password]')").await;
    desk.try_sign_in(email, PASSWORD).await;
    desk.until("document.body.matches('.desk')").await;
}

async fn said(desk: &Desk, words: &str) {
    desk.until(&format!("document.querySelector('#notices').innerText.includes('{words}')")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_on_a_ticket_is_there_whatever_happens() {
    let Some(desk) = Desk::open(&["electronics"], false, &[question()], 10).await else { return };
    let page = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "Parcel of Ana"));
    desk.sign_in("electronics", LI).await;
    desk.goto(&page).await;
    ready(&desk).await;

    // Another form of the page is sent: the reply goes on where it was, and so does a note.
    desk.fill("#body", "Dear Ana").await;
    type_on(&desk, ".note-new textarea", "a note of mine").await;
    type_on(&desk, "#tag-new", "vip").await;
    desk.click("form.one-line button").await;
    said(&desk, "Tag added.").await;
    ready(&desk).await;
    assert_eq!(field(&desk, "#body").await, "Dear Ana");
    assert_eq!(desk.value("return document.querySelector('.kept.local').hidden").await, true, "nothing to ask");
    assert_eq!(field(&desk, ".note-new textarea").await, "a note of mine");
    assert_eq!(field(&desk, "#tag-new").await, "", "what was taken is taken");

    // She types on while the desk saves.
    let on = "document.querySelector('.bar .save').click(); const a = document.querySelector('#body'); a.value += ', it comes'; \
        a.dispatchEvent(new Event('input', { bubbles: true }))";
    desk.value(on).await;
    said(&desk, "Draft saved.").await;
    ready(&desk).await;
    assert_eq!(field(&desk, "#body").await, "Dear Ana, it comes");
    let on = "document.querySelector('.note-new').open = true; const a = document.querySelector('.note-new textarea'); \
        a.form.requestSubmit(); a.value += ' and more'; a.dispatchEvent(new Event('input', { bubbles: true }))";
    desk.value(on).await;
    said(&desk, "Note added.").await;
    assert_eq!(field(&desk, ".note-new textarea").await, "a note of mine and more");
    assert_eq!(desk.text(".thread .memo .text").await, "a note of mine");

    // Left for another page a moment after the last key.
    type_on(&desk, "#body", " on Tuesday").await;
    desk.click(".place[href$='/knowledge']").await;
    desk.until("location.pathname.endsWith('/knowledge')").await;
    desk.goto(&page).await;
    ready(&desk).await;
    let offered = desk.value("return !document.querySelector('.kept.local').hidden").await == true;
    if offered {
        desk.click("[data-restore]").await;
    }
    assert_eq!(field(&desk, "#body").await, "Dear Ana, it comes on Tuesday");

    // Every other field: the page goes and comes.
    desk.click(".memo .mine summary").await;
    type_on(&desk, ".memo .mine textarea", ", changed").await;
    type_on(&desk, "details[data-key=h] input[name=reason]", "came to the shop").await;
    type_on(&desk, "#tag-new", "late").await;
    type_on(&desk, "details.merge input[name=into]", "12").await;
    desk.goto(&page).await;
    ready(&desk).await;
    let all = [
        (".memo .mine textarea", "a note of mine, changed"),
        ("details[data-key=h] input[name=reason]", "came to the shop"),
        ("#tag-new", "late"),
        ("details.merge input[name=into]", "12"),
        (".note-new textarea", "a note of mine and more"),
    ];
    for (selector, text) in all {
        assert_eq!(field(&desk, selector).await, text, "{selector}");
    }
    assert_eq!(desk.value("return document.querySelector('.memo .mine details').open").await, true, "it is in sight");
    assert_eq!(
        desk.value("return document.querySelector('details[data-key=h]').open").await,
        false,
        "a menu stays closed"
    );

    // The session ends; each form meets the door, and is as it was behind it.
    revoke(&desk).await;
    desk.click(".memo .mine .note-form button").await;
    sign_in_again(&desk, LI).await;
    assert!(desk.here().await.starts_with(&page), "{}", desk.here().await);
    for (selector, text) in all {
        assert_eq!(field(&desk, selector).await, text, "{selector} after the door");
    }
    desk.click(".memo .mine .note-form button").await;
    said(&desk, "Note changed.").await;
    assert_eq!(desk.text(".thread .memo .text").await, "a note of mine, changed");
    revoke(&desk).await;
    type_on(&desk, ".note-new textarea", "!").await;
    desk.value("document.querySelector('.note-new').open = true").await;
    desk.click(".note-new .note-form button").await;
    sign_in_again(&desk, LI).await;
    assert_eq!(field(&desk, ".note-new textarea").await, "a note of mine and more!");
    desk.click(".note-new .note-form button").await;
    said(&desk, "Note added.").await;
    assert_eq!(field(&desk, ".note-new textarea").await, "");
    revoke(&desk).await;
    desk.click("details[data-key=h] > summary").await;
    desk.click("details[data-key=h] .own button").await;
    sign_in_again(&desk, LI).await;
    desk.click("details[data-key=h] > summary").await;
    assert_eq!(field(&desk, "details[data-key=h] input[name=reason]").await, "came to the shop");
    desk.click("details[data-key=h] .own button").await;
    said(&desk, "Marked as handled.").await;
    desk.goto(&page).await;
    assert!(desk.text(".meta .status").await.contains("handled (came to the shop)"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

/// What stands in an editor, without the line ends that saving makes.
async fn words(desk: &Desk, selector: &str) -> String {
    field(desk, selector).await.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An editor of articles or templates: where it is, what its saving says, and its form.
async fn an_editor_loses_nothing(desk: &Desk, page: &str, form: &str) {
    let body = format!("{form} #body");
    let save = format!("{form} button.solid");
    let bar = format!("!document.querySelector('{form} .kept.local').hidden");
    desk.goto(page).await;
    let first = words(desk, &body).await;
    assert!(!first.is_empty());

    // The page goes.
    type_on(desk, &body, " one").await;
    desk.goto("/t/electronics/tickets").await;
    desk.goto(page).await;
    desk.until(&bar).await;
    assert_eq!(words(desk, &body).await, first, "it is offered, since the desk may have a newer one");
    desk.click(&format!("{form} [data-restore]")).await;
    assert_eq!(words(desk, &body).await, format!("{first} one"));

    // The session ends.
    type_on(desk, &body, " two").await;
    revoke(desk).await;
    desk.click(&save).await;
    sign_in_again(desk, MEI).await;
    assert_eq!(desk.here().await, page, "back where she was");
    desk.until(&bar).await;
    desk.click(&format!("{form} [data-restore]")).await;
    assert_eq!(words(desk, &body).await, format!("{first} one two"));
    desk.click(&save).await;
    said(desk, "Saved.").await;
    desk.goto(page).await;
    assert_eq!(words(desk, &body).await, format!("{first} one two"));
    assert_eq!(desk.value(&format!("return {bar}")).await, false, "what is saved is not offered");

    // Somebody else is faster, in a second window; then the page goes, with the conflict on it.
    let mine = desk.client().window().await.unwrap();
    let other = desk.client().new_window(true).await.unwrap().handle;
    desk.client().switch_to_window(other).await.unwrap();
    desk.goto(page).await;
    type_on(desk, &body, " theirs").await;
    desk.click(&save).await;
    said(desk, "Saved.").await;
    desk.client().close_window().await.unwrap();
    desk.client().switch_to_window(mine).await.unwrap();
    type_on(desk, &body, " mine").await;
    desk.click(&save).await;
    desk.until("document.querySelector('.conflict')").await;
    assert_eq!(words(desk, &body).await, format!("{first} one two mine"));
    assert!(desk.text(".conflict .theirs").await.ends_with("theirs"));
    desk.goto(page).await;
    desk.until(&bar).await;
    assert_eq!(words(desk, &body).await, format!("{first} one two theirs"));
    desk.click(&format!("{form} [data-restore]")).await;
    assert_eq!(words(desk, &body).await, format!("{first} one two mine"));
    desk.click(&save).await;
    said(desk, "Saved.").await;
    // Dropped is dropped.
    type_on(desk, &body, " three").await;
    desk.goto(page).await;
    desk.until(&bar).await;
    desk.click(&format!("{form} [data-discard]")).await;
    desk.goto(page).await;
    assert_eq!(desk.value(&format!("return {bar}")).await, false);
    assert_eq!(words(desk, &body).await, format!("{first} one two mine"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_into_an_article_or_a_template_is_there_whatever_happens() {
    let Some(desk) = Desk::open(&["electronics"], false, &[question()], 10).await else { return };
    desk.sign_in("electronics", MEI).await;
    an_editor_loses_nothing(&desk, "/t/electronics/knowledge/article?id=returns.en&language=en", "form.write").await;
    let template = "/t/electronics/templates/template?plugin=drafter&id=shipping-de";
    an_editor_loses_nothing(&desk, template, "form.template").await;
    // What is tried is not saved, and still there.
    type_on(&desk, "form.template #body", " tried").await;
    desk.click("fieldset.try button").await;
    desk.until("document.querySelector('#tried')").await;
    desk.goto(template).await;
    desk.until("!document.querySelector('form.template .kept.local').hidden").await;
    desk.click("form.template [data-restore]").await;
    assert!(field(&desk, "form.template #body").await.ends_with(" tried"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
