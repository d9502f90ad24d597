//! Where the two machines of a server are, its timers, and what an input makes it do.

use std::collections::BTreeSet;

use super::output::Output;

/// The timers of one adjacency, in the order in which those due at one instant are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Timer {
    /// The neighbour is stalled.
    Dead,
    /// The next Hello.
    Hello,
    /// CAReXmtInterval.
    Ca,
    /// The slave's last CA is kept no longer.
    Hold,
    /// CSUSReXmtInterval.
    Csus,
    /// CSUReXmtInterval.
    Csu,
}

/// Where the two machines are, as far as the RFC tells places apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    /// HFSM Down.
    Down,
    /// HFSM Waiting.
    Waiting,
    /// HFSM Unidirectional.
    Unidirectional,
    /// Master/Slave Negotiation; from here on the HFSM is Bidirectional.
    Negotiation,
    /// Cache Summarize as slave, with summaries left or not.
    Slave(bool),
    /// Cache Summarize as master, with summaries left or not.
    Master(bool),
    /// Update Cache; whether the slave's last CA is kept.
    Update(bool),
    /// Aligned; the same.
    Aligned(bool),
}

impl Place {
    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Unidirectional => "unidirectional",
            Self::Negotiation => "negotiation",
            Self::Slave(true) => "slave-more",
            Self::Slave(false) => "slave-done",
            Self::Master(true) => "master-more",
            Self::Master(false) => "master-done",
            Self::Update(true) => "update-kept",
            Self::Update(false) => "update",
            Self::Aligned(true) => "aligned-kept",
            Self::Aligned(false) => "aligned",
        }
    }

    /// The HFSM is Bidirectional.
    pub(super) const fn is_heard_both_ways(self) -> bool {
        !matches!(self, Self::Down | Self::Waiting | Self::Unidirectional)
    }

    /// The HFSM is Unidirectional or Bidirectional.
    pub(super) const fn has_heard(self) -> bool {
        !matches!(self, Self::Down | Self::Waiting)
    }

    /// CSU and CSUS messages are used.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Update(_) | Self::Aligned(_))
    }
}

/// What an input makes the server do, and the ledger ids that say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reaction {
    /// Messages in order.
    pub(super) outputs: Vec<Output>,
    /// Ledger ids.
    pub(super) ids: BTreeSet<&'static str>,
}

impl Reaction {
    /// Cites the ledger.
    pub(super) fn cite(&mut self, ids: &[&'static str]) {
        self.ids.extend(ids);
    }
}
