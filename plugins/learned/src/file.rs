//! A model as bytes.
//!
//! All numbers are little-endian. The head says how long everything is; a sum over all that follows it says that nothing was
//! changed. A file that is shorter, longer, newer or otherwise not what it says is refused in words.

use crate::model::{About, MOODS, Model, width};
use std::borrow::Cow;

/// What a model's bytes begin with.
pub const MAGIC: [u8; 8] = *b"PHmodel\0";
/// The one version there is.
pub const VERSION: u16 = 2;
/// Bytes of the longest model: a component's memory has to hold it.
pub const BYTES_MAX: usize = 4 << 20;
/// Most categories a model can tell apart.
pub const CATEGORIES_MAX: usize = 64;
/// Bytes of the place that the classifier's component has for a model.
pub const PLACE_BYTES: usize = (2 << 20) + (64 << 10);
/// Magic, version, length of the rest, length of the place with everything, sum over the rest.
const HEAD: usize = 8 + 2 + 4 + 4 + 8;
const NAME_BYTES_MAX: usize = 64;
/// What stands behind a model that does not fill its place.
const FILLER: u8 = 0xA5;

/// FNV-1a over eight bytes at a time.
fn sum(bytes: &[u8]) -> u64 {
    let mut sum = 0xCBF2_9CE4_8422_2325u64 ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    let mut add = |word: u64| sum = (sum ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(29);
    for chunk in &mut chunks {
        add(chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    add(chunks.remainder().iter().rev().fold(1, |word, byte| word << 8 | u64::from(*byte)));
    sum
}

/// Writes a model into a place of [`PLACE_BYTES`].
///
/// # Errors
/// It does not fit.
pub fn write(model: &Model) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(PLACE_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.resize(HEAD, 0);
    bytes.extend_from_slice(&[
        model.bits as u8,
        model.lanes as u8,
        model.categories.len() as u8,
        model.rules.len() as u8,
    ]);
    bytes.extend_from_slice(&model.scale.to_le_bytes());
    // 0 stands for none: what counts nothing says nothing.
    bytes.extend_from_slice(&model.moods.unwrap_or(0.0).to_le_bytes());
    bytes.extend_from_slice(&model.about.examples.to_le_bytes());
    bytes.extend_from_slice(&model.about.seed.to_le_bytes());
    bytes.extend_from_slice(&model.about.held_back_right.to_le_bytes());
    for name in model.categories.iter().chain(&model.rules) {
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
    }
    for worth in &model.dense {
        bytes.extend_from_slice(&worth.to_le_bytes());
    }
    bytes.extend_from_slice(&model.table);
    if bytes.len() > PLACE_BYTES {
        return Err(format!("the model has {} bytes; a component has room for {PLACE_BYTES}", bytes.len()));
    }
    let sum = sum(&bytes[HEAD..]);
    let length = (bytes.len() - HEAD) as u32;
    bytes[10..14].copy_from_slice(&length.to_le_bytes());
    bytes[14..18].copy_from_slice(&(PLACE_BYTES as u32).to_le_bytes());
    bytes[18..HEAD].copy_from_slice(&sum.to_le_bytes());
    bytes.resize(PLACE_BYTES, FILLER);
    Ok(bytes)
}

/// The place of the model in a component: where it begins and how long it is.
fn place(component: &[u8]) -> Option<std::ops::Range<usize>> {
    // The magic alone also stands where the classifier compares with it.
    let mut starts = component.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    starts.find_map(|(start, _)| {
        let head = component.get(start..start + HEAD)?;
        let of = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let (length, room) = (of(10), of(14));
        let sound = room > 1024 && room <= BYTES_MAX && length + HEAD <= room && start + room <= component.len();
        sound.then_some(start..start + room)
    })
}

/// Reads a model that stands at the beginning of `bytes`, which may be longer. Its table is not copied where `bytes` live on.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn read(bytes: &'static [u8]) -> Result<Model, String> {
    let (mut model, table) = read_head(bytes)?;
    model.table = Cow::Borrowed(table);
    Ok(model)
}

/// The same for bytes that go away.
///
/// # Errors
/// See [`read`].
pub fn read_copied(bytes: &[u8]) -> Result<Model, String> {
    let (mut model, table) = read_head(bytes)?;
    model.table = Cow::Owned(table.to_vec());
    Ok(model)
}

fn read_head(bytes: &[u8]) -> Result<(Model, &[u8]), String> {
    if bytes.get(..8) != Some(&MAGIC) {
        return Err(
            "the trained model: these are not the bytes of a model; write it again with `posthouse train`".to_owned()
        );
    }
    let cut = || "the trained model: its bytes end too early; copy or write it again".to_owned();
    let mut reader = Reader(&bytes[8..]);
    let version = u16::from_le_bytes(reader.array().ok_or_else(cut)?);
    if version != VERSION {
        return Err(format!(
            "the trained model has format {version}, and this classifier reads format {VERSION}: train it again with \
             `posthouse train` of this version"
        ));
    }
    let length = u32::from_le_bytes(reader.array().ok_or_else(cut)?) as usize;
    if length > BYTES_MAX {
        return Err(format!("the trained model says it has {length} bytes; at most {BYTES_MAX} are taken"));
    }
    let _room: [u8; 4] = reader.array().ok_or_else(cut)?;
    let told = u64::from_le_bytes(reader.array().ok_or_else(cut)?);
    let body = reader.take(length).ok_or_else(cut)?;
    if sum(body) != told {
        return Err(
            "the trained model was changed or damaged: its sum is not what it says; copy or write it again".to_owned()
        );
    }
    let wrong = |what: &str| format!("the trained model: {what}; write it again with `posthouse train`");
    let mut reader = Reader(body);
    let [bits, lanes, categories, rules] = reader.array().ok_or_else(cut)?;
    if !(4..=20).contains(&bits) {
        return Err(wrong("its table has an impossible size"));
    }
    let (lanes, categories) = (usize::from(lanes), usize::from(categories));
    if ![8, 16, 32, 64].contains(&lanes) || categories > lanes || !(2..=CATEGORIES_MAX).contains(&categories) {
        return Err(wrong("its number of categories does not fit its table"));
    }
    let scale = reader.number().ok_or_else(cut)?;
    let moods = reader.number().ok_or_else(cut)?;
    if !(0.0..=100.0).contains(&moods) || (moods > 0.0 && categories + MOODS > lanes) {
        return Err(wrong("its moods do not fit its table"));
    }
    let moods = (moods > 0.0).then_some(moods);
    let about = About {
        examples: u32::from_le_bytes(reader.array().ok_or_else(cut)?),
        seed: u64::from_le_bytes(reader.array().ok_or_else(cut)?),
        held_back_right: reader.number().ok_or_else(cut)?,
    };
    let names = |count: usize, reader: &mut Reader<'_>| -> Result<Vec<String>, String> {
        let mut names: Vec<String> = Vec::with_capacity(count);
        for _ in 0..count {
            let [length] = reader.array().ok_or_else(cut)?;
            let name = reader.take(usize::from(length)).ok_or_else(cut)?;
            let name = std::str::from_utf8(name).map_err(|_| wrong("a category's name is not text"))?;
            if name.is_empty() || name.len() > NAME_BYTES_MAX || names.iter().any(|known| known == name) {
                return Err(wrong("a category's name is empty, too long or there twice"));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    };
    let categories = names(categories, &mut reader)?;
    let rules = names(usize::from(rules), &mut reader)?;
    let mut dense = Vec::new();
    for _ in 0..(categories.len() + moods.map_or(0, |_| MOODS)) * width(rules.len()) {
        dense.push(reader.number().ok_or_else(cut)?);
    }
    if !scale.is_finite() || scale <= 0.0 || dense.iter().any(|worth| !worth.is_finite()) {
        return Err(wrong("a weight is not a number"));
    }
    let bits = u32::from(bits);
    let table = reader.take(lanes << bits).ok_or_else(cut)?;
    if !reader.0.is_empty() {
        return Err(wrong("it is longer than it says"));
    }
    Ok((Model { categories, moods, rules, bits, lanes, scale, dense, table: Cow::Borrowed(&[]), about }, table))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn number(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes)
    }
}

/// Puts a model into a component in place of the one it carries. Everything else of the component stays as it is, byte for byte.
///
/// # Errors
/// The component carries no model, or has a place of another size for it.
pub fn put_into(component: &[u8], model: &[u8]) -> Result<Vec<u8>, String> {
    let place = place(component).ok_or(NONE)?;
    if model.len() != place.len() {
        return Err(format!(
            "the component's place for a model has {} bytes, this version's models {}: take the classifier of this version",
            place.len(),
            model.len()
        ));
    }
    let mut changed = component.to_vec();
    changed[place].copy_from_slice(model);
    Ok(changed)
}

/// Whether a component has a place for a model.
#[must_use]
pub fn carries_one(component: &[u8]) -> bool {
    place(component).is_some()
}

/// The model that a component carries.
///
/// # Errors
/// It carries none, or a damaged one.
pub fn of_component(component: &[u8]) -> Result<Model, String> {
    read_copied(&component[place(component).ok_or(NONE)?])
}

const NONE: &str = "the component carries no trained model: it is not the bundled classifier, or an older one";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dice::Dice;
    use crate::model::tests::any;

    #[test]
    fn what_was_written_is_read() {
        for (categories, lanes, bits) in [(2, 8, 4), (11, 16, 10), (64, 64, 12), (16, 16, 17)] {
            let model = any(categories, lanes, bits);
            let bytes = write(&model).unwrap();
            assert_eq!(bytes.len(), PLACE_BYTES);
            assert_eq!(read_copied(&bytes).unwrap(), model);
        }
        assert!(write(&any(17, 32, 17)).unwrap_err().contains("room for"));
    }

    #[test]
    fn a_bad_file_says_what_is_wrong() {
        let good = write(&any(11, 16, 8)).unwrap();
        let said = |bytes: &[u8]| read_copied(bytes).unwrap_err();
        assert!(said(b"").contains("not the bytes of a model"));
        assert!(said(b"PK\x03\x04 and more").contains("not the bytes of a model"));
        assert!(said(&good[..40]).contains("end too early"));
        assert!(said(&good[..4_000]).contains("end too early"));
        let mut newer = good.clone();
        newer[8] = 9;
        assert!(said(&newer).contains("format 9") && said(&newer).contains("posthouse train"));
        let mut large = good.clone();
        large[13] = 0x7F;
        assert!(said(&large).contains("at most"));
        for at in [18, 30, 60, 300, 4_000] {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert!(said(&changed).contains("changed or damaged"), "{at}");
        }
    }

    #[test]
    fn bytes_with_a_right_sum_are_still_looked_at() {
        // Each of the first bytes set to anything, the sum made right again: refused in words or read, never worse.
        let good = write(&any(3, 8, 4)).unwrap();
        let length = u32::from_le_bytes(good[10..14].try_into().unwrap()) as usize;
        let mut dice = Dice::new(1);
        let mut refused = 0;
        for round in 0..4_000 {
            let mut changed = good.clone();
            for _ in 0..1 + round % 3 {
                changed[HEAD + dice.below(60)] = dice.below(256) as u8;
            }
            let right = sum(&changed[HEAD..HEAD + length]);
            changed[18..HEAD].copy_from_slice(&right.to_le_bytes());
            match read_copied(&changed) {
                Ok(model) => assert_eq!(model.table.len(), model.lanes << model.bits),
                Err(what) => {
                    assert!(what.starts_with("the trained model"), "{what}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 1_000);
    }

    #[test]
    fn a_component_changes_its_model_and_nothing_else() {
        let (old, new) = (write(&any(11, 16, 8)).unwrap(), write(&any(9, 16, 9)).unwrap());
        let component = [b"\0asm PHmodel\0 code ".as_slice(), &old, b" more code"].concat();
        let changed = put_into(&component, &new).unwrap();
        assert_eq!(changed.len(), component.len());
        assert_eq!(of_component(&changed).unwrap(), any(9, 16, 9));
        assert_eq!(put_into(&changed, &old).unwrap(), component);
        assert!(put_into(b"\0asm PHmodel\0", &new).unwrap_err().contains("no trained model"));
        assert!(put_into(&component, &new[1..]).unwrap_err().contains("take the classifier of this version"));
    }
}
