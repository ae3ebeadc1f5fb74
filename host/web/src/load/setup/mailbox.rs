//! The form of a mailbox: its address, its provider or servers, and how it signs in.

use super::forms::keep_secret;
use super::{Around, Read, lines, number_or_none, optional};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{
    ImapConfig, MailboxConfig, OAuthConfig, PasswordKind, Provider, SecretRef, Security, SmtpConfig, TenantConfig,
    is_secret_name,
};
use serde_json::json;

/// What stands for a mailbox that has no name yet, in paths of problems.
fn path_of(mailbox: Option<&MailboxConfig>) -> String {
    format!("mailbox[{}]", mailbox.map_or("", |mailbox| mailbox.name.as_str()))
}

/// A mailbox of folders and files has no servers.
fn has_servers(mailbox: Option<&MailboxConfig>) -> bool {
    mailbox.is_none_or(|mailbox| mailbox.maildir.is_none() && mailbox.files.is_none())
}

pub(super) fn form(mailbox: Option<&MailboxConfig>, t: Lang) -> Vec<Group> {
    let at = path_of(mailbox);
    let path = |key: &str| format!("{at}.{key}");
    let line = |name: &str, key: &str, label: &str, kind: &'static str, most: u32, value: Option<String>| {
        Field::new(name, &path(key), label, Control::Line(kind, most), value.unwrap_or_default())
    };
    let mut first = Vec::new();
    if mailbox.is_none() {
        first.push(line("name", "name", t.setup_mailbox_name(), "text", 64, None).hint(t.setup_mailbox_name_hint()));
    }
    let own = |read: fn(&MailboxConfig) -> Option<String>| mailbox.and_then(read);
    first.push(line("address", "address", t.setup_address(), "email", 254, own(|m| Some(m.address.clone()))));
    first.push(
        line("from", "from_name", t.setup_from_name(), "text", 100, own(|m| m.from_name.clone()))
            .hint(t.setup_from_name_hint()),
    );
    first.push(Field::tick("enabled", &path("enabled"), t.setup_mailbox_on(), mailbox.is_none_or(|m| m.enabled)));
    let mut groups = vec![Group { fields: first, ..Group::default() }];
    if has_servers(mailbox) {
        groups.extend(servers(mailbox, t));
    }
    let signature = own(|m| m.signature.clone()).unwrap_or_default();
    let aliases = mailbox.map(|m| m.aliases.join("\n")).unwrap_or_default();
    let limit = |value: Option<u32>| value.map(|limit| limit.to_string()).unwrap_or_default();
    let mut more = vec![
        Field::new("signature", &path("signature"), t.setup_signature(), Control::Lines(3, 2_000), signature),
        Field::new("aliases", &path("aliases"), t.setup_aliases(), Control::Lines(2, 4_000), aliases)
            .hint(t.setup_aliases_hint()),
        Field::new(
            "minute",
            &path("send_per_minute"),
            t.setup_per_minute(),
            Control::Number(1, 10_000),
            limit(mailbox.and_then(|m| m.send_per_minute)),
        ),
        Field::new(
            "day",
            &path("send_per_day"),
            t.setup_per_day(),
            Control::Number(1, 1_000_000),
            limit(mailbox.and_then(|m| m.send_per_day)),
        )
        .hint(t.setup_limits_hint()),
    ];
    if mailbox.is_none() {
        more.push(Field::tick("existing", &path("import_existing"), t.setup_existing(), true));
    }
    groups.push(Group { title: Some(t.setup_mailbox_more().to_owned()), fields: more, ..Group::default() });
    groups
}

