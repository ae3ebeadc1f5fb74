//! Codes of a second factor: time-based ones (RFC 6238 over RFC 4226, with what every app takes: SHA-1, six digits, thirty
//! seconds) and recovery codes.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use maud::{Markup, html};
use posthouse_model::{AgentId, Entropy, TenantId, Timestamp};
use posthouse_store::RECOVERY_CODES;
use qrcode::{Color, EcLevel, QrCode};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes of a seed: what RFC 4226, 4 recommends.
const SEED_BYTES: usize = 20;
/// Seconds that a code holds.
const STEP_SECONDS: i64 = 30;
/// Codes of the step before and of the one after are taken, too (RFC 6238, 5.2): clocks differ, and people type slowly.
const STEPS_AROUND: i64 = 1;
/// Digits of a code.
pub(crate) const DIGITS: usize = 6;

/// Under which name an agent's seed is sealed.
pub(crate) fn sealed_as(agent: AgentId) -> String {
    format!("second-factor:{agent}")
}

/// A new seed.
pub(crate) fn seed(entropy: &dyn Entropy) -> [u8; SEED_BYTES] {
    let mut seed = [0; SEED_BYTES];
    entropy.fill(&mut seed);
    seed
}

/// RFC 4226, 5.3; none only for a key that HMAC does not take, and it takes any.
fn code(seed: &[u8], step: i64) -> Option<u32> {
    let mut mac = <Hmac<Sha1>>::new_from_slice(seed).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash.last()? & 0x0f);
    let four: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// The time step around now whose code this is.
pub(crate) fn fitting_step(seed: &[u8], given: &str, now: Timestamp) -> Option<i64> {
    let here = now.0.div_euclid(1_000_000).div_euclid(STEP_SECONDS);
    (here - STEPS_AROUND..=here + STEPS_AROUND).filter(|step| *step >= 0).fold(None, |found, step| {
        let fits = code(seed, step).is_some_and(|code| format!("{code:06}").as_bytes().ct_eq(given.as_bytes()).into());
        if fits { Some(step) } else { found }
    })
}

/// A code as typed: digits with or without spaces between them; none when it cannot be one.
pub(crate) fn typed_code(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// A seed as people type it: base 32 in groups of four.
pub(crate) fn spelled(seed: &[u8]) -> String {
    let text = BASE32_NOPAD.encode(seed);
    let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    groups.join(" ")
}

/// What an app reads from the picture, or opens when it is on the same phone: the address that all of them know
/// (github.com/google/google-authenticator, Key URI Format).
pub(crate) fn address(team: &str, email: &str, seed: &[u8]) -> String {
    let part =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let issuer = part(&format!("Posthouse {}", team.replace(':', " ")));
    format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}", part(email), BASE32_NOPAD.encode(seed))
}

/// A QR code of a text, as a picture of one path; nothing when the text is too long for one (2,331 bytes).
pub(crate) fn picture(text: &str, name: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return html! {} };
    let (width, quiet) = (code.width(), 4);
    let mut path = String::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", at % width + quiet, at / width + quiet));
        }
    }
    let side = width + 2 * quiet;
    html! {
        svg.qr viewBox=(format!("0 0 {side} {side}")) role="img" aria-label=(name) shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

/// New recovery codes: 80 bits each, in letters and digits without those that are mistaken for others.
pub(crate) fn recovery_codes(entropy: &dyn Entropy) -> Vec<String> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let one = || {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let letters: Vec<char> = bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    };
    (0..RECOVERY_CODES).map(|_| one()).collect()
}

/// How a recovery code is stored. Bound to its owner; spaces, dashes and case are as one likes.
pub(crate) fn recovery_hash(tenant: TenantId, agent: AgentId, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    hex::encode(Sha256::digest(format!("posthouse recovery code\n{tenant}\n{agent}\n{plain}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(fitting_step(SEED, expected, now), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_holds_for_its_step_and_the_two_beside_it() {
        let at = Timestamp::from_seconds;
        assert_eq!(fitting_step(SEED, "287082", at(0)), Some(1), "a clock that is behind");
        assert_eq!(fitting_step(SEED, "287082", at(89)), Some(1), "a person that is slow");
        assert_eq!(fitting_step(SEED, "287082", at(90)), None);
        assert_eq!(fitting_step(SEED, "287083", at(59)), None);
        assert_eq!(fitting_step(SEED, "", at(59)), None);
    }

    #[test]
    fn what_is_typed_is_read_kindly() {
        assert_eq!(typed_code(" 287 082 ").as_deref(), Some("287082"));
        for wrong in ["28708", "2870822", "28708a", "", "２８７０８２"] {
            assert_eq!(typed_code(wrong), None, "{wrong}");
        }
        let hash = |code| recovery_hash(TenantId(1), AgentId(2), code);
        assert_eq!(hash("ABCD efgh-0123 4567"), hash("abcd-efgh-0123-4567"));
        assert_ne!(hash("abcd-efgh-0123-4567"), hash("abcd-efgh-0123-4568"));
        assert_ne!(hash("a"), recovery_hash(TenantId(1), AgentId(3), "a"));
    }

    #[test]
    fn an_app_reads_the_address() {
        let address = address("Luma: 灯", "li+a@luma.example", SEED);
        assert!(
            address.starts_with("otpauth://totp/Posthouse%20Luma%20%20%E7%81%AF:li%2Ba%40luma.example?secret="),
            "{address}"
        );
        assert!(address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"), "{address}");
        assert_eq!(spelled(SEED), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let picture = picture(&address, "a picture").into_string();
        assert!(
            picture.contains("<path d=\"M4 4h1v1h-1z") && picture.contains("aria-label=\"a picture\""),
            "{picture}"
        );
        assert_eq!(super::picture(&"x".repeat(3_000), "").into_string(), "");
    }
}
