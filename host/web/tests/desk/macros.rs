//! Macros: written by leads, done by agents on one ticket or many, taken back as one. And blocks of templates.

use crate::setup::{in_force, save, set_up};
use crate::support::House;
use http::StatusCode;
use posthouse_model::config::{MacroConfig, TenantConfig};
use posthouse_model::ticket::TicketStatus;
use serde_json::json;

const LOST: &[(&str, Option<&str>)] = &[
    ("name:new", Some("Parcel is lost")),
    ("category:new", Some("shipping")),
    ("assign:new", Some("me")),
    ("tags:new", Some("lost，watch")),
    ("priority:new", Some("90")),
    ("text:new", Some("Dear {{customer_name}}, order {{order_nr}} is looked for.")),
];

#[tokio::test]
async fn leads_write_them_and_agents_do_not() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    set_up(&house, &TenantConfig::new("luma", "Team luma")).await;
    let (mut mei, mut jun) = (house.signed_in(&luma, "mei").await, house.signed_in(&luma, "jun").await);
    assert_eq!(jun.get(&luma.path("/settings/macros")).await.status, StatusCode::NOT_FOUND);
    let csrf = jun.csrf(&luma).await;
    let theirs = [("csrf", csrf.as_str()), ("name:new", "x"), ("priority:new", "1")];
    assert_eq!(jun.post(&luma.path("/settings/macros"), &theirs).await.status, StatusCode::NOT_FOUND);

    let saved = save(&mut mei, &luma, "macros", LOST).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let one = MacroConfig {
        name: "Parcel is lost".into(),
        category: Some("shipping".into()),
        tags: vec!["lost".into(), "watch".into()],
        assign: Some("me".into()),
        priority: Some(90),
        text: Some("Dear {{customer_name}}, order {{order_nr}} is looked for.".into()),
        ..MacroConfig::default()
    };
    assert_eq!(in_force(&luma).await.macros, std::slice::from_ref(&one));
    let set = luma.scope.desk_settings().await.unwrap();
    assert!(
        set.iter().any(|set| set.path == "macros.Parcel is lost" && set.changed_by == "agent:mei@luma.example"),
        "{set:?}"
    );
    // Nothing else of the settings is a lead's.
    assert_eq!(save(&mut mei, &luma, "review", &[]).await.status, StatusCode::NOT_FOUND);

    // What is wrong is said at its field, and what was typed stays.
    let wrong =
        save(&mut mei, &luma, "macros", &[("name:new", Some("Parcel is lost")), ("close:new", Some("done"))]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("already the name of another macro") && wrong.text.contains("value=\"done\""));
    let idle = save(&mut mei, &luma, "macros", &[("name:new", Some("Idle"))]).await;
    assert!(idle.text.contains("it does nothing"), "{}", idle.text);
    // Changed, and removed.
    save(&mut mei, &luma, "macros", &[("priority:0", Some("")), ("text:0", Some(""))]).await;
    assert_eq!(in_force(&luma).await.macros, [MacroConfig { priority: None, text: None, ..one }]);
    save(&mut mei, &luma, "macros", &[("remove:0", Some("1"))]).await;
    assert_eq!(in_force(&luma).await.macros, []);
}

