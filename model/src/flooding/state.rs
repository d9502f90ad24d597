//! The state: every server's cache, what is on its way, and what the properties have to know besides.

use super::action::Server;
use super::scenario::Budgets;
use crate::explore::timely::Portable;
use crate::queues::Queues;
use zerocopy::{Immutable, IntoBytes};

/// The most servers.
pub const SERVERS: usize = 4;
/// Keys of the originator: one for each of its two lives, or for what follows a purge.
pub const KEYS: usize = 2;
/// Ordered pairs of servers.
const PAIRS: usize = SERVERS * (SERVERS - 1);
/// The most records on their way in one direction.
pub const QUEUE: usize = 6;
/// Records on their way everywhere, at most; where that is too few, [`OVERFLOW`] is raised.
const ROOM: usize = 22;
const _: () = assert!(ROOM <= crate::queues::MOST);
/// The greatest number: a key's last word.
pub(super) const PURGE: u8 = 7;

/// A server took an older instance of a key for a newer one.
pub(super) const REGRESS: u8 = 1;
/// A link, all links together, the numbers of a key or the versions were not enough.
pub(super) const OVERFLOW: u8 = 2;
/// A record was passed on with a hop count that had not fallen.
pub(super) const HOPS_KEPT: u8 = 4;
/// A record was passed on to the neighbour that it came from.
pub(super) const SENT_BACK: u8 = 8;

/// One cached instance: its number (3 bits, 0: none), live or withdrawn (1 bit), which version of the truth it is (4
/// bits; seen from outside, no server looks at it).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct Entry(u8);

impl Entry {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn new(number: u8, live: bool, version: u8) -> Self {
        Self((number & 7) | (live as u8) << 3 | version << 4)
    }
    /// The number, 0: there is no entry.
    pub const fn number(self) -> u8 {
        self.0 & 7
    }
    /// Whether it says that something holds.
    pub const fn live(self) -> bool {
        self.0 & 8 != 0
    }
    pub(super) const fn version(self) -> u8 {
        self.0 >> 4
    }
}

/// One record on its way: entry (8 bits), key (1), hop count (2), solicited (1), present (1). 0 is a free place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(super) struct Flight(u16);

impl Flight {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn new(key: usize, entry: Entry, hops: u8, solicited: bool) -> Self {
        let key = u16::from(key > 0);
        let (hops, solicited) = (u16::from(hops & 3), u16::from(solicited));
        Self(u16::from(entry.0) | key << 8 | hops << 9 | solicited << 11 | 1 << 12)
    }
    pub(super) fn entry(self) -> Entry {
        Entry(self.0.to_le_bytes()[0])
    }
    pub(super) const fn key(self) -> usize {
        (self.0 >> 8 & 1) as usize
    }
    pub(super) fn hops(self) -> u8 {
        (self.0 >> 9).to_le_bytes()[0] & 3
    }
    pub(super) const fn solicited(self) -> bool {
        self.0 >> 11 & 1 != 0
    }
}

/// All servers and what is between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct State {
    queues: Queues<PAIRS>,
    flights: [Flight; ROOM],
    caches: [[Entry; KEYS]; SERVERS],
    /// Seen from outside: the latest version of each key that each server has taken since it started.
    latest: [[u8; KEYS]; SERVERS],
    /// Links that are up, one bit each.
    links: u8,
    /// Running servers, and such as have flushed the originator, in the high nibble.
    alive: u8,
    /// Servers that have applied the last join (C02 read the other way); in the high nibble such as gave a dead originator up.
    applied: u8,
    /// What the originator has to tell holds (bit 0), it waits for the end of a purge (bit 1), its life (bit 2), its key
    /// (bit 3).
    origin: u8,
    /// Seen from outside: how many versions of the truth there were.
    pub(super) version: u8,
    pub(super) flags: u8,
    pub(super) left: Budgets,
}

