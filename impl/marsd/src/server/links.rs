//! The VCs of a server: point-to-point ones, leaves of control VCs, and calls to neighbours.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use distributed_mars::address::{Endpoint, Protocol};
use distributed_mars::io::{ControlVc, Input, Target, VcId};
use tokio::time::Instant;
use tracing::{info, warn};

use super::Counts;
use crate::atm;
use crate::fabric::Fabric;
use crate::frame::{Cause, Purpose};
use crate::queue::{Outgoing, Refused};
use crate::record::group_name;
use crate::vc::End;

/// Pauses between calls to a neighbour.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug)]
enum Kind {
    Point {
        /// The core knows of it.
        up: bool,
        /// When an SDU came last.
        used: Instant,
    },
    Leaf {
        group: ControlVc,
    },
}

#[derive(Debug)]
struct Link {
    peer: Endpoint,
    kind: Kind,
    outgoing: Outgoing,
}

/// When to call a neighbour next.
#[derive(Clone, Copy, Debug)]
struct Dial {
    /// `None` while a call is under way or up.
    at: Option<Instant>,
    pause: Duration,
}

/// SDUs that were not sent.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// They did not fit into a queue.
    pub(super) overflows: u64,
    /// Their VC was gone.
    pub(super) unsent: u64,
}

impl Dropped {
    const fn count(&mut self, sent: Result<(), Refused>) {
        match sent {
            Ok(()) => {}
            Err(Refused::Full) => self.overflows += 1,
            Err(Refused::Gone) => self.unsent += 1,
        }
    }
}

#[derive(Debug)]
pub(super) struct Links {
    fabric: Arc<Fabric>,
    protocols: Vec<Protocol>,
    neighbors: Vec<Endpoint>,
    links: BTreeMap<VcId, Link>,
    leaves: BTreeMap<(ControlVc, Endpoint), VcId>,
    dials: BTreeMap<Endpoint, Dial>,
    next_sweep: Instant,
    pub(super) dropped: Dropped,
    /// VCs that ended, by how.
    pub(super) ends: Counts,
}

const SWEEP: Duration = Duration::from_secs(10);

impl Links {
    pub(super) fn new(
        fabric: Arc<Fabric>,
        neighbors: Vec<Endpoint>,
        protocols: Vec<Protocol>,
    ) -> Self {
        let now = Instant::now();
        // Of two neighbours the one with the lower address calls (FRAMING.md).
        let dials = neighbors
            .iter()
            .filter(|neighbor| fabric.own() < **neighbor)
            .map(|neighbor| {
                let dial = Dial {
                    at: Some(now),
                    pause: FIRST_PAUSE,
                };
                (*neighbor, dial)
            })
            .collect();
        Self {
            fabric,
            protocols,
            neighbors,
            links: BTreeMap::new(),
            leaves: BTreeMap::new(),
            dials,
            next_sweep: now + SWEEP,
            dropped: Dropped::default(),
            ends: Counts::new(),
        }
    }

    pub(super) fn leaves(&self) -> usize {
        self.leaves.len()
    }

    pub(super) fn points(&self) -> usize {
        self.links.len() - self.leaves.len()
    }

    /// SDUs and octets that wait on all VCs.
    pub(super) fn waiting(&self) -> (usize, usize) {
        self.links.values().fold((0, 0), |(frames, octets), link| {
            let (more, longer) = link.outgoing.waiting();
            (frames + more, octets + longer)
        })
    }

    pub(super) fn neighbors_up(&self) -> usize {
        self.links
            .values()
            .filter(|link| self.is_neighbor(link.peer))
            .filter(|link| matches!(link.kind, Kind::Point { up: true, .. }))
            .count()
    }

