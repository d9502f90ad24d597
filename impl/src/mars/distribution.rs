//! Who gets to see a change of membership: the client, the cluster, or both (RFC 2022, 6.1.2; RFC 2443,
//! 5.3 and 5.4).

use super::packing;
use super::ranges;
use super::server::{Effect, Foreign, Kind, Mars};
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::wire::mars::{Body, Membership, MembershipFlags, Message, PairList, patched_copy};

impl Mars {
    /// What the client and the cluster get to see of a change (RFC 2022, 6.1.2): the groups of `range`
    /// that no other join of the client covers.
    pub(super) fn distribute(
        &mut self,
        octets: &[u8],
        message: &Message<'_>,
        body: &Membership<'_>,
        range: GroupRange,
    ) -> Vec<Effect> {
        let others = self
            .cluster
            .member(message.source)
            .into_iter()
            .flat_map(|member| member.joins.keys())
            .copied()
            .filter(|other| *other != range);
        // R2022-6.1.2-14
        let parts = ranges::punch(range, others);
        if parts == [range] {
            // R2022-6.1.2-13 R2022-6.1.2-15: the copy on the CCVC is the acknowledgement.
            let copy = self
                .cluster
                .transmit()
                .map(|csn| Effect::Cluster(copy_of(octets, None, csn)));
            return copy.into_iter().collect();
        }
        // R2022-6.1.2-12 R2022-6.1.2-16
        let mut effects = vec![self.private_copy(octets, None)];
        let flags = body
            .flags
            .with(MembershipFlags::COPY | MembershipFlags::PUNCHED);
        let tlvs = message.tlvs.octets().len() + 3;
        let chunks = self.pair_chunks(&parts, message.source, body.source_protocol, tlvs);
        for pairs in chunks {
            // R2022-6.1.2-17 R2022-6.1.2-18
            let Some((msn, pairs)) = self.cluster.transmit().zip(PairList::new(&pairs)) else {
                continue;
            };
            let punched = Membership {
                flags,
                msn,
                pairs,
                ..*body
            };
            let copy = Message {
                tlvs: message.tlvs,
                checksum_present: message.checksum_present,
                ..Message::new(
                    message.protocol,
                    message.source,
                    match message.body {
                        Body::Leave(_) => Body::Leave(punched),
                        _ => Body::Join(punched),
                    },
                )
            };
            effects.push(Effect::Cluster(copy.to_vec()));
        }
        effects
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
        let parts = ranges::punch(foreign.range, self.map.ranges(foreign.client));
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
        let parts = ranges::punch(foreign.range, self.map.ranges(foreign.client));
        if announce {
            self.announce(Kind::Leave, &foreign, &parts)
        } else {
            Vec::new()
        }
    }

    /// A CCVC message made from a record (register E12).
    // R2443-5.3-21
    fn announce(&mut self, kind: Kind, foreign: &Foreign, parts: &[GroupRange]) -> Vec<Effect> {
        let mut flags = MembershipFlags(MembershipFlags::COPY);
        if foreign.layer3grp {
            // R2022-6.2.4-11
            flags = flags.with(MembershipFlags::LAYER3GRP);
        }
        if parts != [foreign.range] {
            flags = flags.with(MembershipFlags::PUNCHED);
        }
        let mut effects = Vec::new();
        for pairs in self.pair_chunks(parts, foreign.client, foreign.source, 0) {
            let Some((msn, pairs)) = self.cluster.transmit().zip(PairList::new(&pairs)) else {
                continue;
            };
            let body = Membership {
                source_protocol: foreign.source,
                flags,
                cmi: 0,
                msn,
                pairs,
            };
            let body = match kind {
                Kind::Join => Body::Join(body),
                Kind::Leave => Body::Leave(body),
            };
            let message = Message::new(self.config.protocol, foreign.client, body);
            effects.push(Effect::Cluster(message.to_vec()));
        }
        effects
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
