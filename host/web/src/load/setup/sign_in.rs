//! The form of how people sign in: whether a code is asked for beside the password, and the client's own provider (OpenID Connect).

use super::forms::keep_secret;
use super::{Around, Read, lines, optional};
use crate::page::setup::{Control, Field, Group};
use crate::request::Fields;
use crate::words::Lang;
use posthouse_model::config::{OidcConfig, SecondFactor, SecretRef, TenantConfig};
use posthouse_model::role::Role;

/// Under which name the provider's secret is kept, unless the folder names it.
const CLIENT_SECRET: &str = "oidc_client_secret";
/// Whom the provider may bring: nobody becomes an admin by herself.
const ROLES: [Role; 3] = [Role::Auditor, Role::Agent, Role::Lead];

pub(super) fn form(config: &TenantConfig, t: Lang) -> Vec<Group> {
    let sign_in = &config.sign_in;
    let oidc = sign_in.oidc.as_ref();
    let factors = vec![
        ("optional".to_owned(), t.second_factor_optional().to_owned()),
        ("required".to_owned(), t.second_factor_required().to_owned()),
    ];
    let factor = if sign_in.second_factor == SecondFactor::Required { "required" } else { "optional" };
    let roles = std::iter::once((String::new(), t.oidc_nobody().to_owned()))
        .chain(ROLES.map(|role| (role.as_str().to_owned(), t.role(role).to_owned())))
        .collect();
    let line = |name: &str, key: &str, label: &str, kind: &'static str, value: Option<String>| {
        let path = format!("sign_in.oidc.{key}");
        Field::new(name, &path, label, Control::Line(kind, 500), value.unwrap_or_default())
    };
    let kept = oidc.and_then(|oidc| oidc.client_secret.as_ref()).map_or(CLIENT_SECRET, |secret| &secret.secret);
    let role = oidc.and_then(|oidc| oidc.create_as).map(|role| role.as_str().to_owned());
    vec![
        Group {
            fields: vec![Field::new(
                "factor",
                "sign_in.second_factor",
                t.second_factor_title(),
                Control::Choice(factors),
                factor,
            )],
            ..Group::default()
        },
        Group {
            title: Some(t.oidc_title().to_owned()),
            hint: Some(t.oidc_hint().to_owned()),
            row: false,
            fields: vec![
                Field::tick("oidc", "", t.oidc_on(), oidc.is_some()),
                line("issuer", "issuer", t.oidc_issuer(), "url", oidc.map(|one| one.issuer.clone()))
                    .hint(t.oidc_issuer_hint()),
                line("client", "client_id", t.setup_client(), "text", oidc.map(|one| one.client_id.clone()))
                    .hint(t.oidc_client_hint()),
                Field::new("client-secret", "sign_in.oidc.client_secret", t.setup_client_secret(), Control::Hidden, "")
                    .hint(t.setup_hidden_hint(kept)),
                Field::tick("public", "", t.oidc_public(), oidc.is_none_or(|one| one.client_secret.is_none())),
                line("title", "title", t.oidc_button(), "text", oidc.and_then(|one| one.title.clone()))
                    .hint(t.oidc_button_hint()),
                Field::new(
                    "role",
                    "sign_in.oidc.create_as",
                    t.oidc_create(),
                    Control::Choice(roles),
                    role.unwrap_or_default(),
                ),
                Field::new(
                    "domains",
                    "sign_in.oidc.domains",
                    t.oidc_domains(),
                    Control::Lines(2, 2_000),
                    oidc.map(|one| one.domains.join("\n")).unwrap_or_default(),
                )
                .hint(t.oidc_domains_hint()),
            ],
        },
    ]
}

pub(super) fn read(fields: &Fields, config: &mut TenantConfig, around: &Around, read: &mut Read) {
    let t = around.t;
    let sign_in = &mut config.sign_in;
    sign_in.second_factor =
        if fields.get("factor") == "required" { SecondFactor::Required } else { SecondFactor::Optional };
    let old = sign_in.oidc.take();
    if fields.get("oidc").is_empty() {
        return;
    }
    let issuer = fields.line("issuer");
    let moved = old.as_ref().is_some_and(|old| old.client_secret.is_some() && old.issuer != issuer);
    let name = old.and_then(|old| old.client_secret).map_or_else(|| CLIENT_SECRET.to_owned(), |secret| secret.secret);
    // What was typed is meant, whatever stands beside it.
    let is_public = !fields.get("public").is_empty() && fields.get("client-secret").is_empty();
    if moved && !is_public && fields.get("client-secret").is_empty() {
        // What one provider gave is not told another.
        read.say("client-secret", t.secret_stranger(&name, &issuer));
    }
    sign_in.oidc = Some(OidcConfig {
        issuer,
        client_id: fields.line("client"),
        client_secret: (!is_public).then(|| SecretRef { secret: name.clone() }),
        title: optional(fields, "title"),
        create_as: ROLES.into_iter().find(|role| role.as_str() == fields.get("role")),
        domains: lines(fields, "domains"),
    });
    keep_secret(fields, "client-secret", &name, config, read);
}
