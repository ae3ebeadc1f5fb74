//! What types cannot say about a tenant's set-up.

mod automatic;
mod autonomy;
mod crew;
mod model;
mod people;
mod screen;
mod webhook;

use super::mailbox::host_of;
use super::{ImapConfig, MailboxConfig, OAuthConfig, PluginConfig, Provider, Security, SmtpConfig, TenantConfig};
use crate::capability::{ModelAllowance, StoreAllowance, is_host_pattern};
use std::collections::BTreeSet;
use std::fmt::Display;

/// Something wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where the value stands: `mailbox[0].imap.poll_seconds`. A key that should be there and is not is named by the
    /// table that should hold it.
    pub path: String,
    /// What is wrong, in a sentence without a full stop.
    pub what: String,
    /// What to write instead, in a sentence without a full stop.
    pub mend: String,
}

impl Display for ConfigProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}; {}", self.path, self.what, self.mend)
    }
}

/// Names of tenants: 1 to 40 of `a-z`, `0-9` and single `-` between them.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Names of queues, plugins, mailboxes, categories, tags: 1 to 64 bytes of lower-case letters, digits, `-`, `_`, `/` or
/// any letter outside ASCII. The same rule as the plugin interface's.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| {
            c.is_ascii_lowercase()
                || c.is_ascii_digit()
                || matches!(c, '-' | '_' | '/')
                || (!c.is_ascii() && c.is_alphabetic())
        })
}

/// Names of secrets: 1 to 64 of `a-z`, `0-9` and single `_`, starting with a letter.
#[must_use]
pub fn is_secret_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.contains("__")
        && !text.ends_with('_')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The environment variable that may hold a secret: `POSTHOUSE_SECRET_<TENANT>_<NAME>` in upper case, each `-` of the
/// tenant's slug as `__`. Two tenants never share a variable: a slug holds no `_`, a name no `__`.
#[must_use]
pub fn secret_variable(slug: &str, name: &str) -> String {
    format!("POSTHOUSE_SECRET_{}_{}", slug.replace('-', "__"), name).to_uppercase()
}

impl TenantConfig {
    /// Everything that is wrong and can be seen without looking at files, plugins or the network, in the order of
    /// the file. Empty: sound.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut check = Check(Vec::new());
        check.tenant(self);
        for (i, mailbox) in self.mailboxes.iter().enumerate() {
            check.mailbox(&format!("mailbox[{i}]"), mailbox);
        }
        for (i, plugin) in self.plugins.iter().enumerate() {
            check.plugin(&format!("plugin[{i}]"), plugin);
        }
        check.sign_in(&self.sign_in);
        check.webhooks(&self.webhooks);
        check.0.extend(super::macros::problems(&self.macros));
        check.watch(self);
        check.crew(self);
        if let Some(model) = &self.model {
            check.model(model);
        }
        for (path, name) in self.secret_uses() {
            if !is_secret_name(name) {
                check.say(
                    path,
                    format!("`{name}` cannot be a secret's name"),
                    "use 1 to 64 of a-z, 0-9 and single _, starting with a letter",
                );
            }
        }
        check.0
    }
}

/// Longest signature.
const SIGNATURE_CHARS_MAX: usize = 2_000;

struct Check(Vec<ConfigProblem>);

const NAME_RULE: &str = "use 1 to 64 bytes of lower-case letters, digits, - _ /";

impl Check {
    fn say(&mut self, path: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) {
        self.0.push(ConfigProblem { path: path.into(), what: what.into(), mend: mend.into() });
    }

    fn range<T: PartialOrd + Display>(&mut self, path: impl Into<String>, value: T, low: T, high: T) {
        if !(low <= value && value <= high) {
            self.say(path, format!("{value} is out of range"), format!("use {low} to {high}"));
        }
    }

    fn language(&mut self, path: impl Into<String>, tag: &str) {
        let mut pieces = tag.split('-');
        let first = pieces.next().unwrap_or_default();
        let sound = (2..=3).contains(&first.len())
            && first.bytes().all(|b| b.is_ascii_lowercase())
            && pieces.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !sound {
            self.say(path, format!("`{tag}` is not a language tag"), "use BCP 47, such as \"en\", \"zh\" or \"pt-BR\"");
        }
    }

