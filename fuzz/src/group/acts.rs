//! Inputs made of the fuzzer's octets: the first of each says what, the next ones how.
//!
//! Names come from small pools, so that things said at different times are about the same.

use arbitrary::{Arbitrary, Result, Unstructured};
use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::group::{GroupConfig, NeighborConfig, RedirectOrder};
use distributed_mars::io::{Admin, ControlKind, ControlVc, Input, VcId};
use distributed_mars::wire::csa::{CsaState, MarsRecord, RecordFlags, encode_record};
use distributed_mars::wire::llc_snap::{Encapsulation, MARS_HEADER, SCSP_HEADER, split};
use distributed_mars::wire::mars::{self, Body, Membership, MembershipFlags, Message, PairList};
use distributed_mars::wire::scsp::{self, CacheKey, Csa, Csas, EncodeBody, SequenceNumber};

use super::world::{HeardCa, Peer, World};
use crate::structured::mutate;
use crate::{checks, messages};

/// The server's own id and address; neighbours are smaller, larger, and of an id not known.
const OWN: ServerId = ServerId([10, 0, 0, 5]);
const NEIGHBORS: [ServerId; 3] = [
    ServerId([10, 0, 0, 1]),
    ServerId([10, 0, 0, 9]),
    ServerId([200, 0, 0, 7]),
];

/// Neighbours are 0 to 2, the server itself is 3, clients are the rest.
#[expect(clippy::expect_used, reason = "one octet is no more than 20")]
fn endpoint(n: u8) -> Endpoint {
    let n = n % 16;
    let long = AtmNumber::new(AtmForm::Nsapa, &[0x40 | n; 20]);
    let number = match n {
        14 => AtmNumber::new(AtmForm::E164, &[n]),
        _ => long,
    };
    Endpoint {
        number: number.expect("short enough"),
        subaddress: if n == 15 { long } else { None },
    }
}

fn any_endpoint(source: &mut Unstructured<'_>) -> Result<Endpoint> {
    source.arbitrary().map(endpoint)
}

const OTHER: Protocol = Protocol {
    kind: 0x1234,
    snap: [0; 5],
};

fn protocol(source: &mut Unstructured<'_>) -> Result<Protocol> {
    Ok(match source.arbitrary::<u8>()? {
        0..=199 => Protocol::IPV4,
        200..=239 => Protocol::IPV6,
        _ => OTHER,
    })
}

fn group(protocol: Protocol, last: u8) -> ProtocolAddress {
    let octets = match protocol {
        Protocol::IPV6 => vec![last % 8; 16],
        Protocol::IPV4 => vec![224, 0, 0, last % 8],
        _ => vec![last % 8; usize::from(last % 3)],
    };
    ProtocolAddress::new(&octets).unwrap_or_default()
}

/// One octet: two groups of eight, in order.
fn range(source: &mut Unstructured<'_>, protocol: Protocol) -> Result<Option<GroupRange>> {
    let both: u8 = source.arbitrary()?;
    let (a, b) = (group(protocol, both), group(protocol, both >> 4));
    Ok(GroupRange::new(a.min(b), a.max(b)))
}

/// The server and its neighbours, none of them connected yet.
pub(super) fn world(source: &mut Unstructured<'_>) -> Result<World> {
    let kind: u8 = source.arbitrary()?;
    let cmi_range = match kind & 3 {
        0 => [0, 2],
        1 => [65_534, 65_535],
        _ => [100, 199],
    };
    let mut config = GroupConfig::new(OWN, endpoint(3), cmi_range);
    let count = usize::from(kind >> 2 & 3);
    config.neighbors = NEIGHBORS
        .iter()
        .zip(0..)
        .take(count)
        .map(|(id, n)| NeighborConfig {
            id: (n < 2).then_some(*id),
            atm: endpoint(n),
        })
        .collect();
    config.hello_interval_s = 20;
    config.mtu = if kind & 0x10 == 0 { 9180 } else { 256 };
    config.hop_count = if kind & 0x20 == 0 { 255 } else { 3 };
    config.startup_ms = (kind & 0x40 == 0).then_some(0);
    let more: u8 = source.arbitrary()?;
    config.csu_max_rexmt = u32::from(more & 3);
    if more & 4 != 0 {
        config.protocols.push(Protocol::IPV6);
    }
    config.redirect_order = match more >> 3 & 3 {
        0 => RedirectOrder::Ascending,
        1 => RedirectOrder::LearnedOnly,
        _ => RedirectOrder::SelfFirst,
    };
    config.backups = match more & 0x20 {
        0 => Vec::new(),
        _ => vec![endpoint(13), endpoint(14), endpoint(0)],
    };
    config.csn_start = if more & 0x40 == 0 { 0 } else { u32::MAX - 1 };
    config.incarnation = u64::from(more >> 7);
    let peers = NEIGHBORS
        .iter()
        .zip(0..)
        .take(count)
        .map(|(id, n)| Peer {
            id: *id,
            atm: endpoint(n),
            sequence: 7,
            heard: None,
            sent: Vec::new(),
        })
        .collect();
    World::new(config, peers).ok_or(arbitrary::Error::IncorrectFormat)
}

