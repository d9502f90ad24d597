//! What a client does with what arrives (RFC 2022, 5.1 and 5.2).

use super::message::{Body, Flight};
use super::rules::{Mutant, Overtaken};
use super::state::{GROUPS, Phase, UNKNOWN};
use super::step::Step;

impl Step<'_> {
    /// The oldest message on ClusterControlVC arrives.
    pub(super) fn deliver(&mut self, at: u8) {
        let client = self.state.client_mut(at);
        client.behind = false;
        let Some(flight) = client.cluster.take() else {
            return;
        };
        self.track(at, flight, true, 0);
        match flight.body() {
            Some(Body::Change {
                leave,
                node,
                groups,
                punched,
            }) => {
                self.change_leaves(at, leave, node, groups);
                // R2022-5.2.2-04, R2022-5.2.2-05.
                if node == at && !punched {
                    self.copy(at, leave, groups);
                }
            }
            Some(Body::Migrate { group, mcs }) => self.move_to(at, group, mcs),
            _ => {}
        }
    }

    /// The oldest message on the client's own VC arrives.
    pub(super) fn receive(&mut self, at: u8) {
        let Some(flight) = self.state.client_mut(at).private.take() else {
            return;
        };
        match flight.body() {
            Some(Body::Copy { leave, groups }) => {
                self.track(at, flight, false, 0);
                self.copy(at, leave, groups);
            }
            Some(Body::Registered { cmi }) => self.registered(at, flight, cmi),
            Some(Body::Answer { group, leaves }) => self.answer(at, flight, group, leaves),
            _ => {}
        }
    }

    /// The sequence number of a message (R2022-5.1.4.2-05). A gap sets the flag of every VC (R2022-5.1.5.2-01) but of
    /// those in `except`.
    fn track(&mut self, at: u8, flight: Flight, on_cluster: bool, except: u8) {
        let (one, age) = (self.model.rules().numbering.one(), flight.age());
        let client = self.state.client_mut(at);
        // F02: where it is counted apart, only what arrives on ClusterControlVC counts, and each must be the next.
        // What comes first after a registration might not be the first that was sent.
        let gap = if one {
            let before = client.hsn();
            client.set_hsn(age);
            before == UNKNOWN || before != age && before != age + 1
        } else if on_cluster {
            let before = client.last();
            client.set_last(age);
            before == UNKNOWN || before != age + 1
        } else {
            false
        };
        if gap && self.model.rules().mutant != Mutant::NoTracking {
            self.doubt(at, !except);
        }
    }

    /// Something was missed about these groups.
    fn doubt(&mut self, at: u8, groups: u8) {
        let client = self.state.client_mut(at);
        client.flagged |= client.open() & groups;
        self.overtake(at, groups);
    }

    /// Something is told about these groups that an answer on its way may not know of: N05.
    fn overtake(&mut self, at: u8, groups: u8) {
        if self.model.rules().overtaken == Overtaken::AskAgain {
            let client = self.state.client_mut(at);
            client.overtaken |= client.asked() & groups;
        }
    }

    /// A node joins or leaves groups (R2022-5.1.4.1-01, R2022-5.1.4.1-02).
    fn change_leaves(&mut self, at: u8, leave: bool, node: u8, groups: u8) {
        let client = self.state.client_mut(at);
        let open = client.open() & groups;
        for group in (0..GROUPS).filter(|group| open & 1 << group != 0) {
            let leaves = client.vc(group);
            let leaves = if leave {
                leaves & !(1 << node)
            } else {
                leaves | 1 << node
            };
            client.set_vc(group, leaves);
        }
        self.overtake(at, groups);
    }

    /// A group moves to a multicast server (R2022-5.1.6-02, R2022-5.1.6-03; E14: only where there is a VC).
    fn move_to(&mut self, at: u8, group: u8, mcs: u8) {
        let adds = self.model.rules().mutant == Mutant::MigrateAdds;
        let client = self.state.client_mut(at);
        let leaves = client.vc(group);
        if leaves != 0 {
            let kept = if adds { leaves } else { 0 };
            client.set_vc(group, kept | 1 << mcs);
        }
        self.overtake(at, 1 << group);
    }

    /// A valid copy of a join or leave of the client's own.
    fn copy(&mut self, at: u8, leave: bool, groups: u8) {
        let Some((leaves, range)) = self.state.client(at).waits_for() else {
            return;
        };
        if leaves != leave || self.model.groups(range) != groups {
            return;
        }
        let client = self.state.client_mut(at);
        client.pending = 0;
        if !leave {
            client.confirmed |= 1 << range;
        }
    }

    /// The copy of the registration (R2022-5.2.3-04). Every VC is to be revalidated (5.4.1).
    fn registered(&mut self, at: u8, flight: Flight, cmi: u8) {
        self.track(at, flight, false, 0);
        let joins = self.model.rules().mutant != Mutant::NoRejoin;
        let client = self.state.client_mut(at);
        if client.phase == Phase::Asked {
            if !joins {
                client.confirmed = client.wanted;
            }
            client.phase = Phase::Member;
            client.cmi = cmi;
            client.flagged |= client.open();
        }
    }

    /// The answer to a request (R2022-5.1.3-01, R2022-5.1.5-02).
    fn answer(&mut self, at: u8, flight: Flight, group: u8, leaves: u8) {
        let bit = 1 << group;
        if leaves != 0 {
            // R2022-5.1.5.2-02: the VC that is set up counts as valid. A NAK has no number.
            self.track(at, flight, false, bit);
        }
        let client = self.state.client_mut(at);
        if client.asked() & bit == 0 {
            return;
        }
        client.flagged &= !(bit | bit << 4);
        if client.overtaken & bit != 0 {
            client.overtaken &= !bit;
            client.flagged |= bit;
        }
        client.set_vc(group, leaves);
    }

    /// A client sends a request.
    pub(super) fn ask(&mut self, at: u8, group: u8) {
        let client = self.state.client_mut(at);
        client.flagged = client.flagged & !(1 << group) | 0x10 << group;
        self.serve_request(at, group);
    }

    /// A client sends a join or leave.
    pub(super) fn say(&mut self, at: u8, range: u8, leave: bool) {
        self.state.client_mut(at).wait_for(leave, range);
        self.serve_change(at, range, leave);
    }

    /// A client has dropped off ClusterControlVC and notices it: it has to register and join again (5.4.1).
    pub(super) fn notice(&mut self, at: u8) {
        let client = self.state.client_mut(at);
        client.phase = Phase::Lost;
        client.confirmed = 0;
        client.pending = 0;
        client.cmi = 0;
        client.flagged &= 15;
        client.overtaken = 0;
        client.numbers = UNKNOWN | UNKNOWN << 4;
    }
}
