//! The state: what each server knows of each neighbour, what is on its way, and what the properties have to know besides.

use super::action::Server;
use super::hfsm;
use super::scenario::Budgets;
use crate::explore::timely::Portable;
use crate::family::Spare;
use zerocopy::{Immutable, IntoBytes};

/// The most servers.
pub const SERVERS: usize = 3;
/// Ordered pairs of servers.
const PAIRS: usize = SERVERS * (SERVERS - 1);
/// The most Hellos on their way in one direction.
pub const QUEUE: usize = 4;
/// A timer that does not run; an age that is not known.
pub(super) const NONE: u8 = 15;
/// A dead timer for listing Hellos that has run out while others still came.
pub(super) const STALLED: u8 = 14;
/// The greatest age that is told apart from greater ones; more than any dead time.
pub(super) const OLD: u8 = 9;

/// A Hello listed a server that its sender had not heard in time.
pub(super) const LISTED_UNHEARD: u8 = 1;
/// More Hellos on their way than there is room for.
pub(super) const OVERFLOW: u8 = 2;
/// A server stayed Bidirectional over the first word of a neighbour that had restarted.
pub(super) const RESTART_MISSED: u8 = 4;

/// What one server knows of one neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Watch {
    /// The machine's state.
    pub machine: hfsm::State,
    /// Ticks until the neighbour's dead time is over, 15: the timer does not run.
    pub(super) left: u8,
    /// The same for Hellos that list this server, 14: it ran out.
    pub(super) listed_left: u8,
    /// Seen from outside: ticks since a Hello came, since the last fall to Waiting; 15: none did.
    pub(super) heard_ago: u8,
    /// Seen from outside: ticks since a Hello came that lists this server.
    pub(super) listed_ago: u8,
    /// Seen from outside: the last Hello listed this server (bit 0), the neighbour has restarted and is Bidirectional all
    /// the same (bit 1).
    pub(super) seen: u8,
}

/// [`Watch::seen`]: the last Hello listed this server.
pub(super) const LAST_LISTS: u8 = 1;
/// [`Watch::seen`]: the neighbour has restarted since, and the machine stayed Bidirectional.
pub(super) const UNSEEN: u8 = 2;

impl Watch {
    /// Nothing heard, in a state of the machine.
    pub(super) const fn silent(machine: hfsm::State) -> Self {
        Self {
            machine,
            left: NONE,
            listed_left: NONE,
            heard_ago: NONE,
            listed_ago: NONE,
            seen: 0,
        }
    }
}

/// Hellos on their way in one direction, four bits each: present, lists the receiver, late, sent after a restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(super) struct Queue(u16);

/// A Hello on its way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Flight(u16);

impl Flight {
    const LISTS: u16 = 2;
    const LATE: u16 = 4;
    const RESTARTED: u16 = 8;

    pub(super) const fn new(lists: bool, restarted: bool) -> Self {
        let lists = if lists { Self::LISTS } else { 0 };
        let restarted = if restarted { Self::RESTARTED } else { 0 };
        Self(1 | lists | restarted)
    }
    pub(super) const fn lists(self) -> bool {
        self.0 & Self::LISTS != 0
    }
    pub(super) const fn is_late(self) -> bool {
        self.0 & Self::LATE != 0
    }
    pub(super) const fn after_restart(self) -> bool {
        self.0 & Self::RESTARTED != 0
    }
}

impl Queue {
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
    pub(super) fn flights(self) -> impl Iterator<Item = Flight> {
        (0..QUEUE)
            .map(move |place| Flight(self.0 >> (4 * place) & 15))
            .take_while(|flight| flight.0 != 0)
    }
    /// How many there are.
    const fn len(self) -> usize {
        (QUEUE * 4 - self.0.leading_zeros() as usize).div_ceil(4)
    }
    /// Without the one at a place.
    pub(super) const fn without(self, place: u8) -> Self {
        let before = (1 << (4 * place)) - 1;
        Self((self.0 & before) | (self.0 >> 4 & !before))
    }
    /// With one more; `None` where there is no room. Where order means nothing the queue is kept sorted.
    pub(super) fn with(self, flight: Flight, capacity: u8, sorted: bool) -> Option<Self> {
        let count = self.len();
        if count >= usize::from(capacity).min(QUEUE) {
            return None;
        }
        let queue = Self(self.0 | flight.0 << (4 * count));
        Some(if sorted { queue.sorted() } else { queue })
    }
    fn sorted(self) -> Self {
        let mut flights = [0, 4, 8, 12].map(|place| self.0 >> place & 15);
        // What is not there, 0, comes last.
        flights.sort_unstable_by_key(|flight| flight.wrapping_sub(1));
        let packed = flights.iter().rev();
        Self(packed.fold(0, |queue, flight| queue << 4 | flight))
    }
    /// A tick later: all are late.
    pub(super) fn aged(self, sorted: bool) -> Self {
        // The lowest bit of each says that it is there.
        let queue = Self(self.0 | ((self.0 & 0x1111) * Flight::LATE));
        if sorted { queue.sorted() } else { queue }
    }
}

/// All servers and what is between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct State {
    pub(super) watches: [Watch; PAIRS],
    pub(super) queues: [Queue; PAIRS],
    /// Ticks until each server's next Hello, 15: it has no VC.
    pub(super) hello_left: [u8; SERVERS],
    /// Seen from outside: ticks since each server's last Hello, 15: none since it had no VC.
    pub(super) sent_ago: [u8; SERVERS],
    /// Directions that carry nothing, one bit each.
    pub(super) deaf: u8,
    /// Servers that have restarted, one bit each.
    pub(super) restarted: u8,
    pub(super) flags: u8,
    pub(super) left: Budgets,
    pub(super) spare: Spare,
}

