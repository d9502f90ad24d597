//! libFuzzer entry of [`mars_fuzz::lists`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::lists(octets));
