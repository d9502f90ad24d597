//! An index of blocks of groups: which of them hold a group, which touch a range.
//!
//! A block is cut into aligned pieces, as a network is cut into prefixes: at most two for each bit of an
//! address, one for a block such as all of 224/4. A group lies in a block exactly if one of the pieces
//! that can hold it, one for each length, belongs to it. What the index holds depends on its blocks only,
//! not on how they came.

use std::collections::{BTreeMap, BTreeSet};

use super::ranges;
use crate::address::{GroupRange, ProtocolAddress};

/// Octets of the addresses, and bits of an address that lie below the piece.
type Level = (usize, u32);

/// A set of blocks.
///
/// `insert` and `remove` take time O(w log n) for addresses of `w` bits, `containing` the same and one
/// step for each block found, at worst; they look only at lengths of pieces that occur.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlockIndex {
    /// The blocks by level and by first group of the piece.
    pieces: BTreeMap<Level, BTreeMap<u128, BTreeSet<GroupRange>>>,
    all: BTreeSet<GroupRange>,
}

impl BlockIndex {
    /// Adds a block; nothing happens when it is there.
    pub fn insert(&mut self, block: GroupRange) {
        if !self.all.insert(block) {
            return;
        }
        for (level, first) in pieces(block) {
            let level = self.pieces.entry(level).or_default();
            level.entry(first).or_default().insert(block);
        }
    }

    /// Takes a block away; nothing happens when it is not there.
    pub fn remove(&mut self, block: GroupRange) {
        if !self.all.remove(&block) {
            return;
        }
        for (level, first) in pieces(block) {
            let Some(of_level) = self.pieces.get_mut(&level) else {
                continue;
            };
            if let Some(blocks) = of_level.get_mut(&first) {
                blocks.remove(&block);
                if blocks.is_empty() {
                    of_level.remove(&first);
                }
            }
            if of_level.is_empty() {
                self.pieces.remove(&level);
            }
        }
    }

    /// The blocks that hold a group, each once, in no useful order.
    pub fn containing(&self, group: ProtocolAddress) -> impl Iterator<Item = GroupRange> + '_ {
        let octets = group.octets().len();
        let number = ranges::number(group);
        self.pieces
            .range((octets, 0)..=(octets, u32::MAX))
            .filter_map(move |((_, bits), of_level)| of_level.get(&first_of(number, *bits)))
            .flatten()
            .copied()
    }

    /// The blocks that have a group in common with `range`, each once, in no useful order.
    pub fn overlapping(&self, range: GroupRange) -> impl Iterator<Item = GroupRange> + '_ {
        let (low, high) = ranges::ends(range);
        self.containing(low)
            .filter(move |block| ranges::ends(*block).0 < low)
            .chain(
                ranges::starting(low, high)
                    .into_iter()
                    .flat_map(|within| self.all.range(within))
                    .copied(),
            )
    }
}

/// First group of the aligned piece of `bits` bits that holds a group.
fn first_of(number: u128, bits: u32) -> u128 {
    number
        .checked_shr(bits)
        .and_then(|number| number.checked_shl(bits))
        .unwrap_or(0)
}

/// The aligned pieces that make up a block, ascending.
fn pieces(block: GroupRange) -> impl Iterator<Item = (Level, u128)> {
    let octets = ranges::ends(block).0.octets().len();
    let (low, high) = ranges::bounds(block);
    let mut rest = Some(low);
    core::iter::from_fn(move || {
        let first = rest?;
        // As large as the alignment of its start and what is left allow: `span` is the piece less one.
        let left = high.checked_sub(first)?;
        let room = left
            .checked_add(1)
            .map_or(u128::BITS, |count| count.ilog2());
        let bits = first.trailing_zeros().min(room);
        let span = u128::MAX.checked_shr(u128::BITS - bits).unwrap_or(0);
        rest = first
            .checked_add(span)
            .and_then(|last| last.checked_add(1))
            .filter(|next| *next <= high);
        Some(((octets, bits), first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(octet: u8) -> ProtocolAddress {
        ProtocolAddress::new(&[octet]).unwrap()
    }

    fn blocks(pairs: &[(u8, u8)]) -> Vec<GroupRange> {
        pairs
            .iter()
            .map(|(a, b)| GroupRange::new(one(*a.min(b)), one(*a.max(b))).unwrap())
            .collect()
    }

    fn index(blocks: &[GroupRange]) -> BlockIndex {
        let mut index = BlockIndex::default();
        blocks.iter().for_each(|block| index.insert(*block));
        index
    }

    quickcheck::quickcheck! {
        fn finds_what_a_scan_finds(pairs: Vec<(u8, u8)>, gone: Vec<usize>, ask: (u8, u8)) -> bool {
            let all = blocks(&pairs);
            let mut index = index(&all);
            let mut left: BTreeSet<GroupRange> = all.iter().copied().collect();
            for block in gone.iter().filter_map(|at| all.get(at % all.len().max(1))) {
                index.remove(*block);
                left.remove(block);
            }
            let asked = blocks(&[ask])[0];
            let touches = |block: &GroupRange| {
                let ((a, b), (low, high)) = (ranges::ends(*block), ranges::ends(asked));
                a <= high && low <= b
            };
            let overlapping: Vec<_> = index.overlapping(asked).collect();
            let scan: BTreeSet<_> = left.iter().copied().filter(touches).collect();
            let point = (0..=u8::MAX).map(one).all(|group| {
                let found: Vec<_> = index.containing(group).collect();
                let scan: BTreeSet<_> = left
                    .iter()
                    .copied()
                    .filter(|block| ranges::contains(*block, group))
                    .collect();
                found.len() == scan.len() && found.into_iter().collect::<BTreeSet<_>>() == scan
            });
            point
                && overlapping.len() == scan.len()
                && overlapping.into_iter().collect::<BTreeSet<_>>() == scan
        }

        fn removing_everything_leaves_an_empty_index(pairs: Vec<(u8, u8)>) -> bool {
            let all = blocks(&pairs);
            let mut index = index(&all);
            all.iter().for_each(|block| index.remove(*block));
            index == BlockIndex::default()
        }

        fn pieces_are_the_block(pair: (u8, u8)) -> bool {
            let block = blocks(&[pair])[0];
            let (low, high) = ranges::bounds(block);
            let covered: Vec<u128> = pieces(block)
                .flat_map(|((_, bits), first)| first..first + (1 << bits))
                .collect();
            covered == (low..=high).collect::<Vec<_>>() && pieces(block).count() <= 14
        }
    }

    // The widest addresses: the whole space is one piece, all but its ends are many.
    #[test]
    fn does_not_overflow_at_the_ends_of_the_space() {
        let wide = |octet: u8| ProtocolAddress::new(&[octet; 16]).unwrap();
        let whole = GroupRange::new(wide(0), wide(0xff)).unwrap();
        assert_eq!(pieces(whole).count(), 1);
        let index = index(&[whole]);
        assert_eq!(index.containing(wide(0xff)).collect::<Vec<_>>(), [whole]);
        assert_eq!(index.overlapping(whole).collect::<Vec<_>>(), [whole]);
        // Another length is another space.
        assert_eq!(index.containing(one(0)).count(), 0);
        let mut almost = [0xff; 16];
        almost[15] = 0xfe;
        let almost = ProtocolAddress::new(&almost).unwrap();
        let mut second = [0; 16];
        second[15] = 1;
        let inner = GroupRange::new(ProtocolAddress::new(&second).unwrap(), almost).unwrap();
        assert_eq!(pieces(inner).count(), 2 * 127);
    }
}
