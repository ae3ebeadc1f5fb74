//! A lead writes a template in a real browser: tries it on a ticket, saves it, sees its versions; and whatever stands in it or in the
//! mail, nothing of it runs.

use crate::support::{Desk, MEI, letter};

const HOSTILE: &str =
    "<script>window.ran=1</script><img src=x onerror=\"window.ran=1\"></textarea><script>window.ran=1</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_tried_saved_and_looked_back_at() {
    let from = "\"<img src=x onerror=window.ran=1>\" <mallory@customer.example>";
    let body = "Guten Tag,\n\nwo ist mein Paket? Die Bestellung FK-204418 ist noch nicht angekommen.\n\nDanke";
    let mail = letter("one", from, "support@falkenau.example", "Wo ist <b>mein</b> Paket?", body);
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 1).await else { return };
    let number = desk.ticket("electronics", "Paket");
    desk.sign_in("electronics", MEI).await;
    let nothing_ran = async |when: &str| assert_eq!(desk.value("return window.ran ?? 0").await, 0, "{when}");

    desk.goto("/t/electronics/knowledge").await;
    desk.click("nav.tabs a[href$='/templates']").await;
    desk.until("location.pathname.endsWith('/templates')").await;
    desk.click("a[href*='id=shipping-de']").await;
    desk.until("document.querySelector('#body')").await;
    let offered = desk.value("return document.querySelector('select[name=ticket]').innerText").await;
    assert!(offered.as_str().unwrap().contains(&format!("#{number} <img src=x onerror=window.ran=1>")), "{offered}");
    desk.fill("#body", &format!("{{{{greeting}}}} {HOSTILE} {{{{eta}}}}")).await;
    desk.click("fieldset.try button").await;
    desk.until("document.querySelector('#tried .said')").await;
    assert_eq!(desk.text("#tried h2").await, format!("On #{number}"));
    assert!(desk.text("#tried").await.contains("It would be proposed first."));
    assert!(desk.text("#tried .said").await.contains(HOSTILE), "it is shown as it was written");
    assert_eq!(desk.text("#tried mark.open").await, "{{eta}}");
    assert_eq!(desk.value("return document.querySelector('#body').value.includes('{{eta}}')").await, true);
    nothing_ran("tried").await;

    desk.click("form.template button.solid").await;
    desk.until("document.querySelector('#notices').innerText.includes('Saved.')").await;
    desk.click("a[href*='version=1']").await;
    desk.until("document.querySelector('#earlier ins')").await;
    assert!(desk.text("#earlier ins:last-of-type").await.contains("<script>"));
    nothing_ran("looked back at").await;
    // What is wrong is said with its place, and what was typed stays.
    desk.fill("#body", "Hallo {{#if eta}}").await;
    desk.click("form.template button.solid").await;
    desk.until("document.querySelector('#notices').innerText.includes('Line 1, character 7')").await;
    assert_eq!(desk.value("return document.querySelector('#body').value").await, "Hallo {{#if eta}}");
    assert_eq!(desk.complaints().await, Vec::<String>::new(), "nothing was left for the policy to stop");
    desk.browser.close().await;
}
