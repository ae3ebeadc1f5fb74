#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
use super::*;
use proptest::prelude::*;

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn an_ordinary_mail_is_read() {
    let raw = crlf(
        "Return-Path: <ana@x.example>\nMessage-ID: <1@x.example>\nDate: Wed, 1 May 2024 10:15:00 +0200\n\
         From: =?utf-8?B?QW5hIPCfmIA=?= <ana@x.example>\nTo: Shop <help@shop.example>, b@x.example\nReply-To: other@x.example\n\
         Subject: Re: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\nIn-Reply-To: <0@shop.example>\nReferences: <00@shop.example>\n <0@shop.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\
         Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\n\n\
         The size is wrong.\n\nOn 30 April 2024 Shop <help@shop.example> wrote:\n> which one?\n--a\n\
         Content-Type: text/html; charset=utf-8\n\n<p>The size is <b>wrong</b>.</p><div class=\"gmail_quote\">On 30 April 2024 Shop wrote:\
         <blockquote>which one?</blockquote></div><img src=\"cid:logo@x\">\n--a--\n--b\nContent-Type: image/png; name=\"a.png\"\n\
         Content-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b\nContent-Type: text/csv\n\
         Content-Disposition: attachment; filename=\"../orders.csv\"\n\na;b\n--b--\n",
    );
    let mail = read_mail(&raw);
    assert_eq!(mail.warnings, Vec::<String>::new());
    assert_eq!(mail.message_id.as_deref(), Some("1@x.example"));
    assert_eq!(mail.from.clone().unwrap(), Address { name: Some("Ana 😀".into()), address: "ana@x.example".into() });
    assert_eq!(mail.to.len(), 2);
    assert_eq!(mail.customer().unwrap().address, "other@x.example");
    assert_eq!(mail.date.unwrap().to_rfc3339(), "2024-05-01T08:15:00Z");
    assert_eq!(mail.subject, "Re: Größe");
    assert_eq!(mail.reply_text, "The size is wrong.");
    assert!(mail.text.ends_with("> which one?"));
    assert_eq!(mail.in_reply_to, ["0@shop.example"]);
    assert_eq!(mail.references, ["00@shop.example", "0@shop.example"]);
    assert_eq!(mail.language.as_deref(), Some("en"));
    assert!(mail.html.clone().unwrap().contains("<b>wrong</b>"));
    let files: Vec<_> =
        mail.attachments.iter().map(|a| (a.name.as_deref(), a.media_type.as_str(), a.size, a.inline, a.part)).collect();
    assert_eq!(files, [(Some("a.png"), "image/png", 8, true, 4), (Some("orders.csv"), "text/csv", 3, false, 5)]);
    assert_eq!(attachment(&raw, 5).unwrap(), b"a;b");
    assert_eq!(attachment(&raw, 0), None);
    assert_eq!(attachment(&raw, 99), None);
    assert_eq!(mail.structure.as_ref().unwrap().parts[0].parts.len(), 2);
    assert_eq!((mail.auto_submitted.clone(), mail.bounce.clone()), (None, None));
    assert_eq!(message_id(&raw).as_deref(), Some("1@x.example"));
    assert_eq!(mail.headers[0], ("Return-Path".to_owned(), "<ana@x.example>".to_owned()));
}

#[test]
fn html_only_mail_has_text() {
    let mail = read_mail(&crlf(
        "From: a@x\nSubject: x\nContent-Type: text/html\n\n<p>Hello</p><blockquote type=\"cite\">old</blockquote>",
    ));
    assert_eq!((mail.text.as_str(), mail.reply_text.as_str()), ("Hello\n\n> old", "Hello"));
    let mail =
        read_mail(&crlf("From: a@x\nSubject: x\nContent-Type: text/plain\n\n<html><body><p>Hello</p></body></html>"));
    assert_eq!(mail.text, "Hello");
    let raw = crlf(
        "From: a@x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n",
    );
    assert_eq!(read_mail(&raw).text, "Hello");
}

