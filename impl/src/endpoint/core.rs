//! The machine that a client and an MCS share: state, timers, dispatch.

use std::collections::{BTreeMap, VecDeque};

use super::aside::Aside;
use super::chance::Chance;
use super::config::{ConfigError, EndpointConfig};
use super::failover::Maps;
use super::grouplist::Lists;
use super::io::{Command, Input, Notice, Output, OutputAction, Problem, Refusal, TreeId, VcKind};
use super::link::Link;
use super::membership::{Joined, Pending};
use super::registration::{Attempt, Phase};
use super::sequence::Numbers;
use super::vcs::Group;
use super::view::Meters;
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::io::{Time, VcId};
use crate::timer::TimerTable;
use crate::wire::llc_snap::{Encapsulation, split};

/// Which of the two ends of RFC 2022.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// A cluster member.
    Member,
    /// A multicast server.
    Server,
}

/// All timers of an endpoint, in the order in which they fire at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Timer {
    /// The wait before a registration.
    Wait,
    /// The next copy of a registration or deregistration.
    Register,
    /// The redirect maps have failed to come.
    MissedMap,
    /// The rest of a redirect map has failed to come.
    MapParts,
    /// The next copy of a JOIN or LEAVE.
    Member(GroupRange),
    /// A JOIN after a recovery.
    Rejoin(GroupRange),
    /// The answer to a REQUEST has failed to come.
    Query(ProtocolAddress),
    /// The answer to a `GROUPLIST_REQUEST` has failed to come.
    List,
    /// No REQUEST before.
    Hold(ProtocolAddress),
    /// `VC_revalidate` becomes true.
    Revalidate(ProtocolAddress),
    /// A leaf is asked for again.
    Leaf(ProtocolAddress, Endpoint),
    /// A tree was idle.
    TreeIdle(ProtocolAddress),
    /// The VC to a MARS was idle.
    MarsIdle(Endpoint),
}

/// A client or an MCS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Core {
    pub(super) role: Role,
    pub(super) config: EndpointConfig,
    pub(super) now: Time,
    pub(super) timers: TimerTable<Timer>,
    pub(super) chance: Chance,
    outputs: VecDeque<Output>,
    pub(super) meters: Aside<Meters>,
    /// VCs that end here.
    pub(super) vcs: BTreeMap<VcId, (Endpoint, VcKind)>,
    /// Point-to-point VCs to MARSs.
    pub(super) links: BTreeMap<Endpoint, Link>,
    pub(super) phase: Phase,
    /// Registered with `current`.
    pub(super) registered: bool,
    /// The MARS in use.
    pub(super) current: Endpoint,
    /// The control VC of `current`, once a message has come on it.
    pub(super) control: Option<VcId>,
    pub(super) cmi: u16,
    pub(super) attempt: Option<Attempt>,
    /// mar$flags.sequence of the last message.
    pub(super) sequence: u8,
    pub(super) numbers: Numbers,
    pub(super) maps: Maps,
    pub(super) joined: BTreeMap<GroupRange, Joined>,
    pub(super) pending: BTreeMap<GroupRange, Pending>,
    pub(super) groups: BTreeMap<ProtocolAddress, Group>,
    pub(super) trees: BTreeMap<TreeId, ProtocolAddress>,
    pub(super) next_tree: u32,
    pub(super) lists: Lists,
}

impl Core {
    pub(super) fn new(role: Role, config: EndpointConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let current = *config.mars.first().ok_or(ConfigError::NoMars)?;
        Ok(Self {
            role,
            now: Time(0),
            timers: TimerTable::default(),
            chance: Chance::new(config.seed),
            outputs: VecDeque::new(),
            meters: Aside::default(),
            vcs: BTreeMap::new(),
            links: BTreeMap::new(),
            phase: Phase::Off,
            registered: false,
            current,
            control: None,
            cmi: 0,
            attempt: None,
            sequence: 0,
            numbers: Numbers::default(),
            maps: Maps::default(),
            joined: BTreeMap::new(),
            pending: BTreeMap::new(),
            groups: BTreeMap::new(),
            trees: BTreeMap::new(),
            next_tree: 1,
            lists: Lists::default(),
            config,
        })
    }

