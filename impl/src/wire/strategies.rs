//! proptest strategies for everything that goes over the wire (feature `strategies`).
//!
//! Lists borrow in [`super::scsp::Body`] and [`super::mars::Body`], so the strategies make owned
//! [`ScspSample`]s and [`MarsSample`]s that lend themselves out.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::codepoints::{Op, PROTOCOL_LONG_FORM};
use super::csa::{CsaState, MarsRecord, RecordFlags};
use super::mars::{
    AddressList, Answer, Body, EndpointList, GroupList, Membership, MembershipFlags, Message,
    PairList, Query, RedirectMap,
};
use super::scsp::{CacheKey, Csa, Csas, EncodeBody, Header, SequenceNumber};
use crate::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};

/// Any server id.
pub fn server_id() -> impl Strategy<Value = ServerId> {
    any::<[u8; 4]>().prop_map(ServerId)
}

/// Short forms of IPv4 and IPv6, and any long form.
pub fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![
        4 => Just(Protocol::IPV4),
        2 => Just(Protocol::IPV6),
        1 => any::<[u8; 5]>().prop_map(|snap| Protocol {
            kind: PROTOCOL_LONG_FORM,
            snap
        }),
    ]
}

/// A protocol address of exactly `length` octets, at most [`ProtocolAddress::MAX`].
pub fn address(length: usize) -> impl Strategy<Value = ProtocolAddress> {
    vec(any::<u8>(), length.min(ProtocolAddress::MAX))
        .prop_filter_map("at most 16 octets", |octets| ProtocolAddress::new(&octets))
}

/// A null, IPv4 or IPv6 address.
pub fn any_address() -> impl Strategy<Value = ProtocolAddress> {
    select(&[0_usize, 4, 16][..]).prop_flat_map(address)
}

/// Up to `count` endpoints of one form and length.
pub fn endpoints(count: usize) -> impl Strategy<Value = Vec<Endpoint>> {
    let form = || select(&[AtmForm::Nsapa, AtmForm::E164][..]);
    let lengths = (1..=AtmNumber::MAX, 0..=AtmNumber::MAX);
    (form(), form(), lengths).prop_flat_map(move |(form, sub_form, (length, sub_length))| {
        let one = (vec(any::<u8>(), length), vec(any::<u8>(), sub_length));
        vec(
            one.prop_filter_map("1 to 20 octets", move |(octets, sub)| {
                Some(Endpoint {
                    number: AtmNumber::new(form, &octets)?,
                    subaddress: AtmNumber::new(sub_form, &sub),
                })
            }),
            0..=count,
        )
    })
}

/// One endpoint.
pub fn endpoint() -> impl Strategy<Value = Endpoint> {
    endpoints(1).prop_filter_map("at least one", |all| all.first().copied())
}

/// Up to `count` blocks that ascend and do not overlap, of IPv4 or IPv6 groups.
pub fn ranges(count: usize) -> impl Strategy<Value = Vec<GroupRange>> {
    any::<bool>().prop_flat_map(move |long| ranges_of(long, count))
}

/// As [`ranges`], all of IPv6 groups if `long`, else of IPv4 groups.
pub fn ranges_of(long: bool, count: usize) -> impl Strategy<Value = Vec<GroupRange>> {
    proptest::collection::btree_set(any::<u32>(), 0..=count * 2).prop_map(move |edges| {
        let group = |edge: u32| {
            let mut octets = if long { vec![0xff; 12] } else { Vec::new() };
            octets.extend_from_slice(&edge.to_be_bytes());
            ProtocolAddress::new(&octets)
        };
        let edges: Vec<u32> = edges.into_iter().collect();
        edges
            .chunks(2)
            .filter_map(|chunk| {
                let min = *chunk.first()?;
                let max = *chunk.last()?;
                GroupRange::new(group(min)?, group(max)?)
            })
            .collect()
    })
}

/// Any summary.
pub fn csas() -> impl Strategy<Value = Csas> {
    (
        any::<u16>(),
        any::<bool>(),
        0..0x8000_u16,
        any::<i32>(),
        any::<[u8; 4]>(),
        server_id(),
    )
        .prop_map(|(hop_count, null, unused, sequence, key, origin)| Csas {
            hop_count,
            null,
            unused,
            sequence: SequenceNumber(sequence),
            key: CacheKey(key),
            origin,
        })
}

/// Any record that [`super::csa::decode_record`] takes.
pub fn record() -> impl Strategy<Value = MarsRecord> {
    let protocol_and_block = protocol().prop_flat_map(|protocol| {
        let block = ranges_of(protocol == Protocol::IPV6, 1);
        let block = block.prop_filter_map("at least one", |all| all.first().copied());
        (Just(protocol), block)
    });
    let parts = (
        protocol_and_block,
        select(CsaState::ALL),
        any::<u16>(),
        any::<u16>(),
        any_address(),
        endpoint(),
        any::<u8>(),
    );
    parts.prop_map(
        |((protocol, range), state, flags, cmi, source, endpoint, unused)| {
            let flags = RecordFlags(flags);
            let heartbeat = state == CsaState::RedirectEntry;
            MarsRecord {
                protocol,
                state,
                flags,
                cmi,
                source,
                endpoint,
                range: (!heartbeat && !flags.register()).then_some(range),
                unused,
            }
        },
    )
}

/// An owned SCSP message.
#[derive(Clone, Debug)]
pub struct ScspSample {
    /// The common part.
    pub header: Header,
    body: ScspBody,
}

#[derive(Clone, Debug)]
enum ScspBody {
    Ca(u32, [bool; 3], Vec<Csas>),
    Request(Vec<(Csas, Vec<u8>)>),
    Reply(Vec<Csas>),
    Solicit(Vec<Csas>),
    Hello([u16; 3], Vec<ServerId>),
}

