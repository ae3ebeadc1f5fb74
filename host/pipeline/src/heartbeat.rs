//! The watch over each tenant's work, outside the mail path: it reads what the store knows and says, once per
//! incident, that mail is not fetched, not triaged, not sent, or that none comes though it should.

use crate::breaker::CutOff;
use crate::house::House;
use crate::notice::{self, Reader};
use crate::tenant::Tenant;
use crate::words::Words;
use posthouse_ai::budget;
use posthouse_model::Timestamp;
use posthouse_model::autonomy::Cause;
use posthouse_model::config::{Decimal, ModelConfig, Provider, TimeOfDay, Weekday};
use posthouse_model::event::Actor;
use posthouse_model::refusal::{self, Refusal};
use posthouse_store::{BalanceRow, IncidentRow, MailboxRow, ModelUse, NewNotification, Progress, StoreError};
use std::collections::BTreeMap;
use std::time::Duration;

/// Begins the key of a plugin's incident.
const PLUGIN: &str = "plugin:";
/// Begins the key of the incident of a category that lost its level.
const AUTONOMY: &str = "autonomy:";
/// Begins the key of an incident about a model.
const MODEL: &str = "model:";
/// The incidents of a model's budget: it comes to an end, and it has.
const ENDING: &str = "model-budget";
const USED_UP: &str = "model-budget-used-up";
/// From which share of the day's budget on somebody is told, in percent.
pub const BUDGET_ALARM_PERCENT: i128 = 80;
/// A call sets aside what it may need at most, so that the last tokens of a day cannot be spent.
const USED_UP_PERCENT: i128 = 98;

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No message was triaged since, though mail is expected.
    Silent {
        /// When the last one was.
        since: Timestamp,
    },
    /// A mailbox cannot be fetched.
    Fetch {
        /// Its name.
        mailbox: String,
        /// Since when.
        since: Timestamp,
        /// The server's words.
        reason: String,
        /// What they mean, where that is known.
        means: Option<&'static Refusal>,
    },
    /// The server holds mail that is not stored here.
    Ledger {
        /// The mailbox.
        mailbox: String,
        /// Since when.
        since: Timestamp,
        /// How many mails.
        missing: u64,
    },
    /// Mail waits for triage.
    Triage {
        /// How many jobs.
        count: u64,
        /// The oldest.
        since: Timestamp,
    },
    /// A plugin is cut off because it kept failing.
    Plugin {
        /// Its name.
        plugin: String,
        /// Since when.
        since: Timestamp,
        /// Its last failure.
        reason: String,
    },
    /// The tenant's model is left alone because it kept failing.
    Model {
        /// Its name.
        model: String,
        /// Since when.
        since: Timestamp,
        /// Its last failure.
        reason: String,
    },
    /// Of what the model may use today, [`BUDGET_ALARM_PERCENT`] are gone, or all.
    Budget {
        /// The provider will be asked no more before tomorrow.
        is_used_up: bool,
        /// How much of what, such as `180,000 of 200,000 tokens`.
        used: String,
    },
    /// Rspamd does not answer: spam comes through.
    Rspamd {
        /// Since when.
        since: Timestamp,
        /// Its last failure.
        reason: String,
    },
    /// A webhook was turned off because nothing reached it for long.
    Webhook {
        /// Its name.
        webhook: String,
        /// Since when.
        since: Timestamp,
        /// Its last failure. Untrusted text.
        reason: String,
    },
    /// A category is no longer answered by itself, and nobody has said yet that she knows.
    Autonomy {
        /// Which.
        category: String,
        /// Why.
        cause: Cause,
        /// The ticket that brought it about.
        ticket: Option<i64>,
    },
    /// Approved replies do not go out.
    Sending {
        /// How many.
        count: u64,
        /// When the oldest was due.
        since: Timestamp,
    },
}

