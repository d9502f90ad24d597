//! One MARS for one layer 3 protocol: a message in, messages and membership events out (RFC 2022, 6).
//!
//! The host map and the server map also hold what the group says about clients and MCSs of other servers;
//! the cluster and the server control hold own ones only. Queries are answered from the maps, service is
//! for own nodes (register A09).
//!
//! Here: what a MARS is, the way of a message to its room, registration of clients. In `membership`: joins
//! and leaves. In `serve`: MCSs.

mod membership;
mod serve;

pub(super) use membership::asked;

use super::cluster::{Cluster, Member, Said};
use super::cmi::CmiPool;
use super::mcs::ServerControl;
use super::membership::HostMap;
use super::party::{Party, Role};
use crate::address::{Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId};
use crate::io::Time;
use crate::wire::codepoints::Op;
use crate::wire::mars::{Body, Membership, Message, TlvAction};

/// What one MARS is told at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarsConfig {
    /// The layer 3 protocol it serves.
    pub protocol: Protocol,
    /// Its own ATM address.
    pub address: Endpoint,
    /// Its own layer 3 address; null for none.
    pub protocol_address: ProtocolAddress,
    /// The name of its own entries in the host map.
    pub origin: ServerId,
    /// CMIs to assign, both ends included.
    pub cmi_range: [u16; 2],
    /// First CSN.
    pub csn_start: u32,
    /// First SSN.
    pub ssn_start: u32,
    /// Longest message, octets without LLC/SNAP.
    pub mtu: u16,
}

/// One MARS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mars {
    pub(super) config: MarsConfig,
    pub(super) cluster: Cluster,
    pub(super) map: HostMap,
    pub(super) control: ServerControl,
    pub(super) server_map: HostMap,
}

/// What a MARS wants done, in order. Octets are MARS messages without LLC/SNAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Add a leaf to the CCVC.
    AddLeaf(Endpoint),
    /// Drop a leaf from the CCVC.
    DropLeaf(Endpoint),
    /// Send on the VC that the message came on (register F21).
    Reply(Vec<u8>),
    /// Send on the CCVC.
    Cluster(Vec<u8>),
    /// Tell the other servers of a client.
    Changed(Changed),
    /// Add a leaf to the SCVC.
    AddServerLeaf(Endpoint),
    /// Drop a leaf from the SCVC.
    DropServerLeaf(Endpoint),
    /// Send on the SCVC.
    Servers(Vec<u8>),
    /// Tell the other servers of an MCS.
    McsChanged(Changed),
}

/// A change among the own clients, or among the own MCSs, that the group has to know. An MCS serves what
/// a client joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A new registration.
    Registered {
        /// Who.
        client: Endpoint,
    },
    /// A range was joined, or its layer3grp flag changed.
    Joined {
        /// Who.
        client: Endpoint,
        /// What, as it was asked for.
        range: GroupRange,
    },
    /// A joined range was left.
    Left {
        /// Who.
        client: Endpoint,
        /// What.
        range: GroupRange,
        /// The flags and source of the LEAVE.
        said: Said,
    },
    /// A registration ended, and with it all joins.
    Deregistered {
        /// Who.
        client: Endpoint,
        /// The registration as it was.
        member: Member,
    },
}

/// Why a message was dropped without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// The sender is not registered here (register A09).
    NotRegistered,
    /// It has the copy flag: a MARS sent it.
    CopyFlag,
    /// It names more than one block.
    SeveralPairs,
    /// It names no group, or one whose length does not fit the protocol.
    NoGroup,
    /// The range of CMIs is exhausted (register E02).
    NoCmi,
    /// A TLV asks for it.
    Tlv(TlvAction),
    /// A JOIN for a group that the sender serves as an MCS (register F20).
    ServesGroup,
    /// A REQUEST of an MCS for a group that it does not serve (register F25).
    NotServing,
    /// A message that only a MARS sends.
    NotForServers(Op),
}

/// Whether a change of membership is a JOIN or a LEAVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `MARS_JOIN`.
    Join,
    /// `MARS_LEAVE`.
    Leave,
}

/// A membership of a client of another server, or the service of an MCS of another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Whose word it is.
    pub origin: ServerId,
    /// The member.
    pub client: Endpoint,
    /// The range it joined.
    pub range: GroupRange,
    /// Its layer3grp flag.
    pub layer3grp: bool,
    /// Its layer 3 address; may be null.
    pub source: ProtocolAddress,
}

impl Mars {
    /// A MARS without clients.
    #[must_use]
    pub fn new(config: MarsConfig) -> Self {
        let [lowest, highest] = config.cmi_range;
        Self {
            config,
            cluster: Cluster::new(CmiPool::new(lowest, highest), config.csn_start),
            map: HostMap::default(),
            control: ServerControl::new(config.ssn_start),
            server_map: HostMap::default(),
        }
    }

    /// Its clients.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The group-wide host map.
    #[must_use]
    pub const fn map(&self) -> &HostMap {
        &self.map
    }

    /// Its multicast servers.
    #[must_use]
    pub const fn control(&self) -> &ServerControl {
        &self.control
    }

    /// The group-wide server map: who serves which groups.
    // R2022-6.2-01
    #[must_use]
    pub const fn server_map(&self) -> &HostMap {
        &self.server_map
    }

    /// A registered client or MCS.
    #[must_use]
    pub fn party(&self, party: Party) -> Option<&Member> {
        match party.role {
            Role::Client => self.cluster.member(party.endpoint),
            Role::Mcs => self.control.server(party.endpoint),
        }
    }

