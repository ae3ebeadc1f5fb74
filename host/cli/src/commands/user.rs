//! `posthouse user add`, `posthouse user reset-password`, `posthouse user reset-second-factor`

use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use crate::output::Terminal;
use crate::secrets::without_line_end;
use clap::{Args, Subcommand};
use posthouse_model::Entropy;
use posthouse_model::event::Actor;
use posthouse_model::role::Role;
use posthouse_store::{AgentRow, NewAgent, Scope};
use posthouse_web::password;
use serde_json::json;
use std::io::Read as _;
use zeroize::Zeroizing;

/// What to do with people.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Add a person to a tenant
    Add(AddArgs),
    /// Give a person a new password and end all her sessions
    ResetPassword(ResetArgs),
    /// Take a person's second factor away, such as when her phone is lost, and end all her sessions
    ResetSecondFactor(ResetFactorArgs),
}

/// Options of `user add`.
#[derive(Args, Debug)]
#[command(
    after_help = "Without --password-stdin a password is made up and printed once. Roles: auditor (reads everything, changes\n\
    nothing), agent (reads, corrects, sends), lead (also assigns to others), admin (also sets the tenant up)."
)]
pub struct AddArgs {
    /// The tenant's slug
    tenant: String,
    /// Signs in with it
    email: String,
    /// Display name [default: what stands before the @]
    #[arg(long)]
    name: Option<String>,
    /// auditor, agent, lead or admin
    #[arg(long, default_value = "agent")]
    role: Role,
    /// Language of her pages: en or zh [default: the tenant's agent_language]
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `user reset-password`.
#[derive(Args, Debug)]
#[command(after_help = "Without --password-stdin a password is made up and printed once.")]
pub struct ResetArgs {
    /// The tenant's slug
    tenant: String,
    /// The person's address
    email: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `user reset-second-factor`.
#[derive(Args, Debug)]
#[command(after_help = "She signs in with her password alone then, until she sets up another.")]
pub struct ResetFactorArgs {
    /// The tenant's slug
    tenant: String,
    /// The person's address
    email: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Adds or changes a person.
///
/// # Errors
/// No such tenant or person, a person who is there already, a password that cannot be used.
pub async fn run(command: UserCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        UserCommand::Add(args) => add(args, context, terminal).await,
        UserCommand::ResetPassword(args) => reset(args, context, terminal).await,
        UserCommand::ResetSecondFactor(args) => reset_factor(args, context, terminal).await,
    }
}

async fn add(args: AddArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let email = address(&args.email)?;
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let scope = opened.store.tenant(tenant.id);
    if scope.agent_by_email(&email).await?.is_some() {
        return Err(Failure::new(format!("{email} is there already in {}", args.tenant))
            .mend(format!("give a new password with `posthouse user reset-password {} {email}`", args.tenant)));
    }
    let password = Password::take(args.password_stdin, context.entropy.as_ref())?;
    let agent = NewAgent {
        name: args.name.unwrap_or_else(|| email.split('@').next().unwrap_or(&email).to_owned()),
        role: args.role,
        password_hash: password.hash(context)?,
        language: args.language.unwrap_or(tenant.tenant.language),
        email: email.clone(),
    };
    let mut tx = scope.begin().await?;
    tx.add_agent(&agent, &Actor::Operator).await?;
    tx.commit().await?;
    let sign_in = format!("{}/t/{}", opened.host.public_url, args.tenant);
    password.print(terminal, args.json, &format!("added {email} as {} to {}", args.role, args.tenant), &email, &sign_in)
}

async fn reset(args: ResetArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let email = address(&args.email)?;
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let scope = opened.store.tenant(tenant.id);
    let agent = known_agent(&scope, &args.tenant, &email).await?;
    let password = Password::take(args.password_stdin, context.entropy.as_ref())?;
    let mut tx = scope.begin().await?;
    tx.set_password(agent.id, &password.hash(context)?, &Actor::Operator).await?;
    tx.commit().await?;
    let sign_in = format!("{}/t/{}", opened.host.public_url, args.tenant);
    password.print(
        terminal,
        args.json,
        &format!("{email} has a new password; all sessions have ended"),
        &email,
        &sign_in,
    )
}

async fn reset_factor(args: ResetFactorArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let email = address(&args.email)?;
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let scope = opened.store.tenant(tenant.id);
    let agent = known_agent(&scope, &args.tenant, &email).await?;
    let mut tx = scope.begin().await?;
    let removed = tx.reset_second_factor(agent.id, &Actor::Operator).await?;
    tx.commit().await?;
    if args.json {
        terminal.json(&json!({"email": email, "removed": removed}))?;
    } else if removed {
        terminal.line(format!("{email} signs in with the password alone now; all sessions have ended"))?;
    } else {
        terminal.line(format!("{email} has no second factor: nothing was changed"))?;
    }
    Ok(Code::Ok)
}

async fn known_agent(scope: &Scope, tenant: &str, email: &str) -> Result<AgentRow> {
    if let Some(agent) = scope.agent_by_email(email).await? {
        return Ok(agent);
    }
    let known: Vec<_> = scope.agents().await?.into_iter().map(|agent| agent.email).collect();
    let mend = if known.is_empty() {
        "add the person with `posthouse user add`".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    Err(Failure::new(format!("nobody in {tenant} signs in as {email}")).mend(mend))
}

fn address(text: &str) -> Result<String> {
    let text = text.trim().to_lowercase();
    let sound = text
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if sound && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Ok(text)
    } else {
        Err(Failure::usage(format!("`{text}` is not a mail address")))
    }
}

struct Password {
    text: Zeroizing<String>,
    made_up: bool,
}

impl Password {
    fn take(stdin: bool, entropy: &dyn Entropy) -> Result<Self> {
        if !stdin {
            return Ok(Self { text: make_up(entropy), made_up: true });
        }
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().lock().take(4_096).read_to_string(&mut text).while_doing("the password cannot be read")?;
        let text = Zeroizing::new(without_line_end(&text).to_owned());
        Ok(Self { text, made_up: false })
    }

    fn hash(&self, context: &Context) -> Result<String> {
        password::hash(&self.text, context.entropy.as_ref()).map_err(|error| Failure::new(error.to_string()))
    }

    fn print(self, terminal: &mut Terminal, json: bool, words: &str, email: &str, sign_in: &str) -> Result {
        if json {
            let password = self.made_up.then_some(self.text.as_str());
            terminal.json(&json!({"email": email, "password": password, "sign_in": sign_in}))?;
        } else {
            terminal.line(words)?;
            if self.made_up {
                terminal.line(format!("password (shown only now): {}", self.text.as_str()))?;
            }
            terminal.line(format!("sign in at {sign_in}"))?;
        }
        Ok(Code::Ok)
    }
}

/// Four groups of four letters and digits without those that are mistaken for others (Crockford's base 32): 80 bits.
pub(crate) fn make_up(entropy: &dyn Entropy) -> Zeroizing<String> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = Zeroizing::new([0; 16]);
    entropy.fill(bytes.as_mut());
    let mut text = Zeroizing::new(String::with_capacity(19));
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn made_up_passwords_are_long_and_differ() {
        let entropy = crate::system::SystemEntropy;
        let (a, b) = (make_up(&entropy), make_up(&entropy));
        assert_eq!(a.len(), 19);
        assert_ne!(*a, *b);
    }

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(address(" Li@Shop.Example ").unwrap(), "li@shop.example");
        for bad in ["li", "@x", "a@", "a@b@c", "a b@c"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
