//! Multicast servers: registration, and what they serve (RFC 2022, 6.2.2, 6.2.3; RFC 2443, 5.2 and 5.5).
//!
//! RFC 2022 has an MCS name single groups. Blocks are taken too, as records of other servers may have
//! them; only a MIGRATE names single groups, so a block that an MCS begins to serve gives one for each group
//! that a member joined singly, and for each group with a member where the block is small.

use super::{Changed, Effect, Foreign, Ignored, Mars, asked, said};
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::io::{ControlKind, Time};
use crate::mars::cluster::Said;
use crate::mars::distribution::{Spread, on};
use crate::mars::ranges;
use crate::wire::codepoints::Op;
use crate::wire::mars::{
    Answer, Body, EndpointList, Membership, MembershipFlags, Message, patched_copy, retyped_copy,
};

/// Largest block of which every group is looked at for a MIGRATE.
const SMALL_BLOCK: u128 = 256;

/// What an MCS adds to the server map.
struct News {
    /// Groups that nobody served.
    fresh: Vec<GroupRange>,
    /// Groups that other MCSs serve as well.
    further: Vec<GroupRange>,
}

impl Mars {
    // R2022-6.2.3-01 R2022-6.2.3-02
    pub(super) fn register_mcs(
        &mut self,
        now: Time,
        octets: &[u8],
        mcs: Endpoint,
        body: &Membership<'_>,
        taken: impl Fn(u16) -> bool,
    ) -> Result<Vec<Effect>, Ignored> {
        if self.control.server(mcs).is_some() {
            return Ok(vec![self.server_copy(octets)]);
        }
        // Register E01: for records only.
        let cmi = self.cluster.lend_cmi(now, taken).ok_or(Ignored::NoCmi)?;
        self.control.register(mcs, cmi, said_by_mcs(body));
        // R2443-5.2-01 R2443-1-06
        Ok(vec![
            Effect::AddServerLeaf(mcs),
            self.server_copy(octets),
            Effect::McsChanged(Changed::Registered { client: mcs }),
        ])
    }

    // R2022-6.2.3-04 R2443-5.5-01
    pub(super) fn deregister_mcs(
        &mut self,
        octets: &[u8],
        mcs: Endpoint,
        hold_until: Time,
    ) -> Result<Vec<Effect>, Ignored> {
        let copy = self.server_copy(octets);
        let ending = self
            .mcs_gone(mcs, hold_until)
            .ok_or(Ignored::NotRegistered)?;
        let mut effects = vec![copy, Effect::DropServerLeaf(mcs)];
        effects.extend(ending);
        Ok(effects)
    }

    /// The network reports that an MCS is no leaf of the SCVC any more; `None` if it was none. The cluster
    /// is told, since no sender may wait for an MCS that hears of no members (register E16).
    // R2443-5.5-03 R2443-5.5-07
    pub fn mcs_gone(&mut self, mcs: Endpoint, hold_until: Time) -> Option<Vec<Effect>> {
        let member = self.control.deregister(mcs)?;
        self.cluster.return_cmi(member.cmi, hold_until);
        for range in member.joins.keys() {
            self.server_map
                .remove(self.config.origin, mcs, *range, false);
        }
        let parts = self.no_more_served(mcs, member.joins.keys().copied());
        let source = member.said.source;
        let mut effects = self.announce_leave(mcs, source, &parts);
        effects.push(Effect::McsChanged(Changed::Deregistered {
            client: mcs,
            member,
        }));
        Some(effects)
    }

    /// An own MCS wants to serve a range.
    // R2022-6.2.2-01 R2022-6.2.2-03
    pub(super) fn serve(
        &mut self,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
    ) -> Result<Vec<Effect>, Ignored> {
        let mcs = message.source;
        let range = self.asked_by_mcs(mcs, body)?;
        let news = self.news(mcs, range);
        if !self.control.serve(mcs, range, said_by_mcs(body)) {
            // R2022-6.2.2-13 R2022-6.2.2-14
            return Ok(vec![self.server_copy(octets)]);
        }
        // R2022-6.2.2-05
        self.server_map
            .insert(self.config.origin, mcs, range, false);
        // R2022-6.2.2-02
        let mut effects = self.server_message(octets);
        // R2022-6.2.2-06, register E14: only where there is somebody to leave.
        for group in self.to_migrate(&news.fresh, false) {
            effects.extend(self.migrate(group, mcs));
        }
        // R2022-6.2.2-08, register E13
        effects.extend(self.as_member(Op::Join, octets, message, body, range, &news.further));
        // R2443-5.2-02
        effects.push(Effect::McsChanged(Changed::Joined { client: mcs, range }));
        Ok(effects)
    }

