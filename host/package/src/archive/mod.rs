//! The ZIP file around a package: one way of writing it, and one way of reading it.
//!
//! A general ZIP library reads whatever it can make sense of, and two of them may make different sense of the
//! same bytes. A package that is checked by one program and used by another must not have two meanings, so the
//! layout is read here, every byte of it has to be accounted for, and what is not needed is refused.

mod read;
mod write;

pub(crate) use read::entries;
pub(crate) use write::write;

/// Begins the header before a file's content.
const LOCAL: &[u8] = b"PK\x03\x04";
/// Begins a file's entry in the directory.
const CENTRAL: &[u8] = b"PK\x01\x02";
/// Begins the record at the end.
const END: &[u8] = b"PK\x05\x06";

/// Bytes of the three without names.
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// Methods.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
