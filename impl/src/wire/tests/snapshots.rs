//! What each message looks like, octets beside the decoded value. A change on the wire shows here.

use std::collections::BTreeSet;
use std::path::Path;

use super::annotate::{annotate, beside};
use super::{Kind, samples, unhex};
use crate::wire::codepoints::{Op, ScspType};
use crate::wire::csa::decode_record;
use crate::wire::llc_snap::{self, Encapsulation};
use crate::wire::{data, mars, scsp};

fn decoded(kind: Kind, octets: &[u8]) -> String {
    match kind {
        Kind::Mars => format!("{:#?}", mars::decode(octets).unwrap()),
        Kind::Scsp => {
            let packet = scsp::decode(octets).unwrap();
            let mut text = format!("{packet:#?}");
            if let scsp::Body::CsuRequest(records) = packet.body {
                for csa in records.iter().filter(|csa| !csa.csas.null) {
                    text += &format!("\n{:#?}", decode_record(csa.body).unwrap());
                }
            }
            text
        }
    }
}

#[test]
fn every_message_has_a_snapshot() {
    let mut scsp_types = BTreeSet::new();
    let mut ops = BTreeSet::new();
    let mut names = BTreeSet::from(["every_refusal".to_owned()]);
    for (name, kind, octets) in samples::all() {
        match kind {
            Kind::Scsp => scsp_types.insert(octets[1]),
            Kind::Mars => ops.insert(octets[17]),
        };
        let text = beside(&annotate(kind, &octets), &decoded(kind, &octets));
        insta::assert_snapshot!(name.as_str(), text);
        names.insert(name);
    }
    for (name, octets) in data_frames() {
        let text = beside(&rows(&octets), &data_decoded(&octets));
        insta::assert_snapshot!(name, text);
        names.insert(name.to_owned());
    }
    // R2334-B.1-02: every SCSP type code has one.
    let all: BTreeSet<u8> = ScspType::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(all, (1..=5).collect());
    assert!(scsp_types.is_superset(&all), "{scsp_types:?}");
    // R2022-11-01: and every MARS op type.
    let all: BTreeSet<u8> = Op::ALL.iter().map(|op| op.code()).collect();
    assert_eq!(all, (1..=13).collect());
    assert!(ops.is_superset(&all), "{ops:?}");
    assert_eq!(
        on_disk(),
        names,
        "left: snapshots; right: what refers to them"
    );
}

/// Whole frames of both encapsulations, short and long form.
fn data_frames() -> [(&'static str, Vec<u8>); 3] {
    let llc = "aaaa03 00005e";
    [
        ("data_type1", format!("{llc} 0001 0102 0800 4500")),
        (
            "data_type1_long_form",
            format!("{llc} 0001 0102 0080 0000813701 0a0b0c 4500"),
        ),
        (
            "data_type2",
            format!("{llc} 0004 0102030405060708 0800 0a0b 4500"),
        ),
    ]
    .map(|(name, text)| (name, unhex(&text)))
}

fn rows(octets: &[u8]) -> Vec<String> {
    let row = |(row, octets): (usize, &[u8])| {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("{:4}  {hex}", row * 8)
    };
    octets.chunks(8).enumerate().map(row).collect()
}

fn data_decoded(frame: &[u8]) -> String {
    let (encapsulation, octets) = llc_snap::split(frame).unwrap();
    let data = match encapsulation {
        Encapsulation::Data2 => data::decode_type2(octets),
        _ => data::decode_type1(octets),
    };
    format!("{encapsulation:?} {:#?}", data.unwrap())
}

/// The names of the snapshots that are kept for the codecs.
fn on_disk() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/tests/snapshots");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".snap").map(str::to_owned);
        let name = name.unwrap_or_else(|| panic!("not a snapshot in {}", folder.display()));
        name.rsplit("__").next().unwrap().to_owned()
    };
    std::fs::read_dir(&folder).unwrap().map(file).collect()
}
