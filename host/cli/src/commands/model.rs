//! `posthouse model calls`, `show`, `again`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::{Context, tenant};
use crate::output::{Style, Table, Terminal, safe, short};
use clap::{Args, Subcommand};
use posthouse_model::config::Decimal;
use posthouse_pipeline::model;
use posthouse_sandbox::ModelRefusal;
use posthouse_store::KeptCall;
use serde_json::json;

/// What to do with calls of the tenant's own model.
#[derive(Subcommand, Debug)]
pub enum ModelCommand {
    /// List calls, the newest first: by whom, of which model, tokens, cost, time and outcome
    Calls(CallsArgs),
    /// Show one call: what was asked, and what was answered
    Show(ShowArgs),
    /// Ask the same again, of this or of another model, and compare
    Again(AgainArgs),
}

/// Options of `model calls`.
#[derive(Args, Debug)]
#[command(after_help = "\
With --json: [{\"id\", \"at\", \"ticket\", \"plugin\", \"version\", \"model\", \"tokens_in\", \"tokens_out\", \"duration_ms\", \"outcome\",
\"cost\", \"currency\", \"has_exchange\"}]. Costs are in millionths of the currency's unit, times are microseconds since 1970-01-01T00:00:00Z.")]
pub struct CallsArgs {
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Only those on this ticket
    #[arg(long, value_name = "NUMBER")]
    ticket: Option<i64>,
    /// At most so many, up to 500
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on after this call
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `model show`.
#[derive(Args, Debug)]
#[command(
    after_help = "With --json: the call as `model calls` has it, and `exchange`: {\"task\", \"instructions\", \"inputs\",
\"output_tokens_max\", \"answer\"}, or null where it is not kept (any more): see keep_exchanges_days in tenant.toml."
)]
pub struct ShowArgs {
    /// The call's number, from `model calls`
    id: i64,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `model again`.
#[derive(Args, Debug)]
#[command(after_help = "\
This is a call like any other: on the tenant's key, within its budget, on record. Its answer goes nowhere but here. Exit code 1 when there is
no answer. With --json: {\"then\": {\"model\", \"answer\"}, \"now\": {\"model\", \"answer\"}, \"same\"}.")]
pub struct AgainArgs {
    /// The call's number, from `model calls`
    id: i64,
    /// The tenant [default: the only one]
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Another model of the same provider [default: the one that is set up for the task now]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// No such tenant, ticket or call; nothing kept of it; the store cannot be read.
pub async fn run(command: ModelCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        ModelCommand::Calls(args) => calls(args, context, terminal).await,
        ModelCommand::Show(args) => show(args, context, terminal).await,
        ModelCommand::Again(args) => again(args, context, terminal).await,
    }
}

async fn calls(args: CallsArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let store = context.store(&context.host()?).await?;
    let scope = store.tenant(tenant(&store, args.tenant.as_deref()).await?.id);
    let ticket = match args.ticket {
        Some(number) => Some(scope.ticket_by_number(number).await?.id),
        None => None,
    };
    let calls = scope.kept_calls(ticket, args.after, args.limit).await?;
    if args.json {
        terminal.json(&calls)?;
        return Ok(Code::Ok);
    }
    if calls.is_empty() {
        terminal.line("no call of a model is on record")?;
        return Ok(Code::Ok);
    }
    let head = ["call", "when", "by", "model", "in", "out", "cost", "ms", "kept", "outcome"];
    let mut table = Table::new(&head).right(&[0, 4, 5, 6, 7]);
    for kept in &calls {
        let call = &kept.call;
        let is_ok = call.outcome == "ok";
        table.row(vec![
            (Style::Bold, kept.id.to_string()),
            (Style::Dim, call.at.to_rfc3339()),
            (Style::Plain, format!("{} {}", safe(&call.plugin), safe(&call.version))),
            (Style::Plain, short(&safe(&call.model), 30)),
            (Style::Plain, call.tokens_in.to_string()),
            (Style::Plain, call.tokens_out.to_string()),
            (Style::Plain, cost(kept)),
            (Style::Plain, call.duration_ms.to_string()),
            (Style::Dim, if kept.has_exchange { "yes" } else { "–" }.to_owned()),
            (if is_ok { Style::Good } else { Style::Bad }, short(&safe(&call.outcome), 60)),
        ]);
    }
    terminal.table(&table)?;
    Ok(Code::Ok)
}

