//! What can happen in a server group: the events of clients, servers and links.

use std::fmt::{Display, Formatter, Result};

/// A MARS server, by its place in ascending order of Server IDs (RFC 2443, 2: the OID is the order).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server(pub u8);

/// A MARS client, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Client(pub u8);

/// A group address range, by its place in the scenario's list of ranges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Range(pub u8);

impl Display for Server {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "s{}", self.0 + 1)
    }
}

impl Display for Client {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "c{}", self.0 + 1)
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "r{}", self.0 + 1)
    }
}

/// One event. Exchanges between a client and its server are atomic; records between servers travel one by one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// A client that is registered nowhere registers (or a registered one repeats its registration).
    Register {
        /// Who registers.
        client: Client,
        /// Where.
        server: Server,
    },
    /// A registered client joins one range at its home.
    Join {
        /// Who joins.
        client: Client,
        /// What.
        range: Range,
    },
    /// A registered client leaves one range at its home.
    Leave {
        /// Who leaves.
        client: Client,
        /// What.
        range: Range,
    },
    /// A client deregisters at its home.
    Deregister {
        /// Who deregisters.
        client: Client,
    },
    /// A client registers at another server without a word to the old one, whose leaf stays for now.
    Move {
        /// Who moves.
        client: Client,
        /// The new home.
        to: Server,
    },
    /// A server notices that a leaf of its ClusterControlVC has gone (RFC 2443, 2 and 5.4).
    LeafGone {
        /// Who notices.
        server: Server,
        /// The leaf.
        client: Client,
    },
    /// A client stops for good, without a word.
    ClientCrash {
        /// Who stops.
        client: Client,
    },
    /// The oldest record on its way from one server to a neighbour arrives.
    Deliver {
        /// The sender.
        from: Server,
        /// The receiver.
        to: Server,
    },
    /// A server stops, for good or until [`Action::Restart`]: its links and its clients' VCs go.
    Crash {
        /// Who stops.
        server: Server,
    },
    /// A server that stopped starts again with an empty memory and new cache keys (C09, H08). It serves nobody until it
    /// is aligned with a neighbour or an interval has passed (B12).
    Restart {
        /// Who starts.
        server: Server,
    },
    /// The VC between two neighbours goes down; what was on its way is lost.
    Cut {
        /// The lower neighbour.
        a: Server,
        /// The higher neighbour.
        b: Server,
    },
    /// The VC between two neighbours comes up and the two caches are aligned (RFC 2334, 2.2) in one step.
    Heal {
        /// The lower neighbour.
        a: Server,
        /// The higher neighbour.
        b: Server,
    },
    /// The operator drains a server: from now on its redirect map puts another server first.
    Drain {
        /// The server to be emptied.
        server: Server,
    },
    /// A client follows the redirect map of its home to another server (RFC 2022, 5.4.3).
    Redirect {
        /// Who moves.
        client: Client,
    },
    /// A client whose home is dead registers at the next server it knows (RFC 2443, 2).
    Failover {
        /// Who moves.
        client: Client,
    },
    /// A server's heartbeat stops although the server works on (a hung timer).
    Hang {
        /// The server.
        server: Server,
    },
    /// A hung heartbeat goes on.
    Wake {
        /// The server.
        server: Server,
    },
    /// One redirect interval passes: ages grow, silent servers are flushed, all servers beat and send their maps.
    Tick,
}

impl Action {
    /// All kinds of action, in the order of [`Action::kind`].
    pub const KINDS: [&'static str; 18] = [
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
        "drain",
        "redirect",
        "failover",
        "hang",
        "wake",
        "tick",
        "restart",
    ];

    /// The place of this action's kind in [`Action::KINDS`].
    pub const fn kind(&self) -> usize {
        match self {
            Self::Register { .. } => 0,
            Self::Join { .. } => 1,
            Self::Leave { .. } => 2,
            Self::Deregister { .. } => 3,
            Self::Move { .. } => 4,
            Self::LeafGone { .. } => 5,
            Self::ClientCrash { .. } => 6,
            Self::Deliver { .. } => 7,
            Self::Crash { .. } => 8,
            Self::Cut { .. } => 9,
            Self::Heal { .. } => 10,
            Self::Drain { .. } => 11,
            Self::Redirect { .. } => 12,
            Self::Failover { .. } => 13,
            Self::Hang { .. } => 14,
            Self::Wake { .. } => 15,
            Self::Tick => 16,
            Self::Restart { .. } => 17,
        }
    }

    /// The kind of this action in kebab case.
    pub fn label(&self) -> &'static str {
        Self::KINDS.get(self.kind()).copied().unwrap_or("unknown")
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Register { client, server } => write!(f, "{client} registers with {server}"),
            Self::Join { client, range } => write!(f, "{client} joins {range}"),
            Self::Leave { client, range } => write!(f, "{client} leaves {range}"),
            Self::Deregister { client } => write!(f, "{client} deregisters"),
            Self::Move { client, to } => write!(f, "{client} moves to {to} without a word"),
            Self::LeafGone { server, client } => {
                write!(f, "{server} notices that {client} has gone")
            }
            Self::ClientCrash { client } => write!(f, "{client} stops"),
            Self::Deliver { from, to } => write!(f, "a record from {from} arrives at {to}"),
            Self::Crash { server } => write!(f, "{server} stops"),
            Self::Restart { server } => write!(f, "{server} starts again"),
            Self::Cut { a, b } => write!(f, "the link {a}-{b} goes down"),
            Self::Heal { a, b } => write!(f, "the link {a}-{b} comes up, and both align"),
            Self::Drain { server } => write!(f, "the operator drains {server}"),
            Self::Redirect { client } => write!(f, "{client} follows its map"),
            Self::Failover { client } => write!(f, "{client} fails over"),
            Self::Hang { server } => write!(f, "the heartbeat of {server} hangs"),
            Self::Wake { server } => write!(f, "the heartbeat of {server} goes on"),
            Self::Tick => f.write_str("an interval passes"),
        }
    }
}

impl crate::explore::Kinds for Action {
    const KINDS: &'static [&'static str] = &Self::KINDS;
    fn kind(&self) -> usize {
        Self::kind(self)
    }
}
