//! Who registers with a MARS: clients and multicast servers. What a MARS knows of either is the same.

use crate::address::Endpoint;

/// What a node registered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A cluster member; its ranges are what it has joined.
    Client,
    /// A multicast server; its ranges are what it serves.
    Mcs,
}

/// A node in one of its roles. Nodes should not have two with one address (RFC 2022, 6.2.3), and
/// those that do are two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Client or MCS.
    pub role: Role,
    /// Its address.
    pub endpoint: Endpoint,
}

impl Party {
    /// A cluster member.
    #[must_use]
    pub const fn client(endpoint: Endpoint) -> Self {
        Self {
            role: Role::Client,
            endpoint,
        }
    }

    /// A multicast server.
    #[must_use]
    pub const fn mcs(endpoint: Endpoint) -> Self {
        Self {
            role: Role::Mcs,
            endpoint,
        }
    }
}
