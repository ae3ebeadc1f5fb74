//! Live counts, as server-sent events (HTML standard, section 9.2): `counts` with the number in each view, and
//! `fresh` with how many tickets of the open view got mail since the page was made. Nothing of a mail is in them.

use crate::load::list::{counts, store_query};
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;
use posthouse_model::Timestamp;
use posthouse_store::{TicketQuery, TicketSort};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Changes come in bursts: one look for all of them.
const GATHER: Duration = Duration::from_millis(250);
/// Without any sign the stream looks by itself this often: wake-ups are hints.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);
/// "n new" is counted up to here.
const FRESH_MAX: u32 = 50;

struct Live {
    seat: Seat,
    query: ListQuery,
    since: Timestamp,
    changes: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    waiting: VecDeque<Event>,
    shown: (Value, u64),
    first: bool,
    _permit: OwnedSemaphorePermit,
}

pub(super) async fn stream(seat: Seat) -> Result<impl IntoResponse, Refusal> {
    let permit = seat.desk.streams.clone().try_acquire_owned().map_err(|_| Refusal::Away)?;
    let since = url::form_urlencoded::parse(seat.query().as_bytes())
        .find(|(name, _)| name == "mark")
        .and_then(|(_, value)| value.parse().ok())
        .map_or_else(|| seat.desk.now(), Timestamp);
    let live = Live {
        query: ListQuery::parse(seat.query()),
        since,
        changes: seat.scope.changes(),
        stopping: seat.desk.deps.stopping.clone(),
        waiting: VecDeque::new(),
        shown: (Value::Null, 0),
        first: true,
        seat,
        _permit: permit,
    };
    let events = stream::unfold(live, |mut live| async move {
        let event = live.next().await?;
        Some((Ok::<_, Infallible>(event), live))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

impl Live {
    /// The next event, or the end: of the host, of the session, or of the store's patience.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if !self.first {
                self.wait().await?;
            }
            self.first = false;
            let (_, agent) = self.seat.scope.session(&self.seat.token).await.ok()??;
            if agent.queues != self.seat.agent.queues {
                // What she sees has changed: the page asks anew.
                return None;
            }
            self.look().await.ok()?;
        }
    }

    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            changed = self.changes.changed() => changed.ok()?,
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
        tokio::time::sleep(GATHER).await;
        self.changes.mark_unchanged();
        Some(())
    }

    async fn look(&mut self) -> Result<(), Refusal> {
        let (views, _) = counts(&self.seat).await?;
        let counts: Value = views
            .iter()
            .map(|(view, n)| (view.as_str().to_owned(), json!(n)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let newest = TicketQuery {
            sort: TicketSort::Newest,
            after: None,
            limit: FRESH_MAX,
            ..store_query(&self.query, self.seat.agent.id)
        };
        let rows = self.seat.scope.tickets(&newest).await?.rows;
        let fresh = rows.iter().filter(|row| row.last_message_at > self.since).count() as u64;
        if self.shown.0 != counts {
            self.waiting.push_back(Event::default().event("counts").data(counts.to_string()));
        }
        if self.shown.1 != fresh {
            let words = self.seat.lang().new_arrived(fresh);
            self.waiting
                .push_back(Event::default().event("fresh").data(json!({ "n": fresh, "words": words }).to_string()));
        }
        self.shown = (counts, fresh);
        Ok(())
    }
}
