//! A zero-latency network of servers and clients in one process: what the tests run in.

use std::collections::{BTreeMap, VecDeque};

use crate::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use crate::group::view::MemberKind;
use crate::group::{DistributedMars, GroupConfig, NeighborConfig, View};
use crate::io::{ControlKind, ControlVc, Input, Output, OutputAction, Target, Time, VcId};
use crate::wire::llc_snap::{Encapsulation, MARS_HEADER, split};
use crate::wire::mars::{Body, Membership, MembershipFlags, Message, PairList, Query, decode};
use crate::wire::scsp;

pub(super) const JOIN: u8 = 4;
pub(super) const LEAVE: u8 = 5;

pub(super) const CCVC: ControlVc = ControlVc {
    kind: ControlKind::Ccvc,
    protocol: Protocol::IPV4,
};

pub(super) const SCVC: ControlVc = ControlVc {
    kind: ControlKind::Scvc,
    protocol: Protocol::IPV4,
};

/// Endpoint of server `n` (1, 2, ...) or of client `n` (100 up).
pub(super) fn endpoint(n: u8) -> Endpoint {
    let mut number = [0x47; 20];
    number[18] = n;
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &number).unwrap(),
        subaddress: None,
    }
}

pub(super) fn id(n: u8) -> ServerId {
    ServerId([10, 0, 0, n])
}

pub(super) fn group(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
}

pub(super) fn range(min: u8, max: u8) -> GroupRange {
    GroupRange::new(group(min), group(max)).unwrap()
}

/// The configuration that generated traces use, for server `n` with these neighbours.
pub(super) fn config(n: u8, neighbors: &[u8]) -> GroupConfig {
    let lowest = 100 * u16::from(n);
    let mut config = GroupConfig::new(id(n), endpoint(n), [lowest, lowest + 99]);
    config.neighbors = neighbors
        .iter()
        .map(|n| NeighborConfig {
            id: Some(id(*n)),
            atm: endpoint(*n),
        })
        .collect();
    config.redirect_hold_ms = 150_000;
    config.csu_rexmt_ms = 3_600_000;
    config.seed = u64::from(n);
    config
}

/// Something that left a server for somebody who is no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Leaf(bool, u8),
    /// To the client on whose VC it went.
    Private(u8, Vec<u8>),
    Cluster(Vec<u8>),
    /// A leaf of the SCVC came or went.
    McsLeaf(bool, u8),
    /// On the SCVC.
    Servers(Vec<u8>),
}

pub(super) struct Net {
    pub(super) servers: BTreeMap<u8, DistributedMars>,
    /// When each server started, in the time of the net.
    started: BTreeMap<u8, u64>,
    pub(super) now: u64,
    /// Ends of each VC between servers: this server's VC is that server's VC.
    links: BTreeMap<(u8, VcId), (u8, VcId)>,
    clients: BTreeMap<(u8, VcId), u8>,
    /// Links that lose everything without going down.
    pub(super) deaf: Vec<(u8, u8)>,
    next_vc: u32,
    seen: BTreeMap<u8, Vec<(u64, Seen)>>,
}

impl Net {
    /// Servers with these links, all VCs down.
    pub(super) fn new(servers: &[u8], links: &[(u8, u8)]) -> Self {
        let mut net = Self {
            servers: BTreeMap::new(),
            started: BTreeMap::new(),
            now: 0,
            links: BTreeMap::new(),
            clients: BTreeMap::new(),
            deaf: Vec::new(),
            next_vc: 1,
            seen: BTreeMap::new(),
        };
        for server in servers {
            let neighbors = neighbors(*server, links);
            net.start(config(*server, &neighbors));
        }
        net
    }

    /// The same, linked and given ten seconds to align.
    pub(super) fn aligned(servers: &[u8], links: &[(u8, u8)]) -> Self {
        let mut net = Self::new(servers, links);
        for (a, b) in links {
            net.link(*a, *b);
        }
        net.run_to(10_000);
        for server in net.servers.values() {
            let view = server.view();
            assert!(
                view.cafsm.values().all(|state| state == "aligned"),
                "{view:?}"
            );
        }
        net
    }