/// One act: mostly one input.
pub(super) fn act(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    match source.arbitrary::<u8>()? % 20 {
        0 => world.pass(u64::from(source.arbitrary::<u8>()?) * 50),
        1 => world.pass(world.until_deadline()),
        2 => world.pass(u64::from(source.arbitrary::<u8>()?) * 1000),
        3 => world.vc_up(any_endpoint(source)?),
        4 => {
            let vc = world.nth_vc(source.arbitrary::<u8>()?.into());
            world.input(Input::VcDown { vc });
        }
        5 => leaf_gone(world, source)?,
        6 => world.input(Input::Admin(match source.arbitrary()? {
            true => Admin::Drain,
            false => Admin::Undrain,
        })),
        7 => hello(world, source)?,
        8 => ca(world, source)?,
        9 | 10 => csu_request(world, source)?,
        11 => csu_reply(world, source)?,
        12 => csus(world, source)?,
        13 | 14 => membership(world, source)?,
        15 => query(world, source)?,
        16 => message(world, source)?,
        17 => changed(world, source)?,
        18 => align(world, source)?,
        _ => frame(world, source)?,
    }
    Ok(())
}

fn neighbor(world: &World, source: &mut Unstructured<'_>) -> Result<usize> {
    Ok(usize::from(source.arbitrary::<u8>()?) % world.peers.len().max(1))
}

fn leaf_gone(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let kind = match source.arbitrary::<u8>()? {
        0..=199 => ControlKind::Ccvc,
        _ => ControlKind::Scvc,
    };
    let protocol = protocol(source)?;
    let group = ControlVc { kind, protocol };
    let peer = any_endpoint(source)?;
    world.input(Input::LeafGone { group, peer });
    Ok(())
}

fn hello(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let how: u8 = source.arbitrary()?;
    let body = EncodeBody::Hello {
        hello_interval: u16::from(how & 7),
        dead_factor: u16::from(how >> 3 & 7),
        family: 0,
        additional: if how & 0x40 == 0 { &[] } else { &[OWN] },
    };
    let listed = (how & 0x80 == 0).then_some(OWN);
    world.packet(n, &body, listed);
    Ok(())
}

/// The CA that would come next, or any other.
fn ca(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let how: u8 = source.arbitrary()?;
    let count = how & 3;
    let records: Vec<Csas> = (0..count).map(|_| summary(source)).collect::<Result<_>>()?;
    if how & 0x80 == 0 {
        next_ca(world, n, how & 0x40 != 0, &records);
        return Ok(());
    }
    let body = EncodeBody::Ca {
        sequence: source.arbitrary::<u8>()?.into(),
        master: how & 4 != 0,
        init: how & 8 != 0,
        more: how & 16 != 0,
        records: &records,
    };
    world.packet(n, &body, Some(OWN));
    Ok(())
}

/// What a neighbour answers to the server's last CA: as slave its number, as master the next one.
fn next_ca(world: &mut World, n: usize, more: bool, records: &[Csas]) {
    let Some(peer) = world.peers.get_mut(n) else {
        return;
    };
    let slave = peer.id < OWN;
    let (sequence, master, init) = match (slave, peer.heard) {
        (true, Some(HeardCa { sequence, .. })) => (sequence, false, false),
        (true, None) => (0, false, false),
        (
            false,
            Some(HeardCa {
                sequence,
                master,
                init,
            }),
        ) if !master && !init => {
            peer.sequence = sequence.wrapping_add(1);
            (peer.sequence, true, false)
        }
        (false, _) => (peer.sequence, true, true),
    };
    let body = EncodeBody::Ca {
        sequence,
        master,
        init,
        more: more || init,
        records: if init { &[] } else { records },
    };
    world.packet(n, &body, Some(OWN));
}

