#![allow(clippy::unwrap_used)]
use super::super::TenantConfig;
use super::*;
use serde_json::json;

fn mailbox(value: serde_json::Value) -> MailboxConfig {
    let mut base = json!({ "name": "m", "address": "support@acme.example" });
    base.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    let mut mailbox: MailboxConfig = serde_json::from_value(base).unwrap();
    mailbox.complete();
    let once = mailbox.clone();
    mailbox.complete();
    assert_eq!(mailbox, once, "doing it twice changes nothing");
    mailbox
}

fn problems(mailbox: MailboxConfig) -> Vec<String> {
    let mut config = TenantConfig::new("acme", "Acme");
    config.mailboxes.push(mailbox);
    config.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn a_provider_fills_in_all_that_is_left_out() {
    let mailbox = mailbox(json!({
        "address": "shop@gmail.com", "provider": "gmail", "imap": { "password": { "secret": "pw" } }
    }));
    let imap = mailbox.imap.clone().unwrap();
    assert_eq!((imap.host.as_str(), imap.port(), imap.security()), ("imap.gmail.com", 993, Security::Tls));
    assert_eq!((imap.user.as_str(), imap.append_sent()), ("shop@gmail.com", false));
    let smtp = mailbox.smtp.clone().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port(), smtp.security()), ("smtp.gmail.com", 465, Security::Tls));
    assert_eq!((smtp.user.as_deref(), smtp.password), (Some("shop@gmail.com"), imap.password));
    assert_eq!((mailbox.send_per_minute, mailbox.send_per_day), (None, Some(500)), "a free account");
    assert_eq!(problems(mailbox), [""; 0]);
}

#[test]
fn what_is_written_goes_first() {
    let mailbox = mailbox(json!({
        "provider": "gmail", "send_per_day": 7,
        "imap": { "host": "mail.acme.example", "security": "starttls", "user": "u", "append_sent": true,
                  "password": { "secret": "pw" } },
        "smtp": { "port": 587, "security": "starttls", "user": "other", "password": { "secret": "other" } }
    }));
    let imap = mailbox.imap.clone().unwrap();
    assert_eq!((imap.host.as_str(), imap.port(), imap.security()), ("mail.acme.example", 143, Security::StartTls));
    assert_eq!((imap.user.as_str(), imap.append_sent()), ("u", true));
    let smtp = mailbox.smtp.clone().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port(), smtp.security()), ("smtp.gmail.com", 587, Security::StartTls));
    assert_eq!((smtp.user.as_deref(), smtp.password.unwrap().secret.as_str()), (Some("other"), "other"));
    assert_eq!(mailbox.send_per_day, Some(7));
}

#[test]
fn oauth_stands_in_for_both_passwords() {
    let mailbox = mailbox(json!({
        "provider": "microsoft", "oauth": { "client_id": "app", "refresh_token": { "secret": "token" } }
    }));
    assert_eq!(problems(mailbox.clone()), [""; 0]);
    let oauth = mailbox.imap.clone().unwrap().oauth.unwrap();
    assert_eq!(oauth.token_host(), "login.microsoftonline.com");
    assert!(oauth.device_url.unwrap().ends_with("/devicecode") && oauth.scopes.len() == 3);
    let smtp = mailbox.smtp.unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port(), smtp.security()), ("smtp.office365.com", 587, Security::StartTls));
    assert_eq!((smtp.user.as_deref(), smtp.oauth), (Some("support@acme.example"), mailbox.oauth));
    assert_eq!((mailbox.send_per_minute, mailbox.send_per_day), (Some(30), Some(10_000)));
}

