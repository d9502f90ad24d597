//! What clients ask for and are told: group members, layer 3 groups, other servers (RFC 2022, 5.1, 5.3,
//! 5.4.3).

use super::packing;
use super::ranges;
use super::server::{Effect, Ignored, Mars};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::mars::{
    AddressList, Answer, Body, EndpointList, GroupList, Membership, Message, Query, RedirectMap,
    nak_copy,
};

impl Mars {
    pub(super) fn request(
        &self,
        octets: &[u8],
        client: Endpoint,
        query: &Query,
    ) -> Result<Vec<Effect>, Ignored> {
        // R2022-6.1.1-01
        if self.cluster.member(client).is_none() {
            return Err(Ignored::NotRegistered);
        }
        let group = query.target;
        // R2022-5.1.2-02
        if !ranges::fits(self.config.protocol, group) {
            return Err(Ignored::NoGroup);
        }
        // R2443-1-01 R2443-1-02
        let mut members: Vec<Endpoint> = self.map.members(group).into_iter().collect();
        if members.is_empty() {
            // R2022-6.1.1-02
            let mut nak = Vec::with_capacity(octets.len());
            nak_copy(octets, &mut nak);
            return Ok(vec![Effect::Reply(nak)]);
        }
        // R2022-5.1.1-08
        members.sort_by_key(packing::shape);
        let addresses = packing::endpoint_len(&client)
            + query.source_protocol.octets().len()
            + group.octets().len();
        let parts = packing::endpoint_parts(&members, usize::from(self.config.mtu), addresses);
        Ok(packing::numbered(parts)
            .filter_map(|(part, last, targets)| {
                let answer = Answer {
                    // R2022-5.1.2-09
                    source_protocol: query.source_protocol,
                    target: group,
                    last,
                    part,
                    // R2022-5.1.1-14
                    msn: self.cluster.csn(),
                    targets: EndpointList::new(targets)?,
                };
                Some(self.reply(client, Body::Multi(answer)))
            })
            .collect())
    }

    // R2022-5.3-02 R2022-5.3-03 R2022-5.3-05 R2022-5.3-09
    pub(super) fn group_list(
        &self,
        client: Endpoint,
        body: &Membership<'_>,
    ) -> Result<Vec<Effect>, Ignored> {
        if self.cluster.member(client).is_none() {
            return Err(Ignored::NotRegistered);
        }
        let range = body
            .pairs
            .iter()
            .next()
            .filter(|range| ranges::fits(self.config.protocol, ranges::ends(*range).0))
            .ok_or(Ignored::NoGroup)?;
        let groups: Vec<ProtocolAddress> = self.map.layer3_groups(range).into_iter().collect();
        let addresses = packing::endpoint_len(&client) + body.source_protocol.octets().len();
        let size = packing::capacity(
            usize::from(self.config.mtu),
            addresses,
            usize::from(body.group_len()),
        );
        // Register F07: an empty list is an answer too.
        let parts = if groups.is_empty() {
            vec![groups.as_slice()]
        } else {
            groups.chunks(size).collect()
        };
        // R2022-5.3-06 R2022-5.3-07
        Ok(packing::numbered(parts)
            .filter_map(|(part, last, groups)| {
                let list = GroupList {
                    source_protocol: body.source_protocol,
                    last,
                    part,
                    msn: self.cluster.csn(),
                    groups: AddressList::new(groups)?,
                };
                Some(self.reply(client, Body::GrouplistReply(list)))
            })
            .collect())
    }

    fn reply(&self, client: Endpoint, body: Body<'_>) -> Effect {
        Effect::Reply(Message::new(self.config.protocol, client, body).to_vec())
    }

    /// A redirect map on the CCVC, hard (register A04); nothing when the CCVC has no leaf. A part holds
    /// one type of address, and the order counts more than the number of parts (register F26).
    // R2022-6.1.3-01 R2022-5.4.3-03 R2022-5.4.3-12 R2443-5.1-08
    pub fn redirect_map(&mut self, servers: &[Endpoint]) -> Vec<Effect> {
        let own = self.config.address;
        let parts = packing::endpoint_parts(
            servers,
            usize::from(self.config.mtu),
            packing::endpoint_len(&own),
        );
        packing::numbered(parts)
            .filter_map(|(part, last, servers)| {
                let servers = EndpointList::new(servers)?;
                let map = RedirectMap {
                    hard: true,
                    last,
                    part,
                    msn: self.cluster.transmit()?,
                    servers,
                };
                let message = Message::new(self.config.protocol, own, Body::RedirectMap(map));
                Some(Effect::Cluster(message.to_vec()))
            })
            .collect()
    }
}
