//! A loaded plugin and its calls: each in a fresh store, within its limits.

use crate::api::{Exports, GaveUp};
use crate::engine::TRACE_FRAMES;
use crate::error::CallError;
use crate::gate::CallGate;
use crate::host::CallHost;
use crate::inspect::{ApiVersion, ComponentInfo};
use crate::limiter::Limiter;
use crate::spec::{CallLimits, Used};
use crate::state::{Abort, Answers, CallState, Common, Input};
use crate::ticker::{TICK, Ticker};
use crate::valid;
use posthouse_model::call::{CallContext, MessageView, OutgoingView, TicketView};
use posthouse_model::capability::{Denial, Grants};
use posthouse_model::decision::{CallCost, HostCall, World};
use posthouse_model::draft::{DraftProposal, Verdict};
use posthouse_model::keep::Changes;
use posthouse_model::notice::{Delivery, Notice};
use posthouse_model::triage::{Enrichment, Routing, Triage};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::InstancePre;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline, WasmBacktrace};

/// Bytes that a plugin may pass to one host function.
const HOSTCALL_MAX: usize = 8 << 20;
/// Where instructions are counted: more than any call can use within its time.
const FUEL: u64 = u64::MAX;
/// Bytes of a plugin's own words on why it gave up.
const FAILURE_MAX: usize = 2_000;

/// A plugin as one tenant has it, ready to be called. Cheap to keep: code and instance templates are shared with
/// every tenant that uses the same component with the same settings.
pub struct Plugin {
    pub(crate) version: String,
    pub(crate) info: ComponentInfo,
    pub(crate) common: Arc<Common>,
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) exports: Exports,
    /// To be run at the start of every call; none when their effect is part of the component.
    pub(crate) settings: Option<String>,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) gate: CallGate,
    /// Keeps the shared code findable for the next tenant that loads it.
    pub(crate) _loaded: Arc<dyn std::any::Any + Send + Sync>,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Called<T> {
    /// The checked answer, or why there is none.
    pub result: Result<T, CallError>,
    /// What it cost. Waiting for a turn is not included.
    pub cost: CallCost,
    /// What it used of its other limits.
    pub used: Used,
    /// What it asked of the host: HTTP, a model, searches, readings of its store.
    pub host_calls: Vec<HostCall>,
    /// What it asked for and may not have.
    pub denied: Vec<Denied>,
    /// What the host left out of the answer, and other things worth showing beside it.
    pub notes: Vec<String>,
    /// What it read of its own store and wrote to it, to be kept with the decision; empty when the call failed.
    pub changes: Changes,
}

/// Something that a plugin asked for in a call and may not have: it got a typed error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Which kind of power.
    pub denial: Denial,
    /// `POST evil.example`, `token`: no secret is in it.
    pub what: String,
    /// How often in this call.
    pub times: u32,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.common.name)
            .field("version", &self.version)
            .field("world", &self.info.world)
            .field("digest", &self.info.digest)
            .finish_non_exhaustive()
    }
}

