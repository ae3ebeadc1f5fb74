//! Posthouse's binary: configuration, the command line, and the wiring of all other crates. Nothing else.
//!
//! This is the only place that reads the environment, the system's clock and its randomness ([`system`]); everybody
//! else gets them as arguments. Each command is one file under [`commands`]; [`setup`] reads and checks what people write
//! (`posthouse.toml`, tenant folders); [`open`] turns that into a store, a sandbox and a key.

pub mod args;
pub mod commands;
pub mod failure;
pub mod fault;
pub mod fixture;
pub mod house;
pub mod installer;
pub mod open;
pub mod output;
mod post;
pub mod registry;
pub mod secrets;
pub mod setup;
pub mod system;
pub mod user_cache;

pub use failure::Failure;

use clap::Parser as _;
use output::Terminal;
use std::process::ExitCode;

/// Reads the command line and does what it says. Exit codes: 0 all is well, 1 a problem was found or the command failed,
/// 2 the command line makes no sense.
#[must_use]
pub fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let environment = system::Environment::of_process();
    let mut terminal = Terminal::of_process(&environment);
    let context = open::Context::new(cli.global, environment);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(format!("the runtime cannot start: {error}"));
            return terminal.fail(&failure);
        }
    };
    let result = runtime.block_on(commands::run(cli.command, &context, &mut terminal));
    // What still waits on a blocking thread (a read from the terminal) must not hold the end up.
    runtime.shutdown_background();
    match result.and_then(|code| Ok(terminal.flush().map(|()| code)?)) {
        Ok(code) => code.into(),
        // `posthouse … | head`: the reader has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => terminal.fail(&failure),
    }
}
