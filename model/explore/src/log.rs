//! How each state was found first: its parent's number and the place of the action, six octets a state.

use std::collections::BTreeMap;

/// Entries of one segment; segments are never copied once they are full.
const SEGMENT: usize = 1 << 18;
/// Stands for a place that does not fit into 16 bits.
const FAR: u16 = u16::MAX;
/// The parent of an initial state.
const NONE: u32 = u32::MAX;

/// One entry for each state, in the order of discovery.
pub(super) struct Log {
    parents: Vec<Vec<u32>>,
    places: Vec<Vec<u16>>,
    far: BTreeMap<u32, u32>,
    len: u64,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self {
            parents: Vec::new(),
            places: Vec::new(),
            far: BTreeMap::new(),
            len: 0,
        }
    }

    /// How many states there are.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// An initial state, with its place among them.
    pub(super) fn push_initial(&mut self, place: u32) {
        self.extend(std::iter::once((NONE, place)));
    }

    /// Adds states, each with its parent's number and the place of the action.
    pub(super) fn extend(&mut self, mut states: impl ExactSizeIterator<Item = (u32, u32)>) {
        while states.len() > 0 {
            if self.parents.last().is_none_or(|last| last.len() == SEGMENT) {
                self.parents.push(Vec::new());
                self.places.push(Vec::new());
            }
            let segment = self.parents.last_mut().zip(self.places.last_mut());
            let Some((parents, places)) = segment else {
                return;
            };
            let count = states.len().min(SEGMENT - parents.len());
            make_room(parents, count);
            make_room(places, count);
            for (parent, place) in states.by_ref().take(count) {
                let short = u16::try_from(place).unwrap_or(FAR);
                if short == FAR {
                    let number = u32::try_from(self.len).unwrap_or(NONE);
                    self.far.insert(number, place);
                }
                parents.push(parent);
                places.push(short);
                self.len += 1;
            }
        }
    }

    fn get(&self, number: u32) -> Option<(u32, u32)> {
        let (segment, rest) = (number as usize / SEGMENT, number as usize % SEGMENT);
        let parent = *self.parents.get(segment)?.get(rest)?;
        let place = match *self.places.get(segment)?.get(rest)? {
            FAR => *self.far.get(&number)?,
            short => u32::from(short),
        };
        Some((parent, place))
    }

    /// The places that lead to a state: the initial state's first, then one for each action.
    pub(super) fn places_to(&self, mut number: u32) -> Vec<u32> {
        let mut places = Vec::new();
        while let Some((parent, place)) = self.get(number) {
            places.push(place);
            number = parent;
        }
        places.reverse();
        places
    }

    /// Memory in octets.
    pub(super) fn octets(&self) -> usize {
        let parents: usize = self.parents.iter().map(Vec::capacity).sum();
        let places: usize = self.places.iter().map(Vec::capacity).sum();
        // A map's entry with its share of a node.
        parents * 4 + places * 2 + self.far.len() * 24
    }
}

/// Room for so many more of a segment, which never has more than it can hold.
fn make_room<T>(segment: &mut Vec<T>, more: usize) {
    let wanted = segment.len() + more;
    if wanted > segment.capacity() {
        let room = wanted.next_power_of_two().min(SEGMENT);
        segment.reserve_exact(room.saturating_sub(segment.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_followed_back_across_segments_and_far_places() {
        let mut log = Log::new();
        log.push_initial(70_000);
        let steps = u32::try_from(SEGMENT).unwrap() + 10;
        // In pieces that end anywhere in a segment.
        for first in (0..steps).step_by(3_001) {
            let piece = first..steps.min(first + 3_001);
            log.extend(piece.map(|number| (number, 65_530 + number % 10)));
        }
        // Segments are full and have no room beside, so that a state costs six octets.
        let room = log.parents.iter().map(Vec::capacity);
        assert!(room.eq([SEGMENT, 16]));
        assert_eq!(log.octets(), (SEGMENT + 16) * 6 + log.far.len() * 24);
        let places = log.places_to(steps);
        assert_eq!(places.len(), SEGMENT + 11);
        assert_eq!(places.first(), Some(&70_000));
        assert!(
            (0..steps)
                .zip(places.iter().skip(1))
                .all(|(number, &place)| place == 65_530 + number % 10)
        );
        assert_eq!(log.len(), u64::from(steps) + 1);
    }
}
