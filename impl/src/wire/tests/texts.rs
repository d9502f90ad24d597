//! Every refusal and its text. The sweep cuts every sample at every length and gives every octet every
//! value; what is said is collected by what was read, code and field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::sweep::reseal;
use super::{Kind, samples};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::{csa, data, llc_snap, mars, scsp};

/// What was read, what is wrong, where; with the first text seen.
type Texts = BTreeMap<(&'static str, &'static str, &'static str), String>;

fn note<T>(texts: &mut Texts, what: &'static str, result: Result<T, WireError>) -> Option<T> {
    result
        .map_err(|error| {
            texts
                .entry((what, error.code.as_str(), error.field))
                .or_insert_with(|| error.to_string());
        })
        .ok()
}

fn read(texts: &mut Texts, kind: Kind, octets: &[u8]) {
    match kind {
        Kind::Scsp => {
            let packet = note(texts, "scsp", scsp::decode(octets));
            if let Some(scsp::Body::CsuRequest(records)) = packet.map(|packet| packet.body) {
                for record in records.iter() {
                    note(texts, "record", csa::decode_record(record.body));
                }
            }
        }
        Kind::Mars => {
            note(texts, "mars", mars::decode(octets));
        }
    }
}

fn all_texts() -> Texts {
    let mut texts = Texts::new();
    for (_, kind, octets) in samples::all() {
        for length in 0..octets.len() {
            // Both with the checksum wrong and with it right.
            let mut cut = octets[..length].to_vec();
            read(&mut texts, kind, &cut);
            if let (Kind::Scsp, Some(size)) = (kind, cut.get_mut(2..4)) {
                size.copy_from_slice(&(length as u16).to_be_bytes());
            }
            if length > 4 {
                reseal(kind, &mut cut);
            }
            read(&mut texts, kind, &cut);
        }
        for at in 0..octets.len() {
            for value in 0..=255 {
                let mut wrong = octets.clone();
                wrong[at] = value;
                read(&mut texts, kind, &wrong);
                reseal(kind, &mut wrong);
                read(&mut texts, kind, &wrong);
            }
        }
        // A record's body, cut without the packet around it noticing.
        if let (Kind::Scsp, Ok(packet)) = (kind, scsp::decode(&octets))
            && let scsp::Body::CsuRequest(records) = packet.body
        {
            for record in records.iter() {
                for length in 0..record.body.len() {
                    let cut = &record.body[..length];
                    note(&mut texts, "record", csa::decode_record(cut));
                }
            }
        }
    }
    // Extensions and TLVs stand alone, too; the long form of a data frame has every field.
    for octets in [
        &b"\0\x01\0\x03abc\0\0\0\0"[..],
        b"\0\x01\0\x04abcd\0\0\0\x01x",
        b"\0\x01\0\x04abcd\0\x01\0\x04abcd\0\0\0\0",
        b"\0\x02\0\x09ab",
    ] {
        note(&mut texts, "extensions", scsp::Extensions::parse(octets));
    }
    for octets in [&b"\x10\x01\0\x05ab"[..], b"\0\0\0\x01a\0\0\0", b"\x10"] {
        note(&mut texts, "tlvs", mars::Tlvs::parse(octets));
    }
    for length in 0..24 {
        let mut frame = [0u8; 24];
        frame[2..4].copy_from_slice(&[0, 0x80]);
        note(&mut texts, "data1", data::decode_type1(&frame[..length]));
        frame[8..10].copy_from_slice(&[0, 0x80]);
        note(&mut texts, "data2", data::decode_type2(&frame[..length]));
        note(&mut texts, "llc_snap", llc_snap::split(&frame[..length]));
    }
    texts
}

/// Words in string literals of the codecs that name no field of an error: fields of `Debug` output, a
/// feature, an error code, and a read whose error is replaced by another.
const NOT_OF_ERRORS: [&str; 12] = [
    "body",
    "csas",
    "extensions",
    "gap",
    "header",
    "long_op",
    "negative_zero",
    "reserved",
    "strategies",
    "subaddress_form",
    "target_forms",
    "trailing",
];

/// All snake_case literals in the codecs' own lines (not their unit tests).
fn literals(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "tests" {
                literals(&path, found);
            }
            continue;
        }
        if path.file_name().unwrap() == "strategies.rs" {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for literal in code.split('"').skip(1).step_by(2) {
            let letter = |c: char| c.is_ascii_lowercase() || c == '_';
            if literal.starts_with(|c: char| c.is_ascii_lowercase()) && literal.chars().all(letter)
            {
                found.insert(literal.to_owned());
            }
        }
    }
}

#[test]
fn every_refusal_has_its_text() {
    let texts = all_texts();
    let mut list = String::new();
    for ((what, _, _), text) in &texts {
        writeln!(list, "{what:<10} {text}").unwrap();
    }
    insta::assert_snapshot!("every_refusal", list);

    let codes: BTreeSet<&str> = texts.keys().map(|(_, code, _)| *code).collect();
    let known: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, known, "every code is said somewhere");

    // No field can be named by a decoder and not stand in the snapshot.
    let mut named = BTreeSet::new();
    literals(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire"),
        &mut named,
    );
    let said: BTreeSet<String> = texts
        .keys()
        .map(|(_, _, field)| (*field).to_owned())
        .collect();
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let others: BTreeSet<String> = NOT_OF_ERRORS
        .into_iter()
        .chain(codes)
        .map(str::to_owned)
        .filter(|word| named.contains(word))
        .collect();
    let unsaid: BTreeSet<String> = named.difference(&said).cloned().collect();
    assert_eq!(
        unsaid, others,
        "left: named by a decoder, but no input makes it say so"
    );
}
