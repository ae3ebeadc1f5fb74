//! The tenant's own model, called on its key and within its budget of the day and the plugin's. Every call is on record.
//!
//! A model that keeps failing is left alone for a while, as a plugin is (see [`crate::breaker`]): a mail then costs no timeout, and a
//! template stands in.

use crate::breaker::{Installation, Leave};
use crate::house::House;
use crate::secrets::{self, SecretError};
use crate::tenant::Tenant;
use posthouse_ai::{AiError, ApiKey, Completion, Prompt, Provider, SoFar, budget};
use posthouse_model::TicketId;
use posthouse_model::capability::ModelAllowance;
use posthouse_model::config::{ModelConfig, ModelTask};
use posthouse_model::event::Actor;
use posthouse_sandbox::{ModelAnswer, ModelRefusal, ModelRequest};
use posthouse_store::{ModelCall, ModelExchange, ModelReservation, Reserved, SetAside};
use std::time::Duration;

/// The version of prompts that the host itself makes: its own.
pub(crate) const HOST_VERSION: &str = env!("CARGO_PKG_VERSION");

/// In the list of what a model was called for: a person asked the same again.
const AGAIN: &str = "operator:again";

/// How to reach a tenant's model.
///
/// # Errors
/// The key has no value or may not be sent to that provider, or the set-up makes no sense.
pub async fn provider(house: &House, tenant: &Tenant, config: &ModelConfig) -> Result<Provider, SecretError> {
    let unusable = |error: AiError| SecretError::Unusable(error.to_string());
    let Some(reference) = &config.key else { return Provider::new(config, None).map_err(unusable) };
    // Whom the address names is known once it is read, and that needs no key.
    let keyless = ModelConfig { key: None, ..config.clone() };
    let host = Provider::new(&keyless, None).map_err(unusable)?.host().to_owned();
    let key = secrets::reveal(house, tenant, &reference.secret, &host, "model").await?;
    Provider::new(config, Some(ApiKey::new(key).map_err(unusable)?)).map_err(unusable)
}

/// Who asks a model.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The plugin's name.
    pub plugin: &'a str,
    /// What for.
    pub task: ModelTask,
    /// How much of the tenant's budget is its own.
    pub allowance: &'a ModelAllowance,
    /// On which ticket.
    pub ticket: Option<TicketId>,
}

/// Calls the model for a plugin: sets tokens aside first, so that calls at the same time cannot spend the same ones.
///
/// # Errors
/// Why there is no answer, as the plugin may know it.
pub async fn complete(
    house: &House,
    tenant: &Tenant,
    asking: Asking<'_>,
    request: ModelRequest,
) -> Result<ModelAnswer, ModelRefusal> {
    let completion = ask(house, tenant, asking, request).await?;
    Ok(ModelAnswer { text: completion.text, model: completion.model })
}

/// As [`complete`], with all that is known of the answer.
///
/// # Errors
/// Why there is no answer.
pub async fn ask(
    house: &House,
    tenant: &Tenant,
    asking: Asking<'_>,
    request: ModelRequest,
) -> Result<Completion, ModelRefusal> {
    let Some(config) = &tenant.config.model else { return Err(ModelRefusal::NotConfigured) };
    ask_of(house, tenant, &config.for_task(asking.task), asking, request, None).await
}

/// As [`ask`], and tells of the answer while it comes, where the provider can.
///
/// # Errors
/// Why there is no answer.
pub async fn ask_streaming(
    house: &House,
    tenant: &Tenant,
    asking: Asking<'_>,
    request: ModelRequest,
    so_far: SoFar<'_>,
) -> Result<Completion, ModelRefusal> {
    let Some(config) = &tenant.config.model else { return Err(ModelRefusal::NotConfigured) };
    ask_of(house, tenant, &config.for_task(asking.task), asking, request, Some(so_far)).await
}

