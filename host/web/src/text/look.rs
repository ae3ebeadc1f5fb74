//! A file of a mail as a document for a frame: a picture, or the beginning of a text or a table. What a document says is made here and
//! escaped; nothing of the file is ever markup, and its policy lets nothing run or load.

use super::sanitise::Safe;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// Bytes of a text that are looked at.
pub(crate) const TEXT_BYTES_MAX: usize = 200_000;
/// Bytes of a picture that are put into a document.
pub(crate) const PICTURE_BYTES_MAX: usize = 12_000_000;
/// Bytes of a PDF that are handed to the browser.
pub(crate) const PDF_BYTES_MAX: usize = 25_000_000;
/// Rows and columns of a table that are shown, and characters of a cell.
const ROWS_MAX: usize = 200;
const COLUMNS_MAX: usize = 40;
const CELL_CHARS_MAX: usize = 500;

/// Read in the reader's own light; a picture on a ground that shows where it is see-through.
const STYLE: &str = "html{color-scheme:light dark}body{margin:0;font:14px/1.5 system-ui,sans-serif;color:CanvasText;background:Canvas}\
img{display:block;max-width:100%;height:auto;margin:0 auto}pre{margin:0;padding:12px;font:13px/1.5 ui-monospace,monospace;\
white-space:pre-wrap;overflow-wrap:anywhere}p{margin:0;padding:8px 12px;border-bottom:1px solid GrayText}\
table{border-collapse:collapse;font-size:13px}td,th{border:1px solid GrayText;padding:3px 8px;text-align:start;vertical-align:top;\
white-space:pre-wrap;min-width:2em;max-width:32em;overflow-wrap:anywhere}tr:first-child>*{position:sticky;top:0;background:Canvas;font-weight:600}";

/// Whether a file says of itself that it can be looked at. Its bytes have the last word.
pub(crate) fn may_be_looked_at(media_type: &str) -> bool {
    media_type == PDF || posthouse_model::picture::is_kind(media_type) || crate::route::mail::is_text(media_type)
}

/// The media type of a PDF (RFC 8118).
pub(crate) const PDF: &str = "application/pdf";

/// Whether the first bytes are those of a PDF (ISO 32000, 7.5.2).
pub(crate) fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// A picture, whose kind its bytes have told.
pub(crate) fn picture(kind: &str, name: &str, bytes: &[u8]) -> Safe {
    let source = format!("data:{kind};base64,{}", STANDARD.encode(bytes));
    document("img-src data:; ", name, &html! { img src=(source) alt=(name); })
}

/// A sentence in the file's place.
pub(crate) fn words(name: &str, words: &str) -> Safe {
    document("", name, &html! { p { (words) } })
}

/// The beginning of a text; `cut` is said above it when there is more. Tables (`text/csv`, tab-separated values) stand as tables.
pub(crate) fn text(media_type: &str, name: &str, bytes: &[u8], cut: &str) -> Safe {
    let mut end = bytes.len().min(TEXT_BYTES_MAX);
    // Not through the middle of a character, where it is UTF-8.
    while end < bytes.len() && end > 0 && bytes[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    let shown = String::from_utf8_lossy(&bytes[..end]);
    let shown = shown.trim_start_matches('\u{feff}');
    let mut more = end < bytes.len();
    let divider = match media_type {
        "text/csv" => Some(divider_of(shown)),
        "text/tab-separated-values" => Some('\t'),
        _ => None,
    };
    let body = match divider {
        Some(divider) => {
            let (rows, left_out) = rows(shown, divider);
            more |= left_out;
            html! { table { tbody { @for (at, row) in rows.iter().enumerate() { tr { @for cell in row {
                @if at == 0 { th dir="auto" { (cell) } } @else { td dir="auto" { (cell) } }
            } } } } } }
        }
        None => html! { pre dir="auto" { "\n" (shown) } },
    };
    document("", name, &html! { @if more { p { (cut) } } (body) })
}

fn document(may_load: &str, title: &str, body: &Markup) -> Safe {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let html = html! {
        (DOCTYPE)
        html { head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            style { (PreEscaped(STYLE)) }
        } body { (body) } }
    };
    Safe {
        html: html.into_string(),
        policy: format!(
            "default-src 'none'; {may_load}style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
        ),
        remote_images: 0,
    }
}

