//! Authentication between neighbours (RFC 2334, B.3.1): the key under which a packet leaves, and whether
//! one that came was made with a key that its sender may use.
//!
//! Keys are set by hand, each for a pair of SPI and neighbour and with a lifetime. Several may be alive at
//! once, so that a new one can be brought in before the old one goes: the first one that is valid is used
//! to send, any that is valid to receive. Nothing here protects from a packet that is sent twice (register
//! D10): change keys when a server restarts.

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{AuthKey, Authentication, verify_authentication};

/// A key and when it may be used.
// R2334-B.3.1.3-03
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimedKey {
    /// SPI and secret.
    pub key: AuthKey,
    /// First instant at which it may be used.
    pub not_before: Time,
    /// First instant at which it may be used no more; `None` for never.
    pub not_after: Option<Time>,
}

impl TimedKey {
    /// A key without an end.
    #[must_use]
    pub const fn unlimited(key: AuthKey) -> Self {
        Self {
            key,
            not_before: Time(0),
            not_after: None,
        }
    }

    /// Whether it may be used at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Time) -> bool {
        self.not_before <= now && self.not_after.is_none_or(|end| now < end)
    }
}

/// A key shared with one neighbour. The same SPI may stand for another key with another neighbour.
// R2334-B.3.1.3-01, R2334-B.3.1.3-02, R2334-B.3.1.1-02
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PeerKey {
    /// Id of the neighbour (DCSID).
    pub peer: ServerId,
    /// The key. As receiver, the SPI is this server's choice, and the neighbour is configured with it.
    pub key: TimedKey,
}

/// Why a packet is no neighbour's word (register D07: it is dropped, logged and counted, no more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthFault {
    /// It has no Authentication extension, and keys are agreed with its sender or with the neighbour of
    /// that VC.
    Missing,
    /// It has one, and none is agreed.
    Unexpected,
    /// No key of its sender has that SPI.
    UnknownSpi,
    /// The key is not valid yet, or no longer.
    OutOfTime,
    /// The authentication data does not fit.
    WrongMac,
}

/// How a packet leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal<'a> {
    /// As it is: no key is agreed.
    Open,
    /// Under this key.
    Under(&'a AuthKey),
    /// Not at all: keys are agreed, and none of them is valid.
    Withheld,
}

/// Picks the first valid one of the keys agreed with the receiver.
// R2334-B.3.1.4-01, R2334-B.3.1.4-02, R2334-B.3.1-04
pub(super) fn seal<'a>(keys: impl Iterator<Item = &'a TimedKey>, now: Time) -> Seal<'a> {
    let mut seal = Seal::Open;
    for key in keys {
        if key.is_valid(now) {
            return Seal::Under(&key.key);
        }
        seal = Seal::Withheld;
    }
    seal
}

/// The keys agreed with one neighbour, in the order in which they are configured.
pub(super) fn of_peer(keys: &[PeerKey], peer: ServerId) -> impl Iterator<Item = &TimedKey> {
    keys.iter()
        .filter(move |entry| entry.peer == peer)
        .map(|entry| &entry.key)
}

/// Whether any key is agreed with a neighbour, valid now or not.
pub(super) fn is_keyed(keys: &[PeerKey], peer: ServerId) -> bool {
    of_peer(keys, peer).next().is_some()
}

/// A packet that could be read, and where it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received<'a> {
    /// The whole packet.
    pub(super) packet: &'a [u8],
    /// Its Authentication extension.
    pub(super) authentication: Option<Authentication<'a>>,
    /// Its Sender ID.
    pub(super) sender: ServerId,
    /// The neighbour at the other end of the VC, as configured or as heard before.
    pub(super) neighbor: Option<ServerId>,
}

/// Whether a packet comes from whom it says, as far as keys were agreed.
///
/// A sender without a key may not speak in the place of a neighbour that has one: what it sends counts as
/// not authenticated. That also keeps out this server's own packets, sent back to it.
// R2334-B.3.1-03, R2334-B.3.1-04, R2334-B.3.1.3-04, R2334-B.3.1.4-03, R2334-B.3.1.4-04
pub(super) fn check(keys: &[PeerKey], now: Time, received: Received<'_>) -> Result<(), AuthFault> {
    let agreed = is_keyed(keys, received.sender)
        || received.neighbor.is_some_and(|peer| is_keyed(keys, peer));
    let authentication = match (agreed, received.authentication) {
        (false, None) => return Ok(()),
        (false, Some(_)) => return Err(AuthFault::Unexpected),
        (true, None) => return Err(AuthFault::Missing),
        (true, Some(authentication)) => authentication,
    };
    let mut fault = AuthFault::UnknownSpi;
    for key in of_peer(keys, received.sender).filter(|key| key.key.spi == authentication.spi) {
        if !key.is_valid(now) {
            fault = fault.max(AuthFault::OutOfTime);
        } else if verify_authentication(received.packet, &key.key) {
            return Ok(());
        } else {
            fault = AuthFault::WrongMac;
        }
    }
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: ServerId = ServerId([10, 0, 0, 2]);
    const OTHER: ServerId = ServerId([10, 0, 0, 3]);

    fn key(spi: u32, from: u64, until: Option<u64>) -> TimedKey {
        TimedKey {
            key: AuthKey {
                spi,
                key: vec![7; 16],
            },
            not_before: Time(from),
            not_after: until.map(Time),
        }
    }

    // R2334-B.3.1.3-03
    #[test]
    fn a_key_is_valid_from_its_first_instant_to_before_its_last() {
        let limited = key(1, 10, Some(20));
        let valid = [9, 10, 19, 20].map(|at| limited.is_valid(Time(at)));
        assert_eq!(valid, [false, true, true, false]);
        let endless = TimedKey::unlimited(limited.key);
        assert!(endless.is_valid(Time(0)) && endless.is_valid(Time(u64::MAX)));
    }

    // R2334-B.3.1.3-04, R2334-B.3.1.4-01, R2334-B.3.1.4-02, R2334-B.3.1-04
    #[test]
    fn the_first_valid_key_is_sent_under() {
        let keys = [key(1, 0, Some(10)), key(2, 5, Some(20)), key(3, 5, None)];
        let spi = |at, keys: &[TimedKey]| match seal(keys.iter(), Time(at)) {
            Seal::Open => Ok(None),
            Seal::Under(key) => Ok(Some(key.spi)),
            Seal::Withheld => Err(()),
        };
        assert_eq!(spi(7, &keys), Ok(Some(1)));
        assert_eq!(spi(10, &keys), Ok(Some(2)));
        assert_eq!(spi(20, &keys), Ok(Some(3)));
        assert_eq!(spi(10, &keys[..1]), Err(()));
        assert_eq!(spi(10, &[]), Ok(None));
    }

    // R2334-B.3.1.3-02
    #[test]
    fn keys_are_looked_up_by_neighbour() {
        let keys = [PEER, OTHER].map(|peer| PeerKey {
            peer,
            key: key(u32::from(peer.0[3]), 0, None),
        });
        let spis: Vec<_> = of_peer(&keys, OTHER).map(|key| key.key.spi).collect();
        assert_eq!(spis, [3]);
        assert!(!is_keyed(&keys, ServerId([9; 4])));
    }
}
