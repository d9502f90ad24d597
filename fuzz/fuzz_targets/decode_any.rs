//! libFuzzer entry of [`mars_fuzz::decode_any`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::decode_any(octets));
