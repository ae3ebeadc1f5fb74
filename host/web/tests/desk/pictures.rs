//! Pictures from outside, and files that are looked at on the page.

use crate::support::{Answer, Browser, House, Team, file, mail};
use http::StatusCode;
use posthouse_model::mail::{Address, ReadMail};

fn with_picture(id: &str, from: &str) -> ReadMail {
    let mut read = mail(id, "Photo", "See the photo");
    read.from = Some(Address { name: None, address: from.into() });
    read.html = Some("<p>See<img src=\"https://pictures.example/a.png\"></p>".into());
    read
}

async fn page(browser: &mut Browser, team: &Team, number: i64) -> Answer {
    browser.get(&team.path(&format!("/tickets/{number}"))).await
}

#[tokio::test]
async fn pictures_are_shown_for_a_sender_who_was_agreed_to() {
    let house = House::new().await;
    let (luma, other) = (house.team("luma").await, house.team("other").await);
    let first = luma.sorted(with_picture("one", "Ana@customer.example"), b"raw", vec![]).await;
    let second = luma.sorted(with_picture("two", "ana@customer.example"), b"raw", vec![]).await;
    let stranger = luma.sorted(with_picture("three", "ben@customer.example"), b"raw", vec![]).await;
    let elsewhere = other.sorted(with_picture("four", "ana@customer.example"), b"raw", vec![]).await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let shown = async |browser: &mut Browser, team: &Team, message: posthouse_model::MessageId| {
        let frame = browser.get(&team.path(&format!("/messages/{message}/html"))).await;
        let (loads, names) =
            (frame.header("content-security-policy").contains("https:"), frame.text.contains("pictures.example"));
        assert_eq!(loads, names, "{}", frame.text);
        loads
    };
    assert!(!shown(&mut jun, &luma, first.message).await);
    let before = page(&mut jun, &luma, first.number).await;
    assert!(before.text.contains("1 remote image is not shown") && before.text.contains("Always for this sender"));

    let path = luma.path(&format!("/tickets/{}/pictures", first.number));
    let (csrf, id) = (before.field("csrf"), first.message.to_string());
    // A mail of another ticket, and none at all.
    for wrong in [("always", stranger.message.to_string()), ("never", id.clone()), ("always", "0".to_owned())] {
        let answer = jun.post(&path, &[("csrf", &csrf), (wrong.0, &wrong.1)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong:?}");
    }
    let answer = jun.post(&path, &[("csrf", &csrf), ("always", &id)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let after = jun.get(answer.location()).await;
    assert!(after.text.contains("Remote images of this sender are shown from now on."), "{}", after.text);
    assert!(after.text.contains("Remote images from Ana@customer.example are always shown"));
    assert!(after.text.contains(&format!("name=\"ask\" value=\"{id}\"")), "it can be taken back: {}", after.text);
    assert!(shown(&mut jun, &luma, first.message).await);
    assert!(shown(&mut jun, &luma, second.message).await, "every mail of hers");
    assert!(!shown(&mut jun, &luma, stranger.message).await);
    let mut far = house.signed_in(&other, "jun").await;
    assert!(!shown(&mut far, &other, elsewhere.message).await, "another team has not agreed to anything");
    // Who only reads sees the same and changes nothing.
    let mut ada = house.signed_in(&luma, "ada").await;
    let read = page(&mut ada, &luma, first.number).await;
    assert!(read.text.contains("are always shown") && !read.text.contains("Ask again"), "{}", read.text);

    let undo = jun.post(&path, &[("csrf", &csrf), ("ask", &id)]).await;
    let after = jun.get(undo.location()).await;
    assert!(
        after.text.contains("wait until they are asked for")
            && after.text.contains("remote images of the sender hidden again")
    );
    assert!(!shown(&mut jun, &luma, first.message).await && !shown(&mut jun, &luma, second.message).await);
    let once = jun.get(&luma.path(&format!("/messages/{}/html?images=1", first.message))).await;
    assert!(once.text.contains("pictures.example"), "asked for once it is shown once");
    let mut eve = house.signed_in(&luma, "eve").await;
    let record = eve.get(&luma.path("/audit")).await;
    assert!(record.text.contains("remote images of the sender shown from now on"), "{}", record.text);
}

#[tokio::test]
async fn files_are_looked_at_for_what_their_bytes_are() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut read = mail("one", "Files", "See the files");
    // Parts are lines of the raw mail here.
    let raw = [
        b"\x89PNG\r" as &[u8],
        b"%PDF-1.4 x",
        b"name;price\rparcel;4,99",
        b"<script>alert(1)</script>",
        b"<svg onload=alert(1)>",
        b"bin\0ary",
        b"",
    ]
    .join(&b'\n');
    let kinds = [
        ("photo.png", "image/png", 0),
        ("label.pdf", "application/pdf", 1),
        ("prices.csv", "text/csv", 2),
        ("page.html", "text/html", 3),
        ("drawing.svg", "image/svg+xml", 4),
        ("notes.txt", "text/plain", 3),
        ("fake.png", "image/png", 4),
        ("fake.pdf", "application/pdf", 3),
        ("fake.txt", "text/plain", 5),
        ("empty.txt", "text/plain", 6),
    ];
    let mut messages = Vec::new();
    // One mail a file: the first of a part is the one that is listed.
    for (name, kind, part) in kinds {
        read.message_id = Some(format!("{name}@customer.example"));
        read.attachments = vec![file(name, kind, part, b"x")];
        let waiting = luma.sorted(read.clone(), &raw, vec![]).await;
        messages.push((name, kind, part, waiting));
    }
    let mut jun = house.signed_in(&luma, "jun").await;
    for (name, kind, part, waiting) in messages {
        let path = luma.path(&format!("/messages/{}/attachments/{part}/preview", waiting.message));
        let answer = jun.get(&path).await;
        let shown = page(&mut jun, &luma, waiting.number).await;
        let offered = shown.text.contains(&format!("Preview {name}"));
        if matches!(name, "page.html" | "drawing.svg") {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
            assert!(!offered, "{name}");
            continue;
        }
        assert!(offered, "{name}: {}", shown.text);
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && policy.ends_with("; sandbox"), "{name}: {policy}");
        assert!(policy.contains("frame-ancestors 'self'") && !policy.contains("unsafe"), "{name}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN", "{name}");
        assert!(!answer.text.contains("<script") && !answer.text.contains("<svg"), "{name}: {}", answer.text);
        let media_type = answer.header("content-type");
        let expected = if name == "label.pdf" { "application/pdf" } else { "text/html; charset=utf-8" };
        assert_eq!(media_type, expected, "{name}, said to be {kind}");
        match name {
            "photo.png" => assert!(answer.text.contains("src=\"data:image/png;base64,")),
            "label.pdf" => assert!(answer.header("content-disposition").starts_with("inline; filename=\"label.pdf\"")),
            "prices.csv" => assert!(
                answer.text.contains("<th dir=\"auto\">name</th><th dir=\"auto\">price")
                    && !answer.text.contains("4</td>")
            ),
            "notes.txt" => assert!(answer.text.contains("&lt;script&gt;alert(1)")),
            "empty.txt" => assert!(answer.text.contains("The file is empty.")),
            _ => assert!(answer.text.contains("not what its name says"), "{name}: {}", answer.text),
        }
        let framed = shown.text.split("<details class=\"look\">").nth(1).unwrap().split("</details>").next().unwrap();
        assert_eq!(framed.contains(" sandbox "), name != "label.pdf" && name != "fake.pdf", "{name}: {framed}");
    }
}
