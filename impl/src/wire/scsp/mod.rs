//! SCSP packets (RFC 2334, appendix B), with the four-octet ids and keys of RFC 2443, 4.
//!
//! ```text
//! fixed part (8) | message's own fields | mandatory common part | records | extensions
//! ```
//!
//! A packet is refused as a whole when its framing is wrong (register C25): lengths past its end,
//! record overrun, ids or keys that are not four octets, octets left over. What a CSA carries is
//! opaque here; [`crate::wire::csa`] reads it, and a fault in it is a fault of that record only (C24).

mod auth;
mod extensions;
mod packet;
mod records;

pub use auth::{AuthKey, SEAL_LENGTH, hmac_md5, verify_authentication};
pub use extensions::{Authentication, Extension, ExtensionIter, Extensions};
pub use packet::{Body, EncodeBody, Header, Packet, Reserved, decode, encode};
pub use records::{
    CacheKey, Csa, CsaIter, CsaList, Csas, CsasIter, CsasList, Cursor, IdIter, IdList, Record,
    RecordIter, RecordList, SequenceNumber,
};

/// Octets of a CSAS record with four-octet key and originator id (RFC 2334, B.2.0.2; RFC 2443, 4.2).
pub const CSAS_LENGTH: usize = 20;

/// Octets of a packet before its first record: fixed part, `type_code`'s own fields and common part,
/// with both ids present. For a caller that fills packets up to an MTU.
#[must_use]
pub const fn overhead(type_code: super::codepoints::ScspType) -> usize {
    use super::codepoints::ScspType;
    match type_code {
        ScspType::Ca => 32,
        ScspType::CsuRequest | ScspType::CsuReply | ScspType::Csus => 28,
        ScspType::Hello => 36,
    }
}
