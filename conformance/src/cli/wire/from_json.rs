//! Messages out of JSON. Lengths, counts, sizes and checksums are the codec's; the caller compares
//! what was given with what came out.

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::wire::codepoints::{Op, PROTOCOL_ID_MARS, PROTOCOL_LONG_FORM, ScspType};
use distributed_mars::wire::csa::{self, CsaState, MarsRecord, RecordFlags, RecordReserved};
use distributed_mars::wire::data::{Data, Sender};
use distributed_mars::wire::llc_snap::Encapsulation;
use distributed_mars::wire::mars::{
    self, AddressList, Answer, EndpointList, GroupList, Membership, MembershipFlags, Message,
    PairList, Query, RedirectMap, Tlvs,
};
use distributed_mars::wire::scsp::{
    self, CacheKey, Csa, Csas, Extensions, Header, Packet, SequenceNumber,
};
use serde_json::{Map, Value};

use super::{LineError, unhex};

type Result<T> = std::result::Result<T, LineError>;

/// Encodes the message without its LLC/SNAP header.
pub(super) fn message(kind: Encapsulation, message: &Map<String, Value>) -> Result<Vec<u8>> {
    let object = Object(message);
    match kind {
        Encapsulation::Scsp => packet(object),
        Encapsulation::Mars => control(object),
        Encapsulation::Data1 => data(object, Sender::Member(object.number("cmi", 0)?)),
        Encapsulation::Data2 => data(object, Sender::Source(object.fixed("source_id")?)),
    }
}

#[derive(Clone, Copy)]
struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    fn of(value: &'a Value, field: &str) -> Result<Self> {
        let object = value.as_object();
        object
            .map(Self)
            .ok_or_else(|| LineError::json(field, "an object"))
    }

    fn has(self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// A number; `absent` when there is none.
    fn number<T: TryFrom<i64>>(self, field: &str, absent: T) -> Result<T> {
        match self.0.get(field) {
            None => Ok(absent),
            Some(value) => value
                .as_i64()
                .and_then(|value| T::try_from(value).ok())
                .ok_or_else(|| LineError::json(field, "a number that fits the field")),
        }
    }

    /// Octets; none when the field is absent or empty.
    fn octets(self, field: &str) -> Result<Vec<u8>> {
        match self.0.get(field) {
            None => Ok(Vec::new()),
            Some(value) => octets(value, field),
        }
    }

    /// `N` octets; zeros when the field is absent.
    fn fixed<const N: usize>(self, field: &str) -> Result<[u8; N]> {
        if !self.has(field) {
            return Ok([0; N]);
        }
        let wrong = |_| LineError::json(field, &format!("hex of {N} octets"));
        <[u8; N]>::try_from(self.octets(field)?).map_err(wrong)
    }

    fn list(self, field: &str) -> Result<&'a [Value]> {
        match self.0.get(field) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(LineError::json(field, "a list")),
        }
    }

    fn address(self, field: &str) -> Result<ProtocolAddress> {
        address(&self.octets(field)?, field)
    }

    /// A number whose form is in the type/length octet `form`, NSAPA when that is absent.
    fn atm(self, field: &str, form: u8) -> Result<Option<AtmNumber>> {
        let octets = self.octets(field)?;
        if octets.is_empty() {
            return Ok(None);
        }
        let form = if form & 0x40 == 0 {
            AtmForm::Nsapa
        } else {
            AtmForm::E164
        };
        let number = AtmNumber::new(form, &octets);
        number
            .map(Some)
            .ok_or_else(|| LineError::json(field, "hex of at most 20 octets"))
    }

    /// An endpoint, and its type/length octets as given.
    fn endpoint(self, fields: [&str; 2], forms: [u8; 2]) -> Result<Endpoint> {
        let [number, subaddress] = fields;
        Ok(Endpoint {
            number: self
                .atm(number, forms[0])?
                .ok_or_else(|| LineError::json(number, "an ATM address"))?,
            subaddress: self.atm(subaddress, forms[1])?,
        })
    }
}

