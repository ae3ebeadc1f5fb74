//! Live counts.

use crate::support::{House, mail};
use axum::body::Body;
use futures::StreamExt;
use std::time::Duration;
use tower::ServiceExt;

async fn next_event(body: &mut axum::body::BodyDataStream) -> String {
    let chunk = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("an event in time");
    String::from_utf8(chunk.expect("an open stream").unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn new_mail_is_counted_and_the_stream_ends_with_the_host() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&luma.path("/tickets?view=new")).await;
    let live = page.text.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let request = browser.request("GET", &live).body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let first = next_event(&mut body).await;
    assert!(
        first.contains("event: counts") && first.contains("\"waiting\":1") && first.contains("\"new\":0"),
        "{first}"
    );
    house.hands.forward(Duration::from_secs(5));
    luma.take(mail("two", "Other", "x"), b"raw").await;
    let counts = next_event(&mut body).await;
    assert!(counts.contains("\"new\":1"), "{counts}");
    let fresh = next_event(&mut body).await;
    assert!(fresh.contains("event: fresh") && fresh.contains("\"n\":1") && fresh.contains("1 new"), "{fresh}");
    assert!(!fresh.contains("Other"), "nothing of a mail is in the stream");
    house.stop.send(true).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("an end in time");
    assert!(end.is_none());
}

#[tokio::test]
async fn a_note_that_speaks_to_her_is_told_at_once() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let page = mei.get(&luma.path("/tickets")).await;
    assert!(page.text.contains("data-view=\"mentions\"") && page.text.contains("trouble n none"), "{}", page.text);
    let live = page.text.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let request = mei.request("GET", &live).body(Body::empty()).unwrap();
    let mut body = house.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
    assert!(next_event(&mut body).await.contains("\"mentions\":0"));
    let mut jun = house.signed_in(&luma, "jun").await;
    let csrf = jun.csrf(&luma).await;
    let note = luma.path(&format!("/tickets/{}/note", waiting.number));
    jun.post(&note, &[("csrf", &csrf), ("body", "@mei please look")]).await;
    let told = next_event(&mut body).await;
    assert!(told.contains("event: counts") && told.contains("\"mentions\":1"), "{told}");
    house.stop.send(true).unwrap();
}

#[tokio::test]
async fn who_looks_at_what_is_told_to_others_and_ends_with_the_page() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let other = house.team("other").await;
    let waiting = luma.waiting("one").await;
    let open = async |team: &crate::support::Team, name: &str, path: String| {
        let mut browser = house.signed_in(team, name).await;
        let page = browser.get(&team.path(&path)).await;
        let live = page.text.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let request = browser.request("GET", &live).body(Body::empty()).unwrap();
        house.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream()
    };
    let mut jun = open(&luma, "jun", "/tickets".into()).await;
    assert!(next_event(&mut jun).await.contains("event: counts"));
    let mut mei = open(&luma, "mei", format!("/tickets/{}", waiting.number)).await;
    assert!(next_event(&mut mei).await.contains("event: counts"), "nobody else looks");
    let told = next_event(&mut jun).await;
    assert!(
        told.contains("event: looking") && told.contains("\"1\":[{") && told.contains("\"short\":\"ME\""),
        "{told}"
    );
    // Another team's tickets have the same numbers.
    other.waiting("two").await;
    let mut theirs = open(&other, "jun", "/tickets".into()).await;
    assert!(next_event(&mut theirs).await.contains("event: counts"));
    drop(mei);
    let told = next_event(&mut jun).await;
    assert!(told.contains("event: looking") && told.contains("data: {}"), "{told}");
    house.stop.send(true).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), theirs.next()).await.expect("an end in time");
    assert!(end.is_none(), "nothing was said there");
}
