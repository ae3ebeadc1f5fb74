//! A customer answers a confirmation and says little: the order she means stands in what she quotes.

use crate::house::{Test, bundled, ids, letter};
use posthouse_model::triage::Entity;

async fn read(body: &str) -> (Vec<Entity>, Vec<String>) {
    let test = Test::new(["classifier", "router", "drafter"].map(bundled).to_vec(), |_| {}).await;
    let taken = test.mail(letter("a", "Re: Thank you", body)).await;
    let ticket = test.tenant.scope.ticket(ids(&taken).1).await.unwrap();
    (ticket.entities, ticket.missing)
}

/// Kind, text and whether it has a place in the mail as it is shown.
fn named(entities: &[Entity]) -> Vec<(&str, String, bool)> {
    entities.iter().map(|entity| (entity.value.kind(), entity.value.text(), entity.span.is_some())).collect()
}

const QUOTE: &str = "On Thu, 19 Nov 2026 at 10:02, Acme <support@acme.example> wrote:\r\n\
                     > Your order 1042-88 is confirmed. Total: $39.90\r\n\
                     > It will be with you by 2026-12-01.\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_quoted_confirmation_is_known_and_not_asked_for() {
    let (entities, missing) = read(&format!("My parcel has not arrived. Where is it?\r\n\r\n{QUOTE}")).await;
    let named = named(&entities);
    assert!(named.contains(&("order-number", "1042-88".to_owned(), false)), "{named:?}");
    assert!(named.iter().any(|(kind, text, placed)| *kind == "amount" && text.contains("39.90") && !placed));
    assert!(!named.iter().any(|(kind, ..)| *kind == "date"), "dates of quotes are dates of mails: {named:?}");
    assert!(!missing.iter().any(|key| key == "order-number"), "{missing:?}");
    // What only the quote says is less sure.
    let order = entities.iter().find(|entity| entity.value.text() == "1042-88").unwrap();
    assert!(order.confidence < 0.75, "{order:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_she_writes_herself_counts_once_and_has_its_place() {
    let (entities, _) = read(&format!("Where is my order 1042-88?\r\n\r\n{QUOTE}")).await;
    let named = named(&entities);
    let orders: Vec<_> = named.iter().filter(|(kind, ..)| *kind == "order-number").collect();
    assert_eq!(orders, [&("order-number", "1042-88".to_owned(), true)], "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quote_the_number_is_asked_for() {
    let (entities, missing) = read("My parcel has not arrived. Where is it?").await;
    assert!(named(&entities).is_empty(), "{entities:?}");
    assert!(missing.iter().any(|key| key == "order-number"), "{missing:?}");
}
