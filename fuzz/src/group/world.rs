//! One server, the VCs it has, and what its neighbours have heard of it.

use std::collections::BTreeMap;

use distributed_mars::address::{Endpoint, ServerId};
use distributed_mars::group::{DistributedMars, GroupConfig, View};
use distributed_mars::io::{Input, Output, OutputAction, Target, Time, VcId};
use distributed_mars::wire::llc_snap::{self, Encapsulation, MARS_HEADER, SCSP_HEADER};
use distributed_mars::wire::scsp::{self, Body, Csas, EncodeBody, Header};

use super::expect::{Expected, expected};
use super::watch::{Step, Watch};

/// A CA that the server sent.
#[derive(Clone, Copy)]
pub(super) struct HeardCa {
    pub(super) sequence: u32,
    pub(super) master: bool,
    pub(super) init: bool,
}

/// A neighbour as the fuzzer plays it.
pub(super) struct Peer {
    pub(super) id: ServerId,
    pub(super) atm: Endpoint,
    /// Its own CA sequence number.
    pub(super) sequence: u32,
    /// The last CA of the server.
    pub(super) heard: Option<HeardCa>,
    /// What the server sent in CSU Requests, not acknowledged yet.
    pub(super) sent: Vec<Csas>,
}

pub(super) struct World {
    server: DistributedMars,
    watch: Watch,
    now: Time,
    view: View,
    up: BTreeMap<VcId, Endpoint>,
    pub(super) peers: Vec<Peer>,
    /// The last frame that was put in.
    pub(super) last: Vec<u8>,
    next_vc: u32,
    inputs: usize,
}

impl World {
    pub(super) fn new(config: GroupConfig, peers: Vec<Peer>) -> Option<Self> {
        let watch = Watch::new(&config);
        let server = DistributedMars::new(config).ok()?;
        let view = server.view();
        let mut world = Self {
            server,
            watch,
            now: Time(0),
            view,
            up: BTreeMap::new(),
            peers,
            last: Vec::new(),
            next_vc: 1,
            inputs: 0,
        };
        world.input(Input::TimePassed);
        Some(world)
    }

