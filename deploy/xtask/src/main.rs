//! The project's own commands; see the library for what they do.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use xtask::suite::{self, Step};
use xtask::{api, bench, demo, examples, fuzz, guest, machine, repository, torture};

/// Builds, tests and shows Posthouse from a checkout.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the product with two example tenants and sample mail that is processed live.
    Demo {
        /// Handed on to `posthouse demo`, such as --fresh.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run everything that must pass; installs what is missing where it can.
    Test {
        /// Run only these steps.
        #[arg(long, value_name = "STEP", value_delimiter = ',')]
        only: Vec<StepName>,
    },
    /// Build a release and measure it.
    Bench {
        /// Handed on to `posthouse bench`, such as --mails FOLDER; or `peers`: the comparison with Extism, a process, a webhook.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the host again and again against real mail servers, and count what came of every mail (docs/faults.md).
    Torture {
        /// Such as --kills 1000 --database sqlite|postgres|both --seed 1.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Throw whatever a fuzzer comes up with at a reader, until something is found (docs/faults.md).
    Fuzz {
        /// Such as `reading`, `quoting`, `threading`, `composing`, `archive`.
        target: String,
        /// Handed on to libFuzzer, such as -max_total_time=600.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build all plugins and test guests to WebAssembly components.
    Plugins,
    /// Build and pack the example clients' own plugins; says which this machine cannot build.
    Examples,
    /// The plugin API's promise: released versions never change, and the next one only adds.
    Api {
        #[command(subcommand)]
        what: Option<ApiTask>,
    },
    /// Install what tests need from the system (Debian packages, as root), and build the plugins.
    Setup,
}

#[derive(Subcommand)]
enum ApiTask {
    /// Say whether the promise is kept (also without a word).
    Check,
    /// Make wit/next the released version of this number.
    Release {
        /// Such as 1.1.
        version: String,
    },
}

/// A step by its name on the command line.
#[derive(Clone, Copy)]
struct StepName(Step);

impl ValueEnum for StepName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [StepName; Step::ALL.len()] = {
            let mut all = [StepName(Step::Install); Step::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = StepName(Step::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

fn main() -> ExitCode {
    run(Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Task::Demo { arguments } => return demo::run(&arguments),
        Task::Bench { arguments } => return bench::run(&arguments),
        Task::Torture { arguments } => return torture::run(&arguments),
        Task::Fuzz { target, arguments } => return fuzz::run(&target, &arguments),
        Task::Test { only } => return Ok(suite::run(&only.iter().map(|name| name.0).collect::<Vec<_>>())),
        Task::Plugins => {
            let built = guest::build_all()?;
            for component in &built.components {
                println!("{component}");
            }
        }
        Task::Examples => {
            guest::build_all()?;
            let built = examples::build(false)?;
            for package in &built.packages {
                println!("examples/{}.phx", package.replace('/', "/plugins/"));
            }
            for left_out in &built.left_out {
                println!("left out: {left_out}");
            }
        }
        Task::Api { what } => {
            let wit = repository().join("wit");
            if let Some(ApiTask::Release { version }) = what {
                api::release(&wit, &version)?;
            }
            println!("{}", api::check(&wit)?);
        }
        Task::Setup => {
            machine::install_missing()?;
            guest::build_all()?;
            println!("this machine has what the tests and the demonstration need");
        }
    }
    Ok(ExitCode::SUCCESS)
}
