//! One server at the limits of its number spaces, driven by frames as anybody would: all 65,535 CMIs, and a
//! router of the whole class D. Times are for the bench `mars`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers"
)]

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::group::{DistributedMars, GroupConfig};
use distributed_mars::io::{Input, OutputAction, Target, Time, VcId};
use distributed_mars::wire::llc_snap::{MARS_HEADER, split};
use distributed_mars::wire::mars::{
    Body, Membership, MembershipFlags, Message, PairList, Query, decode,
};

fn endpoint(n: u32) -> Endpoint {
    let mut number = [0x47; 20];
    number[14..18].copy_from_slice(&n.to_be_bytes());
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &number).unwrap(),
        subaddress: None,
    }
}

fn group(n: u32) -> ProtocolAddress {
    ProtocolAddress::new(&(0xe000_0000 | n).to_be_bytes()).unwrap()
}

fn range(low: u32, high: u32) -> GroupRange {
    GroupRange::new(group(low), group(high)).unwrap()
}

struct Lis {
    server: DistributedMars,
    next_vc: u32,
}

impl Lis {
    fn new() -> Self {
        let config = GroupConfig::new(ServerId([10, 0, 0, 1]), endpoint(0), [1, 65_535]);
        let mut server = DistributedMars::new(config).unwrap();
        server.handle(Time(0), Input::TimePassed);
        Self { server, next_vc: 0 }
    }

    /// The octets of all messages that a message of a client brings about, over a VC of its own.
    fn send(&mut self, client: u32, body: Body<'_>) -> Vec<(Target, Vec<u8>)> {
        self.next_vc += 1;
        let vc = VcId(self.next_vc);
        let peer = endpoint(client);
        let mut octets = MARS_HEADER.to_vec();
        Message::new(Protocol::IPV4, peer, body).encode(&mut octets);
        self.server.handle(Time(0), Input::VcUp { vc, peer });
        self.server.handle(Time(0), Input::Frame { vc, octets });
        self.server.handle(Time(0), Input::VcDown { vc });
        let mut sent = Vec::new();
        while let Some(output) = self.server.poll_output() {
            if let OutputAction::Send { target, octets } = output.action {
                sent.push((target, split(&octets).unwrap().1.to_vec()));
            }
        }
        sent
    }

    /// The CMI that a client gets.
    fn register(&mut self, client: u32) -> Option<u16> {
        let flags = MembershipFlags(MembershipFlags::REGISTER);
        let sent = self.send(client, Body::Join(membership(flags, PairList::null(1))));
        let copy = sent
            .iter()
            .find(|(target, _)| matches!(target, Target::Vc(_)))?;
        match decode(&copy.1).unwrap().body {
            Body::Join(body) => Some(body.cmi),
            other => panic!("{other:?}"),
        }
    }

    /// What the ClusterControlVC hears of a join: the ranges of all its messages.
    fn join(&mut self, client: u32, range: GroupRange) -> Vec<GroupRange> {
        let ranges = [range];
        let pairs = PairList::new(&ranges).unwrap();
        let sent = self.send(client, Body::Join(membership(MembershipFlags(0), pairs)));
        let told = sent
            .iter()
            .filter(|(target, _)| matches!(target, Target::Group(_)));
        told.flat_map(|(_, octets)| match decode(octets).unwrap().body {
            Body::Join(body) => body.pairs.iter().collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        })
        .collect()
    }

    /// How many members a group has, by what a client is answered.
    fn members(&mut self, client: u32, of: ProtocolAddress) -> usize {
        let query = Query {
            source_protocol: ProtocolAddress::default(),
            target: of,
            padding: [0; 8],
        };
        let sent = self.send(client, Body::Request(query));
        sent.iter()
            .map(|(_, octets)| match decode(octets).unwrap().body {
                Body::Multi(answer) => answer.targets.iter().count(),
                Body::Nak(_) => 0,
                other => panic!("{other:?}"),
            })
            .sum()
    }
}

fn membership(flags: MembershipFlags, pairs: PairList<'_>) -> Membership<'_> {
    Membership {
        source_protocol: ProtocolAddress::default(),
        flags,
        cmi: 0,
        msn: 0,
        pairs,
    }
}

// R2022-5.2.3-05 R2443-2-06, register E02: each number but 0 once, and nobody after the last.
#[test]
fn the_65_536th_registration_is_refused() {
    let mut lis = Lis::new();
    let mut given = vec![false; 65_536];
    for client in 1..=65_535 {
        let cmi = lis.register(client).unwrap();
        assert!(cmi > 0 && !core::mem::replace(&mut given[usize::from(cmi)], true));
    }
    assert_eq!(lis.register(65_536), None);
    assert_eq!(lis.server.meters().cmi_exhausted, 1);
    // Who is registered is served as before, and told its number again.
    assert_eq!(lis.join(1, range(5, 5)), [range(5, 5)]);
    assert!(lis.register(1).is_some());
    assert_eq!(lis.server.view().registrations.len(), 65_535);
}

// R2022-6.1.2-14 R2022-4.1-04: a promiscuous router joins all there is, and the cluster hears of exactly what it
// was not in.
#[test]
fn a_router_joins_the_whole_class_and_ten_thousand_holes_are_punched() {
    const HOLES: u32 = 10_000;
    let mut lis = Lis::new();
    lis.register(1).unwrap();
    lis.register(2).unwrap();
    for n in 0..HOLES {
        assert_eq!(lis.join(1, range(2 * n, 2 * n)).len(), 1);
    }
    let told = lis.join(1, range(0, 0x0fff_ffff));
    let mut wanted: Vec<GroupRange> = (0..HOLES - 1)
        .map(|n| range(2 * n + 1, 2 * n + 1))
        .collect();
    wanted.push(range(2 * HOLES - 1, 0x0fff_ffff));
    assert_eq!(told, wanted);
    for group in [group(0), group(1), group(0x0fff_ffff)] {
        assert_eq!(lis.members(2, group), 1);
    }
    // Of another client there is nothing to punch.
    assert_eq!(lis.join(2, range(0, 0x0fff_ffff)), [range(0, 0x0fff_ffff)]);
    assert_eq!(lis.members(1, group(1)), 2);
}
