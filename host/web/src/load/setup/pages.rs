//! From the store's rows to the pages of settings.

use super::{Around, base, form, ways};
use crate::page::setup::{Part, SecretLine, SecretsPart, SetupList, SetupPage, Thing, Trial, Tried};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::Timestamp;
use posthouse_model::config::{Decimal, MailboxConfig, Provider, TenantConfig};
use posthouse_model::decision::World;
use posthouse_model::refusal;
use posthouse_model::role::Role;
use posthouse_model::trial::{Finding, Subject};
use posthouse_store::TrialRow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A trial that has not been done for so long is not under way: no worker runs.
const TRIAL_OVERDUE: Duration = Duration::from_secs(180);

/// A page as it is now.
pub(crate) async fn page(seat: &Seat, around: &Around, config: &TenantConfig) -> Result<SetupPage, Refusal> {
    let t = seat.lang();
    let may_change = seat.agent.role == Role::Admin || (around.part == Part::Macros && seat.agent.role.may_lead());
    let mut page = SetupPage::new(around.part, may_change);
    page.groups = form(config, around);
    page.known.push(("base", base(config, around)));
    match around.part {
        Part::Mailboxes => mailboxes(seat, config, &mut page).await?,
        Part::Notices => notifiers(seat, config, &mut page).await?,
        Part::Model => model(seat, config, &mut page).await?,
        Part::Secrets => page.secrets = Some(secrets(seat, config).await?),
        Part::Hours if page.groups.is_empty() => page.facts.push(t.setup_no_router().to_owned()),
        Part::Mailbox => {
            if let Some(name) = &around.mailbox {
                page.known.push(("mailbox", name.clone()));
                page.of = Some(name.clone());
                let trials = seat.scope.trials().await?;
                page.trial = Some(trial(
                    seat,
                    &trials,
                    &Subject::Mailbox(name.clone()),
                    t.trial_mailbox(),
                    config.mailbox(name),
                ));
            } else {
                page.of = Some(t.setup_mailbox_new().to_owned());
            }
        }
        Part::Webhooks => {
            page.add = Some((t.webhooks_told_link().to_owned(), "/webhooks".to_owned()));
        }
        Part::Automatic => page.facts.push(t.setup_automatic_fact().to_owned()),
        Part::Team
        | Part::Queues
        | Part::Screening
        | Part::Hours
        | Part::Assign
        | Part::Escalation
        | Part::Review
        | Part::Macros
        | Part::Watch
        | Part::SignIn => {}
    }
    Ok(page)
}

fn trial(seat: &Seat, rows: &[TrialRow], subject: &Subject, button: &str, mailbox: Option<&MailboxConfig>) -> Trial {
    let (t, subject) = (seat.lang(), subject.to_string());
    let last = rows.iter().find(|row| row.what == subject).map(|row| Tried {
        asked_at: row.asked_at,
        done_at: row.done_at,
        overdue: row.done_at.is_none() && seat.desk.now().since(row.asked_at) > TRIAL_OVERDUE,
        findings: row.findings.iter().map(|found| explained(t, found, mailbox)).collect(),
    });
    Trial { subject, button: button.to_owned(), last }
}

/// A finding with what a server's words mean, in the reader's language, where that is known.
fn explained(t: Lang, found: &Finding, mailbox: Option<&MailboxConfig>) -> Finding {
    let mut found = found.clone();
    if !found.ok {
        let host = mailbox.and_then(|mailbox| mailbox.imap.as_ref()).map(|imap| imap.host.as_str());
        let provider = mailbox.and_then(|mailbox| mailbox.provider).or(host.and_then(Provider::of_host));
        if let Some(known) = refusal::explain(&found.words, provider) {
            found.mend = Some(known.text(t.code()));
        }
    }
    found.what = what(t, &found.what);
    found
}

/// `mailbox support, in` in the reader's language.
fn what(t: Lang, what: &str) -> String {
    match what.rsplit_once(", ") {
        Some((_, "in")) => t.trial_in().to_owned(),
        Some((_, "out")) => t.trial_out().to_owned(),
        _ => String::new(),
    }
}

