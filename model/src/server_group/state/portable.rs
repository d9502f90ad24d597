//! How a state travels between the processes of a distributed search: what is empty takes next to nothing, so that a state
//! of 176 octets takes about 75.

use super::super::packed::{Entry, Flight};
use super::{LINKS, Left, QUEUE, State};
use crate::explore::timely::Portable;

impl Portable for State {
    fn write(&self, octets: &mut Vec<u8>) {
        for view in &self.views {
            let taken = view.iter().enumerate();
            let taken = taken.filter(|(_, entry)| **entry != Entry::NONE);
            let mask = taken.fold(0u32, |mask, (place, _)| mask | 1 << place);
            mask.write(octets);
            let entries = view.iter().filter(|entry| **entry != Entry::NONE);
            entries.for_each(|entry| entry.write(octets));
        }
        for link in 0..LINKS {
            let queue = self.on(link);
            let length = queue.iter().fold(0u8, |length, _| length + 1);
            length.write(octets);
            queue.iter().for_each(|flight| flight.write(octets));
        }
        [self.alive, self.drained, self.flags, self.leaves].write(octets);
        self.ages.write(octets);
        self.dead_for.write(octets);
        self.cmis.iter().for_each(|cmis| cmis.write(octets));
        self.clients.iter().for_each(|client| client.write(octets));
        self.left.write(octets);
    }

    fn read(octets: &mut &[u8]) -> Option<Self> {
        let mut state = Self::empty();
        for view in &mut state.views {
            let mask = u32::read(octets)?;
            if mask >> view.len() != 0 {
                return None;
            }
            for (place, entry) in view.iter_mut().enumerate() {
                if mask >> place & 1 == 1 {
                    *entry = Portable::read(octets)?;
                }
            }
        }
        for link in 0..LINKS {
            let length = u8::read(octets)?;
            if usize::from(length) > QUEUE {
                return None;
            }
            for _ in 0..length {
                let flight: Flight = Portable::read(octets)?;
                if flight == Flight::NONE || !state.queues.put(link, &mut state.flights, flight) {
                    return None;
                }
            }
        }
        [state.alive, state.drained, state.flags, state.leaves] = Portable::read(octets)?;
        state.ages = Portable::read(octets)?;
        state.dead_for = Portable::read(octets)?;
        state.cmis = Portable::read(octets)?;
        state.clients = Portable::read(octets)?;
        state.left = Portable::read(octets)?;
        Some(state)
    }
}

impl Portable for Left {
    fn write(&self, octets: &mut Vec<u8>) {
        let Self {
            registers,
            changes,
            deregisters,
            moves,
            client_crashes,
            crashes,
            cuts,
            drains,
            hangs,
        } = *self;
        [registers, changes, deregisters, moves, client_crashes].write(octets);
        [crashes, cuts, drains, hangs].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [registers, changes, deregisters, moves, client_crashes] = Portable::read(octets)?;
        let [crashes, cuts, drains, hangs] = Portable::read(octets)?;
        Some(Self {
            registers,
            changes,
            deregisters,
            moves,
            client_crashes,
            crashes,
            cuts,
            drains,
            hangs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Options, search};
    use crate::rules::Rules;
    use crate::scenario::scenarios;
    use stateright::Model as _;
    use std::collections::BTreeSet;

    /// States of every scenario, some two thousand of each, by breadth first.
    fn states() -> impl Iterator<Item = State> {
        scenarios().iter().flat_map(|scenario| {
            let model = scenario.model(Rules::resolved());
            let mut frontier = model.init_states();
            let mut all = frontier.clone();
            while all.len() < 2_000 {
                frontier = frontier
                    .iter()
                    .flat_map(|state| model.next_states(state))
                    .collect();
                all.extend(&frontier);
            }
            // And the ends of the longest ways, where budgets are spent and queues were full.
            let options = Options {
                max_states: Some(20_000),
                ..Options::default()
            };
            let stop = std::sync::atomic::AtomicBool::new(false);
            let report = search(&model, &options, &mut |_| {}, &stop);
            let ends = report.discoveries.into_iter();
            all.extend(ends.filter_map(|found| found.path.last().copied()));
            all
        })
    }

    #[test]
    fn states_come_back_and_are_small_on_their_way() {
        let (mut count, mut sum) = (0usize, 0usize);
        let mut ways = BTreeSet::new();
        for state in states() {
            let mut octets = Vec::new();
            state.write(&mut octets);
            let mut front = octets.as_slice();
            assert_eq!(State::read(&mut front), Some(state));
            assert!(front.is_empty());
            for end in (0..octets.len()).step_by(7) {
                assert_eq!(State::read(&mut &octets[..end]), None);
            }
            (count, sum) = (count + 1, sum + octets.len());
            ways.insert(octets);
        }
        assert!(ways.len() > 10_000);
        assert!(
            sum / count < size_of::<State>() / 2,
            "{} octets",
            sum / count
        );
    }

    #[test]
    fn impossible_octets_are_refused() {
        let mut octets = Vec::new();
        State::empty().write(&mut octets);
        octets[3] = 0x80;
        assert_eq!(State::read(&mut octets.as_slice()), None);
        octets[3] = 0;
        octets[12] = 200;
        assert_eq!(State::read(&mut octets.as_slice()), None);
        // Behind the number of flights on the first link: so many, each of this key.
        let with = |count: usize, key: u16| {
            let flight = (key | 1 << 5).to_le_bytes();
            let mut octets = octets.clone();
            octets[12] = u8::try_from(count).unwrap();
            octets.splice(13..13, flight.repeat(count));
            State::read(&mut octets.as_slice()).map(|state| state.queues.len())
        };
        assert_eq!(with(QUEUE, 26), Some(QUEUE));
        assert_eq!(with(QUEUE + 1, 26), None);
        assert_eq!(with(1, 27), None);
    }
}
