//! `posthouse secret set`, `list`, `remove`

use crate::failure::{Code, Failure, Result, While as _};
use crate::open::{Context, Opened};
use crate::output::{Style, Table, Terminal};
use crate::secrets::{Origin, SECRET_BYTES_MAX, without_line_end};
use clap::{Args, Subcommand};
use posthouse_model::capability::secret_may_go;
use posthouse_model::config::{TenantConfig, is_secret_name, secret_variable};
use posthouse_model::event::Actor;
use posthouse_store::TenantRow;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Read as _};
use zeroize::Zeroizing;

/// What to do with secrets.
#[derive(Subcommand, Debug)]
pub enum SecretCommand {
    /// Keep a secret, encrypted; its value comes from standard input
    Set(SetArgs),
    /// List secrets by name, never by value: kept, found elsewhere, and missing
    List(ListArgs),
    /// Forget a secret
    Remove(RemoveArgs),
}

/// Options of `secret set`.
#[derive(Args, Debug)]
#[command(after_help = "\
The value is read from standard input, without its last line end:

    posthouse secret set acme imap_password --host imap.example.com < password.txt

tenant.toml names it as { secret = \"imap_password\" }. With --host it can be sent to those hosts only: a set-up that
would send it elsewhere is refused, and so is every use toward another host. Instead of being kept here, a secret may
stand in the environment (POSTHOUSE_SECRET_<TENANT>_<NAME>, upper case, - as __) or in a file (secrets.dir of
posthouse.toml); these go first.")]
pub struct SetArgs {
    /// The tenant's slug
    tenant: String,
    /// a-z, 0-9 and _, starting with a letter
    name: String,
    /// A host that it may be sent to; may be given several times
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
}

/// Options of `secret list`.
#[derive(Args, Debug)]
#[command(after_help = "Exit code 1 when the set-up names a secret that has no value.")]
pub struct ListArgs {
    /// The tenant's slug
    tenant: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Options of `secret remove`.
#[derive(Args, Debug)]
pub struct RemoveArgs {
    /// The tenant's slug
    tenant: String,
    /// The secret's name
    name: String,
}

/// Keeps, lists or forgets secrets.
///
/// # Errors
/// No such tenant, a name that cannot be one, a value that may not go where the set-up sends it.
pub async fn run(command: SecretCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        SecretCommand::Set(args) => set(args, context, terminal).await,
        SecretCommand::List(args) => list(args, context, terminal).await,
        SecretCommand::Remove(args) => remove(args, context, terminal).await,
    }
}

async fn set(args: SetArgs, context: &Context, terminal: &mut Terminal) -> Result {
    if !is_secret_name(&args.name) {
        return Err(Failure::usage(format!("`{}` cannot be a secret's name", args.name))
            .mend("use 1 to 64 of a-z, 0-9 and single _, starting with a letter"));
    }
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let hosts: Vec<String> = args.hosts.iter().map(|host| host.trim().to_lowercase()).collect();
    if let Some(other) = strangers(&destinations(&config(&tenant)?), &args.name, &hosts).into_iter().next() {
        return Err(Failure::new(format!("the set-up of {} sends the secret `{}` to {other}", args.tenant, args.name))
            .mend(format!("add --host {other}, or change the set-up first")));
    }
    let value = read_value(terminal)?;
    let sealed = opened.secrets.seal(tenant.id, &args.name, &value, &hosts, context.entropy.as_ref());
    let sealed = sealed.map_err(Failure::new)?;
    let mut tx = opened.store.tenant(tenant.id).begin().await?;
    tx.put_secret(&args.name, &sealed, &Actor::Operator).await?;
    tx.commit().await?;
    terminal.line(format!("kept {} of {}, encrypted", args.name, args.tenant))?;
    if context.environment.secrets.contains_key(&secret_variable(&args.tenant, &args.name)) {
        terminal.caution(format!("{} is set as well and goes first", secret_variable(&args.tenant, &args.name)));
    }
    Ok(Code::Ok)
}

fn read_value(terminal: &mut Terminal) -> Result<Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        terminal.caution("type the value and end with Ctrl-D on a line of its own; it is visible while you type");
    }
    let mut text = Zeroizing::new(String::new());
    let limit = SECRET_BYTES_MAX + 1;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .while_doing("the value cannot be read from standard input")?;
    if text.len() as u64 >= limit {
        return Err(Failure::new(format!("the value is longer than {}", crate::output::bytes(SECRET_BYTES_MAX))));
    }
    let value = Zeroizing::new(without_line_end(&text).to_owned());
    if value.is_empty() {
        return Err(Failure::new("the value is empty").mend("give it on standard input, such as `… < file`"));
    }
    Ok(value)
}