async fn mailboxes(seat: &Seat, config: &TenantConfig, page: &mut SetupPage) -> Result<(), Refusal> {
    let t = seat.lang();
    let (rows, trials) = tokio::try_join!(seat.scope.mailboxes(), seat.scope.trials())?;
    for mailbox in &config.mailboxes {
        let row = rows.iter().find(|row| row.mailbox.name == mailbox.name);
        let state = match row {
            _ if !mailbox.enabled => (t.setup_mailbox_off().to_owned(), false),
            None => (t.setup_mailbox_new_state().to_owned(), false),
            Some(row) => match (&row.fetch_error, row.fetched_at) {
                (Some(error), _) => {
                    let provider = mailbox.provider;
                    let meant = refusal::explain(error, provider).map(|known| format!(" → {}", known.text(t.code())));
                    (format!("{error}{}", meant.unwrap_or_default()), true)
                }
                (None, Some(at)) => (t.setup_fetched(seat.lens().exact(at)), false),
                (None, None) => (t.setup_mailbox_new_state().to_owned(), false),
            },
        };
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", &mailbox.name).finish();
        page.things.push(Thing {
            path: Some(format!("/settings/mailbox?{query}")),
            about: ways(mailbox),
            trial: mailbox.enabled.then(|| {
                trial(seat, &trials, &Subject::Mailbox(mailbox.name.clone()), t.trial_mailbox(), Some(mailbox))
            }),
            name: mailbox.name.clone(),
            state,
        });
    }
    if page.things.is_empty() {
        page.facts.push(t.setup_no_mailbox().to_owned());
    }
    page.add = Some((t.setup_mailbox_add().to_owned(), "/settings/mailbox".to_owned()));
    Ok(())
}

async fn notifiers(seat: &Seat, config: &TenantConfig, page: &mut SetupPage) -> Result<(), Refusal> {
    let t = seat.lang();
    let (rows, trials, incidents) =
        tokio::try_join!(seat.scope.plugins(), seat.scope.trials(), seat.scope.open_incidents())?;
    for row in rows.into_iter().filter(|row| row.plugin.world == World::Notifier) {
        let name = row.plugin.name;
        let entry = config.plugin(&name);
        let on = entry.is_none_or(|plugin| plugin.enabled);
        let cut_off = incidents.iter().find(|incident| incident.key.strip_prefix("plugin:") == Some(&name));
        let hosts: Vec<String> = row.plugin.grants.http.iter().map(|allowed| allowed.host.clone()).collect();
        let language = config.notice_language(&name);
        page.things.push(Thing {
            path: (seat.agent.role == Role::Admin).then(|| format!("/plugins/{name}")),
            about: format!(
                "{} {} · {language} · {}",
                entry.map_or(name.as_str(), |plugin| plugin.component()),
                row.plugin.version,
                hosts.join(", ")
            ),
            state: match cut_off {
                _ if !on => (t.setup_notifier_off().to_owned(), false),
                Some(incident) => (t.setup_notifier_cut_off(seat.lens().exact(incident.opened_at)), true),
                None => (t.setup_notifier_on().to_owned(), false),
            },
            trial: on.then(|| trial(seat, &trials, &Subject::Notifier(name.clone()), t.trial_notifier(), None)),
            name,
        });
    }
    if page.things.is_empty() {
        page.facts.push(t.setup_no_notifier().to_owned());
    }
    Ok(())
}

