//! What an administrator tells a server: exactly the `config` object of the adapter protocol.
//!
//! Times are milliseconds unless the name says otherwise. Every key that RFC 2443 does not force an
//! administrator to choose has a default.

use core::fmt;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::text;
use crate::address::{Endpoint, Protocol, ProtocolAddress, ServerId};

/// Configuration of one [`DistributedMars`](super::DistributedMars).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupConfig {
    /// SCSP server id of this server: its Sender ID and the Originator ID of its records (RFC 2443,
    /// 4.1 and 4.2; both are the same, register A02).
    #[serde(with = "text::server_id")]
    pub server_id: ServerId,
    /// ATM address that clients use for this server, sent in Redirect Entries and maps.
    pub atm: Endpoint,
    /// Layer 3 address of the server, the source of its MIGRATEs; null for none.
    #[serde(default)]
    pub protocol_address: ProtocolAddress,
    /// SCSP server group id.
    #[serde(default = "default::sgid")]
    pub sgid: u16,
    /// Layer 3 protocols served. At least one.
    #[serde(default = "default::protocols", with = "text::protocols")]
    pub protocols: Vec<Protocol>,
    /// Cluster Member IDs this server may assign, both ends included; one such range for each
    /// protocol, disjoint from the ranges of the other servers (RFC 2443, 2). 0 is never assigned.
    pub cmi_range: [u16; 2],
    /// Directly connected servers.
    #[serde(default)]
    pub neighbors: Vec<NeighborConfig>,
    /// ATM addresses of backup servers that are not learned by SCSP.
    #[serde(default)]
    pub backups: Vec<Endpoint>,
    /// `HelloInterval`, seconds.
    #[serde(default = "default::hello_interval_s")]
    pub hello_interval_s: u16,
    /// `DeadFactor`: a neighbour is stalled after this many silent intervals.
    #[serde(default = "default::dead_factor")]
    pub dead_factor: u16,
    /// Repetition of an unanswered CA.
    #[serde(default = "default::ca_rexmt_ms")]
    pub ca_rexmt_ms: u64,
    /// Repetition of an unanswered CSUS.
    #[serde(default = "default::csus_rexmt_ms")]
    pub csus_rexmt_ms: u64,
    /// Repetition of an unacknowledged CSA.
    #[serde(default = "default::csu_rexmt_ms")]
    pub csu_rexmt_ms: u64,
    /// Repetitions of a CSA before the adjacency is reset.
    #[serde(default = "default::csu_max_rexmt")]
    pub csu_max_rexmt: u32,
    /// Interval of the own Redirect Entry; at most 2 minutes (RFC 2443, 2).
    #[serde(default = "default::redirect_interval_ms")]
    pub redirect_interval_ms: u64,
    /// A server is flushed this long after its last accepted Redirect Entry (register B01).
    #[serde(default = "default::redirect_hold_ms")]
    pub redirect_hold_ms: u64,
    /// The records of a flushed server are given up this long after the flush (register B02). Not in the
    /// adapter protocol.
    #[serde(default = "default::quarantine_ms")]
    pub quarantine_ms: u64,
    /// A record that ended is remembered this long (register C06); `u64::MAX` for ever. Absent: twice
    /// `redirect_hold_ms` and ten minutes. Not in the adapter protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tombstone_ms: Option<u64>,
    /// Interval of `MARS_REDIRECT_MAP`; at most 2 minutes (RFC 2022, 5.4.3).
    #[serde(default = "default::map_interval_ms")]
    pub map_interval_ms: u64,
    /// Clients are ignored this long, unless an adjacency is Aligned earlier (register B12). Absent:
    /// twice `hello_interval_s` times `dead_factor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup_ms: Option<u64>,
    /// Hop count of originated records.
    #[serde(default = "default::hop_count")]
    pub hop_count: u16,
    /// Longest message sent, without LLC/SNAP (registers F04, G05).
    #[serde(default = "default::mtu")]
    pub mtu: u16,
    /// First Cluster Sequence Number.
    #[serde(default)]
    pub csn_start: u32,
    /// First Server Sequence Number.
    #[serde(default)]
    pub ssn_start: u32,
    /// Changes whenever the server restarts without its state; its low octet heads every cache key
    /// (register H08).
    #[serde(default)]
    pub incarnation: u64,
    /// Authentication of SCSP packets, for each neighbour.
    #[serde(default)]
    pub auth: Vec<AuthConfig>,
    /// Order of redirect maps (register A01).
    #[serde(default)]
    pub redirect_order: RedirectOrder,
    /// Source of what has to look random. Equal seeds give equal output.
    #[serde(default)]
    pub seed: u64,
}

