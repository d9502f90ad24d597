//! As much as a machine of 24 GiB holds: each fault once, in every order.

use super::{Budgets, Profile, Scenario};
use super::{RING, THREE, TWO};

pub(super) const PAIR_OF_EVERYTHING: Scenario = Scenario {
    name: "pair_of_everything",
    title: "Two servers, two clients, one group; clients leave, move and stop, the link goes and comes back, a server stops.",
    budgets: Budgets {
        registers: 2,
        changes: 2,
        deregisters: 1,
        moves: 1,
        client_crashes: 1,
        crashes: 1,
        cuts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Deep,
    actions: &[
        "register",
        "join",
        "leave",
        "deregister",
        "move",
        "leaf-gone",
        "client-crash",
        "deliver",
        "crash",
        "cut",
        "heal",
        "failover",
        "tick",
    ],
    witnesses: &[
        "two-registrations",
        "member-elsewhere",
        "rejoined",
        "race",
        "flushed-dead",
        "flushed-alive",
        "partitioned",
    ],
    ..TWO
};

pub(super) const LINE_OF_EVERYTHING: Scenario = Scenario {
    name: "line_of_everything",
    title: "Three servers in a line and two clients; one of them moves, a link goes and comes back.",
    budgets: Budgets {
        registers: 2,
        changes: 1,
        moves: 1,
        cuts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Deep,
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
    witnesses: &["two-registrations", "race", "flushed-alive", "partitioned"],
    ..THREE
};

pub(super) const RING_OF_EVERYTHING: Scenario = Scenario {
    name: "ring_of_everything",
    title: "Three servers in a ring; a client joins and leaves, a server stops, a link goes and comes back.",
    clients: 1,
    links: RING,
    budgets: Budgets {
        registers: 1,
        changes: 2,
        crashes: 1,
        cuts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Deep,
    actions: &[
        "register", "join", "leave", "deliver", "crash", "cut", "heal", "failover", "tick",
    ],
    witnesses: &["member-elsewhere", "overtaken", "flushed-dead"],
    ..THREE
};

pub(super) const LINE_WITH_AN_MCS: Scenario = Scenario {
    name: "line_with_an_mcs",
    title: "Three servers in a line, a client and a multicast server, either of which moves.",
    mcs: 0b10,
    budgets: Budgets {
        registers: 2,
        changes: 2,
        moves: 1,
        ..Budgets::NONE
    },
    profile: Profile::Deep,
    actions: &[
        "register",
        "join",
        "leave",
        "move",
        "leaf-gone",
        "deliver",
        "tick",
    ],
    witnesses: &[
        "migrated",
        "served-from-here",
        "service-gone",
        "two-registrations",
    ],
    ..THREE
};
