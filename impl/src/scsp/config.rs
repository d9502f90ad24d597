//! What a speaker is told when it starts.

use crate::address::ServerId;
use crate::wire::codepoints::ScspType;
use crate::wire::scsp::{self, CSAS_LENGTH};

use super::auth::{self, PeerKey};
use super::event::NeighborIx;
use super::multipoint::Multipoint;

/// Configuration of one speaker: one PID/SGID instance (RFC 2334, 2). Field names are the adapter
/// protocol's where it has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpeakerConfig {
    // R2334-1-01
    /// Protocol ID; 3 is MARS.
    pub protocol_id: u16,
    /// Server Group ID.
    pub server_group: u16,
    /// Own id: Sender ID (LSID) and Originator ID alike (register A02).
    pub id: ServerId,
    /// Seconds between Hellos, 1 to 65535.
    pub hello_interval_s: u16,
    /// Hellos that may be missed before a neighbour counts as dead, 1 to 65535.
    pub dead_factor: u16,
    /// CAReXmtInterval in milliseconds, at least 1.
    pub ca_rexmt_ms: u64,
    /// CSUSReXmtInterval in milliseconds, at least 1.
    pub csus_rexmt_ms: u64,
    /// CSUReXmtInterval in milliseconds, at least 1.
    pub csu_rexmt_ms: u64,
    /// Repetitions of an unacknowledged CSA; the reset comes one interval after the last.
    pub csu_max_rexmt: u32,
    /// Hop count of own records, at least 1; normally no less than the number of servers minus one.
    pub hop_count: u16,
    /// Largest SCSP packet sent, without LLC/SNAP (register G05).
    pub mtu: u16,
    /// First CA sequence number of the first neighbour; the others start at fixed distances. It is to
    /// differ from one start of the server to the next.
    pub ca_start: u32,
    /// What is added to a number of an own record met again after a restart; positive.
    pub restart_constant: u32,
    // R2334-2.1-02, R2334-2-02
    /// The neighbours by [`NeighborIx`]; the id where it is configured. Any graph will do that connects all
    /// servers.
    pub neighbors: Vec<Option<ServerId>>,
    /// The point-to-multipoint VCs that this server is the root of; their leaves are neighbours.
    pub multipoint: Vec<Multipoint>,
    /// Keys, in the order of preference as sender. A neighbour without one is spoken to without
    /// authentication. Before the first Hello of a neighbour whose id is not configured it is not known
    /// whose keys to use, and a Hello goes to it without any.
    pub keys: Vec<PeerKey>,
    /// How long the contents of an originator in quarantine are kept, in milliseconds (register B02).
    pub quarantine_ms: u64,
    /// How long an ended record is kept at least, in milliseconds (register C06).
    pub tombstone_ms: u64,
}

impl SpeakerConfig {
    /// The defaults of the register (C33) for server `id` with these neighbours.
    #[must_use]
    pub const fn new(id: ServerId, neighbors: Vec<Option<ServerId>>) -> Self {
        Self {
            protocol_id: 3,
            server_group: 1,
            id,
            hello_interval_s: 3,
            dead_factor: 3,
            ca_rexmt_ms: 3000,
            csus_rexmt_ms: 3000,
            csu_rexmt_ms: 2000,
            csu_max_rexmt: 5,
            hop_count: 255,
            mtu: 9180,
            ca_start: 0,
            restart_constant: 0x1_0000,
            neighbors,
            multipoint: Vec::new(),
            keys: Vec::new(),
            quarantine_ms: 24 * 3600 * 1000,
            // Twice the dead time of RFC 2443, 2 in the reading of register B01, and ten minutes.
            tombstone_ms: 2 * 245_000 + 600_000,
        }
    }

    /// The same with every value brought into its bounds.
    #[must_use]
    pub(super) fn bounded(mut self) -> Self {
        // Register D04: a zero is never sent.
        self.hello_interval_s = self.hello_interval_s.max(1);
        self.dead_factor = self.dead_factor.max(1);
        self.ca_rexmt_ms = self.ca_rexmt_ms.max(1);
        self.csus_rexmt_ms = self.csus_rexmt_ms.max(1);
        self.csu_rexmt_ms = self.csu_rexmt_ms.max(1);
        self.hop_count = self.hop_count.max(1);
        self.tombstone_ms = self.tombstone_ms.max(1);
        self.quarantine_ms = self.quarantine_ms.max(1);
        self
    }

    /// The configured id of a neighbour.
    pub(super) fn neighbor(&self, neighbor: NeighborIx) -> Option<ServerId> {
        *self.neighbors.get(usize::from(neighbor.0))?
    }

    /// Octets left for records in a message to `peer`, the Authentication extension allowed for.
    pub(super) fn room(&self, kind: ScspType, peer: Option<ServerId>) -> usize {
        let keyed = peer.is_some_and(|peer| auth::is_keyed(&self.keys, peer));
        let sealed = if keyed { scsp::SEAL_LENGTH } else { 0 };
        usize::from(self.mtu).saturating_sub(scsp::overhead(kind) + sealed)
    }

    /// How many summaries fit into a message to `peer`; at least one.
    pub(super) fn summaries_per_message(&self, kind: ScspType, peer: Option<ServerId>) -> usize {
        (self.room(kind, peer) / CSAS_LENGTH).max(1)
    }
}
