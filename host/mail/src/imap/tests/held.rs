//! Counting what a folder holds, again and again.

use super::*;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// A folder whose mails come and go, and every question about what it holds.
#[derive(Default)]
struct Folder {
    mails: BTreeSet<u32>,
    vanished: Vec<u32>,
    asked: Vec<String>,
    qresync: &'static str,
}

fn answer(folder: &mut Folder, command: &str) -> Option<Reply> {
    let held = |folder: &Folder, from: u32| {
        let mut lines = String::new();
        for (number, uid) in folder.mails.iter().enumerate() {
            // `n:*` names the last one whatever it is.
            if *uid >= from || folder.mails.last() == Some(uid) {
                lines.push_str(&format!(
                    "* {} FETCH (UID {uid} INTERNALDATE \"01-May-2024 10:15:00 +0000\")\r\n",
                    number + 1
                ));
            }
        }
        lines
    };
    if command == "CAPABILITY" {
        return Some(ok(&format!("* CAPABILITY IMAP4rev1 {}\r\n", folder.qresync)));
    }
    if command.starts_with("EXAMINE") {
        let exists = folder.mails.len();
        return Some(ok(&format!(
            "* {exists} EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 99] next\r\n* OK [HIGHESTMODSEQ 40] seen\r\n"
        )));
    }
    let (from, rest) = command.strip_prefix("UID FETCH ")?.split_once(":* (UID INTERNALDATE)")?;
    let from: u32 = from.parse().ok()?;
    folder.asked.push(command.to_owned());
    let exists = format!("* {} EXISTS\r\n", folder.mails.len());
    if rest.is_empty() {
        return Some(ok(&(exists + &held(folder, from))));
    }
    assert_eq!(rest, " (CHANGEDSINCE 40 VANISHED)");
    if folder.qresync.contains("LIAR") {
        return Some(Reply(Vec::new(), Some("BAD no such thing")));
    }
    let gone: Vec<String> = folder.vanished.iter().map(u32::to_string).collect();
    let vanished = if gone.is_empty() { String::new() } else { format!("* VANISHED (EARLIER) {}\r\n", gone.join(",")) };
    // The first one's flags changed; the rest is new.
    Some(ok(&(vanished
        + &held(folder, 10)
        + &held(folder, 1).lines().take(1).map(|l| format!("{l}\r\n")).collect::<String>())))
}

async fn open(qresync: &'static str) -> (ImapClient, Arc<Mutex<Folder>>) {
    let folder = Arc::new(Mutex::new(Folder { mails: BTreeSet::from([2, 3, 5]), qresync, ..Folder::default() }));
    let shared = folder.clone();
    let config = server(Arc::new(move |_, command| answer(&mut shared.lock().unwrap(), command))).await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    (client, folder)
}

async fn held(client: &mut ImapClient) -> Vec<u32> {
    client.held(1).await.unwrap().iter().map(|one| one.uid).collect()
}

fn questions(folder: &Mutex<Folder>) -> Vec<String> {
    std::mem::take(&mut folder.lock().unwrap().asked)
}

const ALL: &str = "UID FETCH 1:* (UID INTERNALDATE)";

#[tokio::test]
async fn what_is_new_is_counted_on_top_and_what_went_makes_it_count_anew() {
    let (mut client, folder) = open("").await;
    assert_eq!(held(&mut client).await, [2, 3, 5]);
    assert_eq!(questions(&folder), [ALL]);
    assert_eq!(held(&mut client).await, [2, 3, 5]);
    folder.lock().unwrap().mails.insert(10);
    assert_eq!(held(&mut client).await, [2, 3, 5, 10]);
    assert_eq!(questions(&folder), ["UID FETCH 6:* (UID INTERNALDATE)", "UID FETCH 6:* (UID INTERNALDATE)"]);
    folder.lock().unwrap().mails.remove(&3);
    folder.lock().unwrap().mails.insert(11);
    assert_eq!(held(&mut client).await, [2, 5, 10, 11]);
    assert_eq!(questions(&folder), ["UID FETCH 11:* (UID INTERNALDATE)", ALL]);
    folder.lock().unwrap().mails.clear();
    assert_eq!(held(&mut client).await, [0; 0]);
    assert_eq!(held(&mut client).await, [0; 0]);
    folder.lock().unwrap().mails.insert(12);
    assert_eq!(held(&mut client).await, [12]);
}

#[tokio::test]
async fn a_server_with_qresync_tells_what_went() {
    let (mut client, folder) = open("ENABLE CONDSTORE QRESYNC").await;
    assert_eq!(held(&mut client).await, [2, 3, 5]);
    {
        let mut folder = folder.lock().unwrap();
        folder.mails.remove(&3);
        folder.mails.insert(10);
        folder.vanished = vec![1, 3];
    }
    assert_eq!(held(&mut client).await, [2, 5, 10]);
    assert_eq!(held(&mut client).await, [2, 5, 10]);
    let since = format!("{ALL} (CHANGEDSINCE 40 VANISHED)");
    assert_eq!(questions(&folder), [ALL, since.as_str(), since.as_str()]);
}

#[tokio::test]
async fn a_server_that_only_says_that_it_has_qresync_is_counted_without() {
    let (mut client, folder) = open("ENABLE QRESYNC LIAR").await;
    assert_eq!(held(&mut client).await, [2, 3, 5]);
    folder.lock().unwrap().mails.remove(&3);
    assert_eq!(held(&mut client).await, [2, 5]);
    assert_eq!(held(&mut client).await, [2, 5]);
    let refused = format!("{ALL} (CHANGEDSINCE 40 VANISHED)");
    assert_eq!(questions(&folder), [ALL, refused.as_str(), ALL, "UID FETCH 6:* (UID INTERNALDATE)"]);
}

#[tokio::test]
async fn mails_that_vanish_meanwhile_are_taken_off() {
    let config = server(Arc::new(|_, command| match command {
        "CAPABILITY" => Some(ok("* CAPABILITY IMAP4rev1 QRESYNC\r\n")),
        "NOOP" => Some(ok("* VANISHED 1:2\r\n* 2 EXISTS\r\n")),
        _ => None,
    }))
    .await;
    let mut client = ImapClient::connect(&config).await.unwrap();
    client.select("INBOX").await.unwrap();
    // Of three, two went and one came.
    assert_eq!(client.idle(Duration::from_secs(10)).await.unwrap(), Wake::Changed);
}
