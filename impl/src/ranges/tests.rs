use super::*;

fn one(octet: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[octet]).unwrap()
}

fn range(min: u8, max: u8) -> GroupRange {
    GroupRange::new(one(min), one(max)).unwrap()
}

/// All pairs of one-octet groups that the numbers spell, in whatever order they come.
fn ranges(pairs: &[(u8, u8)]) -> Vec<GroupRange> {
    pairs
        .iter()
        .map(|&(a, b)| range(a.min(b), a.max(b)))
        .collect()
}

/// What `punch` must do, one group at a time.
fn oracle(block: GroupRange, holes: &[GroupRange]) -> Vec<GroupRange> {
    let left: Vec<u8> = (0..=u8::MAX)
        .filter(|octet| contains(block, one(*octet)))
        .filter(|octet| !holes.iter().any(|hole| contains(*hole, one(*octet))))
        .collect();
    let mut parts: Vec<(u8, u8)> = Vec::new();
    for octet in left {
        match parts.last_mut() {
            Some((_, max)) if *max + 1 == octet => *max = octet,
            _ => parts.push((octet, octet)),
        }
    }
    parts
        .into_iter()
        .map(|(min, max)| range(min, max))
        .collect()
}

quickcheck::quickcheck! {
    // R2022-6.1.2-14 R2022-5.2.1-17 R2443-5.3-15
    fn equals_the_naive_difference(from: u8, to: u8, holes: Vec<(u8, u8)>) -> bool {
        let block = range(from.min(to), from.max(to));
        let holes = ranges(&holes);
        punch(block, holes.iter().copied()) == oracle(block, &holes)
    }

    fn covered_is_an_empty_difference(from: u8, to: u8, holes: Vec<(u8, u8)>) -> bool {
        let block = range(from.min(to), from.max(to));
        let holes = ranges(&holes);
        covered(block, holes.iter().copied()) == oracle(block, &holes).is_empty()
    }

    // Several blocks at once are the same as one after the other.
    fn subtracts_from_all_blocks(blocks: Vec<(u8, u8)>, holes: Vec<(u8, u8)>) -> bool {
        let (blocks, holes) = (disjoint(ranges(&blocks)), ranges(&holes));
        let one_by_one: Vec<_> = blocks.iter().flat_map(|block| oracle(*block, &holes)).collect();
        subtract(&blocks, holes) == one_by_one
    }

    fn disjoint_ranges_hold_the_same_groups(pairs: Vec<(u8, u8)>) -> bool {
        let all = ranges(&pairs);
        let apart = disjoint(all.iter().copied());
        let ascending = apart.windows(2).all(|pair| ends(pair[0]).1 < ends(pair[1]).0);
        let held = |list: &[GroupRange], octet| list.iter().any(|range| contains(*range, one(octet)));
        ascending && (0..=u8::MAX).all(|octet| held(&all, octet) == held(&apart, octet))
    }

    // The same differences at the top of the widest addresses, where adding one can overflow.
    fn does_not_overflow_at_the_end_of_the_space(holes: Vec<(u8, u8)>) -> bool {
        let wide = |range: GroupRange| {
            let end = |address: ProtocolAddress| {
                let mut octets = [0xff; 16];
                octets[15] = address.octets()[0];
                ProtocolAddress::new(&octets).unwrap()
            };
            let (min, max) = ends(range);
            GroupRange::new(end(min), end(max)).unwrap()
        };
        let narrow = ranges(&holes);
        let got = punch(wide(range(0, 255)), narrow.iter().copied().map(wide));
        let want: Vec<_> = oracle(range(0, 255), &narrow).into_iter().map(wide).collect();
        got == want
    }
}

// The edges that the sample code of RFC 2022 drops (register F05).
#[test]
fn keeps_edge_addresses() {
    let held = ranges(&[(0, 5), (7, 20)]);
    assert_eq!(punch(range(5, 9), held.iter().copied()), [range(6, 6)]);
    assert_eq!(punch(range(5, 5), []), [range(5, 5)]);
    assert_eq!(
        punch(range(5, 9), [range(5, 5), range(9, 9)]),
        [range(6, 8)]
    );
    assert_eq!(punch(range(5, 9), [range(5, 9)]), []);
    assert_eq!(punch(range(0, 255), [range(255, 255)]), [range(0, 254)]);
}

#[test]
fn adjacent_ranges_stay_apart() {
    let list = ranges(&[(7, 7), (6, 6), (1, 3), (3, 4), (6, 6)]);
    assert_eq!(disjoint(list), ranges(&[(1, 4), (6, 6), (7, 7)]));
}

#[test]
fn other_lengths_do_not_touch() {
    let four = |octet| ProtocolAddress::new(&[0, 0, 0, octet]).unwrap();
    let hole = GroupRange::new(four(0), four(255)).unwrap();
    assert_eq!(punch(range(5, 9), [hole]), [range(5, 9)]);
    assert!(!contains(hole, one(5)));
}

// R2022-5.1.2-02
#[test]
fn groups_have_the_length_of_their_protocol() {
    let long_form = Protocol {
        kind: 0x0080,
        snap: [1; 5],
    };
    for (protocol, good) in [
        (Protocol::IPV4, &[4][..]),
        (Protocol::IPV6, &[16]),
        (long_form, &[1, 4, 16]),
    ] {
        for len in [0, 1, 4, 16] {
            let group = ProtocolAddress::new(&vec![1; len]).unwrap();
            assert_eq!(fits(protocol, group), good.contains(&len));
        }
    }
}
