//! Fuzz target bodies: plain functions of octets that panic when something is wrong.
//!
//! * Under libFuzzer (feature `libfuzzer`, nightly) `fuzz_targets/` calls them, one line each.
//! * On stable `cargo test -p mars-fuzz` replays `corpus/<target>/`, so that the seeds do not rot.
//!
//! A target never switches off a check of the shipped decoder: where a checksum would stop the
//! fuzzer, the target writes the right one into the input and decodes that too.

mod structured;

use distributed_mars::wire::{checksum, csa, llc_snap, mars, scsp};

pub use structured::structured;

/// A target: its name, which is that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 2] = [("decode_any", decode_any), ("structured", structured)];

/// Takes `octets` as a frame, a bare SCSP packet, a bare MARS message and a record, each as it is and
/// with its checksum repaired.
///
/// # Panics
///
/// When a decoder accepts octets that encoding does not give back, or an error lies outside them.
pub fn decode_any(octets: &[u8]) {
    if let Ok((kind, payload)) = llc_snap::split(octets) {
        assert_eq!([&kind.header(), payload].concat(), octets);
        bare(payload);
    }
    bare(octets);
    record(octets);
}

fn bare(octets: &[u8]) {
    scsp_packet(octets);
    mars_message(octets);
    let mut sealed = octets.to_vec();
    seal_scsp(&mut sealed);
    scsp_packet(&sealed);
    let mut sealed = octets.to_vec();
    seal(&mut sealed, MARS_CHECKSUM_AT);
    mars_message(&sealed);
}

const SCSP_CHECKSUM_AT: usize = 4;
const MARS_CHECKSUM_AT: usize = 12;

/// Writes the right checksum at `at`, if there is room for one.
fn seal(message: &mut [u8], at: usize) {
    let Some(field) = message.get_mut(at..at + 2) else {
        return;
    };
    field.fill(0);
    let sum = checksum::compute(message).to_be_bytes();
    if let Some(field) = message.get_mut(at..at + 2) {
        field.copy_from_slice(&sum);
    }
}

/// As [`seal`], over as many octets as Packet Size says.
fn seal_scsp(packet: &mut [u8]) {
    let [_, _, high, low, ..] = *packet else {
        return;
    };
    let size = usize::from(u16::from_be_bytes([high, low]));
    if let Some(covered) = packet.get_mut(..size) {
        seal(covered, SCSP_CHECKSUM_AT);
    }
}

fn scsp_packet(octets: &[u8]) {
    match scsp::decode(octets) {
        Ok(packet) => {
            let mut again = Vec::with_capacity(octets.len());
            packet.encode(&mut again);
            assert_eq!(again, octets, "{packet:?}");
            if let scsp::Body::CsuRequest(records) = packet.body {
                records.iter().for_each(|csa| record(csa.body));
            }
            let key = scsp::AuthKey {
                spi: packet.authentication.map_or(0, |found| found.spi),
                key: vec![0x0b; 16],
            };
            let verified = scsp::verify_authentication(octets, &key);
            assert!(!verified || packet.authentication.is_some());
        }
        Err(error) => assert!(error.offset <= octets.len(), "{error}"),
    }
}

fn mars_message(octets: &[u8]) {
    match mars::decode(octets) {
        Ok(message) => {
            assert_eq!(message.to_vec(), octets, "{message:?}");
            let _ = message.tlvs.verdict();
            if message.body.membership().is_some() {
                let mut copy = Vec::with_capacity(octets.len());
                mars::patched_copy(octets, 0x4000, 0x1000, Some(1), 2, &mut copy);
                assert!(mars::decode(&copy).is_ok(), "{message:?}");
            }
        }
        Err(error) => assert!(error.offset <= octets.len(), "{error}"),
    }
}

fn record(octets: &[u8]) {
    match csa::decode_record_exact(octets) {
        Ok((record, reserved)) => {
            let mut again = Vec::with_capacity(octets.len());
            csa::encode_record_exact(&record, &reserved, &mut again);
            assert_eq!(again, octets, "{record:?}");
        }
        Err(error) => assert!(error.offset <= octets.len(), "{error}"),
    }
}
