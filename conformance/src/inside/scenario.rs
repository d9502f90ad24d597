//! What is explored: how many servers, which records, which faults and how many of them.

use crate::adapter::machines::Config;

/// Servers at most.
pub const SERVERS: usize = 3;
/// Directions of links at most: two for each link.
pub const DIRECTIONS: usize = 4;
/// Records at most.
pub const RECORDS: usize = 8;

/// Seconds between Hellos.
pub const HELLO_S: u16 = 1;
/// Milliseconds after which what is not answered is sent again.
pub const REPEAT_MS: u16 = 1000;

/// A record that a server may originate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its originator.
    pub server: u8,
    /// Last octet of its key.
    pub key: u8,
    /// The incarnation of the server that may originate it: 0 before its restart (register C09).
    pub incarnation: u8,
    /// It is there from the beginning.
    pub seeded: bool,
}

const fn seeded(server: u8, key: u8) -> Record {
    Record {
        server,
        key,
        incarnation: 0,
        seeded: true,
    }
}

/// How often each thing may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Frames lost.
    pub losses: u8,
    /// Frames doubled.
    pub doubles: u8,
    /// Frames overtaken by the next.
    pub swaps: u8,
    /// Ticks that pass while frames are on their way.
    pub lates: u8,
    /// Records originated anew.
    pub changes: u8,
    /// Records ended.
    pub ends: u8,
    /// Ended records dropped from a cache.
    pub forgets: u8,
    /// Links that go down.
    pub cuts: u8,
    /// Servers that start again with nothing.
    pub restarts: u8,
}

/// None of anything.
const NOTHING: Budget = Budget {
    losses: 0,
    doubles: 0,
    swaps: 0,
    lates: 0,
    changes: 0,
    ends: 0,
    forgets: 0,
    cuts: 0,
    restarts: 0,
};

/// How much work a scenario is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Seconds.
    Quick,
    /// A minute.
    Ci,
    /// More.
    Deep,
}

/// A scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub what: &'static str,
    /// How much work it is.
    pub effort: Effort,
    /// How many servers; server n has id 10.0.0.(n + 1).
    pub servers: u8,
    /// Links.
    pub links: &'static [(u8, u8)],
    /// Records.
    pub records: &'static [Record],
    /// What may happen.
    pub budget: Budget,
    /// The kinds of action that do happen.
    pub meant: &'static [&'static str],
    /// Begins when all caches are one and nothing is on its way; otherwise with the first Hellos.
    pub settled: bool,
    /// Largest packet: 52 octets hold one summary or one record.
    pub mtu: u16,
    /// Hop count of own records.
    pub hop_count: u16,
    /// Hellos that may be missed.
    pub dead_factor: u16,
}

/// One summary or record a message.
const SINGLE: u16 = 52;

const PAIR: Scenario = Scenario {
    name: "",
    what: "",
    effort: Effort::Ci,
    servers: 2,
    links: &[(0, 1)],
    records: &[seeded(0, 1), seeded(1, 1)],
    budget: NOTHING,
    meant: &[],
    settled: false,
    mtu: SINGLE,
    hop_count: 2,
    dead_factor: 3,
};

/// For mutants: each as small as its question.
const SMALL: [Scenario; 6] = [
    Scenario {
        name: "two_and_a_loss",
        what: "two servers with two records each align; one frame is lost, another doubled",
        effort: Effort::Quick,
        records: &[seeded(0, 1), seeded(0, 2), seeded(1, 1), seeded(1, 2)],
        budget: Budget {
            losses: 1,
            doubles: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "double"],
        ..PAIR
    },
    Scenario {
        name: "two_and_a_change",
        what: "a record changes while two servers align; a frame is lost, time passes over another",
        effort: Effort::Quick,
        budget: Budget {
            losses: 1,
            lates: 1,
            changes: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "late", "change"],
        ..PAIR
    },
    Scenario {
        name: "two_and_an_end",
        what: "a record ends behind a link that is down, and is dropped",
        effort: Effort::Quick,
        budget: Budget {
            changes: 1,
            ends: 1,
            forgets: 1,
            cuts: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "change", "end", "forget", "cut", "mend"],
        settled: true,
        ..PAIR
    },
    Scenario {
        name: "two_and_a_stray",
        what: "a copy of a frame comes late, when its round is over",
        effort: Effort::Quick,
        budget: Budget {
            losses: 1,
            doubles: 1,
            swaps: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "double", "swap"],
        ..PAIR
    },
    Scenario {
        name: "two_and_a_restart",
        what: "a server starts again with nothing and its neighbour does not notice; a frame is lost, a record new",
        effort: Effort::Quick,
        records: &[
            seeded(0, 1),
            seeded(1, 1),
            Record {
                server: 0,
                key: 3,
                incarnation: 1,
                seeded: false,
            },
        ],
        budget: Budget {
            losses: 1,
            changes: 1,
            restarts: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "change", "restart"],
        settled: true,
        ..PAIR
    },
    Scenario {
        name: "three_and_a_change",
        what: "a record changes in a line of three; a frame is lost",
        effort: Effort::Quick,
        servers: 3,
        links: &[(0, 1), (1, 2)],
        records: &[seeded(0, 1), seeded(2, 1)],
        budget: Budget {
            losses: 1,
            changes: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "change"],
        settled: true,
        ..PAIR
    },
];

