//! `posthouse ticket list`, `show`

use crate::failure::{Code, Failure, Result};
use crate::open::{Context, tenant};
use crate::output::{Style, Table, Terminal, age, safe, short};
use clap::{Args, Subcommand, ValueEnum};
use posthouse_model::Timestamp;
use posthouse_model::draft::DraftOrigin;
use posthouse_model::mail::Address;
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_model::triage::{Evidence, Urgency};
use posthouse_store::{Assigned, Scope, TicketDetail, TicketQuery, TicketRow, TicketSort, TicketSummary};
use std::collections::BTreeMap;

/// What to do with tickets.
#[derive(Subcommand, Debug)]
pub enum TicketCommand {
    /// List tickets, what is due first at the top
    List(ListArgs),
    /// Show one ticket: its mails, drafts, what was found and why
    Show(ShowArgs),
}

/// Options of `ticket list`.
#[derive(Args, Debug)]
#[command(
    after_help = "With --json: {\"rows\": [], \"next\": null}; `next` goes into --after for the next page. Times are microseconds since\n1970-01-01T00:00:00Z."
)]
pub struct ListArgs {
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// new, waiting, snoozed, sent, handled, spam, automatic; several with commas [default: new,waiting,snoozed]
    #[arg(long, value_delimiter = ',')]
    status: Vec<TicketStatus>,
    /// Of any status
    #[arg(long, conflicts_with = "status")]
    all: bool,
    /// In this queue
    #[arg(long)]
    queue: Option<String>,
    /// Of this category
    #[arg(long)]
    category: Option<String>,
    /// low, medium, high or urgent
    #[arg(long)]
    urgency: Option<Urgency>,
    /// In this language (BCP 47)
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Assigned to this person, or `nobody`
    #[arg(long, value_name = "EMAIL")]
    assignee: Option<String>,
    /// Past their deadline
    #[arg(long)]
    overdue: bool,
    /// With these words in subject, text, customer or number
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// In which order
    #[arg(long, value_enum, default_value_t = Sort::Due)]
    sort: Sort,
    /// At most so many, up to 200
    #[arg(long, default_value_t = TicketQuery::LIMIT_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on after a page
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Order of a list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Sort {
    /// What should be done first
    Due,
    /// Highest priority first
    Priority,
    /// Newest mail first
    Newest,
    /// Oldest mail first
    Oldest,
}

/// Options of `ticket show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The ticket's number
    number: i64,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists or shows tickets.
///
/// # Errors
/// No such tenant, person or ticket.
pub async fn run(command: TicketCommand, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let store = context.store(&host).await?;
    match command {
        TicketCommand::List(args) => {
            let tenant = tenant(&store, args.tenant.as_deref()).await?;
            list(args, &store.tenant(tenant.id), context.clock.now(), terminal).await
        }
        TicketCommand::Show(args) => {
            let tenant = tenant(&store, args.tenant.as_deref()).await?;
            let link = format!("{}/t/{}/tickets/{}", host.public_url, tenant.tenant.slug, args.number);
            show(&args, &store.tenant(tenant.id), context.clock.now(), &link, terminal).await
        }
    }
}

async fn list(args: ListArgs, scope: &Scope, now: Timestamp, terminal: &mut Terminal) -> Result {
    let agents = scope.agents().await?;
    let assigned = match args.assignee.as_deref() {
        None => None,
        Some("nobody") => Some(Assigned::Nobody),
        Some(email) => match scope.agent_by_email(email).await? {
            Some(agent) => Some(Assigned::To(agent.id)),
            None => {
                let known = agents.iter().map(|agent| agent.email.as_str()).collect::<Vec<_>>().join(", ");
                return Err(Failure::new(format!("nobody signs in as {email}")).mend(format!("there are: {known}")));
            }
        },
    };
    let open = || TicketStatus::ALL.iter().copied().filter(|status| status.is_open()).collect();
    let query = TicketQuery {
        status: if args.status.is_empty() && !args.all { open() } else { args.status },
        queue: args.queue,
        category: args.category,
        urgency: args.urgency,
        language: args.language,
        assigned,
        overdue: args.overdue,
        text: args.text,
        sort: match args.sort {
            Sort::Due => TicketSort::Due,
            Sort::Priority => TicketSort::Priority,
            Sort::Newest => TicketSort::Newest,
            Sort::Oldest => TicketSort::Oldest,
        },
        after: args.after,
        limit: args.limit,
        ..TicketQuery::default()
    };
    let page = scope.tickets(&query).await?;
    if args.json {
        terminal.json(&page)?;
        return Ok(Code::Ok);
    }
    if page.rows.is_empty() {
        terminal.line("no ticket fits")?;
        return Ok(Code::Ok);
    }
    let names: BTreeMap<_, _> = agents.iter().map(|agent| (agent.id, agent.name.as_str())).collect();
    let mut table =
        Table::new(&["", "status", "urgency", "category", "queue", "due", "age", "customer", "subject"]).right(&[0]);
    for row in &page.rows {
        table.row(cells(row, now, row.assignee.and_then(|id| names.get(&id).copied())));
    }
    terminal.table(&table)?;
    if let Some(next) = &page.next {
        terminal.note(format!("there are more: --after {next}"));
    }
    if page.cut {
        terminal.note("there may be more than a search lists: add a word to narrow it");
    }
    Ok(Code::Ok)
}

fn cells(row: &TicketSummary, now: Timestamp, assignee: Option<&str>) -> Vec<(Style, String)> {
    let plain = |text: String| (Style::Plain, text);
    let urgency = row.urgency.map_or("", Urgency::as_str).to_owned();
    let urgency_style = if row.urgency == Some(Urgency::Urgent) { Style::Bad } else { Style::Plain };
    let due = match row.deadline {
        Some(at) if at < now => (Style::Bad, format!("{} late", age(now.since(at)))),
        Some(at) => plain(age(at.since(now))),
        None => plain(String::new()),
    };
    let status = match assignee {
        Some(name) => format!("{} ({})", row.status, short(name, 12)),
        None => row.status.to_string(),
    };
    vec![
        (Style::Bold, format!("#{}", row.number)),
        plain(status),
        (urgency_style, urgency),
        plain(row.category.clone().unwrap_or_default()),
        plain(row.queue.clone().unwrap_or_default()),
        due,
        (Style::Dim, age(now.since(row.last_message_at))),
        plain(short(&person(&row.customer), 24)),
        plain(short(&row.subject, 48)),
    ]
}

fn person(address: &Address) -> String {
    address.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| address.address.clone())
}

