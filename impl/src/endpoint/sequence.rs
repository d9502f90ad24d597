//! Tracking the MARS's sequence number, and revalidation (RFC 2022, 5.1.4.2, 5.1.5, 6.2.5).

use super::core::{Core, Timer};
use crate::address::ProtocolAddress;

/// Limits of the random time until `VC_revalidate` is set (RFC 2022, 5.1.5).
pub(super) const REVALIDATE_MS: [u64; 2] = [1_000, 10_000];

/// The counters of the current MARS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Numbers {
    /// Host Sequence Number.
    // R2022-5.1.4.2-07
    pub(super) hsn: u32,
    /// The number that the registration came with.
    start: u32,
    /// The last number on the control VC since the registration (register F02).
    pub(super) control: Option<u32>,
}

impl Numbers {
    /// Starts again from the number in a returned registration.
    pub(super) const fn restart(&mut self, msn: u32) {
        self.hsn = msn;
        self.start = msn;
        self.control = None;
    }

    /// Takes a number; true when messages may have been missed.
    ///
    /// Both rules must be content. RFC 2022's own lets the number stand still or rise by one, which
    /// hides a loss next to a private message; on the control VC alone it must rise by exactly one.
    /// The first number there has nothing to compare with but that of the registration, whatever private
    /// messages have said meanwhile: one more is right for a MARS that raises before it sends, and a loss
    /// for one that raises after.
    // R2022-5.1.4.2-04 R2022-5.1.4.2-05, register F02
    pub(super) const fn jumps(&mut self, msn: u32, on_control: bool) -> bool {
        let step = msn.wrapping_sub(self.hsn);
        self.hsn = msn;
        if !on_control {
            return step > 1;
        }
        let lost = match self.control {
            Some(last) => msn.wrapping_sub(last) != 1,
            None => msn != self.start,
        };
        self.control = Some(msn);
        step > 1 || lost
    }
}

impl Core {
    /// Takes the mar$msn of a message of the current MARS. A message that sets up a tree comes here
    /// before it does, so that this tree is spared.
    pub(super) fn track(&mut self, msn: u32, on_control: bool) {
        if self.numbers.jumps(msn, on_control) {
            self.meters.jumps += 1;
            // R2022-5.1.5.2-01 R2022-5.1.5.2-02
            self.revalidate_all();
        }
    }

    /// Every tree is to be revalidated, each at its own random time.
    // R2022-5.1.5-03
    pub(super) fn revalidate_all(&mut self) {
        let groups: Vec<ProtocolAddress> = self
            .groups
            .iter()
            .filter(|(_, state)| state.tree.is_some())
            .map(|(group, _)| *group)
            .collect();
        for group in groups {
            self.revalidate(group);
        }
    }

    /// The tree of this group is to be revalidated. A flag that will be set anyway is not put off: gaps
    /// in a row would delay it for ever, and the REQUEST that it leads to comes after all of them.
    pub(super) fn revalidate(&mut self, group: ProtocolAddress) {
        let timer = Timer::Revalidate(group);
        if self.timers.deadline(timer).is_none() {
            self.arm_random(timer, REVALIDATE_MS);
        }
    }

    /// Sets `VC_revalidate`.
    pub(super) fn mark(&mut self, group: ProtocolAddress) {
        if let Some(state) = self.groups.get_mut(&group) {
            state.revalidate = state.tree.is_some();
        }
    }
}
