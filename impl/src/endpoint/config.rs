//! What an endpoint is told at its start.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::address::{Endpoint, Protocol, ProtocolAddress};

/// Configuration of a client or an MCS. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// The layer 3 protocol.
    pub protocol: Protocol,
    /// The own ATM address. An MCS has one of its own (R2022-7.1-02).
    pub address: Endpoint,
    /// The own layer 3 address; may be null.
    #[serde(default)]
    pub source: ProtocolAddress,
    /// The MARSs, the preferred one first; at least one.
    pub mars: Vec<Endpoint>,
    /// Interval between copies of a JOIN or LEAVE; at least 5 s (RFC 2022, 5.2.2).
    pub retransmit_ms: u64,
    /// How long a whole answer to a REQUEST may take; at most 10 s (RFC 2022, 5.1.1, E).
    pub answer_ms: u64,
    /// Idle time after which a tree is closed; at least 1 minute (RFC 2022, 5.1.3).
    pub tree_idle_ms: u64,
    /// Idle time after which the VC to the MARS is released; at least 1 minute (RFC 2022, 5).
    pub mars_idle_ms: u64,
    /// How long redirect maps may fail to come; 1 to 4 minutes (RFC 2022, 5.4; register F15).
    pub missed_map_ms: u64,
    /// Wait before the next round of registration; at least 1 minute (RFC 2022, 5.4.1, 5.4.2).
    pub loop_wait_ms: u64,
    /// Packets kept for each group while its members are asked for.
    pub queue_limit: usize,
    /// Source of all random delays. Equal seeds give equal output.
    pub seed: u64,
}

impl EndpointConfig {
    /// A configuration with the defaults that RFC 2022 recommends.
    #[must_use]
    pub fn new(protocol: Protocol, address: Endpoint, mars: Vec<Endpoint>) -> Self {
        Self {
            protocol,
            address,
            source: ProtocolAddress::default(),
            mars,
            retransmit_ms: 10_000,
            answer_ms: 10_000,
            tree_idle_ms: 20 * MINUTE,
            mars_idle_ms: 20 * MINUTE,
            missed_map_ms: 4 * MINUTE,
            loop_wait_ms: MINUTE,
            queue_limit: 8,
            seed: 0,
        }
    }

    /// Checks the bounds that the fields name.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.mars.is_empty() {
            return Err(ConfigError::NoMars);
        }
        if self.mars.contains(&self.address) {
            return Err(ConfigError::OwnAddress);
        }
        // RFC 2022, E
        let bounds = [
            ("retransmit_ms", self.retransmit_ms, 5_000, LONGEST),
            ("answer_ms", self.answer_ms, 1, 10_000),
            ("tree_idle_ms", self.tree_idle_ms, MINUTE, LONGEST),
            ("mars_idle_ms", self.mars_idle_ms, MINUTE, LONGEST),
            ("missed_map_ms", self.missed_map_ms, MINUTE, 4 * MINUTE),
            ("loop_wait_ms", self.loop_wait_ms, MINUTE, LONGEST),
        ];
        bounds
            .into_iter()
            .find(|(_, value, least, most)| value < least || value > most)
            .map_or(Ok(()), |(field, value, ..)| {
                Err(ConfigError::Bound { field, value })
            })
    }
}

const MINUTE: u64 = 60_000;
/// A day, so that sums of times stay far from overflow.
const LONGEST: u64 = 24 * 60 * MINUTE;

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// No MARS.
    NoMars,
    /// The own address is among the MARSs.
    OwnAddress,
    /// A time out of its bounds.
    Bound {
        /// The field.
        field: &'static str,
        /// What it says.
        value: u64,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMars => f.write_str("no MARS is configured"),
            Self::OwnAddress => f.write_str("the own address is among the MARSs"),
            Self::Bound { field, value } => write!(f, "{field} is out of bounds: {value}"),
        }
    }
}

impl core::error::Error for ConfigError {}
