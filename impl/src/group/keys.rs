//! Cache keys of own records (registers C01, C02, C05, H08).

use std::collections::BTreeMap;

use crate::address::{GroupRange, Protocol};
use crate::mars::Party;
use crate::wire::scsp::CacheKey;

/// What an own record is about. One key each, until a record that ended is over (register C06).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// The Redirect Entry of a protocol.
    Redirect(Protocol),
    /// A client's or an MCS's registration.
    Registration(Protocol, Party),
    /// A client's membership of a range, or an MCS's service of it.
    Membership(Protocol, Party, GroupRange),
}

/// The keys given out: eight bits of incarnation, then a counter of 24.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Keys {
    incarnation: u8,
    next: u32,
    given: BTreeMap<Subject, CacheKey>,
    subjects: BTreeMap<CacheKey, Subject>,
}

impl Keys {
    /// An empty key space of its own for this incarnation.
    pub(crate) const fn new(incarnation: u64) -> Self {
        Self {
            incarnation: incarnation.to_be_bytes()[7],
            next: 1,
            given: BTreeMap::new(),
            subjects: BTreeMap::new(),
        }
    }

    /// The key of a subject: the same at every call, until it is released. `taken` tells of keys that an
    /// earlier life of this server gave out and that are known still.
    // R2334-B.2.0.2-20
    pub(crate) fn key(&mut self, subject: Subject, taken: impl Fn(CacheKey) -> bool) -> CacheKey {
        match self.given.get(&subject) {
            Some(key) => *key,
            None => self.renew(subject, taken),
        }
    }

    /// What a key was given to.
    pub(crate) fn subject(&self, key: CacheKey) -> Option<Subject> {
        self.subjects.get(&key).copied()
    }

    /// A new key for a subject, in the place of the one it has (register C11).
    pub(crate) fn renew(&mut self, subject: Subject, taken: impl Fn(CacheKey) -> bool) -> CacheKey {
        let mut key = self.draw();
        while self.subjects.contains_key(&key) || taken(key) {
            key = self.draw();
        }
        if let Some(old) = self.given.insert(subject, key) {
            self.subjects.remove(&old);
        }
        self.subjects.insert(key, subject);
        key
    }

    /// The record under this key ended, and nobody need remember it: its subject gets another key when it
    /// is spoken of again. A key is not given twice within an incarnation (register C05), so nothing has to
    /// be known of its last number (H08).
    pub(crate) fn release(&mut self, key: CacheKey) {
        if let Some(subject) = self.subjects.remove(&key) {
            self.given.remove(&subject);
        }
    }

    /// The next key, whether or not somebody has it. Exhaustion starts the next incarnation.
    const fn draw(&mut self) -> CacheKey {
        let [_, a, b, c] = self.next.to_be_bytes();
        let key = CacheKey([self.incarnation, a, b, c]);
        self.next += 1;
        if self.next > 0x00ff_ffff {
            self.next = 1;
            self.incarnation = self.incarnation.wrapping_add(1);
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber, Endpoint};

    fn registration(number: u8) -> Subject {
        let endpoint = Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        };
        Subject::Registration(Protocol::IPV4, Party::client(endpoint))
    }

    fn free(_: CacheKey) -> bool {
        false
    }

    // R2334-B.2.0.2-20; registers C01, H08.
    #[test]
    fn each_subject_keeps_its_key_and_shares_it_with_none() {
        let mut keys = Keys::new(0x1_02);
        let beat = keys.key(Subject::Redirect(Protocol::IPV4), free);
        assert_eq!(beat, CacheKey([2, 0, 0, 1]));
        assert_eq!(
            keys.key(Subject::Redirect(Protocol::IPV6), free),
            CacheKey([2, 0, 0, 2])
        );
        assert_eq!(keys.key(registration(1), free), CacheKey([2, 0, 0, 3]));
        assert_eq!(keys.key(registration(2), free), CacheKey([2, 0, 0, 4]));
        assert_eq!(keys.key(Subject::Redirect(Protocol::IPV4), free), beat);
    }

    #[test]
    fn an_exhausted_incarnation_starts_the_next() {
        let mut keys = Keys::new(255);
        keys.next = 0x00ff_ffff;
        assert_eq!(
            keys.key(registration(1), free),
            CacheKey([255, 255, 255, 255])
        );
        assert_eq!(keys.key(registration(2), free), CacheKey([0, 0, 0, 1]));
    }

    // Registers C05, C06, H08.
    #[test]
    fn a_released_key_is_not_given_again() {
        let mut keys = Keys::new(7);
        let first = keys.key(registration(1), free);
        assert_eq!(keys.subject(first), Some(registration(1)));
        keys.release(first);
        assert_eq!(keys.subject(first), None);
        let second = keys.key(registration(1), free);
        assert_ne!(first, second);
        let renewed = keys.renew(registration(1), free);
        assert_eq!(
            (keys.subject(second), keys.subject(renewed)),
            (None, Some(registration(1)))
        );
        // The old key's end is not the new one's.
        keys.release(second);
        assert_eq!(keys.key(registration(1), free), renewed);
    }

    // Registers C05, H08.
    #[test]
    fn keys_that_are_known_from_elsewhere_are_skipped() {
        let mut keys = Keys::new(7);
        let taken = |key: CacheKey| key.0[3] < 3;
        assert_eq!(keys.key(registration(1), taken), CacheKey([7, 0, 0, 3]));
        assert_eq!(keys.key(registration(2), taken), CacheKey([7, 0, 0, 4]));
    }
}
