//! The state of a server in the words of the RFCs, as plain data for probes, logs and lockstep
//! comparison. Every list is sorted by its fields in the order they are declared.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text;
use crate::address::{Endpoint, Protocol, ProtocolAddress, ServerId};

/// All that a server believes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// Host map and server map: every membership that counts, of own clients and MCSs and of live
    /// originators.
    pub membership: Vec<MemberView>,
    /// Every registration that counts.
    pub registrations: Vec<RegistrationView>,
    /// Other originators that are live.
    pub live: Vec<OriginatorView>,
    /// The whole SCSP cache, quarantined entries included.
    pub cache: Vec<EntryView>,
    /// What a redirect map would say now, for each protocol.
    pub redirect_map: Vec<MapView>,
    /// Hello state of each neighbour, by its server id in hex (`#<index>` while that is unknown).
    pub hfsm: BTreeMap<String, String>,
    /// Cache alignment state of each neighbour, likewise.
    pub cafsm: BTreeMap<String, String>,
    /// Leaves of the cluster control VCs.
    pub leaves: Vec<LeafView>,
    /// Every registration of an MCS that counts; its CMI stands in records only (register E01).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcs_registrations: Vec<RegistrationView>,
    /// Leaves of the server control VCs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcs_leaves: Vec<LeafView>,
}

/// One line of the host map or of the server map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MemberView {
    /// Layer 3 protocol.
    #[serde(with = "text::protocol")]
    pub protocol: Protocol,
    /// Lowest group of the range as it was joined, or is served.
    pub min: ProtocolAddress,
    /// Highest group.
    pub max: ProtocolAddress,
    /// The member.
    pub endpoint: Endpoint,
    /// The server it is registered with.
    #[serde(with = "text::server_id")]
    pub origin: ServerId,
    /// Client or MCS.
    pub kind: MemberKind,
}

/// Whose entry a line of the map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberKind {
    /// A cluster member.
    Client,
    /// A multicast server.
    Mcs,
}

/// One registration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RegistrationView {
    /// Layer 3 protocol.
    #[serde(with = "text::protocol")]
    pub protocol: Protocol,
    /// The client or MCS.
    pub endpoint: Endpoint,
    /// The server it is registered with.
    #[serde(with = "text::server_id")]
    pub origin: ServerId,
    /// Its Cluster Member ID.
    pub cmi: u16,
}

/// One live originator other than the server itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OriginatorView {
    /// Layer 3 protocol.
    #[serde(with = "text::protocol")]
    pub protocol: Protocol,
    /// The originator.
    #[serde(with = "text::server_id")]
    pub origin: ServerId,
    /// Its address, once a Redirect Entry was seen.
    pub atm: Option<Endpoint>,
}

/// One entry of the SCSP cache.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EntryView {
    /// Originator ID.
    #[serde(with = "text::server_id")]
    pub origin: ServerId,
    /// Cache key, hex.
    pub key: String,
    /// CSA sequence number, as the signed number it is.
    pub sequence: i32,
    /// State of the record (RFC 2443, 3); `None` for one that is cached but not usable.
    pub state: Option<u8>,
    /// Kept, but neither used nor summarised: its originator was flushed (register B02).
    pub quarantined: bool,
}

/// One redirect map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MapView {
    /// Layer 3 protocol.
    #[serde(with = "text::protocol")]
    pub protocol: Protocol,
    /// Servers in the order of preference.
    pub servers: Vec<Endpoint>,
}

/// One leaf of a control VC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeafView {
    /// Layer 3 protocol.
    #[serde(with = "text::protocol")]
    pub protocol: Protocol,
    /// The leaf.
    pub endpoint: Endpoint,
}
