//! Joins and leaves (RFC 2022, 5.2.1, 5.2.2); in an MCS, MSERV and UNSERV (6.2.2).

use super::core::{Core, Role, Timer};
use super::io::{Notice, Problem, Refusal};
use super::registration::RECOVERY_MS;
use crate::address::{GroupRange, ProtocolAddress};
use crate::ranges;
use crate::wire::mars::{Body, Membership, MembershipFlags, PairList};

/// The first one and five repeats (RFC 2022, 5.2.2; register F12).
pub(super) const TRANSMISSIONS: u8 = 6;

/// A range that the layer above wants joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Joined {
    pub(super) layer3grp: bool,
    /// The MARS has it.
    pub(super) confirmed: bool,
}

/// A JOIN or LEAVE whose copy has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    leaves: bool,
    layer3grp: bool,
    sequence: u8,
    sent: u8,
}

impl Core {
    pub(super) fn join(&mut self, range: GroupRange, layer3grp: bool) -> Result<(), Refusal> {
        if !ranges::fits(self.config.protocol, ranges::ends(range).0) {
            return Err(Refusal::NoGroup);
        }
        // R2022-5.2-03 R2022-5.2-04
        if !range.is_single() && self.joined.keys().any(|other| overlap(range, *other)) {
            return Err(Refusal::Overlap);
        }
        // R2022-5.2.1-08 R2022-5.2.1-09 R2022-5.2.1-10
        let layer3grp = layer3grp && range.is_single();
        let old = self.joined.get(&range);
        if old.is_some_and(|old| old.layer3grp == layer3grp) {
            return Ok(());
        }
        let joined = Joined {
            layer3grp,
            confirmed: false,
        };
        self.joined.insert(range, joined);
        self.say(range, false, layer3grp);
        Ok(())
    }

    pub(super) fn leave(&mut self, range: GroupRange) -> Result<(), Refusal> {
        let joined = self.joined.remove(&range).ok_or(Refusal::NotJoined)?;
        self.say(range, true, joined.layer3grp);
        Ok(())
    }

    /// Says it to the MARS until a copy comes, in place of what was said of this range before.
    fn say(&mut self, range: GroupRange, leaves: bool, layer3grp: bool) {
        self.timers.cancel(Timer::Rejoin(range));
        self.timers.cancel(Timer::Member(range));
        let pending = Pending {
            leaves,
            layer3grp,
            sequence: self.next_sequence(),
            sent: 0,
        };
        self.pending.insert(range, pending);
        if self.registered {
            self.transmit(range);
        }
    }

    // R2022-5.2.2-01 R2022-5.2.2-08
    fn transmit(&mut self, range: GroupRange) {
        let Some(pending) = self.pending.get_mut(&range) else {
            return;
        };
        pending.sent += 1;
        let Pending {
            leaves,
            layer3grp,
            sequence,
            ..
        } = *pending;
        // R2022-5.2.1-03 R2022-5.2.1-06 R2022-5.2.1-07 R2022-5.2.1-11
        let mut flags = MembershipFlags(u16::from(sequence));
        if layer3grp {
            flags = flags.with(MembershipFlags::LAYER3GRP);
        }
        // R2022-5.2-01 R2022-5.2.1-12
        let Some(pairs) = PairList::new(core::slice::from_ref(&range)) else {
            return;
        };
        let body = Membership {
            source_protocol: self.config.source,
            flags,
            // R2022-5.2.1-14 R2022-5.2.1-15
            cmi: 0,
            msn: 0,
            pairs,
        };
        let body = match (self.role, leaves) {
            // R2022-5.2.1-01
            (Role::Member, false) => Body::Join(body),
            (Role::Member, true) => Body::Leave(body),
            // R2022-6.2.2-01
            (Role::Server, false) => Body::Mserv(body),
            (Role::Server, true) => Body::Unserv(body),
        };
        let again = (Timer::Member(range), self.config.retransmit_ms);
        self.send_control(self.current, body, again);
    }