    /// An own MCS wants to serve a range no more.
    // R2022-6.2.2-15
    pub(super) fn unserve(
        &mut self,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
    ) -> Result<Vec<Effect>, Ignored> {
        let mcs = message.source;
        let range = self.asked_by_mcs(mcs, body)?;
        if !self.control.unserve(mcs, range) {
            // R2022-6.2.2-13
            return Ok(vec![self.server_copy(octets)]);
        }
        // R2022-6.2.2-10
        self.server_map
            .remove(self.config.origin, mcs, range, false);
        let parts = self.no_more_served(mcs, [range]);
        let mut effects = self.server_message(octets);
        // R2022-6.2.2-11, register E16
        effects.extend(self.as_member(Op::Leave, octets, message, body, range, &parts));
        // R2443-5.5-02
        effects.push(Effect::McsChanged(Changed::Left {
            client: mcs,
            range,
            said: said_by_mcs(body),
        }));
        Ok(effects)
    }

    /// Gives an MCS another CMI for its records, if one is free (register H02).
    pub fn renew_mcs_cmi(
        &mut self,
        now: Time,
        mcs: Endpoint,
        hold_until: Time,
        taken: impl Fn(u16) -> bool,
    ) {
        if self.control.server(mcs).is_some()
            && let Some(cmi) = self.cluster.lend_cmi(now, taken)
            && let Some(old) = self.control.renumber(mcs, cmi)
        {
            self.cluster.return_cmi(old, hold_until);
        }
    }

    /// An MCS of another server begins to serve a range. The cluster is told by what that does to the
    /// server map (registers E13, E14); own MCSs are if `relay` says so (E17).
    // R2443-5.2-11 R2443-5.2-12 R2443-5.2-13
    pub fn foreign_serves(&mut self, foreign: Foreign, relay: bool) -> Vec<Effect> {
        let (mcs, range) = (foreign.client, foreign.range);
        let news = self.news(mcs, range);
        self.server_map.insert(foreign.origin, mcs, range, false);
        if news.fresh.is_empty() && news.further.is_empty() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if relay {
            let copy = Spread::about(Op::Mserv, mcs, foreign.source);
            effects = self.spread(ControlKind::Scvc, &copy, &[range]);
        }
        for group in self.to_migrate(&news.fresh, true) {
            effects.extend(self.migrate(group, mcs));
        }
        let join = Spread::about(Op::Join, mcs, foreign.source);
        effects.extend(self.spread(ControlKind::Ccvc, &join, &news.further));
        effects
    }

    /// An MCS of another server serves some ranges no more: one LEAVE for all of them (register E16), and
    /// for own MCSs, if `relay` says so, an UNSERV for each (E17). All of `ended` are of one MCS.
    // R2443-5.5-06 R2443-5.5-07 R2443-5.5-08
    pub fn foreign_unserves(&mut self, ended: &[Foreign], relay: bool) -> Vec<Effect> {
        let Some(Foreign {
            client: mcs,
            source,
            ..
        }) = ended.first().copied()
        else {
            return Vec::new();
        };
        for one in ended {
            self.server_map.remove(one.origin, mcs, one.range, false);
        }
        let mut effects = Vec::new();
        for one in ended.iter().filter(|_| relay) {
            if !self.no_more_served(mcs, [one.range]).is_empty() {
                let copy = Spread::about(Op::Unserv, mcs, source);
                effects.extend(self.spread(ControlKind::Scvc, &copy, &[one.range]));
            }
        }
        let parts = self.no_more_served(mcs, ended.iter().map(|one| one.range));
        effects.extend(self.announce_leave(mcs, source, &parts));
        effects
    }

    /// The range that a message of a registered MCS is about.
    // R2022-6.2.2-04
    fn asked_by_mcs(&self, mcs: Endpoint, body: &Membership<'_>) -> Result<GroupRange, Ignored> {
        if self.control.server(mcs).is_none() {
            return Err(Ignored::NotRegistered);
        }
        asked(self.config.protocol, body)
    }

    /// What the server map would gain.
    fn news(&self, mcs: Endpoint, range: GroupRange) -> News {
        let new = ranges::punch(range, self.server_map.ranges_of(mcs, range));
        let fresh = ranges::subtract(&new, self.server_map.overlapping(range));
        let further = ranges::subtract(&new, fresh.iter().copied());
        News { fresh, further }
    }

