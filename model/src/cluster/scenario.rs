//! The bounded configurations of a cluster. Changes and faults are bounded by budgets; messages and maps are not.

use super::carried::carried;
use super::property;
use super::rules::Rules;
use super::{Action, State};
use super::{Cluster, duty};
use crate::carried::Carried;
use crate::explore::timely::Portable;
use crate::family::{Claim, Configuration, Duty, Profile};
use crate::reading::Readers;
use zerocopy::{Immutable, IntoBytes};

/// How many times each kind of event may happen. What repairs a fault may happen as often as it is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Budgets {
    /// Joins and leaves that change what a client wants.
    pub changes: u8,
    /// Joins of what is joined and leaves of what is not.
    pub repeats: u8,
    /// Messages on ClusterControlVC that do not arrive at one leaf.
    pub losses: u8,
    /// Clients that the network drops from ClusterControlVC.
    pub drops: u8,
    /// Leaves that drop off a client's VC.
    pub releases: u8,
    /// Clients that restart.
    pub restarts: u8,
    /// Clients that deregister; they may register again.
    pub deregisters: u8,
    /// Offers of multicast servers to serve a group, and their ends.
    pub serves: u8,
    /// Multicast servers that deregister.
    pub gone: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        changes: 0,
        repeats: 0,
        losses: 0,
        drops: 0,
        releases: 0,
        restarts: 0,
        deregisters: 0,
        serves: 0,
        gone: 0,
    };
}

impl Portable for Budgets {
    fn write(&self, octets: &mut Vec<u8>) {
        let Self {
            changes,
            repeats,
            losses,
            drops,
            releases,
            restarts,
            deregisters,
            serves,
            gone,
        } = *self;
        [
            changes,
            repeats,
            losses,
            drops,
            releases,
            restarts,
            deregisters,
            serves,
            gone,
        ]
        .write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [
            changes,
            repeats,
            losses,
            drops,
            releases,
            restarts,
            deregisters,
            serves,
            gone,
        ] = Portable::read(octets)?;
        Some(Self {
            changes,
            repeats,
            losses,
            drops,
            releases,
            restarts,
            deregisters,
            serves,
            gone,
        })
    }
}

/// One named configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The name, a word for the command line.
    pub name: &'static str,
    /// What it is about, one sentence.
    pub title: &'static str,
    /// The ranges that clients may join, as sets of group addresses; a range of more than one group is a block.
    pub ranges: &'static [u8],
    /// The ranges that each client may join, one bit each.
    pub joiners: [u8; 2],
    /// The groups that each client sends to, one bit each.
    pub senders: [u8; 2],
    /// The groups that each multicast server may serve, one bit each.
    pub offers: [u8; 2],
    /// The ranges that each client has joined at the start.
    pub start: [u8; 2],
    /// Whether the clients are registered at the start.
    pub registered: bool,
    /// How many messages on ClusterControlVC may be on their way to a leaf, at most [`super::QUEUE`].
    pub queue: u8,
    /// The budgets.
    pub budgets: Budgets,
    /// When it is run.
    pub profile: Profile,
    /// The kinds of action that must occur; all others must not.
    pub actions: &'static [&'static str],
    /// The witnesses that must be found, by property name.
    pub witnesses: &'static [&'static str],
}

impl Configuration for Scenario {
    type Rules = Rules;
    type Model = Cluster;
    const MODEL: &'static str = "cluster";

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
    fn model(&self, rules: impl Into<Readers<Rules>>) -> Cluster {
        Cluster::new(self, *rules.into().of(0))
    }
    fn readers(&self) -> u8 {
        0
    }
    fn claims() -> &'static [Claim<Cluster>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<Cluster>> {
        duty::duties()
    }
    fn carried(_: &Cluster, before: &State, action: &Action) -> Option<Carried> {
        carried(before, action)
    }
}

/// All scenarios of a cluster, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

