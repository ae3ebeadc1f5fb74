//! Who somebody is, in her provider's words (OpenID Connect Core 1.0): where a provider is (Discovery 1.0), its keys (RFC 7517), and
//! ID tokens (RFC 7519) that are believed only when everything about them is right.

use super::{ANSWER_BYTES_MAX, OAuthClient, OAuthError, TOKEN_BYTES_MAX, line};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: i64 = 60;

/// Where a provider does what.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discovered {
    /// What it calls itself in tokens.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
}

/// A provider's public keys.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

/// What a token must be to be believed.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// To the letter what the provider is set up as.
    pub issuer: &'a str,
    /// What the provider calls this program.
    pub client_id: &'a str,
    /// What the browser was sent with: a token of another sign-in has another.
    pub nonce: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's own name for her: never changes.
    pub subject: String,
    /// Her address, which the provider has verified; in lower case.
    pub email: String,
    /// Her name, where it is said.
    pub name: Option<String>,
}

impl OAuthClient {
    /// Asks a provider where it does what (Discovery 1.0, 4).
    ///
    /// # Errors
    /// See [`OAuthError`]; [`OAuthError::Odd`] for a provider that calls itself something else, or names addresses in the clear.
    pub async fn discover(&self, issuer: &str) -> Result<Discovered, OAuthError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found: Discovered = self.get(&url).await?;
        if found.issuer != issuer {
            return Err(OAuthError::Odd(format!(
                "it calls itself {}: write exactly that as the issuer",
                line(&found.issuer)
            )));
        }
        for address in [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri] {
            let url = url::Url::parse(address).ok();
            let is_safe = url.is_some_and(|url| {
                let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
                url.scheme() == "https" || (url.scheme() == "http" && loopback)
            });
            if !is_safe {
                return Err(OAuthError::Odd(format!("it names an address that is not https: {}", line(address))));
            }
        }
        Ok(found)
    }

    /// A provider's keys.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn keys(&self, provider: &Discovered) -> Result<Keys, OAuthError> {
        self.get(&provider.jwks_uri).await
    }

    async fn get<T: for<'a> Deserialize<'a>>(&self, url: &str) -> Result<T, OAuthError> {
        let away = |error: reqwest::Error| OAuthError::Unreachable(line(&crate::net::causes(&error.without_url())));
        let mut response = self.http.get(url).header("accept", "application/json").send().await.map_err(away)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(OAuthError::Odd(format!("it is longer than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(OAuthError::Unreachable(format!("it answers {status}")));
        }
        if !status.is_success() {
            return Err(OAuthError::Odd(format!(
                "it answers {status}: is the issuer written as the provider writes it?"
            )));
        }
        serde_json::from_slice(&bytes).map_err(|_| OAuthError::Odd(format!("{status} without what was asked for")))
    }
}

/// Believes an ID token, or says why not. No word of the token itself is in that.
///
/// # Errors
/// In words for a person.
pub fn identify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Identity, String> {
    let no = |why: &str| Err(format!("the provider's ID token is not believed: {why}"));
    if token.len() > TOKEN_BYTES_MAX {
        return no("it is too long");
    }
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(seal), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return no("it is none");
    };
    let json = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    let (Some(header), Some(claims), Ok(seal)) = (json(head), json(body), URL_SAFE_NO_PAD.decode(seal)) else {
        return no("it is none");
    };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let algorithm = text(&header, "alg").unwrap_or_default();
    let kid = text(&header, "kid");
    let signed = &token[..head.len() + 1 + body.len()];
    let fits = |key: &&Key| kid.is_none() || key.kid == kid;
    if !keys.keys.iter().filter(fits).any(|key| key.verifies(&algorithm, signed.as_bytes(), &seal)) {
        return no("no key of the provider's signed it, or not with RS256 or ES256");
    }
    if text(&claims, "iss").as_deref() != Some(expected.issuer) {
        return no("another provider issued it");
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(some)) => some.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let party = text(&claims, "azp");
    let is_ours = audiences.contains(&expected.client_id)
        && (audiences.len() == 1 || party.is_some())
        && party.is_none_or(|party| party == expected.client_id);
    if !is_ours {
        return no("it is for another program");
    }
    let time =
        |name: &str| claims.get(name).and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|f| f as i64)));
    if time("exp").is_none_or(|at| at.saturating_add(LEEWAY) <= expected.now) {
        return no("it has run out");
    }
    if time("iat").is_none_or(|at| at > expected.now.saturating_add(LEEWAY)) {
        return no("it is from the future, or does not say from when: compare the machines' clocks");
    }
    if text(&claims, "nonce").as_deref() != Some(expected.nonce) {
        return no("it belongs to another sign-in");
    }
    let Some(subject) = text(&claims, "sub").filter(|subject| !subject.is_empty()) else {
        return no("it names nobody");
    };
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        // Some write it as text.
        Some(Value::String(verified)) => verified == "true",
        _ => false,
    };
    let email = text(&claims, "email").map(|email| email.trim().to_lowercase()).filter(|email| email.contains('@'));
    let Some(email) = email.filter(|_| verified) else {
        return Err(
            "the provider does not vouch for a mail address of this account: ask for the scope `email`, and have the \
                    address verified there"
                .to_owned(),
        );
    };
    Ok(Identity { subject, email, name: text(&claims, "name").map(|name| line(&name)) })
}

