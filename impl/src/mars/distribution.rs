//! Who gets to see a change of membership: the client, the cluster, the multicast servers (RFC 2022,
//! 6.1.2, 6.2.4; RFC 2443, 5.3 and 5.4).

use super::packing;
use super::ranges;
use super::server::{Effect, Foreign, Kind, Mars};
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::io::ControlKind;
use crate::wire::codepoints::Op;
use crate::wire::mars::{
    Body, Membership, MembershipFlags, Message, PairList, Tlvs, patched_copy, retyped_copy,
};

/// What the messages of one list have in common: a JOIN, or another of its form, that goes out on a
/// control VC with blocks of the MARS's choice.
pub(super) struct Spread<'a> {
    pub(super) op: Op,
    pub(super) source: Endpoint,
    pub(super) source_protocol: ProtocolAddress,
    pub(super) flags: MembershipFlags,
    pub(super) cmi: u16,
    pub(super) tlvs: Tlvs<'a>,
    pub(super) checksum_present: bool,
}

impl Spread<'static> {
    /// A message that this server makes up about somebody (register E12).
    pub(super) fn about(op: Op, source: Endpoint, source_protocol: ProtocolAddress) -> Self {
        Self {
            op,
            source,
            source_protocol,
            // R2022-6.2.4-12 R2022-6.2.2-09 R2022-6.2.2-12
            flags: MembershipFlags(MembershipFlags::COPY),
            cmi: 0,
            tlvs: Tlvs::default(),
            checksum_present: true,
        }
    }
}

impl Mars {
    /// What the client, the cluster and the MCSs get to see of a change (RFC 2022, 6.1.2, 6.2.4): the
    /// groups of `range` that no other join of the client covers; the cluster those that no MCS serves.
    pub(super) fn distribute(
        &mut self,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
        range: GroupRange,
    ) -> Vec<Effect> {
        let others = self.other_joins(message.source, range);
        // R2022-6.1.2-14 R2022-6.2.4-06
        let parts = ranges::punch(range, others);
        let kind = match message.body {
            Body::Leave(_) => Kind::Leave,
            _ => Kind::Join,
        };
        let mut spread = Spread {
            op: for_servers(kind),
            source: message.source,
            source_protocol: body.source_protocol,
            flags: body
                .flags
                .with(MembershipFlags::COPY | MembershipFlags::PUNCHED),
            cmi: body.cmi,
            tlvs: message.tlvs,
            checksum_present: message.checksum_present,
        };
        let mut effects = self.tell_servers(octets, &spread, range, &parts);
        // R2022-6.2.4-07
        let open = ranges::subtract(&parts, self.server_map.overlapping(range));
        if open == [range] {
            // R2022-6.1.2-13 R2022-6.1.2-15 R2022-6.2.4-02 R2022-6.2.4-08: the copy on the CCVC is the
            // acknowledgement.
            let copy = self
                .cluster
                .transmit()
                .map(|csn| Effect::Cluster(copy_of(octets, None, csn)));
            effects.extend(copy);
            return effects;
        }
        // R2022-6.1.2-12 R2022-6.1.2-16 R2022-6.2.4-04 R2022-6.2.4-05 R2022-6.2.4-09
        effects.push(self.private_copy(octets, None));
        // R2022-6.1.2-17 R2022-6.1.2-18 R2022-6.2.4-10
        spread.op = for_cluster(kind);
        effects.extend(self.spread(ControlKind::Ccvc, &spread, &open));
        effects
    }

    /// What own MCSs that serve a group of `range` get to see of it (register E18).
    // R2022-6.2.4-01 R2022-6.2.4-03 R2022-6.2.4-06 R2022-6.2.4-11 R2022-6.2.4-12
    fn tell_servers(
        &mut self,
        octets: &[u8],
        spread: &Spread<'_>,
        range: GroupRange,
        parts: &[GroupRange],
    ) -> Vec<Effect> {
        if !self.control.serves_any(range) {
            return Vec::new();
        }
        if parts != [range] {
            return self.spread(ControlKind::Scvc, spread, parts);
        }
        let copy = self.control.transmit().map(|ssn| {
            let mut copy = Vec::with_capacity(octets.len());
            let (set, clear) = (MembershipFlags::COPY, MembershipFlags::PUNCHED);
            retyped_copy(octets, spread.op, set, clear, None, ssn, &mut copy);
            Effect::Servers(copy)
        });
        copy.into_iter().collect()
    }

