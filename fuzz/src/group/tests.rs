//! Every rule of [`watch`](super::watch) on something that breaks it, and on what it lets pass.

use std::collections::BTreeMap;

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::group::view::{
    EntryView, LeafView, MapView, MemberKind, MemberView, OriginatorView, RegistrationView,
};
use distributed_mars::group::{GroupConfig, NeighborConfig, View};
use distributed_mars::io::{
    ControlKind, ControlVc, Input, LogEvent, Output, OutputAction, Target, Time, VcId,
};
use distributed_mars::wire::csa::{CsaState, MarsRecord, RecordFlags, encode_record};
use distributed_mars::wire::llc_snap::{MARS_HEADER, SCSP_HEADER};
use distributed_mars::wire::mars::{Body, Membership, MembershipFlags, Message, PairList};
use distributed_mars::wire::scsp::{self, CacheKey, Csa, Csas, EncodeBody, Header, SequenceNumber};

use super::expect::Expected;
use super::watch::{Step, Watch};

const OWN: ServerId = ServerId([10, 0, 0, 5]);
const PEER: ServerId = ServerId([10, 0, 0, 1]);
const CCVC: ControlVc = ControlVc {
    kind: ControlKind::Ccvc,
    protocol: Protocol::IPV4,
};

fn atm(n: u8) -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &[n; 20]).unwrap(),
        subaddress: None,
    }
}

/// A server with one neighbour and nothing but its own Redirect Entry.
struct Stage {
    watch: Watch,
    now: u64,
    input: Input,
    expected: Expected,
    unchanged: bool,
    outputs: Vec<OutputAction>,
    at: Option<u64>,
    before: View,
    after: View,
    next: Option<u64>,
    up: BTreeMap<VcId, Endpoint>,
}

impl Stage {
    fn new() -> Self {
        let mut config = GroupConfig::new(OWN, atm(3), [1, 9]);
        config.neighbors.push(NeighborConfig {
            id: Some(PEER),
            atm: atm(0),
        });
        let mut view = View::default();
        view.cache.push(entry(OWN, 1, 1, 1));
        view.redirect_map.push(MapView {
            protocol: Protocol::IPV4,
            servers: vec![atm(3)],
        });
        Self {
            watch: Watch::new(&config),
            now: 1000,
            input: Input::TimePassed,
            expected: Expected::Anything,
            unchanged: true,
            outputs: Vec::new(),
            at: None,
            before: view.clone(),
            after: view,
            next: Some(60_000),
            up: BTreeMap::from([(VcId(1), atm(0)), (VcId(2), atm(7))]),
        }
    }

    fn step(&mut self) -> Result<(), String> {
        let now = Time(self.now);
        let outputs: Vec<Output> = self
            .outputs
            .drain(..)
            .map(|action| Output {
                at: self.at.map_or(now, Time),
                action,
            })
            .collect();
        let step = Step {
            now,
            input: &self.input,
            expected: self.expected,
            unchanged: self.unchanged,
            outputs: &outputs,
            before: &self.before,
            after: &self.after,
            next_before: Some(now),
            next: self.next.map(Time),
            up: &self.up,
            renewals: 0,
        };
        let result = self.watch.step(&step);
        self.before = self.after.clone();
        result
    }

