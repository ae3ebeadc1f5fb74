//! Signatures.

use crate::support::{full, small};
use posthouse_package::Package;
use posthouse_package::signing::{COMMENT_CHARACTERS, SignatureProblem, TrustedKey, generate_key, sign};

#[test]
fn a_signed_package_is_known_by_its_key_and_stays_the_same_package() {
    let key = generate_key(None).unwrap();
    let trusted = TrustedKey::parse(&key.public).unwrap();
    assert_eq!((trusted.id(), TrustedKey::parse(&trusted.line()).unwrap()), (&*key.id, trusted.clone()));
    let signed = sign(&full(), &key.secret, None, "release 1.2.0").unwrap();
    assert_eq!(signed.digest(), full().digest());
    assert_ne!(signed, full());
    let read = Package::read(&signed.write().unwrap()).unwrap();
    assert_eq!(read.signatures().map(|(id, _)| id).collect::<Vec<_>>(), [&key.id]);
    let keys = [TrustedKey::parse(&generate_key(None).unwrap().public).unwrap(), trusted];
    assert_eq!(read.verify(&keys).unwrap(), &keys[1]);
    assert_eq!(read.trusted_comment(&keys[1]).unwrap(), "release 1.2.0");
    assert_eq!(read.trusted_comment(&keys[0]), None);
    // Signing again replaces the signature; another key adds one.
    let again = sign(&read, &key.secret, None, "").unwrap();
    assert_eq!(again.signatures().count(), 1);
    let other = generate_key(None).unwrap();
    let both = sign(&again, &other.secret, None, "").unwrap();
    assert_eq!(both.signatures().count(), 2);
    both.verify(&keys).unwrap();
    both.verify(&[TrustedKey::parse(&other.public).unwrap()]).unwrap();
    assert!(!format!("{key:?}").contains(key.secret.lines().nth(1).unwrap()));
}

#[test]
fn another_program_finds_a_signature_good_over_the_listing() {
    let key = generate_key(None).unwrap();
    let signed = sign(&full(), &key.secret, None, "release").unwrap();
    let public = minisign_verify::PublicKey::decode(&key.public).unwrap();
    let signature = minisign_verify::Signature::decode(signed.signatures().next().unwrap().1).unwrap();
    assert_eq!(signature.trusted_comment(), "release");
    public.verify(signed.listing().as_bytes(), &signature, false).unwrap();
    assert!(public.verify(small().build().unwrap().listing().as_bytes(), &signature, false).is_err());
}

#[test]
fn a_key_may_have_a_password() {
    let key = generate_key(Some("horse")).unwrap();
    let signed = sign(&full(), &key.secret, Some("horse"), "").unwrap();
    signed.verify(&[TrustedKey::parse(&key.public).unwrap()]).unwrap();
    let words = |password| sign(&full(), &key.secret, password, "").unwrap_err().to_string();
    assert!(words(Some("mule")).contains("the password is wrong"));
    assert!(words(None).contains("give its password"));
    let open = generate_key(None).unwrap();
    assert!(sign(&full(), &open.secret, Some("horse"), "").unwrap_err().to_string().contains("no password"));
    assert!(generate_key(Some("")).is_err());
}

#[test]
fn each_reason_not_to_trust_a_package_has_its_own_words() {
    let (ours, theirs) = (generate_key(None).unwrap(), generate_key(None).unwrap());
    let trusted = [TrustedKey::parse(&ours.public).unwrap()];
    assert_eq!(full().verify(&trusted), Err(SignatureProblem::Unsigned));

    let signed = sign(&full(), &theirs.secret, None, "").unwrap();
    let problem = signed.verify(&trusted).unwrap_err();
    assert_eq!(problem, SignatureProblem::NotTrusted { key_ids: vec![theirs.id.clone()] });
    let words = problem.to_string();
    assert!(words.contains(&format!("key {}", theirs.id)) && words.contains("trusted_keys = ["), "{words}");
    assert_eq!(signed.verify(&[]).unwrap_err(), problem);

    // The signature of one package in another.
    let signed = sign(&full(), &ours.secret, None, "").unwrap();
    let (_, signature) = signed.signatures().next().unwrap();
    let name = format!("signatures/{}.minisig", ours.id);
    let moved = small().file(&name, signature.as_bytes()).build().unwrap();
    let mismatch = SignatureProblem::Mismatch { key_id: ours.id.clone() };
    assert_eq!(moved.verify(&trusted), Err(mismatch.clone()));
    // A good signature by somebody else does not make up for it, whatever the order.
    let both = sign(&moved, &theirs.secret, None, "").unwrap();
    let all = [trusted[0].clone(), TrustedKey::parse(&theirs.public).unwrap()];
    assert_eq!(both.verify(&all), Err(mismatch));
}

