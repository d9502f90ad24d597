//! What holds of any octets that a decoder takes, and checksums put right.

use distributed_mars::wire::{checksum, csa, mars, scsp};

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

/// An SCSP packet with the right checksum over as many octets as its Packet Size says.
pub(crate) fn sealed_scsp(packet: &[u8]) -> Vec<u8> {
    let mut sealed = packet.to_vec();
    if let [_, _, high, low, ..] = *packet
        && let Some(covered) = sealed.get_mut(..usize::from(u16::from_be_bytes([high, low])))
    {
        seal(covered, SCSP_CHECKSUM_AT);
    }
    sealed
}

/// The same after Packet Size has been set to the number of octets.
pub(crate) fn resized_scsp(packet: &[u8]) -> Vec<u8> {
    let mut resized = packet.to_vec();
    let size = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    if let Some(field) = resized.get_mut(2..4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
    sealed_scsp(&resized)
}

/// A MARS message with the right checksum.
pub(crate) fn sealed_mars(message: &[u8]) -> Vec<u8> {
    let mut sealed = message.to_vec();
    seal(&mut sealed, MARS_CHECKSUM_AT);
    sealed
}

/// An SCSP packet that decodes is encoded octet for octet; an error lies inside the octets.
pub(crate) fn scsp_packet(octets: &[u8]) {
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

/// The same of a MARS message; copies of it that a MARS makes decode too.
pub(crate) fn mars_message(octets: &[u8]) {
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

/// The same of a record.
pub(crate) fn record(octets: &[u8]) {
    match csa::decode_record_exact(octets) {
        Ok((record, reserved)) => {
            let mut again = Vec::with_capacity(octets.len());
            csa::encode_record_exact(&record, &reserved, &mut again);
            assert_eq!(again, octets, "{record:?}");
        }
        Err(error) => assert!(error.offset <= octets.len(), "{error}"),
    }
}