/// A directly connected server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NeighborConfig {
    /// Its SCSP server id; `None` accepts whatever id it says.
    #[serde(default, with = "text::optional_server_id")]
    pub id: Option<ServerId>,
    /// The ATM address at the other end of the VC.
    pub atm: Endpoint,
}

/// One security association with a neighbour (RFC 2334, B.3.1). The first valid one of a neighbour is used
/// to send, any valid one to receive.
// R2334-B.3.1.3-01
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthConfig {
    /// Security Parameter Index.
    pub spi: u32,
    /// Server id of the neighbour.
    #[serde(with = "text::server_id")]
    pub peer_id: ServerId,
    /// The algorithm.
    pub algorithm: AuthAlgorithm,
    /// The shared key; not empty, 16 octets or more advised.
    #[serde(with = "text::octets")]
    pub key: Vec<u8>,
    /// Milliseconds since the server started at which it becomes valid.
    #[serde(default)]
    pub not_before_ms: u64,
    /// Milliseconds since the server started at which it ceases to be valid; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after_ms: Option<u64>,
}

impl fmt::Debug for AuthConfig {
    /// Keeps the key out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("spi", &self.spi)
            .field("peer_id", &self.peer_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Algorithms for the authentication extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuthAlgorithm {
    /// HMAC-MD5 of 128 bits (RFC 2334, B.3.1.2; RFC 2104).
    #[serde(rename = "hmac-md5-128")]
    HmacMd5,
}

/// Order of the servers in a redirect map (register A01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectOrder {
    /// The own address, then learned servers by ascending id, then configured backups.
    #[default]
    SelfFirst,
    /// Own and learned servers by ascending id, then backups.
    Ascending,
    /// Learned servers by ascending id, then backups; the own address only if there is no other.
    LearnedOnly,
}

impl GroupConfig {
    /// A configuration with defaults for all that has one.
    #[must_use]
    pub fn new(server_id: ServerId, atm: Endpoint, cmi_range: [u16; 2]) -> Self {
        Self {
            server_id,
            atm,
            protocol_address: ProtocolAddress::default(),
            sgid: default::sgid(),
            protocols: default::protocols(),
            cmi_range,
            neighbors: Vec::new(),
            backups: Vec::new(),
            hello_interval_s: default::hello_interval_s(),
            dead_factor: default::dead_factor(),
            ca_rexmt_ms: default::ca_rexmt_ms(),
            csus_rexmt_ms: default::csus_rexmt_ms(),
            csu_rexmt_ms: default::csu_rexmt_ms(),
            csu_max_rexmt: default::csu_max_rexmt(),
            redirect_interval_ms: default::redirect_interval_ms(),
            redirect_hold_ms: default::redirect_hold_ms(),
            quarantine_ms: default::quarantine_ms(),
            tombstone_ms: None,
            map_interval_ms: default::map_interval_ms(),
            startup_ms: None,
            hop_count: default::hop_count(),
            mtu: default::mtu(),
            csn_start: 0,
            ssn_start: 0,
            incarnation: 0,
            auth: Vec::new(),
            redirect_order: RedirectOrder::default(),
            seed: 0,
        }
    }

    /// How long clients are ignored while no adjacency is Aligned (register B12).
    #[must_use]
    pub fn startup(&self) -> u64 {
        if self.neighbors.is_empty() {
            return 0;
        }
        self.startup_ms.unwrap_or_else(|| {
            2000 * u64::from(self.hello_interval_s) * u64::from(self.dead_factor)
        })
    }

    /// How long a record that ended is remembered (register C06).
    pub(super) fn tombstone(&self) -> u64 {
        let hold = self.redirect_hold_ms.saturating_mul(2);
        self.tombstone_ms.unwrap_or(hold.saturating_add(600_000))
    }

    /// The first neighbour without a key, where others have one: its word counts as much as theirs.
    pub(super) fn bare_neighbor(&self) -> Option<usize> {
        let keyed = |id| self.auth.iter().any(|entry| Some(entry.peer_id) == id);
        let mut neighbors = self.neighbors.iter();
        neighbors.position(|n| !self.auth.is_empty() && !keyed(n.id))
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_names()?;
        self.validate_times()?;
        let [lowest, highest] = self.cmi_range;
        // R2443-2-06: an own range to assign from.
        if lowest > highest || highest == 0 {
            return Err(ConfigError::CmiRange { lowest, highest });
        }
        // Register B08: a smaller count cannot reach all servers of the group.
        if self.hop_count == 0 || usize::from(self.hop_count) < self.neighbors.len() {
            return Err(ConfigError::HopCount {
                hop_count: self.hop_count,
                neighbors: self.neighbors.len(),
            });
        }
        if self.mtu < Self::LEAST_MTU {
            return Err(ConfigError::Mtu { mtu: self.mtu });
        }
        Ok(())
    }

