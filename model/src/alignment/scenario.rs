//! The named, bounded configurations of two neighbours.

use super::message::{KEYS, Keys};
use super::property;
use super::rules::Rules;
use super::state::Budgets;
use super::Alignment;
pub use crate::scenario::Profile;

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
    pub const fn model(&self, rules: Rules) -> Alignment {
        Alignment::new(self, rules)
    }
    /// The properties of this scenario: every safety property, and the witnesses that it names.
    pub fn properties(&self) -> impl Iterator<Item = &'static property::Claim> + '_ {
        property::claims().iter().filter(|claim| match claim.kind {
            property::Kind::Always => true,
            property::Kind::Witness => self.witnesses.contains(&claim.name),
        })
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

const SCENARIOS: &[Scenario] = &[Scenario {
    name: "lossy_alignment",
    title: "Two servers with different caches are aligned over links that lose two messages.",
    caches: [[1, 2, 0], [2, 1, 1]],
    keys: 3,
    newest: 2,
    per_ca: 1,
    per_csus: 1,
    tries: 2,
    unusable: Keys::NONE,
    within: 8,
    budgets: Budgets {
        losses: 2,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[],
    witnesses: &["settled", "copy-sent-again"],
}];
