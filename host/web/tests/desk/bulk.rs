//! Acting on many tickets at once.

use crate::support::{House, mail};
use http::StatusCode;
use posthouse_model::ticket::TicketStatus;
use serde_json::json;

/// Name and value of every box in the list.
fn boxes(page: &str) -> Vec<(String, String)> {
    page.split("<input class=\"pick\"")
        .skip(1)
        .map(|rest| {
            let of =
                |name: &str| rest.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
            (of("name"), of("value"))
        })
        .collect()
}

#[tokio::test]
async fn chosen_tickets_are_closed_and_come_back() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    for id in ["one", "two", "three"] {
        luma.sorted(
            {
                let mut m = mail(id, id, "x");
                m.from.as_mut().unwrap().address = format!("{id}@c.example");
                m
            },
            b"raw",
            vec![],
        )
        .await;
    }
    let mut jun = house.signed_in(&luma, "jun").await;
    let page = jun.get(&luma.path("/tickets")).await;
    let boxes = boxes(&page.text);
    assert_eq!(boxes.len(), 3);
    // A mail comes to the third meanwhile: it is not closed unread.
    let mut more = mail("more", "three", "y");
    more.in_reply_to = vec!["three@customer.example".into()];
    more.from.as_mut().unwrap().address = "three@c.example".into();
    let mut tx = luma.scope.begin().await.unwrap();
    let intake = posthouse_store::Intake {
        mailbox: luma.mailbox,
        source: posthouse_store::Source { folder: "INBOX".into(), key: "more".into() },
        raw: b"more".to_vec(),
        received_at: tx.now(),
        read: more,
        parked: None,
        ticket_number: None,
        relayed: None,
    };
    tx.intake(&intake, &crate::support::host()).await.unwrap();
    tx.commit().await.unwrap();
    let csrf = jun.csrf(&luma).await;
    let mut fields: Vec<(&str, &str)> = boxes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("csrf", csrf.as_str()), ("do", "handled"), ("reason", "answered in the chat")]);
    let done = jun.post(&luma.path("/bulk?view=all"), &fields).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/t/luma/tickets?view=all&bulk=1"),
        "{}",
        done.text
    );
    let said = jun.get(done.location()).await;
    assert!(said.text.contains("2 tickets handled") && said.text.contains("has changed meanwhile"), "{}", said.text);
    assert_eq!(luma.scope.ticket_by_number(3).await.unwrap().status, TicketStatus::New);
    // Nobody else takes it back.
    let mut mei = house.signed_in(&luma, "mei").await;
    let theirs = mei.csrf(&luma).await;
    assert_eq!(mei.post(&luma.path("/bulk/1/undo"), &[("csrf", &theirs)]).await.status, StatusCode::NOT_FOUND);
    assert!(!mei.get(&luma.path("/tickets?bulk=1")).await.text.contains("handled</span>"));
    let back = jun.post(&luma.path("/bulk/1/undo"), &[("csrf", &csrf)]).await;
    assert!(jun.get(back.location()).await.text.contains("2 tickets are as they were"));
    for number in [1, 2] {
        assert_eq!(luma.scope.ticket_by_number(number).await.unwrap().status, TicketStatus::Waiting);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let many: Vec<(String, String)> = (1..=101).map(|n| (format!("t{n}"), "1".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let one = [("t1", "")];
    let none: [(&str, &str); 0] = [];
    let ticked = [("t1", "999")];
    let mei = luma.scope.agent_by_email("mei@luma.example").await.unwrap().unwrap().id.to_string();
    for (picked, act, words) in [
        (&none[..], vec![("do", "spam")], "No ticket is chosen"),
        (&one[..], vec![("do", "spam")], "No ticket is chosen"),
        (&many[..], vec![("do", "spam")], "At most 100"),
        (&ticked[..], vec![("do", "spam")], "has changed meanwhile"),
        (&ticked[..], vec![("do", "handled"), ("reason", " ")], "reason"),
        (&ticked[..], vec![("do", "category"), ("category", "<b>")], "category"),
        (&ticked[..], vec![("do", "assign"), ("agent", mei.as_str())], "no such agent"),
    ] {
        let mut fields = picked.to_vec();
        fields.extend(act.iter().copied());
        fields.push(("csrf", &csrf));
        let answer = jun.post(&luma.path("/bulk"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(answer.text.to_lowercase().contains(&words.to_lowercase()), "{words} is not in {}", answer.text);
    }
    let ticket = luma.scope.ticket_by_number(1).await.unwrap();
    assert_eq!((ticket.status, ticket.assignee), (TicketStatus::Waiting, None));
    // Who only reads has no boxes.
    let mut ada = house.signed_in(&luma, "ada").await;
    let page = ada.get(&luma.path("/tickets")).await;
    assert!(!page.text.contains("class=\"pick\"") && !page.text.contains("id=\"bulk\""));
}

#[tokio::test]
async fn programs_act_on_many_too() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let body = json!({ "tickets": [{ "number": waiting.number }, { "number": 77 }], "act": { "category": "refund" } });
    let done = jun.post_json(&luma, "/api/bulk", &body).await;
    let report = &done.json()["bulk"];
    assert_eq!(
        (&report["done"], &report["left"]),
        (&json!([waiting.number]), &json!([[77, "unknown"]])),
        "{}",
        done.text
    );
    let back = jun.post_json(&luma, "/api/bulk/1/undo", &json!({})).await;
    assert_eq!(back.json()["bulk"]["undone"], json!(true));
    assert_eq!(luma.scope.ticket(waiting.ticket).await.unwrap().category.as_deref(), Some("shipping"));
    let bad = jun.post_json(&luma, "/api/bulk", &json!({ "tickets": [], "act": "burn" })).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}
