//! Fetching after an outage, from a real Dovecot into SQLite: how many mails a second are stored, how long until all are triaged, and
//! how much memory the process takes.
//!
//! The mailbox is filled before anybody looks at it, so that Dovecot's own indexing of new files is in every figure.

use posthouse_e2e::desk;
use posthouse_e2e::house::House;
use posthouse_e2e::set_up::{MAIL_PASSWORD, SetUp};
use posthouse_servers::Dovecot;
use std::time::{Duration, Instant};

const SUPPORT: &str = "support@shop.example";
const MB: usize = 1_000_000;

/// 20,000 mails of 2 kB (median), and no plugin.
pub async fn run() {
    measure("20,000 mails of 2 kB, no plugin", 20_000, "").await;
}

/// A mailbox of 100,000.
pub async fn large() {
    measure("100,000 mails of 2 kB, no plugin", 100_000, "").await;
}

/// 10,000 mails that came in one minute, with the bundled plugins.
pub async fn minute() {
    let plugins = r#"
[[plugin]]
name = "classifier"

[[plugin]]
name = "router"

[[plugin]]
name = "drafter"
"#;
    measure("10,000 mails at once, bundled classifier, router and drafter", 10_000, plugins).await;
}

/// One mail of 50 MB.
pub async fn huge() {
    let Some(dovecot) = Dovecot::start() else { return };
    let (mut house, url) = (House::new(None), dovecot.imap_port());
    set_up(&mut house, &dovecot, url, "");
    dovecot.put_files(SUPPORT, [mail(0, 2_000)]);
    house.serve().await;
    wait_for(&house, "posthouse_outcomes_total", 1).await;
    let before = memory(&house, "VmRSS");
    let raw = with_attachment(35 * MB);
    let size = raw.len() as u64;
    dovecot.deliver("ann@customer.example", SUPPORT, &raw).await;
    drop(raw);
    let begun = Instant::now();
    wait_for(&house, "posthouse_outcomes_total", 2).await;
    let taken = begun.elapsed();
    let most = memory(&house, "VmHWM");
    println!(
        "a mail of {:.1} MB: on its ticket after {:.1} s; memory before {:.1} MB, at most {:.1} MB: {:.2} times its size more",
        size as f64 / 1e6,
        taken.as_secs_f64(),
        before as f64 / 1e6,
        most as f64 / 1e6,
        (most - before) as f64 / size as f64
    );
}

async fn measure(what: &str, count: usize, plugins: &str) {
    let Some(dovecot) = Dovecot::start() else { return };
    let mut seed = 1;
    dovecot.put_files(SUPPORT, (0..count).map(|number| mail(number, size(&mut seed))));
    let mut house = House::new(None);
    let port = dovecot.imap_port();
    set_up(&mut house, &dovecot, port, plugins);
    let begun = Instant::now();
    house.serve().await;
    let first = wait_for(&house, "posthouse_messages_total", 1).await - begun;
    let stored = wait_for(&house, "posthouse_messages_total", count as u64).await - begun;
    let rate = (count - 1) as f64 / (stored - first).as_secs_f64();
    let triaged = wait_for(&house, "posthouse_outcomes_total", count as u64).await - begun;
    println!(
        "{what}: first stored after {:.2} s, all after {:.1} s: {rate:.0} a second; all triaged after {:.1} s; memory at most {:.0} MB",
        first.as_secs_f64(),
        stored.as_secs_f64(),
        triaged.as_secs_f64(),
        memory(&house, "VmHWM") as f64 / 1e6
    );
    let ledger = house.try_run(&["ledger", "--tenant", "shop"], "");
    println!("  ledger: {}", if ledger.status.success() { "even" } else { "UNEVEN" });
}

fn set_up(house: &mut House, dovecot: &Dovecot, port: u16, plugins: &str) {
    house.secret("shop", MAIL_PASSWORD, dovecot.password());
    let set_up = SetUp::new("shop", "The Shop", SUPPORT).import_existing().imap(port).files();
    house.apply("shop", &set_up.more(plugins).toml());
}

/// Waits until a counter, over all its labels, has come to a value; when that was.
async fn wait_for(house: &House, counter: &str, wanted: u64) -> Instant {
    let end = Instant::now() + Duration::from_secs(1_800);
    loop {
        if let Some(answer) = desk::get(house.port(), "/metrics").await {
            let lines = answer.body.lines().filter(|line| line.starts_with(counter));
            let sum: f64 = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
            if sum >= wanted as f64 {
                return Instant::now();
            }
            assert!(Instant::now() < end, "{counter}: {sum} of {wanted}\n{}", house.log());
        }
        // Each look counts the queue, which is long now: looking often would be what is measured.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// A line of `/proc/PID/status`, in bytes.
fn memory(house: &House, line: &str) -> u64 {
    let pid = house.pid().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux");
    let found = status.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(':')).expect("the line is there");
    let kib: u64 = found.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    kib * 1024
}

/// 300 bytes to 30 kB, half of them under 2 kB.
fn size(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let unit = (*seed >> 11) as f64 / (1u64 << 53) as f64;
    (2_000.0 * (4.0 * (unit - 0.5)).exp().powf(1.2)).clamp(300.0, 30_000.0) as usize
}

fn mail(number: usize, size: usize) -> Vec<u8> {
    let head = format!(
        "Return-Path: <mary{number}@customer.example>\r\nReceived: from mx.customer.example (mx.customer.example [192.0.2.7])\r\n\
         \tby mail.shop.example with ESMTPS id {number:08x}; Fri, 20 Nov 2026 09:30:00 +0000\r\n\
         From: Mary Walker <mary{number}@customer.example>\r\nTo: {SUPPORT}\r\nSubject: Where is my parcel {number}?\r\n\
         Message-ID: <{number}.bench@customer.example>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    );
    let mut raw = head.into_bytes();
    let mut line = 0;
    while raw.len() < size {
        line += 1;
        raw.extend_from_slice(
            format!("I ordered a coat, order number 1042-{number:05}, and line {line} of my letter says so again.\r\n")
                .as_bytes(),
        );
    }
    raw
}

/// A mail with a file of so many bytes, which become a third more in base64.
fn with_attachment(bytes: usize) -> Vec<u8> {
    let head = format!(
        "From: Ann <ann@customer.example>\r\nTo: {SUPPORT}\r\nSubject: A film of the damage\r\n\
         Message-ID: <huge.bench@customer.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n\
         --edge\r\nContent-Type: video/mp4\r\nContent-Disposition: attachment; filename=film.mp4\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    );
    let mut raw = head.into_bytes();
    const LINE: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\r\n";
    for _ in 0..bytes / 57 {
        raw.extend_from_slice(LINE);
    }
    raw.extend_from_slice(b"--edge--\r\n");
    raw
}
