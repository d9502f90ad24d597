//! The Hello finite state machine (RFC 2334, 2.1 and Figure 1): is a directly connected server (DCS)
//! there, and does it hear us?
//!
//! One machine runs for each configured neighbour. Only one dead timer is needed: a Hello that omits the
//! own id moves the machine at once (register D01), so while it is Bidirectional the last Hello heard was
//! always one that lists it.

use crate::address::ServerId;

/// States of the HFSM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HfsmState {
    /// No VC.
    // R2334-2.1-04
    #[default]
    Down,
    /// A VC, and nothing heard on it lately.
    Waiting,
    /// The neighbour is heard and does not say that it hears us.
    Unidirectional,
    /// Each hears the other.
    Bidirectional,
}

impl HfsmState {
    /// All states, in the RFC's order.
    pub const ALL: [Self; 4] = [
        Self::Down,
        Self::Waiting,
        Self::Unidirectional,
        Self::Bidirectional,
    ];

    /// The RFC's name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Unidirectional => "unidirectional",
            Self::Bidirectional => "bidirectional",
        }
    }
}

/// What moves the HFSM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HfsmEvent {
    /// NBMA connectivity is there.
    VcUp,
    /// It is gone.
    VcDown,
    /// A Hello came that lists the own id.
    HelloLists,
    /// A Hello came that does not.
    HelloOmits,
    /// No Hello within the neighbour's HelloInterval x DeadFactor.
    DeadTime,
    /// A malformed message, a retry limit, another server on the VC.
    Abnormal,
}

impl HfsmEvent {
    /// All events, in the RFC's order.
    pub const ALL: [Self; 6] = [
        Self::VcUp,
        Self::VcDown,
        Self::HelloLists,
        Self::HelloOmits,
        Self::DeadTime,
        Self::Abnormal,
    ];
}

impl HfsmState {
    /// The whole transition relation: where `event` leads from here.
    #[must_use]
    pub const fn next(self, event: HfsmEvent) -> Self {
        use HfsmEvent::{Abnormal, DeadTime, HelloLists, HelloOmits, VcDown, VcUp};
        match (self, event) {
            // R2334-2.1-05
            (Self::Down, VcUp) => Self::Waiting,
            (Self::Down, _) => Self::Down,
            // R2334-2.1-20
            (_, VcDown) => Self::Down,
            // A second VC to the same neighbour counts for nothing (register H11).
            (state, VcUp) => state,
            // R2334-2.1-08, R2334-2.1-22
            (_, HelloLists) => Self::Bidirectional,
            // R2334-2.1-09, R2334-2.1-22; register D01: from Bidirectional at once. That is also how
            // R2334-2.1-14 and R2334-B.2.5-04 come true, without waiting for the dead time.
            (_, HelloOmits) => Self::Unidirectional,
            // R2334-2.1-13, R2334-2.1-15, R2334-B.2.5-03
            (_, DeadTime) => Self::Waiting,
            // R2334-2.1-19
            (_, Abnormal) => Self::Waiting,
        }
    }
}

/// One neighbour's HFSM with what it remembers of the neighbour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hello {
    state: HfsmState,
    dcsid: Option<ServerId>,
    dead_ms: u64,
}

impl Hello {
    /// The machine's state.
    #[must_use]
    pub const fn state(&self) -> HfsmState {
        self.state
    }

    /// The neighbour's id (DCSID), from the first Hello until the machine falls back to Waiting.
    #[must_use]
    pub const fn dcsid(&self) -> Option<ServerId> {
        self.dcsid
    }

    /// The neighbour's id if it belongs in the Receiver ID list of the next Hello.
    // R2334-2.1-18, R2334-B.2.5-12; register D02: whoever was heard within its own dead time, which is
    // what Unidirectional and Bidirectional mean; register D03: nobody else.
    #[must_use]
    pub const fn listed(&self) -> Option<ServerId> {
        match self.state {
            HfsmState::Down | HfsmState::Waiting => None,
            HfsmState::Unidirectional | HfsmState::Bidirectional => self.dcsid,
        }
    }

    /// Milliseconds after which silence of the neighbour is its death.
    #[must_use]
    pub const fn dead_ms(&self) -> u64 {
        self.dead_ms
    }

    /// Takes id and times from a Hello that was accepted.
    pub(super) fn heard(&mut self, sender: ServerId, hello_interval: u16, dead_factor: u16) {
        // R2334-2.1-10
        self.dcsid = Some(sender);
        // R2334-B.2.5-03: the values of the last Hello count; register D04: zero is read as one.
        self.dead_ms = u64::from(hello_interval.max(1)) * u64::from(dead_factor.max(1)) * 1000;
    }

    /// Moves the machine; returns the state it came from.
    pub(super) fn step(&mut self, event: HfsmEvent) -> HfsmState {
        let before = self.state;
        self.state = before.next(event);
        if matches!(self.state, HfsmState::Down | HfsmState::Waiting) {
            self.dcsid = None;
            self.dead_ms = 0;
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HfsmEvent::{Abnormal, DeadTime, HelloLists, HelloOmits, VcDown, VcUp};
    use HfsmState::{Bidirectional, Down, Unidirectional, Waiting};

    const PEER: ServerId = ServerId([10, 0, 0, 2]);

    #[test]
    fn a_neighbour_is_listed_while_it_is_heard() {
        let mut hello = Hello::default();
        hello.step(VcUp);
        assert_eq!(hello.listed(), None);
        hello.heard(PEER, 3, 3);
        hello.step(HelloOmits);
        assert_eq!((hello.listed(), hello.dead_ms()), (Some(PEER), 9000));
        hello.step(HelloLists);
        assert_eq!(hello.listed(), Some(PEER));
        hello.step(Abnormal);
        assert_eq!((hello.listed(), hello.dcsid()), (None, None));
    }

    #[test]
    fn zero_times_are_read_as_one() {
        let mut hello = Hello::default();
        hello.step(VcUp);
        hello.heard(PEER, 0, 0);
        hello.step(HelloOmits);
        assert_eq!(hello.dead_ms(), 1000);
        hello.heard(PEER, 65535, 65535);
        assert_eq!(hello.dead_ms(), 65535 * 65535 * 1000);
    }

    #[test]
    fn only_a_vc_brings_the_machine_out_of_down() {
        for event in [VcDown, HelloLists, HelloOmits, DeadTime, Abnormal] {
            assert_eq!(Down.next(event), Down);
        }
        assert_eq!(Down.next(VcUp), Waiting);
        for state in [Waiting, Unidirectional, Bidirectional] {
            assert_eq!(state.next(VcDown), Down);
        }
    }
}
