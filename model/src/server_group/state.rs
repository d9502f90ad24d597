//! The whole group in one small `Copy` value: fixed arrays, relative ages, sequence numbers as ranks.
//!
//! A sequence number is kept as its rank among the instances of the same key that exist anywhere in the group (in a
//! cache or on a link), from 1; 0 is "no entry". That loses nothing, because the protocol only ever compares two
//! numbers of one key and adds one to the largest: see [`State::compress`].

#![expect(
    clippy::indexing_slicing,
    reason = "all indexes are server, client, key and link numbers, which the newtypes here keep below the array sizes"
)]

mod portable;
mod ranks;
mod text;

use super::action::{Client, Server};
use super::observation::Record;
use super::packed::{CLIENTS, ClientState, Cmis, Entry, Flight, KEYS, Key, MAX_RANK, SERVERS};
use crate::queues::Queues;
use zerocopy::{Immutable, IntoBytes};

/// Directed links.
const LINKS: usize = SERVERS * (SERVERS - 1);
/// Records that one directed link can hold at most.
pub const QUEUE: usize = 12;
/// Records that all links together can hold; where that is too few, the property `links-suffice` fails.
const ROOM: usize = 28;
const _: () = assert!(ROOM <= crate::queues::MOST);
/// An originator that was silent for this many intervals is flushed (B01: 150 s in intervals of 60 s).
pub const HOLD: u8 = 3;
/// Intervals until a CMI that was given up is surely free again: 2 x 150 s after a moment inside an interval (E04).
/// In the last of them it depends on the moment within the interval, so no allocation that it would change happens there.
pub const CMI_HOLD: u8 = 6;

/// What is left of each budget, in the order of [`crate::scenario::Budgets`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct Left {
    pub(crate) registers: u8,
    pub(crate) changes: u8,
    pub(crate) deregisters: u8,
    pub(crate) moves: u8,
    pub(crate) client_crashes: u8,
    pub(crate) crashes: u8,
    pub(crate) cuts: u8,
    pub(crate) drains: u8,
    pub(crate) hangs: u8,
}

/// A link, all links together, or a rank had no room.
pub(crate) const OVERFLOW: u8 = 1;
/// A cached number went down.
pub(crate) const REGRESS: u8 = 2;
/// A CMI was refused for want of a free one.
pub(crate) const REFUSED: u8 = 4;
/// MARS_MIGRATE went out without cause, or did not go out.
pub(crate) const MIGRATE_WRONG: u8 = 8;
/// A change of the server map was told otherwise than it happened.
pub(crate) const TOLD_WRONG: u8 = 16;
/// MARS_SJOIN or MARS_SLEAVE went out without cause, or did not go out.
pub(crate) const SJOIN_WRONG: u8 = 32;

/// The state of the whole group. The widest fields come first: there is no gap between its octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, IntoBytes, Immutable)]
#[repr(C)]
pub struct State {
    queues: Queues<LINKS>,
    flights: [Flight; ROOM],
    cmis: [Cmis; SERVERS],
    views: [[Entry; KEYS]; SERVERS],
    /// Running servers (bits 0 to 2) and links that are up (bits 4 to 6); bit 3: the slow servers beat at the end of this
    /// interval; bit 7: the server that started again serves nobody yet.
    alive: u8,
    /// Drained servers (bits 0 to 2) and hung heartbeats (bits 4 to 6).
    drained: u8,
    flags: u8,
    ages: [u8; SERVERS],
    /// Leaves: two bits a server; bits 6 and 7: the server that started again + 1, 0: none.
    leaves: u8,
    dead_for: [u8; SERVERS],
    clients: [ClientState; CLIENTS],
    pub(crate) left: Left,
}

const fn pair(a: Server, b: Server) -> u8 {
    0x10 << (a.0 + b.0 - 1)
}

const fn directed(from: Server, to: Server) -> usize {
    let to_place = if to.0 > from.0 { to.0 - 1 } else { to.0 };
    (from.0 * 2 + to_place) as usize
}

fn server_numbers() -> impl Iterator<Item = Server> {
    (0u8..3).map(Server)
}

