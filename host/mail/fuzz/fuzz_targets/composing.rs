//! What goes into a reply.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_mail::fuzz::composing(bytes));
