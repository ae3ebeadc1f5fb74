//! The command line as a whole; each command's own options stand in its file.

use crate::commands;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A self-hosted support-mail desk.
#[derive(Parser, Debug)]
#[command(name = "posthouse", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options of all commands.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 all is well; 1 a problem was found, or the command failed; 2 the command line makes no sense.
Data goes to standard output (as JSON with --json), everything else to standard error. Colour only on a
terminal, and never with NO_COLOR set.";

/// Options of all commands.
#[derive(Args, Debug, Clone, Default)]
pub struct GlobalArgs {
    /// The host's set-up [default: ./posthouse.toml, /etc/posthouse/posthouse.toml, or none]
    #[arg(long, global = true, env = "POSTHOUSE_CONFIG", value_name = "FILE", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Where the bundled plugins are [default: `plugins` beside the binary]
    #[arg(long, global = true, env = "POSTHOUSE_PLUGINS", value_name = "DIR", hide_env_values = true)]
    pub plugins_dir: Option<PathBuf>,
    /// What is written to the log: a level, or a filter such as `info,posthouse_mail=debug`
    #[arg(long, global = true, env = "POSTHOUSE_LOG", value_name = "FILTER", hide_env_values = true)]
    pub log: Option<String>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// See the whole product on this machine, with two example shops and live mail
    Demo(commands::demo::DemoArgs),
    /// Fetch, triage, notify, send, and serve the review desk
    Serve(commands::serve::ServeArgs),
    /// Connect to everything and say what is wrong and what to do
    Doctor(commands::doctor::DoctorArgs),
    /// Take mail in from files: .eml, mbox, Maildir
    Ingest(commands::ingest::IngestArgs),
    /// Send the daily digest
    #[command(subcommand)]
    Digest(commands::digest::DigestCommand),
    /// Bring the database to this version's schema
    Migrate(commands::migrate::MigrateArgs),
    /// Set tenants up from their folders
    #[command(subcommand)]
    Tenant(commands::tenant::TenantCommand),
    /// Add people who sign in to the review desk
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Keep passwords, tokens and keys, encrypted
    #[command(subcommand)]
    Secret(commands::secret::SecretCommand),
    /// Sign in to mailboxes
    #[command(subcommand)]
    Mailbox(commands::mailbox::MailboxCommand),
    /// Look at tickets
    #[command(subcommand)]
    Ticket(commands::ticket::TicketCommand),
    /// Look at mail files
    #[command(subcommand)]
    Mail(commands::mail::MailCommand),
    /// Look at what a model was asked and answered
    #[command(subcommand)]
    Model(commands::model::ModelCommand),
    /// Look at plugins and try them out
    #[command(subcommand)]
    Plugin(commands::plugin::PluginCommand),
    /// Measure a classifier on labelled texts
    Eval(commands::eval::EvalArgs),
    /// Compare what the mail servers hold with what is here, and fetch what is missing
    Ledger(commands::ledger::LedgerArgs),
    /// Look after the record of everything that happened
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Copy everything into one file, while the host runs
    Backup(commands::backup::BackupArgs),
    /// Bring a backup up on this machine
    Restore(commands::restore::RestoreArgs),
    /// Measure how fast this host is on this machine
    Bench(commands::bench::BenchArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
