//! Hex text and the IP checksum.

/// Lower-case hex of `octets`.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    octets
        .iter()
        .flat_map(|octet| [digit(octet >> 4), digit(octet & 0x0f)])
        .collect()
}

/// The octets of an even number of hex digits of either case; `None` for anything else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok())
        .collect()
}

/// The one's complement of the one's complement sum of 16-bit words, an odd end padded with zero.
/// Over octets that contain their own right checksum it is zero (RFC 1071).
#[must_use]
pub fn checksum(octets: &[u8]) -> u16 {
    let (pairs, rest) = octets.as_chunks::<2>();
    let words = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let odd = rest.first().map(|last| u16::from_be_bytes([*last, 0]));
    let sum = words.chain(odd).fold(0_u16, |sum, word| {
        let (sum, carry) = sum.overflowing_add(word);
        sum + u16::from(carry)
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_back() {
        assert_eq!(unhex("00ffA5").as_deref(), Some(&[0, 0xff, 0xa5][..]));
        assert_eq!(hex(&[0, 0xff, 0xa5]), "00ffa5");
        assert_eq!(unhex(""), Some(Vec::new()));
        for bad in ["0", "0g", " 00", "é0"] {
            assert_eq!(unhex(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn checksum_of_rfc_1071_example() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&octets), !0xddf2);
        assert_eq!(checksum(&[0x12]), !0x1200);
        assert_eq!(checksum(&[0xff, 0xff, 0, 1]), !1);
    }
}
