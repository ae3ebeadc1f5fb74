//! SPF (RFC 7208), as far as it can be judged without knowing from which address a mail will come: that there is one record, that
//! it includes the provider, that it ends in a judgement, and that it does not ask for too many look-ups.

use super::{Dns, NoDns};

/// RFC 7208, 4.6.4.
pub(super) const LOOKUPS_MAX: usize = 10;

/// What a domain's record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spf {
    /// Records that begin `v=spf1`.
    pub(super) records: Vec<String>,
    /// Names included, directly or not, in lower case.
    pub(super) included: Vec<String>,
    /// Look-ups that a receiver has to make.
    pub(super) lookups: usize,
    /// What stands before `all` at the end: `-`, `~`, `?` or `+`.
    pub(super) all: Option<char>,
    /// Names included that have no record of their own.
    pub(super) hollow: Vec<String>,
}

fn records(found: Vec<String>) -> Vec<String> {
    let is_one = |text: &String| {
        let lower = text.to_ascii_lowercase();
        lower == "v=spf1" || lower.starts_with("v=spf1 ")
    };
    found.into_iter().filter(is_one).collect()
}

/// Reads a domain's record and those it includes.
pub(super) async fn read(dns: &Dns, domain: &str) -> Result<Spf, NoDns> {
    let mut spf = Spf { records: records(dns.txt(domain).await?), ..Spf::default() };
    let [record] = spf.records.as_slice() else { return Ok(spf) };
    // Breadth first, so that what the domain says itself is read before what others say.
    let mut waiting = std::collections::VecDeque::from([(record.clone(), true)]);
    while let Some((record, is_own)) = waiting.pop_front() {
        for term in record.split_ascii_whitespace().skip(1) {
            let lower = term.to_ascii_lowercase();
            let (qualifier, mechanism) = match lower.strip_prefix(['+', '-', '~', '?']) {
                Some(rest) => (lower.chars().next().unwrap_or('+'), rest),
                None => ('+', lower.as_str()),
            };
            let (name, value) = match mechanism.split_once([':', '=']) {
                Some((name, value)) => (name, Some(value)),
                None => (mechanism.split('/').next().unwrap_or(mechanism), None),
            };
            match (name, value) {
                ("all", None) if is_own => spf.all = Some(qualifier),
                ("include" | "redirect", Some(target)) => {
                    spf.lookups += 1;
                    let target = target.trim_end_matches('.').to_owned();
                    // A macro stands for something of the mail itself; a name twice is a circle or waste.
                    if target.contains('%') || spf.included.contains(&target) || spf.lookups > LOOKUPS_MAX {
                        continue;
                    }
                    spf.included.push(target.clone());
                    match records(dns.txt(&target).await?).into_iter().next() {
                        Some(record) => waiting.push_back((record, is_own && name == "redirect")),
                        None => spf.hollow.push(target),
                    }
                }
                ("a" | "mx" | "ptr" | "exists", _) => spf.lookups += 1,
                _ => {}
            }
        }
    }
    Ok(spf)
}