#[tokio::test]
async fn one_press_does_all_and_one_takes_it_back() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    set_up(&house, &TenantConfig::new("luma", "Team luma")).await;
    let (mut mei, mut jun) = (house.signed_in(&luma, "mei").await, house.signed_in(&luma, "jun").await);
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    assert!(!jun.get(&path).await.text.contains("name=\"macro\""), "there is none yet");
    save(&mut mei, &luma, "macros", LOST).await;
    save(&mut mei, &luma, "macros", &[("name:new", Some("By phone")), ("close:new", Some("solved by phone"))]).await;
    assert!(jun.get(&path).await.text.contains("name=\"macro\" value=\"Parcel is lost\""));

    let typed = "What jun typed.";
    let done = jun.reply(&luma, waiting.number, "macro", &[("macro", "Parcel is lost"), ("body", typed)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = jun.get(done.location()).await;
    assert!(page.text.contains("Parcel is lost · Done with 1 ticket"), "{}", page.text);
    let ticket = luma.scope.ticket_by_number(waiting.number).await.unwrap();
    let me = luma.scope.agent_by_email("jun@luma.example").await.unwrap().unwrap().id;
    assert_eq!((ticket.category.as_deref(), ticket.priority, ticket.assignee), (Some("shipping"), 90, Some(me)));
    assert!(["lost", "watch"].iter().all(|tag| ticket.tags.iter().any(|known| known == tag)), "{:?}", ticket.tags);
    // The text is in the editor below what she had typed; a variable that nothing fills stands open, so that it cannot go out.
    let editor = page.editor();
    assert!(editor.starts_with(typed) && editor.contains("order {{order_nr}} is looked for."), "{editor}");
    assert!(!editor.contains("{{customer_name}}"), "{editor}");
    assert_eq!(luma.scope.drafts(waiting.ticket).await.unwrap().len(), 1, "nothing is saved by it");

    let csrf = jun.csrf(&luma).await;
    let bulk = done.location().rsplit("bulk=").next().unwrap().to_owned();
    let back = jun.post(&luma.path(&format!("/bulk/{bulk}/undo")), &[("csrf", &csrf)]).await;
    assert!(back.location().starts_with(&path), "{}", back.location());
    let ticket = luma.scope.ticket_by_number(waiting.number).await.unwrap();
    assert_eq!((ticket.assignee, ticket.tags.contains(&"lost".to_owned())), (None, false));
    assert!(jun.get(back.location()).await.editor().starts_with(typed), "typed text is nobody's to take back");

    // One that closes, on many, and by the API, which does what is set up and not what is sent.
    let act =
        json!({ "tickets": [{ "number": waiting.number }], "act": { "macro": { "name": "By phone", "priority": 3 } } });
    let answer = jun.post_json(&luma, "/api/bulk", &act).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let ticket = luma.scope.ticket_by_number(waiting.number).await.unwrap();
    assert_eq!((ticket.status, ticket.priority == 3), (TicketStatus::Handled, false));
    let events = luma.scope.ticket_detail(waiting.number).await.unwrap().events;
    assert_eq!(events.iter().filter(|event| event.kind == "ticket.macro").count(), 2);

    // One that is gone, and one that only has words, say so.
    let gone = jun.reply(&luma, waiting.number, "macro", &[("macro", "Nothing of the kind")]).await;
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(gone.text.contains("not there any more"));
    save(&mut mei, &luma, "macros", &[("name:new", Some("Words")), ("text:new", Some("Hello"))]).await;
    let act = json!({ "tickets": [{ "number": waiting.number }], "act": { "macro": { "name": "Words" } } });
    assert_eq!(jun.post_json(&luma, "/api/bulk", &act).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn blocks_are_filled_from_the_ticket_and_say_what_is_open() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    crate::templates::with_drafter(&house, &luma).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let path = luma.path(&format!("/tickets/{}/blocks", waiting.number));
    let page = jun.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("class=\"brick\"") && page.text.contains("draggable=\"true\""), "{}", page.text);
    assert!(
        !page.text.contains("{{greeting}}") && !page.text.contains("{{signoff}}"),
        "what stands around a reply is no block"
    );
    assert!(page.text.contains("<span class=\"var\""), "{}", page.text);
    // An auditor writes no replies, and another team has no such ticket.
    let mut ada = house.signed_in(&luma, "ada").await;
    assert_eq!(ada.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn how_long_a_card_s_link_is_good_is_set_with_who_is_told() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    set_up(&house, &TenantConfig::new("luma", "Team luma")).await;
    let mut eve = house.signed_in(&luma, "eve").await;
    for (days, fits) in [("1", true), ("365", true), ("0", false), ("366", false), ("x", false)] {
        let saved = save(&mut eve, &luma, "notices", &[("link-days", Some(days))]).await;
        assert_eq!(saved.status == StatusCode::SEE_OTHER, fits, "{days}: {}", saved.text);
    }
    assert_eq!(in_force(&luma).await.notify.link_days, 365);
}
