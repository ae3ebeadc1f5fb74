//! The HTML of a mail: everything is escaped first, and only what Outlook (which draws with Word) and Gmail both show is used. No
//! style sheet, no class that anything depends on, no `max-width` that anything depends on.

use super::{Block, Inline, blocks, inlines};
use crate::Timestamp;
use crate::mail::Address;
use crate::picture::{self, Piece};

/// A picture within the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// As the text calls it.
    pub name: &'a str,
    /// Without angle brackets.
    pub content_id: String,
}

/// A whole mail's HTML.
#[derive(Clone, Debug, Default)]
pub struct Page<'a> {
    /// What was written, with its marks and `\n` line ends.
    pub body: &'a str,
    /// BCP 47, letters, digits and hyphens alone.
    pub language: &'a str,
    /// The line above the quoted mail, and its text.
    pub quoted: Option<(&'a str, &'a str)>,
    /// Pictures that the text shows.
    pub pictures: &'a [Placed<'a>],
}

/// Writes the whole document.
#[must_use]
pub fn page(page: &Page<'_>) -> String {
    let rtl = matches!(page.language.split('-').next(), Some("ar" | "he" | "fa" | "ur"));
    let dir = if rtl { " dir=\"rtl\"" } else { "" };
    let mut out = format!("<!DOCTYPE html>\n<html lang=\"{}\"{dir}>\n<body>\n", escape(page.language));
    out.push_str(&html(page.body, page.pictures, rtl));
    if let Some((attribution, text)) = page.quoted {
        // The class is what clients look for to fold history away.
        out.push_str("<div class=\"gmail_quote\">\n<div class=\"gmail_attr\">");
        out.push_str(&escape(attribution));
        out.push_str("</div>\n<blockquote type=\"cite\" class=\"gmail_quote\" style=\"margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex\">\n");
        // The customer's own words: her signs are hers.
        for paragraph in text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n')) {
            if !paragraph.is_empty() {
                lines(&mut out, &paragraph.split('\n').collect::<Vec<_>>(), &mut |out, line| addresses(out, line));
            }
        }
        out.push_str("</blockquote>\n</div>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// The line above quoted text, in the customer's language where we have it: `On 2026-03-01 08:30 UTC, Ana wrote:`.
#[must_use]
pub fn attribution(language: Option<&str>, from: &Address, at: Timestamp) -> String {
    let who = from.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&from.address);
    let who: String =
        who.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    let who = who.trim();
    let when = at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let primary = language.unwrap_or("en").split('-').next().unwrap_or("en").to_ascii_lowercase();
    match primary.as_str() {
        "zh" => format!("{who} 于 {when} 写道："),
        "ja" => format!("{when} {who} のメール："),
        "ko" => format!("{when}, {who} 작성:"),
        "es" => format!("El {when}, {who} escribió:"),
        "de" => format!("Am {when} schrieb {who}:"),
        "fr" => format!("Le {when}, {who} a écrit :"),
        "it" => format!("Il {when}, {who} ha scritto:"),
        "pt" => format!("Em {when}, {who} escreveu:"),
        "nl" => format!("Op {when} schreef {who}:"),
        "pl" => format!("Dnia {when} {who} napisał(a):"),
        "ru" => format!("{when}, {who} пишет:"),
        "sv" => format!("Den {when} skrev {who}:"),
        "da" => format!("Den {when} skrev {who}:"),
        "tr" => format!("{who}, {when} tarihinde şunu yazdı:"),
        _ => format!("On {when}, {who} wrote:"),
    }
}

/// A text with its marks as HTML. `rtl`: it is written from right to left.
#[must_use]
pub fn html(text: &str, pictures: &[Placed<'_>], rtl: bool) -> String {
    let names: Vec<&str> = pictures.iter().map(|picture| picture.name).collect();
    let (near, far) = if rtl { ("right", "left") } else { ("left", "right") };
    let mut line = |out: &mut String, line: &str| {
        for piece in picture::pieces(line, &names) {
            match piece {
                Piece::Text(words) => marked(out, &inlines(words)),
                Piece::Unknown(name) => out.push_str(&spaced(&picture::mark(name))),
                Piece::Picture(index) => shown(out, &pictures[index]),
            }
        }
    };
    let mut out = String::new();
    for block in blocks(text) {
        // Word takes a list's margin and no padding, others take both.
        let list = format!("style=\"margin:0;margin-{near}:25px;margin-{far}:0;padding:0\"");
        let (open, items, close) = match block {
            Block::Lines(all) => {
                lines(&mut out, &all, &mut line);
                continue;
            }
            Block::Quote(all) => {
                // As Outlook itself writes it: Word draws the line of a div.
                out.push_str(&format!("<blockquote style=\"margin:0\"><div style=\"border:none;border-{near}:solid #cccccc 1.5pt;padding:0 6pt\">\n"));
                lines(&mut out, &all, &mut line);
                out.push_str("</div></blockquote>\n");
                continue;
            }
            Block::Bullets(items) => (format!("<ul {list}>\n"), items, "</ul>\n"),
            Block::Numbers(1, items) => (format!("<ol {list}>\n"), items, "</ol>\n"),
            Block::Numbers(first, items) => (format!("<ol start=\"{first}\" {list}>\n"), items, "</ol>\n"),
        };
        out.push_str(&open);
        for item in items {
            out.push_str("<li>");
            line(&mut out, item);
            out.push_str("</li>\n");
        }
        out.push_str(close);
    }
    out
}

fn lines(out: &mut String, all: &[&str], line: &mut dyn FnMut(&mut String, &str)) {
    out.push_str("<p>");
    for (index, words) in all.iter().enumerate() {
        if index > 0 {
            out.push_str("<br>\n");
        }
        line(out, words);
    }
    out.push_str("</p>\n");
}

fn marked(out: &mut String, pieces: &[Inline<'_>]) {
    for piece in pieces {
        match piece {
            Inline::Text(words) => out.push_str(&spaced(words)),
            Inline::Bold(inner) => {
                out.push_str("<b>");
                marked(out, inner);
                out.push_str("</b>");
            }
            Inline::Italic(inner) => {
                out.push_str("<i>");
                marked(out, inner);
                out.push_str("</i>");
            }
            Inline::Link(words, address) => anchor(out, words, address),
            Inline::Address(address) => anchor(out, address, address),
        }
    }
}

/// Addresses of web pages become links, and nothing else is a mark.
fn addresses(out: &mut String, line: &str) {
    let mut rest = line;
    while let Some(at) = rest.find("http") {
        out.push_str(&spaced(&rest[..at]));
        rest = &rest[at..];
        let length = match super::address(rest) {
            Some(address) => {
                anchor(out, address, address);
                address.len()
            }
            None => {
                out.push_str("http");
                4
            }
        };
        rest = &rest[length..];
    }
    out.push_str(&spaced(rest));
}

fn anchor(out: &mut String, words: &str, address: &str) {
    out.push_str(&format!("<a href=\"{}\">{}</a>", escape(address), spaced(words)));
}

/// Wide ones are made to fit; Outlook, which knows no `max-width`, shows them as they are.
fn shown(out: &mut String, picture: &Placed<'_>) {
    let name: String = picture.name.chars().filter(|c| !c.is_control()).collect();
    out.push_str(&format!(
        "<img src=\"cid:{}\" alt=\"{}\" style=\"max-width:100%;height:auto\">",
        escape(&picture.content_id),
        escape(&name)
    ));
}

/// Escaped, runs of spaces kept.
fn spaced(text: &str) -> String {
    escape(text).replace("  ", "&nbsp; ")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
