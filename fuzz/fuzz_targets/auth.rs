//! libFuzzer entry of [`mars_fuzz::auth`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::auth(octets));
