//! The named, bounded configurations. Each is bounded by budgets in its state, never by depth or time.

use crate::explore::timely::{Cluster, Error, Outcome, search_space as search_together};
use crate::explore::{Options, Progress};
pub use crate::family::Profile;
use crate::family::{Claim, Configuration, Duty};
use crate::reading::Readers;
use crate::registry::Act;
use crate::rules::Rules;
use crate::server_group::{Action, ServerGroup, State, liveness, property};
use std::sync::atomic::AtomicBool;

/// How many times each kind of event may happen. Deliveries, ticks, heals, redirects, failovers and leaf drops
/// are bounded by the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Budgets {
    /// Registrations of a client that is registered nowhere, in all.
    pub registers: u8,
    /// Joins and leaves that change something, in all; joining again after a hard redirect or a failover is free.
    pub changes: u8,
    /// Deregistrations.
    pub deregisters: u8,
    /// Silent moves.
    pub moves: u8,
    /// Clients that stop.
    pub client_crashes: u8,
    /// Servers that stop.
    pub crashes: u8,
    /// Links that go down (each may be healed once).
    pub cuts: u8,
    /// Servers that the operator drains.
    pub drains: u8,
    /// Heartbeats that hang (each may wake).
    pub hangs: u8,
    /// Servers that start again after a crash: 0 or 1, and only among two servers.
    pub restarts: u8,
}

impl Budgets {
    /// Nothing at all.
    pub const NONE: Self = Self {
        registers: 0,
        changes: 0,
        deregisters: 0,
        moves: 0,
        client_crashes: 0,
        crashes: 0,
        cuts: 0,
        drains: 0,
        hangs: 0,
        restarts: 0,
    };
}

/// One named configuration of the server group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The name, a word for the command line.
    pub name: &'static str,
    /// What it is about, one sentence.
    pub title: &'static str,
    /// How many servers, 2 or 3.
    pub servers: u8,
    /// How many clients, 1 or 2.
    pub clients: u8,
    /// The ranges that may be joined: each a set of groups (bit 0: the first group, bit 1: the second).
    pub ranges: &'static [u8],
    /// The VCs between servers, lower server first.
    pub links: &'static [(u8, u8)],
    /// How many CMIs each server has to give, 1 to 4.
    pub cmi_slots: u8,
    /// How many records fit on a link in one direction; more would be a violation.
    pub queue: u8,
    /// The servers (one bit each) that follow the literal reading of A08 whatever the rules say.
    pub literal_purgers: u8,
    /// Those of the clients that are multicast servers (one bit each): what they join is what they serve, a group at a
    /// time. Where there are clients of both kinds the multicast server is the last.
    pub mcs: u8,
    /// The servers (one bit each) that beat every other interval only, as RFC 2443, 2 allows.
    pub slow: u8,
    /// Whether clients also repeat registrations, joins and leaves that change nothing.
    pub duplicates: bool,
    /// Whether time passes: heartbeats, flushes, maps. Without, a scenario is about the order of records only.
    pub beats: bool,
    /// The budgets.
    pub budgets: Budgets,
    /// When it is run.
    pub profile: Profile,
    /// The kinds of action ([`crate::server_group::Action::label`]) that must occur; all others must not.
    pub actions: &'static [&'static str],
    /// The witnesses that must be found, by property name.
    pub witnesses: &'static [&'static str],
}

impl Scenario {
    /// The model of this scenario under the given rules.
    pub fn model(&self, rules: impl Into<Readers<Rules>>) -> ServerGroup {
        ServerGroup::new(self, rules)
    }
}

impl Configuration for Scenario {
    type Rules = Rules;
    type Model = ServerGroup;
    const MODEL: &'static str = "server_group";

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
    fn model(&self, rules: impl Into<Readers<Rules>>) -> ServerGroup {
        Self::model(self, rules)
    }
    fn readers(&self) -> u8 {
        self.servers
    }
    fn claims() -> &'static [Claim<ServerGroup>] {
        property::claims()
    }
    fn duties(&self) -> Vec<Duty<ServerGroup>> {
        liveness::duties(self)
    }
    fn act(_: &ServerGroup, _: &State, action: &Action) -> Act {
        Act::Group(*action)
    }
    fn together(
        model: &ServerGroup,
        options: &Options,
        cluster: &Cluster,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> Result<Outcome<ServerGroup>, Error> {
        search_together(model, options, cluster, progress, stop)
    }
}

/// All scenarios of the server group, in the order in which they are run.
pub const fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

/// The scenario of that name.
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

