//! Where a package is in a registry.

use super::RegistryError;
use crate::digest::Digest;
use crate::error::shown;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// `registry/repository:tag`, `registry/repository@sha256:…`, or both. Nothing is filled in: an address without
/// a registry, or without a tag and a digest, is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OciAddress {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl OciAddress {
    /// The registry: a host name or IPv4 address, with a port where it has one.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the registry's manifest. It decides where there is a tag too.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The same address, fixed to this manifest.
    #[must_use]
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Whether the registry is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.registry.split(':').next().unwrap_or_default();
        host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    pub(super) fn reference(&self) -> oci_client::Reference {
        let (registry, repository) = (self.registry.clone(), self.repository.clone());
        match (&self.digest, &self.tag) {
            (Some(digest), _) => oci_client::Reference::with_digest(registry, repository, digest.to_string()),
            (None, tag) => oci_client::Reference::with_tag(registry, repository, tag.clone().unwrap_or_default()),
        }
    }
}

impl fmt::Display for OciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

impl FromStr for OciAddress {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let refused = || RegistryError::Address(shown(text));
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse().map_err(|_| refused())?)),
            None => (text, None),
        };
        let (registry, path) = name.split_once('/').ok_or_else(refused)?;
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag.to_owned())),
            None => (path, None),
        };
        let tag_sound = |tag: &String| {
            let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
            (1..=128).contains(&tag.len()) && tag.bytes().all(sound) && !tag.starts_with(['.', '-'])
        };
        let sound = is_registry(registry)
            && repository.len() <= 255
            && repository.split('/').all(is_part)
            && tag.as_ref().is_none_or(tag_sound)
            && (tag.is_some() || digest.is_some());
        if !sound {
            return Err(refused());
        }
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest })
    }
}

/// A host that cannot be mistaken for a part of a repository: with a dot or a port, or `localhost`.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let port_sound = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0') && port.parse::<u16>().is_ok_and(|p| p > 0)
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253
        && host.split('.').all(label)
        && port.is_none_or(port_sound)
        && (host.contains('.') || port.is_some() || host == "localhost")
}

fn is_part(part: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(edge)
        && part.ends_with(edge)
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let digest = Digest::of(b"");
        for text in [
            "ghcr.io/team/plugin:1.0.0".to_owned(),
            "localhost/plugin:a".to_owned(),
            "127.0.0.1:5000/a/b-c_d/e.f:_1".to_owned(),
            format!("registry.example.com/a@{digest}"),
            format!("registry.example.com:443/a:1@{digest}"),
        ] {
            let address: OciAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_address() {
        for text in [
            "",
            "plugin:1",
            "team/plugin:1",
            "ghcr.io/team/plugin",
            "ghcr.io/:1",
            "ghcr.io//a:1",
            "ghcr.io/a/:1",
            "ghcr.io/A:1",
            "GHCR.io/a:1",
            "ghcr.io/../a:1",
            "ghcr.io/a:1:2",
            "ghcr.io/a:",
            "ghcr.io/a:.1",
            "ghcr.io/a@sha256:12",
            "ghcr.io/a:1?x",
            "https://ghcr.io/a:1",
            "user@ghcr.io/a:1",
            "ghcr.io:0/a:1",
            "ghcr.io:99999/a:1",
            "ghcr.io:/a:1",
            "-a.b/a:1",
        ] {
            assert!(text.parse::<OciAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |text: &str| text.parse::<OciAddress>().unwrap().is_loopback();
        assert!(loopback("localhost:5000/a:1") && loopback("127.0.0.1:5000/a:1") && loopback("127.9.9.9/a:1"));
        assert!(!loopback("localhost.example.com/a:1") && !loopback("127.0.0.1.example.com/a:1"));
        assert!(!loopback("10.0.0.1:5000/a:1") && !loopback("0.0.0.0:5000/a:1"));
    }
}
