//! Exact arithmetic on inclusive blocks of groups: hole punching (RFC 2022, 6.1.2, 6.2.4).
//!
//! The sample in RFC 2022, appendix A loses edge addresses (register F05); this is the true set
//! difference.

use crate::address::{GroupRange, Protocol, ProtocolAddress};

/// The parts of `range` that no hole covers: ascending, disjoint, none adjacent to another.
///
/// Holes may overlap, come in any order, and stick out of `range`. A hole of another address length
/// covers nothing. Time: that of sorting the holes.
// R2022-6.1.2-14 R2022-5.2.1-17 R2022-5.2.1-18
#[must_use]
pub fn punch(range: GroupRange, holes: impl IntoIterator<Item = GroupRange>) -> Vec<GroupRange> {
    let len = ends(range).0.octets().len();
    let (low, high) = bounds(range);
    let mut holes: Vec<(u128, u128)> = holes
        .into_iter()
        .filter(|hole| hole.min().octets().len() == len)
        .map(bounds)
        .filter(|(from, to)| *from <= high && low <= *to)
        .collect();
    holes.sort_unstable();
    let mut parts = Vec::new();
    // The lowest group that is not decided yet; `None` when the last one is.
    let mut rest = Some(low);
    for (from, to) in holes {
        let Some(start) = rest else { break };
        if start < from {
            // `from` is above `start`, so it has a predecessor.
            parts.extend(block(start, from.saturating_sub(1), len));
        }
        if to >= start {
            rest = to.checked_add(1).filter(|next| *next <= high);
        }
    }
    if let Some(start) = rest {
        parts.extend(block(start, high, len));
    }
    parts
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

/// Both ends as numbers, the most significant octet first.
fn bounds(range: GroupRange) -> (u128, u128) {
    let number = |address: ProtocolAddress| {
        address
            .octets()
            .iter()
            .fold(0, |number: u128, octet| number << 8 | u128::from(*octet))
    };
    let (min, max) = ends(range);
    (number(min), number(max))
}

/// The block between two numbers of `len` octets.
fn block(from: u128, to: u128, len: usize) -> Option<GroupRange> {
    let address = |number: u128| {
        let octets = number.to_be_bytes();
        ProtocolAddress::new(octets.get(octets.len().checked_sub(len)?..)?)
    };
    GroupRange::new(address(from)?, address(to)?)
}

#[cfg(test)]
mod tests;