    /// The step is refused, for this reason.
    fn refused(mut self, why: &str) {
        let error = self.step().unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

fn entry(origin: ServerId, key: u8, sequence: i32, state: u8) -> EntryView {
    EntryView {
        origin,
        key: format!("000000{key:02x}"),
        sequence,
        state: Some(state),
        quarantined: false,
    }
}

fn registration(origin: ServerId, client: u8, cmi: u16) -> RegistrationView {
    RegistrationView {
        protocol: Protocol::IPV4,
        endpoint: atm(client),
        origin,
        cmi,
    }
}

fn live(origin: ServerId) -> OriginatorView {
    OriginatorView {
        protocol: Protocol::IPV4,
        origin,
        atm: None,
    }
}

fn address(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
}

fn member(origin: ServerId, client: u8) -> MemberView {
    MemberView {
        protocol: Protocol::IPV4,
        min: address(1),
        max: address(1),
        endpoint: atm(client),
        origin,
        kind: MemberKind::Client,
    }
}

fn join(client: u8, flags: u16, msn: u32) -> Vec<u8> {
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn,
        pairs: PairList::null(1),
    };
    let message = Message::new(Protocol::IPV4, atm(client), Body::Join(body)).to_vec();
    [&MARS_HEADER[..], &message].concat()
}

/// Client 7 registered with CMI 1.
fn registered() -> Stage {
    let mut stage = Stage::new();
    stage.input = Input::Frame {
        vc: VcId(2),
        octets: join(7, MembershipFlags::REGISTER, 0),
    };
    stage.outputs.push(OutputAction::AddLeaf {
        group: CCVC,
        peer: atm(7),
    });
    stage.after.registrations.push(registration(OWN, 7, 1));
    stage.after.leaves.push(LeafView {
        protocol: Protocol::IPV4,
        endpoint: atm(7),
    });
    stage.after.cache.push(entry(OWN, 2, 1, 3));
    stage
}

fn packet(csas: Csas, body: &[u8]) -> Vec<u8> {
    let mut octets = SCSP_HEADER.to_vec();
    let records = [Csa { csas, body }];
    let body = EncodeBody::CsuRequest(&records);
    scsp::encode(&Header::mars(1, PEER, Some(OWN)), &body, None, &mut octets);
    octets
}

/// Record 3 of the neighbour, with this hop count: client 8 registers.
fn flooded(origin: ServerId, hop_count: u16) -> Vec<u8> {
    let csas = Csas {
        hop_count,
        ..Csas::new(CacheKey([0, 0, 0, 3]), origin, SequenceNumber(5))
    };
    let mut body = Vec::new();
    let record = MarsRecord {
        protocol: Protocol::IPV4,
        state: CsaState::ClientJoin,
        flags: RecordFlags(RecordFlags::REGISTER),
        cmi: 4,
        source: ProtocolAddress::default(),
        endpoint: atm(8),
        range: None::<GroupRange>,
        unused: 0,
    };
    encode_record(&record, &mut body);
    packet(csas, &body)
}

fn send(vc: u32, octets: Vec<u8>) -> OutputAction {
    OutputAction::Send {
        target: Target::Vc(VcId(vc)),
        octets,
    }
}

/// The neighbour's record came, with three hops to go.
fn learned() -> Stage {
    let mut stage = Stage::new();
    stage.input = Input::Frame {
        vc: VcId(1),
        octets: flooded(PEER, 3),
    };
    stage.after.cache.push(entry(PEER, 3, 5, 3));
    stage.after.registrations.push(registration(PEER, 8, 4));
    stage.after.live.push(live(PEER));
    stage
}

#[test]
fn what_is_right_passes() {
    assert_eq!(Stage::new().step(), Ok(()));
    assert_eq!(registered().step(), Ok(()));
    let mut stage = learned();
    stage.outputs.push(send(1, flooded(PEER, 2)));
    assert_eq!(stage.step(), Ok(()));
}

#[test]
fn cmis() {
    for (cmi, why) in [(0, "outside"), (10, "outside")] {
        let mut stage = registered();
        stage.after.registrations = vec![registration(OWN, 7, cmi)];
        stage.refused(why);
    }
    let mut stage = registered();
    stage.after.registrations.push(registration(OWN, 9, 1));
    stage.refused("given twice");
    let mut stage = registered();
    stage.before.registrations.push(registration(PEER, 8, 1));
    stage.refused("not free");
    // Given again too early.
    let mut stage = registered();
    stage.step().unwrap();
    let with = stage.after.clone();
    stage.after = Stage::new().after;
    stage.after.cache.push(entry(OWN, 2, 2, 4));
    stage.outputs.push(OutputAction::DropLeaf {
        group: CCVC,
        peer: atm(7),
    });
    stage.step().unwrap();
    stage.after = with;
    stage.after.cache[1].sequence = 3;
    stage.outputs.push(OutputAction::AddLeaf {
        group: CCVC,
        peer: atm(7),
    });
    stage.refused("not free");
}

#[test]
fn nothing_of_its_own_comes_from_the_net() {
    let mut stage = registered();
    stage.input = Input::TimePassed;
    stage.refused("never registered here");
    let mut stage = registered();
    stage.after.membership.push(member(OWN, 7));
    stage.refused("never joined here");
    let mut stage = Stage::new();
    stage.after.live.push(live(OWN));
    stage.refused("counts itself");
    let mut stage = Stage::new();
    stage.after.cache[0].sequence = 0;
    stage.refused("fell from");
    let mut stage = Stage::new();
    stage.after.cache.remove(0);
    stage.refused("fell from");
    // Only what says that something ended may go (register C06).
    let mut stage = Stage::new();
    stage.after.cache.push(entry(OWN, 3, 5, 4));
    stage.step().unwrap();
    stage.after.cache.pop();
    stage.step().unwrap();
    let mut stage = Stage::new();
    stage.input = Input::Frame {
        vc: VcId(1),
        octets: flooded(OWN, 3),
    };
    stage.after.cache.push(entry(OWN, 3, 5, 4));
    stage.refused("came from the net");
    let mut stage = Stage::new();
    stage.after.cache.push(entry(OWN, 3, 5, 3));
    stage.refused("1 own claims");
    let mut stage = Stage::new();
    stage.after.cache.push(entry(OWN, 3, 5, 1));
    stage.refused("2 own Redirect Entries");
    let mut stage = Stage::new();
    stage.after.cache.push(entry(OWN, 3, 5, 2));
    stage.refused("1 own claims of Mcs");
}

#[test]
fn hop_counts_fall() {
    let mut stage = learned();
    stage.outputs.push(send(1, flooded(PEER, 3)));
    stage.refused("2 hops allowed");
    let mut stage = learned();
    stage.outputs.push(send(1, flooded(PEER, 0)));
    stage.refused("2 hops allowed");
    let mut stage = Stage::new();
    stage.outputs.push(send(1, flooded(PEER, 1)));
    stage.refused("0 hops allowed");
}

#[test]
fn what_counts_is_cached_and_its_server_alive() {
    let mut stage = learned();
    stage.after.live.clear();
    stage.refused("stands nowhere");
    let mut stage = learned();
    stage.after.registrations[0].cmi = 5;
    stage.refused("stands nowhere");
    let mut stage = learned();
    stage.after.membership.push(member(PEER, 8));
    stage.refused("stands nowhere");
    let mut stage = learned();
    stage.after.registrations.clear();
    stage.after.cache[1].quarantined = true;
    stage.refused("in quarantine and alive");
    let mut stage = learned();
    stage.after.cache.push(entry(PEER, 4, 5, 4));
    stage.refused("1 came");
}

#[test]
fn times() {
    let mut stage = Stage::new();
    stage.next = Some(1000);
    stage.refused("the next deadline");
    let log = || {
        OutputAction::Log(LogEvent {
            code: String::new(),
            detail: String::new(),
        })
    };
    let mut stage = Stage::new();
    stage.outputs.push(log());
    stage.at = Some(1001);
    stage.refused("after");
    let mut stage = Stage::new();
    stage.step().unwrap();
    stage.now = 2000;
    stage.outputs.push(log());
    stage.at = Some(999);
    stage.refused("after");
}

#[test]
fn frames_out() {
    let mut stage = registered();
    stage.outputs.push(send(2, vec![0xaa; 40]));
    stage.refused("unreadable");
    let mut stage = registered();
    stage.outputs.push(send(2, vec![0xaa; 10_000]));
    stage.refused("10000 octets");
    let mut stage = registered();
    stage.outputs.push(send(1, join(7, 0x6000, 0)));
    stage.refused("sent to");
    let mut stage = learned();
    stage.outputs.push(send(2, flooded(PEER, 2)));
    stage.refused("sent to");
    let on_ccvc = |msn| OutputAction::Send {
        target: Target::Group(CCVC),
        octets: join(7, 0x4000, msn),
    };
    let mut stage = registered();
    stage.outputs.extend([on_ccvc(0), on_ccvc(2)]);
    stage.refused("number 2, expected 1");
    let mut stage = Stage::new();
    stage.outputs.push(on_ccvc(0));
    stage.refused("leaves");
    let mut stage = registered();
    stage.after.leaves.clear();
    stage.refused("leaves");
    let mut stage = Stage::new();
    stage.up.insert(VcId(9), atm(0));
    let many = vec![send(9, flooded(OWN, 1)); 200];
    stage.outputs.extend(many);
    stage.refused("200 outputs");
    let mut stage = Stage::new();
    stage.after.redirect_map[0].servers.clear();
    stage.refused("redirect map");
}

#[test]
fn what_must_do_nothing() {
    let mut stage = Stage::new();
    stage.expected = Expected::Nothing;
    assert_eq!(stage.step(), Ok(()));
    stage.unchanged = false;
    stage.refused("did something");
    let mut stage = learned();
    stage.expected = Expected::ResetOnly;
    stage.refused("more than reset");
}

/// A message of MCS 7 or on its behalf, registration or not.
fn of_mcs(
    wrap: impl FnOnce(Membership<'static>) -> Body<'static>,
    flags: u16,
    msn: u32,
) -> Vec<u8> {
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn,
        pairs: PairList::null(1),
    };
    let message = Message::new(Protocol::IPV4, atm(7), wrap(body)).to_vec();
    [&MARS_HEADER[..], &message].concat()
}

const SCVC: ControlVc = ControlVc {
    kind: ControlKind::Scvc,
    protocol: Protocol::IPV4,
};

/// MCS 7 registered; CMI 1 stands in its record.
fn mcs_registered() -> Stage {
    let mut stage = Stage::new();
    stage.input = Input::Frame {
        vc: VcId(2),
        octets: of_mcs(Body::Mserv, MembershipFlags::REGISTER, 0),
    };
    stage.outputs.push(OutputAction::AddLeaf {
        group: SCVC,
        peer: atm(7),
    });
    stage.after.mcs_registrations.push(registration(OWN, 7, 1));
    stage.after.mcs_leaves.push(LeafView {
        protocol: Protocol::IPV4,
        endpoint: atm(7),
    });
    stage.after.cache.push(entry(OWN, 2, 1, 2));
    stage
}

#[test]
fn mcss_are_watched_like_clients() {
    assert_eq!(mcs_registered().step(), Ok(()));
    // The record of a client is none of an MCS, nor is its registration.
    let mut stage = mcs_registered();
    stage.after.cache[1].state = Some(3);
    stage.refused("own claims of Client");
    let mut stage = mcs_registered();
    stage.input = Input::TimePassed;
    stage.refused("never registered here");
    let mut stage = mcs_registered();
    let kind = MemberKind::Mcs;
    stage.after.membership.push(MemberView {
        kind,
        ..member(OWN, 7)
    });
    stage.refused("never joined here");
    // One pool of CMIs.
    let mut stage = mcs_registered();
    stage.after.mcs_registrations[0].cmi = 10;
    stage.refused("outside the range");
    let mut stage = mcs_registered();
    assert_eq!(stage.step(), Ok(()));
    stage.input = Input::Frame {
        vc: VcId(2),
        octets: join(7, MembershipFlags::REGISTER, 0),
    };
    stage.after.registrations.push(registration(OWN, 7, 1));
    stage.refused("CMI 1 is not free");
    // Of another server's MCS, too, a record must stand.
    let mut stage = learned();
    stage.after.mcs_registrations.push(registration(PEER, 9, 4));
    stage.refused("stands nowhere");
}

#[test]
fn the_server_control_vc_has_numbers_and_leaves_of_its_own() {
    let on_scvc = |msn| OutputAction::Send {
        target: Target::Group(SCVC),
        octets: of_mcs(Body::Sjoin, MembershipFlags::COPY, msn),
    };
    let mut stage = mcs_registered();
    stage.outputs.extend([on_scvc(0), on_scvc(1)]);
    assert_eq!(stage.step(), Ok(()));
    stage.outputs.push(on_scvc(3));
    stage.refused("number 3, expected 2");
    let mut stage = mcs_registered();
    stage.outputs.push(OutputAction::Send {
        target: Target::Group(CCVC),
        octets: of_mcs(Body::Sjoin, MembershipFlags::COPY, 0),
    });
    stage.refused("on a Ccvc");
    let mut stage = registered();
    stage.outputs.push(on_scvc(0));
    stage.refused("leaves");
    let mut stage = mcs_registered();
    stage.after.mcs_leaves.clear();
    stage.refused("leaves");
}
