//! What a frame says, read with the harness's own reader and not with that of the machines.

use serde_json::Value;

use super::scenario::Scenario;
use crate::frames::{Protocol, checksum, read_bare, unhex};

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hello.
    Hello {
        /// It lists the receiver.
        lists: bool,
    },
    /// CA.
    Ca {
        /// CA sequence number.
        number: u32,
        /// M bit.
        master: bool,
        /// I bit.
        init: bool,
        /// O bit.
        more: bool,
    },
    /// CSU Request.
    CsuRequest,
    /// CSU Reply.
    CsuReply,
    /// CSUS.
    Csus,
    /// It cannot be read, is not from and to whom it should be, or names a record that nobody originates.
    Wrong,
}

impl Kind {
    /// A message that may pass in Update Cache and Aligned only.
    #[must_use]
    pub const fn needs_open(self) -> bool {
        matches!(self, Self::CsuRequest | Self::CsuReply | Self::Csus)
    }
}

/// One record of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The record's place in the scenario.
    pub record: u8,
    /// Its number.
    pub sequence: i32,
    /// Hop count.
    pub hops: u16,
    /// N bit.
    pub null: bool,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The packet without LLC/SNAP.
    pub octets: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Its records.
    pub parts: Vec<Part>,
}

/// Where a CA sequence number stands, and the checksum.
const NUMBER_AT: usize = 8;
const CHECKSUM_AT: usize = 4;

impl Frame {
    /// Reads a packet that server `from` sent to server `to`.
    #[must_use]
    pub fn read(octets: Vec<u8>, from: u8, to: u8, scenario: &Scenario) -> Self {
        let (kind, parts) = parse(&octets, from, to, scenario).unwrap_or((Kind::Wrong, Vec::new()));
        Self {
            octets,
            kind,
            parts,
        }
    }

    /// Its CA sequence number.
    #[must_use]
    pub const fn ca_number(&self) -> Option<u32> {
        match self.kind {
            Kind::Ca { number, .. } => Some(number),
            _ => None,
        }
    }

    /// Which records it has, one bit each.
    #[must_use]
    pub fn bits(&self) -> u8 {
        self.parts
            .iter()
            .fold(0, |bits, part| bits | bit(part.record))
    }

    /// The octets of the same CA with another number.
    #[must_use]
    pub fn renumbered(&self, number: u32) -> Vec<u8> {
        let mut octets = self.octets.clone();
        let mut put = |at: usize, what: &[u8]| {
            if let Some(place) = octets.get_mut(at..at + what.len()) {
                place.copy_from_slice(what);
            }
            checksum(&octets)
        };
        put(NUMBER_AT, &number.to_be_bytes());
        let sum = put(CHECKSUM_AT, &[0, 0]);
        put(CHECKSUM_AT, &sum.to_be_bytes());
        octets
    }
}

/// The bit of a record.
#[must_use]
pub(super) const fn bit(record: u8) -> u8 {
    1 << (record & 7)
}

/// The bits of a set.
pub(super) fn bits_of(set: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |&record| set & bit(record) != 0)
}

fn parse(octets: &[u8], from: u8, to: u8, scenario: &Scenario) -> Option<(Kind, Vec<Part>)> {
    let value = read_bare(Protocol::Scsp, octets).ok()?;
    let message = value.get("message")?;
    let number = |name: &str| message.get(name).and_then(Value::as_u64);
    let id = |name: &str| message.get(name).and_then(Value::as_str).and_then(unhex);
    if id("sender_id")? != Scenario::id(from) {
        return None;
    }
    let receiver = id("receiver_id")?;
    let listed = receiver == Scenario::id(to);
    let flags = number("flags")?;
    let kind = match number("type_code")? {
        1 => Kind::Ca {
            number: u32::try_from(number("ca_sequence_number")?).ok()?,
            master: flags & 0x8000 != 0,
            init: flags & 0x4000 != 0,
            more: flags & 0x2000 != 0,
        },
        2 => Kind::CsuRequest,
        3 => Kind::CsuReply,
        4 => Kind::Csus,
        5 => Kind::Hello { lists: listed },
        _ => return None,
    };
    if matches!(kind, Kind::Hello { .. }) {
        return (listed || receiver.is_empty()).then_some((kind, Vec::new()));
    }
    if !listed {
        return None;
    }
    let records = message.get("records")?.as_array()?.iter();
    let parts: Option<Vec<Part>> = records.map(|record| part(record, scenario)).collect();
    Some((kind, parts?))
}

fn part(record: &Value, scenario: &Scenario) -> Option<Part> {
    let id = |name: &str| record.get(name).and_then(Value::as_str).and_then(unhex);
    let number = |name: &str| record.get(name).and_then(Value::as_u64);
    Some(Part {
        record: scenario.record_of(&id("originator_id")?, &id("cache_key")?)?,
        sequence: i32::try_from(record.get("csa_sequence_number")?.as_i64()?).ok()?,
        hops: u16::try_from(number("hop_count")?).ok()?,
        null: number("flags")? & 0x8000 != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::write_bare;
    use serde_json::json;

    #[test]
    fn another_number_is_the_only_change() {
        let scenario = &super::super::scenario::scenarios()[0];
        let ca = |number: u32| {
            let message = json!({
                "type_code": 1, "ca_sequence_number": number, "protocol_id": 0xff00, "server_group_id": 1,
                "unused": 0, "flags": 0xe000, "sender_id": "0a000001", "receiver_id": "0a000002", "records": [],
            });
            write_bare(&json!({"protocol": "scsp", "message": message})).unwrap()
        };
        let frame = Frame::read(ca(7), 0, 1, scenario);
        assert_eq!(frame.ca_number(), Some(7));
        assert_eq!(frame.renumbered(0x0102_0304), ca(0x0102_0304));
        assert_eq!(Frame::read(ca(7), 1, 0, scenario).kind, Kind::Wrong);
    }
}