    pub(super) fn member_due(&mut self, range: GroupRange) {
        match self.pending.get(&range) {
            Some(pending) if pending.sent < TRANSMISSIONS => self.transmit(range),
            // R2022-5.2.2-03, register F12
            Some(_) => self.problem(Problem::NoCopy),
            None => {}
        }
    }

    /// Takes a JOIN or LEAVE with the own source address that the current MARS sent.
    // R2022-5.2.2-04 R2022-5.2.2-05
    pub(super) fn membership_copy(&mut self, leaves: bool, body: &Membership<'_>) {
        let Some(range) = body.pairs.iter().next().filter(|_| body.pairs.len() == 1) else {
            return;
        };
        let fits = self.pending.get(&range).is_some_and(|pending| {
            pending.sent > 0
                && pending.leaves == leaves
                && pending.sequence == body.flags.sequence()
                && !body.flags.punched()
        });
        if !fits {
            return;
        }
        self.pending.remove(&range);
        self.timers.cancel(Timer::Member(range));
        if leaves {
            self.notice(Notice::Left { range });
            if self.role == Role::Server {
                self.close_unserved();
            }
            return;
        }
        if let Some(joined) = self.joined.get_mut(&range) {
            joined.confirmed = true;
        }
        self.notice(Notice::Joined { range });
        // R2022-7.3-01: an MCS has its tree before the first packet comes.
        if self.role == Role::Server && range.is_single() {
            let group = ranges::ends(range).0;
            if !self.groups.contains_key(&group) && !self.held(group) {
                self.ask(group);
            }
        }
    }

    /// Goes on after a registration. After a recovery every join is repeated, each at its own time;
    /// otherwise only what the old MARS had not confirmed.
    pub(super) fn resume_membership(&mut self, recover: bool) {
        if recover {
            self.pending.retain(|_, pending| pending.leaves);
            let joined: Vec<GroupRange> = self.joined.keys().copied().collect();
            for range in joined {
                self.timers.cancel(Timer::Member(range));
                // R2022-5.4.1-02 R2022-5.4.1-03
                self.arm_random(Timer::Rejoin(range), RECOVERY_MS);
            }
            for joined in self.joined.values_mut() {
                joined.confirmed = false;
            }
        }
        let pending: Vec<GroupRange> = self.pending.keys().copied().collect();
        for range in pending {
            if let Some(pending) = self.pending.get_mut(&range) {
                pending.sent = 0;
            }
            self.transmit(range);
        }
    }

    pub(super) fn rejoin(&mut self, range: GroupRange) {
        if let Some(joined) = self.joined.get(&range) {
            let layer3grp = joined.layer3grp;
            self.say(range, false, layer3grp);
        }
    }

    /// Stops all repeats until the next registration.
    pub(super) fn pause_membership(&mut self) {
        let ranges: Vec<GroupRange> = self
            .pending
            .keys()
            .chain(self.joined.keys())
            .copied()
            .collect();
        for range in ranges {
            self.timers.cancel(Timer::Member(range));
            self.timers.cancel(Timer::Rejoin(range));
        }
    }

    /// Whether this MCS serves the group, or has not yet been told that its UNSERV has arrived.
    pub(super) fn serves(&self, group: ProtocolAddress) -> bool {
        self.joined
            .keys()
            .chain(self.pending.keys())
            .any(|range| ranges::contains(*range, group))
    }

    fn close_unserved(&mut self) {
        let groups: Vec<ProtocolAddress> = self.groups.keys().copied().collect();
        for group in groups {
            if !self.serves(group) {
                self.forget(group);
            }
        }
    }
}

/// Whether two blocks of more than one group share one.
fn overlap(range: GroupRange, other: GroupRange) -> bool {
    let ((low, high), (from, to)) = (ranges::ends(range), ranges::ends(other));
    range != other && !other.is_single() && low <= to && from <= high
}
