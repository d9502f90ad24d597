//! Messages of the small models: in words, and as frames. What a model leaves out has a fixed value in the frame: server
//! IDs 10.0.0.1 and so on, cache keys 1, 2, 3, groups from 224.1.2.0 on.

use mars_model::carried::{Carried, Said, Version};
use serde_json::{Value, json};

use crate::frames::{self, FrameError};
use crate::lower::{flag, op};

/// First CSA sequence number of a key (RFC 2334, B.2.0.2).
const FIRST: i64 = -0x7fff_ffff;
/// Codes of SCSP messages (RFC 2334, B.1).
mod kind {
    pub(super) const CA: u8 = 1;
    pub(super) const CSU_REQUEST: u8 = 2;
    pub(super) const CSU_REPLY: u8 = 3;
    pub(super) const CSUS: u8 = 4;
    pub(super) const HELLO: u8 = 5;
}

fn versions(list: &[Version]) -> String {
    let one = |version: &Version| {
        let key = char::from(b'a' + version.key.min(25));
        let what = match (version.null, version.live) {
            (true, _) => " null",
            (false, true) => "",
            (false, false) => " withdrawn",
        };
        format!("{key}{}{what}", version.number)
    };
    let words: Vec<String> = list.iter().map(one).collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(", ")
    }
}

fn groups(set: u8) -> String {
    let letters = (0..8u8).filter(|group| set & (1 << group) != 0);
    letters.map(|group| char::from(b'a' + group)).collect()
}

/// A message in words.
#[must_use]
pub fn words(said: &Said) -> String {
    match said {
        Said::Hello { lists: true } => "Hello, lists the receiver".to_owned(),
        Said::Hello { lists: false } => "Hello, lists nobody".to_owned(),
        Said::Ca {
            master,
            init,
            more,
            number,
            summaries,
        } => {
            let bits = [(master, 'M'), (init, 'I'), (more, 'O')];
            let bits: String = bits
                .iter()
                .filter(|(set, _)| **set)
                .map(|(_, bit)| bit)
                .collect();
            let bits = if bits.is_empty() {
                "-".to_owned()
            } else {
                bits
            };
            format!("CA {bits} {number}: {}", versions(summaries))
        }
        Said::Csus(list) => format!("CSUS: {}", versions(list)),
        Said::CsuRequest(list) => format!("CSU Request: {}", versions(list)),
        Said::CsuReply(list) => format!("CSU Reply: {}", versions(list)),
        Said::Change {
            node,
            groups: 0,
            cmi,
            ..
        } => format!("JOIN copy: {node} is registered, CMI {cmi}"),
        Said::Change {
            leave,
            node,
            groups: set,
            punched,
            ..
        } => {
            let op = if *leave { "LEAVE" } else { "JOIN" };
            let punched = if *punched { ", punched" } else { "" };
            format!("{op} {node}: {}{punched}", groups(*set))
        }
        Said::Migrate { group, mcs } => format!("MIGRATE {} to {mcs}", groups(1 << group)),
        Said::Map => "REDIRECT_MAP".to_owned(),
        Said::Answer { group, leaves } if leaves.is_empty() => {
            format!("NAK {}", groups(1 << group))
        }
        Said::Answer { group, leaves } => {
            format!("MULTI {}: {}", groups(1 << group), leaves.join(", "))
        }
    }
}

/// The place of a node in the alphabet.
fn place(name: &str) -> u8 {
    name.bytes()
        .next()
        .map_or(0, |letter| letter.wrapping_sub(b'A'))
}

fn id(name: &str) -> String {
    format!("0a0000{:02x}", place(name).saturating_add(1))
}

fn atm(name: &str) -> String {
    format!(
        "47000580ffe1000000f21a2b3c002048{:02x}000100",
        place(name).saturating_add(0x1c)
    )
}

fn group(number: u32) -> String {
    format!("{:08x}", 0xe001_0200 + number)
}