    /// The other joins of an own client that have a group in common with `range`.
    fn other_joins(&self, client: Endpoint, range: GroupRange) -> Vec<GroupRange> {
        let Some(member) = self.cluster.member(client) else {
            return Vec::new();
        };
        let (low, high) = ranges::ends(range);
        let before = self
            .map
            .blocks_over(low)
            .filter(|block| ranges::ends(*block).0 < low && member.joins.contains_key(block));
        let within = ranges::starting(low, high)
            .into_iter()
            .flat_map(|at| member.joins.range(at))
            .map(|(other, _)| *other);
        before
            .chain(within)
            .filter(|other| *other != range)
            .collect()
    }

    /// Messages on a control VC with these blocks, as many as their number needs; none when there are no
    /// blocks (register F13), or no leaves (F16).
    pub(super) fn spread(
        &mut self,
        vc: ControlKind,
        spread: &Spread<'_>,
        parts: &[GroupRange],
    ) -> Vec<Effect> {
        // Where there are TLVs, padding comes before them.
        let more = spread.tlvs.octets().len() + 3;
        let chunks = self.pair_chunks(parts, spread.source, spread.source_protocol, more);
        self.send_chunks(vc, spread, &chunks)
    }

    fn send_chunks(
        &mut self,
        vc: ControlKind,
        spread: &Spread<'_>,
        chunks: &[Vec<GroupRange>],
    ) -> Vec<Effect> {
        let mut effects = Vec::with_capacity(chunks.len());
        for pairs in chunks {
            let Some((msn, pairs)) = self.transmit(vc).zip(PairList::new(pairs)) else {
                continue;
            };
            let body = Membership {
                source_protocol: spread.source_protocol,
                flags: spread.flags,
                cmi: spread.cmi,
                msn,
                pairs,
            };
            let message = Message {
                tlvs: spread.tlvs,
                checksum_present: spread.checksum_present,
                ..Message::new(
                    self.config.protocol,
                    spread.source,
                    body_of(spread.op, body),
                )
            };
            effects.push(on(vc, message.to_vec()));
        }
        effects
    }

    /// The number of a message that goes out on a control VC now; `None` when it has no leaf.
    pub(super) fn transmit(&mut self, vc: ControlKind) -> Option<u32> {
        match vc {
            ControlKind::Ccvc => self.cluster.transmit(),
            ControlKind::Scvc => self.control.transmit(),
        }
    }

    /// Blocks in as many lists as their messages need.
    fn pair_chunks(
        &self,
        parts: &[GroupRange],
        client: Endpoint,
        source: ProtocolAddress,
        more: usize,
    ) -> Vec<Vec<GroupRange>> {
        let pair = parts
            .first()
            .map_or(1, |range| 2 * range.min().octets().len());
        let addresses = packing::endpoint_len(&client) + source.octets().len() + more;
        let size = packing::capacity(usize::from(self.config.mtu), addresses, pair);
        parts.chunks(size).map(<[_]>::to_vec).collect()
    }

    /// A copy of a client's message for that client alone (register F10).
    // R2022-6.1.2-08 R2022-5.2.1-07 R2022-5.2.1-16 R2022-5.1.4.2-03
    pub(super) fn private_copy(&self, octets: &[u8], cmi: Option<u16>) -> Effect {
        Effect::Reply(copy_of(octets, cmi, self.cluster.csn()))
    }

    /// A membership of a client of another server begins to count. The cluster is told of the groups
    /// that are new for this client, if it is to be told at all.
    // R2443-5.3-15 R2443-5.3-16 R2443-2-10
    pub fn foreign_begins(&mut self, foreign: Foreign, announce: bool) -> Vec<Effect> {
        let parts = ranges::punch(
            foreign.range,
            self.map.ranges_of(foreign.client, foreign.range),
        );
        self.map.insert(
            foreign.origin,
            foreign.client,
            foreign.range,
            foreign.layer3grp,
        );
        if announce {
            self.announce(Kind::Join, &foreign, &parts)
        } else {
            Vec::new()
        }
    }

