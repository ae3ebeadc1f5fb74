//! `posthouse plugin test`

use super::subject;
use crate::failure::{Code, Failure, Result};
use crate::fixture::expect::Difference;
use crate::fixture::trial::{Bench, Fault, Trial};
use crate::fixture::write;
use crate::open::Context;
use crate::output::{Style, Table, Terminal, bytes, safe, short};
use clap::Args;
use posthouse_sandbox::CallLimits;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Cells of an expected or found value on a terminal.
const VALUE_CELLS: usize = 160;
/// Lines of a plugin's log shown beside a fixture that did not pass.
const LOG_LINES: usize = 10;

/// Options of `plugin test`.
#[derive(Args, Debug)]
#[command(after_help = "\
Makes the call of every fixture (fixtures/NAME.fixture.toml), each in a fresh sandbox as the host would, within the limits that
the plugin's manifest asks for. Nothing is sent anywhere: what the plugin asks of the host is answered from the fixture, and what
the fixture does not hold is refused. Prints where an answer is not what is expected, and what each call used of its limits.

Fuel is the number of instructions: the same for the same call on every machine. It has no limit; what is limited is time.

How fixtures are written: docs/fixtures.md. Exit code 1 when one does not pass.")]
pub struct TestArgs {
    /// A project's folder, a package (.phx), or a component (.wasm) with its fixtures beside it
    #[arg(default_value = ".")]
    pub plugin: PathBuf,
    /// Try only fixtures with this in their name; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,
    /// Where the fixtures are [default: the folder fixtures beside the component, or in the package]
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// What it may do: what would stand under [plugin.grants] in tenant.toml [default: what its manifest asks for]
    #[arg(long, value_name = "GRANTS.toml")]
    pub grants: Option<PathBuf>,
    /// Do not count instructions: a plugin with an interpreter is then ready twice as soon
    #[arg(long)]
    pub no_fuel: bool,
    /// Print JSON: {"plugin", "passed", "failed", "limits", "fixtures": [{"name", "ok", "faults", "notes", "log", "used", "result", "error"}]}
    #[arg(long)]
    pub json: bool,
}

/// Tries the fixtures.
///
/// # Errors
/// There is no plugin, or no fixture.
pub async fn run(args: &TestArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let found = subject::find(&args.plugin, args.fixtures.as_deref(), args.grants.as_deref(), context)?;
    let mut names = found.shelf.names()?;
    if names.is_empty() {
        let place = found.shelf.path("");
        return Err(Failure::new(format!("there is no fixture in {}", place.display()))
            .mend("write one (docs/fixtures.md says how), or make some with `posthouse plugin record`"));
    }
    names.retain(|name| args.only.is_empty() || args.only.iter().any(|text| name.contains(text.as_str())));
    if names.is_empty() {
        return Err(Failure::new(format!("no fixture has {} in its name", args.only.join(" or "))));
    }
    let host = context.host()?;
    let counting = if args.no_fuel { None } else { Some(context.sandbox_that_counts(&host)?) };
    let name = found.subject.name.clone();
    let mut bench = Bench::new(found.subject, context.sandbox_alone(&host)?, counting);
    let mut trials = Vec::new();
    for fixture in &names {
        trials.push(bench.run(&found.shelf, fixture).await);
    }
    let failed = trials.iter().filter(|trial| !trial.faults.is_empty()).count();
    if args.json {
        terminal.json(&json!({
            "plugin": name, "passed": trials.len() - failed, "failed": failed, "limits": limits(bench.limits()),
            "fixtures": trials.iter().map(report).collect::<Vec<_>>(),
        }))?;
    } else {
        print(&name, &trials, bench.limits(), terminal)?;
    }
    Ok(if failed == 0 { Code::Ok } else { Code::Problem })
}

