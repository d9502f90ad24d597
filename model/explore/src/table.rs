//! The set of visited states: open addressing with linear probing, in shards that grow singly.
//!
//! The search alternates between two phases: while successors are generated, all threads share the table and only read
//! it; then each shard has one thread that writes and nobody reads. So a place is a plain word, 64 or 128 bits wide, without atomics;
//! a lock of each shard keeps the phases apart, and is taken once for each. Eight places are a line; with 64-bit keys one access to
//! memory brings all of it. A key goes to the first line with room from its home on. A home is found by multiplication, not
//! by a mask: a shard can then grow by half, and as its members lie nearly in the order of their hashes, growing reads and
//! writes in sequence.
//! Shards start at different sizes, so that they do not all grow at once.

use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shards; a power of two, and the most threads of a search.
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

/// Keys that lie beside each other in memory: with 64-bit keys they are one line of a processor's cache, so that one
/// access brings all that is looked at. Places are taken in order.
#[derive(Clone)]
#[repr(align(64))]
struct Line<K>([K; LINE]);

/// Places of a line.
const LINE: usize = 8;

impl<K: Key> Line<K> {
    const FREE: Self = Self([K::FREE; LINE]);

    /// Whether a key is here. All places are compared, whatever the first ones hold: that takes less time than guessing.
    #[inline]
    fn has(&self, key: K) -> bool {
        let Self(keys) = self;
        keys.iter()
            .fold(false, |found, &known| found | (known == key))
    }

    #[inline]
    fn is_full(&self) -> bool {
        let [.., last] = self.0;
        last != K::FREE
    }

    /// Adds a key to a line that has room.
    #[inline]
    fn push(&mut self, key: K) {
        if let Some(free) = self.0.iter_mut().find(|known| **known == K::FREE) {
            *free = key;
        }
    }
}

/// One part of the table.
pub(super) struct Shard<K> {
    lines: Vec<Line<K>>,
    used: usize,
    /// Whether [`Key::FREE`] is a member.
    free_too: bool,
}

impl<K: Key> Shard<K> {
    fn new(lines: usize) -> Self {
        Self {
            lines: vec![Line::FREE; lines],
            used: 0,
            free_too: false,
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "below the number of lines")]
    const fn home(mixed: u64, lines: usize) -> usize {
        ((mixed as u128 * lines as u128) >> 64) as usize
    }

    /// The line to which a key that is not there may be added.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a home is below the number of lines, and probing wraps there; there is always a line with room"
    )]
    fn find(lines: &[Line<K>], mixed: u64, key: K) -> Option<usize> {
        let mut place = Self::home(mixed, lines.len());
        loop {
            let line = &lines[place];
            if line.has(key) {
                return None;
            }
            if !line.is_full() {
                return Some(place);
            }
            place += 1;
            if place == lines.len() {
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
        let Some(place) = Self::find(&self.lines, mixed, key) else {
            return false;
        };
        if let Some(line) = self.lines.get_mut(place) {
            line.push(key);
        }
        self.used += 1;
        if self.used * 5 >= self.places() * 4 {
            self.grow();
        }
        true
    }

    const fn places(&self) -> usize {
        self.lines.len() * LINE
    }

    /// Brings a key's home near.
    #[inline]
    pub(super) fn touch(&self, mixed: u64) {
        prefetch_index::prefetch_index(&self.lines, Self::home(mixed, self.lines.len()));
    }

    #[cold]
    fn grow(&mut self) {
        let wanted = self.lines.len() + self.lines.len() / 2;
        let mut lines = vec![Line::FREE; wanted];
        for Line(keys) in &self.lines {
            for &key in keys.iter().filter(|&&key| key != K::FREE) {
                if let Some(place) = Self::find(&lines, key.mixed(), key)
                    && let Some(line) = lines.get_mut(place)
                {
                    line.push(key);
                }
            }
        }
        self.lines = lines;
    }
}

/// The whole set. While some threads read it nobody writes, and while it is written each shard has one owner: so nobody
/// ever waits for its locks, which are taken once for a phase.
pub(super) struct Table<K> {
    /// Shard `i` has the keys whose mixed bits end in `i`.
    shards: [RwLock<Shard<K>>; SHARDS],
}

/// The whole set, to look into.
pub(super) struct Reading<'a, K>([RwLockReadGuard<'a, Shard<K>>; SHARDS]);

