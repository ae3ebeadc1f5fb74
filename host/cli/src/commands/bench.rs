//! `posthouse bench`: how fast this host is on this machine. Figures, never a verdict.

mod activation;
mod call;
mod house;
mod idle;
mod knowledge;
pub mod sample;
mod tenants;

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::Terminal;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `bench`.
#[derive(Args, Debug)]
#[command(
    after_help = "Everything runs in a temporary folder with a database of its own; nothing of a set-up is touched. Compare figures\n\
    of one run with each other, not with those of another machine or day. Build with --release, else the figures mean nothing."
)]
pub struct BenchArgs {
    /// Only these: call (one classification, five ways), house (mails per second from ingest to notified), idle (start and
    /// memory), tenants (a thousand of them, started), activation (releases made active under load), knowledge (search in ten
    /// thousand articles)
    #[arg(value_name = "WHAT")]
    only: Vec<What>,
    /// Mails for `house`: files, mbox, Maildir or folders [default: generated ones]
    #[arg(long, value_name = "PATH")]
    mails: Vec<PathBuf>,
    /// How often each call is measured
    #[arg(long, value_name = "COUNT", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    rounds: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Not for people: classify standard input once, natively
    #[arg(long, hide = true)]
    child: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// One classification, five ways.
    Call,
    /// Mails per second.
    House,
    /// Start and memory.
    Idle,
    /// A thousand tenants, started.
    Tenants,
    /// Releases made active under load.
    Activation,
    /// Search in ten thousand articles.
    Knowledge,
}

/// One line of the result.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The number.
    pub value: f64,
    /// Of the number.
    pub unit: &'static str,
    /// Quantiles, or what to compare it with.
    pub note: String,
}

/// Measures.
///
/// # Errors
/// The bundled plugins are not there, or something that is measured fails.
pub async fn run(args: BenchArgs, context: &Context, terminal: &mut Terminal) -> Result {
    if args.child {
        return call::child();
    }
    if cfg!(debug_assertions) {
        terminal.caution("this is a development build: its figures mean little (use --release)");
    }
    let wanted = |what| args.only.is_empty() || args.only.contains(&what);
    let mut figures = Vec::new();
    if wanted(What::Call) {
        figures.extend(call::measure(context, args.rounds).await?);
    }
    if wanted(What::House) {
        figures.extend(house::measure(context, &args.mails).await?);
    }
    if wanted(What::Idle) {
        figures.extend(idle::measure(context).await?);
    }
    if wanted(What::Tenants) {
        figures.extend(tenants::measure(context).await?);
    }
    if wanted(What::Activation) {
        figures.extend(activation::measure(context).await?);
    }
    if wanted(What::Knowledge) {
        figures.extend(knowledge::measure(args.rounds)?);
    }
    if args.json {
        terminal.json(&figures)?;
        return Ok(Code::Ok);
    }
    let width = figures.iter().map(|figure| figure.what.len()).max().unwrap_or(0);
    for figure in &figures {
        let value = if figure.value >= 100.0 { format!("{:.0}", figure.value) } else { format!("{:.2}", figure.value) };
        terminal.line(format!("{:<width$}  {value:>9} {:<8} {}", figure.what, figure.unit, figure.note).trim_end())?;
    }
    Ok(Code::Ok)
}

/// Median, and the spread in words.
fn quantiles(mut times: Vec<Duration>) -> (Duration, String) {
    times.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((times.len() - 1) as f64 * share) as usize;
        times[index]
    };
    let us = |d: Duration| d.as_secs_f64() * 1e6;
    (at(0.5), format!("p50 of {}; p90 {:.0} µs, p99 {:.0} µs", times.len(), us(at(0.9)), us(at(0.99))))
}

/// A folder that goes when the bench ends.
fn scratch(context: &Context) -> Result<Scratch> {
    let path = std::env::temp_dir().join(format!("posthouse-bench-{}", context.entropy.token(8)));
    std::fs::create_dir(&path).map_err(|error| Failure::new(format!("{} cannot be made: {error}", path.display())))?;
    Ok(Scratch(path))
}

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
