//! A 64-bit fingerprint of a state, by 64 x 64 bit products: of what its `Hash` says, eight octets at a time, one after
//! the other; or of all of its octets, sixteen at a time, where it has no gaps.

use std::hash::{Hash, Hasher};
use zerocopy::{Immutable, IntoBytes};

/// The hasher. Octets are collected into words first, because a derived `Hash` hands them over one by one.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    state: u64,
    word: u64,
    filled: u32,
    length: u64,
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const OFFSET: u64 = 0xd1b5_4a32_d192_ed03;

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of the product"
)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The most places of sixteen octets.
const PLACES: usize = 64;
/// Two odd constants for each place (splitmix64).
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when this is compiled, below the bounds of the loops"
)]
const SECRETS: [(u64, u64); PLACES] = {
    let mut secrets = [(0, 0); PLACES];
    let mut state = OFFSET;
    let mut place = 0;
    while place < PLACES {
        let mut pair = [0; 2];
        let mut half = 0;
        while half < 2 {
            state = state.wrapping_add(FACTOR);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            pair[half] = (word ^ (word >> 31)) | 1;
            half += 1;
        }
        secrets[place] = (pair[0], pair[1]);
        place += 1;
    }
    secrets
};

/// What sixteen octets at a place add to a fingerprint.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of the word"
)]
const fn share(octets: [u8; 16], (first, second): (u64, u64), seed: u64) -> u64 {
    let word = u128::from_le_bytes(octets);
    let (a, b) = (word as u64, (word >> 64) as u64);
    fold(a ^ first ^ seed, b ^ second ^ seed.rotate_left(32)) ^ first
}

impl Fingerprint {
    /// A hasher with a seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            state: seed ^ OFFSET,
            word: 0,
            filled: 0,
            length: 0,
        }
    }

    /// The fingerprint of a value; never 0.
    pub fn of<T: Hash>(seed: u64, value: &T) -> u64 {
        let mut hasher = Self::new(seed);
        value.hash(&mut hasher);
        hasher.finish().max(1)
    }

    /// The fingerprint of a value that is nothing but octets, at most 1,024 of them, without a gap between its fields:
    /// sixteen octets at a time, independent of each other, which is much faster than to hash field by field. It may be 0,
    /// and it depends on the order of octets in the processor's words.
    #[must_use]
    #[inline]
    pub fn of_octets<T: IntoBytes + Immutable>(seed: u64, value: &T) -> u64 {
        const { assert!(size_of::<T>() <= 16 * PLACES, "every octet has its place") };
        let (whole, rest) = value.as_bytes().as_chunks::<16>();
        let mut last = [0; 16];
        last.iter_mut()
            .zip(rest)
            .for_each(|(place, octet)| *place = *octet);
        let sum = whole
            .iter()
            .chain((!rest.is_empty()).then_some(&last))
            .zip(&SECRETS)
            .fold(0u64, |sum, (octets, secrets)| {
                sum.wrapping_add(share(*octets, *secrets, seed))
            });
        // A factor of 0 would make all states one.
        fold(sum ^ OFFSET, (FACTOR ^ seed).max(1))
    }

    #[inline]
    fn mix(&mut self, word: u64) {
        self.state = fold(self.state.rotate_left(23) ^ word, FACTOR);
        self.length += 1;
    }

    /// Adds the `octets` low octets of a value.
    #[inline]
    fn push(&mut self, value: u64, octets: u32) {
        self.word |= value << (8 * self.filled);
        let filled = self.filled + octets;
        if filled >= 8 {
            let word = self.word;
            self.mix(word);
            // What did not fit; nothing at all if the word was empty before (a shift by 64 in two steps).
            self.word = (value >> 1) >> (63 - 8 * self.filled);
            self.filled = filled - 8;
        } else {
            self.filled = filled;
        }
    }
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let value = chunk
                .iter()
                .rev()
                .fold(0u64, |value, &octet| value << 8 | u64::from(octet));
            self.push(value, chunk.len().try_into().unwrap_or(8));
        }
    }
    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.push(u64::from(value), 1);
    }
    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.push(u64::from(value), 2);
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.push(u64::from(value), 4);
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.push(value, 8);
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.push(value as u64, 8);
    }
    fn finish(&self) -> u64 {
        let last = fold(
            self.state.rotate_left(23) ^ self.word,
            FACTOR ^ u64::from(self.filled) << 32,
        );
        fold(last ^ OFFSET, FACTOR ^ self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn octets_tell_places_values_and_seeds_apart() {
        let mut seen = BTreeSet::new();
        for seed in [0, 1, u64::MAX, FACTOR] {
            for place in 0..PLACES {
                for value in 1..200u64 {
                    for (a, b) in [(value, 0), (0, value), (value, value)] {
                        let mut words = [[0; 2]; PLACES];
                        words[place] = [a, b];
                        let fingerprint = Fingerprint::of_octets(seed, &words);
                        assert!(seen.insert(fingerprint), "{seed} {place} {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn octets_beyond_the_last_sixteen_count() {
        let mut seen = BTreeSet::new();
        for place in 0..19 {
            for value in 1..=255 {
                let mut octets = [0u8; 19];
                octets[place] = value;
                assert!(seen.insert(Fingerprint::of_octets(0, &octets)));
            }
        }
    }

    #[test]
    fn octets_one_by_one_are_octets_together() {
        for length in 0..40usize {
            let octets: Vec<u8> = (0u8..)
                .take(length)
                .map(|octet| octet.wrapping_mul(37) | 1)
                .collect();
            for start in 0..length {
                let (mut a, mut b) = (Fingerprint::new(7), Fingerprint::new(7));
                octets.iter().for_each(|&octet| a.write_u8(octet));
                octets[..start].iter().for_each(|&octet| b.write_u8(octet));
                b.write(&octets[start..]);
                assert_eq!(a.finish(), b.finish(), "{length} {start}");
            }
        }
    }

    #[test]
    fn wide_values_are_their_octets() {
        let (mut a, mut b) = (Fingerprint::new(0), Fingerprint::new(0));
        a.write_u8(1);
        a.write_u16(0x0302);
        a.write_u32(0x0706_0504);
        a.write_u64(0x0f0e_0d0c_0b0a_0908);
        (1..16).for_each(|octet| b.write_u8(octet));
        assert_eq!(a.finish(), b.finish());
    }

    #[test]
    fn neighbouring_values_differ_in_every_part_of_the_fingerprint() {
        let mut low = BTreeSet::new();
        let mut high = BTreeSet::new();
        for value in 0u32..20_000 {
            let fingerprint = Fingerprint::of(0, &[value, 0, 0]);
            low.insert(fingerprint & 0xffff_ffff);
            high.insert(fingerprint >> 32);
        }
        assert!(
            low.len() > 19_990 && high.len() > 19_990,
            "{} {}",
            low.len(),
            high.len()
        );
    }

    #[test]
    fn trailing_zeros_and_seeds_count() {
        assert_ne!(Fingerprint::of(0, &[0u8; 3]), Fingerprint::of(0, &[0u8; 4]));
        assert_ne!(Fingerprint::of(0, &1u8), Fingerprint::of(1, &1u8));
    }
}
