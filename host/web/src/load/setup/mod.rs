//! The team's settings: from the set-up to forms, and from what was typed back to a set-up. What is typed is checked as
//! `posthouse tenant apply` checks a folder, by the same function; a page's part of the set-up is known by its hash, so that a form
//! made from something else than what is in force now changes nothing.

mod autonomy;
mod crew;
mod forms;
mod hours;
mod ladder;
mod macros;
mod mailbox;
mod model;
mod pages;
mod screen;
mod sign_in;
mod webhooks;
pub(crate) mod words;

pub(crate) use pages::{overview, page};

use crate::page::setup::{Control, Field, Group, Part};
use crate::request::Fields;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::config::{ConfigProblem, MailboxConfig, QueueConfig, TenantConfig};
use posthouse_model::decision::World;
use posthouse_store::{PluginRow, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a form needs to know besides the set-up.
pub(crate) struct Around {
    pub(crate) t: Lang,
    pub(crate) part: Part,
    /// The mailbox that the page is about; none: a new one.
    pub(crate) mailbox: Option<String>,
    /// Names of notifiers, in their order.
    notifiers: Vec<String>,
    /// The plugin that routes, where it is the bundled one.
    router: Option<String>,
    /// Those who can be given a ticket: address and name.
    agents: Vec<(String, String)>,
    /// Open tickets by queue.
    waiting: BTreeMap<String, i64>,
    /// This year, where the team is.
    year: i16,
}

impl Around {
    /// Looks around for a page.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn of(seat: &Seat, part: Part, mailbox: Option<String>) -> Result<Self, StoreError> {
        let plugins = seat.scope.plugins().await?;
        let waiting = match part {
            Part::Queues => seat.scope.counts(None).await?.by_queue,
            _ => BTreeMap::new(),
        };
        let agents = match part {
            Part::Macros | Part::Assign | Part::Escalation => seat.scope.agents().await?,
            _ => Vec::new(),
        };
        let agents = agents.into_iter().filter(|agent| agent.active && agent.role.may_act());
        let named = |name: String, email: &String| if name.trim().is_empty() { email.clone() } else { name };
        Ok(Self {
            agents: agents.map(|agent| (agent.email.clone(), named(agent.name, &agent.email))).collect(),
            t: seat.lang(),
            part,
            mailbox,
            notifiers: names(&plugins, World::Notifier),
            router: router(&seat.config, &plugins),
            waiting,
            year: jiff::Timestamp::from_microsecond(seat.desk.now().0)
                .map_or(1970, |now| now.to_zoned(seat.lens().zone).year()),
        })
    }

    /// Around the pages of [`crate::page::sample`].
    pub(crate) fn sample(t: Lang, part: Part) -> Self {
        let (notifiers, router) = (vec!["team".to_owned()], Some("router".to_owned()));
        Self { t, part, mailbox: None, notifiers, router, agents: Vec::new(), waiting: BTreeMap::new(), year: 2026 }
    }

    fn offered(&self) -> Vec<(String, String)> {
        self.notifiers.iter().map(|name| (name.clone(), name.clone())).collect()
    }
}

fn names(plugins: &[PluginRow], world: World) -> Vec<String> {
    plugins.iter().filter(|row| row.plugin.world == world).map(|row| row.plugin.name.clone()).collect()
}

/// The first router, if it is the one that comes with the host: of another one the settings mean something else.
fn router(config: &TenantConfig, plugins: &[PluginRow]) -> Option<String> {
    let name = names(plugins, World::Router).into_iter().next()?;
    (config.plugin(&name)?.component() == "router").then_some(name)
}

/// A secret that was typed, to be kept under a name and sent to these hosts only.
pub(crate) struct TypedSecret {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) hosts: Vec<String>,
}

