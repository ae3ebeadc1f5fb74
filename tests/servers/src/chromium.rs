//! Chromium without a window, driven over WebDriver.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{self, Running, User, find_program};

/// A running Chromium with one tab. It ends when dropped; [`Self::close`] ends it in good order.
#[derive(Debug)]
pub struct Chromium {
    client: Client,
    // In this order: the driver ends before its folder goes.
    _driver: Driver,
    _folder: TempDir,
}

impl Chromium {
    /// Starts chromedriver and Chromium with an empty profile and a window of 1280 × 900; `None`, with the reason
    /// printed, where one of them is not installed.
    ///
    /// `language` is what the browser asks for, such as `en` or `zh-CN`.
    pub async fn start(language: &str) -> Option<Self> {
        Self::start_with(language, &[]).await
    }

    /// As [`Self::start`], with further arguments for the browser, such as `--proxy-server=…`.
    pub async fn start_with(language: &str, more: &[String]) -> Option<Self> {
        let Some(driver) = find_program("chromedriver") else {
            return crate::missing(
                "chromium",
                "chromedriver is not installed (Debian: apt-get install chromium-driver)",
            );
        };
        let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let Some(browser) = browsers.iter().find_map(|name| find_program(name)) else {
            return crate::missing("chromium", "it is not installed (Debian: apt-get install chromium)");
        };
        let folder = process::server_folder("chromium");
        let driver = Driver::start(&driver, folder.path());

        let profile = folder.path().join("profile");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--force-color-profile=srgb".to_owned(),
            "--window-size=1280,900".to_owned(),
            format!("--lang={language}"),
            format!("--accept-lang={language}"),
            format!("--user-data-dir={}", profile.display()),
        ];
        arguments.extend_from_slice(more);
        if User::current().is_root() {
            // Its own sandbox refuses root. The pages it shows here are our own.
            arguments.push("--no-sandbox".to_owned());
        }
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": {
                "binary": browser,
                "args": arguments,
                "prefs": { "intl.accept_languages": language, "credentials_enable_service": false },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            unreachable!("an object was written above");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{}", driver.port)).await;
        let client = client.unwrap_or_else(|error| panic!("Chromium did not start: {error}"));
        Some(Self { client, _driver: driver, _folder: folder })
    }

    /// The WebDriver client: find, click, type, run scripts.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Opens a page and waits until it has loaded.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url} did not open: {error}"));
    }

    /// Shows the page in a view of this size in CSS pixels; 400 or narrower as a phone would.
    pub async fn resize(&self, width: u32, height: u32) {
        let phone = width <= 500;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Whether the page is told that the person prefers a dark or a light desk; and always that she wants no motion, so that
    /// what is looked at is the end of every change.
    pub async fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": value },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Whether files are asked for anew each time, as by a browser that was never here.
    pub async fn without_cache(&self, without: bool) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": without })).await;
    }

    /// From now on this script runs in every document before anything of its own does, in frames too as far as they may run scripts.
    pub async fn before_every_page(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Writes what the view shows as a PNG file.
    pub async fn screenshot(&self, path: &Path) {
        let picture = self.client.screenshot().await.expect("a screenshot");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder of the screenshot");
        }
        std::fs::write(path, picture).expect("the screenshot is written");
    }

    /// Errors and warnings of the pages since the last call: broken scripts, refused resources, policy violations.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.command("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Ends the browser in good order.
    pub async fn close(self) {
        // A browser that is already gone is closed.
        let _ = self.client.clone().close().await;
    }

    async fn devtools(&self, method: &str, parameters: Value) {
        self.command("goog/cdp/execute", json!({ "cmd": method, "params": parameters })).await;
    }

    async fn command(&self, path: &'static str, body: Value) -> Value {
        let command = DriverCommand { path, body };
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// A command of chromedriver that WebDriver itself does not have.
#[derive(Debug)]
struct DriverCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for DriverCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// A running chromedriver.
#[derive(Debug)]
struct Driver {
    port: u16,
    _running: Running,
    // Kept open: the program would end when it prints into a closed pipe.
    _printed: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts chromedriver on a port that it chooses itself, and reads which.
    fn start(program: &Path, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.arg("--port=0").env("HOME", folder).env("TMPDIR", folder).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running::start(&mut command).expect("chromedriver is a program");
        let mut stdout = BufReader::new(running.take_stdout().expect("its standard output was asked for"));
        let mut printed = String::new();
        loop {
            let start = printed.len();
            let read = stdout.read_line(&mut printed).expect("chromedriver prints text");
            assert!(read > 0, "chromedriver did not start:\n{printed}");
            if let Some((_, rest)) = printed[start..].split_once("started successfully on port ") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let port = digits.parse().expect("a port");
                return Self { port, _running: running, _printed: stdout };
            }
        }
    }
}
