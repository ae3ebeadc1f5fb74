//! Compiles the bundled words into tables.

#[allow(dead_code, unreachable_pub, reason = "the crate's own modules, of which this needs a part")]
#[path = "src/compile.rs"]
mod compile;
#[allow(dead_code, unreachable_pub, reason = "see above")]
#[path = "src/fold.rs"]
mod fold;
#[allow(dead_code, unreachable_pub, reason = "see above")]
#[path = "src/found.rs"]
mod found;
#[allow(dead_code, unreachable_pub, reason = "see above")]
#[path = "src/language.rs"]
mod language;
#[allow(dead_code, unreachable_pub, reason = "see above")]
#[path = "src/letters.rs"]
mod letters;
#[allow(dead_code, unreachable_pub, reason = "see above")]
#[path = "src/lexicon.rs"]
mod lexicon;

use compile::LexiconBuilder;
use found::FOUND;
use language::LanguageTable;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Where the rules and words stand.
const FOLDER: &str = "../classifier/rules";
/// The group of the little words of a language, which tell it from others and say nothing else.
const ALWAYS: &str = "common";

fn main() -> ExitCode {
    for watched in ["build.rs", "src", FOLDER] {
        println!("cargo::rerun-if-changed={watched}");
    }
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("cargo::error={what}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn compile() -> Result<(), String> {
    let folder = Path::new(FOLDER);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{FOLDER}: {error}"))? {
        let path = entry.map_err(|error| format!("{FOLDER}: {error}"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("words.") && name.ends_with(".json") {
            files.push((name, read(&path)?));
        }
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));

    let rules = read(&folder.join("rules.json"))?;
    let mut groups: Vec<String> = Vec::new();
    let spelled = |name: &str| files.iter().any(|(_, file)| file["words"].get(name).is_some());
    let mut know = |name: &str| {
        if spelled(name) && !groups.iter().any(|known| known == name) {
            groups.push(name.to_owned());
        }
    };
    // Groups that rules speak of come first: their sets have room for so many.
    know(ALWAYS);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for rule in list(&rules["rules"]) {
        for condition in list(&rule["when"]) {
            for name in condition.as_str().unwrap_or_default().split(['|', ' ']) {
                know(name.trim_start_matches('!').trim_start_matches("word:"));
            }
        }
    }
    for entry in list(&rules["missing"]) {
        for key in ["when", "unless"] {
            entry[key].as_str().unwrap_or_default().split(['|', ' ']).for_each(&mut know);
        }
    }
    for (_, file) in &files {
        file["words"].as_object().into_iter().flatten().for_each(|(name, _)| know(name));
    }
    let numbers: BTreeMap<&str, u16> = groups
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), u16::try_from(index + FOUND.len()).unwrap_or(u16::MAX)))
        .collect();

    if !numbers.contains_key(ALWAYS) {
        return Err(format!("no language has words of the group `{ALWAYS}`"));
    }
    let (mut builder, mut little) = (LexiconBuilder::default(), LexiconBuilder::default());
    let mut table = LanguageTable::default();
    let mut languages: Vec<String> = Vec::new();
    for (file_name, file) in &files {
        let language = file["language"].as_str().ok_or_else(|| format!("{file_name}: `language` is missing"))?;
        let bit = table.bit(language).map_err(|what| format!("{file_name}: {what}"))?;
        if bit != 0 && !languages.iter().any(|known| known == language) {
            languages.push(language.to_owned());
        }
        let words = file["words"].as_object().ok_or_else(|| format!("{file_name}: `words` is missing"))?;
        for (name, terms) in words {
            let builder = if name == ALWAYS { &mut little } else { &mut builder };
            for term in list(terms) {
                let term = term.as_str().ok_or_else(|| format!("{file_name}, `{name}`: {term} is not a term"))?;
                builder
                    .add(numbers[name.as_str()], term, bit)
                    .map_err(|what| format!("{file_name}, `{name}`: the term `{term}` {what}"))?;
            }
        }
    }
    let mut text = format!("static GROUPS: &[&str] = &{groups:?};\nstatic LANGUAGES: &[&str] = &{languages:?};\n");
    for (name, table) in [("WORDS", builder.build()?), ("LITTLE_WORDS", little.build()?)] {
        let lexicon::Lexicon { filter, slots, buckets, entries, tails, languages: sets, shift } = table;
        let _ = writeln!(
            text,
            "static {name}: Lexicon = Lexicon {{ filter: &{filter:?}, slots: &{slots:?}, buckets: &{buckets:?}, \
             entries: &{entries:?}, tails: &{tails:?}, languages: &{sets:?}, shift: {shift} }};"
        );
    }
    let out = std::env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    std::fs::write(Path::new(&out).join("words.rs"), text).map_err(|error| format!("{out}: {error}"))
}
