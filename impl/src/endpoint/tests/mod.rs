//! The endpoint against a scripted MARS: octets made with `wire`, none of the server's code.

mod data;
mod failover;
mod mcs;
mod membership;
mod random;
mod registration;
mod resolve;
mod sequence;
mod server;
mod vcs;

use std::collections::{BTreeMap, BTreeSet};

use super::core::{Core, Role};
use super::io::{Command, Input, Notice, OutputAction, TreeId, VcKind};
use super::{EndpointConfig, View};
use crate::address::{AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress};
use crate::io::{Time, VcId};
use crate::wire::codepoints::Op;
use crate::wire::llc_snap::{Encapsulation, MARS_HEADER, split};
use crate::wire::mars::{
    Answer, Body, EndpointList, Membership, MembershipFlags, Message, PairList, Query, RedirectMap,
    decode, patched_copy,
};

/// The endpoint under test.
const OWN: u8 = 9;
/// Its MARSs.
const MARS: u8 = 101;
const BACKUP: u8 = 102;
/// The CMI that the scripted MARS assigns.
const CMI: u16 = 7;
/// The first sequence number of the scripted MARS.
const FIRST: u32 = 100;

fn atm(last: u8) -> Endpoint {
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

fn one(last: u8) -> GroupRange {
    range(last, last)
}

/// A message of a MARS.
fn message(source: u8, body: Body<'_>) -> Vec<u8> {
    Message::new(Protocol::IPV4, atm(source), body).to_vec()
}

/// A JOIN-like message as a MARS sends it.
fn update(op: Op, source: u8, flags: u16, msn: u32, ranges: &[GroupRange]) -> Vec<u8> {
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(flags | MembershipFlags::COPY),
        cmi: 0,
        msn,
        pairs: PairList::new(ranges).unwrap(),
    };
    message(
        source,
        match op {
            Op::Join => Body::Join(body),
            Op::Leave => Body::Leave(body),
            Op::Sjoin => Body::Sjoin(body),
            Op::Sleave => Body::Sleave(body),
            Op::Mserv => Body::Mserv(body),
            _ => panic!("{op:?}"),
        },
    )
}

/// Part `part` of an answer to the endpoint under test.
fn multi(to: u8, last: bool, part: u16, msn: u32, targets: &[u8]) -> Vec<u8> {
    let targets: Vec<Endpoint> = targets.iter().map(|last| atm(*last)).collect();
    let answer = Answer {
        source_protocol: ProtocolAddress::default(),
        target: group(to),
        last,
        part,
        msn,
        targets: EndpointList::new(&targets).unwrap(),
    };
    message(OWN, Body::Multi(answer))
}

fn migrate(to: u8, msn: u32, targets: &[u8]) -> Vec<u8> {
    let targets: Vec<Endpoint> = targets.iter().map(|last| atm(*last)).collect();
    let answer = Answer {
        source_protocol: ProtocolAddress::default(),
        target: group(to),
        last: false,
        part: 0,
        msn,
        targets: EndpointList::new(&targets).unwrap(),
    };
    message(MARS, Body::Migrate(answer))
}

fn nak(to: u8) -> Vec<u8> {
    let query = Query {
        source_protocol: ProtocolAddress::default(),
        target: group(to),
        padding: [0; 8],
    };
    message(OWN, Body::Nak(query))
}

fn map(source: u8, hard: bool, (last, part): (bool, u16), msn: u32, servers: &[u8]) -> Vec<u8> {
    let servers: Vec<Endpoint> = servers.iter().map(|last| atm(*last)).collect();
    let map = RedirectMap {
        hard,
        last,
        part,
        msn,
        servers: EndpointList::new(&servers).unwrap(),
    };
    message(source, Body::RedirectMap(map))
}

/// The endpoint, a network that does at once what it is asked for, and what came out.
#[derive(Clone)]
struct Rig {
    core: Core,
    now: u64,
    next_vc: u32,
    /// Point-to-point VCs that are up, by the other end.
    links: BTreeMap<Endpoint, VcId>,
    /// The VC from each MARS.
    controls: BTreeMap<u8, VcId>,
    /// Those that do not answer calls.
    dead: BTreeSet<Endpoint>,
    /// Leaves come up by themselves.
    leaves_up: bool,
    /// Whatever came out since the last look, without what the network has answered.
    seen: Vec<(u64, OutputAction)>,
    /// Leaves of each tree, as the network has it.
    trees: BTreeMap<TreeId, BTreeSet<Endpoint>>,
}

