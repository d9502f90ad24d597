//! Cluster Member IDs of one protocol (RFC 2022, 5.2.3; RFC 2443, 2).

use std::collections::{BTreeMap, BTreeSet};

use crate::io::Time;

/// The CMIs that a server may assign, and what became of each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CmiPool {
    lowest: u16,
    highest: u16,
    /// Where the search for the next one starts.
    next: u16,
    used: BTreeSet<u16>,
    /// Not to be assigned before that time. None of them is in use.
    held: BTreeMap<u16, Time>,
    /// The same by time, so that each is looked at once when its time is over.
    held_until: BTreeSet<(Time, u16)>,
}

impl CmiPool {
    /// Assigns from `lowest` to `highest`, both included; never 0 (register E02).
    #[must_use]
    pub fn new(lowest: u16, highest: u16) -> Self {
        Self {
            lowest: lowest.max(1),
            highest,
            next: lowest.max(1),
            used: BTreeSet::new(),
            held: BTreeMap::new(),
            held_until: BTreeSet::new(),
        }
    }

    /// The next free CMI, round robin; `None` when there is none. `taken` says which ones the other
    /// servers' records carry (register E03).
    // R2443-2-06 R2443-2-05
    pub fn allocate(&mut self, now: Time, taken: impl Fn(u16) -> bool) -> Option<u16> {
        self.expire(now);
        // Register E02: a full range refuses without a search.
        if self.used.len() > usize::from(self.highest.checked_sub(self.lowest)?) {
            return None;
        }
        let start = self.next;
        let found = (start..=self.highest)
            .chain(self.lowest..start)
            .find(|cmi| !self.used.contains(cmi) && !self.held.contains_key(cmi) && !taken(*cmi))?;
        self.used.insert(found);
        self.next = if found == self.highest {
            self.lowest
        } else {
            found + 1
        };
        Some(found)
    }

    /// Takes a CMI back, and keeps it from being assigned until `until` (register E04).
    // R2022-5.2.3-07
    pub fn release(&mut self, cmi: u16, until: Time) {
        if self.used.remove(&cmi) {
            self.hold(cmi, until);
        }
    }

    /// Keeps a CMI that is not in use from being assigned until `until`.
    pub fn hold(&mut self, cmi: u16, until: Time) {
        if (self.lowest..=self.highest).contains(&cmi) && !self.used.contains(&cmi) {
            let held = self.held.entry(cmi).or_insert(until);
            self.held_until.remove(&(*held, cmi));
            *held = until.max(*held);
            self.held_until.insert((*held, cmi));
        }
    }

    /// Ends the holds whose time is over.
    fn expire(&mut self, now: Time) {
        while let Some((until, cmi)) = self.held_until.first().copied()
            && until <= now
        {
            self.held_until.pop_first();
            self.held.remove(&cmi);
        }
    }

    /// The same pool with the times left instead of points in time, over ones dropped.
    #[must_use]
    pub fn canonical(&self, now: Time) -> Self {
        let mut pool = self.clone();
        pool.expire(now);
        pool.held.values_mut().for_each(|until| until.0 -= now.0);
        pool.held_until = pool
            .held
            .iter()
            .map(|(cmi, until)| (*until, *cmi))
            .collect();
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: fn(u16) -> bool = |_| false;

    // R2443-2-06
    #[test]
    fn assigns_round_robin_within_the_range_and_never_zero() {
        let mut pool = CmiPool::new(0, 3);
        let taken: Vec<_> = (0..4).map(|_| pool.allocate(Time(0), FREE)).collect();
        assert_eq!(taken, [Some(1), Some(2), Some(3), None]);
        pool.release(2, Time(0));
        pool.release(1, Time(0));
        assert_eq!(pool.allocate(Time(0), FREE), Some(1));
        pool.release(1, Time(0));
        // On from where the last one was, although 1 is free again.
        assert_eq!(pool.allocate(Time(0), FREE), Some(2));
    }

    // Register E04: held until the time, and free at it.
    #[test]
    fn holds_a_released_one() {
        let mut pool = CmiPool::new(7, 7);
        assert_eq!(pool.allocate(Time(0), FREE), Some(7));
        pool.release(7, Time(300));
        assert_eq!(pool.allocate(Time(299), FREE), None);
        assert_eq!(pool.allocate(Time(300), FREE), Some(7));
        // One that is in use is not affected by what is seen on the net.
        pool.hold(7, Time(900));
        pool.release(7, Time(400));
        assert_eq!(pool.allocate(Time(400), FREE), Some(7));
    }

    // R2443-2-05
    #[test]
    fn skips_what_others_use() {
        let mut pool = CmiPool::new(1, 3);
        assert_eq!(pool.allocate(Time(0), |cmi| cmi == 1), Some(2));
        assert_eq!(pool.allocate(Time(0), |cmi| cmi == 3), Some(1));
        assert_eq!(pool.allocate(Time(0), |cmi| cmi == 3), None);
    }

    #[test]
    fn a_hold_outside_the_range_is_none_of_ours() {
        let mut pool = CmiPool::new(1, 3);
        pool.hold(9, Time(100));
        assert_eq!(pool, CmiPool::new(1, 3));
    }

    #[test]
    fn canonical_is_the_same_at_any_time() {
        let at = |time| {
            let mut pool = CmiPool::new(1, 9);
            let cmi = pool.allocate(Time(time), FREE).unwrap();
            pool.release(cmi, Time(time + 100));
            pool.hold(5, Time(time + 10));
            pool.canonical(Time(time + 10))
        };
        assert_eq!(at(0), at(5000));
    }

    // Register E02: every number but 0 is given, and the one that comes after them is refused, whether the
    // rest is in use or held.
    #[test]
    fn gives_65535_and_refuses_the_next() {
        let mut pool = CmiPool::new(0, u16::MAX);
        let given: BTreeSet<u16> = (0..u16::MAX)
            .filter_map(|_| pool.allocate(Time(0), FREE))
            .collect();
        assert_eq!(given.len(), usize::from(u16::MAX));
        assert!(!given.contains(&0));
        let full = pool.clone();
        assert_eq!(pool.allocate(Time(0), FREE), None);
        assert_eq!(pool, full);
        (1..=u16::MAX).for_each(|cmi| pool.release(cmi, Time(u64::from(cmi))));
        assert_eq!(pool.allocate(Time(0), FREE), None);
        // The first one whose time is over, and no other.
        assert_eq!(pool.allocate(Time(1), FREE), Some(1));
        assert_eq!(pool.allocate(Time(1), FREE), None);
    }

    #[test]
    fn the_whole_space_works() {
        let mut pool = CmiPool::new(65_535, 65_535);
        assert_eq!(pool.allocate(Time(0), FREE), Some(65_535));
        assert_eq!(pool.allocate(Time(0), FREE), None);
    }
}
