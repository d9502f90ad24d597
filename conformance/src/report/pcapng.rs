//! Captures that Wireshark opens: pcapng with link type 100 (RFC 2684 LLC/SNAP over ATM AAL5), one
//! packet block a frame, a comment that names sender and receiver.

/// pcapng link type for LLC-encapsulated ATM (LINKTYPE_ATM_RFC1483).
const LINK_TYPE: u16 = 100;

/// A frame with its time and a comment.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Virtual milliseconds.
    pub at: u64,
    /// The octets, LLC/SNAP included.
    pub octets: Vec<u8>,
    /// Such as `s1 to s2`.
    pub comment: String,
}

/// A block: type, length, body padded to four octets, length again.
fn block(kind: u32, body: &[u8], out: &mut Vec<u8>) {
    let padded = body.len().div_ceil(4) * 4;
    let length = u32::try_from(padded + 12).unwrap_or(u32::MAX);
    out.extend(kind.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(body);
    out.extend(core::iter::repeat_n(0, padded - body.len()));
    out.extend(length.to_le_bytes());
}

/// The whole capture.
#[must_use]
pub fn write(frames: &[Captured]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut header = Vec::new();
    header.extend(0x1a2b_3c4d_u32.to_le_bytes());
    header.extend([1, 0, 0, 0]);
    header.extend(u64::MAX.to_le_bytes());
    block(0x0a0d_0d0a, &header, &mut out);
    let mut interface = Vec::new();
    interface.extend(LINK_TYPE.to_le_bytes());
    interface.extend([0, 0, 0, 0, 0, 0]);
    // if_tsresol 3: time stamps in milliseconds.
    interface.extend([9, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    block(1, &interface, &mut out);
    for Captured {
        at,
        octets,
        comment,
    } in frames
    {
        let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let mut body = Vec::new();
        body.extend(0_u32.to_le_bytes());
        body.extend(u32::try_from(at >> 32).unwrap_or(0).to_le_bytes());
        body.extend(u32::try_from(at & 0xffff_ffff).unwrap_or(0).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(octets);
        body.extend(core::iter::repeat_n(
            0,
            octets.len().div_ceil(4) * 4 - octets.len(),
        ));
        let text = comment.as_bytes();
        body.extend(1_u16.to_le_bytes());
        body.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
        body.extend(text);
        body.extend(core::iter::repeat_n(
            0,
            text.len().div_ceil(4) * 4 - text.len(),
        ));
        body.extend([0, 0, 0, 0]);
        block(6, &body, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_says_its_length_twice_and_fills_the_file() {
        let frame = Captured {
            at: 5,
            octets: vec![0xaa, 0xaa, 3, 0, 0],
            comment: "s1 to s2".to_owned(),
        };
        let file = write(&[frame.clone(), frame]);
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let mut at = 0;
        let mut kinds = Vec::new();
        while at < file.len() {
            let length = word(at + 4) as usize;
            assert_eq!(word(at + length - 4) as usize, length);
            assert_eq!(length % 4, 0);
            kinds.push(word(at));
            at += length;
        }
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6, 6]);
        // LLC/SNAP over AAL5 in the registry of link types; `.ci/run dissect` sees tshark read it.
        assert_eq!(u16::from_le_bytes([file[36], file[37]]), 100);
    }
}