impl Rig {
    fn new(role: Role, mars: &[u8]) -> Self {
        let mars = mars.iter().map(|last| atm(*last)).collect();
        let config = EndpointConfig::new(Protocol::IPV4, atm(OWN), mars);
        Self {
            core: Core::new(role, config).unwrap(),
            now: 0,
            next_vc: 1,
            links: BTreeMap::new(),
            controls: BTreeMap::new(),
            dead: BTreeSet::new(),
            leaves_up: true,
            seen: Vec::new(),
            trees: BTreeMap::new(),
        }
    }

    /// A registered client.
    fn client() -> Self {
        let mut rig = Self::new(Role::Member, &[MARS]);
        rig.register(MARS);
        rig.take();
        rig
    }

    fn vc(&mut self) -> VcId {
        self.next_vc += 1;
        VcId(self.next_vc)
    }

    fn input(&mut self, input: Input) {
        if let Input::LeafFailed { tree, peer, .. } = &input
            && let Some(leaves) = self.trees.get_mut(tree)
        {
            leaves.remove(peer);
        }
        self.core.handle(Time(self.now), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            assert!(output.at.0 <= self.now, "{output:?}");
            let tree_leaf = match &output.action {
                OutputAction::Call { peer } => {
                    let peer = *peer;
                    self.answer_call(peer);
                    None
                }
                OutputAction::Hangup { vc } => {
                    self.links.retain(|_, link| link != vc);
                    self.controls.retain(|_, control| control != vc);
                    None
                }
                OutputAction::OpenTree { tree, peer, .. } => {
                    self.trees.insert(*tree, BTreeSet::from([*peer]));
                    Some((*tree, *peer))
                }
                OutputAction::AddLeaf { tree, peer } => {
                    assert!(self.trees.get_mut(tree).unwrap().insert(*peer));
                    Some((*tree, *peer))
                }
                OutputAction::DropLeaf { tree, peer } => {
                    assert!(self.trees.get_mut(tree).unwrap().remove(peer));
                    None
                }
                OutputAction::CloseTree { tree } => {
                    assert!(self.trees.remove(tree).is_some());
                    None
                }
                OutputAction::SendTree { tree, .. } => {
                    assert!(!self.trees[tree].is_empty());
                    None
                }
                _ => None,
            };
            self.seen.push((output.at.0, output.action));
            if let Some((tree, peer)) = tree_leaf
                && self.leaves_up
            {
                self.core
                    .handle(Time(self.now), Input::LeafUp { tree, peer });
            }
        }
    }

    fn answer_call(&mut self, peer: Endpoint) {
        let input = if self.dead.contains(&peer) {
            Input::CallFailed { peer }
        } else {
            let vc = self.vc();
            self.links.insert(peer, vc);
            Input::VcUp {
                vc,
                peer,
                kind: VcKind::PointToPoint,
            }
        };
        self.core.handle(Time(self.now), input);
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn send(&mut self, to: u8) {
        self.command(Command::Send {
            group: group(to),
            packet: vec![to; 3],
        });
    }

    fn join(&mut self, range: GroupRange) {
        self.command(Command::Join {
            range,
            layer3grp: true,
        });
    }

    fn leave(&mut self, range: GroupRange) {
        self.command(Command::Leave { range });
    }

    /// Lets time pass, every timer at its own instant.
    fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.core.next_deadline().filter(|at| at.0 <= end) {
            self.now = at.0.max(self.now);
            self.input(Input::TimePassed);
        }
        self.now = end;
        self.input(Input::TimePassed);
    }

    /// A control message on the private VC with a MARS, which is up.
    fn private_from(&mut self, mars: u8, message: &[u8]) {
        let vc = self.links[&atm(mars)];
        let octets = [&MARS_HEADER, message].concat();
        self.input(Input::Frame { vc, octets });
    }

    fn private(&mut self, message: &[u8]) {
        self.private_from(MARS, message);
    }

