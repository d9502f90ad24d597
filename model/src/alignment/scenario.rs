//! The named, bounded configurations of two neighbours.

use super::action::Action;
use super::carried::carried;
use super::message::{KEYS, Keys};
use super::property;
use super::rules::Rules;
use super::state::Budgets;
use super::state::State;
use super::{Alignment, duty};
use crate::carried::Carried;
use crate::family::{Claim, Configuration, Duty, Profile};
use crate::reading::Readers;

/// One named configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The name, a word for the command line.
    pub name: &'static str,
    /// What it is about, one sentence.
    pub title: &'static str,
    /// What is cached at first: the number of the instance of each key, 0: none.
    pub caches: [[u8; KEYS]; 2],
    /// How many keys there are, 1 to 3.
    pub keys: u8,
    /// The largest number of an instance, 1 to 3.
    pub newest: u8,
    /// How many summaries fit into a CA.
    pub per_ca: u8,
    /// How many records a CSUS may ask for.
    pub per_csus: u8,
    /// How often a record is repeated before the adjacency is reset, 1 to 3.
    pub tries: u8,
    /// Records that must be discarded (C24).
    pub unusable: Keys,
    /// The bound of `aligned-in-time`.
    pub within: u8,
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
    /// The model of this scenario under the given rules.
    pub fn model(&self, rules: impl Into<Readers<Rules>>) -> Alignment {
        Alignment::new(self, rules)
    }
}

impl Configuration for Scenario {
    type Rules = Rules;
    type Model = Alignment;
    const MODEL: &'static str = "alignment";

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
    fn model(&self, rules: impl Into<Readers<Rules>>) -> Alignment {
        Self::model(self, rules)
    }
    fn readers(&self) -> u8 {
        2
    }
    fn claims() -> &'static [Claim<Alignment>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<Alignment>> {
        duty::duties()
    }
    fn carried(_: &Alignment, before: &State, action: &Action) -> Option<Carried> {
        carried(before, action)
    }
}

/// All scenarios, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

/// The scenario of that name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "alignment_over_lossy_links",
        title: "Two servers with different caches are aligned and a record changes, over links that lose two messages.",
        caches: [[0, 2, 1], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 1,
        per_csus: 2,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 2,
            changes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "up",
            "deliver",
            "lose",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "change-waits",
            "update-meets-summarize",
            "crossing",
            "retry-limit",
        ],
    },
    Scenario {
        name: "alignment_in_one_ca",
        title: "All summaries fit into one CA: messages are lost, come twice and late, and a record changes.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 3,
        per_csus: 3,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 1,
            copies: 1,
            changes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "up",
            "deliver",
            "lose",
            "copy",
            "late",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &["settled", "copy-sent-again", "change-waits"],
    },
    Scenario {
        name: "alignment_with_discarded_records",
        title: "A record of one server is of a kind that the other must discard; messages are lost and come late.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 2,
        per_csus: 1,
        tries: 3,
        unusable: Keys::one(2),
        within: 6,
        budgets: Budgets {
            losses: 2,
            copies: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "up",
            "deliver",
            "lose",
            "copy",
            "late",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &["settled", "copy-sent-again", "more-to-ask"],
    },
    Scenario {
        name: "alignment_with_late_copies",
        title: "Messages of an earlier exchange arrive in a later one, after the link was down at one end or both.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 1,
        per_csus: 1,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 1,
            copies: 2,
            drops: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "up",
            "notice",
            "drop",
            "deliver",
            "lose",
            "copy",
            "late",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "late-answer",
            "drop-unnoticed",
            "more-to-ask",
            "update-meets-summarize",
        ],
    },
    Scenario {
        name: "alignment_with_changes",
        title: "Records change at both ends in every phase of an alignment, while messages are lost or late.",
        caches: [[1, 2, 1], [2, 1, 1]],
        keys: 3,
        newest: 3,
        per_ca: 1,
        per_csus: 2,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 1,
            copies: 1,
            changes: 2,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "up",
            "deliver",
            "lose",
            "copy",
            "late",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "change-waits",
            "crossing",
            "asked-in-part",
            "more-to-ask",
            "update-meets-summarize",
        ],
    },
    Scenario {
        name: "alignment_with_drops",
        title: "The link is down twice, seen by one end or both; messages are lost and a record changes.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 1,
        per_csus: 2,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 2,
            drops: 2,
            changes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "up",
            "notice",
            "drop",
            "deliver",
            "lose",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "change-waits",
            "drop-unnoticed",
            "retry-limit",
        ],
    },
    Scenario {
        name: "alignment_with_a_restart",
        title: "A server starts again with an empty cache, which its neighbour notices or not; messages are lost or late, a record changes.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 1,
        per_csus: 1,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 1,
            copies: 1,
            restarts: 1,
            changes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &[
            "up",
            "notice",
            "restart",
            "deliver",
            "lose",
            "copy",
            "late",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "change-waits",
            "drop-unnoticed",
            "null-record",
            "more-to-ask",
        ],
    },
    Scenario {
        name: "alignment_with_a_late_bid",
        title: "Two equal caches of two CA messages; a message comes late, another two are lost, a link is down, and a record changes.",
        caches: [[1, 1, 0], [1, 1, 0]],
        keys: 2,
        newest: 2,
        per_ca: 1,
        per_csus: 1,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 2,
            copies: 1,
            drops: 1,
            changes: 1,
            ..Budgets::NONE
        },
        profile: Profile::Quick,
        actions: &[
            "up",
            "notice",
            "drop",
            "deliver",
            "lose",
            "copy",
            "late",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "copy-sent-again",
            "late-answer",
            "change-waits",
            "drop-unnoticed",
        ],
    },
    Scenario {
        name: "alignment_with_everything",
        title: "Two losses, a late copy, a drop, a restart and a change, all in one.",
        caches: [[1, 2, 0], [2, 1, 1]],
        keys: 3,
        newest: 2,
        per_ca: 1,
        per_csus: 2,
        tries: 3,
        unusable: Keys::NONE,
        within: 6,
        budgets: Budgets {
            losses: 2,
            copies: 1,
            drops: 1,
            restarts: 1,
            changes: 1,
        },
        profile: Profile::Deep,
        actions: &[
            "up",
            "notice",
            "drop",
            "restart",
            "deliver",
            "lose",
            "copy",
            "late",
            "change",
            "ca-timer",
            "hold-timer",
            "csus-timer",
            "csu-timer",
            "tick",
        ],
        witnesses: &[
            "settled",
            "copy-sent-again",
            "late-answer",
            "change-waits",
            "drop-unnoticed",
            "null-record",
            "more-to-ask",
        ],
    },
];
