//! Numbers that prove themselves: cards and bank accounts.

/// Whether these digits are a card's: 13 to 19 of them, begun as cards begin, with the right last one (ISO/IEC 7812-1, Luhn).
pub(super) fn is_card(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(digits[0], b'2'..=b'6')
        && digits.iter().any(|digit| *digit != digits[0])
        && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            match at % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether these letters and digits are an account's (ISO 13616): two letters, two digits, and modulo 97 leaves one.
pub(super) fn is_iban(number: &[u8]) -> bool {
    (15..=34).contains(&number.len())
        && number[..2].iter().all(u8::is_ascii_alphabetic)
        && number[2..4].iter().all(u8::is_ascii_digit)
        && number[4..].iter().filter(|byte| byte.is_ascii_digit()).count() >= 8
        && rest_97(number) == Some(1)
}

fn rest_97(number: &[u8]) -> Option<u32> {
    number[4..].iter().chain(&number[..4]).try_fold(0, |rest, byte| {
        let value = char::from(*byte).to_digit(36)?;
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_the_standards_own_papers_prove_themselves() {
        for card in ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "2223003122003222"]
        {
            assert!(is_card(card.as_bytes()), "{card}");
            let mut wrong = card.as_bytes().to_vec();
            let last = wrong.len() - 1;
            wrong[last] = if wrong[last] == b'9' { b'0' } else { wrong[last] + 1 };
            assert!(!is_card(&wrong), "{card}");
        }
        for iban in
            ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"]
        {
            assert!(is_iban(iban.as_bytes()), "{iban}");
        }
        for other in ["DE88370400440532013000", "4222222222222222", "DE8937", "ABCDEFGHIJKLMNOP"] {
            assert!(!is_iban(other.as_bytes()) && !is_card(other.as_bytes()), "{other}");
        }
    }
}
