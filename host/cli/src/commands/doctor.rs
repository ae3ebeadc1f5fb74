//! `posthouse doctor`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::Context;
use crate::output::{Style, Terminal, bytes, safe};
use crate::setup::host::HostConfig;
use crate::system::Room;
use clap::Args;
use posthouse_ai::budget;
use posthouse_mail::dns::{Dns, NoDns};
use posthouse_model::config::Decimal;
use posthouse_model::decision::World;
use posthouse_model::trial::Step;
use posthouse_pipeline::tenant::Tenant;
use posthouse_pipeline::{House, screening, trial};
use posthouse_store::{JobState, StoreTrouble};
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Options of `doctor`.
#[derive(Args, Debug)]
#[command(
    after_help = "Connects to every mailbox, mail server, model and notifier, and says what is wrong and what to do. Nothing is sent to\n\
    customers. Each notifier tells its group that this is a test, and each model is asked one short question, unless\n\
    --no-notifiers and --no-models say otherwise. Exit code 1 when something is wrong."
)]
pub struct DoctorArgs {
    /// Only this tenant
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Send no test message to chat groups
    #[arg(long)]
    no_notifiers: bool,
    /// Ask models nothing
    #[arg(long)]
    no_models: bool,
    /// Do not look at SPF, DKIM and DMARC
    #[arg(long, conflicts_with = "dns")]
    no_dns: bool,
    /// Ask this name server for them: an address, or address:port [default: this machine's]
    #[arg(long, value_name = "ADDRESS", value_parser = name_server)]
    dns: Option<SocketAddr>,
    /// Show every step of what works as well
    #[arg(long)]
    steps: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn name_server(text: &str) -> std::result::Result<SocketAddr, String> {
    let alone = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    text.parse().or_else(|_| alone()).map_err(|_| "write an address such as 192.0.2.53 or 192.0.2.53:53".to_owned())
}

/// One thing looked at.
#[derive(Serialize)]
struct Finding {
    /// None: the host itself.
    tenant: Option<String>,
    /// `database`, `mailbox support`, `notifier feishu` …
    what: String,
    ok: bool,
    /// What was found, or what is wrong.
    words: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    /// What was done, in order, up to what failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

/// Looks at everything.
///
/// # Errors
/// The set-up cannot be used at all.
pub async fn run(args: DoctorArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let mut findings = Vec::new();
    disk(&context.host()?, &mut findings);
    let opened = match context.open().await {
        Ok(opened) => opened,
        // What cannot be opened at all is a finding like any other, beside what may be its cause.
        Err(failure) if failure.problems.is_empty() => {
            let Failure { what, mend, .. } = failure;
            findings.push(Finding {
                tenant: None,
                what: "database".to_owned(),
                ok: false,
                words: what,
                mend,
                duration_ms: None,
                steps: Vec::new(),
            });
            tell_all(&args, &findings, terminal)?;
            return Ok(Code::Problem);
        }
        Err(failure) => return Err(failure),
    };
    database(&opened.store, &mut findings).await;
    let dirs = context.finder(Some(&opened.host));
    let bundled = dirs.all().len();
    findings.push(host("bundled plugins", bundled > 0, format!("{bundled} found"), || {
        "build them with `cargo xtask plugins`, or name their folder with --plugins-dir or plugins.dir".to_owned()
    }));
    let house = house::house(context, &opened, "doctor")?;
    house.refresh().await?;
    if let Some(slug) = &args.tenant {
        opened.tenant(Some(slug)).await?;
    }
    let mut dns = (!args.no_dns).then(|| args.dns.map_or_else(Dns::system, Dns::at));
    for tenant in house.tenants() {
        if args.tenant.as_deref().is_none_or(|slug| slug == tenant.slug()) {
            examine(&args, &house, &tenant, dns.as_mut(), &mut findings).await;
        }
    }
    let all_well = findings.iter().all(|finding| finding.ok);
    tell_all(&args, &findings, terminal)?;
    opened.store.close().await;
    Ok(if all_well { Code::Ok } else { Code::Problem })
}

fn tell_all(args: &DoctorArgs, findings: &[Finding], terminal: &mut Terminal) -> Result<()> {
    if args.json { terminal.json(&findings) } else { print(findings, args.steps, terminal) }
}

fn disk(set_up: &HostConfig, findings: &mut Vec<Finding>) {
    let Some(room) = Room::of(&set_up.data_dir) else { return };
    let words = format!("{} left of {} where {} is", bytes(room.free), bytes(room.size), set_up.data_dir.display());
    findings.push(host("disk", !room.is_low(), words, || StoreTrouble::DiskFull.mend().to_owned()));
}

fn host(what: &str, ok: bool, words: String, mend: impl FnOnce() -> String) -> Finding {
    Finding {
        tenant: None,
        what: what.to_owned(),
        ok,
        words,
        mend: (!ok).then(mend),
        duration_ms: None,
        steps: Vec::new(),
    }
}

async fn database(store: &posthouse_store::Store, findings: &mut Vec<Finding>) {
    findings.push(match store.ping().await {
        Ok(()) => {
            let size = store.size_bytes().await.unwrap_or(0);
            let size = bytes(u64::try_from(size).unwrap_or(0));
            host("database", true, format!("{}, {size}, can be read and written", store.kind()), String::new)
        }
        Err(error) => host("database", false, error.to_string(), || {
            let trouble = error.trouble().unwrap_or(StoreTrouble::Failing);
            trouble.mend().to_owned()
        }),
    });
}

fn plugins(tenant: &Tenant, findings: &mut Vec<Finding>) {
    let mut say = |what: String, ok: bool, words: String, mend: Option<String>, duration_ms: Option<u64>| {
        let tenant = Some(tenant.slug().to_owned());
        let mend = mend.filter(|_| !ok);
        findings.push(Finding { tenant, what, ok, words: safe(&words), mend, duration_ms, steps: Vec::new() });
    };
    for installed in tenant.all_plugins() {
        let row = &installed.row.plugin;
        let what = format!("{} {}", row.world, row.name);
        match installed.plugin() {
            Ok(_) if row.world != World::Notifier => {
                say(what, true, format!("version {} loads", row.version), None, None)
            }
            Ok(_) => {}
            Err(reason) => {
                let mend = "mend its settings or grants in tenant.toml and apply the tenant again".to_owned();
                say(what, false, reason.to_owned(), Some(mend), None);
            }
        }
    }
}

async fn examine(
    args: &DoctorArgs,
    house: &House,
    tenant: &Arc<Tenant>,
    dns: Option<&mut std::result::Result<Dns, NoDns>>,
    findings: &mut Vec<Finding>,
) {
    let mut dns = dns;
    plugins(tenant, findings);
    for mailbox in tenant.mailboxes() {
        let mut looked = trial::mailbox::look(house, tenant, mailbox).await;
        if let Some(dns) = dns.as_deref_mut() {
            looked.extend(trial::mailbox::look_at_domain(dns, &mailbox.config).await);
        }
        findings.extend(looked.into_iter().map(|looked| of_tenant(tenant, looked)));
    }
    let mut say = |what: String, ok: bool, words: String, mend: Option<String>, duration_ms: Option<u64>| {
        let tenant = Some(tenant.slug().to_owned());
        let mend = mend.filter(|_| !ok);
        findings.push(Finding { tenant, what, ok, words: safe(&words), mend, duration_ms, steps: Vec::new() });
    };
    if let Some(config) = &tenant.config.screen.rspamd {
        let (ok, words) = match screening::rspamd::try_out(house, tenant, config).await {
            Ok(verdict) => (true, format!("{} answers: {}", config.url, verdict.words())),
            Err(error) => (false, format!("{}: {error}", config.url)),
        };
        let mend = "mail is triaged without it meanwhile; start it, or mend screen.rspamd in tenant.toml and apply the tenant again";
        say("rspamd".to_owned(), ok, words, Some(mend.to_owned()), None);
    }
    if let Some(config) = tenant.config.screen.rspamd.as_ref().filter(|config| config.learn) {
        let url = config.teacher().url;
        let (ok, words) = match screening::rspamd::try_teaching(house, tenant, config).await {
            Ok(()) => (true, format!("{url} would learn")),
            Err(error) => (false, format!("{url}: {error}")),
        };
        let mend =
            "it learns nothing meanwhile; mend screen.rspamd.learn_url or its password and apply the tenant again";
        say("rspamd, teaching".to_owned(), ok, words, Some(mend.to_owned()), None);
    }
    if let (Some(config), false) = (&tenant.config.model, args.no_models) {
        for found in trial::models(house, tenant, config).await.0 {
            say(found.what, found.ok, found.words, found.mend, None);
        }
    }
    if let Some(config) = &tenant.config.model {
        let day = budget::day(house.now(), &tenant.config.time_zone);
        let (ok, words) = match tenant.scope.model_use(&day).await {
            Ok(used) => {
                let spent = used.tokens_in.saturating_add(used.tokens_out);
                let price = config.price.as_ref();
                let most = price.and_then(|price| price.per_day);
                let is_left = u64::try_from(spent).unwrap_or(0) < config.tokens_per_day
                    && most.is_none_or(|most| used.cost < most.0);
                let money = price.map(|price| {
                    let of = most.map(|most| format!(" of {most}")).unwrap_or_default();
                    format!(", {}{of} {}", Decimal(used.cost), price.currency)
                });
                let calls = if used.calls == 1 { "1 call".to_owned() } else { format!("{} calls", used.calls) };
                (
                    is_left,
                    format!(
                        "{spent} of {} tokens used on {day}, in {calls}{}",
                        config.tokens_per_day,
                        money.unwrap_or_default()
                    ),
                )
            }
            Err(error) => (false, error.to_string()),
        };
        let mend = "templates stand in until the next day; raise model.tokens_per_day (or model.price.per_day) in tenant.toml and apply it to go on today";
        say("model budget".to_owned(), ok, words, Some(mend.to_owned()), None);
    }
    for installed in tenant.plugins(World::Notifier).filter(|i| i.plugin().is_ok() && !args.no_notifiers) {
        let (found, _) = trial::notifier(house, tenant, installed).await;
        say(found.what, found.ok, found.words, found.mend, found.duration_ms);
    }
    match tenant.scope.jobs(JobState::Failed).await {
        Ok(failed) if failed.is_empty() => {}
        Ok(failed) => {
            let newest =
                failed.last().and_then(|job| job.errors.last()).map(|error| error.reason.clone()).unwrap_or_default();
            let words = format!("{} given up; the newest: {newest}", failed.len());
            say("jobs".to_owned(), false, words, Some("their messages and replies are on the desk".to_owned()), None);
        }
        Err(error) => say("jobs".to_owned(), false, error.to_string(), None, None),
    }
}

fn of_tenant(tenant: &Tenant, found: trial::Found) -> Finding {
    let trial::Found { what, ok, words, mend, duration_ms, steps } = found;
    let safe_step = |step: Step| Step { words: safe(&step.words), ..step };
    Finding {
        tenant: Some(tenant.slug().to_owned()),
        what,
        ok,
        words: safe(&words),
        mend: mend.map(|mend| safe(&mend)),
        duration_ms,
        steps: steps.into_iter().map(safe_step).collect(),
    }
}

fn print(findings: &[Finding], steps: bool, terminal: &mut Terminal) -> Result<()> {
    let mut heading: Option<&Option<String>> = None;
    for finding in findings {
        if heading != Some(&finding.tenant) {
            if heading.is_some() {
                terminal.line("")?;
            }
            let title = finding.tenant.as_deref().unwrap_or("host");
            let title = terminal.paint(Style::Bold, title);
            terminal.line(title)?;
            heading = Some(&finding.tenant);
        }
        let mark = if finding.ok { terminal.paint(Style::Good, "ok  ") } else { terminal.paint(Style::Bad, "BAD ") };
        let time = finding.duration_ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
        terminal.line(format!("  {mark}{}: {}{time}", finding.what, finding.words))?;
        // What went well before something failed narrows down why.
        for step in finding.steps.iter().filter(|step| steps || (!finding.ok && step.ok)) {
            let mark = if step.ok { "ok " } else { "BAD" };
            let line = format!("      {mark} {}: {} ({} ms)", step.name, step.words, step.duration_ms);
            let line = terminal.paint(Style::Dim, &line);
            terminal.line(line)?;
        }
        if let Some(mend) = &finding.mend {
            let mend = terminal.paint(Style::Dim, &format!("      → {mend}"));
            terminal.line(mend)?;
        }
    }
    Ok(())
}