    /// A membership of a client of another server counts no more. The cluster is told of the groups
    /// that this client is in no more.
    // R2443-5.4-06 R2443-5.4-07 R2443-5.4-11
    pub fn foreign_ends(&mut self, foreign: Foreign, announce: bool) -> Vec<Effect> {
        self.map.remove(
            foreign.origin,
            foreign.client,
            foreign.range,
            foreign.layer3grp,
        );
        let parts = ranges::punch(
            foreign.range,
            self.map.ranges_of(foreign.client, foreign.range),
        );
        if announce {
            self.announce(Kind::Leave, &foreign, &parts)
        } else {
            Vec::new()
        }
    }

    /// What the own MCSs, if they serve a group of the range, and the cluster are told because of a record
    /// (registers E12, E18).
    // R2443-5.3-21
    fn announce(&mut self, kind: Kind, foreign: &Foreign, parts: &[GroupRange]) -> Vec<Effect> {
        let mut spread = Spread::about(for_servers(kind), foreign.client, foreign.source);
        let mut effects = Vec::new();
        // R2443-5.3-19 R2443-5.4-10
        if self.control.serves_any(foreign.range) {
            spread.flags = flags_of(foreign, parts);
            effects = self.spread(ControlKind::Scvc, &spread, parts);
        }
        // R2443-5.3-16 R2443-5.4-07
        let open = ranges::subtract(parts, self.server_map.overlapping(foreign.range));
        let parts = open.as_slice();
        spread.op = for_cluster(kind);
        spread.flags = flags_of(foreign, parts);
        let chunks = self.pair_chunks(parts, foreign.client, foreign.source, 0);
        effects.extend(self.send_chunks(ControlKind::Ccvc, &spread, &chunks));
        effects
    }
}

/// Flags of a message made from a record.
fn flags_of(foreign: &Foreign, parts: &[GroupRange]) -> MembershipFlags {
    let mut flags = MembershipFlags(MembershipFlags::COPY);
    if foreign.layer3grp {
        // R2022-6.2.4-11
        flags = flags.with(MembershipFlags::LAYER3GRP);
    }
    if parts != [foreign.range] {
        flags = flags.with(MembershipFlags::PUNCHED);
    }
    flags
}

const fn for_cluster(kind: Kind) -> Op {
    match kind {
        Kind::Join => Op::Join,
        Kind::Leave => Op::Leave,
    }
}

// R2022-6.2.4-01
const fn for_servers(kind: Kind) -> Op {
    match kind {
        Kind::Join => Op::Sjoin,
        Kind::Leave => Op::Sleave,
    }
}

/// A message of JOIN form.
const fn body_of(op: Op, body: Membership<'_>) -> Body<'_> {
    match op {
        Op::Leave => Body::Leave(body),
        Op::Sjoin => Body::Sjoin(body),
        Op::Sleave => Body::Sleave(body),
        Op::Mserv => Body::Mserv(body),
        Op::Unserv => Body::Unserv(body),
        _ => Body::Join(body),
    }
}

/// Sends on a control VC.
pub(super) const fn on(vc: ControlKind, octets: Vec<u8>) -> Effect {
    match vc {
        ControlKind::Ccvc => Effect::Cluster(octets),
        ControlKind::Scvc => Effect::Servers(octets),
    }
}

/// A client's message as a MARS sends it on: copy set, punched clear, the CSN in place.
// R2022-5.2.1-04 R2022-6.1.2-11
fn copy_of(octets: &[u8], cmi: Option<u16>, csn: u32) -> Vec<u8> {
    let mut copy = Vec::with_capacity(octets.len());
    patched_copy(
        octets,
        MembershipFlags::COPY,
        MembershipFlags::PUNCHED,
        cmi,
        csn,
        &mut copy,
    );
    copy
}
