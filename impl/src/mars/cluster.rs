//! The cluster of one MARS: its registered clients, who are the leaves of the CCVC, their CMIs, and
//! the CSN (RFC 2022, 5.2.3, 6.1.2, 6.1.4).

use std::collections::BTreeMap;

use super::cmi::CmiPool;
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::io::Time;

/// One registered client, or one registered MCS. Its endpoint is its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its Cluster Member ID.
    pub cmi: u16,
    /// What it said when it registered.
    pub said: Said,
    /// What it has joined (an MCS: serves) in this registration, by exact range (register E08).
    pub joins: BTreeMap<GroupRange, Said>,
}

/// What a client's message said about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// mar$flags.layer3grp, clear for a block.
    pub layer3grp: bool,
    /// mar$flags.sequence (register E11).
    pub sequence: u8,
    /// mar$spa; may be null.
    pub source: ProtocolAddress,
}

/// The clients registered at one MARS for one layer 3 protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    members: BTreeMap<Endpoint, Member>,
    cmis: CmiPool,
    csn: u32,
}

impl Cluster {
    /// An empty cluster whose first CCVC message will carry `csn`.
    #[must_use]
    pub fn new(cmis: CmiPool, csn: u32) -> Self {
        Self {
            members: BTreeMap::new(),
            cmis,
            csn,
        }
    }

    /// A registered client.
    #[must_use]
    pub fn member(&self, endpoint: Endpoint) -> Option<&Member> {
        self.members.get(&endpoint)
    }

    /// The same, to change its joins.
    pub fn member_mut(&mut self, endpoint: Endpoint) -> Option<&mut Member> {
        self.members.get_mut(&endpoint)
    }

    /// All registered clients, the leaves of the CCVC.
    pub fn members(&self) -> impl Iterator<Item = (Endpoint, &Member)> + '_ {
        self.members
            .iter()
            .map(|(endpoint, member)| (*endpoint, member))
    }

    /// Registers a new client; `None` when no CMI is free.
    // R2022-6.1.2-01
    pub fn register(
        &mut self,
        now: Time,
        endpoint: Endpoint,
        said: Said,
        taken: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let cmi = self.cmis.allocate(now, taken)?;
        let member = Member {
            cmi,
            said,
            joins: BTreeMap::new(),
        };
        self.members.insert(endpoint, member);
        Some(cmi)
    }

    /// Ends a registration and keeps its CMI out of use until `until` (register E04).
    // R2022-6.1.2-19 R2022-6.1.2-20
    pub fn deregister(&mut self, endpoint: Endpoint, until: Time) -> Option<Member> {
        let member = self.members.remove(&endpoint)?;
        self.cmis.release(member.cmi, until);
        Some(member)
    }

    /// Gives a client another CMI, if one is free; the old one is kept out of use until `until`.
    pub fn renew_cmi(
        &mut self,
        now: Time,
        endpoint: Endpoint,
        until: Time,
        taken: impl Fn(u16) -> bool,
    ) {
        if let Some(member) = self.members.get_mut(&endpoint)
            && let Some(cmi) = self.cmis.allocate(now, taken)
        {
            self.cmis.release(member.cmi, until);
            member.cmi = cmi;
        }
    }

    /// A CMI for an MCS, which is no member of the cluster (register E01); `None` when none is free.
    pub fn lend_cmi(&mut self, now: Time, taken: impl Fn(u16) -> bool) -> Option<u16> {
        self.cmis.allocate(now, taken)
    }

    /// Takes one back that was lent, and keeps it out of use until `until`.
    pub fn return_cmi(&mut self, cmi: u16, until: Time) {
        self.cmis.release(cmi, until);
    }

    /// Keeps a CMI out of use that records of an earlier life carry (register E04).
    pub fn hold_cmi(&mut self, cmi: u16, until: Time) {
        self.cmis.hold(cmi, until);
    }

    /// The current CSN, for messages on private VCs.
    #[must_use]
    pub const fn csn(&self) -> u32 {
        self.csn
    }

    /// The CSN of a message that goes out on the CCVC now; `None` when the CCVC has no leaf, so that
    /// there is no transmission and no increment (register F16).
    // R2022-6.1.4-01 R2022-6.1.4-02 R2022-5.1.4.2-02
    pub fn transmit(&mut self) -> Option<u32> {
        if self.members.is_empty() {
            return None;
        }
        let current = self.csn;
        self.csn = current.wrapping_add(1);
        Some(current)
    }

    /// The same cluster without absolute times and numbers.
    #[must_use]
    pub fn canonical(&self, now: Time) -> Self {
        Self {
            members: self.members.clone(),
            cmis: self.cmis.canonical(now),
            csn: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber};

    fn endpoint(number: u8) -> Endpoint {
        Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        }
    }

    fn cluster(csn: u32) -> Cluster {
        Cluster::new(CmiPool::new(1, 1), csn)
    }

    fn register(cluster: &mut Cluster, number: u8) -> Option<u16> {
        cluster.register(Time(0), endpoint(number), Said::default(), |_| false)
    }

    // R2022-6.1.4-01 R2022-6.1.4-02 R2022-5.1.4.2-02
    #[test]
    fn the_csn_rises_after_each_transmission_and_wraps() {
        let mut cluster = cluster(u32::MAX);
        register(&mut cluster, 1).unwrap();
        assert_eq!(cluster.csn(), u32::MAX);
        assert_eq!(cluster.transmit(), Some(u32::MAX));
        assert_eq!(cluster.csn(), 0);
        assert_eq!(cluster.transmit(), Some(0));
    }

    // Register F16.
    #[test]
    fn without_a_leaf_nothing_is_sent_or_counted() {
        let mut cluster = cluster(7);
        assert_eq!(cluster.transmit(), None);
        assert_eq!(cluster.csn(), 7);
    }

    // R2022-6.1.2-19 and register E02, E04.
    #[test]
    fn a_full_range_refuses_and_a_freed_cmi_waits() {
        let mut cluster = cluster(0);
        assert_eq!(register(&mut cluster, 1), Some(1));
        assert_eq!(register(&mut cluster, 2), None);
        assert!(cluster.member(endpoint(2)).is_none());
        assert_eq!(cluster.deregister(endpoint(1), Time(100)).unwrap().cmi, 1);
        assert!(cluster.deregister(endpoint(1), Time(100)).is_none());
        assert_eq!(register(&mut cluster, 2), None);
    }
}
