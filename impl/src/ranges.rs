//! Exact arithmetic on inclusive blocks of groups: hole punching (RFC 2022, 6.1.2, 6.2.4).
//!
//! The sample in RFC 2022, appendix A loses edge addresses (register F05); this is the true set
//! difference.

use core::ops::RangeInclusive;

use crate::address::{GroupRange, Protocol, ProtocolAddress};

/// The parts of `range` that no hole covers: ascending, disjoint, none adjacent to another.
///
/// Holes may overlap, come in any order, and stick out of `range`. A hole of another address length
/// covers nothing. Time: that of sorting the holes, linear where they come in order.
// R2022-6.1.2-14 R2022-5.2.1-17 R2022-5.2.1-18
#[must_use]
pub fn punch(range: GroupRange, holes: impl IntoIterator<Item = GroupRange>) -> Vec<GroupRange> {
    subtract(&[range], holes)
}

/// The parts of some blocks that no hole covers. The blocks must be of one address length, ascending and
/// disjoint, as [`punch`] gives them; so are the parts. Time: that of sorting the holes, and one step for
/// each block.
#[must_use]
pub fn subtract(
    blocks: &[GroupRange],
    holes: impl IntoIterator<Item = GroupRange>,
) -> Vec<GroupRange> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        return Vec::new();
    };
    let len = ends(*first).0.octets().len();
    let (lowest, highest) = (bounds(*first).0, bounds(*last).1);
    let mut holes: Vec<(u128, u128)> = holes
        .into_iter()
        .filter(|hole| hole.min().octets().len() == len)
        .map(bounds)
        .filter(|(from, to)| *from <= highest && lowest <= *to)
        .collect();
    holes.sort_unstable();
    holes.dedup_by(|next, hole| {
        let overlap = next.0 <= hole.1;
        if overlap {
            hole.1 = hole.1.max(next.1);
        }
        overlap
    });
    // Disjoint and ascending, as the blocks: no hole is looked at again once a block starts above it.
    let mut holes = holes.as_slice();
    let mut parts = Vec::new();
    for whole in blocks {
        let (low, high) = bounds(*whole);
        while let Some(((_, to), above)) = holes.split_first()
            && *to < low
        {
            holes = above;
        }
        // The lowest group that is not decided yet; `None` when the last one is.
        let mut rest = Some(low);
        for (from, to) in holes {
            let Some(start) = rest.filter(|_| *from <= high) else {
                break;
            };
            if start < *from {
                // `from` is above `start`, so it has a predecessor.
                parts.extend(block(start, from.saturating_sub(1), len));
            }
            rest = to.checked_add(1).filter(|next| *next <= high);
        }
        if let Some(start) = rest {
            parts.extend(block(start, high, len));
        }
    }
    parts
}

/// The same groups in ascending, disjoint ranges: what overlaps is joined, what is merely adjacent stays
/// apart.
#[must_use]
pub fn disjoint(ranges: impl IntoIterator<Item = GroupRange>) -> Vec<GroupRange> {
    let mut ranges: Vec<GroupRange> = ranges.into_iter().collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, range| {
        let ((low, high), (from, to)) = (ends(*range), ends(*next));
        let joined = GroupRange::new(low, high.max(to)).filter(|_| from <= high);
        if let Some(joined) = joined {
            *range = joined;
        }
        joined.is_some()
    });
    ranges
}

/// True when every group of `range` is in one of `blocks`.
#[must_use]
pub fn covered(range: GroupRange, blocks: impl IntoIterator<Item = GroupRange>) -> bool {
    punch(range, blocks).is_empty()
}

/// True when `group` lies in `range`.
#[must_use]
pub fn contains(range: GroupRange, group: ProtocolAddress) -> bool {
    let (min, max) = ends(range);
    group.octets().len() == min.octets().len() && min <= group && group <= max
}

/// Lowest and highest group. (`range.min()` on a value is [`Ord::min`].)
#[must_use]
pub const fn ends(range: GroupRange) -> (ProtocolAddress, ProtocolAddress) {
    let range = &range;
    (range.min(), range.max())
}

/// True for a group of a length that this protocol has; of others than IP, any.
// R2022-5.1.2-02
#[must_use]
pub fn fits(protocol: Protocol, group: ProtocolAddress) -> bool {
    match protocol {
        Protocol::IPV4 => group.octets().len() == 4,
        Protocol::IPV6 => group.octets().len() == 16,
        _ => !group.is_null(),
    }
}

/// The range of one group.
#[must_use]
pub fn single(group: ProtocolAddress) -> Option<GroupRange> {
    GroupRange::new(group, group)
}

/// Where an ordered set of ranges has those that start at `low` at least and at `high` at most; `None`
/// for null addresses.
pub(super) fn starting(
    low: ProtocolAddress,
    high: ProtocolAddress,
) -> Option<RangeInclusive<GroupRange>> {
    let last = [u8::MAX; ProtocolAddress::MAX];
    let last = ProtocolAddress::new(last.get(..high.octets().len())?)?;
    Some(single(low)?..=GroupRange::new(high, last)?)
}

/// An address as a number, the most significant octet first.
pub(super) fn number(address: ProtocolAddress) -> u128 {
    address
        .octets()
        .iter()
        .fold(0, |number: u128, octet| number << 8 | u128::from(*octet))
}

/// Both ends as numbers.
pub(super) fn bounds(range: GroupRange) -> (u128, u128) {
    let (min, max) = ends(range);
    (number(min), number(max))
}

/// The groups of a range, ascending.
pub(super) fn groups(range: GroupRange) -> impl Iterator<Item = ProtocolAddress> {
    let (low, high) = bounds(range);
    let len = ends(range).0.octets().len();
    (low..=high).filter_map(move |group| address(group, len))
}

/// The block between two numbers of `len` octets.
fn block(from: u128, to: u128, len: usize) -> Option<GroupRange> {
    GroupRange::new(address(from, len)?, address(to, len)?)
}

/// The address of `len` octets that a number stands for.
fn address(number: u128, len: usize) -> Option<ProtocolAddress> {
    let octets = number.to_be_bytes();
    ProtocolAddress::new(octets.get(octets.len().checked_sub(len)?..)?)
}

#[cfg(test)]
mod tests;