async fn show(args: &ShowArgs, scope: &Scope, now: Timestamp, link: &str, terminal: &mut Terminal) -> Result {
    let detail = scope.ticket_detail(args.number).await?;
    if args.json {
        terminal.json(&detail)?;
        return Ok(Code::Ok);
    }
    let ticket = &detail.ticket;
    let title = format!("#{} {}", ticket.number, short(&ticket.subject, 90));
    terminal.line(terminal.paint(Style::Bold, &title))?;
    terminal.line(format!("{} <{}>", short(&person(&ticket.customer), 60), short(&ticket.customer.address, 80)))?;
    terminal.line(terminal.paint(Style::Dim, link))?;
    terminal.line("")?;
    terminal.table(&facts(ticket, now))?;
    why(&detail, terminal)?;
    mails(&detail, terminal)?;
    drafts(&detail, terminal)?;
    outbox(&detail, terminal)?;
    Ok(Code::Ok)
}

fn facts(ticket: &TicketRow, now: Timestamp) -> Table {
    let mut table = Table::default();
    let mut say = |label: &str, text: String| {
        if !text.is_empty() {
            table.row([(Style::Dim, label.to_owned()), (Style::Plain, short(&text, 100))]);
        }
    };
    let status = ticket
        .closed_reason
        .as_ref()
        .map_or_else(|| ticket.status.to_string(), |why| format!("{}: {why}", ticket.status));
    say("status", status);
    let sure = ticket.category_confidence.map(|c| format!(" ({:.0} % sure)", c * 100.0)).unwrap_or_default();
    say("category", ticket.category.as_ref().map(|c| format!("{c}{sure}")).unwrap_or_default());
    say("urgency", ticket.urgency.map(|u| u.to_string()).unwrap_or_default());
    say("sentiment", ticket.sentiment.map(|s| s.to_string()).unwrap_or_default());
    say("language", ticket.language.clone().unwrap_or_default());
    say("queue", ticket.queue.as_ref().map(|q| format!("{q}, priority {}", ticket.priority)).unwrap_or_default());
    let due = ticket.deadline.map(|at| {
        let relative =
            if at < now { format!("{} late", age(now.since(at))) } else { format!("in {}", age(at.since(now))) };
        format!("{} ({relative})", at.to_rfc3339())
    });
    say("due", due.unwrap_or_default());
    let entities: Vec<_> = ticket.entities.iter().map(|e| format!("{} {}", e.value.kind(), e.value.text())).collect();
    say("found", entities.join(", "));
    say("missing", ticket.missing.join(", "));
    say(
        "risks",
        ticket.risks.iter().map(|risk| format!("{}: {}", risk.kind, risk.reason)).collect::<Vec<_>>().join("; "),
    );
    say("tags", ticket.tags.join(", "));
    say(
        "facts",
        ticket.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect::<Vec<_>>().join("; "),
    );
    table
}

