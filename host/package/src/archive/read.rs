//! Reading: every byte of the archive has to be the one place of one thing.

use super::{CENTRAL, CENTRAL_BYTES, DEFLATED, END, END_BYTES, LOCAL, LOCAL_BYTES, STORED};
use crate::error::shown;
use crate::limits::ENTRIES;
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// How an entry may be marked: the two bits by which packers tell how hard they tried, and UTF-8 names.
const FLAGS_KNOWN: u16 = 0b1000_0000_0110;
const FLAG_ENCRYPTED: u16 = 1;
const FLAG_SIZES_LATER: u16 = 1 << 3;

/// The newest version of the format that folders and deflate need.
const VERSION: u16 = 20;

/// How much memory an entry gets at first while it is unpacked.
const STEP: usize = 64 << 10;

/// One file in the archive, still packed.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// As written; not checked yet.
    pub(crate) name: &'a str,
    /// What it says to unpack to, in bytes.
    pub(crate) size: u32,
    crc: u32,
    method: u16,
    packed: &'a [u8],
}

/// The files of an archive, in its order.
///
/// # Errors
/// In words, when the archive is damaged, has more than 1,000 entries, or holds anything that is not needed:
/// bytes before, between or after the entries, comments, extra fields, folders, links, encryption, sizes after
/// the content, several disks, or headers that disagree.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    let directory_end = bytes.len().checked_sub(END_BYTES).ok_or("it is too short to be a ZIP archive")?;
    let end = &bytes[directory_end..];
    if !end.starts_with(END) {
        return Err("it does not end as a ZIP archive does: it is cut off, or something stands after its end".into());
    }
    // Numbers of disks, and the length of a comment.
    if number16(end, 4) != Some(0) || number16(end, 6) != Some(0) || number16(end, 20) != Some(0) {
        return Err("it has a comment or is part of a set of archives".into());
    }
    let count = number16(end, 10).filter(|count| number16(end, 8) == Some(*count));
    let count = usize::from(count.ok_or("its end contradicts itself")?);
    if count > ENTRIES {
        return Err(format!("it has more than {ENTRIES} entries"));
    }
    let directory = number32(end, 16).ok_or("it is cut off")? as usize;
    let directory_bytes = number32(end, 12).ok_or("it is cut off")? as usize;
    if directory.checked_add(directory_bytes) != Some(directory_end) {
        return Err("its directory is not where its end says".into());
    }

    let mut entries = Vec::with_capacity(count);
    let (mut in_directory, mut in_content) = (directory, 0);
    for _ in 0..count {
        entries.push(entry(bytes, directory_end, &mut in_directory, directory, &mut in_content)?);
    }
    if in_directory != directory_end || in_content != directory {
        return Err("it holds bytes that belong to no file".into());
    }
    Ok(entries)
}

