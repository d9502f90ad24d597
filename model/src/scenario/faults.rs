//! Servers that stop, start again, are drained or go silent; links that go down.

use super::{Budgets, Profile, Scenario};
use super::{RING, THREE, TWO};

pub(super) const CRASH_AND_FAILOVER: Scenario = Scenario {
    name: "crash_and_failover",
    title: "A server stops; its clients go to the next one on their list and join again; the others flush it.",
    budgets: Budgets {
        registers: 2,
        changes: 3,
        crashes: 1,
        client_crashes: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
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
        "member-elsewhere",
        "rejoined",
        "flushed-dead",
        "flush-spent",
    ],
    ..TWO
};

pub(super) const PARTITION_AND_HEAL: Scenario = Scenario {
    name: "partition_and_heal",
    title: "In a line of three a link goes down, both sides change and flush each other, and the link comes back.",
    budgets: Budgets {
        registers: 2,
        changes: 2,
        cuts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register", "join", "leave", "deliver", "cut", "heal", "tick",
    ],
    witnesses: &["member-elsewhere", "flushed-alive", "partitioned"],
    ..THREE
};

pub(super) const DRAIN: Scenario = Scenario {
    name: "drain",
    title: "The operator drains a server: its clients are redirected, join again elsewhere and leave it.",
    budgets: Budgets {
        registers: 2,
        changes: 2,
        drains: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &[
        "register",
        "join",
        "leave",
        "leaf-gone",
        "deliver",
        "drain",
        "redirect",
        "tick",
    ],
    witnesses: &["drained-away", "two-registrations", "rejoined"],
    ..TWO
};

pub(super) const LINE_WITH_A_HUNG_HEARTBEAT: Scenario = Scenario {
    name: "line_with_a_hung_heartbeat",
    title: "In a line of three the heartbeat of a working server hangs: it is flushed, and restored when it beats again.",
    budgets: Budgets {
        registers: 2,
        changes: 2,
        hangs: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register", "join", "leave", "deliver", "hang", "wake", "tick",
    ],
    witnesses: &["flushed-alive", "member-elsewhere"],
    ..THREE
};

pub(super) const RING_WITH_A_CUT: Scenario = Scenario {
    name: "ring_with_a_cut",
    title: "A link of a ring goes down and comes back: what both ends supply still goes the other way round.",
    clients: 1,
    links: RING,
    beats: false,
    budgets: Budgets {
        registers: 1,
        changes: 2,
        cuts: 2,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &["register", "join", "leave", "deliver", "cut", "heal"],
    witnesses: &["member-elsewhere", "overtaken"],
    ..THREE
};

pub(super) const RESTART: Scenario = Scenario {
    name: "restart",
    title: "One of two servers stops and starts again, soon or late; clients come back, go elsewhere, or are no more.",
    budgets: Budgets {
        registers: 2,
        changes: 1,
        client_crashes: 1,
        crashes: 1,
        restarts: 1,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register",
        "join",
        "leaf-gone",
        "client-crash",
        "deliver",
        "crash",
        "restart",
        "heal",
        "failover",
        "tick",
    ],
    witnesses: &[
        "restarted-in-time",
        "restarted-late",
        "withdrawn-after-restart",
        "came-back",
        "went-elsewhere",
    ],
    ..TWO
};

pub(super) const SLOW_HEARTBEAT: Scenario = Scenario {
    name: "slow_heartbeat",
    title: "One of two servers beats every two minutes, as it may: nobody misses it.",
    slow: 0b10,
    budgets: Budgets {
        registers: 2,
        changes: 3,
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
    witnesses: &["member-elsewhere", "rejoined"],
    ..TWO
};

pub(super) const REALIGNED_AFTER_A_CRASH: Scenario = Scenario {
    name: "realigned_after_a_crash",
    title: "The server at the end of a line stops; the other two lose their link and align again, twice.",
    clients: 1,
    budgets: Budgets {
        registers: 1,
        changes: 1,
        crashes: 1,
        cuts: 2,
        ..Budgets::NONE
    },
    profile: Profile::Ci,
    actions: &[
        "register", "join", "deliver", "crash", "cut", "heal", "failover", "tick",
    ],
    witnesses: &["flushed-dead", "flush-spent", "flushed-alive"],
    ..THREE
};
