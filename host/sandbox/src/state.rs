//! What lives for one call: what it may read, what it has answered, what it has used up.

use crate::error::CallError;
use crate::host::CallHost;
use crate::http::{Answer, LazyOutlet};
use crate::limiter::Limiter;
use crate::plugin::Denied;
use crate::spec::{CallLimits, Used};
use crate::turns::{Habit, Turn, Turns};
use crate::valid;
use posthouse_model::call::{CallContext, MessageView, OutgoingView, TicketView};
use posthouse_model::capability::{Denial, Grants};
use posthouse_model::decision::HostCall;
use posthouse_model::draft::{DraftProposal, Verdict};
use posthouse_model::exchange::Exchange;
use posthouse_model::keep::Changes;
use posthouse_model::notice::{Delivery, Notice};
use posthouse_model::triage::{Enrichment, Routing, Span, Triage};
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime::component::ResourceTable;

/// Bytes that a call may hand to host objects (templates, requests, prompts) and get from them, all together.
const HELD_MAX: u64 = 32 << 20;
/// Host objects (templates, requests, answers, prompts) alive at once.
const OBJECTS_MAX: usize = 1_000;
/// `message.body` at most.
pub(crate) const BODY_MAX: usize = 256 << 10;

/// Different things that a call was denied; further ones are only counted.
const DENIED_MAX: usize = 32;
/// Bytes of the words on each.
const DENIED_BYTES_MAX: usize = 300;

/// Ends a call from within a host function, with the reason to be shown.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Abort(pub(crate) CallError);

/// What the call is about. Immutable and shared: nothing is copied until the plugin asks.
pub(crate) enum Input {
    Message(Arc<MessageView>),
    Ticket(Arc<TicketView>),
    Notice(Arc<Notice>, Option<Arc<TicketView>>),
    Outgoing(Arc<OutgoingView>, Arc<TicketView>),
}

impl Input {
    pub(crate) fn ticket(&self) -> Option<&TicketView> {
        match self {
            Self::Message(_) | Self::Notice(_, None) => None,
            Self::Ticket(ticket) | Self::Notice(_, Some(ticket)) | Self::Outgoing(_, ticket) => Some(ticket),
        }
    }

    /// The text that spans point into.
    fn spanned(&self) -> (&str, &str) {
        match self {
            Self::Message(m) => (&m.subject, valid::cut(&m.body, BODY_MAX)),
            Self::Outgoing(o, _) => (&o.subject, &o.body),
            Self::Ticket(_) | Self::Notice(..) => ("", ""),
        }
    }
}

/// What was answered so far. Only the part of the call's own world is ever filled: the plugin holds no handle to
/// the others.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) triage: Triage,
    pub(crate) routing: Routing,
    pub(crate) drafts: Vec<DraftProposal>,
    pub(crate) enrichment: Enrichment,
    pub(crate) delivery: Delivery,
    pub(crate) verdict: Verdict,
}

/// What a plugin's calls have in common.
pub(crate) struct Common {
    pub(crate) name: String,
    pub(crate) grants: Grants,
    pub(crate) limits: CallLimits,
    pub(crate) count_fuel: bool,
    pub(crate) outlet: Arc<LazyOutlet>,
    pub(crate) turns: Turns,
    pub(crate) habit: Habit,
}

pub(crate) struct CallState {
    pub(crate) context: CallContext,
    pub(crate) host: Arc<dyn CallHost>,
    pub(crate) common: Arc<Common>,
    pub(crate) input: Input,
    pub(crate) answers: Answers,
    pub(crate) limiter: Limiter,
    pub(crate) table: ResourceTable,
    pub(crate) host_calls: Vec<HostCall>,
    pub(crate) http_requests: u32,
    pub(crate) model_calls: u32,
    pub(crate) knowledge_searches: u32,
    pub(crate) store_calls: u32,
    /// Bytes of its store, this call's own writes counted in; none before the first of them.
    pub(crate) store_used: Option<u64>,
    /// What it read of its store and wrote.
    pub(crate) changes: Changes,
    /// Keys whose reading is on the record already.
    pub(crate) store_looked: BTreeSet<String>,
    /// Its turn, while it has one.
    pub(crate) turn: Turn,
    /// Slices of processor time left; see `plugin::arm`.
    pub(crate) slices: u64,
    answer_bytes: u64,
    answer_items: u32,
    handles: u32,
    held: u64,
    logged: usize,
    log_dropped: u64,
    refused: Vec<(&'static str, u32)>,
    exchanged: usize,
    exchanges_left_out: u32,
    pub(crate) denied: Vec<Denied>,
}

impl CallState {
    pub(crate) fn new(common: Arc<Common>, context: CallContext, host: Arc<dyn CallHost>, input: Input) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(OBJECTS_MAX);
        let turn = Turn::in_lane(host.lane());
        let store_allowed = common.grants.store.map_or(0, |store| store.bytes);
        let limiter = Limiter::new(common.limits.memory_bytes, common.limits.table_elements);
        Self {
            context,
            host,
            common,
            input,
            answers: Answers::default(),
            limiter,
            table,
            host_calls: Vec::new(),
            http_requests: 0,
            model_calls: 0,
            knowledge_searches: 0,
            store_calls: 0,
            store_used: None,
            changes: Changes::within(store_allowed),
            store_looked: BTreeSet::new(),
            turn,
            slices: 0,
            answer_bytes: 0,
            answer_items: 0,
            handles: 0,
            held: 0,
            logged: 0,
            log_dropped: 0,
            refused: Vec::new(),
            exchanged: 0,
            exchanges_left_out: 0,
            denied: Vec::new(),
        }
    }