/// The next entry, described at `in_directory` and held at `in_content`; both move on.
fn entry<'a>(
    bytes: &'a [u8],
    directory_end: usize,
    in_directory: &mut usize,
    directory: usize,
    in_content: &mut usize,
) -> Result<Entry<'a>, String> {
    let header = take(bytes, in_directory, CENTRAL_BYTES, directory_end)?;
    if !header.starts_with(CENTRAL) {
        return Err("its directory is damaged".into());
    }
    let at16 = |at| number16(header, at).ok_or_else(|| "its directory is damaged".to_owned());
    let at32 = |at| number32(header, at).ok_or_else(|| "its directory is damaged".to_owned());
    let name = take(bytes, in_directory, usize::from(at16(28)?), directory_end)?;
    let name = std::str::from_utf8(name).map_err(|_| "the name of a file is not UTF-8")?;
    let wrong = |what: &str| Err(format!("{}: {what}", shown(name)));

    let (flags, method) = (at16(8)?, at16(10)?);
    if flags & FLAG_ENCRYPTED != 0 {
        return wrong("the entry is encrypted");
    }
    if flags & FLAG_SIZES_LATER != 0 {
        return wrong("the entry's sizes stand after its content, which happens when an archive is written to a pipe");
    }
    if flags & !FLAGS_KNOWN != 0 || at16(6)? > VERSION {
        return wrong("the entry needs a feature of ZIP that packages do not use");
    }
    if method != STORED && method != DEFLATED {
        return wrong("the entry is packed by a method other than deflate");
    }
    if at16(30)? != 0 || at16(32)? != 0 || at16(34)? != 0 {
        return wrong("the entry has extra fields or a comment (with Info-ZIP: pack with `zip -X -D`)");
    }
    let attributes = at32(38)?;
    let file_type = (attributes >> 16) & 0o170_000;
    let is_folder = name.ends_with('/') || attributes & 0x10 != 0;
    if is_folder {
        return wrong("the entry is a folder; only files are listed (with Info-ZIP: pack with `zip -X -D`)");
    }
    if file_type != 0 && file_type != 0o100_000 {
        return wrong("the entry is a link or a device, not a file");
    }
    let (crc, packed_bytes, size) = (at32(16)?, at32(20)?, at32(24)?);
    if method == STORED && packed_bytes != size {
        return wrong("the entry's two sizes disagree");
    }

    // The file has to follow the one before it without a gap, and its own header has to say the same.
    if at32(42)? as usize != *in_content {
        return wrong("the entry is not where it should be: before it or in it stands something else");
    }
    let local = take(bytes, in_content, LOCAL_BYTES, directory)?;
    let agrees = local.starts_with(LOCAL) && local.get(4..28) == header.get(6..30) && local.get(28..) == Some(&[0, 0]);
    let local_name = take(bytes, in_content, name.len(), directory)?;
    if !agrees || local_name != name.as_bytes() {
        return wrong("the entry's header and the directory disagree");
    }
    let packed = take(bytes, in_content, packed_bytes as usize, directory)?;
    Ok(Entry { name, size, crc, method, packed })
}

impl Entry<'_> {
    /// The file's content. Memory is used for at most the size that the entry declares, whatever the packed bytes
    /// say: the caller checks the declared size first.
    ///
    /// # Errors
    /// In words, when the content is damaged or does not come to the declared size.
    pub(crate) fn unpack(&self) -> Result<Vec<u8>, String> {
        let content = if self.method == STORED { self.packed.to_vec() } else { self.inflate()? };
        let mut crc = Crc::new();
        crc.update(&content);
        if content.len() != self.size as usize || crc.sum() != self.crc {
            return Err("the content is damaged (its checksum or its size is not the one noted)".into());
        }
        Ok(content)
    }

    fn inflate(&self) -> Result<Vec<u8>, String> {
        let declared = self.size as usize;
        let mut content = Vec::new();
        let mut inflater = Decompress::new(false);
        let mut used = 0;
        loop {
            if content.len() == content.capacity() {
                // Doubles, but never past the declared size: one byte more tells of a lie.
                content.reserve_exact(content.len().max(STEP).min(declared - content.len() + 1));
            }
            let before = (used, content.len());
            let rest = self.packed.get(used..).unwrap_or_default();
            let status = inflater.decompress_vec(rest, &mut content, FlushDecompress::None);
            used = usize::try_from(inflater.total_in()).map_err(|_| "the content is damaged")?;
            if content.len() > declared {
                return Err("the content unpacks to more than the entry declares".into());
            }
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(_) if (used, content.len()) != before => {}
                Ok(_) => return Err("the content is cut off".into()),
                Err(_) => return Err("the content is damaged".into()),
            }
        }
        if used == self.packed.len() { Ok(content) } else { Err("something stands after the packed content".into()) }
    }
}

/// The next `length` bytes at `at`, which moves on; they must end by `end`.
fn take<'a>(bytes: &'a [u8], at: &mut usize, length: usize, end: usize) -> Result<&'a [u8], String> {
    let until = at.checked_add(length).filter(|until| *until <= end);
    let found = until.and_then(|until| bytes.get(*at..until)).ok_or("it is cut off or damaged")?;
    *at += length;
    Ok(found)
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
