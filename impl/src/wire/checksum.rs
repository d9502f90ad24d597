//! The IP checksum that both SCSP and MARS use (RFC 2334, B.1; RFC 2022, 4.3.3).

/// One's-complement sum of 16-bit words, folded; an odd end counts as if a zero octet followed.
fn sum(octets: &[u8]) -> u16 {
    let mut words = octets.chunks_exact(2);
    let mut total: u64 = words
        .by_ref()
        .map(|word| match word {
            [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
            _ => 0,
        })
        .sum();
    // R2334-B.1-05: the odd octet is the high half of a word.
    if let [last] = words.remainder() {
        total += u64::from(*last) << 8;
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    u16::try_from(total).unwrap_or(u16::MAX)
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
