//! The point-to-point VCs to MARSs (RFC 2022, 5).

use super::core::{Core, Timer};
use super::io::{OutputAction, Problem, VcKind};
use super::registration::Phase;
use crate::address::Endpoint;
use crate::io::VcId;
use crate::wire::llc_snap::MARS_HEADER;
use crate::wire::mars::{Body, Message};

/// Messages kept while a VC comes up; one that is kept already is not kept again.
const OUTBOX: usize = 256;

/// The VC to one MARS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) vc: Option<VcId>,
    calling: bool,
    outbox: Vec<Waiting>,
}

/// A message that waits for the VC, and what repeats it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    octets: Vec<u8>,
    timer: Timer,
    every_ms: u64,
}

impl Core {
    /// Sends a message of this endpoint, over a VC that is set up if need be. The timer that leads to
    /// its repeat is armed, and once more when the message leaves after a wait for the VC.
    // R2022-4.2-01 R2022-5.1.2-03
    pub(super) fn send_control(
        &mut self,
        mars: Endpoint,
        body: Body<'_>,
        (timer, every_ms): (Timer, u64),
    ) {
        self.arm(timer, every_ms);
        let mut octets = MARS_HEADER.to_vec();
        Message::new(self.config.protocol, self.config.address, body).encode(&mut octets);
        let link = self.links.entry(mars).or_default();
        if let Some(vc) = link.vc {
            self.send_on(mars, vc, octets);
            return;
        }
        if link.outbox.len() < OUTBOX && link.outbox.iter().all(|other| other.octets != octets) {
            link.outbox.push(Waiting {
                octets,
                timer,
                every_ms,
            });
        }
        if !link.calling {
            link.calling = true;
            self.emit(OutputAction::Call { peer: mars });
        }
    }

    fn send_on(&mut self, mars: Endpoint, vc: VcId, octets: Vec<u8>) {
        self.meters.control_out += 1;
        self.emit(OutputAction::Send { vc, octets });
        self.link_used(mars);
    }

    /// The idle time starts again.
    // R2022-5-02
    pub(super) fn link_used(&mut self, mars: Endpoint) {
        if self.links.get(&mars).is_some_and(|link| link.vc.is_some()) {
            self.arm(Timer::MarsIdle(mars), self.config.mars_idle_ms);
        }
    }

    pub(super) fn link_up(&mut self, vc: VcId, peer: Endpoint) {
        let Some(link) = self.links.get_mut(&peer) else {
            return;
        };
        if link.vc.is_some() {
            return;
        }
        link.vc = Some(vc);
        link.calling = false;
        for waiting in core::mem::take(&mut link.outbox) {
            // R2022-5.2.2-02: a slow call is no reason to repeat at once. What is not armed any more
            // has been answered or given up.
            if self.timers.deadline(waiting.timer).is_some() {
                self.arm(waiting.timer, waiting.every_ms);
            }
            self.send_on(peer, vc, waiting.octets);
        }
        self.link_used(peer);
    }

    /// Releases the VC to a MARS, if there is one, and forgets what waits for one.
    pub(super) fn hang_up(&mut self, mars: Endpoint) {
        self.timers.cancel(Timer::MarsIdle(mars));
        let Some(link) = self.links.get_mut(&mars) else {
            return;
        };
        link.outbox.clear();
        if let Some(vc) = link.vc.take() {
            self.vcs.remove(&vc);
            self.emit(OutputAction::Hangup { vc });
        }
        // A call under way is kept in mind: its VC will be used, or released as idle.
        if self.links.get(&mars).is_some_and(|link| !link.calling) {
            self.links.remove(&mars);
        }
    }

    pub(super) fn link_idle(&mut self, mars: Endpoint) {
        self.hang_up(mars);
    }

    pub(super) fn vc_down(&mut self, vc: VcId) {
        let Some((peer, kind)) = self.vcs.remove(&vc) else {
            return self.drop("unknown-vc");
        };
        match kind {
            VcKind::PointToPoint => {
                if let Some(link) = self.links.get_mut(&peer)
                    && link.vc == Some(vc)
                {
                    // Whatever waits for an answer is repeated, over a new VC.
                    link.vc = None;
                    self.timers.cancel(Timer::MarsIdle(peer));
                }
            }
            VcKind::Leaf if peer == self.current && self.was_control(vc) => {
                self.control = None;
                // R2022-5.4-02
                if self.phase == Phase::On {
                    self.problem(Problem::ControlVcLost);
                }
            }
            VcKind::Leaf => {}
        }
    }

    /// Whether a VC from the current MARS that has just gone was its control VC.
    fn was_control(&self, vc: VcId) -> bool {
        match self.control {
            Some(control) => control == vc,
            None => !self.leaf_vcs(self.current).any(|_| true),
        }
    }

    /// The VCs from this root.
    pub(super) fn leaf_vcs(&self, root: Endpoint) -> impl Iterator<Item = VcId> + '_ {
        self.vcs
            .iter()
            .filter(move |(_, end)| **end == (root, VcKind::Leaf))
            .map(|(vc, _)| *vc)
    }

    /// Leaves the control VC of the current MARS.
    // Register A06.
    pub(super) fn leave_control(&mut self) {
        let vcs: Vec<VcId> = match self.control.take() {
            Some(vc) => vec![vc],
            None => self.leaf_vcs(self.current).collect(),
        };
        for vc in vcs {
            self.vcs.remove(&vc);
            self.emit(OutputAction::Hangup { vc });
        }
    }

    pub(super) fn call_failed(&mut self, peer: Endpoint) {
        let Some(link) = self.links.get_mut(&peer) else {
            return;
        };
        if link.vc.is_some() {
            return;
        }
        self.links.remove(&peer);
        // R2022-5.4-02
        if self
            .attempt
            .as_ref()
            .is_some_and(|attempt| attempt.mars == peer && attempt.sent > 0)
        {
            self.attempt_failed();
        } else if peer == self.current {
            self.problem(Problem::NoVc);
        }
    }
}
