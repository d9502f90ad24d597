//! What is refused, and what is said about it.

mod messages;
mod packets;
mod records;
mod tlvs;

use super::golden::endpoint as golden_endpoint;
use super::{Kind, recode, samples};
use crate::wire::csa::decode_record;
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::scsp::SequenceNumber;
use crate::wire::{checksum, mars, scsp};

fn sample(name: &str) -> Vec<u8> {
    samples::all()
        .into_iter()
        .find(|sample| sample.0 == name)
        .unwrap()
        .2
}

/// `name` with `octets` written at `at`, checksum repaired, and the error of its decoding.
fn refusal(name: &str, at: usize, octets: &[u8]) -> WireError {
    changed(name, at, octets).unwrap_err()
}

fn changed(name: &str, at: usize, octets: &[u8]) -> Result<Vec<u8>, WireError> {
    let (_, kind, mut message) = samples::all()
        .into_iter()
        .find(|sample| sample.0 == name)
        .unwrap();
    message[at..at + octets.len()].copy_from_slice(octets);
    let sum_at = match kind {
        Kind::Scsp => 4,
        Kind::Mars => 12,
    };
    message[sum_at..sum_at + 2].fill(0);
    let covered = match kind {
        Kind::Scsp => usize::from(u16::from_be_bytes([message[2], message[3]])),
        Kind::Mars => message.len(),
    };
    let sum = checksum::compute(&message[..covered.min(message.len())]).to_be_bytes();
    message[sum_at..sum_at + 2].copy_from_slice(&sum);
    recode(kind, &message)
}

#[track_caller]
fn expect(error: WireError, code: ErrorCode, field: &str, offset: usize, value: u64) {
    assert_eq!(
        (error.code, error.field, error.offset, error.value),
        (code, field, offset, value)
    );
}

#[test]
fn errors_say_what_where_and_how_much() {
    let error = refusal("g6_csu_reply", 16, &[5]);
    assert_eq!(
        error.to_string(),
        "bad-length: field sender_id_len at offset 16, value 5 (0x5)"
    );
    assert_eq!(error.shifted(8).offset, 24);
    let mut names: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), ErrorCode::ALL.len());
}
