//! Frames, records and their contents with numbers, each read once, with the harness's own reader.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::world::{Identity, World};
use crate::frames::{self, checksum};

/// Octets of LLC/SNAP.
const HEADER: usize = 8;
/// Octets of a CSA before its content (RFC 2334, B.2.0.2), where IDs and keys have four octets.
const SUMMARY: usize = 20;
/// Where in a CSA its number, key and originator stand.
const NUMBER_AT: usize = 8;
const KEY_AT: usize = 12;
const ORIGIN_AT: usize = 16;
/// Where in a packet the type stands, and the checksum.
const TYPE_AT: usize = HEADER + 1;
const CHECKSUM_AT: usize = 4;
/// Octets of a packet before its records, of CA and of the CSU messages.
const CA_RECORDS_AT: usize = HEADER + 32;
const CSU_RECORDS_AT: usize = HEADER + 28;

/// What a frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Hello.
    Hello,
    /// CSU Request.
    Request,
    /// Any other message of SCSP.
    Scsp,
    /// A MARS control message.
    Mars,
    /// It cannot be read: why.
    Wrong(String),
}

/// A record of a message of SCSP.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Where it stands in the frame.
    pub(super) at: usize,
    /// Originator and key.
    pub(super) record: u32,
    /// Its number.
    pub(super) number: i32,
    /// All of it but the number.
    pub(super) csa: u32,
}

/// A frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) octets: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) parts: Vec<Part>,
    pub(super) value: Value,
}

/// A record without its number.
#[derive(Debug)]
pub(super) struct Csa {
    /// As it stands in a CSU Request, the number zero.
    pub(super) octets: Vec<u8>,
    /// Originator and key.
    pub(super) record: u32,
    /// Hop count.
    pub(super) hops: u16,
    /// Its content; 0 where it has none.
    pub(super) body: u32,
    /// As the reader gives it.
    pub(super) value: Value,
}

/// Things with numbers from 0.
struct Table<V> {
    numbers: HashMap<Vec<u8>, u32>,
    values: Vec<Rc<V>>,
}

impl<V> Table<V> {
    fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            values: Vec::new(),
        }
    }

    fn of(&self, octets: &[u8]) -> Option<u32> {
        self.numbers.get(octets).copied()
    }

    fn put(&mut self, octets: Vec<u8>, value: V) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(Rc::new(value));
        self.numbers.insert(octets, next);
        next
    }

    fn get(&self, number: u32) -> Option<Rc<V>> {
        self.values.get(number as usize).cloned()
    }
}

/// See the module.
pub(super) struct Tables {
    frames: Table<Frame>,
    csas: Table<Csa>,
    /// Contents, each with what it is about; number 0 is none.
    bodies: Table<Option<Identity>>,
    /// Originator and key.
    records: Table<([u8; 4], [u8; 4])>,
}

impl Tables {
    pub(super) fn new() -> Self {
        let mut bodies = Table::new();
        bodies.put(Vec::new(), None);
        Self {
            frames: Table::new(),
            csas: Table::new(),
            bodies,
            records: Table::new(),
        }
    }

    /// How many frames there are.
    pub(super) fn frames(&self) -> usize {
        self.frames.values.len()
    }

    pub(super) fn frame(&self, number: u32) -> Option<Rc<Frame>> {
        self.frames.get(number)
    }

    pub(super) fn csa(&self, number: u32) -> Option<Rc<Csa>> {
        self.csas.get(number)
    }

    /// What a content is about.
    pub(super) fn about(&self, body: u32) -> Option<Identity> {
        self.bodies.get(body).and_then(|about| *about)
    }

    /// The number of a record by originator and key.
    pub(super) fn record_of(&mut self, origin: [u8; 4], key: [u8; 4]) -> u32 {
        let octets = [origin, key].concat();
        match self.records.of(&octets) {
            Some(number) => number,
            None => self.records.put(octets, (origin, key)),
        }
    }

    /// The number of a content of a record.
    pub(super) fn body_of(&mut self, world: &World, origin: [u8; 4], body: &[u8]) -> u32 {
        // The originator is part of what it is about.
        if body.is_empty() {
            return 0;
        }
        let octets = [&origin, body].concat();
        if let Some(number) = self.bodies.of(&octets) {
            return number;
        }
        let value = read_csa(&csa_octets(origin, body));
        let about = value.and_then(|value| world.identify(&value));
        self.bodies.put(octets, about)
    }

