//! What lies in a package, in an archive that is right.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_package::fuzz::contents(bytes));
