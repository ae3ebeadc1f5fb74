use crate::host::{Host, MAIL, corpus};
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

const KEYS: [&str; 15] = [
    "message_id",
    "from",
    "to",
    "reply_to",
    "date",
    "subject",
    "text",
    "reply_text",
    "html",
    "attachments",
    "structure",
    "auto_submitted",
    "bounce",
    "language",
    "warnings",
];

#[test]
fn a_mail_is_one_line_with_every_key() {
    let host = Host::new();
    let raw = "From: \"Li Wei\" <li@customer.example>\r\nTo: support@acme.example\r\nReply-To: Li <li.wei@home.example>\r\n\
        Subject: =?utf-8?B?6YCA5qy+?=\r\nDate: Sun, 01 Mar 2026 08:30:00 +0800\r\nMessage-ID: <a1@customer.example>\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n\
        --c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n你好，我的订单还没有收到，请帮我退款。\r\n\r\n\
        > On Sat, Shop wrote:\r\n> Thank you\r\n\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>你好</p>\r\n--c--\r\n\
        --b\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";
    host.write("a.eml", raw);
    let ran = host.run(&["mail", "read", "a.eml"]).ok();
    let read = &lines(&ran.out)[0];
    assert_eq!(read.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    insta::assert_json_snapshot!(read);
}

#[test]
fn any_bytes_can_be_read_and_a_path_that_cannot_is_a_line_too() {
    let host = Host::new();
    host.write("empty.eml", "");
    host.write("random.eml", (0..=255u8).cycle().take(9_000).collect::<Vec<_>>());
    host.write(
        "deep.eml",
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nContent-Type: multipart/mixed; boundary=b\n\n".repeat(3_000)
        ),
    );
    host.write("nul.eml", b"Subject: \0\0\nFrom: \xff\xfe\n\n\0\xc3\x28");
    let ran = host.run(&["mail", "read", "empty.eml", "random.eml", "deep.eml", "nul.eml"]).ok();
    let read = lines(&ran.out);
    assert_eq!(read.len(), 4);
    assert!(read.iter().all(|line| line.as_object().unwrap().keys().eq(KEYS)));

    let ran = host.run(&["mail", "read", "gone.eml", "empty.eml", "."]).problem();
    let read = lines(&ran.out);
    assert_eq!(read.len(), 3, "{}", ran.out);
    assert_eq!(read[0]["file"], "gone.eml");
    assert!(read[0]["error"].as_str().unwrap().contains("No such file"));
    assert!(read[1].get("error").is_none() && read[2].get("error").is_some());
}

#[test]
fn a_mail_comes_from_standard_input_too() {
    let host = Host::new();
    let ran = host.run_with(&["mail", "read", "-"], MAIL.as_bytes()).ok();
    let read = &lines(&ran.out)[0];
    assert_eq!(read["from"]["name"], "Ana García");
    assert_eq!(read["date"], "2026-03-01T07:30:00Z");
    assert_eq!(read["html"], false);
}

#[test]
fn nothing_in_the_corpus_breaks_the_reader() {
    let Some(corpus) = corpus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("tar")
        .arg("-xJf")
        .arg(corpus.join("hard-mail.tar.xz"))
        .arg("-C")
        .arg(dir.path())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("skipped: tar cannot unpack the corpus");
        return;
    }
    let mut files = Vec::new();
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { files.push(entry.to_str().unwrap().to_owned()) }
        }
    }
    let mut args = vec!["mail", "read"];
    args.extend(files.iter().map(String::as_str));
    let ran = Host::new().run(&args).ok();
    assert_eq!(lines(&ran.out).len(), files.len());
}
