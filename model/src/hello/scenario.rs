//! The bounded configurations of the Hello protocol. Faults are bounded by budgets; time and Hellos are not.

use super::carried::carried;
use super::property;
use super::rules::Rules;
use super::{Action, State};
use super::{Hello, duty};
use crate::carried::Carried;
use crate::explore::timely::Portable;
use crate::family::{Claim, Configuration, Duty, Profile};
use crate::reading::Readers;
use zerocopy::{Immutable, IntoBytes};

/// How many times each kind of fault may strike. What repairs it may happen as often.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Budgets {
    /// Hellos that are lost.
    pub losses: u8,
    /// Hellos that arrive twice.
    pub copies: u8,
    /// VCs that go down.
    pub cuts: u8,
    /// Directions that carry nothing for a while.
    pub deafs: u8,
    /// Restarts, at most one of each server.
    pub restarts: u8,
    /// Abnormal events.
    pub malformed: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        losses: 0,
        copies: 0,
        cuts: 0,
        deafs: 0,
        restarts: 0,
        malformed: 0,
    };
}

impl Portable for Budgets {
    fn write(&self, octets: &mut Vec<u8>) {
        let Self {
            losses,
            copies,
            cuts,
            deafs,
            restarts,
            malformed,
        } = *self;
        [losses, copies, cuts, deafs, restarts, malformed].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [losses, copies, cuts, deafs, restarts, malformed] = Portable::read(octets)?;
        Some(Self {
            losses,
            copies,
            cuts,
            deafs,
            restarts,
            malformed,
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
    /// How many servers, 2 or 3, all neighbours of each other.
    pub servers: u8,
    /// HelloInterval in ticks.
    pub interval: u8,
    /// DeadFactor; interval times factor is at most 8.
    pub factor: u8,
    /// Whether a Hello may take more than a tick.
    pub delay: bool,
    /// Whether Hellos overtake each other.
    pub reorder: bool,
    /// How many Hellos fit on a link in one direction, at most [`super::QUEUE`].
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

impl Scenario {
    /// HelloInterval times DeadFactor, in ticks.
    pub const fn dead(&self) -> u8 {
        self.interval * self.factor
    }
    /// Whether every Hello arrives, once, in order.
    pub const fn is_reliable(&self) -> bool {
        let budgets = self.budgets;
        budgets.losses == 0 && budgets.copies == 0 && budgets.deafs == 0 && !self.reorder
    }
}

impl Configuration for Scenario {
    type Rules = Rules;
    type Model = Hello;
    const MODEL: &'static str = "hello";

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
    fn model(&self, rules: impl Into<Readers<Rules>>) -> Hello {
        Hello::new(self, rules)
    }
    fn readers(&self) -> u8 {
        self.servers
    }
    fn claims() -> &'static [Claim<Hello>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<Hello>> {
        duty::duties(self)
    }
    fn carried(_: &Hello, before: &State, action: &Action) -> Option<Carried> {
        carried(before, action)
    }
}

/// All scenarios of the Hello protocol, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "hello_lossy_link",
        title: "On one link Hellos are lost, arrive twice, late and out of order.",
        servers: 2,
        interval: 1,
        factor: 4,
        delay: true,
        reorder: true,
        queue: 4,
        budgets: Budgets {
            losses: 3,
            copies: 2,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "connect",
            "send",
            "deliver",
            "lose",
            "duplicate",
            "expire",
            "tick",
        ],
        witnesses: &[
            "all-bidirectional",
            "stalled",
            "late",
            "overtaken",
            "at-the-deadline",
        ],
    },
    Scenario {
        name: "hello_one_way",
        title: "One direction of a link carries nothing for a while, and Hellos are lost in the other.",
        servers: 2,
        interval: 2,
        factor: 2,
        delay: true,
        reorder: false,
        queue: 4,
        budgets: Budgets {
            losses: 1,
            deafs: 2,
            malformed: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "connect",
            "send",
            "deliver",
            "lose",
            "expire",
            "deafen",
            "hear",
            "malformed",
            "tick",
        ],
        witnesses: &["all-bidirectional", "stalled", "one-way", "late"],
    },
    Scenario {
        name: "hello_fast_restart",
        title: "Both servers of a reliable link restart without its VC going down, which fails too.",
        servers: 2,
        interval: 2,
        factor: 3,
        delay: true,
        reorder: false,
        queue: 4,
        budgets: Budgets {
            cuts: 1,
            restarts: 2,
            malformed: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "connect",
            "send",
            "deliver",
            "cut",
            "restart",
            "malformed",
            "tick",
        ],
        witnesses: &["all-bidirectional", "restart-unnoticed", "late"],
    },
    Scenario {
        name: "hello_multipoint",
        title: "Three servers, each with one Hello for both others, of which copies are lost and one direction fails.",
        servers: 3,
        interval: 1,
        factor: 2,
        delay: false,
        reorder: false,
        queue: 4,
        budgets: Budgets {
            losses: 1,
            deafs: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "connect", "send", "deliver", "lose", "expire", "deafen", "hear", "tick",
        ],
        witnesses: &["all-bidirectional", "stalled", "one-way", "some-of-three"],
    },
    Scenario {
        name: "hello_all_faults",
        title: "On one link with a long dead time every fault strikes, in any order.",
        servers: 2,
        interval: 1,
        factor: 4,
        delay: true,
        reorder: true,
        queue: 4,
        budgets: Budgets {
            losses: 2,
            copies: 1,
            cuts: 1,
            deafs: 1,
            restarts: 1,
            malformed: 1,
        },
        profile: Profile::Ci,
        actions: &[
            "connect",
            "send",
            "deliver",
            "lose",
            "duplicate",
            "expire",
            "cut",
            "deafen",
            "hear",
            "restart",
            "malformed",
            "tick",
        ],
        witnesses: &[
            "all-bidirectional",
            "stalled",
            "one-way",
            "late",
            "overtaken",
            "restart-unnoticed",
            "at-the-deadline",
        ],
    },
];
