//! What each message looks like, octets beside the decoded value. A change on the wire shows here.

use std::collections::BTreeSet;

use super::annotate::{annotate, beside};
use super::{Kind, samples};
use crate::wire::codepoints::{Op, ScspType};
use crate::wire::csa::decode_record;
use crate::wire::{mars, scsp};

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
    for (name, kind, octets) in samples::all() {
        match kind {
            Kind::Scsp => scsp_types.insert(octets[1]),
            Kind::Mars => ops.insert(octets[17]),
        };
        let text = beside(&annotate(kind, &octets), &decoded(kind, &octets));
        insta::assert_snapshot!(name, text);
    }
    // R2334-B.1-02: every SCSP type code has one.
    let all: BTreeSet<u8> = ScspType::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(all, (1..=5).collect());
    assert!(scsp_types.is_superset(&all), "{scsp_types:?}");
    // R2022-11-01: and every MARS op type.
    let all: BTreeSet<u8> = Op::ALL.iter().map(|op| op.code()).collect();
    assert_eq!(all, (1..=13).collect());
    assert!(ops.is_superset(&all), "{ops:?}");
}
