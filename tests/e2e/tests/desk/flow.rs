//! A morning's mail with the keyboard alone: ten tickets from the door to the tenth reply; and that nothing which is done daily takes
//! more than two keystrokes.

use crate::support::{Desk, LI, PASSWORD, letter};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::Value;
use std::collections::BTreeSet;

/// What fingers do.
#[derive(Clone, Copy, Debug)]
enum Press {
    /// A key by itself.
    Key(char),
    /// With Control held.
    Control(char),
    /// Words of one's own, which no desk can spare anybody.
    Words(&'static str),
}
use Press::{Control, Key as One, Words};

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

async fn press(desk: &Desk, presses: &[Press]) {
    let mut actions = KeyActions::new("keys".to_owned());
    let stroke = |actions: KeyActions, value| actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    let control = char::from(Key::Control);
    for one in presses {
        actions = match *one {
            One(value) => stroke(actions, value),
            Control(value) => {
                stroke(actions.then(KeyAction::Down { value: control }), value).then(KeyAction::Up { value: control })
            }
            Words(words) => words.chars().fold(actions, stroke),
        };
    }
    desk.client().perform_actions(actions).await.unwrap();
}

/// The ticket that is open.
async fn open(desk: &Desk) -> Option<String> {
    desk.value("return document.querySelector('.reader')?.dataset.number ?? null").await.as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_agent_clears_ten_tickets_with_the_keyboard_alone() {
    ten_tickets("en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_agent_clears_ten_tickets_with_the_keyboard_alone_in_chinese() {
    ten_tickets("zh").await;
}

/// Nothing but keys is sent to the page; scripts only read it.
async fn ten_tickets(language: &str) {
    let Some(desk) = Desk::open(&["electronics"], true, &[], 30).await else { return };
    let email = "xin@posthouse.example";
    let add = ["user", "add", "electronics", email, "--role", "agent", "--language", language, "--password-stdin"];
    let added = desk.house.try_run(&add, PASSWORD);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));

    desk.goto("/t/electronics/sign-in").await;
    press(&desk, &[Words("xin@posthouse.example"), One(TAB), Words(PASSWORD), One(ENTER)]).await;
    desk.until(&format!(
        "document.body.matches('.desk') && document.documentElement.lang.startsWith('{language}') && document.querySelectorAll('.row').length >= 10"
    ))
    .await;
    press(&desk, &[One('j'), One(ENTER)]).await;
    desk.until("document.activeElement.id === 'main' && document.querySelector('.reply form[data-ready]')").await;

    let mut cleared = BTreeSet::new();
    while cleared.len() < 10 {
        let number = open(&desk).await.expect("another ticket waits");
        let fits = "const form = document.querySelector('.reply form'); const text = form.elements.body.value;\
             return !!text.trim() && !/\\{\\{|\\[/.test(text) && !form.querySelector('.checks .blocks')";
        let gone = format!(
            "document.querySelector('.reader')?.dataset.number !== '{number}' && document.querySelector('.undo')"
        );
        if desk.value(fits).await == true {
            press(&desk, &[One('A')]).await;
        } else {
            // Nothing fits, or something is still open: in her own words.
            press(
                &desk,
                &[One('e'), Control('a'), Words("Hello, we look into it and write again today."), Control(ENTER)],
            )
            .await;
        }
        desk.until(&gone).await;
        assert!(cleared.insert(number), "a ticket came twice");
        desk.until("document.activeElement.id === 'main' && document.querySelector('.reply form[data-ready]')").await;
    }

    // All ten are answered, and by her.
    let list = desk.house.json(&["ticket", "list", "--tenant", "electronics", "--all", "--limit", "200", "--json"]);
    let sent = list["rows"].as_array().unwrap().iter().filter(|row| row["status"] == "sent");
    let sent: BTreeSet<String> = sent.map(|row| row["number"].to_string()).collect();
    assert_eq!(sent, cleared);
    // And the last one can still be taken back.
    press(&desk, &[One('z')]).await;
    desk.until("document.querySelector('#notices .note:not(.refused)') && document.querySelector('#body')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

/// Where an act begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    /// The list, nothing open.
    List,
    /// The first ticket that waits.
    Ticket,
    /// The same, with a reply of one's own in the editor.
    Written,
    /// Where the act before it ended.
    There,
}
use Start::{List, There, Ticket, Written};

/// What is done every day: where it begins, the keys, and what is true afterwards. `NUMBER` is the ticket that was open.
const DAILY: &[(&str, Start, &[Press], &str)] = &[
    ("go down the list", List, &[One('j')], "document.activeElement.closest('.row')"),
    ("open a ticket", List, &[One('j'), One(ENTER)], "document.querySelector('.reader')"),
    ("choose a ticket", List, &[One('j'), One('x')], "document.querySelector('.pick:checked')"),
    ("search", List, &[One('/')], "document.activeElement.matches('.tools input[type=search]')"),
    ("find a command", List, &[Control('k')], "document.querySelector('#palette[open]')"),
    ("see the keys", List, &[One('?')], "document.querySelector('#keys[open]')"),
    ("the next ticket", Ticket, &[One('j')], "document.querySelector('.reader')?.dataset.number !== 'NUMBER'"),
    ("back to the list", Ticket, &[One('u')], "!document.querySelector('.reader')"),
    ("write", Ticket, &[One('e')], "document.activeElement.id === 'body'"),
    (
        "save the draft",
        Written,
        &[Control('s')],
        "document.querySelector('#notices').innerText.includes('Draft saved.')",
    ),
    ("what changed", Written, &[One('f')], "document.querySelector('.difference')"),
    (
        "approve",
        Written,
        &[One('a')],
        "document.querySelector('.undo') && document.querySelector('.reader')?.dataset.number === 'NUMBER'",
    ),
    ("take it back", There, &[One('z')], "!document.querySelector('.undo') && document.querySelector('#body')"),
    (
        "approve, and the next",
        Written,
        &[One('A')],
        "document.querySelector('.undo') && document.querySelector('.reader')?.dataset.number !== 'NUMBER'",
    ),
    (
        "take back what went before",
        There,
        &[One('z')],
        "!document.querySelector('.undo') && document.querySelector('#body')",
    ),
    (
        "send later",
        Written,
        &[One('d'), One('1')],
        "document.querySelector('.take-back') && document.querySelector('.reader')?.dataset.number !== 'NUMBER'",
    ),
    ("take it", Ticket, &[One('s')], "document.querySelector('#notices').innerText.includes('Assigned.')"),
    (
        "give it to a colleague",
        Ticket,
        &[One('i'), One('2')],
        "document.querySelector('#notices').innerText.includes('Assigned.')",
    ),
    (
        "another category",
        Ticket,
        &[One('c'), One('2')],
        "document.querySelector('#notices').innerText.includes('Category changed.')",
    ),
    (
        "another priority",
        Ticket,
        &[One('p'), One('1')],
        "document.querySelector('.reader details[data-key=p] button[value=\"90\"][aria-pressed=true]')",
    ),
    (
        "a tag",
        Ticket,
        &[One('t'), Words("vip"), One(ENTER)],
        "[...document.querySelectorAll('.tags li')].some((tag) => tag.innerText.includes('vip'))",
    ),
    (
        "a note",
        Ticket,
        &[One('m'), Words("Called her."), Control(ENTER)],
        "document.querySelector('.reader').innerText.includes('Called her.') && document.querySelector('#notices .note')",
    ),
    (
        "put it aside",
        Ticket,
        &[One('b'), One('1')],
        "document.querySelector('.take-back') && document.querySelector('.reader')?.dataset.number !== 'NUMBER'",
    ),
    (
        "close it without a reply",
        Ticket,
        &[One('h'), One('1')],
        "document.querySelector('#notices').innerText.includes('Marked as handled.')",
    ),
    ("spam", Ticket, &[One('!')], "document.querySelector('#notices').innerText.includes('Marked as spam.')"),
    (
        "a macro",
        Ticket,
        &[One('g'), One('1')],
        "document.querySelector('.bulk-done')?.textContent.includes('Wait for the carrier')",
    ),
    ("take a macro back", There, &[One('z')], "document.querySelector('#notices').textContent.includes('as it was')"),
    ("a block of a template", Ticket, &[One('y')], "document.activeElement.matches('.brick')"),
    (
        "put it in",
        There,
        &[One(ENTER)],
        "document.querySelector('#body').value !== document.querySelector('#body').defaultValue",
    ),
    (
        "the template did not fit",
        Ticket,
        &[One('o'), One('1')],
        "document.querySelector('#notices .note:not(.refused)')",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_daily_takes_more_than_two_keystrokes() {
    let mails: Vec<_> = (0..12)
        .map(|n| {
            let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-4807{n} has not arrived.\n\nAna");
            let from = format!("Ana <ana{n}@customer.example>");
            (
                "electronics",
                letter(&format!("daily{n}"), &from, "support@falkenau.example", &format!("Parcel {n}"), &body),
            )
        })
        .collect();
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 30).await else { return };
    desk.sign_in("electronics", LI).await;
    for (act, from, keys, after) in DAILY {
        let strokes = keys.iter().filter(|one| !matches!(one, Words(_))).count();
        assert!((1..=2).contains(&strokes), "{act} takes {strokes} keystrokes");
        if *from != There {
            desk.goto("/t/electronics/tickets").await;
            desk.until("document.querySelector('.row')").await;
        }
        if matches!(from, Ticket | Written) {
            press(&desk, &[One('j'), One(ENTER)]).await;
            desk.until("document.activeElement.id === 'main' && document.querySelector('.reply form[data-ready]')")
                .await;
        }
        if *from == Written {
            desk.value(
                "const a = document.querySelector('#body'); a.value = 'Dear Ana, it comes on Tuesday.';\
                 a.dispatchEvent(new Event('input', { bubbles: true }))",
            )
            .await;
        }
        let number = open(&desk).await.unwrap_or_default();
        let before = after.replace("NUMBER", &number);
        if *from != There {
            assert_ne!(desk.value(&format!("return !!({before})")).await, Value::Bool(true), "{act}: true already");
        }
        press(&desk, keys).await;
        desk.until(&before).await;
    }
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

/// On a phone: boxes when asked for, the whole row is one, and what can be done stands at the bottom; all commands are a button.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_chosen_and_commands_are_found_with_a_thumb() {
    let mails = ["Ana", "Ben", "Cem"].map(|who| {
        let body = format!("Hello,\n\nwhere is my parcel? Order FA-2026-48077 has not arrived.\n\n{who}");
        let from = format!("{who} <{who}@customer.example>");
        ("electronics", letter(who, &from, "support@falkenau.example", &format!("Parcel of {who}"), &body))
    });
    let Some(desk) = Desk::open(&["electronics"], false, &mails, 30).await else { return };
    desk.browser.resize(360, 740).await;
    desk.sign_in("electronics", LI).await;
    desk.goto("/t/electronics/tickets").await;
    assert_eq!(desk.value("return document.querySelector('.pick').checkVisibility()").await, Value::Bool(false));
    desk.click(".choose").await;
    desk.until("document.querySelector('.pick').checkVisibility()").await;
    // In the middle of a row, far from the box.
    let tap = "const box = document.querySelectorAll('.row')[AT].getBoundingClientRect();\
               document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).click()";
    for at in ["0", "2"] {
        desk.value(&tap.replace("AT", at)).await;
    }
    desk.until("document.querySelectorAll('.pick:checked').length === 2").await;
    assert_eq!(desk.text(".bulk .chosen").await, "2 chosen");
    desk.click(".bulk button[value=handled]").await;
    desk.until("document.querySelectorAll('.row').length === 1").await;
    desk.until("document.querySelector('.bulk-done')?.textContent.includes('2 tickets handled')").await;

    desk.value("document.querySelector('.row > a').click()").await;
    desk.until("document.querySelector('.reply form[data-ready]')").await;
    // What can be done comes up above the bar, wherever one reads, and goes when one looks elsewhere.
    desk.value("scrollTo(0, 120)").await;
    desk.click(".bar .dots").await;
    let above = "(() => { const acts = document.querySelector('#acts').getBoundingClientRect(), \
                 bar = document.querySelector('footer.bar').getBoundingClientRect(); \
                 return scrollY === 120 && acts.bottom <= bar.top + 1 && acts.top >= 0 && acts.height > 44; })()";
    desk.until(above).await;
    desk.click(".letter").await;
    desk.until("!document.querySelector('#acts').checkVisibility()").await;
    desk.click(".bar .dots").await;
    desk.click("#acts [data-open=palette]").await;
    desk.until("document.querySelector('#palette[open] li')").await;
    // Nothing is chosen before a word is typed: Enter does nothing.
    press(&desk, &[One(ENTER)]).await;
    assert_eq!(desk.value("return !!document.querySelector('#palette[open]')").await, Value::Bool(true));
    assert_eq!(desk.value("return !!document.querySelector('.reply form')").await, Value::Bool(true));
    desk.fill("#palette input", "spam").await;
    // The act, not the view of that name.
    desk.value("[...document.querySelectorAll('#palette li')].find((li) => li.querySelector('kbd')?.textContent === '!').click()")
        .await;
    desk.until("document.querySelector('#notices').innerText.includes('Marked as spam.')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
