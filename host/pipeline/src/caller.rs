//! One question put to a plugin, and the record of every call that came of it.
//!
//! Usually that is one call of the active release. Where a ticket is in the share of a canary, the canary is asked instead; if
//! it fails, the active one is asked after all, so that no mail pays for a candidate. A release in shadow is asked beside
//! the answer that counts ([`crate::life::shadow`]).

use crate::breaker::Leave;
use crate::denials;
use crate::house::House;
use crate::life::{shadow, watch};
use crate::outlet::TenantHost;
use crate::tenant::{Installed, Release, Tenant};
use crate::view;
use posthouse_model::TicketId;
use posthouse_model::call::CallContext;
use posthouse_model::decision::{CallCost, HostCall, NewDecision, World};
use posthouse_model::keep::Changes;
use posthouse_model::release::{CallRecord, Stage, is_in_share};
use posthouse_model::{MessageId, Timestamp};
use posthouse_sandbox::{Answer, CallError, CallHost, Plugin, Question};
use std::sync::Arc;
use std::time::Duration;

/// What a call is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// On which ticket.
    pub ticket: Option<TicketId>,
    /// On which message.
    pub message: Option<MessageId>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct CallFailure {
    /// In words for a person.
    pub reason: String,
    /// The same may succeed later.
    pub temporary: bool,
    /// Not before.
    pub retry_after: Option<Duration>,
    /// It was not called at all: it is cut off.
    pub cut_off: bool,
}