/// What reading a form gave.
#[derive(Default)]
pub(crate) struct Read {
    /// Field and why it is refused.
    pub(crate) wrong: Vec<(String, String)>,
    /// Secrets.
    pub(crate) secrets: Vec<TypedSecret>,
    /// Secrets without which what is new cannot work.
    pub(crate) needed: Vec<String>,
    /// The field beside which each secret of the form is typed.
    pub(crate) beside: BTreeMap<String, String>,
}

impl Read {
    fn say(&mut self, field: impl Into<String>, words: impl Into<String>) {
        self.wrong.push((field.into(), words.into()));
    }
}

/// The part of the set-up that a page is about.
fn part_of(config: &TenantConfig, around: &Around) -> Value {
    match around.part {
        Part::Team => json!([config.name, config.agent_language, config.time_zone, config.categories]),
        Part::Queues => json!(config.queues),
        Part::Screening => json!(config.screen),
        Part::Assign => json!([config.assign, config.crew]),
        Part::Escalation => json!(config.escalation),
        Part::Automatic => json!([config.autonomy, config.automatic]),
        Part::Webhooks => json!(config.webhooks),
        Part::SignIn => json!(config.sign_in),
        Part::Review => json!(config.review),
        Part::Macros => json!(config.macros),
        Part::Notices => json!(config.notify),
        Part::Watch => json!([config.digest, config.heartbeat]),
        Part::Model => json!(config.model),
        Part::Mailbox => json!(around.mailbox.as_deref().and_then(|name| config.mailbox(name))),
        Part::Hours => {
            json!(around.router.as_deref().and_then(|name| config.plugin(name)).map(|plugin| &plugin.settings))
        }
        Part::Mailboxes | Part::Secrets => Value::Null,
    }
}

/// By what a form knows that it was made from what is in force.
pub(crate) fn base(config: &TenantConfig, around: &Around) -> String {
    hex::encode(&Sha256::digest(part_of(config, around).to_string())[..12])
}

/// Where something in the page's part was set last on the desk: who did it is told to whoever comes second.
pub(crate) fn touches(around: &Around, path: &str) -> bool {
    let starts = |begin: &str| path == begin || path.starts_with(&format!("{begin}."));
    match around.part {
        Part::Team => ["name", "agent_language", "time_zone", "categories"].iter().any(|begin| starts(begin)),
        Part::Queues => starts("queues") || starts("queue_order"),
        Part::Screening => starts("screen"),
        Part::Assign => starts("assign") || starts("crew"),
        Part::Escalation => starts("escalation"),
        Part::Automatic => starts("autonomy") || starts("automatic"),
        Part::Webhooks => starts("webhook"),
        Part::SignIn => starts("sign_in"),
        Part::Review => starts("review"),
        Part::Macros => starts("macros") || starts("macro_order"),
        Part::Notices => starts("notify"),
        Part::Watch => starts("digest") || starts("heartbeat"),
        Part::Model => starts("model"),
        Part::Mailbox => around.mailbox.as_deref().is_some_and(|name| starts(&format!("mailboxes.{name}"))),
        Part::Hours => around.router.as_deref().is_some_and(|name| starts(&format!("plugins.{name}.settings"))),
        Part::Mailboxes | Part::Secrets => false,
    }
}

/// The form of a page, holding what is in force; empty where there is nothing to set.
pub(crate) fn form(config: &TenantConfig, around: &Around) -> Vec<Group> {
    match around.part {
        Part::Team => forms::team(config, around.t),
        Part::Queues => forms::queues(config, around.t),
        Part::Screening => screen::form(config, around.t),
        Part::Assign => crew::form(config, around),
        Part::Escalation => ladder::form(config, around),
        Part::Automatic => autonomy::form(config, around.t),
        Part::Webhooks => webhooks::form(config, around.t),
        Part::SignIn => sign_in::form(config, around.t),
        Part::Review => forms::review(config, around.t),
        Part::Macros => macros::form(config, around),
        Part::Notices => forms::notices(config, around),
        Part::Watch => forms::watch(config, around),
        Part::Model => model::model(config, around.t),
        Part::Mailbox => mailbox::form(around.mailbox.as_deref().and_then(|name| config.mailbox(name)), around.t),
        Part::Hours => hours::form(config, around),
        Part::Secrets => forms::secret(around.t),
        Part::Mailboxes => Vec::new(),
    }
}