#[test]
fn a_delivery_report_is_a_bounce() {
    let raw = crlf(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: help@shop.example\nSubject: Undelivered Mail Returned to Sender\n\
         Auto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ana@x.example\nAction: failed\n\
         Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user\n\n--b\nContent-Type: text/rfc822-headers\n\n\
         Subject: hi\nMessage-ID: <orig@shop.example>\n\n--b--\n",
    );
    let mail = read_mail(&raw);
    let bounce = mail.bounce.unwrap();
    assert_eq!(bounce.original_message_id.as_deref(), Some("orig@shop.example"));
    assert_eq!(bounce.recipient.as_deref(), Some("ana@x.example"));
    assert_eq!(bounce.status.as_deref(), Some("5.1.1"));
    assert_eq!(bounce.diagnostic.as_deref(), Some("550 5.1.1 no such user"));
    assert!(bounce.hard);

    let delayed =
        String::from_utf8(raw.clone()).unwrap().replace("failed", "delayed").replace("5.1.1\r\nD", "4.4.1\r\nD");
    assert!(!read_mail(delayed.as_bytes()).bounce.unwrap().hard);
    let success = String::from_utf8(raw)
        .unwrap()
        .replace("Action: failed", "Action: delivered")
        .replace("Status: 5.1.1", "Status: 2.0.0");
    let success = read_mail(success.as_bytes());
    assert_eq!(success.bounce, None);
    assert!(success.auto_submitted.is_some());
}

#[test]
fn reports_in_plain_words_are_bounces() {
    let qmail = crlf(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: help@shop.example\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n\
         <ana@x.example>:\nUser unknown. 550 5.1.1 mailbox not here\n\n--- Below this line is a copy of the message.\n\n\
         From: help@shop.example\nMessage-ID: <orig@shop.example>\nSubject: hi\n",
    );
    let bounce = read_mail(&qmail).bounce.unwrap();
    assert_eq!(bounce.original_message_id.as_deref(), Some("orig@shop.example"));
    assert_eq!(
        (bounce.recipient.as_deref(), bounce.status.as_deref(), bounce.hard),
        (Some("ana@x.example"), Some("5.1.1"), true)
    );
    let qq = crlf(
        "From: PostMaster@qq.example\nSubject: 系统退信\nContent-Type: text/plain; charset=utf-8\nReturn-Path: <>\n\n无法发送到 ana@x.example\n550 Mailbox not found",
    );
    assert!(read_mail(&qq).bounce.unwrap().hard);
    // A person who writes about a failed delivery is no machine.
    let person = crlf(
        "Return-Path: <ana@x.example>\nFrom: ana@x.example\nSubject: delivery failure\n\nMy parcel was returned to sender! Order 550 was lost.",
    );
    assert_eq!(read_mail(&person).bounce, None);
    let vacation =
        crlf("Return-Path: <>\nFrom: ana@x.example\nSubject: Re: order\nAuto-Submitted: auto-replied\n\nI am away.");
    let vacation = read_mail(&vacation);
    assert_eq!((vacation.bounce, vacation.auto_submitted.as_deref()), (None, Some("auto-replied")));
}

#[test]
fn odd_mail_is_read_with_warnings() {
    let warned = |raw: &[u8], words: &str| {
        let mail = read_mail(raw);
        assert!(mail.warnings.iter().any(|w| w.contains(words)), "{words}: {:?}", mail.warnings);
        mail
    };
    warned(b"", "no headers");
    assert_eq!(warned(b"just text\nwithout headers", "no headers").text, "just text\nwithout headers");
    warned(b"Subject: x\n\nx", "names no sender");
    warned(b"From: x\nDate: tomorrow\n\nx", "cannot be understood");
    warned(b"From: a@x\nFrom: b@x\n\nx", "several From");
    let mail = warned(
        b"From: a@x\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xc3\xb6\xc3\x9fe",
        "UTF-8, not iso-8859-1",
    );
    assert_eq!(mail.text, "Größe");
    let mail = read_mail(b"From x Wed Aug 21 18:03:00 2002\nFrom: a@x\nDate: 2024-05-01 10:15:00\n\nx");
    assert_eq!(
        (mail.from.unwrap().address.as_str(), mail.date.unwrap().to_rfc3339().as_str()),
        ("a@x", "2024-05-01T10:15:00Z")
    );
    let mail = read_mail(b"From: a@x\nContent-Type: multipart/mixed; boundary=never\n\nthe text anyway");
    assert_eq!(mail.text, "the text anyway");
}

#[test]
fn quoted_only_text_of_a_forward_stays() {
    let forward = read_mail(&crlf(
        "From: a@x\nSubject: Fwd: order\n\n---------- Forwarded message ---------\nFrom: b <b@x>\nSubject: order\n\nWhere is it?",
    ));
    assert!(forward.reply_text.contains("Where is it?"));
    let empty = read_mail(&crlf(
        "From: a@x\nSubject: Re: order\nIn-Reply-To: <1@x>\n\nOn 1 May 2024 Shop <s@x.example> wrote:\n> hello",
    ));
    assert_eq!(empty.reply_text, "");
    assert!(crate::screen::is_blank(&empty));
}

