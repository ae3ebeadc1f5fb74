//! Torture for as long as one likes: `posthouse-torture --kills 1000 --database sqlite --seed 7`. `cargo xtask torture` builds what it needs.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use posthouse_e2e::torture::{self, Plan};
use posthouse_servers::postgres;
use std::process::ExitCode;

const USAGE: &str = "usage: posthouse-torture [--kills COUNT] [--database sqlite|postgres|both] [--seed NUMBER]";

struct Arguments {
    kills: usize,
    databases: Vec<&'static str>,
    seed: u64,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments { kills: 1000, databases: vec!["sqlite", "postgres"], seed: 1 };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        match (name.as_str(), value.as_str()) {
            ("--kills", count) => {
                found.kills = count.parse().map_err(|_| format!("--kills: `{count}` is no number"))?
            }
            ("--seed", seed) => found.seed = seed.parse().map_err(|_| format!("--seed: `{seed}` is no number"))?,
            ("--database", "sqlite") => found.databases = vec!["sqlite"],
            ("--database", "postgres") => found.databases = vec!["postgres"],
            ("--database", "both") => {}
            ("--database", other) => return Err(format!("--database: `{other}` is none of sqlite, postgres, both")),
            (other, _) => return Err(format!("{other} is not known")),
        }
    }
    Ok(found)
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for database in arguments.databases {
        let database_url = match (database, postgres()) {
            ("sqlite", _) => None,
            (_, Some(server)) => Some(server.fresh_database().await),
            (_, None) => return ExitCode::FAILURE,
        };
        let plan = Plan {
            deaths: arguments.kills,
            database_url,
            seed: arguments.seed,
            progress: |words| eprintln!("{words}"),
        };
        match torture::run(&plan).await {
            Some(report) => {
                println!("{report}");
                if !report.problems().is_empty() {
                    code = ExitCode::FAILURE;
                }
            }
            None => return ExitCode::FAILURE,
        }
    }
    code
}
