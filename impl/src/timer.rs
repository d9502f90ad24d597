//! One ordered table of timers, keyed by an enum.
//!
//! A machine keeps all its timers in one [`TimerTable`]. The key's derived order is the firing order of
//! timers that are due at the same instant, so that equal inputs give equal outputs. The table is plain
//! data: it compares, hashes and clones with the rest of a machine's core.

use std::collections::{BTreeMap, BTreeSet};

use crate::io::Time;

/// Timers by deadline, at most one deadline for each key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimerTable<K> {
    by_deadline: BTreeSet<(Time, K)>,
    by_key: BTreeMap<K, Time>,
}

impl<K> Default for TimerTable<K> {
    fn default() -> Self {
        Self {
            by_deadline: BTreeSet::new(),
            by_key: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord> TimerTable<K> {
    /// Arms `key` for `deadline`, in place of any deadline it had.
    pub fn set(&mut self, key: K, deadline: Time) {
        self.cancel(key);
        self.by_key.insert(key, deadline);
        self.by_deadline.insert((deadline, key));
    }

    /// Disarms `key`; nothing happens when it is not armed.
    pub fn cancel(&mut self, key: K) {
        if let Some(deadline) = self.by_key.remove(&key) {
            self.by_deadline.remove(&(deadline, key));
        }
    }

    /// When `key` is due, if it is armed.
    #[must_use]
    pub fn deadline(&self, key: K) -> Option<Time> {
        self.by_key.get(&key).copied()
    }

    /// The earliest deadline of all.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    /// Takes out the first timer that is due at or before `now`: the earliest deadline, and among
    /// equals the smallest key.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, K)> {
        let (deadline, key) = *self.by_deadline.first()?;
        if deadline > now {
            return None;
        }
        self.cancel(key);
        Some((deadline, key))
    }

    /// All armed timers in firing order.
    pub fn iter(&self) -> impl Iterator<Item = (Time, K)> + '_ {
        self.by_deadline.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_by_deadline_and_then_by_key() {
        let mut table = TimerTable::default();
        table.set('b', Time(5));
        table.set('a', Time(5));
        table.set('c', Time(3));
        assert_eq!(table.next_deadline(), Some(Time(3)));
        assert_eq!(table.pop_due(Time(2)), None);
        assert_eq!(table.pop_due(Time(9)), Some((Time(3), 'c')));
        assert_eq!(table.pop_due(Time(9)), Some((Time(5), 'a')));
        assert_eq!(table.pop_due(Time(9)), Some((Time(5), 'b')));
        assert_eq!(table.pop_due(Time(9)), None);
    }

    #[test]
    fn setting_again_moves_the_deadline() {
        let mut table = TimerTable::default();
        table.set(1, Time(5));
        table.set(1, Time(8));
        assert_eq!(table.deadline(1), Some(Time(8)));
        assert_eq!(table.pop_due(Time(7)), None);
        assert_eq!(table.iter().collect::<Vec<_>>(), [(Time(8), 1)]);
        table.cancel(1);
        assert_eq!(table.next_deadline(), None);
    }

    #[test]
    fn equal_contents_are_equal_however_they_came_about() {
        let mut one = TimerTable::default();
        one.set(1, Time(5));
        one.set(2, Time(6));
        let mut other = TimerTable::default();
        other.set(2, Time(1));
        other.set(1, Time(5));
        other.set(2, Time(6));
        assert_eq!(one, other);
    }
}
