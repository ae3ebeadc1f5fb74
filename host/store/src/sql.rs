//! The thin layer over sqlx's `Any`: our own types as parameters and columns.
//!
//! Both databases hold only i64, f64, text and bytes. Times are i64 microseconds, truth values 0 and 1, names
//! of enums and JSON are text. Query text comes from constants; values are always bound.
//!
//! What runs a statement returns a boxed future: the compiler copies the state machine of an `async fn` into every crate
//! that awaits it, and sqlx's are large. One allocation beside a database call is nothing.

use crate::{Result, StoreError};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use posthouse_model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Arguments, AssertSqlSafe, Row as _};

/// The connection that queries run on, inside a transaction or not.
pub(crate) type Connection = sqlx::AnyConnection;

/// A statement and its values, in the order `$1`, `$2` …
pub(crate) struct Sql {
    text: std::borrow::Cow<'static, str>,
    arguments: AnyArguments,
    fault: Option<String>,
}

/// Begins a statement from a constant.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql { text: text.into(), arguments: AnyArguments::default(), fault: None }
}

/// Begins a statement that was put together from constants, for lists and filters.
pub(crate) fn sql_of(text: String) -> Sql {
    Sql { text: text.into(), arguments: AnyArguments::default(), fault: None }
}

impl Sql {
    /// The next value.
    pub(crate) fn bind(mut self, value: impl Param) -> Self {
        if let Err(error) = value.add(&mut self.arguments) {
            self.fault = Some(error.to_string());
        }
        self
    }

    /// All values, one after the other.
    pub(crate) fn bind_all<P: Param>(self, values: impl IntoIterator<Item = P>) -> Self {
        values.into_iter().fold(self, Self::bind)
    }

    fn query(self) -> Result<sqlx::query::Query<'static, sqlx::Any, AnyArguments>> {
        if let Some(fault) = self.fault {
            return Err(StoreError::Database(sqlx::Error::Encode(fault.into())));
        }
        Ok(match self.text {
            std::borrow::Cow::Borrowed(text) => sqlx::query_with(text, self.arguments),
            // Made from constants by this crate alone, as the module says.
            std::borrow::Cow::Owned(text) => sqlx::query_with(AssertSqlSafe(text), self.arguments),
        })
    }

    /// Runs it; how many rows it touched.
    pub(crate) fn run(self, on: &mut Connection) -> BoxFuture<'_, Result<u64>> {
        Box::pin(soon(async move { Ok(self.query()?.execute(on).await?.rows_affected()) }))
    }

    /// The first row, if any.
    pub(crate) fn optional(self, on: &mut Connection) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(soon(async move { Ok(self.query()?.fetch_optional(on).await?.map(Row)) }))
    }

    /// The only row.
    pub(crate) fn one(self, on: &mut Connection) -> BoxFuture<'_, Result<Row>> {
        Box::pin(soon(async move { Ok(Row(self.query()?.fetch_one(on).await?)) }))
    }

    /// All rows.
    pub(crate) fn all(self, on: &mut Connection) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(soon(async move { Ok(self.query()?.fetch_all(on).await?.into_iter().map(Row).collect()) }))
    }

    /// Row by row, for what may be large.
    pub(crate) fn stream<'a>(self, on: &'a mut Connection) -> Result<BoxStream<'a, sqlx::Result<AnyRow>>> {
        Ok(self.query()?.fetch(on))
    }
}

/// How often a statement is looked at before its task goes to sleep.
const LOOKS: u32 = 64;

/// Waits for a statement, awake for its first moments: most are done within microseconds, on another thread, and
/// to be woken by that thread takes longer than the statement itself.
pub(crate) async fn soon<F: Future>(statement: F) -> F::Output {
    let mut statement = std::pin::pin!(statement);
    for _ in 0..LOOKS {
        if let std::task::Poll::Ready(done) = futures::poll!(statement.as_mut()) {
            return done;
        }
        tokio::task::yield_now().await;
    }
    statement.await
}

/// `$a, $b, …`: `count` placeholders beginning with number `first`.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

type AddResult = std::result::Result<(), sqlx::error::BoxDynError>;

/// A value that can be bound.
pub(crate) trait Param {
    /// Appends it.
    fn add(self, to: &mut AnyArguments) -> AddResult;
    /// Appends the null of its kind.
    fn add_null(to: &mut AnyArguments) -> AddResult;
}

macro_rules! params {
    ($($ty:ty as $sql:ty, $value:ident => $as:expr;)*) => {$(
        impl Param for $ty {
            fn add(self, to: &mut AnyArguments) -> AddResult {
                let $value = self;
                to.add::<$sql>($as)
            }
            fn add_null(to: &mut AnyArguments) -> AddResult {
                to.add(None::<$sql>)
            }
        }
    )*};
}

params! {
    i64 as i64, v => v;
    u32 as i64, v => i64::from(v);
    bool as i64, v => i64::from(v);
    &str as String, v => clean(v);
    &String as String, v => clean(v);
    String as String, v => clean(&v);
    &[u8] as Vec<u8>, v => v.to_vec();
    Vec<u8> as Vec<u8>, v => v;
    Timestamp as i64, v => v.0;
}

impl Param for f64 {
    fn add(self, to: &mut AnyArguments) -> AddResult {
        to.add(self)
    }
    fn add_null(to: &mut AnyArguments) -> AddResult {
        // sqlx 0.9 declares the null of an f64 to PostgreSQL as float4 and that of an f32 as float8; a statement prepared
        // with the former refuses the next f64.
        to.add(None::<f32>)
    }
}

/// PostgreSQL's text cannot hold U+0000, which mail can; both databases get the replacement character.
pub(crate) fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

