//! libFuzzer entry of [`mars_fuzz::structured`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::structured(octets));
