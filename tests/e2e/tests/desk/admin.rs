//! What an admin and an auditor do in the browser: people from the invitation to the last day, programs' tokens, webhooks that reach a
//! receiver, plugins' settings, the ledger and the record. Wide and narrow, in both languages, and every page as it looks when there is
//! something on it.

use crate::access::{axe, serious};
use crate::support::{Desk, EVE, LI, PASSWORD, letter};
use crate::widths::look;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The page at desktop and phone width, in both languages, light and dark: nothing sticks out, everything is legible and can be hit, and
/// axe has nothing serious to say. It ends as it began: wide and in English.
pub async fn everywhere(desk: &Desk, path: &str, wrong: &mut Vec<String>) {
    let axe = axe();
    for (width, language) in [(1280, "zh"), (360, "zh"), (360, "en"), (1280, "en")] {
        desk.browser.resize(width, 860).await;
        desk.goto(path).await;
        speak(desk, language).await;
        let name = format!("{path} at {width}, {language}");
        look(desk, wrong, &name, width < 720).await;
        if let Some(axe) = &axe {
            serious(desk, axe, wrong).await;
        }
        if let Ok(folder) = std::env::var("POSTHOUSE_SCREENSHOTS") {
            let file = format!(
                "{}-{width}-{language}.png",
                path.trim_start_matches("/t/electronics/").replace(['/', '?', '='], "-")
            );
            desk.browser.screenshot(&std::path::Path::new(&folder).join(file)).await;
        }
    }
}

async fn speak(desk: &Desk, language: &str) {
    if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
        // Under a menu on a phone; what is tested here is the page and not the way to it.
        desk.value("document.querySelector('button[name=language]').click()").await;
        desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
    }
}

async fn said(desk: &Desk, words: &str) {
    desk.until(&format!("document.querySelector('#notices').innerText.includes('{words}')")).await;
}

/// Opens a page again and again until something is on it: what jobs and the running host bring there of themselves.
async fn comes(desk: &Desk, path: &str, expression: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        desk.goto(path).await;
        if desk.value(&format!("return !!({expression})")).await == true {
            return;
        }
        assert!(Instant::now() < end, "never true on {path}: {expression}\n{}", desk.text("main").await);
    }
}

/// Somebody's program that is told what happens: it keeps what it was told and answers as it is bid.
struct Receiver {
    port: u16,
    status: Arc<Mutex<&'static str>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (status, told) = (Arc::new(Mutex::new("204 No Content")), Arc::<Mutex<Vec<String>>>::default());
        let (answer, notes) = (Arc::clone(&status), Arc::clone(&told));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, notes) = (Arc::clone(&answer), Arc::clone(&notes));
                tokio::spawn(async move {
                    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
                    loop {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        if let Some((head, body)) = text.split_once("\r\n\r\n") {
                            let length = head
                                .lines()
                                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                            if body.len() >= length.unwrap_or(0) {
                                notes.lock().unwrap().push(text);
                                break;
                            }
                        }
                        match stream.read(&mut piece).await {
                            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
                            _ => return,
                        }
                    }
                    let status = *answer.lock().unwrap();
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { port, status, told }
    }

    /// What was told of one kind: the id of each.
    fn ids(&self, kind: &str) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let of_kind = told.iter().filter(|text| {
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            serde_json::from_str::<Value>(body).is_ok_and(|body| body["type"] == kind)
        });
        let id = |text: &String| {
            text.lines().find_map(|line| line.to_lowercase().strip_prefix("webhook-id: ").map(str::to_owned))
        };
        of_kind.filter_map(id).collect()
    }
}

