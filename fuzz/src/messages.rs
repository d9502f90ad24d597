//! Values made of the fuzzer's octets: whatever the encoders can be asked to write.

use arbitrary::{Arbitrary, Result, Unstructured};
use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::wire::csa::{CsaState, MarsRecord, RecordFlags};
use distributed_mars::wire::mars::{self, Body, EndpointList, MembershipFlags, Message, PairList};
use distributed_mars::wire::scsp::{self, AuthKey, CacheKey, Csa, Csas, EncodeBody, Header};

fn server(source: &mut Unstructured<'_>) -> Result<ServerId> {
    source.arbitrary().map(ServerId)
}

fn csas(source: &mut Unstructured<'_>) -> Result<Csas> {
    Ok(Csas {
        hop_count: source.arbitrary()?,
        null: source.arbitrary()?,
        unused: u16::arbitrary(source)? & 0x7fff,
        sequence: scsp::SequenceNumber(source.arbitrary()?),
        key: CacheKey(source.arbitrary()?),
        origin: server(source)?,
    })
}

fn several<T>(
    source: &mut Unstructured<'_>,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = source.int_in_range(0..=5)?;
    (0..count).map(|_| one(source)).collect()
}

/// A packet of each kind, for `act` to look at.
pub(crate) fn packet<R>(
    source: &mut Unstructured<'_>,
    act: impl FnOnce(&Header, &EncodeBody<'_>) -> R,
) -> Result<R> {
    let kind = source.int_in_range(0..=4)?;
    let deaf = kind == 4 && source.arbitrary()?;
    let header = Header {
        protocol_id: source.arbitrary()?,
        server_group: source.arbitrary()?,
        sender: server(source)?,
        receiver: if deaf { None } else { Some(server(source)?) },
    };
    let summaries = several(source, csas)?;
    let bodies: Vec<Vec<u8>> = several(source, |source| source.arbitrary())?;
    let ids = several(source, server)?;
    let records: Vec<Csa<'_>> = summaries
        .iter()
        .zip(&bodies)
        .map(|(csas, body)| Csa { csas: *csas, body })
        .collect();
    let body = match kind {
        0 => EncodeBody::Ca {
            sequence: source.arbitrary()?,
            master: source.arbitrary()?,
            init: source.arbitrary()?,
            more: source.arbitrary()?,
            records: &summaries,
        },
        1 => EncodeBody::CsuRequest(&records),
        2 => EncodeBody::CsuReply(&summaries),
        3 => EncodeBody::Csus(&summaries),
        _ => EncodeBody::Hello {
            hello_interval: source.arbitrary()?,
            dead_factor: source.arbitrary()?,
            family: source.arbitrary()?,
            additional: &ids,
        },
    };
    Ok(act(&header, &body))
}

/// A key of 0 to 80 octets.
pub(crate) fn key(source: &mut Unstructured<'_>) -> Result<AuthKey> {
    let spi = source.arbitrary()?;
    let length = source.int_in_range(0..=80)?;
    Ok(AuthKey {
        spi,
        key: source.bytes(length)?.to_vec(),
    })
}

fn protocol(source: &mut Unstructured<'_>) -> Result<Protocol> {
    let kind = source.arbitrary()?;
    Ok(Protocol {
        kind,
        snap: if kind == 0x80 {
            source.arbitrary()?
        } else {
            [0; 5]
        },
    })
}

fn address(source: &mut Unstructured<'_>, length: usize) -> Result<ProtocolAddress> {
    ProtocolAddress::new(source.bytes(length)?).ok_or(arbitrary::Error::IncorrectFormat)
}

fn any_address(source: &mut Unstructured<'_>) -> Result<ProtocolAddress> {
    let length = source.int_in_range(0..=ProtocolAddress::MAX)?;
    address(source, length)
}

fn range(source: &mut Unstructured<'_>, protocol: Protocol) -> Result<GroupRange> {
    let length = match protocol.kind {
        0x0800 => 4,
        0x86dd => 16,
        _ => source.int_in_range(1..=ProtocolAddress::MAX)?,
    };
    let (a, b) = (address(source, length)?, address(source, length)?);
    GroupRange::new(a.min(b), a.max(b)).ok_or(arbitrary::Error::IncorrectFormat)
}

fn number(source: &mut Unstructured<'_>, least: usize) -> Result<Option<AtmNumber>> {
    let form = if source.arbitrary()? {
        AtmForm::Nsapa
    } else {
        AtmForm::E164
    };
    let length = source.int_in_range(least..=AtmNumber::MAX)?;
    Ok(AtmNumber::new(form, source.bytes(length)?))
}

fn endpoint(source: &mut Unstructured<'_>) -> Result<Endpoint> {
    Ok(Endpoint {
        number: number(source, 1)?.ok_or(arbitrary::Error::IncorrectFormat)?,
        subaddress: number(source, 0)?,
    })
}

/// Any record that can be said.
pub(crate) fn record(source: &mut Unstructured<'_>) -> Result<MarsRecord> {
    let state = *source.choose(CsaState::ALL)?;
    let flags = RecordFlags(source.arbitrary()?);
    let grouped = state != CsaState::RedirectEntry && !flags.register();
    let protocol = protocol(source)?;
    Ok(MarsRecord {
        protocol,
        state,
        flags,
        cmi: source.arbitrary()?,
        source: any_address(source)?,
        endpoint: endpoint(source)?,
        range: if grouped {
            Some(range(source, protocol)?)
        } else {
            None
        },
        unused: source.arbitrary()?,
    })
}

/// A message of each kind, for `act` to look at.
pub(crate) fn message<R>(
    source: &mut Unstructured<'_>,
    act: impl FnOnce(Message<'_>) -> R,
) -> Result<R> {
    let sender = endpoint(source)?;
    let protocol = protocol(source)?;
    let source_protocol = any_address(source)?;
    let target = any_address(source)?;
    let msn = source.arbitrary()?;
    let (last, part) = (source.arbitrary()?, u16::arbitrary(source)? & 0x7fff);
    // Lists hold endpoints of one shape: one endpoint, repeated.
    let listed = vec![endpoint(source)?; source.int_in_range(0..=4)?];
    let listed = EndpointList::new(&listed).unwrap_or_default();
    let block = [range(source, protocol)?];
    let membership = mars::Membership {
        source_protocol,
        flags: MembershipFlags(source.arbitrary()?),
        cmi: source.arbitrary()?,
        msn,
        pairs: PairList::new(&block).unwrap_or_default(),
    };
    let query = mars::Query {
        source_protocol,
        target,
        padding: source.arbitrary()?,
    };
    let answer = mars::Answer {
        source_protocol,
        target,
        last,
        part,
        msn,
        targets: listed,
    };
    // Groups of no octets are refused: each would cost its sender nothing.
    let groups = vec![target; if target.is_null() { 0 } else { 3 }];
    let body = match source.int_in_range(1..=13)? {
        1 => Body::Request(query),
        2 => Body::Multi(answer),
        3 => Body::Mserv(membership),
        4 => Body::Join(membership),
        5 => Body::Leave(membership),
        6 => Body::Nak(query),
        7 => Body::Unserv(membership),
        8 => Body::Sjoin(membership),
        9 => Body::Sleave(membership),
        10 => Body::GrouplistRequest(membership),
        11 => Body::GrouplistReply(mars::GroupList {
            source_protocol,
            last,
            part,
            msn,
            groups: mars::AddressList::new(&groups).unwrap_or_default(),
        }),
        12 => Body::RedirectMap(mars::RedirectMap {
            hard: source.arbitrary()?,
            last,
            part,
            msn,
            servers: listed,
        }),
        _ => Body::Migrate(answer),
    };
    let mut message = Message::new(protocol, sender, body);
    message.checksum_present = source.arbitrary()?;
    Ok(act(message))
}
