//! The host map: who is a member of which groups, by whose word.
//!
//! A membership is a (range, endpoint, originator). An originator may hold the same one more than
//! once (under two cache keys, say), so memberships are counted. Whatever asks about an endpoint
//! sees the union over all originators (register A07); whatever asks about an originator sees only
//! its own.

use std::collections::BTreeMap;

use super::blocks::BlockIndex;
use super::ranges;
use crate::address::{Endpoint, GroupRange, ProtocolAddress, ServerId};

/// Host map, or server map, of one layer 3 protocol.
///
/// With `n` memberships and `k` results, every operation takes time O(log n + k); what concerns blocks
/// adds a term for the blocks that cover the lowest group asked for, whoever holds them (few: routers'
/// blocks), and that of [`BlockIndex`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HostMap {
    /// Everything, by endpoint.
    members: BTreeMap<Endpoint, BTreeMap<(GroupRange, ServerId), Holding>>,
    /// The same memberships by group, for queries: ranges of one group, then all others.
    singles: BTreeMap<ProtocolAddress, BTreeMap<Endpoint, u32>>,
    blocks: BTreeMap<GroupRange, BTreeMap<Endpoint, u32>>,
    block_index: BlockIndex,
    /// How many memberships of one group have layer3grp set; never zero.
    layer3: BTreeMap<ProtocolAddress, u32>,
}

/// How often one membership is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Holding {
    /// In all.
    times: u32,
    /// With layer3grp set.
    layer3: u32,
}

const ALL_ORIGINS: [ServerId; 2] = [ServerId([0; 4]), ServerId([0xff; 4])];

impl HostMap {
    /// Adds a membership.
    pub fn insert(
        &mut self,
        origin: ServerId,
        endpoint: Endpoint,
        range: GroupRange,
        layer3grp: bool,
    ) {
        let holding = self
            .members
            .entry(endpoint)
            .or_default()
            .entry((range, origin))
            .or_default();
        holding.times += 1;
        let first = holding.times == 1;
        if layer3grp {
            holding.layer3 += 1;
            self.count_layer3(range);
        }
        if first {
            *self.by_group(range).entry(endpoint).or_default() += 1;
        }
    }

    /// Takes away a membership that was inserted with the same arguments; otherwise does nothing.
    pub fn remove(
        &mut self,
        origin: ServerId,
        endpoint: Endpoint,
        range: GroupRange,
        layer3grp: bool,
    ) {
        let Some(held) = self.members.get_mut(&endpoint) else {
            return;
        };
        let Some(holding) = held.get_mut(&(range, origin)) else {
            return;
        };
        holding.times -= 1;
        let uncount = layer3grp && holding.layer3 > 0;
        holding.layer3 -= u32::from(uncount);
        let last = holding.times == 0;
        if last {
            held.remove(&(range, origin));
            if held.is_empty() {
                self.members.remove(&endpoint);
            }
        }
        if uncount {
            self.uncount_layer3(range);
        }
        if last {
            self.remove_by_group(range, endpoint);
        }
    }

    fn by_group(&mut self, range: GroupRange) -> &mut BTreeMap<Endpoint, u32> {
        if range.is_single() {
            self.singles.entry(ranges::ends(range).0).or_default()
        } else {
            self.block_index.insert(range);
            self.blocks.entry(range).or_default()
        }
    }

    fn remove_by_group(&mut self, range: GroupRange, endpoint: Endpoint) {
        let index = self.by_group(range);
        if let Some(count) = index.get_mut(&endpoint) {
            *count -= 1;
            if *count == 0 {
                index.remove(&endpoint);
            }
        }
        if !index.is_empty() {
            return;
        }
        if range.is_single() {
            self.singles.remove(&ranges::ends(range).0);
        } else {
            self.blocks.remove(&range);
            self.block_index.remove(range);
        }
    }

