//! Reads the mail of the outside corpora, where they are: they lie beside the repository and are not part of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use posthouse_mail::{language, quote, read};
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
