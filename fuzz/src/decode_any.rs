//! Any octets to every decoder.

use distributed_mars::wire::llc_snap;

use crate::checks::{mars_message, record, scsp_packet, sealed_mars, sealed_scsp};

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
    scsp_packet(&sealed_scsp(octets));
    mars_message(&sealed_mars(octets));
}
