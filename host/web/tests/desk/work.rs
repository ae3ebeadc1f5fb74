//! Notes, priority, tags, putting aside, sending later, what changed, and what is said of a template.

use crate::support::{Answer, BODY, Browser, DRAFT, House, Team, host, mail};
use axum::body::Body;
use http::StatusCode;
use posthouse_model::Clock;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Outcome, TicketStatus};
use posthouse_store::{NOTE_CHARS_MAX, SCHEDULE_MAX};
use serde_json::{Value, json};

#[tokio::test]
async fn a_note_tells_a_colleague_and_no_customer() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let text = "@mei is <b>this</b> ours?\r\nThe carrier says no.";
    let answer = jun.post(&format!("{path}/note"), &[("csrf", &csrf), ("body", text)]).await;
    assert_eq!(answer.location(), format!("{path}?done=noted"));
    let page = jun.get(&path).await;
    assert!(page.text.contains("internal note, not sent to the customer"));
    assert!(
        page.text.contains("<mark class=\"mention\">@mei</mark> is &lt;b&gt;this&lt;/b&gt; ours?"),
        "{}",
        page.text
    );
    assert!(page.text.contains("name=\"note\""), "the writer may delete it");
    assert!(jun.get(&luma.path("/tickets")).await.text.contains("trouble n none"), "she did not speak to herself");

    // Mei has a mark on every page until she opens the ticket.
    let mut mei = house.signed_in(&luma, "mei").await;
    assert!(mei.get(&luma.path("/tickets")).await.text.contains("1 note speaks to you"));
    let listed = mei.get(&luma.path("/mentions")).await;
    assert!(listed.text.contains(&format!("/tickets/{}#note-", waiting.number)), "{}", listed.text);
    assert!(listed.text.contains("<span class=\"new\">new</span>"));
    let page = mei.get(&path).await;
    assert!(page.text.contains("The carrier says no.") && !page.text.contains("/delete-note"));
    assert!(!mei.get(&luma.path("/tickets")).await.text.contains("speaks to you"));
    assert!(!mei.get(&luma.path("/mentions")).await.text.contains("class=\"new\""));

    // Nobody changes another's note, and it goes out with no reply.
    let note = luma.scope.ticket_detail(waiting.number).await.unwrap().notes[0].id.to_string();
    let token = mei.csrf(&luma).await;
    for (verb, body) in [("edit-note", "mine"), ("delete-note", "")] {
        let fields = [("csrf", token.as_str()), ("note", &note), ("body", body)];
        let answer = mei.post(&format!("{path}/{verb}"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
        let fields = [("csrf", token.as_str()), ("note", "999"), ("body", body)];
        assert!(!mei.post(&format!("{path}/{verb}"), &fields).await.status.is_success(), "{verb}");
    }
    mei.reply(&luma, waiting.number, "approve", &[]).await;
    let detail = luma.scope.ticket_detail(waiting.number).await.unwrap();
    assert!(
        !detail.outbox[0].body.contains("carrier") && detail.messages.iter().all(|m| !m.read.text.contains("carrier"))
    );

    let fields = [("csrf", csrf.as_str()), ("note", &note), ("body", "never mind")];
    assert_eq!(jun.post(&format!("{path}/edit-note"), &fields).await.status, StatusCode::SEE_OTHER);
    assert!(jun.get(&path).await.text.contains("never mind"));
    jun.post(&format!("{path}/delete-note"), &[("csrf", &csrf), ("note", &note)]).await;
    assert!(!jun.get(&path).await.text.contains("never mind"));
}

#[tokio::test]
async fn a_note_that_is_not_taken_is_not_lost() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}/note", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let long = format!("kept {}", "x".repeat(NOTE_CHARS_MAX));
    let answer = jun.post(&path, &[("csrf", &csrf), ("body", &long)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains(&format!("\n{long}</textarea>")), "it stands in its form");
    // Nor with the session.
    let mut stranger = house.browser();
    let answer = stranger.post(&path, &[("csrf", &csrf), ("body", "typed for long")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("typed for long"));
}

#[tokio::test]
async fn priority_tags_and_colleagues_are_set_by_hand() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let row = async || luma.scope.ticket(waiting.ticket).await.unwrap();
    jun.post(&format!("{path}/priority"), &[("csrf", &csrf), ("priority", "10")]).await;
    assert_eq!((row().await.priority, row().await.priority_by_agent), (10, true));
    assert!(jun.get(&path).await.text.contains("low priority"));
    for odd in ["101", "-1", "", "high"] {
        let answer = jun.post(&format!("{path}/priority"), &[("csrf", &csrf), ("priority", odd)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
    }
    jun.post(&format!("{path}/tag"), &[("csrf", &csrf), ("tag", "#VIP Customer")]).await;
    assert_eq!(row().await.tags, ["vip-customer"]);
    let odd = jun.post(&format!("{path}/tag"), &[("csrf", &csrf), ("tag", "a,b")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    jun.post(&format!("{path}/untag"), &[("csrf", &csrf), ("tag", "vip-customer")]).await;
    assert!(row().await.tags.is_empty());
}

#[tokio::test]
async fn a_ticket_is_put_aside_and_comes_back() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    // It is Sunday, 1 March 2026, 11:22 in Shanghai: tomorrow morning is Monday morning.
    let page = jun.get(&path).await;
    assert!(page.text.contains("Sun 1 Mar 14:00") && page.text.contains("Mon 2 Mar 09:00"), "{}", page.text);
    assert!(!page.text.contains("Monday morning"));
    for odd in [("until", ""), ("until", "1"), ("until", "own"), ("until", "soon")] {
        let answer = jun.post(&format!("{path}/snooze"), &[("csrf", &csrf), odd]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd:?}");
    }
    let far = (Clock::now(&*house.hands).seconds() + SCHEDULE_MAX.as_secs() as i64 + 60).to_string();
    let answer = jun.post(&format!("{path}/snooze"), &[("csrf", &csrf), ("until", &far)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Her own date and time are in her zone.
    let fields = [("csrf", csrf.as_str()), ("until", "own"), ("on", "2026-03-03T08:15")];
    let answer = jun.post(&format!("{path}/snooze"), &fields).await;
    assert_eq!(answer.location(), luma.path(&format!("/tickets?done=snoozed&of={}", waiting.number)));
    let until = luma.scope.ticket(waiting.ticket).await.unwrap().snoozed_until.unwrap();
    assert_eq!(until.to_rfc3339(), "2026-03-03T00:15:00Z");
    let list = jun.get(answer.location()).await;
    assert!(list.text.contains("Snoozed until Tue 3 Mar 08:15.") && list.text.contains(&format!("{path}/wake")));
    let view = jun.get(&luma.path("/tickets?view=snoozed")).await;
    assert!(
        view.text.contains("until Tue 3 Mar 08:15")
            && view.text.contains(&format!("data-number=\"{}\"", waiting.number))
    );
    // Taken back by one click.
    assert_eq!(jun.post(&format!("{path}/wake"), &[("csrf", &csrf)]).await.status, StatusCode::SEE_OTHER);
    let row = luma.scope.ticket(waiting.ticket).await.unwrap();
    assert_eq!((row.status, row.snoozed_until), (TicketStatus::Waiting, None));
    let again = jun.post(&format!("{path}/wake"), &[("csrf", &csrf)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_reply_is_sent_later_and_a_newer_mail_is_seen() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let past = jun.reply(&luma, waiting.number, "approve", &[("send_at", "1"), ("body", "kept")]).await;
    assert_eq!((past.status, past.editor().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "kept"));
    let changed = [("send_at", "own"), ("send_on", "2026-03-02T09:00")];
    let answer = jun.reply(&luma, waiting.number, "approve", &changed).await;
    assert_eq!(answer.location(), luma.path(&format!("/tickets?done=scheduled&of={}", waiting.number)));
    let row = luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.remove(0);
    assert_eq!((row.due_at.to_rfc3339().as_str(), row.scheduled_at), ("2026-03-02T01:00:00Z", Some(row.due_at)));
    let list = jun.get(answer.location()).await;
    assert!(list.text.contains("Approved; goes out at Mon 2 Mar 09:00."), "{}", list.text);
    assert!(!list.text.contains("data-until-ms"), "nothing counts down for a day");
    let page = jun.get(&path).await;
    assert!(page.text.contains("Approved; goes out at Mon 2 Mar 09:00") && page.text.contains("Do not send"));
    assert!(!page.text.contains("The customer has written since"));

    let mut newer = mail("two", "Re: ¿Dónde está?", BODY);
    newer.in_reply_to = vec!["one@customer.example".into()];
    let mut tx = luma.scope.begin().await.unwrap();
    let intake = posthouse_store::Intake {
        mailbox: luma.mailbox,
        source: posthouse_store::Source { folder: "INBOX".into(), key: "two".into() },
        raw: b"raw".to_vec(),
        received_at: tx.now(),
        read: newer,
        parked: None,
        ticket_number: None,
        relayed: None,
    };
    let taken = tx.intake(&intake, &host()).await.unwrap();
    tx.set_outcome(taken.message(), Outcome::Ticket, None, &host()).await.unwrap();
    tx.commit().await.unwrap();
    let page = jun.get(&path).await;
    assert!(page.text.contains("The customer has written since"), "{}", page.text);
    let csrf = jun.csrf(&luma).await;
    let fields = [("csrf", csrf.as_str()), ("outbox", &row.id.to_string())];
    assert_eq!(jun.post(&format!("{path}/undo"), &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(luma.scope.outbox(row.id).await.unwrap().state, OutboxState::Cancelled);
    assert_eq!(jun.get(&path).await.editor(), DRAFT);
}

#[tokio::test]
async fn what_changed_is_shown_and_nothing_is_saved() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let before = luma.scope.ticket_detail(waiting.number).await.unwrap();
    let text = DRAFT.replace("en camino", "en <aduanas>");
    let answer = jun.reply(&luma, waiting.number, "difference", &[("body", &text)]).await;
    assert_eq!((answer.status, answer.editor()), (StatusCode::OK, text));
    assert!(answer.text.contains("<del>") && answer.text.contains("<ins>") && answer.text.contains("&lt;"));
    let same = jun.reply(&luma, waiting.number, "difference", &[]).await;
    assert!(same.text.contains("The text is as it was proposed."));
    assert_eq!(luma.scope.ticket_detail(waiting.number).await.unwrap().drafts, before.drafts);
}

#[tokio::test]
async fn a_template_that_did_not_fit_is_counted() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let fields = [("misfit", "outdated"), ("words", "another carrier"), ("body", "typed meanwhile")];
    let answer = jun.reply(&luma, waiting.number, "misfit", &fields).await;
    assert_eq!((answer.status, answer.editor().as_str()), (StatusCode::OK, "typed meanwhile"));
    assert!(answer.text.contains("Noted. It counts for the template.") && answer.text.contains("did not fit 1 time"));
    let odd = jun.reply(&luma, waiting.number, "misfit", &[("misfit", "boring")]).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    let counts = jun.get(&luma.path("/api/misfits")).await.json();
    assert_eq!(counts, json!({ "misfits": [{ "template": "shipping-es", "reason": "outdated", "count": 1 }] }));
}

async fn post_json(browser: &mut Browser, team: &Team, path: &str, body: &Value) -> Answer {
    let csrf = browser.csrf(team).await;
    let request =
        browser.request("POST", path).header("x-csrf-token", csrf).body(Body::from(body.to_string())).unwrap();
    browser.send(request).await
}

#[tokio::test]
async fn programs_can_do_the_same() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let at = |verb: &str| luma.path(&format!("/api/tickets/{}/{verb}", waiting.number));
    for (verb, body, status) in [
        ("note", json!({ "body": "@mei look" }), 200),
        ("note", json!({ "body": " " }), 422),
        ("edit-note", json!({ "body": "x" }), 400),
        ("delete-note", json!({ "note": 99 }), 404),
        ("priority", json!({ "priority": 100 }), 200),
        ("priority", json!({ "priority": 101 }), 422),
        ("tag", json!({ "tag": "VIP" }), 200),
        ("untag", json!({ "tag": "vip" }), 200),
        ("snooze", json!({ "until": "2026-03-03T00:15:00Z" }), 200),
        ("snooze", json!({ "until": "tomorrow" }), 400),
        ("snooze", json!({ "until": "2020-01-01T00:00:00Z" }), 422),
        ("wake", json!({}), 200),
        ("wake", json!({}), 422),
        ("dance", json!({}), 404),
    ] {
        let answer = post_json(&mut jun, &luma, &at(verb), &body).await;
        assert_eq!(answer.status.as_u16(), status, "{verb} {body}: {}", answer.text);
    }
    let detail = jun.get(&luma.path(&format!("/api/tickets/{}", waiting.number))).await.json();
    assert_eq!(detail["notes"][0]["body"], "@mei look");
    let draft = detail["drafts"][0]["id"].clone();
    let answer = post_json(&mut jun, &luma, &at("misfit"), &json!({ "draft": draft, "misfit": "tone" })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let body = json!({ "draft": draft, "body": "Later", "send_at": "2026-03-02T01:00:00Z" });
    let answer = post_json(&mut jun, &luma, &at("approve"), &body).await;
    assert_eq!(answer.json()["done"], "scheduled", "{}", answer.text);
    let mut mei = house.signed_in(&luma, "mei").await;
    let mentions = mei.get(&luma.path("/api/mentions")).await.json();
    assert_eq!(
        (mentions["mentions"][0]["snippet"].as_str(), mentions["mentions"][0]["read_at"].is_null()),
        (Some("@mei look"), true)
    );
}

#[tokio::test]
async fn what_is_typed_is_there_again_on_any_device() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let answer = jun.reply(&luma, waiting.number, "typed", &[("body", "half a sen"), ("subject", "Re: mine")]).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "writing": null })));
    let mut phone = house.signed_in(&luma, "jun").await;
    let page = phone.get(&path).await;
    assert_eq!(page.editor(), "half a sen");
    assert!(page.text.contains("not saved as a draft yet") && page.text.contains("value=\"Re: mine\""));
    // It is hers alone until it is saved.
    assert_eq!(luma.scope.drafts(waiting.ticket).await.unwrap().len(), 1);
    let dropped = phone.reply_from(&page, &luma, waiting.number, "drop-typed", &[]).await;
    assert_eq!(dropped.location(), format!("{path}?done=dropped"));
    assert_eq!(phone.get(&path).await.editor(), DRAFT);
    // Saved, it is a draft and typed no more; as it was, it is nothing to keep.
    jun.reply(&luma, waiting.number, "typed", &[("body", "whole")]).await;
    jun.reply(&luma, waiting.number, "draft", &[("body", "whole")]).await;
    assert_eq!(luma.scope.typed(waiting.ticket).await.unwrap(), []);
    jun.reply(&luma, waiting.number, "typed", &[("body", "whole"), ("same", "1")]).await;
    assert_eq!(luma.scope.typed(waiting.ticket).await.unwrap(), []);
    // What comes late of a reply that is out is nothing to keep.
    let page = jun.get(&path).await;
    jun.reply_from(&page, &luma, waiting.number, "approve", &[]).await;
    jun.reply_from(&page, &luma, waiting.number, "typed", &[]).await;
    assert_eq!(luma.scope.typed(waiting.ticket).await.unwrap(), []);
}

#[tokio::test]
async fn one_writes_and_another_may_take_over() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut jun = house.signed_in(&luma, "jun").await;
    let mut mei = house.signed_in(&luma, "mei").await;
    jun.reply(&luma, waiting.number, "typed", &[("body", "Jun has typed this")]).await;
    assert_eq!(mei.get(&format!("{path}/writing")).await.json(), json!({ "writing": "jun" }));
    assert_eq!(jun.get(&format!("{path}/writing")).await.json(), json!({ "writing": null }));
    let page = mei.get(&path).await;
    assert!(page.text.contains("jun is writing a reply here.") && page.text.contains(" readonly"));
    assert_eq!(page.editor(), DRAFT, "what he types is not hers");
    let csrf = mei.csrf(&luma).await;
    let taken = mei.post(&format!("{path}/take-over"), &[("csrf", &csrf)]).await;
    assert_eq!(taken.location(), format!("{path}?done=taken-over"));
    let page = mei.get(&path).await;
    assert!(!page.text.contains(" readonly") && page.text.contains("jun had typed, and not saved:"), "{}", page.text);
    assert!(page.text.contains("Jun has typed this"));
    // He is told, and has his text still.
    let told = jun.reply(&luma, waiting.number, "typed", &[("body", "Jun has typed this too")]).await;
    assert_eq!(told.json(), json!({ "writing": "mei" }));
    let page = jun.get(&path).await;
    assert_eq!(page.editor(), "Jun has typed this too");
    // She saves; his page shows both texts.
    mei.reply(&luma, waiting.number, "draft", &[("body", "Mei saved this")]).await;
    let page = jun.get(&path).await;
    assert_eq!(page.editor(), "Jun has typed this too");
    assert!(
        page.text.contains("mei changed this draft while you were writing.") && page.text.contains("Mei saved this")
    );
    let saved = jun.reply_from(&page, &luma, waiting.number, "draft", &[]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
}

#[tokio::test]
async fn what_was_closed_comes_back_by_one_click() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    for (act, more, back) in [("spam", None, "not-spam"), ("handled", Some(("reason", "no reply needed")), "reopen")] {
        let mut read = mail(act, act, BODY);
        read.from.as_mut().unwrap().address = format!("{act}@customer.example");
        let waiting = luma.sorted(read, b"raw", vec![]).await;
        let path = luma.path(&format!("/tickets/{}", waiting.number));
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(more).collect();
        let closed = jun.post(&format!("{path}/{act}"), &fields).await;
        assert!(closed.location().ends_with(&format!("done={act}&of={}", waiting.number)), "{}", closed.location());
        let page = jun.get(closed.location()).await.text;
        let form = format!("action=\"{path}/{back}\" class=\"take-back\"");
        assert!(page.contains(&form), "{page}");
        assert_eq!(jun.post(&format!("{path}/{back}"), &fields[..1]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(luma.scope.ticket(waiting.ticket).await.unwrap().status, TicketStatus::Waiting, "{act}");
        // Who may only look is offered nothing.
        let mut ada = house.signed_in(&luma, "ada").await;
        assert!(!ada.get(closed.location()).await.text.contains("take-back"));
    }
}