    /// A control message on the control VC of a MARS, which is set up if need be.
    fn control_from(&mut self, mars: u8, message: &[u8]) {
        let vc = self.control_vc(mars);
        let octets = [&MARS_HEADER, message].concat();
        self.input(Input::Frame { vc, octets });
    }

    fn control(&mut self, message: &[u8]) {
        self.control_from(MARS, message);
    }

    fn control_vc(&mut self, mars: u8) -> VcId {
        if let Some(vc) = self.controls.get(&mars) {
            return *vc;
        }
        let vc = self.vc();
        self.controls.insert(mars, vc);
        self.input(Input::VcUp {
            vc,
            peer: atm(mars),
            kind: VcKind::Leaf,
        });
        vc
    }

    /// Registers with a MARS that answers at once.
    fn register(&mut self, mars: u8) {
        self.command(Command::Register);
        self.confirm_registration(mars, CMI, FIRST);
    }

    /// The MARS adds the leaf and returns the last registration it got.
    fn confirm_registration(&mut self, mars: u8, cmi: u16, msn: u32) {
        self.control_vc(mars);
        let sent = self.last_sent();
        self.private_from(mars, &copy(&sent, Some(cmi), msn));
    }

    /// The control messages that were sent since the last look, oldest first.
    fn sent(&self) -> Vec<Vec<u8>> {
        self.seen
            .iter()
            .filter_map(|(_, action)| match action {
                OutputAction::Send { octets, .. } => {
                    let (kind, message) = split(octets).unwrap();
                    assert_eq!(kind, Encapsulation::Mars);
                    Some(message.to_vec())
                }
                _ => None,
            })
            .collect()
    }

    fn last_sent(&self) -> Vec<u8> {
        self.sent().pop().unwrap()
    }

    /// Op types of those messages.
    fn ops(&self) -> Vec<Op> {
        let ops = self.sent();
        ops.iter().map(|sent| op(sent)).collect()
    }

    fn notices(&self) -> Vec<Notice> {
        self.seen
            .iter()
            .filter_map(|(_, action)| match action {
                OutputAction::Notice(notice) => Some(notice.clone()),
                _ => None,
            })
            .collect()
    }

    /// Whatever came out since the last look, and forgets it.
    fn take(&mut self) -> Vec<(u64, OutputAction)> {
        core::mem::take(&mut self.seen)
    }

    fn view(&self) -> View {
        self.core.view()
    }

    fn dropped(&self, reason: &str) -> u64 {
        let dropped = &self.core.meters().dropped;
        dropped.get(reason).copied().unwrap_or_default()
    }

    /// The leaf set of a group: last octets, or none without a tree. The network has the same.
    fn leaves(&self, of: u8) -> Option<Vec<u8>> {
        let view = self.view();
        let state = view.groups.iter().find(|state| state.group == group(of))?;
        let tree = state.tree?;
        if self.leaves_up {
            assert!(self.trees[&tree].iter().eq(&state.leaves));
        }
        Some(state.leaves.iter().map(last).collect())
    }

    fn revalidates(&self, of: u8) -> bool {
        let view = self.view();
        view.groups
            .iter()
            .any(|state| state.group == group(of) && state.revalidate)
    }

    /// Opens a tree from the answer of the MARS.
    fn open(&mut self, to: u8, msn: u32, members: &[u8]) {
        self.send(to);
        assert_eq!(op(&self.last_sent()), Op::Request);
        self.private(&multi(to, true, 1, msn, members));
        self.take();
    }

    fn tree(&self, of: u8) -> TreeId {
        let view = self.view();
        let state = view.groups.iter().find(|state| state.group == group(of));
        state.and_then(|state| state.tree).unwrap()
    }
}

fn last(endpoint: &Endpoint) -> u8 {
    endpoint.number.octets()[18]
}

fn op(message: &[u8]) -> Op {
    decode(message).unwrap().body.op()
}

/// The copy of a client's message that a MARS returns.
fn copy(sent: &[u8], cmi: Option<u16>, msn: u32) -> Vec<u8> {
    let mut copy = Vec::new();
    patched_copy(
        sent,
        MembershipFlags::COPY,
        MembershipFlags::PUNCHED,
        cmi,
        msn,
        &mut copy,
    );
    copy
}
