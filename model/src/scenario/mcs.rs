//! Multicast servers.

use super::{Budgets, Profile, Scenario};
use super::{THREE, TWO};

pub(super) const MCS_AT_THE_OTHER_SERVER: Scenario = Scenario {
    name: "mcs_at_the_other_server",
    title: "A client joins at one server while a multicast server begins and ends its service at either, moves, stops, \
            or is lost with its server.",
    mcs: 0b10,
    budgets: Budgets {
        registers: 2,
        changes: 3,
        client_crashes: 1,
        crashes: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register",
        "join",
        "leave",
        "leaf-gone",
        "client-crash",
        "deliver",
        "crash",
        "failover",
        "tick",
    ],
    witnesses: &[
        "migrated",
        "served-from-here",
        "service-gone",
        "service-flushed",
        "rejoined",
    ],
    ..TWO
};

pub(super) const MCS_THAT_MOVES: Scenario = Scenario {
    name: "mcs_that_moves",
    title: "A multicast server moves silently to the other server; the old home's word and the new home's cross.",
    mcs: 0b10,
    duplicates: true,
    beats: false,
    budgets: Budgets {
        registers: 2,
        changes: 3,
        moves: 1,
        cuts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register",
        "join",
        "leave",
        "move",
        "leaf-gone",
        "deliver",
        "cut",
        "heal",
    ],
    witnesses: &[
        "migrated",
        "served-from-here",
        "service-gone",
        "two-registrations",
        "race",
    ],
    ..TWO
};

pub(super) const MCS_IN_A_LINE: Scenario = Scenario {
    name: "mcs_in_a_line",
    title: "In a line of three a multicast server at one end serves a group whose member is at the other end or in \
            the middle.",
    mcs: 0b10,
    beats: false,
    budgets: Budgets {
        registers: 3,
        changes: 3,
        deregisters: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &["register", "join", "leave", "deregister", "deliver"],
    witnesses: &["migrated", "served-from-here", "service-gone"],
    ..THREE
};

pub(super) const TWO_MULTICAST_SERVERS: Scenario = Scenario {
    name: "two_multicast_servers",
    title: "Two multicast servers serve the same groups at two servers, and withdraw: no client is there to be told.",
    ranges: &[0b01, 0b10],
    cmi_slots: 2,
    mcs: 0b11,
    budgets: Budgets {
        registers: 3,
        changes: 3,
        deregisters: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &["register", "join", "leave", "deregister", "deliver", "tick"],
    witnesses: &["two-services", "cmi-held"],
    ..TWO
};

pub(super) const RESTART_WITH_AN_MCS: Scenario = Scenario {
    name: "restart_with_an_mcs",
    title: "One of two servers, home of a client or of a multicast server that serves its group, stops and starts again.",
    cmi_slots: 2,
    mcs: 0b10,
    budgets: Budgets {
        registers: 2,
        changes: 2,
        crashes: 1,
        restarts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register", "join", "leave", "deliver", "crash", "restart", "heal", "failover", "tick",
    ],
    witnesses: &[
        "migrated",
        "served-from-here",
        "service-flushed",
        "restarted-in-time",
        "restarted-late",
        "came-back",
    ],
    ..TWO
};