fn servers(mailbox: Option<&MailboxConfig>, t: Lang) -> Vec<Group> {
    let at = path_of(mailbox);
    let path = |key: &str| format!("{at}.{key}");
    let (imap, smtp) = (mailbox.and_then(|m| m.imap.as_ref()), mailbox.and_then(|m| m.smtp.as_ref()));
    let oauth = mailbox.and_then(|m| m.oauth.as_ref());
    let providers = Provider::ALL.iter().map(|provider| {
        let title = provider.preset().map_or_else(|| t.setup_provider_other(), |preset| preset.title);
        (provider.as_str().to_owned(), title.to_owned())
    });
    let provider = mailbox.and_then(|m| m.provider).unwrap_or(Provider::Generic);
    let user = imap.map(|imap| imap.user.clone()).unwrap_or_default();
    let ways = vec![
        ("password".to_owned(), t.setup_by_password().to_owned()),
        ("oauth".to_owned(), t.setup_by_oauth().to_owned()),
    ];
    let way = if oauth.is_some() { "oauth" } else { "password" };
    let kept = imap.and_then(|imap| imap.password.as_ref()).map(|password| password.secret.as_str());
    let client = oauth.map(|oauth| oauth.client_id.clone()).unwrap_or_default();
    let security = |value: Option<Security>| value.map(|s| s.as_str().to_owned()).unwrap_or_default();
    let choice = || {
        let kinds = Security::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.as_str().to_uppercase()));
        Control::Choice(std::iter::once((String::new(), t.setup_usual().to_owned())).chain(kinds).collect())
    };
    let port = |value: Option<u16>| value.map(|port| port.to_string()).unwrap_or_default();
    let server = |name: &str, label: &str, host: String, at_port: String, kind: String| Group {
        title: Some(label.to_owned()),
        hint: None,
        row: true,
        fields: vec![
            Field::new(
                &format!("{name}-host"),
                &path(&format!("{name}.host")),
                t.setup_host(),
                Control::Line("text", 253),
                host,
            ),
            Field::new(
                &format!("{name}-port"),
                &path(&format!("{name}.port")),
                t.setup_port(),
                Control::Number(1, 65_535),
                at_port,
            ),
            Field::new(
                &format!("{name}-security"),
                &path(&format!("{name}.security")),
                t.setup_security(),
                choice(),
                kind,
            ),
        ],
    };
    let host = |host: Option<&String>| host.cloned().unwrap_or_default();
    vec![
        Group {
            title: Some(t.setup_sign_in().to_owned()),
            fields: vec![
                Field::new(
                    "provider",
                    &path("provider"),
                    t.setup_provider(),
                    Control::Choice(providers.collect()),
                    provider.as_str(),
                )
                .hint(t.setup_provider_hint()),
                Field::new("user", &path("imap.user"), t.setup_user(), Control::Line("text", 254), user)
                    .hint(t.setup_user_hint()),
                Field::new("way", "", t.setup_way(), Control::Choice(ways), way).hint(t.setup_way_hint()),
                Field::new("password", &path("imap.password"), password_label(provider, t), Control::Hidden, "")
                    .hint(kept.map_or_else(|| t.setup_password_hint().to_owned(), |name| t.setup_hidden_hint(name))),
                Field::new("client", &path("oauth.client_id"), t.setup_client(), Control::Line("text", 300), client)
                    .hint(t.setup_client_hint()),
                Field::new("client-secret", &path("oauth.client_secret"), t.setup_client_secret(), Control::Hidden, "")
                    .hint(t.setup_client_secret_hint()),
            ],
            ..Group::default()
        },
        server(
            "imap",
            t.setup_imap(),
            host(imap.map(|i| &i.host)),
            port(imap.and_then(|i| i.port)),
            security(imap.and_then(|i| i.security)),
        ),
        server(
            "smtp",
            t.setup_smtp(),
            host(smtp.map(|s| &s.host)),
            port(smtp.and_then(|s| s.port)),
            security(smtp.and_then(|s| s.security)),
        ),
    ]
}

fn password_label(provider: Provider, t: Lang) -> &'static str {
    match provider.preset().map(|preset| preset.password) {
        Some(PasswordKind::AppPassword) => t.setup_app_password(),
        Some(PasswordKind::AuthorisationCode) => t.setup_authorisation_code(),
        _ => t.setup_password(),
    }
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let known = around.mailbox.as_deref().and_then(|name| config.mailbox(name)).cloned();
    let is_new = known.is_none();
    let mut mailbox = known.unwrap_or_else(|| blank(&fields.line("name")));
    let servers = has_servers(Some(&mailbox).filter(|_| !is_new));
    mailbox.address = fields.line("address");
    mailbox.from_name = optional(fields, "from");
    mailbox.enabled = !fields.get("enabled").is_empty();
    mailbox.signature = Some(fields.text("signature")).filter(|text| !text.is_empty());
    mailbox.aliases = lines(fields, "aliases");
    mailbox.send_per_minute = number_or_none(fields, "minute", t, read);
    mailbox.send_per_day = number_or_none(fields, "day", t, read);
    if is_new {
        mailbox.import_existing = !fields.get("existing").is_empty();
    }
    if servers {
        read_servers(fields, &mut mailbox, t, read);
    }
    mailbox.complete();
    let name = mailbox.name.clone();
    let secrets = secrets_of(&mailbox);
    match config.mailboxes.iter_mut().find(|known| !is_new && known.name == name) {
        Some(place) => *place = mailbox,
        None => config.mailboxes.push(mailbox),
    }
    for (field, secret) in secrets {
        keep_secret(fields, field, &secret, config, read);
    }
}

