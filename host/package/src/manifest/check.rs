//! The rules for single values.

use super::{ApiVersion, Fallback, PluginId};
use posthouse_model::capability::ANY_HOST;
use posthouse_model::decision::World;
use std::net::IpAddr;

pub(super) fn id(text: &str) -> Result<PluginId, String> {
    let sound = |part: &str| {
        (2..=64).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match text.split_once('/') {
        Some((publisher, name)) if sound(publisher) && sound(name) => {
            Ok(PluginId { publisher: publisher.to_owned(), name: name.to_owned() })
        }
        _ => Err("should be publisher/name, each 2 to 64 letters of a-z, digits and hyphens".into()),
    }
}

pub(super) fn version(text: &str) -> Result<semver::Version, String> {
    if text.len() > 64 {
        return Err("has more than 64 characters".into());
    }
    text.parse().map_err(|e| format!("is not a version such as 1.2.0: {e}"))
}

pub(super) fn world(text: &str) -> Result<World, String> {
    text.parse().map_err(|_| {
        let worlds: Vec<&str> = World::ALL.iter().map(|world| world.as_str()).collect();
        format!("should be one of {}", worlds.join(", "))
    })
}

pub(super) fn api(text: &str) -> Result<ApiVersion, String> {
    let number = |part: &str| {
        let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 1 || !part.starts_with('0'));
        part.parse().ok().filter(|_| plain)
    };
    let version = text.split_once('.').and_then(|(major, minor)| {
        Some(ApiVersion { major: number(major)?, minor: number(minor)? }).filter(|version| version.major > 0)
    });
    version.ok_or_else(|| "should be two numbers with a dot between, such as 1.0".into())
}

/// One line for people, of so many characters at most.
pub(super) fn line(characters: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        if text.trim().is_empty() {
            Err("is empty".into())
        } else if text.chars().count() > characters {
            Err(format!("has more than {characters} characters: shorten it"))
        } else if text.chars().any(char::is_control) {
            Err("has a line break or another control character: write it in one line".into())
        } else {
            Ok(text.to_owned())
        }
    }
}

pub(super) fn license(text: &str) -> Result<String, String> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'(' | b')' | b' ' | b':');
    if text.bytes().all(sound) && text.bytes().any(|b| b.is_ascii_alphanumeric()) && text.len() <= 200 {
        Ok(text.to_owned())
    } else {
        Err("should be an SPDX expression of at most 200 characters, such as Apache-2.0 OR MIT".into())
    }
}

pub(super) fn homepage(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sound = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`');
    match rest {
        Some(rest) if !rest.is_empty() && text.len() <= 300 && rest.chars().all(sound) => Ok(text.to_owned()),
        _ => Err("should be a URL of at most 300 characters that begins with https:// or http://".into()),
    }
}

pub(super) fn fallback(world: Option<World>) -> impl FnOnce(&str) -> Result<Fallback, String> {
    move |text| match world.map(|world| (world, Fallback::of(world))) {
        Some((_, fallback)) if fallback.as_str() == text => Ok(fallback),
        Some((world, fallback)) => Err(format!("of a {world} should be \"{}\"", fallback.as_str())),
        None => {
            let all = World::ALL.iter().map(|world| Fallback::of(*world));
            all.clone()
                .find(|fallback| fallback.as_str() == text)
                .ok_or_else(|| format!("should be one of {}", all.map(Fallback::as_str).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// A host, or those that the tenant names.
pub(super) fn host_or_any(text: &str) -> Result<String, String> {
    if text == ANY_HOST { Ok(text.to_owned()) } else { host(text) }
}

/// A host as grants write it: the sandbox compares hosts letter by letter.
pub(super) fn host(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
        let canonical = if bare.is_some() { format!("[{address}]") } else { address.to_string() };
        let fits = bare.is_none() || address.is_ipv6();
        return if fits && canonical == text { Ok(canonical) } else { Err(format!("should be written {address}")) };
    }
    let wildcard = text.strip_prefix("*.");
    let name = wildcard.unwrap_or(text);
    let sound = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits would make it an address, in one of the old ways of writing them.
    let last_is_number = name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    if name.len() > 253 || !name.split('.').all(sound) || last_is_number {
        return Err(
            "is not a host; write a name in lower case (api.example.com), *.example.com, or an address. No scheme, port or path; names with other letters as xn--…"
                .into(),
        );
    }
    if wildcard.is_some() && !name.contains('.') {
        return Err("would allow too much; name the hosts".into());
    }
    Ok(text.to_owned())
}

pub(super) fn scheme(text: &str) -> Result<String, String> {
    if matches!(text, "https" | "http") { Ok(text.to_owned()) } else { Err("should be https or http".into()) }
}

pub(super) fn method(text: &str) -> Result<String, String> {
    if matches!(text, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
        Ok(text.to_owned())
    } else {
        Err("should be GET, POST, PUT, PATCH or DELETE".into())
    }
}

pub(super) fn secret(text: &str) -> Result<String, String> {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(sound) {
        Ok(text.to_owned())
    } else {
        Err("is not a secret's name; it has 1 to 64 letters of a-z, digits, _ and -".into())
    }
}
