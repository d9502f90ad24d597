//! A whole SCSP packet: fixed part, the five messages, mandatory common part (RFC 2334, B.1, B.2).

use core::fmt;

use super::auth::{self, AuthKey};
use super::extensions::{Authentication, Extensions};
use super::records::{Csa, CsaList, Csas, CsasList, IdList};
use super::{CSAS_LENGTH, overhead};
use crate::address::ServerId;
use crate::wire::checksum;
use crate::wire::codepoints::{PROTOCOL_ID_MARS, SCSP_VERSION, ScspType};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Hex, Put, Reader, patch};

/// Offset of Packet Size.
const SIZE_AT: usize = 2;
/// Offset of Checksum.
pub(super) const CHECKSUM_AT: usize = 4;
/// Offset of Start Of Extensions.
const EXTENSIONS_AT: usize = 6;
/// Octets of the fixed part.
const FIXED: usize = 8;

/// CA flag bits M, I and O: R2334-B.2.1-07.
const MASTER: u16 = 0x8000;
const INIT: u16 = 0x4000;
const MORE: u16 = 0x2000;
const CA_FLAGS: u16 = MASTER | INIT | MORE;

/// The mandatory common part, without flags and count: R2334-B.2.0.1-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Header {
    /// Protocol ID; 3 for MARS.
    pub protocol_id: u16,
    /// Server Group ID.
    pub server_group: u16,
    /// Who sent this packet, also when its records are another's: R2334-B.2.0.1-04.
    pub sender: ServerId,
    /// Who is meant (R2334-B.2.0.1-05). `None` only in a Hello whose sender has heard nobody
    /// (register D06); elsewhere it encodes as length 0, which no receiver takes.
    pub receiver: Option<ServerId>,
}

impl Header {
    /// A header of the MARS protocol: R2443-2-01, R2443-4.1-01.
    #[must_use]
    pub const fn mars(server_group: u16, sender: ServerId, receiver: Option<ServerId>) -> Self {
        Self {
            protocol_id: PROTOCOL_ID_MARS,
            server_group,
            sender,
            receiver,
        }
    }
}

/// What is particular to each of the five messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Cache Alignment (RFC 2334, B.2.1).
    Ca {
        /// CA Sequence Number.
        sequence: u32,
        /// M: the sender is master.
        master: bool,
        /// I: first message of a negotiation.
        init: bool,
        /// O: more summaries follow.
        more: bool,
        /// Summaries.
        records: CsasList<'a>,
    },
    /// Cache State Update Request (RFC 2334, B.2.2).
    CsuRequest(CsaList<'a>),
    /// Cache State Update Reply: the records acknowledged (RFC 2334, B.2.3).
    CsuReply(CsasList<'a>),
    /// Cache State Update Solicit: the records wanted (RFC 2334, B.2.4).
    Csus(CsasList<'a>),
    /// Hello (RFC 2334, B.2.5). The first heard id is [`Header::receiver`].
    Hello {
        /// HelloInterval, seconds. 0 is kept as received and acts as 1 (register D04).
        hello_interval: u16,
        /// DeadFactor, multiples of the interval. 0 as above.
        dead_factor: u16,
        /// Family ID; sent zero and ignored (register D05).
        family: u16,
        /// Ids heard beyond the first.
        additional: IdList<'a>,
    },
}

impl Body<'_> {
    /// The type code that announces this body.
    #[must_use]
    pub const fn type_code(&self) -> ScspType {
        match self {
            Self::Ca { .. } => ScspType::Ca,
            Self::CsuRequest(_) => ScspType::CsuRequest,
            Self::CsuReply(_) => ScspType::CsuReply,
            Self::Csus(_) => ScspType::Csus,
            Self::Hello { .. } => ScspType::Hello,
        }
    }

    /// Number of Records: R2334-B.2.0.1-03, R2334-B.2.1-06, R2334-B.2.2-02, R2334-B.2.5-06.
    #[must_use]
    pub const fn records(&self) -> usize {
        match self {
            Self::Ca { records, .. } | Self::CsuReply(records) | Self::Csus(records) => {
                records.len()
            }
            Self::CsuRequest(records) => records.len(),
            Self::Hello { additional, .. } => additional.len(),
        }
    }

    const fn flags(&self) -> u16 {
        match *self {
            Self::Ca {
                master, init, more, ..
            } => {
                (if master { MASTER } else { 0 })
                    | (if init { INIT } else { 0 })
                    | (if more { MORE } else { 0 })
            }
            _ => 0,
        }
    }
}

/// Fields that are sent zero (R2334-B-03), ignored on receipt (R2334-B-04), and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reserved {
    /// Octets 4 and 5 of the common part.
    pub common: u16,
    /// Flag bits without meaning in this message: R2334-B.2.2-03, R2334-B.2.5-07.
    pub flags: u16,
    /// Octets 12 and 13 of a Hello.
    pub hello: u16,
    /// The checksum came as 0xFFFF where the sum gives 0x0000: the same number to a receiver.
    pub negative_zero: bool,
}