    fn unique<'a>(&mut self, list: &str, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (i, name) in names.enumerate() {
            let path = format!("{list}[{i}].{key}");
            if !is_name(name) {
                self.say(path, format!("`{name}` cannot be a name"), NAME_RULE);
            } else if !seen.insert(name.to_owned()) {
                self.say(path, format!("`{name}` is already the name of another {list}"), "give each its own name");
            }
        }
    }

    fn tenant(&mut self, config: &TenantConfig) {
        if !is_slug(&config.slug) {
            self.say(
                "slug",
                format!("`{}` cannot be a tenant's slug", config.slug),
                "use 1 to 40 of a-z, 0-9 and single - between them",
            );
        }
        if config.name.trim().is_empty()
            || config.name.chars().count() > 100
            || config.name.chars().any(char::is_control)
        {
            self.say(
                "name",
                "the display name is empty, too long or has control characters",
                "use 1 to 100 characters on one line",
            );
        }
        self.language("agent_language", &config.agent_language);
        // The bundled database: no file is looked at.
        if jiff::tz::TimeZoneDatabase::bundled().get(&config.time_zone).is_err() {
            self.say(
                "time_zone",
                format!("`{}` is not a time zone", config.time_zone),
                "use an IANA name, such as \"Asia/Shanghai\" or \"Europe/Berlin\"",
            );
        }
        for (i, category) in config.categories.iter().enumerate() {
            if !is_name(category) {
                self.say(format!("categories[{i}]"), format!("`{category}` cannot be a category"), NAME_RULE);
            }
        }
        if config.queues.is_empty() {
            self.say("queue", "there is no queue", "leave `queue` out for the default, or add one with [[queue]]");
        }
        self.unique("queue", "name", config.queues.iter().map(|q| q.name.as_str()));
        self.unique("mailbox", "name", config.mailboxes.iter().map(|m| m.name.as_str()));
        self.unique("plugin", "name", config.plugins.iter().map(|p| p.name.as_str()));
        for (i, queue) in config.queues.iter().enumerate() {
            for language in queue.title.keys() {
                self.language(format!("queue[{i}].title.{language}"), language);
            }
        }
        self.range("notify.link_days", config.notify.link_days, 1, 365);
        self.range("review.undo_seconds", config.review.undo_seconds, 0, 600);
        self.screen(&config.screen);
        self.automatic(&config.automatic);
        self.autonomy(&config.autonomy);
    }

    fn address(&mut self, path: impl Into<String>, address: &str) {
        let sound = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
        if !sound || address.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',')) {
            self.say(
                path,
                format!("`{address}` is not a mail address"),
                "write it bare, such as \"support@example.com\"",
            );
        }
    }

    fn mailbox(&mut self, at: &str, mailbox: &MailboxConfig) {
        self.address(format!("{at}.address"), &mailbox.address);
        for (i, alias) in mailbox.aliases.iter().enumerate() {
            self.address(format!("{at}.aliases[{i}]"), alias);
        }
        if mailbox.from_name.as_deref().is_some_and(|name| name.chars().any(char::is_control)) {
            self.say(format!("{at}.from_name"), "the display name has control characters", "write it on one line");
        }
        match (&mailbox.imap, &mailbox.maildir) {
            (None, None) => self.say(at, "the mailbox has no way in", "add [mailbox.imap] or [mailbox.maildir]"),
            (Some(_), Some(_)) => {
                self.say(
                    format!("{at}.maildir"),
                    "the mailbox has two ways in",
                    "keep one of [mailbox.imap] and [mailbox.maildir]",
                );
            }
            _ => {}
        }
        match (&mailbox.smtp, &mailbox.files) {
            (None, None) => self.say(at, "the mailbox has no way out", "add [mailbox.smtp] or [mailbox.files]"),
            (Some(_), Some(_)) => {
                self.say(
                    format!("{at}.files"),
                    "the mailbox has two ways out",
                    "keep one of [mailbox.smtp] and [mailbox.files]",
                );
            }
            _ => {}
        }
        if let Some(limit) = mailbox.send_per_minute {
            self.range(format!("{at}.send_per_minute"), limit, 1, 10_000);
        }
        if let Some(limit) = mailbox.send_per_day {
            self.range(format!("{at}.send_per_day"), limit, 1, 1_000_000);
        }
        self.selectors(at, &mailbox.dkim_selectors);
        if mailbox.signature.as_ref().is_some_and(|signature| signature.chars().count() > SIGNATURE_CHARS_MAX) {
            self.say(
                format!("{at}.signature"),
                format!("it is longer than {SIGNATURE_CHARS_MAX} characters"),
                "keep it to who you are and how to reach you",
            );
        }
        for (key, oauth) in mailbox.oauths() {
            self.oauth(&format!("{at}.{key}"), mailbox.provider, oauth);
        }
        if let Some(imap) = &mailbox.imap {
            self.imap(&format!("{at}.imap"), imap);
        }
        if let Some(maildir) = &mailbox.maildir {
            self.path(format!("{at}.maildir.path"), &maildir.path);
            self.range(format!("{at}.maildir.poll_seconds"), maildir.poll_seconds, 1, 3_600);
        }
        if let Some(smtp) = &mailbox.smtp {
            self.smtp(&format!("{at}.smtp"), smtp);
        }
        if let Some(files) = &mailbox.files {
            self.path(format!("{at}.files.path"), &files.path);
        }
    }

    fn path(&mut self, path: String, value: &str) {
        let leaves = value.split(['/', '\\']).any(|piece| piece == "..");
        if value.trim().is_empty() || value.contains('\0') || leaves {
            self.say(
                path,
                format!("`{value}` cannot be used as a path"),
                "use an absolute path, or one below the host's data_dir without `..`",
            );
        }
    }

    fn selectors(&mut self, at: &str, selectors: &[String]) {
        if selectors.len() > 8 {
            self.say(format!("{at}.dkim_selectors"), "more than 8 are named", "name those that sign mail now");
        }
        for (i, selector) in selectors.iter().enumerate() {
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if selector.is_empty() || selector.len() > 63 || !selector.chars().all(sound) {
                self.say(
                    format!("{at}.dkim_selectors[{i}]"),
                    format!("`{selector}` is not a selector"),
                    "write the name before ._domainkey, such as \"google\"",
                );
            }
        }
    }

    fn oauth(&mut self, at: &str, provider: Option<Provider>, oauth: &OAuthConfig) {
        if oauth.client_id.trim().is_empty() || oauth.client_id.chars().any(char::is_control) {
            self.say(
                format!("{at}.client_id"),
                "the value is empty or has control characters",
                "use the client id of the app registration at the provider",
            );
        }
        if oauth.token_url.is_empty() {
            let what = match provider {
                Some(provider) => format!("no OAuth2 of the provider `{provider}` is known"),
                None => "there is no address of tokens".to_owned(),
            };
            self.say(at, what, "add token_url, or name provider = \"gmail\" or \"microsoft\" on the mailbox");
        }
        let urls = [
            ("token_url", Some(&oauth.token_url).filter(|url| !url.is_empty())),
            ("authorize_url", oauth.authorize_url.as_ref()),
            ("device_url", oauth.device_url.as_ref()),
        ];
        for (key, url) in urls {
            if let Some(url) = url.filter(|url| host_of(url).is_none()) {
                self.say(
                    format!("{at}.{key}"),
                    format!("`{url}` is not an address that a token may be sent to"),
                    "use https://…; http:// is for 127.0.0.1 and localhost",
                );
            }
        }
        for (i, scope) in oauth.scopes.iter().enumerate() {
            if scope.is_empty() || scope.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') {
                self.say(format!("{at}.scopes[{i}]"), format!("`{scope}` is not a scope"), "write one scope per entry");
            }
        }
    }

    fn server(&mut self, at: &str, host: &str, port: Option<u16>, security: Security) {
        if host.is_empty() {
            self.say(
                at,
                "there is no host",
                "add host = \"mail.example.com\", or name the mailbox's provider, such as provider = \"gmail\"",
            );
        } else if host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@') {
            self.say(
                format!("{at}.host"),
                format!("`{host}` is not a server's name"),
                "write the bare name, such as \"mail.example.com\"",
            );
        }
        if port == Some(0) {
            self.say(format!("{at}.port"), "0 is not a port", "use 1 to 65535, or leave it out for the default");
        }
        let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if security == Security::Plain && !loopback {
            self.say(
                format!("{at}.security"),
                format!("a connection to `{host}` without TLS would show the password to anyone on the way"),
                "use \"tls\" or \"starttls\"; \"plain\" is for 127.0.0.1 and localhost",
            );
        }
    }

    fn imap(&mut self, at: &str, imap: &ImapConfig) {
        self.server(at, &imap.host, imap.port, imap.security());
        if imap.password.is_none() && imap.oauth.is_none() {
            self.say(
                at,
                "there is nothing to sign in with",
                "add password = { secret = \"…\" }, or a table [mailbox.oauth]",
            );
        }
        self.range(format!("{at}.poll_seconds"), imap.poll_seconds, 5, 3_600);
        for (key, value) in
            [("user", Some(&imap.user)), ("folder", Some(&imap.folder)), ("sent_folder", imap.sent_folder.as_ref())]
        {
            if value.is_some_and(|v| v.is_empty() || v.chars().any(char::is_control)) {
                self.say(format!("{at}.{key}"), "the value is empty or has control characters", "write it on one line");
            }
        }
        self.one_of(at, "folder", imap.folder != "INBOX", "folders", !imap.folders.is_empty());
        for (key, names) in [("folders", &imap.folders), ("skip_folders", &imap.skip_folders)] {
            if names.len() > ImapConfig::FOLDERS_MAX {
                self.say(
                    format!("{at}.{key}"),
                    format!("there are {} names, at most {} are possible", names.len(), ImapConfig::FOLDERS_MAX),
                    "use patterns: \"Shop/*\" means every folder below Shop",
                );
            }
            for (i, name) in names.iter().enumerate() {
                if name.is_empty() || name.chars().any(char::is_control) {
                    self.say(
                        format!("{at}.{key}[{i}]"),
                        "the name is empty or has control characters",
                        "write a folder's name or a pattern on one line",
                    );
                }
            }
        }
        self.one_of(at, "ca_pem", imap.ca_pem.is_some(), "ca_file", imap.ca_file.is_some());
    }

    fn smtp(&mut self, at: &str, smtp: &SmtpConfig) {
        self.server(at, &smtp.host, smtp.port, smtp.security());
        self.range(format!("{at}.timeout_seconds"), smtp.timeout_seconds, 5, 600);
        match (&smtp.user, &smtp.password) {
            (Some(_), None) if smtp.oauth.is_some() => {}
            (Some(_), None) => {
                self.say(format!("{at}.user"), "there is a user but no password", "add password = { secret = \"…\" }")
            }
            (None, Some(_)) => {
                self.say(format!("{at}.password"), "there is a password but no user", "add user = \"…\"")
            }
            _ => {}
        }
        self.one_of(at, "ca_pem", smtp.ca_pem.is_some(), "ca_file", smtp.ca_file.is_some());
    }

    fn one_of(&mut self, at: &str, first: &str, has_first: bool, second: &str, has_second: bool) {
        if has_first && has_second {
            self.say(
                format!("{at}.{second}"),
                format!("`{first}` and `{second}` say the same thing"),
                "keep one of them",
            );
        }
    }

    fn plugin(&mut self, at: &str, plugin: &PluginConfig) {
        if plugin.component().trim().is_empty() {
            self.say(format!("{at}.component"), "the component is empty", "name a bundled plugin or a .wasm file");
        }
        if let Some(language) = &plugin.language {
            self.language(format!("{at}.language"), language);
        }
        self.one_of(at, "settings", !plugin.settings.is_empty(), "settings_file", plugin.settings_file.is_some());
        for (i, allowance) in plugin.grants.http.iter().enumerate() {
            let path = format!("{at}.grants.http[{i}]");
            if !is_host_pattern(&allowance.host) {
                self.say(
                    format!("{path}.host"),
                    format!("`{}` is not a host that can be allowed", allowance.host),
                    "use an exact lower-case name, or *.example.com for every name below",
                );
            }
            if !matches!(allowance.scheme.as_str(), "https" | "http") {
                self.say(
                    format!("{path}.scheme"),
                    format!("`{}` is not a scheme", allowance.scheme),
                    "use \"https\" or \"http\"",
                );
            }
            for (j, method) in allowance.methods.iter().enumerate() {
                if !matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE") {
                    self.say(
                        format!("{path}.methods[{j}]"),
                        format!("`{method}` is not a method plugins can use"),
                        "use GET, HEAD, POST, PUT, PATCH or DELETE",
                    );
                }
            }
        }
        for (limit, value) in plugin.limits.out_of_range() {
            let (low, high) = limit.range().into_inner();
            self.range(format!("{at}.limits.{limit}"), value, low, high);
        }
        if let Some(model) = plugin.grants.model {
            let said = [
                ("tokens_per_day", model.tokens_per_day, ModelAllowance::TOKENS),
                ("calls", model.calls, ModelAllowance::CALLS),
            ];
            for (key, value, range) in said {
                if let Some(value) = value {
                    self.range(format!("{at}.grants.model.{key}"), value, *range.start(), *range.end());
                }
            }
        }
        if let Some(store) = plugin.grants.store
            && !(1..=StoreAllowance::BYTES_MAX).contains(&store.bytes)
        {
            self.say(
                format!("{at}.grants.store.bytes"),
                format!("{} bytes is no size of a plugin's store", store.bytes),
                format!("give it 1 to {} bytes, or leave `store` out", StoreAllowance::BYTES_MAX),
            );
        }
        for (secret, hosts) in &plugin.grants.secrets {
            let path = format!("{at}.grants.secrets.{secret}");
            if hosts.is_empty() {
                self.say(
                    path.clone(),
                    format!("the secret `{secret}` may go to no host"),
                    "list the hosts it may be sent to",
                );
            }
            for (j, host) in hosts.iter().enumerate() {
                if !plugin.grants.http.iter().any(|allowance| allowance.host == *host) {
                    self.say(
                        format!("{path}[{j}]"),
                        format!("the secret may go to `{host}`, but the plugin may not call it"),
                        format!("add {{ host = \"{host}\" }} to grants.http, or take it out here"),
                    );
                }
            }
        }
    }

    fn watch(&mut self, config: &TenantConfig) {
        let heartbeat = &config.heartbeat;
        if let Some(minutes) = heartbeat.silent_after_minutes {
            self.range("heartbeat.silent_after_minutes", minutes, 5, 10_080);
        }
        self.range("heartbeat.stuck_after_minutes", heartbeat.stuck_after_minutes, 1, 1_440);
        if heartbeat.days.is_empty() {
            self.say("heartbeat.days", "mail is expected on no day", "leave `days` out for every day, or name some");
        }
        if let Some(digest) = &config.digest {
            self.range("digest.examples", digest.examples, 0, 10);
        }
        let digest = config.digest.as_ref().map(|d| &d.notifiers);
        let lists = [
            ("notify.notifiers", Some(&config.notify.notifiers)),
            ("digest.notifiers", digest),
            ("heartbeat.notifiers", Some(&heartbeat.notifiers)),
        ];
        for (path, list) in lists {
            for (i, name) in list.into_iter().flatten().enumerate() {
                if config.plugin(name).is_none() {
                    self.say(
                        format!("{path}[{i}]"),
                        format!("there is no plugin named `{name}`"),
                        "name a [[plugin]] of this file that is a notifier",
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn problems(value: serde_json::Value) -> Vec<String> {
        let mut base = json!({"slug": "acme", "name": "Acme"});
        let object = base.as_object_mut().unwrap();
        object.extend(value.as_object().unwrap().clone());
        let config: TenantConfig = serde_json::from_value(base).unwrap();
        config.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_minimal_tenant_is_sound() {
        assert_eq!(problems(json!({})), [""; 0]);
        assert_eq!(TenantConfig::new("acme", "Acme").problems(), []);
    }

    #[test]
    fn each_problem_says_where_what_and_how_to_mend() {
        let found = problems(json!({
            "time_zone": "Mars/Olympus",
            "review": {"undo_seconds": 601},
            "notify": {"notifiers": ["feishu"], "link_days": 366},
            "mailbox": [{"name": "Support", "address": "support", "maildir": {"path": "../x"}, "smtp":
                {"host": "mail.example.com", "security": "plain", "user": "u"}}],
            "plugin": [{"name": "hook", "grants": {"http": [{"host": "Hooks.example"}], "secrets": {"Key": ["other.example"]}}}],
        }));
        let expected = [
            "`time_zone`: `Mars/Olympus` is not a time zone; use an IANA name, such as \"Asia/Shanghai\" or \"Europe/Berlin\"",
            "`mailbox[0].name`: `Support` cannot be a name; use 1 to 64 bytes of lower-case letters, digits, - _ /",
            "`notify.link_days`: 366 is out of range; use 1 to 365",
            "`review.undo_seconds`: 601 is out of range; use 0 to 600",
            "`mailbox[0].address`: `support` is not a mail address; write it bare, such as \"support@example.com\"",
            "`mailbox[0].maildir.path`: `../x` cannot be used as a path; use an absolute path, or one below the host's data_dir without `..`",
            "`mailbox[0].smtp.security`: a connection to `mail.example.com` without TLS would show the password to anyone on the way; use \"tls\" or \"starttls\"; \"plain\" is for 127.0.0.1 and localhost",
            "`mailbox[0].smtp.user`: there is a user but no password; add password = { secret = \"…\" }",
            "`plugin[0].grants.http[0].host`: `Hooks.example` is not a host that can be allowed; use an exact lower-case name, or *.example.com for every name below",
            "`plugin[0].grants.secrets.Key[0]`: the secret may go to `other.example`, but the plugin may not call it; add { host = \"other.example\" } to grants.http, or take it out here",
            "`notify.notifiers[0]`: there is no plugin named `feishu`; name a [[plugin]] of this file that is a notifier",
            "`plugin[0].grants.secrets.Key`: `Key` cannot be a secret's name; use 1 to 64 of a-z, 0-9 and single _, starting with a letter",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn folders_are_names_or_patterns_and_not_too_many() {
        let with = |more: serde_json::Value| {
            let mut imap = json!({ "host": "h.example", "user": "u", "password": { "secret": "p" } });
            imap.as_object_mut().unwrap().append(more.clone().as_object_mut().unwrap());
            let mailbox = json!({ "name": "a", "address": "a@b.example", "imap": imap, "files": { "path": "out" } });
            problems(json!({ "mailbox": [mailbox] }))
        };
        let many = |count: usize| vec!["A"; count];
        assert_eq!(with(json!({ "folders": ["INBOX", "Shop/*"], "skip_folders": ["Shop/%"] })), [""; 0]);
        assert_eq!(with(json!({ "folders": many(50), "skip_folders": many(50) })), [""; 0]);
        assert_eq!(with(json!({ "folders": many(51), "skip_folders": many(51) })).len(), 2);
        assert_eq!(
            with(json!({ "folder": "Shop", "folders": ["INBOX"] })),
            ["`mailbox[0].imap.folders`: `folder` and `folders` say the same thing; keep one of them"]
        );
        assert_eq!(
            with(json!({ "folders": ["INBOX", ""] })),
            [
                "`mailbox[0].imap.folders[1]`: the name is empty or has control characters; write a folder's name or a pattern on one line"
            ]
        );
    }

    #[test]
    fn a_store_has_a_size_within_its_bounds() {
        let with =
            |bytes: u64| problems(json!({ "plugin": [{ "name": "a", "grants": { "store": { "bytes": bytes } } }] }));
        assert_eq!(with(1), [""; 0]);
        assert_eq!(with(16 << 20), [""; 0]);
        let words = "`plugin[0].grants.store.bytes`: 0 bytes is no size of a plugin's store; give it 1 to 16777216 bytes, or leave `store` out";
        assert_eq!(with(0), [words]);
        assert_eq!(with((16 << 20) + 1).len(), 1);
    }

    #[test]
    fn no_two_tenants_share_a_variable() {
        assert_eq!(secret_variable("a-b", "c"), "POSTHOUSE_SECRET_A__B_C");
        assert_ne!(secret_variable("a-b", "c"), secret_variable("a", "b_c"));
        assert!(!is_secret_name("b__c") && !is_secret_name("_b") && is_secret_name("b_c"));
        assert!(!is_slug("a--b") && !is_slug("-a") && is_slug("a-b"));
    }
}