fn cost(kept: &KeptCall) -> String {
    if kept.call.currency.is_empty() {
        return "–".to_owned();
    }
    format!("{} {}", Decimal(kept.call.cost), safe(&kept.call.currency))
}

async fn show(args: ShowArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let store = context.store(&context.host()?).await?;
    let scope = store.tenant(tenant(&store, args.tenant.as_deref()).await?.id);
    let (kept, exchange) = scope.kept_call(args.id).await?;
    if args.json {
        let mut value = serde_json::to_value(&kept).unwrap_or_default();
        value["exchange"] = json!(exchange);
        terminal.json(&value)?;
        return Ok(Code::Ok);
    }
    let call = &kept.call;
    terminal.line(format!(
        "call {} at {}: {} {} asked {}, {} + {} tokens, {}, {} ms, {}",
        kept.id,
        call.at.to_rfc3339(),
        safe(&call.plugin),
        safe(&call.version),
        safe(&call.model),
        call.tokens_in,
        call.tokens_out,
        cost(&kept),
        call.duration_ms,
        safe(&call.outcome)
    ))?;
    let Some(exchange) = exchange else {
        terminal
            .line("what was said is not kept (any more): keep_exchanges_days in tenant.toml says for how long it is")?;
        return Ok(Code::Ok);
    };
    part("instructions", &exchange.instructions, terminal)?;
    for (number, input) in (1..).zip(&exchange.inputs) {
        part(&format!("input {number}"), input, terminal)?;
    }
    match &exchange.answer {
        Some(answer) => part("answer", answer, terminal)?,
        None => terminal.line("no answer")?,
    }
    Ok(Code::Ok)
}

fn part(head: &str, text: &str, terminal: &mut Terminal) -> Result<()> {
    let head = terminal.paint(Style::Bold, head);
    terminal.line(format!("\n{head}"))?;
    for line in text.lines() {
        terminal.line(format!("  {}", safe(line)))?;
    }
    Ok(())
}

async fn again(args: AgainArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = opened.tenant(args.tenant.as_deref()).await?;
    let house = house::house(context, &opened, "model")?;
    let Some(tenant) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", row.tenant.slug)));
    };
    let (kept, exchange) = tenant.scope.kept_call(args.id).await?;
    let Some(exchange) = exchange else {
        let words = format!("what was said in call {} is not kept (any more)", args.id);
        return Err(Failure::new(words).mend("take a newer call; keep_exchanges_days in tenant.toml says for how long"));
    };
    let then = exchange.answer.clone();
    let answer = match model::again(&house, &tenant, exchange, kept.call.ticket, args.model).await {
        Ok(answer) => answer,
        Err(refusal) => return Err(Failure::new(words(&refusal))),
    };
    let same = then.as_deref() == Some(answer.text.as_str());
    if args.json {
        terminal.json(&json!({
            "then": { "model": kept.call.model, "answer": then },
            "now": { "model": answer.model, "answer": answer.text },
            "same": same,
        }))?;
        return Ok(Code::Ok);
    }
    match &then {
        Some(then) => part(&format!("then, {}", safe(&kept.call.model)), then, terminal)?,
        None => terminal.line("then, there was no answer")?,
    }
    part(&format!("now, {}", safe(&answer.model)), &answer.text, terminal)?;
    terminal.line(if same { "\nThe same, word for word." } else { "\nNot the same." })?;
    Ok(Code::Ok)
}

fn words(refusal: &ModelRefusal) -> String {
    match refusal {
        ModelRefusal::NotConfigured => "no model is set up, or its key has no value".to_owned(),
        ModelRefusal::OverBudget => "the budget of the day is used up".to_owned(),
        ModelRefusal::Unavailable(words) | ModelRefusal::Rejected(words) => words.clone(),
    }
}
