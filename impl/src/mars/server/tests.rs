mod answers;
mod membership;
mod registration;
mod serve;

use super::*;
use crate::address::{AtmForm, AtmNumber};
use crate::wire::codepoints::Op;
use crate::wire::mars::{MembershipFlags, PairList, Query, decode, patched_copy};

const OWN: ServerId = ServerId([10, 0, 0, 1]);
const OTHER: ServerId = ServerId([10, 0, 0, 2]);
const HOLD: Time = Time(300_000);

fn endpoint(last: u8) -> Endpoint {
    let mut number = [0x47; 20];
    number[18] = last;
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &number).unwrap(),
        subaddress: None,
    }
}

fn group(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
}

fn range(min: u8, max: u8) -> GroupRange {
    GroupRange::new(group(min), group(max)).unwrap()
}

fn address(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[10, 0, 0, last]).unwrap()
}

fn mars() -> Mars {
    Mars::new(MarsConfig {
        protocol: Protocol::IPV4,
        address: endpoint(100),
        protocol_address: address(100),
        origin: OWN,
        cmi_range: [7, 9],
        csn_start: 50,
        ssn_start: 50,
        mtu: 9180,
    })
}

/// A JOIN or LEAVE as a client sends it.
fn message(kind: Kind, client: u8, flags: u16, pairs: PairList<'_>) -> Vec<u8> {
    let body = Membership {
        source_protocol: address(client),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    };
    let body = match kind {
        Kind::Join => Body::Join(body),
        Kind::Leave => Body::Leave(body),
    };
    Message::new(Protocol::IPV4, endpoint(client), body).to_vec()
}

fn register(kind: Kind, client: u8) -> Vec<u8> {
    message(
        kind,
        client,
        MembershipFlags::REGISTER | 0x21,
        PairList::null(1),
    )
}

fn one(kind: Kind, client: u8, flags: u16, range: GroupRange) -> Vec<u8> {
    message(kind, client, flags, PairList::new(&[range]).unwrap())
}

fn request(client: u8, group: ProtocolAddress) -> Vec<u8> {
    let query = Query {
        source_protocol: address(client),
        target: group,
        padding: [9; 8],
    };
    Message::new(Protocol::IPV4, endpoint(client), Body::Request(query)).to_vec()
}

fn send(mars: &mut Mars, octets: &[u8]) -> Result<Vec<Effect>, Ignored> {
    mars.message(Time(0), octets, &decode(octets).unwrap(), HOLD, |_| false)
}

fn ok(mars: &mut Mars, octets: &[u8]) -> Vec<Effect> {
    send(mars, octets).unwrap()
}

/// The body of a JOIN or LEAVE that a MARS sent.
fn read(octets: &[u8]) -> (Kind, Endpoint, MembershipFlags, u16, u32, Vec<GroupRange>) {
    let message = decode(octets).unwrap();
    let kind = match message.body {
        Body::Join(_) => Kind::Join,
        Body::Leave(_) => Kind::Leave,
        _ => panic!("{message:?}"),
    };
    let body = message.body.membership().unwrap();
    (
        kind,
        message.source,
        body.flags,
        body.cmi,
        body.msn,
        body.pairs.iter().collect(),
    )
}

fn joined(client: u8, range: GroupRange) -> Effect {
    Effect::Changed(Changed::Joined {
        client: endpoint(client),
        range,
    })
}
