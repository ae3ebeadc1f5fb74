//! A release in shadow: asked what the active one was asked, on the same input, beside live mail. What it answers is
//! recorded for comparison and changes nothing.
//!
//! It gets the answers that the active one got from outside where it asks the same; what else it wants to read is read, and
//! what could change anything outside is refused. It runs after the answer that counts, off the mail's way, and never
//! holds a mail up: where too many are under way, one is left out and counted.

use crate::caller::{About, Call};
use crate::house::House;
use crate::life::watch;
use crate::tenant::{Release, Tenant};
use posthouse_model::call::CallContext;
use posthouse_model::decision::NewDecision;
use posthouse_model::event::Actor;
use posthouse_model::keep::Changes;
use posthouse_model::release::Stage;
use posthouse_sandbox::{Question, ReplayHost, Unrecorded};
use std::sync::Arc;

/// How many calls of shadows are under way in one process at once.
pub const SHADOWS_MAX: usize = 4;

/// Asks a shadow what the active release was just asked. Does not wait for it.
pub(crate) fn ask_beside(call: &Call<'_>, release: &Arc<Release>, active: &NewDecision) {
    let house = call.house;
    let Ok(place) = Arc::clone(house.shadows()).try_acquire_owned() else {
        house.metrics().count("posthouse_shadow_calls_left_out_total", &[("world", call.question.world().as_str())]);
        return;
    };
    let asking = Asking {
        house: house.clone(),
        tenant: Arc::clone(call.tenant),
        about: call.about,
        context: call.context.clone(),
        hash: call.hash.clone(),
        question: call.question.clone(),
        release: Arc::clone(release),
        recorded: active.clone(),
    };
    tokio::spawn(async move {
        asking.run().await;
        drop(place);
    });
}

struct Asking {
    house: House,
    tenant: Arc<Tenant>,
    about: About,
    context: CallContext,
    hash: String,
    question: Question,
    release: Arc<Release>,
    recorded: NewDecision,
}

impl Asking {
    async fn run(self) {
        let (house, tenant, release) = (&self.house, &self.tenant, &self.release);
        let call =
            Call { house, tenant, about: self.about, context: &self.context, hash: self.hash, question: self.question };
        let mut decision = call.record(release, Stage::Shadow);
        let mut failure = None;
        match &release.plugin {
            Err(reason) => decision.error = Some(format!("not loaded: {reason}")),
            Ok(plugin) => {
                let inner = call.host(release);
                let host = ReplayHost::new(Arc::new(inner.clone()), &self.recorded.host_calls, Unrecorded::AskSafe);
                failure = call.ask(plugin, Arc::new(host), &mut decision).await.err();
                decision.log = inner.logged();
                decision.changes = Changes::default();
            }
        }
        watch::ended(house, tenant, release, &decision, failure.as_ref()).await;
        let written = async {
            let mut tx = tenant.scope.begin().await?;
            tx.add_decision(&decision, &Actor::Host("shadow".to_owned())).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(tenant.id = %tenant.id(), plugin = %release.name, %error, "what a shadow answered was not recorded");
        }
    }
}
