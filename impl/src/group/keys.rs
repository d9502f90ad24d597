//! Cache keys of own records (registers C01, C02, C05, H08).

use std::collections::BTreeMap;

use crate::address::{Endpoint, GroupRange, Protocol};
use crate::wire::scsp::CacheKey;

/// What an own record is about. One key each, for as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// The Redirect Entry of a protocol.
    Redirect(Protocol),
    /// A client's registration.
    Registration(Protocol, Endpoint),
    /// A client's membership of a range.
    Membership(Protocol, Endpoint, GroupRange),
}

/// The keys given out: eight bits of incarnation, then a counter of 24.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Keys {
    incarnation: u8,
    next: u32,
    given: BTreeMap<Subject, CacheKey>,
}

impl Keys {
    /// An empty key space of its own for this incarnation.
    pub(crate) const fn new(incarnation: u64) -> Self {
        Self {
            incarnation: incarnation.to_be_bytes()[7],
            next: 1,
            given: BTreeMap::new(),
        }
    }

    /// The key of a subject: the same at every call.
    pub(crate) fn key(&mut self, subject: Subject) -> CacheKey {
        match self.given.get(&subject) {
            Some(key) => *key,
            None => self.renew(subject),
        }
    }

    /// What a key was given to.
    pub(crate) fn subject(&self, key: CacheKey) -> Option<Subject> {
        let mut given = self.given.iter();
        given.find(|(_, other)| **other == key).map(|(s, _)| *s)
    }

    /// A new key for a subject, in the place of the one it has (register C11).
    pub(crate) fn renew(&mut self, subject: Subject) -> CacheKey {
        let [_, a, b, c] = self.next.to_be_bytes();
        let key = CacheKey([self.incarnation, a, b, c]);
        self.given.insert(subject, key);
        self.next += 1;
        if self.next > 0x00ff_ffff {
            // Exhausted: the next incarnation starts.
            self.next = 1;
            self.incarnation = self.incarnation.wrapping_add(1);
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber};

    fn registration(number: u8) -> Subject {
        let endpoint = Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        };
        Subject::Registration(Protocol::IPV4, endpoint)
    }

    // Registers C01, H08.
    #[test]
    fn each_subject_keeps_its_key_and_shares_it_with_none() {
        let mut keys = Keys::new(0x1_02);
        let beat = keys.key(Subject::Redirect(Protocol::IPV4));
        assert_eq!(beat, CacheKey([2, 0, 0, 1]));
        assert_eq!(
            keys.key(Subject::Redirect(Protocol::IPV6)),
            CacheKey([2, 0, 0, 2])
        );
        assert_eq!(keys.key(registration(1)), CacheKey([2, 0, 0, 3]));
        assert_eq!(keys.key(registration(2)), CacheKey([2, 0, 0, 4]));
        assert_eq!(keys.key(Subject::Redirect(Protocol::IPV4)), beat);
    }

    #[test]
    fn an_exhausted_incarnation_starts_the_next() {
        let mut keys = Keys::new(255);
        keys.next = 0x00ff_ffff;
        assert_eq!(keys.key(registration(1)), CacheKey([255, 255, 255, 255]));
        assert_eq!(keys.key(registration(2)), CacheKey([0, 0, 0, 1]));
    }
}
