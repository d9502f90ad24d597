//! Clients that register, join, move and go, and records that race each other; all servers live.

use super::{ALL_RANGES, RING, THREE, TWO};
use super::{Budgets, Profile, Scenario};

pub(super) const TWO_SERVERS_MOVING_CLIENT: Scenario = Scenario {
    name: "two_servers_moving_client",
    title: "A client joins single groups and a block at one server and moves silently to the other.",
    clients: 1,
    ranges: ALL_RANGES,
    duplicates: true,
    budgets: Budgets {
        registers: 2,
        changes: 2,
        deregisters: 1,
        moves: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[
        "register",
        "join",
        "leave",
        "deregister",
        "move",
        "leaf-gone",
        "deliver",
        "tick",
    ],
    witnesses: &[
        "two-registrations",
        "member-elsewhere",
        "rejoined",
        "block-and-single",
        "race",
    ],
    ..TWO
};

pub(super) const THREE_IN_A_LINE: Scenario = Scenario {
    name: "three_in_a_line",
    title: "A client at one end of a line of three stops or moves; the far end hears of it through the middle.",
    clients: 1,
    budgets: Budgets {
        registers: 1,
        changes: 2,
        moves: 1,
        client_crashes: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[
        "register",
        "join",
        "leave",
        "move",
        "leaf-gone",
        "client-crash",
        "deliver",
        "tick",
    ],
    witnesses: &["two-registrations", "member-elsewhere", "rejoined"],
    ..THREE
};

pub(super) const PROXY_DEREGISTER_RACE: Scenario = Scenario {
    name: "proxy_deregister_race",
    title: "The proxy deregister of the old server races the registration and joins at the new one.",
    cmi_slots: 3,
    beats: false,
    budgets: Budgets {
        registers: 2,
        changes: 2,
        moves: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &["register", "join", "leave", "move", "leaf-gone", "deliver"],
    witnesses: &["two-registrations", "member-elsewhere", "rejoined", "race"],
    ..THREE
};

pub(super) const CMI_RANGE_NEARLY_USED_UP: Scenario = Scenario {
    name: "cmi_range_nearly_used_up",
    title: "Two clients share servers with one CMI each: one is refused, a value is given up, held and given again.",
    cmi_slots: 1,
    budgets: Budgets {
        registers: 3,
        changes: 2,
        deregisters: 1,
        cuts: 1,
        moves: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[
        "register",
        "join",
        "leave",
        "deregister",
        "move",
        "leaf-gone",
        "deliver",
        "cut",
        "heal",
        "tick",
    ],
    witnesses: &["cmi-refused", "cmi-held", "member-elsewhere", "partitioned"],
    ..TWO
};

pub(super) const RING_OF_THREE: Scenario = Scenario {
    name: "ring_of_three",
    title: "Records travel both ways round a ring: a relayed older one arrives after the newer one came directly.",
    clients: 1,
    links: RING,
    beats: false,
    budgets: Budgets {
        registers: 2,
        changes: 1,
        deregisters: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &["register", "join", "deregister", "deliver"],
    witnesses: &["overtaken", "member-elsewhere"],
    ..THREE
};

pub(super) const AMONG_LITERAL_PEERS: Scenario = Scenario {
    name: "among_literal_peers",
    title: "The server in the middle of a line purges everything about a client on any deregister; the new home repairs it.",
    clients: 1,
    literal_purgers: 0b010,
    budgets: Budgets {
        registers: 1,
        changes: 2,
        moves: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[
        "register",
        "join",
        "leave",
        "move",
        "leaf-gone",
        "deliver",
        "tick",
    ],
    witnesses: &["two-registrations", "race", "rejoined"],
    ..THREE
};
