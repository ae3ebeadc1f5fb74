//! A plugin project: a folder with `plugin.toml` and sources in one of three languages.

use crate::{Result, Trouble, javascript, python, rust};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The file in which a build leaves the component, in the project's folder.
pub const COMPONENT: &str = "plugin.wasm";
/// The file that makes a folder a plugin project.
pub const MANIFEST: &str = "plugin.toml";

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Through cargo, for `wasm32-unknown-unknown`.
    Rust,
    /// JavaScript or TypeScript, through npm.
    JavaScript,
    /// Through pip, in a virtual environment of the project.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// On the command line: `rust`, `js`, `python`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// The files that a project in this language has, one or more of them.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["Cargo.toml"],
            Self::JavaScript => &["package.json"],
            Self::Python => &["pyproject.toml", "requirements.txt"],
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        })
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        Self::ALL.into_iter().find(|language| language.as_str() == text).ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str);
            format!("`{text}` is no language that plugins are written in: {}", all.join(", "))
        })
    }
}

/// A project on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    dir: PathBuf,
    language: Language,
}

impl Project {
    /// Finds out what a folder is.
    ///
    /// # Errors
    /// It is no plugin project, or one in no language, or in several.
    pub fn open(dir: &Path) -> Result<Self> {
        let dir = std::path::absolute(dir).map_err(|error| Trouble::file(dir, "cannot be used", &error))?;
        if !dir.join(MANIFEST).is_file() {
            return Err(Trouble::new(format!("{} is no plugin project: it holds no {MANIFEST}", dir.display()))
                .mend("name the project's folder, or make one with `posthouse plugin new`"));
        }
        let has = |language: &Language| language.marks().iter().any(|mark| dir.join(mark).is_file());
        let found: Vec<Language> = Language::ALL.into_iter().filter(has).collect();
        match found[..] {
            [language] => Ok(Self { dir, language }),
            [] => Err(Trouble::new(format!("{} holds no sources that can be built", dir.display())).mend(
                "a project in Rust has a Cargo.toml, one in JavaScript a package.json, one in Python a pyproject.toml \
                 or a requirements.txt",
            )),
            _ => {
                let marks: Vec<&str> = found.iter().flat_map(|language| language.marks()).copied().collect();
                let there: Vec<&str> = marks.into_iter().filter(|mark| dir.join(mark).is_file()).collect();
                let what = format!("{} could be in several languages: it holds {}", dir.display(), there.join(" and "));
                Err(Trouble::new(what).mend("keep the files of one language beside plugin.toml"))
            }
        }
    }

    /// Its folder, absolute.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Where a build leaves the component.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.dir.join(COMPONENT)
    }

    /// Builds the component, bringing first what the build needs into the project (`node_modules`, `.venv`). `watch` is
    /// shown what is being done, line by line.
    ///
    /// # Errors
    /// A toolchain is missing: which, and the command that brings it. The sources do not build: the compiler's words. An
    /// older component stays then as it was.
    pub fn build(&self, watch: &mut dyn FnMut(&str)) -> Result<()> {
        match self.language {
            Language::Rust => rust::build(&self.dir, &self.component(), watch),
            Language::JavaScript => javascript::build(&self.dir, &self.component(), watch),
            Language::Python => python::build(&self.dir, &self.world()?, &self.component(), watch),
        }
    }

    /// Runs the project's own tests, without a sandbox: `cargo test`, `npm test`, `python -m unittest`.
    ///
    /// # Errors
    /// As [`build`](Self::build), and when a test fails: what the tests printed.
    pub fn test(&self, watch: &mut dyn FnMut(&str)) -> Result<()> {
        match self.language {
            Language::Rust => rust::test(&self.dir, watch),
            Language::JavaScript => javascript::test(&self.dir, watch),
            Language::Python => python::test(&self.dir, watch),
        }
    }

    /// The world that its manifest names.
    fn world(&self) -> Result<String> {
        let path = self.dir.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, "cannot be read", &error))?;
        let manifest: toml::Table =
            text.parse().map_err(|error| Trouble::new(format!("{} is no TOML: {error}", path.display())))?;
        let world = manifest.get("world").and_then(toml::Value::as_str);
        world.map(str::to_owned).ok_or_else(|| {
            Trouble::new(format!("{} names no world", path.display())).mend("add a line such as world = \"notifier\"")
        })
    }
}

/// Writes the component whole or not at all: somebody may be reading it.
pub(crate) fn write_component(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| Trouble::file(path, "cannot be written", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_read_from_the_files_that_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Project::open(dir.path());
        let none = open().unwrap_err();
        assert!(none.what.ends_with("holds no plugin.toml"), "{none}");
        std::fs::write(dir.path().join(MANIFEST), "world = \"router\"\n").unwrap();
        assert!(open().unwrap_err().what.ends_with("holds no sources that can be built"));
        std::fs::write(dir.path().join("requirements.txt"), "").unwrap();
        let project = open().unwrap();
        assert_eq!((project.language(), project.world()), (Language::Python, Ok("router".to_owned())));
        std::fs::write(dir.path().join("package.json"), "{}").unwrap();
        assert!(open().unwrap_err().what.ends_with("it holds package.json and requirements.txt"));
        std::fs::remove_file(dir.path().join("requirements.txt")).unwrap();
        assert_eq!(open().unwrap().language(), Language::JavaScript);
    }

    #[test]
    fn a_manifest_without_a_world_says_what_to_write() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pyproject.toml"), "").unwrap();
        for (text, words) in [("", "names no world"), ("world = ", "is no TOML"), ("world = 3", "names no world")] {
            std::fs::write(dir.path().join(MANIFEST), text).unwrap();
            let error = Project::open(dir.path()).unwrap().world().unwrap_err();
            assert!(error.what.contains(words), "{error}");
        }
    }

    #[test]
    fn languages_have_one_name_each() {
        for language in Language::ALL {
            assert_eq!(language.as_str().parse(), Ok(language));
        }
        assert!("javascript".parse::<Language>().unwrap_err().ends_with("rust, js, python"));
    }
}
