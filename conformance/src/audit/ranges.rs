//! Sets of groups as lists of inclusive ranges of octet strings, which compare as their hex does.

/// A set of groups: inclusive ranges in hex, ascending, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups(Vec<(u128, u128)>);

fn value(hex: &str) -> Option<u128> {
    u128::from_str_radix(hex, 16).ok()
}

impl Groups {
    /// The union of these ranges; what is no group is left out.
    pub(super) fn of<'r>(ranges: impl IntoIterator<Item = (&'r str, &'r str)>) -> Self {
        let ends = ranges.into_iter();
        let list = ends
            .filter_map(|(min, max)| Some((value(min)?, value(max)?)))
            .filter(|(min, max)| min <= max);
        Self::merged(list.collect())
    }

    /// The union of inclusive ranges.
    fn merged(mut list: Vec<(u128, u128)>) -> Self {
        list.sort_unstable();
        let mut union: Vec<(u128, u128)> = Vec::new();
        for (min, max) in list {
            match union.last_mut() {
                Some(last) if min <= last.1.saturating_add(1) => last.1 = last.1.max(max),
                _ => union.push((min, max)),
            }
        }
        Self(union)
    }

    /// What is here and not there.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for &(min, max) in &self.0 {
            let mut from = Some(min);
            for &(low, high) in &other.0 {
                let Some(start) = from else { break };
                if high < start || low > max {
                    continue;
                }
                if low > start {
                    rest.push((start, low - 1));
                }
                from = high.checked_add(1).filter(|next| *next <= max);
            }
            if let Some(start) = from {
                rest.push((start, max));
            }
        }
        Self(rest)
    }

    /// What is here or there.
    pub(super) fn union(&self, other: &Self) -> Self {
        Self::merged(self.0.iter().chain(&other.0).copied().collect())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges in hex.
    pub(super) fn text(&self) -> String {
        if self.0.is_empty() {
            return "nothing".to_owned();
        }
        let pairs = self.0.iter();
        let pairs: Vec<String> = pairs
            .map(|(min, max)| format!("<{min:08x},{max:08x}>"))
            .collect();
        pairs.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &[(u32, u32)]) -> Groups {
        let hex: Vec<(String, String)> = list
            .iter()
            .map(|(min, max)| (format!("{min:08x}"), format!("{max:08x}")))
            .collect();
        Groups::of(hex.iter().map(|(min, max)| (min.as_str(), max.as_str())))
    }

    #[test]
    fn difference_and_union_are_those_of_the_single_groups() {
        // Every set of ranges within eight groups, by its bits.
        let of = |bits: u32| {
            let list: Vec<(u32, u32)> = (0..8)
                .filter(|n| bits >> n & 1 == 1)
                .map(|n| (n, n))
                .collect();
            set(&list)
        };
        for one in 0..=255_u32 {
            for other in 0..=255_u32 {
                assert_eq!(of(one).minus(&of(other)), of(one & !other));
                assert_eq!(of(one).union(&of(other)), of(one | other));
            }
        }
        let ends = set(&[(0, u32::MAX)]);
        assert_eq!(
            ends.minus(&set(&[(0, 0), (u32::MAX, u32::MAX)])),
            set(&[(1, u32::MAX - 1)])
        );
    }
}
