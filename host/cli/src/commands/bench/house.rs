//! Mails per second from ingest to notified: all bundled plugins, SQLite, and a chat group on this machine that has to have
//! every card before the clock stops.

use super::{Figure, Scratch, sample, scratch};
use crate::commands::tenant::{ApplyHow, apply};
use crate::failure::{Failure, Result};
use crate::house;
use crate::open::{Context, Opened};
use crate::setup::folder::Folder;
use posthouse_mail::source;
use posthouse_model::Timestamp;
use posthouse_model::config::secret_variable;
use posthouse_model::ticket::Outcome;
use posthouse_pipeline::house::House;
use posthouse_pipeline::intake::{self, Found};
use posthouse_pipeline::tenant::Tenant;
use posthouse_pipeline::worker;
use posthouse_store::Source;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const GENERATED: usize = 1_000;
const BATCH: usize = 64;
const SLUG: &str = "bench";

/// A house of its own with one tenant, and a chat group that counts.
pub(super) struct Bench {
    pub(super) house: House,
    pub(super) tenant: Arc<Tenant>,
    opened: Opened,
    told: Arc<AtomicU64>,
    _folder: Scratch,
}

impl Bench {
    pub(super) async fn open(context: &Context) -> Result<Self> {
        let folder = scratch(context)?;
        let told = Arc::new(AtomicU64::new(0));
        let port = group(Arc::clone(&told)).await?;
        let context = set_up(context, &folder.0, port)?;
        let opened = context.open_or_new().await?;
        let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
        let tenant_folder = Folder::load(&folder.0.join("tenant"), &context.finder(Some(&opened.host)))?;
        apply(&tenant_folder, &opened, &sandbox, ApplyHow::default()).await?;
        drop(sandbox);
        let house = house::house(&context, &opened, "bench")?;
        let row = opened.tenant(Some(SLUG)).await?;
        let Some(tenant) = house.tenant(row.id).await? else {
            return Err(Failure::new("the bench's tenant is not there"));
        };
        Ok(Self { house, tenant, opened, told, _folder: folder })
    }

    pub(super) async fn close(self) {
        self.opened.store.close().await;
    }
}

pub async fn measure(context: &Context, paths: &[PathBuf]) -> Result<Vec<Figure>> {
    let mails = load(paths)?;
    let bench = Bench::open(context).await?;
    let mailbox = bench.tenant.mailboxes()[0].row.id;

    let count = mails.len();
    let start = Instant::now();
    // As in `serve`: the worker takes jobs while mail still comes in.
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(bench.house.clone(), stop.clone()));
    let fed = tokio::spawn({
        let (house, tenant) = (bench.house.clone(), Arc::clone(&bench.tenant));
        async move {
            for batch in mails.chunks(BATCH) {
                let found = batch.iter().map(found).collect();
                intake::take_in(&house, &tenant, mailbox, found, None).await?;
            }
            Ok::<(), Failure>(())
        }
    });
    let ended = |error: tokio::task::JoinError| Failure::new(error.to_string());
    fed.await.map_err(ended)??;
    stop.cancel();
    working.await.map_err(ended)?;
    worker::run_until_idle(&bench.house).await?;
    let seconds = start.elapsed().as_secs_f64();

    let tickets = total(&bench.tenant.scope, |outcome| outcome == Outcome::Ticket).await?;
    let told = bench.told.load(Ordering::Relaxed);
    bench.close().await;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |n: usize| n as f64 / seconds;
    let note = format!("{count} mails in {seconds:.1} s; {tickets} became tickets, {told} cards arrived");
    Ok(vec![Figure {
        what: "ingest to notified, all bundled plugins".to_owned(),
        value: rate(count),
        unit: "mails/s",
        note,
    }])
}

/// Mails that ended so.
pub(super) async fn total(scope: &posthouse_store::Scope, wanted: impl Fn(Outcome) -> bool) -> Result<usize> {
    let mut count = 0;
    for &outcome in Outcome::ALL.iter().filter(|outcome| wanted(**outcome)) {
        count += count_of(scope, outcome).await?;
    }
    Ok(count)
}

async fn count_of(scope: &posthouse_store::Scope, outcome: Outcome) -> Result<usize> {
    let mut count = 0;
    let mut before = None;
    loop {
        let rows = scope.messages_by_outcome(outcome, before, 200).await?;
        count += rows.len();
        match rows.last() {
            Some(row) => before = Some(row.id),
            None => return Ok(count),
        }
    }
}

fn load(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    if paths.is_empty() {
        return Ok((0..GENERATED).map(sample::raw).collect());
    }
    let mut mails = Vec::new();
    for mail in source::mails(paths) {
        mails.push(mail.map_err(|error| Failure::new(error.to_string()))?.raw);
    }
    Ok(mails)
}

pub(super) fn found(raw: &Vec<u8>) -> Found {
    let key = hex::encode(Sha256::digest(raw));
    Found {
        source: Source::file(&key),
        raw: raw.clone(),
        received_at: Some(Timestamp::from_seconds(1_795_000_000)),
        parked: None,
    }
}

fn set_up(context: &Context, folder: &Path, port: u16) -> Result<Context> {
    std::fs::create_dir(folder.join("tenant"))?;
    std::fs::write(
        folder.join("posthouse.toml"),
        "data_dir = \"data\"\n[plugins]\nprivate_hosts = [\"127.0.0.1\"]\n[log]\nlevel = \"error\"\n",
    )?;
    let tenant = format!(
        r#"slug = "{SLUG}"
name = "Bench"

[[mailbox]]
name = "support"
address = "support@bench.example"
maildir = {{ path = "maildir" }}
files = {{ path = "out" }}

[[plugin]]
name = "classifier"

[[plugin]]
name = "router"

[[plugin]]
name = "drafter"

[[plugin]]
name = "checker"

[[plugin]]
name = "team"
component = "notifier-feishu"
settings = {{ base_url = "http://127.0.0.1:{port}" }}
[plugin.grants]
http = [{{ host = "127.0.0.1", port = {port}, scheme = "http", methods = ["POST"], private = true }}]
secrets = {{ feishu_token = ["127.0.0.1"], feishu_sign = ["127.0.0.1"] }}

[notify]
notifiers = ["team"]
"#
    );
    std::fs::write(folder.join("tenant").join("tenant.toml"), tenant)?;
    let mut global = context.global.clone();
    global.config = Some(folder.join("posthouse.toml"));
    let mut environment = context.environment.clone();
    for name in ["feishu_token", "feishu_sign"] {
        environment.secrets.insert(secret_variable(SLUG, name), "bench".to_owned().into());
    }
    Ok(Context::new(global, environment))
}

/// A chat group that counts the cards it gets.
async fn group(told: Arc<AtomicU64>) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                loop {
                    if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
                        let length = head
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
                        let whole = end + 4 + length.unwrap_or(0);
                        if buffer.len() >= whole {
                            buffer.drain(..whole);
                            told.fetch_add(1, Ordering::Relaxed);
                            let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"code\":0}";
                            if stream.write_all(answer.as_bytes()).await.is_err() {
                                return;
                            }
                            continue;
                        }
                    }
                    if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                        return;
                    }
                }
            });
        }
    });
    Ok(port)
}
