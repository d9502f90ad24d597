//! The thirteen control messages of RFC 2022.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::address::{Shape, endpoint, protocol_address};
use super::lists::{AddressList, EndpointList, PairList, write_endpoint};
use super::tlv::Tlvs;
use crate::address::{AtmForm, Endpoint, Protocol, ProtocolAddress};
use crate::wire::checksum;
use crate::wire::codepoints::{HARDWARE_ATM, MARS_VERSION, Op, PROTOCOL_LONG_FORM};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Hex, Put, Reader, patch};

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

/// REQUEST and NAK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// mar$spa; may be null.
    pub source_protocol: ProtocolAddress,
    /// mar$tpa, the group asked for.
    pub target: ProtocolAddress,
    /// The eight octets where a MULTI has its counters; any value (register F22).
    pub padding: [u8; 8],
}

/// MULTI and MIGRATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// mar$spa: in a MULTI that of the REQUEST (R2022-5.1.2-09).
    pub source_protocol: ProtocolAddress,
    /// mar$tpa, the group.
    pub target: ProtocolAddress,
    /// x of mar$seqxy: the last part (R2022-5.1.1-04). Reserved, false, in a MIGRATE.
    pub last: bool,
    /// y of mar$seqxy: the part, 1 to 32767 (R2022-5.1.2-10). Reserved, 0, in a MIGRATE.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The group's members or servers: R2022-5.1.2-11.
    pub targets: EndpointList<'a>,
}

/// mar$flags. Bits are numbered from the right (R2022-1.4-02).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MembershipFlags(pub u16);

impl fmt::Debug for MembershipFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl MembershipFlags {
    // R2022-5.2.1-02
    /// The member is a layer 3 group member.
    pub const LAYER3GRP: u16 = 0x8000;
    /// Sent by a MARS.
    pub const COPY: u16 = 0x4000;
    /// About a registration.
    pub const REGISTER: u16 = 0x2000;
    /// Blocks had holes cut into them.
    pub const PUNCHED: u16 = 0x1000;
    /// The member's own sequence number.
    pub const SEQUENCE: u16 = 0x00ff;
    /// Sent zero: R2022-5.2.1-03. Kept on receipt.
    pub const RESERVED: u16 = 0x0f00;

    /// True when every bit of `bits` is set.
    #[must_use]
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// These flags with `bits` set.
    #[must_use]
    pub const fn with(self, bits: u16) -> Self {
        Self(self.0 | bits)
    }

    /// These flags with `bits` clear.
    #[must_use]
    pub const fn without(self, bits: u16) -> Self {
        Self(self.0 & !bits)
    }

    /// The layer3grp bit.
    #[must_use]
    pub const fn layer3grp(self) -> bool {
        self.has(Self::LAYER3GRP)
    }

    /// The copy bit.
    #[must_use]
    pub const fn copy(self) -> bool {
        self.has(Self::COPY)
    }

    /// The register bit.
    #[must_use]
    pub const fn register(self) -> bool {
        self.has(Self::REGISTER)
    }

    /// The punched bit.
    #[must_use]
    pub const fn punched(self) -> bool {
        self.has(Self::PUNCHED)
    }

    /// The sequence bits.
    #[must_use]
    pub const fn sequence(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}

/// JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE and GROUPLIST_REQUEST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership<'a> {
    /// mar$spa; may be null.
    pub source_protocol: ProtocolAddress,
    /// mar$flags.
    pub flags: MembershipFlags,
    /// mar$cmi.
    pub cmi: u16,
    /// mar$msn.
    pub msn: u32,
    /// The blocks; gives mar$tpln and mar$pnum.
    pub pairs: PairList<'a>,
}

impl Membership<'_> {
    /// mar$tpln.
    #[must_use]
    pub fn group_len(&self) -> u8 {
        self.pairs.group_len()
    }
}

/// GROUPLIST_REPLY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupList<'a> {
    /// mar$spa: that of the request.
    pub source_protocol: ProtocolAddress,
    /// x of mar$seqxy.
    pub last: bool,
    /// y of mar$seqxy.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The groups.
    pub groups: AddressList<'a>,
}

/// REDIRECT_MAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectMap<'a> {
    /// Top bit of mar$redirf: clients rejoin and revalidate.
    pub hard: bool,
    /// x of mar$seqxy.
    pub last: bool,
    /// y of mar$seqxy.
    pub part: u16,
    /// mar$msn.
    pub msn: u32,
    /// The MARSs, the one to use first.
    pub servers: EndpointList<'a>,
}