/// One decoded packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The mandatory common part.
    pub header: Header,
    /// The message.
    pub body: Body<'a>,
    /// The Authentication extension, not yet verified: see [`super::verify_authentication`].
    pub authentication: Option<Authentication<'a>>,
    /// All extensions, Authentication included.
    pub extensions: Extensions<'a>,
    /// What should have been zero.
    pub reserved: Reserved,
    /// Octets of the frame after Packet Size; ignored (register C29).
    pub trailing: &'a [u8],
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("header", &self.header)
            .field("body", &self.body)
            .field("extensions", &self.extensions)
            .field("reserved", &self.reserved)
            .field("trailing", &Hex(self.trailing))
            .finish()
    }
}

impl<'a> Packet<'a> {
    /// A packet as this implementation sends it: no extensions, nothing reserved.
    #[must_use]
    pub fn new(header: Header, body: Body<'a>) -> Self {
        Self {
            header,
            body,
            authentication: None,
            extensions: Extensions::default(),
            reserved: Reserved::default(),
            trailing: &[],
        }
    }

    /// Appends the packet, with [`Self::extensions`] as they are ([`Self::authentication`] is a view
    /// of them) and size and checksum computed. What [`decode`] read comes out octet for octet.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.put_mandatory(out);
        if !self.extensions.octets().is_empty() {
            start_extensions(start, out);
            out.put(self.extensions.octets());
        }
        finish(start, self.reserved.negative_zero, out);
        out.put(self.trailing);
    }

    /// Everything but extensions, with Packet Size, Checksum and Start Of Extensions zero.
    fn put_mandatory(&self, out: &mut Vec<u8>) {
        let Self {
            header,
            body,
            reserved,
            ..
        } = self;
        out.put(&[SCSP_VERSION, body.type_code().code()]);
        out.put(&[0; FIXED - 2]);
        match *body {
            // R2334-B.2.1-01
            Body::Ca { sequence, .. } => out.put_u32(sequence),
            // R2334-B.2.5-01
            Body::Hello {
                hello_interval,
                dead_factor,
                family,
                ..
            } => {
                out.put_u16(hello_interval);
                out.put_u16(dead_factor);
                out.put_u16(reserved.hello);
                out.put_u16(family);
            }
            // R2334-B.2.2-01, R2334-B.2.3-01, R2334-B.2.4-01: the common part comes first.
            Body::CsuRequest(_) | Body::CsuReply(_) | Body::Csus(_) => {}
        }
        out.put_u16(header.protocol_id);
        out.put_u16(header.server_group);
        out.put_u16(reserved.common);
        out.put_u16(body.flags() | reserved.flags);
        // R2443-4.1-02, R2443-4.1-03, R2334-B.2.5-09
        out.put(&[4, if header.receiver.is_some() { 4 } else { 0 }]);
        out.put_count(body.records());
        out.put(&header.sender.0);
        if let Some(receiver) = header.receiver {
            out.put(&receiver.0);
        }
        match *body {
            Body::Ca { records, .. } | Body::CsuReply(records) | Body::Csus(records) => {
                records.iter().for_each(|csas| csas.write(0, out));
            }
            Body::CsuRequest(records) => records.iter().for_each(|csa| csa.write(out)),
            Body::Hello { additional, .. } => additional.iter().for_each(|id| {
                out.put_u8(4);
                out.put(&id.0);
            }),
        }
    }
}

/// Notes that extensions start here: R2334-B.1-07.
fn start_extensions(start: usize, out: &mut [u8]) {
    let at = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    patch(out, start + EXTENSIONS_AT, &at.to_be_bytes());
}

/// Fills in Packet Size (R2334-B.1-03) and then Checksum (R2334-B.1-04) of the packet at `start`.
fn finish(start: usize, negative_zero: bool, out: &mut [u8]) {
    let Some(packet) = out.get_mut(start..) else {
        return;
    };
    let size = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    patch(packet, SIZE_AT, &size.to_be_bytes());
    let sum = match checksum::compute(packet) {
        0 if negative_zero => 0xffff,
        sum => sum,
    };
    patch(packet, CHECKSUM_AT, &sum.to_be_bytes());
}