    /// Smallest MTU that holds the largest CSA record or address of any message (register G06).
    pub const LEAST_MTU: u16 = 256;

    /// Longest interval that RFC 2443, 2 and RFC 2022, 5.4.3 allow for beats and maps.
    pub const LONGEST_INTERVAL_MS: u64 = 120_000;

    fn validate_names(&self) -> Result<(), ConfigError> {
        // Register C31: all ones addresses every server.
        if self.server_id == ServerId([0xff; 4]) {
            return Err(ConfigError::ReservedServerId);
        }
        let mut protocols = BTreeSet::new();
        for protocol in &self.protocols {
            if !protocols.insert(protocol) {
                return Err(ConfigError::RepeatedProtocol(*protocol));
            }
        }
        if protocols.is_empty() {
            return Err(ConfigError::NoProtocol);
        }
        let mut ids = BTreeSet::from([self.server_id, ServerId([0xff; 4])]);
        let mut addresses = BTreeSet::from([self.atm]);
        for neighbor in &self.neighbors {
            if let Some(id) = neighbor.id
                && !ids.insert(id)
            {
                return Err(ConfigError::NeighborId(id));
            }
            if !addresses.insert(neighbor.atm) {
                return Err(ConfigError::NeighborAddress(neighbor.atm));
            }
        }
        self.validate_auth()
    }

    /// Every entry is to be one that can be used: to go on without it would be to accept what the
    /// administrator wants refused.
    fn validate_auth(&self) -> Result<(), ConfigError> {
        let mut entries = BTreeSet::new();
        for entry in &self.auth {
            let refused = |fault| ConfigError::Authentication {
                peer: entry.peer_id,
                spi: entry.spi,
                fault,
            };
            // Without an id, a neighbour may turn out to be anybody.
            let mut ids = self.neighbors.iter().map(|neighbor| neighbor.id);
            let reserved = [self.server_id, ServerId([0xff; 4])].contains(&entry.peer_id);
            if reserved || !ids.any(|id| id.is_none_or(|id| id == entry.peer_id)) {
                return Err(refused(AuthConfigFault::NoSuchNeighbor));
            }
            if entry.key.is_empty() {
                return Err(refused(AuthConfigFault::NoKey));
            }
            if entry
                .not_after_ms
                .is_some_and(|end| end <= entry.not_before_ms)
            {
                return Err(refused(AuthConfigFault::NeverValid));
            }
            if !entries.insert((entry.peer_id, entry.spi)) {
                return Err(refused(AuthConfigFault::RepeatedSpi));
            }
        }
        Ok(())
    }

    fn validate_times(&self) -> Result<(), ConfigError> {
        let positive = [
            ("hello_interval_s", u64::from(self.hello_interval_s)),
            ("dead_factor", u64::from(self.dead_factor)),
            ("ca_rexmt_ms", self.ca_rexmt_ms),
            ("csus_rexmt_ms", self.csus_rexmt_ms),
            ("csu_rexmt_ms", self.csu_rexmt_ms),
            ("redirect_interval_ms", self.redirect_interval_ms),
            ("map_interval_ms", self.map_interval_ms),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(ConfigError::Zero { key });
            }
        }
        // R2443-2-16, R2022-5.4.3-05
        for (key, value) in [
            ("redirect_interval_ms", self.redirect_interval_ms),
            ("map_interval_ms", self.map_interval_ms),
        ] {
            if value > Self::LONGEST_INTERVAL_MS {
                return Err(ConfigError::TooLong { key, value });
            }
        }
        if self.redirect_hold_ms <= self.redirect_interval_ms {
            return Err(ConfigError::HoldTooShort {
                hold: self.redirect_hold_ms,
                interval: self.redirect_interval_ms,
            });
        }
        Ok(())
    }
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// `server_id` is the address of all servers.
    ReservedServerId,
    /// `protocols` is empty.
    NoProtocol,
    /// A protocol is listed twice.
    RepeatedProtocol(Protocol),
    /// A neighbour's id is the own one, reserved, or another neighbour's.
    NeighborId(ServerId),
    /// A neighbour's ATM address is the own one or another neighbour's.
    NeighborAddress(Endpoint),
    /// An `auth` entry that cannot be used.
    Authentication {
        /// Whom it names.
        peer: ServerId,
        /// Its SPI.
        spi: u32,
        /// What is wrong with it.
        fault: AuthConfigFault,
    },
    /// `cmi_range` holds no assignable value.
    CmiRange {
        /// Lower end.
        lowest: u16,
        /// Upper end.
        highest: u16,
    },
    /// `hop_count` is smaller than the number of servers known of.
    HopCount {
        /// The value.
        hop_count: u16,
        /// Configured neighbours.
        neighbors: usize,
    },
    /// `mtu` cannot hold every record.
    Mtu {
        /// The value.
        mtu: u16,
    },
    /// A value that must be positive is zero.
    Zero {
        /// Its key.
        key: &'static str,
    },
    /// An interval is longer than an RFC allows.
    TooLong {
        /// Its key.
        key: &'static str,
        /// The value, milliseconds.
        value: u64,
    },
    /// `redirect_hold_ms` would flush a server that beats in time.
    HoldTooShort {
        /// The value, milliseconds.
        hold: u64,
        /// `redirect_interval_ms`.
        interval: u64,
    },
}

