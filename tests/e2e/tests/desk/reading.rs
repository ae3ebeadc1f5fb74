//! What an agent reads: the list with its filters and counts, and all that the review page shows.

use crate::support::{Desk, LI, letter};
use fantoccini::Locator;
use serde_json::Value;

async fn rows(desk: &Desk) -> usize {
    desk.client().find_all(Locator::Css(".row")).await.unwrap().len()
}

/// The number beside a view's name.
async fn count(desk: &Desk, view: &str) -> usize {
    let script = format!("return document.querySelector('.tabs [data-view=\"{view}\"] .n').textContent");
    desk.value(&script).await.as_str().unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_counts_and_filters_and_the_page_tells_everything() {
    // A mail that leaves out what an answer needs.
    let vague = letter(
        "vague",
        "Tom Ode <tom@customer.example>",
        "support@falkenau.example",
        "Where is my parcel?",
        "Hello,\n\nmy parcel has not arrived yet. Where is it?\n\nTom",
    );
    let Some(desk) = Desk::open(&["electronics"], true, &[("electronics", vague)], 10).await else { return };
    desk.sign_in("electronics", LI).await;

    // Each view shows as many as its name says.
    let all = count(&desk, "all").await;
    let mut sum = 0;
    for view in ["waiting", "new", "sent", "handled", "snoozed", "spam", "automatic"] {
        desk.goto(&format!("/t/electronics/tickets?view={view}")).await;
        let shown = rows(&desk).await;
        assert_eq!(shown, count(&desk, view).await, "{view}");
        sum += shown;
    }
    assert_eq!(sum, all);
    desk.goto("/t/electronics/tickets").await;
    let waiting = rows(&desk).await;
    assert!(desk.text(".sentence").await.starts_with(&format!("{waiting} waiting")));

    // A filter applies when it is chosen, shows only what fits, says that it is on, and goes away again.
    let list = desk.house.run(&["ticket", "list", "--tenant", "electronics", "--all", "--limit", "200", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let tickets: Vec<&Value> =
        list["rows"].as_array().unwrap().iter().filter(|row| row["status"] == "waiting").collect();
    assert_eq!(tickets.len(), waiting);
    for (name, of) in [("queue", "queue"), ("category", "category"), ("urgency", "urgency"), ("language", "language")] {
        let wanted = tickets[0][of].as_str().unwrap_or_else(|| panic!("{of} in {}", tickets[0]));
        let fitting = tickets.iter().filter(|row| row[of] == wanted).count();
        desk.goto("/t/electronics/tickets").await;
        desk.click(".filters > summary").await;
        let choose = format!(
            "const s = document.querySelector('select[name={name}]'); s.value = '{wanted}'; s.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        );
        desk.value(&choose).await;
        desk.until(&format!("location.search.includes('{name}=') && document.querySelector('.active')")).await;
        assert_eq!(rows(&desk).await, fitting, "{name} {wanted}");
        desk.click(".active a").await;
        desk.until("!location.search.includes('=') && !document.querySelector('.active')").await;
        assert_eq!(rows(&desk).await, waiting);
    }
    desk.fill("input[name=q]", "FA-2026-48077\n").await;
    desk.until("location.search.includes('q=')").await;
    assert_eq!(rows(&desk).await, 1);
    desk.fill("input[name=q]", "nothing is called this\n").await;
    desk.until("document.querySelector('.empty')").await;

    the_page_tells_everything(&desk).await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

async fn the_page_tells_everything(desk: &Desk) {
    let number = desk.ticket("electronics", "FA-2026-48077");
    desk.goto("/t/electronics/tickets").await;
    desk.click(&format!(".row[data-number=\"{number}\"] > a")).await;
    desk.until("document.querySelector('.reader')").await;
    assert_eq!(desk.here().await, format!("/t/electronics/tickets/{number}"));

    // Marked where they stand in the text, with their kind, and listed beside it.
    let marks = desk
        .value("return [...document.querySelectorAll('.letter mark.entity')].map(m => [m.textContent, m.title])")
        .await;
    let marks = marks.as_array().unwrap();
    for (text, kind) in
        [("FA-2026-48077", "order number"), ("00340434150826471932", "tracking number"), ("FK-GC065", "SKU")]
    {
        let mark = marks.iter().find(|m| m[0] == text).unwrap_or_else(|| panic!("{text} is not marked: {marks:?}"));
        assert!(mark[1].as_str().unwrap().starts_with(kind), "{mark}");
        assert!(desk.text(".side").await.contains(text), "{text}");
    }

    // Why here: the steps, in words, with grounds, version and time.
    desk.click("#why > summary").await;
    let why = desk.text("#why").await;
    for part in
        ["Sorting", "shipping", "because of", "Routing", "Put into the queue", "Draft", "Checking", "took", "µs"]
    {
        assert!(why.contains(part) || (part == "µs" && why.contains("ms")), "{part} is not in: {why}");
    }
    desk.click("#why li details summary").await;
    assert!(desk.text("#why li details[open]").await.contains("program "));

    // What happened, newest first, from the record.
    desk.click(".history > summary").await;
    let history = desk.text(".history ol").await;
    for part in ["ticket made", "sorted", "routed", "drafts made"] {
        assert!(history.contains(part), "{part} is not in: {history}");
    }
    assert!(history.find("drafts made") < history.find("ticket made"), "{history}");

    // The draft: its origin, what was filled in, and in the editor.
    assert!(desk.text(".drafts .origin").await.contains("from template"));
    assert!(!desk.value("return document.querySelector('#body').value").await.as_str().unwrap().is_empty());

    // What is missing, and one click that asks for it in the customer's language.
    let lacking = desk.ticket("electronics", "Where is my parcel?");
    desk.goto(&format!("/t/electronics/tickets/{lacking}")).await;
    desk.until("document.querySelector('.missing button[data-ask]')").await;
    let question = desk.value("return document.querySelector('.missing button[data-ask]').dataset.ask").await;
    desk.value("const b = document.querySelector('#body'); b.value = b.value.replace(document.querySelector('.missing button[data-ask]').dataset.ask, ''); b.dispatchEvent(new Event('input', { bubbles: true }))").await;
    desk.click(".missing button[data-ask]").await;
    let text = desk.value("return document.querySelector('#body').value").await;
    assert!(text.as_str().unwrap().contains(question.as_str().unwrap()), "{text}");
    desk.until("document.querySelector('.missing button.asked')").await;
}
