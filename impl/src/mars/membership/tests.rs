use std::collections::BTreeSet;

use quickcheck::{Arbitrary, Gen};

use super::*;
use crate::address::{AtmForm, AtmNumber};

fn endpoint(number: u8) -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
        subaddress: None,
    }
}

fn group(octet: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[octet]).unwrap()
}

fn range(min: u8, max: u8) -> GroupRange {
    GroupRange::new(group(min), group(max)).unwrap()
}

const A: ServerId = ServerId([0, 0, 0, 1]);
const B: ServerId = ServerId([0, 0, 0, 2]);

/// One change of the map, over a space small enough for everything to overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Membership {
    origin: ServerId,
    endpoint: Endpoint,
    range: GroupRange,
    layer3grp: bool,
}

impl Arbitrary for Membership {
    fn arbitrary(g: &mut Gen) -> Self {
        let (a, b) = (u8::arbitrary(g) % 16, u8::arbitrary(g) % 16);
        let max = if bool::arbitrary(g) { a } else { a.max(b) };
        Self {
            origin: if bool::arbitrary(g) { A } else { B },
            endpoint: endpoint(u8::arbitrary(g) % 4),
            range: range(a.min(max), max),
            layer3grp: bool::arbitrary(g) && a.min(max) == max,
        }
    }
}

/// Inserts and removes as told (only what is there), and keeps the naive list of what is left.
fn build(changes: &[(bool, Membership)]) -> (HostMap, Vec<Membership>) {
    let mut map = HostMap::default();
    let mut list: Vec<Membership> = Vec::new();
    for (remove, m) in changes {
        if *remove {
            let Some(at) = list.iter().position(|held| held == m) else {
                continue;
            };
            list.remove(at);
            map.remove(m.origin, m.endpoint, m.range, m.layer3grp);
        } else {
            list.push(*m);
            map.insert(m.origin, m.endpoint, m.range, m.layer3grp);
        }
    }
    (map, list)
}

quickcheck::quickcheck! {
    // R2443-1-01 R2022-5.3-04
    fn queries_equal_a_scan_of_the_list(changes: Vec<(bool, Membership)>) -> bool {
        let (map, list) = build(&changes);
        let members = (0..16).all(|octet| {
            let naive: BTreeSet<_> = list
                .iter()
                .filter(|m| ranges::contains(m.range, group(octet)))
                .map(|m| m.endpoint)
                .collect();
            map.members(group(octet)) == naive.iter().copied().collect::<Vec<_>>()
                && map.has_members(group(octet)) != naive.is_empty()
        });
        let touches = |m: &Membership, asked: GroupRange| {
            let ((a, b), (low, high)) = (ranges::ends(m.range), ranges::ends(asked));
            a <= high && low <= b
        };
        let asked = range(3, 9);
        let overlapping: BTreeSet<_> =
            list.iter().filter(|m| touches(m, asked)).map(|m| m.range).collect();
        let found: Vec<_> = map.overlapping(asked).collect();
        let of_all = (0..4).all(|number| {
            let naive: BTreeSet<_> = list
                .iter()
                .filter(|m| m.endpoint == endpoint(number) && touches(m, asked))
                .map(|m| m.range)
                .collect();
            map.ranges_of(endpoint(number), asked).collect::<BTreeSet<_>>() == naive
        });
        let layer3: BTreeSet<_> = list
            .iter()
            .filter(|m| m.layer3grp && ranges::contains(range(3, 9), ranges::ends(m.range).0))
            .map(|m| ranges::ends(m.range).0)
            .collect();
        let all: BTreeSet<_> = list.iter().map(|m| (m.endpoint, m.range, m.origin)).collect();
        members
            && of_all
            && found.len() == overlapping.len()
            && found.into_iter().collect::<BTreeSet<_>>() == overlapping
            && map.layer3_groups(range(3, 9)) == layer3.into_iter().collect::<Vec<_>>()
            && map.iter().collect::<BTreeSet<_>>() == all
    }

    fn removing_everything_leaves_an_empty_map(memberships: Vec<Membership>) -> bool {
        let mut changes: Vec<_> = memberships.iter().map(|m| (false, *m)).collect();
        changes.extend(memberships.iter().map(|m| (true, *m)));
        build(&changes).0 == HostMap::default()
    }
}

#[test]
fn two_originators_hold_one_member_together() {
    let mut map = HostMap::default();
    map.insert(A, endpoint(1), range(5, 5), false);
    map.insert(B, endpoint(1), range(5, 5), false);
    map.remove(A, endpoint(1), range(5, 5), false);
    assert_eq!(map.members(group(5)), [endpoint(1)]);
    // Not there any more: nothing happens.
    map.remove(A, endpoint(1), range(5, 5), false);
    assert_eq!(
        map.ranges_of(endpoint(1), range(0, 9)).collect::<Vec<_>>(),
        [range(5, 5)]
    );
    map.remove(B, endpoint(1), range(5, 5), false);
    assert_eq!(map, HostMap::default());
}