impl State {
    pub(crate) fn empty() -> Self {
        Self {
            views: [[Entry::NONE; KEYS]; SERVERS],
            queues: Queues::EMPTY,
            flights: [Flight::NONE; ROOM],
            alive: 0,
            drained: 0,
            flags: 0,
            ages: [0; SERVERS],
            leaves: 0,
            dead_for: [0; SERVERS],
            cmis: [Cmis::default(); SERVERS],
            clients: [ClientState::default(); CLIENTS],
            left: Left::default(),
        }
    }

    /// Whether a server runs.
    pub const fn is_alive(&self, server: Server) -> bool {
        self.alive & (1 << server.0) != 0
    }
    pub(crate) const fn start(&mut self, server: Server) {
        self.alive |= 1 << server.0;
    }
    /// A server stops: nothing of it stays but its records at others.
    pub(crate) fn stop(&mut self, server: Server) {
        self.alive &= !(1u8 << server.0);
        if self.is_waiting(server) {
            self.serve();
        }
        self.drained &= !(0x11u8 << server.0);
        self.views[usize::from(server.0)] = [Entry::NONE; KEYS];
        self.ages[usize::from(server.0)] = 0;
        self.leaves &= !(3 << (2 * server.0));
        self.cmis[usize::from(server.0)] = Cmis::default();
        for other in server_numbers().filter(|&other| other != server) {
            self.cut(server, other);
        }
    }

