//! A new project, from a template and the SDK that this program carries.

use crate::project::Language;
use crate::{Result, Trouble};
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Length of a plugin's name, in bytes: what a manifest allows.
pub const NAME_BYTES: RangeInclusive<usize> = 2..=64;

/// Where the SDK lies in a project.
const SDK: &str = "sdk";

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct NewProject<'a> {
    /// The plugin's name: 2 to 64 of a-z, 0-9 and -; the first a letter, the last no -.
    pub name: &'a str,
    /// Its world, by the name that the API gives it.
    pub world: &'a str,
    /// What it is written in.
    pub language: Language,
    /// Its folder: not there yet, or empty.
    pub dir: &'a Path,
    /// A checkout, or an SDK in one, to use in place of a copy in the project.
    pub sdk: Option<&'a Path>,
}

/// The worlds that there are templates for, sorted.
#[must_use]
pub fn worlds(language: Language) -> Vec<&'static str> {
    let prefix = format!("{}/template/", language.as_str());
    let names = FILES.iter().filter_map(|(name, _)| name.strip_prefix(prefix.as_str())?.split('/').next());
    let mut worlds: Vec<&str> = names.collect();
    worlds.sort_unstable();
    worlds.dedup();
    worlds
}

impl NewProject<'_> {
    /// Writes the project. Returns its files, relative to its folder, without the SDK's.
    ///
    /// # Errors
    /// The name is none, there is no such template, the folder holds something, or a file cannot be written. Nothing is left
    /// behind then.
    pub fn create(&self) -> Result<Vec<PathBuf>> {
        check_name(self.name)?;
        if !worlds(self.language).contains(&self.world) {
            let worlds = worlds(self.language).join(", ");
            return Err(Trouble::new(format!("there is no template for the world `{}`", self.world))
                .mend(format!("worlds are: {worlds}")));
        }
        let sdk = match self.sdk {
            Some(path) => find_sdk(path, self.language)?,
            None => format!("./{SDK}"),
        };
        let made = Made::folder(self.dir)?;
        match self.write(&sdk) {
            Ok(files) => Ok(files),
            Err(trouble) => {
                made.undo();
                Err(trouble)
            }
        }
    }

    fn write(&self, sdk: &str) -> Result<Vec<PathBuf>> {
        let language = self.language.as_str();
        let fill = |text: &str| text.replace("{{name}}", self.name).replace("{{sdk}}", sdk);
        let mut files = Vec::new();
        for (name, content) in embedded(&format!("{language}/template/{}/", self.world)) {
            let name = PathBuf::from(fill(name));
            match std::str::from_utf8(content) {
                Ok(text) => write(&self.dir.join(&name), fill(text).as_bytes())?,
                Err(_) => write(&self.dir.join(&name), content)?,
            }
            files.push(name);
        }
        if self.sdk.is_none() {
            for (name, content) in embedded(&format!("{language}/sdk/")) {
                write(&self.dir.join(SDK).join(name), content)?;
            }
        }
        Ok(files)
    }
}

/// The embedded files below a folder, by their names from there on.
fn embedded(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().filter_map(move |(name, content)| Some((name.strip_prefix(folder)?, *content)))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, content));
    written.map_err(|error| Trouble::file(path, "cannot be written", &error))
}

/// Refuses what a manifest, Cargo or npm would refuse later.
///
/// # Errors
/// In words, with a name that would do.
pub fn check_name(name: &str) -> Result<()> {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let ends = name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-');
    if NAME_BYTES.contains(&name.len()) && letters && ends {
        return Ok(());
    }
    let rule = format!(
        "a name has {} to {} of a-z, 0-9 and -, begins with a letter and does not end in -",
        NAME_BYTES.start(),
        NAME_BYTES.end()
    );
    Err(Trouble::new(format!("`{name}` is no name for a plugin: {rule}")).mend("for example: team-hook"))
}

/// The SDK of a language in a folder that somebody named, with slashes as all the tools take them.
fn find_sdk(named: &Path, language: Language) -> Result<String> {
    let (mark, says) = match language {
        Language::Rust => ("Cargo.toml", "name = \"posthouse-sdk\""),
        Language::JavaScript => ("package.json", "\"name\": \"@posthouse/sdk\""),
        Language::Python => ("pyproject.toml", "name = \"posthouse-sdk\""),
    };
    let candidates = [named.to_owned(), named.join(language.as_str()), named.join(SDK).join(language.as_str())];
    let is_sdk = |dir: &&PathBuf| fs::read_to_string(dir.join(mark)).is_ok_and(|text| text.contains(says));
    let Some(found) = candidates.iter().find(is_sdk) else {
        return Err(Trouble::new(format!("{} holds no SDK for {language}", named.display())).mend(
            "name a checkout of Posthouse, or its folder sdk; without --sdk the project gets a copy of its own",
        ));
    };
    let found = std::path::absolute(found).map_err(|error| Trouble::file(found, "cannot be used", &error))?;
    let text = found.to_string_lossy().replace('\\', "/");
    // It goes into TOML, JSON and a list of requirements.
    if text.contains(|letter: char| letter == '"' || letter.is_control()) {
        return Err(Trouble::new(format!("{text} cannot stand in the project's files")).mend("move the checkout"));
    }
    Ok(text)
}

