//! Sequence numbers as ranks, and what one number means.

use super::{Key, State};

/// Ranks are 1..=k without a gap exactly if adding 2 to the mask clears all of its bits.
const fn has_gap(used: u16) -> bool {
    used & used.wrapping_add(2) != 0
}

impl State {
    /// Whether no two instances of a key with the same number differ in content.
    pub(crate) fn versions_agree(&self) -> bool {
        let [a, b, c] = &self.views;
        let cached = [(a, b), (a, c), (b, c)].into_iter().all(|(one, other)| {
            let differ = one
                .iter()
                .zip(other)
                .map(|(one, other)| one.contradicts(*other));
            // All of them, without a way out: 27 comparisons at once are faster.
            !differ.fold(false, |any, differ| any | differ)
        });
        if !cached || self.is_quiet() {
            return cached;
        }
        // What some cache holds, too, has been compared with all that are held; the rest are few: one bit each.
        let (mut agree, mut rest) = (true, 0u32);
        for (place, flight) in self.queues.all(&self.flights).iter().enumerate() {
            let entry = flight.entry();
            let held = [a, b, c].map(|view| view[flight.key().index()]);
            agree &= !held.map(|other| entry.contradicts(other)).contains(&true);
            rest |= u32::from(!held.contains(&entry)) << place;
        }
        agree && (rest & rest.wrapping_sub(1) == 0 || self.agree(rest))
    }

    /// Whether flights (one bit each) agree with each other.
    #[cold]
    fn agree(&self, flights: u32) -> bool {
        let some = || {
            let all = self.queues.all(&self.flights).iter().enumerate();
            all.filter(|(place, _)| flights >> place & 1 == 1)
                .map(|(_, flight)| *flight)
        };
        some().all(|one| {
            some().all(|other| one.key() != other.key() || !one.entry().contradicts(other.entry()))
        })
    }

    /// Those of some keys (one bit each) whose numbers may have a gap, by a look at the caches alone: the originator
    /// holds the largest number of all while it runs, so where the caches hold all numbers up to it, there is no gap.
    fn doubtful(&self, keys: u32) -> u32 {
        let mut doubtful = 0;
        let mut rest = keys;
        while rest != 0 {
            let key = Key::lowest(rest);
            rest &= rest - 1;
            if has_gap(self.cached_ranks(key)) || !self.is_alive(key.origin()) {
                doubtful |= key.bit();
            }
        }
        doubtful
    }

    /// Brings the numbers of the touched keys (one bit each) to their ranks.
    ///
    /// Two states that differ only in how far apart the numbers of a key lie behave alike for ever: numbers are compared
    /// with each other, and a new one is one more than the largest, which is the originator's own. So they are one state.
    pub(crate) fn compress(&mut self, touched: u32) {
        let mut rest = self.doubtful(touched);
        while rest != 0 {
            let key = Key::lowest(rest);
            rest &= rest - 1;
            let used = self.ranks(key);
            if has_gap(used) {
                self.close_gaps(key, used);
            }
        }
    }

    /// The ranks of a key that caches hold, one bit each; 0 stands for no entry.
    fn cached_ranks(&self, key: Key) -> u16 {
        let [a, b, c] = &self.views;
        let ranks = [a, b, c].map(|view| 1u16 << view[key.index()].rank());
        ranks.iter().fold(0, |used, rank| used | rank) & !1
    }

    /// The ranks of a key that are anywhere, one bit each.
    fn ranks(&self, key: Key) -> u16 {
        let mut used = self.cached_ranks(key);
        for flight in self.queues.all(&self.flights) {
            used |= u16::from(flight.key() == key) << flight.entry().rank();
        }
        used & !1
    }

