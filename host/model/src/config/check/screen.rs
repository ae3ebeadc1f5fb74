//! What types cannot say about screening.

use super::super::mailbox::host_of;
use super::Check;
use crate::config::{RspamdConfig, ScreenConfig};

impl Check {
    pub(super) fn screen(&mut self, config: &ScreenConfig) {
        self.range("screen.spam_confidence_min", config.spam_confidence_min, 0.0, 1.0);
        self.range("screen.learned_spam_min", config.learned_spam_min, 0.5, 1.0);
        self.range("screen.keep_days", config.keep_days, 0, 3_650);
        let senders = [("blocked_senders", &config.blocked_senders), ("trusted_senders", &config.trusted_senders)];
        for (key, list) in senders {
            for (i, sender) in list.iter().enumerate() {
                if !is_sender(sender) {
                    self.say(
                        format!("screen.{key}[{i}]"),
                        format!("`{sender}` is neither an address nor a domain"),
                        "use \"name@example.com\", \"@example.com\", or \"@.example.com\" for its subdomains too",
                    );
                }
            }
        }
        if let Some(rspamd) = &config.rspamd {
            self.rspamd(rspamd);
        }
    }

    fn rspamd(&mut self, rspamd: &RspamdConfig) {
        let worker = "use http://HOST:PORT of its normal worker, such as \"http://127.0.0.1:11333\"";
        self.rspamd_url("screen.rspamd.url", &rspamd.url, rspamd.plain_http, worker);
        if let Some(url) = &rspamd.learn_url {
            let controller = "use http://HOST:PORT of its controller, such as \"http://127.0.0.1:11334\"";
            self.rspamd_url("screen.rspamd.learn_url", url, rspamd.plain_http, controller);
            if !rspamd.learn {
                self.say("screen.rspamd.learn_url", "it is not taught anything", "set learn = true, or leave it out");
            }
        }
        if let Some(score) = rspamd.score_min {
            self.range("screen.rspamd.score_min", score, -100.0, 1_000.0);
        }
        self.range("screen.rspamd.timeout_seconds", rspamd.timeout_seconds, 1, 60);
    }
}

impl Check {
    fn rspamd_url(&mut self, key: &str, url: &str, plain_http: bool, how: &str) {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let rest = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['/', ' ', '@', '?', '#'])) {
            self.say(key, format!("`{url}` is not the address of a Rspamd"), how);
        } else if host_of(url).is_none() && !plain_http {
            self.say(
                key,
                "over http:// customers' mails travel in the clear",
                "use https://, or set plain_http = true for a Rspamd on your own network",
            );
        }
    }
}

/// `name@example.com`, `@example.com` or `@.example.com`.
fn is_sender(sender: &str) -> bool {
    let Some((local, domain)) = sender.split_once('@') else { return false };
    let domain = if local.is_empty() { domain.strip_prefix('.').unwrap_or(domain) } else { domain };
    let sound = !domain.is_empty() && domain.split('.').all(|label| !label.is_empty()) && !domain.contains('@');
    sound && !sender.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::TenantConfig;

    #[test]
    fn a_sender_on_a_list_is_an_address_a_domain_or_a_domain_with_what_is_beneath() {
        for sound in ["a@example.com", "@example.com", "@.example.com", "@localhost"] {
            assert!(is_sender(sound), "{sound}");
        }
        for wrong in
            ["", "@", "@.", "a@", "example.com", "a@b@c", "a b@c.example", "a@.c.example", "@..c.example", "@c."]
        {
            let mut config = TenantConfig::new("acme", "Acme");
            config.screen.trusted_senders = vec!["a@example.com".to_owned(), wrong.to_owned()];
            let problems = config.problems();
            assert!(problems.iter().any(|problem| problem.path == "screen.trusted_senders[1]"), "{wrong}");
        }
    }

    #[test]
    fn confidence_that_is_not_a_number_is_out_of_range() {
        let mut config = TenantConfig::new("acme", "Acme");
        config.screen.spam_confidence_min = f32::NAN;
        assert_eq!(config.problems()[0].path, "screen.spam_confidence_min");
    }

    #[test]
    fn a_rspamd_has_an_address_without_a_path_and_limits() {
        let with = |text: &str| {
            let mut config = TenantConfig::new("acme", "Acme");
            config.screen.rspamd = Some(serde_json::from_str(text).unwrap());
            config.problems().into_iter().map(|problem| problem.path).collect::<Vec<_>>()
        };
        for url in ["http://127.0.0.1:11333", "https://rspamd.example/", "http://[::1]:11333"] {
            assert_eq!(with(&format!(r#"{{ "url": "{url}" }}"#)), [""; 0], "{url}");
        }
        for url in ["", "127.0.0.1:11333", "http://", "http://a/checkv2", "http://u:p@a", "ftp://a", "http://a b"] {
            assert_eq!(with(&format!(r#"{{ "url": "{url}" }}"#)), ["screen.rspamd.url"], "{url}");
        }
        assert_eq!(with(r#"{ "url": "http://rspamd:11333" }"#), ["screen.rspamd.url"]);
        assert_eq!(with(r#"{ "url": "http://rspamd:11333", "plain_http": true }"#), [""; 0]);
        let bad =
            r#"{ "url": "https://a", "score_min": 1000.5, "timeout_seconds": 61, "password": { "secret": "No" } }"#;
        assert_eq!(
            with(bad),
            ["screen.rspamd.score_min", "screen.rspamd.timeout_seconds", "screen.rspamd.password.secret"]
        );
        assert!(serde_json::from_str::<RspamdConfig>(r#"{ "url": "http://a", "learn": 1 }"#).is_err());
        // It learns at its controller, and an address for that alone does nothing.
        let local = "http://127.0.0.1:11333";
        for (learn, learn_url, wrong) in [
            (true, "http://127.0.0.1:11334", false),
            (true, "https://rspamd.example", false),
            (false, "http://127.0.0.1:11334", true),
            (true, "http://rspamd:11334", true),
            (true, "http://127.0.0.1:11334/learnspam", true),
        ] {
            let text = format!(r#"{{ "url": "{local}", "learn": {learn}, "learn_url": "{learn_url}" }}"#);
            let expected = if wrong { vec!["screen.rspamd.learn_url"] } else { vec![] };
            assert_eq!(with(&text), expected, "{text}");
        }
        let config: RspamdConfig = serde_json::from_str(&format!(r#"{{ "url": "{local}", "learn": true }}"#)).unwrap();
        assert_eq!((config.teacher().url.as_str(), config.teacher().host().as_str()), (local, "127.0.0.1"));
    }

    #[test]
    fn what_was_left_out_is_kept_for_a_bounded_time() {
        let mut config = TenantConfig::new("acme", "Acme");
        for (days, sound) in [(0, true), (1, true), (3_650, true), (3_651, false)] {
            config.screen.keep_days = days;
            assert_eq!(config.problems().is_empty(), sound, "{days}");
        }
    }
}