#[test]
fn particular_addresses_have_particular_servers() {
    let oauth = json!({ "client_id": "app", "refresh_token": { "secret": "token" } });
    let outlook = mailbox(json!({ "address": "shop@Outlook.com", "provider": "microsoft", "oauth": oauth }));
    assert_eq!(outlook.smtp.unwrap().host, "smtp-mail.outlook.com");
    let icloud =
        json!({ "address": "shop@icloud.com", "provider": "icloud", "imap": { "password": { "secret": "pw" } } });
    let icloud = mailbox(icloud);
    assert_eq!(icloud.imap.unwrap().user, "shop");
    let smtp = icloud.smtp.unwrap();
    assert_eq!(
        (smtp.user.as_deref(), smtp.port(), smtp.security()),
        (Some("shop@icloud.com"), 587, Security::StartTls)
    );
    let own = json!({ "provider": "icloud", "imap": { "password": { "secret": "pw" } } });
    assert_eq!(mailbox(own).imap.unwrap().user, "support@acme.example");
}

#[test]
fn every_provider_makes_a_sound_mailbox() {
    for provider in Provider::ALL.iter().filter(|p| **p != Provider::Generic) {
        let preset = provider.preset().unwrap();
        let made = mailbox(json!({ "provider": provider, "imap": { "password": { "secret": "pw" } } }));
        assert_eq!(problems(made), [""; 0], "{provider}");
        assert_eq!(Provider::of_host(preset.imap.host), Some(*provider));
        for domain in preset.domains {
            assert_eq!(Provider::of_address(&format!("a@{domain}")), Some(*provider), "{domain}");
        }
    }
    assert_eq!(Provider::of_address("support@acme.example"), None);
    assert_eq!(Provider::of_host("imap.zoho.eu"), Some(Provider::Zoho));
}

#[test]
fn what_is_missing_is_named_by_its_place() {
    let expected = [
        "`mailbox[0].imap`: there is nothing to sign in with; add password = { secret = \"…\" }, or a table [mailbox.oauth]",
    ];
    assert_eq!(problems(mailbox(json!({ "provider": "qq" }))), expected);
    let bare = json!({ "provider": "generic", "imap": { "user": "u", "password": { "secret": "pw" } }, "files": { "path": "out" } });
    let expected = [
        "`mailbox[0].imap`: there is no host; add host = \"mail.example.com\", or name the mailbox's provider, such as provider = \"gmail\"",
    ];
    assert_eq!(problems(mailbox(bare)), expected);
    let oauth = json!({ "provider": "qq", "oauth": { "client_id": "", "refresh_token": { "secret": "T" } },
        "send_per_minute": 0, "send_per_day": 1_000_001, "dkim_selectors": ["a b"] });
    let expected = [
        "`mailbox[0].send_per_minute`: 0 is out of range; use 1 to 10000",
        "`mailbox[0].send_per_day`: 1000001 is out of range; use 1 to 1000000",
        "`mailbox[0].dkim_selectors[0]`: `a b` is not a selector; write the name before ._domainkey, such as \"google\"",
        "`mailbox[0].oauth.client_id`: the value is empty or has control characters; use the client id of the app registration at the provider",
        "`mailbox[0].oauth`: no OAuth2 of the provider `qq` is known; add token_url, or name provider = \"gmail\" or \"microsoft\" on the mailbox",
        "`mailbox[0].oauth.refresh_token.secret`: `T` cannot be a secret's name; use 1 to 64 of a-z, 0-9 and single _, starting with a letter",
    ];
    assert_eq!(problems(mailbox(oauth)), expected);
}

#[test]
fn a_token_goes_to_a_protected_address_only() {
    let with = |url: &str| {
        problems(mailbox(json!({ "provider": "gmail",
            "oauth": { "client_id": "app", "refresh_token": { "secret": "t" }, "token_url": url } })))
    };
    assert_eq!(with("https://id.example/token"), [""; 0]);
    assert_eq!(with("http://127.0.0.1:8080/token"), [""; 0]);
    assert_eq!(with("http://[::1]:8080/token"), [""; 0]);
    for url in ["http://id.example/token", "https://u@id.example/", "id.example", "https:///x", "ftp://127.0.0.1/"] {
        assert!(with(url)[0].starts_with("`mailbox[0].oauth.token_url`"), "{url}");
    }
}