    /// The number of a frame.
    pub(super) fn frame_of(&mut self, world: &World, octets: Vec<u8>) -> u32 {
        if let Some(number) = self.frames.of(&octets) {
            return number;
        }
        let frame = self.read(world, octets.clone());
        self.frames.put(octets, frame)
    }

    fn read(&mut self, world: &World, octets: Vec<u8>) -> Frame {
        let (kind, value) = match frames::read(&octets) {
            Err(error) => (Kind::Wrong(error.to_string()), Value::Null),
            Ok(value) => (kind(&octets, &value), value),
        };
        let start = match (&kind, octets.get(TYPE_AT)) {
            (Kind::Request, _) => Some(CSU_RECORDS_AT),
            (Kind::Scsp, Some(1)) => Some(CA_RECORDS_AT),
            (Kind::Scsp, _) => Some(CSU_RECORDS_AT),
            _ => None,
        };
        let values = value.pointer("/message/records").and_then(Value::as_array);
        let mut parts = Vec::new();
        let mut at = start.unwrap_or_default();
        for value in values.into_iter().flatten().filter(|_| start.is_some()) {
            let Some(part) = self.part(world, &octets, at, value) else {
                return Frame {
                    octets,
                    kind: Kind::Wrong("a record of another length than it says".to_owned()),
                    parts: Vec::new(),
                    value: Value::Null,
                };
            };
            at += self.csa(part.csa).map_or(0, |csa| csa.octets.len());
            parts.push(part);
        }
        Frame {
            octets,
            kind,
            parts,
            value,
        }
    }

    fn part(&mut self, world: &World, octets: &[u8], at: usize, value: &Value) -> Option<Part> {
        let length = usize::from(u16::from_be_bytes(four(octets, at + 2)?));
        let record = octets.get(at..at + length)?;
        let number = i32::from_be_bytes(four(record, NUMBER_AT)?);
        let (key, origin) = (four(record, KEY_AT)?, four(record, ORIGIN_AT)?);
        let mut without = record.to_vec();
        without.get_mut(NUMBER_AT..KEY_AT)?.fill(0);
        let csa = match self.csas.of(&without) {
            Some(known) => known,
            None => {
                let csa = Csa {
                    octets: without.clone(),
                    record: self.record_of(origin, key),
                    hops: u16::from_be_bytes(four(record, 0)?),
                    body: self.body_of(world, origin, record.get(SUMMARY..)?),
                    value: value.clone(),
                };
                self.csas.put(without, csa)
            }
        };
        let record = self.csa(csa)?.record;
        Some(Part {
            at,
            record,
            number,
            csa,
        })
    }
}

/// Octets at a place.
fn four<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..at + N)?.try_into().ok()
}

fn kind(octets: &[u8], value: &Value) -> Kind {
    match value.get("protocol").and_then(Value::as_str) {
        Some("mars") => Kind::Mars,
        Some("scsp") => match octets.get(TYPE_AT) {
            Some(2) => Kind::Request,
            Some(5) => Kind::Hello,
            _ => Kind::Scsp,
        },
        _ => Kind::Wrong("data".to_owned()),
    }
}

/// The same frame with other numbers in its records.
pub(super) fn renumbered(frame: &Frame, numbers: &[i32]) -> Vec<u8> {
    let mut octets = frame.octets.clone();
    let same = frame.parts.iter().map(|part| part.number);
    if same.eq(numbers.iter().copied()) {
        return octets;
    }
    for (part, number) in frame.parts.iter().zip(numbers) {
        let at = part.at + NUMBER_AT;
        if let Some(place) = octets.get_mut(at..at + 4) {
            place.copy_from_slice(&number.to_be_bytes());
        }
    }
    summed(octets)
}

/// Puts the checksum right.
fn summed(mut octets: Vec<u8>) -> Vec<u8> {
    let Some(packet) = octets.get_mut(HEADER..) else {
        return octets;
    };
    let mut put = |sum: [u8; 2]| {
        if let Some(place) = packet.get_mut(CHECKSUM_AT..CHECKSUM_AT + 2) {
            place.copy_from_slice(&sum);
        }
        checksum(packet)
    };
    let sum = put([0, 0]);
    put(sum.to_be_bytes());
    octets
}

