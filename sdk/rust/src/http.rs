//! Outbound HTTP through the host: a request as plain data, and its answer.

use crate::text::Text;

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// A request as plain data. Nothing happens before [`Request::send`], so tests can look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which method.
    pub method: Method,
    /// Where to.
    pub url: Text,
    /// In order; a later one replaces an earlier one of the same name.
    pub headers: Vec<(String, Text)>,
    /// Media type and text, at most 1 MiB.
    pub body: Option<(String, Text)>,
}

impl Request {
    /// A GET request.
    #[must_use]
    pub fn get(url: impl Into<Text>) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: None }
    }

    /// A POST request.
    #[must_use]
    pub fn post(url: impl Into<Text>) -> Self {
        Self { method: Method::Post, ..Self::get(url) }
    }

    /// Sets a header. Hop-by-hop headers, Host and Content-Length belong to the host.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Text>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: impl Into<Text>) -> Self {
        self.body("application/json; charset=utf-8", body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, media_type: impl Into<String>, body: impl Into<Text>) -> Self {
        self.body = Some((media_type.into(), body.into()));
        self
    }

    /// Sends it and waits for the whole answer, at most 10 s and 1 MiB. Any status is an answer.
    ///
    /// # Errors
    /// When the host refused to send it or no answer came.
    #[cfg(target_arch = "wasm32")]
    pub fn send(&self) -> Result<Answer, NoAnswer> {
        use crate::bindings::posthouse::plugin::http;
        let method = match self.method {
            Method::Get => http::Method::Get,
            Method::Head => http::Method::Head,
            Method::Post => http::Method::Post,
            Method::Put => http::Method::Put,
            Method::Patch => http::Method::Patch,
            Method::Delete => http::Method::Delete,
        };
        let request = http::Request::new(method, &self.url.to_host());
        for (name, value) in &self.headers {
            request.set_header(name, &value.to_host()).map_err(NoAnswer::from_host)?;
        }
        if let Some((media_type, body)) = &self.body {
            request.set_body(media_type, &body.to_host());
        }
        let response = request.send().map_err(NoAnswer::from_host)?;
        Ok(Answer {
            status: response.status(),
            retry_after_seconds: response.header("retry-after").and_then(|value| value.trim().parse().ok()),
            text: response.text(),
        })
    }

    /// Requests leave only from inside a component.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn send(&self) -> Result<Answer, NoAnswer> {
        Err(NoAnswer::Unreachable("requests leave only from inside a component".to_owned()))
    }
}

/// An answer, of any status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// 200 …
    pub status: u16,
    /// `Retry-After` in seconds (RFC 9110, section 10.2.3); dates are not read.
    pub retry_after_seconds: Option<u32>,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Not granted; says which line would allow it.
    Denied(String),
    /// No connection, TLS failure, or no answer in time.
    Unreachable(String),
    /// Over a limit of size or count.
    TooLarge(String),
    /// The request is malformed.
    Invalid(String),
}

impl NoAnswer {
    #[cfg(target_arch = "wasm32")]
    fn from_host(error: crate::bindings::posthouse::plugin::http::HttpError) -> Self {
        use crate::bindings::posthouse::plugin::http::HttpError;
        match error {
            HttpError::Denied(text) => Self::Denied(text),
            HttpError::Unreachable(text) => Self::Unreachable(text),
            HttpError::TooLarge(text) => Self::TooLarge(text),
            HttpError::Invalid(text) => Self::Invalid(text),
        }
    }

    /// As a plugin's failure: only an unreachable server is worth trying again.
    #[must_use]
    pub fn into_failure(self) -> crate::Failure {
        match self {
            Self::Unreachable(text) => crate::Failure::Temporary(text),
            Self::Denied(text) | Self::TooLarge(text) | Self::Invalid(text) => crate::Failure::Permanent(text),
        }
    }
}
