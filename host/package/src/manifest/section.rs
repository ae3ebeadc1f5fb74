//! Reading one table of the manifest: every key is read by name, what was not read is unknown, and nothing that
//! is wrong ends the reading.

use super::{ManifestProblem, ManifestProblems};
use crate::error::shown;
use crate::limits::PROBLEMS;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What was found to be wrong so far.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<(usize, ManifestProblem)>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Notes a problem of a key, at a byte of the text.
    pub(super) fn add(&mut self, at: usize, key: impl Into<String>, what: impl Into<String>) {
        if self.found.len() >= PROBLEMS {
            return;
        }
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.found.push((at, ManifestProblem { line, column, key: shown(&key.into()), what: what.into() }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many there are: tells whether a step found any.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    pub(super) fn into_error(mut self) -> ManifestProblems {
        self.found.sort_by_key(|(at, _)| *at);
        ManifestProblems(self.found.into_iter().map(|(_, problem)| problem).collect())
    }
}

/// A value and where it begins.
pub(super) type At<T> = (T, usize);

/// One table, while it is read.
pub(super) struct Section<'t> {
    /// With a dot at its end, or empty.
    path: String,
    table: &'t DeTable<'t>,
    at: usize,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    pub(super) fn new(path: String, table: &'t DeTable<'t>, span: Range<usize>) -> Self {
        Self { path, table, at: span.start, known: Vec::new() }
    }

    pub(super) fn path(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    /// Where the section begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.table.get(key)
    }

    fn wrong_type(&self, p: &mut Problems<'_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let what = format!("is {} and should be {wanted}", value.get_ref().type_str());
        p.add(value.span().start, self.path(key), what);
    }

    /// A text, read by a function that says what is wrong with it.
    pub(super) fn text<T>(
        &mut self,
        p: &mut Problems<'_>,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        let value = self.get(key)?;
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(p, key, value, "a text in quotes");
            return None;
        };
        match read(text) {
            Ok(read) => Some((read, at)),
            Err(what) => {
                p.add(at, self.path(key), what);
                None
            }
        }
    }

    /// A text that has to be there.
    pub(super) fn needed<T>(
        &mut self,
        p: &mut Problems<'_>,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        if !self.table.contains_key(key) {
            p.add(self.at, self.path(key), format!("is missing; add a line such as {key} = \"{example}\""));
        }
        self.text(p, key, read)
    }

    pub(super) fn flag(&mut self, p: &mut Problems<'_>, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(p, key, value, "true or false");
        }
        flag
    }

    pub(super) fn number(
        &mut self,
        p: &mut Problems<'_>,
        key: &'static str,
        range: &RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.get(key)?;
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(p, key, value, &wanted);
            return None;
        };
        // What does not fit u64, negative numbers among it, is out of every range.
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            p.add(value.span().start, self.path(key), format!("should be {wanted}"));
        }
        number
    }

    /// A table within this one.
    pub(super) fn section(&mut self, p: &mut Problems<'_>, key: &'static str) -> Option<Section<'t>> {
        let value = self.get(key)?;
        self.as_section(p, key, value)
    }

    fn as_section(&self, p: &mut Problems<'_>, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Section<'t>> {
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(format!("{}.", self.path(key)), table, value.span())),
            None => {
                self.wrong_type(p, key, value, "a table");
                None
            }
        }
    }

    /// A list of tables.
    pub(super) fn sections(&mut self, p: &mut Problems<'_>, key: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(p, key, value, "a list of tables: [{ … }]");
            return Vec::new();
        };
        let items = list.iter().enumerate();
        items.filter_map(|(number, item)| self.as_section(p, &format!("{key}[{number}]"), item)).collect()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, p: &mut Problems<'_>, key: &'static str) -> Option<At<Vec<At<&'t str>>>> {
        let value = self.get(key)?;
        Some((self.as_texts(p, key, value)?, value.span().start))
    }

    fn as_texts(&self, p: &mut Problems<'_>, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Vec<At<&'t str>>> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(p, key, value, "a list of texts: [\"…\"]");
            return None;
        };
        let mut texts = Vec::new();
        for (number, item) in list.iter().enumerate() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, item.span().start)),
                None => self.wrong_type(p, &format!("{key}[{number}]"), item, "a text in quotes"),
            }
        }
        Some(texts)
    }

    /// All keys of a table whose keys are names, each with a list of texts.
    pub(super) fn lists(&self, p: &mut Problems<'_>) -> Vec<(At<&'t str>, Vec<At<&'t str>>)> {
        let mut lists = Vec::new();
        for (name, value) in self.table {
            let texts = self.as_texts(p, name.get_ref(), value);
            lists.extend(texts.map(|texts| ((name.get_ref().as_ref(), name.span().start), texts)));
        }
        lists
    }

    /// Ends the reading: keys that nobody asked for are problems.
    pub(super) fn finish(self, p: &mut Problems<'_>) {
        for name in self.table.keys().filter(|name| !self.known.contains(&name.get_ref().as_ref())) {
            let known = self.known.join(", ");
            p.add(name.span().start, self.path(name.get_ref()), format!("is not a key here; there are {known}"));
        }
    }
}
