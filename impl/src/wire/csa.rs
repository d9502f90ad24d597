//! The MARS-specific part of a CSA (RFC 2443, section 3).
//!
//! ```text
//!  0 hardware type (2)   2 protocol type (2)    4 SNAP (5)        9 one octet without use
//! 10 version            11 state               12 flags (2)     14 CMI (2)
//! 16 src addr len s     17 group addr len g    18 ATM T/L (a)    19 ATM subaddress T/L (b)
//! 20 source protocol address (s), ATM address (a), ATM subaddress (b), minimum (g), maximum group (g)
//! ```
//!
//! A fault here concerns one record: it is acknowledged, remembered and not used (register C24).

use core::fmt;

use serde::{Deserialize, Serialize};

use super::codepoints::{HARDWARE_ATM, MARS_VERSION, PROTOCOL_LONG_FORM, closed_code};
use super::error::{ErrorCode, WireError};
use super::mars::address::{Shape, group_range, protocol_address};
use super::reader::{Put, Reader};
use crate::address::{AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress};

closed_code! {
    /// What a record says (RFC 2443, 3): R2443-3-08.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    CsaState {
        /// The heartbeat of a server: R2443-5.1-01.
        RedirectEntry = 1,
        /// An MCS registered or serves a group: R2443-5.2-03.
        McsJoin = 2,
        /// A client registered or joined a block: R2443-5.3-03.
        ClientJoin = 3,
        /// A client deregistered or left a block: R2443-5.4-04.
        ClientLeave = 4,
        /// An MCS deregistered or stopped serving a group: R2443-5.5-04.
        McsLeave = 5,
    }
}

/// The flags of a record. Bits are numbered from the right (R2022-1.4-02, register E10).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordFlags(pub u16);

impl fmt::Debug for RecordFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl RecordFlags {
    // R2443-3-10
    /// The client joined as a layer 3 group member, not as a router.
    pub const LAYER3GRP: u16 = 0x8000;
    /// The record is about a registration, not a group.
    pub const REGISTER: u16 = 0x2000;
    /// The client's own sequence number.
    pub const SEQUENCE: u16 = 0x00ff;
    /// Bits that are sent zero: R2443-3-11. Kept on receipt (register E26).
    pub const RESERVED: u16 = !(Self::LAYER3GRP | Self::REGISTER | Self::SEQUENCE);

    /// True when every bit of `bits` is set.
    #[must_use]
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// The layer3grp bit.
    #[must_use]
    pub const fn layer3grp(self) -> bool {
        self.has(Self::LAYER3GRP)
    }

    /// The register bit.
    #[must_use]
    pub const fn register(self) -> bool {
        self.has(Self::REGISTER)
    }

    /// The sequence bits.
    #[must_use]
    pub const fn sequence(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}

/// One record, owned. Relays pass octets on and never re-encode (register E26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarsRecord {
    /// Protocol Type and SNAP; the SNAP part is zero unless the long form is used.
    pub protocol: Protocol,
    /// What the record says.
    pub state: CsaState,
    /// layer3grp, register, sequence.
    pub flags: RecordFlags,
    /// Cluster Member ID: R2443-3-13.
    pub cmi: u16,
    /// Source protocol address; may be null (R2443-3-15).
    pub source: ProtocolAddress,
    /// ATM address of the client, MCS or server: R2443-3-20.
    pub endpoint: Endpoint,
    /// The block; `None` exactly in register records and Redirect Entries (R2443-3-17).
    pub range: Option<GroupRange>,
    /// Octet 9: sent zero, ignored, kept (R2443-3-05).
    pub unused: u8,
}

const IPV4: u16 = Protocol::IPV4.kind;
const IPV6: u16 = Protocol::IPV6.kind;

/// What a record's octets may hold that [`MarsRecord`] does not: ignored, kept for exact copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RecordReserved {
    /// SNAP octets beside a short-form protocol type.
    pub snap: [u8; 5],
    /// Bit 6 of a null subaddress' type/length octet (R2022-5.1.2-06).
    pub subaddress_form: bool,
}

/// Reads a record.
///
/// # Errors
///
/// Hardware type other than ATM, another version (R2443-3-07), state outside 1 to 5, a Redirect Entry
/// or a register record with a group, any other without one of its protocol's length, lengths that do
/// not add up.
#[inline]
pub fn decode_record(body: &[u8]) -> Result<MarsRecord, WireError> {
    decode_record_exact(body).map(|(record, _)| record)
}

/// As [`decode_record`], with what is needed to write the same octets again.
///
/// # Errors
///
/// As [`decode_record`].
#[inline]
pub fn decode_record_exact(body: &[u8]) -> Result<(MarsRecord, RecordReserved), WireError> {
    // The same either way: where all fixed fields are there, none need be asked for again.
    if body.len() >= FIXED {
        read_record(body)
    } else {
        read_short(body)
    }
}

/// Octets before the addresses.
const FIXED: usize = 20;

#[cold]
fn read_short(body: &[u8]) -> Result<(MarsRecord, RecordReserved), WireError> {
    read_record(body)
}