impl Plugin {
    /// Its name in the tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.common.name
    }

    /// The plugin's own version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// SHA-256 of the component, lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.info.digest
    }

    /// What it is for.
    #[must_use]
    pub fn world(&self) -> World {
        self.info.world
    }

    /// The API it was built for.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        self.info.api_version
    }

    /// What it may do.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.common.grants
    }

    /// What a call may cost.
    #[must_use]
    pub fn limits(&self) -> &CallLimits {
        &self.common.limits
    }

    /// Whether `configure` was run ahead of time, so that calls do not pay for it.
    #[must_use]
    pub fn snapshotted(&self) -> bool {
        self.settings.is_none()
    }

    /// Says what a mail is about.
    pub async fn classify(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        message: Arc<MessageView>,
    ) -> Called<Triage> {
        self.call(World::Classifier, Input::Message(message), context, host, |a| a.triage).await
    }

    /// Says who should handle a ticket. The ticket holds at least one message.
    pub async fn route(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        ticket: Arc<TicketView>,
    ) -> Called<Routing> {
        self.call(World::Router, Input::Ticket(ticket), context, host, |a| a.routing).await
    }

    /// Proposes replies, at most [`DraftProposal::PER_CALL_MAX`]. The ticket holds at least one message.
    pub async fn draft(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        ticket: Arc<TicketView>,
    ) -> Called<Vec<DraftProposal>> {
        self.call(World::Drafter, Input::Ticket(ticket), context, host, |a| a.drafts).await
    }

    /// Asks the client's own systems. The ticket holds at least one message.
    pub async fn enrich(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        ticket: Arc<TicketView>,
    ) -> Called<Enrichment> {
        self.call(World::Enricher, Input::Ticket(ticket), context, host, |a| a.enrichment).await
    }

    /// Tells a chat group.
    pub async fn notify(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        notice: Arc<Notice>,
        ticket: Option<Arc<TicketView>>,
    ) -> Called<Delivery> {
        self.call(World::Notifier, Input::Notice(notice, ticket), context, host, |a| a.delivery).await
    }

    /// Looks at a reply before it goes out.
    pub async fn check(
        &self,
        context: CallContext,
        host: Arc<dyn CallHost>,
        outgoing: Arc<OutgoingView>,
        ticket: Arc<TicketView>,
    ) -> Called<Verdict> {
        self.call(World::Checker, Input::Outgoing(outgoing, ticket), context, host, |a| a.verdict).await
    }

    async fn call<T>(
        &self,
        wanted: World,
        input: Input,
        context: CallContext,
        host: Arc<dyn CallHost>,
        take: impl FnOnce(Answers) -> T,
    ) -> Called<T> {
        let found = self.info.world;
        if found != wanted {
            return Called::refused(CallError::OtherWorld { found, wanted });
        }
        let _permit = match self.gate.enter().await {
            Ok(permit) => permit,
            Err(busy) => return Called::refused(busy),
        };
        let state = CallState::new(self.common.clone(), context, host, input);
        let turn = state.turn.clone();
        let first = async {
            if self.common.habit.is_long() {
                self.common.turns.clone().next(turn.clone()).await;
            } else {
                turn.begin().await;
            }
        };
        if tokio::time::timeout(self.gate.wait(), first).await.is_err() {
            return Called::refused(CallError::Busy { waited: self.gate.wait() });
        }
        let begun = Instant::now();
        let waited_before = turn.waited();
        let (state, result, fuel) = self.run(state).await;
        // Tearing it down is part of what a call costs.
        let computing = (begun.elapsed() + waited_before).saturating_sub(turn.waited());
        self.common.habit.computed(computing);
        turn.end();
        let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Err(error) = &result {
            tracing::debug!(
                plugin = self.name(),
                error = error.kind(),
                duration_us,
                "plugin call ended without an answer"
            );
        }
        let notes = state.notes();
        let used = Used { computing, fuel, ..state.used() };
        let changes = if result.is_ok() { state.changes } else { Changes::default() };
        Called {
            changes,
            cost: CallCost { duration_us, memory_bytes: state.limiter.memory_peak },
            used,
            result: result.map(|()| take(state.answers)),
            host_calls: state.host_calls,
            denied: state.denied,
            notes,
        }
    }

    async fn run(&self, state: CallState) -> (CallState, Result<(), CallError>, Option<u64>) {
        let _ticking = self.ticker.watch();
        let limits = &self.common.limits;
        let mut store = armed(&self.pre, state, limits);
        let outcome = tokio::time::timeout(limits.wall, self.run_in(&mut store)).await;
        let result = match outcome {
            Err(_) => Err(CallError::WallClock { limit: limits.wall }),
            Ok(Err(error)) => Err(explain(&error, &store.data().limiter, limits)),
            Ok(Ok(Err(Ended::Settings(reason)))) => Err(CallError::Settings { reason }),
            Ok(Ok(Err(Ended::GaveUp(why)))) => Err(gave_up(why, &store.data().answers.delivery)),
            Ok(Ok(Ok(()))) => Ok(()),
        };
        let fuel = self.common.count_fuel.then(|| FUEL - store.get_fuel().unwrap_or(0));
        (store.into_data(), result, fuel)
    }

    async fn run_in(&self, store: &mut Store<CallState>) -> wasmtime::Result<Result<(), Ended>> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        if let Some(settings) = &self.settings
            && let Err(reason) = self.exports.configure_async(store, &instance, settings).await?
        {
            return Ok(Err(Ended::Settings(reason)));
        }
        Ok(self.exports.run(store, &instance).await?.map_err(Ended::GaveUp))
    }
}

enum Ended {
    Settings(String),
    GaveUp(GaveUp),
}

impl<T> Called<T> {
    fn refused(error: CallError) -> Self {
        Self {
            result: Err(error),
            cost: CallCost::default(),
            used: Used::default(),
            host_calls: Vec::new(),
            denied: Vec::new(),
            notes: Vec::new(),
            changes: Changes::default(),
        }
    }
}