/// What a sender leaves zero or out and a receiver ignores; kept, so that a copy is exact.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Reserved<'a> {
    /// mar$hdrrsv: R2022-4.3-03.
    pub hdrrsv: [u8; 3],
    /// mar$pro.snap beside a short-form type: R2022-4.3.2-03.
    pub snap: [u8; 5],
    /// The two low bits of mar$extoff: R2022-10.1-02.
    pub extoff: u8,
    /// Bit 6 of mar$sstl when there is no source subaddress: R2022-5.1.2-06.
    pub subaddress_form: bool,
    /// mar$thtl and mar$tstl where no target ATM address follows: bit 6 may be set.
    pub target_forms: [u8; 2],
    /// The octet of a REDIRECT_MAP where others have mar$spln.
    pub spln: u8,
    /// The low seven bits of mar$redirf.
    pub redirf: u8,
    /// Op type 18 or 19 in place of 8 or 9 (register F01).
    pub long_op: bool,
    /// The checksum came as 0xFFFF where the sum gives 0x0000.
    pub negative_zero: bool,
    /// Octets between addresses and TLVs, when they are not just the zeros up to 32 bits.
    pub padding: Option<&'a [u8]>,
    /// Octets after everything else.
    pub trailing: &'a [u8],
}

impl fmt::Debug for Reserved<'_> {
    /// Only what is not as it should be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut odd = f.debug_struct("Reserved");
        let padding = self.padding.unwrap_or_default();
        for (name, octets) in [
            ("hdrrsv", &self.hdrrsv[..]),
            ("snap", &self.snap),
            ("extoff", &[self.extoff]),
            ("target_forms", &self.target_forms),
            ("spln", &[self.spln]),
            ("redirf", &[self.redirf]),
            ("padding", padding),
            ("trailing", self.trailing),
        ] {
            if octets.iter().any(|octet| *octet != 0)
                || (name == "trailing" && !octets.is_empty())
                || (name == "padding" && self.padding.is_some())
            {
                odd.field(name, &Hex(octets));
            }
        }
        for (name, is_set) in [
            ("subaddress_form", self.subaddress_form),
            ("long_op", self.long_op),
            ("negative_zero", self.negative_zero),
        ] {
            if is_set {
                odd.field(name, &is_set);
            }
        }
        odd.finish()
    }
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
        let [thtl, tstl] = self.reserved.target_forms;
        match &self.body {
            Body::Request(query) | Body::Nak(query) => {
                let (source, target) = (query.source_protocol, query.target);
                out.put(&[length(source), thtl, tstl, length(target)]);
                out.put(&query.padding);
                write_endpoint(&self.source, out);
                out.put(source.octets());
                out.put(target.octets());
            }
            Body::Multi(answer) | Body::Migrate(answer) => {
                let (thtl, tstl) = answer.targets.type_lengths();
                let (source, target) = (answer.source_protocol, answer.target);
                out.put(&[length(source), thtl, tstl, length(target)]);
                out.put_count(answer.targets.len());
                out.put_u16(seqxy(answer.last, answer.part));
                out.put_u32(answer.msn);
                write_endpoint(&self.source, out);
                out.put(source.octets());
                out.put(target.octets());
                answer.targets.write(out);
            }
            Body::Join(membership)
            | Body::Leave(membership)
            | Body::Mserv(membership)
            | Body::Unserv(membership)
            | Body::Sjoin(membership)
            | Body::Sleave(membership)
            | Body::GrouplistRequest(membership) => {
                let source = membership.source_protocol;
                out.put(&[length(source), membership.pairs.group_len()]);
                out.put_count(membership.pairs.len());
                out.put_u16(membership.flags.0);
                out.put_u16(membership.cmi);
                out.put_u32(membership.msn);
                write_endpoint(&self.source, out);
                out.put(source.octets());
                membership.pairs.write(out);
            }
            Body::GrouplistReply(list) => {
                let source = list.source_protocol;
                out.put(&[length(source), thtl, tstl, list.groups.group_len()]);
                out.put_count(list.groups.len());
                out.put_u16(seqxy(list.last, list.part));
                out.put_u32(list.msn);
                write_endpoint(&self.source, out);
                out.put(source.octets());
                list.groups.write(out);
            }
            Body::RedirectMap(map) => {
                let (thtl, tstl) = map.servers.type_lengths();
                let redirf = u8::from(map.hard) << 7 | self.reserved.redirf & 0x7f;
                out.put(&[self.reserved.spln, thtl, tstl, redirf]);
                out.put_count(map.servers.len());
                out.put_u16(seqxy(map.last, map.part));
                out.put_u32(map.msn);
                write_endpoint(&self.source, out);
                map.servers.write(out);
            }
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

fn seqxy(last: bool, part: u16) -> u16 {
    u16::from(last) << 15 | part & 0x7fff
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
    let (source, body) = match op {
        Op::Request | Op::Nak => read_query(op, &mut reader, (number, subaddress), &mut reserved)?,
        Op::Multi | Op::Migrate => read_answer(op, &mut reader, (number, subaddress))?,
        Op::GrouplistReply => read_group_list(&mut reader, (number, subaddress), &mut reserved)?,
        Op::RedirectMap => read_redirect_map(&mut reader, (number, subaddress), &mut reserved)?,
        Op::Join
        | Op::Leave
        | Op::Mserv
        | Op::Unserv
        | Op::Sjoin
        | Op::Sleave
        | Op::GrouplistRequest => read_membership(op, &mut reader, (number, subaddress))?,
    };
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

fn read_query<'a>(
    op: Op,
    reader: &mut Reader<'a>,
    shape: Source,
    reserved: &mut Reserved<'a>,
) -> Result<(Endpoint, Body<'a>), WireError> {
    let source_length = reader.u8("spln")?;
    reserved.target_forms = no_target(reader)?;
    let target_length = reader.u8("tpln")?;
    let padding = reader.array("padding")?;
    let source = read_source(reader, shape)?;
    let query = Query {
        source_protocol: protocol_address(reader, "spa", source_length)?,
        target: protocol_address(reader, "tpa", target_length)?,
        padding,
    };
    let body = match op {
        Op::Nak => Body::Nak(query),
        _ => Body::Request(query),
    };
    Ok((source, body))
}

fn read_answer<'a>(
    op: Op,
    reader: &mut Reader<'a>,
    shape: Source,
) -> Result<(Endpoint, Body<'a>), WireError> {
    let source_length = reader.u8("spln")?;
    let target_shape = (Shape::read(reader, "thtl")?, Shape::read(reader, "tstl")?);
    let target_length = reader.u8("tpln")?;
    let count = reader.u16("tnum")?;
    let seqxy = reader.u16("seqxy")?;
    let msn = reader.u32("msn")?;
    let source = read_source(reader, shape)?;
    let answer = Answer {
        source_protocol: protocol_address(reader, "spa", source_length)?,
        target: protocol_address(reader, "tpa", target_length)?,
        last: seqxy & 0x8000 != 0,
        part: seqxy & 0x7fff,
        msn,
        targets: EndpointList::read(reader, target_shape, count)?,
    };
    let body = match op {
        Op::Migrate => Body::Migrate(answer),
        _ => Body::Multi(answer),
    };
    Ok((source, body))
}

