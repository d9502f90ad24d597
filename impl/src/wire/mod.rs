//! Octets to messages and back, without state.
//!
//! * Decoding borrows from its input, reads every octet once and in order, and allocates nothing.
//! * No input makes a decoder panic: malformed input is a [`WireError`] that names code, field,
//!   offset and value.
//! * What a sender should have left zero is kept (`reserved` members), so that writing a decoded
//!   message gives the very octets that were read.
//! * Encoders append to a `Vec<u8>` and know nothing of MTUs: the caller keeps a message under
//!   65536 octets (RFC 2684, the largest AAL5 SDU).
//!
//! | module | source |
//! | --- | --- |
//! | [`llc_snap`] | RFC 2684; RFC 2022, 4.2 and 5.5; RFC 2334, B |
//! | [`scsp`] | RFC 2334, appendix B |
//! | [`csa`] | RFC 2443, 3 |
//! | [`mars`] | RFC 2022, 4.3 to 6.2 and 10 |
//! | [`data`] | RFC 2022, 5.5 |

pub mod checksum;
pub mod codepoints;
pub mod csa;
pub mod data;
pub mod error;
pub mod llc_snap;
pub mod mars;
mod reader;
pub mod scsp;
#[cfg(any(test, feature = "strategies"))]
pub mod strategies;

pub use error::{ErrorCode, WireError};

#[cfg(test)]
mod tests;
