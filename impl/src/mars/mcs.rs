//! The multicast servers of one MARS: the leaves of the ServerControlVC, what each serves, and the SSN
//! (RFC 2022, 6.2.3, 6.2.5).

use std::collections::BTreeMap;

use super::cluster::{Member, Said};
use super::membership::HostMap;
use crate::address::{Endpoint, GroupRange, ServerId};

/// The MCSs registered at one MARS for one layer 3 protocol. Their CMIs come from the pool of the
/// cluster (register E01).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerControl {
    /// Each with what it serves in the place of joins.
    servers: BTreeMap<Endpoint, Member>,
    /// What they serve, by group.
    served: HostMap,
    ssn: u32,
}

/// The map of own MCSs needs no originator.
const OWN: ServerId = ServerId([0; 4]);

impl ServerControl {
    /// No MCS; the first SCVC message will carry `ssn`.
    #[must_use]
    pub fn new(ssn: u32) -> Self {
        Self {
            servers: BTreeMap::new(),
            served: HostMap::default(),
            ssn,
        }
    }

    /// A registered MCS.
    #[must_use]
    pub fn server(&self, mcs: Endpoint) -> Option<&Member> {
        self.servers.get(&mcs)
    }

    /// All registered MCSs, the leaves of the SCVC.
    pub fn servers(&self) -> impl Iterator<Item = (Endpoint, &Member)> + '_ {
        self.servers.iter().map(|(mcs, server)| (*mcs, server))
    }

    /// True when an own MCS serves a group of `range` (register E18).
    #[must_use]
    pub fn serves_any(&self, range: GroupRange) -> bool {
        self.served.overlapping(range).next().is_some()
    }

    /// True when this MCS serves a group of `range`.
    #[must_use]
    pub fn serves(&self, mcs: Endpoint, range: GroupRange) -> bool {
        self.served.ranges_of(mcs, range).next().is_some()
    }

    /// Adds an MCS that is not registered.
    // R2022-6.2.3-01
    pub(super) fn register(&mut self, mcs: Endpoint, cmi: u16, said: Said) {
        let server = Member {
            cmi,
            said,
            joins: BTreeMap::new(),
        };
        self.servers.insert(mcs, server);
    }

    /// Ends a registration and all that the MCS serves.
    // R2022-6.2.3-04
    pub(super) fn deregister(&mut self, mcs: Endpoint) -> Option<Member> {
        let server = self.servers.remove(&mcs)?;
        for range in server.joins.keys() {
            self.served.remove(OWN, mcs, *range, false);
        }
        Some(server)
    }

    /// A registered MCS serves a range from now on; false when it did before, or is not registered.
    pub(super) fn serve(&mut self, mcs: Endpoint, range: GroupRange, said: Said) -> bool {
        let Some(server) = self.servers.get_mut(&mcs) else {
            return false;
        };
        let news = server.joins.insert(range, said).is_none();
        if news {
            self.served.insert(OWN, mcs, range, false);
        }
        news
    }

    /// It serves it no more; false when it did not before.
    pub(super) fn unserve(&mut self, mcs: Endpoint, range: GroupRange) -> bool {
        let server = self.servers.get_mut(&mcs);
        let news = server.is_some_and(|server| server.joins.remove(&range).is_some());
        if news {
            self.served.remove(OWN, mcs, range, false);
        }
        news
    }

    /// Gives an MCS another CMI, and says which it had.
    pub(super) fn renumber(&mut self, mcs: Endpoint, cmi: u16) -> Option<u16> {
        let server = self.servers.get_mut(&mcs)?;
        Some(core::mem::replace(&mut server.cmi, cmi))
    }

    /// The current SSN, for messages to an MCS on a private VC.
    // R2022-6.2.5-02
    #[must_use]
    pub const fn ssn(&self) -> u32 {
        self.ssn
    }

    /// The SSN of a message that goes out on the SCVC now; `None` when it has no leaf (as for the CCVC,
    /// register F16).
    // R2022-6.2.5-01 R2022-6.2.5-04
    pub fn transmit(&mut self) -> Option<u32> {
        if self.servers.is_empty() {
            return None;
        }
        let current = self.ssn;
        self.ssn = current.wrapping_add(1);
        Some(current)
    }

    /// The same without the number.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            ssn: 0,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber, ProtocolAddress};

    fn endpoint(number: u8) -> Endpoint {
        Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        }
    }

    fn range(min: u8, max: u8) -> GroupRange {
        let group = |octet| ProtocolAddress::new(&[octet]).unwrap();
        GroupRange::new(group(min), group(max)).unwrap()
    }

    // R2022-6.2.5-01: as the CSN, with register F16.
    #[test]
    fn the_ssn_rises_after_each_transmission_and_wraps() {
        let mut control = ServerControl::new(u32::MAX);
        assert_eq!(control.transmit(), None);
        assert_eq!(control.ssn(), u32::MAX);
        control.register(endpoint(1), 7, Said::default());
        assert_eq!(control.transmit(), Some(u32::MAX));
        assert_eq!((control.ssn(), control.transmit()), (0, Some(0)));
    }

    #[test]
    fn an_mcs_serves_exact_ranges() {
        let mut control = ServerControl::new(0);
        let said = Said::default();
        assert!(!control.serve(endpoint(1), range(4, 6), said));
        control.register(endpoint(1), 7, said);
        assert!(control.serve(endpoint(1), range(4, 6), said));
        assert!(!control.serve(endpoint(1), range(4, 6), said));
        assert!(control.serves_any(range(6, 9)) && !control.serves_any(range(7, 9)));
        assert!(control.serves(endpoint(1), range(5, 5)));
        assert!(!control.serves(endpoint(2), range(5, 5)));
        assert!(!control.unserve(endpoint(1), range(5, 5)));
        assert!(control.unserve(endpoint(1), range(4, 6)));
        assert!(!control.serves_any(range(0, 255)));
        assert!(control.serve(endpoint(1), range(9, 9), said));
        assert_eq!(control.renumber(endpoint(1), 8), Some(7));
        assert_eq!(control.deregister(endpoint(1)).unwrap().cmi, 8);
        assert_eq!(control, ServerControl::new(0));
    }
}
