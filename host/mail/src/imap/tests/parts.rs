//! A large mail comes in parts, from servers that know them and from others.

use super::*;
use crate::imap::parts::{PART, WHOLE_MAX};
use std::sync::Mutex;

/// Longer than two parts, and no part is like another.
fn large() -> Vec<u8> {
    let mut raw = b"Subject: large\r\n\r\n".to_vec();
    for line in 0.. {
        if raw.len() as u64 > WHOLE_MAX + 100 {
            return raw;
        }
        raw.extend_from_slice(format!("line {line}\r\n").as_bytes());
    }
    raw
}

/// The listing of a folder with one mail.
fn one_of(size: usize) -> Reply {
    ok(&format!("* 1 FETCH (UID 1 RFC822.SIZE {size})\r\n"))
}

fn is_listing(command: &str) -> bool {
    command.ends_with("(UID RFC822.SIZE)")
}

/// Where a question for a part begins.
fn part_from(command: &str) -> Option<usize> {
    let range = command.strip_prefix("UID FETCH 1 (UID INTERNALDATE BODY.PEEK[]<")?.strip_suffix(">)")?;
    let (from, length) = range.split_once('.')?;
    assert_eq!(length, PART.to_string());
    from.parse().ok()
}

fn answer(section: &str, content: &[u8]) -> Reply {
    let mut said = format!(
        "* 1 FETCH (UID 1 INTERNALDATE \"01-May-2024 10:15:00 +0000\" BODY[]{section} {{{}}}\r\n",
        content.len()
    )
    .into_bytes();
    said.extend_from_slice(content);
    said.extend_from_slice(b")\r\n");
    Reply(said, Some("OK done"))
}

fn part(raw: &[u8], from: usize, length: usize) -> Reply {
    let from = from.min(raw.len());
    answer(&format!("<{from}>"), &raw[from..(from + length).min(raw.len())])
}

async fn fetch(config: &ImapConfig) -> Vec<Fetched> {
    let mut client = ImapClient::connect(config).await.unwrap();
    client.select("INBOX").await.unwrap();
    client.fetch_since(0, BatchLimit::default()).await.unwrap()
}

async fn content(script: Arc<Script>) -> Content {
    let mut fetched = fetch(&server(script).await).await;
    assert_eq!(fetched.len(), 1);
    fetched.remove(0).content
}

#[tokio::test]
async fn a_large_mail_comes_in_parts() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let script = Arc::new(move |_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        assert!(bodies(command).is_none(), "asked for the whole");
        let from = part_from(command)?;
        seen.lock().unwrap().push(from);
        Some(part(&large(), from, PART))
    });
    assert_eq!(content(script).await, Content::Mail(large()));
    assert_eq!(*asked.lock().unwrap(), [0, PART, 2 * PART]);
}

#[tokio::test]
async fn what_is_not_larger_than_the_limit_comes_whole() {
    let raw = b"Subject: said to be large\r\n\r\n".to_vec();
    let copy = raw.clone();
    let script = Arc::new(move |_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(usize::try_from(WHOLE_MAX).unwrap()));
        }
        assert!(part_from(command).is_none(), "asked for a part");
        bodies(command).map(|_| answer("", &copy))
    });
    assert_eq!(content(script).await, Content::Mail(raw));
}

#[tokio::test]
async fn a_broken_connection_is_taken_up_where_it_broke() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let script = Arc::new(move |connection: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        let from = part_from(command)?;
        seen.lock().unwrap().push((connection, from));
        let Reply(mut said, end) = part(&large(), from, PART);
        if from == PART && connection == 0 {
            said.truncate(PART / 2);
            return Some(Reply(said, None));
        }
        Some(Reply(said, end))
    });
    assert_eq!(content(script).await, Content::Mail(large()));
    assert_eq!(*asked.lock().unwrap(), [(0, 0), (0, PART), (1, PART), (1, 2 * PART)]);
}

#[tokio::test]
async fn a_part_that_kills_every_connection_is_the_message() {
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        let from = part_from(command)?;
        Some(if from == 0 { part(&large(), from, PART) } else { Reply(Vec::new(), None) })
    });
    assert!(matches!(content(script).await, Content::Unreadable { .. }));
}

#[tokio::test]
async fn servers_without_parts_are_asked_for_the_whole() {
    // One refuses them, one answers with other bytes than it was asked for, one gives nothing; each gives the whole.
    let odd: [fn(usize) -> Reply; 3] = [
        |_| Reply(Vec::new(), Some("BAD what is that")),
        |from| part(&large(), from + 1, 100),
        |from| part(&large()[..from], from, PART),
    ];
    for odd in odd {
        let script = Arc::new(move |_: usize, command: &str| {
            if is_listing(command) {
                return Some(one_of(large().len()));
            }
            bodies(command).map(|_| answer("", &large())).or_else(|| part_from(command).map(odd))
        });
        assert_eq!(content(script).await, Content::Mail(large()));
    }
    // This one answers the question for a part with the whole.
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        assert!(bodies(command).is_none(), "asked once more");
        part_from(command).map(|_| answer("", &large()))
    });
    assert_eq!(content(script).await, Content::Mail(large()));
}

#[tokio::test]
async fn parts_may_be_short_and_sizes_wrong() {
    // Each part is half of what was asked for, and the size is told too large: the end is where nothing comes.
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len() + 5_000));
        }
        Some(part(&large(), part_from(command)?, PART / 2))
    });
    assert_eq!(content(script).await, Content::Mail(large()));
    // Told too small, it is read to its end all the same.
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(usize::try_from(WHOLE_MAX).unwrap() + 1));
        }
        Some(part(&large(), part_from(command)?, PART))
    });
    assert_eq!(content(script).await, Content::Mail(large()));
}

#[tokio::test]
async fn what_turns_out_to_be_too_large_is_reported_with_its_headers() {
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        if command.ends_with("BODY.PEEK[HEADER])") {
            let head = "Subject: large\r\n\r\n";
            return Some(ok(&format!("* 1 FETCH (UID 1 BODY[HEADER] {{{}}}\r\n{head})\r\n", head.len())));
        }
        // It goes on for ever.
        Some(answer(&format!("<{}>", part_from(command)?), &vec![b'x'; PART]))
    });
    let mut config = server(script).await;
    config.mail_bytes_max = 7 * 1024 * 1024;
    let fetched = fetch(&config).await;
    let headers = b"Subject: large\r\n\r\n".to_vec();
    assert_eq!(fetched[0].content, Content::TooLarge { bytes: 8 * 1024 * 1024, headers });
}

#[tokio::test]
async fn one_that_is_deleted_between_two_parts_leaves_no_hole() {
    let script = Arc::new(|_: usize, command: &str| {
        if is_listing(command) {
            return Some(one_of(large().len()));
        }
        let from = part_from(command)?;
        Some(if from == 0 { part(&large(), from, PART) } else { ok("") })
    });
    assert!(fetch(&server(script).await).await.is_empty());
}
