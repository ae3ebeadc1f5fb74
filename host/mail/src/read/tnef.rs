//! What Outlook puts into `winmail.dat` (TNEF, [MS-OXTNEF]): the text, when the mail has it nowhere else, and the files.
//!
//! A container that is cut or broken gives what stands before the break.

use super::{charset, rtf};

/// The first four bytes of a container.
const SIGNATURE: u32 = 0x223E_9F78;
/// Files taken out of one container.
const FILES_MAX: usize = 200;
/// Properties looked at in one list; Outlook writes about a hundred.
const PROPERTIES_MAX: u32 = 4096;

// Attributes ([MS-OXTNEF], 2.1.3.2): the type in the upper half, the number in the lower.
const OEM_CODE_PAGE: u32 = 0x0006_9007;
const BODY: u32 = 0x0002_800C;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const NEW_FILE: u32 = 0x0006_9002;
const FILE_TITLE: u32 = 0x0001_8010;
const FILE_DATA: u32 = 0x0006_800F;
const FILE_PROPERTIES: u32 = 0x0006_9005;

// Properties ([MS-OXPROPS]).
const TEXT: u16 = 0x1000;
const RTF_COMPRESSED: u16 = 0x1009;
const HTML: u16 = 0x1013;
const CODE_PAGE: u16 = 0x3FDE;
const FILE_CONTENT: u16 = 0x3701;
const FILE_NAME: u16 = 0x3704;
const FILE_LONG_NAME: u16 = 0x3707;
const FILE_MEDIA_TYPE: u16 = 0x370E;
const FILE_CONTENT_ID: u16 = 0x3712;

/// What a container holds.
#[derive(Debug, Default)]
pub(super) struct Tnef {
    /// The text, plain.
    pub(super) text: Option<String>,
    /// The text, as HTML.
    pub(super) html: Option<String>,
    /// In order.
    pub(super) files: Vec<File>,
}

/// A file in it.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// Takes a container apart; none when it is no such container.
pub(super) fn read(bytes: &[u8]) -> Option<Tnef> {
    let mut input = Input(bytes);
    if input.u32()? != SIGNATURE {
        return None;
    }
    input.u16()?;
    let mut found = Found::default();
    // Whatever comes before a break counts.
    while found.attribute(&mut input).is_some() {}
    Some(found.finish())
}

#[derive(Default)]
struct Found {
    code_page: Option<u32>,
    body: Option<Vec<u8>>,
    message: Properties,
    files: Vec<(Vec<u8>, Vec<u8>, Properties)>,
}

impl Found {
    fn attribute(&mut self, input: &mut Input<'_>) -> Option<()> {
        input.u8()?;
        let id = input.u32()?;
        let length = input.u32()? as usize;
        let data = input.take(length)?;
        // The checksum is wrong in much that is sent, and right in much that is broken.
        input.u16()?;
        match id {
            OEM_CODE_PAGE => self.code_page = Input(data).u32(),
            BODY => self.body = Some(data.to_vec()),
            MESSAGE_PROPERTIES => self.message = properties(data),
            NEW_FILE if self.files.len() < FILES_MAX => self.files.push(Default::default()),
            NEW_FILE => return None,
            FILE_TITLE => self.files.last_mut()?.0 = data.to_vec(),
            FILE_DATA => self.files.last_mut()?.1 = data.to_vec(),
            FILE_PROPERTIES => self.files.last_mut()?.2 = properties(data),
            _ => {}
        }
        Some(())
    }

    fn finish(self) -> Tnef {
        let oem = self.code_page;
        let inside = self.message.number(CODE_PAGE).or(oem);
        let text = self.message.text(TEXT, oem).or_else(|| self.body.map(|bytes| decode(&bytes, oem)));
        let html = self.message.raw(HTML).map(|bytes| decode(bytes, inside));
        let from_rtf = || {
            let bytes = rtf::decompress(self.message.raw(RTF_COMPRESSED)?)?;
            Some(rtf::read(&bytes))
        };
        let (mut text, mut html) =
            (text.filter(|text| !text.trim().is_empty()), html.filter(|html| !html.trim().is_empty()));
        if text.is_none()
            && html.is_none()
            && let Some(read) = from_rtf()
        {
            match read {
                rtf::Read::Html(found) => html = Some(found),
                rtf::Read::Text(found) => text = Some(found),
            }
        }
        let file = |(title, data, properties): (Vec<u8>, Vec<u8>, Properties)| File {
            name: properties
                .text(FILE_LONG_NAME, oem)
                .or_else(|| properties.text(FILE_NAME, oem))
                .or_else(|| Some(decode(&title, oem)))
                .and_then(|name| base_name(&name)),
            media_type: properties.text(FILE_MEDIA_TYPE, oem).map(|kind| kind.trim().to_ascii_lowercase()),
            content_id: properties.text(FILE_CONTENT_ID, oem).filter(|id| !id.is_empty()),
            bytes: if data.is_empty() { properties.raw(FILE_CONTENT).unwrap_or_default().to_vec() } else { data },
        };
        Tnef { text, html, files: self.files.into_iter().map(file).collect() }
    }
}

