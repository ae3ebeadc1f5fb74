//! Thousands of mails, texts, subjects and replies, each a little wrong, the same ones in every run: none makes the engine panic, and
//! all keep every promise of [`posthouse_mail::fuzz`].
//!
//! The targets in `host/mail/fuzz` go on from here without an end. Three times as many with `POSTHOUSE_MUTATIONS=3`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use posthouse_dice::Dice;
use posthouse_mail::fuzz;
use posthouse_mail::quote::split;
use posthouse_mail::read::read_mail;
use proptest::prelude::*;

fn times(count: usize) -> usize {
    count * std::env::var("POSTHOUSE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Where mail readers stumble.
const WORDS: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\r\n",
    b"\n ",
    b"--edge",
    b"--edge--",
    b"Content-Type: multipart/mixed; boundary=edge\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=edge\r\n",
    b"Content-Type: application/ms-tnef\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"; charset=gb18030",
    b"; charset=iso-2022-jp",
    b"\x1b$B",
    b"\x1b(B",
    b"=?utf-8?B?",
    b"=?gb2312?Q?=",
    b"?=",
    b"filename*0*=utf-8''%e4",
    b"=C3=",
    b"\xff\xfe",
    b"\x00",
    b"<![CDATA[",
    b"<style>",
    b"<td><table>",
    b"&#x1F4A9;",
    b"\x78\x9f\x3e\x22",
    b"From: ",
    b"In-Reply-To: <a@b> <c@d>\r\n",
    b"Auto-Submitted: ",
    b"Date: Fri, 99 Zzz 99999",
];

const MAILS: &[&str] = &[
    "Return-Path: <ana@x.example>\r\nFrom: =?utf-8?B?5byg5LiJ?= <ana@x.example>\r\nTo: support@shop.example\r\nCc: b@x.example\r\n\
     Subject: Re: =?gb2312?B?tqm1pQ==?= 1042\r\nMessage-ID: <1@x.example>\r\nIn-Reply-To: <0@shop.example>\r\nReferences: <0@shop.example>\r\n\
     Date: Fri, 20 Nov 2026 09:30:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n\
     --edge\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain; charset=gb18030\r\n\
     Content-Transfer-Encoding: base64\r\n\r\nxOO6w6OsztK1xLaptaXKsrrCyrG687W9o78=\r\n--inner\r\nContent-Type: text/html; charset=utf-8\r\n\
     Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E4=BD=A0=E5=A5=BD <img src=3D\"cid:pic@x\"></p><blockquote>old</blockquote>\r\n--inner--\r\n\
     --edge\r\nContent-Type: image/png; name*=utf-8''%E5%9B%BE.png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n\
     --edge\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@x.example\r\nSubject: inside\r\n\r\nthe inner mail\r\n--edge--\r\n",
    "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@shop.example\r\nSubject: Undelivered\r\n\
     Content-Type: multipart/report; report-type=delivery-status; boundary=edge\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n\
     --edge\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ana@x.example\r\n\
     Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--edge\r\nContent-Type: text/rfc822-headers\r\n\r\n\
     Message-ID: <9@shop.example>\r\n\r\n--edge--\r\n",
    "From: a@x.example\r\nSubject: =?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\
     \u{1b}$B$3$s$K$A$O\u{1b}(B\r\n> old\r\n-- \r\nA\r\n",
    "From: a@x.example\r\nSubject: begin\r\n\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n",
];

const TEXTS: &[&str] = &[
    "Thank you, that works.\n\nOn Fri, 20 Nov 2026 at 09:30, Ana <ana@x.example> wrote:\n> Where is it?\n> Ana\n",
    "好的，谢谢！\n\n------------------ 原始邮件 ------------------\n发件人: \"客服\" <support@shop.example>;\n发送时间: 2026年11月20日(星期五) 上午9:30\n收件人: \"张三\";\n主题: Re: 订单\n\n您好\n",
    "Danke.\n\n-- \nMax Muster\nMusterstraße 1\n\nAm 20.11.2026 um 09:30 schrieb Shop:\n> Hallo\n",
    "Bitte sehr.\n\nVon: Shop <support@shop.example>\nGesendet: Freitag, 20. November 2026 09:30\nAn: Max\nBetreff: AW: Bestellung\n\nHallo Max\n",
    "返品したいです。\n\n2026年11月20日(金) 9:30 Shop <support@shop.example>:\n> こんにちは\n\nSent from my iPhone\n",
];

#[test]
fn thousands_of_mails() {
    let mut dice = Dice::new(0x5eed_0003);
    let mut with_files = 0;
    let count = times(6_000);
    for _ in 0..count {
        let mut raw = dice.pick(MAILS).as_bytes().to_vec();
        dice.mutate(&mut raw, WORDS);
        fuzz::read(&raw);
        with_files += usize::from(!read_mail(&raw).attachments.is_empty());
    }
    // Both ways are walked, or the test tests nothing.
    assert!((count / 10..count * 9 / 10).contains(&with_files), "{with_files} of {count}");
}

#[test]
fn thousands_of_texts() {
    let words: Vec<&[u8]> =
        TEXTS.iter().flat_map(|text| text.split('\n')).map(str::as_bytes).chain([&b"\n"[..], b"> "]).collect();
    let mut dice = Dice::new(0x5eed_0004);
    let mut quoted = 0;
    let count = times(10_000);
    for _ in 0..count {
        let mut text = dice.pick(TEXTS).as_bytes().to_vec();
        dice.mutate(&mut text, &words);
        fuzz::quoting(&text);
        fuzz::threading(&text);
        quoted += usize::from(split(&String::from_utf8_lossy(&text)).quoted);
    }
    assert!((count / 10..count).contains(&quoted), "{quoted} of {count}");
}

#[test]
fn thousands_of_replies() {
    let pieces: [&[u8]; 10] = [
        b"Ana, \"the\" <b>",
        "ana@b\u{fc}cher.example".as_bytes(),
        "Re: 你好".as_bytes(),
        "Hello,\n\nit is on its way.\n.\n..\n[image: 账单 \"1\".pdf]\nFrom here\n".as_bytes(),
        b"de-AT",
        b"On Friday Ana wrote:\r\n> old",
        b"1@x.example",
        "账单 \"1\".pdf".as_bytes(),
        b"application/pdf",
        &[0x25, 0x50, 0, 13, 10, 46, 13, 10],
    ];
    let words: Vec<&[u8]> = vec![
        b"\r\nBcc: e@x.example\r\n\r\n",
        b"\xff",
        b"\n",
        b"\r",
        b"\x00",
        b"; boundary=x",
        b"\"",
        b"\\",
        b"=?utf-8?Q?=0D=0ABcc:_e@x?=",
        "\u{2028}".as_bytes(),
        b"multipart/mixed",
        b"message/rfc822",
        b"../",
        b"[image: ",
        b"]",
        b"@",
        b",",
        b"--",
        b"                                                                                ",
    ];
    let whole = pieces.join(&0xff);
    fuzz::composing(&whole);
    let mut dice = Dice::new(0x5eed_0005);
    for _ in 0..times(10_000) {
        let mut reply = whole.clone();
        dice.mutate(&mut reply, &words);
        fuzz::composing(&reply);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a client quotes is taken out, and what was written above it stays to the letter.
    #[test]
    fn new_text_above_what_a_client_quotes_is_all_that_is_left(
        new in "[a-zäß你好]{2,12}( [a-zäß你好]{2,12}){0,20}[.!?]?",
        old in proptest::collection::vec("[a-zA-Z0-9äß你好 ]{0,60}", 1..12),
        head in proptest::sample::select(vec![
            "On Fri, 20 Nov 2026 at 09:30, Shop <support@shop.example> wrote:",
            "Am 20.11.2026 um 09:30 schrieb Shop <support@shop.example>:",
            "Le ven. 20 nov. 2026 à 09:30, Shop <support@shop.example> a écrit :",
            "El vie, 20 nov 2026 a las 9:30, Shop (<support@shop.example>) escribió:",
            "Il giorno ven 20 nov 2026 alle ore 09:30 Shop <support@shop.example> ha scritto:",
            "2026年11月20日(金) 9:30 Shop <support@shop.example>:",
            "2026年11月20日 09:30，Shop <support@shop.example> 写道：",
            "пт, 20 нояб. 2026 г. в 09:30, Shop <support@shop.example>:",
        ]),
        depth in 1_usize..4,
    ) {
        let mark = "> ".repeat(depth);
        let quoted: String = old.iter().map(|line| format!("{mark}{line}\n")).collect();
        let split = split(&format!("{new}\n\n{head}\n{quoted}"));
        prop_assert_eq!(split.reply.as_str(), new.trim());
        prop_assert!(split.quoted);
    }
}
