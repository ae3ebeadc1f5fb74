//! The pictures in README.md: runs the demo and photographs the desk as a person sees it.
//!
//! `cargo run -p posthouse-e2e --example screenshots -- DOCS_FOLDER` after `cargo xtask demo` has built everything.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use fantoccini::Locator;
use posthouse_servers::Chromium;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const LISTEN: &str = "127.0.0.1:8479";

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "docs".to_owned()));
    let binary = std::env::current_exe().unwrap();
    let program = binary.ancestors().nth(2).unwrap().join("posthouse");
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("demo");
    let mut demo = Command::new(program)
        .args(["demo", "--listen", LISTEN, "--dir"])
        .arg(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("posthouse is built");
    let mut password = String::new();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    for line in &mut lines {
        let line = line.unwrap();
        if let Some(text) = line.trim().strip_prefix("password") {
            text.trim().clone_into(&mut password);
        }
        if line.contains("went through the pipeline") {
            break;
        }
    }
    let shots = [
        ("electronics", "en", (1440, 900), "desk.png", false),
        ("electronics", "en", (390, 844), "phone.png", false),
        ("fashion", "zh-CN", (1440, 900), "desk-zh.png", false),
        ("fashion", "zh-CN", (390, 844), "phone-zh.png", false),
        ("electronics", "en", (1440, 900), "desk-dark.png", true),
    ];
    for (shop, language, (width, height), name, dark) in shots {
        let Some(chromium) = Chromium::start(language).await else { break };
        chromium.resize(width, height).await;
        chromium.prefer_dark(dark).await;
        chromium.goto(&format!("http://{LISTEN}/t/{shop}/tickets")).await;
        let client = chromium.client();
        let wait = || client.wait().at_most(Duration::from_secs(20));
        let email = wait().for_element(Locator::Css("input[name=email]")).await.unwrap();
        email.send_keys("demo@posthouse.example").await.unwrap();
        client.find(Locator::Css("input[name=password]")).await.unwrap().send_keys(&password).await.unwrap();
        client.find(Locator::Css("form button.solid")).await.unwrap().click().await.unwrap();
        wait().for_element(Locator::Css("a[href*='/tickets/']")).await.unwrap();
        if name.ends_with("list.png") {
            chromium.screenshot(&folder.join(name)).await;
        } else {
            let links = client.find_all(Locator::Css("a[href*='/tickets/']")).await.unwrap();
            let href = links[0].attr("href").await.unwrap().unwrap();
            chromium.goto(&format!("http://{LISTEN}{href}")).await;
            wait().for_element(Locator::Css("textarea[name=body]")).await.unwrap();
            chromium.screenshot(&folder.join(name)).await;
        }
        chromium.close().await;
    }
    demo.kill().unwrap();
    demo.wait().unwrap();
}