/// A CSU Request with these records and numbers.
pub(super) fn request(from: [u8; 4], to: [u8; 4], records: &[(&Csa, i32)]) -> Vec<u8> {
    let mut octets = frames::Protocol::Scsp.header().to_vec();
    let length: usize = records.iter().map(|(csa, _)| csa.octets.len()).sum();
    let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
    octets.extend([1, 2]);
    octets.extend(small(CSU_RECORDS_AT - HEADER + length));
    octets.extend([0; 4]);
    // Protocol ID, group, unused, flags, lengths of ids.
    octets.extend([0, 3, 0, 1, 0, 0, 0, 0, 4, 4]);
    octets.extend(small(records.len()));
    octets.extend(from);
    octets.extend(to);
    for (csa, number) in records {
        let at = octets.len() + NUMBER_AT;
        octets.extend(&csa.octets);
        if let Some(place) = octets.get_mut(at..at + 4) {
            place.copy_from_slice(&number.to_be_bytes());
        }
    }
    summed(octets)
}

/// A record of that content, for the reader.
fn csa_octets(origin: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(SUMMARY + body.len()).unwrap_or(u16::MAX);
    let head: [&[u8]; 7] = [
        &[0, 1],
        &length.to_be_bytes(),
        &[4, 4, 0, 0],
        &[0; 4],
        &[0; 4],
        &origin,
        body,
    ];
    head.concat()
}

/// What the reader makes of one record.
fn read_csa(octets: &[u8]) -> Option<Value> {
    let csa = Csa {
        octets: octets.to_vec(),
        record: 0,
        hops: 0,
        body: 0,
        value: Value::Null,
    };
    let frame = request([0; 4], [0; 4], &[(&csa, 0)]);
    let value = frames::read(&frame).ok()?;
    value.pointer("/message/records/0").cloned()
}

/// The Hello that follows a first one, which lists nobody: it lists the receiver.
pub(super) fn second_hello(first: &Frame, receiver: [u8; 4]) -> Option<Vec<u8>> {
    let mut value = first.value.clone();
    let message = value.get_mut("message")?.as_object_mut()?;
    for computed in ["packet_size", "checksum", "recvr_id_len"] {
        message.remove(computed);
    }
    message.insert("receiver_id".to_owned(), frames::hex(&receiver).into());
    frames::write(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::hex;
    use mars_model::scenario::by_name;

    #[test]
    fn requests_are_those_of_the_harness_and_numbers_change_nothing_else() {
        let world = World::new(by_name("ring_of_three").unwrap());
        let mut tables = Tables::new();
        let body = [
            &[0, 15, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 20, 0][..],
            &[0x47; 20],
        ]
        .concat();
        let value = read_csa(&csa_octets(world.id(1), &body)).unwrap();
        let (from, to) = (world.id(0), world.id(2));
        let by_harness =
            frames::csu_request(&1.into(), &hex(&from), &hex(&to), &[value.clone(), value])
                .unwrap();
        let frame = tables.frame_of(&world, by_harness.clone());
        let frame = tables.frame(frame).unwrap();
        assert_eq!((&frame.kind, frame.parts.len()), (&Kind::Request, 2));
        let csa = tables.csa(frame.parts[0].csa).unwrap();
        assert_eq!(request(from, to, &[(&csa, 0), (&csa, 0)]), by_harness);
        assert_eq!(renumbered(&frame, &[0, 0]), by_harness);
        let other = renumbered(&frame, &[7, -9]);
        assert_eq!(request(from, to, &[(&csa, 7), (&csa, -9)]), other);
        let other = tables.frame_of(&world, other);
        let numbers: Vec<i32> = tables
            .frame(other)
            .unwrap()
            .parts
            .iter()
            .map(|p| p.number)
            .collect();
        assert_eq!(numbers, [7, -9]);
        // The third octet of the id is 1 in s2, and the content is its beat.
        let about = tables.about(csa.body).unwrap();
        assert_eq!(about.origin, mars_model::server_group::Server(1));
        let broken = tables.frame_of(&world, b"nothing".to_vec());
        assert!(matches!(tables.frame(broken).unwrap().kind, Kind::Wrong(_)));
    }
}