    /// The server that started again; the records of its earlier life are under the keys of the third server, which is
    /// not there.
    pub const fn former(&self) -> Option<Server> {
        match self.leaves >> 6 {
            0 => None,
            place => Some(Server(place - 1)),
        }
    }
    /// Whether a server started again and serves nobody yet (B12).
    pub const fn is_waiting(&self, server: Server) -> bool {
        self.alive & 0x80 != 0 && self.leaves >> 6 == server.0 + 1
    }
    pub(crate) const fn serve(&mut self) {
        self.alive &= 0x7f;
    }
    /// A server starts again. Its keys in this life are others than those before (C09), so what the others have of it
    /// goes to the place of the third server: there it is again with all that it may say of itself.
    pub(crate) fn restart(&mut self, server: Server) {
        let per_origin = KEYS / SERVERS;
        let (old, new) = (
            usize::from(server.0) * per_origin,
            (SERVERS - 1) * per_origin,
        );
        for view in &mut self.views {
            view.copy_within(old..old + per_origin, new);
            view[old..old + per_origin].fill(Entry::NONE);
        }
        self.leaves = self.leaves & 0x3f | (server.0 + 1) << 6;
        self.alive |= 1 << server.0 | 0x80;
        self.dead_for[usize::from(server.0)] = 0;
        self.set_entry(server, Key::redirect(server), Entry::new(1, true, 0));
    }
    /// Whose word the records of an originator of keys are.
    pub(crate) const fn oid(&self, origin: Server) -> Server {
        match self.former() {
            Some(server) if origin.0 as usize == SERVERS - 1 => server,
            _ => origin,
        }
    }
    /// The originators of the keys that are one server's word: itself, and its earlier life.
    pub(crate) fn lives(&self, server: Server) -> impl Iterator<Item = Server> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "three servers")]
        const LAST: Server = Server(SERVERS as u8 - 1);
        let lives = 1 + u8::from(self.former() == Some(server));
        (0..lives).map(move |life| if life == 0 { server } else { LAST })
    }
    /// Whether the slow servers beat at the end of this interval.
    pub(crate) const fn is_second(&self) -> bool {
        self.alive & 8 != 0
    }
    pub(crate) const fn turn(&mut self) {
        self.alive ^= 8;
    }

    /// Whether the VC between two servers is up.
    pub const fn is_linked(&self, a: Server, b: Server) -> bool {
        a.0 != b.0 && self.alive & pair(a, b) != 0
    }
    pub(crate) const fn link(&mut self, a: Server, b: Server) {
        self.alive |= pair(a, b);
    }
    pub(crate) fn cut(&mut self, a: Server, b: Server) {
        self.alive &= !pair(a, b);
        self.queues.clear(directed(a, b), &mut self.flights);
        self.queues.clear(directed(b, a), &mut self.flights);
    }
    /// The running servers that a server can reach over links that are up, itself among them, one bit each.
    pub(crate) fn reachable(&self, server: Server) -> u8 {
        let mut reached = 1u8 << server.0;
        for _ in 1..SERVERS {
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                if self.is_linked(Server(a), Server(b)) && reached & (1 << a | 1 << b) != 0 {
                    reached |= 1 << a | 1 << b;
                }
            }
        }
        reached & self.alive
    }

    pub(crate) const fn is_drained(&self, server: Server) -> bool {
        self.drained & (1 << server.0) != 0
    }
    pub(crate) const fn drain(&mut self, server: Server) {
        self.drained |= 1 << server.0;
    }
    pub(crate) const fn is_hung(&self, server: Server) -> bool {
        self.drained & (0x10 << server.0) != 0
    }
    pub(crate) const fn set_hung(&mut self, server: Server, hung: bool) {
        self.drained = self.drained & !(0x10 << server.0) | (hung as u8) << (4 + server.0);
    }
    pub(crate) const fn has_flag(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
    pub(crate) const fn set_flag(&mut self, flag: u8) {
        self.flags |= flag;
    }

    /// Intervals since `server` last accepted a newer Redirect Entry of `origin`; [`HOLD`]: flushed.
    pub(crate) const fn age(&self, server: Server, origin: Server) -> u8 {
        (self.ages[server.0 as usize] >> (2 * origin.0)) & 3
    }
    pub(crate) const fn set_age(&mut self, server: Server, origin: Server, age: u8) {
        let ages = &mut self.ages[server.0 as usize];
        *ages = *ages & !(3 << (2 * origin.0)) | (age & 3) << (2 * origin.0);
    }
    /// Whether some server has flushed another.
    pub(crate) fn has_flushed(&self) -> bool {
        const { assert!(HOLD == 3, "both bits of an age") };
        self.ages.iter().any(|ages| ages & ages >> 1 & 0x15 != 0)
    }
    /// Intervals since a server stopped, at most 7.
    pub(crate) const fn dead_for(&self, server: Server) -> u8 {
        self.dead_for[server.0 as usize]
    }
    pub(crate) const fn count_dead_interval(&mut self, server: Server) {
        let count = &mut self.dead_for[server.0 as usize];
        if *count < 7 {
            *count += 1;
        }
    }

    /// Whether a client is a leaf of a server's ClusterControlVC, or a multicast server of its ServerControlVC.
    pub const fn is_leaf(&self, server: Server, client: Client) -> bool {
        self.leaves & (1 << (2 * server.0 + client.0)) != 0
    }
    /// Whether one of these clients (one bit each) is a leaf of one of a server's control VCs.
    pub(crate) const fn has_leaves(&self, server: Server, of: u8) -> bool {
        (self.leaves >> (2 * server.0)) & 3 & of != 0
    }
    pub(crate) const fn set_leaf(&mut self, server: Server, client: Client, leaf: bool) {
        let place = 2 * server.0 + client.0;
        self.leaves = self.leaves & !(1 << place) | (leaf as u8) << place;
    }

    pub(crate) const fn cmis(&self, server: Server) -> Cmis {
        self.cmis[server.0 as usize]
    }
    pub(crate) const fn cmis_mut(&mut self, server: Server) -> &mut Cmis {
        &mut self.cmis[server.0 as usize]
    }
    pub(crate) const fn client(&self, client: Client) -> ClientState {
        self.clients[client.0 as usize]
    }
    pub(crate) const fn client_mut(&mut self, client: Client) -> &mut ClientState {
        &mut self.clients[client.0 as usize]
    }
    pub(crate) fn forget_redirects(&mut self) {
        for client in &mut self.clients {
            client.forget_redirects();
        }
    }

    pub(crate) const fn entry(&self, server: Server, key: Key) -> Entry {
        self.views[server.0 as usize][key.index()]
    }
    pub(crate) const fn set_entry(&mut self, server: Server, key: Key, entry: Entry) {
        self.views[server.0 as usize][key.index()] = entry;
    }

    /// Whether nothing is on its way between servers.
    pub const fn is_quiet(&self) -> bool {
        self.queues.is_empty()
    }
    fn on(&self, link: usize) -> &[Flight] {
        self.queues.on(link, &self.flights)
    }
    /// What is on its way from one server to another, oldest first.
    pub(crate) fn in_flight(&self, from: Server, to: Server) -> impl Iterator<Item = Flight> + '_ {
        self.on(directed(from, to)).iter().copied()
    }
    pub(crate) fn next_in_flight(&self, from: Server, to: Server) -> Option<Flight> {
        self.on(directed(from, to)).first().copied()
    }
    pub(crate) fn take_flight(&mut self, from: Server, to: Server) -> Option<Flight> {
        self.queues.take(directed(from, to), &mut self.flights)
    }
    /// Puts a record on its way; a record that does not fit is lost and raises [`OVERFLOW`].
    pub(crate) fn put_flight(&mut self, from: Server, to: Server, flight: Flight, capacity: u8) {
        let link = directed(from, to);
        let room = self.on(link).len() < usize::from(capacity).min(QUEUE);
        if !(room && self.queues.put(link, &mut self.flights, flight)) {
            self.set_flag(OVERFLOW);
        }
    }
    pub(crate) const fn next_rank(&mut self, rank: u8) -> u8 {
        if rank >= MAX_RANK {
            self.set_flag(OVERFLOW);
            return MAX_RANK;
        }
        rank + 1
    }

    /// The record that an entry stands for.
    pub(crate) const fn record(&self, key: Key, entry: Entry) -> Record {
        let origin = self.oid(key.origin());
        Record {
            origin,
            earlier: origin.0 != key.origin().0,
            kind: key.kind(),
            live: entry.live(),
            cmi: entry.slot(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_at_most_176_octets() {
        assert!(size_of::<State>() <= 176, "{}", size_of::<State>());
    }

    #[test]
    fn all_links_together_can_be_too_full() {
        let mut state = State::empty();
        let flight = Flight::new(Key::redirect(Server(1)), Entry::new(1, true, 0), 0, false);
        for sent in 0..=ROOM {
            // From each server to each other one.
            let from = Server(u8::try_from(sent % 3).unwrap());
            let to = Server((from.0 + 1 + u8::from(sent % 6 > 2)) % 3);
            assert!(!state.has_flag(OVERFLOW), "{sent}");
            state.put_flight(from, to, flight, 12);
        }
        assert!(state.has_flag(OVERFLOW));
        assert_eq!(state.queues.len(), ROOM);
    }

    #[test]
    fn a_flush_is_noticed_whoever_flushes_whom() {
        for (at, origin) in server_numbers().flat_map(|at| server_numbers().map(move |o| (at, o))) {
            for age in 0..=HOLD {
                let mut state = State::empty();
                state.set_age(at, origin, age);
                assert_eq!(state.has_flushed(), age == HOLD, "{at} {origin} {age}");
            }
        }
    }

    #[test]
    fn links_are_undirected_and_queues_are_not() {
        let mut state = State::empty();
        for server in server_numbers() {
            state.start(server);
        }
        state.link(Server(2), Server(1));
        assert!(state.is_linked(Server(1), Server(2)) && !state.is_linked(Server(0), Server(1)));
        assert_eq!(
            (state.reachable(Server(0)), state.reachable(Server(1))),
            (1, 6)
        );
        let flight = Flight::new(Key::redirect(Server(1)), Entry::new(1, true, 0), 0, false);
        state.put_flight(Server(1), Server(2), flight, 1);
        assert!(state.next_in_flight(Server(2), Server(1)).is_none() && !state.is_quiet());
        state.put_flight(Server(1), Server(2), flight, 1);
        assert!(state.has_flag(OVERFLOW));
        assert_eq!(state.take_flight(Server(1), Server(2)), Some(flight));
        assert!(state.is_quiet());
    }
}