impl<P: Param> Param for Option<P> {
    fn add(self, to: &mut AnyArguments) -> AddResult {
        match self {
            Some(value) => value.add(to),
            None => P::add_null(to),
        }
    }
    fn add_null(to: &mut AnyArguments) -> AddResult {
        P::add_null(to)
    }
}

macro_rules! ids {
    ($($ty:ident)*) => {$(
        impl Param for posthouse_model::$ty {
            fn add(self, to: &mut AnyArguments) -> AddResult { to.add(self.0) }
            fn add_null(to: &mut AnyArguments) -> AddResult { to.add(None::<i64>) }
        }
        impl Column for posthouse_model::$ty {
            fn from_row(row: &AnyRow, at: usize) -> Result<Self> { Ok(Self(row.try_get(at)?)) }
        }
    )*};
}
ids!(TenantId AgentId MailboxId MessageId TicketId DraftId OutboxId JobId DecisionId NotificationId);

macro_rules! names {
    ($($ty:path)*) => {$(
        impl Param for $ty {
            fn add(self, to: &mut AnyArguments) -> AddResult { to.add(self.as_str()) }
            fn add_null(to: &mut AnyArguments) -> AddResult { to.add(None::<String>) }
        }
        impl Column for $ty {
            fn from_row(row: &AnyRow, at: usize) -> Result<Self> {
                row.try_get::<&str, _>(at)?.parse().map_err(|e: String| StoreError::corrupt(column_name(row, at), e))
            }
        }
    )*};
}
names!(
    posthouse_model::ticket::TicketStatus
    posthouse_model::ticket::Outcome
    posthouse_model::ticket::Direction
    posthouse_model::reason::ReasonCode
    posthouse_model::triage::Urgency
    posthouse_model::triage::Sentiment
    posthouse_model::draft::DraftOrigin
    posthouse_model::draft::Misfit
    posthouse_model::outbox::OutboxState
    posthouse_model::decision::World
    posthouse_model::decision::LogLevel
    posthouse_model::release::ReleaseState
    posthouse_model::job::SignInState
    posthouse_model::release::Stage
    posthouse_model::release::UploadState
    posthouse_model::template::TrialState
    posthouse_model::role::Role
    posthouse_model::role::TokenScope
    posthouse_model::config::DeliveryState
    posthouse_model::config::WebhookEvent
    posthouse_model::notice::NoticeKind
    posthouse_model::view::ViewSort
    posthouse_model::translation::TranslationState
    posthouse_model::translation::TranslationTrouble
    crate::jobs::JobState
    crate::notifications::NotificationState
);

/// A value kept as JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> Param for Json<&T> {
    fn add(self, to: &mut AnyArguments) -> AddResult {
        to.add(serde_json::to_string(self.0)?)
    }
    fn add_null(to: &mut AnyArguments) -> AddResult {
        to.add(None::<String>)
    }
}

impl<T: DeserializeOwned> Column for Json<T> {
    fn from_row(row: &AnyRow, at: usize) -> Result<Self> {
        serde_json::from_str(row.try_get::<&str, _>(at)?)
            .map(Json)
            .map_err(|e| StoreError::corrupt(column_name(row, at), e))
    }
}

/// A row that came back. Columns are read by position, in the order of the query.
pub(crate) struct Row(AnyRow);

/// A row of a stream.
pub(crate) fn row_of(row: AnyRow) -> Row {
    Row(row)
}

impl Row {
    /// The value at a position, counted from 0.
    pub(crate) fn get<T: Column>(&self, at: usize) -> Result<T> {
        T::from_row(&self.0, at)
    }

    /// Reads the columns one after the other.
    pub(crate) fn reader(&self) -> Reader<'_> {
        self.reader_from(0)
    }

    /// The same, from a column on.
    pub(crate) fn reader_from(&self, at: usize) -> Reader<'_> {
        Reader { row: self, at }
    }
}

/// Reads the columns of a row one after the other, so that a query's column list and the fields of its struct
/// stand in the same order.
pub(crate) struct Reader<'a> {
    row: &'a Row,
    at: usize,
}

impl Reader<'_> {
    /// The next value.
    pub(crate) fn next<T: Column>(&mut self) -> Result<T> {
        self.at += 1;
        self.row.get(self.at - 1)
    }

    /// The next value, parsed from JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        Ok(self.next::<Json<T>>()?.0)
    }
}

/// A value that can be read from a column.
pub(crate) trait Column: Sized {
    /// Reads it.
    fn from_row(row: &AnyRow, at: usize) -> Result<Self>;
}

macro_rules! columns {
    ($($ty:ty)*) => {$(
        impl Column for $ty {
            fn from_row(row: &AnyRow, at: usize) -> Result<Self> { Ok(row.try_get(at)?) }
        }
    )*};
}
columns!(i64 f64 String Vec<u8>);

impl Column for bool {
    fn from_row(row: &AnyRow, at: usize) -> Result<Self> {
        Ok(row.try_get::<i64, _>(at)? != 0)
    }
}

impl Column for Timestamp {
    fn from_row(row: &AnyRow, at: usize) -> Result<Self> {
        Ok(Self(row.try_get(at)?))
    }
}

impl<T: Column> Column for Option<T> {
    fn from_row(row: &AnyRow, at: usize) -> Result<Self> {
        use sqlx::ValueRef as _;
        if row.try_get_raw(at)?.is_null() { Ok(None) } else { T::from_row(row, at).map(Some) }
    }
}

fn column_name(row: &AnyRow, at: usize) -> String {
    use sqlx::Column as _;
    row.columns().get(at).map_or_else(|| format!("column {at}"), |c| c.name().to_owned())
}