/// Some neighbouring shards, to add to.
pub(super) struct Writing<'a, K> {
    first: usize,
    shards: Vec<RwLockWriteGuard<'a, Shard<K>>>,
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
            shards: std::array::from_fn(|shard| RwLock::new(Shard::new(16 + shard / 8))),
        }
    }

    /// The set, to look into.
    pub(super) fn read(&self) -> Reading<'_, K> {
        let shards = self.shards.each_ref();
        Reading(shards.map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Those shards of a range that exist, to add to.
    pub(super) fn write(&self, range: Range<usize>) -> Writing<'_, K> {
        let (first, count) = (range.start, range.len());
        let shards = self.shards.iter().skip(first).take(count);
        Writing {
            first,
            shards: shards
                .map(|shard| shard.write().unwrap_or_else(PoisonError::into_inner))
                .collect(),
        }
    }

    /// Memory in octets.
    pub(super) fn octets(&self) -> usize {
        let Reading(shards) = self.read();
        let places = shards.iter().map(|shard| shard.lines.capacity());
        places.sum::<usize>() * size_of::<Line<K>>()
    }

    /// How full it is, 0 to 1.
    pub(super) fn load(&self) -> f64 {
        let Reading(shards) = self.read();
        let used: usize = shards.iter().map(|shard| shard.used).sum();
        let places: usize = shards.iter().map(|shard| shard.places()).sum();
        used as f64 / places.max(1) as f64
    }
}

impl<K: Key> Reading<'_, K> {
    /// Whether a key is there.
    #[inline]
    pub(super) fn contains(&self, mixed: u64, key: K) -> bool {
        self.0.get(shard_of(mixed)).is_some_and(|shard| {
            if key == K::FREE {
                shard.free_too
            } else {
                Shard::find(&shard.lines, mixed, key).is_none()
            }
        })
    }

    /// Brings a key's home near.
    #[inline]
    pub(super) fn touch(&self, mixed: u64) {
        if let Some(shard) = self.0.get(shard_of(mixed)) {
            shard.touch(mixed);
        }
    }
}

impl<K: Key> Writing<'_, K> {
    /// Adds a key of one of these shards; false if it was there.
    #[inline]
    pub(super) fn insert(&mut self, mixed: u64, key: K) -> bool {
        self.shards
            .get_mut(shard_of(mixed).wrapping_sub(self.first))
            .is_some_and(|shard| shard.insert(mixed, key))
    }

    /// Brings a key's home near.
    #[inline]
    pub(super) fn touch(&self, mixed: u64) {
        if let Some(shard) = self.shards.get(shard_of(mixed).wrapping_sub(self.first)) {
            shard.touch(mixed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    impl<K: Key> Table<K> {
        fn contains(&self, key: K) -> bool {
            self.read().contains(key.mixed(), key)
        }
        fn insert(&self, key: K) -> bool {
            // Of half of the shards, so that the first is not the table's.
            let first = shard_of(key.mixed()) / (SHARDS / 2) * (SHARDS / 2);
            let mut part = self.write(first..first + SHARDS / 2);
            part.insert(key.mixed(), key)
        }
    }

    fn fills<K: Key + std::hash::Hash>(value: impl Fn(u64) -> K) {
        let table = Table::new();
        let mut known = HashSet::new();
        let mut seed = 1u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = value(seed >> 47);
            let new = known.insert(key);
            assert_eq!(table.contains(key), !new);
            assert_eq!(table.insert(key), new);
        }
        assert!(known.iter().all(|&key| table.contains(key)));
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
    fn full_lines_are_passed_over_and_the_last_is_followed_by_the_first() {
        let mut shard = Shard::<u64>::new(4);
        // All of them are at home in the last line.
        let keys: Vec<u64> = (1..)
            .filter(|key: &u64| key.mixed() >> 62 == 3)
            .take(2 * LINE)
            .collect();
        for (place, &key) in keys.iter().enumerate() {
            assert!(shard.insert(key.mixed(), key), "{place}");
            assert!(!shard.insert(key.mixed(), key), "{place}");
        }
        assert_eq!(shard.lines.len(), 4);
        let [first, .., last] = shard.lines.as_slice() else {
            unreachable!("four lines")
        };
        assert!(last.0.iter().all(|key| keys[..LINE].contains(key)));
        assert!(first.0.iter().all(|key| keys[LINE..].contains(key)));
        assert!(
            keys.iter()
                .all(|&key| Shard::find(&shard.lines, key.mixed(), key).is_none())
        );
    }

    #[test]
    fn the_key_that_marks_a_free_place_is_a_key_like_any_other() {
        let table = Table::<u64>::new();
        assert!(!table.contains(0));
        assert!(table.insert(0) && !table.insert(0));
        assert!(table.contains(0) && !table.contains(1));
    }
}
