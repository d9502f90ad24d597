//! The state: the server's tables, the multicast servers' leaves, both clients, what is on its way.

use super::message::{Flight, Queue};
use super::scenario::Budgets;
use crate::explore::timely::Portable;
use crate::family::Spare;
use zerocopy::{Immutable, IntoBytes};

/// Clients.
pub const CLIENTS: usize = 2;
/// The most group addresses.
pub const GROUPS: u8 = 4;
/// The most messages on ClusterControlVC that have not arrived at a leaf.
pub const QUEUE: usize = 3;
/// The most private messages on their way to a client.
const PRIVATE: usize = 3;
/// A number that a client does not know.
pub(super) const UNKNOWN: u8 = 15;

/// What went out on ClusterControlVC for a join or leave was not the range without the client's own single groups and
/// without those that have a server.
pub(super) const PUNCHED_WRONG: u8 = 1;
/// A number on ClusterControlVC was not the one after the last.
pub(super) const CSN_SKIPPED: u8 = 2;
/// A number on ServerControlVC was not the one after the last.
pub(super) const SSN_SKIPPED: u8 = 4;
/// A join or leave went out on ServerControlVC that no server needs, or one that is needed did not, or it was wrong.
pub(super) const SJOIN_WRONG: u8 = 8;
/// `MARS_MIGRATE` went out where no server map came into being, or did not where one did.
pub(super) const MIGRATE_WRONG: u8 = 16;
/// A registered member got another CMI.
pub(super) const CMI_CHANGED: u8 = 32;
/// There was no room for a message or an age.
pub(super) const OVERFLOW: u8 = 64;
/// A client got no valid copy of its message, or two.
pub(super) const COPY_WRONG: u8 = 128;

/// How far a client is with its registration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, IntoBytes, Immutable)]
#[repr(u8)]
pub enum Phase {
    /// It is no member and does not want to be.
    Off,
    /// It was, or takes itself for one no more, and has to register.
    Lost,
    /// It has sent its registration.
    Asked,
    /// It knows its CMI.
    Member,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Off, Self::Lost, Self::Asked, Self::Member];
}

/// One client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct Client {
    /// Ranges that its upper layer wants.
    pub(super) wanted: u8,
    /// Ranges of which it has had the copy of its join since it registered.
    pub(super) confirmed: u8,
    /// What it has sent without a copy: 0 nothing, else bit 7, bit 6 for a leave, and the range.
    pub(super) pending: u8,
    /// The CMI that it knows.
    pub(super) cmi: u8,
    pub(super) phase: Phase,
    /// Seen from outside: a message on ClusterControlVC was lost, and none has arrived since.
    pub(super) behind: bool,
    /// Groups whose VC has its flag set, and in the high nibble groups for which a request is out.
    pub(super) flagged: u8,
    /// Groups for which a change or gap was seen while a request was out.
    pub(super) overtaken: u8,
    /// How far its HSN is behind the server's number, and in the high nibble the last number on ClusterControlVC.
    pub(super) numbers: u8,
    pub(super) spare: Spare,
    /// The leaves of its VC to each group, a nibble each: 0, there is none.
    pub(super) vcs: u16,
    pub(super) cluster: Queue<QUEUE>,
    pub(super) private: Queue<PRIVATE>,
}

impl Client {
    pub(super) const NEW: Self = Self {
        wanted: 0,
        confirmed: 0,
        pending: 0,
        cmi: 0,
        phase: Phase::Off,
        behind: false,
        flagged: 0,
        overtaken: 0,
        numbers: UNKNOWN | UNKNOWN << 4,
        spare: Spare::Zero,
        vcs: 0,
        cluster: Queue::EMPTY,
        private: Queue::EMPTY,
    };