impl ScspSample {
    /// Lends the body out.
    pub fn with_body<R>(&self, use_body: impl FnOnce(&EncodeBody<'_>) -> R) -> R {
        match &self.body {
            ScspBody::Ca(sequence, [master, init, more], records) => use_body(&EncodeBody::Ca {
                sequence: *sequence,
                master: *master,
                init: *init,
                more: *more,
                records,
            }),
            ScspBody::Request(records) => {
                let records: Vec<Csa<'_>> = records
                    .iter()
                    .map(|(csas, body)| Csa { csas: *csas, body })
                    .collect();
                use_body(&EncodeBody::CsuRequest(&records))
            }
            ScspBody::Reply(records) => use_body(&EncodeBody::CsuReply(records)),
            ScspBody::Solicit(records) => use_body(&EncodeBody::Csus(records)),
            ScspBody::Hello([hello_interval, dead_factor, family], additional) => {
                use_body(&EncodeBody::Hello {
                    hello_interval: *hello_interval,
                    dead_factor: *dead_factor,
                    family: *family,
                    additional,
                })
            }
        }
    }
}

/// Any SCSP message.
pub fn scsp() -> impl Strategy<Value = ScspSample> {
    let body = prop_oneof![
        (any::<u32>(), any::<[bool; 3]>(), vec(csas(), 0..5))
            .prop_map(|(sequence, bits, records)| ScspBody::Ca(sequence, bits, records)),
        vec((csas(), vec(any::<u8>(), 0..40)), 0..5).prop_map(ScspBody::Request),
        vec(csas(), 0..5).prop_map(ScspBody::Reply),
        vec(csas(), 0..5).prop_map(ScspBody::Solicit),
        (any::<[u16; 3]>(), vec(server_id(), 0..5))
            .prop_map(|(numbers, ids)| ScspBody::Hello(numbers, ids)),
    ];
    let ids = (server_id(), server_id(), any::<bool>());
    (any::<u16>(), any::<u16>(), ids, body).prop_map(
        |(protocol_id, server_group, (sender, receiver, deaf), body)| {
            let deaf = deaf && matches!(body, ScspBody::Hello(..));
            ScspSample {
                header: Header {
                    protocol_id,
                    server_group,
                    sender,
                    receiver: (!deaf).then_some(receiver),
                },
                body,
            }
        },
    )
}

/// An owned MARS message.
#[derive(Clone, Debug)]
pub struct MarsSample {
    op: Op,
    protocol: Protocol,
    source: Endpoint,
    source_protocol: ProtocolAddress,
    target: ProtocolAddress,
    words: [u16; 4],
    checksum_present: bool,
    endpoints: Vec<Endpoint>,
    ranges: Vec<GroupRange>,
}

impl MarsSample {
    /// The op type.
    #[must_use]
    pub const fn op(&self) -> Op {
        self.op
    }

    /// Lends the message out.
    pub fn with_message<R>(&self, use_message: impl FnOnce(&Message<'_>) -> R) -> R {
        let [a, b, c, d] = self.words;
        let (source_protocol, target) = (self.source_protocol, self.target);
        let msn = u32::from(a) << 16 | u32::from(b);
        let (last, part) = (c & 0x8000 != 0, c & 0x7fff);
        let endpoints = EndpointList::new(&self.endpoints).unwrap_or_default();
        let groups: Vec<ProtocolAddress> = self.ranges.iter().map(GroupRange::min).collect();
        let query = Query {
            source_protocol,
            target,
            padding: (u64::from(msn) << 32 | u64::from(c)).to_be_bytes(),
        };
        let answer = Answer {
            source_protocol,
            target,
            last,
            part,
            msn,
            targets: endpoints,
        };
        let membership = Membership {
            source_protocol,
            flags: MembershipFlags(c),
            cmi: d,
            msn,
            pairs: match PairList::new(&self.ranges) {
                Some(pairs) if !pairs.is_empty() => pairs,
                _ => PairList::null(d & 1),
            },
        };
        let body = match self.op {
            Op::Request => Body::Request(query),
            Op::Nak => Body::Nak(query),
            Op::Multi => Body::Multi(answer),
            Op::Migrate => Body::Migrate(answer),
            Op::Join => Body::Join(membership),
            Op::Leave => Body::Leave(membership),
            Op::Mserv => Body::Mserv(membership),
            Op::Unserv => Body::Unserv(membership),
            Op::Sjoin => Body::Sjoin(membership),
            Op::Sleave => Body::Sleave(membership),
            Op::GrouplistRequest => Body::GrouplistRequest(membership),
            Op::GrouplistReply => Body::GrouplistReply(GroupList {
                source_protocol,
                last,
                part,
                msn,
                groups: AddressList::new(&groups).unwrap_or_default(),
            }),
            Op::RedirectMap => Body::RedirectMap(RedirectMap {
                hard: d & 1 != 0,
                last,
                part,
                msn,
                servers: endpoints,
            }),
        };
        let mut message = Message::new(self.protocol, self.source, body);
        message.checksum_present = self.checksum_present;
        use_message(&message)
    }
}

/// Any MARS message without TLVs.
pub fn mars() -> impl Strategy<Value = MarsSample> {
    let addresses = (endpoint(), any_address(), any_address());
    let tail = (any::<[u16; 4]>(), any::<bool>(), endpoints(4), ranges(4));
    (select(Op::ALL), protocol(), addresses, tail).prop_map(
        |(op, protocol, (source, source_protocol, target), tail)| {
            let (words, checksum_present, endpoints, ranges) = tail;
            MarsSample {
                op,
                protocol,
                source,
                source_protocol,
                target,
                words,
                checksum_present,
                endpoints,
                ranges,
            }
        },
    )
}
