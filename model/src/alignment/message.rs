//! Numbers of instances by cache key, and messages made of them.

use zerocopy::{Immutable, IntoBytes};

/// The most cache keys.
pub const KEYS: usize = 3;

/// The number of an instance, 1 to 3, for each key; 0: none. Two bits each.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, IntoBytes, Immutable,
)]
#[repr(transparent)]
pub struct Instances(u8);

impl Instances {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// These, by key.
    pub const fn of(numbers: [u8; KEYS]) -> Self {
        let [a, b, c] = numbers;
        Self(a & 3 | (b & 3) << 2 | (c & 3) << 4)
    }
    /// That of one key.
    pub const fn get(self, key: u8) -> u8 {
        self.0 >> (2 * key) & 3
    }
    /// With another one for a key.
    #[must_use]
    pub const fn with(self, key: u8, number: u8) -> Self {
        Self(self.0 & !(3 << (2 * key)) | (number & 3) << (2 * key))
    }
    pub(super) const fn bits(self) -> u8 {
        self.0
    }
    pub(super) const fn of_bits(bits: u8) -> Self {
        Self(bits & 0x3f)
    }
    /// The keys that have one.
    pub const fn keys(self) -> Keys {
        let either = self.0 | self.0 >> 1;
        Keys(either & 1 | (either >> 1) & 2 | (either >> 2) & 4)
    }
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A set of cache keys.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, IntoBytes, Immutable,
)]
#[repr(transparent)]
pub struct Keys(u8);

impl Keys {
    /// None.
    pub const NONE: Self = Self(0);

    /// One key.
    pub const fn one(key: u8) -> Self {
        Self(1 << key)
    }
    /// These bits, the lowest one for key 0.
    pub const fn of(bits: u8) -> Self {
        Self(bits & 0b111)
    }
    pub(super) const fn bits(self) -> u8 {
        self.0
    }
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether a key is in it.
    pub const fn contains(self, key: u8) -> bool {
        self.0 >> key & 1 == 1
    }
    /// How many.
    pub const fn len(self) -> u8 {
        (self.0 & 1) + (self.0 >> 1 & 1) + (self.0 >> 2 & 1)
    }
    /// Those of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// Those that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// The lowest ones, at most so many.
    #[must_use]
    pub const fn first(self, most: u8) -> Self {
        let (mut rest, mut taken, mut count) = (self.0, 0, 0);
        while count < most && rest != 0 {
            let lowest = rest & rest.wrapping_neg();
            taken |= lowest;
            rest ^= lowest;
            count += 1;
        }
        Self(taken)
    }
    /// All keys in it, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..).take(KEYS).filter(move |&key| self.contains(key))
    }
}

/// CA sequence numbers stand on a ring of so many.
pub(super) const RING: u8 = 32;

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Cache State Update Solicit: summaries.
    Csus,
    /// Cache Alignment: summaries, M, I and O bits, a number.
    Ca,
    /// CSU Request: records, some of them null.
    CsuRequest,
    /// CSU Reply: summaries.
    CsuReply,
}

/// A message in 16 bits: instances (6), flags (3), kind (2), CA number (5). No message is 0: a CSUS for nothing.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, IntoBytes, Immutable,
)]
#[repr(transparent)]
pub struct Message(u16);

const MASTER: u16 = 1 << 6;
const INIT: u16 = 1 << 7;
const MORE: u16 = 1 << 8;

impl Message {
    /// No message.
    pub const NONE: Self = Self(0);

