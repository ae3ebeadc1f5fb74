//! Why a request is not answered as asked. Handlers give a [`Refusal`]; [`draw`] turns it into a page or into
//! JSON, in the reader's language, once, at the outermost layer.

use crate::desk::Desk;
use crate::page::error::ErrorPage;
use crate::request::{Device, api_path, slug_of};
use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use posthouse_store::StoreError;
use serde_json::json;

/// Why not.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// Not there, or not for this reader, which is the same.
    NotFound,
    /// Nobody is signed in (JSON API).
    SignIn,
    /// The team asks for a second factor that is not set up yet (JSON API).
    SecondFactor,
    /// An API token whose scope does not reach so far.
    Scope,
    /// More requests than a token, or more wrong tokens than a client, has; the seconds to wait.
    TooFast(u64),
    /// The form's token is not this session's, or the form stands on another site. What was typed comes along.
    Forged { typed: Option<String> },
    /// More was sent than is taken.
    TooLarge,
    /// What was sent makes no sense.
    Malformed(String),
    /// Somebody else was quicker, or things have changed.
    Conflict(String),
    /// Not in this state, or not with these values; in the reader's language.
    Refused(String),
    /// The store is busy or away.
    Away,
    /// A fault of ours. Logged where it happened.
    Broken,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Forged { .. } | Self::SecondFactor | Self::Scope => StatusCode::FORBIDDEN,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::SignIn => "sign-in",
            Self::SecondFactor => "second-factor",
            Self::Scope => "scope",
            Self::TooFast(_) => "too-fast",
            Self::Forged { .. } => "forged",
            Self::TooLarge => "too-large",
            Self::Malformed(_) => "malformed",
            Self::Conflict(_) => "conflict",
            Self::Refused(_) => "refused",
            Self::Away => "away",
            Self::Broken => "broken",
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NotFound,
            StoreError::Conflict { .. } => Self::Conflict(error.to_string()),
            StoreError::Refused(words) => Self::Refused(words),
            other if other.is_temporary() => {
                tracing::warn!(error = %other, "the store did not answer a page");
                Self::Away
            }
            other => {
                tracing::error!(error = %other, "a page failed");
                Self::Broken
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refusal its body, and every error of the framework (no such route, a path that does not parse)
/// the same face.
pub(crate) async fn draw(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let device = Device::of(request.headers());
    let path = request.uri().path().to_owned();
    let head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>().or_else(|| {
        let own = response.headers().contains_key(header::CONTENT_TYPE)
            && !response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/plain"));
        match response.status() {
            _ if own => None,
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Some(Refusal::NotFound),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Refusal::TooLarge),
            StatusCode::METHOD_NOT_ALLOWED => Some(Refusal::NotFound),
            StatusCode::INTERNAL_SERVER_ERROR => Some(Refusal::Broken),
            _ => None,
        }
    });
    let Some(refusal) = refusal else { return response };
    let status = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => StatusCode::METHOD_NOT_ALLOWED,
        _ => refusal.status(),
    };
    let t = device.lang;
    let refusal_after = matches!(refusal, Refusal::TooFast(_) | Refusal::SignIn).then(|| refusal.clone());
    let (title, text) = match &refusal {
        _ if status == StatusCode::METHOD_NOT_ALLOWED => (t.error_404_title(), t.error_405().to_owned()),
        Refusal::NotFound | Refusal::SignIn => (t.error_404_title(), t.error_404().to_owned()),
        Refusal::Forged { .. } => (t.error_csrf_title(), t.error_csrf().to_owned()),
        Refusal::Scope => (t.error_csrf_title(), t.token_too_low().to_owned()),
        Refusal::TooFast(_) if api_path(&path) => (t.error_csrf_title(), t.token_too_fast(Desk::PACE)),
        Refusal::TooFast(seconds) => (t.error_csrf_title(), t.sign_in_wait(t.minutes(seconds.div_ceil(60)))),
        Refusal::SecondFactor => (t.error_csrf_title(), t.factor_required().to_owned()),
        Refusal::TooLarge => (t.error_413_title(), t.error_413().to_owned()),
        Refusal::Malformed(words) | Refusal::Conflict(words) | Refusal::Refused(words) => {
            (t.error_csrf_title(), words.clone())
        }
        Refusal::Away => (t.error_503_title(), t.error_503().to_owned()),
        Refusal::Broken => (t.error_500_title(), t.error_500().to_owned()),
    };
    let mut drawn = if api_path(&path) {
        let mut body = json!({ "error": refusal.code(), "message": text });
        if matches!(refusal, Refusal::SignIn)
            && let Some(slug) = slug_of(&path)
        {
            body["sign_in"] = json!(format!("/t/{slug}/sign-in"));
        }
        (status, Json(body)).into_response()
    } else {
        let page = ErrorPage {
            lang: t,
            theme: device.theme,
            title: title.to_owned(),
            text,
            reference: matches!(refusal, Refusal::Broken | Refusal::Away).then(|| desk.now().to_rfc3339()),
            back: slug_of(&path).map(|slug| format!("/t/{slug}/tickets")),
            typed: match refusal {
                Refusal::Forged { typed } => typed,
                _ => None,
            },
        };
        (status, page.draw()).into_response()
    };
    match refusal_after {
        Some(Refusal::TooFast(seconds)) => {
            drawn.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from(seconds));
        }
        // RFC 6750, 3.
        Some(Refusal::SignIn) => {
            drawn.headers_mut().insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        drawn.headers_mut().insert(header::ALLOW, allow.clone());
    }
    if head {
        *drawn.body_mut() = axum::body::Body::empty();
    }
    drawn
}
