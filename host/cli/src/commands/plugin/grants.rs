//! `posthouse plugin grants`: what each plugin of a tenant's folder may do, and who says so.

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, bytes};
use crate::setup::components::Component;
use crate::setup::folder::Folder;
use clap::Args;
use posthouse_model::capability::{ANY_HOST, Capability, Grants, HttpAllowance, ModelAllowance, covers};
use posthouse_model::ceiling::Ceiling;
use posthouse_model::config::PluginConfig;
use posthouse_model::limits::{Limit, Limits};
use posthouse_package::{Fallback, Manifest};
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
pub async fn run(args: &GrantsArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let finder = context.finder(Some(&host));
    crate::registry::fetch_locked(&args.dir, &host, &context.environment).await?;
    let folder = Folder::load(&args.dir, &finder)
        .map_err(|problems| Failure::of_problems(format!("{} cannot be used", args.dir.display()), problems))?;
    let ceiling = host.plugins.ceiling();
    let mut lines = Vec::new();
    for (plugin, component) in folder.config.plugins.iter().zip(&folder.components) {
        lines.extend(of_plugin(plugin, component, &ceiling));
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

/// What a plugin asks for, is granted and is allowed, while the lines are put together.
struct View<'a> {
    plugin: &'a PluginConfig,
    imported: Vec<Capability>,
    manifest: Option<&'a Manifest>,
    asked: Option<Grants>,
    /// What package and tenant both say.
    both: Grants,
    limits: Limits,
    ceiling: &'a Ceiling,
}

impl View<'_> {
    fn asks(&self, capability: Capability) -> bool {
        self.asked.as_ref().map_or_else(|| self.imported.contains(&capability), |asked| asked.has(capability))
    }

    /// Without a package it is not known what for: only that.
    fn asked_or(&self, capability: Capability, words: impl Fn(&Grants) -> String) -> String {
        self.asked.as_ref().map_or_else(|| mark(self.asks(capability)), words)
    }

    fn line(
        &self,
        power: impl Into<String>,
        asked: String,
        granted: String,
        allowed: String,
        effective: String,
    ) -> Line {
        let effective = if allowed == NO { NO.to_owned() } else { effective };
        Line { plugin: self.plugin.name.clone(), power: power.into(), asked, granted, allowed, effective }
    }

    fn simple(&self, lines: &mut Vec<Line>) {
        let granted = &self.plugin.grants;
        for capability in [Capability::Log, Capability::Knowledge] {
            if self.asks(capability) || granted.has(capability) && capability != Capability::Log {
                let effective = self.asks(capability) && self.both.has(capability);
                let marks = [self.asks(capability), granted.has(capability), true, effective].map(mark);
                let [asked, granted, allowed, effective] = marks;
                lines.push(self.line(capability.as_str(), asked, granted, allowed, effective));
            }
        }
    }

    fn model(&self, lines: &mut Vec<Line>) {
        let granted = &self.plugin.grants;
        if !self.asks(Capability::Model) && granted.model.is_none() {
            return;
        }
        let budget = |grants: &Grants| grants.model.map_or_else(|| NO.to_owned(), budget);
        let effective = if self.asks(Capability::Model) { budget(&self.both) } else { NO.to_owned() };
        let asked = self.asked_or(Capability::Model, budget);
        lines.push(self.line("model", asked, budget(granted), mark(self.ceiling.model), effective));
    }

    fn store(&self, lines: &mut Vec<Line>) {
        let granted = &self.plugin.grants;
        if !self.asks(Capability::Store) && granted.store.is_none() {
            return;
        }
        let size = |grants: &Grants| grants.store.map_or_else(|| NO.to_owned(), |store| bytes(store.bytes));
        let allowed = if self.ceiling.store_bytes == 0 { NO.to_owned() } else { bytes(self.ceiling.store_bytes) };
        let beyond = self.both.store.is_some_and(|store| store.bytes > self.ceiling.store_bytes);
        let effective = if beyond { NO.to_owned() } else { size(&self.both) };
        lines.push(self.line("store", self.asked_or(Capability::Store, size), size(granted), allowed, effective));
    }

    fn hosts(&self, lines: &mut Vec<Line>) {
        let granted = &self.plugin.grants;
        let mut hosts: Vec<&str> = granted.http.iter().map(|allowance| allowance.host.as_str()).collect();
        hosts.extend(self.asked.iter().flat_map(|asked| asked.http.iter().map(|allowance| allowance.host.as_str())));
        hosts.sort_unstable();
        hosts.dedup();
        hosts.retain(|host| *host != ANY_HOST);
        if let Some(ask) = self.manifest.and_then(|manifest| manifest.capabilities.http.iter().find(|ask| ask.is_any()))
        {
            let named = if hosts.is_empty() { NO } else { "see below" };
            let power = "http to hosts that the tenant names";
            let why = ask.reason.clone().unwrap_or_default();
            lines.push(self.line(
                power,
                why,
                named.to_owned(),
                mark(!self.ceiling.http_hosts.is_empty()),
                named.to_owned(),
            ));
        }
        for host in hosts {
            let methods = |grants: &Grants| {
                let found = grants.http.iter().find(|allowance| covers(&allowance.host, host));
                found.map_or_else(|| NO.to_owned(), methods)
            };
            let private = granted.http.iter().any(|allowance| allowance.host == host && allowance.private);
            let allowed =
                if private { self.ceiling.allows_private(host) } else { self.ceiling.allows_host(host, false) };
            let here = self.both.http.iter().any(|allowance| allowance.host == host);
            let effective = if here { methods(&self.both) } else { NO.to_owned() };
            let power = if private { format!("http {host} (private)") } else { format!("http {host}") };
            let asked = self.asked_or(Capability::Http, methods);
            lines.push(self.line(power, asked, methods(granted), mark(allowed), effective));
        }
    }

    fn secrets(&self, lines: &mut Vec<Line>) {
        let granted = &self.plugin.grants;
        let mut secrets: Vec<&String> = granted.secrets.keys().collect();
        secrets.extend(self.asked.iter().flat_map(|asked| asked.secrets.keys()));
        secrets.sort_unstable();
        secrets.dedup();
        for secret in secrets {
            let to = |grants: &Grants| match grants.secrets.get(secret) {
                Some(hosts) if hosts.iter().any(|host| host == ANY_HOST) => "to hosts that the tenant names".to_owned(),
                Some(hosts) => format!("to {}", hosts.join(" ")),
                None => NO.to_owned(),
            };
            let asked = self.asked_or(Capability::Http, to);
            lines.push(self.line(format!("secret {secret}"), asked, to(granted), mark(true), to(&self.both)));
        }
    }

    /// Those that somebody says something about; the others are what is usual.
    fn limits(&self, lines: &mut Vec<Line>) {
        let given = &self.plugin.limits;
        let settled = self.limits.settle(given, &self.ceiling.limits);
        for limit in Limit::ALL.iter().copied() {
            let allowed = self.ceiling.limits.get(limit).unwrap_or(limit.ceiling());
            if self.limits.get(limit).is_none() && given.get(limit).is_none() && allowed >= limit.usual() {
                continue;
            }
            let number = |value: Option<u64>| value.map_or_else(|| NO.to_owned(), |value| value.to_string());
            let effective = match &settled {
                Ok(bounds) => bounds.get(limit).to_string(),
                Err(excesses) if excesses.iter().any(|e| e.key == format!("limits.{limit}")) => NO.to_owned(),
                Err(_) => number(self.limits.get(limit)),
            };
            let asked = number(self.limits.get(limit));
            lines.push(self.line(limit.as_str(), asked, number(given.get(limit)), allowed.to_string(), effective));
        }
    }
}

