//! The parts of a state, packed into a few bits each.

use super::action::{Client, Range, Server};
use super::observation::RecordKind;
use super::server_list::ServerList;
use crate::explore::timely::Portable;
use zerocopy::{Immutable, IntoBytes};

/// The most servers a model can have.
pub const SERVERS: usize = 3;
/// The most clients a model can have.
pub const CLIENTS: usize = 2;
/// The most ranges a model can have.
pub const RANGES: usize = 3;
/// Cache keys of one originator: its Redirect Entry, a register key per client, a join key per client and range.
const KEYS_PER_ORIGIN: usize = 1 + CLIENTS + CLIENTS * RANGES;
/// All cache keys.
pub const KEYS: usize = SERVERS * KEYS_PER_ORIGIN;
/// The largest rank that fits.
pub(super) const MAX_RANK: u8 = 15;

/// A cache key under its originator, interned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key(u8);

#[expect(
    clippy::cast_possible_truncation,
    reason = "all constants here are below 32"
)]
impl Key {
    const PER_ORIGIN: u8 = KEYS_PER_ORIGIN as u8;
    const CLIENTS: u8 = CLIENTS as u8;
    const RANGES: u8 = RANGES as u8;

    /// The originators that a key can have, the third among them.
    pub(crate) fn origins() -> impl Iterator<Item = Server> {
        (0..SERVERS as u8).map(Server)
    }
    pub(crate) const fn redirect(origin: Server) -> Self {
        Self(origin.0 * Self::PER_ORIGIN)
    }
    pub(crate) const fn register(origin: Server, client: Client) -> Self {
        Self(origin.0 * Self::PER_ORIGIN + 1 + client.0)
    }
    pub(crate) const fn join(origin: Server, client: Client, range: Range) -> Self {
        Self(origin.0 * Self::PER_ORIGIN + 1 + Self::CLIENTS + client.0 * Self::RANGES + range.0)
    }
    /// The keys of one originator in canonical order: Redirect Entry, registers, joins by client and range.
    pub(crate) fn of(origin: Server) -> impl Iterator<Item = Self> {
        (origin.0 * Self::PER_ORIGIN..(origin.0 + 1) * Self::PER_ORIGIN).map(Self)
    }
    /// All keys in the order in which alignment takes records over: all Redirect Entries, then the rest by originator.
    pub(crate) fn canonical() -> impl Iterator<Item = Self> {
        let origins = || (0..SERVERS as u8).map(Server);
        origins()
            .map(Self::redirect)
            .chain(origins().flat_map(|origin| Self::of(origin).skip(1)))
    }
    pub(crate) const fn origin(self) -> Server {
        Server(self.0 / Self::PER_ORIGIN)
    }
    pub(crate) const fn kind(self) -> RecordKind {
        let local = self.0 % Self::PER_ORIGIN;
        if local == 0 {
            RecordKind::RedirectEntry
        } else if local <= Self::CLIENTS {
            RecordKind::Register {
                client: Client(local - 1),
            }
        } else {
            let join = local - 1 - Self::CLIENTS;
            RecordKind::Join {
                client: Client(join / Self::RANGES),
                range: Range(join % Self::RANGES),
            }
        }
    }
    pub(crate) const fn bit(self) -> u32 {
        1 << self.0
    }
    /// The key of the lowest bit of a set that is not empty.
    pub(super) fn lowest(keys: u32) -> Self {
        Self(keys.trailing_zeros().to_le_bytes()[0])
    }
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One cached instance: rank of its sequence number (4 bits, 0: none), live or withdrawn (1 bit), CMI place (3 bits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(crate) struct Entry(u8);

impl Entry {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn new(rank: u8, live: bool, slot: u8) -> Self {
        Self((rank & MAX_RANK) | ((live as u8) << 4) | (slot << 5))
    }
    pub(crate) const fn rank(self) -> u8 {
        self.0 & MAX_RANK
    }
    pub(crate) const fn live(self) -> bool {
        self.0 & 0x10 != 0
    }
    pub(crate) const fn slot(self) -> u8 {
        self.0 >> 5
    }
    /// Whether two instances of one key have the same number and are not the same.
    pub(super) const fn contradicts(self, other: Self) -> bool {
        let difference = self.0 ^ other.0;
        (difference & MAX_RANK == 0) & (difference != 0) & (self.rank() != 0)
    }
    pub(super) const fn with_rank(self, rank: u8) -> Self {
        Self((self.0 & !MAX_RANK) | rank)
    }
}

/// One record on its way: key (5 bits), entry (8), hops (2), solicited (1). 0 is a free place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(crate) struct Flight(u16);

impl Flight {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn new(key: Key, entry: Entry, hops: u8, solicited: bool) -> Self {
        let hops = u16::from(hops.min(3));
        Self(u16::from(key.0) | u16::from(entry.0) << 5 | hops << 13 | u16::from(solicited) << 15)
    }
    pub(crate) fn key(self) -> Key {
        Key(self.0.to_le_bytes()[0] & 0x1f)
    }
    pub(crate) fn entry(self) -> Entry {
        Entry((self.0 >> 5).to_le_bytes()[0])
    }
    pub(crate) fn hops(self) -> u8 {
        (self.0 >> 13).to_le_bytes()[0] & 3
    }
    pub(crate) const fn solicited(self) -> bool {
        self.0 & 0x8000 != 0
    }
    pub(super) const fn with_rank(self, rank: u8) -> Self {
        Self(self.0 & !((MAX_RANK as u16) << 5) | (rank as u16) << 5)
    }
}

/// One client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct ClientState {
    /// Home server + 1, 0: registered nowhere; bits 2 and 3: redirects followed since the last fault, at most 3;
    /// bit 7: stopped.
    home: u8,
    /// Ranges that the client believes to be joined (low nibble), ranges it has to join again (high nibble).
    ranges: u8,
    /// The redirect map last seen: three servers + 1 in two bits each, 0: end; bit 6: hard.
    map: u8,
}

const STOPPED: u8 = 0x80;

impl ClientState {
    pub(crate) const fn is_alive(self) -> bool {
        self.home & STOPPED == 0
    }
    pub(crate) const fn home(self) -> Option<Server> {
        match self.home & 0x3 {
            0 => None,
            place => Some(Server(place - 1)),
        }
    }
    /// The client's home is another one now; the map of the old home no longer counts (F11).
    pub(crate) const fn set_home(&mut self, home: Option<Server>) {
        let place = match home {
            None => 0,
            Some(server) => server.0 + 1,
        };
        self.home = self.home & !0x3 | place;
        self.map = 0;
    }
    pub(crate) const fn stop(&mut self) {
        *self = Self {
            home: STOPPED,
            ranges: 0,
            map: 0,
        };
    }
    pub(crate) const fn joined(self) -> u8 {
        self.ranges & 0xf
    }
    pub(crate) const fn wants(self) -> u8 {
        self.ranges >> 4
    }
    pub(crate) const fn has_joined(self, range: Range) -> bool {
        self.joined() & (1 << range.0) != 0
    }
    pub(crate) const fn has_to_rejoin(self, range: Range) -> bool {
        self.wants() & (1 << range.0) != 0
    }
    pub(crate) const fn join(&mut self, range: Range) {
        self.ranges = (self.ranges | (1 << range.0)) & !(0x10 << range.0);
    }
    pub(crate) const fn leave(&mut self, range: Range) {
        self.ranges &= !(1 << range.0);
    }
    pub(crate) const fn forget_ranges(&mut self) {
        self.ranges = 0;
    }
    /// Everything has to be joined again.
    pub(crate) const fn must_rejoin(&mut self) {
        self.ranges = (self.ranges | (self.ranges << 4)) & 0xf0;
    }
    pub(crate) fn remember_map(&mut self, order: &ServerList, hard: bool) {
        let packed = order.iter().enumerate().fold(0, |packed, (place, server)| {
            packed | (server.0 + 1) << (2 * place)
        });
        self.map = packed | u8::from(hard) << 6;
    }
    pub(crate) fn map(self) -> ServerList {
        let mut list = ServerList::EMPTY;
        for place in 0..3 {
            let server = (self.map >> (2 * place)) & 3;
            if server > 0 {
                list.push(Server(server - 1));
            }
        }
        list
    }
    pub(crate) const fn map_is_hard(self) -> bool {
        self.map & 0x40 != 0
    }
    pub(crate) const fn redirects(self) -> u8 {
        (self.home >> 2) & 3
    }
    pub(crate) const fn count_redirect(&mut self) {
        if self.redirects() < 3 {
            self.home += 4;
        }
    }
    pub(crate) const fn forget_redirects(&mut self) {
        self.home &= !0xc;
    }
}

/// The CMIs of one server: next place to try (4 bits), then 3 bits of hold time for each of four places.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(crate) struct Cmis(u16);

impl Cmis {
    pub(crate) const fn next(self) -> u8 {
        (self.0 & 0xf) as u8
    }
    pub(crate) fn set_next(&mut self, next: u8) {
        self.0 = (self.0 & !0xf) | u16::from(next & 0xf);
    }
    /// Intervals for which place `slot` (from 1) is still held.
    pub(crate) const fn hold(self, slot: u8) -> u8 {
        ((self.0 >> (1 + 3 * slot as u16)) & 7) as u8
    }
    pub(crate) fn set_hold(&mut self, slot: u8, intervals: u8) {
        let shift = 1 + 3 * u16::from(slot);
        self.0 = (self.0 & !(7 << shift)) | u16::from(intervals & 7) << shift;
    }
    pub(crate) fn pass_interval(&mut self) {
        for slot in 1..=4 {
            self.set_hold(slot, self.hold(slot).saturating_sub(1));
        }
    }
}

macro_rules! portable {
    ($($packed:ty),*) => {$(
        impl Portable for $packed {
            fn write(&self, octets: &mut Vec<u8>) {
                self.0.write(octets);
            }
            fn read(octets: &mut &[u8]) -> Option<Self> {
                Portable::read(octets).map(Self)
            }
        }
    )*};
}
portable!(Entry, Cmis);

impl Portable for Flight {
    fn write(&self, octets: &mut Vec<u8>) {
        self.0.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let flight = Self(Portable::read(octets)?);
        (flight.key().index() < KEYS).then_some(flight)
    }
}

impl Portable for ClientState {
    fn write(&self, octets: &mut Vec<u8>) {
        [self.home, self.ranges, self.map].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [home, ranges, map] = Portable::read(octets)?;
        Some(Self { home, ranges, map })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_interned_one_to_one() {
        let mut seen = 0u32;
        for key in Key::canonical() {
            assert_eq!(seen & key.bit(), 0);
            seen |= key.bit();
            let again = match key.kind() {
                RecordKind::RedirectEntry => Key::redirect(key.origin()),
                RecordKind::Register { client } => Key::register(key.origin(), client),
                RecordKind::Join { client, range } => Key::join(key.origin(), client, range),
            };
            assert_eq!(again, key);
        }
        assert_eq!(seen.count_ones(), 27);
    }

    #[test]
    fn flights_keep_what_they_are_given() {
        for key in Key::canonical() {
            let entry = Entry::new(9, true, 4);
            let flight = Flight::new(key, entry, 2, true);
            assert_eq!(
                (
                    flight.key(),
                    flight.entry(),
                    flight.hops(),
                    flight.solicited()
                ),
                (key, entry, 2, true)
            );
            assert_eq!(
                Flight::new(key, entry, 0, false).with_rank(1).entry(),
                Entry::new(1, true, 4)
            );
        }
    }

    #[test]
    fn cmi_places_are_held_apart_from_each_other() {
        let mut cmis = Cmis::default();
        cmis.set_next(3);
        cmis.set_hold(1, 6);
        cmis.set_hold(4, 1);
        assert_eq!(
            (cmis.next(), cmis.hold(1), cmis.hold(2), cmis.hold(4)),
            (3, 6, 0, 1)
        );
        cmis.pass_interval();
        assert_eq!(
            (cmis.next(), cmis.hold(1), cmis.hold(2), cmis.hold(4)),
            (3, 5, 0, 0)
        );
    }
}
