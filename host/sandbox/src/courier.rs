//! Requests of the host's own to addresses that tenants name: the same way out as plugins have, with the same checks. A name is
//! resolved once, an address that is not on the internet is refused unless it was meant, and no redirect is followed.

use crate::http::{Outbound, check};
use crate::sandbox::Sandbox;
use posthouse_model::capability::{Grants, HttpAllowance};
use std::collections::BTreeMap;
use url::Url;

/// Something to post.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Where to.
    pub url: &'a str,
    /// Addresses that are not on the internet are meant.
    pub private: bool,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: &'a str,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The answer's status.
    pub status: u16,
    /// Its body, as far as it is text.
    pub body: String,
}

impl Sandbox {
    /// Posts it and reads the answer, within 10 s and 1 MiB.
    ///
    /// # Errors
    /// In words for a person: the address may not be reached, or was not.
    pub async fn post(&self, post: &Post<'_>) -> Result<Posted, String> {
        let url = Url::parse(post.url).map_err(|error| format!("not an address: {error}"))?;
        let allowance = HttpAllowance {
            host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase(),
            port: url.port(),
            scheme: url.scheme().to_owned(),
            methods: vec!["POST".to_owned()],
            private: post.private,
        };
        let grants = Grants { http: vec![allowance], ..Grants::default() };
        let request = Outbound {
            method: "POST",
            url: post.url.to_owned(),
            headers: post.headers.clone(),
            body: Some(("application/json".to_owned(), post.body.as_bytes().to_vec())),
            secrets: BTreeMap::new(),
            disguised: BTreeMap::new(),
        };
        let checked = check(&grants, request).map_err(|refusal| refusal.words())?;
        let outlet = self.outlet().map_err(|refusal| refusal.words())?;
        let answer = outlet.send(checked).await.map_err(|refusal| refusal.words())?;
        Ok(Posted { status: answer.status, body: String::from_utf8_lossy(&answer.body).into_owned() })
    }
}
