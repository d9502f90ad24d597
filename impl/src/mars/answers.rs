//! What clients ask for and are told: group members, layer 3 groups, other servers (RFC 2022, 5.1, 5.3,
//! 5.4.3).

use super::distribution::on;
use super::packing;
use super::party::Role;
use super::ranges;
use super::server::{Effect, Ignored, Mars, asked};
use crate::address::{Endpoint, ProtocolAddress};
use crate::io::ControlKind;
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
        let group = query.target;
        // R2022-6.1.1-01 R2022-6.2.1-03 R2022-6.2.5-03
        let role = self.role(client).ok_or(Ignored::NotRegistered)?;
        // R2022-5.1.2-02
        let single = ranges::single(group)
            .filter(|_| ranges::fits(self.config.protocol, group))
            .ok_or(Ignored::NoGroup)?;
        // R2443-1-01 R2443-1-02, registers E25, F24, F25
        let (mut members, msn) = if self.control.serves(client, single) {
            // R2022-6.2.1-01 R2022-6.2.5-02
            (self.map.members(group), self.control.ssn())
        } else if role == Role::Mcs {
            return Err(Ignored::NotServing);
        } else {
            // R2022-6.2.1-02 R2443-5.5-09
            let servers = self.server_map.members(group);
            let members = if servers.is_empty() {
                self.map.members(group)
            } else {
                servers
            };
            (members, self.cluster.csn())
        };
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
                    msn,
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
        // Register F07
        let msn = match self.role(client).ok_or(Ignored::NotRegistered)? {
            Role::Client => self.cluster.csn(),
            Role::Mcs => self.control.ssn(),
        };
        let range = asked(self.config.protocol, body)?;
        let groups: Vec<ProtocolAddress> = self.map.layer3_groups(range);
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
                    msn,
                    groups: AddressList::new(groups)?,
                };
                Some(self.reply(client, Body::GrouplistReply(list)))
            })
            .collect())
    }

    /// What a registered node is taken for where both are possible: a member, if it is one.
    fn role(&self, node: Endpoint) -> Option<Role> {
        if self.cluster.member(node).is_some() {
            Some(Role::Client)
        } else {
            self.control.server(node).map(|_| Role::Mcs)
        }
    }

    fn reply(&self, client: Endpoint, body: Body<'_>) -> Effect {
        Effect::Reply(Message::new(self.config.protocol, client, body).to_vec())
    }

    /// A redirect map on both control VCs, hard (register A04); nothing on one that has no leaf. A part
    /// holds one type of address, and the order counts more than the number of parts (register F26).
    // R2022-6.1.3-01 R2022-5.4.3-03 R2022-5.4.3-12 R2443-5.1-08 R2022-6.2-02
    pub fn redirect_map(&mut self, servers: &[Endpoint]) -> Vec<Effect> {
        let own = self.config.address;
        let mtu = usize::from(self.config.mtu);
        let mut effects = Vec::new();
        for vc in [ControlKind::Ccvc, ControlKind::Scvc] {
            let parts = packing::endpoint_parts(servers, mtu, packing::endpoint_len(&own));
            for (part, last, servers) in packing::numbered(parts) {
                // R2022-6.2.5-02
                let Some((servers, msn)) = EndpointList::new(servers).zip(self.transmit(vc)) else {
                    continue;
                };
                let map = RedirectMap {
                    hard: true,
                    last,
                    part,
                    msn,
                    servers,
                };
                let message = Message::new(self.config.protocol, own, Body::RedirectMap(map));
                effects.push(on(vc, message.to_vec()));
            }
        }
        effects
    }
}
