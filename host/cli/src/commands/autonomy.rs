//! `posthouse autonomy show`, `promote`, `demote`, `stop`, `go`

use crate::failure::{Code, Failure, Result};
use crate::open::{Context, tenant};
use crate::output::{Style, Table, Terminal, age, safe, short};
use clap::{Args, Subcommand};
use posthouse_model::Timestamp;
use posthouse_model::autonomy::{Evidence, Level, Shortfall, may_promote};
use posthouse_model::config::TenantConfig;
use posthouse_model::event::Actor;
use posthouse_store::{AutonomyDraft, AutonomyRow, AutonomyStep, Scope, Stopped, Store, TenantRow};
use serde::Serialize;
use std::collections::BTreeSet;

/// What to do about categories that are answered by themselves.
#[derive(Subcommand, Debug)]
pub enum AutonomyCommand {
    /// Show how far each category is answered by itself, what was measured, and what the next step lacks
    Show(ShowArgs),
    /// Agree to the next step of a category
    Promote(PromoteArgs),
    /// Take a category back
    Demote(DemoteArgs),
    /// Stop all automatic replies at once, of a tenant or of the whole house
    Stop(StopArgs),
    /// Let automatic replies go on
    Go(GoArgs),
}

/// Options of `autonomy show`.
#[derive(Args, Debug)]
#[command(
    after_help = "With --json: {\"house_stop\", \"stop\", \"categories\": [{\"category\", \"level\", \"evidence\", \"lower_permille\", \"next\", \"lacks\"}],\n\"steps\": [], \"compared\": []}. `compared` is there with --category alone."
)]
pub struct ShowArgs {
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Only this one, with its history and what was compared last
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `autonomy promote`.
#[derive(Args, Debug)]
pub struct PromoteArgs {
    /// The category
    category: String,
    /// You have looked at the comparisons and agree; without it nothing changes
    #[arg(long)]
    agree: bool,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// Options of `autonomy demote`.
#[derive(Args, Debug)]
pub struct DemoteArgs {
    /// The category
    category: String,
    /// To which level: manual, suggested or sampled
    #[arg(long, default_value_t = Level::Suggested)]
    to: Level,
    /// Why, for the history
    #[arg(long, value_name = "WORDS", default_value = "")]
    reason: String,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// Options of `autonomy stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    /// All tenants of this host
    #[arg(long, conflicts_with = "tenant")]
    house: bool,
    /// Why, for the people at the desk
    #[arg(long, value_name = "WORDS", default_value = "")]
    reason: String,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// Options of `autonomy go`.
#[derive(Args, Debug)]
pub struct GoArgs {
    /// All tenants of this host that have not stopped themselves
    #[arg(long, conflicts_with = "tenant")]
    house: bool,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// No such tenant; evidence that is not good enough; a level that is none below.
pub async fn run(command: AutonomyCommand, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    match command {
        AutonomyCommand::Show(args) => show(&args, &store, context.clock.now(), terminal).await,
        AutonomyCommand::Promote(args) => promote(&args, &store, terminal).await,
        AutonomyCommand::Demote(args) => demote(&args, &store, terminal).await,
        AutonomyCommand::Stop(args) => stop(&args, &store, terminal).await,
        AutonomyCommand::Go(args) => go(&args, &store, terminal).await,
    }
}

/// One category as it is shown.
#[derive(Serialize)]
struct Shown {
    category: String,
    level: Level,
    evidence: Evidence,
    lower_permille: u32,
    next: Option<Level>,
    lacks: Vec<Shortfall>,
}

/// Everything that is shown.
#[derive(Serialize)]
struct Report {
    house_stop: Option<Stopped>,
    stop: Option<Stopped>,
    categories: Vec<Shown>,
    steps: Vec<AutonomyStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Vec<AutonomyDraft>>,
}

async fn show(args: &ShowArgs, store: &Store, now: Timestamp, terminal: &mut Terminal) -> Result {
    let row = tenant(store, args.tenant.as_deref()).await?;
    let report = report(args.category.as_deref(), store, &row).await?;
    if args.json {
        terminal.json(&report)?;
        return Ok(Code::Ok);
    }
    for (stop, whose) in [(&report.house_stop, "of all tenants "), (&report.stop, "")] {
        if let Some(stop) = stop {
            let words = if stop.reason.is_empty() { String::new() } else { format!(": {}", safe(&stop.reason)) };
            let line = format!(
                "automatic replies {whose}are stopped by {} since {} ago{words}",
                stop.by,
                age(now.since(stop.at))
            );
            terminal.line(terminal.paint(Style::Bad, &line))?;
        }
    }
    if report.categories.is_empty() {
        terminal.line("nothing has been compared yet")?;
        return Ok(Code::Ok);
    }
    let mut table =
        Table::new(&["category", "level", "compared", "unchanged", "edited", "not sent", "at least", "next step"])
            .right(&[2, 3, 4, 5, 6]);
    for shown in &report.categories {
        let e = shown.evidence;
        let plain = |text: String| (Style::Plain, text);
        let next = match (shown.next, shown.lacks.first()) {
            (Some(next), _) => (Style::Good, format!("ready for {next}")),
            (None, Some(lacks)) => plain(said(lacks)),
            (None, None) => plain(String::new()),
        };
        table.row([
            (Style::Bold, short(&shown.category, 24)),
            plain(shown.level.to_string()),
            plain(e.compared().to_string()),
            plain(percent(e.permille(e.unchanged))),
            plain(percent(e.permille(e.edited()))),
            plain(percent(e.permille(e.rejected))),
            plain(percent(shown.lower_permille)),
            next,
        ]);
    }
    terminal.table(&table)?;
    for step in &report.steps {
        let ticket = step.number.map(|number| format!(", ticket #{number}")).unwrap_or_default();
        let line = format!(
            "{} {}: {} → {} ({}{ticket}) by {}",
            step.at.to_rfc3339(),
            step.category,
            step.was,
            step.became,
            step.cause,
            step.actor
        );
        terminal.line(terminal.paint(Style::Dim, &line))?;
    }
    for draft in report.compared.iter().flatten() {
        let never: Vec<&str> = draft.never.iter().map(|never| never.as_str()).collect();
        let aside = if never.is_empty() { String::new() } else { format!(" (not counted: {})", never.join(", ")) };
        terminal.line(format!(
            "#{} {}, {} % of the words changed{aside}: {}",
            draft.number,
            draft.compared,
            draft.changed,
            short(&safe(&draft.subject), 48)
        ))?;
    }
    Ok(Code::Ok)
}

/// Steps and comparisons that are shown.
const SHOWN_MAX: u32 = 20;

async fn report(category: Option<&str>, store: &Store, row: &TenantRow) -> Result<Report> {
    let scope = store.tenant(row.id);
    let config = config(row)?;
    let (levels, evidence) = (scope.autonomy_levels().await?, scope.autonomy_evidence().await?);
    let mut names: BTreeSet<String> = levels.iter().map(|level| level.category.clone()).collect();
    names.extend(evidence.keys().cloned());
    names.extend(category.map(str::to_owned));
    names.retain(|name| category.is_none_or(|only| only == name));
    let level_of = |name: &str| {
        levels.iter().find(|row: &&AutonomyRow| row.category == name).map_or(Level::Manual, |row| row.level)
    };
    let categories = names
        .into_iter()
        .map(|name| {
            let (level, evidence) = (level_of(&name), evidence.get(&name).copied().unwrap_or_default());
            let next = may_promote(level, evidence, &config.autonomy);
            Shown {
                category: name,
                level,
                evidence,
                lower_permille: evidence.bound(&config.autonomy).lower_permille(),
                next: next.as_ref().ok().copied(),
                lacks: next.err().unwrap_or_default(),
            }
        })
        .collect();
    let compared = match category {
        Some(category) => Some(scope.autonomy_drafts(category, SHOWN_MAX).await?),
        None => None,
    };
    Ok(Report {
        house_stop: store.house_autonomy_stop().await?,
        stop: scope.autonomy_stop().await?,
        categories,
        steps: scope.autonomy_steps(category, SHOWN_MAX).await?,
        compared,
    })
}

fn config(row: &TenantRow) -> Result<TenantConfig> {
    serde_json::from_value(row.tenant.settings.clone())
        .map_err(|error| Failure::new(format!("the set-up of `{}` cannot be read: {error}", row.tenant.slug)))
}

async fn promote(args: &PromoteArgs, store: &Store, terminal: &mut Terminal) -> Result {
    let scope = scope(store, args.tenant.as_deref()).await?;
    let level = scope.autonomy_level(&args.category).await?.level;
    if !args.agree {
        return Err(Failure::usage(format!("`{}` is {level}: a step up needs your consent", args.category))
            .mend(format!("look at `posthouse autonomy show --category {}`, then say --agree", args.category)));
    }
    let mut tx = scope.begin_durable().await?;
    let next = tx.promote_autonomy(&args.category, level, &Actor::Operator).await?;
    tx.commit().await?;
    terminal.line(format!("{}: {level} → {next}", args.category))?;
    Ok(Code::Ok)
}

async fn demote(args: &DemoteArgs, store: &Store, terminal: &mut Terminal) -> Result {
    let scope = scope(store, args.tenant.as_deref()).await?;
    let level = scope.autonomy_level(&args.category).await?.level;
    let mut tx = scope.begin_durable().await?;
    tx.take_back_autonomy(&args.category, args.to, &args.reason, &Actor::Operator).await?;
    tx.commit().await?;
    terminal.line(format!("{}: {level} → {}", args.category, args.to))?;
    Ok(Code::Ok)
}

async fn stop(args: &StopArgs, store: &Store, terminal: &mut Terminal) -> Result {
    if args.house {
        store.stop_house_autonomy(&args.reason, &Actor::Operator).await?;
        terminal.line("the automatic replies of all tenants are stopped")?;
        return Ok(Code::Ok);
    }
    let row = tenant(store, args.tenant.as_deref()).await?;
    let mut tx = store.tenant(row.id).begin_durable().await?;
    tx.stop_autonomy(&args.reason, &Actor::Operator).await?;
    tx.commit().await?;
    terminal.line(format!("the automatic replies of `{}` are stopped", row.tenant.slug))?;
    Ok(Code::Ok)
}

async fn go(args: &GoArgs, store: &Store, terminal: &mut Terminal) -> Result {
    let said = |were: bool| if were { "go on" } else { "were not stopped" };
    if args.house {
        let were = store.resume_house_autonomy(&Actor::Operator).await?;
        terminal.line(format!("the automatic replies of all tenants {}", said(were)))?;
        return Ok(Code::Ok);
    }
    let row = tenant(store, args.tenant.as_deref()).await?;
    let mut tx = store.tenant(row.id).begin().await?;
    let were = tx.resume_autonomy(&Actor::Operator).await?;
    tx.commit().await?;
    terminal.line(format!("the automatic replies of `{}` {}", row.tenant.slug, said(were)))?;
    if store.house_autonomy_stop().await?.is_some() {
        terminal.caution("all tenants of this host are stopped: `posthouse autonomy go --house` lets them go on");
    }
    Ok(Code::Ok)
}

async fn scope(store: &Store, slug: Option<&str>) -> Result<Scope> {
    Ok(store.tenant(tenant(store, slug).await?.id))
}

fn percent(permille: u32) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// What a step lacks, in a few words.
fn said(lacks: &Shortfall) -> String {
    match lacks {
        Shortfall::AtTheTop => String::new(),
        Shortfall::TooFew { have, need } => format!("{have} of {need} comparisons"),
        Shortfall::Share { need_percent, .. } => format!("at least {need_percent} % unchanged"),
        Shortfall::Rejected { most_percent, .. } => format!("at most {most_percent} % not sent"),
    }
}
