//! A small world to test in: one tenant with one mailbox, a clock that stands still until it is told otherwise.

use posthouse_model::draft::DraftProposal;
use posthouse_model::event::Actor;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::ticket::Outcome;
use posthouse_model::{Clock, DraftId, Entropy, MailboxId, MessageId, OutboxId, TenantId, TicketId, Timestamp};
use posthouse_store::{Approval, Intake, NewMailbox, NewTenant, Scope, Source, Store, StoreOptions, Taken};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Each test as two: on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn test($world: crate::world::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test(crate::world::World::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(world) = crate::world::World::on_postgres().await {
                    test(world).await;
                }
            }
        }
    )*};
}

/// A clock that tests set.
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.0))
    }
}

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Bytes that differ, the same in every run.
#[derive(Default)]
pub struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let n = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = (n >> 32) as u8;
        }
    }
}

pub struct World {
    pub url: String,
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub scope: Scope,
    pub mailbox: MailboxId,
    _folder: Option<tempfile::TempDir>,
}

/// Monday, 2 March 2026, 08:00 UTC.
pub const START: Timestamp = Timestamp(1_772_438_400_000_000);

pub fn host() -> Actor {
    Actor::Host("test".into())
}

pub fn agent() -> Actor {
    Actor::Agent("li@shop.example".into())
}

pub fn address(address: &str) -> Address {
    Address { name: None, address: address.into() }
}

pub fn tenant(slug: &str) -> NewTenant {
    NewTenant {
        slug: slug.into(),
        name: slug.to_uppercase(),
        language: "zh-CN".into(),
        time_zone: "Asia/Shanghai".into(),
        settings: serde_json::json!({ "undo_seconds": 10 }),
        digest: "d1".into(),
    }
}

pub fn mailbox(name: &str) -> NewMailbox {
    NewMailbox { name: name.into(), address: format!("{name}@shop.example"), settings: serde_json::json!({}) }
}