    /// Accounts for one answered thing of so many bytes.
    pub(crate) fn answered(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.answer_bytes += bytes as u64;
        self.answer_items += 1;
        let limits = &self.common.limits;
        if self.answer_bytes > limits.answer_bytes {
            return abort(CallError::TooLarge { what: "the answer, in bytes,", limit: limits.answer_bytes });
        }
        if self.answer_items > limits.answer_items {
            let limit = u64::from(limits.answer_items);
            return abort(CallError::TooLarge { what: "the number of things answered", limit });
        }
        Ok(())
    }

    /// Accounts for bytes kept in host objects. Never given back: a call has no use for more.
    pub(crate) fn hold(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.held += bytes as u64;
        if self.held > HELD_MAX {
            return abort(CallError::TooLarge { what: "data exchanged with the host, in bytes,", limit: HELD_MAX });
        }
        Ok(())
    }

    /// Accounts for handles given to the plugin.
    pub(crate) fn hand_out(&mut self, count: usize) -> wasmtime::Result<()> {
        self.handles = self.handles.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        let limit = self.common.limits.handles;
        if self.handles > limit {
            return abort(CallError::TooLarge { what: "the number of handles held", limit: u64::from(limit) });
        }
        Ok(())
    }

    /// The plugin gave a handle back.
    pub(crate) fn handed_back(&mut self) {
        self.handles = self.handles.saturating_sub(1);
    }

    /// Notes that a value was left out, and why.
    pub(crate) fn refuse(&mut self, what: &'static str) {
        match self.refused.iter_mut().find(|(w, _)| *w == what) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.refused.push((what, 1)),
        }
    }

    /// Notes that it asked for what it may not have.
    pub(crate) fn deny(&mut self, denial: Denial, what: &str) {
        let what = valid::cut(what, DENIED_BYTES_MAX);
        let known = self.denied.iter().position(|d| d.denial == denial && d.what == what);
        let place = match known {
            None if self.denied.len() < DENIED_MAX => {
                return self.denied.push(Denied { denial, what: what.to_owned(), times: 1 });
            }
            // The list is full: what comes on top is counted with another of its kind.
            None => self.denied.iter().position(|d| d.denial == denial),
            known => known,
        };
        if let Some(denied) = place.and_then(|place| self.denied.get_mut(place)) {
            denied.times = denied.times.saturating_add(1);
        }
    }

    /// The span when it points at text of this call; otherwise none, with a note.
    pub(crate) fn checked_span(&mut self, span: Option<Span>) -> Option<Span> {
        let span = span?;
        let (subject, body) = self.input.spanned();
        if valid::span(span, subject, body) {
            return Some(span);
        }
        self.refuse("span outside the text");
        None
    }

    /// Passes a line to the plugin's log, as far as there is room.
    pub(crate) fn log(&mut self, level: crate::host::LogLevel, text: &str) {
        let room = (self.common.limits.log_bytes as usize).saturating_sub(self.logged);
        let kept = valid::cut(text, room);
        self.log_dropped += (text.len() - kept.len()) as u64;
        // An empty line costs something too, or there could be any number of them.
        self.logged += kept.len().max(16);
        if !kept.is_empty() {
            self.host.log(level, kept);
        }
    }

    /// What was asked and answered, as far as there is room for it on the record. `least` bytes are what it has at least: what
    /// is far too large is not even made.
    pub(crate) fn exchange(&mut self, least: usize, make: impl FnOnce() -> Exchange) -> Option<Exchange> {
        let room = Exchange::BYTES_PER_CALL_MAX - self.exchanged;
        let made = (least <= room).then(make).map(|exchange| (exchange.bytes(), exchange));
        match made {
            Some((bytes, exchange)) if bytes <= room => {
                self.exchanged += bytes;
                Some(exchange)
            }
            _ => {
                self.exchanges_left_out = self.exchanges_left_out.saturating_add(1);
                None
            }
        }
    }

    /// What the host did to the plugin's answer, for the record of the decision.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<_> =
            self.refused.iter().map(|(what, count)| format!("left out: {what} (×{count})")).collect();
        if self.log_dropped > 0 {
            notes.push(format!("log: {} bytes dropped", self.log_dropped));
        }
        if self.exchanges_left_out > 0 {
            let (count, max) = (self.exchanges_left_out, Exchange::BYTES_PER_CALL_MAX);
            notes.push(format!("not recorded whole: {count} of what it asked the host, over {max} bytes a call"));
        }
        notes
    }

    /// What was used so far, but for what only the one who runs the call can measure.
    pub(crate) fn used(&self) -> Used {
        Used {
            answer_bytes: self.answer_bytes,
            answer_items: self.answer_items,
            log_bytes: self.logged as u64,
            http_requests: self.http_requests,
            model_calls: self.model_calls,
            knowledge_searches: self.knowledge_searches,
            store_calls: self.store_calls,
            ..Used::default()
        }
    }

    /// Accounts for an HTTP answer that the plugin may now read.
    pub(crate) fn hold_answer(&mut self, answer: &Answer) -> wasmtime::Result<()> {
        self.hold(answer.body.len() + answer.headers.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>())
    }
}

/// Ends the call.
pub(crate) fn abort<T>(error: CallError) -> wasmtime::Result<T> {
    Err(wasmtime::Error::new(Abort(error)))
}
