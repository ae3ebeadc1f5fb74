//! The Markdown files of a tenant's folder: templates with their front matter, and articles.

use super::find_date;
use crate::setup::source::read_text;
use crate::setup::{Problem, Source};
use posthouse_model::config::{ArticleConfig, ArticleFront, article_language, article_title};
use posthouse_store::{ARTICLES_MAX, TEMPLATES_MAX};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Largest article, in bytes.
pub const ARTICLE_BYTES_MAX: u64 = 256 * 1024;
/// Folders in folders that are followed.
const DEPTH_MAX: usize = 8;

pub(super) fn templates(dir: &Path) -> Result<Vec<Value>, Vec<Problem>> {
    let mut templates = Vec::new();
    let mut problems = Vec::new();
    for (id, path) in markdown(dir, TEMPLATES_MAX).map_err(|problem| vec![problem])? {
        match template(&id, &path) {
            Ok(template) => templates.push(Value::Object(template)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(templates) } else { Err(problems) }
}

fn template(id: &str, path: &Path) -> Result<Map<String, Value>, Problem> {
    let text = read_text(path, ARTICLE_BYTES_MAX)?;
    let (front, body) = front_matter(&text);
    // Blank lines in place of what stands before it keep the line numbers of problems right.
    let mut template: Map<String, Value> = Source::new(path, format!("\n{front}")).parse()?;
    if let Some(date) = find_date(&Value::Object(template.clone()), "") {
        return Err(Problem::file(path, format!("`{date}` is a date or time without quotes"), "write it in quotes"));
    }
    for key in ["id", "body"] {
        if template.contains_key(key) {
            let what = format!("`{key}` stands in the front matter");
            return Err(Problem::file(path, what, "take it out: it comes from the file's name and text"));
        }
    }
    if body.trim().is_empty() {
        return Err(Problem::file(path, "the template has no text", "write the reply beneath the second line of +++"));
    }
    template.insert("id".to_owned(), Value::from(id));
    template.insert("body".to_owned(), Value::from(body.trim()));
    Ok(template)
}

/// What stands between two lines of `+++` at the start, and the rest.
fn front_matter(text: &str) -> (&str, &str) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("+++\n").or_else(|| text.strip_prefix("+++\r\n")) else { return ("", text) };
    for (start, line) in lines(rest) {
        if line.trim_end() == "+++" {
            return (&rest[..start], &rest[start + line.len()..]);
        }
    }
    ("", text)
}

/// Lines with their ends, and where each starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |offset, line| {
        let start = *offset;
        *offset += line.len();
        Some((start, line))
    })
}

pub(super) fn articles(dir: &Path) -> Result<Vec<ArticleConfig>, Problem> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut articles = Vec::new();
    for (id, path) in markdown(dir, ARTICLES_MAX)? {
        let text = read_text(&path, ARTICLE_BYTES_MAX)?;
        ArticleFront::read(&text)
            .map_err(|what| Problem::file(&path, what, "mend what stands between the lines of +++ at its top"))?;
        articles.push(ArticleConfig {
            language: article_language(&id),
            title: article_title(&id, &text),
            body: text.replace("\r\n", "\n"),
            id,
        });
    }
    Ok(articles)
}

/// All `.md` files below a folder by their path without the ending, in order. Hidden files and links are left out.
fn markdown(dir: &Path, most: usize) -> Result<BTreeMap<String, PathBuf>, Problem> {
    fn walk(
        dir: &Path,
        prefix: &str,
        depth: usize,
        most: usize,
        found: &mut BTreeMap<String, PathBuf>,
    ) -> Result<(), Problem> {
        let cannot = |error: std::io::Error| Problem::file(dir, format!("cannot be read: {error}"), "check the folder");
        for entry in std::fs::read_dir(dir).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let kind = entry.file_type().map_err(cannot)?;
            if kind.is_dir() {
                if depth == DEPTH_MAX {
                    return Err(Problem::file(entry.path(), "the folders are nested too deeply", "use fewer levels"));
                }
                walk(&entry.path(), &format!("{prefix}{name}/"), depth + 1, most, found)?;
            } else if kind.is_file()
                && let Some(stem) = name.strip_suffix(".md")
            {
                found.insert(format!("{prefix}{stem}"), entry.path());
                if found.len() > most {
                    return Err(Problem::file(
                        dir,
                        format!("there are more than {most} files"),
                        "use fewer, longer ones",
                    ));
                }
            }
        }
        Ok(())
    }
    let mut found = BTreeMap::new();
    walk(dir, "", 0, most, &mut found)?;
    Ok(found)
}