/// Puts what was typed into a set-up.
pub(crate) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around) -> Read {
    let mut read = Read::default();
    match around.part {
        Part::Team => forms::read_team(fields, config),
        Part::Queues => forms::read_queues(fields, config, around, &mut read),
        Part::Screening => screen::read(fields, config, around, &mut read),
        Part::Assign => crew::read(fields, config, around, &mut read),
        Part::Escalation => ladder::read(fields, config, around, &mut read),
        Part::Automatic => autonomy::read(fields, config, around.t, &mut read),
        Part::Webhooks => webhooks::read(fields, config, around, &mut read),
        Part::SignIn => sign_in::read(fields, config, around, &mut read),
        Part::Review => forms::read_review(fields, config, around.t, &mut read),
        Part::Macros => macros::read(fields, config, around, &mut read),
        Part::Notices => forms::read_notices(fields, config, around, &mut read),
        Part::Watch => forms::read_watch(fields, config, around, &mut read),
        Part::Model => model::read_model(fields, config, around.t, &mut read),
        Part::Mailbox => mailbox::read(fields, config, around, &mut read),
        Part::Hours => hours::read(fields, config, around, &mut read),
        Part::Secrets | Part::Mailboxes => {}
    }
    read
}

/// The form with what was typed in the place of what is in force.
pub(crate) fn typed(mut groups: Vec<Group>, fields: &Fields) -> Vec<Group> {
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        field.value = match &field.control {
            Control::Ticks(offered) => {
                let is_ticked = |value: &&String| !fields.get(&format!("{}:{value}", field.name)).is_empty();
                offered.iter().map(|(value, _)| value).filter(is_ticked).cloned().collect()
            }
            Control::Tick => vec![if fields.get(&field.name).is_empty() { String::new() } else { "1".to_owned() }],
            // What is typed into it is never shown again.
            Control::Hidden => vec![String::new()],
            Control::Lines(..) => vec![fields.text(&field.name)],
            Control::Line(..) | Control::Number(..) | Control::Choice(_) => vec![fields.line(&field.name)],
        };
    }
    groups
}

/// Beside each value that was typed what is in force instead, where that differs.
pub(crate) fn with_theirs(groups: &mut [Group], in_force: &[Group]) {
    let known: BTreeMap<&str, &Field> =
        in_force.iter().flat_map(|group| &group.fields).map(|field| (field.name.as_str(), field)).collect();
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        if let Some(theirs) = known.get(field.name.as_str()).filter(|theirs| theirs.value != field.value) {
            field.theirs = Some(theirs.shown()).filter(|shown| !shown.is_empty()).or_else(|| Some("–".to_owned()));
        }
    }
}

/// Puts problems of the set-up at the fields that they are about; the words of those that belong to none come back.
pub(crate) fn place(
    groups: &mut [Group],
    wrong: Vec<(String, String)>,
    problems: &[ConfigProblem],
    t: Lang,
    (now, next): (&TenantConfig, &TenantConfig),
) -> Vec<String> {
    let mut fields: Vec<&mut Field> = groups.iter_mut().flat_map(|group| &mut group.fields).collect();
    let mut nowhere = Vec::new();
    for (name, words) in wrong {
        match fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.wrong = Some(words),
            None => nowhere.push(words),
        }
    }
    for problem in problems {
        let path = by_name(&problem.path, now, next);
        let within = |field: &&mut &mut Field| {
            let at = field.path.as_str();
            !at.is_empty() && path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let words = words::problem(t, problem);
        match fields.iter_mut().filter(within).max_by_key(|field| field.path.len()) {
            Some(field) => field.wrong = Some(words),
            None => nowhere.push(format!("{path}: {words}")),
        }
    }
    nowhere
}

