//! One guest per world that reads everything there is to read and sets everything there is to set. The guests of
//! `tests/guests-js` and `tests/guests-python` do the same, to the letter: what it is stands in `tests/guests-js/README.md`.

mod lines;
mod uses;
mod worlds;

use posthouse_sdk::Failure;
use serde::Deserialize;

/// Settings of all of them.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Settings {
    /// Refuse these settings.
    refuse: bool,
    /// Capabilities to try.
    #[serde(rename = "use")]
    uses: Vec<String>,
    /// Where the HTTP server is.
    url: String,
    /// Whether HEAD requests are allowed there.
    head: bool,
}

impl Settings {
    fn accepted(self) -> Result<Self, String> {
        if self.refuse { Err("refused: settings".to_owned()) } else { Ok(self) }
    }

    fn tries(&self, name: &str) -> bool {
        self.uses.iter().any(|used| used == name)
    }
}

/// `fail: …` says how to fail.
pub(crate) fn fail_when_told(subject: &str) -> Result<(), Failure> {
    match subject {
        "fail: temporary" => Err(Failure::Temporary("later".to_owned())),
        "fail: permanent" => Err(Failure::Permanent("never".to_owned())),
        "fail: endless" => loop {
            std::hint::black_box(subject);
        },
        _ => Ok(()),
    }
}