/// The place of an ordered pair.
const fn pair(from: Server, to: Server) -> usize {
    let to = if to.0 > from.0 { to.0 - 1 } else { to.0 };
    (from.0 * 2 + to) as usize % PAIRS
}

#[expect(
    clippy::indexing_slicing,
    reason = "the place of a pair is below the length, and servers are below SERVERS"
)]
impl State {
    pub(super) const fn initial(budgets: Budgets) -> Self {
        Self {
            watches: [Watch::silent(hfsm::State::Down); PAIRS],
            queues: [Queue(0); PAIRS],
            hello_left: [NONE; SERVERS],
            sent_ago: [NONE; SERVERS],
            deaf: 0,
            restarted: 0,
            flags: 0,
            left: budgets,
            spare: Spare::Zero,
        }
    }
    /// What a server knows of a neighbour.
    pub const fn watch(&self, at: Server, of: Server) -> &Watch {
        &self.watches[pair(at, of)]
    }
    pub(super) const fn watch_mut(&mut self, at: Server, of: Server) -> &mut Watch {
        &mut self.watches[pair(at, of)]
    }
    pub(super) const fn queue(&self, from: Server, to: Server) -> Queue {
        self.queues[pair(from, to)]
    }
    pub(super) const fn set_queue(&mut self, from: Server, to: Server, queue: Queue) {
        self.queues[pair(from, to)] = queue;
    }
    pub(super) const fn hello_left(&self, at: Server) -> u8 {
        self.hello_left[at.0 as usize]
    }
    pub(super) const fn set_hello_left(&mut self, at: Server, ticks: u8) {
        self.hello_left[at.0 as usize] = ticks;
    }
    pub(super) const fn sent_ago(&self, at: Server) -> u8 {
        self.sent_ago[at.0 as usize]
    }
    pub(super) const fn set_sent_ago(&mut self, at: Server, ticks: u8) {
        self.sent_ago[at.0 as usize] = ticks;
    }
    pub(super) const fn is_deaf(&self, from: Server, to: Server) -> bool {
        self.deaf & (1 << pair(from, to)) != 0
    }
    pub(super) const fn set_deaf(&mut self, from: Server, to: Server, deaf: bool) {
        let place = pair(from, to);
        self.deaf = self.deaf & !(1 << place) | (deaf as u8) << place;
    }
    pub(super) const fn has_restarted(&self, at: Server) -> bool {
        self.restarted & (1 << at.0) != 0
    }
    pub(super) const fn has_flag(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Portable for Watch {
    fn write(&self, octets: &mut Vec<u8>) {
        let machine = hfsm::State::ALL
            .iter()
            .position(|state| *state == self.machine);
        let machine = machine.and_then(|place| u8::try_from(place).ok());
        octets.push(machine.unwrap_or(0) | self.seen << 4);
        octets.push(self.left | self.listed_left << 4);
        octets.push(self.heard_ago | self.listed_ago << 4);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [machine, timers, ages]: [u8; 3] = Portable::read(octets)?;
        Some(Self {
            machine: *hfsm::State::ALL.get(usize::from(machine & 15))?,
            seen: machine >> 4,
            left: timers & 15,
            listed_left: timers >> 4,
            heard_ago: ages & 15,
            listed_ago: ages >> 4,
        })
    }
}

impl Portable for Queue {
    fn write(&self, octets: &mut Vec<u8>) {
        self.0.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        Portable::read(octets).map(Self)
    }
}

impl Portable for State {
    fn write(&self, octets: &mut Vec<u8>) {
        self.watches.write(octets);
        self.queues.write(octets);
        self.hello_left.write(octets);
        self.sent_ago.write(octets);
        [self.deaf, self.restarted, self.flags].write(octets);
        self.left.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let watches = Portable::read(octets)?;
        let queues = Portable::read(octets)?;
        let hello_left = Portable::read(octets)?;
        let sent_ago = Portable::read(octets)?;
        let [deaf, restarted, flags] = Portable::read(octets)?;
        Some(Self {
            watches,
            queues,
            hello_left,
            sent_ago,
            deaf,
            restarted,
            flags,
            left: Portable::read(octets)?,
            spare: Spare::Zero,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_small_and_pairs_are_apart() {
        assert!(size_of::<State>() <= 72, "{}", size_of::<State>());
        let servers = || (0..3).map(Server);
        let mut seen = std::collections::BTreeSet::new();
        for from in servers() {
            for to in servers().filter(|&to| to != from) {
                assert!(seen.insert(pair(from, to)));
            }
        }
        assert_eq!(seen.len(), PAIRS);
    }

    #[test]
    fn queues_keep_order_or_are_sorted_and_have_an_end() {
        let (plain, lists) = (Flight::new(false, false), Flight::new(true, false));
        let fifo = Queue::default().with(lists, 4, false).unwrap();
        let fifo = fifo.with(plain, 4, false).unwrap();
        assert_eq!(fifo.flights().collect::<Vec<_>>(), [lists, plain]);
        assert_eq!(fifo.without(0).flights().collect::<Vec<_>>(), [plain]);
        let bag = Queue::default().with(lists, 4, true).unwrap();
        let bag = bag.with(plain, 4, true).unwrap();
        assert_eq!(bag.flights().collect::<Vec<_>>(), [plain, lists]);
        assert!(bag.aged(true).flights().all(Flight::is_late));
        let full = bag
            .with(plain, 4, true)
            .unwrap()
            .with(plain, 4, true)
            .unwrap();
        assert!(full.with(plain, 4, true).is_none());
    }
}
