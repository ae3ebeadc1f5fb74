#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::read::{attachment, read_mail};
use proptest::prelude::*;

fn address(name: &str, address: &str) -> Address {
    Address { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() }
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: address("Laden Müller", "support@shop.example"),
        to: vec![address("Ána, die Kundin", "ana@x.example")],
        cc: vec![],
        reply_to: vec![],
        subject: "Re: Where is order 4711? 订单".into(),
        body: "Hello Ána,\n\nit is on its way: https://track.example/?id=1&x=2.\n  - two  blanks\n<b>no markup</b>\n\nRegards".into(),
        language: Some("de-AT".into()),
        message_id: "0123456789abcdef.a1b2c3@shop.example".into(),
        in_reply_to: Some("q@x.example".into()),
        references: vec!["p@x.example".into(), "q@x.example".into()],
        date: Timestamp::from_seconds(1_714_551_300),
        quoted: Some(Quoted { attribution: "On 2024-05-01, Ána wrote:".into(), text: "Where is it?\n> older".into() }),
        automatic: false,
        loop_mark: Some("a1b2c3".into()),
        attachments: vec![OutgoingAttachment { name: "收据.pdf".into(), media_type: "application/pdf".into(), bytes: vec![0, 255, 13, 10, 1] }],
    }
}

#[test]
fn what_is_composed_is_what_is_read() {
    let outgoing = mail();
    let raw = compose(&outgoing).unwrap();
    assert!(raw.is_ascii());
    assert_eq!(compose(&outgoing).unwrap(), raw, "the same input gives the same bytes");
    assert!(raw.split(|b| *b == b'\n').all(|l| l.len() <= 999), "no line is over the limit");
    let read = read_mail(&raw);
    assert_eq!(read.warnings, Vec::<String>::new());
    assert_eq!(read.from.unwrap(), outgoing.from);
    assert_eq!(read.to, outgoing.to);
    assert_eq!(read.subject, outgoing.subject);
    assert_eq!(read.message_id.as_deref(), Some(outgoing.message_id.as_str()));
    assert_eq!(read.in_reply_to, ["q@x.example"]);
    assert_eq!(read.references, outgoing.references);
    assert_eq!(read.date, Some(outgoing.date));
    assert_eq!(read.text, format!("{}\n\nOn 2024-05-01, Ána wrote:\n> Where is it?\n>> older", outgoing.body));
    assert_eq!(read.reply_text, outgoing.body);
    assert_eq!(read.attachments.len(), 1);
    assert_eq!(read.attachments[0].name.as_deref(), Some("收据.pdf"));
    assert_eq!(attachment(&raw, read.attachments[0].part).unwrap(), outgoing.attachments[0].bytes);
    let html = read.html.unwrap();
    assert!(html.contains("<a href=\"https://track.example/?id=1&amp;x=2\">"), "{html}");
    assert!(html.contains("&lt;b&gt;no markup&lt;/b&gt;") && html.contains("lang=\"de-AT\""), "{html}");
    assert_eq!(read.auto_submitted, None);
    let structure = serde_json::to_value(read.structure).unwrap();
    assert_eq!(structure["type"], "multipart/mixed");
    assert_eq!(structure["parts"][0]["type"], "multipart/alternative");
}

#[test]
fn automatic_mail_says_so_and_has_no_return_path() {
    let outgoing = OutgoingMail { automatic: true, ..mail() };
    let read = read_mail(&compose(&outgoing).unwrap());
    assert_eq!(read.auto_submitted.as_deref(), Some("auto-replied"));
    assert_eq!(read.header("X-Posthouse-Loop").next(), Some("a1b2c3"));
    assert_eq!(envelope(&outgoing).from, None);
    assert_eq!(envelope(&mail()).from.as_deref(), Some("support@shop.example"));
}

#[test]
fn no_header_can_be_put_in() {
    let evil = "x\r\nBcc: evil@x.example\r\n\r\nbody";
    let outgoing = OutgoingMail {
        from: address(evil, "support@shop.example"),
        to: vec![address(evil, "ana@x.example")],
        subject: evil.into(),
        language: Some(evil.into()),
        loop_mark: Some(evil.into()),
        references: vec![evil.into(), "ok@x".into()],
        in_reply_to: Some(evil.into()),
        quoted: Some(Quoted { attribution: evil.into(), text: evil.into() }),
        attachments: vec![OutgoingAttachment { name: evil.into(), media_type: evil.into(), bytes: vec![] }],
        ..mail()
    };
    let read = read_mail(&compose(&outgoing).unwrap());
    assert_eq!(read.header("Bcc").next(), None);
    assert_eq!(read.subject, "x  Bcc: evil@x.example    body");
    assert_eq!(read.references, ["ok@x"]);
    assert!(read.in_reply_to.is_empty());

    for bad in [
        "",
        "nobody",
        "a@b@c",
        "a b@x.example",
        "a@x.example\r\nBcc: e@x.example",
        "<a@x.example>",
        "a@x.example, b@x.example",
    ] {
        let outgoing = OutgoingMail { to: vec![address("", bad)], ..mail() };
        assert!(matches!(compose(&outgoing), Err(ComposeError::Address { field: "To", .. })), "{bad}");
    }
    assert_eq!(compose(&OutgoingMail { to: vec![], ..mail() }), Err(ComposeError::NoRecipient));
    assert!(matches!(compose(&OutgoingMail { message_id: "a\nb".into(), ..mail() }), Err(ComposeError::MessageId(_))));
}

