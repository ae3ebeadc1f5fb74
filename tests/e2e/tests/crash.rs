//! The process is killed again and again while mail comes in: nothing is lost, and nothing is there twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use posthouse_e2e::chat::{Feishu, link_of};
use posthouse_e2e::house::House;
use posthouse_e2e::set_up::{MAIL_PASSWORD, SetUp};
use posthouse_servers::{Dovecot, postgres};
use serde_json::Value;

const ROUNDS: usize = 4;
const MAILS_PER_ROUND: usize = 6;
const MAILS: usize = ROUNDS * MAILS_PER_ROUND;
const WAIT: Duration = Duration::from_secs(90);

#[tokio::test]
async fn killed_while_mail_comes_in_it_loses_nothing_on_sqlite() {
    let Some(dovecot) = Dovecot::start() else { return };
    killed_while_mail_comes_in(&dovecot, House::new(None)).await;
}

#[tokio::test]
async fn killed_while_mail_comes_in_it_loses_nothing_on_postgresql() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(server) = postgres() else { return };
    killed_while_mail_comes_in(&dovecot, House::new(Some(&server.fresh_database().await))).await;
}

async fn killed_while_mail_comes_in(dovecot: &Dovecot, mut house: House) {
    let feishu = Feishu::start().await;
    house.secret("shop", MAIL_PASSWORD, dovecot.password());
    house.secret("shop", "feishu_token", &feishu.token);
    house.secret("shop", "feishu_sign", &feishu.secret);
    std::fs::create_dir(house.path().join("shop")).unwrap();
    std::fs::write(house.path().join("shop/tenant.toml"), tenant(dovecot.imap_port(), &feishu.base_url)).unwrap();
    house.run(&["tenant", "apply", "shop"]);

    for round in 0..ROUNDS {
        house.serve().await;
        let told = feishu.posted().len();
        for number in 0..MAILS_PER_ROUND {
            let mail = mail(round * MAILS_PER_ROUND + number);
            dovecot.deliver("ana@customer.example", "support@shop.example", mail.as_bytes()).await;
        }
        // In the middle of the work on them: as soon as the group was told of one more.
        feishu.wait_for(told + 1).await;
        house.kill();
    }
    house.serve().await;

    let end = Instant::now() + WAIT;
    let (rows, told) = loop {
        let told: BTreeSet<String> =
            feishu.posted().iter().filter_map(|posted| link_of(&posted.body["card"])).collect();
        let list = house.run(&["ticket", "list", "--tenant", "shop", "--all", "--limit", "200", "--json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        let rows = list["rows"].as_array().unwrap().clone();
        let triaged = rows.iter().filter(|row| row["status"] != "new").count();
        if triaged >= MAILS && told.len() >= MAILS {
            break (rows, told);
        }
        assert!(Instant::now() < end, "{triaged} triaged, {} told of {MAILS}\n{}", told.len(), house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let subjects: BTreeSet<&str> = rows.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), subjects.len(), told.len()), (MAILS, MAILS, MAILS), "{subjects:?} {told:?}");
    assert_eq!(feishu.refused(), Vec::<String>::new());
    house.run(&["audit", "verify"]);
}

fn tenant(imap: u16, chat: &str) -> String {
    let set_up = SetUp::new("shop", "The Shop", "support@shop.example").imap(imap).files();
    set_up.plugins(&["classifier", "router", "drafter"]).feishu(chat).toml()
}

fn mail(number: usize) -> String {
    format!(
        "From: Customer {number} <customer{number}@customer.example>\r\nTo: support@shop.example\r\n\
         Subject: Question {number} about my order\r\nMessage-ID: <{number}@customer.example>\r\n\r\n\
         Hello, where is my order AC-1{number:04}? It has not arrived.\r\n"
    )
}