fn parcel(id: &str) -> (&'static str, String) {
    let body = "Hello,\n\nwhere is my parcel? Order FA-2026-48071 has not arrived.\n\nAna";
    ("electronics", letter(id, "Ana <ana@customer.example>", "support@falkenau.example", &format!("Parcel {id}"), body))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_reaches_its_receiver_and_is_told_again() {
    let Some(desk) = Desk::open(&["electronics"], false, &[parcel("one")], 10).await else { return };
    let ticket = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "Parcel one"));
    let page = "/t/electronics/webhooks";
    let receiver = Receiver::open().await;
    desk.sign_in("electronics", EVE).await;
    desk.goto(page).await;
    assert!(desk.text("main").await.contains("There is none yet."));

    // It is made in the team's folder; the running host takes it over by itself.
    let settings = desk.house.path().join("electronics/tenant.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let webhook = format!(
        "\n[[webhook]]\nname = \"crm\"\nurl = \"http://127.0.0.1:{}/hook\"\nprivate = true\nsecret = {{ secret = \"crm_webhook\" }}\n",
        receiver.port
    );
    std::fs::write(&settings, text + &webhook).unwrap();
    let set = desk.house.try_run(&["secret", "set", "electronics", "crm_webhook"], "twenty-four bytes or more of it\n");
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    desk.house.run(&["tenant", "apply", "electronics"]);
    comes(&desk, page, "document.querySelector('main h2')?.innerText === 'crm'").await;

    // Tried out. Until the host follows a new webhook nothing is told to it: pressed until something is.
    let end = Instant::now() + Duration::from_secs(30);
    while receiver.ids("test").is_empty() {
        assert!(Instant::now() < end, "nothing was told");
        desk.goto(page).await;
        desk.click("form.steps input[name=test] ~ button").await;
        said(&desk, "A test is on its way.").await;
    }
    comes(&desk, page, "document.querySelector('tbody tr td:nth-child(3)')?.innerText === 'taken'").await;
    assert!(desk.text("tbody tr").await.contains("204"), "{}", desk.text("tbody tr").await);
    // What happens on a ticket.
    desk.goto(&ticket).await;
    desk.fill("#tag-new", "vip").await;
    desk.click("form.one-line button").await;
    said(&desk, "Tag added.").await;
    comes(&desk, page, "[...document.querySelectorAll('tbody tr')].some((row) => row.innerText.includes('ticket.changed') && row.innerText.includes('taken'))").await;
    let first = receiver.ids("ticket.changed");
    assert_eq!(first.len(), 1, "{first:?}");
    let told: Vec<String> = receiver.told.lock().unwrap().clone();
    assert!(told.iter().all(|text| text.to_lowercase().contains("webhook-signature: v1,")), "{told:?}");

    // Again: the same event under the same id.
    desk.value("[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.includes('ticket.changed')).querySelector('button').click()").await;
    desk.until("location.search.includes('said=again')").await;
    assert!(desk.text("#notices").await.contains("It is being told again."));
    let end = Instant::now() + Duration::from_secs(30);
    while receiver.ids("ticket.changed").len() < 2 {
        assert!(Instant::now() < end, "{first:?} was not told again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let twice = receiver.ids("ticket.changed");
    assert_eq!(twice, [first[0].clone(), first[0].clone()]);

    // A receiver in trouble: the page says since when, and what it answered.
    *receiver.status.lock().unwrap() = "500 Internal Server Error";
    desk.goto(&ticket).await;
    desk.fill("#tag-new", "trouble").await;
    desk.click("form.one-line button").await;
    said(&desk, "Tag added.").await;
    comes(&desk, page, "document.querySelector('main .amber')?.innerText.includes('nothing has reached it since')")
        .await;
    assert!(desk.text("main table").await.contains("500"));
    let mut wrong = Vec::new();
    everywhere(&desk, page, &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_joins_the_team_works_and_leaves() {
    let Some(desk) = Desk::open(&["electronics"], false, &[parcel("one")], 10).await else { return };
    let (new, password) = ("noa@posthouse.example", "a saddle and four fresh horses");
    let mut wrong = Vec::new();
    desk.sign_in("electronics", EVE).await;
    desk.goto("/t/electronics/people").await;
    desk.fill("form.form:has([name=email]) input[name=name]", "Noa Long-Name of the Second Shift").await;
    desk.fill("form.form:has([name=email]) input[name=email]", new).await;
    desk.click("form.form:has([name=email]) button").await;
    let link = desk.text(".candidate code.key").await;
    let person =
        desk.value("return document.querySelector('form.form[action*=\"/people/\"]').getAttribute('action')").await;
    let person = person.as_str().unwrap().to_owned();
    // The same address once more is said to be taken.
    desk.goto("/t/electronics/people").await;
    desk.fill("form.form:has([name=email]) input[name=name]", "Noa").await;
    desk.fill("form.form:has([name=email]) input[name=email]", new).await;
    desk.click("form.form:has([name=email]) button").await;
    said(&desk, "Somebody has this address already").await;
    everywhere(&desk, "/t/electronics/people", &mut wrong).await;
    everywhere(&desk, &person, &mut wrong).await;

    // Noa, on her phone: the link, her password, the desk; the link works once.
    desk.client().delete_all_cookies().await.unwrap();
    desk.browser.resize(360, 780).await;
    desk.browser.goto(&link).await;
    look(&desk, &mut wrong, "welcome", true).await;
    desk.fill("input[name=new]", password).await;
    desk.fill("input[name=again]", "something else entirely").await;
    desk.click("form button.solid").await;
    desk.until("document.querySelector('.wrong')").await;
    desk.fill("input[name=new]", password).await;
    desk.fill("input[name=again]", password).await;
    desk.click("form button.solid").await;
    desk.until("document.querySelector('input[name=email]')").await;
    desk.try_sign_in(new, password).await;
    desk.until("document.body.matches('.desk') && document.querySelectorAll('.row').length === 1").await;
    desk.browser.goto(&link).await;
    assert!(desk.text("main").await.contains("has been used or has run out"));
    desk.goto("/t/electronics/account").await;
    look(&desk, &mut wrong, "account", true).await;
    desk.goto("/t/electronics/people").await;
    assert!(desk.text("h1").await.contains("Nothing here"), "who is no admin sees no people");

    // The admin lets her see one queue only, and ends her sessions.
    desk.browser.resize(1280, 900).await;
    desk.sign_in_as_another("electronics", EVE).await;
    desk.goto(&person).await;
    desk.click("input[name=all]").await;
    desk.click("input[name='queue:accounting']").await;
    desk.click("form.form .solid").await;
    said(&desk, "Saved.").await;
    desk.click("form[action$='/end-sessions'] button").await;
    said(&desk, "All sessions have ended.").await;
    desk.goto("/t/electronics/people").await;
    assert!(desk.text("main table").await.contains("Accounting"));
    desk.client().delete_all_cookies().await.unwrap();
    desk.goto("/t/electronics/sign-in").await;
    desk.try_sign_in(new, password).await;
    desk.until("document.body.matches('.desk') && document.querySelectorAll('.row').length === 0").await;

    // Her last day.
    desk.sign_in_as_another("electronics", EVE).await;
    desk.goto(&person).await;
    desk.click("input[name=active]").await;
    desk.click("form.form .solid").await;
    said(&desk, "Saved.").await;
    assert!(desk.text("main").await.contains("turned off"));
    desk.client().delete_all_cookies().await.unwrap();
    desk.goto("/t/electronics/sign-in").await;
    desk.try_sign_in(new, password).await;
    desk.until("document.querySelector('.wrong')").await;

    // A program: a service with a token, which is shown once and revoked.
    desk.sign_in_as_another("electronics", EVE).await;
    desk.goto("/t/electronics/people").await;
    desk.fill("input[name=service] ~ label input[name=name]", "nightly-report").await;
    desk.value("document.querySelector('input[name=service]').form.querySelector('button').click()").await;
    desk.until("document.querySelector('#tokens')").await;
    let service = desk.here().await.split('?').next().unwrap().to_owned();
    desk.fill("#tokens input[name=name]", "report").await;
    desk.click("#tokens form.form button").await;
    let token = desk.text("#tokens .candidate code.key").await;
    let ask = format!(
        "return fetch('/t/electronics/api/tickets', {{ credentials: 'omit', headers: {{ authorization: 'Bearer {token}' }} }}).then((r) => r.status)"
    );
    assert_eq!(desk.value(&ask).await, 200);
    let shown =
        desk.value("return document.querySelector('#tokens').closest('main').querySelector('h1').innerText").await;
    assert!(shown.as_str().unwrap().contains("nightly"), "{shown}");
    desk.click("#tokens tbody button").await;
    desk.until("document.querySelector('#tokens tbody')?.innerText.includes('revoked')").await;
    assert_eq!(desk.value(&ask).await, 401);
    if service.contains("/people/") {
        everywhere(&desk, &service, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.house.run(&["audit", "verify"]);
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mail_and_every_act_can_be_found_again() {
    let blank = ("electronics", letter("blank", "Ben <ben@customer.example>", "support@falkenau.example", "", ""));
    let Some(desk) = Desk::open(&["electronics"], true, &[parcel("one"), blank], 10).await else { return };
    let mut wrong = Vec::new();
    desk.sign_in("electronics", LI).await;

    // The ledger: what became no ticket and why, and the sum of the days.
    desk.goto("/t/electronics/messages?outcome=skipped").await;
    assert!(desk.text("table.log").await.contains("ben@customer.example"), "{}", desk.text("main").await);
    let adds_up = "[...document.querySelectorAll('table.ledger tbody tr')].every((row) => { const n = [...row.cells].slice(1).map((c) => +c.innerText); \
        const total = n.pop(); return total > 0 && total === n.reduce((a, b) => a + b, 0) })";
    assert_eq!(desk.value(&format!("return {adds_up}")).await, true);
    everywhere(&desk, "/t/electronics/messages?outcome=skipped", &mut wrong).await;
    everywhere(&desk, "/t/electronics/messages", &mut wrong).await;
    // Left out by mistake: one click makes a ticket of it, which says why it was not one.
    desk.goto("/t/electronics/messages?outcome=skipped").await;
    desk.value("[...document.querySelectorAll('table.log tr')].find((row) => row.innerText.includes('ben@customer.example')).querySelector('.take-up button').click()").await;
    desk.until("document.querySelector('.ticket-head')").await;
    assert!(desk.text(".letter .why").await.contains("nothing in it"), "{}", desk.text(".letter").await);
    let taken_up = desk.here().await.split('?').next().unwrap().to_owned();
    desk.goto("/t/electronics/messages?outcome=skipped").await;
    assert!(!desk.text("main").await.contains("ben@customer.example"));

    // The record, by who, what and ticket; a ticket's number leads there.
    desk.sign_in_as_another("electronics", EVE).await;
    desk.goto("/t/electronics/audit").await;
    desk.fill("input[name=who]", "li@").await;
    desk.fill("input[name=what]", "message.").await;
    desk.click("form.asked button").await;
    desk.until("location.search.includes('what=message.')").await;
    let rows = desk.value("return [...document.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))").await;
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row[1] == "li"), "{rows:?}");
    assert!(rows.iter().any(|row| row[2] == "left-out mail taken up"), "{rows:?}");
    desk.click("tbody a").await;
    desk.until("document.querySelector('.ticket-head')").await;
    assert_eq!(desk.here().await, taken_up);
    desk.goto("/t/electronics/audit?who=nobody-of-this-name").await;
    assert!(desk.text("main").await.contains("Nothing was found."));
    everywhere(&desk, "/t/electronics/audit?what=message.", &mut wrong).await;
    // More than a page of it: further back.
    desk.goto("/t/electronics/audit").await;
    if desk.value("return !!document.querySelector('a.quiet[href*=before]')").await == true {
        let first = desk.text("tbody tr").await;
        desk.click("a.quiet[href*=before]").await;
        desk.until("location.search.includes('before')").await;
        assert_ne!(desk.text("tbody tr").await, first);
    }
    // Who reads the record and changes nothing.
    let add = [
        "user",
        "add",
        "electronics",
        "ada@posthouse.example",
        "--role",
        "auditor",
        "--language",
        "en",
        "--password-stdin",
    ];
    assert!(desk.house.try_run(&add, PASSWORD).status.success());
    desk.sign_in_as_another("electronics", "ada@posthouse.example").await;
    desk.goto("/t/electronics/messages?outcome=skipped").await;
    assert_eq!(desk.value("return document.querySelectorAll('.take-up button').length").await, 0);
    everywhere(&desk, "/t/electronics/audit", &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_are_set_and_looked_at() {
    let Some(desk) = Desk::open(&["electronics"], true, &[], 10).await else { return };
    let mut wrong = Vec::new();
    desk.sign_in("electronics", EVE).await;
    // Hours are the router's own settings: what is wrong is said beside what was typed, what is right is in force.
    let page = "/t/electronics/settings/hours";
    desk.goto(page).await;
    desk.fill("[name='hours:sat']", "from ten to two").await;
    desk.click(".form .solid").await;
    desk.until("document.querySelector('.note.refused, .wrong, [aria-invalid=true]')").await;
    assert_eq!(desk.value("return document.querySelector(`[name='hours:sat']`).value").await, "from ten to two");
    desk.fill("[name='hours:sat']", "10:00-14:00").await;
    desk.click(".form .solid").await;
    said(&desk, "Saved.").await;
    desk.goto(page).await;
    assert_eq!(desk.value("return document.querySelector(`[name='hours:sat']`).value").await, "10:00-14:00");
    // A plugin's own page: its releases, what it may, what it was called for; and the set-up's change as a release of its own.
    desk.goto("/t/electronics/plugins").await;
    desk.click("a[href$='/plugins/router']").await;
    desk.until("document.querySelector('h1')?.innerText === 'router'").await;
    assert!(desk.text("tbody tr").await.contains("active"), "{}", desk.text("main").await);
    for path in [page, "/t/electronics/plugins", "/t/electronics/plugins/router", "/t/electronics/settings/notices"] {
        everywhere(&desk, path, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
