//! Writing: the same files give the same bytes.

use super::{CENTRAL, DEFLATED, END, LOCAL, STORED};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// What reads it needs to know: deflate.
const VERSION: u16 = 20;
/// Written on a Unix system, so that the permissions below are understood.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// 1980-01-01 00:00, the first moment of the format.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;
/// A plain file that everybody may read and its owner may write.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// The archive of these files, in this order. Each is packed where that makes it smaller.
///
/// # Errors
/// In words, when the archive would not fit the format (4 GiB, 65,535 files), or packing fails.
pub(crate) fn write<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, String> {
    const TOO_LARGE: &str = "the files do not fit into one archive";
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let mut count: u16 = 0;
    for (name, content) in files {
        count = count.checked_add(1).ok_or(TOO_LARGE)?;
        let packed = deflate(content)?;
        let (method, packed) =
            if packed.len() < content.len() { (DEFLATED, packed.as_slice()) } else { (STORED, content) };
        let number = |length: usize| u32::try_from(length).map_err(|_| TOO_LARGE.to_owned());
        let offset = number(archive.len())?;
        let mut crc = Crc::new();
        crc.update(content);
        // What stands in both headers: version, flags, method, time, date, checksum, sizes, name, extra fields.
        let mut shared = Vec::new();
        for field in [VERSION, 0, method, TIME, DATE] {
            shared.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), number(packed.len())?, number(content.len())?] {
            shared.extend(field.to_le_bytes());
        }
        shared.extend(u16::try_from(name.len()).map_err(|_| TOO_LARGE)?.to_le_bytes());
        shared.extend([0; 2]);

        archive.extend(LOCAL);
        archive.extend(&shared);
        archive.extend(name.as_bytes());
        archive.extend(packed);
        directory.extend(CENTRAL);
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&shared);
        // No comment, first disk, nothing known of the content.
        directory.extend([0; 6]);
        directory.extend(ATTRIBUTES.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let offset = u32::try_from(archive.len()).map_err(|_| TOO_LARGE)?;
    let length = u32::try_from(directory.len()).map_err(|_| TOO_LARGE)?;
    archive.extend(&directory);
    archive.extend(END);
    archive.extend([0; 4]);
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend([length.to_le_bytes(), offset.to_le_bytes()].concat());
    archive.extend([0; 2]);
    Ok(archive)
}

fn deflate(content: &[u8]) -> Result<Vec<u8>, String> {
    const STEP: usize = 64 << 10;
    let mut packer = Compress::new(Compression::default(), false);
    let mut packed = Vec::with_capacity(STEP);
    loop {
        let used = usize::try_from(packer.total_in()).map_err(|_| "packing failed")?;
        let rest = content.get(used..).unwrap_or_default();
        let before = packed.len();
        match packer.compress_vec(rest, &mut packed, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return Ok(packed),
            Ok(_) if packed.len() == packed.capacity() || packed.len() > before => packed.reserve(STEP),
            Ok(_) | Err(_) => return Err("packing failed".into()),
        }
    }
}