/// `queue[1].title` as `queue[returns].title`: what a person sees has no places. One that is only being made is `queue[]`: it stands
/// at the end.
fn by_name(path: &str, now: &TenantConfig, next: &TenantConfig) -> String {
    let lists = |config: &TenantConfig| -> [(&'static str, Vec<String>); 6] {
        [
            ("queue", config.queues.iter().map(|queue| queue.name.clone()).collect()),
            ("mailbox", config.mailboxes.iter().map(|mailbox| mailbox.name.clone()).collect()),
            ("plugin", config.plugins.iter().map(|plugin| plugin.name.clone()).collect()),
            ("crew", config.crew.iter().map(|one| one.agent.clone()).collect()),
            ("escalation", config.escalation.iter().map(|rung| rung.name.clone()).collect()),
            ("webhook", config.webhooks.iter().map(|webhook| webhook.name.clone()).collect()),
        ]
    };
    for ((list, names), (_, before)) in lists(next).into_iter().zip(lists(now)) {
        let Some((at, rest)) =
            path.strip_prefix(list).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.split_once(']'))
        else {
            continue;
        };
        let Some((at, name)) = at.parse::<usize>().ok().and_then(|at| Some((at, names.get(at)?))) else { continue };
        // Agents are there before they are given tickets: each has her fields.
        let is_new = list != "crew"
            && at + 1 == names.len()
            && (!before.contains(name) || names.iter().filter(|other| *other == name).count() > 1);
        return format!("{list}[{}]{rest}", if is_new { "" } else { name });
    }
    path.to_owned()
}

/// Queues with what they are called in the reader's language.
fn queues(config: &TenantConfig, t: Lang) -> Vec<(String, String)> {
    let title = |queue: &QueueConfig| queue.title.get(t.code()).unwrap_or(&queue.name).clone();
    config.queues.iter().map(|queue| (queue.name.clone(), title(queue))).collect()
}

/// Of what is offered, what is ticked: first what was, in the order it had.
fn ticked_as(fields: &Fields, name: &str, offered: &[String], before: &[String]) -> Vec<String> {
    let mut ticked = ticked(fields, name, offered);
    ticked.sort_by_key(|value| before.iter().position(|known| known == value).unwrap_or(usize::MAX));
    ticked
}

/// Of what is offered, what is ticked, in its order.
fn ticked(fields: &Fields, name: &str, offered: &[String]) -> Vec<String> {
    offered.iter().filter(|value| !fields.get(&format!("{name}:{value}")).is_empty()).cloned().collect()
}

/// Words between commas, of any script.
fn listed(line: &str) -> Vec<String> {
    line.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Lines that are not empty.
fn lines(fields: &Fields, name: &str) -> Vec<String> {
    fields.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A line, or nothing.
fn optional(fields: &Fields, name: &str) -> Option<String> {
    Some(fields.line(name)).filter(|line| !line.is_empty())
}

/// A whole number; what is none is refused at its field.
fn number<T: std::str::FromStr>(fields: &Fields, name: &str, t: Lang, read: &mut Read) -> Option<T> {
    let parsed = fields.line(name).parse().ok();
    if parsed.is_none() {
        read.say(name, t.setup_no_number());
    }
    parsed
}

/// As [`number`], and may be left out.
fn number_or_none<T: std::str::FromStr>(fields: &Fields, name: &str, t: Lang, read: &mut Read) -> Option<T> {
    if fields.line(name).is_empty() { None } else { number(fields, name, t, read) }
}

/// What a mailbox is, in a few words.
pub(crate) fn ways(mailbox: &MailboxConfig) -> String {
    let way_in = mailbox.imap.as_ref().map_or_else(|| "Maildir".to_owned(), |imap| format!("IMAP {}", imap.host));
    let way_out = mailbox.smtp.as_ref().map(|smtp| format!("SMTP {}", smtp.host));
    let ways: Vec<String> = std::iter::once(way_in).chain(way_out).collect();
    format!("{} · {}", mailbox.address, ways.join(" · "))
}
