//! The review desk over a store as large as a busy team's after years: a million mails in 300,000 tickets, read over HTTP by a person
//! who is signed in, at 50 requests a second.
//!
//! The store is filled through the same functions as by the pipeline, without plugins: taking in, triage, closing. A database that was
//! filled before is used again (`POSTHOUSE_BENCH_DESK=FOLDER`). Times are those of the whole exchange on a connection of its own, so
//! they are above the server's own time, never below.

use crate::figures::at;
use crate::letters::{Letters, TICKET_MAILS};
use posthouse_e2e::desk::Desk;
use posthouse_e2e::house::House;
use posthouse_e2e::set_up::SetUp;
use posthouse_model::event::Actor;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::{Routing, Scored, Triage, Urgency};
use posthouse_model::{Clock, Entropy, Timestamp};
use posthouse_servers::{PostgresServer, postgres};
use posthouse_store::{ClaimRequest, Intake, Source, Store, StoreOptions, Taken, Triaged};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SLUG: &str = "shop";
/// Requests a second, and for how long.
const RATE: u32 = 50;
const SECONDS: u32 = 20;
/// Mails of one transaction.
const BATCH: usize = 250;
/// Of so many tickets one still waits.
const OPEN_EVERY: usize = 50;
const QUEUES: [&str; 4] = ["support", "refunds", "shipping", "vip"];
const CATEGORIES: [&str; 5] = ["shipping", "refund", "return", "product", "order"];
const YEAR: i64 = 365 * 24 * 3600;

/// On SQLite and on PostgreSQL, with so many mails.
pub async fn run(mails: usize) {
    let kept = std::env::var_os("POSTHOUSE_BENCH_DESK").map(std::path::PathBuf::from);
    let house = House::new(None);
    measure("SQLite", house, kept.as_deref(), None, mails).await;
    let Some(server) = postgres() else { return };
    // Without it every plan is made for an empty database, and what updates leave behind is read again and again.
    server.keep_tidy().await;
    let url = server.fresh_database().await;
    measure("PostgreSQL", House::new(Some(&url)), None, Some((server, &url)), mails).await;
}

async fn measure(
    name: &str,
    mut house: House,
    kept: Option<&Path>,
    server: Option<(PostgresServer, &str)>,
    mails: usize,
) {
    let set_up = SetUp::new(SLUG, "The Shop", "support@shop.example").mailbox("maildir = { path = \"mail\" }").files();
    let queues: String = QUEUES.iter().map(|queue| format!("\n[[queue]]\nname = \"{queue}\"\n")).collect();
    house.apply(SLUG, &set_up.more(&queues).toml());
    let file = house.path().join("data").join("posthouse.db");
    let url = server.as_ref().map_or_else(|| format!("sqlite:{}", file.display()), |(_, url)| (*url).to_owned());
    let copy = kept.map(|folder| folder.join(format!("{mails}.db")));
    // A database opens with its own master key alone.
    let key = |database: &Path| database.with_file_name("master.key");
    match copy.as_deref().filter(|copy| copy.exists()) {
        Some(copy) => {
            for (from, to) in [(copy.to_owned(), file.clone()), (key(copy), key(&file))] {
                std::fs::copy(from, to).expect("what was kept can be copied");
            }
        }
        None => {
            let begun = Instant::now();
            fill(&url, mails).await;
            println!("{name}: {mails} mails put in within {:.0} s", begun.elapsed().as_secs_f64());
            if let Some((server, url)) = &server {
                server.tidy(url).await;
            }
            if let Some(copy) = copy {
                std::fs::copy(&file, &copy).expect("the database can be kept");
                std::fs::copy(key(&file), key(&copy)).expect("its key can be kept");
            }
        }
    }
    house.serve().await;
    let desk = Arc::new(Desk::enter(&house, SLUG).await);
    let tickets = mails / TICKET_MAILS;
    let letters = Letters;
    let words: Vec<String> = (0..40).map(|n| letters.search(n, mails)).collect();
    let pages: [(&str, Vec<String>); 6] = [
        ("waiting", vec!["/tickets?view=waiting".to_owned()]),
        ("closed", vec!["/tickets?view=handled".to_owned()]),
        ("everything", vec!["/tickets?view=all".to_owned()]),
        ("one queue", QUEUES.iter().map(|queue| format!("/tickets?view=all&queue={queue}")).collect()),
        ("ticket", (0..200).map(|n| format!("/tickets/{}", n * 7_919 % tickets + 1)).collect()),
        ("search", words.iter().map(|words| format!("/tickets?view=all&q={words}")).collect()),
    ];
    for (what, paths) in pages {
        // The first of each finds what it needs on disk.
        desk.get(&paths[0]).await;
        load(&format!("{name}: {what}"), &desk, paths).await;
    }
}

