//! Registration and deregistration (RFC 2022, 5.2.3, 6.2.3), and what follows when they fail
//! (5.4.1, 5.4.2).

use super::core::{Core, Role, Timer};
use super::io::Notice;
use super::membership::TRANSMISSIONS;
use super::vcs::Group;
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::mars::{Body, Membership, MembershipFlags, PairList};

/// Limits of the random waits of RFC 2022, 5.4.1: before a registration, and before each JOIN after it.
pub(super) const RECOVERY_MS: [u64; 2] = [1_000, 10_000];

/// What the layer above wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// No registration.
    Off,
    /// To be registered, and stay so.
    On,
    /// To end the registration.
    Leaving,
}

/// How far the search for a MARS has come (RFC 2022, 5.4.1, 5.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// The first registration of all.
    First,
    /// The first response to a problem: the same MARS again, or the one of a hard redirect.
    Again,
    /// Another one of the list.
    Backup,
}

/// A registration (or, in [`Phase::Leaving`], a deregistration) under way or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    pub(super) mars: Endpoint,
    stage: Stage,
    /// A soft redirect: the old MARS is used until this succeeds (RFC 2022, 5.4.3).
    pub(super) soft: bool,
    /// Rejoin and revalidate afterwards.
    pub(super) recover: bool,
    /// Transmissions so far; 0 while it waits.
    pub(super) sent: u8,
    sequence: u8,
}

impl Attempt {
    pub(super) const fn new(mars: Endpoint, stage: Stage) -> Self {
        Self {
            mars,
            stage,
            soft: false,
            recover: !matches!(stage, Stage::First),
            sent: 0,
            sequence: 0,
        }
    }
}

impl Core {
    // R2022-7.1-01
    pub(super) fn register(&mut self) {
        if self.phase == Phase::On {
            return;
        }
        if self.phase == Phase::Leaving {
            self.off(false);
        }
        self.phase = Phase::On;
        if let Some(mars) = self.list().first() {
            self.current = *mars;
        }
        self.attempt = Some(Attempt::new(self.current, Stage::First));
        self.begin_attempt();
    }

    pub(super) fn deregister(&mut self) {
        if self.phase != Phase::On {
            return;
        }
        if let Some(mars) = self.attempt.take().map(|attempt| attempt.mars)
            && mars != self.current
        {
            self.hang_up(mars);
        }
        self.timers.cancel(Timer::Wait);
        self.timers.cancel(Timer::Register);
        if !self.registered {
            return self.off(false);
        }
        self.phase = Phase::Leaving;
        self.attempt = Some(Attempt::new(self.current, Stage::First));
        self.begin_attempt();
    }

    /// Sends the first message of the attempt that has waited long enough.
    pub(super) fn begin_attempt(&mut self) {
        let sequence = self.next_sequence();
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        attempt.sequence = sequence;
        self.transmit_attempt();
    }

