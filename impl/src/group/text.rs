//! Text forms of configuration and views: octets as lower-case hex, protocols by their two fields.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::address::{Protocol, ServerId, hex, unhex};

/// Exactly `N` octets of hex.
fn array<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(deserializer)?;
    unhex(&text)
        .and_then(|octets| octets.try_into().ok())
        .ok_or_else(|| de::Error::custom(format!("`{text}` is not {N} octets of hex")))
}

/// A server id as eight hex digits.
pub(crate) mod server_id {
    use super::{Deserializer, Serialize, Serializer, ServerId, array, hex};

    pub(crate) fn serialize<S: Serializer>(id: &ServerId, s: S) -> Result<S::Ok, S::Error> {
        hex(&id.0).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ServerId, D::Error> {
        array(d).map(ServerId)
    }
}

/// A server id that may be null or absent.
pub(crate) mod optional_server_id {
    use super::{Deserialize, Deserializer, Serialize, Serializer, ServerId, hex, server_id};

    #[derive(Deserialize)]
    struct Wrapped(#[serde(with = "server_id")] ServerId);

    #[expect(clippy::ref_option, reason = "serde's `with` fixes the signature")]
    pub(crate) fn serialize<S: Serializer>(id: &Option<ServerId>, s: S) -> Result<S::Ok, S::Error> {
        id.map(|id| hex(&id.0)).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<ServerId>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(d)?.map(|Wrapped(id)| id))
    }
}

/// Opaque octets (keys) as hex.
pub(crate) mod octets {
    use super::{Deserialize, Deserializer, Serialize, Serializer, de, hex, unhex};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], s: S) -> Result<S::Ok, S::Error> {
        hex(octets).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        unhex(&text).ok_or_else(|| de::Error::custom("not hex"))
    }
}

/// `{"type":2048,"snap":"0000000000"}`.
#[derive(Serialize, Deserialize)]
struct ProtocolText {
    #[serde(rename = "type")]
    kind: u16,
    #[serde(default = "no_snap")]
    snap: String,
}

fn no_snap() -> String {
    String::from("0000000000")
}

impl From<Protocol> for ProtocolText {
    fn from(protocol: Protocol) -> Self {
        Self {
            kind: protocol.kind,
            snap: hex(&protocol.snap),
        }
    }
}

impl ProtocolText {
    fn protocol<E: de::Error>(&self) -> Result<Protocol, E> {
        let snap = unhex(&self.snap)
            .and_then(|octets| octets.try_into().ok())
            .ok_or_else(|| E::custom("snap is five octets of hex"))?;
        Ok(Protocol {
            kind: self.kind,
            snap,
        })
    }
}

/// One protocol in its two-field form.
pub(crate) mod protocol {
    use super::{Protocol, ProtocolText, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(p: &Protocol, s: S) -> Result<S::Ok, S::Error> {
        ProtocolText::from(*p).serialize(s)
    }
}

/// A list of protocols.
pub(crate) mod protocols {
    use super::{Deserialize, Deserializer, Protocol, ProtocolText, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(list: &[Protocol], s: S) -> Result<S::Ok, S::Error> {
        list.iter()
            .map(|p| ProtocolText::from(*p))
            .collect::<Vec<_>>()
            .serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Protocol>, D::Error> {
        Vec::<ProtocolText>::deserialize(d)?
            .iter()
            .map(ProtocolText::protocol)
            .collect()
    }
}
