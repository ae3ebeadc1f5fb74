//! One plugin call, made and recorded.

use crate::breaker::Leave;
use crate::house::House;
use crate::tenant::{Installed, Tenant};
use posthouse_model::TicketId;
use posthouse_model::call::CallContext;
use posthouse_model::decision::{CallCost, HostCall, NewDecision};
use posthouse_model::keep::Changes;
use posthouse_model::{MessageId, Timestamp};
use posthouse_sandbox::{CallError, CallHost, Called, Plugin};
use serde::Serialize;
use std::future::Future;
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

/// Calls a plugin within the tenant's gate and records the call, whatever comes of it. `input_hash`: see
/// [`crate::view::input_hash`].
pub async fn call<T, F, Fut>(
    house: &House,
    tenant: &Arc<Tenant>,
    installed: &Installed,
    about: About,
    input_hash: String,
    call: F,
) -> (Result<T, CallFailure>, NewDecision)
where
    T: Serialize,
    F: FnOnce(Arc<Plugin>, Arc<dyn CallHost>) -> Fut,
    Fut: Future<Output = Called<T>>,
{
    let row = &installed.row.plugin;
    let mut decision = NewDecision {
        ticket: about.ticket,
        message: about.message,
        world: row.world,
        plugin: row.name.clone(),
        version: row.version.clone(),
        digest: row.digest.clone(),
        input_hash,
        output: None,
        error: None,
        host_calls: Vec::new(),
        cost: CallCost::default(),
        changes: Changes::default(),
    };
    let plugin = match &installed.plugin {
        Ok(plugin) => Arc::clone(plugin),
        Err(reason) => {
            decision.error = Some(format!("not loaded: {reason}"));
            let failure = CallFailure { reason: reason.clone(), temporary: false, retry_after: None, cut_off: false };
            return (Err(failure), decision);
        }
    };
    let installed_at = installed.row.installed_at;
    if let Leave::CutOff { failures, until, reason } =
        house.breakers().ask(tenant.id(), &row.name, installed_at, house.now())
    {
        let wait = until.since(house.now());
        let words = format!("cut off after {failures} failures in a row, the last one: {reason}");
        decision.error = Some(words.clone());
        house.metrics().count("posthouse_plugin_calls_refused_total", &[("world", row.world.as_str())]);
        let failure = CallFailure { reason: words, temporary: true, retry_after: Some(wait), cut_off: true };
        return (Err(failure), decision);
    }
    let permit = match tenant.gate.enter().await {
        Ok(permit) => permit,
        Err(error) => {
            decision.error = Some(error.to_string());
            return (Err(CallFailure::from(&error)), decision);
        }
    };
    let host = crate::outlet::TenantHost::new(house.clone(), Arc::clone(tenant), row.name.clone(), about.ticket);
    let called = call(plugin, Arc::new(host)).await;
    drop(permit);

    let ended = called.result.as_ref().map(|_| ());
    house.breakers().ended(tenant.id(), &row.name, installed_at, house.now(), ended);
    decision.cost = called.cost;
    decision.changes = called.changes;
    decision.host_calls = called.host_calls;
    // What the host left out of the answer is part of the record.
    decision.host_calls.extend(called.notes.into_iter().map(|note| HostCall {
        capability: "host".to_owned(),
        what: note,
        outcome: "left out".to_owned(),
        duration_us: 0,
    }));
    let result = match called.result {
        Ok(answer) => {
            decision.output = serde_json::to_value(&answer).ok();
            Ok(answer)
        }
        Err(error) => {
            tracing::warn!(
                tenant.id = %tenant.id(), plugin = %row.name, world = %row.world, kind = error.kind(),
                duration_ms = decision.cost.duration_us / 1000, "plugin call failed"
            );
            decision.error = Some(error.to_string());
            Err(CallFailure::from(&error))
        }
    };
    house.metrics().observe(
        "posthouse_plugin_call_seconds",
        &[("world", row.world.as_str()), ("result", if result.is_ok() { "ok" } else { "error" })],
        Duration::from_micros(decision.cost.duration_us),
    );
    (result, decision)
}