/// What parts the columns: the one of comma, semicolon and tabulator that the first line has most of. Shops in many countries export
/// with semicolons.
fn divider_of(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let count = |divider: char| first.matches(divider).count();
    // The last of several that are equal wins.
    ['\t', ';', ','].into_iter().max_by_key(|divider| count(*divider)).unwrap_or(',')
}

/// Rows and cells (RFC 4180, and what is written in its name), and whether some were left out.
fn rows(text: &str, divider: char) -> (Vec<Vec<String>>, bool) {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut left_out) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                end_cell(&mut row, &mut cell, &mut left_out);
                rows.push(std::mem::take(&mut row));
                if rows.len() == ROWS_MAX {
                    return (rows, left_out || characters.peek().is_some());
                }
            }
            c if c == divider && !quoted => end_cell(&mut row, &mut cell, &mut left_out),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        end_cell(&mut row, &mut cell, &mut left_out);
        rows.push(row);
    }
    (rows, left_out)
}

fn end_cell(row: &mut Vec<String>, cell: &mut String, left_out: &mut bool) {
    if row.len() < COLUMNS_MAX {
        if let Some((end, _)) = cell.char_indices().nth(CELL_CHARS_MAX) {
            cell.truncate(end);
            cell.push('…');
            *left_out = true;
        }
        row.push(std::mem::take(cell));
    } else {
        *left_out |= !cell.is_empty();
        cell.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        rows(text, divider_of(text)).0
    }

    #[test]
    fn tables_are_read_as_shops_write_them() {
        assert_eq!(cells("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"), [vec!["a", "b"], vec!["1", "x, \"y\"\nz"]]);
        assert_eq!(cells("Nr;Preis\n1;4,99"), [["Nr", "Preis"], ["1", "4,99"]]);
        assert_eq!(cells("a\tb\n\n"), [vec!["a", "b"], vec![""]]);
        assert_eq!(cells("5\" nails,x"), [["5\" nails", "x"]]);
        assert!(cells("").is_empty());
    }

    #[test]
    fn what_is_shown_has_an_end_and_says_so() {
        let long = text("text/plain", "a.txt", "字".repeat(TEXT_BYTES_MAX).as_bytes(), "CUT");
        assert!(
            long.html.contains("CUT") && !long.html.contains('\u{fffd}') && long.html.len() < TEXT_BYTES_MAX + 2_000
        );
        assert!(!text("text/plain", "a.txt", b"short", "CUT").html.contains("CUT"));
        for table in ["a\n".repeat(ROWS_MAX + 1), "a,".repeat(COLUMNS_MAX) + "b,b", "x".repeat(CELL_CHARS_MAX + 1)] {
            let shown = text("text/csv", "a.csv", table.as_bytes(), "CUT").html;
            assert!(shown.contains("CUT"), "{}", &table[..20]);
            assert!(shown.matches("<tr>").count() <= ROWS_MAX && shown.matches("<th").count() <= COLUMNS_MAX);
        }
        assert!(!text("text/csv", "a.csv", "a,b\n".repeat(ROWS_MAX).as_bytes(), "CUT").html.contains("CUT"));
    }

    #[test]
    fn nothing_of_a_file_is_markup() {
        let evil = "</pre></table></title><script>alert(1)</script><img src=x onerror=alert(1)>";
        for kind in ["text/plain", "text/csv", "text/tab-separated-values", "text/markdown"] {
            let shown = text(kind, evil, evil.as_bytes(), "");
            assert!(!shown.html.contains("<script") && !shown.html.contains("<img"), "{}", shown.html);
            assert!(
                shown.policy.starts_with("default-src 'none'; style-src 'sha256-")
                    && shown.policy.ends_with("; sandbox")
            );
        }
        let shown = picture("image/png", "\"><script>", b"x");
        assert!(!shown.html.contains("<script") && shown.policy.contains("img-src data:; "));
        assert!(
            !may_be_looked_at("image/svg+xml")
                && !may_be_looked_at("text/html")
                && !may_be_looked_at("application/xhtml+xml")
        );
        assert!(is_pdf(b"%PDF-1.7") && !is_pdf(b"<html>%PDF-"));
    }
}
