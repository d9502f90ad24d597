//! The IP checksum that both SCSP and MARS use (RFC 2334, B.1; RFC 2022, 4.3.3).

/// One's-complement sum of 16-bit words, folded; an odd end counts as if a zero octet followed.
///
/// The sum is the same whatever the order of octets within words, and words may be added in pairs
/// (RFC 1071, 2): so four octets are taken at a time as they lie, and the order is put right at the end.
fn sum(octets: &[u8]) -> u16 {
    let (quads, rest) = octets.as_chunks::<4>();
    // No more than 2^32 quads fit into 64 bits.
    let mut total: u64 = quads
        .iter()
        .map(|quad| u64::from(u32::from_ne_bytes(*quad)))
        .sum();
    let (words, odd) = rest.as_chunks::<2>();
    for word in words {
        total += u64::from(u16::from_ne_bytes(*word));
    }
    // R2334-B.1-05: the odd octet is the high half of a word.
    if let [last] = odd {
        total += u64::from(u16::from_ne_bytes([*last, 0]));
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    u16::from_be(u16::try_from(total).unwrap_or(u16::MAX))
}

/// The checksum to put in a message whose checksum field is zero.
#[must_use]
pub fn compute(octets: &[u8]) -> u16 {
    !sum(octets)
}

/// True when a message with its checksum in place is intact.
#[must_use]
pub fn verify(octets: &[u8]) -> bool {
    sum(octets) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ends_count_as_padded() {
        // R2334-B.1-05
        assert_eq!(
            compute(&[0x12, 0x34, 0x56]),
            compute(&[0x12, 0x34, 0x56, 0])
        );
        assert_eq!(compute(&[0x12, 0x34, 0x56]), !(0x1234 + 0x5600));
    }

    #[test]
    fn any_length_sums_up_as_word_by_word() {
        let octets: Vec<u8> = (0..70_u32).map(|n| (n * 149 + n / 3) as u8).collect();
        for start in 0..5 {
            for end in start..octets.len() {
                let part = &octets[start..end];
                let mut expected = 0_u32;
                for word in part.chunks(2) {
                    expected += u32::from(word[0]) << 8;
                    expected += word.get(1).map_or(0, |low| u32::from(*low));
                    expected = (expected & 0xffff) + (expected >> 16);
                }
                assert_eq!(u32::from(compute(part)), 0xffff - expected, "{part:?}");
            }
        }
        // The largest sum there is in a packet.
        assert_eq!(compute(&[0xff; 65_535]), !0xff00);
    }

    #[test]
    fn carries_are_folded() {
        assert_eq!(compute(&[0xff, 0xff, 0x00, 0x02]), !2);
        assert_eq!(compute(&[]), 0xffff);
    }

    #[test]
    fn verify_accepts_what_compute_made_and_no_single_flip() {
        let mut octets = vec![0x45, 0x00, 0x12, 0x34, 0, 0, 0xab, 0xcd, 0x07];
        let value = compute(&octets).to_be_bytes();
        octets[4..6].copy_from_slice(&value);
        assert!(verify(&octets));
        for bit in 0..octets.len() * 8 {
            let mut wrong = octets.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&wrong), "bit {bit}");
        }
    }
}