impl Trouble {
    /// One incident can be open per key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Silent { .. } => "silent".to_owned(),
            Self::Fetch { mailbox, .. } => format!("fetch:{mailbox}"),
            Self::Ledger { mailbox, .. } => format!("ledger:{mailbox}"),
            Self::Triage { .. } => "triage".to_owned(),
            Self::Plugin { plugin, .. } => format!("{PLUGIN}{plugin}"),
            Self::Model { model, .. } => format!("{MODEL}{model}"),
            // Two incidents, so that the second is told too.
            Self::Budget { is_used_up: true, .. } => USED_UP.to_owned(),
            Self::Budget { is_used_up: false, .. } => ENDING.to_owned(),
            Self::Rspamd { .. } => "rspamd".to_owned(),
            Self::Webhook { webhook, .. } => format!("webhook:{webhook}"),
            Self::Autonomy { category, .. } => format!("{AUTONOMY}{category}"),
            Self::Sending { .. } => "sending".to_owned(),
        }
    }

    fn words(&self, reader: &Reader<'_>) -> String {
        let words = Words::of(reader.language);
        match self {
            Self::Silent { since } => (words.silent)(&reader.local_time(*since)),
            Self::Fetch { mailbox, since, reason, means } => {
                let text = (words.fetch_stuck)(mailbox, &reader.local_time(*since), &notice::shorten(reason, 300));
                match means {
                    Some(means) => format!("{text} → {}", means.text(reader.language)),
                    None => text,
                }
            }
            Self::Plugin { plugin, since, reason } => {
                (words.plugin_cut_off)(plugin, &reader.local_time(*since), &notice::shorten(reason, 300))
            }
            Self::Ledger { mailbox, since, missing } => {
                (words.ledger_uneven)(mailbox, *missing, &reader.local_time(*since))
            }
            Self::Model { model, since, reason } => {
                (words.model_away)(model, &reader.local_time(*since), &notice::shorten(reason, 300))
            }
            Self::Budget { is_used_up, used } => (words.model_budget)(used, *is_used_up),
            Self::Rspamd { since, reason } => {
                (words.rspamd_away)(&reader.local_time(*since), &notice::shorten(reason, 300))
            }
            Self::Webhook { webhook, since, reason } => {
                (words.webhook_off)(webhook, &reader.local_time(*since), &notice::shorten(reason, 300))
            }
            Self::Autonomy { category, cause, ticket } => {
                (words.autonomy_fell)(words.category_name(category), *cause, *ticket)
            }
            Self::Triage { count, since } => (words.triage_stuck)(*count, &reader.local_time(*since)),
            Self::Sending { count, since } => (words.sending_stuck)(*count, &reader.local_time(*since)),
        }
    }
}

/// What the watch looks at.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// When things last happened.
    pub progress: Progress,
    /// The mailboxes that should be fetched.
    pub mailboxes: Vec<MailboxRow>,
    /// Mailboxes with mail that is not stored here: name, since when, how many.
    pub uneven: Vec<(String, Timestamp, u64)>,
    /// Plugins that are cut off.
    pub cut_off: Vec<CutOff>,
    /// Models that are left alone for a while.
    pub models_away: Vec<CutOff>,
    /// What the model was used for today.
    pub model_use: ModelUse,
    /// Rspamd does not answer: since when, and what it said.
    pub rspamd_away: Option<(Timestamp, String)>,
    /// Webhooks that were turned off for failing: name, since when, the last failure.
    pub webhooks_off: Vec<(String, Timestamp, String)>,
    /// Categories that lost their level, and nobody has said yet that she knows: name, why, by which ticket.
    pub fallen: Vec<(String, Cause, Option<i64>)>,
}

