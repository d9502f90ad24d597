//! The named, bounded configurations. Each is bounded by budgets in its state, never by depth or time.

mod clients;
mod deep;
mod faults;
mod mcs;

use crate::explore::timely::{Cluster, Error, Outcome, search_space as search_together};
use crate::explore::{Options, Progress};
pub use crate::family::Profile;
use crate::family::{Claim, Configuration, Duty};
use crate::reading::Readers;
use crate::registry::Act;
use crate::rules::Rules;
use crate::server_group::{Action, ServerGroup, State, liveness, property};
use std::sync::atomic::AtomicBool;

/// How many times each kind of event may happen. Deliveries, ticks, heals, redirects, failovers and leaf drops
/// are bounded by the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Budgets {
    /// Registrations of a client that is registered nowhere, in all.
    pub registers: u8,
    /// Joins and leaves that change something, in all; joining again after a hard redirect or a failover is free.
    pub changes: u8,
    /// Deregistrations.
    pub deregisters: u8,
    /// Silent moves.
    pub moves: u8,
    /// Clients that stop.
    pub client_crashes: u8,
    /// Servers that stop.
    pub crashes: u8,
    /// Links that go down (each may be healed once).
    pub cuts: u8,
    /// Servers that the operator drains.
    pub drains: u8,
    /// Heartbeats that hang (each may wake).
    pub hangs: u8,
    /// Servers that start again after a crash: 0 or 1, and only among two servers.
    pub restarts: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        registers: 0,
        changes: 0,
        deregisters: 0,
        moves: 0,
        client_crashes: 0,
        crashes: 0,
        cuts: 0,
        drains: 0,
        hangs: 0,
        restarts: 0,
    };
}

/// One named configuration of the server group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The name, a word for the command line.
    pub name: &'static str,
    /// What it is about, one sentence.
    pub title: &'static str,
    /// How many servers, 2 or 3.
    pub servers: u8,
    /// How many clients, 1 or 2.
    pub clients: u8,
    /// The ranges that may be joined: each a set of groups (bit 0: the first group, bit 1: the second).
    pub ranges: &'static [u8],
    /// The VCs between servers, lower server first.
    pub links: &'static [(u8, u8)],
    /// How many CMIs each server has to give, 1 to 4.
    pub cmi_slots: u8,
    /// How many records fit on a link in one direction; more would be a violation.
    pub queue: u8,
    /// The servers (one bit each) that follow the literal reading of A08 whatever the rules say.
    pub literal_purgers: u8,
    /// Those of the clients that are multicast servers (one bit each): what they join is what they serve, a group at a
    /// time. Where there are clients of both kinds the multicast server is the last.
    pub mcs: u8,
    /// The servers (one bit each) that beat every other interval only, as RFC 2443, 2 allows.
    pub slow: u8,
    /// Whether clients also repeat registrations, joins and leaves that change nothing.
    pub duplicates: bool,
    /// Whether time passes: heartbeats, flushes, maps. Without, a scenario is about the order of records only.
    pub beats: bool,
    /// The budgets.
    pub budgets: Budgets,
    /// When it is run.
    pub profile: Profile,
    /// The kinds of action ([`crate::server_group::Action::label`]) that must occur; all others must not.
    pub actions: &'static [&'static str],
    /// The witnesses that must be found, by property name.
    pub witnesses: &'static [&'static str],
}

impl Scenario {
    /// The model of this scenario under the given rules.
    pub fn model(&self, rules: impl Into<Readers<Rules>>) -> ServerGroup {
        ServerGroup::new(self, rules)
    }
}

impl Configuration for Scenario {
    type Rules = Rules;
    type Model = ServerGroup;
    const MODEL: &'static str = "server_group";

    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn profile(&self) -> Profile {
        self.profile
    }
    fn actions(&self) -> &'static [&'static str] {
        self.actions
    }
    fn witnesses(&self) -> &'static [&'static str] {
        self.witnesses
    }
    fn model(&self, rules: impl Into<Readers<Rules>>) -> ServerGroup {
        Self::model(self, rules)
    }
    fn readers(&self) -> u8 {
        self.servers
    }
    fn claims() -> &'static [Claim<ServerGroup>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<ServerGroup>> {
        liveness::duties(self)
    }
    fn act(_: &ServerGroup, _: &State, action: &Action) -> Act {
        Act::Group(*action)
    }
    fn together(
        model: &ServerGroup,
        options: &Options,
        cluster: &Cluster,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<Outcome<ServerGroup>, Error> {
        search_together(model, options, cluster, progress, stop)
    }
}

/// All scenarios of the server group, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

/// The scenario of that name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

const PAIR: &[(u8, u8)] = &[(0, 1)];
const LINE: &[(u8, u8)] = &[(0, 1), (1, 2)];
/// Of three servers a ring is the full mesh.
const RING: &[(u8, u8)] = &[(0, 1), (0, 2), (1, 2)];
/// One group.
const ONE: &[u8] = &[0b01];
/// Both single groups and their block.
const ALL_RANGES: &[u8] = &[0b01, 0b10, 0b11];

/// Two servers with two clients that join one group; the rest is said by each scenario.
const TWO: Scenario = Scenario {
    name: "",
    title: "",
    servers: 2,
    clients: 2,
    ranges: ONE,
    links: PAIR,
    cmi_slots: 3,
    queue: 12,
    literal_purgers: 0,
    mcs: 0,
    slow: 0,
    duplicates: false,
    beats: true,
    budgets: Budgets::NONE,
    profile: Profile::Ci,
    actions: &[],
    witnesses: &[],
};

/// Three servers in a line.
const THREE: Scenario = Scenario {
    servers: 3,
    links: LINE,
    cmi_slots: 2,
    ..TWO
};

const SCENARIOS: &[Scenario] = &[
    clients::TWO_SERVERS_MOVING_CLIENT,
    faults::CRASH_AND_FAILOVER,
    faults::PARTITION_AND_HEAL,
    clients::THREE_IN_A_LINE,
    clients::PROXY_DEREGISTER_RACE,
    clients::CMI_RANGE_NEARLY_USED_UP,
    clients::RING_OF_THREE,
    faults::DRAIN,
    faults::LINE_WITH_A_HUNG_HEARTBEAT,
    clients::AMONG_LITERAL_PEERS,
    faults::RING_WITH_A_CUT,
    mcs::MCS_AT_THE_OTHER_SERVER,
    mcs::MCS_THAT_MOVES,
    mcs::MCS_IN_A_LINE,
    mcs::TWO_MULTICAST_SERVERS,
    faults::RESTART,
    mcs::RESTART_WITH_AN_MCS,
    faults::SLOW_HEARTBEAT,
    faults::REALIGNED_AFTER_A_CRASH,
    deep::PAIR_OF_EVERYTHING,
    deep::LINE_OF_EVERYTHING,
    deep::RING_OF_EVERYTHING,
    deep::LINE_WITH_AN_MCS,
];
