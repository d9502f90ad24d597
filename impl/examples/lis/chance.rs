//! A small seeded generator (SplitMix64), one for each purpose, so that what one of them draws does not
//! depend on how often another is asked.

/// A stream of numbers that look random; equal seeds and names give equal streams.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of this name.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let start = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let fold = |sum: u64, octet: u8| (sum ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        let mut chance = Self(name.bytes().fold(start ^ 0xcbf2_9ce4_8422_2325, fold));
        chance.next();
        chance
    }

    /// 64 bits.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// A number below `count`, which is not 0.
    pub(crate) const fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// True in so many of a million cases.
    pub(crate) const fn hits(&mut self, per_million: u64) -> bool {
        per_million > 0 && self.next() % 1_000_000 < per_million
    }

    /// One of these, if there is one.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        match from.len() {
            0 => None,
            count => from.get(self.below(count)).copied(),
        }
    }
}