/// What [`encode`] writes: [`Body`] with slices in place of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeBody<'a> {
    /// See [`Body::Ca`].
    Ca {
        /// CA Sequence Number.
        sequence: u32,
        /// M bit.
        master: bool,
        /// I bit.
        init: bool,
        /// O bit.
        more: bool,
        /// Summaries.
        records: &'a [Csas],
    },
    /// See [`Body::CsuRequest`].
    CsuRequest(&'a [Csa<'a>]),
    /// See [`Body::CsuReply`].
    CsuReply(&'a [Csas]),
    /// See [`Body::Csus`].
    Csus(&'a [Csas]),
    /// See [`Body::Hello`].
    Hello {
        /// HelloInterval, seconds.
        hello_interval: u16,
        /// DeadFactor.
        dead_factor: u16,
        /// Family ID.
        family: u16,
        /// Ids heard beyond the first.
        additional: &'a [ServerId],
    },
}

impl EncodeBody<'_> {
    /// Octets of its records.
    fn octets(&self) -> usize {
        match *self {
            Self::Ca { records, .. } | Self::CsuReply(records) | Self::Csus(records) => {
                records.len() * CSAS_LENGTH
            }
            Self::CsuRequest(records) => {
                let octets = records.iter().map(|csa| CSAS_LENGTH + csa.body.len());
                octets.sum()
            }
            // An id and its length.
            Self::Hello { additional, .. } => additional.len() * 5,
        }
    }
}

impl<'a> From<&EncodeBody<'a>> for Body<'a> {
    fn from(body: &EncodeBody<'a>) -> Self {
        match *body {
            EncodeBody::Ca {
                sequence,
                master,
                init,
                more,
                records,
            } => Self::Ca {
                sequence,
                master,
                init,
                more,
                records: records.into(),
            },
            EncodeBody::CsuRequest(records) => Self::CsuRequest(records.into()),
            EncodeBody::CsuReply(records) => Self::CsuReply(records.into()),
            EncodeBody::Csus(records) => Self::Csus(records.into()),
            EncodeBody::Hello {
                hello_interval,
                dead_factor,
                family,
                additional,
            } => Self::Hello {
                hello_interval,
                dead_factor,
                family,
                additional: additional.into(),
            },
        }
    }
}

/// Appends a packet (no LLC/SNAP header) with size and checksum; with `auth`, an Authentication
/// extension too. The caller keeps it within its MTU, and in any case under 65536 octets.
pub fn encode(header: &Header, body: &EncodeBody<'_>, auth: Option<&AuthKey>, out: &mut Vec<u8>) {
    let start = out.len();
    let body_of_packet = Body::from(body);
    out.reserve(overhead(body_of_packet.type_code()) + body.octets());
    Packet::new(*header, body_of_packet).put_mandatory(out);
    if let Some(key) = auth {
        start_extensions(start, out);
        auth::append(key, out);
        let size = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
        patch(out, start + SIZE_AT, &size.to_be_bytes());
        if let Some(packet) = out.get_mut(start..) {
            auth::seal(key, packet);
        }
    }
    finish(start, false, out);
}

/// Reads a packet (no LLC/SNAP header).
///
/// Checked: version, Packet Size against the frame, checksum, type, id lengths, every record's
/// header and extent, that no octet is left between records and extensions, the extensions.
/// Not checked: Protocol ID, group and ids, which are the speaker's business.
///
/// # Errors
///
/// See [`ErrorCode`]; [`WireError::is_abnormal`] tells which of them reset an adjacency.
pub fn decode(packet: &[u8]) -> Result<Packet<'_>, WireError> {
    // R2334-B-02
    let mut fixed = Reader::new(packet);
    let version = fixed.u8("version")?;
    if version != SCSP_VERSION {
        return Err(WireError::new(
            ErrorCode::BadVersion,
            "version",
            0,
            u64::from(version),
        ));
    }
    let type_octet = fixed.u8("type_code")?;
    let size = usize::from(fixed.u16("packet_size")?);
    let checksum = fixed.u16("checksum")?;
    let extensions_at = usize::from(fixed.u16("start_of_extensions")?);

    if size < FIXED {
        return Err(WireError::new(
            ErrorCode::BadLength,
            "packet_size",
            SIZE_AT,
            size as u64,
        ));
    }
    // Register C29: shorter is malformed, longer is ignored.
    let (octets, trailing) = packet.split_at_checked(size).ok_or(WireError::new(
        ErrorCode::BadLength,
        "packet_size",
        SIZE_AT,
        size as u64,
    ))?;
    if !checksum::verify(octets) {
        return Err(WireError::new(
            ErrorCode::BadChecksum,
            "checksum",
            CHECKSUM_AT,
            u64::from(checksum),
        ));
    }
    let type_code = ScspType::from_code(type_octet).ok_or(WireError::new(
        ErrorCode::UnknownType,
        "type_code",
        1,
        u64::from(type_octet),
    ))?;

    let mut reader = Reader::new(octets);
    reader.take("start_of_extensions", FIXED)?;
    let (message, rest) = read_message(type_code, extensions_at, &mut reader)?;
    let (header, body, mut reserved) = message;
    if !reader.rest().is_empty() {
        // Register C29: left-over octets before the extensions.
        return Err(reader.error(ErrorCode::BadLength, "records", reader.rest().len() as u64));
    }
    let extensions = match rest {
        Some(rest) => Extensions::read(rest)?,
        None => Extensions::default(),
    };
    reserved.negative_zero = checksum == 0xffff;
    Ok(Packet {
        header,
        body,
        authentication: extensions.authentication(),
        extensions,
        reserved,
        trailing,
    })
}

