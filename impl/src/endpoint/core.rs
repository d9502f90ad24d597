//! The machine that a client and an MCS share: state, timers, dispatch.

use std::collections::VecDeque;

use super::config::{ConfigError, EndpointConfig};
use super::io::{Command, Input, Output, OutputAction};
use super::view::{Meters, View};
use crate::io::Time;

/// Which of the two ends of RFC 2022.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// A cluster member.
    Member,
    /// A multicast server.
    Server,
}

/// A client or an MCS.
#[derive(Clone, Debug)]
pub(super) struct Core {
    role: Role,
    config: EndpointConfig,
    now: Time,
    outputs: VecDeque<Output>,
    meters: Meters,
}

impl Core {
    pub(super) fn new(role: Role, config: EndpointConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            role,
            config,
            now: Time(0),
            outputs: VecDeque::new(),
            meters: Meters::default(),
        })
    }

    pub(super) fn handle(&mut self, now: Time, input: Input) {
        self.now = now.max(self.now);
        if input == Input::Command(Command::Register)
            && let Some(peer) = self.config.mars.first()
        {
            let action = OutputAction::Call { peer: *peer };
            self.outputs.push_back(Output {
                at: self.now,
                action,
            });
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) const fn next_deadline(&self) -> Option<Time> {
        None
    }

    pub(super) const fn meters(&self) -> &Meters {
        &self.meters
    }

    pub(super) fn view(&self) -> View {
        View {
            protocol: self.config.protocol,
            registered: false,
            phase: match self.role {
                Role::Member | Role::Server => "off",
            },
            cmi: 0,
            hsn: 0,
            control_msn: None,
            current_mars: self.config.address,
            backups: self.config.mars.clone(),
            joined: Vec::new(),
            groups: Vec::new(),
        }
    }
}
