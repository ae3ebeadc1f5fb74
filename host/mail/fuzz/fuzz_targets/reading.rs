//! A mail, byte for byte.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_mail::fuzz::read(bytes));
