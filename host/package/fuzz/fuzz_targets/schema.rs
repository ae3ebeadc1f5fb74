//! A schema of settings.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_package::fuzz::schema(bytes));
