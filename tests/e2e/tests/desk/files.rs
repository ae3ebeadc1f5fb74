//! What came with a mail, in a browser: files are looked at on the page by keys alone, and pictures from outside wait until they are asked
//! for, once or for good.

use crate::hostile::Lair;
use crate::support::{Desk, LI};
use crate::widths::look;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use std::fmt::Write as _;

/// Red, 8 × 8.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGO4YKCAFTEMLQkATmxIAfQV9IgAAAAASUVORK5CYII=";

/// One page that says so.
fn pdf() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 300] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        "<< /Length 52 >>\nstream\nBT /F 28 Tf 40 200 Td (Return label, parcel 1) Tj ET\nendstream".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(out.len());
        let _ = writeln!(out, "{number} 0 obj\n{object}\nendobj");
    }
    let table = out.len();
    let _ = writeln!(out, "xref\n0 6\n0000000000 65535 f ");
    for place in places {
        let _ = writeln!(out, "{place:010} 00000 n ");
    }
    let _ = writeln!(out, "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF");
    out.into_bytes()
}

fn mail(lair: &str) -> String {
    let evil = "<script>document.title = 'ran'</script>";
    let csv = "order;price;note\r\nFA-2026-48071;4,99;\"two; parts\"\r\nFA-2026-48072;12,50;<b>bold</b>\r\n";
    let files: [(&str, &str, Vec<u8>); 5] = [
        ("photo.png", "image/png", STANDARD.decode(PNG).unwrap()),
        ("label.pdf", "application/pdf", pdf()),
        ("价格.csv", "text/csv", csv.into()),
        ("page.html", "text/html", evil.into()),
        ("drawing.svg", "image/svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{evil}</svg>").into()),
    ];
    let mut out = format!(
        "From: Ana <ana@customer.example>\r\nTo: support@falkenau.example\r\nSubject: Files of Ana\r\n\
         Message-ID: <files@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>Here are the files of order FA-2026-48071.</p><img src=\"{lair}/pixel.gif\">\r\n"
    );
    for (name, kind, bytes) in files {
        let name = format!("=?utf-8?B?{}?=", STANDARD.encode(name));
        let _ = write!(
            out,
            "--edge\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            STANDARD.encode(bytes)
        );
    }
    out + "--edge--\r\n"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_looked_at_and_pictures_are_asked_for() {
    let lair = Lair::open().await;
    let mail = mail(&format!("http://127.0.0.1:{}", lair.port()));
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 10).await else { return };
    let page = format!("/t/electronics/tickets/{}", desk.ticket("electronics", "Files of Ana"));
    desk.sign_in("electronics", LI).await;
    let mut wrong = Vec::new();
    for (width, language) in [(1280, "en"), (360, "zh")] {
        desk.browser.resize(width, 860).await;
        desk.goto(&page).await;
        if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
            desk.value("document.querySelector('button[name=language]').click()").await;
            desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
        }
        // Three of the five; nothing of them is asked for before it is unfolded.
        desk.until("document.querySelectorAll('details.look').length === 3").await;
        let asked = "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/preview')).length";
        assert_eq!(desk.value(asked).await, 0);
        for (at, shown) in [
            (0, "document.querySelector('img')?.naturalWidth === 8"),
            (2, "document.querySelectorAll('th').length === 3 && document.querySelectorAll('td').length === 6"),
        ] {
            // By key: the summary has the focus, Enter unfolds.
            desk.value(&format!("document.querySelectorAll('details.look > summary')[{at}].focus()")).await;
            desk.client().active_element().await.unwrap().send_keys("\u{e007}").await.unwrap();
            desk.until(&format!("document.querySelectorAll('details.look')[{at}].open")).await;
            let frame = desk.client().find_all(Locator::Css("details.look iframe")).await.unwrap().swap_remove(at);
            frame.enter_frame().await.unwrap();
            desk.until(shown).await;
            let text = desk.value("return document.body.innerText").await;
            assert!(at != 2 || text.as_str().unwrap().contains("<b>bold</b>"), "{text}");
            assert_eq!(desk.value("return document.scripts.length + (self.origin === 'null' ? 0 : 1)").await, 0);
            desk.client().enter_parent_frame().await.unwrap();
        }
        // The browser's own reader of PDF has the frame; what it draws is its own affair.
        desk.value("document.querySelectorAll('details.look')[1].open = true").await;
        desk.until("performance.getEntriesByType('resource').some((e) => e.initiatorType === 'iframe' && e.name.includes('/preview') && e.duration > 0)").await;
        let pdf = "return fetch(document.querySelector('iframe.pdf').src).then((r) => [r.status, ...['content-type', 'content-security-policy', 'x-content-type-options'].map((h) => r.headers.get(h))])";
        assert_eq!(
            desk.value(pdf).await,
            serde_json::json!([
                200,
                "application/pdf",
                "default-src 'none'; frame-ancestors 'self'; sandbox",
                "nosniff"
            ])
        );
        look(&desk, &mut wrong, &format!("files at {width}"), width < 720).await;
        if let Ok(folder) = std::env::var("POSTHOUSE_SCREENSHOTS") {
            desk.value("document.querySelector('details.look').scrollIntoView()").await;
            for dark in [false, true] {
                desk.browser.prefer_dark(dark).await;
                let name = format!("files-{width}-{language}-{}.png", if dark { "dark" } else { "light" });
                desk.browser.screenshot(&std::path::Path::new(&folder).join(name)).await;
            }
            desk.browser.prefer_dark(false).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Pictures from outside: nothing is asked of their host before somebody says so; then always; and no more once that is taken back.
    desk.browser.resize(1280, 900).await;
    desk.value("document.querySelector('button[name=language]').click()").await;
    desk.until("document.documentElement.lang.startsWith('en')").await;
    let unfold = async || {
        desk.goto(&page).await;
        desk.click("details.original > summary").await;
        desk.client().find(Locator::Css("details.original iframe")).await.unwrap().enter_frame().await.unwrap();
        desk.until("document.body?.innerText.includes('FA-2026-48071') && document.readyState === 'complete'").await;
        desk.client().enter_parent_frame().await.unwrap();
    };
    unfold().await;
    assert!(desk.text(".images").await.contains("1 remote image is not shown"));
    assert_eq!(lair.asked(), Vec::<String>::new());
    desk.click(".images button[name=always]").await;
    desk.until("document.querySelector('#notices').innerText.includes('are shown from now on')").await;
    unfold().await;
    lair.wait_for(1).await;
    assert!(desk.text(".images").await.contains("Remote images from ana@customer.example are always shown"));
    let asked = lair.asked();
    assert!(
        asked.iter().all(|head| head.starts_with("GET /pixel.gif ") && !head.to_lowercase().contains("\r\nreferer:")),
        "{asked:?}"
    );
    desk.click(".images button[name=ask]").await;
    desk.until("document.querySelector('#notices').innerText.includes('wait until they are asked for')").await;
    let before = lair.asked().len();
    unfold().await;
    assert!(desk.text(".images").await.contains("1 remote image is not shown"));
    assert_eq!(lair.asked().len(), before);
    // Said by mistake, taken back with one key from the notice.
    desk.click(".images button[name=always]").await;
    desk.until("document.querySelector('#notices .take-back')").await;
    desk.click("#notices .take-back button").await;
    desk.until("document.querySelector('#notices').innerText.includes('wait until they are asked for')").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.house.run(&["audit", "verify"]);
    desk.browser.close().await;
}