const A: u8 = 0b0001;
const B: u8 = 0b0010;
const C: u8 = 0b0100;
const D: u8 = 0b1000;

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "cluster_lost_updates",
        title: "A client sends to two groups while the other joins and leaves them, and messages on its control VC are lost.",
        ranges: &[A, B, A | B],
        joiners: [0, 0b111],
        senders: [A | B, 0],
        offers: [A, 0],
        start: [0, 0b001],
        registered: true,
        queue: 3,
        budgets: Budgets {
            changes: 2,
            losses: 2,
            serves: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "join",
            "leave",
            "repeat",
            "open",
            "revalidate",
            "deliver",
            "lose",
            "receive",
            "serve",
            "beat",
        ],
        witnesses: &[
            "gap",
            "stale-leaves",
            "revalidated",
            "overtaken",
            "migrated",
            "copy-lost",
        ],
    },
    Scenario {
        name: "cluster_blocks",
        title: "A client joins and leaves blocks and single groups, one of which a multicast server serves.",
        ranges: &[A, B, A | B, C | D, A | B | C | D],
        joiners: [0b00001, 0b11110],
        senders: [A | B, 0],
        offers: [B, 0],
        start: [0, 0b00010],
        registered: true,
        queue: 2,
        budgets: Budgets {
            changes: 2,
            repeats: 1,
            serves: 2,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "join",
            "leave",
            "open",
            "revalidate",
            "deliver",
            "receive",
            "serve",
            "unserve",
            "beat",
        ],
        witnesses: &[
            "punched",
            "two-pairs",
            "migrated",
            "overtaken",
            "mesh-again",
        ],
    },
    Scenario {
        name: "cluster_two_servers",
        title: "Two multicast servers serve a group and go again, while a member sends to it and messages are lost.",
        ranges: &[A, B, A | B | C],
        joiners: [0b001, 0b100],
        senders: [0, A],
        offers: [A, A],
        start: [0, 0b010],
        registered: true,
        queue: 2,
        budgets: Budgets {
            changes: 1,
            repeats: 1,
            losses: 1,
            serves: 3,
            gone: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "join",
            "leave",
            "repeat",
            "open",
            "revalidate",
            "deliver",
            "lose",
            "receive",
            "serve",
            "unserve",
            "gone",
            "beat",
        ],
        witnesses: &[
            "gap",
            "stale-leaves",
            "revalidated",
            "overtaken",
            "migrated",
            "mesh-again",
            "two-servers",
        ],
    },
    Scenario {
        name: "cluster_from_nothing",
        title: "Two clients register, join, restart and deregister while they send to each other.",
        ranges: &[A, B, C],
        joiners: [0b010, 0b101],
        senders: [A, B],
        offers: [C, 0],
        start: [0, 0],
        registered: false,
        queue: 2,
        budgets: Budgets {
            changes: 2,
            restarts: 1,
            deregisters: 1,
            serves: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "register",
            "join",
            "leave",
            "rejoin",
            "open",
            "revalidate",
            "deliver",
            "receive",
            "restart",
            "deregister",
            "serve",
            "beat",
        ],
        witnesses: &["restart-unnoticed", "overtaken", "stray-leaf"],
    },
    Scenario {
        name: "cluster_dropped_leaves",
        title: "The network drops leaves of control and data VCs; members are purged, register and join again.",
        ranges: &[A, B, A | B | C],
        joiners: [0b001, 0b110],
        senders: [A, B],
        offers: [0, 0],
        start: [0b001, 0b100],
        registered: true,
        queue: 2,
        budgets: Budgets {
            changes: 1,
            drops: 1,
            releases: 1,
            losses: 1,
            restarts: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "register",
            "join",
            "leave",
            "rejoin",
            "repeat",
            "open",
            "revalidate",
            "deliver",
            "lose",
            "receive",
            "drop",
            "notice",
            "release",
            "restart",
            "beat",
        ],
        witnesses: &[
            "gap",
            "stale-leaves",
            "revalidated",
            "overtaken",
            "copy-lost",
            "dropped",
            "member-again",
            "restart-unnoticed",
            "stray-leaf",
        ],
    },
];