/// What is wrong with an `auth` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthConfigFault {
    /// No neighbour has that id.
    NoSuchNeighbor,
    /// The key is empty.
    NoKey,
    /// It ends before it begins.
    NeverValid,
    /// That SPI stands for two keys of one neighbour.
    RepeatedSpi,
}

impl AuthConfigFault {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchNeighbor => "no such neighbor",
            Self::NoKey => "no key",
            Self::NeverValid => "never valid",
            Self::RepeatedSpi => "the SPI is in use",
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedServerId => write!(f, "server_id ffffffff addresses all servers"),
            Self::NoProtocol => write!(f, "protocols is empty"),
            Self::RepeatedProtocol(protocol) => write!(f, "protocol {protocol:?} is listed twice"),
            Self::NeighborId(id) => write!(f, "neighbor id {id:?} is reserved or taken"),
            Self::NeighborAddress(atm) => {
                write!(f, "neighbor address {:?} is taken", atm.number)
            }
            Self::Authentication { peer, spi, fault } => {
                write!(f, "auth entry {spi} for {peer:?}: {}", fault.as_str())
            }
            Self::CmiRange { lowest, highest } => {
                write!(
                    f,
                    "cmi_range [{lowest}, {highest}] holds no value to assign"
                )
            }
            Self::HopCount {
                hop_count,
                neighbors,
            } => write!(
                f,
                "hop_count {hop_count} is too small for {neighbors} neighbors"
            ),
            Self::Mtu { mtu } => {
                write!(f, "mtu {mtu} is below {}", GroupConfig::LEAST_MTU)
            }
            Self::Zero { key } => write!(f, "{key} is zero"),
            Self::TooLong { key, value } => write!(
                f,
                "{key} {value} is over {}",
                GroupConfig::LONGEST_INTERVAL_MS
            ),
            Self::HoldTooShort { hold, interval } => write!(
                f,
                "redirect_hold_ms {hold} is not over redirect_interval_ms {interval}"
            ),
        }
    }
}

impl core::error::Error for ConfigError {}

/// Values for keys that are left out.
mod default {
    use crate::address::Protocol;

    pub(super) fn sgid() -> u16 {
        1
    }
    pub(super) fn protocols() -> Vec<Protocol> {
        vec![Protocol::IPV4]
    }
    // Register C33.
    pub(super) fn hello_interval_s() -> u16 {
        3
    }
    pub(super) fn dead_factor() -> u16 {
        3
    }
    pub(super) fn ca_rexmt_ms() -> u64 {
        3000
    }
    pub(super) fn csus_rexmt_ms() -> u64 {
        3000
    }
    pub(super) fn csu_rexmt_ms() -> u64 {
        2000
    }
    pub(super) fn csu_max_rexmt() -> u32 {
        5
    }
    // R2443-2-17
    pub(super) fn redirect_interval_ms() -> u64 {
        60_000
    }
    // Register B01: two intervals of the longest kind, and some slack.
    pub(super) fn redirect_hold_ms() -> u64 {
        245_000
    }
    pub(super) fn quarantine_ms() -> u64 {
        24 * 3600 * 1000
    }
    // R2022-5.4.3-06
    pub(super) fn map_interval_ms() -> u64 {
        60_000
    }
    pub(super) fn hop_count() -> u16 {
        255
    }
    pub(super) fn mtu() -> u16 {
        9180
    }
}

#[cfg(test)]
mod tests;