    /// A server of this configuration, in the place of one of the same id.
    pub(super) fn start(&mut self, config: GroupConfig) {
        let name = config.server_id.0[3];
        self.started.insert(name, self.now);
        self.servers
            .insert(name, DistributedMars::new(config).unwrap());
        self.input(name, Input::TimePassed);
    }

    fn vc(&mut self) -> VcId {
        self.next_vc += 1;
        VcId(self.next_vc)
    }

    pub(super) fn link(&mut self, a: u8, b: u8) {
        let (va, vb) = (self.vc(), self.vc());
        self.links.insert((a, va), (b, vb));
        self.links.insert((b, vb), (a, va));
        self.give(
            a,
            Input::VcUp {
                vc: va,
                peer: endpoint(b),
            },
        );
        self.input(
            b,
            Input::VcUp {
                vc: vb,
                peer: endpoint(a),
            },
        );
    }

    pub(super) fn unlink(&mut self, a: u8, b: u8) {
        let found = self
            .links
            .iter()
            .find(|((from, _), (to, _))| (*from, *to) == (a, b));
        let ((_, va), (_, vb)) = found.map(|(x, y)| (*x, *y)).unwrap();
        self.links.remove(&(a, va));
        self.links.remove(&(b, vb));
        for (server, vc) in [(a, va), (b, vb)] {
            if self.servers.contains_key(&server) {
                self.input(server, Input::VcDown { vc });
            }
        }
    }

    /// Stops a server as if by a power cut.
    pub(super) fn kill(&mut self, server: u8) {
        self.servers.remove(&server);
        let ends: Vec<_> = self
            .links
            .iter()
            .filter(|((from, _), _)| *from == server)
            .map(|(a, b)| (*a, *b))
            .collect();
        for (mine, theirs) in ends {
            self.links.remove(&mine);
            self.links.remove(&theirs);
            self.input(theirs.0, Input::VcDown { vc: theirs.1 });
        }
        self.clients.retain(|(from, _), _| *from != server);
    }

    /// One input, and all that follows from it at this instant.
    pub(super) fn input(&mut self, server: u8, input: Input) {
        self.give(server, input);
        let mut frames = VecDeque::new();
        loop {
            let names: Vec<u8> = self.servers.keys().copied().collect();
            for name in names {
                while let Some(output) = self.servers.get_mut(&name).unwrap().poll_output() {
                    self.output(name, output, &mut frames);
                }
            }
            let Some((to, vc, octets)) = frames.pop_front() else {
                return;
            };
            self.give(to, Input::Frame { vc, octets });
        }
    }

    fn give(&mut self, server: u8, input: Input) {
        let now = Time(self.now - self.started[&server]);
        self.servers.get_mut(&server).unwrap().handle(now, input);
    }

    fn output(&mut self, name: u8, output: Output, frames: &mut VecDeque<(u8, VcId, Vec<u8>)>) {
        let number = |peer: Endpoint| peer.number.octets()[18];
        let seen = match output.action {
            OutputAction::AddLeaf { peer, group } if group == SCVC => {
                Seen::McsLeaf(true, number(peer))
            }
            OutputAction::DropLeaf { peer, group } if group == SCVC => {
                Seen::McsLeaf(false, number(peer))
            }
            OutputAction::AddLeaf { peer, .. } => Seen::Leaf(true, number(peer)),
            OutputAction::DropLeaf { peer, .. } => Seen::Leaf(false, number(peer)),
            OutputAction::Send {
                target: Target::Group(group),
                octets,
            } if group == SCVC => Seen::Servers(message(&octets)),
            OutputAction::Send {
                target: Target::Group(_),
                octets,
            } => Seen::Cluster(message(&octets)),
            OutputAction::Send {
                target: Target::Vc(vc),
                octets,
            } => {
                if let Some((to, other)) = self.links.get(&(name, vc)) {
                    if !self.deaf.contains(&(name, *to)) {
                        frames.push_back((*to, *other, octets));
                    }
                    return;
                }
                let Some(client) = self.clients.get(&(name, vc)) else {
                    return;
                };
                Seen::Private(*client, message(&octets))
            }
            OutputAction::Log(_) => return,
            action => panic!("{action:?}"),
        };
        let list = self.seen.entry(name).or_default();
        list.push((output.at.0 + self.started[&name], seen));
    }

