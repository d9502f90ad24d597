//! LLC/SNAP headers in AAL5 (RFC 2684), the four that a MARS entity may see.

use super::error::{ErrorCode, WireError};
use super::reader::Reader;

/// What follows an LLC/SNAP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encapsulation {
    /// A MARS control message (RFC 2022, 4.2).
    Mars,
    /// An SCSP packet (RFC 2334, B).
    Scsp,
    /// Type 1 data (RFC 2022, 5.5.1), the only kind that is sent.
    Data1,
    /// Type 2 data (RFC 2022, 5.5.2), received only.
    Data2,
}

/// LLC AA-AA-03, OUI 00-00-5E, PID 00-03.
pub const MARS_HEADER: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x03];
/// LLC AA-AA-03, OUI 00-00-5E, PID 00-05.
pub const SCSP_HEADER: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x05];
/// LLC AA-AA-03, OUI 00-00-5E, PID 00-01.
pub const DATA1_HEADER: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x01];
/// LLC AA-AA-03, OUI 00-00-5E, PID 00-04.
pub const DATA2_HEADER: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x04];

impl Encapsulation {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Mars, Self::Scsp, Self::Data1, Self::Data2];

    /// The eight octets that announce it.
    #[must_use]
    pub const fn header(self) -> [u8; 8] {
        match self {
            // R2022-4.2-01
            Self::Mars => MARS_HEADER,
            // R2334-B-01
            Self::Scsp => SCSP_HEADER,
            Self::Data1 => DATA1_HEADER,
            // R2022-5.5-02
            Self::Data2 => DATA2_HEADER,
        }
    }
}

/// Takes the LLC/SNAP header off a frame.
///
/// # Errors
///
/// [`ErrorCode::Truncated`] under eight octets, [`ErrorCode::BadEncapsulation`] for any other header.
pub fn split(frame: &[u8]) -> Result<(Encapsulation, &[u8]), WireError> {
    let mut reader = Reader::new(frame);
    let header: [u8; 8] = reader.array("llc_snap")?;
    Encapsulation::ALL
        .into_iter()
        .find(|kind| kind.header() == header)
        .map(|kind| (kind, reader.rest()))
        .ok_or(WireError::new(
            ErrorCode::BadEncapsulation,
            "llc_snap",
            0,
            u64::from_be_bytes(header),
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_four_and_no_other() {
        // R2022-4.2-01, R2334-B-01, R2022-5.5-02
        for kind in Encapsulation::ALL {
            let mut frame = kind.header().to_vec();
            frame.push(0x5a);
            assert_eq!(split(&frame), Ok((kind, &[0x5a][..])));
            frame[7] ^= 0x80;
            assert_eq!(split(&frame).unwrap_err().code, ErrorCode::BadEncapsulation);
        }
        assert_eq!(MARS_HEADER[6..], [0, 3]);
        assert_eq!(SCSP_HEADER[6..], [0, 5]);
        assert_eq!(split(&[0xaa; 7]).unwrap_err().code, ErrorCode::Truncated);
    }
}
