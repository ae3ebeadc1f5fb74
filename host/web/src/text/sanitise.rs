//! Foreign HTML made harmless: nothing runs, nothing submits, nothing loads from outside unless asked for.
//!
//! Three layers, each enough by itself: the sanitiser here (an allow-list), the policy the document is served
//! with ([`Safe::policy`]: no script at all, no connection), and the sandboxed frame it is shown in. Inline
//! styles would need `unsafe-inline` in that policy; so every declaration that is allowed moves into one style
//! element, which the policy names by its hash.

use ammonia::{Builder, UrlRelative};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// A picture that came with the mail.
#[derive(Clone, Debug)]
pub struct InlinePicture {
    /// `image/png` …
    pub media_type: String,
    /// Decoded.
    pub bytes: Vec<u8>,
}

/// A document that may be shown.
#[derive(Clone, Debug)]
pub struct Safe {
    /// The whole document.
    pub html: String,
    /// Its Content-Security-Policy.
    pub policy: String,
    /// Pictures that would have been loaded from outside.
    pub remote_images: u64,
}

/// HTML beyond this many bytes is cut: no reader scrolls that far, and the sanitiser's time stays bounded.
pub const HTML_BYTES_MAX: usize = 2_000_000;

#[rustfmt::skip]
const TAGS: &[&str] = &[
    "a", "abbr", "address", "article", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main",
    "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
];

#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "color", "cols", "colspan", "dir", "face", "height", "lang", "nowrap", "rowspan", "size",
    "span", "start", "style", "title", "type", "valign", "width",
];

#[rustfmt::skip]
const PROPERTIES: &[&str] = &[
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-radius", "border-right", "border-spacing",
    "border-style", "border-top", "border-width", "color", "display", "font", "font-family", "font-size", "font-style", "font-weight", "height", "letter-spacing",
    "line-height", "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top", "max-width", "min-width", "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout", "text-align", "text-decoration", "text-indent", "text-transform",
    "vertical-align", "white-space", "width", "word-break",
];

/// The frame's own look: what a mail without any style of its own is read in.
const BASE: &str = "body{margin:12px;font:15px/1.5 system-ui,sans-serif;color:#1d1c1a;background:#fff;overflow-wrap:anywhere}img{max-width:100%;height:auto}blockquote{margin:0 0 0 8px;padding-left:12px;border-left:2px solid #d0ccc1}";

/// Cleans a mail's HTML. Remote pictures are left out unless `remote`; those that came with the mail (by
/// Content-ID, without angle brackets) are put in place.
#[must_use]
pub fn mail_html(html: &str, pictures: HashMap<String, InlinePicture>, remote: bool) -> Safe {
    let mut end = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let html = &html[..end];
    // The marker that stands for a moved style must not occur in the mail: taken from the mail's own hash.
    let marker = format!("ph{}", hex::encode(&Sha256::digest(html)[..8]));
    let found = Arc::new(Mutex::new(Found::default()));
    let cleaned = {
        let mut builder = Builder::empty();
        builder
            .tags(TAGS.iter().copied().collect())
            .clean_content_tags(HashSet::from([
                "script", "style", "head", "title", "noscript", "template", "object", "svg", "math",
            ]))
            .generic_attributes(ATTRIBUTES.iter().copied().collect())
            .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("img", HashSet::from(["src"]))]))
            .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer nofollow"))
            .set_tag_attribute_value("a", "target", "_blank")
            .attribute_filter({
                let filter = Filter { found: found.clone(), marker: marker.clone(), pictures, remote };
                move |element, attribute, value| filter.value(element, attribute, value)
            });
        builder.clean(html).to_string()
    };
    let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    let mut style = BASE.to_owned();
    let mut body = cleaned;
    for (i, declarations) in found.styles.iter().enumerate() {
        let _ = write!(style, ".s{i}{{{declarations}}}");
    }
    if !found.styles.is_empty() {
        body = body.replace(&format!("style=\"{marker}-"), "class=\"s");
    }
    let hash = STANDARD.encode(Sha256::digest(&style));
    let images = if remote { "data: https: http:" } else { "data:" };
    Safe {
        html: format!(
            "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><style>{style}</style></head><body>{body}</body></html>"
        ),
        policy: format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src {images}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
        ),
        remote_images: found.remote,
    }
}

#[derive(Default)]
struct Found {
    styles: Vec<String>,
    remote: u64,
}

/// Decides on every attribute that the allow-list let through.
struct Filter {
    found: Arc<Mutex<Found>>,
    marker: String,
    pictures: HashMap<String, InlinePicture>,
    remote: bool,
}

impl Filter {
    fn value<'a>(&self, element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match (element, attribute) {
            (_, "style") => {
                let declarations = declarations(value)?;
                let number = found.styles.iter().position(|s| *s == declarations).unwrap_or_else(|| {
                    found.styles.push(declarations);
                    found.styles.len() - 1
                });
                Some(format!("{}-{number}", self.marker).into())
            }
            ("img", "src") => {
                let lower = value.trim().to_ascii_lowercase();
                if let Some(id) = lower.starts_with("cid:").then(|| &value.trim()[4..]) {
                    let picture = self.pictures.get(id)?;
                    Some(format!("data:{};base64,{}", picture.media_type, STANDARD.encode(&picture.bytes)).into())
                } else if ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"]
                    .iter()
                    .any(|p| lower.starts_with(p))
                {
                    Some(value.into())
                } else if lower.starts_with("http:") || lower.starts_with("https:") {
                    found.remote += 1;
                    self.remote.then(|| value.into())
                } else {
                    None
                }
            }
            (_, "href") => {
                let lower = value.trim().to_ascii_lowercase();
                ["http:", "https:", "mailto:", "tel:"].iter().any(|p| lower.starts_with(p)).then(|| value.into())
            }
            _ => Some(value.into()),
        }
    }
}