/// The names under which what is typed is kept.
fn secrets_of(mailbox: &MailboxConfig) -> Vec<(&'static str, String)> {
    let passwords = [
        mailbox.imap.as_ref().and_then(|imap| imap.password.as_ref()),
        mailbox.smtp.as_ref().and_then(|smtp| smtp.password.as_ref()),
    ];
    let mut names: Vec<(&'static str, String)> =
        passwords.into_iter().flatten().map(|password| ("password", password.secret.clone())).collect();
    names.dedup();
    let client = mailbox.oauth.as_ref().and_then(|oauth| oauth.client_secret.as_ref());
    names.extend(client.map(|secret| ("client-secret", secret.secret.clone())));
    names
}

fn read_servers(fields: &Fields, mailbox: &mut MailboxConfig, t: Lang, read: &mut Read) {
    let provider = fields.get("provider").parse::<Provider>().ok().filter(|provider| *provider != Provider::Generic);
    let moved = mailbox.provider != provider && !(provider.is_none() && mailbox.provider == Some(Provider::Generic));
    let before = mailbox.provider.and_then(Provider::preset);
    if moved {
        mailbox.provider = provider;
        // What was filled in for the one is nothing for the other.
        mailbox.oauth = None;
    }
    let mut imap = mailbox.imap.take().unwrap_or_else(blank_imap);
    let mut smtp = mailbox.smtp.take().unwrap_or_else(blank_smtp);
    // Servers that the other provider filled in and nobody typed.
    let stale = |name: &str, preset: Option<&str>| moved && preset.is_some_and(|host| fields.line(name) == host);
    let stale_imap = stale("imap-host", before.map(|preset| preset.imap.host));
    let stale_smtp = stale("smtp-host", before.map(|preset| preset.smtp.host));
    let security = |name: &str| fields.get(name).parse::<Security>().ok();
    if stale_imap {
        imap = blank_imap();
    } else {
        imap.host = fields.line("imap-host").to_lowercase();
        imap.port = number_or_none(fields, "imap-port", t, read);
        imap.security = security("imap-security");
    }
    if stale_smtp {
        smtp = blank_smtp();
    } else {
        smtp.host = fields.line("smtp-host").to_lowercase();
        smtp.port = number_or_none(fields, "smtp-port", t, read);
        smtp.security = security("smtp-security");
    }
    if moved {
        imap.append_sent = None;
    }
    let typed = fields.line("user");
    let user = if typed.is_empty() { mailbox.address.clone() } else { typed };
    // A name of its own for sending, from the folder, stays.
    if smtp.user.as_ref().is_none_or(|known| *known == imap.user) {
        smtp.user = Some(user.clone());
    }
    imap.user = user;
    if fields.get("way") == "oauth" {
        let name = secret_name(&mailbox.name);
        let oauth = mailbox.oauth.get_or_insert_with(|| blank_oauth(&name));
        oauth.client_id = fields.line("client");
        if !fields.get("client-secret").is_empty() && oauth.client_secret.is_none() {
            oauth.client_secret = Some(SecretRef { secret: format!("{name}_client_secret") });
        }
        (imap.password, smtp.password) = (None, None);
        // Filled in anew from the mailbox's.
        (imap.oauth, smtp.oauth) = (None, None);
    } else {
        let kept = imap.password.take().or_else(|| smtp.password.clone());
        let password = kept.unwrap_or_else(|| SecretRef { secret: format!("{}_password", secret_name(&mailbox.name)) });
        smtp.password = smtp.password.take().or_else(|| Some(password.clone()));
        imap.password = Some(password);
        (mailbox.oauth, imap.oauth, smtp.oauth) = (None, None, None);
    }
    (mailbox.imap, mailbox.smtp) = (Some(imap), Some(smtp));
}

/// A name that a secret can have: `support/eu` is `support_eu`.
pub(super) fn secret_name(mailbox: &str) -> String {
    let plain: String =
        mailbox.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' }).collect();
    let pieces: Vec<&str> = plain.split('_').filter(|piece| !piece.is_empty()).collect();
    let name: String = pieces.join("_").chars().take(40).collect();
    let name = name.trim_end_matches('_').to_owned();
    if is_secret_name(&name) { name } else { format!("mailbox_{name}").trim_end_matches('_').to_owned() }
}

#[expect(clippy::expect_used, reason = "what the types fill in by themselves, held by a test")]
fn from_nothing<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("defaults")
}

fn blank(name: &str) -> MailboxConfig {
    from_nothing(json!({ "name": name, "address": "" }))
}

fn blank_imap() -> ImapConfig {
    from_nothing(json!({}))
}

fn blank_smtp() -> SmtpConfig {
    from_nothing(json!({}))
}

fn blank_oauth(name: &str) -> OAuthConfig {
    from_nothing(json!({ "client_id": "", "refresh_token": { "secret": format!("{name}_refresh_token") } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blank_can_be_made() {
        assert_eq!(blank("a").name, "a");
        assert_eq!((blank_imap().host.as_str(), blank_smtp().host.as_str()), ("", ""));
        assert_eq!(blank_oauth("a").refresh_token.secret, "a_refresh_token");
    }

    #[test]
    fn every_mailbox_has_a_name_for_its_secrets() {
        for (mailbox, name) in [
            ("support", "support"),
            ("support/eu-1", "support_eu_1"),
            ("客服", "mailbox"),
            ("163", "mailbox_163"),
            ("a--b", "a_b"),
        ] {
            assert_eq!(secret_name(mailbox), name);
            assert!(is_secret_name(&format!("{}_client_secret", secret_name(mailbox))), "{mailbox}");
        }
        assert!(is_secret_name(&format!("{}_refresh_token", secret_name(&"a_".repeat(32)))));
    }
}