fn base_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_matches(['\0', ' ']);
    (!name.is_empty() && name != "." && name != "..").then(|| name.chars().take(255).collect())
}

/// A list of properties: number, type, value.
#[derive(Default)]
struct Properties(Vec<(u16, u16, Vec<u8>)>);

// Types of values ([MS-OXCDATA], 2.11.1).
const STRING_8: u16 = 0x1E;
const UNICODE: u16 = 0x1F;
const OBJECT: u16 = 0x0D;
const BINARY: u16 = 0x102;
const MANY: u16 = 0x1000;
/// Before the content of an object stands what it implements.
const OBJECT_ID_BYTES: usize = 16;

impl Properties {
    fn find(&self, id: u16) -> Option<&(u16, u16, Vec<u8>)> {
        self.0.iter().find(|(known, ..)| *known == id)
    }

    fn raw(&self, id: u16) -> Option<&[u8]> {
        let (_, kind, bytes) = self.find(id)?;
        if *kind == OBJECT { bytes.get(OBJECT_ID_BYTES..) } else { Some(bytes) }
    }

    fn text(&self, id: u16, code_page: Option<u32>) -> Option<String> {
        let (_, kind, bytes) = self.find(id)?;
        let text =
            if *kind == UNICODE { charset::decode(bytes, Some("utf-16le")).text } else { decode(bytes, code_page) };
        Some(text.trim_end_matches('\0').to_owned())
    }

    fn number(&self, id: u16) -> Option<u32> {
        self.find(id).and_then(|(_, _, bytes)| Input(bytes).u32())
    }
}

fn properties(data: &[u8]) -> Properties {
    let mut all = Properties::default();
    let mut input = Input(data);
    let count = input.u32().unwrap_or(0).min(PROPERTIES_MAX);
    for _ in 0..count {
        let Some(property) = property(&mut input) else { break };
        all.0.push(property);
    }
    all
}

fn property(input: &mut Input<'_>) -> Option<(u16, u16, Vec<u8>)> {
    let kind = input.u16()?;
    let id = input.u16()?;
    if id >= 0x8000 {
        // A named one: which set, then its number or its name.
        input.take(16)?;
        if input.u32()? == 0 {
            input.u32()?;
        } else {
            let length = input.u32()? as usize;
            input.padded(length)?;
        }
    }
    let is_many = kind & MANY != 0;
    let kind = kind & !MANY;
    let size = match kind {
        0x02 | 0x03 | 0x04 | 0x0A | 0x0B => Some(4),
        0x05..=0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        STRING_8 | UNICODE | OBJECT | BINARY => None,
        // Of an unknown type nobody knows where it ends.
        _ => return None,
    };
    let count = if is_many || size.is_none() { input.u32()? } else { 1 };
    let mut first = None;
    for _ in 0..count {
        let value = match size {
            Some(size) => input.take(size)?,
            None => {
                let length = input.u32()? as usize;
                input.padded(length)?
            }
        };
        first.get_or_insert(value);
    }
    Some((id, kind, first.unwrap_or_default().to_vec()))
}

/// Text in a Windows code page.
pub(super) fn decode(bytes: &[u8], code_page: Option<u32>) -> String {
    let label = match code_page {
        Some(932) => "shift_jis".to_owned(),
        Some(936) => "gbk".to_owned(),
        Some(949) => "euc-kr".to_owned(),
        Some(950) => "big5".to_owned(),
        Some(1200) => "utf-16le".to_owned(),
        Some(20866) => "koi8-r".to_owned(),
        Some(page @ 28591..=28606) => format!("iso-8859-{}", page - 28590),
        Some(50220..=50222) => "iso-2022-jp".to_owned(),
        Some(51932) => "euc-jp".to_owned(),
        Some(54936) => "gb18030".to_owned(),
        Some(65001) => "utf-8".to_owned(),
        Some(page @ (874 | 1250..=1258)) => format!("windows-{page}"),
        _ => "windows-1252".to_owned(),
    };
    charset::decode(bytes, Some(&label)).text.trim_end_matches('\0').to_owned()
}

