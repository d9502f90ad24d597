//! A 64-bit fingerprint of a state: its `Hash` octets, eight at a time, each folded in by a 64 x 64 bit product.

use std::hash::{Hash, Hasher};

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

/// A fingerprint of a fixed number of places that hold a pair of words each, for states that can be read as words.
/// Places may be added in any order; one that is left out differs from one that holds zeros.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    seed: u64,
    sum: u64,
}

/// The most places.
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

impl Words {
    /// Nothing yet.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, sum: 0 }
    }

    /// Adds what one place holds; `place` is below 64 and comes once.
    #[inline]
    pub fn add(&mut self, place: usize, a: u64, b: u64) {
        let (first, second) = SECRETS.get(place).copied().unwrap_or((1, 1));
        let product = fold(
            a ^ first ^ self.seed,
            b ^ second ^ self.seed.rotate_left(32),
        );
        self.sum = self.sum.wrapping_add(product ^ first);
    }

    /// The same with sixteen octets.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the word"
    )]
    pub fn add_octets(&mut self, place: usize, octets: [u8; 16]) {
        let word = u128::from_le_bytes(octets);
        self.add(place, word as u64, (word >> 64) as u64);
    }

    /// The fingerprint.
    #[must_use]
    #[inline]
    pub const fn finish(self) -> u64 {
        fold(self.sum ^ OFFSET, FACTOR ^ self.seed)
    }
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
    fn words_tell_places_values_and_seeds_apart() {
        let mut seen = BTreeSet::new();
        for seed in [0, 1, u64::MAX] {
            for place in 0..PLACES {
                for value in 0..200u64 {
                    for (a, b) in [(value, 0), (0, value + 1), (value + 1, value + 1)] {
                        let mut words = Words::new(seed);
                        words.add(place, a, b);
                        assert!(seen.insert(words.finish()), "{seed} {place} {a} {b}");
                    }
                }
            }
        }
        let both = |order: [usize; 2]| {
            let mut words = Words::new(3);
            order
                .iter()
                .for_each(|&place| words.add(place, place as u64, 7));
            words.finish()
        };
        assert_eq!(both([4, 9]), both([9, 4]));
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
