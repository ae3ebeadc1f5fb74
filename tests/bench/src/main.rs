//! What a call costs ([`plugins`]), what hostile plugins cost a neighbour ([`neighbour`]), and the way of a mail (`mail`):
//! from LMTP delivery into Dovecot to the notifier's request arriving at the chat platform, through `posthouse serve` with
//! the bundled classifier, router, drafter, checker and Feishu notifier on SQLite, without a model.
//!
//! ```text
//! cargo xtask bench
//! target/release/posthouse-bench plugins neighbour catch-up minute huge large browser mail
//! POSTHOUSE_BENCH_MAILS=100000 target/release/posthouse-bench desk
//! ```
//! Prints distributions, never a verdict. The clock starts before the mail is handed to Dovecot, so that Dovecot's own
//! share is in every figure.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods, reason = "a program that measures")]

mod browser;
mod calls;
mod catch_up;
mod desk;
mod figures;
mod letters;
mod neighbour;
mod plugins;

use posthouse_e2e::chat::Feishu;
use posthouse_e2e::house::House;
use posthouse_e2e::set_up::{MAIL_PASSWORD, SetUp};
use posthouse_servers::Dovecot;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const SUPPORT: &str = "support@shop.example";
/// Mails of the main figure.
const STEADY: usize = 200;
/// Handed over at once, as after an outage.
const BURST: usize = 200;
/// Each after a time in which nothing came: what a small shop sees.
const LONE: usize = 10;
/// Longer than the host goes on looking by itself after the last mail.
const QUIET: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| only.is_empty() || only.iter().any(|name| name == part);
    if wanted("plugins") {
        plugins::run().await;
    }
    if wanted("neighbour") {
        neighbour::run().await;
    }
    if wanted("catch-up") {
        catch_up::run().await;
    }
    if wanted("minute") {
        catch_up::minute().await;
    }
    if wanted("huge") {
        catch_up::huge().await;
    }
    if wanted("large") {
        catch_up::large().await;
    }
    if wanted("browser") {
        browser::run().await;
    }
    // Half an hour for each database: only when it is asked for.
    if only.iter().any(|name| name == "desk") {
        let mails = std::env::var("POSTHOUSE_BENCH_MAILS").ok().and_then(|text| text.parse().ok());
        desk::run(mails.unwrap_or(1_000_000)).await;
    }
    if !wanted("mail") {
        return ExitCode::SUCCESS;
    }
    let Some(dovecot) = Dovecot::start() else { return ExitCode::FAILURE };
    let feishu = Feishu::start().await;
    let mut house = House::new(None);
    house.secret("acme", MAIL_PASSWORD, dovecot.password());
    house.secret("acme", "feishu_token", &feishu.token);
    house.secret("acme", "feishu_sign", &feishu.secret);
    write_tenant(&house, &dovecot, &feishu);
    house.run(&["tenant", "apply", "acme"]);
    house.serve().await;

    let mut bench = Bench { dovecot: &dovecot, feishu: &feishu, told: 0, made: 0 };
    // Connections, caches and the pool of instances are warm after this.
    bench.steady(20).await;
    print("one mail after another, 50 to 250 ms apart", &bench.steady(STEADY).await);
    print("all at once", &bench.burst(BURST).await);
    print(&format!("alone, after {} s of quiet", QUIET.as_secs()), &bench.lone(LONE).await);
    ExitCode::SUCCESS
}

struct Bench<'a> {
    dovecot: &'a Dovecot,
    feishu: &'a Feishu,
    told: usize,
    made: usize,
}

impl Bench<'_> {
    /// Hands over one mail; when that began, and what its card will say.
    async fn deliver(&mut self) -> (Instant, String) {
        self.made += 1;
        let mark = format!("B{:05}", self.made);
        let raw = format!(
            "From: Mary Walker <mary{n}@customer.example>\r\nTo: {SUPPORT}\r\nSubject: Where is my parcel {mark}?\r\n\
             Message-ID: <{mark}@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\n\r\n\
             Hello,\r\n\r\nI ordered a coat on 2026-10-28, order number 1042-88317, and paid 129.90 EUR. The tracking number\r\n\
             1Z999AA10123456784 has not moved for nine days. Please tell me where it is.\r\n\r\nMary\r\n",
            n = self.made
        );
        let begun = Instant::now();
        self.dovecot.deliver(&format!("mary{}@customer.example", self.made), SUPPORT, raw.as_bytes()).await;
        (begun, mark)
    }

    /// Waits for the cards of these mails.
    async fn told(&mut self, mails: &[(Instant, String)]) -> Vec<Duration> {
        let before = self.told;
        self.told += mails.len();
        let posted = self.feishu.wait_for(self.told).await;
        let cards: Vec<_> = posted[before..].iter().map(|posted| (posted.at, posted.body.to_string())).collect();
        mails
            .iter()
            .map(|(begun, mark)| {
                let (at, _) = cards.iter().find(|(_, text)| text.contains(mark)).expect("every mail has its card");
                at.duration_since(*begun)
            })
            .collect()
    }

    async fn steady(&mut self, count: usize) -> Vec<Duration> {
        let mut mails = Vec::new();
        for n in 0..count {
            mails.push(self.deliver().await);
            // Not a fixed beat, which might fall in with the host's own.
            let pause = 50 + (n as u64).wrapping_mul(2_654_435_761) % 200;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.told(&mails).await
    }

    async fn burst(&mut self, count: usize) -> Vec<Duration> {
        let mut mails = Vec::new();
        for _ in 0..count {
            mails.push(self.deliver().await);
        }
        self.told(&mails).await
    }

    async fn lone(&mut self, count: usize) -> Vec<Duration> {
        let mut times = Vec::new();
        for _ in 0..count {
            tokio::time::sleep(QUIET).await;
            let mail = self.deliver().await;
            times.extend(self.told(&[mail]).await);
        }
        times
    }
}

fn print(what: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{what:<45} {:>4} mails  p50 {:>7.1} ms  p90 {:>7.1} ms  p99 {:>7.1} ms  max {:>7.1} ms",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn write_tenant(house: &House, dovecot: &Dovecot, feishu: &Feishu) {
    let set_up = SetUp::new("acme", "Acme", SUPPORT)
        .imap(dovecot.imap_port())
        .files()
        .plugins(&["classifier", "router", "drafter", "checker"])
        .feishu(&feishu.base_url);
    let folder = house.path().join("acme");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("tenant.toml"), set_up.toml()).unwrap();
}
