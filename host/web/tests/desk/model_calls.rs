//! What a model was asked and answered, on the desk.

use crate::support::{House, model_call};
use http::StatusCode;

#[tokio::test]
async fn who_may_audit_reads_what_a_model_was_asked_and_answered() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut tx = luma.scope.begin().await.unwrap();
    let first = model_call(&mut tx, Some(waiting.ticket), "Where is <b>it</b>?").await;
    for _ in 0..50 {
        model_call(&mut tx, None, "Hello").await;
    }
    tx.commit().await.unwrap();
    let mut ada = house.signed_in(&luma, "ada").await;
    let page = ada.get(&luma.path("/model")).await;
    assert!(
        page.text.contains("drafter") && page.text.contains("1.2.3") && page.text.contains("0.04 USD"),
        "{}",
        page.text
    );
    assert!(!page.text.contains(&format!("/model/{first}\"")), "it is on the next page");
    let older = page.text.split("href=\"").find_map(|rest| rest.split('"').next().filter(|at| at.contains("before=")));
    let page = ada.get(older.unwrap()).await;
    assert!(page.text.contains(&format!("/model/{first}\"")), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"/t/luma/tickets/{}\"", waiting.number)));
    let page = ada.get(&luma.path(&format!("/model?ticket={}", waiting.number))).await;
    assert_eq!(page.text.matches("/model/").count(), 1, "{}", page.text);

    let page = ada.get(&luma.path(&format!("/model/{first}"))).await;
    assert!(page.text.contains("Write a reply.") && page.text.contains("567 ms"), "{}", page.text);
    assert!(page.text.contains("Where is &lt;b&gt;it&lt;/b&gt;?") && !page.text.contains("<b>it"), "{}", page.text);
    assert_eq!(ada.get(&luma.path("/model/999")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get(&luma.path("/model?ticket=999")).await.status, StatusCode::NOT_FOUND);

    // Who works on tickets alone has no such page.
    let mut jun = house.signed_in(&luma, "jun").await;
    assert_eq!(jun.get(&luma.path("/model")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(jun.get(&luma.path(&format!("/model/{first}"))).await.status, StatusCode::NOT_FOUND);
}