    /// The groups of some ranges that this MCS, by whatever server's word, does not serve.
    fn no_more_served(
        &self,
        mcs: Endpoint,
        ended: impl IntoIterator<Item = GroupRange>,
    ) -> Vec<GroupRange> {
        let ended = ranges::disjoint(ended);
        let still = ended
            .iter()
            .flat_map(|range| self.server_map.ranges_of(mcs, *range));
        ranges::subtract(&ended, still)
    }

    /// The groups that a MIGRATE is due for. Single ones may be without members (register E14).
    fn to_migrate(&self, fresh: &[GroupRange], without_members: bool) -> Vec<ProtocolAddress> {
        let mut groups = Vec::new();
        for part in fresh {
            let (low, high) = ranges::bounds(*part);
            if part.is_single() && without_members {
                groups.push(ranges::ends(*part).0);
            } else if high - low < SMALL_BLOCK {
                let members = ranges::groups(*part).filter(|group| self.map.has_members(*group));
                groups.extend(members);
            } else {
                groups.extend(self.map.singles_in(*part));
            }
        }
        groups
    }

    /// Moves the senders of a group to an MCS.
    // R2022-5.1.6-01 R2022-6.2.2-06 R2022-6.2.2-07
    fn migrate(&mut self, group: ProtocolAddress, mcs: Endpoint) -> Option<Effect> {
        let targets = [mcs];
        let targets = EndpointList::new(&targets)?;
        let answer = Answer {
            source_protocol: self.config.protocol_address,
            target: group,
            last: false,
            part: 0,
            msn: self.cluster.transmit()?,
            targets,
        };
        let (protocol, own) = (self.config.protocol, self.config.address);
        let message = Message::new(protocol, own, Body::Migrate(answer));
        Some(Effect::Cluster(message.to_vec()))
    }

    /// The cluster takes an MCS for a member: a JOIN or LEAVE on the CCVC for these parts of a range that it
    /// named, in its own words where that is the whole range.
    // R2022-6.2.2-08 R2022-6.2.2-09 R2022-6.2.2-11 R2022-6.2.2-12
    fn as_member(
        &mut self,
        op: Op,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
        range: GroupRange,
        parts: &[GroupRange],
    ) -> Vec<Effect> {
        if parts != [range] {
            let spread = Spread::about(op, message.source, body.source_protocol);
            return self.spread(ControlKind::Ccvc, &spread, parts);
        }
        let copy = self.cluster.transmit().map(|csn| {
            let mut copy = Vec::with_capacity(octets.len());
            let clear =
                MembershipFlags::LAYER3GRP | MembershipFlags::REGISTER | MembershipFlags::PUNCHED;
            retyped_copy(
                octets,
                op,
                MembershipFlags::COPY,
                clear,
                Some(0),
                csn,
                &mut copy,
            );
            Effect::Cluster(copy)
        });
        copy.into_iter().collect()
    }

    fn announce_leave(
        &mut self,
        mcs: Endpoint,
        source: ProtocolAddress,
        parts: &[GroupRange],
    ) -> Vec<Effect> {
        let leave = Spread::about(Op::Leave, mcs, source);
        self.spread(ControlKind::Ccvc, &leave, parts)
    }

    /// A copy of an MCS's message for that MCS alone.
    // R2022-6.2.5-02
    fn server_copy(&self, octets: &[u8]) -> Effect {
        Effect::Reply(mcs_copy(octets, self.control.ssn()))
    }

    /// A copy of an MCS's message for all MCSs, which is its acknowledgement too.
    // R2022-6.2.2-02
    fn server_message(&mut self, octets: &[u8]) -> Vec<Effect> {
        let ssn = self.control.transmit();
        ssn.map(|ssn| on(ControlKind::Scvc, mcs_copy(octets, ssn)))
            .into_iter()
            .collect()
    }
}

/// An MCS's message as a MARS sends it back or on.
// R2022-6.2.3-03
fn mcs_copy(octets: &[u8], ssn: u32) -> Vec<u8> {
    let mut copy = Vec::with_capacity(octets.len());
    let (set, clear) = (MembershipFlags::COPY, MembershipFlags::PUNCHED);
    patched_copy(octets, set, clear, Some(0), ssn, &mut copy);
    copy
}

/// What a message tells of an MCS: layer3grp means nothing.
// R2443-5.2-05
fn said_by_mcs(body: &Membership<'_>) -> Said {
    Said {
        layer3grp: false,
        ..said(body)
    }
}
