//! A signed-in person's browser, as far as forms and the JSON API need one.

use crate::house::House;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the desk answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// Asks for a path without signing in; none when nothing listens.
pub async fn get(port: u16, path: &str) -> Option<Answer> {
    exchange(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"), "").await
}

async fn exchange(port: u16, head: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok()?;
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    Some(Answer { status, headers, body })
}

/// A signed-in person.
pub struct Desk {
    port: u16,
    slug: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Desk {
    /// Makes a lead of a team that is there, and signs in.
    ///
    /// # Panics
    /// When the desk does not let them in.
    pub async fn enter(house: &House, slug: &str) -> Self {
        let (email, password) = ("li@shop.example", "correct horse battery");
        let add = ["user", "add", slug, email, "--role", "lead", "--language", "en", "--password-stdin"];
        let added = house.try_run(&add, password);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let mut desk =
            Self { port: house.port(), slug: slug.to_owned(), cookies: BTreeMap::new(), csrf: String::new() };
        let form = desk.get("/sign-in").await;
        desk.keep_cookies(&form);
        let token = form.body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields = format!(
            "token={}&email=li%40shop.example&password=correct+horse+battery",
            token.expect("the form has a token")
        );
        let answer = desk.send("POST", "/sign-in", "application/x-www-form-urlencoded", &fields).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        desk.keep_cookies(&answer);
        let me: Value = serde_json::from_str(&desk.get("/api/me").await.body).expect("JSON");
        me["csrf"].as_str().expect("a token").clone_into(&mut desk.csrf);
        desk
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            if let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A page or a JSON document of this team; the path begins with `/`.
    ///
    /// # Panics
    /// When nothing listens.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    /// A JSON document; none when nothing listens, or the desk has no answer just now.
    pub async fn try_json(&self, path: &str) -> Option<Value> {
        let answer = self.try_send("GET", path, "", "").await.filter(|answer| answer.status == 200)?;
        serde_json::from_str(&answer.body).ok()
    }

    /// Does something through the JSON API; none when nothing listens (any more).
    pub async fn try_act(&self, ticket: i64, verb: &str, body: &Value) -> Option<Answer> {
        let path = format!("/api/tickets/{ticket}/{verb}");
        self.try_send("POST", &path, "application/json", &body.to_string()).await
    }

    /// A JSON document.
    ///
    /// # Panics
    /// When there is none.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// Does something through the JSON API.
    ///
    /// # Panics
    /// When nothing listens.
    pub async fn act(&self, ticket: i64, verb: &str, body: &Value) -> Answer {
        self.send("POST", &format!("/api/tickets/{ticket}/{verb}"), "application/json", &body.to_string()).await
    }

    /// Sends a form of this team's pages.
    ///
    /// # Panics
    /// When nothing listens.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &self.csrf).extend_pairs(fields);
        self.send("POST", path, "application/x-www-form-urlencoded", &form.finish()).await
    }

    /// Approves a reply to a ticket in one's own words.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn approve(&self, ticket: i64, body: &str) {
        let answer = self.act(ticket, "approve", &serde_json::json!({ "body": body })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The open tickets' numbers by subject, once there are so many.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn wait_for_tickets(&self, count: usize) -> BTreeMap<String, i64> {
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let list = self.json("/api/tickets?view=all").await;
            let rows = list["tickets"].as_array().expect("a list");
            let triaged = rows.iter().filter(|row| row["status"] != "new");
            let found: BTreeMap<String, i64> = triaged
                .map(|row| {
                    (row["subject"].as_str().unwrap_or_default().to_owned(), row["number"].as_i64().unwrap_or(0))
                })
                .collect();
            if found.len() >= count {
                return found;
            }
            assert!(tokio::time::Instant::now() < end, "{} of {count} tickets: {list}", found.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As [`Desk::wait_for_tickets`], while the desk may still say that its store is away.
    ///
    /// # Panics
    /// As [`Desk::wait_for_tickets`].
    pub async fn wait_for_tickets_again(&self, count: usize) -> BTreeMap<String, i64> {
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        while self.get("/api/tickets?view=all").await.status != 200 {
            assert!(tokio::time::Instant::now() < end, "the desk does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.wait_for_tickets(count).await
    }

    async fn send(&self, method: &str, path: &str, media_type: &str, body: &str) -> Answer {
        self.try_send(method, path, media_type, body).await.expect("the desk listens")
    }

    async fn try_send(&self, method: &str, path: &str, media_type: &str, body: &str) -> Option<Answer> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut head = format!(
            "{method} /t/{}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nOrigin: http://127.0.0.1:{port}\r\n",
            self.slug,
            port = self.port
        );
        if !cookies.is_empty() {
            head += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if method == "POST" {
            head += &format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", body.len());
            if !self.csrf.is_empty() {
                head += &format!("X-CSRF-Token: {}\r\n", self.csrf);
            }
        }
        head += "\r\n";
        exchange(self.port, &head, body).await
    }
}