/// Asks the same again, of the model that is set up for the task now or of another one of the same provider, on the tenant's key and
/// within its budget. The answer is on record like any other and goes nowhere else.
///
/// # Errors
/// Why there is no answer.
pub async fn again(
    house: &House,
    tenant: &Tenant,
    exchange: ModelExchange,
    ticket: Option<TicketId>,
    model: Option<String>,
) -> Result<Completion, ModelRefusal> {
    let Some(config) = &tenant.config.model else { return Err(ModelRefusal::NotConfigured) };
    let mut config = config.for_task(exchange.task);
    config.model = model.unwrap_or(config.model);
    let allowance = ModelAllowance::default();
    let asking = Asking { plugin: AGAIN, task: exchange.task, allowance: &allowance, ticket };
    let request = ModelRequest {
        instructions: exchange.instructions,
        inputs: exchange.inputs,
        max_output_tokens: exchange.output_tokens_max,
    };
    ask_of(house, tenant, &config, asking, request, None).await
}

async fn ask_of(
    house: &House,
    tenant: &Tenant,
    config: &ModelConfig,
    asking: Asking<'_>,
    request: ModelRequest,
    so_far: Option<SoFar<'_>>,
) -> Result<Completion, ModelRefusal> {
    let provider = provider(house, tenant, config).await.map_err(|reason| {
        tracing::warn!(tenant.id = %tenant.id(), %reason, "the model is set up but cannot be used");
        match reason {
            SecretError::NotAllowed { .. } => ModelRefusal::Rejected(reason.to_string()),
            SecretError::Missing { .. } | SecretError::Unusable(_) => ModelRefusal::NotConfigured,
        }
    })?;
    let prompt = Prompt {
        instructions: request.instructions,
        inputs: request.inputs,
        max_output_tokens: request.max_output_tokens,
    };
    let start = house.now();
    let day = budget::day(start, &tenant.config.time_zone);
    let breakers = house.model_breakers();
    let (id, installation) = (tenant.id(), installation(tenant));
    if let Leave::CutOff { until, reason, .. } = breakers.ask(id, &config.model, installation, start) {
        let seconds = until.since(start).as_secs().max(1);
        return Err(ModelRefusal::Unavailable(format!(
            "not asked for another {seconds} s, because it kept failing: {reason}"
        )));
    }
    let cost = |input, output| config.price.as_ref().map_or(0, |price| price.cost(input, output));
    let tokens = to_i64(provider.reservation(&prompt));
    let input = to_i64(provider.input_tokens(&prompt));
    let aside = SetAside { tokens, cost: cost(input, tokens - input) };
    let reservation = ModelReservation {
        day: &day,
        plugin: asking.plugin,
        tokens,
        tenant_tokens: to_i64(config.tokens_per_day),
        cost: aside.cost,
        tenant_cost: config.price.as_ref().and_then(|price| price.per_day).map(|most| most.0),
        plugin_tokens: asking.allowance.tokens_per_day.map(to_i64),
        plugin_calls: asking.allowance.calls.map(to_i64),
    };
    let reserved = reserve(tenant, &reservation).await;
    if !matches!(reserved, Ok(Reserved::Yes)) {
        breakers.not_called(id, &config.model, installation);
        return Err(reserved.err().unwrap_or(ModelRefusal::OverBudget));
    }

    let result = match so_far {
        Some(so_far) => house.models().complete_streaming(&provider, &prompt, so_far).await,
        None => house.models().complete(&provider, &prompt).await,
    };
    let failed = result.as_ref().err().filter(|error| error.is_temporary()).map(ToString::to_string);
    breakers.answered(id, &config.model, installation, house.now(), failed);
    let duration_ms = i64::try_from(house.now().since(start).as_millis()).unwrap_or(i64::MAX);
    let (tokens_in, tokens_out) = result
        .as_ref()
        .map_or((0, 0), |completion| (to_i64(completion.usage.input_tokens), to_i64(completion.usage.output_tokens)));
    let call = ModelCall {
        at: start,
        ticket: asking.ticket,
        plugin: asking.plugin.to_owned(),
        version: version(tenant, asking.plugin),
        model: result.as_ref().map_or_else(|_| config.model.clone(), |completion| completion.model.clone()),
        tokens_in,
        tokens_out,
        duration_ms,
        outcome: result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned()),
        cost: cost(tokens_in, tokens_out),
        currency: config.price.as_ref().map(|price| price.currency.clone()).unwrap_or_default(),
    };
    let exchange = (config.keep_exchanges_days > 0).then(|| ModelExchange {
        task: asking.task,
        instructions: prompt.instructions,
        inputs: prompt.inputs,
        output_tokens_max: prompt.max_output_tokens,
        answer: result.as_ref().ok().map(|completion| completion.text.clone()),
    });
    if let Err(error) = record(tenant, &day, aside, &call, exchange.as_ref()).await {
        // The answer is there; what stays wrong is the day's count, which then errs on the careful side.
        tracing::error!(tenant.id = %tenant.id(), %error, "a model call could not be recorded");
    }
    result.map_err(|error| refusal(&error))
}

