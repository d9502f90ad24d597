//! New CA numbers for old: those that matter on a link, so that they do not grow without end.

use super::memo::{Event, Memo};
use super::state::{Books, State};

/// Numbers that differ by less are compared with each other, now or later: a server looks for the number it
/// has and the next.
const NEAR: u32 = 4;
/// Numbers that differ by more are put so far apart, and begin there.
const FAR: u32 = 1 << 16;

/// A map from old numbers to new, ascending.
#[derive(Debug, Default)]
struct Map {
    pairs: Vec<(u32, u32)>,
}

impl Map {
    fn of(mut numbers: Vec<u32>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        let mut last: Option<(u32, u32)> = None;
        let place = |from: u32| {
            let to = match last {
                Some((before, to)) if from - before < NEAR => to + (from - before),
                Some((_, to)) => (to / FAR + 1) * FAR,
                None => FAR,
            };
            last = Some((from, to));
            (from, to)
        };
        Self {
            pairs: numbers.into_iter().map(place).collect(),
        }
    }

    fn changes(&self) -> bool {
        self.pairs.iter().any(|(from, to)| from != to)
    }

    fn to(&self, number: u32) -> u32 {
        let found = self.pairs.binary_search_by_key(&number, |pair| pair.0);
        found
            .ok()
            .and_then(|place| self.pairs.get(place))
            .map_or(0, |pair| pair.1)
    }
}

/// Gives the CA numbers of every link new values. `None` after a failure of the machines.
pub(super) fn renew(memo: &Memo, state: &mut State) -> Option<()> {
    let links = u8::try_from(memo.scenario().links.len()).ok()?;
    for link in 0..links {
        renew_link(memo, state, [link * 2, link * 2 + 1])?;
    }
    Some(())
}

fn renew_link(memo: &Memo, state: &mut State, directions: [u8; 2]) -> Option<()> {
    let mut numbers = Vec::with_capacity(12);
    for direction in directions {
        let (server, neighbor) = end(memo, direction);
        let machine = *state.servers.get(usize::from(server))?;
        let adjacent = memo.info(machine)?.adjacent;
        numbers.extend(
            adjacent
                .get(usize::from(neighbor))?
                .ca
                .into_iter()
                .flatten(),
        );
        let queue = state.queues.get(usize::from(direction))?;
        let books = state.books.get(usize::from(direction))?;
        for &frame in queue.frames().iter().chain([&books.ca]) {
            if frame != 0 {
                numbers.extend(memo.frame(frame)?.ca_number());
            }
        }
    }
    let map = Map::of(numbers);
    if !map.changes() {
        return Some(());
    }
    for direction in directions {
        let (server, neighbor) = end(memo, direction);
        let machine = state.servers.get_mut(usize::from(server))?;
        let adjacent = memo.info(*machine)?.adjacent;
        let ca = adjacent.get(usize::from(neighbor))?.ca;
        let to = ca.map(|number| number.map_or(0, |number| map.to(number)));
        *machine = memo.step(*machine, Event::Renumber(neighbor, to))?.machine;
        for frame in state.queues.get_mut(usize::from(direction))?.frames_mut() {
            *frame = renumbered(memo, direction, *frame, &map)?;
        }
        let Books { ca, .. } = state.books.get_mut(usize::from(direction))?;
        *ca = renumbered(memo, direction, *ca, &map)?;
    }
    Some(())
}

fn renumbered(memo: &Memo, direction: u8, number: u32, map: &Map) -> Option<u32> {
    if number == 0 {
        return Some(0);
    }
    let frame = memo.frame(number)?;
    match frame.ca_number() {
        Some(ca) if map.to(ca) != ca => {
            Some(memo.frame_of(direction, frame.renumbered(map.to(ca))))
        }
        _ => Some(number),
    }
}

/// The sender of a direction, and the number that it has for the receiver.
fn end(memo: &Memo, direction: u8) -> (u8, u8) {
    let scenario = memo.scenario();
    (scenario.ends(direction).0, scenario.neighbor(direction ^ 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_numbers_stay_near_and_far_ones_far() {
        let map = Map::of(vec![900, 7, 8, 7, 10, 902, 1 << 30]);
        let to: Vec<u32> = [7, 8, 10, 900, 902, 1 << 30]
            .map(|number| map.to(number))
            .to_vec();
        assert_eq!(to, [FAR, FAR + 1, FAR + 3, 2 * FAR, 2 * FAR + 2, 3 * FAR]);
        assert!(!Map::of(to).changes());
        assert!(map.changes());
    }
}
