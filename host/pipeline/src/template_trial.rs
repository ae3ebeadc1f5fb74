//! Trying a template on a ticket while it is being written: its drafter is asked what it would say, and nothing else comes of it.
//!
//! What the drafter asks of the world is answered as in a replay: what changes nothing is read, and no model is asked.

use crate::caller;
use crate::house::House;
use crate::outlet::TenantHost;
use crate::tenant::{Tenant, load_plugin};
use crate::triage::store;
use crate::view;
use posthouse_model::call::TicketView;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::draft::DraftProposal;
use posthouse_model::job::JobFailure;
use posthouse_model::template::{Template, Trial, put_in};
use posthouse_sandbox::{Answer, Question, ReplayHost, Unrecorded};
use posthouse_store::{ClaimedJob, NewPlugin, StoreError, TemplateTrialRow};
use serde_json::{Value, json};
use std::sync::Arc;

/// Asks and keeps the answer; completes the job.
///
/// # Errors
/// When the store cannot be read or written. A drafter that gives no answer is no error here: the trial says so.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: i64) -> Result<(), JobFailure> {
    let trial = match tenant.scope.template_trial(id, None).await {
        Ok(row) => Some(attempt(house, tenant, &row).await.map_err(store)?),
        // It waited for longer than anybody does, or its ticket is gone.
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(store(error)),
    };
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    if let Some(trial) = &trial {
        tx.template_tried(id, trial).await.map_err(store)?;
    }
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// Whoever waits for the answer is told that there is none.
pub(crate) async fn given_up(tenant: &Tenant, id: i64, reason: &str) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin().await?;
    tx.template_tried(id, &Trial { problem: Some(reason.to_owned()), ..Trial::default() }).await?;
    tx.commit().await
}

async fn attempt(house: &House, tenant: &Arc<Tenant>, row: &TemplateTrialRow) -> Result<Trial, StoreError> {
    let scope = &tenant.scope;
    let name = &row.template.plugin;
    let Some(installed) = scope.plugins().await?.into_iter().map(|row| row.plugin).find(|plugin| plugin.name == *name)
    else {
        return Ok(problem(format!("there is no plugin `{name}`")));
    };
    let ticket = scope.ticket(row.ticket).await?;
    let thread = scope.thread(row.ticket, view::THREAD_MAX).await?;
    let recent = thread.iter().map(|message| Arc::new(view::message(message))).collect();
    let view = Arc::new(view::ticket(&ticket, recent));
    let others = scope.templates().await?.into_iter().map(|row| row.template);
    let mut all: Vec<Template> = others.filter(|other| other.plugin == *name && other.id != row.template.id).collect();
    all.push(row.template.clone());
    let bundled = tenant.config.plugin(name).is_some_and(|config| config.is_bundled_drafter());
    let mut plugin = installed;
    put_in(&mut plugin.settings, &all);
    if bundled && let Some(model) = plugin.settings.get_mut("model").and_then(Value::as_object_mut) {
        // What a template says is asked, and a model costs.
        model.insert("enabled".to_owned(), Value::from(false));
    }
    let drafts = match ask(house, tenant, row, &plugin, &view).await? {
        Ok(drafts) => drafts,
        Err(reason) => return Ok(problem(reason)),
    };
    let named = |draft: &DraftProposal| draft.template.as_deref() == Some(&row.template.id);
    let mut trial = Trial {
        place: drafts.iter().position(named).map(|index| index + 1),
        chosen: drafts.iter().filter_map(|draft| draft.template.clone()).collect(),
        proposal: drafts.into_iter().find(|draft| named(draft)),
        problem: None,
    };
    if trial.proposal.is_none() && bundled {
        // Others are better there, or it is for another kind of ticket: what it would say all the same.
        alone(&mut plugin.settings, &row.template);
        match ask(house, tenant, row, &plugin, &view).await? {
            Ok(drafts) => trial.proposal = drafts.into_iter().find(|draft| named(draft)),
            Err(reason) => trial.problem = Some(reason),
        }
    }
    Ok(trial)
}

/// The bundled drafters take this template for any ticket.
fn alone(settings: &mut Value, template: &Template) {
    let mut any = template.clone();
    any.front.insert("category".to_owned(), Value::from("*"));
    any.front.shift_remove("needs");
    any.front.shift_remove("country");
    put_in(settings, [&any]);
    settings["use_default_templates"] = json!(false);
    if let Some(language) = template.language() {
        settings["default_language"] = json!(language);
    }
}

async fn ask(
    house: &House,
    tenant: &Arc<Tenant>,
    row: &TemplateTrialRow,
    plugin: &NewPlugin,
    view: &Arc<TicketView>,
) -> Result<Result<Vec<DraftProposal>, String>, StoreError> {
    let loaded = match load_plugin(house, &tenant.config, plugin).await? {
        Ok(loaded) => loaded,
        Err(reason) => return Ok(Err(reason)),
    };
    let Ok(_permit) = tenant.gate.enter().await else {
        return Ok(Err("the team's plugins are too busy".to_owned()));
    };
    let question = Question::Draft(Arc::clone(view));
    let inner = TenantHost::new(
        house.clone(),
        Arc::clone(tenant),
        plugin.name.clone(),
        ModelAllowance::default(),
        Some(row.ticket),
        &question,
    );
    let host = Arc::new(ReplayHost::new(Arc::new(inner), &[], Unrecorded::AskSafe));
    let context = caller::context(house, tenant, house.now());
    let called = loaded.ask(context, host, question).await;
    Ok(match called.result {
        Ok(Answer::Drafts(drafts)) => Ok(drafts),
        Ok(_) => Err("it answered another question than it was asked".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

fn problem(reason: String) -> Trial {
    Trial { problem: Some(reason), ..Trial::default() }
}