/// A record, or its summary: the header without what follows it.
fn record(version: &Version, originator: &str, whole: bool) -> Value {
    let mut record = json!({
        "hop_count": if version.hops == 0 { 1 } else { version.hops },
        "flags": if version.null { 0x8000 } else { 0 },
        "csa_sequence_number": FIRST + i64::from(version.number) - 1,
        "cache_key": format!("{:08x}", u32::from(version.key) + 1),
        "originator_id": originator,
    });
    let body = json!({
        "state": if version.live { 3 } else { 4 }, "flags": flag::REGISTER, "cluster_member_id": 1,
        "source_atm_address": atm("A"), "source_atm_subaddress": "", "source_protocol_address": "",
        "minimum_group_address": "", "maximum_group_address": "",
    });
    if let Some(fields) = record.as_object_mut()
        && whole
        && !version.null
    {
        fields.insert("mars".to_owned(), body);
    }
    record
}

/// The frame that a message would be.
///
/// # Errors
/// A message that no frame can be made of.
pub fn frame(carried: &Carried) -> Result<Vec<u8>, FrameError> {
    let scsp = |kind: u8, mut rest: Value| {
        let listed = !matches!(carried.what, Said::Hello { lists: false });
        let receiver = if listed {
            id(&carried.to)
        } else {
            String::new()
        };
        if let Some(fields) = rest.as_object_mut() {
            fields.insert("type_code".to_owned(), kind.into());
            fields.insert("server_group_id".to_owned(), 1.into());
            fields.insert("sender_id".to_owned(), id(&carried.from).into());
            fields.insert("receiver_id".to_owned(), receiver.into());
        }
        json!({"protocol": "scsp", "message": rest})
    };
    let records = |list: &[Version], whole: bool| -> Value {
        // Everything in these models is the first server's.
        list.iter()
            .map(|version| record(version, &id("A"), whole))
            .collect()
    };
    let mars = |rest: Value| json!({"protocol": "mars", "message": rest});
    let value = match &carried.what {
        Said::Hello { .. } => scsp(kind::HELLO, json!({"hello_interval": 3, "dead_factor": 3})),
        Said::Ca {
            master,
            init,
            more,
            number,
            summaries,
        } => {
            let bit = |set: &bool, bit: u32| if *set { bit } else { 0 };
            let flags = bit(master, 0x8000) | bit(init, 0x4000) | bit(more, 0x2000);
            scsp(
                kind::CA,
                json!({"ca_sequence_number": number, "flags": flags, "records": records(summaries, false)}),
            )
        }
        Said::Csus(list) => scsp(kind::CSUS, json!({"records": records(list, false)})),
        Said::CsuRequest(list) => scsp(kind::CSU_REQUEST, json!({"records": records(list, true)})),
        Said::CsuReply(list) => scsp(kind::CSU_REPLY, json!({"records": records(list, false)})),
        Said::Change {
            leave,
            node,
            groups: set,
            punched,
            cmi,
        } => {
            let op = if *leave { op::LEAVE } else { op::JOIN };
            let register = if *set == 0 { flag::REGISTER } else { 0 };
            let punched = if *punched { flag::PUNCHED } else { 0 };
            let pairs = runs(*set);
            mars(json!({
                "op_type": op, "flags": flag::COPY | register | punched, "cmi": cmi, "msn": 0,
                "sha": atm(node), "ssa": "", "spa": "", "tpln": if *set == 0 { 0 } else { 4 },
                "pnum": pairs.len(), "pairs": pairs,
            }))
        }
        Said::Migrate { group: number, mcs } => mars(json!({
            "op_type": MIGRATE, "tnum": 1, "msn": 0, "sha": atm("A"), "ssa": "", "spa": "",
            "tpa": group(u32::from(*number)), "targets": [{"tha": atm(mcs), "tsa": ""}],
        })),
        Said::Map => mars(json!({
            "op_type": op::REDIRECT_MAP, "redirf": 0x80, "tnum": 1, "seqxy": 0x8001, "msn": 0,
            "sha": atm("Z"), "ssa": "", "spa": "", "targets": [{"tha": atm("Z"), "tsa": ""}],
        })),
        Said::Answer {
            group: number,
            leaves,
        } => {
            let targets: Vec<Value> = leaves
                .iter()
                .map(|leaf| json!({"tha": atm(leaf), "tsa": ""}))
                .collect();
            let (sha, tpa) = (atm(&carried.to), group(u32::from(*number)));
            if targets.is_empty() {
                mars(json!({"op_type": op::NAK, "sha": sha, "ssa": "", "spa": "", "tpa": tpa}))
            } else {
                mars(json!({
                    "op_type": op::MULTI, "tnum": targets.len(), "seqxy": 0x8001, "msn": 0, "sha": sha, "ssa": "",
                    "spa": "", "tpa": tpa, "targets": targets,
                }))
            }
        }
    };
    frames::write(&value)
}

