//! The commands, one file each.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod eval;
pub mod ingest;
pub mod ledger;
pub mod mail;
pub mod mailbox;
pub mod migrate;
pub mod model;
pub mod plugin;
pub mod restore;
pub mod secret;
pub mod serve;
pub mod tenant;
pub mod ticket;
pub mod user;

use crate::args::Command;
use crate::failure::Result;
use crate::open::Context;
use crate::output::Terminal;

/// Does what the command line says.
///
/// # Errors
/// Why it could not be done.
pub async fn run(command: Command, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        Command::Demo(args) => demo::run(args, context, terminal).await,
        Command::Serve(args) => serve::run(args, context, terminal).await,
        Command::Doctor(args) => doctor::run(args, context, terminal).await,
        Command::Ingest(args) => ingest::run(args, context, terminal).await,
        Command::Digest(command) => digest::run(command, context, terminal).await,
        Command::Migrate(args) => migrate::run(args, context, terminal).await,
        Command::Tenant(command) => tenant::run(command, context, terminal).await,
        Command::User(command) => user::run(command, context, terminal).await,
        Command::Secret(command) => secret::run(command, context, terminal).await,
        Command::Ticket(command) => ticket::run(command, context, terminal).await,
        Command::Mailbox(command) => mailbox::run(command, context, terminal).await,
        Command::Mail(command) => mail::run(command, terminal),
        Command::Model(command) => model::run(command, context, terminal).await,
        Command::Plugin(command) => plugin::run(command, context, terminal).await,
        Command::Eval(args) => eval::run(args, context, terminal).await,
        Command::Ledger(args) => ledger::run(args, context, terminal).await,
        Command::Audit(command) => audit::run(command, context, terminal).await,
        Command::Backup(args) => backup::run(args, context, terminal).await,
        Command::Bench(args) => bench::run(args, context, terminal).await,
        Command::Restore(args) => restore::run(args, context, terminal).await,
    }
}
