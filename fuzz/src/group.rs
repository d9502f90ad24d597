//! stub
/// stub
pub fn group(_octets: &[u8]) {}