fn read_membership<'a>(
    op: Op,
    reader: &mut Reader<'a>,
    shape: Source,
) -> Result<(Endpoint, Body<'a>), WireError> {
    let source_length = reader.u8("spln")?;
    let group_length = reader.u8("tpln")?;
    let count = reader.u16("pnum")?;
    let flags = MembershipFlags(reader.u16("flags")?);
    let cmi = reader.u16("cmi")?;
    let msn = reader.u32("msn")?;
    let source = read_source(reader, shape)?;
    let membership = Membership {
        source_protocol: protocol_address(reader, "spa", source_length)?,
        flags,
        cmi,
        msn,
        pairs: PairList::read(reader, group_length, count)?,
    };
    let body = match op {
        Op::Leave => Body::Leave(membership),
        Op::Mserv => Body::Mserv(membership),
        Op::Unserv => Body::Unserv(membership),
        Op::Sjoin => Body::Sjoin(membership),
        Op::Sleave => Body::Sleave(membership),
        Op::GrouplistRequest => Body::GrouplistRequest(membership),
        _ => Body::Join(membership),
    };
    Ok((source, body))
}

fn read_group_list<'a>(
    reader: &mut Reader<'a>,
    shape: Source,
    reserved: &mut Reserved<'a>,
) -> Result<(Endpoint, Body<'a>), WireError> {
    let source_length = reader.u8("spln")?;
    // R2022-5.3-06
    reserved.target_forms = no_target(reader)?;
    let group_length = reader.u8("tpln")?;
    let count = reader.u16("tnum")?;
    let seqxy = reader.u16("seqxy")?;
    let msn = reader.u32("msn")?;
    let source = read_source(reader, shape)?;
    let list = GroupList {
        source_protocol: protocol_address(reader, "spa", source_length)?,
        last: seqxy & 0x8000 != 0,
        part: seqxy & 0x7fff,
        msn,
        groups: AddressList::read(reader, group_length, count)?,
    };
    Ok((source, Body::GrouplistReply(list)))
}

fn read_redirect_map<'a>(
    reader: &mut Reader<'a>,
    shape: Source,
    reserved: &mut Reserved<'a>,
) -> Result<(Endpoint, Body<'a>), WireError> {
    // R2022-5.4.3-02: no mar$spa follows, whatever this octet says.
    reserved.spln = reader.u8("spln")?;
    let target_shape = (Shape::read(reader, "thtl")?, Shape::read(reader, "tstl")?);
    let redirf = reader.u8("redirf")?;
    reserved.redirf = redirf & 0x7f;
    let count = reader.u16("tnum")?;
    let seqxy = reader.u16("seqxy")?;
    let msn = reader.u32("msn")?;
    let source = read_source(reader, shape)?;
    let map = RedirectMap {
        hard: redirf & 0x80 != 0,
        last: seqxy & 0x8000 != 0,
        part: seqxy & 0x7fff,
        msn,
        servers: EndpointList::read(reader, target_shape, count)?,
    };
    Ok((source, Body::RedirectMap(map)))
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
