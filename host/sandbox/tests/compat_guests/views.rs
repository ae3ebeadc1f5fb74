//! What the guests are shown, and the lines they make of it.

use crate::common;
use posthouse_model::Timestamp;
use posthouse_model::call::{MessageView, OutgoingView, TicketView};
use posthouse_model::mail::Address;
use posthouse_model::notice::Notice;
use posthouse_model::ticket::Direction;
use posthouse_model::triage::{
    Date, Entity, EntityValue, Fact, Money, Order, Risk, Sentiment, Span, TextPart, Urgency,
};
use std::sync::Arc;

pub fn lines(all: &[&str]) -> Vec<String> {
    all.iter().map(|line| (*line).to_owned()).collect()
}

pub fn mail() -> MessageView {
    let mut mail = MessageView::clone(&common::message());
    mail.body = "Où est mon ordre 😀 1042-88?".to_owned();
    mail.full_text = format!("{}\n\n> earlier", mail.body);
    mail.cc = vec![Address { name: None, address: "boss@example.com".to_owned() }];
    mail
}

/// A ticket with something of everything.
pub fn ticket(subject: &str) -> TicketView {
    let span = Some(Span { part: TextPart::Body, start: 18, end: 25 });
    let entity = |value| Entity { value, confidence: 0.5, span };
    let mut outgoing = MessageView::clone(&common::message());
    outgoing.subject = "Re: ours".to_owned();
    outgoing.direction = Direction::Outgoing;
    TicketView {
        subject: subject.to_owned(),
        category: Some("shipping".to_owned()),
        urgency: Some(Urgency::High),
        sentiment: Some(Sentiment::Angry),
        language: None,
        entities: vec![
            entity(EntityValue::TrackingNumber { value: "1Z9".into(), carrier: Some("UPS".into()) }),
            entity(EntityValue::Amount { value: Money { units: 4990, scale: 2, currency: "EUR".into() } }),
            Entity {
                value: EntityValue::Date { value: Date { year: 2026, month: 3, day: 1 } },
                confidence: 1.0,
                span: None,
            },
        ],
        tags: vec!["a".into(), "b".into()],
        queue: Some("returns".into()),
        deadline: Some(Timestamp::from_seconds(1_774_750_000)),
        missing: vec!["photo".into()],
        risks: vec![Risk { kind: "safety".into(), reason: "burns".into(), span: None }],
        facts: vec![Fact { key: "k".into(), label: "l".into(), value: "v".into() }],
        orders: vec![
            Order {
                number: "7".into(),
                status: Some("paid".into()),
                placed_on: Some(Date { year: 2026, month: 2, day: 28 }),
                total: Some(Money { units: -5, scale: 0, currency: "JPY".into() }),
                country: Some("JP".into()),
                tracking_number: Some("T".into()),
                carrier: Some("Yamato".into()),
            },
            Order { number: "8".into(), ..Order::default() },
        ],
        message_count: 3,
        recent: vec![Arc::new(outgoing), common::message(), common::message()],
        ..common::ticket()
    }
}

pub fn ticket_lines() -> Vec<String> {
    lines(&[
        "number=1042",
        r#"subject="你好""#,
        r#"status="new""#,
        "created=1774745000",
        r#"customer=["Ann","ann@example.com"]"#,
        r#"category="shipping""#,
        r#"urgency="high""#,
        r#"sentiment="angry""#,
        "language=null",
        concat!(
            r#"entities=[["tracking-number","1Z9",0.5,["body",18,25],"UPS",null,null],"#,
            r#"["amount","49.90 EUR",0.5,["body",18,25],null,[4990,2,"EUR"],null],"#,
            r#"["date","2026-03-01",1,null,null,null,[2026,3,1]]]"#
        ),
        r#"tags=["a","b"]"#,
        r#"queue="returns""#,
        "deadline=1774750000",
        r#"missing=["photo"]"#,
        r#"risks=["safety"]"#,
        r#"facts=[["k","l","v"]]"#,
        concat!(
            r#"orders=[["7","paid",[2026,2,28],[-5,0,"JPY"],"JP","T","Yamato"],"#,
            r#"["8",null,null,null,null,null,null]]"#
        ),
        "count=3",
        r#"latest="你好""#,
        r#"recent=["Re: ours","你好"]"#,
    ])
}

pub fn notice(title: &str) -> Arc<Notice> {
    let mut notice = Notice::clone(&common::notice(title));
    notice.urgency = Some(Urgency::High);
    notice.deadline = Some(Timestamp::from_seconds(1_774_749_599));
    Arc::new(notice)
}

pub fn reply(subject: &str) -> OutgoingView {
    OutgoingView {
        subject: subject.to_owned(),
        body: "Grüße: you get a refund.".to_owned(),
        to: vec![common::address("ann@example.com")],
        cc: vec![],
        language: Some("en".into()),
        attachment_names: vec!["a.pdf".into()],
        automatic: true,
    }
}

pub fn call_lines() -> Vec<String> {
    lines(&[
        "now=1774745999",
        "seed=42",
        "local=[[2026,3,29],8,59,59,7,28800]",
        "nowhere=null",
        r#"tenant="Acme""#,
        r#"agents="zh""#,
    ])
}

pub fn store_lines() -> Vec<String> {
    lines(&[
        r#"store-before="kept before""#,
        r#"store-text="你好""#,
        "store-json=[1]",
        "store-bytes=[0,255]",
        r#"store-keys=[["a","b","c"],["b"]]"#,
        r#"store-after=["b","c"]"#,
        r#"store-error="invalid""#,
    ])
}

pub fn http_lines() -> Vec<String> {
    lines(&[
        r#"http=[201,true,"text/x",7,"grüße"]"#,
        "http-put=[1,2]",
        r#"http-error="invalid""#,
        r#"http-error="denied""#,
    ])
}

/// What arrived: secrets and signatures are filled in as RFC 2104 and the place they stand in say.
pub fn check_requests(got: &[String], language: &str) {
    assert_eq!(got.len(), 2, "{language}: {got:?}");
    let (head, body) = got[0].split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    // HMAC-SHA-256 of `1.s3cr/t "token"` under `Jefe`
    let hex = "91a693e3df86c9ba2ab9ba37dc65365d708f40321991d6f968d12e1d94fbd7ff";
    assert!(got[0].starts_with("POST /hook/s3cr%2Ft%20%22token%22 HTTP/1.1\r\n"), "{language}: {head}");
    assert!(head.contains("\r\nauthorization: basic bwu6cznjci90icj0b2tlbii="), "{language}: {head}");
    assert!(head.contains("\r\nx-sign: kaat49-gyboqubo33gu2xxcpqdizkdb5aneuhzt71_8"), "{language}: {head}");
    assert_eq!(
        body,
        format!(
            r#"{{"text":"你好 \"x\"","sign":"{}","hex":["{hex}"],"token":"s3cr/t \"token\"","b":"Yg=="}}"#,
            "kaaT49+Gyboqubo33GU2XXCPQDIZkdb5aNEuHZT71/8="
        ),
        "{language}"
    );
    assert!(got[1].starts_with("PUT /bytes HTTP/1.1\r\n") && got[1].ends_with("\r\n\r\n\u{1}\u{2}"), "{language}");
}
