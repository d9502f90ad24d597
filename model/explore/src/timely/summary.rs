//! What a worker tells all others at the end of a level, and what the level was, all told.

use super::portable::Portable;

/// One worker's account. Counts are since the beginning, so that the last account is the whole account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Account {
    pub(super) worker: u64,
    /// Why it wants to stop, 0: it does not.
    pub(super) reason: u8,
    /// States that it owns and that were new in this level.
    pub(super) fresh: u64,
    /// States that it owns.
    pub(super) unique: u64,
    /// Transitions that it took, and initial states.
    pub(super) states: u64,
    /// States that it expanded.
    pub(super) expanded: u64,
    /// Transitions by kind of action.
    pub(super) counts: Vec<u64>,
    /// The example with the least fingerprint for each property, by the property's place.
    pub(super) examples: Vec<(u64, u64)>,
    /// Peak memory of table and frontier.
    pub(super) peak_octets: u64,
    /// Memory of the table alone.
    pub(super) table_octets: u64,
    /// States that it sent to others.
    pub(super) sent: u64,
    /// Octets of the parcels that held them.
    pub(super) sent_octets: u64,
}

impl Portable for Account {
    fn write(&self, octets: &mut Vec<u8>) {
        for number in [self.worker, self.fresh, self.unique, self.states] {
            number.write(octets);
        }
        self.reason.write(octets);
        self.expanded.write(octets);
        self.counts.write(octets);
        self.examples.write(octets);
        for number in [
            self.peak_octets,
            self.table_octets,
            self.sent,
            self.sent_octets,
        ] {
            number.write(octets);
        }
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [worker, fresh, unique, states] = Portable::read(octets)?;
        let reason = u8::read(octets)?;
        let expanded = u64::read(octets)?;
        let counts = Vec::read(octets)?;
        let examples = Vec::read(octets)?;
        let [peak_octets, table_octets, sent, sent_octets] = Portable::read(octets)?;
        Some(Self {
            worker,
            reason,
            fresh,
            unique,
            states,
            expanded,
            counts,
            examples,
            peak_octets,
            table_octets,
            sent,
            sent_octets,
        })
    }
}

/// All accounts of a level; every worker comes to the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) accounts: Vec<Account>,
}

impl Level {
    pub(super) fn take(&mut self, account: Account) {
        self.accounts.push(account);
    }
    pub(super) fn sum(&self, part: impl Fn(&Account) -> u64) -> u64 {
        self.accounts.iter().map(part).sum()
    }
    /// Why to stop: the least reason of those who have one.
    pub(super) fn reason(&self) -> u8 {
        let reasons = self.accounts.iter().map(|account| account.reason);
        reasons.filter(|&reason| reason > 0).min().unwrap_or(0)
    }
    /// The example of a property with the least fingerprint.
    pub(super) fn example(&self, property: u64) -> Option<u64> {
        let examples = self.accounts.iter().flat_map(|account| &account.examples);
        examples
            .filter(|(place, _)| *place == property)
            .map(|&(_, state)| state)
            .min()
    }
    /// Transitions of all workers by kind of action.
    pub(super) fn counts(&self, kinds: usize) -> Vec<u64> {
        let mut sums = vec![0; kinds];
        for account in &self.accounts {
            for (sum, count) in sums.iter_mut().zip(&account.counts) {
                *sum += count;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_travel_and_add_up() {
        let account = Account {
            worker: 3,
            reason: 4,
            fresh: 7,
            counts: vec![1, 2],
            examples: vec![(0, 99), (2, 5)],
            sent_octets: 12,
            ..Account::default()
        };
        let mut octets = Vec::new();
        account.write(&mut octets);
        assert_eq!(
            Account::read(&mut octets.as_slice()).as_ref(),
            Some(&account)
        );
        let mut level = Level::default();
        level.take(Account {
            reason: 2,
            examples: vec![(0, 12)],
            counts: vec![10, 20],
            ..Account::default()
        });
        level.take(account);
        level.take(Account::default());
        assert_eq!((level.reason(), level.sum(|account| account.fresh)), (2, 7));
        assert_eq!(
            (level.example(0), level.example(1), level.example(2)),
            (Some(12), None, Some(5))
        );
        assert_eq!(level.counts(2), [11, 22]);
    }
}