/// What is wrong at this moment.
#[must_use]
pub fn look(tenant: &Tenant, signs: &Signs, now: Timestamp) -> Vec<Trouble> {
    let config = &tenant.config.heartbeat;
    let stuck = Duration::from_secs(u64::from(config.stuck_after_minutes) * 60);
    let mut troubles = Vec::new();
    for mailbox in &signs.mailboxes {
        if let (Some(since), Some(reason)) = (mailbox.failing_since, &mailbox.fetch_error)
            && now.since(since) >= stuck
        {
            let config = tenant.config.mailbox(&mailbox.mailbox.name);
            let host = config.and_then(|mailbox| mailbox.imap.as_ref()).map(|imap| imap.host.as_str());
            let provider = config.and_then(|mailbox| mailbox.provider).or(host.and_then(Provider::of_host));
            let means = refusal::explain(reason, provider);
            let (mailbox, reason) = (mailbox.mailbox.name.clone(), reason.clone());
            troubles.push(Trouble::Fetch { mailbox, since, reason, means });
        }
    }
    for (mailbox, since, missing) in signs.uneven.iter().cloned() {
        troubles.push(Trouble::Ledger { mailbox, since, missing });
    }
    for CutOff { plugin, since, reason } in signs.cut_off.iter().cloned() {
        troubles.push(Trouble::Plugin { plugin, since, reason });
    }
    for (webhook, since, reason) in signs.webhooks_off.iter().cloned() {
        troubles.push(Trouble::Webhook { webhook, since, reason });
    }
    for (category, cause, ticket) in signs.fallen.iter().cloned() {
        troubles.push(Trouble::Autonomy { category, cause, ticket });
    }
    for CutOff { plugin: model, since, reason } in signs.models_away.iter().cloned() {
        troubles.push(Trouble::Model { model, since, reason });
    }
    troubles
        .extend(tenant.config.model.as_ref().map(|model| budget_troubles(model, &signs.model_use)).unwrap_or_default());
    if let Some((since, reason)) = signs.rspamd_away.clone()
        && now.since(since) >= stuck
    {
        troubles.push(Trouble::Rspamd { since, reason });
    }
    if let Some(since) = signs.progress.oldest_pending
        && now.since(since) >= stuck
    {
        troubles.push(Trouble::Triage { count: signs.progress.pending.unsigned_abs(), since });
    }
    if let Some(since) = signs.progress.oldest_unsent
        && now.since(since) >= stuck
    {
        troubles.push(Trouble::Sending { count: signs.progress.unsent.unsigned_abs(), since });
    }
    if let Some(minutes) = config.silent_after_minutes
        && !signs.mailboxes.is_empty()
    {
        let limit = Duration::from_secs(u64::from(minutes) * 60);
        // Silence counts from when mail was last triaged, within active hours only: a quiet night is no alarm in the morning.
        let since = signs.progress.last_triage.unwrap_or(tenant.row.created_at).max(tenant.row.applied_at);
        if active_for(tenant, since, now) >= limit {
            troubles.push(Trouble::Silent { since });
        }
    }
    troubles
}

/// Whether the day's tokens or money come to an end, and whether they have. The first stays while the second is there: nothing is well
/// again because it got worse.
fn budget_troubles(model: &ModelConfig, used: &ModelUse) -> Vec<Trouble> {
    let spent = used.tokens_in.saturating_add(used.tokens_out);
    let tokens = (spent, i64::try_from(model.tokens_per_day).unwrap_or(i64::MAX));
    let price = model.price.as_ref();
    let money = price.and_then(|price| Some((used.cost, price.per_day?.0)));
    // A budget of nothing is a decision, and no news.
    let share = |(spent, most): (i64, i64)| (most > 0).then(|| i128::from(spent) * 100 / i128::from(most));
    let (tokens_share, money_share) = (share(tokens), money.and_then(share));
    let highest = tokens_share.max(money_share).unwrap_or(0);
    let used = match (money, price) {
        (Some((spent, most)), Some(price)) if money_share > tokens_share => {
            format!("{} / {} {}", Decimal(spent), Decimal(most), price.currency)
        }
        _ => format!("{} / {} tokens", tokens.0, tokens.1),
    };
    [(BUDGET_ALARM_PERCENT, false), (USED_UP_PERCENT, true)]
        .into_iter()
        .filter(|(from, _)| highest >= *from)
        .map(|(_, is_used_up)| Trouble::Budget { is_used_up, used: used.clone() })
        .collect()
}

