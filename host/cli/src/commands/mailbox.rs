//! `posthouse mailbox sign-in`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::{Context, Opened};
use crate::output::{Terminal, safe};
use crate::secrets::Origin;
use clap::{Args, Subcommand};
use posthouse_mail::net::Secret;
use posthouse_mail::oauth::{Endpoint, Granted, OAuthClient, OAuthError, Pkce, Polled, listen};
use posthouse_model::config::{MailboxConfig, OAuthConfig, Provider};
use posthouse_model::event::Actor;
use posthouse_model::refusal;
use posthouse_pipeline::oauth;
use posthouse_store::TenantRow;
use std::time::Duration;

/// What to do with mailboxes.
#[derive(Subcommand, Debug)]
pub enum MailboxCommand {
    /// Let a person agree that this host reads and sends a mailbox's mail (OAuth2)
    SignIn(SignInArgs),
}

/// Options of `mailbox sign-in`.
#[derive(Args, Debug)]
#[command(after_help = "\
For mailboxes with a table [mailbox.oauth]. Where the provider gives codes for other devices (Microsoft 365), a code and an address
are shown: open the address on any device, enter the code, and sign in as the owner of the mailbox. Elsewhere (Gmail), or with
--browser, an address is shown that must be opened on this machine, or through a tunnel:

    ssh -L 8400:127.0.0.1:8400 HOST      then, on HOST: posthouse mailbox sign-in TENANT MAILBOX --browser --port 8400

What is kept afterwards, encrypted, is the refresh token under the name that oauth.refresh_token gives it.")]
pub struct SignInArgs {
    /// The tenant's slug
    tenant: String,
    /// The mailbox's name
    mailbox: String,
    /// Sign in with a browser on this machine, also where a code could be had
    #[arg(long)]
    browser: bool,
    /// The loopback port that the browser comes back to [default: any free one]
    #[arg(long, value_name = "PORT", requires = "browser")]
    port: Option<u16>,
    /// How long to wait for the person, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=60))]
    wait: u64,
}

/// Runs the command.
///
/// # Errors
/// No such tenant or mailbox, a mailbox without OAuth2, or a sign-in that came to nothing.
pub async fn run(command: MailboxCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        MailboxCommand::SignIn(args) => sign_in(args, context, terminal).await,
    }
}

