//! The host map: who is a member of which groups, by whose word.
//!
//! A membership is a (range, endpoint, originator). An originator may hold the same one more than
//! once (under two cache keys, say), so memberships are counted. Whatever asks about an endpoint
//! sees the union over all originators (register A07); whatever asks about an originator sees only
//! its own.

use std::collections::{BTreeMap, BTreeSet};

use super::ranges;
use crate::address::{Endpoint, GroupRange, ProtocolAddress, ServerId};

/// Host map of one layer 3 protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HostMap {
    /// Everything, by endpoint.
    members: BTreeMap<Endpoint, BTreeMap<(GroupRange, ServerId), Holding>>,
    /// The same memberships by group, for queries: ranges of one group, then all others.
    singles: BTreeMap<ProtocolAddress, BTreeMap<Endpoint, u32>>,
    blocks: BTreeMap<GroupRange, BTreeMap<Endpoint, u32>>,
}

/// How often one membership is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Holding {
    /// In all.
    times: u32,
    /// With layer3grp set.
    layer3: u32,
}

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
        holding.layer3 += u32::from(layer3grp);
        if holding.times == 1 {
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
        holding.layer3 = holding.layer3.saturating_sub(u32::from(layer3grp));
        if holding.times > 0 {
            return;
        }
        held.remove(&(range, origin));
        if held.is_empty() {
            self.members.remove(&endpoint);
        }
        let index = self.by_group(range);
        if let Some(count) = index.get_mut(&endpoint) {
            *count -= 1;
            if *count == 0 {
                index.remove(&endpoint);
            }
        }
        if index.is_empty() {
            if range.is_single() {
                self.singles.remove(&ranges::ends(range).0);
            } else {
                self.blocks.remove(&range);
            }
        }
    }

    fn by_group(&mut self, range: GroupRange) -> &mut BTreeMap<Endpoint, u32> {
        if range.is_single() {
            self.singles.entry(ranges::ends(range).0).or_default()
        } else {
            self.blocks.entry(range).or_default()
        }
    }

    /// All ranges of an endpoint, by whatever originator; ascending, possibly repeated.
    pub fn ranges(&self, endpoint: Endpoint) -> impl Iterator<Item = GroupRange> + '_ {
        self.members
            .get(&endpoint)
            .into_iter()
            .flatten()
            .map(|((range, _), _)| *range)
    }

    /// The members of one group: each endpoint once, ascending.
    // R2443-1-01
    #[must_use]
    pub fn members(&self, group: ProtocolAddress) -> BTreeSet<Endpoint> {
        let blocks = self
            .blocks
            .iter()
            .filter(|(range, _)| ranges::contains(**range, group))
            .map(|(_, members)| members);
        self.singles
            .get(&group)
            .into_iter()
            .chain(blocks)
            .flat_map(BTreeMap::keys)
            .copied()
            .collect()
    }

    /// The groups of `range` that a member joined for layer 3 (RFC 2022, 5.3), ascending. Only
    /// ranges of one group can be such.
    // R2022-5.3-04
    #[must_use]
    pub fn layer3_groups(&self, range: GroupRange) -> BTreeSet<ProtocolAddress> {
        let (min, max) = ranges::ends(range);
        self.singles
            .range(min..=max)
            .filter(|(group, _)| ranges::contains(range, **group))
            .filter(|(group, members)| {
                members
                    .keys()
                    .any(|endpoint| self.is_layer3(*endpoint, **group))
            })
            .map(|(group, _)| *group)
            .collect()
    }

    fn is_layer3(&self, endpoint: Endpoint, group: ProtocolAddress) -> bool {
        self.members
            .get(&endpoint)
            .into_iter()
            .flatten()
            .any(|((range, _), holding)| {
                ranges::ends(*range) == (group, group) && holding.layer3 > 0
            })
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
