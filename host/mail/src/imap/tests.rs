//! Servers that behave oddly, each by a script. Ordinary behaviour is tested against a real server.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod held;
mod parts;

use super::*;
use crate::net::Secret;
use crate::{BatchLimit, Content, Fetched, Wake};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What the server says to a command: untagged lines, then the tagged end; none hangs up after the untagged lines.
struct Reply(Vec<u8>, Option<&'static str>);

fn ok(untagged: &str) -> Reply {
    Reply(untagged.as_bytes().to_vec(), Some("OK done"))
}

type Script = dyn Fn(usize, &str) -> Option<Reply> + Send + Sync;

/// Serves any number of connections. The script sees the connection's number and the command without its tag; what it
/// does not answer is answered as an ordinary server with three messages would.
async fn server(script: Arc<Script>) -> ImapConfig {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let script = script.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"* OK hello\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
                    let Reply(untagged, end) = script(number, command).unwrap_or_else(|| ordinary(command));
                    if write.write_all(&untagged).await.is_err() {
                        return;
                    }
                    match end {
                        Some(end) => write.write_all(format!("{tag} {end}\r\n").as_bytes()).await.unwrap(),
                        None => return,
                    }
                }
            });
        }
    });
    let auth = Auth::Password { username: "u".into(), password: Secret::new("p") };
    let mut config = ImapConfig::new("127.0.0.1", port, Security::Plain, auth);
    config.timeouts.command = Duration::from_secs(5);
    config.timeouts.body = Duration::from_secs(5);
    config.poll = Duration::from_millis(20);
    config
}

fn fetch_line(uid: u32) -> String {
    let raw = format!("Subject: {uid}\r\n\r\nx\r\n");
    format!(
        "* {uid} FETCH (UID {uid} INTERNALDATE \"01-May-2024 10:15:00 +0000\" BODY[] {{{}}}\r\n{raw})\r\n",
        raw.len()
    )
}

fn ordinary(command: &str) -> Reply {
    if command == "CAPABILITY" {
        return ok("* CAPABILITY IMAP4rev1\r\n");
    }
    if command.starts_with("EXAMINE") {
        return ok("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 4] next\r\n");
    }
    if command.ends_with("(UID RFC822.SIZE)") {
        let lines: Vec<String> = (1..=3).map(|u| format!("* {u} FETCH (UID {u} RFC822.SIZE 20)\r\n")).collect();
        return ok(&lines.concat());
    }
    if let Some(set) = command.strip_prefix("UID FETCH ").and_then(|c| c.split(' ').next()) {
        return ok(&uids(set).into_iter().map(fetch_line).collect::<String>());
    }
    ok("")
}

fn uids(set: &str) -> Vec<u32> {
    let number = |n: &str| n.parse::<u32>().unwrap();
    set.split(',')
        .flat_map(|part| match part.split_once(':') {
            Some((a, b)) => (number(a)..=number(b)).collect::<Vec<_>>(),
            None => vec![number(part)],
        })
        .collect()
}

fn bodies(command: &str) -> Option<Vec<u32>> {
    command.strip_suffix("(UID INTERNALDATE BODY.PEEK[])")?.strip_prefix("UID FETCH ").map(|s| uids(s.trim()))
}

async fn catch_up(config: &ImapConfig) -> Vec<(u32, &'static str)> {
    let mut client = ImapClient::connect(config).await.unwrap();
    client.select("INBOX").await.unwrap();
    let mut got = Vec::new();
    let mut last = 0;
    for _ in 0..10 {
        let batch = client.fetch_since(last, BatchLimit::default()).await.unwrap();
        for fetched in &batch {
            assert!(fetched.uid > last, "{} after {last}", fetched.uid);
            last = fetched.uid;
            got.push((
                last,
                match &fetched.content {
                    Content::Mail(_) => "mail",
                    Content::TooLarge { .. } => "large",
                    Content::Unreadable { .. } => "unreadable",
                },
            ));
        }
        if batch.is_empty() {
            return got;
        }
    }
    panic!("it does not end: {got:?}");
}

const PASSED_OVER: [(u32, &str); 3] = [(1, "mail"), (2, "unreadable"), (3, "mail")];

#[tokio::test]
async fn an_ordinary_folder_is_fetched() {
    assert_eq!(catch_up(&server(Arc::new(|_, _| None)).await).await, [(1, "mail"), (2, "mail"), (3, "mail")]);
}

#[tokio::test]
async fn a_message_that_is_not_imap_is_passed_over() {
    let config = server(Arc::new(|_, command| {
        let wanted = bodies(command)?;
        let mut said: String = wanted.iter().take_while(|u| **u != 2).map(|u| fetch_line(*u)).collect();
        if wanted.contains(&2) {
            said.push_str("* 2 FETCH (UID 2 BODY[] nonsense {{\r\n");
        }
        Some(ok(&said))
    }))
    .await;
    assert_eq!(catch_up(&config).await, PASSED_OVER);
}

#[tokio::test]
async fn a_message_that_the_server_refuses_is_passed_over() {
    let config = server(Arc::new(|_, command| {
        bodies(command)?.contains(&2).then(|| Reply(Vec::new(), Some("NO [SERVERBUG] cannot read it")))
    }))
    .await;
    assert_eq!(catch_up(&config).await, PASSED_OVER);
}