    /// Lets time pass, every timer at its own instant.
    pub(super) fn run_to(&mut self, end: u64) {
        loop {
            let due = self
                .servers
                .iter()
                .filter_map(|(name, server)| {
                    let at = server.next_deadline()?.0 + self.started[name];
                    Some((at, *name))
                })
                .min()
                .filter(|(at, _)| *at <= end);
            let Some((at, name)) = due else { break };
            self.now = at.max(self.now);
            self.input(name, Input::TimePassed);
        }
        self.now = end;
        let names: Vec<u8> = self.servers.keys().copied().collect();
        for name in names {
            self.input(name, Input::TimePassed);
        }
    }

    pub(super) fn run(&mut self, ms: u64) {
        self.run_to(self.now + ms);
    }

    /// What clients and the CCVC of a server have seen since the last call, in order.
    pub(super) fn seen(&mut self, server: u8) -> Vec<Seen> {
        self.seen_at(server)
            .into_iter()
            .map(|(_, seen)| seen)
            .collect()
    }

    pub(super) fn seen_at(&mut self, server: u8) -> Vec<(u64, Seen)> {
        self.seen.remove(&server).unwrap_or_default()
    }

    pub(super) fn view(&self, server: u8) -> View {
        self.servers[&server].view()
    }

    /// The host map of a server as (client, min, max, originator).
    pub(super) fn members(&self, server: u8) -> Vec<(u8, u8, u8, u8)> {
        self.lines(server, MemberKind::Client)
    }

    /// The server map of a server, likewise.
    pub(super) fn served(&self, server: u8) -> Vec<(u8, u8, u8, u8)> {
        self.lines(server, MemberKind::Mcs)
    }

    fn lines(&self, server: u8, kind: MemberKind) -> Vec<(u8, u8, u8, u8)> {
        let mut members: Vec<_> = self
            .view(server)
            .membership
            .iter()
            .filter(|m| m.kind == kind)
            .map(|m| {
                let last = |group: ProtocolAddress| group.octets()[3];
                let client = m.endpoint.number.octets()[18];
                (client, last(m.min), last(m.max), m.origin.0[3])
            })
            .collect();
        members.sort_unstable();
        members
    }

    /// Sends a MARS message of a client to a server, over a VC of its own.
    pub(super) fn client(&mut self, server: u8, client: u8, message: &[u8]) {
        let known = self
            .clients
            .iter()
            .find(|((to, _), name)| *to == server && **name == client)
            .map(|((_, vc), _)| *vc);
        let vc = known.unwrap_or_else(|| {
            let vc = self.vc();
            self.clients.insert((server, vc), client);
            self.input(
                server,
                Input::VcUp {
                    vc,
                    peer: endpoint(client),
                },
            );
            vc
        });
        let octets = [&MARS_HEADER, message].concat();
        self.input(server, Input::Frame { vc, octets });
    }

    pub(super) fn register(&mut self, server: u8, client: u8) {
        self.client(server, client, &register(JOIN, client));
    }

    pub(super) fn deregister(&mut self, server: u8, client: u8) {
        self.client(server, client, &register(LEAVE, client));
    }

    pub(super) fn join(&mut self, server: u8, client: u8, range: GroupRange) {
        self.client(server, client, &membership(JOIN, client, 0, range));
    }

    pub(super) fn leave(&mut self, server: u8, client: u8, range: GroupRange) {
        self.client(server, client, &membership(LEAVE, client, 0, range));
    }

