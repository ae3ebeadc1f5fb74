//! `posthouse plugin grants`: what each plugin of a tenant's folder may do, and who says so.

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, bytes};
use crate::setup::components::Component;
use crate::setup::folder::Folder;
use clap::Args;
use posthouse_model::capability::{Capability, Grants, host_matches};
use posthouse_sandbox::inspect;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Options of `plugin grants`.
#[derive(Args, Debug)]
#[command(after_help = "\
A plugin may do what its package asks for, the tenant grants and the host allows, all three. A bundled plugin and a bare .wasm file
have no package; what they import is shown instead.")]
pub struct GrantsArgs {
    /// The tenant's folder
    dir: PathBuf,
    /// Print JSON: [{"plugin", "power", "asked", "granted", "allowed", "effective"}]
    #[arg(long)]
    json: bool,
}

/// One power of one plugin.
struct Line {
    plugin: String,
    power: String,
    /// By the package, or by what is imported.
    asked: String,
    /// By the tenant.
    granted: String,
    /// By the host.
    allowed: String,
    /// What all three come to.
    effective: String,
}

/// Runs the command.
///
/// # Errors
/// The folder cannot be read.
pub fn run(args: &GrantsArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let finder = context.finder(Some(&host));
    let folder = Folder::load(&args.dir, &finder)
        .map_err(|problems| Failure::of_problems(format!("{} cannot be used", args.dir.display()), problems))?;
    let mut lines = Vec::new();
    for (plugin, component) in folder.config.plugins.iter().zip(&folder.components) {
        lines.extend(of_plugin(&plugin.name, &plugin.grants, component, &host.plugins.private_hosts));
    }
    if args.json {
        let all: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "plugin": line.plugin, "power": line.power, "asked": line.asked, "granted": line.granted,
                    "allowed": line.allowed, "effective": line.effective,
                })
            })
            .collect();
        terminal.json(&all)?;
        return Ok(Code::Ok);
    }
    let mut table = Table::new(&["plugin", "power", "package asks", "tenant grants", "host allows", "effective"]);
    let mut last = String::new();
    for line in lines {
        let name = if line.plugin == last { String::new() } else { line.plugin.clone() };
        last = line.plugin;
        let style = if line.effective == NO { Style::Dim } else { Style::Good };
        let plain = |text: String| (Style::Plain, text);
        table.row([
            (Style::Bold, name),
            plain(line.power),
            plain(line.asked),
            plain(line.granted),
            plain(line.allowed),
            (style, line.effective),
        ]);
    }
    terminal.table(&table)?;
    Ok(Code::Ok)
}

const NO: &str = "–";

fn mark(yes: bool) -> String {
    if yes { "yes".to_owned() } else { NO.to_owned() }
}

fn of_plugin(name: &str, granted: &Grants, component: &Component, private_hosts: &[String]) -> Vec<Line> {
    let imported = inspect(&component.bytes).map(|info| info.capabilities).unwrap_or_default();
    let asked = component.package.as_ref().map(|package| package.manifest().capabilities.as_grants());
    let effective = component.effective(granted);
    let asks = |capability| match &asked {
        Some(asked) => asked.has(capability),
        None => imported.contains(&capability),
    };
    let line = |power: String, asked: String, granted: String, allowed: bool, effective: String| Line {
        plugin: name.to_owned(),
        power,
        asked,
        granted,
        allowed: mark(allowed),
        effective: if allowed { effective } else { NO.to_owned() },
    };
    let mut lines = Vec::new();
    for capability in [Capability::Log, Capability::Model, Capability::Knowledge] {
        if asks(capability) || granted.has(capability) && capability != Capability::Log {
            let effective = mark(asks(capability) && effective.has(capability));
            lines.push(line(
                capability.to_string(),
                mark(asks(capability)),
                mark(granted.has(capability)),
                true,
                effective,
            ));
        }
    }
    if asks(Capability::Store) || granted.store.is_some() {
        let size = |grants: Option<&Grants>| match grants.and_then(|grants| grants.store) {
            Some(store) => bytes(store.bytes),
            None => NO.to_owned(),
        };
        let wanted = if asked.is_some() { size(asked.as_ref()) } else { mark(asks(Capability::Store)) };
        lines.push(line("store".to_owned(), wanted, size(Some(granted)), true, size(Some(&effective))));
    }
    let mut hosts: Vec<&str> = granted.http.iter().map(|allowance| allowance.host.as_str()).collect();
    hosts.extend(asked.iter().flat_map(|asked| asked.http.iter().map(|allowance| allowance.host.as_str())));
    hosts.sort_unstable();
    hosts.dedup();
    for host in hosts {
        let methods = |grants: &Grants| {
            let found =
                grants.http.iter().find(|allowance| allowance.host == host || host_matches(&allowance.host, host));
            match found {
                None => NO.to_owned(),
                Some(allowance) if allowance.methods.is_empty() => "GET POST".to_owned(),
                Some(allowance) => allowance.methods.join(" "),
            }
        };
        let private = granted.http.iter().any(|allowance| allowance.host == host && allowance.private);
        let allowed = !private || private_hosts.iter().any(|known| known == host);
        let wanted = asked.as_ref().map_or_else(|| mark(asks(Capability::Http)), methods);
        let here = effective.http.iter().any(|allowance| allowance.host == host);
        let effective = if here { methods(&effective) } else { NO.to_owned() };
        let power = if private { format!("http {host} (private)") } else { format!("http {host}") };
        lines.push(line(power, wanted, methods(granted), allowed, effective));
    }
    let mut secrets: Vec<&String> = granted.secrets.keys().collect();
    secrets.extend(asked.iter().flat_map(|asked| asked.secrets.keys()));
    secrets.sort_unstable();
    secrets.dedup();
    for secret in secrets {
        let to = |grants: &Grants| match grants.secrets.get(secret) {
            Some(hosts) => format!("to {}", hosts.join(" ")),
            None => NO.to_owned(),
        };
        let wanted = asked.as_ref().map_or_else(|| mark(asks(Capability::Http)), to);
        lines.push(line(format!("secret {secret}"), wanted, to(granted), true, to(&effective)));
    }
    if lines.is_empty() {
        lines.push(line("nothing".to_owned(), NO.to_owned(), NO.to_owned(), false, NO.to_owned()));
    }
    lines
}
