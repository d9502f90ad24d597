//! Values with a text form of their own.

use std::fmt;

use distributed_mars::address::{Endpoint, Protocol, ServerId};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::atm;

/// An ATM address: `tcp:IP:PORT`, `nsapa:HEX` or `e164:HEX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) Endpoint);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        atm::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A server id, written like an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) ServerId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<std::net::Ipv4Addr>()
            .map(|id| Self(ServerId(id.octets())))
            .map_err(|_| D::Error::custom(format!("`{text}` is no server id of the form 10.0.0.1")))
    }
}

/// A layer 3 protocol: `ipv4`, `ipv6`, or hex: `0800`, `0080:00005e0001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layer3(pub(super) Protocol);

impl Layer3 {
    pub(super) const IPV4: Self = Self(Protocol::IPV4);
}

/// Reads the text form of a protocol.
pub(crate) fn protocol(text: &str) -> Option<Protocol> {
    match text {
        "ipv4" => return Some(Protocol::IPV4),
        "ipv6" => return Some(Protocol::IPV6),
        _ => {}
    }
    let (kind, snap) = text.split_once(':').unwrap_or((text, "0000000000"));
    Some(Protocol {
        kind: u16::from_be_bytes(atm::unhex(kind)?.try_into().ok()?),
        snap: atm::unhex(snap)?.try_into().ok()?,
    })
}

impl<'de> Deserialize<'de> for Layer3 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        protocol(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is none of ipv4, ipv6, an EtherType like 0800, 0080:SNAP"
            ))
        })
    }
}

/// A secret, as hex. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(pub(super) Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text is a secret, a wrong one too.
        atm::unhex(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a key is an even number of hex digits"))
    }
}