fn heading(terminal: &mut Terminal, text: &str) -> Result<()> {
    terminal.line("")?;
    terminal.line(terminal.paint(Style::Bold, text))
}

fn why(detail: &TicketDetail, terminal: &mut Terminal) -> Result<()> {
    if detail.decisions.is_empty() {
        return Ok(());
    }
    heading(terminal, "why here")?;
    let mut table = Table::default();
    for decision in &detail.decisions {
        let record = &decision.record;
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let time = format!("{:.1} ms", record.cost.duration_us as f64 / 1_000.0);
        let result =
            record.error.as_ref().map_or((Style::Plain, "answered".to_owned()), |why| (Style::Bad, short(why, 70)));
        let digest = record.digest.get(..12).unwrap_or(&record.digest).to_owned();
        let plain = |text: String| (Style::Plain, text);
        table.row([
            plain(record.world.to_string()),
            plain(record.plugin.clone()),
            (Style::Dim, format!("{} {digest}", record.version)),
            (Style::Dim, time),
            result,
        ]);
    }
    terminal.table(&table)?;
    for evidence in &detail.ticket.evidence {
        let text = match evidence {
            Evidence::Match { rule, words, .. } => format!("{rule}: “{}”", short(words, 60)),
            Evidence::Text { text } => short(text, 90),
        };
        terminal.line(format!("  {text}"))?;
    }
    Ok(())
}

fn mails(detail: &TicketDetail, terminal: &mut Terminal) -> Result<()> {
    for message in &detail.messages {
        let way = match message.direction {
            Direction::Incoming => "from",
            Direction::Outgoing => "to",
        };
        let who = match message.direction {
            Direction::Incoming => message.read.from.as_ref(),
            Direction::Outgoing => message.read.to.first(),
        };
        let who = who.map(|address| address.address.clone()).unwrap_or_default();
        heading(terminal, &format!("{way} {} · {}", short(&who, 60), message.at.to_rfc3339()))?;
        terminal.line(safe(message.read.reply_text.trim()))?;
        for file in &message.read.attachments {
            let name = short(file.name.as_deref().unwrap_or("(no name)"), 60);
            terminal.line(terminal.paint(Style::Dim, &format!("[{name}, {}]", crate::output::bytes(file.size))))?;
        }
    }
    Ok(())
}

fn drafts(detail: &TicketDetail, terminal: &mut Terminal) -> Result<()> {
    for draft in &detail.drafts {
        let origin = match draft.origin {
            DraftOrigin::Template => "from a template",
            DraftOrigin::Model => "written by the model",
            DraftOrigin::Agent => "written by a person",
        };
        heading(terminal, &format!("draft {}, revision {}, {origin}", draft.position, draft.revision))?;
        terminal.line(safe(draft.proposal.body.trim()))?;
        if !draft.proposal.unfilled.is_empty() {
            terminal.line(
                terminal.paint(Style::Caution, &format!("to be filled in: {}", draft.proposal.unfilled.join(", "))),
            )?;
        }
        for check in &draft.checks {
            let style = if check.blocks { Style::Bad } else { Style::Caution };
            terminal.line(terminal.paint(style, &format!("{}: {}", check.code, short(&check.reason, 90))))?;
        }
    }
    Ok(())
}

fn outbox(detail: &TicketDetail, terminal: &mut Terminal) -> Result<()> {
    for row in &detail.outbox {
        heading(terminal, &format!("reply approved by {}: {}", row.approved_by, row.state))?;
        for recipient in &row.recipients {
            let words = recipient.words.as_deref().map(|words| format!(", {}", short(words, 80))).unwrap_or_default();
            terminal.line(format!("  {}: {}{words}", short(&recipient.address.address, 60), recipient.state))?;
        }
        if let Some(reason) = &row.reason {
            terminal.line(format!("  {}", short(reason, 90)))?;
        }
    }
    Ok(())
}
