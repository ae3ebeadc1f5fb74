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
        attachments: vec![OutgoingAttachment { name: "收据.pdf".into(), media_type: "application/pdf".into(), bytes: vec![0, 255, 13, 10, 1], shown: false }],
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
        attachments: vec![OutgoingAttachment {
            name: evil.into(),
            media_type: evil.into(),
            bytes: vec![],
            shown: false,
        }],
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

fn gif(name: &str, shown: bool) -> OutgoingAttachment {
    OutgoingAttachment {
        name: name.into(),
        media_type: "application/octet-stream".into(),
        bytes: b"GIF89a\r\n.\r\n".to_vec(),
        shown,
    }
}

fn shape(part: &serde_json::Value) -> String {
    let inside: Vec<String> = part["parts"].as_array().into_iter().flatten().map(shape).collect();
    let kind = part["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    if inside.is_empty() { kind } else { format!("{kind}({})", inside.join(" ")) }
}

#[test]
fn a_picture_stands_in_the_text_and_a_file_beside_it() {
    let body = "Look here:\n\n[image: 标签 \"1\".gif]\n\n[image: gone.png] and again [image: 标签 \"1\".gif].";
    let with =
        |attachments: Vec<OutgoingAttachment>| OutgoingMail { body: body.into(), quoted: None, attachments, ..mail() };
    let outgoing = with(vec![gif("b.gif", false), gif("标签 \"1\".gif", true)]);
    let raw = compose(&outgoing).unwrap();
    assert_eq!(compose(&outgoing).unwrap(), raw, "the same input gives the same bytes");
    assert!(raw.is_ascii());
    let read = read_mail(&raw);
    assert_eq!(read.warnings, Vec::<String>::new());
    assert_eq!(
        shape(&serde_json::to_value(&read.structure).unwrap()),
        "mixed(related(alternative(plain html) gif) octet-stream)"
    );
    assert_eq!(read.text, body, "the plain text keeps a line that can be read");
    let [picture, file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
    assert_eq!((picture.name.as_deref(), picture.inline, picture.part), (Some("标签 \"1\".gif"), true, 5));
    assert_eq!(picture.content_id.as_deref(), Some("image1.0123456789abcdef.a1b2c3@shop.example"));
    assert_eq!(
        (file.name.as_deref(), file.inline, file.content_id.as_deref(), file.part),
        (Some("b.gif"), false, None, 6)
    );
    assert_eq!(attachment(&raw, picture.part).unwrap(), outgoing.attachments[1].bytes);
    let html = read.html.unwrap();
    let image = "<img src=\"cid:image1.0123456789abcdef.a1b2c3@shop.example\" alt=\"标签 &quot;1&quot;.gif\"";
    assert_eq!(html.matches(image).count(), 2, "{html}");
    assert!(html.contains("[image: gone.png] and again <img"), "{html}");
    // What mail programs look at: the root of the related parts, and the header of the picture.
    let text = String::from_utf8(raw).unwrap();
    assert!(text.contains("type=\"multipart/alternative\""), "{text}");
    assert!(text.contains("Content-Disposition: inline;") && text.contains("Content-ID: <image1."), "{text}");

    let alone = compose(&with(vec![gif("标签 \"1\".gif", true)])).unwrap();
    assert_eq!(
        shape(&serde_json::to_value(read_mail(&alone).structure).unwrap()),
        "related(alternative(plain html) gif)"
    );
    // Neither a mark nor a name makes a picture of what is none.
    let page =
        OutgoingAttachment {
            bytes: b"<html>".to_vec(), media_type: "image/gif".into(), ..gif("标签 \"1\".gif", true)
        };
    let read = read_mail(&compose(&with(vec![page])).unwrap());
    assert!(!read.attachments[0].inline && !read.html.unwrap().contains("<img"));
}

#[test]
fn a_customer_s_words_show_no_picture() {
    let quoted = Some(Quoted { attribution: "Ana wrote:".into(), text: "[image: b.gif]".into() });
    let outgoing =
        OutgoingMail { body: "[image: b.gif]".into(), quoted, attachments: vec![gif("b.gif", true)], ..mail() };
    assert_eq!(read_mail(&compose(&outgoing).unwrap()).html.unwrap().matches("<img").count(), 1);
}

#[test]
fn no_header_can_be_put_in_by_a_picture() {
    for evil in ["x\r\nBcc: evil@x.example\r\n\r\n.gif", "\"; name=\"y", "a>\r\nContent-Type: text/html", "\u{2028}x"] {
        let outgoing = OutgoingMail {
            body: format!("See [image: {evil}] here"),
            message_id: "a\"%b@shop.example".into(),
            attachments: vec![gif(evil, true)],
            ..mail()
        };
        let raw = compose(&outgoing).unwrap();
        let read = read_mail(&raw);
        assert_eq!(read.header("Bcc").next(), None, "{evil}");
        assert_eq!(read.attachments.len(), 1, "{evil}");
        assert_eq!(read.attachments[0].media_type, "image/gif", "{evil}");
        assert_eq!(read.attachments[0].content_id.as_deref(), Some("image1.ab@shop.example"));
        assert_eq!(attachment(&raw, read.attachments[0].part).unwrap(), outgoing.attachments[0].bytes, "{evil}");
    }
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

#[test]
fn marks_are_in_both_parts() {
    let body = "**Please** see [the page](https://x.example/a_b) for order *123*:\n- one\n- two";
    let read = read_mail(&compose(&OutgoingMail { body: body.into(), quoted: None, ..mail() }).unwrap());
    assert_eq!(read.text, "*Please* see the page <https://x.example/a_b> for order *123*:\n- one\n- two");
    let html = read.html.unwrap();
    assert!(
        html.contains("<b>Please</b> see <a href=\"https://x.example/a_b\">the page</a> for order *123*:"),
        "{html}"
    );
    assert!(html.contains("<li>one</li>\n<li>two</li>"), "{html}");
}

/// What a text says when its marks are taken away one by one.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        for (at, c) in line.char_indices() {
            let begins = at == 0 && "->".contains(c) || at == digits && (1..=3).contains(&at) && c == '.';
            if begins || "*_[".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

proptest! {
    /// Any text can be said with marks and backslashes, and nothing in it gets out of its place in the HTML.
    #[test]
    fn what_is_escaped_is_said_as_it_is(
        text in "([a-z你1. *_>\\[\\]()<\"'&-]|\\*\\*|https://x|\n|\n- |\n1\\. |\n> ){0,60}",
    ) {
        let text = rich::clean(&text);
        prop_assert_eq!(rich::plain(&escaped(&text)), text.clone());
        for text in [text.clone(), escaped(&text)] {
            let html = rich::html(&text, &[], false);
            for tag in html.split('<').skip(1) {
                let known = ["p>", "/p>", "br>", "b>", "/b>", "i>", "/i>", "ul style=\"margin:0;", "/ul>", "ol s", "/ol>", "li>", "/li>",
                    "blockquote style=\"margin:0\">", "/blockquote>", "div style=\"border:", "/div>", "a href=\"https://x", "/a>"];
                prop_assert!(known.iter().any(|known| tag.starts_with(known)), "{} in {}", tag, html);
            }
            // Nothing is lost: without tags and references, the words are there.
            let letters = |text: &str| text.chars().filter(|c| "abcdefgz你1".contains(*c)).collect::<String>();
            let mut bare = String::new();
            let mut inside = false;
            for c in html.chars() {
                match c {
                    '<' => inside = true,
                    '>' => inside = false,
                    c if !inside => bare.push(c),
                    _ => {}
                }
            }
            let bare = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"].iter().fold(bare, |text, entity| text.replace(entity, ""));
            if !text.contains("](https") && !text.contains("\n1. ") && !text.starts_with("1. ") {
                prop_assert_eq!(letters(&bare), letters(&text));
            }
        }
    }

    /// A text in which no mark stands goes out as it is.
    #[test]
    fn a_text_without_marks_stays(text in "[a-zA-Z你0-9 .,:;!?()<>&'\"\n-]{0,200}") {
        let text = rich::clean(&text);
        prop_assert_eq!(rich::plain(&text), text);
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
        picture in "[a-zA-Z0-9ä你 .,;:@()<>\"\\\\\\[\\]%=?_-]{1,40}",
        shows in any::<bool>(),
    ) {
        let media_type = if text_file { "text/plain" } else { "application/octet-stream" };
        let picture = picture.trim();
        let body = if shows { picture::put_in(&body, picture, Some(body.len() / 2)) } else { body };
        let shown = picture::shown(&body, &[picture]) == [true];
        prop_assert_eq!(shown, shows && !picture.is_empty());
        let other = OutgoingAttachment { name: file.clone(), media_type: media_type.into(), bytes: bytes.clone(), shown: false };
        let outgoing = OutgoingMail {
            to: vec![address(name.trim(), "ana@x.example")],
            subject: subject.clone(),
            body: body.clone(),
            quoted: None,
            attachments: if shows { vec![other, gif(picture, shown)] } else { vec![other] },
            ..mail()
        };
        let raw = compose(&outgoing).unwrap();
        let read = read_mail(&raw);
        prop_assert_eq!(read.text.trim_end(), body.trim_end());
        let squeeze = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeeze(&read.subject), squeeze(&single_line(&subject)));
        prop_assert_eq!(&read.to[0].address, "ana@x.example");
        prop_assert_eq!(read.attachments.len(), 1 + usize::from(shows));
        let (pictures, others): (Vec<_>, Vec<_>) = read.attachments.iter().partition(|file| file.inline);
        prop_assert_eq!(pictures.len(), usize::from(shown));
        for picture in pictures {
            let id = picture.content_id.clone().unwrap();
            let address = format!("cid:{id}\"");
            prop_assert!(read.html.clone().unwrap().contains(&address));
            prop_assert_eq!(attachment(&raw, picture.part).unwrap(), gif("", true).bytes);
        }
        let named = if matches!(file.trim(), "" | "." | "..") { "attachment" } else { file.trim() };
        prop_assert_eq!(others[0].name.as_deref(), Some(named));
        prop_assert_eq!(attachment(&raw, others[0].part).unwrap(), bytes);
    }
}