    pub(super) const fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) const fn config(&self) -> &GroupConfig {
        self.server.config()
    }

    /// Whether records may pass between the server and neighbour `n`.
    pub(super) fn is_open(&self, n: usize) -> bool {
        let id = self.peers.get(n).map_or([0; 4], |peer| peer.id.0);
        let name = format!("{:08x}", u32::from_be_bytes(id));
        let state = self.view.cafsm.get(&name);
        state.is_some_and(|state| state == "update" || state == "aligned")
    }

    /// Milliseconds to the next timer.
    pub(super) fn until_deadline(&self) -> u64 {
        let next = self.server.next_deadline();
        next.map_or(0, |at| at.0.saturating_sub(self.now.0))
    }

    /// Lets time pass, and demands that nothing comes early.
    pub(super) fn pass(&mut self, ms: u64) {
        let to = Time(self.now.0 + ms);
        if let Some(next) = self.server.next_deadline().filter(|next| *next <= to) {
            let mut early = self.server.clone();
            early.handle(Time(next.0 - 1), Input::TimePassed);
            assert_eq!(drain(&mut early), [], "before {next:?}");
        }
        self.now = to;
        self.input(Input::TimePassed);
    }

    /// The VC to an endpoint that came up first; a name that was never given if there is none.
    pub(super) fn vc(&self, endpoint: Endpoint) -> VcId {
        let mut up = self.up.iter();
        up.find(|(_, peer)| **peer == endpoint)
            .map_or(VcId(u32::MAX), |(vc, _)| *vc)
    }

    pub(super) fn nth_vc(&self, n: usize) -> VcId {
        let vcs = self.up.keys();
        vcs.copied()
            .nth(n % self.up.len().max(1))
            .unwrap_or(VcId(u32::MAX))
    }

    pub(super) fn vc_up(&mut self, peer: Endpoint) {
        let vc = VcId(self.next_vc);
        self.next_vc += 1;
        self.input(Input::VcUp { vc, peer });
    }

    /// A packet of neighbour `n` on its VC.
    pub(super) fn packet(&mut self, n: usize, body: &EncodeBody<'_>, receiver: Option<ServerId>) {
        let Some(peer) = self.peers.get(n) else {
            return;
        };
        let mut octets = SCSP_HEADER.to_vec();
        let header = Header::mars(self.config().sgid, peer.id, receiver);
        scsp::encode(&header, body, None, &mut octets);
        let vc = self.vc(peer.atm);
        self.input(Input::Frame { vc, octets });
    }

    /// A MARS message, without LLC/SNAP, of `client` on its VC.
    pub(super) fn message(&mut self, client: Endpoint, message: &[u8]) {
        let octets = [&MARS_HEADER, message].concat();
        let vc = self.vc(client);
        self.input(Input::Frame { vc, octets });
    }

    /// Gives the server one input now, and checks all that has to hold.
    pub(super) fn input(&mut self, input: Input) {
        self.inputs += 1;
        if let Input::Frame { octets, .. } = &input {
            self.last.clone_from(octets);
        }
        let expected = expected(&input, self.server.config(), &self.view, &self.up);
        let canonical = (expected == Expected::Nothing).then(|| self.server.canonical(self.now));
        let next_before = self.server.next_deadline();
        self.server.handle(self.now, input.clone());
        let outputs = drain(&mut self.server);
        let after = self.server.view();
        let step = Step {
            now: self.now,
            input: &input,
            expected,
            unchanged: canonical.is_none_or(|before| before == self.server.canonical(self.now)),
            outputs: &outputs,
            before: &self.view,
            after: &after,
            next_before,
            next: self.server.next_deadline(),
            up: &self.up,
            renewals: self.server.meters().renewals,
        };
        if let Err(broken) = self.watch.step(&step) {
            panic!("{broken}\nat {:?} after {input:?}\n{outputs:#?}", self.now);
        }
        self.view = after;
        self.keep_vcs(&input);
        self.hear(&outputs);
        self.silent_now();
    }

    /// Calling again at the same time changes nothing and says nothing.
    fn silent_now(&mut self) {
        let before = self.server.canonical(self.now);
        self.server.handle(self.now, Input::TimePassed);
        assert_eq!(drain(&mut self.server), []);
        assert!(before == self.server.canonical(self.now));
    }

    fn keep_vcs(&mut self, input: &Input) {
        match input {
            Input::VcUp { vc, peer } => {
                self.up.entry(*vc).or_insert(*peer);
            }
            Input::VcDown { vc } => {
                self.up.remove(vc);
            }
            _ => {}
        }
    }

    /// What the neighbours get to hear.
    fn hear(&mut self, outputs: &[Output]) {
        for output in outputs {
            let OutputAction::Send { target, octets } = &output.action else {
                continue;
            };
            let Target::Vc(vc) = target else { continue };
            let Some(atm) = self.up.get(vc) else { continue };
            let Some(peer) = self.peers.iter_mut().find(|peer| peer.atm == *atm) else {
                continue;
            };
            let Ok((Encapsulation::Scsp, packet)) = llc_snap::split(octets) else {
                continue;
            };
            match scsp::decode(packet).map(|packet| packet.body) {
                Ok(Body::Ca {
                    sequence,
                    master,
                    init,
                    ..
                }) => {
                    peer.heard = Some(HeardCa {
                        sequence,
                        master,
                        init,
                    });
                }
                Ok(Body::CsuRequest(records)) => {
                    peer.sent.extend(records.iter().map(|csa| csa.csas));
                    let over = peer.sent.len().saturating_sub(64);
                    peer.sent.drain(..over);
                }
                _ => {}
            }
        }
    }
}

fn drain(server: &mut DistributedMars) -> Vec<Output> {
    core::iter::from_fn(|| server.poll_output()).collect()
}
