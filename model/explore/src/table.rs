//! A set of 64-bit fingerprints: open addressing, linear probing, no deletion.

/// The set. 0 marks a free place, so it cannot be a member.
pub(super) struct Table {
    places: Vec<u64>,
    used: usize,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            places: vec![0; 1 << 12],
            used: 0,
        }
    }

    /// Adds a fingerprint; false if it was there.
    pub(super) fn insert(&mut self, fingerprint: u64) -> bool {
        if self.used * 5 >= self.places.len() * 3 {
            self.grow();
        }
        let new = Self::put(&mut self.places, fingerprint);
        self.used += usize::from(new);
        new
    }

    pub(super) const fn octets(&self) -> usize {
        self.places.capacity() * 8
    }

    fn grow(&mut self) {
        let mut places = vec![0; self.places.len() * 2];
        for &fingerprint in self.places.iter().filter(|&&fingerprint| fingerprint != 0) {
            Self::put(&mut places, fingerprint);
        }
        self.places = places;
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the mask keeps the place below the length, a power of two"
    )]
    fn put(places: &mut [u64], fingerprint: u64) -> bool {
        let mask = places.len() - 1;
        let mut place = (fingerprint >> 17) as usize & mask;
        loop {
            match places[place] {
                0 => {
                    places[place] = fingerprint;
                    return true;
                }
                known if known == fingerprint => return false,
                _ => place = (place + 1) & mask,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_again_after_growth() {
        let mut table = Table::new();
        let values = || (1..50_000u64).map(|value| value.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        assert!(values().all(|value| table.insert(value)));
        assert!(values().all(|value| !table.insert(value)));
        assert!(table.octets() >= 50_000 * 8);
    }
}
