//! The thirteen control messages of RFC 2022.

mod answer;
mod flags;
mod group_list;
mod membership;
mod query;
mod redirect_map;
mod reserved;

pub use answer::Answer;
pub use flags::MembershipFlags;
pub use group_list::GroupList;
pub use membership::Membership;
pub use query::Query;
pub use redirect_map::RedirectMap;
pub use reserved::Reserved;

use super::address::{Shape, endpoint};
use super::tlv::Tlvs;
use crate::address::{AtmForm, Endpoint, Protocol, ProtocolAddress};
use crate::wire::checksum;
use crate::wire::codepoints::{HARDWARE_ATM, MARS_VERSION, Op, PROTOCOL_LONG_FORM};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Put, Reader, patch};

/// Offset of mar$chksum.
pub(super) const CHECKSUM_AT: usize = 12;
/// Offset of mar$extoff.
const EXTOFF_AT: usize = 14;
/// Offset of mar$op.type.
pub(super) const OP_AT: usize = 17;

/// One control message, received or to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// mar$pro; the SNAP part is zero unless the long form is used.
    pub protocol: Protocol,
    /// mar$sha and mar$ssa: R2022-4.3-02.
    pub source: Endpoint,
    /// What is particular to the op type.
    pub body: Body<'a>,
    /// Supplementary parameters.
    pub tlvs: Tlvs<'a>,
    /// Whether mar$chksum is in use. Received: whether it was non-zero, and then it is right
    /// (R2022-4.3.3-04). Sent: whether to compute it (R2022-4.3.3-02).
    pub checksum_present: bool,
    /// What should have been zero.
    pub reserved: Reserved<'a>,
}

