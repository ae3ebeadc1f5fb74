//! Live counts, as server-sent events (HTML standard, section 9.2): `counts` with the number in each view and of new mentions, and
//! `fresh` with how many tickets of the open view got mail since the page was made; and `looking` with who else looks at which ticket.
//! Nothing of a mail is in them.

use crate::load::list::{agent_name, counts, wanted};
use crate::page::query::ListQuery;
use crate::presence::{Looking, initials};
use crate::refusal::Refusal;
use crate::seat::Seat;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;
use posthouse_model::{AgentId, Timestamp};
use posthouse_store::{TicketQuery, TicketSort};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
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
    people: watch::Receiver<u64>,
    waiting: VecDeque<Event>,
    shown: (Value, u64),
    looking: BTreeMap<i64, Vec<AgentId>>,
    first: bool,
    /// The reader looks at this ticket for as long as the stream is open.
    _looks: Option<Looking>,
    _permit: OwnedSemaphorePermit,
}

pub(super) async fn stream(seat: Seat) -> Result<impl IntoResponse, Refusal> {
    let permit = seat.desk.streams.clone().try_acquire_owned().map_err(|_| Refusal::Away)?;
    let number = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(seat.query().as_bytes());
        pairs.find(|(n, _)| n == name).and_then(|(_, value)| value.parse::<i64>().ok())
    };
    let since = number("mark").map_or_else(|| seat.desk.now(), Timestamp);
    let looks = match number("open") {
        // Only at what is there.
        Some(open) if seat.scope.ticket_by_number(open).await.is_ok() => {
            Some(seat.desk.presence.looks(seat.scope.id(), open, seat.agent.id))
        }
        _ => None,
    };
    let live = Live {
        query: ListQuery::parse(seat.query()),
        since,
        changes: seat.scope.changes(),
        stopping: seat.desk.deps.stopping.clone(),
        people: seat.desk.presence.changes(),
        waiting: VecDeque::new(),
        shown: (Value::Null, 0),
        looking: BTreeMap::new(),
        first: true,
        _looks: looks,
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
            let mails = self.first || self.wait().await?;
            self.first = false;
            let (_, agent) = self.seat.scope.session(&self.seat.token).await.ok()??;
            if agent.queues != self.seat.agent.queues {
                // What she sees has changed: the page asks anew.
                return None;
            }
            if mails {
                self.look().await.ok()?;
            }
            self.look_around().await.ok()?;
        }
    }

    /// Until something has changed: true when it is of mails, false when people came or went.
    async fn wait(&mut self) -> Option<bool> {
        tokio::select! {
            _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            changed = self.changes.changed() => changed.ok()?,
            changed = self.people.changed() => {
                changed.ok()?;
                return Some(false);
            }
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
        tokio::time::sleep(GATHER).await;
        self.changes.mark_unchanged();
        Some(true)
    }

    /// Who else looks at what.
    async fn look_around(&mut self) -> Result<(), Refusal> {
        let mut looking = self.seat.desk.presence.others(self.seat.scope.id(), self.seat.agent.id);
        if self.seat.scope.is_narrowed() {
            // Of a ticket that is not hers to see she does not hear.
            for number in looking.keys().copied().collect::<Vec<_>>() {
                if self.seat.scope.ticket_by_number(number).await.is_err() {
                    looking.remove(&number);
                }
            }
        }
        if looking == self.looking {
            return Ok(());
        }
        let agents = self.seat.scope.agents().await?;
        let people = |ids: &Vec<AgentId>| {
            let names = ids.iter().filter_map(|id| agent_name(&agents, *id));
            names.map(|name| json!({ "short": initials(&name), "name": name })).collect::<Value>()
        };
        let data: serde_json::Map<_, _> =
            looking.iter().map(|(number, ids)| (number.to_string(), people(ids))).collect();
        self.waiting.push_back(Event::default().event("looking").data(Value::from(data).to_string()));
        self.looking = looking;
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Refusal> {
        let (views, _) = counts(&self.seat).await?;
        let (mentions, _) = self.seat.scope.unread_mentions(self.seat.agent.id, None).await?;
        let counts: Value = views
            .iter()
            .map(|(view, n)| (view.as_str().to_owned(), json!(n)))
            .chain([("mentions".to_owned(), json!(mentions))])
            .collect::<serde_json::Map<_, _>>()
            .into();
        let newest = TicketQuery {
            sort: TicketSort::Newest,
            after: None,
            limit: FRESH_MAX,
            ..wanted(&self.seat, &self.query).await?
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
