//! Messages of a MARS: whom to believe, and what each is for.

use std::collections::BTreeSet;

use super::core::{Core, Role};
use super::io::{OutputAction, VcKind};
use super::registration::Phase;
use crate::address::{Endpoint, ProtocolAddress};
use crate::io::VcId;
use crate::ranges;
use crate::wire::mars::{Answer, Body, Membership, Message, TlvAction, decode};

impl Core {
    /// Takes a control message that came on a VC of this kind from `peer`.
    pub(super) fn control(&mut self, vc: VcId, peer: Endpoint, kind: VcKind, octets: &[u8]) {
        let Ok(message) = decode(octets) else {
            return self.drop("malformed");
        };
        // One endpoint is one protocol: R2022-5-01.
        if message.protocol != self.config.protocol {
            return self.drop("other-protocol");
        }
        // R2022-10.3-01 R2022-10.3-02
        if message.tlvs.verdict() != TlvAction::Skip {
            return self.drop("tlv");
        }
        if kind == VcKind::PointToPoint {
            self.link_used(peer);
        }
        let own = message.source == self.config.address;
        if let Some((leaves, body)) = self.said(&message.body)
            && body.flags.register()
        {
            // R2022-5.1.2-12
            let copy = own && body.flags.copy() && !body.flags.punched();
            if !(copy && self.registration_copy(peer, leaves, body)) {
                self.drop("unmatched-copy");
            }
            return;
        }
        // Registers A06 and F11: whatever another one says, and its numbers.
        if peer != self.current || self.phase == Phase::Off {
            if kind == VcKind::Leaf && message.source == peer {
                self.leave_stranger(vc, peer);
            }
            return self.drop("other-mars");
        }
        let on_control = kind == VcKind::Leaf;
        if on_control {
            self.control = Some(vc);
        }
        match &message.body {
            Body::Multi(answer) if own && !on_control => self.multi(answer),
            // R2022-5.1.2-07
            Body::Nak(query) if own && !on_control => self.nak(query.target),
            Body::GrouplistReply(list) if own && !on_control => self.list_reply(list),
            Body::RedirectMap(map) => {
                self.track(map.msn, on_control);
                self.redirect_map(kind, message.source, map);
            }
            Body::Migrate(answer) if on_control => {
                // R2022-5.1.6-04
                self.track(answer.msn, true);
                self.migration(answer);
            }
            body => match body.membership() {
                // R2022-5.2.1-07
                Some(body) if !body.flags.copy() => self.drop("no-copy-flag"),
                Some(body) => self.update(&message, body, on_control),
                None => self.drop("not-for-endpoints"),
            },
        }
    }

    /// A message of the root's own, such as its redirect map, shows that a VC is the control VC of a MARS with which this endpoint is not registered, and
    /// is not about to be: that MARS took a registration that was given up here, since no copy of it came. Its
    /// leaf drop tells it so; otherwise it would keep this endpoint for a member for good (N07).
    // R2022-5.4.2-01
    fn leave_stranger(&mut self, vc: VcId, mars: Endpoint) {
        let attempt = self.attempt.as_ref();
        if attempt.is_none_or(|attempt| attempt.mars != mars) {
            self.vcs.remove(&vc);
            self.emit(OutputAction::Hangup { vc });
        }
    }

    /// The messages by which this endpoint registers, joins and leaves; true for the end of it.
    fn said<'a, 'b>(&self, body: &'b Body<'a>) -> Option<(bool, &'b Membership<'a>)> {
        match (self.role, body) {
            (Role::Member, Body::Join(body)) | (Role::Server, Body::Mserv(body)) => {
                Some((false, body))
            }
            (Role::Member, Body::Leave(body)) | (Role::Server, Body::Unserv(body)) => {
                Some((true, body))
            }
            _ => None,
        }
    }

    /// A JOIN, LEAVE or the like, not about a registration.
    fn update(&mut self, message: &Message<'_>, body: &Membership<'_>, on_control: bool) {
        // R2022-5.1.4-01 R2022-5.1.4.1-04
        self.track(body.msn, on_control);
        let leaves = match (self.role, &message.body) {
            (Role::Member, Body::Join(_)) | (Role::Server, Body::Sjoin(_)) => false,
            (Role::Member, Body::Leave(_)) | (Role::Server, Body::Sleave(_)) => true,
            // Register G01: the draft's servers say LEAVE to an MCS.
            (Role::Server, Body::Leave(_)) => true,
            _ => {
                // Of other MCSs, an MCS hears for the number only.
                return self.copied(message);
            }
        };
        if message.source == self.config.address {
            // Own joins are no business of the own trees: R2022-5.1.4.1-03.
            return self.copied(message);
        }
        if !on_control {
            return self.drop("private-update");
        }
        // R2022-5.2-02: every pair counts. R2022-5.2.1-05: the sequence does not.
        let touched: Vec<ProtocolAddress> = self
            .groups
            .keys()
            .filter(|group| names(body, **group))
            .copied()
            .collect();
        for group in touched {
            if let Some(query) = self.query_mut(group) {
                query.news.insert(message.source, !leaves);
            }
            if leaves {
                self.drop_leaf(group, message.source);
            } else {
                self.add_leaf(group, message.source);
            }
        }
        if !leaves && self.role == Role::Server {
            for group in self.held_groups() {
                if names(body, group) {
                    self.first_member(group, message.source);
                }
            }
        }
    }

    /// What may be the copy of an own JOIN or LEAVE.
    fn copied(&mut self, message: &Message<'_>) {
        if message.source == self.config.address
            && let Some((leaves, body)) = self.said(&message.body)
        {
            self.membership_copy(leaves, body);
        }
    }

    fn migration(&mut self, answer: &Answer<'_>) {
        if self.role == Role::Server {
            return self.drop("not-for-servers");
        }
        // R2022-5.1.6-01
        let own = self.config.address;
        let targets: BTreeSet<Endpoint> = answer.targets.iter().filter(|to| *to != own).collect();
        self.migrate(answer.target, &targets);
    }
}

/// Whether the message is about this group.
fn names(body: &Membership<'_>, group: ProtocolAddress) -> bool {
    let mut pairs = body.pairs.iter();
    pairs.any(|range| ranges::contains(range, group))
}
