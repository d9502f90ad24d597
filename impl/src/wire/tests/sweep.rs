//! Properties of all messages at once.

use super::{Kind, recode, samples};
use crate::wire::csa::{decode_record_exact, encode_record_exact};
use crate::wire::error::ErrorCode;
use crate::wire::{mars, scsp};

#[test]
fn what_is_read_is_written_again() {
    for (name, kind, octets) in samples::all() {
        assert_eq!(recode(kind, &octets), Ok(octets), "{name}");
    }
}

/// The shortest part of a sample that still stands: what comes after is ignored by rule.
fn standing_length(kind: Kind, octets: &[u8]) -> usize {
    let trailing = match kind {
        Kind::Scsp => scsp::decode(octets).unwrap().trailing,
        Kind::Mars => mars::decode(octets).unwrap().reserved.trailing,
    };
    octets.len() - trailing.len()
}

#[test]
fn truncation_at_any_length_is_an_error() {
    for (name, kind, octets) in samples::all() {
        for length in 0..standing_length(kind, &octets) {
            let mut cut = octets[..length].to_vec();
            assert!(recode(kind, &cut).is_err(), "{name} cut at {length}");
            // The same without the checksum's help, so that every length check is seen to work.
            let expected = match kind {
                Kind::Scsp if length >= 8 => {
                    cut[2..6].copy_from_slice(&[(length >> 8) as u8, length as u8, 0, 0]);
                    let sum = crate::wire::checksum::compute(&cut);
                    cut[4..6].copy_from_slice(&sum.to_be_bytes());
                    [ErrorCode::Truncated, ErrorCode::BadLength]
                }
                Kind::Mars if length >= 14 => {
                    cut[12..14].copy_from_slice(&[0, 0]);
                    [ErrorCode::Truncated, ErrorCode::BadLength]
                }
                _ => [ErrorCode::Truncated, ErrorCode::BadLength],
            };
            let error = recode(kind, &cut).unwrap_err();
            assert!(
                expected.contains(&error.code),
                "{name} cut at {length}: {error}"
            );
            assert!(error.offset <= length, "{name} cut at {length}: {error}");
        }
    }
}

/// Repairs the checksum of a changed message, so that the decoder looks further.
pub(super) fn reseal(kind: Kind, octets: &mut [u8]) {
    let (at, size) = match kind {
        Kind::Scsp => (4, usize::from(u16::from_be_bytes([octets[2], octets[3]]))),
        Kind::Mars => (12, octets.len()),
    };
    let Some(covered) = octets
        .get_mut(..size)
        .filter(|covered| covered.len() > at + 1)
    else {
        return;
    };
    covered[at..at + 2].fill(0);
    let sum = crate::wire::checksum::compute(covered);
    covered[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn no_flipped_octet_panics_and_what_stands_is_exact() {
    let mut refused = 0;
    for (name, kind, octets) in samples::all() {
        for at in 0..octets.len() {
            for value in 0..=255 {
                let mut wrong = octets.clone();
                wrong[at] = value;
                for reseals in [false, true] {
                    if reseals {
                        reseal(kind, &mut wrong);
                    }
                    match recode(kind, &wrong) {
                        Ok(again) => assert_eq!(again, wrong, "{name} octet {at}"),
                        Err(error) => {
                            assert!(error.offset <= wrong.len(), "{name}: {error}");
                            refused += 1;
                        }
                    }
                    records_are_exact(kind, &wrong);
                }
            }
        }
    }
    assert!(refused > 100_000, "{refused}");
}

fn records_are_exact(kind: Kind, octets: &[u8]) {
    if kind != Kind::Scsp {
        return;
    }
    let Ok(packet) = scsp::decode(octets) else {
        return;
    };
    let scsp::Body::CsuRequest(records) = packet.body else {
        return;
    };
    for csa in records {
        if let Ok((record, reserved)) = decode_record_exact(csa.body) {
            let mut again = Vec::new();
            encode_record_exact(&record, &reserved, &mut again);
            assert_eq!(again, csa.body);
        }
    }
}

#[test]
fn checksums_notice_every_flipped_bit() {
    // R2334-B.1-04, R2022-4.3.3-01, R2022-4.3.3-04
    for (name, kind, octets) in samples::all() {
        let length = standing_length(kind, &octets);
        let unchecked = kind == Kind::Mars && octets[12..14] == [0, 0];
        for bit in 0..length * 8 {
            let mut wrong = octets.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let decoded = recode(kind, &wrong);
            assert!(unchecked || decoded.is_err(), "{name} bit {bit}");
        }
        assert!(!unchecked || recode(kind, &octets).is_ok());
    }
}