/// Asks at an even rate, whether or not the answers before have come: what waits is in the time.
async fn load(what: &str, desk: &Arc<Desk>, paths: Vec<String>) {
    let mut beat = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..(RATE * SECONDS) as usize {
        beat.tick().await;
        let (desk, path) = (Arc::clone(desk), paths[n % paths.len()].clone());
        asked.spawn(async move {
            let begun = Instant::now();
            let answer = desk.get(&path).await;
            (begun.elapsed(), answer.status, answer.body.len())
        });
    }
    let answers = asked.join_all().await;
    let bad = answers.iter().filter(|(_, status, _)| *status != 200).count();
    let bytes = answers.iter().map(|(_, _, bytes)| *bytes).max().unwrap_or(0);
    let mut times: Vec<Duration> = answers.iter().map(|(time, _, _)| *time).collect();
    times.sort();
    let ms = |percent| at(&times, percent) / 1e3;
    println!(
        "{what:<24} {:>5} answers  p50 {:>7.1} ms  p90 {:>7.1} ms  p99 {:>7.1} ms  at most {:>4} kB  {bad} refused",
        times.len(),
        ms(50),
        ms(90),
        ms(99),
        bytes / 1000
    );
}

/// A clock that is set by what is put in.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Not for secrets: nothing is sealed here.
struct Count(AtomicU64);

impl Entropy for Count {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    }
}

async fn fill(url: &str, mails: usize) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let (end, span) = (i64::try_from(now).expect("a time"), 2 * YEAR);
    let clock = Arc::new(Set(AtomicI64::new(0)));
    let options =
        StoreOptions { url: url.to_owned(), clock: clock.clone(), entropy: Arc::new(Count(AtomicU64::new(1))) };
    let store = Store::open(options).await.expect("the house made it");
    let tenant = store.tenant_by_slug(SLUG).await.unwrap().expect("it was applied").id;
    let scope = store.tenant(tenant);
    let mailbox = scope.mailboxes().await.unwrap().remove(0).id;
    let actor = Actor::Host("bench".to_owned());
    let letters = Letters;
    let request = ClaimRequest { worker: "bench", kinds: &["triage"], limit: 256, lease: Duration::from_secs(3_600) };
    let when = |number: usize| Timestamp::from_seconds(end - span + span * number as i64 / mails as i64);
    for first in (0..mails).step_by(BATCH) {
        let batch: Vec<Intake> = (first..mails.min(first + BATCH))
            .map(|number| {
                let raw = letters.mail(number, when(number));
                let read = posthouse_mail::read::read_mail(&raw);
                let source = Source::maildir("", &number.to_string());
                let received_at = when(number);
                let (parked, ticket_number, relayed) = (None, None, None);
                Intake { mailbox, source, raw, received_at, read, parked, ticket_number, relayed }
            })
            .collect();
        clock.0.store(when(first).0, Ordering::Relaxed);
        let mut tx = scope.begin().await.unwrap();
        for (number, taken) in (first..).zip(tx.intake_many(&batch, &actor).await.unwrap()) {
            let Taken::New { message, ticket, .. } = taken else { panic!("mail {number}: {taken:?}") };
            let (triage, routing) = found(number);
            let done = Triaged {
                message,
                enrichments: &[],
                triage: Some(&triage),
                routing: Some(&routing),
                default_queue: QUEUES[0],
                outcome: Outcome::Ticket,
                reason: None,
            };
            tx.finish_triage(&done, &actor).await.unwrap();
            let (thread, last) = (number / TICKET_MAILS, number % TICKET_MAILS == TICKET_MAILS - 1);
            if last && thread % OPEN_EVERY != 0 {
                tx.mark_handled(ticket, "answered elsewhere", &actor).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        loop {
            let jobs = store.claim(&request).await.unwrap();
            if jobs.is_empty() {
                break;
            }
            store.complete(&jobs).await.unwrap();
        }
    }
    store.close().await;
}

fn found(number: usize) -> (Triage, Routing) {
    let scored = |value: &str| Some(Scored { value: value.to_owned(), confidence: 0.9 });
    let thread = number / TICKET_MAILS;
    let urgency = match thread % 20 {
        0 => Urgency::Urgent,
        1..=4 => Urgency::High,
        5..=14 => Urgency::Medium,
        _ => Urgency::Low,
    };
    let triage = Triage {
        category: scored(CATEGORIES[thread % CATEGORIES.len()]),
        urgency: Some(Scored { value: urgency, confidence: 0.9 }),
        language: scored(Letters::language(thread)),
        ..Triage::default()
    };
    let queue = Some(QUEUES[thread % QUEUES.len()].to_owned());
    let priority = u8::try_from(thread % 100).ok();
    (triage, Routing { queue, priority, ..Routing::default() })
}
