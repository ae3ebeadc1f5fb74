//! Reads the mail of the outside corpora, where they are: they lie beside the repository and are not part of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod legible;

use posthouse_mail::{language, quote, read};
use posthouse_model::mail::ReadMail;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folder named by POSTHOUSE_CORPUS, else `../shared/corpus` beside the repository. Prints why when there is none.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("POSTHOUSE_CORPUS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"));
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus in {}; name its folder in POSTHOUSE_CORPUS", folder.display());
    None
}

/// The messages of the packed sets, unpacked into a folder that goes away.
fn messages(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for name in ["spamassassin.tar.xz", "hard-mail.tar.xz"] {
        let archive = folder.join(name);
        if !archive.is_file() {
            eprintln!("skipped: {} is not there", archive.display());
            continue;
        }
        let unpacked = tempfile::tempdir().unwrap();
        let done = std::process::Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(unpacked.path()).status();
        if !done.is_ok_and(|s| s.success()) {
            eprintln!("skipped: tar cannot unpack {}", archive.display());
            continue;
        }
        for entry in walkdir::WalkDir::new(unpacked.path()).sort_by_file_name() {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(unpacked.path()).unwrap().display().to_string();
                found.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_message_is_read() {
    let Some(folder) = corpus() else { return };
    let messages = messages(&folder);
    let mut slowest = std::time::Duration::ZERO;
    let mut without = (0, 0, 0, 0);
    let started = std::time::Instant::now();
    for (name, raw) in &messages {
        let one = std::time::Instant::now();
        let mail = read::read_mail(raw);
        slowest = slowest.max(one.elapsed());
        assert!(mail.structure.is_some() || !mail.warnings.is_empty(), "{name}: no structure and no warning");
        assert!(!mail.warnings.iter().any(|w| w.contains("structure cannot be read")), "{name}: the parser failed");
        for file in &mail.attachments {
            let bytes =
                read::attachment(raw, file.part).unwrap_or_else(|| panic!("{name}: part {} is gone", file.part));
            assert_eq!(bytes.len() as u64, file.size, "{name}");
        }
        assert!(mail.reply_text.len() <= mail.text.len() + 1 || mail.html.is_some(), "{name}");
        without.0 += usize::from(mail.from.is_none());
        without.1 += usize::from(mail.date.is_none());
        without.2 += usize::from(mail.text.trim().is_empty());
        without.3 += usize::from(mail.language.is_none());
        // What is read can be written as JSON and read again.
        let json = serde_json::to_string(&mail).unwrap();
        assert_eq!(serde_json::from_str::<posthouse_model::mail::ReadMail>(&json).unwrap(), mail, "{name}");
        if std::env::var_os("POSTHOUSE_CORPUS_SHOW").is_some() {
            println!(
                "{name}\t{}\t{:?}\t{:?}\t{:?}\t{:?}",
                mail.subject, mail.language, mail.auto_submitted, mail.bounce, mail.warnings
            );
        }
    }
    println!(
        "{} messages in {:?}, slowest {slowest:?}; without sender {}, date {}, text {}, language {}",
        messages.len(),
        started.elapsed(),
        without.0,
        without.1,
        without.2,
        without.3
    );
}

/// Everything that a person sees of a mail.
fn shown(mail: &ReadMail) -> String {
    let people = mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(&mail.reply_to);
    let names = people.filter_map(|one| one.name.as_deref());
    let files = mail.attachments.iter().filter_map(|file| file.name.as_deref());
    let pieces = [mail.subject.as_str()].into_iter().chain(names).chain(files).chain([mail.text.as_str()]);
    pieces.collect::<Vec<_>>().join("\n")
}

/// What was read looks like what was written. With POSTHOUSE_CORPUS_SHOW each oddity is printed, and of each mail that has characters
/// beyond ASCII its subject and some of them, to be looked through by eye (docs/faults.md).
#[test]
fn what_was_read_is_legible() {
    let Some(folder) = corpus() else { return };
    let show = std::env::var_os("POSTHOUSE_CORPUS_SHOW").is_some();
    let mut kinds: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut sets: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (name, raw) in messages(&folder) {
        let set = name.split('/').next().unwrap_or_default().to_owned();
        let text = shown(&read::read_mail(&raw));
        let found = legible::oddities(&text);
        let counts = sets.entry(set.clone()).or_default();
        counts[0] += 1;
        counts[1] += usize::from(!text.is_ascii());
        counts[2] += usize::from(!found.is_empty());
        for kind in found.iter().map(|(kind, ..)| *kind).collect::<BTreeSet<_>>() {
            *kinds.entry((set.clone(), kind)).or_default() += 1;
        }
        if show {
            for (kind, at, around) in &found {
                println!("ODD\t{name}\t{kind}\t{at}\t{around}");
            }
            for glimpse in legible::glimpses(&text, 6) {
                println!("SEE\t{name}\t{glimpse}");
            }
        }
    }
    for (set, [mails, beyond, odd]) in &sets {
        println!("{set}: {mails} mails, {beyond} with characters beyond ASCII, {odd} with something odd");
    }
    println!("{kinds:#?}");
}

#[test]
fn new_text_is_found_in_reply_pairs() {
    #[derive(serde::Deserialize)]
    struct Pair {
        id: String,
        input: String,
        expected: String,
    }
    let Some(folder) = corpus() else { return };
    let Ok(text) = std::fs::read_to_string(folder.join("reply_pairs.jsonl")) else {
        eprintln!("skipped: reply_pairs.jsonl is not there");
        return;
    };
    let pairs: Vec<Pair> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let mut right = 0;
    for pair in &pairs {
        let got = quote::reply_text(&pair.input);
        if got.trim() == pair.expected.trim() {
            right += 1;
        } else {
            println!(
                "{}: {:?}",
                pair.id,
                got.chars().rev().take(200).collect::<String>().chars().rev().collect::<String>()
            );
        }
    }
    println!("{right} of {} reply pairs", pairs.len());
    assert!(right * 100 >= pairs.len() * 95, "{right} of {}", pairs.len());
}

#[test]
fn support_texts_have_a_language() {
    let Some(folder) = corpus() else { return };
    let Ok(text) = std::fs::read_to_string(folder.join("intents.tsv")) else {
        eprintln!("skipped: intents.tsv is not there");
        return;
    };
    // source, lang, split, label, text
    let rows = text.lines().skip(1).map(|l| l.split('\t').collect::<Vec<_>>());
    let texts: Vec<&str> = rows.filter(|r| r.len() == 5 && r[1] == "en").map(|r| r[4]).step_by(3).collect();
    let started = std::time::Instant::now();
    let mut wrong = 0;
    let mut none = 0;
    for text in &texts {
        match language::detect(text).as_deref() {
            Some("en") => {}
            Some(other) => {
                wrong += 1;
                println!("{other}: {text}");
            }
            None => {
                none += 1;
                if std::env::var_os("POSTHOUSE_CORPUS_SHOW").is_some() {
                    println!("unsure: {text}");
                }
            }
        }
    }
    println!(
        "{} English lines: {wrong} wrong, {none} unsure, {:?} each",
        texts.len(),
        started.elapsed() / u32::try_from(texts.len()).unwrap()
    );
    assert!(wrong * 100 <= texts.len() * 3, "{wrong} of {} wrong", texts.len());
}