/// The declarations of a style attribute that are allowed, or none.
fn declarations(style: &str) -> Option<String> {
    let mut out = String::new();
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        // Letters, digits and the few signs of plain values: no url(), no escapes, nothing that could close the rule.
        let plain = value.len() <= 200 && value.chars().all(|c| c.is_ascii_alphanumeric() || " #%.,()-!'+".contains(c));
        let loads = value.to_ascii_lowercase().contains("url") || value.to_ascii_lowercase().contains("expression");
        if PROPERTIES.contains(&name.as_str()) && plain && !loads && !value.is_empty() && balanced(value) {
            let _ = write!(out, "{name}:{value};");
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Quotes and brackets are closed, so that a value cannot swallow what follows it.
fn balanced(value: &str) -> bool {
    value.matches('\'').count().is_multiple_of(2) && value.matches('(').count() == value.matches(')').count()
}

/// How many pictures a mail would load from outside; an estimate for the page, without parsing the mail.
#[must_use]
pub fn remote_images(html: &str) -> u64 {
    let lower = html.get(..html.len().min(HTML_BYTES_MAX)).unwrap_or(html).to_ascii_lowercase();
    let count = lower
        .split("<img")
        .skip(1)
        .filter(|tag| {
            let tag = tag.split('>').next().unwrap_or("");
            tag.split("src").skip(1).any(|after| {
                after
                    .trim_start()
                    .strip_prefix('=')
                    .is_some_and(|v| v.trim_start().trim_start_matches(['"', '\'']).starts_with("http"))
            })
        })
        .count();
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> Safe {
        mail_html(html, HashMap::new(), false)
    }

    #[test]
    fn nothing_that_runs_survives() {
        for evil in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"  java\nscript:alert(1)\">x</a>",
            "<svg><script>alert(1)</script></svg>",
            "<svg onload=alert(1)>",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<object data=\"data:text/html,<script>alert(1)</script>\"></object>",
            "<form action=\"https://evil.example\"><input name=a></form>",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
            "<base href=\"https://evil.example/\">",
            "<link rel=stylesheet href=\"https://evil.example/x.css\">",
            "<style>@import 'https://evil.example/x.css'</style>",
            "<div style=\"background:url(https://evil.example/x)\">x</div>",
            "<div style=\"width:expression(alert(1))\">x</div>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<img src=\"data:image/svg+xml;base64,PHN2Zy8+\">",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<template><script>alert(1)</script></template>",
            "<input onfocus=alert(1) autofocus>",
            "<video><source onerror=alert(1)></video>",
        ] {
            let safe = clean(evil).html;
            let body = safe.split_once("<body>").map_or("", |b| b.1).to_ascii_lowercase();
            for bad in [
                "<script",
                "onerror",
                "onload",
                "onfocus",
                "javascript:",
                "<iframe",
                "<object",
                "<form",
                "<input",
                "<meta",
                "<base",
                "<link",
                "<style",
                "evil.example",
                "expression",
                "data:text",
                "svg",
            ] {
                assert!(!body.contains(bad), "{evil} left {bad}: {body}");
            }
        }
    }

    #[test]
    fn styles_move_to_one_hashed_element() {
        let safe = clean(
            "<p style=\"color: red; position: fixed; font-size:12px\">a</p><p style='color: red; font-size:12px'>b</p><i style=\"}body{display:none\">c</i>",
        );
        assert!(safe.html.contains(".s0{color:red;font-size:12px;}"), "{}", safe.html);
        assert_eq!(safe.html.matches("class=\"s0\"").count(), 2);
        assert!(!safe.html.contains("style=\"") && !safe.html.contains("position"), "{}", safe.html);
        assert!(!safe.policy.contains("unsafe"));
        let style = safe.html.split("<style>").nth(1).and_then(|s| s.split("</style>").next()).unwrap_or("");
        assert!(safe.policy.contains(&STANDARD.encode(Sha256::digest(style))));
    }

    #[test]
    fn pictures_from_outside_wait_until_asked() {
        let html = "<img src=\"https://shop.example/a.png\"><img src='http://t.example/pixel.gif'>";
        let off = clean(html);
        assert_eq!(off.remote_images, 2);
        assert!(!off.html.contains("shop.example") && !off.policy.contains("https:"));
        let on = mail_html(html, HashMap::new(), true);
        assert!(on.html.contains("https://shop.example/a.png") && on.policy.contains("img-src data: https:"));
        assert_eq!(remote_images(html), 2);
        assert_eq!(remote_images("<img src=cid:a> text src=http://x"), 0);
    }

    #[test]
    fn pictures_of_the_mail_stand_in_place() {
        let pictures = HashMap::from([(
            "logo@x".to_owned(),
            InlinePicture { media_type: "image/png".into(), bytes: vec![1, 2, 3] },
        )]);
        let safe = mail_html("<img src=\"cid:logo@x\"><img src=\"cid:other\">", pictures, false);
        assert!(safe.html.contains("data:image/png;base64,AQID"));
        assert!(!safe.html.contains("cid:"));
    }

    #[test]
    fn links_open_elsewhere_and_tell_nothing() {
        let safe = clean("<a href=\"https://track.example/YT1\">track</a>");
        assert!(safe.html.contains("rel=\"noopener noreferrer nofollow\"") && safe.html.contains("target=\"_blank\""));
    }

    #[test]
    fn any_length_is_cut_on_a_character() {
        let long = "字".repeat(HTML_BYTES_MAX);
        assert!(clean(&long).html.len() < HTML_BYTES_MAX + 2_000);
    }
}
