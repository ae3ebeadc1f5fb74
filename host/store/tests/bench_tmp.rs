#![allow(clippy::unwrap_used)]
#[path = "all/world.rs"]
#[macro_use]
#[allow(dead_code, unused)]
mod world;
use world::*;
use posthouse_model::decision::*;
use posthouse_model::ticket::Outcome;
use posthouse_model::triage::*;
use posthouse_model::job::Job;
use posthouse_model::notice::*;
use posthouse_store::*;
use std::time::*;

fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0 }
async fn run(world: World) { let c0 = cpu();
    let n = 1000usize;
    let mails: Vec<_> = (0..n).map(|i| { let mut m = world.mail(&format!("{i}@x")); m.read.text = "lorem ipsum ".repeat(170); m.read.reply_text = m.read.text.clone(); m.raw = m.read.text.clone().into_bytes(); m.read.headers = (0..15).map(|h| (format!("X-{h}"), "some value of a header".into())).collect(); m }).collect();
    let t = Instant::now();
    for chunk in mails.chunks(32) {
        let mut tx = world.scope.begin().await.unwrap();
        tx.intake_many(chunk, &host()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let intake = t.elapsed();
    let t2 = Instant::now();
    let mut total = 0;
    loop {
        let jobs = world.store.claim(&ClaimRequest { worker: "w", kinds: &[], limit: 32, lease: Duration::from_secs(60) }).await.unwrap();
        if jobs.is_empty() { break; }
        for job in jobs {
            total += 1;
            let mut tx;
            match job.job {
                Job::Triage { message } => {
                    let m = world.scope.message(message).await.unwrap();
                    let ticket = m.ticket.unwrap();
                    let _t = world.scope.ticket(ticket).await.unwrap();
                    tx = world.scope.begin().await.unwrap();
                    tx.complete(&job).await.unwrap();
                    let d = |w| NewDecision { ticket: Some(ticket), message: Some(message), world: w, plugin: "p".into(), version: "1".into(), digest: "d".into(), input_hash: "i".into(), output: Some(serde_json::json!({"a": 1})), error: None, host_calls: vec![], cost: CallCost::default() };
                    tx.add_decisions(&[d(World_::Classifier), d(World_::Router)], &host()).await.unwrap();
                    tx.finish_triage(&Triaged { message, enrichments: &[], triage: Some(&Triage::default()), routing: Some(&Routing::default()), default_queue: "q", outcome: Outcome::Ticket, reason: None }, &host()).await.unwrap();
                    tx.enqueue(&Job::Draft { ticket }).await.unwrap();
                }
                Job::Draft { ticket } => {
                    tx = world.scope.begin().await.unwrap();
                    tx.complete(&job).await.unwrap();
                    tx.add_drafts(ticket, "p", &[Default::default()], &host()).await.unwrap();
                    let notice = Notice { id: "n".into(), kind: NoticeKind::Ticket, language: "zh".into(), title: "t".into(), lines: vec![], fields: vec![], link: None, urgency: None, deadline: None };
                    tx.notify(&NewNotification { notifier: "f".into(), key: format!("t{ticket}"), ticket: Some(ticket), notice }, &host()).await.unwrap();
                }
                Job::Notify { notification } => {
                    world.scope.notification(notification).await.unwrap();
                    tx = world.scope.begin().await.unwrap();
                    tx.complete(&job).await.unwrap();
                    tx.notification_sent(notification, &Delivery::default(), &host()).await.unwrap();
                }
                _ => unreachable!(),
            }
            tx.commit().await.unwrap();
        }
    }
    let jobs = t2.elapsed();
    eprintln!("{}: intake {:?} = {:.0}/s; {total} jobs {:?}; overall {:.0} mails/s", world.store.kind(), intake, n as f64 / intake.as_secs_f64(), jobs, n as f64 / (intake + jobs).as_secs_f64());
    eprintln!("cpu per mail {:.0} us", (cpu() - c0) * 1e6 / n as f64);
    let t = Instant::now();
    for _ in 0..20 { world.scope.tickets(&TicketQuery { status: vec![posthouse_model::ticket::TicketStatus::Waiting], ..Default::default() }).await.unwrap(); }
    eprintln!("list {:?}", t.elapsed() / 20);
    let t = Instant::now();
    for _ in 0..20 { world.scope.counts(None).await.unwrap(); }
    eprintln!("counts {:?}", t.elapsed() / 20);
    let t = Instant::now();
    world.scope.tickets(&TicketQuery { text: Some("nothing here".into()), ..Default::default() }).await.unwrap();
    eprintln!("search {:?}", t.elapsed());
}
use posthouse_model::decision::World as World_;
use world::World;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() { run(World::on_sqlite().await).await; }
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg() { run(World::on_postgres().await.unwrap()).await; }