/// Leaves `reader` the records and gives what is from `extensions_at` on: R2334-B.1-07.
fn split_extensions<'a>(
    reader: &mut Reader<'a>,
    extensions_at: usize,
) -> Result<Reader<'a>, WireError> {
    let (records, rest) = extensions_at
        .checked_sub(reader.offset())
        .and_then(|length| reader.rest().split_at_checked(length))
        .ok_or(WireError::new(
            ErrorCode::BadLength,
            "start_of_extensions",
            EXTENSIONS_AT,
            extensions_at as u64,
        ))?;
    *reader = Reader::at(records, reader.offset());
    Ok(Reader::at(rest, extensions_at))
}

type Read<'a> = ((Header, Body<'a>, Reserved), Option<Reader<'a>>);

/// Reads all behind the fixed part up to the extensions, and where those start.
fn read_message<'a>(
    type_code: ScspType,
    extensions_at: usize,
    reader: &mut Reader<'a>,
) -> Result<Read<'a>, WireError> {
    let mut reserved = Reserved::default();
    let mut sequence = 0;
    let (mut hello_interval, mut dead_factor, mut family) = (0, 0, 0);
    match type_code {
        ScspType::Ca => sequence = reader.u32("ca_sequence_number")?,
        ScspType::Hello => {
            hello_interval = reader.u16("hello_interval")?;
            dead_factor = reader.u16("dead_factor")?;
            reserved.hello = reader.u16("hello_unused")?;
            family = reader.u16("family_id")?;
        }
        ScspType::CsuRequest | ScspType::CsuReply | ScspType::Csus => {}
    }

    let protocol_id = reader.u16("protocol_id")?;
    let server_group = reader.u16("server_group_id")?;
    reserved.common = reader.u16("unused")?;
    let flags = reader.u16("flags")?;
    id_length(reader, "sender_id_len", false)?;
    let heard = id_length(reader, "recvr_id_len", type_code == ScspType::Hello)?;
    let count = reader.u16("number_of_records")?;
    let sender = ServerId(reader.array("sender_id")?);
    let receiver = if heard {
        Some(ServerId(reader.array("receiver_id")?))
    } else {
        None
    };
    let header = Header {
        protocol_id,
        server_group,
        sender,
        receiver,
    };
    // R2334-B.1-06
    let extensions = match extensions_at {
        0 => None,
        at => Some(split_extensions(reader, at)?),
    };
    reserved.flags = match type_code {
        ScspType::Ca => flags & !CA_FLAGS,
        _ => flags,
    };
    let body = match type_code {
        ScspType::Ca => Body::Ca {
            sequence,
            master: flags & MASTER != 0,
            init: flags & INIT != 0,
            more: flags & MORE != 0,
            records: CsasList::read(reader, count)?,
        },
        ScspType::CsuRequest => Body::CsuRequest(CsaList::read(reader, count)?),
        ScspType::CsuReply => Body::CsuReply(CsasList::read(reader, count)?),
        ScspType::Csus => Body::Csus(CsasList::read(reader, count)?),
        ScspType::Hello => Body::Hello {
            hello_interval,
            dead_factor,
            family,
            additional: IdList::read(reader, count)?,
        },
    };
    Ok(((header, body, reserved), extensions))
}

/// Reads an id's length: 4 (R2443-4.1-02, R2443-4.1-03), or 0 where `may_be_absent`
/// (R2334-B.2.5-09). True when it is there.
fn id_length(
    reader: &mut Reader<'_>,
    field: &'static str,
    may_be_absent: bool,
) -> Result<bool, WireError> {
    let at = reader.offset();
    match reader.u8(field)? {
        4 => Ok(true),
        0 if may_be_absent => Ok(false),
        length => Err(WireError::new(
            ErrorCode::BadLength,
            field,
            at,
            u64::from(length),
        )),
    }
}
