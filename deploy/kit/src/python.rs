//! Projects in Python: a virtual environment in the project, and the SDK's builder in it.
//!
//! The plugin is the class `Plugin` of `src/plugin.py`; `pyproject.toml` may say otherwise:
//!
//! ```toml
//! [tool.posthouse]
//! app = "pager:Pager"
//! path = "lib"
//! ```

use crate::process::{self, Stream, find_program};
use crate::sources::fingerprint_of;
use crate::{Result, Trouble};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Python that the builder runs on.
const PYTHON_MIN: (u32, u32) = (3, 10);

/// What the installed packages follow from.
const ASKS: [&str; 3] = ["requirements.txt", "pyproject.toml", "sdk"];

/// A file in the environment that says what its packages were installed for.
const STAMP: &str = ".venv/posthouse";

pub(crate) fn build(dir: &Path, world: &str, out: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    let python = environment(dir, watch)?;
    let (app, path) = names(dir)?;
    watch(&format!("componentize-py {app}"));
    let part = out.with_extension("part");
    let mut builder = Command::new(&python);
    builder.current_dir(dir).args([
        "-m",
        "posthouse_sdk.build",
        "--world",
        world,
        "--app",
        &app,
        "--path",
        &path,
        "--out",
    ]);
    run(builder.arg(&part), watch)?;
    std::fs::rename(&part, out).map_err(|error| Trouble::file(out, "cannot be written", &error))
}

pub(crate) fn test(dir: &Path, watch: &mut dyn FnMut(&str)) -> Result<()> {
    let python = environment(dir, watch)?;
    run(Command::new(python).current_dir(dir).args(["-m", "unittest", "discover", "tests"]), watch)
}

fn run(command: &mut Command, watch: &mut dyn FnMut(&str)) -> Result<()> {
    process::run(command, &mut |stream, line| {
        if stream == Stream::Output && !line.trim().is_empty() {
            watch(line.trim());
        }
    })
}

/// The interpreter of the project's environment, with what `requirements.txt` asks for.
fn environment(dir: &Path, watch: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let python = dir.join(if cfg!(windows) { ".venv/Scripts/python.exe" } else { ".venv/bin/python" });
    let requirements = dir.join("requirements.txt");
    if !requirements.is_file() {
        return Err(Trouble::new(format!("{} is missing", requirements.display()))
            .mend("write into it what the plugin is built with, the SDK first: ./sdk[build]"));
    }
    if !python.is_file() {
        watch("python -m venv .venv");
        let system = interpreter()?;
        let made = process::output(Command::new(&system).current_dir(dir).args(["-m", "venv", "--clear", ".venv"]));
        made.map_err(|trouble| {
            trouble.mend("On Debian and Ubuntu the module comes with:\n  apt-get install python3-venv")
        })?;
    }
    let stamp = dir.join(STAMP);
    let asked = fingerprint_of(dir, &ASKS)?;
    if std::fs::read_to_string(&stamp).unwrap_or_default() != asked {
        watch("pip install -r requirements.txt");
        let mut pip = Command::new(&python);
        pip.current_dir(dir).args(["-m", "pip", "--disable-pip-version-check", "install", "-r", "requirements.txt"]);
        run(&mut pip, watch)?;
        std::fs::write(&stamp, asked).map_err(|error| Trouble::file(&stamp, "cannot be written", &error))?;
    }
    Ok(python)
}

/// The system's Python.
fn interpreter() -> Result<PathBuf> {
    let (major, minor) = PYTHON_MIN;
    let mend = format!(
        "Install Python {major}.{minor} or later from https://python.org, or with one of:\n  \
         apt-get install python3 python3-venv\n  brew install python"
    );
    let Some(python) = ["python3", "python"].iter().find_map(|name| find_program(name)) else {
        return Err(Trouble::new("python3 is not on this machine, and plugins in Python need it").mend(mend));
    };
    let version = process::output(Command::new(&python).args(["-c", "import sys; print(*sys.version_info[:2])"]))?;
    let mut numbers = version.split_whitespace().filter_map(|text| text.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(found), Some(part)) if (found, part) < PYTHON_MIN => {
            let what = format!("Python {found}.{part} is too old: plugins need {major}.{minor} or later");
            Err(Trouble::new(what).mend(mend))
        }
        _ => Ok(python),
    }
}

/// Module and class of the plugin, and the folder they lie in.
fn names(dir: &Path) -> Result<(String, String)> {
    let path = dir.join("pyproject.toml");
    let mut names = ("plugin:Plugin".to_owned(), "src".to_owned());
    if !path.is_file() {
        return Ok(names);
    }
    let text = std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, "cannot be read", &error))?;
    let file: toml::Table =
        text.parse().map_err(|error| Trouble::new(format!("{} is no TOML: {error}", path.display())))?;
    let ours = file.get("tool").and_then(|tool| tool.get("posthouse"));
    for (key, place) in [("app", &mut names.0), ("path", &mut names.1)] {
        if let Some(value) = ours.and_then(|ours| ours.get(key)).and_then(toml::Value::as_str) {
            value.clone_into(place);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_plugin_is_has_a_default_and_may_be_said() {
        let dir = tempfile::tempdir().unwrap();
        let named = |app: &str, path: &str| Ok((app.to_owned(), path.to_owned()));
        assert_eq!(names(dir.path()), named("plugin:Plugin", "src"));
        std::fs::write(dir.path().join("pyproject.toml"), "[tool.posthouse]\napp = \"pager:Pager\"\n").unwrap();
        assert_eq!(names(dir.path()), named("pager:Pager", "src"));
    }

    #[test]
    fn without_requirements_it_says_what_to_write() {
        let dir = tempfile::tempdir().unwrap();
        let error = test(dir.path(), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("requirements.txt is missing") && error.contains("./sdk[build]"), "{error}");
    }
}