#[test]
fn mail_without_an_id_has_an_identity() {
    let one = b"From: a@x\nSubject: x\n\nhello";
    let (a, b) = (read_mail(one), read_mail(b"From: a@x\nSubject: x\n\nhello!"));
    assert_eq!(identity(&a, one), identity(&a, one));
    assert_ne!(identity(&a, one), identity(&b, b"From: a@x\nSubject: x\n\nhello!"));
    let named = read_mail(b"From: a@x\nMessage-ID: <1@x>\n\nx");
    assert_eq!(identity(&named, b""), "1@x");
}

#[test]
fn hostile_structure_ends_in_time() {
    let started = std::time::Instant::now();
    let nested = b"Content-Type: message/rfc822\n\n".repeat(50_000);
    let _ = read_mail(&nested);
    let mut deep = String::from("From: a@x\n");
    for n in 0..20_000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    }
    let _ = read_mail(deep.as_bytes());
    let never = format!(
        "From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\nContent-Type: multipart/mixed; boundary=never\n\n".repeat(50_000)
    );
    let _ = read_mail(never.as_bytes());
    let parts = format!("From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--", "--b\n\nx\n".repeat(50_000));
    assert!(read_mail(parts.as_bytes()).warnings.iter().any(|w| w.contains("parts were looked at")));
    let headers = "X: y\n".repeat(200_000) + &format!("From: {}\n\nx", "a@x,".repeat(100_000));
    let _ = read_mail(headers.as_bytes());
    let words = format!("Subject: {}\n\nx", "=?utf-8?q?".repeat(100_000));
    let _ = read_mail(words.as_bytes());
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn what_reading_costs() {
    let body =
        "Hello, I ordered a jacket two weeks ago and it has still not arrived. The tracking page says nothing new. "
            .repeat(16);
    let raw = crlf(&format!(
        "Message-ID: <1@x.example>\nDate: Wed, 1 May 2024 10:15:00 +0200\nFrom: Ana <ana@x.example>\nTo: help@shop.example\nSubject: Order\n\
         Content-Type: text/plain; charset=utf-8\n\n{body}\n\nOn 30 April 2024 Shop <help@shop.example> wrote:\n> which one?\n"
    ));
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let started = std::time::Instant::now();
            let _ = read_mail(&raw);
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("reading {} bytes: least {:?}, median {:?}", raw.len(), times[0], times[100]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mail = read_mail(&raw);
        prop_assert!(!mail.warnings.is_empty() || mail.from.is_some());
    }

    /// Pieces of mail in any order: closer to what breaks parsers than random bytes.
    #[test]
    fn any_pieces_are_read(pieces in proptest::collection::vec(0usize..24, 0..60)) {
        const PIECES: [&str; 24] = [
            "From: a@x\n", "Subject: =?utf-8?B?5L2g\n", "Content-Type: multipart/mixed; boundary=b\n", "Content-Type: multipart/alternative; boundary=\"b\"\n",
            "Content-Type: message/rfc822\n", "Content-Type: text/html; charset=gbk\n", "Content-Transfer-Encoding: base64\n", "Content-Transfer-Encoding: quoted-printable\n",
            "Content-Disposition: attachment; filename*0*=utf-8''%E4\n", "\n", "--b\n", "--b--\n", "aGVsbG8=\n", "=E4=BD=A0=\n", "<p>x</p>\n", " \t\n", "\r\n", "From x Wed Aug 21 18:03:00 2002\n",
            "> quoted\n", "On 1 May 2024 a <a@x.example> wrote:\n", "\0\u{1b}$B", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n", "Content-Type: message/delivery-status\n", "Action: failed\n",
        ];
        let raw: String = pieces.iter().map(|p| PIECES[*p]).collect();
        let mail = read_mail(raw.as_bytes());
        for file in &mail.attachments {
            let bytes = attachment(raw.as_bytes(), file.part);
            prop_assert_eq!(bytes.map(|b| b.len() as u64), Some(file.size));
        }
    }
}

