//! A text that may quote.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_mail::fuzz::quoting(bytes));