#[tokio::test]
async fn a_message_that_kills_the_connection_is_passed_over() {
    let config = server(Arc::new(|_, command| {
        let wanted = bodies(command)?;
        let said: String = wanted.iter().take_while(|u| **u != 2).map(|u| fetch_line(*u)).collect();
        wanted.contains(&2).then(|| Reply(said.into_bytes(), None))
    }))
    .await;
    assert_eq!(catch_up(&config).await, PASSED_OVER);
}

#[tokio::test]
async fn a_message_without_content_is_passed_over() {
    let config = server(Arc::new(|_, command| {
        let wanted = bodies(command)?;
        let said = |u: &u32| if *u == 2 { "* 2 FETCH (UID 2 BODY[] NIL)\r\n".to_owned() } else { fetch_line(*u) };
        Some(ok(&wanted.iter().map(said).collect::<String>()))
    }))
    .await;
    assert_eq!(catch_up(&config).await, PASSED_OVER);
}

#[tokio::test]
async fn deleted_messages_leave_no_hole() {
    let config = server(Arc::new(|_, command| {
        let wanted = bodies(command)?;
        Some(ok(&wanted.iter().filter(|u| **u == 3).map(|u| fetch_line(*u)).collect::<String>()))
    }))
    .await;
    assert_eq!(catch_up(&config).await, [(3, "mail")]);
}

#[tokio::test]
async fn a_short_outage_in_the_middle_loses_nothing() {
    let config = server(Arc::new(|connection, command| {
        let wanted = bodies(command)?;
        (connection == 0).then(|| Reply(fetch_line(wanted[0]).into_bytes(), None))
    }))
    .await;
    assert_eq!(catch_up(&config).await, [(1, "mail"), (2, "mail"), (3, "mail")]);
}

#[tokio::test]
async fn a_server_without_idle_is_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let config = server(Arc::new(move |_, command| {
        (command == "NOOP").then(|| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            ok(if n == 2 { "* 4 EXISTS\r\n* 1 RECENT\r\n" } else { "" })
        })
    }))
    .await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert_eq!(client.idle(Duration::from_secs(10)).await.unwrap(), Wake::Changed);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(client.idle(Duration::from_millis(100)).await.unwrap(), Wake::Timeout);
}

#[tokio::test]
async fn idle_that_is_announced_and_refused_becomes_asking() {
    let config = server(Arc::new(|_, command| match command {
        "CAPABILITY" => Some(ok("* CAPABILITY IMAP4rev1 IDLE\r\n")),
        "IDLE" => Some(Reply(Vec::new(), Some("BAD not today"))),
        "NOOP" => Some(ok("* 4 EXISTS\r\n")),
        _ => None,
    }))
    .await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert_eq!(client.idle(Duration::from_secs(10)).await.unwrap(), Wake::Changed);
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_asks_is_told_before_the_folder_is_opened() {
    let known = Arc::new(AtomicUsize::new(0));
    let config = server(Arc::new(move |_, command| match command {
        "CAPABILITY" => Some(ok("* CAPABILITY IMAP4rev1 ID\r\n")),
        c if c.starts_with("ID (") => {
            known.store(1, Ordering::SeqCst);
            Some(ok("* ID (\"name\" \"Coremail\")\r\n"))
        }
        c if c.starts_with("EXAMINE") && known.load(Ordering::SeqCst) == 0 => {
            Some(Reply(Vec::new(), Some("NO EXAMINE Unsafe Login. Please contact kefu@188.com for help")))
        }
        _ => None,
    }))
    .await;
    assert_eq!(catch_up(&config).await.len(), 3);
}

#[tokio::test]
async fn errors_keep_the_servers_words() {
    let config = server(Arc::new(|_, command| {
        command
            .starts_with("LOGIN")
            .then(|| Reply(Vec::new(), Some("NO [ALERT] Application-specific password required: \"x\"")))
    }))
    .await;
    let error = ImapClient::connect(&config).await.unwrap_err();
    assert!(error.to_string().contains("Application-specific password required: \"x\""), "{error}");
    let report = probe(&config, "INBOX").await;
    assert!(report.first_failure().unwrap().hint.as_ref().unwrap().contains("app password"), "{report:?}");

    let config = server(Arc::new(|_, command| command.starts_with("EXAMINE").then(|| ok("* 3 EXISTS\r\n")))).await;
    let error = ImapClient::connect(&config).await.unwrap().select("INBOX").await.unwrap_err();
    assert!(error.to_string().contains("UIDVALIDITY"), "{error}");

    let config = server(Arc::new(|_, command| {
        (command == "NOOP").then(|| Reply(b"* BYE server is going down\r\n".to_vec(), None))
    }))
    .await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    assert!(matches!(client.idle(Duration::from_secs(10)).await, Err(ImapError::Closed(_))));
}

#[tokio::test]
async fn a_folder_that_was_made_anew_is_noticed() {
    let config = server(Arc::new(|connection, command| {
        if connection == 0 && bodies(command).is_some() {
            return Some(Reply(Vec::new(), None));
        }
        let anew = connection > 0 && command.starts_with("EXAMINE");
        anew.then(|| ok("* 3 EXISTS\r\n* OK [UIDVALIDITY 8] valid\r\n"))
    }))
    .await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    assert_eq!(client.select("INBOX").await.unwrap().uid_validity, 7);
    let mut error = None;
    for _ in 0..3 {
        if let Err(e) = client.fetch_since(0, BatchLimit::default()).await {
            error = Some(e);
        }
    }
    assert!(error.is_some());
    assert_eq!(client.select("INBOX").await.unwrap().uid_validity, 8);
    assert_eq!(client.fetch_since(0, BatchLimit::default()).await.unwrap().len(), 3);
}