/// All that brings a neighbour from nothing to Aligned.
fn align(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let Some(peer) = world.peers.get(n) else {
        return Ok(());
    };
    let atm = peer.atm;
    if world.vc(atm) == VcId(u32::MAX) {
        world.vc_up(atm);
    }
    let body = EncodeBody::Hello {
        hello_interval: 3,
        dead_factor: 100,
        family: 0,
        additional: &[],
    };
    world.packet(n, &body, Some(OWN));
    for _ in 0..4 {
        if !world.is_open(n) {
            next_ca(world, n, false, &[]);
        }
    }
    Ok(())
}

/// Names of records: originators, the own id among them, and few keys, as servers give them.
fn summary(source: &mut Unstructured<'_>) -> Result<Csas> {
    let name: u8 = source.arbitrary()?;
    let version: u8 = source.arbitrary()?;
    let origin = match name >> 5 {
        0 | 1 => NEIGHBORS[0],
        2 => NEIGHBORS[1],
        3 => OWN,
        4 => ServerId([0xff; 4]),
        n => ServerId([10, 0, 1, n]),
    };
    let key = CacheKey([name >> 3 & 1, 0, 0, name & 7]);
    let few = i32::from(version & 0x0f);
    let sequence = match version >> 4 {
        0..=9 => i32::MIN + 1 + few,
        10 | 11 => few - 8,
        12 => i32::MAX - 1 - few,
        13 => i32::MAX,
        14 => i32::MIN,
        _ => i32::MAX - 0x1_0000 - few,
    };
    Ok(Csas::new(key, origin, SequenceNumber(sequence)))
}

fn csu_request(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let count = source.arbitrary::<u8>()? % 5;
    let mut records = Vec::new();
    for _ in 0..count {
        let mut csas = summary(source)?;
        let hops: u8 = source.arbitrary()?;
        csas.hop_count = if hops == 255 {
            u16::MAX
        } else {
            (hops % 6).into()
        };
        csas.null = hops == 254;
        let body = match hops {
            254 => Vec::new(),
            240..=253 => Vec::arbitrary(source)?,
            _ => content(source)?,
        };
        records.push((csas, body));
    }
    let records: Vec<Csa<'_>> = records
        .iter()
        .map(|(csas, body)| Csa { csas: *csas, body })
        .collect();
    let receiver = match source.arbitrary::<u8>() {
        Ok(255) => ServerId([0xff; 4]),
        _ => OWN,
    };
    world.packet(n, &EncodeBody::CsuRequest(&records), Some(receiver));
    Ok(())
}

/// What a record says: about few clients and groups.
fn content(source: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let what: u8 = source.arbitrary()?;
    let state = match what & 7 {
        0 | 1 => CsaState::RedirectEntry,
        2..=4 => CsaState::ClientJoin,
        5 => CsaState::ClientLeave,
        6 => CsaState::McsJoin,
        _ => CsaState::McsLeave,
    };
    let protocol = protocol(source)?;
    let register = what & 8 != 0;
    let mut flags = u16::from(what >> 5);
    if register {
        flags |= RecordFlags::REGISTER;
    }
    if what & 16 != 0 {
        flags |= RecordFlags::LAYER3GRP;
    }
    let grouped = state != CsaState::RedirectEntry && !register;
    let endpoint = any_endpoint(source)?;
    let cmi = u16::from(source.arbitrary::<u8>()? % 4);
    let record = MarsRecord {
        protocol,
        state,
        flags: RecordFlags(flags),
        // Near the bottom of each range that the server may have.
        cmi: [cmi, 100 + cmi, 65_534 + cmi % 2]
            .get(usize::from(what >> 5) % 3)
            .copied()
            .unwrap_or_default(),
        source: ProtocolAddress::default(),
        endpoint,
        range: if grouped {
            range(source, protocol)?
        } else {
            None
        },
        unused: 0,
    };
    let mut octets = Vec::new();
    encode_record(&record, &mut octets);
    Ok(octets)
}

/// Acknowledges what the server sent, or something else.
fn csu_reply(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let how: u8 = source.arbitrary()?;
    let Some(peer) = world.peers.get_mut(n) else {
        return Ok(());
    };
    let mut records: Vec<Csas> = match how & 1 {
        0 => peer.sent.drain(..).collect(),
        _ => peer.sent.iter().take(2).copied().collect(),
    };
    for csas in &mut records {
        csas.hop_count = 1;
        if how & 2 != 0 {
            csas.sequence.0 = csas.sequence.0.wrapping_add(i32::from(how >> 4) - 2);
        }
    }
    if how & 4 != 0 {
        records.push(summary(source)?);
    }
    world.packet(n, &EncodeBody::CsuReply(&records), Some(OWN));
    Ok(())
}