/// For how long, of the time between the two, mail was expected; looked at minute by minute, backwards, and not further
/// back than needed for the longest limit (a week).
fn active_for(tenant: &Tenant, since: Timestamp, now: Timestamp) -> Duration {
    const MINUTE: Duration = Duration::from_secs(60);
    let config = &tenant.config.heartbeat;
    let wanted = u64::from(config.silent_after_minutes.unwrap_or(0));
    let mut minutes = 0;
    let mut at = now;
    let mut steps = 0;
    // Eight days of minutes: a week's limit within a weekend's pause is found at the latest then.
    while at.minus(MINUTE) >= since && steps < 8 * 24 * 60 && minutes < wanted {
        at = at.minus(MINUTE);
        steps += 1;
        let local = notice::local(at, &tenant.config.time_zone);
        let day = Weekday::from_iso(u8::try_from(local.weekday().to_monday_one_offset()).unwrap_or(1));
        let time = TimeOfDay::new(u8::try_from(local.hour()).unwrap_or(0), u8::try_from(local.minute()).unwrap_or(0));
        if let (Some(day), Some(time)) = (day, time)
            && config.is_active(day, time)
        {
            minutes += 1;
        } else if steps == 1 {
            // Outside active hours nothing is expected now.
            return Duration::ZERO;
        }
    }
    Duration::from_secs(minutes * 60)
}

/// Looks at a tenant, opens and closes incidents, and makes the notifications of each.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn beat(house: &House, tenant: &Tenant) -> Result<(), StoreError> {
    let now = house.now();
    let signs = signs(house, tenant).await?;
    let troubles: BTreeMap<String, Trouble> =
        look(tenant, &signs, now).into_iter().map(|trouble| (trouble.key(), trouble)).collect();
    let open = tenant.scope.open_incidents().await?;
    let is_ours = |incident: &&IncidentRow| match incident.key.strip_prefix(PLUGIN) {
        None if incident.key.starts_with(MODEL) => {
            let model = &incident.key[MODEL.len()..];
            house.model_breakers().is_proven(tenant.id(), model) || !is_named(tenant, model)
        }
        // What a process before this one cut off is well again when it has answered this one, or is gone.
        Some(plugin) => {
            house.breakers().is_proven(tenant.id(), plugin) || tenant.all_plugins().iter().all(|p| p.name() != plugin)
        }
        None => {
            matches!(incident.key.as_str(), "silent" | "triage" | "sending" | "rspamd" | ENDING | USED_UP)
                || ["fetch:", "ledger:", "webhook:", AUTONOMY].iter().any(|kind| incident.key.starts_with(kind))
        }
    };
    let gone: Vec<&IncidentRow> = open.iter().filter(is_ours).filter(|i| !troubles.contains_key(&i.key)).collect();
    let mut new: Vec<&Trouble> = troubles.values().filter(|t| !open.iter().any(|i| i.key == t.key())).collect();
    // Another process may find the plugin well and close the incident: this one does not open the same again.
    new.retain(|trouble| match trouble {
        Trouble::Plugin { plugin, since, .. } => {
            house.first_time(&format!("cut off {} {plugin} {}", tenant.id(), since.0))
        }
        // Both at once would say the same twice.
        Trouble::Budget { is_used_up: false, .. } => !troubles.contains_key(USED_UP),
        Trouble::Model { model, since, .. } => house.first_time(&format!("away {} {model} {}", tenant.id(), since.0)),
        _ => true,
    });
    if gone.is_empty() && new.is_empty() {
        return Ok(());
    }
    let actor = Actor::Host("heartbeat".to_owned());
    let mut tx = tenant.scope.begin().await?;
    for trouble in new {
        let reader = reader(tenant, &tenant.config.agent_language, "");
        if let Some(incident) = tx.open_incident(&trouble.key(), &trouble.words(&reader), &actor).await? {
            tell(house, tenant, &mut tx, &incident, |reader| (trouble.words(reader), None), &actor).await?;
        }
    }
    for incident in gone {
        if let Some(incident) = tx.close_incident(&incident.key, &actor).await? {
            let minutes = now.since(incident.opened_at).as_secs() / 60;
            let what = incident.detail.clone();
            tell(house, tenant, &mut tx, &incident, |_| (what.clone(), Some(minutes)), &actor).await?;
        }
    }
    tx.commit().await
}

/// Whether the set-up still names a model.
fn is_named(tenant: &Tenant, model: &str) -> bool {
    tenant.config.model.as_ref().is_some_and(|config| {
        config.model == model || config.tasks.keys().any(|task| config.for_task(*task).model == model)
    })
}

