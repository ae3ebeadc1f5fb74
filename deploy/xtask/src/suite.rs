//! `cargo xtask test`: everything that must pass, step by step, with a table of what was done at the end.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::api;
use crate::examples;
use crate::fuzz;
use crate::guest;
use crate::machine;
use crate::sdks;
use crate::shell::{self, repository, target_folder};

/// The steps, in order. The tests of the workspace come last, so that their result is the last thing one reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Install what tests need from the system.
    Install,
    /// Formatting of the host and of the guests.
    Format,
    /// The plugin API's promise.
    Api,
    /// Lints of the host and of the bundled plugins, warnings as errors.
    Lint,
    /// The fuzz targets compile.
    Fuzz,
    /// Build all guests.
    Plugins,
    /// The bundled plugins' own tests, on this machine's processor.
    PluginTests,
    /// The SDKs' own tests in their own languages, their project templates among them.
    SdkTests,
    /// The example clients' own plugins: built, packed, and their own tests in their own languages.
    Examples,
    /// Documentation builds without a warning, and its examples run.
    Docs,
    /// All tests of the workspace, those against real servers among them.
    Tests,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 11] = [
        Self::Install,
        Self::Format,
        Self::Api,
        Self::Lint,
        Self::Fuzz,
        Self::Plugins,
        Self::PluginTests,
        Self::SdkTests,
        Self::Examples,
        Self::Docs,
        Self::Tests,
    ];

    /// The name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Format => "format",
            Self::Api => "api",
            Self::Lint => "lint",
            Self::Fuzz => "fuzz",
            Self::Plugins => "plugins",
            Self::PluginTests => "plugin-tests",
            Self::SdkTests => "sdk-tests",
            Self::Examples => "examples",
            Self::Docs => "docs",
            Self::Tests => "tests",
        }
    }

    fn run(self, counts: &mut Counts) -> Result<Outcome> {
        match self {
            Self::Install => install(),
            Self::Format => format(),
            Self::Api => api::check(&repository().join("wit")).map(Outcome::Done),
            Self::Lint => lint(),
            Self::Fuzz => fuzz_targets(),
            Self::Plugins => guest::build_all().map(|built| match built.made {
                0 => Outcome::Done(format!("{} components, up to date", built.components.len())),
                made => Outcome::Done(format!("{made} of {} components built", built.components.len())),
            }),
            Self::PluginTests => plugin_tests(counts),
            Self::SdkTests => sdks::test(counts),
            Self::Examples => examples::test(counts),
            Self::Docs => docs(counts),
            Self::Tests => tests(counts),
        }
    }
}

/// Runs the steps (all of them when `only` is empty) and prints the table. Every step runs, whatever became of the
/// earlier ones.
pub fn run(only: &[Step]) -> ExitCode {
    let mut counts = Counts::default();
    let mut rows = Vec::new();
    for step in Step::ALL.into_iter().filter(|step| only.is_empty() || only.contains(step)) {
        eprintln!("\n== {}", step.name());
        let start = Instant::now();
        let outcome = step.run(&mut counts).unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Outcome::Failed(error.to_string().lines().next().unwrap_or_default().to_owned())
        });
        rows.push((step, start.elapsed(), outcome));
    }
    let mut failed = counts.failed;
    println!("\n{}", table(&rows));
    for (step, _, outcome) in &rows {
        let counted = matches!(step, Step::PluginTests | Step::SdkTests | Step::Examples | Step::Docs | Step::Tests)
            && counts.failed > 0;
        if matches!(outcome, Outcome::Failed(_)) && !counted {
            failed += 1;
        }
    }
    println!("{} passed, {failed} failed", counts.passed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What became of a step.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it was done.
    Done(String),
    /// Done as far as this machine allows; says what was left out and why.
    Partly(String),
    /// A test failed, or it could not be run.
    Failed(String),
}

/// How many tests ran, over all steps.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

fn install() -> Result<Outcome> {
    let installed = machine::install_missing();
    let missing: Vec<String> = machine::NEEDS
        .iter()
        .filter(|need| !need.is_met())
        .map(|need| format!("{} ({})", need.name, need.purpose))
        .collect();
    if missing.is_empty() {
        return Ok(Outcome::Done("all servers are there".to_owned()));
    }
    let why =
        installed.err().map_or_else(|| "the packages did not bring them".to_owned(), |error| format!("{error:#}"));
    Ok(Outcome::Partly(format!("skipped for want of {}: {why}", missing.join(", "))))
}