#[test]
fn what_outlook_hides_in_winmail_dat_is_text_and_files() {
    let container = crate::read::tnef::tests::sample();
    let raw = format!(
        "From: a@x.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &container)
    );
    let mail = read_mail(raw.as_bytes());
    assert_eq!(mail.text.trim(), "你好，订单还没到");
    let names: Vec<_> = mail.attachments.iter().map(|file| file.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["照片 1.png", "Rückgabe.pdf"]);
    assert_eq!(attachment(raw.as_bytes(), mail.attachments[1].part).unwrap(), b"%PDF");
    assert_eq!(attachment(raw.as_bytes(), 2 | 9 << 16), None);
}

/// What real mails did to charsets, in mails made up for it: each is legible, and says nothing that nobody wrote.
#[test]
fn charsets_that_are_wrong_or_left_out_are_seen_through() {
    let head = |subject: &[u8], rest: &str| {
        let mut raw = b"From: Ana <ana@x.example>\r\nMessage-ID: <1@x.example>\r\nSubject: ".to_vec();
        raw.extend_from_slice(subject);
        raw.extend_from_slice(format!("\r\n{rest}\r\n\r\n").replace('\n', "\r\n").replace("\r\r", "\r").as_bytes());
        raw
    };
    // A program that calls everything Latin, with a Chinese text under it.
    let (gbk, ..) = encoding_rs::GB18030.encode("您好，请问订单1042什么时候可以发货？我已经等了两个星期了。");
    let mut raw = head(b"Order 1042", "Content-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: 8bit");
    raw.extend_from_slice(&gbk);
    let mail = read_mail(&raw);
    assert_eq!(mail.text, "您好，请问订单1042什么时候可以发货？我已经等了两个星期了。");
    assert!(mail.warnings.iter().any(|one| one.contains("not iso-8859-1 as declared")), "{:?}", mail.warnings);
    assert_eq!(mail.language.as_deref(), Some("zh"));

    // A subject without a charset is in that of the text.
    let mut raw = head(b"Kargo de\xf0i\xfeti, \xddade", "Content-Type: text/plain; charset=windows-1254");
    raw.extend_from_slice(b"Sipari\xfeim nerede?");
    let mail = read_mail(&raw);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Kargo değişti, İade", "Siparişim nerede?"));
    // Nor does the text name one: it says enough by itself.
    let (thai, ..) = encoding_rs::WINDOWS_874.encode("สั่งของไปเมื่อเดือนที่แล้ว ยังไม่ได้รับสินค้าเลยค่ะ");
    let mut raw = head(b"Order 7", "Content-Type: text/plain; charset=us-ascii");
    raw.extend_from_slice(&thai);
    assert_eq!(read_mail(&raw).text, "สั่งของไปเมื่อเดือนที่แล้ว ยังไม่ได้รับสินค้าเลยค่ะ");

    // References to characters as Windows counts them.
    let mut raw = head(b"Hi", "Content-Type: text/html; charset=us-ascii");
    raw.extend_from_slice(b"<p>It&#146;s &#147;lost&#148; &#151; again&#133</p>");
    assert_eq!(read_mail(&raw).text, "It’s “lost” — again…");

    // A list's footer beneath encoded text: as it stands, and never decoded.
    let mut raw = head(b"Hi", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64");
    raw.extend_from_slice(
        b"V28gaXN0IG1laW4gUGFrZXQ/IEdyw7zDn2U=\r\n\r\n_______________\r\nThis list is kept by Ana\r\n",
    );
    let mail = read_mail(&raw);
    assert!(
        mail.text.starts_with("Wo ist mein Paket? Grüße\n") && mail.text.ends_with("This list is kept by Ana"),
        "{}",
        mail.text
    );
    assert!(!mail.text.contains('\u{fffd}'), "{}", mail.text);
    assert!(mail.warnings.iter().any(|one| one.contains("beneath the encoded text")), "{:?}", mail.warnings);
    let html = head(b"Hi", "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64");
    let raw = [&html[..], b"PHA+SGk8L3A+\r\n\r\n---------------\r\nAna & <Bo> keep it\r\n"].concat();
    let mail = read_mail(&raw);
    assert!(mail.text.starts_with("Hi\n") && mail.text.ends_with("Ana & <Bo> keep it"), "{}", mail.text);
    // Of a file nothing is beneath.
    let rest = "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64";
    let raw = [&head(b"Hi", rest)[..], b"JVBERg==\r\n\r\n---------------\r\nA list keeps it\r\n"].concat();
    let mail = read_mail(&raw);
    assert_eq!(attachment(&raw, mail.attachments[0].part).as_deref(), Some(&b"%PDF"[..]));
}
