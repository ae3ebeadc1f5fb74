//! Signing in and out, the link of a chat card, both languages, and what belongs to other teams.

use crate::support::{Desk, LI, PASSWORD, letter};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_opens_to_the_right_person_and_the_right_page() {
    let mails = [
        (
            "electronics",
            letter(
                "a",
                "Tom Ode <tom@customer.example>",
                "support@falkenau.example",
                "Where is my parcel?",
                "Order FA-2026-48077 has not come.",
            ),
        ),
        (
            "fashion",
            letter(
                "b",
                "Eva Roth <eva@customer.example>",
                "support@qinglan.example",
                "A secret of the other shop",
                "Where is my order?",
            ),
        ),
    ];
    let Some(desk) = Desk::open(&["electronics", "fashion"], false, &mails, 10).await else { return };
    let number = desk.ticket("electronics", "Where is my parcel?");
    let link = format!("/t/electronics/tickets/{number}");

    // The link leads to the door and says so.
    desk.goto(&link).await;
    assert!(desk.here().await.starts_with("/t/electronics/sign-in?next="));
    assert!(desk.text("main").await.contains("After signing in you come to the page you asked for."));

    // A wrong password says what is wrong and keeps what was right.
    desk.try_sign_in(LI, "wrong horse battery").await;
    desk.until("document.querySelector('.wrong')").await;
    assert!(desk.text(".wrong").await.starts_with("Mail address or password is wrong."));
    assert_eq!(desk.value("return document.querySelector('input[name=email]').value").await, LI);
    assert_eq!(desk.value("return document.activeElement.name").await, "password");
    desk.try_sign_in(LI, PASSWORD).await;
    desk.until("document.querySelector('#body')").await;
    assert_eq!(desk.here().await, link, "exactly the ticket that was asked for");
    assert!(desk.text(".ticket-head h1").await.contains("Where is my parcel?"));

    // Another team's ticket is another team's: its door asks, this session does not open it.
    let other = format!("/t/fashion/tickets/{}", desk.ticket("fashion", "A secret"));
    desk.goto(&other).await;
    assert!(desk.here().await.starts_with("/t/fashion/sign-in"));
    assert!(!desk.client().source().await.unwrap().contains("A secret"));
    let answer = "const done = arguments[0]; fetch('/t/fashion/api/tickets').then(r => done(r.status))";
    assert_eq!(desk.client().execute_async(answer, vec![]).await.unwrap(), 401);
    desk.goto("/t/electronics/tickets/99999").await;
    assert!(desk.text("h1").await.contains("Nothing here"));

    // Both languages, on the page itself and wherever one goes from there.
    desk.goto(&link).await;
    desk.click("button[name=language]").await;
    desk.until("document.documentElement.lang === 'zh-CN'").await;
    assert_eq!(desk.here().await, link, "the switch stays on the page");
    assert!(desk.text(".bar .send").await.contains("批准并发送"));
    desk.goto("/t/electronics/tickets").await;
    assert!(desk.text(".tabs").await.contains("待审"));

    // Out, in the language that was chosen; the pages behind the door are shut.
    desk.click(".rail details.menu > summary").await;
    desk.click("form[action$='/sign-out'] button").await;
    desk.until("location.search.includes('out=1')").await;
    assert!(desk.text("main").await.contains("你已退出登录"));
    desk.goto(&link).await;
    assert!(desk.here().await.starts_with("/t/electronics/sign-in"));
    desk.goto("/t/electronics/sign-in?language=en").await;

    // Who guesses is slowed, in clear words, and the right password does not help before the time is over.
    for _ in 0..5 {
        desk.value("delete document.body.dataset.old; document.body.dataset.old = 1").await;
        desk.try_sign_in(LI, "guess after guess").await;
        desk.until("!document.body.dataset.old && document.querySelector('.wrong')").await;
    }
    desk.value("document.body.dataset.old = 1").await;
    desk.try_sign_in(LI, PASSWORD).await;
    desk.until("!document.body.dataset.old && document.querySelector('.wrong')").await;
    let words = desk.text(".wrong").await;
    assert!(words.starts_with("Too many tries. Wait 1") && words.contains("min"), "{words}");
    assert!(desk.here().await.contains("/sign-in"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
