//! The bounded configurations of flooding. Each is bounded by budgets in its state, never by depth or time.

use super::carried::carried;
use super::rules::Rules;
use super::{Action, State};
use super::{Flooding, duty, property};
use crate::carried::Carried;
use crate::explore::timely::Portable;
use crate::family::{Claim, Configuration, Duty, Profile};
use crate::reading::Readers;
use zerocopy::{Immutable, IntoBytes};

/// How many times each kind of event may happen; deliveries, heals, flushes and renewals follow from them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Budgets {
    /// Joins and leaves of the originator.
    pub changes: u8,
    /// Links that go down.
    pub cuts: u8,
    /// Restarts of the originator, at most one.
    pub restarts: u8,
    /// Restarts of other servers.
    pub relay_restarts: u8,
    /// The originator's death.
    pub crashes: u8,
    /// Ends of the time that tombstones are kept (C06), at one server each.
    pub forgets: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        changes: 0,
        cuts: 0,
        restarts: 0,
        relay_restarts: 0,
        crashes: 0,
        forgets: 0,
    };
}

impl Portable for Budgets {
    fn write(&self, octets: &mut Vec<u8>) {
        let Self {
            changes,
            cuts,
            restarts,
            relay_restarts,
            crashes,
            forgets,
        } = *self;
        [changes, cuts, restarts, relay_restarts, crashes, forgets].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [changes, cuts, restarts, relay_restarts, crashes, forgets] = Portable::read(octets)?;
        Some(Self {
            changes,
            cuts,
            restarts,
            relay_restarts,
            crashes,
            forgets,
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
    /// How many servers, 3 or 4.
    pub servers: u8,
    /// The links, lower server first.
    pub links: &'static [(u8, u8)],
    /// The originator.
    pub origin: u8,
    /// With which number everybody has the originator's record at first; 0: nobody has one.
    pub start: u8,
    /// How many records fit on a link in one direction, at most [`super::QUEUE`].
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
    type Model = Flooding;
    const MODEL: &'static str = "flooding";

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
    fn model(&self, rules: impl Into<Readers<Rules>>) -> Flooding {
        Flooding::new(self, rules)
    }
    fn readers(&self) -> u8 {
        self.servers
    }
    fn claims() -> &'static [Claim<Flooding>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<Flooding>> {
        duty::duties()
    }
    fn carried(_: &Flooding, before: &State, action: &Action) -> Option<Carried> {
        carried(before, action)
    }
}

/// All scenarios of flooding, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

const LINE: &[(u8, u8)] = &[(0, 1), (1, 2)];
const LINE_OF_FOUR: &[(u8, u8)] = &[(0, 1), (1, 2), (2, 3)];
const RING_OF_FOUR: &[(u8, u8)] = &[(0, 1), (1, 2), (2, 3), (0, 3)];
const STAR: &[(u8, u8)] = &[(0, 1), (0, 2), (0, 3)];
const MESH: &[(u8, u8)] = &[(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "flood_line",
        title: "In a line of four links fail while the end joins and leaves, and a server in between forgets everything.",
        servers: 4,
        links: LINE_OF_FOUR,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 5,
            cuts: 3,
            relay_restarts: 2,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &["join", "leave", "deliver", "cut", "heal", "restart"],
        witnesses: &[
            "believed-elsewhere",
            "partitioned",
            "tombstone-against-join",
            "solicited-news",
        ],
    },
    Scenario {
        name: "flood_restart",
        title: "In a line of three the originator restarts, has forgotten its records, and joins anew or not.",
        servers: 3,
        links: LINE,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 5,
            cuts: 5,
            restarts: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &["join", "leave", "deliver", "cut", "heal", "restart"],
        witnesses: &["believed-elsewhere", "partitioned", "own-record-forgotten"],
    },
    Scenario {
        name: "flood_ring",
        title: "Round a ring of four records come both ways, and links fail.",
        servers: 4,
        links: RING_OF_FOUR,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 3,
            cuts: 5,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &["join", "leave", "deliver", "cut", "heal"],
        witnesses: &[
            "believed-elsewhere",
            "partitioned",
            "known-already",
            "overtaken",
        ],
    },
    Scenario {
        name: "flood_star",
        title: "In a star a leaf originates, and the hub in the middle forgets everything.",
        servers: 4,
        links: STAR,
        origin: 1,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 5,
            cuts: 4,
            relay_restarts: 3,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &["join", "leave", "deliver", "cut", "heal", "restart"],
        witnesses: &["believed-elsewhere", "partitioned", "solicited-news"],
    },
    Scenario {
        name: "flood_mesh",
        title: "In a full mesh of four every record comes three times, from neighbours that may be cut off.",
        servers: 4,
        links: MESH,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 2,
            cuts: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &["join", "leave", "deliver", "cut", "heal"],
        witnesses: &["believed-elsewhere", "known-already", "overtaken"],
    },
    Scenario {
        name: "flood_mesh_two_cuts",
        title: "In a full mesh of four every record comes three times, and two links fail.",
        servers: 4,
        links: MESH,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 2,
            cuts: 2,
            ..Budgets::NONE
        },
        profile: Profile::Deep,
        actions: &["join", "leave", "deliver", "cut", "heal"],
        witnesses: &["believed-elsewhere", "known-already", "overtaken"],
    },
    Scenario {
        name: "flood_dead_originator",
        title: "The originator dies; the others, in a ring with links that fail, flush it one after the other.",
        servers: 4,
        links: RING_OF_FOUR,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 3,
            cuts: 4,
            crashes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &["join", "leave", "deliver", "cut", "heal", "crash", "flush"],
        witnesses: &[
            "believed-elsewhere",
            "flushed-beside-believer",
            "partitioned",
        ],
    },
    Scenario {
        name: "flood_forgotten",
        title: "In a line of three tombstones are forgotten at different times, while links fail and the end joins again.",
        servers: 3,
        links: LINE,
        origin: 0,
        start: 0,
        queue: 6,
        budgets: Budgets {
            changes: 4,
            cuts: 3,
            forgets: 3,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &["join", "leave", "deliver", "cut", "heal", "forget"],
        witnesses: &[
            "believed-elsewhere",
            "partitioned",
            "tombstone-against-join",
            "outlives-its-originator",
        ],
    },
    Scenario {
        name: "flood_wrap",
        title: "The numbers of a key are used up while a link of the line is down.",
        servers: 4,
        links: LINE_OF_FOUR,
        origin: 0,
        start: super::state::PURGE - 1,
        queue: 6,
        budgets: Budgets {
            changes: 6,
            cuts: 4,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &["join", "leave", "renew", "deliver", "cut", "heal"],
        witnesses: &[
            "believed-elsewhere",
            "partitioned",
            "second-key",
            "tombstone-against-join",
        ],
    },
];
