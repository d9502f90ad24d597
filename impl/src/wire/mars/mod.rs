//! MARS control messages (RFC 2022).
//!
//! ```text
//! fixed header (20) | message's own fields (12) | addresses | padding to 32 bits, TLVs
//! ```
//!
//! One type serves both ways: [`decode`] makes a [`Message`] whose lists look into the input, and
//! [`Message::new`] one whose lists are slices. A message that was decoded is encoded octet for octet.

pub(crate) mod address;
mod lists;
mod message;
mod patch;
mod tlv;

pub use lists::{AddressIter, AddressList, EndpointIter, EndpointList, PairIter, PairList};
pub use message::{
    Answer, Body, GroupList, Membership, MembershipFlags, Message, Query, RedirectMap, Reserved,
    decode,
};
pub use patch::{nak_copy, patched_copy, retyped_copy};
pub use tlv::{Tlv, TlvAction, TlvIter, Tlvs};