/// What is particular to each op type. Messages of one layout share a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// MARS_REQUEST (RFC 2022, 5.1.2): R2022-5.1.2-01.
    Request(Query),
    /// MARS_NAK, the REQUEST sent back (RFC 2022, 5.1.2): R2022-5.1.2-07.
    Nak(Query),
    /// MARS_MULTI (RFC 2022, 5.1.2): R2022-5.1.2-08.
    Multi(Answer<'a>),
    /// MARS_MIGRATE (RFC 2022, 5.1.6): R2022-5.1.6-01.
    Migrate(Answer<'a>),
    /// MARS_JOIN (RFC 2022, 5.2.1): R2022-5.2.1-01.
    Join(Membership<'a>),
    /// MARS_LEAVE (RFC 2022, 5.2.1).
    Leave(Membership<'a>),
    /// MARS_MSERV (RFC 2022, 6.2.2): R2022-6.2.2-01.
    Mserv(Membership<'a>),
    /// MARS_UNSERV (RFC 2022, 6.2.2).
    Unserv(Membership<'a>),
    /// MARS_SJOIN (RFC 2022, 6.2.4): R2022-6.2.4-01.
    Sjoin(Membership<'a>),
    /// MARS_SLEAVE (RFC 2022, 6.2.4).
    Sleave(Membership<'a>),
    /// MARS_GROUPLIST_REQUEST (RFC 2022, 5.3): R2022-5.3-01.
    GrouplistRequest(Membership<'a>),
    /// MARS_GROUPLIST_REPLY (RFC 2022, 5.3): R2022-5.3-06.
    GrouplistReply(GroupList<'a>),
    /// MARS_REDIRECT_MAP (RFC 2022, 5.4.3): R2022-5.4.3-02.
    RedirectMap(RedirectMap<'a>),
}

impl<'a> Body<'a> {
    /// The op type that announces this body.
    #[must_use]
    pub const fn op(&self) -> Op {
        match self {
            Self::Request(_) => Op::Request,
            Self::Nak(_) => Op::Nak,
            Self::Multi(_) => Op::Multi,
            Self::Migrate(_) => Op::Migrate,
            Self::Join(_) => Op::Join,
            Self::Leave(_) => Op::Leave,
            Self::Mserv(_) => Op::Mserv,
            Self::Unserv(_) => Op::Unserv,
            Self::Sjoin(_) => Op::Sjoin,
            Self::Sleave(_) => Op::Sleave,
            Self::GrouplistRequest(_) => Op::GrouplistRequest,
            Self::GrouplistReply(_) => Op::GrouplistReply,
            Self::RedirectMap(_) => Op::RedirectMap,
        }
    }

    /// The membership part of the seven messages that have one.
    #[must_use]
    pub const fn membership(&self) -> Option<&Membership<'a>> {
        match self {
            Self::Join(membership)
            | Self::Leave(membership)
            | Self::Mserv(membership)
            | Self::Unserv(membership)
            | Self::Sjoin(membership)
            | Self::Sleave(membership)
            | Self::GrouplistRequest(membership) => Some(membership),
            _ => None,
        }
    }
}

impl<'a> Message<'a> {
    /// A message as this implementation sends it: with a checksum, without TLVs, nothing reserved.
    #[must_use]
    pub fn new(protocol: Protocol, source: Endpoint, body: Body<'a>) -> Self {
        Self {
            protocol,
            source,
            body,
            tlvs: Tlvs::default(),
            checksum_present: true,
            reserved: Reserved::default(),
        }
    }

    /// Appends the message (no LLC/SNAP header). The caller keeps it within its MTU, and in any case
    /// under 65536 octets.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.put_fixed(out);
        self.put_body(out);
        if !self.tlvs.octets().is_empty() {
            self.put_tlvs(start, out);
        }
        out.put(self.reserved.trailing);
        if self.checksum_present
            && let Some(message) = out.get_mut(start..)
        {
            // R2022-4.3.3-01. A zero that results is sent as it is (register F17).
            let sum = match checksum::compute(message) {
                0 if self.reserved.negative_zero => 0xffff,
                sum => sum,
            };
            patch(message, CHECKSUM_AT, &sum.to_be_bytes());
        }
    }

    /// The message as octets of its own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }

    fn put_fixed(&self, out: &mut Vec<u8>) {
        let Self {
            protocol,
            source,
            reserved,
            ..
        } = self;
        // R2022-4.3-01, R2022-4.3.1-01
        out.put_u16(HARDWARE_ATM);
        out.put_u16(protocol.kind);
        // R2022-4.3.2-02
        out.put(if protocol.kind == PROTOCOL_LONG_FORM {
            &protocol.snap
        } else {
            &reserved.snap
        });
        out.put(&reserved.hdrrsv);
        // R2022-10.1-03: overwritten where there are TLVs.
        out.put(&[0, 0, 0, reserved.extoff & 3]);
        let op = self.body.op();
        let op = match op {
            Op::Sjoin | Op::Sleave if reserved.long_op => op.code() + LONG_OP,
            _ => op.code(),
        };
        out.put(&[MARS_VERSION, op]);
        out.put_u8(source.number.type_length());
        out.put_u8(match source.subaddress {
            Some(subaddress) => subaddress.type_length(),
            None => u8::from(reserved.subaddress_form) << 6,
        });
    }

    fn put_body(&self, out: &mut Vec<u8>) {
        let (sender, reserved) = (&self.source, &self.reserved);
        match &self.body {
            Body::Request(query) | Body::Nak(query) => {
                query.put(sender, reserved.target_forms, out);
            }
            Body::Multi(answer) | Body::Migrate(answer) => answer.put(sender, out),
            Body::Join(membership)
            | Body::Leave(membership)
            | Body::Mserv(membership)
            | Body::Unserv(membership)
            | Body::Sjoin(membership)
            | Body::Sleave(membership)
            | Body::GrouplistRequest(membership) => membership.put(sender, out),
            Body::GrouplistReply(list) => list.put(sender, reserved.target_forms, out),
            Body::RedirectMap(map) => map.put(sender, reserved, out),
        }
    }

    fn put_tlvs(&self, start: usize, out: &mut Vec<u8>) {
        // R2022-10-01
        match self.reserved.padding {
            Some(padding) => out.put(padding),
            None => {
                let size = out.len() - start;
                out.resize(start + size.next_multiple_of(4), 0);
            }
        }
        // R2022-10.1-03
        let at = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
        let at = at | u16::from(self.reserved.extoff & 3);
        patch(out, start + EXTOFF_AT, &at.to_be_bytes());
        out.put(self.tlvs.octets());
    }
}

/// What 18 and 19 have over 8 and 9.
const LONG_OP: u8 = 10;

fn length(address: ProtocolAddress) -> u8 {
    u8::try_from(address.octets().len()).unwrap_or(u8::MAX)
}

/// mar$seqxy: R2022-5.1.1-04.
struct SeqXy {
    last: bool,
    part: u16,
}

impl SeqXy {
    fn put(last: bool, part: u16, out: &mut Vec<u8>) {
        out.put_u16(u16::from(last) << 15 | part & 0x7fff);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let seqxy = reader.u16("seqxy")?;
        Ok(Self {
            last: seqxy & 0x8000 != 0,
            part: seqxy & 0x7fff,
        })
    }
}

/// Reads a control message (no LLC/SNAP header).
///
/// Checked: mar$afn, versions, op type, checksum when non-zero, every length, that blocks ascend,
/// mar$extoff and the TLV list. What TLVs ask for is in [`Tlvs::verdict`].
///
/// # Errors
///
/// See [`ErrorCode`].
pub fn decode(message: &[u8]) -> Result<Message<'_>, WireError> {
    let mut reader = Reader::new(message);
    // R2022-4.3.1-01
    let afn = reader.u16("afn")?;
    if afn != HARDWARE_ATM {
        return Err(WireError::new(
            ErrorCode::BadValue,
            "afn",
            0,
            u64::from(afn),
        ));
    }
    let kind = reader.u16("pro_type")?;
    let snap: [u8; 5] = reader.array("pro_snap")?;
    let hdrrsv = reader.array("hdrrsv")?;
    let chksum = reader.u16("chksum")?;
    let extoff = reader.u16("extoff")?;
    // R2022-4.3.5-01
    let at = reader.offset();
    let version = reader.u8("op_version")?;
    if version != MARS_VERSION {
        return Err(WireError::new(
            ErrorCode::BadVersion,
            "op_version",
            at,
            u64::from(version),
        ));
    }
    let op_octet = reader.u8("op_type")?;
    // Register F01
    let long_op = matches!(op_octet, 18 | 19);
    let op = Op::from_code(if long_op {
        op_octet - LONG_OP
    } else {
        op_octet
    })
    .ok_or(WireError::new(
        ErrorCode::UnknownType,
        "op_type",
        OP_AT,
        u64::from(op_octet),
    ))?;
    let mut shapes = reader;
    reader.u8("shtl")?;
    reader.u8("sstl")?;
    // R2022-4.3.3-04, R2022-4.3.3-05
    if chksum != 0 && !checksum::verify(message) {
        return Err(WireError::new(
            ErrorCode::BadChecksum,
            "chksum",
            CHECKSUM_AT,
            u64::from(chksum),
        ));
    }
    let number = Shape::read(&mut shapes, "shtl")?;
    let subaddress = Shape::read(&mut shapes, "sstl")?;
    if number.is_null() {
        // R2022-4.3-02
        return Err(number.error(ErrorCode::BadLength));
    }
    let long_form = kind == PROTOCOL_LONG_FORM;
    let mut reserved = Reserved {
        hdrrsv,
        // R2022-4.3.2-03
        snap: if long_form { [0; 5] } else { snap },
        subaddress_form: subaddress.is_null() && subaddress.form() == AtmForm::E164,
        long_op,
        negative_zero: chksum == 0xffff,
        ..Reserved::default()
    };
    let (source, body) = read_body(op, &mut reader, (number, subaddress), &mut reserved)?;
    let tlvs = read_tlvs(&mut reader, extoff, &mut reserved)?;
    reserved.trailing = reader.rest();
    Ok(Message {
        protocol: Protocol {
            kind,
            snap: if long_form { snap } else { [0; 5] },
        },
        source,
        body,
        tlvs,
        checksum_present: chksum != 0,
        reserved,
    })
}

type Source = (Shape, Shape);

fn read_source(reader: &mut Reader<'_>, shape: Source) -> Result<Endpoint, WireError> {
    // R2022-4.3-02: a null source number is refused.
    endpoint(reader, shape.0, shape.1, ("sha", "ssa"))
}

fn read_body<'a>(
    op: Op,
    reader: &mut Reader<'a>,
    shape: Source,
    reserved: &mut Reserved<'a>,
) -> Result<(Endpoint, Body<'a>), WireError> {
    let membership = |reader: &mut Reader<'a>, body: fn(Membership<'a>) -> Body<'a>| {
        Membership::read(reader, shape).map(|(source, membership)| (source, body(membership)))
    };
    let query =
        |reader: &mut Reader<'a>, reserved: &mut Reserved<'a>, body: fn(Query) -> Body<'a>| {
            Query::read(reader, shape, reserved).map(|(source, query)| (source, body(query)))
        };
    let answer = |reader: &mut Reader<'a>, body: fn(Answer<'a>) -> Body<'a>| {
        Answer::read(reader, shape).map(|(source, answer)| (source, body(answer)))
    };
    match op {
        Op::Request => query(reader, reserved, Body::Request),
        Op::Nak => query(reader, reserved, Body::Nak),
        Op::Multi => answer(reader, Body::Multi),
        Op::Migrate => answer(reader, Body::Migrate),
        Op::Join => membership(reader, Body::Join),
        Op::Leave => membership(reader, Body::Leave),
        Op::Mserv => membership(reader, Body::Mserv),
        Op::Unserv => membership(reader, Body::Unserv),
        Op::Sjoin => membership(reader, Body::Sjoin),
        Op::Sleave => membership(reader, Body::Sleave),
        Op::GrouplistRequest => membership(reader, Body::GrouplistRequest),
        Op::GrouplistReply => GroupList::read(reader, shape, reserved)
            .map(|(source, list)| (source, Body::GrouplistReply(list))),
        Op::RedirectMap => RedirectMap::read(reader, shape, reserved)
            .map(|(source, map)| (source, Body::RedirectMap(map))),
    }
}

/// mar$thtl and mar$tstl where the layout has no target ATM address: R2022-5.1.2-01.
fn no_target(reader: &mut Reader<'_>) -> Result<[u8; 2], WireError> {
    let mut octets = [0; 2];
    for (octet, field) in octets.iter_mut().zip(["thtl", "tstl"]) {
        let before = *reader;
        let shape = Shape::read(reader, field)?;
        if !shape.is_null() {
            return Err(before.error(ErrorCode::BadLength, field, u64::from(shape.octet())));
        }
        *octet = shape.octet();
    }
    Ok(octets)
}

fn read_tlvs<'a>(
    reader: &mut Reader<'a>,
    extoff: u16,
    reserved: &mut Reserved<'a>,
) -> Result<Tlvs<'a>, WireError> {
    // R2022-10.1-02
    let at = usize::from(extoff & !3);
    reserved.extoff = extoff.to_be_bytes()[1] & 3;
    // R2022-10.1-01
    if at == 0 {
        return Ok(Tlvs::default());
    }
    // Register F23: inside the addresses or past the end.
    let wrong = WireError::new(ErrorCode::BadLength, "extoff", EXTOFF_AT, u64::from(extoff));
    let end = reader.offset();
    let gap = at
        .checked_sub(end)
        .filter(|gap| *gap < reader.rest().len())
        .ok_or(wrong)?;
    let padding = reader.take("gap", gap).map_err(|_| wrong)?;
    let canonical = end.next_multiple_of(4) == at && padding.iter().all(|octet| *octet == 0);
    reserved.padding = (!canonical).then_some(padding);
    Tlvs::read(reader)
}
