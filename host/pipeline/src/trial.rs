//! Trying out what a team has set up: its mailboxes, its notifiers, its model. `posthouse doctor` looks at everything; on the desk a
//! person asks for one thing, and a job looks, since no server is asked and no plugin called on the path of a request.

pub mod mailbox;

use crate::caller::{self, About};
use crate::house::House;

use crate::notice::{self, Reader};
use crate::tenant::{Installed, Tenant};
use crate::triage::store;
use posthouse_ai::budget;
use posthouse_mail::dns::Dns;
use posthouse_model::config::ModelConfig;
use posthouse_model::decision::NewDecision;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::notice::Delivery;
pub use posthouse_model::trial::Finding as Found;
use posthouse_model::trial::Subject;
use posthouse_sandbox::Question;
use posthouse_store::{ClaimedJob, ModelCall, SetAside, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A trial is given up after this long: servers that never answer are no reason to keep a worker.
const TRIAL_MAX: Duration = Duration::from_secs(120);
/// Longest words of a server that are kept, in characters.
const WORDS_CHARS_MAX: usize = 2_000;

/// Tries out what was asked for and writes down what was found; completes the job.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn run(house: &House, job: &ClaimedJob, what: &str) -> Result<(), JobFailure> {
    // What was just saved is what is tried.
    house.refresh().await.map_err(store)?;
    let tenant = house.tenant(job.tenant).await.map_err(store)?;
    let tenant = tenant.ok_or_else(|| JobFailure::retry("the tenant is turned off"))?;
    let Tried { findings, calls, decisions } =
        timeout(TRIAL_MAX, try_out(house, &tenant, what)).await.unwrap_or_else(|_| {
            let words = format!("nothing came of it within {} s", TRIAL_MAX.as_secs());
            Tried { findings: vec![Found::plain(what.to_owned(), false, words, None)], ..Tried::default() }
        });
    let findings: Vec<Found> = findings.into_iter().map(shortened).collect();
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.add_decisions(&decisions, &actor()).await.map_err(store)?;
    for call in calls {
        let day = budget::day(call.at, &tenant.config.time_zone);
        tx.record_model_call(&day, SetAside::default(), &call, &actor()).await.map_err(store)?;
    }
    tx.end_trial(what, &findings, &actor()).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Writes down that nothing came of it.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn given_up(tenant: &Tenant, what: &str, reason: &str) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    tx.end_trial(what, &[Found::plain(what.to_owned(), false, reason.to_owned(), None)], &actor()).await?;
    tx.commit().await
}

/// What came of a trial, and what of it goes on record.
#[derive(Default)]
struct Tried {
    findings: Vec<Found>,
    calls: Vec<ModelCall>,
    decisions: Vec<NewDecision>,
}

async fn try_out(house: &House, tenant: &Arc<Tenant>, what: &str) -> Tried {
    let gone = |words: &str| Tried {
        findings: vec![Found::plain(what.to_owned(), false, words.to_owned(), None)],
        ..Tried::default()
    };
    match what.parse::<Subject>() {
        Ok(Subject::Mailbox(name)) => match tenant.mailboxes().iter().find(|mailbox| mailbox.config.name == name) {
            Some(found) => {
                let findings = mailbox::look_at_all(house, tenant, found, &mut Dns::system()).await;
                Tried { findings, ..Tried::default() }
            }
            None => gone("there is no such mailbox, or it is turned off"),
        },
        Ok(Subject::Notifier(name)) => match tenant.notifier(&name) {
            Some(installed) => {
                let (found, decisions) = notifier(house, tenant, installed).await;
                Tried { findings: vec![found], decisions, ..Tried::default() }
            }
            None => gone("there is no such notifier, or it is turned off"),
        },
        Ok(Subject::Model) => match &tenant.config.model {
            Some(config) => {
                let (findings, calls) = models(house, tenant, config).await;
                Tried { findings, calls, ..Tried::default() }
            }
            None => gone("no model is set up"),
        },
        Err(words) => gone(&words),
    }
}