/// The place of an ordered pair.
const fn pair(from: Server, to: Server) -> usize {
    let to = if to.0 > from.0 { to.0 - 1 } else { to.0 };
    (from.0 * 3 + to) as usize % PAIRS
}

/// The bit of a link.
const fn link(a: Server, b: Server) -> u8 {
    let (low, high) = if a.0 < b.0 { (a.0, b.0) } else { (b.0, a.0) };
    // (0,1) (0,2) (1,2) (0,3) (1,3) (2,3)
    1 << (low + high * (high - 1) / 2)
}

const JOINED: u8 = 1;
const RENEWING: u8 = 2;
const SECOND_LIFE: u8 = 4;
const SECOND_KEY: u8 = 8;

#[expect(
    clippy::indexing_slicing,
    reason = "the place of a pair is below the length, servers are below SERVERS and keys below KEYS"
)]
impl State {
    pub(super) const fn empty(budgets: Budgets) -> Self {
        Self {
            caches: [[Entry::NONE; KEYS]; SERVERS],
            latest: [[0; KEYS]; SERVERS],
            queues: Queues::EMPTY,
            flights: [Flight::NONE; ROOM],
            links: 0,
            alive: 0,
            applied: 0,
            origin: 0,
            version: 0,
            flags: 0,
            left: budgets,
        }
    }

    /// What a server has cached under a key.
    pub const fn entry(&self, at: Server, key: usize) -> Entry {
        self.caches[at.0 as usize][key]
    }
    pub(super) const fn set_entry(&mut self, at: Server, key: usize, entry: Entry) {
        self.caches[at.0 as usize][key] = entry;
    }
    pub(super) const fn latest(&self, at: Server, key: usize) -> u8 {
        self.latest[at.0 as usize][key]
    }
    pub(super) const fn set_latest(&mut self, at: Server, key: usize, version: u8) {
        self.latest[at.0 as usize][key] = version;
    }

    /// Whether a server runs.
    pub const fn is_alive(&self, at: Server) -> bool {
        self.alive & (1 << at.0) != 0
    }
    pub(super) const fn set_alive(&mut self, at: Server, alive: bool) {
        self.alive = self.alive & !(1 << at.0) | (alive as u8) << at.0;
    }
    /// Whether a server has flushed the originator.
    pub const fn is_flushed(&self, at: Server) -> bool {
        self.alive & (0x10 << at.0) != 0
    }
    pub(super) const fn set_flushed(&mut self, at: Server, flushed: bool) {
        self.alive = self.alive & !(0x10 << at.0) | (flushed as u8) << (4 + at.0);
    }
    pub(super) const fn has_applied(&self, at: Server) -> bool {
        self.applied & (1 << at.0) != 0
    }
    pub(super) const fn set_applied(&mut self, at: Server, applied: bool) {
        self.applied = self.applied & !(1 << at.0) | (applied as u8) << at.0;
    }
    pub(super) const fn has_given_up(&self, at: Server) -> bool {
        self.applied & (0x10 << at.0) != 0
    }
    pub(super) const fn set_given_up(&mut self, at: Server, given_up: bool) {
        self.applied = self.applied & !(0x10 << at.0) | (given_up as u8) << (4 + at.0);
    }

    pub(super) const fn is_joined(&self) -> bool {
        self.origin & JOINED != 0
    }
    pub(super) const fn set_joined(&mut self, joined: bool) {
        self.origin = self.origin & !JOINED | joined as u8;
    }
    pub(super) const fn is_renewing(&self) -> bool {
        self.origin & RENEWING != 0
    }
    pub(super) const fn set_renewing(&mut self, renewing: bool) {
        self.origin = self.origin & !RENEWING | (renewing as u8) << 1;
    }
    pub(super) const fn has_restarted(&self) -> bool {
        self.origin & SECOND_LIFE != 0
    }
    /// The key of what the originator tells.
    pub(super) const fn key(&self) -> usize {
        (self.origin & SECOND_KEY != 0) as usize
    }
    /// The next key; false where there is none left.
    pub(super) const fn next_key(&mut self) -> bool {
        let fresh = self.origin & SECOND_KEY == 0;
        self.origin |= SECOND_KEY;
        fresh
    }
    /// The originator starts anew and knows nothing.
    pub(super) const fn start_second_life(&mut self) {
        self.origin = self.origin & SECOND_KEY | SECOND_LIFE;
    }