    pub(super) fn leaf_gone(&mut self, server: u8, client: u8) {
        self.input(
            server,
            Input::LeafGone {
                group: CCVC,
                peer: endpoint(client),
            },
        );
    }

    /// An SCSP packet to a server as if from its neighbour.
    pub(super) fn scsp(&mut self, server: u8, neighbor: u8, packet: &[u8]) {
        let vc = self
            .links
            .iter()
            .find(|((from, _), (to, _))| (*from, *to) == (server, neighbor))
            .map(|((_, vc), _)| *vc)
            .unwrap();
        let octets = [&crate::wire::llc_snap::SCSP_HEADER, packet].concat();
        self.input(server, Input::Frame { vc, octets });
    }

    /// A record to a server as if flooded by its neighbour.
    pub(super) fn record(&mut self, server: u8, neighbor: u8, csa: scsp::Csa<'_>) {
        let mut packet = Vec::new();
        scsp::encode(
            &scsp::Header::mars(1, id(neighbor), Some(id(server))),
            &scsp::EncodeBody::CsuRequest(&[csa]),
            None,
            &mut packet,
        );
        self.scsp(server, neighbor, &packet);
    }
}

fn neighbors(server: u8, links: &[(u8, u8)]) -> Vec<u8> {
    links
        .iter()
        .filter_map(|(a, b)| match server {
            _ if server == *a => Some(*b),
            _ if server == *b => Some(*a),
            _ => None,
        })
        .collect()
}

fn message(frame: &[u8]) -> Vec<u8> {
    let (kind, message) = split(frame).unwrap();
    assert_eq!(kind, Encapsulation::Mars);
    message.to_vec()
}

/// A registration (op 4) or deregistration (op 5).
pub(super) fn register(op: u8, client: u8) -> Vec<u8> {
    build(op, client, MembershipFlags::REGISTER, PairList::null(1))
}

/// A JOIN (op 4) or LEAVE (op 5) of a range.
pub(super) fn membership(op: u8, client: u8, flags: u16, range: GroupRange) -> Vec<u8> {
    build(op, client, flags, PairList::new(&[range]).unwrap())
}

fn build(op: u8, client: u8, flags: u16, pairs: PairList<'_>) -> Vec<u8> {
    let body = Membership {
        source_protocol: ProtocolAddress::new(&[10, 0, 0, client]).unwrap(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    };
    let body = if op == JOIN {
        Body::Join(body)
    } else {
        Body::Leave(body)
    };
    Message::new(Protocol::IPV4, endpoint(client), body).to_vec()
}

pub(super) fn request(client: u8, group: ProtocolAddress) -> Vec<u8> {
    let query = Query {
        source_protocol: ProtocolAddress::default(),
        target: group,
        padding: [0; 8],
    };
    Message::new(Protocol::IPV4, endpoint(client), Body::Request(query)).to_vec()
}

/// A short form of a JOIN or LEAVE: op, client, flags, CMI, CSN, pairs.
pub(super) type Short = (u8, u8, u16, u16, u32, Vec<(u8, u8)>);

pub(super) fn short(octets: &[u8]) -> Short {
    let message = decode(octets).unwrap();
    let body = *message.body.membership().unwrap();
    let pairs = body.pairs.iter().map(|range| {
        let range = &range;
        (range.min().octets()[3], range.max().octets()[3])
    });
    (
        message.body.op().code(),
        message.source.number.octets()[18],
        body.flags.0,
        body.cmi,
        body.msn,
        pairs.collect(),
    )
}

/// A JOIN or LEAVE on the CCVC: op, client, pairs.
pub(super) type Announced = (u8, u8, Vec<(u8, u8)>);

/// The JOINs and LEAVEs among CCVC messages.
pub(super) fn on_ccvc(seen: &[Seen]) -> Vec<Announced> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Cluster(octets) if matches!(octets[17], JOIN | LEAVE) => {
                let (op, client, _, _, _, pairs) = short(octets);
                Some((op, client, pairs))
            }
            _ => None,
        })
        .collect()
}