fn budget(allowance: ModelAllowance) -> String {
    match (allowance.tokens_per_day, allowance.calls) {
        (None, None) => "yes".to_owned(),
        (Some(tokens), None) => format!("{tokens} tokens a day"),
        (None, Some(calls)) => format!("{calls} calls a day"),
        (Some(tokens), Some(calls)) => format!("{tokens} tokens, {calls} calls a day"),
    }
}

fn methods(allowance: &HttpAllowance) -> String {
    if allowance.methods.is_empty() { "GET POST".to_owned() } else { allowance.methods.join(" ") }
}

fn of_plugin(plugin: &PluginConfig, component: &Component, ceiling: &Ceiling) -> Vec<Line> {
    let info = inspect(&component.bytes).ok();
    let view = View {
        plugin,
        imported: info.as_ref().map(|info| info.capabilities.clone()).unwrap_or_default(),
        manifest: component.package.as_ref().map(|package| package.manifest()),
        asked: component.package.as_ref().map(|package| package.manifest().capabilities.as_grants()),
        both: component.effective(&plugin.grants),
        limits: component.limits_asked(&plugin.limits),
        ceiling,
    };
    let mut lines = Vec::new();
    view.simple(&mut lines);
    view.model(&mut lines);
    view.store(&mut lines);
    view.hosts(&mut lines);
    view.secrets(&mut lines);
    if lines.is_empty() {
        lines.push(view.line("nothing", NO.to_owned(), NO.to_owned(), NO.to_owned(), NO.to_owned()));
    }
    view.limits(&mut lines);
    if let Some(world) = info.map(|info| info.world) {
        let says = view.manifest.and_then(|manifest| manifest.fallback).map_or(NO, Fallback::as_str).to_owned();
        let fallback = Fallback::of(world);
        let (name, words) = (fallback.as_str().to_owned(), fallback.words().to_owned());
        lines.push(view.line("when it fails", says, NO.to_owned(), name, words));
    }
    lines
}
