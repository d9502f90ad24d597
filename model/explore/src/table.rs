//! The set of visited states: open addressing with linear probing, in shards that grow singly.
//!
//! The search alternates between two phases, and the borrow checker keeps them apart: while successors are generated,
//! all threads share the table and only read it; then each thread owns some shards and nobody reads. So a place is a
//! plain word, 64 or 128 bits wide, without atomics or locks. A place is found by multiplication, not by a mask: a shard
//! can then grow by half, and as its members lie in the order of their hashes, growing reads and writes in sequence.
//! Shards start at different sizes, so that they do not all grow at once.

/// Shards; a power of two, and the most threads that can insert.
pub(super) const SHARDS: usize = 64;

/// What a state is known by in the table: all of its bits, or a fingerprint.
pub trait Key: Copy + Eq + Send + Sync {
    /// Marks a free place. It may be a key all the same: that one is kept aside.
    const FREE: Self;
    /// 64 well-mixed bits.
    fn mixed(self) -> u64;
}

const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    word ^ (word >> 32)
}

impl Key for u64 {
    const FREE: Self = 0;
    #[inline]
    fn mixed(self) -> u64 {
        mix(self.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl Key for u128 {
    const FREE: Self = 0;
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the word"
    )]
    fn mixed(self) -> u64 {
        mix((self as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ mix((self >> 64) as u64).rotate_left(17))
    }
}

/// One part of the table.
pub(super) struct Shard<K> {
    places: Vec<K>,
    used: usize,
    /// Whether [`Key::FREE`] is a member.
    free_too: bool,
}

impl<K: Key> Shard<K> {
    fn new(places: usize) -> Self {
        Self {
            places: vec![K::FREE; places],
            used: 0,
            free_too: false,
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below the number of places"
    )]
    const fn home(mixed: u64, places: usize) -> usize {
        ((mixed as u128 * places as u128) >> 64) as usize
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a home is below the number of places, and probing wraps there; there is always a free place"
    )]
    fn find(places: &[K], mixed: u64, key: K) -> Result<usize, usize> {
        let mut place = Self::home(mixed, places.len());
        loop {
            let found = places[place];
            if found == key {
                return Ok(place);
            }
            if found == K::FREE {
                return Err(place);
            }
            place += 1;
            if place == places.len() {
                place = 0;
            }
        }
    }

    /// Adds a key; false if it was there.
    #[inline]
    pub(super) fn insert(&mut self, mixed: u64, key: K) -> bool {
        if key == K::FREE {
            let new = !self.free_too;
            self.free_too = true;
            return new;
        }
        let Err(place) = Self::find(&self.places, mixed, key) else {
            return false;
        };
        if let Some(place) = self.places.get_mut(place) {
            *place = key;
        }
        self.used += 1;
        if self.used * 5 >= self.places.len() * 4 {
            self.grow();
        }
        true
    }

    /// The word at a key's home: reading it brings it near.
    #[inline]
    pub(super) fn touch(&self, mixed: u64) -> Option<K> {
        self.places
            .get(Self::home(mixed, self.places.len()))
            .copied()
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = self.places.len() + self.places.len() / 2;
        let mut places = vec![K::FREE; wanted];
        for &key in self.places.iter().filter(|&&key| key != K::FREE) {
            if let Err(place) = Self::find(&places, key.mixed(), key)
                && let Some(place) = places.get_mut(place)
            {
                *place = key;
            }
        }
        self.places = places;
    }
}

/// The whole set.
pub(super) struct Table<K> {
    /// Shard `i` has the keys whose mixed bits end in `i`.
    pub(super) shards: Vec<Shard<K>>,
}

/// The shard of a key.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "below the number of shards"
)]
pub(super) const fn shard_of(mixed: u64) -> usize {
    mixed as usize & (SHARDS - 1)
}

impl<K: Key> Table<K> {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS)
                .map(|shard| Shard::new(64 + shard / 2))
                .collect(),
        }
    }

    /// Whether a key is there.
    #[inline]
    pub(super) fn contains(&self, mixed: u64, key: K) -> bool {
        self.shards.get(shard_of(mixed)).is_some_and(|shard| {
            if key == K::FREE {
                shard.free_too
            } else {
                Shard::find(&shard.places, mixed, key).is_ok()
            }
        })
    }

    #[inline]
    pub(super) fn touch(&self, mixed: u64) -> Option<K> {
        self.shards.get(shard_of(mixed))?.touch(mixed)
    }

    /// Adds a key; false if it was there.
    pub(super) fn insert(&mut self, mixed: u64, key: K) -> bool {
        self.shards
            .get_mut(shard_of(mixed))
            .is_some_and(|shard| shard.insert(mixed, key))
    }

    /// Memory in octets.
    pub(super) fn octets(&self) -> usize {
        let places = self.shards.iter().map(|shard| shard.places.capacity());
        places.sum::<usize>() * size_of::<K>()
    }

    /// How full it is, 0 to 1.
    pub(super) fn load(&self) -> f64 {
        let used: usize = self.shards.iter().map(|shard| shard.used).sum();
        let places: usize = self.shards.iter().map(|shard| shard.places.len()).sum();
        used as f64 / places.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn fills<K: Key + std::hash::Hash>(value: impl Fn(u64) -> K) {
        let mut table = Table::new();
        let mut known = HashSet::new();
        let mut seed = 1u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = value(seed >> 47);
            let new = known.insert(key);
            assert_eq!(table.contains(key.mixed(), key), !new);
            assert_eq!(table.insert(key.mixed(), key), new);
        }
        assert!(known.iter().all(|&key| table.contains(key.mixed(), key)));
        // Between a half and four fifths full, whatever the number of members.
        assert!((0.5..0.81).contains(&table.load()), "{}", table.load());
        let octets = table.octets() as f64 / known.len() as f64;
        assert!(octets < size_of::<K>() as f64 / 0.5, "{octets}");
    }

    #[test]
    fn members_are_found_again_after_growth() {
        fills(|value| value);
        fills(|value| value << 40);
        fills(|value| u128::from(value) << 64);
        fills(|value| u128::from(value) << 64 | u128::from(value));
    }

    #[test]
    fn the_key_that_marks_a_free_place_is_a_key_like_any_other() {
        let mut table = Table::<u64>::new();
        assert!(!table.contains(0u64.mixed(), 0));
        assert!(table.insert(0u64.mixed(), 0) && !table.insert(0u64.mixed(), 0));
        assert!(table.contains(0u64.mixed(), 0) && !table.contains(1u64.mixed(), 1));
    }
}
