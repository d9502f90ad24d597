//! Real speakers for a checker: a pool of [`Speaker`](distributed_mars::scsp::Speaker) values that are
//! looked at, never changed. A step takes one value and one input and gives the value after it, what was
//! sent, and what can be seen of it.
//!
//! Values are numbered so that two that are canonically equal have one number: equal canonical state
//! ([`CanonicalSpeaker`](distributed_mars::scsp::CanonicalSpeaker): deadlines from now) and equal CA
//! numbers. The first value met stands for all; a few of the others are kept, to find out whether they
//! would have gone on in the same way.
//!
//! As the rest of the adapter it names only `distributed_mars`, `serde`, `serde_json` and itself: the mutant
//! build compiles it against altered copies of the implementation, and [`serve`] puts lines in between.

mod pool;
pub mod serve;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use pool::{Pool, PoolError};

/// Body of a record that its originator has ended (a tombstone); any other content is in use.
pub const ENDED: [u8; 1] = [0];

/// One server's configuration. Times are in milliseconds, ids are server ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Own id.
    pub id: [u8; 4],
    /// Ids of the neighbours, which are numbered in this order.
    pub neighbors: Vec<[u8; 4]>,
    /// Protocol ID of the records.
    pub protocol_id: u16,
    /// Seconds between Hellos.
    pub hello_interval_s: u16,
    /// Hellos that may be missed.
    pub dead_factor: u16,
    /// CAReXmtInterval.
    pub ca_rexmt_ms: u64,
    /// CSUSReXmtInterval.
    pub csus_rexmt_ms: u64,
    /// CSUReXmtInterval.
    pub csu_rexmt_ms: u64,
    /// Repetitions of a CSA before the adjacency is reset.
    pub csu_max_rexmt: u32,
    /// Hop count of own records.
    pub hop_count: u16,
    /// Largest packet sent.
    pub mtu: u16,
    /// What is added to a number of an own record met again.
    pub restart_constant: u32,
}

/// What happens to a machine. Neighbours are numbered as configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Input {
    /// The VC to a neighbour is up.
    Up {
        /// Which.
        neighbor: u16,
    },
    /// The VC to a neighbour is gone.
    Down {
        /// Which.
        neighbor: u16,
    },
    /// A packet comes from a neighbour.
    Packet {
        /// Which.
        neighbor: u16,
        /// Without LLC/SNAP.
        octets: Vec<u8>,
    },
    /// Time passes, to a deadline at most.
    Wait {
        /// So many milliseconds.
        ms: u64,
    },
    /// The next instance of an own record.
    Originate {
        /// Its key.
        key: [u8; 4],
        /// Its content; [`ENDED`] ends it.
        body: Vec<u8>,
    },
    /// The last instance of an own record: the purging number.
    Purge {
        /// Its key.
        key: [u8; 4],
    },
    /// A record is dropped from the cache.
    Forget {
        /// Its originator.
        origin: [u8; 4],
        /// Its key.
        key: [u8; 4],
    },
    /// Other CA numbers stand for those of one alignment.
    Renumber {
        /// Which neighbour's.
        neighbor: u16,
        /// From and to; what is not listed becomes 0.
        map: Vec<(u32, u32)>,
    },
}

/// What can be seen of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The cache.
    pub cache: Vec<Held>,
    /// The neighbours.
    pub neighbors: Vec<Adjacency>,
    /// Milliseconds to the next deadline.
    pub next_ms: Option<u64>,
    /// Keys of own records whose cached instance some neighbour has yet to acknowledge.
    pub unacknowledged: Vec<[u8; 4]>,
}

/// A cache entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Originator.
    pub origin: [u8; 4],
    /// Key.
    pub key: [u8; 4],
    /// Number.
    pub sequence: i32,
    /// Content.
    pub body: Vec<u8>,
}

/// The state machines of one neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjacency {
    /// Hello FSM, the RFC's name in lower case.
    pub hfsm: String,
    /// Alignment FSM, short name in lower case.
    pub cafsm: String,
    /// It is master of the exchange of summaries.
    pub master: bool,
    /// CA numbers that matter from here on: fresh, current, of the kept copy, of the master's bid.
    pub ca_numbers: [Option<u32>; 5],
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The machine after it.
    pub machine: u32,
    /// What can be seen of that machine, where its number is new.
    pub view: Option<View>,
    /// Packets sent, each with the neighbour to which.
    pub sent: Vec<(u16, Vec<u8>)>,
}
