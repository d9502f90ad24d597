//! One distributed MARS server.

use std::collections::VecDeque;

use serde::Serialize;

use super::{ConfigError, GroupConfig, View};
use crate::io::{Input, Output, Time};

/// One server of a group, sans-IO; the contract is that of [`crate::io`].
#[derive(Clone, Debug)]
pub struct DistributedMars {
    core: Core,
    meters: Meters,
    outbox: VecDeque<Output>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Core {
    now: Time,
}

/// Counters. Monotonic, never part of behaviour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meters {
    /// SDUs received.
    pub frames_in: u64,
}

/// The behaviour-relevant state, without absolute times and numbers: two servers in the same
/// situation have equal canonical states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Canonical {
    core: Core,
}

impl DistributedMars {
    /// A server at time 0, with no VC up. What it emits at time 0 is in its outbox already.
    ///
    /// # Errors
    /// The rule that the configuration breaks.
    pub fn new(config: GroupConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            core: Core { now: Time(0) },
            meters: Meters::default(),
            outbox: VecDeque::new(),
        })
    }

    /// Fires every timer due at or before `now`, then takes the input.
    pub fn handle(&mut self, now: Time, input: Input) {
        self.core.now = self.core.now.max(now);
        if let Input::Frame { .. } = input {
            self.meters.frames_in += 1;
        }
    }

    /// The next thing to do, in order; call until `None` after `new` and after each `handle`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    /// The earliest pending timer.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        None
    }

    /// The state in the words of the RFCs.
    #[must_use]
    pub fn view(&self) -> View {
        View::default()
    }

    /// The state with times relative to `now` and numbers rebased.
    #[must_use]
    pub fn canonical(&self, _now: Time) -> Canonical {
        Canonical {
            core: self.core.clone(),
        }
    }

    /// The counters.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }
}
