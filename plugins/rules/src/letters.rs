//! What each letter of the scripts that shops meet becomes when it is folded.

/// What a character outside ASCII is to a word.
pub(crate) enum Letter {
    /// Continues a word; one or two ASCII letters.
    Ascii(u8, u8, bool),
    /// Continues a word; itself, in lower case.
    Other(char, bool),
    /// A full-width digit.
    Digit(u8),
    /// Is a word of its own.
    Single,
    /// Vanishes inside a word: combining marks, joiners.
    Nothing,
    /// A typographic apostrophe.
    Apostrophe,
    /// Ends a sentence.
    Stop,
    /// Everything else.
    Separator,
}

pub(crate) fn letter(character: char) -> Letter {
    let code = character as u32;
    match code {
        0x00C0..=0x024F => latin(character),
        0x0300..=0x036F | 0x200B..=0x200D | 0x2060 | 0xFE0E | 0xFE0F | 0x00AD => Letter::Nothing,
        // Greek and Cyrillic.
        0x0370..=0x052F => {
            let lower = match code {
                0x0410..=0x042F => char::from_u32(code + 0x20).unwrap_or(character),
                0x0430..=0x044F => character,
                _ => character.to_lowercase().next().unwrap_or(character),
            };
            let capital = lower != character;
            // ё is often written е.
            Letter::Other(if lower == 'ё' { 'е' } else { lower }, capital)
        }
        0x0590..=0x06FF => match code {
            0x060C | 0x061B => Letter::Separator,
            0x061F => Letter::Stop,
            0x0640 | 0x064B..=0x0652 | 0x0591..=0x05C7 => Letter::Nothing,
            // Forms of alef, teh marbuta and alef maksura are mixed freely.
            0x0622 | 0x0623 | 0x0625 => Letter::Other('ا', false),
            0x0629 => Letter::Other('ه', false),
            0x0649 => Letter::Other('ي', false),
            0x0660..=0x0669 => Letter::Digit(b'0' + (code - 0x0660) as u8),
            0x06F0..=0x06F9 => Letter::Digit(b'0' + (code - 0x06F0) as u8),
            _ => Letter::Other(character, false),
        },
        0x2018 | 0x2019 | 0x02BC => Letter::Apostrophe,
        0x2026 | 0x3002 | 0xFF01 | 0xFF1F | 0xFF0E | 0xFF61 => Letter::Stop,
        0x2600..=0x27BF | 0x2B50 | 0x1_F300..=0x1_FAFF => Letter::Single,
        0x3005..=0x3007 | 0x3040..=0x30FA | 0x30FC..=0x30FE | 0x3131..=0x318E | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 => {
            Letter::Single
        }
        0x0E50..=0x0E59 => Letter::Digit(b'0' + (code - 0x0E50) as u8),
        0x0900..=0x0E7F | 0x1000..=0x109F | 0x1780..=0x17FF => Letter::Single,
        0xFF10..=0xFF19 => Letter::Digit(b'0' + (code - 0xFF10) as u8),
        0xFF21..=0xFF3A => Letter::Ascii((code - 0xFF21) as u8 + b'a', 0, true),
        0xFF41..=0xFF5A => Letter::Ascii((code - 0xFF41) as u8 + b'a', 0, false),
        0x1E00..=0x1EFF => vietnamese(character),
        _ if code >= 0x2_0000 && character.is_alphabetic() => Letter::Single,
        _ => Letter::Separator,
    }
}

/// Latin letters with marks, without them.
fn latin(character: char) -> Letter {
    // `?`: not a letter of the Latin script as shops meet it.
    const BASE: &[u8; 0x190] = b"aaaaaaaceeeeiiiidnooooo?ouuuuyts\
aaaaaaaceeeeiiiidnooooo?ouuuuyty\
aaaaaaccccccccddddeeeeeeeeeegggg\
gggghhhhiiiiiiiiiiiijjkkklllllll\
lllnnnnnnnnnoooooooorrrrrrssssss\
ssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
???????????????e??f?????????????\
oo?????????????uu???????????????\
?????????????aaiioouuuuuuuuuu?aa\
aa????ggkkoooo??j???gg??nnaa????\
aaaaeeeeiiiioooorrrruuuusstt??hh\
??????aaeeooooooooyy????????????\
????????????????";
    let index = character as usize - 0xC0;
    let base = BASE.get(index).copied().unwrap_or(0);
    if !base.is_ascii_lowercase() {
        return Letter::Separator;
    }
    let capital = character.is_uppercase();
    let second = match character {
        'Æ' | 'æ' | 'Œ' | 'œ' => b'e',
        'ß' => b's',
        _ => 0,
    };
    let first = if matches!(character, 'Œ' | 'œ') { b'o' } else { base };
    Letter::Ascii(first, second, capital)
}

/// Latin Extended Additional: the letter before the marks.
fn vietnamese(character: char) -> Letter {
    let base = match character as u32 {
        0x1EA0..=0x1EB7 => b'a',
        0x1EB8..=0x1EC7 => b'e',
        0x1EC8..=0x1ECB => b'i',
        0x1ECC..=0x1EE3 => b'o',
        0x1EE4..=0x1EF1 => b'u',
        0x1EF2..=0x1EF9 => b'y',
        0x1E9E => b's',
        _ => return Letter::Other(character.to_lowercase().next().unwrap_or(character), character.is_uppercase()),
    };
    Letter::Ascii(base, if character as u32 == 0x1E9E { b's' } else { 0 }, character.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latin_table_is_aligned() {
        for (from, to) in [
            ('À', 'a'),
            ('ÿ', 'y'),
            ('ł', 'l'),
            ('Ş', 's'),
            ('ž', 'z'),
            ('ğ', 'g'),
            ('ń', 'n'),
            ('ő', 'o'),
            ('ț', 't'),
            ('ı', 'i'),
            ('č', 'c'),
        ] {
            match latin(from) {
                Letter::Ascii(first, _, _) => assert_eq!(first as char, to, "{from}"),
                _ => panic!("{from} is not a letter"),
            }
        }
    }
}