fn csus(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let n = neighbor(world, source)?;
    let count = source.arbitrary::<u8>()? % 6;
    let asked: Vec<Csas> = (0..count).map(|_| summary(source)).collect::<Result<_>>()?;
    world.packet(n, &EncodeBody::Csus(&asked), Some(OWN));
    Ok(())
}

/// What clients and MCSs say about themselves; a VC to the client comes up first if there is none.
fn membership(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let client = any_endpoint(source)?;
    let what: u8 = source.arbitrary()?;
    let protocol = protocol(source)?;
    let range = range(source, protocol)?;
    let mut flags = 0;
    if what & 2 != 0 {
        flags |= MembershipFlags::REGISTER;
    }
    if what & 4 != 0 {
        flags |= MembershipFlags::LAYER3GRP;
    }
    if what & 0xf0 == 0xf0 {
        flags |= MembershipFlags::COPY;
    }
    let range = range.filter(|_| what & 2 == 0);
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs: match &range {
            Some(range) => PairList::new(core::slice::from_ref(range)).unwrap_or_default(),
            None => PairList::null(1),
        },
    };
    let mcs = what & 0x30 == 0x30;
    let body = match (what & 0x09, mcs) {
        (0 | 8, false) => Body::Join(body),
        (1, false) => Body::Leave(body),
        (0 | 8, true) => Body::Mserv(body),
        (1, true) => Body::Unserv(body),
        _ => Body::GrouplistRequest(body),
    };
    let mut message = Message::new(protocol, client, body);
    message.checksum_present = what & 0x40 == 0;
    called(world, client, &message.to_vec());
    Ok(())
}

fn called(world: &mut World, client: Endpoint, message: &[u8]) {
    if world.vc(client) == VcId(u32::MAX) {
        world.vc_up(client);
    }
    world.message(client, message);
}

fn query(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let client = any_endpoint(source)?;
    let protocol = protocol(source)?;
    let query = mars::Query {
        source_protocol: ProtocolAddress::default(),
        target: group(protocol, source.arbitrary()?),
        padding: [0; 8],
    };
    let message = Message::new(protocol, client, Body::Request(query));
    called(world, client, &message.to_vec());
    Ok(())
}

/// Any message at all, on the VC of somebody who has one.
fn message(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let vc = world.nth_vc(source.arbitrary::<u8>()?.into());
    let sender = match vc.0 % 3 {
        1 => NEIGHBORS[0],
        _ => NEIGHBORS[1],
    };
    let octets = match source.arbitrary()? {
        true => messages::message(source, |message| {
            [&MARS_HEADER[..], &message.to_vec()].concat()
        })?,
        false => messages::packet(source, |header, body| {
            let mut octets = SCSP_HEADER.to_vec();
            let mut ours = scsp::Header::mars(1, sender, Some(OWN));
            if header.server_group & 7 == 0 {
                ours = *header;
            }
            scsp::encode(&ours, body, None, &mut octets);
            octets
        })?,
    };
    world.input(Input::Frame { vc, octets });
    Ok(())
}

/// The last frame with a few octets changed, on the same VC or another; its checksum is put right, or
/// not.
fn changed(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let how: u8 = source.arbitrary()?;
    let vc = world.nth_vc((how >> 3).into());
    let mut octets = world.last.clone();
    mutate(&mut octets, source)?;
    if how & 1 == 0
        && let Ok((kind, payload)) = split(&octets)
    {
        let payload = match (kind, how & 2) {
            (Encapsulation::Scsp, 0) => checks::resized_scsp(payload),
            (Encapsulation::Scsp, _) => checks::sealed_scsp(payload),
            _ => checks::sealed_mars(payload),
        };
        octets = [&kind.header()[..], &payload].concat();
    }
    world.input(Input::Frame { vc, octets });
    Ok(())
}

/// Any octets, on any VC; names of VCs given twice or never.
fn frame(world: &mut World, source: &mut Unstructured<'_>) -> Result<()> {
    let how: u8 = source.arbitrary()?;
    let vc = world.nth_vc((how >> 2).into());
    world.input(match how & 3 {
        0 => Input::VcUp {
            vc,
            peer: any_endpoint(source)?,
        },
        1 => Input::VcDown {
            vc: VcId(u32::MAX - 1),
        },
        _ => Input::Frame {
            vc,
            octets: Vec::arbitrary(source)?,
        },
    });
    Ok(())
}