#[test]
fn international_domains_go_in_their_ascii_form() {
    let outgoing = OutgoingMail {
        to: vec![address("", "ana@bücher.example")],
        cc: vec![address("A", "ANA@bücher.example")],
        ..mail()
    };
    let read = read_mail(&compose(&outgoing).unwrap());
    assert_eq!(read.to[0].address, "ana@xn--bcher-kva.example");
    assert_eq!(envelope(&outgoing).recipients, ["ana@xn--bcher-kva.example"]);
}

#[test]
fn replies_are_threaded() {
    assert_eq!(reply_subject("Hello"), "Re: Hello");
    assert_eq!(reply_subject("AW: Hello"), "AW: Hello");
    assert_eq!(reply_subject("回复：你好"), "回复：你好");
    assert_eq!(reply_subject(""), "Re:");
    let parent = ReadMail {
        message_id: Some("c@x".into()),
        references: vec!["a@x".into(), "b@x".into()],
        in_reply_to: vec!["b@x".into()],
        ..ReadMail::default()
    };
    assert_eq!(reply_references(&parent), (Some("c@x".into()), vec!["a@x".into(), "b@x".into(), "c@x".into()]));
    let long = ReadMail { references: (0..100).map(|n| format!("{n}@x")).collect(), ..parent };
    let (_, references) = reply_references(&long);
    assert_eq!((references.len(), references[0].as_str(), references[29].as_str()), (REFERENCES_MAX, "0@x", "c@x"));
}

#[test]
fn our_own_attribution_is_recognised() {
    for language in ["en", "zh", "ja", "ko", "es", "de", "fr", "it", "pt", "nl", "pl", "ru", "sv", "da", "tr", "xx"] {
        let line = attribution(
            Some(language),
            &address("Ana Example", "ana@x.example"),
            Timestamp::from_seconds(1_714_551_300),
        );
        let text = format!("New.\n\n{line}\n> old");
        assert_eq!(crate::quote::reply_text(&text), "New.", "{line}");
    }
}

#[test]
fn what_has_no_word_in_it_arrives_as_it_was_written() {
    for body in ["\n<", "!", "- -", "  ?"] {
        let raw = compose(&OutgoingMail { body: body.into(), quoted: None, ..mail() }).unwrap();
        assert_eq!(read_mail(&raw).text, body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever an agent writes arrives as it was meant.
    #[test]
    fn compose_then_read(
        body in "[a-zA-Zäß你\u{1F600} .,!?=<>&'\"\n-]{0,300}",
        subject in "\\PC{0,120}",
        name in "[a-zA-Zäß你\u{1F600} .,@()<>\"\\\\]{0,60}",
        file in "[a-zA-Z0-9ä你 ._-]{1,40}",
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        text_file in any::<bool>(),
    ) {
        let media_type = if text_file { "text/plain" } else { "application/octet-stream" };
        let outgoing = OutgoingMail {
            to: vec![address(name.trim(), "ana@x.example")],
            subject: subject.clone(),
            body: body.clone(),
            quoted: None,
            attachments: vec![OutgoingAttachment { name: file.clone(), media_type: media_type.into(), bytes: bytes.clone() }],
            ..mail()
        };
        let raw = compose(&outgoing).unwrap();
        let read = read_mail(&raw);
        prop_assert_eq!(read.text.trim_end(), body.trim_end());
        let squeeze = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeeze(&read.subject), squeeze(&single_line(&subject)));
        prop_assert_eq!(&read.to[0].address, "ana@x.example");
        prop_assert_eq!(read.attachments.len(), 1);
        let named = if matches!(file.trim(), "" | "." | "..") { "attachment" } else { file.trim() };
        prop_assert_eq!(read.attachments[0].name.as_deref(), Some(named));
        prop_assert_eq!(attachment(&raw, read.attachments[0].part).unwrap(), bytes);
    }
}
