//! What can be found out about one mailbox: its way in and its way out, step by step, and what its domain says of itself.

use crate::house::House;
use crate::outlet;
use crate::tenant::{Mailbox, Tenant};
use posthouse_mail::dns::{Dns, DomainCheck, NoDns};
use posthouse_mail::maildir::Maildir;
use posthouse_mail::net::{ProbeReport, ProbeStep};
use posthouse_mail::{imap, submit};
use posthouse_model::config::{MailboxConfig, Provider};
use posthouse_model::trial::{Finding, Step};

/// Looks at a mailbox's servers or folders.
pub async fn look(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Vec<Finding> {
    let name = &mailbox.config.name;
    let mut found = vec![
        way_in(house, tenant, mailbox, format!("mailbox {name}, in")).await,
        way_out(house, tenant, mailbox, format!("mailbox {name}, out")).await,
    ];
    if let Some(hint) = provider_hint(&mailbox.config)
        && let Some(failed) = found.iter_mut().find(|looked| !looked.ok)
    {
        let before = failed.mend.take().map(|mend| format!("{mend}; ")).unwrap_or_default();
        failed.mend = Some(format!("{before}{hint}"));
    }
    found
}

/// Looks at both ways of a mailbox, and at what its domain says about itself: SPF, DKIM and DMARC.
pub async fn look_at_all(
    house: &House,
    tenant: &Tenant,
    mailbox: &Mailbox,
    dns: &mut Result<Dns, NoDns>,
) -> Vec<Finding> {
    let mut found = look(house, tenant, mailbox).await;
    found.extend(look_at_domain(dns, &mailbox.config).await);
    found
}

/// Looks at what the domain of a mailbox that sends by SMTP says about itself.
pub async fn look_at_domain(dns: &mut Result<Dns, NoDns>, mailbox: &MailboxConfig) -> Vec<Finding> {
    let (Some(_), Some((_, domain))) = (&mailbox.smtp, mailbox.address.rsplit_once('@')) else { return Vec::new() };
    let what = |kind: &str| format!("mailbox {}, {kind} of {domain}", mailbox.name);
    // A provider's own domain is the provider's to set up, and some names are nobody's (RFC 6761, RFC 6762).
    let nobodys = ["example", "test", "invalid", "localhost", "local", "internal"];
    let top = domain.rsplit('.').next().unwrap_or(domain);
    if Provider::of_address(&mailbox.address).is_some() || nobodys.contains(&top) || top == domain {
        return Vec::new();
    }
    let host = mailbox.smtp.as_ref().and_then(|smtp| Provider::of_host(&smtp.host));
    let provider = host.or(mailbox.provider);
    let check = DomainCheck { domain, provider, selectors: &mailbox.dkim_selectors };
    let asked = match dns {
        Ok(dns) => check.run(dns).await,
        Err(error) => Err(error.clone()),
    };
    if let Err(error) = &asked {
        // Waiting for it once is enough.
        *dns = Err(error.clone());
    }
    match asked {
        Ok(findings) => findings
            .into_iter()
            .map(|found| Finding::plain(what(found.what), found.ok, found.words, found.mend))
            .collect(),
        Err(error) => {
            vec![Finding::plain(
                what("DNS"),
                true,
                format!("SPF, DKIM and DMARC were skipped, for want of DNS: {error}"),
                None,
            )]
        }
    }
}

async fn way_in(house: &House, tenant: &Tenant, mailbox: &Mailbox, what: String) -> Finding {
    if let Some(imap) = &mailbox.config.imap {
        return match outlet::imap(house, tenant, imap).await {
            Ok(config) => summary(what, &imap::probe(&config, imap.main_folder()).await),
            Err(reason) => Finding::plain(what, false, reason.to_string(), None),
        };
    }
    let Some(maildir) = &mailbox.config.maildir else {
        let mend = "give it imap or maildir in tenant.toml".to_owned();
        return Finding::plain(what, false, "there is no way in".to_owned(), Some(mend));
    };
    let folder = outlet::folder(house.data_dir(), &maildir.path);
    match Maildir::open(&folder, house.clock()) {
        Ok(_) => Finding::plain(what, true, format!("{} can be read", folder.display()), None),
        Err(error) => {
            Finding::plain(what, false, error.to_string(), Some("check the folder's owner and rights".to_owned()))
        }
    }
}

async fn way_out(house: &House, tenant: &Tenant, mailbox: &Mailbox, what: String) -> Finding {
    let config = &mailbox.config;
    if let (None, Some(smtp)) = (&config.files, &config.smtp) {
        return match outlet::smtp_config(house, tenant, config, smtp).await {
            Ok(out) => summary(what, &submit::probe_as(&out, Some(&config.address)).await),
            Err(reason) => Finding::plain(what, false, reason.to_string(), None),
        };
    }
    match outlet::submitter(house, tenant, mailbox).await {
        Ok(submitter) => summary(what, &submitter.probe().await),
        Err(reason) => Finding::plain(what, false, reason.to_string(), None),
    }
}

/// Where the address or a server is a known provider's and the set-up does not say so.
fn provider_hint(mailbox: &MailboxConfig) -> Option<String> {
    if mailbox.provider.is_some() {
        return None;
    }
    let hosts = mailbox.imap.iter().map(|imap| &imap.host).chain(mailbox.smtp.iter().map(|smtp| &smtp.host));
    let known = hosts.filter_map(|host| Provider::of_host(host)).next().or(Provider::of_address(&mailbox.address))?;
    let title = known.preset().map_or("", |preset| preset.title);
    Some(format!("this is {title}: provider = \"{known}\" on the mailbox fills in what {title} wants"))
}

fn summary(what: String, report: &ProbeReport) -> Finding {
    let ms = |step: &ProbeStep| u64::try_from(step.duration.as_millis()).unwrap_or(u64::MAX);
    let steps: Vec<Step> = report
        .steps
        .iter()
        .map(|step| Step { name: step.name.to_owned(), ok: step.ok, words: step.words.clone(), duration_ms: ms(step) })
        .collect();
    let duration_ms = Some(report.steps.iter().map(ms).sum());
    match report.first_failure() {
        Some(step) => {
            let words = format!("{}: {}", step.name, step.words);
            Finding { what, ok: false, words, mend: step.hint.clone(), duration_ms, steps }
        }
        None => {
            let last = report.steps.last().map_or("nothing to look at", |step| step.words.as_str());
            Finding { what, ok: true, words: last.to_owned(), mend: None, duration_ms, steps }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_known_provider_is_pointed_out() {
        let hint = |value: serde_json::Value| {
            let mut base = json!({ "name": "m", "address": "support@acme.example" });
            base.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
            provider_hint(&serde_json::from_value(base).unwrap())
        };
        let words = hint(json!({ "address": "shop@163.com" })).unwrap();
        assert_eq!(words, "this is 163: provider = \"163\" on the mailbox fills in what 163 wants");
        let server = hint(json!({ "imap": { "host": "outlook.office365.com", "user": "u" } })).unwrap();
        assert!(server.contains("provider = \"microsoft\""), "{server}");
        assert_eq!(hint(json!({ "address": "shop@163.com", "provider": "163" })), None);
        assert_eq!(hint(json!({})), None);
    }
}