    const fn new(kind: Kind, instances: Instances, flags: u16, number: u8) -> Self {
        Self(instances.0 as u16 | flags | (kind as u16) << 9 | ((number % RING) as u16) << 11)
    }
    /// A CA with M, I and O set and no summaries.
    pub const fn bid(number: u8) -> Self {
        Self::new(Kind::Ca, Instances::NONE, MASTER | INIT | MORE, number)
    }
    /// A CA with summaries.
    pub const fn summaries(master: bool, more: bool, number: u8, instances: Instances) -> Self {
        let flags = if master { MASTER } else { 0 } | if more { MORE } else { 0 };
        Self::new(Kind::Ca, instances, flags, number)
    }
    /// A CSUS for these.
    pub const fn solicit(instances: Instances) -> Self {
        Self::new(Kind::Csus, instances, 0, 0)
    }
    /// A CSU Request with these records, some of them null.
    pub const fn request(instances: Instances, null: Keys) -> Self {
        Self::new(Kind::CsuRequest, instances, (null.0 as u16) << 6, 0)
    }
    /// A CSU Reply for these, some of them null.
    pub const fn reply(instances: Instances, null: Keys) -> Self {
        Self::new(Kind::CsuReply, instances, (null.0 as u16) << 6, 0)
    }

    pub(super) const fn word(self) -> u16 {
        self.0
    }
    pub(super) const fn of_word(word: u16) -> Self {
        Self(word)
    }
    /// Whether there is a message.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
    /// What it is; `None`: no message.
    pub const fn kind(self) -> Option<Kind> {
        match self.0 >> 9 & 3 {
            _ if self.0 == 0 => None,
            0 => Some(Kind::Csus),
            1 => Some(Kind::Ca),
            2 => Some(Kind::CsuRequest),
            _ => Some(Kind::CsuReply),
        }
    }
    /// Its summaries or records.
    pub const fn instances(self) -> Instances {
        Instances((self.0 & 0x3f) as u8)
    }
    /// The null records of a CSU Request or Reply.
    pub const fn null(self) -> Keys {
        Keys((self.0 >> 6 & 7) as u8)
    }
    /// The M bit of a CA.
    pub const fn master(self) -> bool {
        self.0 & MASTER != 0
    }
    /// The I bit of a CA.
    pub const fn init(self) -> bool {
        self.0 & INIT != 0
    }
    /// The O bit of a CA.
    pub const fn more(self) -> bool {
        self.0 & MORE != 0
    }
    /// The number of a CA.
    pub const fn number(self) -> u8 {
        (self.0 >> 11) as u8
    }
    /// The same CA with its number so much lower; any other message as it is.
    #[must_use]
    pub const fn rebased(self, by: u8) -> Self {
        match self.kind() {
            Some(Kind::Ca) => {
                let number = lower(self.number(), by);
                Self(self.0 & 0x07ff | (number as u16) << 11)
            }
            _ => self,
        }
    }
}

/// A number so much lower on the ring.
pub(super) const fn lower(number: u8, by: u8) -> u8 {
    (number + RING - by % RING) % RING
}

/// The next number on the ring.
pub(super) const fn next(number: u8) -> u8 {
    (number + 1) % RING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_message_comes_out() {
        for a in 0..64 {
            let instances = Instances(a);
            let keys: Vec<_> = instances.keys().iter().collect();
            let named: Vec<_> = (0..3).filter(|&key| instances.get(key) > 0).collect();
            assert_eq!(keys, named);
            for b in 0..8 {
                let request = Message::request(instances, Keys::of(b));
                assert_eq!(request.kind(), Some(Kind::CsuRequest));
                assert!(request.instances() == instances && request.null() == Keys::of(b));
                assert_eq!(request.rebased(3), request);
            }
            for number in 0..RING {
                let ca = Message::summaries(true, false, number, instances);
                assert!(ca.master() && !ca.init() && !ca.more() && ca.instances() == instances);
                assert_eq!(ca.rebased(number).number(), 0);
                assert_eq!(ca.rebased(next(number)).number(), RING - 1);
            }
        }
        assert_eq!(Message::NONE.kind(), None);
        assert_eq!(Message::bid(31).number(), 31);
    }

    #[test]
    fn the_first_keys_are_the_lowest() {
        assert_eq!(Keys::of(0b110).first(1), Keys::one(1));
        assert_eq!(Keys::of(0b110).first(3), Keys::of(0b110));
        assert_eq!(
            Instances::of([1, 2, 3]).with(1, 0),
            Instances::of([1, 0, 3])
        );
    }
}
