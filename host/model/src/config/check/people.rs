//! What types cannot say about signing in.

use super::super::mailbox::host_of;
use super::Check;
use crate::config::SignInConfig;
use crate::role::Role;

impl Check {
    pub(super) fn sign_in(&mut self, config: &SignInConfig) {
        let Some(oidc) = &config.oidc else { return };
        if host_of(&oidc.issuer).is_none() || oidc.issuer.contains(['?', '#']) {
            self.say(
                "sign_in.oidc.issuer",
                format!("`{}` cannot be a provider", oidc.issuer),
                "use https:// and what the provider calls itself, without ? and #",
            );
        }
        if oidc.client_id.trim().is_empty() {
            self.say("sign_in.oidc.client_id", "it is empty", "use what the provider calls this desk");
        }
        if oidc.create_as.is_some() && oidc.domains.is_empty() {
            self.say(
                "sign_in.oidc.create_as",
                "anybody whom the provider knows would be added",
                "say in sign_in.oidc.domains whose addresses are",
            );
        }
        if oidc.create_as == Some(Role::Admin) {
            self.say("sign_in.oidc.create_as", "nobody becomes an admin by herself", "use auditor, agent or lead");
        }
        for (i, domain) in oidc.domains.iter().enumerate() {
            if domain.contains('@') || !domain.contains('.') || *domain != domain.to_lowercase() {
                self.say(
                    format!("sign_in.oidc.domains[{i}]"),
                    format!("`{domain}` is not a domain"),
                    "use what stands behind the @, in lower case",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{OidcConfig, TenantConfig};
    use crate::role::Role;

    fn problems(change: impl FnOnce(&mut OidcConfig)) -> Vec<String> {
        let mut oidc = OidcConfig {
            issuer: "https://login.example".to_owned(),
            client_id: "desk".to_owned(),
            client_secret: None,
            title: None,
            create_as: None,
            domains: vec![],
        };
        change(&mut oidc);
        let mut config = TenantConfig::new("acme", "Acme");
        config.sign_in.oidc = Some(oidc);
        config.problems().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_provider_is_one_and_lets_in_whom_it_should() {
        assert_eq!(problems(|_| {}), [""; 0]);
        assert_eq!(
            problems(|oidc| {
                oidc.create_as = Some(Role::Agent);
                oidc.domains = vec!["acme.example".to_owned()];
            }),
            [""; 0]
        );
        for issuer in ["http://login.example", "login.example", "https://login.example/?a=b", ""] {
            assert_eq!(problems(|oidc| oidc.issuer = issuer.to_owned()), ["sign_in.oidc.issuer"], "{issuer}");
        }
        assert_eq!(problems(|oidc| oidc.client_id = " ".to_owned()), ["sign_in.oidc.client_id"]);
        assert_eq!(problems(|oidc| oidc.create_as = Some(Role::Agent)), ["sign_in.oidc.create_as"]);
        let admins = problems(|oidc| {
            oidc.create_as = Some(Role::Admin);
            oidc.domains = vec!["acme.example".to_owned()];
        });
        assert_eq!(admins, ["sign_in.oidc.create_as"]);
        for domain in ["@acme.example", "acme", "Acme.example"] {
            assert_eq!(
                problems(|oidc| oidc.domains = vec![domain.to_owned()]),
                ["sign_in.oidc.domains[0]"],
                "{domain}"
            );
        }
    }
}
