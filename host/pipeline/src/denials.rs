//! What plugins asked for beyond what they may: counted each time, and put on record.

use crate::house::House;
use crate::tenant::Tenant;
use posthouse_model::event::{Actor, NewEvent};
use posthouse_sandbox::Denied;
use posthouse_store::StoreError;
use serde_json::json;

/// Counts what a call was refused. An event is written once per process and set-up for each kind of power of a plugin, with
/// the first case: a plugin that tries again at every mail, or tries every host there is, does not fill the record. Each case
/// stands in the decision of its call.
pub(crate) async fn record(house: &House, tenant: &Tenant, plugin: &str, denied: &[Denied]) {
    for denied in denied {
        let capability = denied.denial.as_str();
        house.metrics().add(COUNTER, &[("capability", capability)], u64::from(denied.times));
        let key = format!("denied\n{}\n{}\n{plugin}\n{capability}", tenant.id(), tenant.row.applied_at.0);
        if !house.first_time(&key) {
            continue;
        }
        tracing::warn!(tenant.id = %tenant.id(), plugin, capability, what = denied.what, "a plugin asked for what it may not have");
        let write = async {
            let mut tx = tenant.scope.begin().await?;
            tx.event(NewEvent {
                actor: Actor::Host("plugins".to_owned()),
                kind: "plugin.denied".to_owned(),
                subject: format!("plugin:{plugin}"),
                data: json!({ "capability": capability, "what": denied.what }),
            });
            tx.commit().await
        };
        let written: Result<(), StoreError> = write.await;
        if let Err(error) = written {
            house.forget(&key);
            tracing::error!(tenant.id = %tenant.id(), %error, "a refusal could not be put on record; it is at the next one");
        }
    }
}

/// The counter of refusals, by kind of power.
pub(crate) const COUNTER: &str = "posthouse_plugin_denied_total";