const PAIR: &[(u8, u8)] = &[(0, 1)];
const LINE: &[(u8, u8)] = &[(0, 1), (1, 2)];
/// Of three servers a ring is the full mesh.
const RING: &[(u8, u8)] = &[(0, 1), (0, 2), (1, 2)];
/// One group.
const ONE: &[u8] = &[0b01];
/// Both single groups and their block.
const ALL_RANGES: &[u8] = &[0b01, 0b10, 0b11];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "two_servers_moving_client",
        title: "A client joins single groups and a block at one server and moves silently to the other.",
        servers: 2,
        clients: 1,
        ranges: ALL_RANGES,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: true,
        beats: true,
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
    },
    Scenario {
        name: "crash_and_failover",
        title: "A server stops; its clients go to the next one on their list and join again; the others flush it.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "partition_and_heal",
        title: "In a line of three a link goes down, both sides change and flush each other, and the link comes back.",
        servers: 3,
        clients: 2,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "three_in_a_line",
        title: "A client at one end of a line of three stops or moves; the far end hears of it through the middle.",
        servers: 3,
        clients: 1,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "proxy_deregister_race",
        title: "The proxy deregister of the old server races the registration and joins at the new one.",
        servers: 3,
        clients: 2,
        ranges: ONE,
        links: LINE,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
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
    },
    Scenario {
        name: "cmi_range_nearly_used_up",
        title: "Two clients share servers with one CMI each: one is refused, a value is given up, held and given again.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 1,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "ring_of_three",
        title: "Records travel both ways round a ring: a relayed older one arrives after the newer one came directly.",
        servers: 3,
        clients: 1,
        ranges: ONE,
        links: RING,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
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
    },
    Scenario {
        name: "drain",
        title: "The operator drains a server: its clients are redirected, join again elsewhere and leave it.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "line_with_a_hung_heartbeat",
        title: "In a line of three the heartbeat of a working server hangs: it is flushed, and restored when it beats again.",
        servers: 3,
        clients: 2,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "among_literal_peers",
        title: "The server in the middle of a line purges everything about a client on any deregister; the new home repairs it.",
        servers: 3,
        clients: 1,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0b010,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "ring_with_a_cut",
        title: "A link of a ring goes down and comes back: what both ends supply still goes the other way round.",
        servers: 3,
        clients: 1,
        ranges: ONE,
        links: RING,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
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
    },
    Scenario {
        name: "mcs_at_the_other_server",
        title: "A client joins at one server while a multicast server begins and ends its service at either, moves, stops, \
                or is lost with its server.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0b10,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "mcs_that_moves",
        title: "A multicast server moves silently to the other server; the old home's word and the new home's cross.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0b10,
        slow: 0,
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
    },
    Scenario {
        name: "mcs_in_a_line",
        title: "In a line of three a multicast server at one end serves a group whose member is at the other end or in \
                the middle.",
        servers: 3,
        clients: 2,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0b10,
        slow: 0,
        duplicates: false,
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
    },
    Scenario {
        name: "two_multicast_servers",
        title: "Two multicast servers serve the same groups at two servers, and withdraw: no client is there to be told.",
        servers: 2,
        clients: 2,
        ranges: &[0b01, 0b10],
        links: PAIR,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0b11,
        slow: 0,
        duplicates: false,
        beats: true,
        budgets: Budgets {
            registers: 3,
            changes: 3,
            deregisters: 1,
            ..Budgets::NONE
        },
        profile: Profile::Ci,
        actions: &["register", "join", "leave", "deregister", "deliver", "tick"],
        witnesses: &["two-services", "cmi-held"],
    },
    Scenario {
        name: "restart",
        title: "One of two servers stops and starts again, soon or late; clients come back, go elsewhere, or are no more.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "restart_with_an_mcs",
        title: "One of two servers, home of a client or of a multicast server that serves its group, stops and starts again.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0b10,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "slow_heartbeat",
        title: "One of two servers beats every two minutes, as it may: nobody misses it.",
        servers: 2,
        clients: 2,
        ranges: ONE,
        links: PAIR,
        cmi_slots: 3,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0b10,
        duplicates: false,
        beats: true,
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
    },
    Scenario {
        name: "realigned_after_a_crash",
        title: "The server at the end of a line stops; the other two lose their link and align again, twice.",
        servers: 3,
        clients: 1,
        ranges: ONE,
        links: LINE,
        cmi_slots: 2,
        queue: 12,
        literal_purgers: 0,
        mcs: 0,
        slow: 0,
        duplicates: false,
        beats: true,
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
    },
];
