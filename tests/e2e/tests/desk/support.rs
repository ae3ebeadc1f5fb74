//! A house with example shops, their sample mail triaged, and a browser in front of it.

use fantoccini::{Client, Locator};
use posthouse_e2e::example;
use posthouse_e2e::house::House;
use posthouse_servers::Chromium;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Of every agent.
pub const PASSWORD: &str = "correct horse battery";
/// An agent.
pub const LI: &str = "li@posthouse.example";
/// A lead.
pub const MEI: &str = "mei@posthouse.example";
/// An admin.
pub const EVE: &str = "eve@posthouse.example";

const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running house and a browser.
pub struct Desk {
    pub house: House,
    pub browser: Chromium,
}

/// A mail of a customer, as plain text.
pub fn letter(id: &str, from: &str, to: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{id}@customer.example>\r\n\
         Date: Fri, 20 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
        body.replace('\n', "\r\n")
    )
}

impl Desk {
    /// A house with these example shops. Each takes in its own samples when `samples`, and then the mails given for it.
    /// A reply can be taken back for `undo_seconds`. `None` where there is no browser.
    pub async fn open(shops: &[&str], samples: bool, mails: &[(&str, String)], undo_seconds: u32) -> Option<Self> {
        let browser = Chromium::start("en").await?;
        let mut house = House::new(None);
        house.change_set_up("[plugins]\n", "[plugins]\nallow_unsigned = true\n");
        for shop in shops {
            let folder = house.path().join(shop);
            example::copy_bare(shop, &folder);
            let settings = folder.join("tenant.toml");
            let text = std::fs::read_to_string(&settings).unwrap();
            let line =
                text.lines().find(|line| line.starts_with("undo_seconds")).expect("the example names its undo window");
            let text = text.replace(line, &format!("undo_seconds = {undo_seconds}"));
            std::fs::write(&settings, text).unwrap();
            house.run(&["tenant", "apply", shop]);
            for (email, role) in [(LI, "agent"), (MEI, "lead"), (EVE, "admin")] {
                let arguments = ["user", "add", shop, email, "--role", role, "--language", "en", "--password-stdin"];
                let added = house.try_run(&arguments, PASSWORD);
                assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
            }
            let new = house.path().join(format!("{shop}-new"));
            std::fs::create_dir(&new).unwrap();
            for (number, (_, raw)) in mails.iter().filter(|(to, _)| to == shop).enumerate() {
                std::fs::write(new.join(format!("{number}.eml")), raw).unwrap();
            }
            let samples_folder = format!("{shop}/mails");
            let new = format!("{shop}-new");
            let mut arguments = vec!["ingest", "--tenant", shop];
            if samples {
                arguments.push(&samples_folder);
            }
            if mails.iter().any(|(to, _)| to == shop) {
                arguments.push(&new);
            }
            if arguments.len() > 3 {
                house.run(&arguments);
            }
        }
        house.serve().await;
        Some(Self { house, browser })
    }

    pub fn client(&self) -> &Client {
        self.browser.client()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.house.url())
    }

    pub async fn goto(&self, path: &str) {
        self.browser.goto(&self.url(path)).await;
    }

    /// Path and query of the page shown.
    pub async fn here(&self) -> String {
        self.value("return location.pathname + location.search").await.as_str().unwrap().to_owned()
    }

    /// What a script gives.
    pub async fn value(&self, script: &str) -> Value {
        self.client()
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}\n{}", self.faults()))
    }

    /// Waits until an expression holds on the page, through all navigation under way.
    pub async fn until(&self, expression: &str) {
        let script = format!("return !!({expression})");
        let looking = async {
            loop {
                // While one page goes and the next comes, scripts fail.
                if let Ok(Value::Bool(true)) = self.client().execute(&script, vec![]).await {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(WAIT, looking).await.is_err() {
            let text = self.value("return location.href + '\\n' + document.body.innerText").await;
            panic!("never true: {expression}\n{}\n{}", text.as_str().unwrap_or_default(), self.faults());
        }
    }

    /// The visible text of an element, waited for.
    pub async fn text(&self, selector: &str) -> String {
        let element = self.client().wait().at_most(WAIT).for_element(Locator::Css(selector)).await;
        element.unwrap_or_else(|error| panic!("{selector}: {error}")).text().await.unwrap()
    }

    pub async fn click(&self, selector: &str) {
        let end = std::time::Instant::now() + WAIT;
        loop {
            let element = self.client().wait().at_most(WAIT).for_element(Locator::Css(selector)).await;
            let element = element.unwrap_or_else(|error| panic!("{selector}: {error}"));
            // A person would not leave it behind the bar that stands at the bottom of the page.
            self.value(&format!("document.querySelector(`{selector}`)?.scrollIntoView({{ block: 'center' }})")).await;
            match element.click().await {
                Ok(()) => return,
                // The page has put another in its place since, which a person would not notice; or what the click did has
                // taken it away already.
                Err(error) if error.is_stale_element_reference() && std::time::Instant::now() < end => {
                    if self.value(&format!("return !document.querySelector(`{selector}`)")).await == true {
                        return;
                    }
                }
                Err(error) => panic!("{selector}: {error}"),
            }
        }
    }

    /// Types into a field in place of what stood in it, as a person would.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field =
            self.client().find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Fills in the sign-in form and sends it.
    pub async fn try_sign_in(&self, email: &str, password: &str) {
        self.fill("input[name=email]", email).await;
        self.fill("input[name=password]", password).await;
        self.click("form button.solid").await;
    }

    /// Signs in to a shop and waits for its list.
    pub async fn sign_in(&self, shop: &str, email: &str) {
        self.goto(&format!("/t/{shop}/sign-in")).await;
        self.try_sign_in(email, PASSWORD).await;
        self.until("document.body.matches('.desk')").await;
    }

    /// Signs in anew, whoever was signed in.
    pub async fn sign_in_as_another(&self, shop: &str, email: &str) {
        self.client().delete_all_cookies().await.unwrap();
        self.sign_in(shop, email).await;
    }

    /// Chooses a file in a form.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let field = self.client().wait().at_most(WAIT).for_element(Locator::Css(selector)).await;
        let field = field.unwrap_or_else(|error| panic!("{selector}: {error}"));
        field.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// The number of the ticket whose subject contains these words.
    pub fn ticket(&self, shop: &str, words: &str) -> i64 {
        let list = self.house.run(&["ticket", "list", "--tenant", shop, "--all", "--limit", "200", "--json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        let row = list["rows"].as_array().unwrap().iter().find(|row| row["subject"].as_str().unwrap().contains(words));
        row.unwrap_or_else(|| panic!("no ticket about {words}: {list}"))["number"].as_i64().unwrap()
    }

    /// What the house logged about what went wrong.
    fn faults(&self) -> String {
        let log = self.house.log();
        let bad: Vec<&str> = log.lines().filter(|line| line.contains("ERROR") || line.contains("WARN")).collect();
        bad.join("\n")
    }

    /// Errors that the browser noted, without those about statuses that a test asked for.
    pub async fn complaints(&self) -> Vec<String> {
        let statuses = ["status of 401", "status of 409", "status of 422", "status of 429", "status of 404"];
        let mut all = self.browser.complaints().await;
        all.retain(|line| !statuses.iter().any(|status| line.contains(status)));
        if !all.is_empty() {
            // What the house has to say about it.
            all.push(self.faults());
        }
        all
    }
}
