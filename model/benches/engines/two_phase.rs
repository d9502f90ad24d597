//! Two-phase commit of `n` resource managers in one word: a model that costs nothing, so that the engine is what is measured.
//!
//! A nibble for each manager: its state (two bits: working, prepared, committed, aborted), whether its vote is on its way,
//! whether the coordinator has counted it. Above them the coordinator's state and its two possible messages. Messages are
//! never lost and stay readable. With five managers it has 8,832 reachable states, as the same protocol in Lamport's
//! "Consensus on Transaction Commit" and in stateright's examples.

use mars_model::explore::{Kinds, Packed};
use stateright::{Model, Property};
use std::fmt::Write as _;

/// The model.
#[derive(Clone, Debug)]
pub(super) struct TwoPhase {
    /// How many resource managers, 1 to 14.
    pub(super) managers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    Prepare(u32),
    GiveUp(u32),
    Count(u32),
    ObeyCommit(u32),
    ObeyAbort(u32),
    Commit,
    Abort,
}

const PREPARED: u64 = 1;
const COMMITTED: u64 = 2;
const ABORTED: u64 = 3;
const VOTE: u64 = 4;
const COUNTED: u64 = 8;
const COMMIT_SENT: u64 = 1 << 56;
const ABORT_SENT: u64 = 2 << 56;

impl TwoPhase {
    const fn all(&self, bits: u64) -> u64 {
        let mut all = 0;
        let mut manager = 0;
        while manager < self.managers {
            all |= bits << (4 * manager);
            manager += 1;
        }
        all
    }
    /// Some manager is in that state.
    fn some(&self, state: u64, wanted: u64) -> bool {
        (0..self.managers).any(|manager| state >> (4 * manager) & 3 == wanted)
    }

    /// The same in Promela, one process whose steps are all atomic: its states are those of the variables.
    pub(super) fn promela(&self) -> String {
        let n = self.managers;
        let mut text = format!(
            "byte rm[{n}]; bool vote[{n}]; bool counted[{n}]; bool commit; bool abort;\n\
             active proctype all() {{\n  do\n"
        );
        let mut step = |guard: String, effect: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  :: d_step {{ {guard} -> {effect} }}");
        };
        let every: Vec<String> = (0..n).map(|rm| format!("counted[{rm}]")).collect();
        let both = (0..n).map(|rm| format!("rm[{rm}] == 2"));
        let other: Vec<String> = (0..n).map(|rm| format!("rm[{rm}] == 3")).collect();
        let both: Vec<String> = both.collect();
        let check = format!(
            "assert(!(({}) && ({})))",
            both.join(" || "),
            other.join(" || ")
        );
        step(
            format!("!commit && !abort && {}", every.join(" && ")),
            "commit = 1".into(),
        );
        step("!commit && !abort".into(), "abort = 1".into());
        for rm in 0..n {
            step(
                format!("rm[{rm}] == 0"),
                format!("rm[{rm}] = 1; vote[{rm}] = 1"),
            );
            step(format!("rm[{rm}] == 0"), format!("rm[{rm}] = 3; {check}"));
            step(
                format!("!commit && !abort && vote[{rm}] && !counted[{rm}]"),
                format!("counted[{rm}] = 1"),
            );
            step(
                format!("commit && rm[{rm}] != 2"),
                format!("rm[{rm}] = 2; {check}"),
            );
            step(
                format!("abort && rm[{rm}] != 3"),
                format!("rm[{rm}] = 3; {check}"),
            );
        }
        text.push_str("  od\n}\n");
        text
    }
}

impl Model for TwoPhase {
    type State = u64;
    type Action = Act;
    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }
    fn actions(&self, &state: &u64, actions: &mut Vec<Act>) {
        let undecided = state & (COMMIT_SENT | ABORT_SENT) == 0;
        if undecided && state & self.all(COUNTED) == self.all(COUNTED) {
            actions.push(Act::Commit);
        }
        if undecided {
            actions.push(Act::Abort);
        }
        for manager in 0..self.managers {
            let own = state >> (4 * manager) & 0xf;
            if own & 3 == 0 {
                actions.extend([Act::Prepare(manager), Act::GiveUp(manager)]);
            }
            if undecided && own & (VOTE | COUNTED) == VOTE {
                actions.push(Act::Count(manager));
            }
            if state & COMMIT_SENT != 0 && own & 3 != COMMITTED {
                actions.push(Act::ObeyCommit(manager));
            }
            if state & ABORT_SENT != 0 && own & 3 != ABORTED {
                actions.push(Act::ObeyAbort(manager));
            }
        }
    }
    fn next_state(&self, &state: &u64, action: Act) -> Option<u64> {
        let set = |manager: u32, now: u64| state & !(3 << (4 * manager)) | now << (4 * manager);
        Some(match action {
            Act::Prepare(manager) => set(manager, PREPARED | VOTE),
            Act::GiveUp(manager) | Act::ObeyAbort(manager) => set(manager, ABORTED),
            Act::Count(manager) => state | COUNTED << (4 * manager),
            Act::ObeyCommit(manager) => set(manager, COMMITTED),
            Act::Commit => state | COMMIT_SENT,
            Act::Abort => state | ABORT_SENT,
        })
    }
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("consistent", |model, &state| {
            !(model.some(state, COMMITTED) && model.some(state, ABORTED))
        })]
    }
}

impl Kinds for Act {
    const KINDS: &'static [&'static str] = &[
        "prepare",
        "give-up",
        "count",
        "obey-commit",
        "obey-abort",
        "commit",
        "abort",
    ];
    fn kind(&self) -> usize {
        match self {
            Self::Prepare(_) => 0,
            Self::GiveUp(_) => 1,
            Self::Count(_) => 2,
            Self::ObeyCommit(_) => 3,
            Self::ObeyAbort(_) => 4,
            Self::Commit => 5,
            Self::Abort => 6,
        }
    }
}

impl Packed for TwoPhase {
    type Word = u64;
    fn pack(&self, &state: &u64) -> u64 {
        state
    }
}