fn octets(value: &Value, field: &str) -> Result<Vec<u8>> {
    match value.as_str() {
        Some("") => Ok(Vec::new()),
        Some(text) => unhex(text.as_bytes()).map_err(|_| LineError::json(field, "hex")),
        None => Err(LineError::json(field, "hex")),
    }
}

fn address(octets: &[u8], field: &str) -> Result<ProtocolAddress> {
    ProtocolAddress::new(octets).ok_or_else(|| LineError::json(field, "hex of at most 16 octets"))
}

/// `null` in a type/length octet without length: bit 6 is kept.
const fn null_form(octet: u8) -> bool {
    octet & 0x7f == 0x40
}

fn packet(object: Object<'_>) -> Result<Vec<u8>> {
    let kind = ScspType::from_code(object.number("type_code", 0)?)
        .ok_or_else(|| LineError::json("type_code", "1 to 5"))?;
    let receiver = match object.octets("receiver_id")?.as_slice() {
        [] => None,
        _ => Some(ServerId(object.fixed("receiver_id")?)),
    };
    let header = Header {
        protocol_id: object.number("protocol_id", PROTOCOL_ID_MARS)?,
        server_group: object.number("server_group_id", 0)?,
        sender: ServerId(object.fixed("sender_id")?),
        receiver,
    };
    let list = object.list("records")?;
    let objects = list.iter().map(|one| Object::of(one, "records"));
    let flags: u16 = object.number("flags", 0)?;
    let mut reserved = scsp::Reserved {
        common: object.number("unused", 0)?,
        flags,
        hello: object.number("hello_unused", 0)?,
        negative_zero: object.number("checksum", 0_u16)? == 0xffff,
    };
    let (mut summaries, mut bodies, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for record in objects {
        let record = record?;
        match kind {
            ScspType::Hello => ids.push(ServerId(record.fixed("id")?)),
            ScspType::CsuRequest => {
                let (csas, body) = csa(record)?;
                summaries.push(csas);
                bodies.push(body);
            }
            ScspType::Ca | ScspType::CsuReply | ScspType::Csus => summaries.push(csas(record, 1)?),
        }
    }
    let records: Vec<Csa<'_>> = summaries
        .iter()
        .zip(&bodies)
        .map(|(csas, body)| Csa { csas: *csas, body })
        .collect();
    let body = match kind {
        ScspType::Ca => {
            reserved.flags = flags & 0x1fff;
            scsp::Body::Ca {
                sequence: object.number("ca_sequence_number", 0)?,
                master: flags & 0x8000 != 0,
                init: flags & 0x4000 != 0,
                more: flags & 0x2000 != 0,
                records: summaries.as_slice().into(),
            }
        }
        ScspType::CsuRequest => scsp::Body::CsuRequest(records.as_slice().into()),
        ScspType::CsuReply => scsp::Body::CsuReply(summaries.as_slice().into()),
        ScspType::Csus => scsp::Body::Csus(summaries.as_slice().into()),
        ScspType::Hello => scsp::Body::Hello {
            hello_interval: object.number("hello_interval", 0)?,
            dead_factor: object.number("dead_factor", 0)?,
            family: object.number("family_id", 0)?,
            additional: ids.as_slice().into(),
        },
    };
    let mut packet = Packet::new(header, body);
    packet.reserved = reserved;

    // Trailing octets belong to the packet as far as a given Packet Size says, if they can.
    let trailing = object.octets("trailing")?;
    let mut extensions = extensions(object)?;
    let mut within = 0;
    if !extensions.is_empty() && object.has("packet_size") {
        let mut alone = Vec::new();
        packet.encode(&mut alone);
        let size: usize = object.number("packet_size", 0)?;
        within = size.saturating_sub(alone.len() + extensions.len());
    }
    let (inside, outside) = trailing
        .split_at_checked(within)
        .ok_or_else(|| LineError::json("packet_size", "at most what there is"))?;
    extensions.extend_from_slice(inside);
    if !extensions.is_empty() {
        packet.extensions = Extensions::parse(&extensions)?;
    }
    packet.trailing = outside;
    let mut out = Vec::new();
    packet.encode(&mut out);
    Ok(out)
}

fn extensions(object: Object<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for one in object.list("extensions")? {
        let one = Object::of(one, "extensions")?;
        let value = one.octets("value")?;
        let length = u16::try_from(value.len())
            .map_err(|_| LineError::json("extensions", "values of at most 65535 octets"))?;
        out.extend(one.number("type", 0_u16)?.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend(value);
    }
    Ok(out)
}

fn csas(record: Object<'_>, hop_count: u16) -> Result<Csas> {
    let flags: u16 = record.number("flags", 0)?;
    Ok(Csas {
        hop_count: record.number("hop_count", hop_count)?,
        null: flags & 0x8000 != 0,
        unused: flags & 0x7fff,
        sequence: SequenceNumber(record.number("csa_sequence_number", 0)?),
        key: CacheKey(record.fixed("cache_key")?),
        origin: ServerId(record.fixed("originator_id")?),
    })
}

fn csa(record: Object<'_>) -> Result<(Csas, Vec<u8>)> {
    // A record that decoding could not understand is kept as it came.
    if record.has("error") {
        let octets = record.octets("hex")?;
        let whole = Csa::parse(&octets)?;
        return Ok((whole.csas, whole.body.to_vec()));
    }
    let csas = csas(record, 255)?;
    let mut body = record.octets("body")?;
    if let Some(part) = record.0.get("mars") {
        mars_part(Object::of(part, "mars")?, &mut body)?;
    }
    Ok((csas, body))
}

fn mars_part(part: Object<'_>, out: &mut Vec<u8>) -> Result<()> {
    let state: u8 = part.number("state", 0)?;
    let state = CsaState::from_code(state).ok_or_else(|| LineError::json("state", "1 to 5"))?;
    let (kind, snap, ignored) = protocol(part, ["protocol_type", "snap"])?;
    let subaddress: u8 = part.number("atm_subaddr_tl", 0)?;
    let min = part.address("minimum_group_address")?;
    let max = part.address("maximum_group_address")?;
    let range = if min.is_null() && max.is_null() {
        None
    } else {
        let range = GroupRange::new(min, max);
        Some(range.ok_or_else(|| LineError::json("maximum_group_address", "a block"))?)
    };
    let record = MarsRecord {
        protocol: Protocol { kind, snap },
        state,
        flags: RecordFlags(part.number("flags", 0)?),
        cmi: part.number("cluster_member_id", 0)?,
        source: part.address("source_protocol_address")?,
        endpoint: part.endpoint(
            ["source_atm_address", "source_atm_subaddress"],
            [part.number("atm_addr_tl", 0)?, subaddress],
        )?,
        range,
        unused: part.number("unused", 0)?,
    };
    let reserved = RecordReserved {
        snap: ignored,
        subaddress_form: null_form(subaddress),
    };
    csa::encode_record_exact(&record, &reserved, out);
    Ok(())
}

/// Type, SNAP part in use, SNAP part to be ignored.
fn protocol(object: Object<'_>, [kind, snap]: [&str; 2]) -> Result<(u16, [u8; 5], [u8; 5])> {
    let kind = object.number(kind, Protocol::IPV4.kind)?;
    let snap = object.fixed(snap)?;
    Ok(if kind == PROTOCOL_LONG_FORM {
        (kind, snap, [0; 5])
    } else {
        (kind, [0; 5], snap)
    })
}

/// What 18 and 19 have over 8 and 9 (register F01).
const LONG_OP: u8 = 10;

fn control(object: Object<'_>) -> Result<Vec<u8>> {
    let code: u8 = object.number("op_type", 0)?;
    let long_op = matches!(code, 18 | 19);
    let op = Op::from_code(if long_op { code - LONG_OP } else { code })
        .ok_or_else(|| LineError::json("op_type", "1 to 13"))?;
    let (kind, snap, ignored) = protocol(object, ["pro_type", "pro_snap"])?;
    let sstl: u8 = object.number("sstl", 0)?;
    let source = object.endpoint(["sha", "ssa"], [object.number("shtl", 0)?, sstl])?;
    let checksum: Option<u16> = match object.has("chksum") {
        true => Some(object.number("chksum", 0)?),
        false => None,
    };
    let gap = object.octets("gap")?;
    let trailing = object.octets("trailing")?;
    let list = tlvs(object)?;
    let redirect = op == Op::RedirectMap;
    let reserved = mars::Reserved {
        hdrrsv: object.fixed("hdrrsv")?,
        snap: ignored,
        extoff: u8::try_from(object.number("extoff", 0_u16)? & 3).unwrap_or_default(),
        subaddress_form: null_form(sstl),
        target_forms: match op {
            Op::Request | Op::Nak | Op::GrouplistReply => {
                [object.number("thtl", 0)?, object.number("tstl", 0)?]
            }
            _ => [0; 2],
        },
        spln: if redirect {
            object.number("spln", 0)?
        } else {
            0
        },
        redirf: object.number("redirf", 0_u8)? & 0x7f,
        long_op,
        negative_zero: checksum == Some(0xffff),
        padding: object.has("gap").then_some(&gap),
        trailing: &trailing,
    };
    with_body(op, object, |body| {
        let mut message = Message::new(Protocol { kind, snap }, source, body);
        message.tlvs = if list.is_empty() {
            Tlvs::default()
        } else {
            Tlvs::parse(&list)?
        };
        message.reserved = reserved;
        message.checksum_present = checksum != Some(0);
        Ok(message.to_vec())
    })
}

fn tlvs(object: Object<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for tlv in object.list("tlvs")? {
        let tlv = Object::of(tlv, "tlvs")?;
        let value = tlv.octets("value")?;
        let length = u16::try_from(value.len())
            .map_err(|_| LineError::json("tlvs", "values of at most 65535 octets"))?;
        out.extend(tlv.number("type", 0_u16)?.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend(&value);
        let fill = value.len().next_multiple_of(4) - value.len();
        let mut padding = tlv.octets("padding")?;
        padding.resize(fill, 0);
        out.extend(padding);
    }
    Ok(out)
}

/// Hands over the body, whose lists live only here.
fn with_body(
    op: Op,
    object: Object<'_>,
    encode: impl FnOnce(mars::Body<'_>) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let source_protocol = match op {
        Op::RedirectMap => ProtocolAddress::default(),
        _ => object.address("spa")?,
    };
    let seqxy: u16 = object.number("seqxy", 0)?;
    let (last, part) = (seqxy & 0x8000 != 0, seqxy & 0x7fff);
    let msn: u32 = object.number("msn", 0)?;
    match op {
        Op::Request | Op::Nak => {
            let query = Query {
                source_protocol,
                target: object.address("tpa")?,
                padding: object.fixed("padding")?,
            };
            encode(match op {
                Op::Nak => mars::Body::Nak(query),
                _ => mars::Body::Request(query),
            })
        }
        Op::Multi | Op::Migrate => {
            let (endpoints, forms) = targets(object)?;
            let answer = Answer {
                source_protocol,
                target: object.address("tpa")?,
                last,
                part,
                msn,
                targets: endpoint_list(&endpoints, forms)?,
            };
            encode(match op {
                Op::Migrate => mars::Body::Migrate(answer),
                _ => mars::Body::Multi(answer),
            })
        }
        Op::RedirectMap => {
            let (endpoints, forms) = targets(object)?;
            encode(mars::Body::RedirectMap(RedirectMap {
                hard: object.number("redirf", 0_u8)? & 0x80 != 0,
                last,
                part,
                msn,
                servers: endpoint_list(&endpoints, forms)?,
            }))
        }
        Op::GrouplistReply => {
            let groups: Vec<ProtocolAddress> = object
                .list("groups")?
                .iter()
                .map(|group| address(&octets(group, "groups")?, "groups"))
                .collect::<Result<_>>()?;
            let list = if groups.is_empty() {
                Some(AddressList::empty(object.number("tpln", 0)?))
            } else {
                AddressList::new(&groups)
            };
            encode(mars::Body::GrouplistReply(GroupList {
                source_protocol,
                last,
                part,
                msn,
                groups: list.ok_or_else(|| LineError::json("groups", "groups of one length"))?,
            }))
        }
        Op::Join
        | Op::Leave
        | Op::Mserv
        | Op::Unserv
        | Op::Sjoin
        | Op::Sleave
        | Op::GrouplistRequest => {
            let ranges = ranges(object)?;
            let membership = Membership {
                source_protocol,
                flags: MembershipFlags(object.number("flags", 0)?),
                cmi: object.number("cmi", 0)?,
                msn,
                pairs: pair_list(object, &ranges)?,
            };
            encode(match op {
                Op::Leave => mars::Body::Leave(membership),
                Op::Mserv => mars::Body::Mserv(membership),
                Op::Unserv => mars::Body::Unserv(membership),
                Op::Sjoin => mars::Body::Sjoin(membership),
                Op::Sleave => mars::Body::Sleave(membership),
                Op::GrouplistRequest => mars::Body::GrouplistRequest(membership),
                _ => mars::Body::Join(membership),
            })
        }
    }
}

/// The endpoints of a list, and mar$thtl and mar$tstl where they are given.
fn targets(object: Object<'_>) -> Result<(Vec<Endpoint>, [Option<u8>; 2])> {
    let given = |field: &str| {
        let is_given = object.has(field);
        object
            .number(field, 0)
            .map(|octet: u8| is_given.then_some(octet))
    };
    let forms = [given("thtl")?, given("tstl")?];
    let endpoints = object
        .list("targets")?
        .iter()
        .map(|target| {
            Object::of(target, "targets")?
                .endpoint(["tha", "tsa"], forms.map(Option::unwrap_or_default))
        })
        .collect::<Result<_>>()?;
    Ok((endpoints, forms))
}

fn endpoint_list(endpoints: &[Endpoint], forms: [Option<u8>; 2]) -> Result<EndpointList<'_>> {
    let list = match forms {
        [Some(thtl), Some(tstl)] => EndpointList::with_type_lengths(endpoints, thtl, tstl),
        _ => EndpointList::new(endpoints),
    };
    list.ok_or_else(|| LineError::json("targets", "addresses of the announced type and length"))
}

/// The blocks; none for pairs of no octets.
fn ranges(object: Object<'_>) -> Result<Vec<GroupRange>> {
    let mut ranges = Vec::new();
    for pair in object.list("pairs")? {
        let pair = Object::of(pair, "pairs")?;
        let (min, max) = (pair.address("min")?, pair.address("max")?);
        if min.is_null() && max.is_null() {
            continue;
        }
        let range = GroupRange::new(min, max);
        ranges.push(range.ok_or_else(|| LineError::json("pairs", "blocks"))?);
    }
    Ok(ranges)
}

fn pair_list<'a>(object: Object<'_>, ranges: &'a [GroupRange]) -> Result<PairList<'a>> {
    let list = object.list("pairs")?;
    if list.is_empty() {
        return Ok(PairList::empty(object.number("tpln", 0)?));
    }
    if ranges.is_empty() {
        return Ok(PairList::null(
            u16::try_from(list.len()).unwrap_or(u16::MAX),
        ));
    }
    PairList::new(ranges).ok_or_else(|| LineError::json("pairs", "groups of one length"))
}

fn data(object: Object<'_>, sender: Sender) -> Result<Vec<u8>> {
    let (kind, snap, _) = protocol(object, ["pro_type", "pro_snap"])?;
    let mut out = Vec::new();
    Data {
        sender,
        protocol: Protocol { kind, snap },
        padding: &object.octets("padding")?,
        packet: &object.octets("packet")?,
    }
    .encode(&mut out);
    Ok(out)
}