#[derive(Serialize)]
struct Row {
    name: String,
    origin: Option<Origin>,
    hosts: Vec<String>,
    used_by: Vec<String>,
    /// Something that is turned on cannot work without it.
    needed: bool,
    updated_at: Option<String>,
    /// Why it cannot be opened.
    error: Option<String>,
}

async fn list(args: ListArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let rows = rows(&opened, &tenant).await?;
    let missing = rows.iter().any(|row| row.origin.is_none() && row.needed);
    if args.json {
        terminal.json(&rows)?;
    } else if rows.is_empty() {
        terminal.line(format!("{} names no secret and keeps none", args.tenant))?;
    } else {
        let mut table = Table::new(&["name", "from", "set", "may go to", "used by"]);
        for row in &rows {
            let origin = match (&row.origin, &row.error) {
                (Some(origin), _) => (Style::Plain, origin.to_string()),
                (None, Some(_)) => (Style::Bad, "cannot be opened".to_owned()),
                (None, None) if row.needed => (Style::Bad, "missing".to_owned()),
                (None, None) => (Style::Dim, "not needed yet".to_owned()),
            };
            let hosts = if row.hosts.is_empty() { "where it is used".to_owned() } else { row.hosts.join(", ") };
            let updated = row.updated_at.as_deref().and_then(|at| at.get(..10)).unwrap_or("").to_owned();
            let used = if row.used_by.is_empty() { "nothing".to_owned() } else { row.used_by.join(", ") };
            let plain = |text| (Style::Plain, text);
            table.row([(Style::Bold, row.name.clone()), origin, plain(updated), plain(hosts), plain(used)]);
        }
        terminal.table(&table)?;
    }
    Ok(if missing { Code::Problem } else { Code::Ok })
}

