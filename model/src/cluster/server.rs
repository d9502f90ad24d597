//! What the server does (RFC 2022, 6), and what multicast servers do with what they hear.
//!
//! Beside each join, leave and offer stands what must have gone out, said another way; where the two differ a flag is
//! raised.

use super::message::{Body, Flight};
use super::punch::{addresses, ends, sample, without};
use super::rules::{
    Deserted, EmptyGroup, Migrate, Mutant, Punching, Purge, ServerGone, Sjoin, UnmatchedLeave,
};
use super::state::{
    CLIENTS, CMI_CHANGED, COPY_WRONG, CSN_SKIPPED, GROUPS, MIGRATE_WRONG, OVERFLOW, PUNCHED_WRONG,
    SJOIN_WRONG, SSN_SKIPPED,
};
use super::step::Step;

/// What one message from a client made the server send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sent {
    /// The addresses on ClusterControlVC.
    pub(super) cluster: u8,
    /// Those on ServerControlVC.
    pub(super) servers: u8,
    /// Valid copies for the source: not punched, on either VC.
    pub(super) copies: u8,
}

impl Step<'_> {
    /// A message to all leaves of ClusterControlVC, with its number (R2022-5.1.4.2-02, R2022-6.1.4-01).
    fn transmit(&mut self, body: Body) {
        // F16: without a leaf there is no transmission.
        if (0..2).all(|at| !self.state.is_leaf(at)) {
            return;
        }
        let before = self.model.rules().numbering.before();
        // How far the new number is beyond the last one.
        let beyond = (self.state.since & 15) + u8::from(before);
        if beyond != 1 {
            self.state.flags |= CSN_SKIPPED;
        }
        self.raise();
        let age = u8::from(!before);
        self.state.since = self.state.since & 0xf0 | age;
        for at in 0..2 {
            if self.state.is_leaf(at) {
                let flight = Flight::new(body, age);
                if !self.state.client_mut(at).cluster.put(flight) {
                    self.state.flags |= OVERFLOW;
                }
            }
        }
    }

    /// The CSN goes up.
    fn raise(&mut self) {
        let private = self.model.rules().numbering.one();
        let mut room = true;
        for client in &mut self.state.clients {
            room &= client.age(private);
        }
        let since = self.state.since & 15;
        room &= since < 15;
        self.state.since = self.state.since & 0xf0 | (since + 1).min(15);
        if !room {
            self.state.flags |= OVERFLOW;
        }
    }

    /// A message to one client on its own VC, with the number as it is (R2022-5.1.4.2-03).
    fn reply(&mut self, at: u8, body: Body) {
        if !self.state.client_mut(at).private.put(Flight::new(body, 0)) {
            self.state.flags |= OVERFLOW;
        }
        if self.model.rules().mutant == Mutant::RaiseOnReply {
            self.raise();
        }
    }

    /// A message to all leaves of ServerControlVC, with its number (R2022-6.2.5-01). It arrives at once.
    fn transmit_to_servers(&mut self) {
        if (0..2).all(|mcs| !self.state.is_server(mcs)) {
            return;
        }
        // Raised after each transmission: the next number is one beyond the last.
        if self.state.since >> 4 != 1 {
            self.state.flags |= SSN_SKIPPED;
        }
        self.state.since = self.state.since & 15 | 0x10;
    }

    /// The members of a group, as leaves: the host map.
    fn members(&self, group: u8) -> u8 {
        self.model.members(self.state, group)
    }

    /// A registration (R2022-6.1.2-01, R2022-6.1.2-02).
    pub(super) fn serve_registration(&mut self, at: u8) {
        let mutant = self.model.rules().mutant;
        let (mine, other) = (self.state.cmi(at), self.state.cmi(1 - at));
        let mut cmi = mine;
        if mine == 0 || mutant == Mutant::NewCmi {
            let free = |cmi: &u8| *cmi != mine && (*cmi != other || mutant == Mutant::CmiInUse);
            cmi = (1..4).find(free).unwrap_or(0);
        }
        if mine != 0 && cmi != mine {
            self.state.flags |= CMI_CHANGED;
        }
        self.state.set_cmi(at, cmi);
        self.state.set_leaf(at, true);
        // R2022-6.1.2-04: not on ClusterControlVC.
        self.reply(at, Body::Registered { cmi });
    }

    /// A join or leave of a range.
    pub(super) fn serve_change(&mut self, at: u8, range: u8, leave: bool) {
        // R2022-6.1.2-06.
        if self.state.cmi(at) == 0 {
            return;
        }
        let before = self.state.joined(at);
        let (sent, due) = (
            self.change(at, range, leave),
            self.due(range, leave, before),
        );
        if sent.cluster != due.cluster {
            self.state.flags |= PUNCHED_WRONG;
        }
        if sent.servers != due.servers {
            self.state.flags |= SJOIN_WRONG;
        }
        if sent.copies != 1 {
            self.state.flags |= COPY_WRONG;
        }
    }

    /// What must go out, address by address: R2022-6.1.2-12 to -18, R2022-6.2.4-02 to -10.
    fn due(&self, range: u8, leave: bool, before: u8) -> Sent {
        let mut due = Sent::default();
        // F14, F19: what is joined already, or not joined, changes nothing.
        if (before & 1 << range != 0) != leave {
            return due;
        }
        let others = before & !(1 << range);
        let groups = self.model.groups(range);
        let is_block = groups.count_ones() > 1;
        let holds_served = groups & self.state.supported() != 0;
        for group in 0..GROUPS {
            let bit = 1 << group;
            // Blocks do not overlap (R2022-5.2-03), so a block is of no account to another.
            let held = self.model.ranges().any(|other| {
                let its = self.model.groups(other);
                let counts = !is_block || its.count_ones() == 1;
                others & 1 << other != 0 && its & bit != 0 && counts
            });
            if groups & bit == 0 || held {
                continue;
            }
            if self.state.servers(group) == 0 {
                due.cluster |= bit;
            }
            if holds_served {
                due.servers |= bit;
            }
        }
        due
    }

    fn change(&mut self, at: u8, range: u8, leave: bool) -> Sent {
        let rules = *self.model.rules();
        let groups = self.model.groups(range);
        let mut sent = Sent::default();
        let held = self.state.joined(at) & 1 << range != 0;
        let unmatched = leave && !held;
        if held != leave && !(unmatched && rules.unmatched_leave == UnmatchedLeave::Announced) {
            // R2022-6.1.2-12; F14, F19.
            self.reply(at, Body::Copy { leave, groups });
            sent.copies += 1;
            return sent;
        }
        let others = self.state.joined(at) & !(1 << range);
        let single = groups.count_ones() == 1;
        // "Already (still) a member": by single joins; where a single group joins or leaves, by a block, too.
        let own = self.model.ranges().filter(|&other| {
            let by_single = self.model.groups(other).count_ones() == 1;
            others & 1 << other != 0 && (single || by_single)
        });
        let mut own = own.fold(0, |own, other| own | self.model.groups(other));
        if rules.mutant == Mutant::NoOwnHoles {
            own = 0;
        }
        if unmatched && single && own & groups == 0 {
            self.reply(at, Body::Copy { leave, groups });
            sent.copies += 1;
            return sent;
        }
        if !unmatched {
            *self.state.joined_mut(at) ^= 1 << range;
        }
        if !leave {
            // What was joined again is a member as others know it, or will.
            let strays = self.state.strays(at);
            self.state.set_strays(at, strays & !groups);
        }
        // R2022-6.2.4-03, R2022-6.2.4-06; E18.
        let supported = self.state.supported();
        let wants = match rules.sjoin {
            Sjoin::Served => groups & supported != 0,
            Sjoin::Always => groups & supported != 0 || !single,
        };
        let registered = self.state.is_server(0) || self.state.is_server(1);
        if wants && registered && groups & !own != 0 && rules.mutant != Mutant::NoSjoin {
            sent.servers = groups & !own;
            self.transmit_to_servers();
            self.servers_hear(at, groups & !own, leave);
        }
        // R2022-6.1.2-14, R2022-6.2.4-07.
        let left = self.punched(groups, own);
        let punched = left != groups;
        if punched && rules.mutant != Mutant::NoCopy {
            // R2022-6.1.2-16, R2022-6.2.4-04, R2022-6.2.4-09.
            self.reply(at, Body::Copy { leave, groups });
            sent.copies += 1;
        }
        if left != 0 {
            // R2022-6.1.2-13, -15, -17; R2022-6.2.4-08, -10.
            sent.cluster = left;
            sent.copies += u8::from(!punched);
            self.transmit(Body::Change {
                leave,
                node: at,
                groups: left,
                punched,
            });
        }
        sent
    }

    /// The addresses of a range that go out on ClusterControlVC: F05.
    fn punched(&self, groups: u8, own: u8) -> u8 {
        let rules = self.model.rules();
        let mut supported = self.state.supported();
        if rules.mutant == Mutant::NoServerHoles {
            supported = 0;
        }
        let block = ends(groups);
        let pairs = match rules.punching {
            Punching::Sample if groups.count_ones() > 1 => {
                let space = without(vec![(0, GROUPS - 1)], supported);
                without(sample(&space, block), own)
            }
            _ => without(vec![block], own | supported),
        };
        addresses(&pairs)
    }

    /// Multicast servers hear of a join or leave and change the leaves of the groups that they serve.
    fn servers_hear(&mut self, at: u8, groups: u8, leave: bool) {
        for mcs in 0..2 {
            let served = groups & self.state.serves(mcs);
            for group in (0..GROUPS).filter(|group| served & 1 << group != 0) {
                let leaves = self.state.forwards(mcs, group);
                let leaves = if leave {
                    leaves & !(1 << at)
                } else {
                    leaves | 1 << at
                };
                self.state.set_forwards(mcs, group, leaves);
            }
        }
    }

    /// A client deregisters or has dropped off ClusterControlVC (R2022-6.1.2-19, R2022-6.1.2-20).
    pub(super) fn purge(&mut self, at: u8) {
        let rules = *self.model.rules();
        self.state.set_leaf(at, false);
        if rules.mutant == Mutant::NoPurge {
            return;
        }
        let groups = self.model.joined(self.state, at);
        *self.state.joined_mut(at) = 0;
        self.state.set_cmi(at, 0);
        // E19.
        match rules.purge {
            Purge::Silent => {
                let strays = self.state.strays(at);
                self.state.set_strays(at, strays | groups);
            }
            Purge::Announced => {
                let supported = self.state.supported();
                if groups & supported != 0 {
                    self.transmit_to_servers();
                    self.servers_hear(at, groups, true);
                }
                if groups & !supported != 0 {
                    self.transmit(Body::Change {
                        leave: true,
                        node: at,
                        groups: groups & !supported,
                        punched: false,
                    });
                }
            }
        }
    }

    /// A request from a client (R2022-6.1.1-01, R2022-6.1.1-02, R2022-6.2.1-02).
    pub(super) fn serve_request(&mut self, at: u8, group: u8) {
        if self.state.cmi(at) == 0 {
            return;
        }
        let rules = *self.model.rules();
        let (hosts, servers) = (self.members(group), self.state.servers(group));
        // F24.
        let deserted = hosts == 0 && rules.deserted == Deserted::Nak;
        let leaves = if servers == 0 || deserted {
            hosts
        } else if rules.mutant == Mutant::BothMaps {
            servers | hosts
        } else {
            servers
        };
        self.reply(at, Body::Answer { group, leaves });
    }

    /// A multicast server offers to serve a group (R2022-6.2.2-02 to R2022-6.2.2-09).
    pub(super) fn serve_offer(&mut self, mcs: u8, group: u8) {
        let rules = *self.model.rules();
        let every = rules.migrate == Migrate::EveryServe;
        let known = self.state.serves(mcs) & 1 << group != 0;
        let hosts = self.members(group);
        let first = self.state.servers(group) == 0;
        // E13, E14.
        let peopled = hosts != 0 || rules.empty_group == EmptyGroup::Migrates;
        let migrates = (first && peopled) || every;
        if known {
            // R2022-6.2.2-13: it goes back to the multicast server alone.
        } else {
            self.state
                .set_serves(mcs, self.state.serves(mcs) | 1 << group);
            self.transmit_to_servers();
        }
        if migrates {
            self.transmit(Body::Migrate {
                group,
                mcs: mcs + 2,
            });
        } else if !known && !first {
            self.transmit(Body::Change {
                leave: false,
                node: mcs + 2,
                groups: 1 << group,
                punched: false,
            });
        }
        if migrates != (first && !known && peopled) {
            self.state.flags |= MIGRATE_WRONG;
        }
        // R2022-6.2.1-01, R2022-6.2.5-02: it asks for the members, and the answer has the SSN.
        self.state.set_forwards(mcs, group, hosts);
        if rules.mutant == Mutant::RaiseOnServerReply {
            self.state.since = self.state.since & 15 | (self.state.since + 0x10) & 0xf0;
        }
    }

    /// A multicast server serves groups no more (R2022-6.2.2-10 to R2022-6.2.2-12).
    pub(super) fn serve_end(&mut self, mcs: u8, groups: u8, tells: bool) {
        self.state.set_serves(mcs, self.state.serves(mcs) & !groups);
        for group in (0..GROUPS).filter(|group| groups & 1 << group != 0) {
            self.state.set_forwards(mcs, group, 0);
        }
        if tells && groups != 0 {
            self.transmit(Body::Change {
                leave: true,
                node: mcs + 2,
                groups,
                punched: false,
            });
        }
    }

    /// A multicast server withdraws from one group.
    pub(super) fn serve_withdrawal(&mut self, mcs: u8, group: u8) {
        self.transmit_to_servers();
        self.serve_end(mcs, 1 << group, true);
    }

    /// A multicast server deregisters or drops off ServerControlVC (R2022-6.2.3-04; E16).
    pub(super) fn serve_gone(&mut self, mcs: u8) {
        let tells = self.model.rules().server_gone == ServerGone::Leave;
        self.state.set_server(mcs, false);
        self.serve_end(mcs, self.state.serves(mcs), tells);
    }

    /// `MARS_REDIRECT_MAP` on both control VCs (R2022-6.1.3-01, R2022-6.2-02).
    pub(super) fn serve_beat(&mut self) {
        self.transmit_to_servers();
        if self.model.rules().mutant != Mutant::NoMap {
            self.transmit(Body::Map);
        }
    }
}

const _: () = assert!(CLIENTS == 2, "clients are 0 and 1 here");
