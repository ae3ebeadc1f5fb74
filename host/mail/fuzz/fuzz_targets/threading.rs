//! A subject, an address, a text that may name a ticket.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| posthouse_mail::fuzz::threading(bytes));