    fn transmit_attempt(&mut self) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        attempt.sent += 1;
        let mars = attempt.mars;
        let body = Membership {
            source_protocol: self.config.source,
            // R2022-5.2.3-01 R2022-5.2.1-03 R2022-5.2.1-06 R2022-5.2.1-07
            flags: MembershipFlags(MembershipFlags::REGISTER | u16::from(attempt.sequence)),
            // R2022-5.2.1-14 R2022-5.2.1-15
            cmi: 0,
            msn: 0,
            // Register F06.
            pairs: PairList::null(1),
        };
        let body = match (self.role, self.phase) {
            // R2022-5.2.3-06
            (Role::Member, Phase::Leaving) => Body::Leave(body),
            (Role::Member, _) => Body::Join(body),
            (Role::Server, Phase::Leaving) => Body::Unserv(body),
            (Role::Server, _) => Body::Mserv(body),
        };
        // R2022-5.2.2-01
        let again = (Timer::Register, self.config.retransmit_ms);
        self.send_control(mars, body, again);
    }

    pub(super) fn register_due(&mut self) {
        // R2022-5.2.2-03, register F12: one interval after the sixth.
        match &self.attempt {
            Some(attempt) if attempt.sent < TRANSMISSIONS => self.transmit_attempt(),
            Some(_) => self.attempt_failed(),
            None => {}
        }
    }

    /// Takes a message that claims to be the copy of a registration; true when it is that of the
    /// attempt. `leaves` tells JOIN and MSERV from LEAVE and UNSERV.
    // R2022-5.2.2-04 R2022-5.2.2-05
    pub(super) fn registration_copy(
        &mut self,
        mars: Endpoint,
        leaves: bool,
        body: &Membership<'_>,
    ) -> bool {
        let leaving = self.phase == Phase::Leaving;
        let fits = self.attempt.as_ref().is_some_and(|attempt| {
            attempt.mars == mars
                && attempt.sent > 0
                && body.flags.sequence() == attempt.sequence
                && leaves == leaving
                && body.pairs.len() == 1
                && body.pairs.iter().next().is_none()
        });
        if !fits {
            return false;
        }
        if leaving {
            self.off(true);
            return true;
        }
        // R2022-5.2.3-03
        if self.role == Role::Member && body.cmi == 0 {
            return false;
        }
        self.registered_with(mars, body.cmi, body.msn);
        true
    }

    fn registered_with(&mut self, mars: Endpoint, cmi: u16, msn: u32) {
        let recover = self.attempt.take().is_some_and(|attempt| attempt.recover);
        self.timers.cancel(Timer::Register);
        if mars != self.current {
            // R2022-5.4.3-09, register A06
            self.leave_control();
            let old = core::mem::replace(&mut self.current, mars);
            self.hang_up(old);
        }
        self.registered = true;
        // R2022-5.2.3-04
        self.cmi = cmi;
        // R2022-5.1.4.2-07
        self.numbers.restart(msn);
        self.maps.discard();
        self.timers.cancel(Timer::MapParts);
        self.arm(Timer::MissedMap, self.config.missed_map_ms);
        self.meters.registrations += 1;
        self.notice(Notice::Registered { mars, cmi });
        if recover {
            // R2022-5.4.1-04
            self.revalidate_all();
        }
        // R2022-5.4.1-02 R2022-5.4.3-10
        self.resume_membership(recover);
        let asking: Vec<ProtocolAddress> = self
            .groups
            .iter()
            .filter(|(_, state)| state.query.is_some())
            .map(|(group, _)| *group)
            .collect();
        for group in asking {
            self.restart_query(group);
        }
        self.restart_list();
    }

    /// The attempt is given up: no VC, or no copy.
    pub(super) fn attempt_failed(&mut self) {
        let Some(attempt) = self.attempt.take() else {
            return;
        };
        self.timers.cancel(Timer::Register);
        if self.phase == Phase::Leaving {
            return self.off(false);
        }
        let mars = attempt.mars;
        // R2022-5.4.1-07
        self.notice(Notice::RegistrationFailed { mars });
        if !(self.registered && mars == self.current) {
            self.hang_up(mars);
        }
        // A soft redirect that fails leaves everything as it was.
        if attempt.soft && self.registered {
            return;
        }
        let next = self.after(mars);
        match (attempt.stage, next) {
            // R2022-5.4.1-01
            (Stage::First, _) => self.try_later(mars, Stage::Again, RECOVERY_MS),
            // R2022-5.4.1-06
            (_, None) => {
                let wait = [self.config.loop_wait_ms; 2];
                self.try_later(mars, Stage::Again, wait);
            }
            // The move that a redirect map asked for ends where it began.
            (_, Some(next)) if self.registered && next == self.current => {}
            // R2022-5.4.2-01
            (Stage::Again, Some(next)) => {
                self.notice(Notice::BackupChosen { mars: next });
                self.attempt = Some(Attempt::new(next, Stage::Backup));
                self.begin_attempt();
            }
            // R2022-5.4.2-02
            (Stage::Backup, Some(next)) => {
                // R2022-5.4.2-04
                self.notice(Notice::BackupChosen { mars: next });
                let wait = [self.config.loop_wait_ms; 2];
                self.try_later(next, Stage::Backup, wait);
            }
        }
    }

    /// A registration with this MARS after a random wait.
    pub(super) fn try_later(&mut self, mars: Endpoint, stage: Stage, wait: [u64; 2]) {
        self.attempt = Some(Attempt::new(mars, stage));
        self.arm_random(Timer::Wait, wait);
    }

    /// No registration any more, and nothing that depends on one.
    fn off(&mut self, confirmed: bool) {
        // R2022-5.2.3-07: data cannot be sent without a CMI.
        let groups: Vec<ProtocolAddress> = self.groups.keys().copied().collect();
        for group in groups {
            self.close_tree(group);
        }
        self.groups.values().map(Group::waiting).for_each(|lost| {
            (0..lost).for_each(|_| self.meters.drop("deregistered"));
        });
        self.groups.clear();
        self.joined.clear();
        self.pending.clear();
        self.lists = super::grouplist::Lists::default();
        self.maps.discard();
        self.attempt = None;
        self.registered = false;
        self.cmi = 0;
        self.phase = Phase::Off;
        self.timers = crate::timer::TimerTable::default();
        self.leave_control();
        let links: Vec<Endpoint> = self.links.keys().copied().collect();
        for mars in links {
            self.hang_up(mars);
        }
        self.notice(Notice::Deregistered { confirmed });
    }

    /// The next value of mar$flags.sequence. Never 0, which a MARS puts into messages of its own
    /// making (register E11).
    // R2022-5.2.2-06
    pub(super) fn next_sequence(&mut self) -> u8 {
        self.sequence = self.sequence.checked_add(1).unwrap_or(1);
        self.sequence
    }
}