impl World {
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("posthouse.db").display());
        Self::at(url, Some(folder)).await
    }

    pub async fn on_postgres() -> Option<Self> {
        let url = posthouse_servers::postgres()?.fresh_database().await;
        Some(Self::at(url, None).await)
    }

    async fn at(url: String, folder: Option<tempfile::TempDir>) -> Self {
        let clock = Arc::new(TestClock::default());
        let store = open(&url, &clock).await;
        store.migrate().await.unwrap();
        let id = store.upsert_tenant(&tenant("acme"), &Actor::Operator).await.unwrap().id;
        let scope = store.tenant(id);
        let mailbox = add_mailbox(&scope, "support").await;
        Self { url, store, clock, scope, mailbox, _folder: folder }
    }

    /// An empty, migrated database of the other kind, or of the same where there is no other.
    pub async fn empty(&self, postgres: bool) -> Option<Self> {
        let blank = self.blank(postgres).await?;
        blank.store.migrate().await.unwrap();
        Some(blank)
    }

    /// The same, without a schema.
    pub async fn blank(&self, postgres: bool) -> Option<Self> {
        let (url, folder) = if postgres {
            (posthouse_servers::postgres()?.fresh_database().await, None)
        } else {
            let folder = tempfile::tempdir().unwrap();
            (format!("sqlite:{}", folder.path().join("other.db").display()), Some(folder))
        };
        let clock = Arc::new(TestClock(AtomicI64::new(self.clock.now().0)));
        let store = open(&url, &clock).await;
        let scope = store.tenant(self.scope.id());
        Some(Self { url, store, clock, scope, mailbox: self.mailbox, _folder: folder })
    }

    /// A second process on the same database.
    pub async fn other_process(&self) -> Store {
        open(&self.url, &self.clock).await
    }

    pub async fn other_tenant(&self, slug: &str) -> Scope {
        let id = self.store.upsert_tenant(&tenant(slug), &Actor::Operator).await.unwrap().id;
        let scope = self.store.tenant(id);
        add_mailbox(&scope, "support").await;
        scope
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A mail from a customer. `id` is both its Message-ID and its place in the mailbox.
    pub fn mail(&self, id: &str) -> Intake {
        let now = self.clock.now();
        Intake {
            mailbox: self.mailbox,
            source: Source { folder: "INBOX".into(), key: id.into() },
            raw: format!("Message-ID: <{id}>\r\n\r\nWhere is my parcel?").into_bytes(),
            received_at: now,
            read: ReadMail {
                message_id: Some(id.into()),
                from: Some(Address { name: Some("Ana García".into()), address: "Ana@Customer.example".into() }),
                to: vec![address("support@shop.example")],
                date: Some(now),
                subject: format!("About {id}"),
                text: "Where is my parcel?\n\n> quoted".into(),
                reply_text: "Where is my parcel?".into(),
                language: Some("en".into()),
                ..ReadMail::default()
            },
            parked: None,
            ticket_number: None,
            relayed: None,
        }
    }

    pub fn reply(&self, id: &str, to: &str) -> Intake {
        let mut mail = self.mail(id);
        mail.read.in_reply_to = vec![to.into()];
        mail
    }

    pub async fn take(&self, mail: &Intake) -> Taken {
        let mut tx = self.scope.begin().await.unwrap();
        let taken = tx.intake(mail, &host()).await.unwrap();
        tx.commit().await.unwrap();
        taken
    }

    /// Takes a mail in that must be new.
    pub async fn take_new(&self, mail: &Intake) -> (MessageId, TicketId) {
        match self.take(mail).await {
            Taken::New { message, ticket, .. } => (message, ticket),
            other => panic!("{other:?}"),
        }
    }

    pub async fn outcome(&self, message: MessageId, outcome: Outcome) {
        let mut tx = self.scope.begin().await.unwrap();
        let reason = Reason::new(ReasonCode::Notice, "because");
        tx.set_outcome(message, outcome, Some(&reason), &host()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A ticket that waits.
    pub async fn waiting(&self, id: &str) -> (MessageId, TicketId) {
        let (message, ticket) = self.take_new(&self.mail(id)).await;
        self.outcome(message, Outcome::Ticket).await;
        (message, ticket)
    }

    pub async fn draft(&self, ticket: TicketId, body: &str) -> DraftId {
        let mut tx = self.scope.begin().await.unwrap();
        let proposal = DraftProposal { body: body.into(), ..DraftProposal::default() };
        let ids = tx.add_drafts(ticket, "drafter", &[(proposal, Vec::new())], &host()).await.unwrap();
        tx.commit().await.unwrap();
        ids[0]
    }

    /// An approval of a draft as it is, to one customer, without an undo window.
    pub fn approval(&self, ticket: TicketId, draft: DraftId, message_id: &str) -> Approval {
        Approval {
            ticket,
            draft,
            seen: None,
            subject: "Re: About".into(),
            body: "It is on its way.".into(),
            to: vec![address("ana@customer.example")],
            cc: Vec::new(),
            undo: Duration::ZERO,
            send_at: None,
            message_id: message_id.into(),
            automatic: false,
        }
    }

    pub async fn approve(&self, approval: &Approval) -> posthouse_store::Result<OutboxId> {
        let mut tx = self.scope.begin_durable().await.unwrap();
        let id = tx.approve(approval, &agent()).await?;
        tx.commit().await.unwrap();
        Ok(id)
    }

    /// A waiting ticket whose reply is approved and due.
    pub async fn approved(&self, id: &str) -> (TicketId, OutboxId) {
        let (_, ticket) = self.waiting(id).await;
        let draft = self.draft(ticket, "It is on its way.").await;
        let outbox = self.approve(&self.approval(ticket, draft, &format!("reply-{id}"))).await.unwrap();
        (ticket, outbox)
    }

    pub async fn kinds(&self) -> Vec<String> {
        self.scope.events(0, 1000).await.unwrap().into_iter().map(|event| event.kind).collect()
    }

    /// Runs a statement behind the store's back that was put together.
    pub async fn run(&self, statement: &str) {
        use sqlx::Connection as _;
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Changes the database behind the store's back.
    pub async fn tamper(&self, statement: &'static str) {
        use sqlx::Connection as _;
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

pub async fn open(url: &str, clock: &Arc<TestClock>) -> Store {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Store::open(StoreOptions { url: url.into(), clock, entropy: Arc::new(TestEntropy::default()) }).await.unwrap()
}

pub async fn add_mailbox(scope: &Scope, name: &str) -> MailboxId {
    let mut tx = scope.begin().await.unwrap();
    let id = tx.upsert_mailbox(&mailbox(name), &Actor::Operator).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub fn nobody() -> TenantId {
    TenantId(987_654)
}