    /// Whether a link is up.
    pub const fn is_linked(&self, a: Server, b: Server) -> bool {
        self.links & link(a, b) != 0
    }
    pub(super) const fn link_up(&mut self, a: Server, b: Server) {
        self.links |= link(a, b);
    }
    pub(super) fn link_down(&mut self, a: Server, b: Server) {
        self.links &= !link(a, b);
        self.queues.clear(pair(a, b), &mut self.flights);
        self.queues.clear(pair(b, a), &mut self.flights);
    }

    /// The servers that a server reaches over links that are up, itself among them, one bit each.
    pub fn reachable(&self, server: Server) -> u8 {
        let mut reached = 1u8 << server.0;
        for _ in 1..SERVERS {
            for high in 1..4 {
                for low in 0..high {
                    let both = 1 << low | 1 << high;
                    if self.is_linked(Server(low), Server(high)) && reached & both != 0 {
                        reached |= both;
                    }
                }
            }
        }
        reached
    }

    /// Whether nothing is on its way.
    pub const fn is_quiet(&self) -> bool {
        self.queues.is_empty()
    }
    fn on(&self, pair: usize) -> &[Flight] {
        self.queues.on(pair, &self.flights)
    }
    pub(super) fn in_flight(&self, from: Server, to: Server) -> impl Iterator<Item = Flight> + '_ {
        self.on(pair(from, to)).iter().copied()
    }
    pub(super) fn next_in_flight(&self, from: Server, to: Server) -> Option<Flight> {
        self.on(pair(from, to)).first().copied()
    }
    pub(super) fn take_flight(&mut self, from: Server, to: Server) -> Option<Flight> {
        self.queues.take(pair(from, to), &mut self.flights)
    }
    /// Puts a record on its way; what does not fit is lost and raises [`OVERFLOW`].
    pub(super) fn put_flight(&mut self, from: Server, to: Server, flight: Flight, capacity: u8) {
        let pair = pair(from, to);
        let room = self.on(pair).len() < usize::from(capacity).min(QUEUE);
        if !(room && self.queues.put(pair, &mut self.flights, flight)) {
            self.flags |= OVERFLOW;
        }
    }
    pub(super) const fn has_flag(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether number and key name one version only, wherever they are.
    pub(super) fn versions_agree(&self) -> bool {
        // By key and number: the version with a mark, 0: nothing.
        let mut seen = [[0u8; 8]; KEYS];
        let mut agrees = |key: usize, entry: Entry| {
            let version = entry.0 >> 3 << 3 | 1;
            let before = std::mem::replace(&mut seen[key][usize::from(entry.number())], version);
            entry.number() == 0 || before == 0 || before == version
        };
        for cache in &self.caches {
            for (key, &entry) in cache.iter().enumerate() {
                if !agrees(key, entry) {
                    return false;
                }
            }
        }
        let flights = self.queues.all(&self.flights);
        flights
            .iter()
            .all(|flight| agrees(flight.key(), flight.entry()))
    }
}

impl Portable for Entry {
    fn write(&self, octets: &mut Vec<u8>) {
        octets.push(self.0);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        u8::read(octets).map(Self)
    }
}