fn format() -> Result<Outcome> {
    check(shell::cargo().args(["fmt", "--all", "--check"]))?;
    let mut checked = 1;
    for manifest in guest_manifests() {
        check(shell::cargo().args(["fmt", "--all", "--check", "--manifest-path"]).arg(manifest))?;
        checked += 1;
    }
    Ok(Outcome::Done(format!("{checked} workspaces")))
}

fn lint() -> Result<Outcome> {
    check(shell::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut plugins = shell::cargo();
    plugins.args(["clippy", "--workspace", "--all-targets", "--manifest-path", "plugins/Cargo.toml"]);
    check(plugins.env("CARGO_TARGET_DIR", native_plugins_folder()).args(["--", "-D", "warnings"]))?;
    for manifest in examples::rust_manifests() {
        let mut example = shell::cargo();
        example.args(["clippy", "--all-targets", "--manifest-path"]).arg(manifest);
        check(example.env("CARGO_TARGET_DIR", native_plugins_folder()).args(["--", "-D", "warnings"]))?;
    }
    Ok(Outcome::Done("host, plugins and examples".to_owned()))
}

fn fuzz_targets() -> Result<Outcome> {
    let mut commands = fuzz::checks()?;
    commands.iter_mut().try_for_each(check)?;
    Ok(Outcome::Done(format!("the targets of {} crates compile", commands.len())))
}

fn plugin_tests(counts: &mut Counts) -> Result<Outcome> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast", "--manifest-path", "plugins/Cargo.toml"]);
    let ran = counted(cargo.env("CARGO_TARGET_DIR", native_plugins_folder()), counts)?;
    Ok(Outcome::Done(format!("{} passed", ran.passed)))
}

fn docs(counts: &mut Counts) -> Result<Outcome> {
    check(shell::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    let ran = counted(shell::cargo().args(["test", "--workspace", "--doc", "--no-fail-fast"]), counts)?;
    Ok(Outcome::Done(format!("no warnings; {} examples passed", ran.passed)))
}

fn tests(counts: &mut Counts) -> Result<Outcome> {
    let nextest = shell::succeeds(shell::cargo().args(["nextest", "--version"]));
    let mut cargo = shell::cargo();
    if nextest {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        cargo.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]);
    }
    // What is there must not be skipped over by mistake.
    let (met, missing): (Vec<_>, Vec<_>) = machine::NEEDS.iter().partition(|need| need.is_met());
    let names = |needs: &[&machine::Need]| needs.iter().map(|need| need.name).collect::<Vec<_>>().join(",");
    let mut required = names(&met);
    if examples::are_built() {
        required.push_str(",examples");
    }
    if sdks::install_axe()? {
        required.push_str(",axe");
    }
    cargo.env("POSTHOUSE_REQUIRE", required);
    cargo.env("POSTHOUSE_PLUGINS", target_folder().join("plugins"));
    cargo.env("POSTHOUSE_GUESTS", target_folder().join("guests"));
    let ran = counted(&mut cargo, counts)?;
    if missing.is_empty() {
        return Ok(Outcome::Done(format!("{} passed", ran.passed)));
    }
    Ok(Outcome::Partly(format!("{} passed; skipped what needs {}", ran.passed, names(&missing))))
}

fn guest_manifests() -> impl Iterator<Item = std::path::PathBuf> {
    let workspaces = ["plugins", "tests/guests"].into_iter().map(|f| repository().join(f).join("Cargo.toml"));
    workspaces.filter(|m| m.is_file()).chain(examples::rust_manifests())
}

pub(crate) fn native_plugins_folder() -> std::path::PathBuf {
    target_folder().join("plugins-native")
}

/// Runs with the terminal's own output; an error when it does not end well.
fn check(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} could not be started", shell::line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shell::line(command));
    }
    Ok(())
}

/// Runs tests, passing on what they print, and adds up their summary lines.
pub(crate) fn counted(command: &mut Command, counts: &mut Counts) -> Result<Counts> {
    let colour = if std::io::stderr().is_terminal() { "always" } else { "never" };
    let mut child = command
        .env("CARGO_TERM_COLOR", colour)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", shell::line(command)))?;
    let found = Mutex::new(Counts::default());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| stdout.map(|pipe| pass_on(pipe, &found, |line| println!("{line}"))));
        scope.spawn(|| stderr.map(|pipe| pass_on(pipe, &found, |line| eprintln!("{line}"))));
    });
    let status = child.wait()?;
    let found = found.into_inner().unwrap_or_default();
    counts.passed += found.passed;
    counts.failed += found.failed;
    if !status.success() {
        bail!("{} failed in `{}`, which ended with {status}", found.failed, shell::line(command));
    }
    Ok(found)
}