/// Folders made for the project, the outermost first, and the one that it goes into.
struct Made<'a> {
    dir: &'a Path,
    outermost: Option<PathBuf>,
}

impl<'a> Made<'a> {
    fn folder(dir: &'a Path) -> Result<Self> {
        let refused = |error: &std::io::Error| Trouble::file(dir, "cannot be used", error);
        match fs::read_dir(dir) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Trouble::new(format!("{} is there and not empty", dir.display()))
                        .mend("choose another folder with --dir, or empty this one"));
                }
                Ok(Self { dir, outermost: None })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
                let outermost = dir.ancestors().take_while(missing).last().map(Path::to_owned);
                let made = Self { dir, outermost };
                match fs::create_dir_all(dir) {
                    Ok(()) => Ok(made),
                    Err(error) => {
                        made.undo();
                        Err(refused(&error))
                    }
                }
            }
            Err(error) => Err(refused(&error)),
        }
    }

    /// Removes everything; what cannot be removed is not worth a second error.
    fn undo(&self) {
        if let Some(outermost) = &self.outermost {
            let _ = fs::remove_dir_all(outermost);
            return;
        }
        for entry in fs::read_dir(self.dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLDS: [&str; 6] = ["checker", "classifier", "drafter", "enricher", "notifier", "router"];

    fn project<'a>(dir: &'a Path, name: &'a str) -> NewProject<'a> {
        NewProject { name, world: "notifier", language: Language::Rust, dir, sdk: None }
    }

    #[test]
    fn names_are_checked_at_their_edges() {
        for name in ["ab", "a1", "team-hook", &"a".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "a", &"a".repeat(65), "Team", "team_hook", "2fa", "-ab", "ab-", "a b", "../x", "größe"] {
            let error = check_name(name).unwrap_err();
            assert!(error.what.contains("2 to 64 of a-z, 0-9 and -"), "{error}");
        }
    }

    #[test]
    fn every_world_has_a_template_in_every_language_and_nothing_is_left_to_fill_in() {
        for language in Language::ALL {
            assert_eq!(worlds(language), WORLDS, "{language}");
            for world in WORLDS {
                let dir = tempfile::tempdir().unwrap();
                let dir = dir.path().join("deep/er");
                let files = NewProject { name: "my-plugin", world, language, dir: &dir, sdk: None }.create().unwrap();
                for needed in ["plugin.toml", "README.md", "LICENSE", "settings.schema.json", ".gitignore"] {
                    assert!(files.contains(&PathBuf::from(needed)), "{language} {world}: {needed} in {files:?}");
                }
                assert!(files.iter().any(|file| file.starts_with("fixtures")), "{language} {world}");
                for file in &files {
                    let text = fs::read_to_string(dir.join(file)).unwrap();
                    assert!(!text.contains("{{name}}") && !text.contains("{{sdk}}"), "{language} {world}: {file:?}");
                }
                let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
                assert!(manifest.contains(&format!("world = \"{world}\"")), "{manifest}");
                assert!(dir.join("sdk/LICENSE").is_file() && dir.join("sdk/README.md").is_file());
            }
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine"), "x").unwrap();
        let error = project(dir.path(), "hook").create().unwrap_err();
        assert!(error.what.ends_with("is there and not empty"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = project(&dir.path().join("mine"), "hook").create().unwrap_err();
        assert!(error.what.contains("mine cannot be used"), "{error}");
    }

    #[test]
    fn an_error_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a/b");
        assert!(project(&below, "Hook").create().is_err());
        assert!(NewProject { world: "poet", ..project(&below, "hook") }.create().is_err());
        assert!(NewProject { sdk: Some(dir.path()), ..project(&below, "hook") }.create().is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        // Half way: what was written goes again, and so do the folders that were made for it.
        let made = Made::folder(&below).unwrap();
        write(&below.join("src/lib.rs"), b"x").unwrap();
        made.undo();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let made = Made::folder(dir.path()).unwrap();
        write(&dir.path().join("src/lib.rs"), b"x").unwrap();
        made.undo();
        assert!(dir.path().is_dir(), "it was there before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_checkout_can_stand_in_for_the_copy() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for language in Language::ALL {
            for named in [checkout.clone(), checkout.join("sdk"), checkout.join("sdk").join(language.as_str())] {
                let dir = tempfile::tempdir().unwrap();
                NewProject { language, sdk: Some(&named), ..project(dir.path(), "hook") }.create().unwrap();
                assert!(!dir.path().join("sdk").exists());
            }
        }
    }
}
