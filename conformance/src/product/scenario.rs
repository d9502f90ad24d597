//! Scenarios of lockstep exploration beside those of the model: small ones, in which faults that take long to show are
//! not far away.

use mars_model::family::Profile;
use mars_model::scenario::{Budgets, Scenario, scenarios};
use mars_model::server_group::liveness::HAND_OVER;

/// What is explored in lockstep alone.
pub static OWN: [Scenario; 2] = [
    Scenario {
        name: "pair_with_a_cut",
        title: "A client joins at one of two servers; the link goes down and comes back.",
        budgets: Budgets {
            registers: 1,
            changes: 1,
            cuts: 1,
            ..Budgets::NONE
        },
        actions: &["register", "join", "deliver", "cut", "heal", "tick"],
        ..SMALL
    },
    Scenario {
        name: "pair_with_two_joins",
        title: "A client joins two groups at one of two servers; it may move, and the link may go down and come back.",
        ranges: &[0b01, 0b10],
        budgets: Budgets {
            registers: 1,
            changes: 2,
            moves: 1,
            cuts: 1,
            ..Budgets::NONE
        },
        actions: &[
            "register",
            "join",
            "move",
            "leaf-gone",
            "deliver",
            "cut",
            "heal",
            "tick",
        ],
        ..SMALL
    },
];

/// Two servers that beat, one client.
const SMALL: Scenario = Scenario {
    profile: Profile::Ci,
    witnesses: &[],
    ..HAND_OVER
};

/// Why a scenario cannot be explored in lockstep; nothing if it can.
#[must_use]
pub const fn unsupported(scenario: &Scenario) -> Option<&'static str> {
    if scenario.budgets.hangs > 0 {
        return Some("a beat that hangs has no counterpart in a real server");
    }
    if scenario.literal_purgers != 0 {
        return Some("one of its servers follows another reading than the implementation");
    }
    if scenario.slow != 0 {
        return Some("its servers have heartbeats of different intervals");
    }
    if scenario.mcs != 0 {
        return Some("multicast servers are not played here");
    }
    if scenario.budgets.restarts > 0 {
        return Some("a server that starts again is not played here");
    }
    None
}

/// All scenarios, whether they can be explored or not: small ones first.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    OWN.iter().chain(scenarios())
}

/// The scenarios that can be explored in lockstep.
pub fn supported() -> impl Iterator<Item = &'static Scenario> {
    all().filter(|scenario| unsupported(scenario).is_none())
}