/// mar$op.type of `MARS_MIGRATE` (RFC 2022, 4.3.4).
const MIGRATE: u64 = 13;

/// The `<min, max>` pairs of a set of groups, one bit each.
fn runs(set: u8) -> Vec<Value> {
    let mut runs = Vec::new();
    let mut start = None;
    for number in 0..=8u32 {
        let inside = number < 8 && set & (1 << number) != 0;
        match (inside, start) {
            (true, None) => start = Some(number),
            (false, Some(first)) => {
                runs.push(json!({"min": group(first), "max": group(number - 1)}));
                start = None;
            }
            _ => {}
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u8) -> Version {
        Version {
            key: 1,
            number,
            live: false,
            null: false,
            hops: 2,
        }
    }

    #[test]
    fn every_kind_of_message_is_a_frame_that_says_what_it_says() {
        let change = |groups, cmi| Said::Change {
            leave: false,
            node: "B".to_owned(),
            groups,
            punched: groups == 5,
            cmi,
        };
        let answer = |leaves: &[&str]| Said::Answer {
            group: 1,
            leaves: leaves.iter().map(|leaf| (*leaf).to_owned()).collect(),
        };
        for (what, field, wanted) in [
            (
                Said::Hello { lists: true },
                "receiver_id",
                json!("0a000002"),
            ),
            (Said::Hello { lists: false }, "receiver_id", json!("")),
            (
                Said::Ca {
                    master: true,
                    init: false,
                    more: true,
                    number: 7,
                    summaries: vec![version(2)],
                },
                "flags",
                json!(0xa000),
            ),
            (Said::Csus(vec![version(1)]), "type_code", json!(4)),
            (Said::CsuRequest(vec![version(2)]), "type_code", json!(2)),
            (Said::CsuReply(vec![version(2)]), "type_code", json!(3)),
            (change(0, 9), "cmi", json!(9)),
            (change(5, 0), "pnum", json!(2)),
            (
                Said::Migrate {
                    group: 0,
                    mcs: "M".to_owned(),
                },
                "op_type",
                json!(13),
            ),
            (Said::Map, "op_type", json!(12)),
            (answer(&["A", "B"]), "tnum", json!(2)),
            (answer(&[]), "op_type", json!(6)),
        ] {
            let carried = Carried {
                from: "A".to_owned(),
                to: "B".to_owned(),
                lost: false,
                what,
            };
            let octets = frame(&carried).unwrap_or_else(|error| panic!("{carried:?}: {error}"));
            let read = frames::read(&octets).unwrap_or_else(|error| panic!("{carried:?}: {error}"));
            assert_eq!(read["message"][field], wanted, "{carried:?}: {read}");
            assert!(!words(&carried.what).is_empty());
        }
    }

    #[test]
    fn a_record_has_its_number_and_its_state() {
        let carried = Carried {
            from: "A".to_owned(),
            to: "B".to_owned(),
            lost: false,
            what: Said::CsuRequest(vec![version(3)]),
        };
        let read = frames::read(&frame(&carried).unwrap()).unwrap();
        let record = &read["message"]["records"][0];
        assert_eq!(record["csa_sequence_number"], json!(FIRST + 2));
        assert_eq!(
            (&record["mars"]["state"], &record["hop_count"]),
            (&json!(4), &json!(2))
        );
        assert_eq!(words(&carried.what), "CSU Request: b3 withdrawn");
    }
}