async fn sign_in(args: SignInArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = opened.tenant(Some(&args.tenant)).await?;
    let house = house::house(context, &opened, "sign-in")?;
    let Some(tenant) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{}` is turned off", args.tenant)));
    };
    let Some(mailbox) = tenant.config.mailbox(&args.mailbox) else {
        return Err(Failure::new(format!("`{}` has no mailbox `{}`", args.tenant, args.mailbox)));
    };
    let Some((_, config)) = mailbox.oauths().next() else {
        return Err(Failure::new(format!("the mailbox `{}` does not sign in with OAuth2", mailbox.name)).mend(
            "give it a table [mailbox.oauth] in tenant.toml and apply the tenant again; see docs/mail-providers.md",
        ));
    };
    not_elsewhere(&opened, &row, config).await?;
    let endpoint = oauth::endpoint(&house, &tenant, config).await.map_err(|error| Failure::new(error.to_string()))?;
    let client = house.sign_in_servers().clone();
    let patience = Duration::from_secs(args.wait * 60);
    let begun = async {
        if args.browser || endpoint.device_url.is_none() {
            by_browser(&args, context, &client, &endpoint, mailbox, terminal).await
        } else {
            by_code(&client, &endpoint, mailbox, terminal).await
        }
    };
    let granted = match tokio::time::timeout(patience, begun).await {
        Ok(granted) => granted?,
        Err(_) => {
            return Err(Failure::new(format!("nobody signed in within {} min", args.wait))
                .mend("begin again, or wait longer with --wait"));
        }
    };
    let Some(refresh) = granted.refresh else {
        return Err(Failure::new(
            "the provider gave no refresh token, so this host could not sign in again in an hour",
        )
        .mend("add the scope that asks for one to oauth.scopes (Microsoft: offline_access), and sign in again"));
    };
    keep(context, &opened, &row, config, &refresh).await?;
    terminal.line(format!("signed in; kept {} of {}, encrypted", config.refresh_token.secret, args.tenant))?;
    Ok(Code::Ok)
}

/// A value in the environment or in a file goes first: what would be kept were never used.
async fn not_elsewhere(opened: &Opened, row: &TenantRow, config: &OAuthConfig) -> Result<()> {
    let name = &config.refresh_token.secret;
    let found = opened.secrets.find(row.id, &row.tenant.slug, name).await.map_err(Failure::new)?;
    match found.map(|found| found.origin) {
        Some(Origin::Environment | Origin::File) => {
            Err(Failure::new(format!("the secret `{name}` stands in the environment or in a file, which goes first"))
                .mend("take it out there: the sign-in keeps it in the encrypted store"))
        }
        Some(Origin::Store) | None => Ok(()),
    }
}

async fn by_code(
    client: &OAuthClient,
    endpoint: &Endpoint,
    mailbox: &MailboxConfig,
    terminal: &mut Terminal,
) -> Result<Granted> {
    let code = client.device_code(endpoint).await.map_err(told)?;
    terminal.line(format!("open  {}", safe(&code.verification_uri)))?;
    terminal.line(format!("enter {}", safe(&code.user_code)))?;
    terminal.line(format!("and sign in as {}", mailbox.address))?;
    terminal.flush().map_err(|error| Failure::new(error.to_string()))?;
    let mut interval = code.interval;
    loop {
        tokio::time::sleep(interval).await;
        match client.poll(endpoint, &code).await {
            Ok(Polled::Granted(granted)) => return Ok(granted),
            Ok(Polled::Pending) => {}
            // RFC 8628, 3.5.
            Ok(Polled::SlowDown) => interval += Duration::from_secs(5),
            // A network that fails for a moment ends nothing; the code's own life does.
            Err(OAuthError::Unreachable(reason)) => terminal.caution(reason),
            Err(error) => return Err(told(error)),
        }
    }
}

async fn by_browser(
    args: &SignInArgs,
    context: &Context,
    client: &OAuthClient,
    endpoint: &Endpoint,
    mailbox: &MailboxConfig,
    terminal: &mut Terminal,
) -> Result<Granted> {
    let pkce = Pkce::new(context.entropy.as_ref());
    // https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions: any port, for this name alone.
    let host = if mailbox.provider == Some(Provider::Microsoft) { "localhost" } else { "127.0.0.1" };
    let consent = listen(endpoint, &pkce, host, args.port.unwrap_or(0)).await.map_err(told)?;
    terminal.line(format!("open this address in a browser on this machine and sign in as {}:", mailbox.address))?;
    terminal.line(&consent.url)?;
    terminal.flush().map_err(|error| Failure::new(error.to_string()))?;
    let code = consent.code().await.map_err(told)?;
    client.exchange(endpoint, &code, pkce.verifier(), &consent.redirect_uri).await.map_err(told)
}

async fn keep(
    context: &Context,
    opened: &Opened,
    row: &TenantRow,
    config: &OAuthConfig,
    refresh: &Secret,
) -> Result<()> {
    let name = &config.refresh_token.secret;
    let hosts = [config.token_host()];
    let sealed = opened.secrets.seal(row.id, name, refresh.reveal(), &hosts, context.entropy.as_ref());
    let sealed = sealed.map_err(Failure::new)?;
    opened.secrets.put(row.id, name, &sealed, &Actor::Operator).await.map_err(Failure::new)
}

/// The provider's words, and what they mean.
fn told(error: OAuthError) -> Failure {
    let words = error.to_string();
    let failure = Failure::new(safe(&words));
    match refusal::explain(&words, None) {
        Some(known) => failure.mend(known.text("en")),
        None => failure,
    }
}