impl From<&CallError> for CallFailure {
    fn from(error: &CallError) -> Self {
        Self {
            reason: error.to_string(),
            temporary: error.is_temporary(),
            retry_after: error.retry_after(),
            cut_off: false,
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub struct Asked<T> {
    /// The answer that counts, or why there is none.
    pub result: Result<T, CallFailure>,
    /// Every call, in order; never empty.
    pub decisions: Vec<NewDecision>,
}

/// What every call of this moment carries.
#[must_use]
pub fn context(house: &House, tenant: &Tenant, now: Timestamp) -> CallContext {
    CallContext {
        now,
        seed: house.entropy().next_u64(),
        tenant_name: tenant.config.name.clone(),
        agent_language: tenant.config.agent_language.clone(),
    }
}

/// Asks a plugin within the tenant's gate and records each call, whatever comes of it.
pub async fn call<T>(
    house: &House,
    tenant: &Arc<Tenant>,
    installed: &Installed,
    about: About,
    context: &CallContext,
    question: Question,
) -> Asked<T>
where
    T: TryFrom<Answer, Error = Answer>,
{
    let call = Call { house, tenant, about, context, hash: hash(context, &question), question };
    let mut decisions = Vec::new();
    if let (Some(canary), Some(ticket)) = (&installed.canary, about.ticket)
        && is_in_share(installed.name(), ticket, canary.share)
    {
        let (result, decision, error) = call.make(&canary.release, Stage::Canary).await;
        watch::ended(house, tenant, &canary.release, &decision, error.as_ref()).await;
        decisions.push(decision);
        // What a notifier told cannot be untold: it is tried again as any failed notification is.
        if result.is_ok() || call.question.world() == World::Notifier {
            return Asked { result: take(result), decisions };
        }
    }
    let (result, decision, error) = call.active(installed).await;
    if installed.on_probation(house.now()) {
        watch::ended(house, tenant, &installed.release, &decision, error.as_ref()).await;
    }
    if let Some(candidate) = &installed.shadow {
        shadow::ask_beside(&call, candidate, &decision);
    }
    decisions.push(decision);
    Asked { result: take(result), decisions }
}

fn take<T: TryFrom<Answer, Error = Answer>>(result: Result<Answer, CallFailure>) -> Result<T, CallFailure> {
    result?.try_into().map_err(|_| CallFailure {
        reason: "it answered another question than it was asked".to_owned(),
        temporary: false,
        retry_after: None,
        cut_off: false,
    })
}

/// SHA-256 over everything the call can read of its question.
#[must_use]
pub fn hash(context: &CallContext, question: &Question) -> String {
    match question {
        Question::Classify(message) => view::input_hash(&[context, message.as_ref()]),
        Question::Route(ticket) | Question::Draft(ticket) | Question::Enrich(ticket) => {
            view::input_hash(&[context, ticket.as_ref()])
        }
        Question::Notify(notice, _) => view::input_hash(&[context, notice.as_ref()]),
        Question::Check(outgoing, ticket) => view::input_hash(&[context, outgoing.as_ref(), ticket.as_ref()]),
    }
}

/// A question with everything that a call of it needs.
pub(crate) struct Call<'a> {
    pub(crate) house: &'a House,
    pub(crate) tenant: &'a Arc<Tenant>,
    pub(crate) about: About,
    pub(crate) context: &'a CallContext,
    pub(crate) hash: String,
    pub(crate) question: Question,
}

impl Call<'_> {
    /// Calls the active release, unless it is cut off.
    async fn active(&self, installed: &Installed) -> (Result<Answer, CallFailure>, NewDecision, Option<CallError>) {
        let (house, tenant) = (self.house, self.tenant.id());
        let (name, installation) = (installed.name(), (installed.row.installed_at, installed.row.release));
        if let Leave::CutOff { failures, until, reason } = house.breakers().ask(tenant, name, installation, house.now())
        {
            let wait = until.since(house.now());
            let words = format!("cut off after {failures} failures in a row, the last one: {reason}");
            let mut decision = self.record(&installed.release, Stage::Active);
            decision.error = Some(words.clone());
            let world = self.question.world().as_str();
            house.metrics().count("posthouse_plugin_calls_refused_total", &[("world", world)]);
            let failure = CallFailure { reason: words, temporary: true, retry_after: Some(wait), cut_off: true };
            return (Err(failure), decision, None);
        }
        let (result, decision, error) = self.make(&installed.release, Stage::Active).await;
        // A plugin that was not loaded, or never got its turn, was not called.
        if result.is_ok() || error.is_some() {
            let ended = error.as_ref().map_or(Ok(()), Err);
            house.breakers().ended(tenant, name, installation, house.now(), ended);
        }
        (result, decision, error)
    }

    /// Calls one release. The error, where there was one of a call.
    async fn make(
        &self,
        release: &Release,
        stage: Stage,
    ) -> (Result<Answer, CallFailure>, NewDecision, Option<CallError>) {
        let mut decision = self.record(release, stage);
        let plugin = match &release.plugin {
            Ok(plugin) => Arc::clone(plugin),
            Err(reason) => {
                decision.error = Some(format!("not loaded: {reason}"));
                let failure =
                    CallFailure { reason: reason.clone(), temporary: false, retry_after: None, cut_off: false };
                return (Err(failure), decision, None);
            }
        };
        let permit = match self.tenant.gate.enter().await {
            Ok(permit) => permit,
            Err(error) => {
                decision.error = Some(error.to_string());
                return (Err(CallFailure::from(&error)), decision, None);
            }
        };
        let host = self.host(release);
        let result = self.ask(&plugin, Arc::new(host.clone()), &mut decision).await;
        drop(permit);
        decision.log = host.logged();
        match result {
            Ok(answer) => (Ok(answer), decision, None),
            Err(error) => (Err(CallFailure::from(&error)), decision, Some(error)),
        }
    }

    /// What this call's plugin may ask of the house.
    pub(crate) fn host(&self, release: &Release) -> TenantHost {
        TenantHost::new(
            self.house.clone(),
            Arc::clone(self.tenant),
            release.name.clone(),
            release.model,
            self.about.ticket,
            &self.question,
        )
    }

    /// Asks a plugin and takes down what came of it.
    pub(crate) async fn ask(
        &self,
        plugin: &Plugin,
        host: Arc<dyn CallHost>,
        decision: &mut NewDecision,
    ) -> Result<Answer, CallError> {
        let (house, tenant) = (self.house, self.tenant);
        let called = plugin.ask(self.context.clone(), host, self.question.clone()).await;
        // What a release in shadow asks for is refused in any case.
        if decision.call.stage != Stage::Shadow {
            denials::record(house, tenant, &decision.plugin, &called.denied).await;
        }
        decision.cost = called.cost;
        decision.changes = called.changes;
        decision.host_calls = called.host_calls;
        // What the host left out of the answer is part of the record.
        decision.host_calls.extend(called.notes.into_iter().map(|note| HostCall {
            capability: "host".to_owned(),
            what: note,
            outcome: "left out".to_owned(),
            duration_us: 0,
            exchange: None,
        }));
        match &called.result {
            Ok(answer) => decision.output = serde_json::to_value(answer).ok(),
            Err(error) => {
                tracing::warn!(
                    tenant.id = %tenant.id(), plugin = %decision.plugin, world = %decision.world, kind = error.kind(),
                    stage = %decision.call.stage, duration_ms = decision.cost.duration_us / 1000, "plugin call failed"
                );
                decision.error = Some(error.to_string());
            }
        }
        house.metrics().observe(
            "posthouse_plugin_call_seconds",
            &[
                ("world", decision.world.as_str()),
                ("stage", decision.call.stage.as_str()),
                ("result", if called.result.is_ok() { "ok" } else { "error" }),
            ],
            Duration::from_micros(decision.cost.duration_us),
        );
        called.result
    }

    /// A record of a call that is about to be made.
    pub(crate) fn record(&self, release: &Release, stage: Stage) -> NewDecision {
        NewDecision {
            ticket: self.about.ticket,
            message: self.about.message,
            world: self.question.world(),
            plugin: release.name.clone(),
            version: release.version.clone(),
            digest: release.digest.clone(),
            input_hash: self.hash.clone(),
            output: None,
            error: None,
            host_calls: Vec::new(),
            cost: CallCost::default(),
            call: CallRecord { release: release.number, stage, now: self.context.now, seed: self.context.seed },
            log: Vec::new(),
            changes: Changes::default(),
        }
    }
}