/// Tries all fixtures of a project, without counting instructions. How many passed; 0 where there is none.
///
/// # Errors
/// There is no plugin; or, in words, those that did not pass.
pub async fn all_pass(folder: &Path, context: &Context) -> Result<usize> {
    let found = subject::find(folder, None, None, context)?;
    let names = found.shelf.names()?;
    if names.is_empty() {
        return Ok(0);
    }
    let mut bench = Bench::new(found.subject, context.sandbox_alone(&context.host()?)?, None);
    let mut faults = Vec::new();
    for name in &names {
        let trial = bench.run(&found.shelf, name).await;
        faults.extend(trial.faults.iter().map(|fault| format!("fixture {name}: {}", words(fault))));
    }
    if faults.is_empty() { Ok(names.len()) } else { Err(Failure::new(faults.join("\n"))) }
}

fn print(name: &str, trials: &[Trial], limits: &CallLimits, terminal: &mut Terminal) -> Result<()> {
    terminal.line(terminal.paint(Style::Bold, name))?;
    for trial in trials {
        let mark = if trial.faults.is_empty() {
            terminal.paint(Style::Good, "ok  ")
        } else {
            terminal.paint(Style::Bad, "FAIL")
        };
        terminal.line(format!("  {mark}  {}", trial.name))?;
        for fault in &trial.faults {
            for line in words(fault).lines() {
                terminal.line(format!("        {line}"))?;
            }
        }
        for note in &trial.notes {
            terminal.line(terminal.paint(Style::Dim, &format!("        note: {}", safe(note))))?;
        }
        if !trial.faults.is_empty() {
            log(trial, terminal)?;
        }
    }
    terminal.line("")?;
    terminal.table(&usage(trials, limits))?;
    terminal.line("")?;
    let passed = trials.iter().filter(|trial| trial.faults.is_empty()).count();
    let fixtures = if trials.len() == 1 { "fixture" } else { "fixtures" };
    let (style, text) = if passed == trials.len() {
        (Style::Good, format!("{passed} {fixtures} passed"))
    } else {
        (Style::Bad, format!("{} of {} {fixtures} did not pass", trials.len() - passed, trials.len()))
    };
    terminal.line(terminal.paint(style, &text))
}

fn log(trial: &Trial, terminal: &mut Terminal) -> Result<()> {
    for (level, text) in trial.logged.iter().take(LOG_LINES) {
        let line = format!("        log {}: {}", level.as_str(), short(text, VALUE_CELLS));
        terminal.line(terminal.paint(Style::Dim, &line))?;
    }
    if let Some(more) = trial.logged.len().checked_sub(LOG_LINES).filter(|more| *more > 0) {
        terminal.line(terminal.paint(Style::Dim, &format!("        log: {more} more lines")))?;
    }
    Ok(())
}

/// Why a fixture did not pass, for a person.
fn words(fault: &Fault) -> String {
    let differs = |place: &str, difference: &Difference| {
        let (expected, got) = (short(&difference.expected, VALUE_CELLS), short(&difference.got, VALUE_CELLS));
        format!("{place}\n  expected {expected}\n  got      {got}")
    };
    match fault {
        Fault::Fixture(problem) => safe(&problem.to_string()),
        Fault::Load(error) => safe(&error.to_string()),
        Fault::Differs(difference) if difference.path.is_empty() => differs("the answer", difference),
        Fault::Differs(difference) => differs(&safe(&difference.path), difference),
        Fault::Kept(difference) => differs(&format!("kept under {}", safe(&difference.path)), difference),
        Fault::Failed(error) => safe(&format!("the call failed: {error}")),
        Fault::OtherFailure { expected, got } => {
            differs("the failure", &Difference { path: String::new(), expected: expected.clone(), got: got.clone() })
        }
        Fault::DidNotFail(expected) => safe(&format!("it was to fail with “{expected}”, and answered")),
        Fault::Unrecorded(asked) => {
            let text = write::question(asked).unwrap_or_else(|error| error);
            format!("it asked what the fixture does not hold; if it should, add this with its answer:\n{}", safe(&text))
        }
        Fault::NotTheSame(path) => safe(&format!("made again, the same call answered otherwise at `{path}`")),
    }
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Fixture(_) => "fixture",
        Fault::Load(_) => "load",
        Fault::Differs(_) => "differs",
        Fault::Kept(_) => "kept",
        Fault::Failed(_) => "failed",
        Fault::OtherFailure { .. } => "other-failure",
        Fault::DidNotFail(_) => "did-not-fail",
        Fault::Unrecorded(_) => "unrecorded",
        Fault::NotTheSame(_) => "not-the-same",
    }
}

