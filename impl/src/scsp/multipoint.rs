//! Point-to-multipoint VCs with this server at the root (RFC 2334, 2.1): one Hello for all leaves, one
//! Hello FSM for each.
//!
//! A leaf is an ordinary neighbour, with an index, an id and machines of its own, and it is up and down
//! like any other. Only its Hellos are not its own: while any leaf of the VC is up, one Hello goes out on
//! the VC every HelloInterval, with the ids of all leaves that were heard. Whatever else is meant for one
//! leaf is emitted as for any neighbour; whether it travels on this VC, where the other leaves ignore
//! it (RFC 2334, 2.2.3), or on one of its own is up to the driver. The other direction is no concern of the
//! root's: a packet is given to the speaker as that of the neighbour that is the root of its VC.

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{self, EncodeBody, Header};

use super::auth::{self, Seal, TimedKey};
use super::config::SpeakerConfig;
use super::event::NeighborIx;
use super::hello::HfsmState;
use super::neighbor::Timer;
use super::speaker::Speaker;

/// Index into [`SpeakerConfig::multipoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MultipointIx(pub u16);

/// A point-to-multipoint VC with this server at its root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Multipoint {
    /// The neighbours that are its leaves when they are up. A neighbour that is named by several VCs is a
    /// leaf of the first.
    pub leaves: Vec<NeighborIx>,
    /// Keys of packets to all leaves (register D09): the first valid one is used to send. Each leaf has the
    /// same SPI and key under this server's id. Empty: packets to all leaves are not authenticated, and do
    /// not leave at all while there are keys for a leaf.
    pub keys: Vec<TimedKey>,
}

/// The leaves of one VC that are to be listed, in the order in which they were first heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Heard(Vec<NeighborIx>);

impl Heard {
    /// Notes whether a leaf is to be listed from now on.
    fn note(&mut self, leaf: NeighborIx, listed: bool) {
        if !listed {
            self.0.retain(|other| *other != leaf);
        } else if !self.0.contains(&leaf) {
            self.0.push(leaf);
        }
    }
}

/// For each neighbour the VC that it is a leaf of.
pub(super) fn leaves(config: &SpeakerConfig) -> Vec<Option<MultipointIx>> {
    let mut leaf_of = vec![None; config.neighbors.len()];
    for (ix, vc) in (0u16..).zip(&config.multipoint) {
        for leaf in &vc.leaves {
            if let Some(free @ None) = leaf_of.get_mut(usize::from(leaf.0)) {
                *free = Some(MultipointIx(ix));
            }
        }
    }
    leaf_of
}

impl Speaker {
    /// The next packet to all leaves of a point-to-multipoint VC: when, which VC, and its octets without
    /// LLC/SNAP. Packets to single neighbours come from [`Self::poll_send`].
    pub fn poll_multipoint(&mut self) -> Option<(Time, MultipointIx, Vec<u8>)> {
        self.out.multipoint.pop_front()
    }

    /// The VC that a neighbour is a leaf of.
    pub(super) fn multipoint_of(&self, leaf: NeighborIx) -> Option<MultipointIx> {
        self.leaf_of.get(usize::from(leaf.0)).copied().flatten()
    }

    fn leaves_of(&self, vc: MultipointIx) -> impl Iterator<Item = NeighborIx> + '_ {
        (0u16..)
            .zip(&self.leaf_of)
            .filter(move |(_, of)| **of == Some(vc))
            .map(|(ix, _)| NeighborIx(ix))
    }

    /// Keeps the list of the heard leaves when something happened to one.
    pub(super) fn note_leaf(&mut self, leaf: NeighborIx) {
        let Some(vc) = self.multipoint_of(leaf) else {
            return;
        };
        let neighbor = self.core.neighbors.get(usize::from(leaf.0));
        let listed = neighbor.is_some_and(|n| n.hello.listed().is_some());
        if let Some(heard) = self.core.heard.get_mut(usize::from(vc.0)) {
            heard.note(leaf, listed);
        }
    }

    /// A leaf came up or went: Hellos start with the first and end with the last.
    pub(super) fn note_connectivity(&mut self, leaf: NeighborIx) {
        let Some(vc) = self.multipoint_of(leaf) else {
            return;
        };
        let timer = Timer::MultipointHello(vc);
        let up = self
            .leaves_of(vc)
            .any(|leaf| self.hfsm(leaf) != HfsmState::Down);
        match (up, self.core.timers.deadline(timer)) {
            // R2334-2.1-06
            (true, None) => self.send_multipoint_hello(vc),
            (false, Some(_)) => self.core.timers.cancel(timer),
            _ => {}
        }
    }

    /// One Hello for all leaves, and the timer of the next.
    // R2334-2.1-17, R2334-2.1-18, R2334-B.2.5-11, R2334-B.2.5-06
    pub(super) fn send_multipoint_hello(&mut self, vc: MultipointIx) {
        let interval = u64::from(self.config.hello_interval_s) * 1000;
        let deadline = Time(self.clock.0.saturating_add(interval));
        self.core.timers.set(Timer::MultipointHello(vc), deadline);
        let ids: Vec<ServerId> = self
            .core
            .heard
            .get(usize::from(vc.0))
            .into_iter()
            .flat_map(|heard| &heard.0)
            .filter_map(|leaf| self.core.neighbors.get(usize::from(leaf.0))?.hello.listed())
            .collect();
        let (receiver, additional) = match ids.split_first() {
            Some((first, others)) => (Some(*first), others),
            None => (None, ids.as_slice()),
        };
        let header = Header {
            protocol_id: self.config.protocol_id,
            server_group: self.config.server_group,
            sender: self.config.id,
            receiver,
        };
        let body = EncodeBody::Hello {
            hello_interval: self.config.hello_interval_s,
            dead_factor: self.config.dead_factor,
            family: 0,
            additional,
        };
        let key = match self.multipoint_seal(vc) {
            Seal::Open => None,
            Seal::Under(key) => Some(key),
            Seal::Withheld => {
                self.out.withheld(self.clock, &format!("{vc:?}"));
                return;
            }
        };
        let mut packet = Vec::new();
        scsp::encode(&header, &body, key, &mut packet);
        self.out.meters.sent += 1;
        self.out.multipoint.push_back((self.clock, vc, packet));
    }

    /// Register D09: a key for the whole VC, and silence where its leaves expect one that is not there.
    fn multipoint_seal(&self, vc: MultipointIx) -> Seal<'_> {
        let keys = self.config.multipoint.get(usize::from(vc.0));
        let keyed_leaf = self
            .leaves_of(vc)
            .filter_map(|leaf| self.neighbor_id(leaf))
            .any(|peer| auth::is_keyed(&self.config.keys, peer));
        match auth::seal(keys.into_iter().flat_map(|vc| &vc.keys), self.clock) {
            Seal::Open if keyed_leaf => Seal::Withheld,
            seal => seal,
        }
    }
}