#[test]
fn a_changed_comment_is_noticed() {
    let key = generate_key(None).unwrap();
    let trusted = [TrustedKey::parse(&key.public).unwrap()];
    let signed = sign(&small().build().unwrap(), &key.secret, None, "approved for tests").unwrap();
    let (_, signature) = signed.signatures().next().unwrap();
    let name = format!("signatures/{}.minisig", key.id);
    let changed = signature.replace("for tests", "for all");
    let changed = small().file(&name, changed.into_bytes()).build().unwrap();
    assert_eq!(changed.verify(&trusted), Err(SignatureProblem::Mismatch { key_id: key.id }));
    assert_eq!(changed.trusted_comment(&trusted[0]), None);
}

#[test]
fn a_signature_with_any_bit_flipped_is_no_good() {
    let key = generate_key(None).unwrap();
    let trusted = [TrustedKey::parse(&key.public).unwrap()];
    let signed = sign(&small().build().unwrap(), &key.secret, None, "c").unwrap();
    let name = format!("signatures/{}.minisig", key.id);
    let text = signed.signatures().next().unwrap().1.as_bytes().to_vec();
    let first_line = text.iter().position(|byte| *byte == b'\n').unwrap();
    for at in 0..text.len() {
        for bit in [0, 1, 3, 6, 7] {
            let mut damaged = text.clone();
            damaged[at] ^= 1 << bit;
            let read = small().file(&name, damaged).build();
            // The first line is a comment that nobody signs; line ends may be written in two ways.
            let good = read.is_ok_and(|package| package.verify(&trusted).is_ok());
            assert!(!good || at <= first_line || text[at] == b'\n', "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_signature_is_named_after_its_key() {
    let key = generate_key(None).unwrap();
    let signed = sign(&full(), &key.secret, None, "").unwrap();
    let text = signed.signatures().next().unwrap().1.as_bytes().to_vec();
    let error = small().file("signatures/0000000000000000.minisig", text).build().unwrap_err().to_string();
    assert!(error.contains(&format!("by key {}", key.id)), "{error}");
    let lines = "untrusted comment: a\nb\ntrusted comment: c\nd\n";
    for wrong in ["", "a", lines, &"\n".repeat(4)] {
        assert!(small().file("signatures/0000000000000000.minisig", wrong.as_bytes()).build().is_err(), "{wrong:?}");
    }
}

#[test]
fn keys_and_comments_that_are_none_are_refused() {
    let key = generate_key(None).unwrap();
    let line = TrustedKey::parse(&key.public).unwrap().line();
    TrustedKey::parse(&format!("  {line}\n")).unwrap();
    for wrong in [
        "",
        "RW",
        &line[1..],
        &key.secret,
        &format!("{line}{line}"),
        &format!("{line}\n{line}"),
        &line.replace("RW", "AA"),
    ] {
        assert!(TrustedKey::parse(wrong).is_err(), "{wrong:?}");
    }
    for wrong in ["", "a\nb", &key.public] {
        assert!(sign(&full(), wrong, None, "").is_err());
    }
    for comment in ["a\nb", " a", "a ", "\t", &"x".repeat(COMMENT_CHARACTERS + 1)] {
        assert!(sign(&full(), &key.secret, None, comment).is_err(), "{comment:?}");
    }
    sign(&full(), &key.secret, None, &"x".repeat(COMMENT_CHARACTERS)).unwrap();
}
