//! A lock file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_package::fuzz::lock_file(bytes));