#[inline(always)]
fn read_record(body: &[u8]) -> Result<(MarsRecord, RecordReserved), WireError> {
    let mut reader = Reader::new(body);
    // R2443-3-02
    let hardware = reader.u16("hardware_type")?;
    if hardware != HARDWARE_ATM {
        return Err(bad(0, "hardware_type", hardware));
    }
    let kind = reader.u16("protocol_type")?;
    let snap: [u8; 5] = reader.array("snap")?;
    let unused = reader.u8("unused")?;
    // R2443-3-06, R2443-3-07
    let version = reader.u8("version")?;
    if version != MARS_VERSION {
        return Err(WireError::new(
            ErrorCode::BadVersion,
            "version",
            10,
            u64::from(version),
        ));
    }
    let state = reader.u8("state")?;
    let state = CsaState::from_code(state).ok_or(WireError::new(
        ErrorCode::UnknownType,
        "state",
        11,
        u64::from(state),
    ))?;
    let flags = RecordFlags(reader.u16("flags")?);
    let cmi = reader.u16("cluster_member_id")?;
    let source_length = reader.u8("src_addr_len")?;
    let group_length = reader.u8("group_addr_len")?;
    // R2443-3-18, R2443-3-19
    let number = Shape::read(&mut reader, "atm_addr_tl")?;
    let subaddress = Shape::read(&mut reader, "atm_subaddr_tl")?;

    let wants_group = state != CsaState::RedirectEntry && !flags.register();
    // R2443-5.2-07, R2443-5.2-08, R2443-5.3-06, R2443-5.3-07, R2443-5.1-03
    let fits = match (wants_group, kind) {
        (false, _) => group_length == 0,
        (true, IPV4) => group_length == 4,
        (true, IPV6) => group_length == 16,
        (true, _) => group_length != 0,
    };
    if !fits {
        return Err(WireError::new(
            ErrorCode::BadLength,
            "group_addr_len",
            17,
            u64::from(group_length),
        ));
    }

    // R2443-3-23: here the protocol address comes first. R2443-3-01: no padding anywhere.
    let source = protocol_address(&mut reader, "source_protocol_address", source_length)?;
    let endpoint = Endpoint {
        number: number.number(&mut reader, "source_atm_address")?,
        subaddress: subaddress.optional(&mut reader, "source_atm_subaddress")?,
    };
    let range = if wants_group {
        Some(group_range(
            &mut reader,
            group_length,
            ("minimum_group_address", "maximum_group_address"),
        )?)
    } else {
        None
    };
    if !reader.rest().is_empty() {
        return Err(reader.error(
            ErrorCode::BadLength,
            "record_length",
            reader.rest().len() as u64,
        ));
    }
    let long_form = kind == PROTOCOL_LONG_FORM;
    let record = MarsRecord {
        protocol: Protocol {
            kind,
            snap: if long_form { snap } else { [0; 5] },
        },
        state,
        flags,
        cmi,
        source,
        endpoint,
        range,
        unused,
    };
    let reserved = RecordReserved {
        snap: if long_form { [0; 5] } else { snap },
        subaddress_form: subaddress.is_null() && subaddress.form() == AtmForm::E164,
    };
    Ok((record, reserved))
}

fn bad(offset: usize, field: &'static str, value: u16) -> WireError {
    WireError::new(ErrorCode::BadValue, field, offset, u64::from(value))
}

/// Appends a record's octets: 20 and its addresses, at most 128.
pub fn encode_record(record: &MarsRecord, out: &mut Vec<u8>) {
    encode_record_exact(record, &RecordReserved::default(), out);
}

/// As [`encode_record`], with `reserved` where zeros would be.
pub fn encode_record_exact(record: &MarsRecord, reserved: &RecordReserved, out: &mut Vec<u8>) {
    let snap = if record.protocol.kind == PROTOCOL_LONG_FORM {
        record.protocol.snap
    } else {
        reserved.snap
    };
    // R2443-3-02, R2443-3-03, R2443-3-04
    out.put_u16(HARDWARE_ATM);
    out.put_u16(record.protocol.kind);
    out.put(&snap);
    out.put(&[record.unused, MARS_VERSION, record.state.code()]);
    out.put_u16(record.flags.0);
    out.put_u16(record.cmi);
    // R2443-3-14, R2443-3-16: lengths of at most 16.
    put_length(record.source.octets(), out);
    let group = record.range.as_ref().map(GroupRange::min);
    put_length(group.unwrap_or_default().octets(), out);
    out.put_u8(record.endpoint.number.type_length());
    out.put_u8(match record.endpoint.subaddress {
        Some(subaddress) => subaddress.type_length(),
        // R2443-3-21
        None => u8::from(reserved.subaddress_form) << 6,
    });
    out.put(record.source.octets());
    out.put(record.endpoint.number.octets());
    out.put(
        record
            .endpoint
            .subaddress
            .as_ref()
            .map_or(&[], AtmNumber::octets),
    );
    // R2443-3-22
    if let Some(range) = &record.range {
        out.put(range.min().octets());
        out.put(range.max().octets());
    }
}

fn put_length(octets: &[u8], out: &mut Vec<u8>) {
    out.put_u8(u8::try_from(octets.len()).unwrap_or(u8::MAX));
}
