#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use posthouse_model::config::Provider;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A name server on loopback that knows TXT records, answers nothing but questions for those, and keeps what it was asked.
struct NameServer {
    dns: Dns,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NameServer {
    async fn start(records: &[(&str, &str)]) -> Self {
        let mut zone: HashMap<String, Vec<String>> = HashMap::new();
        for (name, text) in records {
            zone.entry((*name).to_owned()).or_default().push((*text).to_owned());
        }
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let dns = Dns::at(socket.local_addr().unwrap()).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut packet = [0; 1_500];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                let (name, question) = question(&packet[..length]);
                log.lock().unwrap().push(name.clone());
                let answer = answer(&packet[..2], &question, zone.get(&name).map_or(&[][..], Vec::as_slice));
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { dns, asked, task }
    }
}

/// The name asked for, in lower case, and the bytes of the question. It must be one recursive question for TXT.
fn question(packet: &[u8]) -> (String, Vec<u8>) {
    assert_eq!(packet[2] & 0b1111_1001, 1, "a query that asks for recursion");
    assert_eq!(packet[4..6], [0, 1], "one question");
    let mut labels = Vec::new();
    let mut at = 12;
    while packet[at] != 0 {
        let end = at + 1 + usize::from(packet[at]);
        labels.push(String::from_utf8(packet[at + 1..end].to_vec()).unwrap().to_lowercase());
        at = end;
    }
    assert_eq!(packet[at + 1..at + 5], [0, 16, 0, 1], "TXT in IN");
    (labels.join("."), packet[12..at + 5].to_vec())
}

fn answer(id: &[u8], question: &[u8], texts: &[String]) -> Vec<u8> {
    let count = u16::try_from(texts.len()).unwrap().to_be_bytes();
    let code = if texts.is_empty() { 3 } else { 0 };
    let mut bytes = [id, &[0x81, 0x80 | code], &[0, 1], &count, &[0, 0, 0, 0], question].concat();
    for text in texts {
        // A record's strings are 255 bytes long at most, and long keys come as several.
        let data: Vec<u8> = text
            .as_bytes()
            .chunks(255)
            .flat_map(|chunk| [&[u8::try_from(chunk.len()).unwrap()], chunk].concat())
            .collect();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        bytes.extend([&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60], &length[..], &data].concat());
    }
    bytes
}

async fn look(
    records: &[(&str, &str)],
    domain: &str,
    provider: Option<Provider>,
    selectors: &[&str],
) -> Vec<DomainFinding> {
    let server = NameServer::start(records).await;
    let selectors: Vec<String> = selectors.iter().map(|&selector| selector.to_owned()).collect();
    DomainCheck { domain, provider, selectors: &selectors }.run(&server.dns).await.unwrap()
}

fn told(findings: &[DomainFinding]) -> Vec<String> {
    let mark = |ok: bool| if ok { "ok" } else { "BAD" };
    findings.iter().map(|f| format!("{} {}: {}", mark(f.ok), f.what, f.words)).collect()
}

const GOOD: &[(&str, &str)] = &[
    ("shop.example", "v=spf1 include:_spf.google.com ~all"),
    ("shop.example", "some-site-verification=1"),
    ("_spf.google.com", "v=spf1 include:_netblocks.google.com ~all"),
    ("_netblocks.google.com", "v=spf1 ip4:35.190.247.0/24 ~all"),
    ("google._domainkey.shop.example", "v=DKIM1; k=rsa; p=MIIBIjANBgkq"),
    ("_dmarc.shop.example", "v=DMARC1; p=reject; rua=mailto:d@shop.example"),
];

#[tokio::test]
async fn a_domain_that_is_set_up_well_is_told_so() {
    let server = NameServer::start(GOOD).await;
    let check = DomainCheck { domain: "Shop.example", provider: Some(Provider::Gmail), selectors: &[] };
    let expected = [
        "ok SPF: Gmail may send for shop.example (include:_spf.google.com)",
        "ok DKIM: shop.example has the key google",
        "ok DMARC: the policy of shop.example is reject; mail of this mailbox passes by SPF and DKIM",
    ];
    assert_eq!(told(&check.run(&server.dns).await.unwrap()), expected);
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "shop.example",
            "_spf.google.com",
            "_netblocks.google.com",
            "google._domainkey.shop.example",
            "_dmarc.shop.example"
        ]
    );
}

#[tokio::test]
async fn nothing_at_all_is_told_with_what_to_add() {
    let found = look(&[], "shop.example", Some(Provider::Gmail), &[]).await;
    assert!(found.iter().all(|finding| !finding.ok));
    assert_eq!(
        found[0].mend.as_deref(),
        Some("add a TXT record to shop.example: \"v=spf1 include:_spf.google.com ~all\"")
    );
    assert_eq!(found[1].words, "there is no key at google._domainkey.shop.example");
    assert_eq!(found[2].mend.as_deref(), Some("add a TXT record to _dmarc.shop.example: \"v=DMARC1; p=none\""));
}