/// What the calls used, above what they may.
fn usage(trials: &[Trial], limits: &CallLimits) -> Table {
    let head = ["", "fuel", "computing", "in all", "memory", "answer", "log", "http", "model"];
    let mut table = Table::new(&head).right(&[1, 2, 3, 4, 5, 6, 7, 8]);
    let plain = |text: String| (Style::Plain, text);
    for trial in trials {
        let Some((cost, used)) = &trial.used else { continue };
        let mark = |over: bool, text: String| if over { (Style::Caution, text) } else { (Style::Plain, text) };
        table.row([
            (Style::Bold, short(&trial.name, 40)),
            plain(used.fuel.map_or_else(|| "–".to_owned(), thousands)),
            mark(used.computing >= limits.cpu, millis(used.computing)),
            plain(millis(Duration::from_micros(cost.duration_us))),
            plain(bytes(cost.memory_bytes)),
            plain(bytes(used.answer_bytes)),
            mark(used.log_bytes > u64::from(limits.log_bytes), bytes(used.log_bytes)),
            plain(used.http_requests.to_string()),
            plain(used.model_calls.to_string()),
        ]);
    }
    let dim = |text: String| (Style::Dim, text);
    table.row([
        dim("limit".to_owned()),
        dim("none".to_owned()),
        dim(millis(limits.cpu)),
        dim(millis(limits.wall)),
        dim(bytes(limits.memory_bytes)),
        dim(bytes(limits.answer_bytes)),
        dim(bytes(u64::from(limits.log_bytes))),
        dim(limits.http_requests.to_string()),
        dim(limits.model_calls.to_string()),
    ]);
    table
}

/// `1,234,567`
fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1_000.0;
    match millis {
        ..10.0 => format!("{millis:.2} ms"),
        10.0..10_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.0} s", time.as_secs_f64()),
    }
}

fn limits(limits: &CallLimits) -> Value {
    json!({
        "fuel": null, "computing_us": micros(limits.cpu), "duration_us": micros(limits.wall), "memory_bytes": limits.memory_bytes,
        "answer_bytes": limits.answer_bytes, "log_bytes": limits.log_bytes, "http_requests": limits.http_requests,
        "model_calls": limits.model_calls,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn report(trial: &Trial) -> Value {
    let (result, error) = match &trial.result {
        Some(Ok(answer)) => (answer.clone(), Value::Null),
        Some(Err(error)) => (Value::Null, Value::from(error.to_string())),
        None => (Value::Null, Value::Null),
    };
    let fault = |fault: &Fault| {
        let (path, expected, got) = match fault {
            Fault::Differs(d) | Fault::Kept(d) => (Some(&d.path), Some(&d.expected), Some(&d.got)),
            Fault::OtherFailure { expected, got } => (None, Some(expected), Some(got)),
            _ => (None, None, None),
        };
        json!({"kind": kind(fault), "path": path, "expected": expected, "got": got, "words": words(fault)})
    };
    let used = trial.used.as_ref().map(|(cost, used)| {
        json!({
            "fuel": used.fuel, "computing_us": micros(used.computing), "duration_us": cost.duration_us,
            "memory_bytes": cost.memory_bytes, "answer_bytes": used.answer_bytes, "log_bytes": used.log_bytes,
            "http_requests": used.http_requests, "model_calls": used.model_calls,
        })
    });
    json!({
        "name": trial.name, "ok": trial.faults.is_empty(), "faults": trial.faults.iter().map(fault).collect::<Vec<_>>(),
        "notes": trial.notes,
        "log": trial.logged.iter().map(|(level, text)| json!([level.as_str(), text])).collect::<Vec<_>>(),
        "used": used, "result": result, "error": error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(count), text);
        }
        assert_eq!(
            (millis(Duration::from_micros(1_234)), millis(Duration::from_secs(30))),
            ("1.23 ms".into(), "30 s".into())
        );
    }
}