impl Key {
    fn verifies(&self, algorithm: &str, signed: &[u8], seal: &[u8]) -> bool {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return false;
        }
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).unwrap_or_default();
        match (algorithm, self.kty.as_str()) {
            ("RS256", "RSA") => {
                let key = RsaPublicKeyComponents { n: bytes(&self.n), e: bytes(&self.e) };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, seal).is_ok()
            }
            ("ES256", "EC") if self.crv == "P-256" => {
                let point = [&[4][..], &bytes(&self.x), &bytes(&self.y)].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, seal).is_ok()
            }
            // `none` and the symmetric ones, which anybody with the client's secret could make, are no signatures.
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://id.example", client_id: "desk", nonce: "n", now: 1_000_000 };

    struct Provider(EcdsaKeyPair, SystemRandom);

    impl Provider {
        fn new() -> Self {
            let random = SystemRandom::new();
            let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap(), random)
        }

        fn key(&self, kid: &str) -> Value {
            let point = self.0.public_key().as_ref();
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": text(&point[1..33]), "y": text(&point[33..]) })
        }

        fn keys(&self) -> Keys {
            serde_json::from_value(json!({ "keys": [{ "kty": "OKP", "kid": "other" }, self.key("k")] })).unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let seal = self.0.sign(&self.1, signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(seal.as_ref()))
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": "desk", "sub": "7", "nonce": "n", "iat": 999_990, "exp": 1_000_300,
            "email": "Li@Shop.example", "email_verified": true, "name": "Li\nWei",
        })
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "kid": "k" })
    }

    #[test]
    fn a_right_token_says_who_it_is() {
        let provider = Provider::new();
        let who = identify(&provider.sign(&header(), &claims()), &provider.keys(), &EXPECTED).unwrap();
        assert_eq!(who, Identity { subject: "7".into(), email: "li@shop.example".into(), name: Some("Li Wei".into()) });
        // At the edge of its life, to several programs of which this asked, and without the name of its key.
        let mut odd = claims();
        odd["exp"] = json!(1_000_000 - 59);
        odd["iat"] = json!(1_000_060);
        odd["aud"] = json!(["another", "desk"]);
        odd["azp"] = json!("desk");
        odd["email_verified"] = json!("true");
        identify(&provider.sign(&json!({ "alg": "ES256" }), &odd), &provider.keys(), &EXPECTED).unwrap();
    }

    #[test]
    fn whatever_is_wrong_with_a_token_it_is_not_believed() {
        let provider = Provider::new();
        for (name, value, why) in [
            ("iss", json!("https://id.example/"), "another provider"),
            ("aud", json!("another"), "another program"),
            ("aud", json!(["desk", "another"]), "another program"),
            ("aud", json!([]), "another program"),
            ("azp", json!("another"), "another program"),
            ("nonce", json!("m"), "another sign-in"),
            ("nonce", Value::Null, "another sign-in"),
            ("exp", json!(1_000_000 - 60), "run out"),
            ("exp", Value::Null, "run out"),
            ("iat", json!(1_000_061), "future"),
            ("iat", Value::Null, "future"),
            ("sub", json!(""), "nobody"),
            ("email", json!("no address"), "vouch"),
            ("email_verified", json!(false), "vouch"),
            ("email_verified", Value::Null, "vouch"),
        ] {
            let mut wrong = claims();
            wrong[name] = value.clone();
            let said = identify(&provider.sign(&header(), &wrong), &provider.keys(), &EXPECTED).unwrap_err();
            assert!(said.contains(why), "{name} = {value}: {said}");
        }
        for wrong in
            [json!({ "alg": "none" }), json!({ "alg": "HS256", "kid": "k" }), json!({ "alg": "ES256", "kid": "z" })]
        {
            let said = identify(&provider.sign(&wrong, &claims()), &provider.keys(), &EXPECTED).unwrap_err();
            assert!(said.contains("no key"), "{wrong}: {said}");
        }
        let stranger = Provider::new().sign(&header(), &claims());
        assert!(identify(&stranger, &provider.keys(), &EXPECTED).unwrap_err().contains("no key"));
        let right = provider.sign(&header(), &claims());
        let (signed, seal) = right.rsplit_once('.').unwrap();
        let unsigned = format!("{signed}.");
        let other = provider.sign(&header(), &json!({ "iss": "x" }));
        let swapped = format!("{}.{seal}", other.rsplit_once('.').unwrap().0);
        for token in ["", "a.b", "a.b.c", "a.b.c.d", &unsigned, &swapped, &"x".repeat(40_000)] {
            assert!(identify(token, &provider.keys(), &EXPECTED).is_err(), "{token}");
        }
    }

    #[test]
    fn rsa_is_verified_as_in_the_standard() {
        // RFC 7515, A.2.
        let key: Key = serde_json::from_value(json!({
            "kty": "RSA", "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        }))
        .unwrap();
        let signed = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let seal = URL_SAFE_NO_PAD.decode("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw").unwrap();
        assert!(key.verifies("RS256", signed, &seal));
        assert!(!key.verifies("RS256", &signed[1..], &seal));
        assert!(!key.verifies("ES256", signed, &seal) && !key.verifies("none", signed, &[]));
    }
}
