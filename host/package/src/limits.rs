//! How large a package may be, and what a manifest may ask for. A reader of packages never holds more than the
//! file and what these limits allow it to unpack to. What it may ask for in a call: [`posthouse_model::limits`].

use std::ops::RangeInclusive;

/// Bytes of a package file.
pub const FILE_BYTES: u64 = 64 << 20;

/// Bytes of all files in a package together, unpacked.
pub const UNPACKED_BYTES: u64 = 128 << 20;

/// Bytes of the component.
pub const COMPONENT_BYTES: u64 = 64 << 20;

/// Bytes of every other file in a package, unpacked.
pub const OTHER_BYTES: u64 = 4 << 20;

/// Files in a package.
pub const ENTRIES: usize = 1_000;

/// Bytes of a file's name in a package, folders included.
pub const NAME_BYTES: usize = 200;

/// Bytes of the manifest. Less than [`OTHER_BYTES`], because it is read before anything else is believed.
pub const MANIFEST_BYTES: u64 = 256 << 10;

/// Subschemas that settings.schema.json may come to when every reference in it is written out. It bounds the
/// work of checking settings.
pub const SCHEMA_SUBSCHEMAS: u64 = 20_000;

/// Problems that a manifest's or a settings' check reports before it stops looking.
pub const PROBLEMS: usize = 50;

/// Destinations, secrets, methods of one destination, hosts of one secret, or authors in a manifest.
pub const LIST_ENTRIES: usize = 64;

/// Bytes that a plugin may ask for in its key-value space, per tenant.
pub const STORE_BYTES: RangeInclusive<u64> = 1..=16 << 20;
