//! Running other programs: compilers, package managers.

use crate::{Result, Trouble};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

/// Bytes of a program's output that an error keeps; of more, the last.
const PRINTED_BYTES_MAX: usize = 256 * 1024;

/// Where a program says what it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// The cargo that runs us, or the one on `PATH`, without what it set for us alone.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    clean_environment(&mut command);
    command
}

/// Removes the variables that cargo sets for the program it runs: a nested cargo would take some of them for its own.
pub fn clean_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let ours = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        // The path of this toolchain's own libraries must not reach another toolchain's compiler.
        if ours || text == "LD_LIBRARY_PATH" || text == "DYLD_FALLBACK_LIBRARY_PATH" {
            command.env_remove(&name);
        }
    }
}

/// The path of a program on `PATH` or in the folders for administrators' programs.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(extra)
        // npm is a script on Windows. Without an ending it is for another shell there.
        .flat_map(|folder| {
            if cfg!(windows) {
                ["exe", "cmd"].map(|e| folder.join(format!("{name}.{e}"))).to_vec()
            } else {
                vec![folder.join(name)]
            }
        })
        .find(|file| file.is_file())
}

/// The command as one would type it.
#[must_use]
pub fn line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Runs a program to its end and gives its standard output.
///
/// # Errors
/// It cannot be started, or does not end well: what was run, how it ended, and what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = raw_output(command)?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        return Err(Trouble::new(format!("{}\nended with {}:\n{}", line(command), output.status, printed.trim_end())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn raw_output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))
}

fn not_started(command: &Command, error: &std::io::Error) -> Trouble {
    Trouble::new(format!("{} could not be started: {error}", line(command)))
}

/// Whether a program starts and ends well; what it prints is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Runs a program to its end and shows `watch` each line as it comes.
///
/// # Errors
/// As [`output`]; what it printed are the lines of both streams, the last 256 KiB of them.
pub fn run(command: &mut Command, watch: &mut dyn FnMut(Stream, &str)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let (lines, received) = mpsc::channel();
    let readers =
        [read(Stream::Output, child.stdout.take(), lines.clone()), read(Stream::Errors, child.stderr.take(), lines)];
    let mut printed = Printed::default();
    for (stream, line) in received {
        watch(stream, &line);
        printed.push(line);
    }
    for reader in readers {
        // A reader ends with its pipe and cannot fail.
        let _ = reader.join();
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    if !status.success() {
        return Err(Trouble::new(format!("{}\nended with {status}:\n{}", line(command), printed.text())));
    }
    Ok(())
}

fn read(stream: Stream, pipe: Option<impl Read + Send + 'static>, lines: Sender<(Stream, String)>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')).map_while(std::io::Result::ok) {
            if lines.send((stream, String::from_utf8_lossy(&line).into_owned())).is_err() {
                break;
            }
        }
    })
}

/// The last lines that a program printed.
#[derive(Default)]
struct Printed {
    lines: VecDeque<String>,
    bytes: usize,
    dropped: usize,
}

impl Printed {
    fn push(&mut self, line: String) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.bytes > PRINTED_BYTES_MAX && self.lines.len() > 1 {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len() + 1);
            self.dropped += 1;
        }
    }

    fn text(&self) -> String {
        let kept = self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        match self.dropped {
            0 => kept.trim_end().to_owned(),
            dropped => format!("… ({dropped} lines before)\n{}", kept.trim_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_program_prints_the_last_is_kept() {
        let mut printed = Printed::default();
        let line = "x".repeat(PRINTED_BYTES_MAX / 2 - 1);
        printed.push(line.clone());
        printed.push(line.clone());
        assert_eq!(printed.dropped, 0, "exactly the limit");
        printed.push(String::new());
        assert_eq!((printed.dropped, printed.lines.len()), (1, 2));
        assert!(printed.text().starts_with("… (1 lines before)\nxxx"));
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_words() {
        let mut seen = Vec::new();
        let mut cargo = cargo();
        let error = run(cargo.args(["no-such-subcommand-of-cargo"]), &mut |stream, line| {
            seen.push((stream, line.to_owned()));
        });
        let error = error.unwrap_err().what;
        assert!(error.contains("no-such-subcommand-of-cargo\nended with exit status: 101:\n"), "{error}");
        assert!(seen.iter().any(|(stream, line)| *stream == Stream::Errors && line.contains("no such command")));
        let error = output(&mut Command::new("no-such-program-at-all")).unwrap_err().what;
        assert!(error.starts_with("no-such-program-at-all could not be started: "), "{error}");
    }
}
