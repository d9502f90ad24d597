//! libFuzzer entry of [`mars_fuzz::group::group`].
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mars_fuzz::group::group(octets));
