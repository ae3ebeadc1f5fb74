//! Reading a manifest from its text.

use super::section::{Problems, Section};
use super::{Capabilities, Manifest, ManifestProblems, capabilities, check};
use crate::limits;
use posthouse_model::limits::{Limit, Limits};
use toml::de::DeTable;

pub(super) fn parse(text: &str) -> Result<Manifest, ManifestProblems> {
    let mut p = Problems::new(text);
    if text.len() as u64 > limits::MANIFEST_BYTES {
        p.add(0, "", format!("the manifest is over the limit of {} KiB", limits::MANIFEST_BYTES >> 10));
        return Err(p.into_error());
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        p.add(at, "", format!("this is not TOML: {}", error.message()));
    }
    if !p.is_empty() {
        return Err(p.into_error());
    }
    let manifest = read(&mut p, Section::new(String::new(), root.get_ref(), 0..0));
    match manifest {
        Some(manifest) if p.is_empty() => Ok(manifest),
        _ => Err(p.into_error()),
    }
}

/// None only where a problem was noted.
fn read(p: &mut Problems<'_>, mut top: Section<'_>) -> Option<Manifest> {
    let id = top.needed(p, "id", "example/my-plugin", check::id);
    let version = top.needed(p, "version", "0.1.0", check::version);
    let world = top.needed(p, "world", "classifier", check::world).map(|(world, _)| world);
    let api = top.needed(p, "api", "1.0", check::api);
    let summary = top.needed(p, "summary", "What it does, in one line", check::line(200));
    let authors = authors(p, &mut top);
    let license = top.needed(p, "license", "Apache-2.0", check::license);
    let homepage = top.text(p, "homepage", check::homepage);
    let capabilities =
        top.section(p, "capabilities").map_or_else(Capabilities::default, |section| capabilities::read(p, section));
    let limits = top.section(p, "limits").map_or_else(Limits::default, |section| limit_asks(p, section));
    let mut fallback = None;
    if let Some(mut section) = top.section(p, "fallback") {
        fallback = section.needed(p, "when", "unsorted", check::fallback(world)).map(|(fallback, _)| fallback);
        section.finish(p);
    }
    top.finish(p);
    Some(Manifest {
        id: id?.0,
        version: version?.0,
        world: world?,
        api: api?.0,
        summary: summary?.0,
        authors: authors?,
        license: license?.0,
        homepage: homepage.map(|(homepage, _)| homepage),
        capabilities,
        limits,
        fallback,
    })
}

fn authors(p: &mut Problems<'_>, top: &mut Section<'_>) -> Option<Vec<String>> {
    let before = p.count();
    let listed = top.texts(p, "authors");
    if p.count() > before {
        return None;
    }
    let at = listed.as_ref().map_or(0, |(_, at)| *at);
    let listed = listed.map(|(listed, _)| listed).unwrap_or_default();
    if listed.is_empty() {
        p.add(at, "authors", "names nobody; add a line such as authors = [\"Ada <ada@example.com>\"]");
        return None;
    }
    capabilities::too_many(p, at, "authors", listed.len());
    let mut authors = Vec::new();
    for (text, at) in listed {
        match check::line(200)(text) {
            Ok(author) => authors.push(author),
            Err(what) => p.add(at, "authors", what),
        }
    }
    Some(authors)
}

fn limit_asks(p: &mut Problems<'_>, mut section: Section<'_>) -> Limits {
    let mut asked = Limits::default();
    for limit in Limit::ALL.iter().copied() {
        asked.set(limit, section.number(p, limit.as_str(), &limit.range()));
    }
    section.finish(p);
    asked
}