    fn count_layer3(&mut self, range: GroupRange) {
        if range.is_single() {
            *self.layer3.entry(ranges::ends(range).0).or_default() += 1;
        }
    }

    fn uncount_layer3(&mut self, range: GroupRange) {
        let group = ranges::ends(range).0;
        if let Some(count) = self.layer3.get_mut(&group).filter(|_| range.is_single()) {
            *count -= 1;
            if *count == 0 {
                self.layer3.remove(&group);
            }
        }
    }

    /// The ranges of an endpoint that have a group in common with `range`, by whatever originator;
    /// possibly repeated.
    pub fn ranges_of(
        &self,
        endpoint: Endpoint,
        range: GroupRange,
    ) -> impl Iterator<Item = GroupRange> + '_ {
        let (low, high) = ranges::ends(range);
        let [first, last] = ALL_ORIGINS;
        self.members
            .get(&endpoint)
            .into_iter()
            .flat_map(move |held| {
                let before = self
                    .block_index
                    .containing(low)
                    .filter(move |block| ranges::ends(*block).0 < low)
                    .filter(move |block| {
                        held.range((*block, first)..=(*block, last))
                            .next()
                            .is_some()
                    });
                let within = ranges::starting(low, high)
                    .into_iter()
                    .flat_map(move |at| held.range((*at.start(), first)..=(*at.end(), last)))
                    .map(|((range, _), _)| *range);
                before.chain(within)
            })
    }

    /// The ranges of the whole map that have a group in common with `range`, each once.
    pub fn overlapping(&self, range: GroupRange) -> impl Iterator<Item = GroupRange> + '_ {
        self.singles_in(range)
            .filter_map(ranges::single)
            .chain(self.block_index.overlapping(range))
    }

    /// The groups of `range` that somebody holds as ranges of one group, ascending.
    pub fn singles_in(&self, range: GroupRange) -> impl Iterator<Item = ProtocolAddress> + '_ {
        let (low, high) = ranges::ends(range);
        self.singles.range(low..=high).map(|(group, _)| *group)
    }

    /// The blocks that hold a group, each once, in no useful order.
    pub fn blocks_over(&self, group: ProtocolAddress) -> impl Iterator<Item = GroupRange> + '_ {
        self.block_index.containing(group)
    }

    /// The members of one group: each endpoint once, ascending.
    // R2443-1-01
    #[must_use]
    pub fn members(&self, group: ProtocolAddress) -> Vec<Endpoint> {
        let singles = self.singles.get(&group).into_iter();
        let mut members: Vec<Endpoint> = singles.flat_map(BTreeMap::keys).copied().collect();
        let before = members.len();
        let blocks = self.block_index.containing(group);
        members.extend(
            blocks
                .filter_map(|block| self.blocks.get(&block))
                .flat_map(BTreeMap::keys)
                .copied(),
        );
        if members.len() > before {
            members.sort_unstable();
            members.dedup();
        }
        members
    }

    /// True when a group has a member.
    #[must_use]
    pub fn has_members(&self, group: ProtocolAddress) -> bool {
        self.singles.contains_key(&group) || self.block_index.containing(group).next().is_some()
    }

    /// The groups of `range` that a member joined for layer 3 (RFC 2022, 5.3), ascending. Only
    /// ranges of one group can be such.
    // R2022-5.3-04
    #[must_use]
    pub fn layer3_groups(&self, range: GroupRange) -> Vec<ProtocolAddress> {
        let (min, max) = ranges::ends(range);
        self.layer3
            .range(min..=max)
            .map(|(group, _)| *group)
            .collect()
    }

    /// Every membership once: endpoint, range, originator.
    pub fn iter(&self) -> impl Iterator<Item = (Endpoint, GroupRange, ServerId)> + '_ {
        self.members.iter().flat_map(|(endpoint, held)| {
            held.keys()
                .map(move |(range, origin)| (*endpoint, *range, *origin))
        })
    }
}

#[cfg(test)]
mod tests;