async fn rows(opened: &Opened, tenant: &TenantRow) -> Result<Vec<Row>> {
    let slug = &tenant.tenant.slug;
    let mut used_by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let config = config(tenant)?;
    let needed = needed(&config);
    for (name, place, _) in destinations(&config) {
        let places = used_by.entry(name).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let kept = opened.store.tenant(tenant.id).secrets().await?;
    let mut names: BTreeSet<String> = used_by.keys().cloned().collect();
    names.extend(kept.iter().map(|row| row.name.clone()));
    let mut rows = Vec::new();
    for name in names {
        let (found, error) = match opened.secrets.find(tenant.id, slug, &name).await {
            Ok(found) => (found, None),
            Err(error) => (None, Some(error)),
        };
        let stored = kept.iter().find(|row| row.name == name);
        let from_store = found.as_ref().is_some_and(|found| found.origin == Origin::Store);
        rows.push(Row {
            origin: found.as_ref().map(|found| found.origin),
            hosts: found.map(|found| found.hosts).unwrap_or_default(),
            used_by: used_by.remove(&name).unwrap_or_default(),
            needed: needed.contains(&name),
            updated_at: stored.filter(|_| from_store).map(|row| row.updated_at.to_rfc3339()),
            error,
            name,
        });
    }
    Ok(rows)
}

async fn remove(args: RemoveArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let tenant = opened.tenant(Some(&args.tenant)).await?;
    let mut tx = opened.store.tenant(tenant.id).begin().await?;
    let was_there = tx.remove_secret(&args.name, &Actor::Operator).await?;
    tx.commit().await?;
    if !was_there {
        return Err(Failure::new(format!("{} keeps no secret `{}`", args.tenant, args.name))
            .mend(format!("see `posthouse secret list {}`", args.tenant)));
    }
    terminal.line(format!("forgot {} of {}", args.name, args.tenant))?;
    if let Some((_, place, _)) = destinations(&config(&tenant)?).into_iter().find(|(name, _, _)| *name == args.name) {
        terminal.caution(format!("{place} still names it"));
    }
    Ok(Code::Ok)
}

/// A tenant's set-up as it was applied.
///
/// # Errors
/// It was applied by a newer host.
pub fn config(tenant: &TenantRow) -> Result<TenantConfig> {
    serde_json::from_value(tenant.tenant.settings.clone()).map_err(|error| {
        Failure::new(format!("the set-up of {} cannot be understood: {error}", tenant.tenant.slug))
            .mend("apply its folder again with this host")
    })
}

/// Secrets without which something that is turned on cannot work.
#[must_use]
pub fn needed(config: &TenantConfig) -> BTreeSet<String> {
    let mut on = config.clone();
    on.mailboxes.retain(|mailbox| mailbox.enabled);
    on.plugins.retain(|plugin| plugin.enabled);
    on.secret_names().into_keys().collect()
}

/// Where a set-up sends each secret that it names: the secret, who sends it, and the host.
#[must_use]
pub fn destinations(config: &TenantConfig) -> Vec<(String, String, String)> {
    config.secret_destinations().into_iter().map(|used| (used.secret, used.by, used.host)).collect()
}

/// Hosts that a set-up sends this secret to and that are not among the allowed ones. No allowed ones: all are.
#[must_use]
pub fn strangers(destinations: &[(String, String, String)], name: &str, allowed: &[String]) -> Vec<String> {
    let sent_to = destinations.iter().filter(|(n, _, host)| n == name && !host.is_empty()).map(|(_, _, host)| host);
    sent_to.filter(|host| !secret_may_go(allowed, host)).cloned().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_goes_only_where_it_may() {
        let mut config: TenantConfig = serde_json::from_value(json!({
            "slug": "acme", "name": "Acme",
            "mailbox": [{"name": "m", "address": "a@b.example",
                "imap": {"host": "IMAP.example", "user": "u", "password": {"secret": "pw"}},
                "smtp": {"host": "smtp.example", "user": "u", "password": {"secret": "pw"}}},
                {"name": "g", "address": "shop@gmail.com", "provider": "gmail", "oauth": {"client_id": "c",
                    "client_secret": {"secret": "app"}, "refresh_token": {"secret": "token"}}}],
            "plugin": [{"name": "slack", "grants": {"http": [{"host": "hooks.slack.com"}], "secrets": {"path": ["hooks.slack.com"]}}}],
            "model": {"base_url": "https://api.example/v1", "model": "m", "key": {"secret": "key"}}
        }))
        .unwrap();
        config.complete();
        let found = destinations(&config);
        let names: Vec<_> = found.iter().map(|(n, place, host)| format!("{n} {place} {host}")).collect();
        assert_eq!(
            names,
            [
                "pw mailbox m imap.example",
                "pw mailbox m smtp.example",
                "app mailbox g oauth2.googleapis.com",
                "token mailbox g oauth2.googleapis.com",
                "path plugin slack hooks.slack.com",
                "key model api.example"
            ]
        );
        assert_eq!(strangers(&found, "pw", &["imap.example".to_owned()]), ["smtp.example"]);
        assert_eq!(strangers(&found, "pw", &[]), [""; 0]);
        assert_eq!(strangers(&found, "key", &["api.example".to_owned()]), [""; 0]);
        let mut off = config.clone();
        off.plugins[0].enabled = false;
        assert_eq!(needed(&off).into_iter().collect::<Vec<_>>(), ["app", "key", "pw", "token"]);
    }
}
