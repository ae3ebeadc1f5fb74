//! Headers of every answer (RFC 6797, CSP 3, Fetch). A route that needs others sets them itself; these fill in
//! what is missing.

use crate::desk::Desk;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// The policy of the desk's own pages: files of the desk and nothing else; no inline script, no inline style.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Fills in the headers.
pub(crate) async fn headers(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let secure = desk.is_secure();
    let headers = response.headers_mut();
    let mut fill = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    fill(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    fill(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    fill(header::REFERRER_POLICY, "same-origin");
    fill(header::X_FRAME_OPTIONS, "DENY");
    fill(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    fill(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    fill(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
    // Pages hold customers' words: no cache keeps them.
    fill(header::CACHE_CONTROL, "no-store");
    if secure {
        fill(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}