    fn is_neighbor(&self, peer: Endpoint) -> bool {
        self.neighbors.contains(&peer)
    }

    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.dials
            .values()
            .filter_map(|dial| dial.at)
            .chain([self.next_sweep])
            .min()
    }

    /// Calls and releases that are due; the VCs that the core has to be told are gone.
    pub(super) fn work(&mut self) -> Vec<VcId> {
        let now = Instant::now();
        let due: Vec<Endpoint> = self
            .dials
            .iter()
            .filter(|(_, dial)| dial.at.is_some_and(|at| at <= now))
            .map(|(peer, _)| *peer)
            .collect();
        for peer in due {
            if let Some(dial) = self.dials.get_mut(&peer) {
                dial.at = None;
            }
            self.call(peer);
        }
        if now < self.next_sweep {
            return Vec::new();
        }
        self.next_sweep = now + SWEEP;
        let idle = Duration::from_millis(self.fabric.limits().idle_ms);
        let quiet: Vec<VcId> = self
            .links
            .iter()
            .filter(|(_, link)| !self.is_neighbor(link.peer))
            .filter(|(_, link)| match link.kind {
                Kind::Point { up, used } => up && now - used > idle,
                Kind::Leaf { .. } => false,
            })
            .map(|(vc, _)| *vc)
            .collect();
        for vc in &quiet {
            self.hang_up(*vc);
        }
        quiet
    }

    /// Sets up a point-to-point VC.
    pub(super) fn call(&mut self, peer: Endpoint) {
        let (vc, outgoing) = self.fabric.call(peer, Purpose::Point, String::new());
        self.put(vc, peer, false, outgoing);
    }

    fn put(&mut self, vc: VcId, peer: Endpoint, up: bool, outgoing: Outgoing) {
        let kind = Kind::Point {
            up,
            used: Instant::now(),
        };
        let link = Link {
            peer,
            kind,
            outgoing,
        };
        self.links.insert(vc, link);
    }

    /// Another station has called; which VCs of a neighbour that takes the place of.
    pub(super) fn called(&mut self, vc: VcId, peer: Endpoint, outgoing: Outgoing) -> Vec<VcId> {
        let mut old = Vec::new();
        if self.is_neighbor(peer) {
            info!(peer = atm::text(peer), "neighbor calls");
            old = self.points_to(peer);
            for vc in &old {
                self.hang_up(*vc);
            }
        }
        self.put(vc, peer, true, outgoing);
        old
    }

    /// Point-to-point VCs that the core knows of.
    fn points_to(&self, peer: Endpoint) -> Vec<VcId> {
        self.links
            .iter()
            .filter(|(_, link)| link.peer == peer)
            .filter(|(_, link)| matches!(link.kind, Kind::Point { up: true, .. }))
            .map(|(vc, _)| *vc)
            .collect()
    }

    /// A call has got through; to whom, where the core has to know.
    pub(super) fn connected(&mut self, vc: VcId) -> Option<Endpoint> {
        let link = self.links.get_mut(&vc)?;
        let Kind::Point { up, .. } = &mut link.kind else {
            return None;
        };
        *up = true;
        if let Some(dial) = self.dials.get_mut(&link.peer) {
            info!(peer = atm::text(link.peer), "neighbor answers");
            dial.pause = FIRST_PAUSE;
        }
        Some(link.peer)
    }

    /// An SDU came; false if nobody is interested any more.
    pub(super) fn heard(&mut self, vc: VcId) -> bool {
        match self.links.get_mut(&vc).map(|link| &mut link.kind) {
            Some(Kind::Point { used, .. }) => {
                *used = Instant::now();
                true
            }
            _ => false,
        }
    }

    /// A VC is gone; what the core has to be told.
    pub(super) fn down(&mut self, vc: VcId, end: &End) -> Option<Input> {
        *self.ends.entry(end.code()).or_default() += 1;
        let link = self.links.remove(&vc)?;
        match link.kind {
            Kind::Point { up, .. } => {
                self.redial(link.peer, end);
                up.then_some(Input::VcDown { vc })
            }
            Kind::Leaf { group } => {
                info!(peer = atm::text(link.peer), %end, "leaf gone");
                self.leaves.remove(&(group, link.peer));
                Some(Input::LeafGone {
                    group,
                    peer: link.peer,
                })
            }
        }
    }

    fn redial(&mut self, peer: Endpoint, end: &End) {
        if !self.points_to(peer).is_empty() {
            return;
        }
        let Some(dial) = self.dials.get_mut(&peer) else {
            return;
        };
        if dial.pause == FIRST_PAUSE {
            warn!(peer = atm::text(peer), %end, "neighbor is gone or not there");
        }
        dial.at = Some(Instant::now() + dial.pause);
        dial.pause = (dial.pause * 2).min(LONGEST_PAUSE);
    }

    pub(super) fn add_leaf(&mut self, group: ControlVc, peer: Endpoint) {
        let label = group_name(group, &self.protocols);
        let (vc, outgoing) = self.fabric.call(peer, Purpose::Leaf, label);
        let kind = Kind::Leaf { group };
        let link = Link {
            peer,
            kind,
            outgoing,
        };
        self.links.insert(vc, link);
        if let Some(old) = self.leaves.insert((group, peer), vc) {
            self.links.remove(&old);
        }
    }

    pub(super) fn drop_leaf(&mut self, group: ControlVc, peer: Endpoint) {
        if let Some(vc) = self.leaves.remove(&(group, peer)) {
            self.hang_up(vc);
        }
    }

    /// What waits is sent, then the VC ends.
    pub(super) fn hang_up(&mut self, vc: VcId) {
        if let Some(link) = self.links.remove(&vc) {
            link.outgoing.release(Cause::NORMAL);
        }
    }

    pub(super) fn send(&mut self, target: Target, octets: Bytes) {
        match target {
            Target::Vc(vc) => {
                let link = self.links.get(&vc).ok_or(Refused::Gone);
                let sent = link.and_then(|link| link.outgoing.send(octets));
                self.dropped.count(sent);
            }
            Target::Group(group) => {
                for ((of, _), vc) in &self.leaves {
                    if *of == group
                        && let Some(link) = self.links.get(vc)
                    {
                        self.dropped.count(link.outgoing.send(octets.clone()));
                    }
                }
            }
        }
    }

    /// Lets go of all but the neighbours for good: what the core has to be told of VCs, and of leaves.
    pub(super) fn drop_clients(&mut self) -> (Vec<Input>, Vec<Input>) {
        self.fabric.only(self.neighbors.clone());
        let leaves = std::mem::take(&mut self.leaves);
        let leaves = leaves.into_iter().map(|((group, peer), vc)| {
            self.hang_up(vc);
            Input::LeafGone { group, peer }
        });
        let leaves: Vec<Input> = leaves.collect();
        let points: Vec<VcId> = self
            .links
            .iter()
            .filter(|(_, link)| !self.is_neighbor(link.peer))
            .map(|(vc, _)| *vc)
            .collect();
        let points = points.into_iter().map(|vc| {
            self.hang_up(vc);
            Input::VcDown { vc }
        });
        (points.collect(), leaves)
    }

    /// The end of all.
    pub(super) fn release_all(&mut self) {
        self.dials.clear();
        self.leaves.clear();
        for (_, link) in std::mem::take(&mut self.links) {
            link.outgoing.release(Cause::NORMAL);
        }
    }
}
