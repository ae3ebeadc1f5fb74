//! One domain looked at: SPF, DKIM, DMARC, in words for a person.

use super::spf::{self, LOOKUPS_MAX};
use super::{Dns, NoDns};
use posthouse_model::config::Provider;

/// What is looked at.
#[derive(Clone, Debug)]
pub struct DomainCheck<'a> {
    /// The domain of the From address.
    pub domain: &'a str,
    /// Through whom its mail goes out, where that is known.
    pub provider: Option<Provider>,
    /// The keys that sign it; none: those that the provider usually has.
    pub selectors: &'a [String],
}

/// One of the three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainFinding {
    /// `SPF`, `DKIM` or `DMARC`.
    pub what: &'static str,
    /// As it should be.
    pub ok: bool,
    /// What was found.
    pub words: String,
    /// What to do about it.
    pub mend: Option<String>,
}

impl DomainFinding {
    fn good(what: &'static str, words: String) -> Self {
        Self { what, ok: true, words, mend: None }
    }

    fn bad(what: &'static str, words: String, mend: String) -> Self {
        Self { what, ok: false, words, mend: Some(mend) }
    }
}

const DKIM: &str = "DKIM";

/// The selectors that a provider signs with unless it is told otherwise.
#[must_use]
pub fn usual_selectors(provider: Provider) -> &'static [&'static str] {
    match provider {
        // https://support.google.com/a/answer/180504
        Provider::Gmail => &["google"],
        // https://learn.microsoft.com/defender-office-365/email-authentication-dkim-configure
        Provider::Microsoft => &["selector1", "selector2"],
        // https://www.zoho.com/mail/help/adminconsole/dkim-configuration.html
        Provider::Zoho => &["zmail", "zoho"],
        // https://support.apple.com/102374
        Provider::Icloud => &["sig1"],
        _ => &[],
    }
}

impl DomainCheck<'_> {
    /// Asks.
    ///
    /// # Errors
    /// There is no DNS from here: nothing is known then.
    pub async fn run(&self, dns: &Dns) -> Result<Vec<DomainFinding>, NoDns> {
        let domain = crate::compose::ascii_domain(&format!("a@{}", self.domain));
        let domain = domain.trim_start_matches("a@").trim_end_matches('.').to_ascii_lowercase();
        let spf = self.spf(dns, &domain).await?;
        let dkim = self.dkim(dns, &domain).await?;
        let signed = dkim.as_ref().map(|dkim| dkim.ok);
        let dmarc = dmarc(dns, &domain, spf.ok, signed).await?;
        let unseen = || {
            let words = "not looked at: the names of the keys are not known (dkim_selectors of the mailbox)";
            DomainFinding::good(DKIM, words.to_owned())
        };
        Ok(vec![spf, dkim.unwrap_or_else(unseen), dmarc])
    }

    async fn spf(&self, dns: &Dns, domain: &str) -> Result<DomainFinding, NoDns> {
        const SPF: &str = "SPF";
        let preset = self.provider.and_then(Provider::preset);
        let include = preset.and_then(|preset| preset.spf_include);
        let sender = preset.map_or("the mail server", |preset| preset.title);
        let spf = spf::read(dns, domain).await?;
        let [record] = spf.records.as_slice() else {
            return Ok(if spf.records.is_empty() {
                let wanted = include.map_or_else(|| "mx".to_owned(), |include| format!("include:{include}"));
                DomainFinding::bad(
                    SPF,
                    format!("{domain} does not say who may send for it: many receivers take its mail for forged"),
                    format!("add a TXT record to {domain}: \"v=spf1 {wanted} ~all\""),
                )
            } else {
                DomainFinding::bad(
                    SPF,
                    format!("{domain} has {} SPF records, so receivers heed none (RFC 7208, 4.5)", spf.records.len()),
                    "put what they say into one TXT record".to_owned(),
                )
            });
        };
        if let Some(include) = include
            && !spf.included.iter().any(|included| included == include)
        {
            return Ok(DomainFinding::bad(
                SPF,
                format!("{sender} may not send for {domain}: \"{record}\" does not include {include}"),
                format!("put include:{include} before its end"),
            ));
        }
        if spf.lookups > LOOKUPS_MAX {
            return Ok(DomainFinding::bad(
                SPF,
                format!(
                    "\"{record}\" makes receivers look up more than {LOOKUPS_MAX} names, so they heed none (RFC 7208, 4.6.4)"
                ),
                "take out what does not send any more".to_owned(),
            ));
        }
        if let Some(hollow) = spf.hollow.first() {
            return Ok(DomainFinding::bad(
                SPF,
                format!(
                    "\"{record}\" names {hollow}, which has no SPF record: receivers heed none of it (RFC 7208, 5.2)"
                ),
                format!("take {hollow} out, or correct it"),
            ));
        }
        Ok(match (spf.all, include) {
            (Some('+'), _) => DomainFinding::bad(
                SPF,
                format!("\"{record}\" lets anybody send for {domain}"),
                "let it end in ~all or -all".to_owned(),
            ),
            (_, Some(include)) => {
                DomainFinding::good(SPF, format!("{sender} may send for {domain} (include:{include})"))
            }
            (_, None) => DomainFinding::good(
                SPF,
                format!("\"{record}\"; whether it names the server that mail goes out from cannot be seen from here"),
            ),
        })
    }

    /// None: it is not known which keys there should be.
    async fn dkim(&self, dns: &Dns, domain: &str) -> Result<Option<DomainFinding>, NoDns> {
        let usual = self.provider.map_or(&[][..], usual_selectors);
        let selectors: Vec<&str> = if self.selectors.is_empty() {
            usual.to_vec()
        } else {
            self.selectors.iter().map(String::as_str).collect()
        };
        if selectors.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for selector in &selectors {
            let name = format!("{selector}._domainkey.{domain}");
            let key = dns.txt(&name).await?.into_iter().find_map(|record| tag(&record, "p"));
            match key {
                Some(key) if !key.is_empty() => found.push(*selector),
                Some(_) => missing.push(format!("{name} was withdrawn")),
                None => missing.push(format!("there is no key at {name}")),
            }
        }
        // Of the usual ones a provider has one or two, by turns; those that are named should all be there.
        let enough = if self.selectors.is_empty() { !found.is_empty() } else { missing.is_empty() };
        Ok(Some(if enough {
            DomainFinding::good(DKIM, format!("{domain} has the key {}", found.join(", ")))
        } else {
            let mend = "switch DKIM on at the provider and add the record it shows; if mail is signed with another key, name it in \
                        dkim_selectors";
            DomainFinding::bad(DKIM, missing.join("; "), mend.to_owned())
        }))
    }
}