    pub(super) fn handle(&mut self, now: Time, input: Input) {
        let now = now.max(self.now);
        while let Some((at, timer)) = self.timers.pop_due(now) {
            self.now = at.max(self.now);
            self.fire(timer);
        }
        self.now = now;
        self.take(input);
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

    pub(super) fn emit(&mut self, action: OutputAction) {
        self.outputs.push_back(Output {
            at: self.now,
            action,
        });
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.emit(OutputAction::Notice(notice));
    }

    pub(super) fn drop(&mut self, reason: &'static str) {
        self.meters.drop(reason);
    }

    /// Arms a timer for `ms` from now.
    pub(super) fn arm(&mut self, timer: Timer, ms: u64) {
        self.timers.set(timer, Time(self.now.0.saturating_add(ms)));
    }

    /// Arms a timer for a random time of `from` to `to` milliseconds, both included.
    pub(super) fn arm_random(&mut self, timer: Timer, [from, to]: [u64; 2]) {
        let ms = self.chance.between(from, to);
        self.arm(timer, ms);
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Wait => self.begin_attempt(),
            Timer::Register => self.register_due(),
            // R2022-5.4-02
            Timer::MissedMap => self.problem(Problem::NoMap),
            // R2022-5.4.3-04
            Timer::MapParts => self.maps.discard(),
            Timer::Member(range) => self.member_due(range),
            Timer::Rejoin(range) => self.rejoin(range),
            Timer::Query(group) => self.query_due(group),
            Timer::List => self.list_due(),
            Timer::Hold(_) => {}
            Timer::Revalidate(group) => self.mark(group),
            Timer::Leaf(group, peer) => self.leaf_due(group, peer),
            // R2022-5.1.3-05
            Timer::TreeIdle(group) => self.close_tree(group),
            Timer::MarsIdle(mars) => self.link_idle(mars),
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::TimePassed => {}
            Input::Command(command) => {
                if let Err(why) = self.command(command) {
                    self.notice(Notice::Refused { why });
                }
            }
            Input::VcUp { vc, peer, kind } => {
                self.vcs.insert(vc, (peer, kind));
                if kind == VcKind::PointToPoint {
                    self.link_up(vc, peer);
                }
            }
            Input::VcDown { vc } => self.vc_down(vc),
            Input::CallFailed { peer } => self.call_failed(peer),
            Input::Frame { vc, octets } => self.frame(vc, &octets),
            Input::LeafUp { tree, peer } => self.leaf_up(tree, peer),
            Input::LeafFailed { tree, peer, cause } => self.leaf_failed(tree, peer, cause),
            Input::LeafGone { tree, peer } => self.leaf_gone(tree, peer),
            Input::TreeDown { tree } => self.tree_down(tree),
        }
    }

    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        let role = match command {
            Command::Register => {
                self.register();
                return Ok(());
            }
            Command::Deregister => {
                self.deregister();
                return Ok(());
            }
            Command::Serve { .. } | Command::Unserve { .. } => Role::Server,
            _ => Role::Member,
        };
        if role != self.role {
            return Err(Refusal::WrongRole);
        }
        // R2022-5.2-05
        if self.phase != Phase::On {
            return Err(Refusal::NotRegistered);
        }
        match command {
            Command::Join { range, layer3grp } => self.join(range, layer3grp),
            Command::Serve { range } => self.join(range, false),
            Command::Leave { range } | Command::Unserve { range } => self.leave(range),
            Command::GroupList { range } => self.group_list(range),
            Command::Send { group, packet } => self.command_send(group, packet),
            Command::Register | Command::Deregister => Ok(()),
        }
    }

    fn frame(&mut self, vc: VcId, octets: &[u8]) {
        self.meters.frames_in += 1;
        let Some((peer, kind)) = self.vcs.get(&vc).copied() else {
            return self.drop("unknown-vc");
        };
        match split(octets) {
            Ok((Encapsulation::Mars, message)) => self.control(vc, peer, kind, message),
            Ok((Encapsulation::Data1, frame)) => self.data(octets, frame, true),
            Ok((Encapsulation::Data2, frame)) => self.data(octets, frame, false),
            Ok((Encapsulation::Scsp, _)) => self.drop("scsp"),
            Err(_) => self.drop("bad-encapsulation"),
        }
    }
}
