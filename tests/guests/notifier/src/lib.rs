//! A notifier that sends what its settings say: lines of `method url`, where `{name}` is a secret. The answer comes
//! back as the receipt, an error as the failure. Some words instead of a method do other things.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "notifier" });

use exports::posthouse::plugin::notify::Guest;
use posthouse::plugin::desk::Call;
use posthouse::plugin::http::{HttpError, Method, Request};
use posthouse::plugin::notices::{Delivery, Notification};
use posthouse::plugin::templates::{DigestEncoding, Escape, Template};
use posthouse::plugin::types::Failure;
use std::cell::RefCell;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Notifier;

impl Guest for Notifier {
    fn configure(settings: String) -> Result<(), String> {
        LINES.set(settings.lines().map(str::to_owned).collect());
        Ok(())
    }

    fn run(_: &Call, notice: &Notification, out: &Delivery) -> Result<(), Failure> {
        let mut receipt = String::new();
        for line in LINES.with_borrow(Vec::clone) {
            let Some((method, url)) = line.split_once(' ') else { continue };
            if method == "RETRY" {
                out.set_retry_after(url.parse().unwrap_or(0));
                return Err(Failure::Temporary(notice.title()));
            }
            if method == "TEMPLATES" {
                // More objects than anybody needs.
                loop {
                    std::mem::forget(Template::new());
                }
            }
            receipt = send(method, url, notice)?;
        }
        out.set_receipt(&receipt);
        Ok(())
    }
}

fn template(text: &str, escape: Escape) -> Template {
    let template = Template::new();
    for (n, piece) in text.split(['{', '}']).enumerate() {
        if n % 2 == 0 { template.literal(piece) } else { template.secret(piece, escape) }
    }
    template
}

fn send(method: &str, url: &str, notice: &Notification) -> Result<String, Failure> {
    let basic = method == "BASIC";
    let method = match method {
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => Method::Get,
    };
    let request = Request::new(method, &template(url, Escape::Percent));
    let title = template(&notice.title(), Escape::None);
    request.set_header("x-title", &title).map_err(failed)?;
    assert!(request.set_header("Host", &title).is_err(), "Host belongs to the host");
    if matches!(method, Method::Post | Method::Put) {
        let body = Template::new();
        body.literal("{\"lines\":\"");
        body.literal(&notice.lines().join(" "));
        body.literal("\",\"sign\":\"");
        let (key, message) = (template("{sign}", Escape::None), template("message", Escape::None));
        body.hmac_sha256(&key, &message, DigestEncoding::Hex, Escape::Json);
        body.literal("\"}");
        request.set_body("application/json", &body);
    }
    if basic {
        let password = Template::new();
        password.literal("shop:");
        password.secret("token", Escape::None);
        let header = Template::new();
        header.literal("Basic ");
        header.base64(&password);
        request.set_header("authorization", &header).map_err(failed)?;
    }
    let answer = request.send().map_err(failed)?;
    let text: String = answer.text().chars().take(100).filter(|c| !c.is_control()).collect();
    let kind = answer.header("Content-Type").unwrap_or_default();
    Ok(format!("{} {kind} {} {text}", answer.status(), answer.body().len()))
}

fn failed(error: HttpError) -> Failure {
    Failure::Permanent(match error {
        HttpError::Denied(text) => format!("denied: {text}"),
        HttpError::Unreachable(text) => format!("unreachable: {text}"),
        HttpError::TooLarge(text) => format!("too large: {text}"),
        HttpError::Invalid(text) => format!("invalid: {text}"),
    })
}

export!(Notifier);