/// The value of a tag in a list of `tag=value;` (RFC 6376, 3.2).
fn tag(record: &str, name: &str) -> Option<String> {
    record.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim().eq_ignore_ascii_case(name)).then(|| value.split_ascii_whitespace().collect())
    })
}

/// The record of the domain, else that of the nearest domain above it with one, not above two labels (RFC 9989's walk up the
/// tree, which needs no list of public suffixes).
async fn dmarc(dns: &Dns, domain: &str, spf: bool, dkim: Option<bool>) -> Result<DomainFinding, NoDns> {
    const DMARC: &str = "DMARC";
    let mut at = domain;
    let found = loop {
        let records = dns.txt(&format!("_dmarc.{at}")).await?;
        let mut records: Vec<String> =
            records.into_iter().filter(|text| text.trim_start().to_ascii_lowercase().starts_with("v=dmarc1")).collect();
        match records.len() {
            0 => {}
            1 => break Some((at, records.remove(0))),
            more => {
                return Ok(DomainFinding::bad(
                    DMARC,
                    format!("_dmarc.{at} has {more} records, so receivers heed none"),
                    "keep one of them".to_owned(),
                ));
            }
        }
        match at.split_once('.') {
            Some((_, above)) if above.contains('.') => at = above,
            _ => break None,
        }
    };
    let Some((at, record)) = found else {
        return Ok(DomainFinding::bad(
            DMARC,
            format!("{domain} has no DMARC record, which Gmail, Yahoo and Outlook.com want of who sends much"),
            format!("add a TXT record to _dmarc.{domain}: \"v=DMARC1; p=none\""),
        ));
    };
    let policy = if at == domain { tag(&record, "p") } else { tag(&record, "sp").or_else(|| tag(&record, "p")) };
    let policy = policy.map(|policy| policy.to_ascii_lowercase());
    // What this house sends has the From address as its return path as well, so whatever SPF and DKIM of this very domain pass
    // is aligned, strictly or not (RFC 7489, 3.1).
    let passes = match (spf, dkim) {
        (true, Some(true)) => "mail of this mailbox passes by SPF and DKIM",
        (true, Some(false)) => "mail of this mailbox passes by SPF alone, and fails when it is forwarded",
        (true, None) => "mail of this mailbox passes by SPF; DKIM was not looked at",
        (false, Some(true)) => "mail of this mailbox passes by DKIM alone",
        (false, Some(false)) => "mail of this mailbox does not pass",
        (false, None) => "mail of this mailbox does not pass by SPF; DKIM was not looked at",
    };
    let strict = matches!(policy.as_deref(), Some("quarantine" | "reject"));
    Ok(match policy.as_deref() {
        Some(policy @ ("none" | "quarantine" | "reject")) if spf || dkim != Some(false) || !strict => {
            DomainFinding::good(DMARC, format!("the policy of {at} is {policy}; {passes}"))
        }
        Some(policy @ ("quarantine" | "reject")) => DomainFinding::bad(
            DMARC,
            format!("the policy of {at} is {policy}, and {passes}: replies are thrown away or end as spam"),
            "put SPF or DKIM right first; until then p=none".to_owned(),
        ),
        _ => DomainFinding::bad(
            DMARC,
            format!("\"{record}\" at _dmarc.{at} has no policy that there is"),
            "let it say p=none, p=quarantine or p=reject".to_owned(),
        ),
    })
}
