//! Messages from the server to clients, in two octets each, and the queues that hold them.

use crate::explore::timely::Portable;
use zerocopy::{Immutable, IntoBytes};

/// Clients and multicast servers by number: 0 and 1 are clients, 2 and 3 multicast servers.
pub(super) fn name(node: u8) -> &'static str {
    match node {
        0 => "A",
        1 => "B",
        2 => "M",
        _ => "N",
    }
}

/// What a message says. Groups and leaves are sets, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Body {
    /// `MARS_JOIN` or `MARS_LEAVE` on ClusterControlVC.
    Change {
        leave: bool,
        node: u8,
        groups: u8,
        punched: bool,
    },
    /// `MARS_MIGRATE` of one group to one multicast server.
    Migrate { group: u8, mcs: u8 },
    /// `MARS_REDIRECT_MAP`.
    Map,
    /// The client's own `MARS_JOIN` or `MARS_LEAVE`, back on its own VC.
    Copy { leave: bool, groups: u8 },
    /// The client's registration with its CMI, back on its own VC.
    Registered { cmi: u8 },
    /// All of a `MARS_MULTI`, or, without leaves, `MARS_NAK`.
    Answer { group: u8, leaves: u8 },
}

/// One message on its way: kind (4 bits, 0: none), six bits of what it says, two more, how far its number is behind the
/// server's (4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoBytes, Immutable)]
#[repr(transparent)]
pub(super) struct Flight(u16);

impl Flight {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn new(body: Body, age: u8) -> Self {
        let (kind, low, high) = match body {
            Body::Change {
                leave,
                node,
                groups,
                punched,
            } => (
                1 + u16::from(leave) + 2 * u16::from(punched),
                groups & 15,
                node,
            ),
            Body::Migrate { group, mcs } => (5, group, mcs),
            Body::Map => (6, 0, 0),
            Body::Copy { leave, groups } => (7 + u16::from(leave), groups & 15, 0),
            Body::Registered { cmi } => (9, cmi, 0),
            Body::Answer { group, leaves } => (10, leaves & 15, group),
        };
        Self(kind | u16::from(low & 15) << 4 | u16::from(high & 3) << 8 | u16::from(age & 15) << 10)
    }

    pub(super) const fn is_some(self) -> bool {
        self.0 != 0
    }
    /// How far its number is behind the server's.
    pub(super) const fn age(self) -> u8 {
        (self.0 >> 10 & 15) as u8
    }
    /// The same, when the server's number has been raised; false: there is no room for the age.
    pub(super) const fn older(self) -> (Self, bool) {
        if self.age() >= 14 {
            (self, false)
        } else {
            (Self(self.0 + (1 << 10)), true)
        }
    }
    /// What it says.
    pub(super) const fn body(self) -> Option<Body> {
        let (low, high) = ((self.0 >> 4 & 15) as u8, (self.0 >> 8 & 3) as u8);
        Some(match self.0 & 15 {
            kind @ 1..=4 => Body::Change {
                leave: kind % 2 == 0,
                node: high,
                groups: low,
                punched: kind > 2,
            },
            5 => Body::Migrate {
                group: low,
                mcs: high,
            },
            6 => Body::Map,
            kind @ 7..=8 => Body::Copy {
                leave: kind == 8,
                groups: low,
            },
            9 => Body::Registered { cmi: low },
            10 => Body::Answer {
                group: high,
                leaves: low,
            },
            _ => return None,
        })
    }
}

/// Messages in order; the free places are at the end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoBytes, Immutable)]
#[repr(transparent)]
pub(super) struct Queue<const N: usize>([Flight; N]);

impl<const N: usize> Queue<N> {
    pub(super) const EMPTY: Self = Self([Flight::NONE; N]);

    pub(super) fn len(&self) -> usize {
        self.flights().count()
    }
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub(super) fn flights(&self) -> impl Iterator<Item = Flight> + '_ {
        self.0.iter().copied().take_while(|flight| flight.is_some())
    }
    /// Adds one at the end; false: there is no room.
    pub(super) fn put(&mut self, flight: Flight) -> bool {
        match self.0.iter_mut().find(|place| !place.is_some()) {
            Some(place) => {
                *place = flight;
                true
            }
            None => false,
        }
    }
    /// Takes the oldest.
    pub(super) fn take(&mut self) -> Option<Flight> {
        let first = self.0.first().copied().filter(|flight| flight.is_some())?;
        self.0.rotate_left(1);
        if let Some(last) = self.0.last_mut() {
            *last = Flight::NONE;
        }
        Some(first)
    }
    /// Makes all of them older by one; false: there is no room for an age.
    pub(super) fn age(&mut self) -> bool {
        let mut room = true;
        for place in self.0.iter_mut().filter(|place| place.is_some()) {
            let (older, fits) = place.older();
            *place = older;
            room &= fits;
        }
        room
    }
}

impl<const N: usize> Portable for Queue<N> {
    fn write(&self, octets: &mut Vec<u8>) {
        self.0.map(|flight| flight.0).write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        <[u16; N]>::read(octets).map(|flights| Self(flights.map(Flight)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_what_they_say() {
        let mut seen = std::collections::BTreeSet::new();
        let mut check = |body: Body| {
            for age in [0, 7, 14] {
                let flight = Flight::new(body, age);
                assert!(flight.is_some() && flight.age() == age);
                assert_eq!(flight.body(), Some(body));
                assert!(seen.insert(flight.0));
            }
        };
        for leave in [false, true] {
            for groups in 0..16 {
                check(Body::Copy { leave, groups });
                for node in 0..4 {
                    for punched in [false, true] {
                        check(Body::Change {
                            leave,
                            node,
                            groups,
                            punched,
                        });
                    }
                }
            }
        }
        for group in 0..4 {
            for mcs in 2..4 {
                check(Body::Migrate { group, mcs });
            }
            for leaves in 0..16 {
                check(Body::Answer { group, leaves });
            }
        }
        check(Body::Map);
        for cmi in 1..4 {
            check(Body::Registered { cmi });
        }
        assert_eq!(Flight::NONE.body(), None);
    }

    #[test]
    fn queues_keep_order_and_have_an_end() {
        let mut queue = Queue::<2>::EMPTY;
        let (map, copy) = (
            Flight::new(Body::Map, 0),
            Flight::new(
                Body::Copy {
                    leave: false,
                    groups: 3,
                },
                14,
            ),
        );
        assert!(queue.put(map) && queue.age() && queue.put(copy));
        assert!(!queue.put(map) && !queue.age());
        assert_eq!(queue.take().map(Flight::age), Some(2));
        assert_eq!(queue.take(), Some(copy));
        assert!(queue.is_empty() && queue.take().is_none());
    }
}