/// A number with its thousands apart.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The local calendar day, `2026-03-01`, as budgets are kept by.
fn day(config: &TenantConfig, at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::get(&config.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_microsecond(at.0).map(|at| at.to_zoned(zone).date().to_string()).unwrap_or_default()
}

async fn model(seat: &Seat, config: &TenantConfig, page: &mut SetupPage) -> Result<(), Refusal> {
    let t = seat.lang();
    let now = seat.desk.now();
    let (today, month_ago) = (day(config, now), day(config, now.minus(Duration::from_secs(29 * 86_400))));
    let (used, month, trials) = tokio::try_join!(
        seat.scope.model_use(&today),
        seat.scope.model_use_between(&month_ago, &today),
        seat.scope.trials()
    )?;
    if let Some(model) = &config.model {
        let spent = used.tokens_in.saturating_add(used.tokens_out);
        let budget = i64::try_from(model.tokens_per_day).unwrap_or(i64::MAX);
        page.facts.push(t.setup_spent_today(grouped(spent), grouped(budget), grouped(used.calls)));
        if let Some(price) = &model.price {
            let spent = format!("{} {}", Decimal(used.cost), price.currency);
            page.facts.push(match price.per_day {
                Some(most) => t.setup_cost_today_of(spent, format!("{most} {}", price.currency)),
                None => t.setup_cost_today(spent),
            });
            page.facts.push(t.setup_cost_month(format!("{} {}", Decimal(month.cost), price.currency)));
        }
        page.trial = Some(trial(seat, &trials, &Subject::Model, t.trial_model(), None));
    }
    if month.calls > 0 {
        let tokens = month.tokens_in.saturating_add(month.tokens_out);
        page.facts.push(t.setup_spent_month(
            grouped(tokens),
            grouped(month.tokens_in),
            grouped(month.tokens_out),
            grouped(month.calls),
        ));
    }
    Ok(())
}

async fn secrets(seat: &Seat, config: &TenantConfig) -> Result<SecretsPart, Refusal> {
    let (slug, id) = (&seat.tenant.tenant.slug, seat.tenant.id);
    let kept = seat.scope.secrets().await?;
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for place in config.secret_destinations() {
        used.entry(place.secret).or_default().insert(place.by);
    }
    let mut on = config.clone();
    on.mailboxes.retain(|mailbox| mailbox.enabled);
    on.plugins.retain(|plugin| plugin.enabled);
    let needed = on.secret_names();
    let names: BTreeSet<String> = used.keys().cloned().chain(kept.iter().map(|row| row.name.clone())).collect();
    let mut secrets = Vec::new();
    for name in names {
        let (look, problem) = match seat.desk.deps.secrets.look(id, slug, &name).await {
            Ok(look) => (look, None),
            Err(words) => (None, Some(words)),
        };
        let elsewhere = look.as_ref().is_some_and(|look| look.elsewhere);
        secrets.push(SecretLine {
            set_at: kept.iter().find(|row| row.name == name).map(|row| row.updated_at),
            elsewhere,
            missing: look.is_none() && problem.is_none() && needed.contains_key(&name),
            problem,
            hosts: look.map(|look| look.hosts).unwrap_or_default(),
            used_by: used.remove(&name).unwrap_or_default().into_iter().collect(),
            name,
        });
    }
    Ok(SecretsPart { secrets })
}

/// All pages, each with what stands there now.
pub(crate) async fn overview(seat: &Seat) -> Result<SetupList, Refusal> {
    let (t, config) = (seat.lang(), &seat.config);
    let (since, plugins) = tokio::try_join!(seat.scope.desk_settings(), seat.scope.plugins())?;
    let title = |name: &str| crate::load::list::queue_title(config, name, t);
    let now = |part: Part| match part {
        Part::Team => format!("{} · {} · {}", config.name, config.agent_language, config.time_zone),
        Part::Queues => config.queues.iter().map(|queue| title(&queue.name)).collect::<Vec<_>>().join(", "),
        Part::Mailboxes | Part::Mailbox => {
            config.mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect::<Vec<_>>().join(", ")
        }
        Part::Hours => match super::router(config, &plugins).and_then(|name| config.plugin(&name)) {
            Some(router) => {
                let hours = router.settings.get("hours").and_then(serde_json::Value::as_object);
                let days = hours.map(|hours| hours.keys().cloned().collect::<Vec<_>>().join(", "));
                days.unwrap_or_else(|| t.setup_around_the_clock().to_owned())
            }
            None => "–".to_owned(),
        },
        Part::Screening => match config.screen.keep_days {
            0 => t.screen_now_for_good().to_owned(),
            days => t.screen_now(days),
        },
        Part::Assign if config.assign.queues.is_empty() => t.assign_now_none().to_owned(),
        Part::Assign => config.assign.queues.iter().map(|queue| title(queue)).collect::<Vec<_>>().join(", "),
        Part::Escalation if config.escalation.is_empty() => t.rung_now_none().to_owned(),
        Part::Escalation => config.escalation.iter().map(|rung| rung.name.clone()).collect::<Vec<_>>().join(", "),
        Part::Automatic => t.setup_automatic_now(config.autonomy.review_percent, config.autonomy.undo_seconds),
        Part::Webhooks if config.webhooks.is_empty() => t.webhooks_none().to_owned(),
        Part::Webhooks => config.webhooks.iter().map(|webhook| webhook.name.clone()).collect::<Vec<_>>().join(", "),
        Part::SignIn => config
            .sign_in
            .oidc
            .as_ref()
            .map_or_else(|| t.setup_sign_in_now().to_owned(), posthouse_model::config::OidcConfig::title),
        Part::Review => t.setup_review_now(config.review.undo_seconds),
        Part::Macros => t.macros_now(config.macros.len()),
        Part::Notices if config.notify.notifiers.is_empty() => t.setup_nobody().to_owned(),
        Part::Notices => config.notify.notifiers.join(", "),
        Part::Watch => config
            .digest
            .as_ref()
            .map_or_else(|| t.setup_no_digest().to_owned(), |digest| t.setup_digest_now(digest.at)),
        Part::Model => config.model.as_ref().map_or_else(|| t.setup_no_model().to_owned(), |model| model.model.clone()),
        Part::Secrets => t.setup_secrets_now(config.secret_names().len()),
    };
    let listed = Part::LISTED.into_iter().filter(|part| *part != Part::Secrets || seat.agent.role == Role::Admin);
    Ok(SetupList {
        parts: listed.map(|part| (part, now(part))).collect(),
        since: since
            .into_iter()
            .map(|set| (set.path, set.changed_by.trim_start_matches("agent:").to_owned(), set.changed_at))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (12_345, "12,345")] {
            assert_eq!(grouped(number), text);
        }
    }
}