/// All scenarios.
pub(super) static SCENARIOS: [Scenario; 12] = [
    SMALL[0],
    SMALL[1],
    SMALL[2],
    SMALL[3],
    SMALL[4],
    SMALL[5],
    Scenario {
        name: "pair_aligns",
        what: "two servers with two records each align while frames are lost, doubled and overtaken",
        records: &[seeded(0, 1), seeded(0, 2), seeded(1, 1), seeded(1, 2)],
        budget: Budget {
            losses: 2,
            doubles: 1,
            swaps: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "double", "swap"],
        ..PAIR
    },
    Scenario {
        name: "pair_changes",
        what: "records change while two servers align and frames are lost and late",
        budget: Budget {
            losses: 1,
            lates: 1,
            doubles: 1,
            changes: 2,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "late", "double", "change"],
        ..PAIR
    },
    Scenario {
        name: "pair_cut_and_restart",
        what: "the link goes down and comes back, a server starts again with nothing, records end and are dropped",
        records: &[
            seeded(0, 1),
            seeded(1, 1),
            Record {
                server: 0,
                key: 3,
                incarnation: 1,
                seeded: false,
            },
        ],
        budget: Budget {
            losses: 1,
            changes: 1,
            ends: 1,
            forgets: 1,
            cuts: 1,
            restarts: 1,
            ..NOTHING
        },
        meant: &[
            "deliver", "tick", "lose", "change", "end", "forget", "cut", "restart", "mend",
        ],
        settled: true,
        ..PAIR
    },
    Scenario {
        name: "line_floods",
        what: "news crosses a line of three while frames are lost and doubled",
        servers: 3,
        links: &[(0, 1), (1, 2)],
        records: &[seeded(0, 1), seeded(2, 1)],
        budget: Budget {
            losses: 1,
            doubles: 1,
            changes: 2,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "double", "change"],
        settled: true,
        ..PAIR
    },
    Scenario {
        name: "line_heals",
        what: "a link of a line of three goes down and comes back while records change and end",
        servers: 3,
        links: &[(0, 1), (1, 2)],
        records: &[seeded(0, 1), seeded(2, 1)],
        budget: Budget {
            losses: 1,
            changes: 1,
            ends: 1,
            cuts: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "change", "end", "cut", "mend"],
        settled: true,
        ..PAIR
    },
    Scenario {
        name: "line_deep",
        what: "three servers in a line from the first Hello on, with a loss and a change at any time",
        effort: Effort::Deep,
        servers: 3,
        links: &[(0, 1), (1, 2)],
        records: &[seeded(0, 1), seeded(1, 1), seeded(2, 1)],
        budget: Budget {
            losses: 1,
            changes: 1,
            ..NOTHING
        },
        meant: &["deliver", "tick", "lose", "change"],
        ..PAIR
    },
];

/// The smallest of all.
pub(super) static SMALLEST: Scenario = SMALL[0];

/// All scenarios.
#[must_use]
pub const fn scenarios() -> &'static [Scenario] {
    &SCENARIOS
}

/// The scenario of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

impl Scenario {
    /// A server's id.
    #[must_use]
    pub const fn id(server: u8) -> [u8; 4] {
        [10, 0, 0, server + 1]
    }

    /// A record's key.
    #[must_use]
    pub const fn key(record: Record) -> [u8; 4] {
        [0, 0, record.incarnation, record.key]
    }

    /// The place of the record of that name.
    #[must_use]
    pub fn record_of(&self, origin: &[u8], key: &[u8]) -> Option<u8> {
        let named =
            |record: &Record| Self::id(record.server) == origin && Self::key(*record) == key;
        self.records
            .iter()
            .position(named)
            .and_then(|place| u8::try_from(place).ok())
    }

    /// The ends of a direction, who sends and who receives: links in order, each from its first server and
    /// then from its second.
    #[must_use]
    pub fn ends(&self, direction: u8) -> (u8, u8) {
        let (a, b) = self
            .links
            .get(usize::from(direction / 2))
            .copied()
            .unwrap_or_default();
        if direction.is_multiple_of(2) {
            (a, b)
        } else {
            (b, a)
        }
    }

    /// All directions.
    #[must_use]
    pub fn directions(&self) -> std::ops::Range<u8> {
        0..u8::try_from(self.links.len() * 2).unwrap_or(0)
    }

    /// The directions that leave a server; their order is that of its neighbours.
    pub fn from(&self, server: u8) -> impl Iterator<Item = u8> + '_ {
        self.directions()
            .filter(move |&direction| self.ends(direction).0 == server)
    }

    /// The number that the receiver of a direction has for its sender.
    #[must_use]
    pub fn neighbor(&self, direction: u8) -> u8 {
        let to = self.ends(direction).1;
        let place = self.from(to).position(|back| back == direction ^ 1);
        place.and_then(|n| u8::try_from(n).ok()).unwrap_or(0)
    }

    /// The dead time in milliseconds: that of the neighbour, but all have the same.
    #[must_use]
    pub const fn dead_ms(&self) -> u16 {
        HELLO_S * 1000 * self.dead_factor
    }

    /// Configurations of all servers.
    #[must_use]
    pub fn configs(&self) -> Vec<Config> {
        (0..self.servers)
            .map(|server| Config {
                id: Self::id(server),
                neighbors: self
                    .from(server)
                    .map(|direction| Self::id(self.ends(direction).1))
                    .collect(),
                // Not that of MARS: bodies are opaque.
                protocol_id: 0xff00,
                hello_interval_s: HELLO_S,
                dead_factor: self.dead_factor,
                ca_rexmt_ms: u64::from(REPEAT_MS),
                csus_rexmt_ms: u64::from(REPEAT_MS),
                csu_rexmt_ms: u64::from(REPEAT_MS),
                csu_max_rexmt: 2,
                hop_count: self.hop_count,
                mtu: self.mtu,
                restart_constant: 16,
            })
            .collect()
    }
}
