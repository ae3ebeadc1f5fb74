//! A small package, and archives made by hand.

use posthouse_package::{Package, PackageBuilder};

/// The smallest component.
pub const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A manifest with every key.
pub const MANIFEST: &str = r#"id = "example/parcel-rules"
version = "1.2.0"
world = "classifier"
api = "1.0"
summary = "Sorts mail about parcels."
authors = ["Ada <ada@example.com>"]
license = "Apache-2.0 OR MIT"
homepage = "https://example.com/parcel-rules"

[capabilities]
log = true
knowledge = true
model = { tokens_per_day = 200_000, calls = 500 }
store = { bytes = 65536 }
http = [
  { host = "api.example.com" },
  { host = "*.hooks.example", port = 8443, scheme = "http", methods = ["PUT"], private = true },
]
secrets = { api_key = ["api.example.com", "a.hooks.example"] }

[limits]
cpu_ms = 1000
wall_ms = 20000
memory_mib = 128
answer_kib = 256
http_requests = 4
model_calls = 2

[fallback]
when = "unsorted"
"#;

/// A manifest with nothing but what has to be there.
pub const SMALL_MANIFEST: &str = r#"id = "ab/cd"
version = "0.1.0"
world = "router"
api = "1.0"
summary = "s"
authors = ["a"]
license = "MIT"
"#;

/// The files that every package has.
pub fn small() -> PackageBuilder {
    PackageBuilder::new().manifest(SMALL_MANIFEST).component(COMPONENT).readme("# r\n").licence("MIT\n")
}

/// A package with some of everything.
pub fn full() -> Package {
    small()
        .manifest(MANIFEST)
        .schema(r#"{ "type": "object", "required": ["tag"], "properties": { "tag": { "type": "string" } } }"#)
        .fixture("late.eml", &b"Subject: late\r\n\r\nWhere is it?\r\n"[..])
        .fixture("deep/er/expected.json", &b"{}"[..])
        .fixture("text.txt", "parcel ".repeat(2_000).into_bytes())
        .build()
        .unwrap()
}

/// One entry of an archive made by hand; every field can lie.
#[derive(Clone)]
pub struct Raw {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    pub packed: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub size: u32,
    pub packed_size: Option<u32>,
    pub local_size: Option<u32>,
    pub attributes: u32,
    pub extra: Vec<u8>,
    pub local_extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub offset: Option<u32>,
}

impl Raw {
    /// An honest stored file.
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            local_name: None,
            packed: content.to_vec(),
            method: 0,
            flags: 0,
            crc: crc(content),
            size: u32::try_from(content.len()).unwrap(),
            packed_size: None,
            local_size: None,
            attributes: 0,
            extra: vec![],
            local_extra: vec![],
            comment: vec![],
            offset: None,
        }
    }

    /// An honest deflated file.
    pub fn deflated(name: &str, content: &[u8]) -> Self {
        Self { packed: deflate(content), method: 8, ..Self::stored(name, content) }
    }
}

pub fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

pub fn deflate(content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

/// The files of a small package, as honest entries.
pub fn small_entries() -> Vec<Raw> {
    let package = small().build().unwrap();
    package.files().map(|(name, content)| Raw::stored(name, content)).collect()
}

/// The archive of these entries.
pub fn archive(entries: &[Raw]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(u32::try_from(archive.len()).unwrap());
        let packed_size = entry.packed_size.unwrap_or(u32::try_from(entry.packed.len()).unwrap());
        let header = |size: u32, name: &[u8], extra: &[u8]| {
            let mut header = Vec::new();
            for field in [20, entry.flags, entry.method, 0, 33] {
                header.extend(field.to_le_bytes());
            }
            for field in [entry.crc, packed_size, size] {
                header.extend(field.to_le_bytes());
            }
            header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            header.extend(u16::try_from(extra.len()).unwrap().to_le_bytes());
            header
        };
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        archive.extend(b"PK\x03\x04");
        archive.extend(header(entry.local_size.unwrap_or(entry.size), local_name, &entry.local_extra));
        archive.extend(local_name);
        archive.extend(&entry.local_extra);
        archive.extend(&entry.packed);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(header(entry.size, &entry.name, &entry.extra));
        directory.extend(u16::try_from(entry.comment.len()).unwrap().to_le_bytes());
        directory.extend([0; 4]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
        directory.extend(&entry.comment);
    }
    let offset = u32::try_from(archive.len()).unwrap();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(u16::try_from(entries.len()).unwrap().to_le_bytes().repeat(2));
    archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    archive.extend(offset.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// Why these bytes are no package.
pub fn refusal(bytes: &[u8]) -> String {
    match Package::read(bytes) {
        Ok(package) => panic!("read as {package:?}"),
        Err(error) => error.to_string(),
    }
}
