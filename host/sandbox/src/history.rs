//! Which version of the plugin API brought which function, and what a component needs of it.

use crate::inspect::ApiVersion;

include!(concat!(env!("OUT_DIR"), "/api_history.rs"));

/// A function that a component imports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Imported {
    /// `desk`
    pub(crate) interface: String,
    /// As the component model names it: `[method]message.subject`.
    pub(crate) function: String,
}

impl Imported {
    /// As WIT's readers know it: `desk: message.subject`.
    pub(crate) fn shown(&self) -> String {
        let bare = self.function.split_once(']').map_or(self.function.as_str(), |(_, bare)| bare);
        let made = if self.function.starts_with("[constructor]") { " (constructor)" } else { "" };
        format!("{}: {bare}{made}", self.interface)
    }

    /// The version that brought it; none when this host does not know it.
    pub(crate) fn since(&self) -> Option<ApiVersion> {
        let key = (self.interface.as_str(), self.function.as_str());
        let at = FUNCTIONS.binary_search_by(|(interface, function, _)| (*interface, *function).cmp(&key)).ok()?;
        let (_, _, (major, minor)) = FUNCTIONS[at];
        Some(ApiVersion { major, minor, patch: 0 })
    }
}

/// What a component needs of the host's API.
pub(crate) struct Needs {
    /// The earliest version that has every function it imports.
    pub(crate) version: ApiVersion,
    /// The functions that version brought; empty for the first one.
    pub(crate) because: Vec<String>,
    /// Functions that this host does not know.
    pub(crate) missing: Vec<String>,
}

impl Needs {
    /// Of these imports, in a component of this major version.
    pub(crate) fn of(imports: &[Imported], major: u64) -> Self {
        let first = ApiVersion { major, minor: 0, patch: 0 };
        let known = || imports.iter().filter_map(|import| Some((import, import.since()?)));
        let version = known().map(|(_, since)| since).max().unwrap_or(first).max(first);
        let because = match version == first {
            true => Vec::new(),
            false => known().filter(|(_, since)| *since == version).map(|(import, _)| import.shown()).collect(),
        };
        let missing = imports.iter().filter(|import| import.since().is_none()).map(Imported::shown).collect();
        Self { version, because, missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(interface: &str, function: &str) -> Imported {
        Imported { interface: interface.to_owned(), function: function.to_owned() }
    }

    #[test]
    fn the_history_is_sorted_and_ends_at_this_host() {
        assert!(FUNCTIONS.windows(2).all(|two| (two[0].0, two[0].1) < (two[1].0, two[1].1)));
        assert_eq!(VERSIONS.first(), Some(&(1, 0)));
        assert_eq!(VERSIONS.last(), Some(&(HOST_API.major, HOST_API.minor)));
    }

    #[test]
    fn a_component_needs_the_version_that_brought_its_newest_function() {
        let old = [imported("desk", "[method]message.subject"), imported("log", "write")];
        let needs = Needs::of(&old, 1);
        assert_eq!((needs.version.to_string(), needs.because.len(), needs.missing.len()), ("1.0".to_owned(), 0, 0));
        let newer = [imported("desk", "[method]message.subject"), imported("desk", "[method]message.message-id")];
        let needs = Needs::of(&newer, 1);
        assert_eq!(needs.version.to_string(), "1.1");
        assert_eq!(needs.because, ["desk: message.message-id"]);
        let unknown = [imported("desk", "[method]message.colour"), imported("paint", "[constructor]brush")];
        assert_eq!(Needs::of(&unknown, 1).missing, ["desk: message.colour", "paint: brush (constructor)"]);
        assert_eq!(Needs::of(&[], 1).version.to_string(), "1.0");
    }
}