    /// The leaves of its VC to a group, 0: there is none.
    pub const fn vc(&self, group: u8) -> u8 {
        (self.vcs >> (4 * group) & 15) as u8
    }
    /// Sets the leaves; without leaves the VC is closed, and its flag is gone.
    pub(super) fn set_vc(&mut self, group: u8, leaves: u8) {
        self.vcs = self.vcs & !(15 << (4 * group)) | u16::from(leaves & 15) << (4 * group);
        if leaves == 0 {
            self.flagged &= !(1 << group);
        }
    }
    /// The groups with a VC.
    pub(super) fn open(&self) -> u8 {
        (0..GROUPS)
            .filter(|&group| self.vc(group) != 0)
            .fold(0, |set, group| set | 1 << group)
    }
    /// The groups for which a request is out.
    pub(super) const fn asked(&self) -> u8 {
        self.flagged >> 4
    }
    /// The groups whose VC has its flag set.
    pub(super) const fn stale(&self) -> u8 {
        self.flagged & 15
    }
    pub(super) const fn hsn(&self) -> u8 {
        self.numbers & 15
    }
    pub(super) const fn set_hsn(&mut self, age: u8) {
        self.numbers = self.numbers & 0xf0 | age;
    }
    pub(super) const fn last(&self) -> u8 {
        self.numbers >> 4
    }
    pub(super) const fn set_last(&mut self, age: u8) {
        self.numbers = self.numbers & 15 | age << 4;
    }
    /// What it waits for a copy of: whether a leave, and the range.
    pub(super) const fn waits_for(&self) -> Option<(bool, u8)> {
        if self.pending & 0x80 == 0 {
            return None;
        }
        Some((self.pending & 0x40 != 0, self.pending & 7))
    }
    pub(super) const fn wait_for(&mut self, leave: bool, range: u8) {
        self.pending = 0x80 | (leave as u8) << 6 | range & 7;
    }
    /// Makes its numbers and its messages older; false: there is no room.
    pub(super) fn age(&mut self, private: bool) -> bool {
        let mut room = self.cluster.age();
        if private {
            room &= self.private.age();
        }
        for (number, place) in [(self.hsn(), 0u8), (self.last(), 4)] {
            if number != UNKNOWN {
                room &= number < UNKNOWN - 1;
                self.numbers += 1 << place;
            }
        }
        room
    }
}

/// All of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(C)]
pub struct State {
    pub(super) clients: [Client; CLIENTS],
    /// Ranges that each client has joined, at the server.
    pub(super) joined: [u8; CLIENTS],
    /// Leaves of ClusterControlVC, one bit each, and in the high nibble registered multicast servers.
    pub(super) leaves: u8,
    /// The CMI of each client at the server, a nibble each; 0: it is not registered.
    pub(super) cmis: u8,
    /// Groups that each multicast server serves, a nibble each.
    pub(super) served: u8,
    /// The members that each multicast server forwards to, two bits for each group.
    pub(super) forwards: [u8; 2],
    /// How far the CSN is beyond the last number on ClusterControlVC, and in the high nibble the SSN.
    pub(super) since: u8,
    /// Groups from which each client was purged without a word to others, a nibble each (E19).
    pub(super) strays: u8,
    pub(super) flags: u8,
    pub(super) left: Budgets,
    pub(super) spare: Spare,
}