    /// Keeps a CMI out of use that records of an earlier life carry (register E04).
    pub fn hold_cmi(&mut self, cmi: u16, until: Time) {
        self.cluster.hold_cmi(cmi, until);
    }

    /// Gives a client another CMI, if one is free (register H02).
    pub fn renew_cmi(
        &mut self,
        now: Time,
        client: Endpoint,
        hold_until: Time,
        taken: impl Fn(u16) -> bool,
    ) {
        self.cluster.renew_cmi(now, client, hold_until, taken);
    }

    /// Takes a message of this protocol. `octets` is what `message` was decoded from; a CMI that this
    /// message frees is kept out of use until `hold_until`; `taken` names the CMIs of other servers.
    ///
    /// # Errors
    /// Why there is no answer; nothing has changed then.
    pub fn message(
        &mut self,
        now: Time,
        octets: &[u8],
        message: &Message<'_>,
        hold_until: Time,
        taken: impl Fn(u16) -> bool,
    ) -> Result<Vec<Effect>, Ignored> {
        // R2022-10.3-01 R2022-10.3-02 R2022-10.2-03
        match message.tlvs.verdict() {
            TlvAction::Skip => {}
            action => return Err(Ignored::Tlv(action)),
        }
        let client = message.source;
        match &message.body {
            Body::Join(body) | Body::Leave(body) | Body::Mserv(body) | Body::Unserv(body)
                if body.flags.copy() =>
            {
                // R2022-6.1.2-07
                Err(Ignored::CopyFlag)
            }
            Body::Join(body) | Body::Leave(body) | Body::Mserv(body) | Body::Unserv(body)
                if body.pairs.len() > 1 =>
            {
                // R2022-6.1.2-09
                Err(Ignored::SeveralPairs)
            }
            Body::Join(body) if body.flags.register() => {
                self.register(now, octets, client, body, taken)
            }
            Body::Leave(body) if body.flags.register() => {
                self.deregister(octets, client, hold_until)
            }
            Body::Join(body) => self.update(Kind::Join, octets, message, body),
            Body::Leave(body) => self.update(Kind::Leave, octets, message, body),
            Body::Request(query) => self.request(octets, client, query),
            Body::GrouplistRequest(body) => self.group_list(client, body),
            Body::Mserv(body) if body.flags.register() => {
                self.register_mcs(now, octets, client, body, taken)
            }
            Body::Unserv(body) if body.flags.register() => {
                self.deregister_mcs(octets, client, hold_until)
            }
            Body::Mserv(body) => self.serve(octets, message, body),
            Body::Unserv(body) => self.unserve(octets, message, body),
            _ => Err(Ignored::NotForServers(message.body.op())),
        }
    }

    fn register(
        &mut self,
        now: Time,
        octets: &[u8],
        client: Endpoint,
        body: &Membership<'_>,
        taken: impl Fn(u16) -> bool,
    ) -> Result<Vec<Effect>, Ignored> {
        // R2022-6.1.2-02
        if let Some(member) = self.cluster.member(client) {
            return Ok(vec![self.private_copy(octets, Some(member.cmi))]);
        }
        let cmi = self
            .cluster
            .register(now, client, said(body), taken)
            .ok_or(Ignored::NoCmi)?;
        // R2022-6.1.2-01 R2022-6.1.2-04 R2443-1-06 R2443-1-07
        Ok(vec![
            Effect::AddLeaf(client),
            self.private_copy(octets, Some(cmi)),
            Effect::Changed(Changed::Registered { client }),
        ])
    }

    fn deregister(
        &mut self,
        octets: &[u8],
        client: Endpoint,
        hold_until: Time,
    ) -> Result<Vec<Effect>, Ignored> {
        let member = self
            .end_registration(client, hold_until)
            .ok_or(Ignored::NotRegistered)?;
        // R2022-6.1.2-05 R2022-5.2.3-07
        Ok(vec![
            self.private_copy(octets, None),
            Effect::DropLeaf(client),
            Effect::Changed(Changed::Deregistered { client, member }),
        ])
    }

    /// The network reports that a client is no leaf of the CCVC any more.
    // R2022-6.1.2-20 R2443-2-22
    pub fn leaf_gone(&mut self, client: Endpoint, hold_until: Time) -> Option<Changed> {
        let member = self.end_registration(client, hold_until)?;
        Some(Changed::Deregistered { client, member })
    }

    fn end_registration(&mut self, client: Endpoint, hold_until: Time) -> Option<Member> {
        let member = self.cluster.deregister(client, hold_until)?;
        for (range, joined) in &member.joins {
            self.map
                .remove(self.config.origin, client, *range, joined.layer3grp);
        }
        Some(member)
    }

    /// The same without absolute times and numbers.
    #[must_use]
    pub fn canonical(&self, now: Time) -> Self {
        Self {
            config: MarsConfig {
                csn_start: 0,
                ssn_start: 0,
                ..self.config
            },
            cluster: self.cluster.canonical(now),
            map: self.map.clone(),
            control: self.control.canonical(),
            server_map: self.server_map.clone(),
        }
    }
}

/// What a message tells of its sender.
pub(super) fn said(body: &Membership<'_>) -> Said {
    Said {
        layer3grp: body.flags.layer3grp(),
        sequence: body.flags.sequence(),
        source: body.source_protocol,
    }
}

#[cfg(test)]
mod tests;
