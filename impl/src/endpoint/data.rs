//! Data: encapsulation, reflection, relaying (RFC 2022, 5.1, 5.5, 7.1).

use super::core::{Core, Role, Timer};
use super::io::{OutputAction, Refusal};
use crate::address::{GroupRange, Protocol, ProtocolAddress};
use crate::ranges;
use crate::wire::data::{Data, Sender, decode_type1, decode_type2};
use crate::wire::llc_snap::DATA1_HEADER;

impl Core {
    pub(super) fn command_send(
        &mut self,
        group: ProtocolAddress,
        packet: Vec<u8>,
    ) -> Result<(), Refusal> {
        if !ranges::fits(self.config.protocol, group) {
            return Err(Refusal::NoGroup);
        }
        self.send_data(group, packet);
        Ok(())
    }

    /// Sends to a group: a layer 3 packet, or in an MCS a whole SDU.
    pub(super) fn send_data(&mut self, group: ProtocolAddress, packet: Vec<u8>) {
        let state = self.groups.get(&group);
        let tree = state.and_then(|state| state.tree.as_ref());
        if let Some(tree) = tree.filter(|tree| tree.up) {
            let tree = tree.id;
            let octets = self.encapsulate(packet);
            self.meters.data_out += 1;
            self.emit(OutputAction::SendTree { tree, octets });
            self.arm(Timer::TreeIdle(group), self.config.tree_idle_ms);
            // R2022-5.1.5-01: the packet first.
            if let Some(state) = self.groups.get_mut(&group)
                && state.revalidate
                && state.query.is_none()
            {
                state.revalidate = false;
                self.ask(group);
            }
            return;
        }
        let known = state.is_some();
        // R2022-5.1.1-02
        if !known && self.held(group) {
            return self.drop("no-members");
        }
        let limit = self.config.queue_limit;
        let state = self.groups.entry(group).or_default();
        if state.queue.len() < limit {
            state.queue.push_back(packet);
        } else {
            self.drop("queue-full");
        }
        if !known {
            self.ask(group);
        }
    }

    // R2022-5.5-01
    fn encapsulate(&self, packet: Vec<u8>) -> Vec<u8> {
        if self.role == Role::Server {
            return packet;
        }
        let mut octets = DATA1_HEADER.to_vec();
        let data = Data {
            sender: Sender::Member(self.cmi),
            protocol: self.config.protocol,
            padding: &[],
            packet: &packet,
        };
        data.encode(&mut octets);
        octets
    }

    /// Takes a data frame, with and without its LLC/SNAP header.
    // R2022-5.5-02 R2022-5.2-06 R2022-7.2-01
    pub(super) fn data(&mut self, octets: &[u8], frame: &[u8], type1: bool) {
        let decoded = if type1 {
            decode_type1(frame)
        } else {
            decode_type2(frame)
        };
        let Ok(data) = decoded else {
            return self.drop("malformed");
        };
        if data.protocol != self.config.protocol {
            return self.drop("other-protocol");
        }
        if self.role == Role::Server {
            return match self.served_group(data.packet) {
                Some(group) => self.send_data(group, octets.to_vec()),
                None => self.drop("not-served"),
            };
        }
        let cmi = match data.sender {
            Sender::Member(cmi) => Some(cmi),
            Sender::Source(_) => None,
        };
        // R2022-5.5.1-01
        if self.cmi != 0 && cmi == Some(self.cmi) {
            return self.drop("reflected");
        }
        self.meters.delivered += 1;
        self.emit(OutputAction::Deliver {
            cmi,
            packet: data.packet.to_vec(),
        });
    }

    /// The group that a packet at an MCS is for.
    fn served_group(&self, packet: &[u8]) -> Option<ProtocolAddress> {
        let mut ranges = self.joined.keys().chain(self.pending.keys());
        let only = ranges
            .next()
            .copied()
            .filter(GroupRange::is_single)
            .filter(|only| ranges.all(|other| other == only));
        if let Some(only) = only {
            return Some(ranges::ends(only).0);
        }
        let group = ProtocolAddress::new(match self.config.protocol {
            Protocol::IPV4 => packet.get(16..20)?,
            Protocol::IPV6 => packet.get(24..40)?,
            _ => return None,
        })?;
        self.serves(group).then_some(group)
    }
}