#[expect(
    clippy::indexing_slicing,
    reason = "clients are 0 and 1, and so are multicast servers"
)]
impl State {
    /// A client.
    pub const fn client(&self, at: u8) -> &Client {
        &self.clients[at as usize & 1]
    }
    pub(super) const fn client_mut(&mut self, at: u8) -> &mut Client {
        &mut self.clients[at as usize & 1]
    }
    /// The ranges that a client has joined, at the server.
    pub const fn joined(&self, at: u8) -> u8 {
        self.joined[at as usize & 1]
    }
    pub(super) const fn joined_mut(&mut self, at: u8) -> &mut u8 {
        &mut self.joined[at as usize & 1]
    }
    /// The CMI of a client at the server; 0: it is not registered.
    pub const fn cmi(&self, at: u8) -> u8 {
        self.cmis >> (4 * at) & 15
    }
    pub(super) const fn set_cmi(&mut self, at: u8, cmi: u8) {
        self.cmis = self.cmis & !(15 << (4 * at)) | cmi << (4 * at);
    }
    /// Whether a client is a leaf of ClusterControlVC.
    pub const fn is_leaf(&self, at: u8) -> bool {
        self.leaves & 1 << at != 0
    }
    pub(super) const fn set_leaf(&mut self, at: u8, leaf: bool) {
        self.leaves = self.leaves & !(1 << at) | (leaf as u8) << at;
    }
    /// Whether a multicast server is registered.
    pub const fn is_server(&self, mcs: u8) -> bool {
        self.leaves & 0x10 << mcs != 0
    }
    pub(super) const fn set_server(&mut self, mcs: u8, registered: bool) {
        self.leaves = self.leaves & !(0x10 << mcs) | (registered as u8) << (4 + mcs);
    }
    /// The groups that a multicast server serves.
    pub const fn serves(&self, mcs: u8) -> u8 {
        self.served >> (4 * mcs) & 15
    }
    pub(super) const fn set_serves(&mut self, mcs: u8, groups: u8) {
        self.served = self.served & !(15 << (4 * mcs)) | (groups & 15) << (4 * mcs);
    }
    /// The groups with a server map.
    pub const fn supported(&self) -> u8 {
        (self.served | self.served >> 4) & 15
    }
    /// The server map of a group, as leaves.
    pub const fn servers(&self, group: u8) -> u8 {
        let (first, second) = (self.serves(0) >> group & 1, self.serves(1) >> group & 1);
        first << 2 | second << 3
    }
    /// The members that a multicast server forwards to, as leaves.
    pub const fn forwards(&self, mcs: u8, group: u8) -> u8 {
        self.forwards[mcs as usize & 1] >> (2 * group) & 3
    }
    pub(super) const fn set_forwards(&mut self, mcs: u8, group: u8, members: u8) {
        let place = &mut self.forwards[mcs as usize & 1];
        *place = *place & !(3 << (2 * group)) | (members & 3) << (2 * group);
    }
    /// Groups from which a client was purged without a word.
    pub(super) const fn strays(&self, at: u8) -> u8 {
        self.strays >> (4 * at) & 15
    }
    pub(super) const fn set_strays(&mut self, at: u8, groups: u8) {
        self.strays = self.strays & !(15 << (4 * at)) | (groups & 15) << (4 * at);
    }
    pub(super) const fn has_flag(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
    /// Whether every leaf has room for another message.
    pub(super) fn has_room(&self, most: u8) -> bool {
        let most = usize::from(most).min(QUEUE);
        self.clients
            .iter()
            .all(|client| client.cluster.len() < most)
    }
    /// What is on its way to a client on ClusterControlVC.
    pub(super) fn cluster(&self, at: u8) -> impl Iterator<Item = Flight> + '_ {
        self.client(at).cluster.flights()
    }
}

impl Portable for Client {
    fn write(&self, octets: &mut Vec<u8>) {
        let phase = self.phase as u8;
        [
            self.wanted,
            self.confirmed,
            self.pending,
            self.cmi,
            phase,
            u8::from(self.behind),
            self.flagged,
            self.overtaken,
            self.numbers,
        ]
        .write(octets);
        self.vcs.write(octets);
        self.cluster.write(octets);
        self.private.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [
            wanted,
            confirmed,
            pending,
            cmi,
            phase,
            behind,
            flagged,
            overtaken,
            numbers,
        ] = Portable::read(octets)?;
        Some(Self {
            wanted,
            confirmed,
            pending,
            cmi,
            phase: *Phase::ALL.get(usize::from(phase))?,
            behind: behind != 0,
            flagged,
            overtaken,
            numbers,
            spare: Spare::Zero,
            vcs: Portable::read(octets)?,
            cluster: Portable::read(octets)?,
            private: Portable::read(octets)?,
        })
    }
}

impl Portable for State {
    fn write(&self, octets: &mut Vec<u8>) {
        self.clients.write(octets);
        self.joined.write(octets);
        self.forwards.write(octets);
        [
            self.leaves,
            self.cmis,
            self.served,
            self.since,
            self.strays,
            self.flags,
        ]
        .write(octets);
        self.left.write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let clients = Portable::read(octets)?;
        let joined = Portable::read(octets)?;
        let forwards = Portable::read(octets)?;
        let [leaves, cmis, served, since, strays, flags] = Portable::read(octets)?;
        Some(Self {
            clients,
            joined,
            leaves,
            cmis,
            served,
            forwards,
            since,
            strays,
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
    fn state_is_small() {
        assert!(size_of::<State>() <= 72, "{}", size_of::<State>());
    }

    #[test]
    fn fields_of_a_few_bits_do_not_touch_each_other() {
        let mut client = Client::NEW;
        for group in 0..GROUPS {
            client.set_vc(group, 5 + group);
        }
        assert!((0..GROUPS).all(|group| client.vc(group) == 5 + group));
        client.set_vc(1, 0);
        assert_eq!(client.open(), 0b1101);
        client.set_hsn(3);
        client.set_last(1);
        assert!(client.age(true) && client.hsn() == 4 && client.last() == 2);
        client.set_hsn(UNKNOWN - 1);
        assert!(!client.age(true));
        client.wait_for(true, 5);
        assert_eq!(client.waits_for(), Some((true, 5)));
    }
}
