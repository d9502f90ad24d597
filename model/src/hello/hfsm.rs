//! The transition relation of the Hello finite state machine (RFC 2334, 2.1 and Figure 1), and nothing else: a pure
//! function of state and event, from which tables are computed.

use super::rules::{Rules, Unlisted};
use zerocopy::{Immutable, IntoBytes};

/// A state of the machine that watches one directly connected server.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, IntoBytes, Immutable,
)]
#[repr(u8)]
pub enum State {
    /// No VC.
    #[default]
    Down,
    /// A VC, and nothing heard on it lately.
    Waiting,
    /// The neighbour is heard; whether it hears us is not known.
    Unidirectional,
    /// Each hears the other.
    Bidirectional,
}

/// What moves the machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// NBMA connectivity is there.
    VcUp,
    /// It is gone.
    VcDown,
    /// A Hello came that lists the own ID.
    HelloLists,
    /// A Hello came that does not.
    HelloOmits,
    /// No Hello at all came within the neighbour's HelloInterval x DeadFactor.
    DeadTime,
    /// Hellos came in that time, but none that lists the own ID. It cannot happen where [`Event::HelloOmits`] moves the
    /// machine at once (D01 resolved).
    Unlisted,
    /// A malformed message, a retransmission limit, another server on the VC.
    Abnormal,
}

impl State {
    /// All states, in the RFC's order.
    pub const ALL: [Self; 4] = [
        Self::Down,
        Self::Waiting,
        Self::Unidirectional,
        Self::Bidirectional,
    ];

    /// The RFC's name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Unidirectional => "unidirectional",
            Self::Bidirectional => "bidirectional",
        }
    }
}

impl Event {
    /// All events.
    pub const ALL: [Self; 7] = [
        Self::VcUp,
        Self::VcDown,
        Self::HelloLists,
        Self::HelloOmits,
        Self::DeadTime,
        Self::Unlisted,
        Self::Abnormal,
    ];

    /// The event's name in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VcUp => "vc-up",
            Self::VcDown => "vc-down",
            Self::HelloLists => "hello-lists",
            Self::HelloOmits => "hello-omits",
            Self::DeadTime => "dead-time",
            Self::Unlisted => "unlisted",
            Self::Abnormal => "abnormal",
        }
    }
}

/// Where an event leads: the whole relation. What has no meaning in a state leaves it.
pub const fn next(rules: &Rules, state: State, event: Event) -> State {
    match (state, event) {
        // R2334-2.1-04, R2334-2.1-05: nothing but a VC leads out of Down.
        (State::Down, Event::VcUp) => State::Waiting,
        (State::Down, _) => State::Down,
        // R2334-2.1-20.
        (_, Event::VcDown) => State::Down,
        // A second VC to the same neighbour counts for nothing (H11).
        (state, Event::VcUp) => state,
        // R2334-2.1-08, R2334-2.1-22.
        (_, Event::HelloLists) => State::Bidirectional,
        // R2334-2.1-09, R2334-2.1-22; from Bidirectional as D01 is read.
        (State::Bidirectional, Event::HelloOmits) => match rules.unlisted {
            Unlisted::AtOnce => State::Unidirectional,
            Unlisted::DeadTime => State::Bidirectional,
        },
        (_, Event::HelloOmits) => State::Unidirectional,
        // R2334-2.1-14, R2334-B.2.5-04.
        (State::Bidirectional, Event::Unlisted) => State::Unidirectional,
        (state, Event::Unlisted) => state,
        // R2334-2.1-13, R2334-2.1-15, R2334-B.2.5-03; R2334-2.1-19.
        (_, Event::DeadTime | Event::Abnormal) => State::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolved_and_literal_differ_in_one_cell() {
        let (ours, theirs) = (Rules::resolved(), Rules::literal());
        let differ: Vec<_> = State::ALL
            .into_iter()
            .flat_map(|state| Event::ALL.map(|event| (state, event)))
            .filter(|&(state, event)| next(&ours, state, event) != next(&theirs, state, event))
            .collect();
        assert_eq!(differ, [(State::Bidirectional, Event::HelloOmits)]);
    }

    #[test]
    fn no_state_is_a_trap_and_each_can_be_reached() {
        let rules = Rules::resolved();
        for from in State::ALL {
            let mut reached = vec![from];
            let mut place = 0;
            while let Some(&state) = reached.get(place) {
                for event in Event::ALL {
                    let next = next(&rules, state, event);
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
                place += 1;
            }
            assert_eq!(reached.len(), State::ALL.len(), "{}", from.name());
        }
    }
}