    /// Brings the numbers of a key, of which these are used, to their ranks.
    fn close_gaps(&mut self, key: Key, used: u16) {
        let rank_of = |rank: u8| {
            let below = used & ((1u16 << rank) - 1);
            below.count_ones().to_le_bytes()[0] + 1
        };
        for view in &mut self.views {
            let entry = &mut view[key.index()];
            if entry.rank() > 0 {
                *entry = entry.with_rank(rank_of(entry.rank()));
            }
        }
        for flight in self.queues.all_mut(&mut self.flights) {
            if flight.key() == key {
                *flight = flight.with_rank(rank_of(flight.entry().rank()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Flight, KEYS};
    use super::*;
    use crate::rules::Rules;
    use crate::server_group::action::Server;
    use stateright::Model;
    use std::collections::{HashSet, VecDeque};

    #[test]
    fn compression_keeps_order_and_closes_gaps() {
        let mut state = State::empty();
        let key = Key::redirect(Server(0));
        state.set_entry(Server(0), key, Entry::new(9, true, 0));
        state.set_entry(Server(1), key, Entry::new(2, true, 0));
        state.put_flight(
            Server(0),
            Server(1),
            Flight::new(key, Entry::new(5, true, 0), 0, false),
            8,
        );
        state.compress(key.bit());
        assert_eq!(state.entry(Server(0), key).rank(), 3);
        assert_eq!(state.entry(Server(1), key).rank(), 1);
        assert_eq!(
            state
                .next_in_flight(Server(0), Server(1))
                .map(|flight| flight.entry().rank()),
            Some(2)
        );
        let again = state;
        state.compress(key.bit());
        assert_eq!(state, again);
    }

    #[test]
    fn each_key_is_compressed_by_itself_and_others_stay() {
        let [a, b, c] = [0, 1, 2].map(|origin| Key::redirect(Server(origin)));
        let mut state = State::empty();
        // (key, rank in a cache, rank on the link, what they become)
        let cases = [(a, 7, 3, (2, 1)), (b, 9, 9, (1, 1)), (c, 4, 2, (4, 2))];
        for (key, cached, sent, _) in cases {
            state.set_entry(Server(0), key, Entry::new(cached, true, 0));
            let flight = Flight::new(key, Entry::new(sent, false, 1), 2, true);
            state.put_flight(Server(0), Server(1), flight, 8);
        }
        state.compress(a.bit() | b.bit());
        let moving: Vec<_> = state.in_flight(Server(0), Server(1)).collect();
        for ((key, _, _, (cached, sent)), flight) in cases.into_iter().zip(moving) {
            assert_eq!(state.entry(Server(0), key), Entry::new(cached, true, 0));
            let wanted = Flight::new(key, Entry::new(sent, false, 1), 2, true);
            assert_eq!(flight, wanted);
        }
    }

    #[test]
    fn one_number_has_one_content_in_caches_and_on_links() {
        let key = Key::redirect(Server(0));
        let (live, ended) = (Entry::new(2, true, 0), Entry::new(2, false, 0));
        let sent = |entries: [Entry; 2]| {
            let mut state = State::empty();
            for (to, entry) in (1..).map(Server).zip(entries) {
                state.put_flight(Server(0), to, Flight::new(key, entry, 0, false), 8);
            }
            state
        };
        // In no cache at all.
        assert!(!sent([live, ended]).versions_agree());
        assert!(sent([live, live]).versions_agree());
        assert!(sent([live, Entry::new(3, false, 0)]).versions_agree());
        // One of them in a cache, and the other not.
        for both in [[live, ended], [ended, live]] {
            let mut state = sent(both);
            state.set_entry(Server(2), key, live);
            assert!(!state.versions_agree());
        }
        // In one cache, with either content.
        for held in [live, ended] {
            let mut state = sent([live, live]);
            state.set_entry(Server(2), key, held);
            assert_eq!(state.versions_agree(), held == live);
        }
        // In two caches.
        let mut state = sent([Entry::new(1, true, 0); 2]);
        state.set_entry(Server(1), key, live);
        state.set_entry(Server(2), key, ended);
        assert!(!state.versions_agree());
    }

    #[test]
    fn every_number_of_a_reachable_state_is_a_rank() {
        // What `doubtful` passes over must be without gaps: counted anew here, caches and links together.
        for scenario in crate::scenario::scenarios() {
            for rules in [Rules::resolved(), Rules::literal()] {
                let model = scenario.model(rules);
                let mut seen = HashSet::from([model.initial()]);
                let mut queue = VecDeque::from([model.initial()]);
                while let Some(state) = queue.pop_front()
                    && seen.len() < 30_000
                {
                    let mut used = [0u16; KEYS];
                    for flight in state.queues.all(&state.flights) {
                        used[flight.key().index()] |= 1 << flight.entry().rank();
                    }
                    for view in &state.views {
                        for (used, entry) in used.iter_mut().zip(view) {
                            *used |= 1 << entry.rank();
                        }
                    }
                    for used in used.map(|used| used & !1) {
                        assert_eq!(
                            used & used.wrapping_add(2),
                            0,
                            "{}: {state:?}",
                            scenario.name
                        );
                    }
                    queue.extend(
                        model
                            .next_states(&state)
                            .into_iter()
                            .filter(|next| seen.insert(*next)),
                    );
                }
            }
        }
    }
}
