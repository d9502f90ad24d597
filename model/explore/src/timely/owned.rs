//! The states that one worker owns: fingerprint and fingerprint of the parent, 16 octets each.
//!
//! Open addressing with linear probing in shards that grow one by one by two fifths, so that growing never needs room for
//! two tables: 20 to 28 octets a state.

use prefetch_index::prefetch_index;

const SHARDS: usize = 64;
/// Of the places, how many may be taken: 4 of 5.
const FULL: (usize, usize) = (4, 5);

#[derive(Clone, Copy, Default)]
struct Place {
    /// 0: free.
    state: u64,
    /// 0: an initial state.
    parent: u64,
}

struct Shard {
    places: Vec<Place>,
    /// One bit a place: found in the level that is open.
    fresh: Vec<u64>,
    used: usize,
}

pub(super) struct Owned {
    shards: Vec<Shard>,
    used: u64,
}

/// What became of a state that was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Offered {
    New,
    Known,
}

impl Shard {
    fn new(places: usize) -> Self {
        Self {
            places: vec![Place::default(); places],
            fresh: vec![0; places.div_ceil(64)],
            used: 0,
        }
    }

    /// Where the search for a state begins.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the product's upper half is below the length"
    )]
    fn home(&self, state: u64) -> usize {
        // The bits that choose worker and shard must not choose the place again.
        let mixed = u128::from(state.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        ((mixed * self.places.len() as u128) >> 64) as usize
    }

    /// Where a state is, or where it would go.
    #[expect(
        clippy::indexing_slicing,
        reason = "a home is below the length, and the step wraps at it"
    )]
    fn find(&self, state: u64) -> usize {
        let mut place = self.home(state);
        loop {
            let there = self.places[place].state;
            if there == state || there == 0 {
                return place;
            }
            place += 1;
            if place == self.places.len() {
                place = 0;
            }
        }
    }

    fn is_fresh(&self, place: usize) -> bool {
        self.fresh
            .get(place / 64)
            .is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }

    fn put(&mut self, place: usize, entry: Place, fresh: bool) {
        if let Some(there) = self.places.get_mut(place) {
            *there = entry;
            self.used += 1;
        }
        if let (true, Some(bits)) = (fresh, self.fresh.get_mut(place / 64)) {
            *bits |= 1 << (place % 64);
        }
    }

    fn grow(&mut self) {
        let mut larger = Self::new(self.places.len() * 7 / 5 + 1);
        for (place, &entry) in self.places.iter().enumerate() {
            if entry.state != 0 {
                larger.put(larger.find(entry.state), entry, self.is_fresh(place));
            }
        }
        *self = larger;
    }
}

impl Owned {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::new(64)).collect(),
            used: 0,
        }
    }

    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "the remainder is below the number of shards"
    )]
    fn shard(&mut self, state: u64) -> &mut Shard {
        &mut self.shards[(state % SHARDS as u64) as usize]
    }

    /// Offers a state. Of all that offer it while its level is open, the least parent is kept: so parents do not depend
    /// on who was faster.
    pub(super) fn offer(&mut self, state: u64, parent: u64) -> Offered {
        let shard = self.shard(state);
        if shard.used * FULL.1 >= shard.places.len() * FULL.0 {
            shard.grow();
        }
        let place = shard.find(state);
        let there = shard.places.get(place).copied().unwrap_or_default();
        if there.state != state {
            shard.put(place, Place { state, parent }, true);
            self.used += 1;
            return Offered::New;
        }
        if parent < there.parent
            && shard.is_fresh(place)
            && let Some(there) = shard.places.get_mut(place)
        {
            there.parent = parent;
        }
        Offered::Known
    }

    /// Asks the memory for a state's place, without waiting for it.
    pub(super) fn fetch(&mut self, state: u64) {
        let shard = self.shard(state);
        prefetch_index(&shard.places, shard.home(state));
    }

    /// Closes a level, given the states that were new in it.
    pub(super) fn close_level(&mut self, states: impl ExactSizeIterator<Item = u64>) {
        if states.len() as u64 > self.used / 64 {
            for shard in &mut self.shards {
                shard.fresh.fill(0);
            }
            return;
        }
        for state in states {
            let shard = self.shard(state);
            let place = shard.find(state);
            if let Some(bits) = shard.fresh.get_mut(place / 64) {
                *bits &= !(1 << (place % 64));
            }
        }
    }

    /// The parent of a state that is here; 0 for an initial one.
    pub(super) fn parent(&mut self, state: u64) -> Option<u64> {
        let shard = self.shard(state);
        let place = shard.find(state);
        let there = shard.places.get(place)?;
        (there.state == state).then_some(there.parent)
    }

    pub(super) const fn len(&self) -> u64 {
        self.used
    }

    pub(super) fn octets(&self) -> u64 {
        let octets = |shard: &Shard| {
            shard.places.capacity() * size_of::<Place>() + shard.fresh.capacity() * 8
        };
        self.shards.iter().map(octets).sum::<usize>() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> impl Iterator<Item = u64> {
        (1..50_000u64).map(|value| value.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    #[test]
    fn states_are_found_again_after_growth_and_take_little_room() {
        let mut owned = Owned::new();
        assert!(values().all(|value| owned.offer(value, value ^ 1) == Offered::New));
        assert!(values().all(|value| owned.offer(value, value) == Offered::Known));
        assert!(values().all(|value| owned.parent(value) == Some(value.min(value ^ 1))));
        assert_eq!((owned.len(), owned.parent(12)), (49_999, None));
        let each = owned.octets() as f64 / owned.len() as f64;
        assert!((20.0..29.5).contains(&each), "{each} octets a state");
    }

    #[test]
    fn the_least_parent_of_the_level_stays_and_no_later_one() {
        let mut owned = Owned::new();
        for parent in [9, 4, 7] {
            owned.offer(100, parent);
        }
        assert_eq!(owned.parent(100), Some(4));
        owned.close_level([100].into_iter());
        assert_eq!(owned.offer(100, 1), Offered::Known);
        assert_eq!(owned.parent(100), Some(4));
        // Both ways of closing: few states of many, and most of them.
        values().for_each(|value| {
            owned.offer(value, 5);
        });
        owned.close_level(values().collect::<Vec<_>>().into_iter());
        owned.offer(77, 5);
        owned.close_level([77].into_iter());
        assert!(values().chain([77]).all(|value| {
            owned.offer(value, 2);
            owned.parent(value) == Some(5)
        }));
    }
}
