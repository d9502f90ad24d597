//! What is on its way: the queues of all directed links, one behind the other in one array. Most of them are empty most of
//! the time, so together they need far less room than each by itself.

use zerocopy::{Immutable, IntoBytes};

/// Bits of a number of places.
const WIDTH: usize = 5;
/// The most places of an array.
pub(crate) const MOST: usize = (1 << WIDTH) - 1;

/// Where each of `LINKS` queues, 12 at most, ends in an array that they share, of at most [`MOST`] places. Those behind the
/// last queue have the default value, so that equal queues are equal octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(crate) struct Queues<const LINKS: usize>(u64);

impl<const LINKS: usize> Queues<LINKS> {
    pub(crate) const EMPTY: Self = Self(0);
    /// A one for each end.
    const ONES: u64 = {
        assert!(LINKS * WIDTH <= 64, "every end has its bits");
        let (mut ones, mut link) = (0, 0);
        while link < LINKS {
            ones |= 1 << (WIDTH * link);
            link += 1;
        }
        ones
    };

    /// A one for the end of a queue, and for those behind it.
    const fn from(link: usize) -> u64 {
        debug_assert!(link < LINKS);
        Self::ONES & (u64::MAX << (WIDTH * link))
    }
    #[expect(clippy::cast_possible_truncation, reason = "five bits")]
    const fn end(self, link: usize) -> usize {
        (self.0 >> (WIDTH * link)) as usize & MOST
    }
    const fn begin(self, link: usize) -> usize {
        if link == 0 { 0 } else { self.end(link - 1) }
    }

    /// Whether all of them are.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// How many are on their way on all links.
    pub(crate) const fn len(self) -> usize {
        self.end(LINKS - 1)
    }
    /// The queue of a link, oldest first.
    #[inline]
    pub(crate) fn on<T>(self, link: usize, places: &[T]) -> &[T] {
        places
            .get(self.begin(link)..self.end(link))
            .unwrap_or_default()
    }
    /// Whatever is on its way.
    #[inline]
    pub(crate) fn all<T>(self, places: &[T]) -> &[T] {
        places.get(..self.len()).unwrap_or_default()
    }
    /// The same, to be changed.
    #[inline]
    pub(crate) fn all_mut<T>(self, places: &mut [T]) -> &mut [T] {
        places.get_mut(..self.len()).unwrap_or_default()
    }
    /// Takes the oldest of a link.
    pub(crate) fn take<T: Default>(&mut self, link: usize, places: &mut [T]) -> Option<T> {
        let first = self.begin(link);
        if first == self.end(link) {
            return None;
        }
        let mut moved = T::default();
        for place in places.get_mut(first..self.len())?.iter_mut().rev() {
            std::mem::swap(place, &mut moved);
        }
        self.0 -= Self::from(link);
        Some(moved)
    }
    /// Adds one to the queue of a link; false, and nothing happens, if there is no room.
    #[must_use]
    pub(crate) fn put<T>(&mut self, link: usize, places: &mut [T], new: T) -> bool {
        let Some(places) = places.get_mut(self.end(link)..=self.len()) else {
            return false;
        };
        let mut moved = new;
        for place in places {
            std::mem::swap(place, &mut moved);
        }
        self.0 += Self::from(link);
        true
    }
    /// Takes all of a link.
    pub(crate) fn clear<T: Default>(&mut self, link: usize, places: &mut [T]) {
        while self.take(link, places).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    const LINKS: usize = 12;

    #[derive(Clone, Copy, Debug)]
    enum Change {
        Put(usize, u8),
        Take(usize),
        Clear(usize),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            6 => (0..LINKS, 1u8..).prop_map(|(link, value)| Change::Put(link, value)),
            2 => (0..LINKS).prop_map(Change::Take),
            1 => (0..LINKS).prop_map(Change::Clear),
        ]
    }

    proptest! {
        #[test]
        fn they_are_queues_of_their_own(changes in proptest::collection::vec(change(), 0..200)) {
            let (mut queues, mut places) = (Queues::<LINKS>::EMPTY, [0u8; MOST]);
            let mut wanted: [VecDeque<u8>; LINKS] = Default::default();
            for change in changes {
                match change {
                    Change::Put(link, value) => {
                        let room = wanted.iter().map(VecDeque::len).sum::<usize>() < MOST;
                        prop_assert_eq!(queues.put(link, &mut places, value), room);
                        if room {
                            wanted[link].push_back(value);
                        }
                    }
                    Change::Take(link) => {
                        let taken = queues.take(link, &mut places);
                        prop_assert_eq!(taken, wanted[link].pop_front());
                    }
                    Change::Clear(link) => {
                        queues.clear(link, &mut places);
                        wanted[link].clear();
                    }
                }
                for (link, wanted) in wanted.iter().enumerate() {
                    prop_assert!(queues.on(link, &places).iter().eq(wanted));
                }
                prop_assert!(queues.all(&places).iter().eq(wanted.iter().flatten()));
                prop_assert_eq!(queues.is_empty(), queues.all(&places).is_empty());
                prop_assert_eq!(queues.all_mut(&mut places).len(), queues.len());
                prop_assert!(places[queues.len()..].iter().all(|&place| place == 0));
            }
        }
    }
}