impl Portable for State {
    fn write(&self, octets: &mut Vec<u8>) {
        self.caches.write(octets);
        self.latest.write(octets);
        for pair in 0..PAIRS {
            let queue = self.on(pair);
            octets.push(queue.iter().fold(0u8, |length, _| length + 1));
            queue.iter().for_each(|flight| flight.0.write(octets));
        }
        let Self {
            links,
            alive,
            applied,
            origin,
            version,
            flags,
            ..
        } = *self;
        [links, alive, applied, origin, version, flags].write(octets);
        self.left.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let caches = Portable::read(octets)?;
        let latest = Portable::read(octets)?;
        let (mut queues, mut flights) = (Queues::EMPTY, [Flight::NONE; ROOM]);
        for pair in 0..PAIRS {
            let length = u8::read(octets)?;
            if usize::from(length) > QUEUE {
                return None;
            }
            for _ in 0..length {
                let flight = Flight(Portable::read(octets)?);
                if flight == Flight::NONE || !queues.put(pair, &mut flights, flight) {
                    return None;
                }
            }
        }
        let [links, alive, applied, origin, version, flags] = Portable::read(octets)?;
        Some(Self {
            caches,
            latest,
            queues,
            flights,
            links,
            alive,
            applied,
            origin,
            version,
            flags,
            left: Portable::read(octets)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_small_and_its_parts_are_apart() {
        assert!(size_of::<State>() <= 80, "{}", size_of::<State>());
        let servers = || (0..4).map(Server);
        let (mut pairs, mut links) = (std::collections::BTreeSet::new(), 0u8);
        for from in servers() {
            for to in servers().filter(|&to| to != from) {
                assert!(pairs.insert(pair(from, to)));
                assert_eq!(link(from, to), link(to, from));
                links |= link(from, to);
            }
        }
        assert_eq!((pairs.len(), links), (PAIRS, 0x3f));
    }

    #[test]
    fn a_link_and_all_links_together_can_be_too_full() {
        let budgets = crate::flooding::scenarios()[0].budgets;
        let flight = Flight::new(0, Entry::new(1, true, 0), 0, false);
        let fill = |pairs: usize, count: usize| {
            let mut state = State::empty(budgets);
            for sent in 0..count {
                let pair = sent % pairs;
                let from = Server(u8::try_from(pair / 3).unwrap());
                let to = (0..4).map(Server).filter(|&to| to != from).nth(pair % 3);
                state.put_flight(from, to.unwrap(), flight, 6);
            }
            state
        };
        for (pairs, room) in [(1, QUEUE), (PAIRS, ROOM)] {
            let full = fill(pairs, room);
            assert!(!full.has_flag(OVERFLOW));
            assert!(fill(pairs, room + 1).has_flag(OVERFLOW));
            let mut octets = Vec::new();
            full.write(&mut octets);
            assert_eq!(State::read(&mut octets.as_slice()), Some(full));
        }
        // More on the first link than it can hold: its number comes behind the caches and the latest versions.
        let mut octets = Vec::new();
        fill(1, QUEUE).write(&mut octets);
        let length = octets.get_mut(2 * KEYS * SERVERS).unwrap();
        assert_eq!(usize::from(*length), QUEUE);
        *length += 1;
        octets.splice(
            2 * KEYS * SERVERS + 1..2 * KEYS * SERVERS + 1,
            flight.0.to_le_bytes(),
        );
        assert_eq!(State::read(&mut octets.as_slice()), None);
    }

    #[test]
    fn flights_keep_what_they_are_given() {
        for key in 0..KEYS {
            for number in 1..=PURGE {
                let entry = Entry::new(number, number % 2 == 0, 15);
                let flight = Flight::new(key, entry, 3, key == 1);
                let kept = (
                    flight.key(),
                    flight.entry(),
                    flight.hops(),
                    flight.solicited(),
                );
                assert_eq!(kept, (key, entry, 3, key == 1));
                assert_eq!((entry.number(), entry.live()), (number, number % 2 == 0));
                assert_eq!(entry.version(), 15);
            }
        }
    }
}
