//! Octets that an RFC calls unused: ignored, and kept for whoever passes the message on.

use super::{Kind, recode, samples};
use crate::wire::error::ErrorCode;
use crate::wire::mars;

fn sample(name: &str) -> Vec<u8> {
    let found = samples::all().into_iter().find(|sample| sample.0 == name);
    let mut octets = found.unwrap().2;
    // No checksum, so that octets can be changed.
    octets[12..14].fill(0);
    octets
}

#[test]
fn target_lengths_of_a_grouplist_reply() {
    // R2022-5.3-06: they say nothing, not even with bits that a length may not have.
    let plain = sample("grouplist_reply");
    for lengths in [[0, 1], [20, 20], [0x40, 0x80], [0xff, 0xff]] {
        let mut octets = plain.clone();
        octets[21..23].copy_from_slice(&lengths);
        let found = mars::decode(&octets).unwrap();
        assert_eq!(found.body, mars::decode(&plain).unwrap().body);
        assert_eq!(found.reserved.target_forms, lengths);
        assert_eq!(recode(Kind::Mars, &octets), Ok(octets));
    }
    // Each is missed under its own name.
    for (end, field) in [(21, "thtl"), (22, "tstl")] {
        let error = mars::decode(&plain[..end]).unwrap_err();
        let found = (error.code, error.field, error.offset);
        assert_eq!(found, (ErrorCode::Truncated, field, end));
    }
    // R2022-5.1.2-01: those of a REQUEST do.
    let mut octets = sample("g12_request");
    octets[21] = 20;
    assert_eq!(
        mars::decode(&octets).unwrap_err().code,
        ErrorCode::BadLength
    );
}

#[test]
fn a_null_tlv_with_a_length_is_blamed_for_it_whatever_follows() {
    // R2022-10.4-01, register F23
    let mut octets = sample("g9_join");
    octets[14..16].copy_from_slice(&64_u16.to_be_bytes());
    for behind in [&[][..], &[0; 4], &[0; 400]] {
        let message = [&octets, &[0, 0, 0, 4][..], behind].concat();
        let error = mars::decode(&message).unwrap_err();
        let found = (error.code, error.field, error.offset, error.value);
        assert_eq!(found, (ErrorCode::BadLength, "length", 66, 4));
    }
}
