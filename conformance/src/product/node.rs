//! A node of the product.

use std::hash::{DefaultHasher, Hash, Hasher};

use mars_model::server_group::State;

/// Servers at most.
pub(super) const SERVERS: usize = 3;
/// Directions of links at most.
pub(super) const DIRECTIONS: usize = SERVERS * (SERVERS - 1);
/// The machine of a server that does not run.
pub(super) const NONE: u32 = u32::MAX;

/// A record on its way: the record without its number, and the number as a rank.
pub(super) type Flight = (u32, u8);

/// See the module above.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// The model's state.
    pub state: State,
    /// The machine that each server is.
    pub machines: [u32; SERVERS],
    /// The rank of each number in the caches, in the order of the caches, one server after the other.
    pub ranks: Box<[u8]>,
    /// What is on its way, one direction after the other.
    pub flights: Box<[Flight]>,
    /// How many of these each direction has.
    pub lengths: [u8; DIRECTIONS],
}

impl Node {
    /// 128 bits of hash.
    #[must_use]
    pub fn fingerprint(&self) -> [u64; 2] {
        [0u8, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            half.hash(&mut hasher);
            self.hash(&mut hasher);
            hasher.finish()
        })
    }
}

/// The place of a direction.
#[must_use]
pub(super) const fn direction(from: u8, to: u8) -> usize {
    let place = if to > from { to - 1 } else { to };
    (from * 2 + place) as usize
}