/// Bytes that are read from the front; little-endian.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// What is filled up to four bytes.
    fn padded(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.take(length)?;
        // The last one of a list is not always filled up.
        let fill = length.next_multiple_of(4) - length;
        self.0 = self.0.get(fill..).unwrap_or_default();
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let mut out = vec![level];
        out.extend(id.to_le_bytes());
        out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        out.extend(data);
        let sum = data.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        out.extend(sum.to_le_bytes());
        out
    }

    fn list(properties: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
        let mut out = u32::try_from(properties.len()).unwrap().to_le_bytes().to_vec();
        for (id, kind, value) in properties {
            out.extend(kind.to_le_bytes());
            out.extend(id.to_le_bytes());
            if *id >= 0x8000 {
                out.extend([7; 16]);
                out.extend(1u32.to_le_bytes());
                out.extend(6u32.to_le_bytes());
                out.extend(b"a\0b\0c\0\0\0");
            }
            if matches!(*kind, STRING_8 | UNICODE | OBJECT | BINARY) {
                out.extend(1u32.to_le_bytes());
                out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
                out.extend(value);
                out.resize(out.len().next_multiple_of(4), 0);
            } else {
                out.extend(value);
            }
        }
        out
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn container(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut out = SIGNATURE.to_le_bytes().to_vec();
        out.extend([1, 0]);
        parts.iter().for_each(|part| out.extend(part));
        out
    }

    /// A text in HTML and two files.
    pub(in crate::read) fn sample() -> Vec<u8> {
        let message = list(&[
            (0x8001, 0x03, 5u32.to_le_bytes().to_vec()),
            (CODE_PAGE, 0x03, 936u32.to_le_bytes().to_vec()),
            (HTML, BINARY, b"<p>\xc4\xe3\xba\xc3\xa3\xac\xb6\xa9\xb5\xa5\xbb\xb9\xc3\xbb\xb5\xbd</p>".to_vec()),
        ]);
        let photo = list(&[
            (FILE_LONG_NAME, UNICODE, utf16("C:\\fotos\\照片 1.png")),
            (FILE_MEDIA_TYPE, STRING_8, b"image/PNG\0".to_vec()),
            (FILE_CONTENT_ID, UNICODE, utf16("photo@x")),
        ]);
        container(&[
            attribute(1, OEM_CODE_PAGE, &[0xE4, 4, 0, 0, 0, 0, 0, 0]),
            attribute(1, MESSAGE_PROPERTIES, &message),
            attribute(2, NEW_FILE, &[0; 14]),
            attribute(2, FILE_TITLE, b"FOTO~1.PNG\0"),
            attribute(2, FILE_DATA, b"\x89PNG"),
            attribute(2, FILE_PROPERTIES, &photo),
            attribute(2, NEW_FILE, &[0; 14]),
            attribute(2, FILE_TITLE, b"R\xfcckgabe.pdf\0"),
            attribute(2, FILE_DATA, b"%PDF"),
        ])
    }

    #[test]
    fn text_and_files_come_out() {
        let read = read(&sample()).unwrap();
        assert_eq!(read.html.as_deref(), Some("<p>你好，订单还没到</p>"));
        let files: Vec<_> = read.files.iter().map(|f| (f.name.as_deref().unwrap(), f.bytes.as_slice())).collect();
        assert_eq!(files, [("照片 1.png", b"\x89PNG".as_slice()), ("Rückgabe.pdf", b"%PDF")]);
        assert_eq!(read.files[0].media_type.as_deref(), Some("image/png"));
        assert_eq!(read.files[0].content_id.as_deref(), Some("photo@x"));
    }

    #[test]
    fn a_container_that_is_cut_gives_what_stands_before() {
        let whole = sample();
        assert!(read(b"").is_none() && read(b"%PDF-1.4 and more").is_none());
        for length in 6..whole.len() {
            let read = read(&whole[..length]).unwrap();
            assert!(read.files.len() <= 2);
        }
        assert_eq!(read(&whole[..whole.len() - 3]).unwrap().files[0].bytes, b"\x89PNG");
    }

    #[test]
    fn the_plain_body_is_in_the_machines_code_page() {
        let body = container(&[
            attribute(1, OEM_CODE_PAGE, &932u32.to_le_bytes()),
            attribute(1, BODY, b"\x82\xa8\x96\xe2\x82\xa2\x8d\x87\x82\xed\x82\xb9\0"),
        ]);
        assert_eq!(read(&body).unwrap().text.as_deref(), Some("お問い合わせ"));
    }
}
