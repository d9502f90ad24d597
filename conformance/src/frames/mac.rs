//! The MAC of the Authentication extension: HMAC (RFC 2104) with MD5 (RFC 1321). Made here, since what makes and
//! judges frames does not know the implementation.

/// Octets of a block, and of a digest.
const BLOCK: usize = 64;
const DIGEST: usize = 16;
/// How far each step of a round turns.
const TURNS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// The constant of a step: 2^32 times the sine of its number from 1 on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 2^32 by construction"
)]
fn constant(step: u32) -> u32 {
    (f64::from(step + 1).sin().abs() * 4_294_967_296.0) as u32
}

/// One block.
#[expect(
    clippy::indexing_slicing,
    reason = "every index is a remainder, or a quarter of 64 steps; a block has 16 words"
)]
fn block(state: [u32; 4], octets: &[u8]) -> [u32; 4] {
    let words: Vec<u32> = octets
        .chunks_exact(4)
        .map(|word| {
            word.iter()
                .rev()
                .fold(0, |sum, octet| sum << 8 | u32::from(*octet))
        })
        .collect();
    let [mut a, mut b, mut c, mut d] = state;
    for step in 0..64_u32 {
        let (mixed, place) = match step / 16 {
            0 => (b & c | !b & d, step),
            1 => (d & b | !d & c, 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let turn = TURNS[(step / 16) as usize][(step % 4) as usize];
        let sum = a
            .wrapping_add(mixed)
            .wrapping_add(constant(step))
            .wrapping_add(words[(place % 16) as usize]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(turn)));
    }
    let [one, two, three, four] = state;
    [
        one.wrapping_add(a),
        two.wrapping_add(b),
        three.wrapping_add(c),
        four.wrapping_add(d),
    ]
}

/// MD5.
fn md5(message: &[u8]) -> [u8; DIGEST] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % BLOCK != BLOCK - 8 {
        padded.push(0);
    }
    let bits = u64::try_from(message.len()).unwrap_or_default() * 8;
    padded.extend(bits.to_le_bytes());
    let first = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let state = padded.chunks_exact(BLOCK).fold(first, block);
    let mut digest = [0; DIGEST];
    for (place, word) in digest.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// HMAC-MD5 under a key of at most 64 octets.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; DIGEST] {
    let padded = |pad: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0));
        filled.take(BLOCK).map(|octet| octet ^ pad).collect()
    };
    let inner = md5(&[padded(0x36), message.to_vec()].concat());
    md5(&[padded(0x5c), inner.to_vec()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::hex;

    #[test]
    fn digests_of_the_rfcs() {
        // RFC 1321, A.5.
        assert_eq!(hex(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        let letters = b"abcdefghijklmnopqrstuvwxyz";
        assert_eq!(hex(&md5(letters)), "c3fcd3d76192e4007dfb496cca67e13b");
        // RFC 2104, appendix.
        let mac = hmac(&[0x0b; 16], b"Hi There");
        assert_eq!(hex(&mac), "9294727a3638bb1c13f48ef8158bfc9d");
        let mac = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "750c783e6ab0b503eaa86e310a5db738");
    }
}