/// A set-up that was applied anew begins afresh.
fn installation(tenant: &Tenant) -> Installation {
    (tenant.row.applied_at, 0)
}

/// What a plugin's calls are for: what its world does.
#[must_use]
pub fn task(tenant: &Tenant, plugin: &str) -> ModelTask {
    let installed = tenant.all_plugins().iter().find(|installed| installed.name() == plugin);
    installed.map_or(ModelTask::Draft, |installed| installed.row.plugin.world.into())
}

/// The version of what made a prompt: of the plugin, else of the host, which asked itself.
fn version(tenant: &Tenant, plugin: &str) -> String {
    let installed = tenant.all_plugins().iter().find(|installed| installed.name() == plugin);
    installed.map_or_else(|| HOST_VERSION.to_owned(), |installed| installed.row.plugin.version.clone())
}

/// Lets go of what was said longer ago than the tenant keeps it; of all of it where the model was taken out of the set-up.
///
/// # Errors
/// When the store cannot be read or written.
pub(crate) async fn let_go(house: &House, tenant: &Tenant, actor: &Actor) -> Result<(), posthouse_store::StoreError> {
    let days = tenant.config.model.as_ref().map_or(0, |model| model.keep_exchanges_days);
    let before = house.now().minus(Duration::from_secs(u64::from(days) * 24 * 3_600));
    if tenant.scope.has_exchanges_before(before).await? {
        let mut tx = tenant.scope.begin().await?;
        tx.drop_exchanges(before, actor).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn reserve(tenant: &Tenant, wanted: &ModelReservation<'_>) -> Result<Reserved, ModelRefusal> {
    let reserve = async {
        let mut tx = tenant.scope.begin().await?;
        let reserved = tx.reserve_model_call(wanted).await?;
        tx.commit().await?;
        Ok::<Reserved, posthouse_store::StoreError>(reserved)
    };
    reserve.await.map_err(|error| ModelRefusal::Unavailable(format!("the budget cannot be read: {error}")))
}

async fn record(
    tenant: &Tenant,
    day: &str,
    aside: SetAside,
    call: &ModelCall,
    exchange: Option<&ModelExchange>,
) -> Result<(), posthouse_store::StoreError> {
    let mut tx = tenant.scope.begin().await?;
    let id = tx.record_model_call(day, aside, call, &Actor::Host("model".to_owned())).await?;
    if let Some(exchange) = exchange {
        tx.keep_exchange(id, call.at, exchange).await?;
    }
    tx.commit().await
}

fn refusal(error: &AiError) -> ModelRefusal {
    if error.is_temporary() {
        ModelRefusal::Unavailable(error.to_string())
    } else {
        ModelRefusal::Rejected(error.to_string())
    }
}

fn to_i64(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}