/// A store with all limits set.
pub(crate) fn armed(pre: &InstancePre<CallState>, mut state: CallState, limits: &CallLimits) -> Store<CallState> {
    // Each tick that finds the guest computing uses up one slice. While the guest waits for the host it meets no
    // tick: only the wall clock counts that.
    state.slices = slices_of(limits.cpu);
    let limit = limits.cpu;
    let mut store = Store::new(pre.engine(), state);
    store.limiter(|s| &mut s.limiter);
    store.set_hostcall_fuel(HOSTCALL_MAX);
    if store.data().common.count_fuel {
        // An engine that counts has fuel; with any other, there is nothing to be set.
        let _ = store.set_fuel(FUEL);
    }
    store.set_epoch_deadline(1);
    let (begun, waited_before) = (Instant::now(), store.data().turn.waited());
    store.epoch_deadline_callback(move |mut store| {
        let state = store.data_mut();
        state.slices = state.slices.checked_sub(1).ok_or(Abort(CallError::Deadline { limit }))?;
        // A tick comes at any moment of a call: one in fifty short ones meets it, and would wait behind the long ones.
        if (begun.elapsed() + waited_before).saturating_sub(state.turn.waited()) < TICK {
            return Ok(UpdateDeadline::Continue(1));
        }
        let (turns, turn) = (state.common.turns.clone(), state.turn.clone());
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(turns.next(turn))))
    });
    store
}

/// How many ticks a guest may meet within this time on the processor.
pub(crate) fn slices_of(time: Duration) -> u64 {
    time.as_nanos().div_ceil(TICK.as_nanos()).try_into().unwrap_or(u64::MAX)
}

fn gave_up(why: GaveUp, delivery: &Delivery) -> CallError {
    let (temporary, text) = match why {
        GaveUp::Temporary(text) => (true, text),
        GaveUp::Permanent(text) => (false, text),
    };
    let retry_after = delivery.retry_after_seconds.filter(|_| temporary).map(|s| Duration::from_secs(u64::from(s)));
    CallError::Failure { temporary, text: valid::text(text, FAILURE_MAX), retry_after }
}

/// The reason for which a call ended, from the engine's error.
pub(crate) fn explain(error: &wasmtime::Error, limiter: &Limiter, limits: &CallLimits) -> CallError {
    if let Some(Abort(reason)) = error.downcast_ref::<Abort>() {
        return reason.clone();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::Busy { waited: Duration::ZERO };
    }
    let trap = error.downcast_ref::<Trap>();
    let trace = error.downcast_ref::<WasmBacktrace>();
    if trap == Some(&Trap::StackOverflow) || trap == Some(&Trap::MemoryOutOfBounds) && trace.is_some_and(is_recursion) {
        return CallError::Stack;
    }
    // What the guest does after growth was refused is its own way of saying so.
    if limiter.memory_refused {
        return CallError::Memory { limit: limits.memory_bytes };
    }
    if limiter.table_refused {
        return CallError::Table { limit: limits.table_elements };
    }
    let words = match trap {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    if words.contains("fuel allocated for hostcalls") {
        return CallError::TooLarge {
            what: "what was passed to a host function, in bytes,",
            limit: HOSTCALL_MAX as u64,
        };
    }
    let words = words.strip_prefix("wasm trap: ").unwrap_or(&words);
    let place = trace
        .and_then(|trace| trace.frames().iter().filter_map(|frame| frame.func_name()).map(readable).find(is_own))
        .map(|name| format!(", in `{}`", valid::cut(&name, 120)))
        .unwrap_or_default();
    CallError::Trap { reason: format!("{}{place}", valid::cut(words, 500)) }
}

/// A function's name as its author wrote it.
fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Whether a function is the plugin's own, and not of the machinery that every Rust program carries.
#[expect(clippy::ptr_arg, reason = "the shape that `find` wants")]
fn is_own(name: &String) -> bool {
    let inner = name.trim_start_matches(['<', '&', '*']);
    !["core::", "std::", "alloc::", "__rustc::", "rust_", "dlmalloc::", "abort"]
        .iter()
        .any(|own| inner.starts_with(own))
}

/// Whether the innermost calls are a few functions calling each other over and over. Compiled languages keep a stack
/// of their own at the bottom of linear memory: when that one overflows first, the engine sees an access out of bounds.
fn is_recursion(trace: &WasmBacktrace) -> bool {
    let mut functions: Vec<_> = trace.frames().iter().map(|frame| frame.func_index()).collect();
    if functions.len() < TRACE_FRAMES {
        return false;
    }
    functions.sort_unstable();
    functions.dedup();
    functions.len() <= 4
}