#[tokio::test]
async fn every_way_in_which_spf_fails_is_named() {
    let spf =
        async |records: &[(&str, &str)]| look(records, "a.example", Some(Provider::Qq), &[]).await.swap_remove(0).words;
    let two = spf(&[("a.example", "v=spf1 -all"), ("a.example", "v=spf1 mx ~all")]).await;
    assert!(two.contains("has 2 SPF records"), "{two}");
    let other = spf(&[("a.example", "v=spf1 include:other.example -all"), ("other.example", "v=spf1 -all")]).await;
    assert!(other.contains("does not include spf.mail.qq.com"), "{other}");
    let open = spf(&[("a.example", "v=spf1 include:spf.mail.qq.com +all"), ("spf.mail.qq.com", "v=spf1 -all")]).await;
    assert!(open.contains("lets anybody send"), "{open}");
    let hollow = spf(&[
        ("a.example", "v=spf1 include:spf.mail.qq.com include:gone.example -all"),
        ("spf.mail.qq.com", "v=spf1 -all"),
    ])
    .await;
    assert!(hollow.contains("names gone.example, which has no SPF record"), "{hollow}");
    let circle = spf(&[
        ("a.example", "v=spf1 include:spf.mail.qq.com -all"),
        ("spf.mail.qq.com", "v=spf1 include:a.example -all"),
    ])
    .await;
    assert_eq!(circle, "QQ may send for a.example (include:spf.mail.qq.com)");
    let redirect = spf(&[
        ("a.example", "v=spf1 redirect=b.example"),
        ("b.example", "v=spf1 include:spf.mail.qq.com -all"),
        ("spf.mail.qq.com", "v=spf1 -all"),
    ])
    .await;
    assert_eq!(redirect, "QQ may send for a.example (include:spf.mail.qq.com)");
}

#[tokio::test]
async fn ten_lookups_are_allowed_and_eleven_are_not() {
    let with = async |count: usize| {
        let record = format!("v=spf1 include:spf.mail.qq.com{} -all", " a".repeat(count - 1));
        look(&[("a.example", &record), ("spf.mail.qq.com", "v=spf1 -all")], "a.example", Some(Provider::Qq), &[])
            .await
            .swap_remove(0)
    };
    assert!(with(10).await.ok);
    let eleven = with(11).await;
    assert!(!eleven.ok && eleven.words.contains("more than 10 names"), "{eleven:?}");
}

#[tokio::test]
async fn keys_that_are_named_must_all_be_there() {
    let long = format!("v=DKIM1; p={}", "A".repeat(600));
    let records = [("s1._domainkey.a.example", long.as_str()), ("s2._domainkey.a.example", "v=DKIM1; p=")];
    let dkim = async |selectors: &[&str]| look(&records, "a.example", None, selectors).await.swap_remove(1);
    assert_eq!(told(&[dkim(&["s1"]).await]), ["ok DKIM: a.example has the key s1"]);
    assert_eq!(told(&[dkim(&["s1", "s2"]).await]), ["BAD DKIM: s2._domainkey.a.example was withdrawn"]);
    assert_eq!(told(&[dkim(&["s3"]).await]), ["BAD DKIM: there is no key at s3._domainkey.a.example"]);
    assert!(dkim(&[]).await.words.starts_with("not looked at"));
}

#[tokio::test]
async fn the_policy_of_the_domain_above_counts_and_what_does_not_pass_is_an_alarm() {
    let above = [("mail.shop.example", "v=spf1 mx -all"), ("_dmarc.shop.example", "v=DMARC1; p=none; sp=quarantine")];
    let found = look(&above, "mail.shop.example", None, &[]).await;
    assert_eq!(
        found[2].words,
        "the policy of shop.example is quarantine; mail of this mailbox passes by SPF; DKIM was not looked at"
    );
    let failing = [("_dmarc.a.example", "v=DMARC1; p=reject")];
    let found = look(&failing, "a.example", Some(Provider::Gmail), &[]).await;
    assert!(!found[2].ok && found[2].words.contains("replies are thrown away"), "{found:?}");
    let odd = look(&[("_dmarc.a.example", "v=DMARC1; p=perhaps")], "a.example", None, &[]).await;
    assert!(!odd[2].ok && odd[2].words.contains("has no policy that there is"), "{odd:?}");
    let two = look(
        &[("_dmarc.a.example", "v=DMARC1; p=none"), ("_dmarc.a.example", "v=DMARC1; p=none")],
        "a.example",
        None,
        &[],
    )
    .await;
    assert!(!two[2].ok && two[2].words.contains("has 2 records"), "{two:?}");
}

#[tokio::test]
async fn an_international_domain_is_asked_for_in_its_ascii_form() {
    let server = NameServer::start(&[]).await;
    DomainCheck { domain: "bücher.example", provider: None, selectors: &[] }.run(&server.dns).await.unwrap();
    assert_eq!(server.asked.lock().unwrap()[0], "xn--bcher-kva.example");
}

#[tokio::test]
async fn a_name_server_that_does_not_answer_is_no_verdict() {
    // Bound and never read from: the port is nobody else's, and no answer comes.
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let dns = Dns::at(socket.local_addr().unwrap()).unwrap();
    let check = DomainCheck { domain: "a.example", provider: None, selectors: &[] };
    assert!(check.run(&dns).await.is_err());
}