fn pass_on(pipe: impl Read, found: &Mutex<Counts>, print: impl Fn(&str)) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        if let (Some(more), Ok(mut found)) = (summary(&without_colour(&line)), found.lock()) {
            found.passed += more.passed;
            found.failed += more.failed;
        }
    }
}

/// Reads the summary lines of cargo test, of nextest, of `node --test` (as TAP) and of Python's unittest.
fn summary(line: &str) -> Option<Counts> {
    tap(line).or_else(|| unittest(line)).or_else(|| cargos(line))
}

/// `# pass 20`, `# fail 0`. A test that was cancelled was not passed.
fn tap(line: &str) -> Option<Counts> {
    let (word, number) = line.strip_prefix("# ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

/// `Ran 12 tests in 0.1s`, and after it `FAILED (failures=1, errors=2)` when some of those did not pass.
fn unittest(line: &str) -> Option<Counts> {
    if let Some(rest) = line.strip_prefix("Ran ") {
        let (number, rest) = rest.split_once(' ')?;
        let ran = rest.starts_with("test in ") || rest.starts_with("tests in ");
        return ran.then(|| number.parse().ok()).flatten().map(|passed| Counts { passed, failed: 0 });
    }
    let parts = line.strip_prefix("FAILED (")?.strip_suffix(')')?;
    let failed = parts
        .split(", ")
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| ["failures", "errors", "unexpected successes"].contains(name));
    let failed = failed.filter_map(|(_, number)| number.parse::<u64>().ok()).sum();
    Some(Counts { passed: 0, failed })
}

fn cargos(line: &str) -> Option<Counts> {
    // Further in stands what a failed test printed, which nextest shows once more.
    let numbers = match line.strip_prefix("test result: ") {
        Some(rest) => rest.split_once(". ")?.1,
        None if line.trim_start().starts_with("Summary [") => line.split_once(" run: ")?.1,
        None => return None,
    };
    let mut counts = Counts::default();
    for part in numbers.split([',', ';']) {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else { continue };
        match words.next() {
            Some("passed") => counts.passed += number,
            Some("failed" | "timed" | "exec") => counts.failed += number,
            _ => {}
        }
    }
    Some(counts)
}

fn without_colour(line: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for letter in line.chars() {
        match letter {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            _ if inside => {}
            _ => plain.push(letter),
        }
    }
    plain
}

fn table(rows: &[(Step, Duration, Outcome)]) -> String {
    let mut text = String::new();
    for (step, took, outcome) in rows {
        let (state, detail) = match outcome {
            Outcome::Done(detail) => ("ok", detail),
            Outcome::Partly(detail) => ("partly", detail),
            Outcome::Failed(detail) => ("FAILED", detail),
        };
        let _ = writeln!(text, "{:<13} {:>8.1} s  {state:<7} {detail}", step.name(), took.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_summaries_are_read() {
        let counts = |passed, failed| Some(Counts { passed, failed });
        assert_eq!(
            summary(
                "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s"
            ),
            counts(3, 1)
        );
        assert_eq!(summary("     Summary [   1.618s] 2 tests run: 2 passed, 0 skipped"), counts(2, 0));
        assert_eq!(
            summary(
                "     Summary [   9.1s] 9 tests run: 5 passed (1 slow), 2 failed, 1 timed out, 1 exec failed, 4 skipped"
            ),
            counts(5, 4)
        );
        assert_eq!(summary("running 3 tests"), None);
        assert_eq!(summary("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), None, "inside nextest's report");
    }

    #[test]
    fn the_sdks_runners_summaries_are_read() {
        let counts = |passed, failed| Some(Counts { passed, failed });
        assert_eq!(summary("# pass 20"), counts(20, 0));
        assert_eq!(summary("# fail 2"), counts(0, 2));
        assert_eq!(summary("# cancelled 1"), counts(0, 1));
        assert_eq!(summary("# tests 22"), None);
        assert_eq!(summary("# Subtest: a pass 3"), None);
        assert_eq!(summary("Ran 12 tests in 0.042s"), counts(12, 0));
        assert_eq!(summary("Ran 1 test in 0.042s"), counts(1, 0));
        assert_eq!(summary("FAILED (failures=1, errors=2, skipped=3)"), counts(0, 3));
        assert_eq!(summary("Ran away"), None);
    }

    #[test]
    fn colour_is_removed_before_reading() {
        assert_eq!(without_colour("\u{1b}[32;1m     Summary\u{1b}[0m [ 1s]"), "     Summary [ 1s]");
    }
}
