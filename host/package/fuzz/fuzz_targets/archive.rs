//! A package file, byte for byte.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_package::fuzz::package(bytes));