/// Has a notifier tell its group that this is a test; with the calls, for the record.
pub async fn notifier(house: &House, tenant: &Arc<Tenant>, installed: &Installed) -> (Found, Vec<NewDecision>) {
    let what = format!("notifier {}", installed.name());
    if let Err(reason) = installed.plugin() {
        let found = Found::plain(what, false, reason.to_owned(), Some("mend its settings or grants".to_owned()));
        return (found, Vec::new());
    }
    let desk_url = house.desk_url(tenant.slug());
    let reader = Reader {
        language: tenant.config.notice_language(installed.name()),
        time_zone: &tenant.config.time_zone,
        desk_url: &desk_url,
    };
    let now = house.now();
    let id = format!("{}-{}-doctor-{}", tenant.slug(), installed.name(), now.0);
    let notice = Arc::new(notice::test(id, &reader, &tenant.config.name));
    let context = caller::context(house, tenant, now);
    let question = Question::Notify(notice, None);
    let asked = caller::call::<Delivery>(house, tenant, installed, About::default(), &context, question).await;
    let duration_ms = asked.decisions.last().map(|decision| decision.cost.duration_us / 1_000);
    let (ok, words, mend) = match asked.result {
        Ok(_) => (true, "took the test message".to_owned(), None),
        Err(failure) => {
            let mend = "look at the notifier's secrets (`posthouse secret list`), its settings and grants in tenant.toml, and \
                        whether the group's bot is still there";
            (false, failure.reason, Some(mend.to_owned()))
        }
    };
    (Found { duration_ms, ..Found::plain(what, ok, words, mend) }, asked.decisions)
}

/// Asks each model that the set-up names one short question.
pub async fn models(house: &House, tenant: &Tenant, config: &ModelConfig) -> (Vec<Found>, Vec<ModelCall>) {
    let mut all = vec![config.clone()];
    for task in config.tasks.keys() {
        let of = config.for_task(*task);
        if !all.iter().any(|known| known.model == of.model) {
            all.push(of);
        }
    }
    let (mut findings, mut calls) = (Vec::new(), Vec::new());
    for config in all {
        let (found, call) = model(house, tenant, &config).await;
        findings.push(found);
        calls.extend(call);
    }
    (findings, calls)
}

/// Asks the tenant's model one short question; with what the call cost, where it came about.
pub async fn model(house: &House, tenant: &Tenant, config: &ModelConfig) -> (Found, Option<ModelCall>) {
    let what = format!("model {}", config.model);
    let provider = match crate::model::provider(house, tenant, config).await {
        Ok(provider) => provider,
        Err(reason) => return (Found::plain(what, false, reason.to_string(), None), None),
    };
    let begun = Instant::now();
    match house.models().probe(&provider).await {
        Ok(probe) => {
            let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let tokens = |count| i64::try_from(count).unwrap_or(i64::MAX);
            let (tokens_in, tokens_out) = (tokens(probe.usage.input_tokens), tokens(probe.usage.output_tokens));
            let call = ModelCall {
                at: house.now(),
                ticket: None,
                plugin: "try-out".to_owned(),
                version: crate::model::HOST_VERSION.to_owned(),
                model: probe.model.clone(),
                tokens_in,
                tokens_out,
                duration_ms: i64::try_from(duration_ms).unwrap_or(i64::MAX),
                outcome: "ok".to_owned(),
                cost: config.price.as_ref().map_or(0, |price| price.cost(tokens_in, tokens_out)),
                currency: config.price.as_ref().map(|price| price.currency.clone()).unwrap_or_default(),
            };
            let found = Found::plain(what, true, format!("{} answers", probe.model), None);
            (Found { duration_ms: Some(duration_ms), ..found }, Some(call))
        }
        Err(error) => (Found::plain(what, false, error.to_string(), Some(error.hint().to_owned())), None),
    }
}

/// A server may say as much as it likes.
fn shortened(found: Found) -> Found {
    let short = |words: String| match words.char_indices().nth(WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    };
    let steps = found.steps.into_iter().map(|step| posthouse_model::trial::Step { words: short(step.words), ..step });
    Found { words: short(found.words), mend: found.mend.map(short), steps: steps.collect(), ..found }
}

fn actor() -> Actor {
    Actor::Host("try-out".to_owned())
}
