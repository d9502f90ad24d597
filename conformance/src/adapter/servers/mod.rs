//! Whole servers for a checker: a pool of [`DistributedMars`](distributed_mars::group::DistributedMars) values that are
//! looked at, never changed. A step takes one value and one input and gives the value after it, what was done, and what
//! can be seen of it.
//!
//! Values are numbered so that two that are canonically equal have one number: equal canonical state (deadlines from
//! now, record numbers from those in the own cache) and equal CA numbers. The first value met stands for all; its record
//! numbers are those that frames to and from this number bear, and it is for the asker to translate. Numbers in the
//! cache that are small are told apart, so that there is always room below them ([`HEADROOM`]).
//!
//! As the rest of the adapter it names only `distributed_mars`, `serde`, `serde_json` and itself.

mod pool;
pub mod serve;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use pool::{HEADROOM, Pool, PoolError};

/// Who there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// `config` objects of the adapter protocol, one for each server.
    pub servers: Vec<Value>,
    /// ATM addresses of clients, numbered in this order. Each has a VC to each server.
    pub clients: Vec<Value>,
}

/// What happens to a server. Neighbours are numbered as configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Input {
    /// The VC to a neighbour is up.
    Up {
        /// Which.
        neighbor: u8,
    },
    /// The VC to a neighbour is gone.
    Down {
        /// Which.
        neighbor: u8,
    },
    /// A frame comes from a neighbour, LLC/SNAP included.
    Frame {
        /// Which.
        neighbor: u8,
        /// The frame.
        octets: Vec<u8>,
    },
    /// A frame comes from a client.
    Client {
        /// Which.
        client: u8,
        /// The frame.
        octets: Vec<u8>,
    },
    /// A client's leaf dropped off the ClusterControlVC.
    LeafGone {
        /// Which.
        client: u8,
    },
    /// The operator drains the server.
    Drain,
    /// Time passes, to a deadline at most.
    Wait {
        /// So many milliseconds.
        ms: u32,
    },
}

/// One thing that a server does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case")]
pub enum Deed {
    /// A frame to a neighbour.
    Neighbor {
        /// Which.
        neighbor: u8,
        /// The frame.
        octets: Vec<u8>,
    },
    /// A frame to a client alone.
    Client {
        /// Which.
        client: u8,
        /// The frame.
        octets: Vec<u8>,
    },
    /// A frame on the ClusterControlVC.
    Cluster {
        /// The frame.
        octets: Vec<u8>,
    },
    /// A leaf of the ClusterControlVC.
    Leaf {
        /// Added, or dropped.
        add: bool,
        /// Which client.
        client: u8,
    },
    /// Something on a VC that is not there, or about somebody who is not.
    Odd {
        /// In words.
        what: String,
    },
}

/// What can be seen of a server, in the words of its probes: ids and addresses in hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The cache, ascending by originator and key.
    pub cache: Vec<Held>,
    /// Other servers that it takes to be alive.
    pub live: Vec<[u8; 4]>,
    /// Registrations that count: the client's ATM number, the originator, the CMI.
    pub registrations: Vec<(String, [u8; 4], u16)>,
    /// Memberships that count: the client's ATM number, lowest and highest group, the originator.
    pub members: Vec<(String, String, String, [u8; 4])>,
    /// ATM numbers of the redirect map.
    pub map: Vec<String>,
    /// ATM numbers of the leaves of the ClusterControlVC.
    pub leaves: Vec<String>,
    /// Milliseconds to the next deadline.
    pub next_ms: Option<u64>,
}

/// A cache entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Originator.
    pub origin: [u8; 4],
    /// Key.
    pub key: [u8; 4],
    /// Content; nothing where only the number is remembered.
    pub body: Vec<u8>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The number of the value after it.
    pub machine: u32,
    /// What can be seen of the value that has this number, where the number is new.
    pub view: Option<View>,
    /// Record numbers in the cache of this very value, in the order of the cache.
    pub numbers: Vec<i32>,
    /// What was done, in order.
    pub deeds: Vec<Deed>,
}
