//! libFuzzer entry of [`mars_fuzz::roundtrip`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::roundtrip(octets));