async fn signs(house: &House, tenant: &Tenant) -> Result<Signs, StoreError> {
    let scope = &tenant.scope;
    let progress = scope.progress().await?;
    let wanted: Vec<_> = tenant.mailboxes().iter().filter(|m| m.config.enabled).map(|m| m.row.id).collect();
    let mailboxes: Vec<_> = scope.mailboxes().await?.into_iter().filter(|m| wanted.contains(&m.id)).collect();
    let uneven = uneven(&mailboxes, scope.balances().await?);
    let cut_off = house.breakers().cut_off(tenant.id());
    let models_away = house.model_breakers().cut_off(tenant.id());
    let models_away = models_away.into_iter().filter(|away| is_named(tenant, &away.plugin)).collect();
    let model_use = match &tenant.config.model {
        Some(_) => scope.model_use(&budget::day(house.now(), &tenant.config.time_zone)).await?,
        None => ModelUse::default(),
    };
    let rspamd_away = house.rspamds().away(tenant.id()).filter(|_| tenant.config.screen.rspamd.is_some());
    let rspamd_away = rspamd_away.map(|away| (away.since, away.reason));
    let webhooks = if tenant.config.webhooks.is_empty() { Vec::new() } else { scope.webhooks().await? };
    let webhooks_off = webhooks
        .into_iter()
        .filter(|row| tenant.config.webhook(&row.name).is_some_and(|webhook| webhook.enabled))
        .filter_map(|row| Some((row.name, row.disabled_at?, row.reason.unwrap_or_default())))
        .collect();
    let fallen = fallen(tenant).await?;
    Ok(Signs { progress, mailboxes, uneven, cut_off, models_away, model_use, rspamd_away, webhooks_off, fallen })
}

/// Categories that lost their level by themselves, with the last step of each.
async fn fallen(tenant: &Tenant) -> Result<Vec<(String, Cause, Option<i64>)>, StoreError> {
    let mut fallen = Vec::new();
    for row in tenant.scope.autonomy_levels().await?.into_iter().filter(|row| row.demoted_at.is_some()) {
        let steps = tenant.scope.autonomy_steps(Some(&row.category), 1).await?;
        fallen.extend(steps.into_iter().next().map(|step| (row.category, step.cause, step.number)));
    }
    Ok(fallen)
}

/// One line per mailbox: its folders together.
fn uneven(mailboxes: &[MailboxRow], balances: Vec<BalanceRow>) -> Vec<(String, Timestamp, u64)> {
    let mut found: BTreeMap<String, (Timestamp, u64)> = BTreeMap::new();
    for balance in balances {
        let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.id == balance.mailbox) else { continue };
        let (Some(since), Ok(missing @ 1..)) = (balance.missing_since, u64::try_from(balance.missing)) else {
            continue;
        };
        let entry = found.entry(mailbox.mailbox.name.clone()).or_insert((since, 0));
        *entry = (entry.0.min(since), entry.1 + missing);
    }
    found.into_iter().map(|(name, (since, missing))| (name, since, missing)).collect()
}

fn reader<'a>(tenant: &'a Tenant, language: &'a str, desk_url: &'a str) -> Reader<'a> {
    Reader { language, time_zone: &tenant.config.time_zone, desk_url }
}

async fn tell(
    house: &House,
    tenant: &Tenant,
    tx: &mut posthouse_store::Tx,
    incident: &IncidentRow,
    what: impl Fn(&Reader<'_>) -> (String, Option<u64>),
    actor: &Actor,
) -> Result<(), StoreError> {
    let desk_url = house.desk_url(tenant.slug());
    for notifier in tenant.notifiers_or_default(&tenant.config.heartbeat.notifiers) {
        let reader = reader(tenant, tenant.config.notice_language(notifier), &desk_url);
        let (text, recovered) = what(&reader);
        let phase = if recovered.is_some() { "recovery" } else { "alert" };
        let key = format!("incident:{}:{phase}", incident.id);
        let id = format!("{}-{notifier}-{key}", tenant.slug());
        let notice = notice::incident(id, &reader, &tenant.config.name, text, recovered);
        let new = NewNotification { notifier: notifier.to_owned(), key, ticket: None, notice };
        tx.notify(&new, actor).await?;
    }
    Ok(())
}
