//! Hole punching (RFC 2022, 6.1.2 and 6.2.4; appendix A), on pairs of a least and a greatest address as in the messages.
//!
//! Addresses are 0 to 3. A set of pairs is also a set of addresses, one bit each.

/// Pairs <min, max> in ascending order.
pub(super) type Pairs = Vec<(u8, u8)>;

/// The least and the greatest address of a range.
pub(super) fn ends(range: u8) -> (u8, u8) {
    let least = range.trailing_zeros().min(7);
    let greatest = range.checked_ilog2().unwrap_or(0);
    (least.to_le_bytes()[0], greatest.to_le_bytes()[0])
}

/// Takes addresses out of a set of pairs, one after the other.
pub(super) fn without(pairs: Pairs, holes: u8) -> Pairs {
    (0..4)
        .filter(|hole| holes & (1 << hole) != 0)
        .fold(pairs, |pairs, hole| {
            let split = |&(min, max): &(u8, u8)| {
                if hole < min || hole > max {
                    return [Some((min, max)), None];
                }
                [
                    (min < hole).then(|| (min, hole - 1)),
                    (hole < max).then(|| (hole + 1, max)),
                ]
            };
            pairs.iter().flat_map(split).flatten().collect()
        })
}

/// The sample of appendix A to the letter: the pairs of the whole space without the groups that have servers, clipped to
/// a block. Where its indexes run out it is taken to find nothing.
pub(super) fn sample(space: &[(u8, u8)], (least, greatest): (u8, u8)) -> Pairs {
    let mut pairs = space.to_vec();
    if pairs == [(0, 3)] {
        // "If K == 1 then no hole punching is required."
        return vec![(least, greatest)];
    }
    let first = pairs.iter().position(|&(_, max)| max > least);
    let last = pairs.iter().rposition(|&(min, _)| min < greatest);
    let (Some(first), Some(last)) = (first, last) else {
        return Pairs::new();
    };
    if first > last {
        return Pairs::new();
    }
    if let Some(pair) = pairs.get_mut(first)
        && pair.0 < least
    {
        pair.0 = least;
    }
    if let Some(pair) = pairs.get_mut(last)
        && pair.1 > greatest
    {
        pair.1 = greatest;
    }
    pairs.drain(first..=last).collect()
}

/// The addresses of pairs.
pub(super) fn addresses(pairs: &[(u8, u8)]) -> u8 {
    let within = |address: &u8| {
        pairs
            .iter()
            .any(|&(min, max)| (min..=max).contains(address))
    };
    (0..4)
        .filter(within)
        .fold(0, |set, address| set | 1 << address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> impl Iterator<Item = (u8, u8)> {
        (0..4).flat_map(|min| (min..4).map(move |max| (min, max)))
    }
    const fn set((min, max): (u8, u8)) -> u8 {
        (0x0f << min) & (0x0f >> (3 - max))
    }

    // R2022-6.1.2-14, R2022-6.2.4-07.
    #[test]
    fn punching_is_the_difference_of_sets_in_ascending_pairs_that_do_not_touch() {
        for block in blocks() {
            assert_eq!(ends(set(block)), block);
            for holes in 0..16 {
                let pairs = without(vec![block], holes);
                assert_eq!(addresses(&pairs), set(block) & !holes);
                assert!(pairs.windows(2).all(|two| two[0].1 + 1 < two[1].0));
                assert!(pairs.iter().all(|pair| pair.0 <= pair.1));
            }
        }
    }

    // F05: the sample loses addresses at the edges and never adds any.
    #[test]
    fn the_sample_of_appendix_a_loses_edges() {
        let mut wrong = 0;
        for block in blocks() {
            for holes in 0..16u8 {
                let space = without(vec![(0, 3)], holes);
                let found = addresses(&sample(&space, block));
                assert_eq!(found & !(set(block) & !holes), 0, "{block:?} {holes:04b}");
                wrong += u32::from(found != set(block) & !holes);
            }
        }
        assert!(wrong > 0);
        // P = [0,0],[2,3], block [0,1]: 0 is lost. P = [0,0],[2,3], block [2,2]: nothing is left.
        assert!(sample(&[(0, 0), (2, 3)], (0, 1)).is_empty());
        assert!(sample(&[(0, 0), (2, 3)], (2, 2)).is_empty());
    }
}
